"""Ridge with alpha chosen by exact leave-one-out, by GCV or by folds."""

from ._ridge_selection import RidgeSelection


class RidgeGDCV(RidgeSelection):
    r"""Ridge regression with `alpha` chosen by exact leave-one-out.

    Minimises

    .. math::

        \|y - Xw\|_2^2 + \alpha \sum_j f_j w_j^2

    for the :math:`\alpha` with the smallest squared error on samples that the model has not seen.
    One eigendecomposition serves all alphas and targets; where the data are too large for it, one
    run of conjugate gradients. Errors, choice and coefficients are those of
    :class:`sklearn.linear_model.RidgeCV` when every factor :math:`f_j` is 1. The intercept is
    never penalised. With `sample_weight`, the loss and the errors are weighted sums.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Strengths of the penalty, > 0; 0 is allowed where `cv` is given. Of alphas that are equally
        good, the first is chosen.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    penalty_matrix : None, array-like or sparse of shape (n_features, n_features), default=None
        A symmetric matrix P without negative eigenvalues: the penalty is :math:`\alpha w'Pw`, and
        factors are the case of a diagonal P. With ``D.T @ D``, what D computes from the
        coefficients is small, such as differences of neighbours. Not together with
        `penalty_factor` or bounds; for at most 6000 features, as every fit decomposes P in a time
        that grows with their cube.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    scoring : None, str or callable, default=None
        What is largest for the chosen alpha: the name of a scorer, or a callable with signature
        ``scorer(estimator, X, y)`` that asks the estimator for predictions. It sees all samples at
        once, each predicted by the model without it, and their weights if it takes them. None is
        minus the mean squared error of the targets or, where `cv` is given, what the method
        `score` returns.
    cv : None, int, splitter or iterable of (train, test), default=None
        None is leave-one-out. Else the folds, as scikit-learn knows them; an integer is a number
        of folds in the order of the data. The score is the mean over the folds.
    criterion : {"loo", "gcv"}, default="loo"
        What stands for the error on an unseen sample, where `cv` is None: the exact leave-one-out
        error, or generalised cross-validation, in which all samples have the mean leverage. Where
        both sides of X are longer than 6000 it is the latter, with a mean that is estimated from
        random vectors; for 'loo' a warning says so.
    rule : {"min", "1se"}, default="min"
        Which alpha is chosen: that of the best mean score, or the largest whose mean score is
        within one standard error of it, which glmnet calls lambda.1se. The standard error is that
        over the folds or, where `cv` is None, over the samples; it does not exist for `scoring`
        or GCV without folds.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`, where `cv` is None.
    alpha_per_target : bool, default=False
        Whether to choose an alpha for each target, where `cv` is None.
    max_iter : int or None, default=10000
        Steps at most, which all targets, alphas and folds share. None is 10000.
    tol : float, default=1e-10
        Where to stop: when the gradient, relative to that at ``w = 0``, is as short as this, and
        the duality gap, relative to the objective, as small. On tall data each coordinate of the
        gradient is divided by the root of its second derivative, so units do not matter.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The chosen alpha.
    best_score_ : float or ndarray of shape (n_targets,)
        Its score.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        Squared errors, times the weights of their samples; predictions where `scoring` is given.
        Only if `store_cv_results` is True.
    cv_scores_ : ndarray of shape (n_folds, n_alphas)
        Score of each alpha in each fold. Only where `cv` is given.
    score_std_error_ : ndarray of shape (n_alphas,) or (n_targets, n_alphas)
        Standard error of the scores, where these are estimated and `scoring` is None. The
        estimates share their random vectors, so that differences between alphas are surer than
        that.
    n_iter_ : int
        Steps taken.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    distance_bound_ : float or ndarray of shape (n_targets,)
        How far `coef_` is from the solution at the most, in Euclidean distance; infinite where a
        coefficient has no penalty.
    convergence_ : Convergence
        What stopped the solver, and the certificate of `coef_`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range: the message says which, and what is allowed;
        if both sides of X are longer than 6000 where `cv` is None and a feature has no penalty; if
        there is no model without some sample, as that is the only one to determine an unpenalised
        coefficient.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached.
    UserWarning
        If leave-one-out is asked for and GCV is estimated instead.

    See Also
    --------
    sklearn.linear_model.RidgeCV : The same objective and the same choice.
    RidgeGD : Ridge regression for one alpha.

    Notes
    -----
    Let :math:`H` be the matrix with :math:`\hat y = Hy`. The error of the model without sample i
    on that sample is :math:`(y_i - \hat y_i) / (1 - H_{ii})`, and GCV puts the mean
    :math:`\operatorname{tr}(H) / n` for :math:`H_{ii}`. With the eigenvalues :math:`d_k` of
    :math:`X'X`, or of :math:`XX'` where samples are fewer, residuals and :math:`H_{ii}` for all
    alphas are products with the matrix of :math:`1 / (d_k + \alpha)`. Folds take the sums over
    their samples from those over all. X is never copied. With `standardize`, variances are those of
    all data, also where samples are left out.

    For '1se' without folds, the mean squared error is the ratio of two sums over the samples, of
    weighted squared errors and of weights, and has the standard error of a ratio.

    Where a decomposition takes longer than conjugate gradients do, or is out of reach, folds,
    targets and alphas share the passes over the data: Krylov spaces do not depend on
    :math:`\alpha`. The trace of H is then estimated from 16 vectors of random signs, the same in
    each fit.

    References
    ----------
    Golub, Heath and Wahba (1979), "Generalized Cross-Validation as a Method for Choosing a Good
    Ridge Parameter", Technometrics 21, section 2.

    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 7.10.

    Cochran (1977), "Sampling Techniques", third edition, chapter 6.

    Hutchinson (1990), "A stochastic estimator of the trace of the influence matrix for Laplacian
    smoothing splines", Communications in Statistics 19(2), section 2.

    Golub and Meurant (2010), "Matrices, Moments and Quadrature with Applications", sections 3.1
    and 7.2.

    Eilers and Marx (1996), "Flexible Smoothing with B-splines and Penalties", Statistical Science
    11(2), sections 3 and 5: the second example.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import RidgeGDCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> ridge = RidgeGDCV(np.geomspace(1e-3, 1e3, 50), store_cv_results=True).fit(X, y)
    >>> print(f"{ridge.alpha_:.4f}")
    0.0041
    >>> ridge.cv_results_.shape
    (442, 50)

    A spline, as smooth as leave-one-out says: neighbouring B-splines have similar coefficients.

    >>> from sklearn.preprocessing import SplineTransformer
    >>> x = np.linspace(0, 6, 100)
    >>> y = np.sin(x) + 0.3 * np.random.default_rng(0).standard_normal(100)
    >>> B = SplineTransformer(n_knots=30).fit_transform(x[:, None])
    >>> D = np.diff(np.eye(32), n=2, axis=0)
    >>> spline = RidgeGDCV(np.geomspace(1e-3, 1e3, 13), penalty_matrix=D.T @ D).fit(B, y)
    >>> print(f"{spline.alpha_:.1f} {abs(spline.predict(B) - np.sin(x)).mean():.2f}")
    3.2 0.08
    """

    def __init__(
        self,
        alphas=(0.1, 1.0, 10.0),
        *,
        penalty_factor=None,
        penalty_matrix=None,
        fit_intercept=True,
        standardize=False,
        scoring=None,
        cv=None,
        criterion="loo",
        rule="min",
        store_cv_results=False,
        alpha_per_target=False,
        max_iter=10000,
        tol=1e-10,
    ):
        self.alphas = alphas
        self.penalty_factor = penalty_factor
        self.penalty_matrix = penalty_matrix
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.scoring = scoring
        self.cv = cv
        self.criterion = criterion
        self.rule = rule
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.max_iter = max_iter
        self.tol = tol
