"""A single alpha on the Gram matrix of all columns, where this is cheap: small tables.

The data are read twice, for the matrix and for the correlations of its columns with the target. All
else, the certificate too, is computed from these.
"""

import numpy as np

from .._problem.certificate import certify
from .._problem.losses import SquaredResiduals
from .._problem.penalties import ElasticNet, within
from .._problem.problem import null_losses
from . import quadratic
from .solution import PathSolver, Solution

ROUNDING = 1e-14  # of a correlation, relative to the norms of its column and of what was added up
DRIFT = 0.1  # of tol: what it may do to a gap


class WholeGram(PathSolver):
    """The minimum for alpha = 1, for squared error; the parameters are those of `Descent`.

    Attributes
    ----------
    unit : float
        What y and the coefficients are counted in here, so that no square is too small or large.
    """

    columns = slice(None)

    def __init__(self, problem, start, *, tol, max_iter):
        super().__init__(problem.design, tol, max_iter)
        self.unit = problem.unit
        problem = problem.in_units(self.unit)
        self.y, self.penalty = problem.y, problem.penalty
        self.start = within(start[:, 0] / self.unit, self.penalty.lower, self.penalty.upper)

    @staticmethod
    def pays(problem):
        """Tell whether this is quicker than to look for the columns that matter."""
        design, penalty = problem.design, problem.penalty
        return type(penalty) is ElasticNet and design.cost.whole_gram_pays(design, 1, 1)

    def solve(self):
        """Return the solution, and where to go on if it is not good enough."""
        design, penalty, y = self.design, self.penalty, self.y
        G, b, yy = (
            design.gram(np.arange(design.n_features)),
            design.rmatvec(y)[:, 0],
            design.s @ y**2,
        )
        (self.null_loss,) = null_losses(design, yy)
        self.reference, tol = np.abs(b).max(), self.relative_tol * self.null_loss
        w = self.descend(G, b, tol)
        c = b - G @ w
        rr = np.maximum(yy - w @ (b + c), 0.0)
        size = np.sqrt(yy[0]) + design.column_norms @ np.abs(w)
        C, W = c[:, None], w[:, None]
        found = certify(design, SquaredResiduals(rr), C, None, W, penalty, np.ones(1))
        reached = self.reached(found)[0] and ROUNDING * size**2 <= DRIFT * tol
        stop = "converged" if reached else "max_iter" if self.n_sweeps >= self.max_iter else None
        (on,) = w.nonzero()
        solution = Solution(on, W[on], *(value[0] for value in found[:3]), self.n_sweeps, stop)
        onwards = w if solution.objective <= self.null_loss else self.start
        return solution, onwards[:, None] * self.unit

    def descend(self, G, b, tol):
        """Return the coefficients."""
        penalty, w, cost, work = self.penalty, self.start.copy(), self.design.cost, self.design.work
        H = G.copy() if penalty.ridge.any() else G
        H.ravel()[:: len(G) + 1] += penalty.ridge
        c = b - H @ w
        rule = 0.3 * tol, min(self.max_iter, quadratic.FIRST_SWEEPS)
        prices = cost.small_newton, cost.newton_call, cost.newton_cube, self.design.tall
        l1 = penalty.weight, penalty.lower, penalty.upper
        _, self.n_sweeps, n_steps, n_updates = quadratic.descend(H, c, w, *l1, *rule, *prices)
        work.n_newton_steps += n_steps
        work.n_coordinate_updates += n_updates
        return w
