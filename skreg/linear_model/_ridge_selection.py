"""What ridge models share whose alpha is chosen by leave-one-out, by GCV or by folds."""

import time
import warnings

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from .._checks import check_number, refuse, takes_weights
from .._convergence import warn_if_stopped_short
from .._problem.problem import Problem
from .._solvers.gradient_descent import Ridge, conjugate
from .._solvers.matrix_free import N_PROBES, MatrixFree
from .._solvers.spectrum import decompose
from .._threads import single_thread
from ._base import split_consumer
from ._penalty_matrix import coordinates
from ._ridge_base import RidgeModel


class RidgeSelection(RidgeModel):
    """A ridge model whose alpha is chosen by leave-one-out, GCV or folds."""

    _default_scoring = "r2"

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
        weighted = sample_weight is not None or getattr(self, "class_weight", None) is not None
        to_scorer, to_splitter = self._routed(s if weighted else None, params)
        folds = self._folds(X, y, s, to_splitter)
        whole, target, y_mean = self._centre(X, y, s)
        if np.any((s @ target**2 == 0) & np.any(s[:, None] * target != 0, axis=0)):
            raise ValueError(
                f"{type(self).__name__}: the sum of squares of y underflows; scale y up."
            )
        view = coordinates(self, whole)
        design, penalty = view.design, view.penalty
        side = self._side(design, target, penalty, alphas)
        if self.cv is None:
            scores = self._leave_one_out(side, alphas, y, s, to_scorer)
        else:
            scores = self._score_folds(side, alphas, y, y_mean, folds, to_scorer)
        self._choose(alphas, scores)
        self._warn_of_accuracy(side.accuracy)
        alphas = np.broadcast_to(self.alpha_, target.shape[1])
        problem = Problem(design, target, penalty, self._loss)
        unit = problem.unit
        problem = Ridge.of(problem.in_units(unit), alphas)
        start = side.coefficients(alphas) / unit
        point, n_iter = conjugate(problem, start=start, **self._rule())
        self.n_iter_ = max(1, n_iter)
        self._store(whole, view.coefficients(point.w) * unit, y_mean)
        self.convergence_ = self._record(problem, point, view, began, unit)
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

    def _check_parameters(self):
        """Check the parameters before any work is done; return the alphas."""
        super()._check_parameters()
        owner = type(self).__name__
        for name in ("store_cv_results", "alpha_per_target"):
            if self.cv is not None and getattr(self, name, False):
                raise ValueError(f"{owner}: cv!=None and {name}=True are incompatible.")
        if self.criterion == "gcv" and self.cv is not None:
            refuse(self, "criterion", self.criterion, "'loo' where cv is given")
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
        per_target = getattr(self, "alpha_per_target", False)
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
            means = means if per_target else means.mean(axis=0)
            if side.relative_error is not None:
                self.score_std_error_ = -means * side.relative_error
            return means
        if per_target and y.ndim == 2:
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
