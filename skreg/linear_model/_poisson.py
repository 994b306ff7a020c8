"""Counts by Poisson regression, with coefficients that are exactly zero."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import d2_tweedie_score
from sklearn.utils.validation import check_array, column_or_1d

from .._checks import refuse
from .._problem.losses import Poisson
from .._threads import single_thread
from ._lasso import ElasticNetModel
from ._path_selection import PathSelection


class Counts(NamedTuple):
    """Targets, with what is known of their means."""

    y: object
    offset: object = None
    exposure: object = None


class PoissonMixin:
    """Makes a model of counts: their means are exponentials of what is linear in X."""

    _loss, _link = Poisson(), "log"

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data, counts and offsets as two columns, and the weights, validated."""
        counts = y if isinstance(y, Counts) else Counts(y)
        X, y, s = super()._validate(X, counts.y, sample_weight, reset)
        y = np.where(s > 0, column_or_1d(y, warn=True).astype(float), 0.0)
        if (y < 0).any():
            raise self._error(f"y must have counts, all >= 0; got {y.min():g}.")
        if not y.any():
            raise self._error("y must have a count > 0 with a weight > 0: got zeros alone.")
        offset = self._offset(len(y), counts.offset, counts.exposure)
        return X, np.stack([y, np.broadcast_to(offset, len(y))], axis=1), s

    def _offset(self, n_samples, offset, exposure):
        """Return the offset of some samples, given as it is or by exposures."""
        if offset is not None and exposure is not None:
            raise self._error("pass offset or exposure, not both: offset is the log of exposure.")
        name = "offset" if exposure is None else "exposure"
        value = offset if exposure is None else exposure
        if value is None:
            return 0.0
        value = check_array(value, ensure_2d=False, dtype=float, input_name=name)
        if value.shape != (n_samples,):
            refuse(self, name, f"shape {value.shape}", f"an array of shape ({n_samples},)")
        if exposure is None:
            return value
        if (value <= 0).any():
            refuse(self, name, f"{value.min():g}", "> 0 for every sample")
        return np.log(value)

    def _design(self, X, y, s, **rule):
        """Return the Design, with the offset, the counts and a mean of 0."""
        design, target, y_mean = super()._design(X, y[:, 0], s, **rule)
        design.offset = y[:, 1:]
        return design, target, y_mean

    def predict(self, X, *, offset=None, exposure=None):
        """Predict the means of counts.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        offset : array-like of shape (n_samples,), default=None
            What is added to the linear predictor, sample by sample.
        exposure : array-like of shape (n_samples,), default=None
            Times, areas or numbers in which was counted, > 0: their logarithms are the offset.

        Returns
        -------
        ndarray of shape (n_samples,)
            Means; without offset or exposure, those for an exposure of 1.
        """
        eta = super().predict(X)
        return np.exp(eta + self._offset(len(eta), offset, exposure))

    def score(self, X, y, sample_weight=None, *, offset=None, exposure=None):
        """Return D^2, the part of the deviance of the mean count that is explained.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Counts.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.
        offset : array-like of shape (n_samples,), default=None
            What is added to the linear predictor, sample by sample.
        exposure : array-like of shape (n_samples,), default=None
            Times, areas or numbers in which was counted, > 0: their logarithms are the offset.

        Returns
        -------
        float
            1 for the best, 0 for the mean count, see :func:`sklearn.metrics.d2_tweedie_score`.
        """
        means = self.predict(X, offset=offset, exposure=exposure)
        return d2_tweedie_score(y, means, sample_weight=sample_weight, power=1)

    def __sklearn_tags__(self):
        """Return the tags: y has counts, one for each sample."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output, tags.target_tags.positive_only = False, True
        return tags


class PoissonCD(PoissonMixin, ElasticNetModel):
    r"""Poisson regression with an L1 and an L2 penalty, for counts, with a certificate.

    Minimises

    .. math::

        \frac{1}{n} \sum_i \left( e_i e^{x_i w + b} - y_i (x_i w + b) \right)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    where the mean of :math:`y_i` is :math:`e_i e^{x_i w + b}` with the exposure :math:`e_i`, and
    :math:`\rho` = `l1_ratio`. With ``l1_ratio=0`` this is what
    :class:`sklearn.linear_model.PoissonRegressor` minimises, when every factor :math:`f_j` is 1.
    The intercept :math:`b` is never penalised. With `sample_weight`, the loss is the weighted mean.

    Parameters
    ----------
    alpha : float, default=0.1
        Strength of the penalty, >= 0. 0 is maximum likelihood.
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
    sklearn.linear_model.PoissonRegressor : The same objective with L2 alone.
    PoissonCDCV : With alpha chosen by cross-validation.
    poisson_path : Coefficients for many alphas.
    LassoCD : The same penalty for numbers.

    Notes
    -----
    The loss is half the deviance, but for what does not depend on the coefficients, and the gap is
    that of half the deviance. Proximal Newton steps run on a working set of columns, as in
    :class:`LogisticCD`.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 3.

    Lee, Sun and Saunders (2014), "Proximal Newton-type methods for minimizing composite
    functions", SIAM Journal on Optimization 24(3), section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skreg import PoissonCD
    >>> rng = np.random.default_rng(0)
    >>> X, years = rng.standard_normal((500, 20)), rng.uniform(1, 5, 500)
    >>> y = rng.poisson(years * np.exp(0.5 * X[:, 0] - 0.3 * X[:, 1]))
    >>> model = PoissonCD(0.2).fit(X, y, exposure=years)
    >>> model.coef_.nonzero()[0].tolist()
    [0, 1]
    >>> model.predict(X[:2], exposure=[1, 10]).round(1).tolist()
    [1.2, 7.0]
    """

    def __init__(
        self,
        alpha=0.1,
        *,
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
    def fit(self, X, y, sample_weight=None, *, offset=None, exposure=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,)
            Counts, >= 0.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.
        offset : array-like of shape (n_samples,), default=None
            What is added to the linear predictor, sample by sample.
        exposure : array-like of shape (n_samples,), default=None
            Times, areas or numbers in which was counted, > 0: their logarithms are the offset.

        Returns
        -------
        PoissonCD
            The fitted model.
        """
        return self._fit(X, Counts(y, offset, exposure), sample_weight)


