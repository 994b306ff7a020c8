"""Gradient methods for ``sum(s * (y - Xc @ w)**2) / 2 + sum_j ridge_j w_j**2 / 2``.

==============  ==============================================================================
`descend`       the textbook's gradient descent; the loss falls at every step; to learn from
`nesterov`      accelerated, projected onto the bounds
`conjugate`     the normal equations, mostly by conjugate gradients: the fastest without bounds
==============  ==============================================================================

Targets share the passes over the data: y and w have one column for each. Every method stops when
the gradient is small by the same measure, `Problem.accuracy`, and returns a `Point`.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, norm  # unlike numpy's norm, this one does not overflow

from .._data import Design
from .normal_equations import ratio, systems
from .penalties import ElasticNet

TINY = np.finfo(float).tiny
OVERSHOOT = 1e3  # of the loss, relative to the first, that momentum may cause
ROUNDING = 1e-12  # of a penalty, relative to the largest square of a column


class Point(NamedTuple):
    """Coefficients, and what the data say of them.

    Attributes
    ----------
    w : ndarray of shape (n_features, n_targets)
        Coefficients.
    r, c : ndarray of shape (n_samples, n_targets) and (n_features, n_targets)
        Residuals, and their correlations with the columns.
    accuracy : float
        That of the worst target.
    """

    w: np.ndarray
    r: np.ndarray
    c: np.ndarray
    accuracy: float


class Problem(NamedTuple):
    """Least squares with an L2 penalty for several targets.

    Attributes
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Centred targets.
    alphas : ndarray of shape (n_targets,)
        What the penalty was multiplied with.
    penalty : ElasticNet
        Weights and bounds, of shape (n_features, n_targets).
    column : ndarray of shape (n_features,)
        The metric without the penalty: the squares of the columns' norms, on tall data.
    metric : ndarray of shape (n_features, n_targets)
        Makes gradients comparable between columns. Tall data: the diagonal of the Hessian. Wide
        data: the penalty's own, for steps must not leave the row space, out of which only the
        penalty, however small, would bring them back.
    inverse_of_metric : ndarray
        Its inverse.
    at_rest : ndarray of shape (n_features, n_targets)
        Correlations of the columns with y.
    scale : ndarray of shape (n_targets,)
        Length of the gradient at w = 0 in that metric.
    """

    design: Design
    y: np.ndarray
    alphas: np.ndarray
    penalty: ElasticNet
    column: np.ndarray
    metric: np.ndarray
    inverse_of_metric: np.ndarray
    at_rest: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, design, y, penalty, alphas):
        """Build the problem for a penalty times alphas, at the price of one pass."""
        penalty, column = penalty.at(alphas), design.column_norms**2
        if not design.tall:
            ridge = penalty.ridge.max(axis=1)
            column = column.max() * np.where(ridge > 0, ridge / max(ridge.max(), TINY), 1.0)
        column = np.where(column > 0, column, 1.0)
        metric = column[:, None] + penalty.ridge
        at_rest = design.rmatvec(y)
        scale = np.sqrt(np.sum(at_rest**2 / metric, axis=0))
        return cls(design, y, alphas, penalty, column, metric, 1 / metric, at_rest, scale)

    @property
    def movable(self):
        """Tell which columns may be used."""
        return self.penalty.lower[:, 0] < self.penalty.upper[:, 0]

    @property
    def penalised(self):
        """Tell which coefficients have a penalty above rounding."""
        return self.penalty.ridge > ROUNDING * self.design.column_norms.max(initial=0.0) ** 2

    def targets_of_an_alpha(self):
        """Yield the targets that share an alpha."""
        for alpha in np.unique(self.alphas):
            yield np.flatnonzero(self.alphas == alpha)

    def at(self, w):
        """Return the point of some coefficients."""
        r, c = self.correlations(w)
        return Point(w, r, c, float(self.accuracy(r, c, w).max(initial=0.0)))

    def correlations(self, w):
        """Return the residual and its correlations with the columns."""
        if not w.any():
            return self.y, self.at_rest
        r = self.y - self.design.matvec(w)
        return r, self.design.rmatvec(r)

    def gradient(self, c, w):
        """Return the gradient at w."""
        return self.penalty.ridge * w - c

    def length(self, gradient):
        """Return the length of gradients, by target."""
        return np.sqrt(np.einsum("jt,jt,jt->t", gradient, gradient, self.inverse_of_metric))

    def losses(self, r, w):
        """Return the objective at w, per target."""
        return 0.5 * self.design.s @ r**2 + self.penalty.value(w).sum(axis=0)

    def project(self, w):
        """Return the nearest coefficients within the bounds."""
        return np.clip(w, self.penalty.lower, self.penalty.upper)

    def accuracy(self, r, c, w, losses=None):
        """Return how far each target is from its solution.

        The larger of two: the length of the projected gradient relative to that at 0, and a bound
        on how much the objective could still fall relative to itself, or to the given losses, from
        the strong convexity that penalties above rounding give.
        """
        gradient = self.gradient(c, w)
        held = (w <= self.penalty.lower) & (gradient > 0)
        held |= (w >= self.penalty.upper) & (gradient < 0)
        violation = np.where(held, 0.0, gradient)
        ridge = np.where(self.penalised, self.penalty.ridge, np.inf)
        gap = np.sum(violation**2 / (2 * ridge), axis=0)
        losses = self.losses(r, w) if losses is None else losses
        return np.maximum(ratio(self.length(violation), self.scale), ratio(gap, losses))

    def beside(self, point, other):
        """Return the accuracy of a point, relative to the objective at another one."""
        losses = self.losses(other.r, other.w)
        return float(self.accuracy(point.r, point.c, point.w, losses).max(initial=0.0))

    def start(self):
        """Return the coefficients to start from: 0, or the bound nearest to it."""
        return self.project(np.zeros_like(self.metric))


def largest_eigenvalue(design, metric, n_steps=100, tol=1e-2):
    """Return the largest eigenvalue of the Gram matrix in a metric, by power iteration.

    It is approached from below; the methods here bear an error of a tenth.
    """
    root = np.sqrt(metric)
    v = np.random.default_rng(0).standard_normal(len(root))
    value = 0.0
    for _ in range(n_steps):
        v /= max(norm(v), TINY)
        v = design.rmatvec(design.matvec(v / root)) / root
        value, last = norm(v), value
        if value <= (1 + tol) * last:
            break
    return (1 + tol) * value


def descend(problem, *, tol, max_iter, step=None, momentum=0.0):
    """Repeat w <- w - step * gradient: the penalty makes w decay by a constant factor.

    With momentum, a part of the last change is added: Polyak (1964), "Some methods of speeding up
    the convergence of iteration methods", section 2.

    Returns
    -------
    point : Point
        The last point.
    n_iter : int
        Steps.
    losses : list of float
        The objective before each step and at the end; without momentum it falls as long as
        step < 2 / L.
    """
    if step is None:
        curvature = largest_eigenvalue(problem.design, np.ones(problem.design.n_features))
        curvature += problem.penalty.ridge.max(initial=0.0)
        step = 1.0 / max(curvature, 1e-300)
    w = previous = problem.start()
    losses = []
    for n_iter in range(max_iter + 1):
        point = problem.at(w)
        losses.append(problem.losses(point.r, w).sum())
        most = OVERSHOOT * losses[0] if momentum else losses[max(0, n_iter - 1)] * (1 + 1e-12)
        if point.accuracy <= tol or not losses[-1] <= most or n_iter == max_iter:
            break
        change = momentum * (w - previous) - step * problem.gradient(point.c, w)
        previous, w = w, problem.project(w + change)
    return point, n_iter, losses


def nesterov(problem, *, tol, max_iter):
    """Accelerated projected gradient with adaptive restart.

    O'Donoghue and Candes (2015), section 3.2: the momentum is dropped, target by target, when it
    points uphill.
    """
    curvature = 1.02 * max(1.0, largest_eigenvalue(problem.design, problem.column))
    step = 1.0 / (curvature * problem.metric)
    w = previous = problem.start()
    t = np.ones(w.shape[1])
    for n_iter in range(max_iter + 1):
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        ahead = problem.project(w + (t - 1) / t_next * (w - previous))
        point = problem.at(ahead)
        if point.accuracy <= tol or n_iter == max_iter:
            return point, n_iter
        new = problem.project(ahead - step * problem.gradient(point.c, ahead))
        uphill = np.sum((ahead - new) * (new - w) * problem.metric, axis=0) > 0
        previous, w = w, new
        t = np.where(uphill, 1.0, t_next)


def conjugate(problem, *, tol, max_iter, start=None):
    """Solve the normal equations, by a factor or by conjugate gradients.

    Golub and Van Loan (2013), sections 4.2 and 11.5. What these take for the gradient drifts from
    it, so it is computed again from the data, and they go on from there.
    """
    point, n_iter = problem.at(problem.start() if start is None else start), 0
    for kind in systems(problem):
        if point.accuracy <= tol or n_iter >= max_iter:
            break
        system, target, last = kind(problem), 0.5 * tol * problem.scale, np.inf
        x = system.begin(point.w)
        here = problem.at(system.coefficients(x))
        while here.accuracy > tol and n_iter < max_iter and here.accuracy <= 0.5 * last:
            before = here
            try:
                change, n_steps = system.solve(system.residual(x, here), target, max_iter - n_iter)
            except LinAlgError:  # columns depend on one another, and nothing is penalised
                break
            x, n_iter, target = x + change, n_iter + n_steps, 0.1 * target
            here = problem.at(system.coefficients(x))
            last = problem.beside(before, here)
            if here.accuracy < problem.beside(point, here):
                point = here
    return point, n_iter
