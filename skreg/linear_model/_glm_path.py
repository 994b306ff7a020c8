"""Coefficients for many alphas at once, of losses other than the squared one."""

from ._huber import HuberCD
from ._logistic import LogisticCD
from ._path import Grid, compute
from ._poisson import Counts, PoissonCD


def logistic_path(
    X,
    y,
    *,
    l1_ratio=1.0,
    alphas=100,
    eps=1e-3,
    max_features=None,
    penalty_factor=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    class_weight=None,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute logistic regression for many alphas, each with a certificate.

    The objective is that of :class:`LogisticCD`, intercept and controls included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,)
        Labels.
    l1_ratio : float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by label, that multiply those of their samples; 'balanced' gives
        all classes the same sum of weights. None is 1 for all.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    LogisticCD : Logistic regression for one alpha.
    LogisticCDCV : With alpha chosen by cross-validation.
    lasso_path : For numbers.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skreg import logistic_path
    >>> X, y = load_iris(return_X_y=True)
    >>> path = logistic_path(X, y, alphas=20)
    >>> path.coefs.shape, path.predict(X[::50], path.alphas[-1]).tolist()
    ((3, 4, 20), [0, 1, 2])
    """
    model = LogisticCD(
        l1_ratio=l1_ratio,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        class_weight=class_weight,
        max_iter=max_iter,
        tol=tol,
    )
    return compute(model, Grid("logistic_path", alphas, eps, max_features), X, y, sample_weight)


def poisson_path(
    X,
    y,
    *,
    l1_ratio=1.0,
    alphas=100,
    eps=1e-3,
    max_features=None,
    penalty_factor=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    offset=None,
    exposure=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute Poisson regression for many alphas, each with a certificate.

    The objective is that of :class:`PoissonCD`, intercept and controls included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,)
        Counts, >= 0.
    l1_ratio : float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    offset : array-like of shape (n_samples,), default=None
        What is added to the linear predictor, sample by sample.
    exposure : array-like of shape (n_samples,), default=None
        Times, areas or numbers in which was counted, > 0: their logarithms are the offset.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    PoissonCD : Poisson regression for one alpha.
    PoissonCDCV : With alpha chosen by cross-validation.
    lasso_path : For numbers.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import poisson_path
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 20))
    >>> y = rng.poisson(np.exp(0.5 * X[:, 0] - 0.3 * X[:, 1]))
    >>> path = poisson_path(X, y, max_features=2)
    >>> path.coefs[:, -1].nonzero()[0].tolist()
    [0, 1]
    """
    model = PoissonCD(
        l1_ratio=l1_ratio,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    counts = Counts(y, offset, exposure)
    grid = Grid("poisson_path", alphas, eps, max_features)
    return compute(model, grid, X, counts, sample_weight)


def huber_path(
    X,
    y,
    *,
    delta=1.35,
    l1_ratio=1.0,
    alphas=100,
    eps=1e-3,
    max_features=None,
    penalty_factor=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute Huber regression for many alphas, each with a certificate.

    The objective is that of :class:`HuberCD`, intercept and controls included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,)
        Target.
    delta : float, default=1.35
        Size of a residual, in the units of y, beyond which it counts only by its size. 1.35 times
        the standard deviation of the noise keeps 95 % of the efficiency of least squares where the
        noise is Gaussian; less of it is ruled even less by outliers.
    l1_ratio : float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    HuberCD : Huber regression for one alpha.
    HuberCDCV : With alpha chosen by cross-validation.
    enet_path : The same with squared loss.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import huber_path
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((500, 20))
    >>> y = 2 * X[:, 0] - X[:, 1] + rng.standard_normal(500)
    >>> y[:50] = 1000.0
    >>> path = huber_path(X, y, max_features=2)
    >>> path.coefs[:, -1].nonzero()[0].tolist()
    [0, 1]
    """
    model = HuberCD(
        delta=delta,
        l1_ratio=l1_ratio,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    grid = Grid("huber_path", alphas, eps, max_features)
    return compute(model, grid, X, y, sample_weight)
