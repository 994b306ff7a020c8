"""Ridge with alpha chosen by exact leave-one-out, by GCV or by folds."""

import time
import warnings

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._checks import check_choice, check_flag, check_number, refuse, takes_weights
from .._convergence import warn_if_stopped_short
from .._solvers.gradient_descent import Problem, conjugate
from .._solvers.matrix_free import N_PROBES, MatrixFree
from .._solvers.path import unit_of
from .._solvers.spectrum import decompose
from .._threads import single_thread
from ._base import LinearRegressor, split_consumer
from ._penalty_matrix import check_penalty_matrix, quadratic
from ._ridge import RidgeGD


class RidgeGDCV(LinearRegressor):
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

    positive, lower, upper, solver, class_weight = False, None, None, "cg", None  # no parameters
    _default_scoring = "r2"
    _most_steps = RidgeGD._most_steps

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
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
        self.max_iter = max_iter
        self.tol = tol

    @single_thread()
    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha, and fit the coefficients on all data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target; several targets share the decomposition.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero in any training set.
        **params : dict
            Metadata for the scorer and the splitter, such as `groups`, where scikit-learn's
            metadata routing is enabled.

        Returns
        -------
        object
            The fitted estimator.
        """
        began = time.perf_counter()
        for name in ("cv_results_", "cv_scores_", "score_std_error_"):
            self.__dict__.pop(name, None)
        alphas = self._check_parameters()
        X, y, s = self._validate(X, y, sample_weight)
        weighted = sample_weight is not None or self.class_weight is not None
        to_scorer, to_splitter = self._routed(s if weighted else None, params)
        folds = self._folds(X, y, s, to_splitter)
        whole, target, y_mean = self._centre(X, y, s)
        if np.any((s @ target**2 == 0) & np.any(s[:, None] * target != 0, axis=0)):
            raise ValueError(
                f"{type(self).__name__}: the sum of squares of y underflows; scale y up."
            )
        design, penalty = quadratic(self, whole)
        side = self._side(design, target, penalty, alphas)
        if self.cv is None:
            scores = self._leave_one_out(side, alphas, y, s, to_scorer)
        else:
            scores = self._score_folds(side, alphas, y, y_mean, folds, to_scorer)
        self._choose(alphas, scores)
        self._warn_of_accuracy(side.accuracy)
        alphas = np.broadcast_to(self.alpha_, target.shape[1])
        unit = unit_of(design, target, penalty)
        problem = Problem.of(design, target / unit, penalty, alphas)
        start = side.coefficients(alphas) / unit
        point, n_iter = conjugate(problem, start=start, **self._rule())
        self.n_iter_ = max(1, n_iter)
        self._store(whole, design.coefficients(point.w) * unit, y_mean)
        self.convergence_ = self._certify(problem, point, began, unit)
        warn_if_stopped_short(type(self).__name__, self.convergence_)
        return self

    def _side(self, design, y, penalty, alphas):
        """Return what answers for all alphas: a decomposition, where there is a reason for one."""
        cost = design.cost
        if cost.can_be_decomposed(design, penalty) and (
            self.cv is None or cost.decomposition_pays(design)
        ):
            centred, smallest = self.fit_intercept, alphas.min()
            return decompose(design, y, penalty, centred=centred, smallest=smallest)
        side = MatrixFree(design, y, penalty, self.fit_intercept, **self._rule())
        if self.cv is None:
            self._refuse_or_tell(design, penalty)
        return side

    _certify = RidgeGD._certify
    _describe = RidgeGD._describe

    def _check_parameters(self):
        """Check the parameters before any work is done; return the alphas."""
        self._check_common()
        check_penalty_matrix(self)
        check_choice(self, "criterion", ("loo", "gcv"))
        for name in ("store_cv_results", "alpha_per_target"):
            if check_flag(self, name) and self.cv is not None:
                owner = type(self).__name__
                raise ValueError(f"{owner}: cv!=None and {name}=True are incompatible.")
        if self.criterion == "gcv" and self.cv is not None:
            refuse(self, "criterion", self.criterion, "'loo' where cv is given")
        names = get_scorer_names()
        if isinstance(self.scoring, str) and self.scoring not in names:
            refuse(self, "scoring", self.scoring, "one of sklearn.metrics.get_scorer_names()")
        if not (self.scoring is None or isinstance(self.scoring, str) or callable(self.scoring)):
            refuse(self, "scoring", self.scoring, "the name of a scorer or a callable", TypeError)
        alphas = [self.alphas] if np.ndim(self.alphas) == 0 else list(self.alphas)
        if not alphas:
            refuse(self, "alphas", self.alphas, "a number or a list of numbers")
        ends = "(]" if self.cv is None else "[]"
        for k, alpha in enumerate(alphas):
            check_number(self, f"alphas[{k}]", alpha, low=0, ends=ends)
        return np.array(alphas, dtype=float)

    def _refuse_or_tell(self, design, penalty):
        """Say that leave-one-out errors are estimated, or that they cannot be."""
        owner, most = type(self).__name__, design.cost.longest_side
        n_used = np.count_nonzero(penalty.lower < penalty.upper)
        data = f"{design.n_samples} samples and {n_used} features"
        if np.any((penalty.ridge == 0) & (penalty.lower < penalty.upper)):
            raise ValueError(
                f"{owner}: with unpenalised features, leave-one-out needs an eigendecomposition, "
                f"and so one side of at most {most}; got {data}. Use cv=5."
            )
        if self.criterion == "loo":
            warnings.warn(
                f"{owner}: leave-one-out needs an eigendecomposition, and so one side of at most "
                f"{most}; got {data}. alpha is chosen by GCV with traces estimated from "
                f"{N_PROBES} random vectors, see score_std_error_. criterion='gcv' silences this.",
                UserWarning,
                stacklevel=5,
            )

    def _warn_of_accuracy(self, accuracy):
        """Warn if alpha was chosen by fits that did not converge."""
        if accuracy > self.tol:
            warnings.warn(
                f"{type(self).__name__}: alpha is chosen by fits with a relative accuracy of "
                f"{accuracy:.1e} (tol={self.tol:g}): raise tol or max_iter, or leave out the "
                "smallest alphas.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _routed(self, s, params):
        """Return what the scorer and what the splitter asks for."""
        weights = {} if s is None else {"sample_weight": s}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **params, **weights)
            return routed["scorer"]["score"], routed["splitter"]["split"]
        if params:
            raise ValueError(
                f"{type(self).__name__}: passing {', '.join(params)} to the splitter or the "
                "scorer is only supported if enable_metadata_routing=True, see "
                "sklearn.set_config; or pass cv=list(splitter.split(X, y, ...))."
            )
        return weights if weights and takes_weights(self._scorer()) else {}, {}

    def _folds(self, X, y, s, split_params):
        """Return the folds, if there are any, as arrays of int; each has something to train on."""
        if self.cv is None:
            return []
        everything = np.arange(len(y))
        folds = [
            (everything[train], everything[test])
            for train, test in self._splitter(y).split(X, self._truth(y), **split_params)
        ]
        for k, (train, test) in enumerate(folds):
            if not s[train].any() or not len(test):
                raise ValueError(
                    f"{type(self).__name__}: every fold must have test samples, and training "
                    f"samples with a positive weight; fold {k} has not."
                )
        return folds or refuse(self, "cv", self.cv, "a splitter or an iterable with a fold")

    def _leave_one_out(self, side, alphas, y, s, params):
        """Return the scores of the alphas, for each target if each has its own."""
        scorer = None if self.scoring is None else self._scorer()
        targets = y.reshape(len(y), -1, 1)
        total = np.zeros((targets.shape[1], len(alphas)))
        keep = self.store_cv_results or scorer is not None
        results = np.empty((len(y), *total.shape)) if keep else None
        for rows, errors in side.leave_one_out(alphas, self.criterion):
            squares = s[rows, None, None] * errors**2
            total += squares.sum(axis=0)
            if keep:
                results[rows] = squares if scorer is None else targets[rows] - errors
        if np.isnan(total).any():
            raise ValueError(
                f"{type(self).__name__}: leave-one-out is not defined for these n_samples={len(y)}:"
                " without some sample, an unpenalised coefficient or the intercept is not "
                "determined. Penalise all columns or use cv=5."
            )
        results = results.reshape(*y.shape, -1) if keep else None
        if self.store_cv_results:
            self.cv_results_ = results.astype(side.design.X.dtype, copy=False)
        if scorer is None:
            means = -total / len(y)
            means = means if self.alpha_per_target else means.mean(axis=0)
            if side.relative_error is not None:
                self.score_std_error_ = -means * side.relative_error
            return means
        if self.alpha_per_target and y.ndim == 2:
            pairs = zip(results.swapaxes(0, 1), y.T, strict=True)
            return np.array([self._scores(scorer, *pair, params) for pair in pairs])
        return self._scores(scorer, results, y, params)

    def _score_folds(self, side, alphas, y, y_mean, folds, params):
        """Return the scores of the alphas, averaged over the folds."""
        scorer, scores = self._scorer(), []
        for (_, test), unseen in zip(folds, side.folds(folds, alphas), strict=True):
            predictions = unseen + y_mean[:, None]
            part = {
                name: np.asarray(value)[test] if np.ndim(value) else value
                for name, value in params.items()
            }
            predictions = predictions.reshape(*y[test].shape, -1)
            scores.append(self._scores(scorer, predictions, y[test], part))
        self.cv_scores_ = np.array(scores)
        return self.cv_scores_.mean(axis=0)

    def _scores(self, scorer, predictions, y, params):
        """Return the score of every alpha, the last axis of the predictions."""
        known, truth, columns = self._known(), self._truth(y), np.moveaxis(predictions, -1, 0)
        return np.array([scorer(known, column, truth, **params) for column in columns])

    def _known(self):
        """Return the estimator whose predictions are the data it is given."""
        return Known()

    def _truth(self, y):
        """Return the targets as they were given."""
        return y

    def _splitter(self, y=None):
        """Return the splitter."""
        return check_cv(self.cv)

    def _choose(self, alphas, scores):
        """Store the best alpha and its score, for each target if each has its own."""
        scores = np.where(np.isnan(scores), -np.inf, scores)
        best = scores.argmax(axis=-1)
        self.alpha_ = alphas[best]
        self.best_score_ = np.take_along_axis(scores, best[..., None], -1)[..., 0]
        if np.isneginf(self.best_score_).any():
            raise ValueError(
                f"{type(self).__name__}: no alpha has a score that is a number. R2 needs at least "
                "two samples in each fold: use scoring='neg_mean_squared_error', or cv=None, which "
                "is leave-one-out."
            )
        if np.size(best) == 1:
            self.alpha_, self.best_score_ = np.ravel(self.alpha_)[0], np.ravel(self.best_score_)[0]

    def _scorer(self):
        """Return the scorer; one that nobody chose asks for weights itself."""
        if self.scoring is not None:
            return check_scoring(self, scoring=self.scoring)
        scorer = get_scorer(self._default_scoring)
        if get_config()["enable_metadata_routing"]:
            scorer.set_score_request(sample_weight=True)
        return scorer

    def get_metadata_routing(self):
        """Return how metadata are routed: to fit, to the scorer and to the splitter.

        Returns
        -------
        MetadataRouter
            The router.
        """
        to_score = MethodMapping().add(caller="fit", callee="score")
        to_split = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(scorer=self._scorer(), method_mapping=to_score)
        return router.add(splitter=split_consumer(self.cv), method_mapping=to_split)


class Known(RegressorMixin, BaseEstimator):
    """What a scorer asks: its predictions are the data it is given."""

    def predict(self, X):
        """Return X."""
        return X
