"""What ridge models share whose alpha is chosen by leave-one-out, by GCV or by folds."""

import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .._checks import check_number, refuse
from .._convergence import warn_if_stopped_short
from .._solvers.gradient_descent import conjugate
from .._solvers.matrix_free import N_PROBES, MatrixFree
from .._solvers.spectrum import decompose
from .._threads import single_thread
from ._base import one_or_all
from ._penalty_matrix import coordinates
from ._ridge_base import RidgeModel
from ._selection import Selection, of_samples


class RidgeSelection(Selection, RidgeModel):
    """A ridge model whose alpha is chosen by leave-one-out, GCV or folds."""

    _default_scoring = "r2"

    @single_thread
    def fit(self, X, y, sample_weight=None, **params):
        """Choose alpha, and fit the coefficients on all data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target; several targets share the decomposition.
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
        began = time.perf_counter()
        for name in ("cv_results_", "cv_scores_", "score_std_error_"):
            self.__dict__.pop(name, None)
        alphas = self._check_parameters()
        X, y, s = self._validate(X, y, sample_weight)
        weighted = sample_weight is not None or getattr(self, "class_weight", None) is not None
        to_scorer, to_splitter = self._routed(s if weighted else None, params)
        folds = [] if self.cv is None else self._folds(X, y, s, to_splitter)
        whole, target, y_mean = self._centre(X, y, s)
        if np.any((s @ target**2 == 0) & np.any(s[:, None] * target != 0, axis=0)):
            raise self._error("the sum of squares of y underflows; scale y up.")
        view = coordinates(self, whole)
        side = self._side(view.design, target, view.penalty, alphas)
        if self.cv is None:
            means, errors = self._leave_one_out(side, alphas, y, s, to_scorer)
        else:
            means, errors = self._score_folds(side, alphas, y, y_mean, folds, to_scorer)
        places = self._choose(alphas, means, errors)
        self.alpha_ = one_or_all(np.ravel(alphas[places]))
        self.best_score_ = one_or_all(np.ravel(np.take_along_axis(means, places[..., None], -1)))
        self._warn_of_accuracy(side.accuracy)
        alphas = np.broadcast_to(self.alpha_, target.shape[1])
        start = side.coefficients(alphas)
        self._store(whole, self._minimise(whole, target, alphas, view, start, began), y_mean)
        warn_if_stopped_short(type(self).__name__, self.convergence_)
        return self

    def _solve(self, problem, unit, start):
        """Minimise from a start; return where it ended and the number of steps."""
        return conjugate(problem, start=start / unit, **self._rule())

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
        for name in ("store_cv_results", "alpha_per_target"):
            if self.cv is not None and getattr(self, name, False):
                raise self._error(f"cv!=None and {name}=True are incompatible.")
        if self.criterion == "gcv" and self.cv is not None:
            refuse(self, "criterion", self.criterion, "'loo' where cv is given")
        alphas = [self.alphas] if np.ndim(self.alphas) == 0 else list(self.alphas)
        if not alphas:
            refuse(self, "alphas", self.alphas, "a number or a list of numbers")
        scored = self.criterion == "gcv" or self.scoring is not None
        if self.rule == "1se" and self.cv is None and scored:
            allowed = "'min' where cv is None and criterion is 'gcv' or scoring is given: only "
            refuse(self, "rule", self.rule, allowed + "leave-one-out errors have a standard error")
        ends = "(]" if self.cv is None else "[]"
        for k, alpha in enumerate(alphas):
            check_number(self, f"alphas[{k}]", alpha, low=0, ends=ends)
        return np.array(alphas, dtype=float)

    def _refuse_or_tell(self, design, penalty):
        """Say that leave-one-out errors are estimated, or that they cannot be."""
        owner, most = type(self).__name__, design.cost.longest_side
        n_used = np.count_nonzero(penalty.lower < penalty.upper)
        data = f"{design.n_samples} samples and {n_used} features"
        free = np.any((penalty.ridge == 0) & (penalty.lower < penalty.upper))
        if free or self.rule == "1se":
            reason = "with unpenalised features" if free else "for rule='1se'"
            raise self._error(
                f"{reason}, leave-one-out needs an eigendecomposition, and so one side of at most "
                f"{most}; got {data}. Use cv=5."
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

    def _leave_one_out(self, side, alphas, y, s, params):
        """Return the scores of the alphas, for each target if each has its own, and their errors.

        Standard errors are None where no rule asks for them.
        """
        per_target = getattr(self, "alpha_per_target", False)
        total, results = self._unseen(side, alphas, y, s)
        if np.isnan(total).any():
            raise self._error(
                f"leave-one-out is not defined for these n_samples={len(y)}: without some sample, "
                "an unpenalised coefficient or the intercept is not determined. Penalise all "
                "columns or use cv=5."
            )
        if self.store_cv_results:
            shape, dtype = (*y.shape, len(alphas)), side.design.X.dtype
            self.cv_results_ = results.reshape(shape).astype(dtype, copy=False)
        if self.scoring is None:
            means = -total / len(y)
            means = means if per_target else means.mean(axis=0)
            if side.relative_error is not None:
                self.score_std_error_ = -means * side.relative_error
            return means, self._errors(results, s, per_target) if self.rule == "1se" else None
        scorer = self._scorer()
        if per_target and y.ndim == 2:
            pairs = zip(results.swapaxes(0, 1), y.T, strict=True)
            return np.array([self._scores(scorer, *pair, params) for pair in pairs]), None
        return self._scores(scorer, results.reshape(*y.shape, -1), y, params), None

    def _unseen(self, side, alphas, y, s):
        """Return sums of squared errors and, if they are of use, those of each sample.

        Where `scoring` is given, the latter are predictions. Both have axes for targets and alphas.
        """
        targets = y.reshape(len(y), -1, 1)
        total = np.zeros((targets.shape[1], len(alphas)))
        keep = self.store_cv_results or self.scoring is not None or self.rule == "1se"
        results = np.empty((len(y), *total.shape)) if keep else None
        for rows, errors in side.leave_one_out(alphas, self.criterion):
            squares = s[rows, None, None] * errors**2
            total += squares.sum(axis=0)
            if keep:
                results[rows] = squares if self.scoring is None else targets[rows] - errors
        return total, results

    def _errors(self, squares, s, per_target):
        """Return the standard errors of weighted means over the samples, divided by ``len(s)``.

        Deviations are those from the weighted mean: Cochran (1977), chapter 6.
        """
        n_weighted = np.count_nonzero(s)
        if n_weighted < 2:
            refuse(self, "rule", self.rule, "'min' where but one sample has a positive weight")
        squares = squares if per_target else squares.mean(axis=1)
        deviations = squares - np.multiply.outer(s / s.sum(), squares.sum(axis=0))
        variance = np.sum(deviations**2, axis=0) / (n_weighted - 1)
        return np.sqrt(n_weighted * variance) / len(s)

    def _score_folds(self, side, alphas, y, y_mean, folds, params):
        """Return the scores of the alphas, averaged over the folds, and their standard errors."""
        scorer, scores = self._scorer(), []
        for (_, test), unseen in zip(folds, side.folds(folds, alphas), strict=True):
            predictions = (unseen + y_mean.reshape(-1, 1)).reshape(*y[test].shape, -1)
            scores.append(self._scores(scorer, predictions, y[test], of_samples(params, test)))
        self.cv_scores_ = np.array(scores)
        return self._over_folds(self.cv_scores_.T)
