"""What solvers that follow a path of alphas return, and how they describe it."""

import math
import time
from typing import NamedTuple

import numpy as np

from .._convergence import Convergence
from .._problem.certificate import relative

FAR = 0.999  # cosine of a column and a constant one: it lies 22 deviations from 0
SMALLEST = 1e-150  # norm of a column with a square that is a number
MESSAGES = {
    "converged": "converged after {n} sweeps: relative gap {gap:.1e} <= tol={tol:g}.",
    "max_iter": "stopped at max_iter={max} with a relative gap of {gap:.1e} (tol={tol:g}): "
    "raise max_iter, or {remedy}.",
    "rounding": "stopped at the limit of float64 with a relative gap of {gap:.1e} (tol={tol:g}): "
    "{remedy}.",
    "endless": "found no minimum: {apart} can be separated, at least some samples of them, so that "
    "the loss falls as the coefficients grow: raise alpha, or give all columns a penalty.",
}


class Solution(NamedTuple):
    """The coefficients at one alpha, and how good they are.

    Attributes
    ----------
    columns, values : ndarray
        The coefficients that are not 0, or rows of them.
    gap, objective, violation : float
        Duality gap, objective and largest violation of the optimality conditions, from the data.
    n_sweeps : int
        Sweeps of coordinate descent.
    stop : str
        "converged", "max_iter", "rounding" or, where there is no minimum, "endless".
    intercept : float or ndarray of shape (n_outputs,), default=0.0
        What the predictions have beside the centred columns and the mean of centred targets.
    """

    columns: np.ndarray
    values: np.ndarray
    gap: float
    objective: float
    violation: float
    n_sweeps: int
    stop: str
    intercept: np.ndarray | float = 0.0


class PathSolver:
    """What follows a path of alphas, and certifies each solution.

    Attributes
    ----------
    n_sweeps, n_before : int
        Sweeps of coordinate descent so far, and those of a solver that this one follows.
    null_loss : float
        The loss without features; for squared error, or a little of larger residuals that bounds
        force.
    reference : float
        Largest correlation of a column with the residual at the start.
    """

    unit, told_apart = 1.0, ""

    def __init__(self, design, tol, max_iter):
        self.began, self.passes_before = time.perf_counter(), design.n_passes
        self.design, self.relative_tol, self.max_iter = design, tol, max_iter
        self.n_sweeps = self.n_before = 0

    def follow(self, other):
        """Go on where another solver has stopped."""
        self.began, self.passes_before = other.began, other.passes_before
        self.n_sweeps = self.n_before = other.n_sweeps
        self.reference = other.reference

    def coefficients(self, solution):
        """Return all coefficients of a solution, of shape (n_features, n_targets)."""
        nearest = self.penalty.nearest_to_zero()
        w = np.zeros((len(nearest), self.y.shape[1])) + nearest[:, None]
        w[self.columns] = 0.0
        w[solution.columns] = solution.values
        return w * self.unit

    def n_selected(self, solution):
        """Return how many features have a coefficient that is not 0."""
        return solution.columns.size

    def dual_gap(self, solution):
        """Return the gap of a solution in the units of the data."""
        return solution.gap * self.unit**2

    def reached(self, certificate):
        """Tell which gaps are small enough."""
        whole = np.maximum(self.null_loss, certificate.objective)
        return certificate.gap <= self.relative_tol * whole

    def remedy(self):
        """Return what to change about a problem that was too hard."""
        if np.any((self.design.column_norms > 0) & (self.design.column_norms < SMALLEST)):
            return "scale X up"
        lengths = self.design.column_norms * np.sqrt(self.design.total_weight)
        if np.any(np.abs(self.design.rmatvec(np.ones(len(self.y)))) > FAR * lengths):
            return "fit an intercept or centre the columns of X"
        if self.penalty.free.any():
            return "give every column a penalty, or leave out those that others nearly explain"
        return "raise alpha"

    def record(self, solution):
        """Return the record of a solution, with the work of the whole descent up to it."""
        gap = relative(solution.gap, max(self.null_loss, solution.objective))
        words = {"n": self.n_sweeps, "max": self.max_iter, "gap": gap, "tol": self.relative_tol}
        if solution.stop != "converged":
            words |= {"remedy": self.remedy(), "apart": self.told_apart}
        return Convergence(
            converged=solution.stop == "converged",
            relative_gap=gap,
            kkt_violation=relative(solution.violation, self.reference),
            n_iter=max(1, self.n_sweeps),
            n_data_passes=math.ceil(self.design.n_passes - self.passes_before),
            work=self.design.work,
            n_active=solution.columns.size,
            seconds=time.perf_counter() - self.began,
            message=MESSAGES[solution.stop].format(**words),
        )
