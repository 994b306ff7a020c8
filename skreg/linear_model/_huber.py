"""Squared loss that outliers do not rule, with coefficients that are exactly zero."""

import numpy as np
from sklearn.utils.validation import column_or_1d

from .._problem.losses import Huber
from .._threads import single_thread
from ._lasso import ElasticNetModel
from ._path_selection import PathSelection


class HuberMixin:
    """Makes a model with the loss of Huber."""

    @property
    def _loss(self):
        """The loss, with the threshold that was given."""
        return Huber(self.delta)

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data, one target as floats and the weights, validated."""
        X, y, s = super()._validate(X, y, sample_weight, reset)
        return X, column_or_1d(y, warn=True).astype(float), s

    def _design(self, X, y, s, *, centre, **rule):
        """Return the Design, the target about its median, and the median.

        An intercept makes up for any constant. Outliers, which would rule the mean, must not cost
        the others their digits.
        """
        origin = np.median(y[s > 0]) if centre else 0.0
        design, target, rest = super()._design(X, y - origin, s, centre=centre, **rule)
        return design, target, origin + rest

    def __sklearn_tags__(self):
        """Return the tags: there is one target."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


class HuberCD(HuberMixin, ElasticNetModel):
    r"""Linear regression that outliers do not rule, with an L1 and an L2 penalty and a certificate.

    Minimises

    .. math::

        \frac{1}{n} \sum_i \ell(y_i - x_i w - b)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    with the loss of Huber: :math:`\ell(r) = r^2 / 2` for :math:`|r| \leq \delta`, and
    :math:`\delta (|r| - \delta / 2)` beyond, where one sample pulls no more than any other. Here
    :math:`\rho` = `l1_ratio`. The intercept :math:`b` is never penalised. With `sample_weight`, the
    loss is the weighted mean. This is least squares for a large :math:`\delta`, and nearly
    :math:`\delta` times least absolute deviations for a small one.

    Parameters
    ----------
    alpha : float, default=0.1
        Strength of the penalty, >= 0. 0 is a fit without it.
    delta : float, default=1.35
        Size of a residual, in the units of y, beyond which it counts only by its size. 1.35 times
        the standard deviation of the noise keeps 95 % of the efficiency of least squares where the
        noise is Gaussian; less of it is ruled even less by outliers.
    l1_ratio : float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing.
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
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features)
        The same, sparse.
    intercept_ : float
        Intercept; 0.0 without one.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
        Sweeps of coordinate descent.
    convergence_ : Convergence
        What stopped the solver, and the certificate of `coef_`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range: the message says which, and what is allowed.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached.

    See Also
    --------
    sklearn.linear_model.HuberRegressor : The same loss relative to a scale that is fitted, with L2.
    HuberCDCV : With alpha chosen by cross-validation.
    huber_path : Coefficients for many alphas.
    ElasticNetCD : The same penalty with squared loss.

    Notes
    -----
    Proximal Newton steps run on a working set of columns, as in :class:`LogisticCD`. Beyond
    :math:`\delta` the loss has no curvature: there the model has a part of that of a parabola that
    touches the loss and lies above it, less after each whole step.

    A :math:`\delta` far below the noise takes more steps. The loss without features, of which `tol`
    is a fraction, counts outliers by their size: where they are far, a smaller `tol` says as much.

    :class:`sklearn.linear_model.HuberRegressor` estimates the scale of the noise together with the
    coefficients, and its `epsilon` is relative to it; here `delta` is what you say.

    References
    ----------
    Huber and Ronchetti (2009), "Robust Statistics", second edition, sections 4.5 and 7.3.

    Lee, Sun and Saunders (2014), "Proximal Newton-type methods for minimizing composite
    functions", SIAM Journal on Optimization 24(3), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import HuberCD
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> y = 2 * X[:, 0] - X[:, 1] + rng.standard_normal(200)
    >>> y[::10] = 1000.0
    >>> model = HuberCD(0.2).fit(X, y)
    >>> model.coef_.nonzero()[0].tolist()
    [0, 1]
    """

    def __init__(
        self,
        alpha=0.1,
        *,
        delta=1.35,
        l1_ratio=1.0,
        penalty_factor=None,
        lower=None,
        upper=None,
        positive=False,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.alpha = alpha
        self.delta = delta
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    @single_thread
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        HuberCD
            The fitted model.
        """
        return self._fit(X, y, sample_weight)


class HuberCDCV(HuberMixin, PathSelection):
    r"""Huber regression with `alpha` and `l1_ratio` chosen by cross-validation.

    Minimises

    .. math::

        \frac{1}{n} \sum_i \ell(y_i - x_i w - b)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    as :class:`HuberCD` does, with the loss :math:`\ell` of Huber, for the pair
    :math:`(\alpha, \rho)` whose mean loss on data kept apart, or another `scoring`, is best on
    average over the folds, with :math:`\rho` = `l1_ratio`. With `sample_weight`, the loss and the
    score of a fold are weighted means; the mean over the folds is not weighted.

    Parameters
    ----------
    delta : float, default=1.35
        Size of a residual, in the units of y, beyond which it counts only by its size. 1.35 times
        the standard deviation of the noise keeps 95 % of the efficiency of least squares where the
        noise is Gaussian; less of it is ruled even less by outliers.
    l1_ratio : float or list of float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing. Of
        several, that with the best mean score is chosen.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    cv : None, int, splitter or iterable of (train, test), default=None
        The folds, as scikit-learn knows them; an integer is a number of folds in the order of the
        data. None is 5.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    scoring : None, str or callable, default=None
        What is largest for the chosen alpha: the name of a scorer, or a callable with signature
        ``scorer(estimator, X, y)`` that asks the estimator for predictions. It sees the samples
        that a fold keeps apart, and their weights if it takes them. None is minus the mean loss of
        Huber.
    rule : {"min", "1se"}, default="min"
        Which alpha is chosen: that of the best mean score, or the largest whose mean score is
        within one standard error of it, which glmnet calls lambda.1se.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`.
    refit : bool, default=True
        Whether to fit the coefficients on all data. With False they are the means of those of the
        folds, as is the intercept; there is no `path_` and no `dual_gap_`, and `convergence_` is
        that of the fold with the largest gap.
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
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.
    n_jobs : None or int, default=None
        Folds that run at the same time, in threads; -1 is one for each processor. The result does
        not depend on it.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    best_score_ : float
        Its score.
    l1_ratio_ : float
        The chosen `l1_ratio`.
    coef_ : ndarray of shape (n_features,)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features)
        The same, sparse.
    intercept_ : float
        Intercept; 0.0 without one.
    path_ : RegularizationPath
        Coefficients on all data for all alphas, with the chosen `l1_ratio`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths of the penalty, in descending order; a row for each of several `l1_ratio` where
        they were not given.
    scores_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Score of each alpha in each fold, the larger the better; NaN for alphas beyond
        `max_features`.
    cv_results_ : dict
        `coefs` and `intercepts` of the path of each fold, the first axis, and `predictions` of
        each sample where a fold keeps it apart, for all alphas, the last axis: NaN where none
        does, the mean where several do. Only if `store_cv_results` is True.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
        Sweeps of coordinate descent along `path_`.
    convergence_ : Convergence
        The certificate of `coef_`, and the work along `path_`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range: the message says which, and what is allowed.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha, on all data or in a fold.

    See Also
    --------
    HuberCD : Huber regression for one alpha.
    huber_path : Coefficients for many alphas, without a choice.
    ElasticNetCDCV : The same with squared loss.

    Notes
    -----
    Each fold follows one path through all alphas, and so do all data: the cost is that of a few
    paths, not of a fit for each alpha and fold. With `standardize`, each fold goes by the variances
    of its own training samples.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 7.10.

    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), sections 3 to 6.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import HuberCDCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> y = 2 * X[:, 0] - X[:, 1] + rng.standard_normal(200)
    >>> y[::10] = 1000.0
    >>> model = HuberCDCV(rule="1se").fit(X, y)
    >>> model.coef_.nonzero()[0].tolist()
    [0, 1]
    """

    _name_of_loss = "neg_mean_huber_loss"

    def __init__(
        self,
        *,
        delta=1.35,
        l1_ratio=1.0,
        eps=1e-3,
        alphas=100,
        cv=None,
        max_features=None,
        scoring=None,
        rule="min",
        store_cv_results=False,
        refit=True,
        penalty_factor=None,
        lower=None,
        upper=None,
        positive=False,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        n_jobs=None,
    ):
        self.delta = delta
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.cv = cv
        self.max_features = max_features
        self.scoring = scoring
        self.rule = rule
        self.store_cv_results = store_cv_results
        self.refit = refit
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs

    @single_thread
    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha, and fit the coefficients on all data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero in any training or test set.
        **params : dict
            Metadata for the scorer and the splitter, such as `groups`, where scikit-learn's
            metadata routing is enabled.

        Returns
        -------
        object
            The fitted estimator.
        """
        return self._select(X, y, sample_weight, params)

    def _mean_loss(self, decisions, y, s):
        """Return what is smallest for the chosen alpha: the mean loss."""
        return s @ self._loss.near(y[:, None], decisions)[0] / s.sum()
