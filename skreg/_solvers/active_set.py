"""Ridge with bounds, exactly: which coefficients are at a bound, and a system for the others.

Wide data: Newton steps on the dual, which has an unknown for each sample. At residuals r every
coefficient minimises the Lagrangian by itself, ``w_j = clip(c_j / ridge_j, lower_j, upper_j)`` with
``c = Xc' S r``, and they solve the problem where ``r + Xc w = y``. The left side is piecewise
linear, so the steps come to an end: Qi and Sun (1993), "A nonsmooth version of Newton's method",
section 4. The squares of what is missing there, halved, are the duality gap of w and r. Where a
penalty is missing, or lost in rounding, a little of the distance from the last answer is added:
the proximal point method, Rockafellar (1976), "Monotone operators and the proximal point
algorithm", section 1.

Other data: coordinate descent and Newton steps on a Gram matrix, as with an L1 penalty.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq

from .._problem.problem import Problem
from .path import Descent

NEAR = 1e-8  # weight of the distance from the last answer, relative to a column's square
MAX_ANSWERS = 20  # of the proximal point method
STALLED = 0.25  # part of a gap; what whole steps on the same columns leave above it is rounding


def active_set_pays(problem):
    """Tell whether it is faster than a gradient method: a matrix has to fit into memory."""
    on, design = problem.movable, problem.design
    return dual_pays(problem) or design.cost.gram_pays(on.sum(), design.column_length)


def dual_pays(problem):
    """Tell whether there are fewer samples, and penalties for all columns, or none for many."""
    design, ridge = problem.design, problem.ridge[problem.movable]
    many = len(ridge) > design.cost.free_by_coordinates
    clear = np.all(ridge > problem.floor) or (many and not ridge.any())
    return clear and not design.tall and design.n_samples <= design.cost.largest_gram


def active_set(problem, *, tol, max_iter):
    """Minimise for each target, from the answer for the last alpha."""
    minimise = dual if dual_pays(problem) else coordinate_descent
    w, n_iter = problem.start(), 0
    for t in range(len(problem.alphas)):
        start = w[:, t - 1 : t] if t % problem.n_alphas else w[:, t : t + 1]
        w[:, t : t + 1], n_steps = minimise(problem, t, start, tol**2, max_iter)
        n_iter = max(n_iter, n_steps)
    return problem.at(w), n_iter


def coordinate_descent(problem, t, start, tol, max_iter):
    """Return the coefficients of a target to a relative gap, and the number of sweeps."""
    penalty, rule = problem.penalty.at(problem.alphas[t]), {"tol": tol, "max_iter": max_iter}
    part = Problem(problem.design, problem.y[:, t : t + 1], penalty)
    descent = Descent(part, start, **rule)
    (solution,) = descent.run([1.0])
    return descent.coefficients(solution), descent.n_sweeps


def dual(problem, t, start, tol, max_iter):
    """Return the coefficients of a target to a relative gap, and the number of Newton steps."""
    if problem.ridge[problem.movable].any():
        return newton_on_dual(problem, t, start, tol, max_iter)
    weight = NEAR * problem.design.column_norms.max() ** 2
    w, n_iter, last = start, 0, np.inf
    for _ in range(MAX_ANSWERS):
        w, n_steps = newton_on_dual(problem, t, w, tol, max_iter - n_iter, weight)
        n_iter += n_steps
        r = problem.y[:, t : t + 1] - problem.design.matvec(w)
        loss = np.sum(problem.design.s[:, None] * r**2)
        if n_iter >= max_iter or loss >= last * (1 - tol):
            break
        last = loss
    return w, n_iter


def newton_on_dual(problem, t, start, tol, max_iter, near=0.0):
    """Return the coefficients of a target to a relative gap, and the number of Newton steps.

    Steps are as long as is best. The distance from the start has a weight, too.
    """
    design, y, ridge = problem.design, problem.y[:, t : t + 1], problem.ridge[:, t : t + 1] + near
    s, movable = design.s[:, None], problem.movable[:, None]
    inverse = np.divide(1, ridge, out=np.zeros_like(ridge), where=movable)
    hessian = Hessian(design, inverse[:, 0])
    r = y - design.matvec(start)
    c, enough, last = design.rmatvec(r), tol / 2 * np.sum(s * y**2), np.inf

    def slope(length, r, step, c, change):
        w = problem.project(inverse * (c + length * change) + near * inverse * start)
        return np.sum(s * step * (r + length * step - y)) + np.sum(change * w)

    for n_iter in range(max_iter + 1):
        w = problem.project(inverse * c + near * inverse * start)
        missing = y - r - design.matvec(w)
        gap = np.sum(s * missing**2) / 2
        active = (movable & (w > problem.lower) & (w < problem.upper))[:, 0]
        rounding = gap > STALLED * last and np.array_equal(active, hessian.columns)
        if gap <= enough or rounding or n_iter == max_iter:
            return w, n_iter
        hessian.change_to(active)
        step = hessian.solve(missing)
        change = design.rmatvec(step)
        line = r, step, c, change
        length = brentq(slope, 0, 1, line) if slope(0, *line) < 0 < slope(1, *line) else 1.0
        r, c, last = r + length * step, c + length * change, gap if length == 1 else np.inf


class Hessian:
    """The Hessian of the dual, ``I + R Xc diag(q) Xc' R`` over some columns, with R = S^1/2."""

    def __init__(self, design, q):
        self.design, self.q, self.root = design, q, np.sqrt(design.s)[:, None]
        self.columns = np.zeros(len(q), dtype=bool)
        self.K = np.eye(len(self.root))

    def change_to(self, columns):
        """Add and subtract columns, so that it is over these."""
        for sign, some in ((1, columns & ~self.columns), (-1, self.columns & ~columns)):
            if some.any():
                part = self.design.kernel(np.where(some, self.q, 0.0))
                self.K += sign * self.root * part * self.root.T
        self.columns = columns

    def solve(self, missing):
        """Return the Newton step; the residuals of samples without weight do not matter."""
        step = cho_solve(cho_factor(self.K), self.root * missing)
        return np.divide(step, self.root, out=np.zeros_like(step), where=self.root > 0)
