"""What ridge models share: when to stop, the certificate, and how one alpha is fitted."""

import time

import numpy as np

from .._checks import check_seed, refuse
from .._convergence import Convergence, warn_if_stopped_short
from .._problem.certificate import certify, distance, relative
from .._problem.losses import SquaredResiduals
from .._problem.problem import Problem, null_losses
from .._solvers.active_set import active_set, active_set_pays
from .._solvers.gradient_descent import Ridge, conjugate, descend, nesterov, ratio
from .._solvers.saga import saga
from .._threads import single_thread
from ._base import LinearRegressor, one_or_all
from ._parameters import RIDGE, check_parameters
from ._penalty_matrix import check_penalty_matrix, coordinates

BATCH_SIZE = 64  # of 'sgd', where it is no parameter
SOLVERS = {"gd": descend, "nesterov": nesterov, "sgd": saga}
SOLVERS |= {"cg": conjugate, "active_set": active_set}


class RidgeModel(LinearRegressor):
    """A linear regressor with an L2 penalty."""

    def _check_parameters(self):
        """Check the parameters before any work is done."""
        check_parameters(self, RIDGE)
        check_penalty_matrix(self)

    def _minimise(self, design, y, alphas, view=None, start=None, began=None):
        """Minimise and certify; return the coefficients of the columns of the Design.

        The choice of an alpha hands in the view of the data, a start and when it began.
        """
        began = began or time.perf_counter()
        view = view or coordinates(self, design)
        problem = Problem(view.design, y, view.penalty, self._loss)
        unit = problem.unit
        problem = Ridge.of(problem.in_units(unit), alphas)
        point, n_iter = self._solve(problem, unit, start)
        self.n_iter_ = max(1, n_iter)
        self.convergence_ = self._record(problem, point, view, began, unit)
        return view.coefficients(point.w) * unit

    def _record(self, problem, point, view, began, unit):
        """Return the record of the fit, computed from the data at the returned coefficients.

        Targets and coefficients are counted in a unit, in the coordinates of a view.
        """
        design, penalty, alphas = problem.design, problem.penalty, problem.alphas
        fit = SquaredResiduals(point.squares)
        found = certify(design, fit, point.c, None, point.w, penalty, alphas)
        losses = np.maximum(null_losses(design, problem.squares), point.losses)
        accuracy = point.accuracy
        if problem.weak:
            accuracy = float(np.fmax(point.lengths, ratio(found.gap, losses)).max())
        doubled = 2 * found.gap * unit**2  # the objective is twice that of the solvers
        self.dual_gap_ = one_or_all(doubled)
        self.distance_bound_ = one_or_all(distance(doubled, 2 * alphas, view.stretch()))
        reference = np.abs(problem.c_at_zero).max(initial=0.0)
        return Convergence(
            converged=accuracy <= self.tol,
            relative_gap=float(ratio(found.gap, losses).max()),
            kkt_violation=relative(found.violation.max(initial=0.0), reference),
            n_iter=self.n_iter_,
            n_data_passes=int(np.ceil(design.n_passes)),
            work=design.work,
            n_active=int(np.count_nonzero(view.coefficients(point.w))),
            seconds=time.perf_counter() - began,
            message=self._describe(accuracy),
        )

    def _describe(self, accuracy):
        """Say what stopped the solver and, where it stopped short, what to change."""
        state = f"a relative accuracy of {accuracy:.1e} (tol={self.tol:g})"
        if accuracy <= self.tol:
            return f"converged after {self.n_iter_} steps to {state}."
        most = self._rule()["max_iter"]
        if self.n_iter_ >= most:
            remedy = "standardise X, use solver='auto' or raise max_iter"
            return f"stopped at max_iter={most} with {state}: {remedy}."
        if hasattr(self, "loss_curve_"):  # of gradient descent alone
            return f"stopped because the loss rose, with {state}: lower step, or leave it None."
        return f"stopped at the limit of float64 with {state}: raise tol or rescale X."


class RidgeBySolver(RidgeModel):
    """A ridge model for one alpha, which is fitted by one of several solvers."""

    @single_thread
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target; several targets share the passes over the data.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        object
            The fitted estimator.
        """
        self._check_parameters()
        design, y, y_mean = self._build(X, y, sample_weight)
        self._store(design, self._minimise(design, y, self._alphas(y.shape[1])), y_mean)
        warn_if_stopped_short(type(self).__name__, self.convergence_)
        return self

    def _check_parameters(self):
        """Check the parameters before any work is done."""
        super()._check_parameters()
        if self.solver == "cg" and self._bounded():
            raise self._error(
                "solver='cg' does not support positive, lower or upper; use solver='auto'."
            )
        if self.solver in ("sgd", "active_set") and self.penalty_matrix is not None:
            raise self._error(
                f"penalty_matrix does not support solver={self.solver!r}; use solver='auto'."
            )

    def _alphas(self, n_targets):
        """Return alpha for each target."""
        try:
            alpha = np.asarray(self.alpha, dtype=float)
        except (TypeError, ValueError):
            refuse(self, "alpha", self.alpha, "a number or one number per target", TypeError)
        if alpha.ndim > 1 or alpha.size not in (1, n_targets):
            raise self._error(
                f"alpha must be a number or an array with one number for each of the {n_targets} "
                "targets. Number of targets and number of penalties do not correspond: "
                f"{alpha.size} != {n_targets}."
            )
        if not (np.isfinite(alpha) & (alpha >= 0)).all():
            refuse(self, "alpha", self.alpha, "finite and >= 0")
        return alpha + np.zeros(n_targets)

    def _solve(self, problem, unit, _):
        """Minimise by the chosen solver; return where it ended and the number of steps."""
        rule, solver = self._rule(), self.solver
        if solver == "auto" and problem.bounded:
            solver = "active_set" if active_set_pays(problem) else "nesterov"
        self.solver_ = solver = "cg" if solver == "auto" else solver
        self.__dict__.pop("loss_curve_", None)
        point, n_iter, *losses = SOLVERS[solver](problem, **self._options(solver), **rule)
        if losses:
            self.loss_curve_ = [2 * loss * unit**2 for loss in losses[0]]
        return point, n_iter

    def _options(self, solver):
        """Return the arguments of a solver that are not for all of them."""
        if solver != "sgd":
            return {}
        return {"batch_size": getattr(self, "batch_size", BATCH_SIZE), "rng": check_seed(self)}
