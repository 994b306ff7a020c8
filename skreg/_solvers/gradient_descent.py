"""Gradient methods for ``sum(s * (y - Xc @ w)**2) / 2 + sum_j ridge_j w_j**2 / 2``.

==============  ==============================================================================
`descend`       the textbook's gradient descent; the loss falls at every step; to learn from
`nesterov`      accelerated, projected onto the bounds
`conjugate`     conjugate gradients: the fastest without bounds
==============  ==============================================================================

Targets share the passes over the data: y and w have one column for each. Every method stops when
the gradient is small by the same measure, `Problem.accuracy`.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import norm  # unlike numpy's, it does not overflow

from .._data import Design
from .penalties import ElasticNet

TINY = np.finfo(float).tiny


class Problem(NamedTuple):
    """Least squares with an L2 penalty for several targets.

    Attributes
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Centred targets.
    penalty : ElasticNet
        Weights and bounds, of shape (n_features, n_targets).
    column : ndarray of shape (n_features,)
        The metric without the penalty: the squares of the columns' norms, on tall data.
    metric : ndarray of shape (n_features, n_targets)
        Makes gradients comparable between columns. Tall data: the diagonal of the Hessian. Wide
        data: the penalty's own, for steps must not leave the row space, out of which only the
        penalty, however small, would bring them back.
    scale : ndarray of shape (n_targets,)
        Length of the gradient at w = 0 in that metric.
    """

    design: Design
    y: np.ndarray
    penalty: ElasticNet
    column: np.ndarray
    metric: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, design, y, penalty):
        """Build the problem, at the price of one pass."""
        column = design.column_norms**2
        if design.n_samples <= design.n_features:
            ridge = penalty.ridge.max(axis=1)
            column = column.max() * np.where(ridge > 0, ridge / max(ridge.max(), TINY), 1.0)
        column = np.where(column > 0, column, 1.0)
        metric = column[:, None] + penalty.ridge
        scale = np.sqrt(np.sum(design.rmatvec(y) ** 2 / metric, axis=0))
        return cls(design, y, penalty, column, metric, scale)

    def correlations(self, w):
        """Return the residual and its correlations with the columns."""
        r = self.y - self.design.matvec(w)
        return r, self.design.rmatvec(r)

    def gradient(self, c, w):
        """Return the gradient at w."""
        return self.penalty.ridge * w - c

    def losses(self, r, w):
        """Return the objective at w, per target."""
        return 0.5 * self.design.s @ r**2 + self.penalty.value(w).sum(axis=0)

    def project(self, w):
        """Return the nearest coefficients within the bounds."""
        return np.clip(w, self.penalty.lower, self.penalty.upper)

    def accuracy(self, r, c, w):
        """Return how far each target is from its solution.

        The larger of two: the length of the projected gradient relative to that at 0, and a bound
        on how much the objective could still fall relative to itself, from the strong convexity
        that penalties above rounding give.
        """
        violation = self.penalty.violation(c, w)
        length = np.sqrt(np.sum(violation**2 / self.metric, axis=0))
        ridge = self.penalty.ridge
        counts = ridge > 1e-12 * self.design.column_norms.max() ** 2
        gap = np.sum(violation**2 / (2 * np.where(counts, ridge, np.inf)), axis=0)
        return np.maximum(ratio(length, self.scale), ratio(gap, self.losses(r, w)))

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


def descend(problem, *, tol, max_iter, step=None):
    """Repeat w <- w - step * gradient: the penalty makes w decay by a constant factor.

    Returns
    -------
    w : ndarray of shape (n_features, n_targets)
        Coefficients.
    n_iter : int
        Steps.
    losses : list of float
        The objective before each step and at the end; it falls as long as step < 2 / L.
    """
    if step is None:
        curvature = largest_eigenvalue(problem.design, np.ones(problem.design.n_features))
        curvature += problem.penalty.ridge.max(initial=0.0)
        step = 1.0 / max(curvature, 1e-300)
    w = problem.start()
    losses = []
    for n_iter in range(max_iter + 1):
        r, c = problem.correlations(w)
        losses.append(problem.losses(r, w).sum())
        falls = n_iter == 0 or losses[-1] <= losses[-2] * (1 + 1e-12)
        if np.all(problem.accuracy(r, c, w) <= tol) or not falls or n_iter == max_iter:
            break
        w = problem.project(w - step * problem.gradient(c, w))
    return w, n_iter, losses


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
        r, c = problem.correlations(ahead)
        if np.all(problem.accuracy(r, c, ahead) <= tol) or n_iter == max_iter:
            return ahead, n_iter
        new = problem.project(ahead - step * problem.gradient(c, ahead))
        uphill = np.sum((ahead - new) * (new - w) * problem.metric, axis=0) > 0
        previous, w = w, new
        t = np.where(uphill, 1.0, t_next)


def conjugate(problem, *, tol, max_iter):
    """Conjugate gradients, preconditioned by the metric of the problem.

    Golub and Van Loan (2013), section 11.5. The recurrence drifts from the true gradient, so the
    gradient is computed again from the data before the method stops, and it goes on from there.
    """
    design, ridge = problem.design, problem.penalty.ridge
    movable = problem.penalty.lower < problem.penalty.upper
    w, n_iter, best, target = problem.start(), 0, np.inf, 0.5 * tol
    while True:
        r, c = problem.correlations(w)
        accuracy = problem.accuracy(r, c, w).max(initial=0.0)
        if accuracy <= tol or n_iter >= max_iter or accuracy > 0.5 * best:
            return w, n_iter
        best = accuracy
        residual = np.where(movable, -problem.gradient(c, w), 0.0)
        z = residual / problem.metric
        direction, rho = z, np.sum(residual * z, axis=0)
        while n_iter < max_iter:
            n_iter += 1
            image = design.rmatvec(design.matvec(direction)) + ridge * direction
            image = np.where(movable, image, 0.0)
            curvature = np.sum(direction * image, axis=0)
            step = ratio(rho, np.where(curvature > 0, curvature, np.inf))
            w = w + step * direction
            residual = residual - step * image
            z = residual / problem.metric
            rho, last = np.sum(residual * z, axis=0), rho
            if np.all(np.sqrt(rho) <= target * problem.scale):
                break
            direction = z + ratio(rho, last) * direction
        target *= 0.1


def ratio(a, b):
    """Return a / b, and 0 where a is 0, for targets that are done."""
    return np.divide(a, b, out=np.zeros_like(a), where=a != 0)
