"""Logistic regression with alpha chosen by cross-validation."""

import numpy as np

from .._threads import single_thread
from ._classes import KnownDecisions
from ._logistic import LogisticMixin
from ._path_selection import PathSelection


class LogisticCDCV(LogisticMixin, PathSelection):
    r"""Logistic regression with `alpha` and `l1_ratio` chosen by cross-validation.

    Minimises, for two classes,

    .. math::

        \frac{1}{n} \sum_i \log\left(1 + e^{-z_i (x_i w + b)}\right)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    as :class:`LogisticCD` does, also for more classes, for the pair :math:`(\alpha, \rho)` whose
    log loss on data kept apart, or another `scoring`, is best on average over the folds, with
    :math:`\rho` = `l1_ratio`. With `sample_weight`, the loss and the score of a fold are weighted
    means; the mean over the folds is not weighted. Weights of classes are for the fit alone.

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
        that a fold keeps apart, and their weights if it takes them. None is minus the mean log
        loss.
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
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by label, that multiply those of their samples; 'balanced' gives
        all classes the same sum of weights. None is 1 for all.
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
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features) or (n_classes, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (1,) or (n_classes,)
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
    sklearn.linear_model.LogisticRegressionCV : The same objective, with a fit for each alpha.
    LogisticCD : Logistic regression for one alpha.
    logistic_path : Coefficients for many alphas, without a choice.
    LassoCDCV : The same for numbers.

    Notes
    -----
    Each fold follows one path through all alphas, and so do all data: the cost is that of a few
    paths, not of a fit for each alpha and fold. With `standardize`, each fold goes by the variances
    of its own training samples. Folds keep the proportions of the classes unless `cv` says
    otherwise.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 7.10.

    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), sections 3 to 6.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skreg import LogisticCDCV
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = LogisticCDCV(standardize=True, max_features=3).fit(X, y)
    >>> [str(name) for name in X.columns[model.coef_[0] != 0]]
    ['mean concave points', 'worst radius', 'worst concave points']
    >>> model.scores_path_.shape, round(model.score(X, y), 2)
    ((100, 5), 0.94)
    """

    _name_of_loss = "neg_log_loss"

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
        class_weight=None,
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
        self.class_weight = class_weight
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
            Labels.
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

    def _known(self):
        """Return the classifier whose decisions are the data it is given."""
        return KnownDecisions(self.classes_)

    def _mean_loss(self, decisions, y, s):
        """Return what is smallest for the chosen alpha: the mean log loss."""
        loss = self._loss_of(y)
        if loss.n_outputs == 1:
            return s @ loss.near(y[:, None], decisions)[0] / s.sum()
        rows, s_of_rows = y.reshape(-1, 1), np.repeat(s, loss.n_outputs)
        losses = [
            s_of_rows @ loss.near(rows, of_alpha.reshape(-1, 1))[0]
            for of_alpha in np.moveaxis(decisions, -1, 0)
        ]
        return np.ravel(losses) / s.sum()

    def _store_answer(self, coef, intercept):
        """Store coefficients as rows, and intercepts."""
        super()._store_answer(coef, intercept)
        self._as_rows()
