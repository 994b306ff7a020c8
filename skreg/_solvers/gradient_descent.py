"""Gradient methods for ``sum(s * (y - Xc @ w)**2) / 2 + sum_j ridge_j w_j**2 / 2``.

==============  ==============================================================================
`descend`       the textbook's gradient descent; the loss falls at every step; to learn from
`nesterov`      accelerated, projected onto the bounds
`conjugate`     the normal equations, mostly by conjugate gradients: the fastest without bounds
`active_set`    in a module of its own: exact, with bounds
==============  ==============================================================================

Targets share the passes over the data: y and w have one column for each. Every method stops when
the gradient is small by the same measure, `Point.accuracy`, and returns a `Point`.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, eigh_tridiagonal, norm  # numpy's norm may overflow

from .._data import Design
from .._numba import compiled
from .._problem.penalties import ElasticNet
from .krylov import Krylov
from .normal_equations import ways

TINY = np.finfo(float).tiny
OVERSHOOT = 1e3  # of the loss, relative to the first, that momentum may cause
ROUNDING = 1e-12  # of a penalty, relative to the largest square of a column
NOISE = 10 * np.finfo(float).eps  # in residuals, relative to the target
LANCZOS_STEPS = 15, 100  # at least and at most


@compiled
def optimality(c, w, column, norms, ridge, lower, upper, floor, sums):
    """Add up what coefficients lack, for each target.

    `square` is that of the projected gradient in the metric, `steepest` its largest entry per norm
    of a column without penalty, `value` the penalty, `sure` the duality gap over the columns whose
    penalty is above `floor`.
    """
    square, steepest, value, sure = sums
    for j in range(w.shape[0]):
        for t in range(w.shape[1]):
            value[t] += ridge[j, t] * w[j, t] ** 2 / 2.0
            gradient = ridge[j, t] * w[j, t] - c[j, t]
            if w[j, t] <= lower[j, 0] and gradient > 0.0:
                continue
            if w[j, t] >= upper[j, 0] and gradient < 0.0:
                continue
            square[t] += gradient**2 / (column[j] + ridge[j, t])
            if ridge[j, t] == 0.0 and norms[j] > 0.0:
                steepest[t] = max(steepest[t], abs(gradient) / norms[j])
            if ridge[j, t] > floor:
                best = min(max(c[j, t] / ridge[j, t], lower[j, 0]), upper[j, 0])
                sure[t] += (best - w[j, t]) * (c[j, t] - ridge[j, t] * (best + w[j, t]) / 2.0)


class Point(NamedTuple):
    """Coefficients, and what the data say of them.

    Attributes
    ----------
    w : ndarray of shape (n_features, n_targets)
        Coefficients.
    r, c : ndarray of shape (n_samples, n_targets) and (n_features, n_targets)
        Residuals, and their correlations with the columns.
    losses : ndarray of shape (n_targets,)
        The objective.
    lengths, gaps : ndarray of shape (n_targets,)
        Length of the projected gradient relative to that at the start, by the metric or by the
        norms of columns without penalty, whichever is larger; and the gap over the columns with a
        penalty above rounding, less what rounding of the residuals makes of it.
    accuracy : float
        How far the worst target is from its solution: see `beside`, relative to itself.
    """

    w: np.ndarray
    r: np.ndarray
    c: np.ndarray
    losses: np.ndarray
    lengths: np.ndarray
    gaps: np.ndarray
    accuracy: float

    def beside(self, other):
        """Return the accuracy, relative to the objective at another point.

        For each target the larger of two: the relative length of the gradient, and the sure gap
        relative to the objective.
        """
        return worst(self.lengths, self.gaps, other.losses)


class Ridge(NamedTuple):
    """Least squares with an L2 penalty for several targets.

    Attributes
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Centred targets.
    alphas : ndarray of shape (n_targets,)
        What the penalty is multiplied with.
    n_alphas : int
        So many targets in a row only differ in alpha.
    factor : ndarray of shape (n_features,)
        Weights of the penalty for alpha = 1.
    ridge : ndarray of shape (n_features, n_targets)
        The same times alphas.
    lower, upper : ndarray of shape (n_features, 1)
        Bounds.
    column : ndarray of shape (n_features,)
        The metric without the penalty: the squares of the columns' norms, on tall data.
    c_at_zero : ndarray of shape (n_features, n_targets)
        Correlations of the columns with y.
    start_length, steepness : ndarray of shape (n_targets,)
        Length of the gradient at the start in that metric, and the largest correlation there per
        norm of a column.
    noise : ndarray of shape (n_targets,)
        What rounding of the residuals makes of the sure gap.
    floor : float
        The size of penalties that are lost in rounding.
    """

    design: Design
    y: np.ndarray
    alphas: np.ndarray
    n_alphas: int
    factor: np.ndarray
    ridge: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    column: np.ndarray
    c_at_zero: np.ndarray
    start_length: np.ndarray
    steepness: np.ndarray
    noise: np.ndarray
    floor: float

    @classmethod
    def of(cls, problem, alphas):
        """Build it from a problem and what its penalty is multiplied with, by one pass.

        Each target may have several alphas, along a second axis.
        """
        design, y, penalty, _ = problem
        n_alphas = alphas[0].size
        alphas, factor, column = alphas.ravel(), penalty.ridge, design.column_norms**2
        if not design.tall and factor.any():
            column = np.where(factor > 0, column.max() * (factor / factor.max()), column)
        elif not design.tall:
            column = np.full_like(column, column.max())
        column = np.where(column > 0, column, 1.0)
        ridge = np.multiply.outer(factor, alphas)
        bounds = penalty.lower[:, None], penalty.upper[:, None]
        c_at_zero, nearest = design.rmatvec(y), penalty.nearest_to_zero()[:, None]
        r = y - design.matvec(nearest) if nearest.any() else y
        start = design.rmatvec(r) if nearest.any() else c_at_zero
        norms = np.where(design.column_norms > 0, design.column_norms, np.inf)[:, None]
        steepness = np.abs(start / norms).max(axis=0, initial=0.0)
        start_length = np.array(
            [
                norm(
                    (start[:, t // n_alphas] - alpha * factor * nearest[:, 0])
                    / np.sqrt(column + alpha * factor)
                )
                for t, alpha in enumerate(alphas)
            ]
        )
        y, c_at_zero, steepness = (repeated(a, n_alphas) for a in (y, c_at_zero, steepness))
        floor = ROUNDING * design.column_norms.max(initial=0.0) ** 2
        inverse = np.divide(1, ridge, out=np.zeros_like(ridge), where=ridge > floor)
        noise = repeated(design.s @ (NOISE * r) ** 2, n_alphas) * (design.column_norms**2 @ inverse)
        parts = column, c_at_zero, start_length, steepness, noise, floor
        return cls(design, y, alphas, n_alphas, factor, ridge, *bounds, *parts)

    @property
    def metric(self):
        """What makes gradients comparable between columns, of shape (n_features, n_targets).

        Tall data: the diagonal of the Hessian. Wide data: the penalty's own, for steps must not
        leave the row space, out of which only the penalty, however small, would bring them back.
        """
        return self.column[:, None] + self.ridge

    @property
    def penalty(self):
        """The penalty for alpha = 1."""
        return ElasticNet(0.0 * self.factor, self.factor, self.lower[:, 0], self.upper[:, 0])

    @property
    def bounds(self):
        """The bounds, as two columns."""
        return np.hstack([self.lower, self.upper])

    @property
    def movable(self):
        """Tell which columns may be used."""
        return self.lower[:, 0] < self.upper[:, 0]

    def at(self, w):
        """Return the point of some coefficients."""
        r, c = self.correlations(w)
        square, steepest, value, sure = sums = np.zeros((4, w.shape[1]))
        weights = self.column, self.design.column_norms, self.ridge, self.lower, self.upper
        optimality(c, w, *weights, self.floor, sums)
        losses = 0.5 * (self.design.s @ r**2) + value
        lengths = ratio(np.sqrt(square), self.start_length), ratio(steepest, self.steepness)
        lengths, gaps = np.maximum(*lengths), np.maximum(0.0, sure - self.noise)
        return Point(w, r, c, losses, lengths, gaps, worst(lengths, gaps, losses))

    def correlations(self, w):
        """Return the residual and its correlations with the columns."""
        if not w.any():
            return self.y, self.c_at_zero
        r = self.y - self.design.matvec(w)
        return r, self.design.rmatvec(r)

    def gradient(self, c, w):
        """Return the gradient at w."""
        return self.ridge * w - c

    def project(self, w):
        """Return the nearest coefficients within the bounds."""
        return np.clip(w, self.lower, self.upper)

    def start(self):
        """Return the coefficients to start from: 0, or the bound nearest to it."""
        return repeated(self.project(np.zeros((len(self.column), 1))), len(self.alphas))


def largest_eigenvalue(design, metric):
    """Return the largest eigenvalue of the Gram matrix in a metric, good to 2 %, mostly from above.

    By Lanczos steps: an eigenvalue is as near to that of the tridiagonal matrix as the residual of
    its eigenvector is long (Golub and Van Loan 2013, section 10.1). The first steps, which may
    stand at a smaller eigenvalue by chance, are not asked.
    """
    root, n = np.sqrt(metric), len(metric)
    unit = np.max(design.column_norms / root, initial=0.0) or 1.0  # without it squares overflow
    root = unit * root[:, None]
    start, no_shifts = np.random.default_rng(0).standard_normal((n, 1)), np.zeros((1, 0))
    krylov = Krylov(lambda v: design.rmatvec(design.matvec(v / root)) / root, start, no_shifts)
    diagonal, beside = [], []
    for n_steps in range(1, LANCZOS_STEPS[1] + 1):
        krylov.advance()
        krylov.turn()
        diagonal.append(krylov.alpha[0])
        values, vectors = eigh_tridiagonal(diagonal, beside)
        error = krylov.beta[0] * abs(vectors[-1, -1])
        if n_steps >= min(n, LANCZOS_STEPS[0]) and error <= 0.01 * values[-1]:
            break
        beside.append(krylov.beta[0])
    return unit**2 * (values[-1] + error)


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
        curvature += problem.ridge.max(initial=0.0)
        step = 1.0 / max(curvature, 1e-300)
    w = previous = problem.start()
    losses = []
    for n_iter in range(max_iter + 1):
        point = problem.at(w)
        losses.append(point.losses.sum())
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
    it, so it is computed again from the data, and they go on from there. A point with a larger
    objective than the first is no answer, however small the gradient.
    """
    first = point = problem.at(problem.start() if start is None else start)
    n_iter = 0
    for solve, system, most in ways(problem, max_iter):
        if point.accuracy <= tol or n_iter >= max_iter:
            break
        x, here = system.begin(point)
        target, last = 0.5 * tol, np.inf
        while here.accuracy > tol and n_iter < most and here.accuracy <= 0.5 * last:
            before = here
            try:
                change, n_steps = solve(system, x, here, target, most - n_iter)
            except LinAlgError:  # columns depend on one another, and nothing is penalised
                break
            x, n_iter, target = x + change, n_iter + n_steps, 0.1 * target
            if not change.any():
                break
            here = problem.at(system.coefficients(x))
            last = before.beside(here)
            rises = np.any(here.losses > first.losses * (1 + ROUNDING))
            if not rises and here.accuracy < point.beside(here):
                point = here
    return point, n_iter


def repeated(a, count):
    """Return every entry of the last axis of an array so many times."""
    return a if count == 1 else np.repeat(a, count, axis=-1)


def worst(lengths, gaps, losses):
    """Return the largest of all lengths, and of all gaps relative to losses."""
    return float(np.maximum(lengths, ratio(gaps, losses)).max(initial=0.0))


def ratio(a, b):
    """Return a / b, infinite where only b is 0, and 0 where a is 0."""
    with np.errstate(divide="ignore"):
        return np.divide(a, b, out=np.zeros_like(a), where=a != 0)
