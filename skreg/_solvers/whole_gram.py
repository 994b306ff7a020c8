"""A single alpha on the Gram matrix of all columns, where this is cheap: small tables.

There are no stages and no waypoints: one product, one solve, one certificate.
"""

import numpy as np

from .._problem.certificate import certify
from .._problem.losses import SquaredResiduals
from .._problem.penalties import within
from .._problem.problem import null_losses
from . import quadratic
from .cholesky import Factor
from .gram_set import ROUNDING
from .path import stages
from .solution import PathSolver, Solution


class WholeGram(PathSolver):
    """The minimum for alpha = 1, for squared error; the parameters are those of `Descent`.

    Attributes
    ----------
    unit : float
        What y and the coefficients are counted in here, so that no square is too small or large.
    b : ndarray of shape (n_features,)
        Correlations of the columns with the target.
    """

    columns = slice(None)

    def __init__(self, problem, start, *, tol, max_iter):
        super().__init__(problem.design, tol, max_iter)
        self.unit = problem.unit
        problem = problem.in_units(self.unit)
        self.y, self.penalty = problem.y, problem.penalty
        self.start = within(start[:, 0] / self.unit, self.penalty.lower, self.penalty.upper)
        self.b = self.design.rmatvec(self.y)[:, 0]
        self.reference = np.abs(self.b).max()

    def pays(self):
        """Tell whether this is quicker than to look for the columns that matter."""
        n_stages = max(1.0, stages(self.reference, self.penalty.weight.max()))
        return self.design.cost.whole_gram_pays(self.design, n_stages, 1)

    def solve(self):
        """Return the solution, and where to go on if it is not good enough."""
        design, w = self.design, self.start.copy()
        G, yy = design.gram(np.arange(design.n_features)), design.s @ self.y**2
        (self.null_loss,) = null_losses(design, yy)
        tol = self.relative_tol * self.null_loss
        self.n_sweeps = self.descend(G, w, tol=0.3 * tol, noise=ROUNDING * np.sqrt(yy[0]))
        W = w[:, None]
        R = self.y - design.matvec(W)
        residuals, C = SquaredResiduals(design.s @ R**2), design.rmatvec(R)
        found = certify(design, residuals, C, None, W, self.penalty, np.ones(1))
        reached = self.reached(found)[0]
        stop = "converged" if reached else "max_iter" if self.n_sweeps >= self.max_iter else None
        (on,) = w.nonzero()
        solution = Solution(on, W[on], *(value[0] for value in found[:3]), self.n_sweeps, stop)
        onwards = w if solution.objective <= self.null_loss else self.start
        return solution, onwards[:, None] * self.unit

    def descend(self, G, w, **rule):
        """Minimise, which changes w; return the number of sweeps."""
        G.ravel()[:: len(G) + 1] += self.penalty.ridge
        c = self.b - G @ w if w.any() else self.b.copy()
        problem = G, c[:, None], w[:, None], self.penalty, Factor(), self.design
        return quadratic.solve(*problem, max_sweeps=self.max_iter, **rule)
