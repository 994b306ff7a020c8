"""Groups of columns for many alphas at once."""

from ._group import GroupLassoCD, GroupLogisticCD
from ._path import Grid, compute


def group_lasso_path(
    X,
    y,
    groups=None,
    *,
    l1_ratio=0.0,
    group_weights=None,
    alphas=100,
    eps=1e-3,
    max_features=None,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute the group lasso for many alphas, each with a certificate.

    The objective is that of :class:`GroupLassoCD`, intercept included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target; several targets are fitted one by one, for the same alphas.
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    l1_ratio : float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
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
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`, or of the objective where bounds make it larger.

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
    GroupLassoCD : The group lasso for one alpha.
    GroupLassoCDCV : With alpha chosen by cross-validation.
    lasso_path : Each column by itself.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import group_lasso_path
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> path = group_lasso_path(X, y, {"s?": "blood"}, alphas=20, max_features=8)
    >>> (path.coefs != 0).sum(axis=0).tolist()
    [0, 1, 2, 8, 8, 8]
    """
    model = GroupLassoCD(
        groups,
        l1_ratio=l1_ratio,
        group_weights=group_weights,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    return compute(model, Grid("group_lasso_path", alphas, eps, max_features), X, y, sample_weight)


def group_logistic_path(
    X,
    y,
    groups=None,
    *,
    l1_ratio=0.0,
    group_weights=None,
    alphas=100,
    eps=1e-3,
    max_features=None,
    fit_intercept=True,
    standardize=False,
    class_weight=None,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute logistic regression by groups of columns for many alphas, with certificates.

    The objective is that of :class:`GroupLogisticCD`, intercept included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,)
        Labels.
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    l1_ratio : float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
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
    GroupLogisticCD : The same for one alpha.
    GroupLogisticCDCV : With alpha chosen by cross-validation.
    logistic_path : Each column by itself.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skreg import group_logistic_path
    >>> X, y = load_iris(return_X_y=True)
    >>> path = group_logistic_path(X, y, ["sepal", "sepal", "petal", "petal"], alphas=20)
    >>> path.coefs.any(axis=0)[:, 5].tolist()
    [False, False, True, True]
    """
    model = GroupLogisticCD(
        groups,
        l1_ratio=l1_ratio,
        group_weights=group_weights,
        fit_intercept=fit_intercept,
        standardize=standardize,
        class_weight=class_weight,
        max_iter=max_iter,
        tol=tol,
    )
    return compute(
        model, Grid("group_logistic_path", alphas, eps, max_features), X, y, sample_weight
    )