class PoissonCDCV(PoissonMixin, PathSelection):
    r"""Poisson regression with `alpha` and `l1_ratio` chosen by cross-validation.

    Minimises

    .. math::

        \frac{1}{n} \sum_i \left( e_i e^{x_i w + b} - y_i (x_i w + b) \right)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    as :class:`PoissonCD` does, for the pair :math:`(\alpha, \rho)` whose deviance on data kept
    apart, or another `scoring`, is best on average over the folds, with :math:`\rho` = `l1_ratio`.
    With `sample_weight`, the loss and the score of a fold are weighted means; the mean over the
    folds is not weighted.

    Parameters
    ----------
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
        that a fold keeps apart, and their weights if it takes them. None is minus the mean Poisson
        deviance.
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
    sklearn.linear_model.PoissonRegressor : The same objective with L2 alone.
    PoissonCD : Poisson regression for one alpha.
    poisson_path : Coefficients for many alphas, without a choice.
    LassoCDCV : The same for numbers.

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
    >>> from skreg import PoissonCDCV
    >>> rng = np.random.default_rng(0)
    >>> X, years = rng.standard_normal((500, 20)), rng.uniform(1, 5, 500)
    >>> y = rng.poisson(years * np.exp(0.5 * X[:, 0] - 0.3 * X[:, 1]))
    >>> model = PoissonCDCV(rule="1se").fit(X, y, exposure=years)
    >>> model.coef_.nonzero()[0].tolist()
    [0, 1]
    """

    _name_of_loss = "neg_mean_poisson_deviance"

    def __init__(
        self,
        *,
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
    def fit(self, X, y, sample_weight=None, *, offset=None, exposure=None, **params):
        """Choose alpha, and fit the coefficients on all data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,)
            Counts, >= 0.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero in any training or test set.
        offset : array-like of shape (n_samples,), default=None
            What is added to the linear predictor, sample by sample.
        exposure : array-like of shape (n_samples,), default=None
            Times, areas or numbers in which was counted, > 0: their logarithms are the offset.
        **params : dict
            Metadata for the scorer and the splitter, such as `groups`, where scikit-learn's
            metadata routing is enabled.

        Returns
        -------
        object
            The fitted estimator.
        """
        return self._select(X, Counts(y, offset, exposure), sample_weight, params)

    def _truth(self, y):
        """Return the counts."""
        return y[:, 0]

    def _response(self, decisions, y):
        """Return the means of counts."""
        return np.exp(decisions + y[:, 1:])

    def _mean_loss(self, decisions, y, s):
        """Return what is smallest for the chosen alpha: the mean deviance."""
        return 2 * (s @ self._loss.near(y[:, :1], decisions + y[:, 1:])[0]) / s.sum()
