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

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, eigh_tridiagonal

from .._data import Design
from .._numba import compiled
from .._problem.penalties import ElasticNet, within
from .krylov import Krylov
from .normal_equations import ways

TINY = np.finfo(float).tiny
OVERSHOOT = 1e3  # of the loss, relative to the first, that momentum may cause
ROUNDING = 1e-12  # of a penalty, relative to the largest square of a column
NOISE = 10 * np.finfo(float).eps  # in residuals, relative to the target
LANCZOS_STEPS = 15, 100  # at least and at most


@compiled
def survey(start, nearest, norms, tall, factor, alphas, lower, upper, floor, column, ridge, found):
    """Fill in the metric and the penalties; tell which kinds of columns may be used.

    That is whether there are some without a penalty, with one that is lost in rounding, with one,
    and with a bound. What is `found` at the start is, for each target, the length of the gradient
    in the metric; the largest correlation per norm of a column, where there are some without a
    penalty; and the trace of the squares of columns over their penalties above `floor`.
    """
    length, steepest, trace = found
    largest, heaviest, n_alphas = 0.0, 0.0, len(alphas) // start.shape[1]
    for j in range(len(norms)):
        largest, heaviest = max(largest, norms[j] ** 2), max(heaviest, factor[j])
    free, weak, penalised, bounded = False, False, False, False
    for j in range(len(norms)):
        square = norms[j] ** 2
        if not tall and heaviest == 0.0:
            square = largest
        elif not tall and factor[j] > 0.0:
            share = 1.0 if factor[j] == heaviest else factor[j] / heaviest  # to divide takes long
            square = largest * share
        column[j] = square = square if square > 0.0 else 1.0
        moves = lower[j] < upper[j]
        bounded = bounded or (moves and (math.isfinite(lower[j]) or math.isfinite(upper[j])))
        for t in range(len(alphas)):
            c, own = start[j, t // n_alphas], factor[j] * alphas[t]
            ridge[j, t] = own
            free = free or (moves and own <= 0.0)
            weak = weak or (moves and own <= floor)
            penalised = penalised or (moves and own > 0.0)
            gradient = own * nearest[j] - c
            length[t] += gradient / (square + own) * gradient
            if own > floor:
                trace[t] += norms[j] ** 2 / own
    for t in range(len(alphas)):
        length[t] = math.sqrt(length[t])
        for j in range(len(norms) if free else 0):
            if norms[j] > 0.0:
                steepest[t] = max(steepest[t], abs(start[j, t // n_alphas]) / norms[j])
    return free, weak, penalised, bounded


@compiled
def optimality(c, w, squares, weights, start, sums):
    """Turn the sums, which are 0, into losses, lengths and gaps of a `Point`; return its accuracy.

    `weights` are the metric, the norms of the columns, the penalties, the bounds and the size of
    penalties that are lost in rounding; `start` is what `Ridge` says of the start.
    """
    column, norms, ridge, lower, upper, floor = weights
    start_length, steepness, noise = start
    losses, lengths, gaps, steepest = sums
    for j in range(w.shape[0]):
        for t in range(w.shape[1]):
            own, here = ridge[j, t], w[j, t]
            losses[t] += own * here**2 / 2.0
            gradient = own * here - c[j, t]
            if here <= lower[j, 0] and gradient > 0.0:
                continue
            if here >= upper[j, 0] and gradient < 0.0:
                continue
            lengths[t] += gradient / (column[j] + own) * gradient
            if own == 0.0 and norms[j] > 0.0:
                steepest[t] = max(steepest[t], abs(gradient) / norms[j])
            if own > floor:
                best = min(max(c[j, t] / own, lower[j, 0]), upper[j, 0])
                gaps[t] += (best - here) * (c[j, t] - own * (best + here) / 2.0)
    for t in range(w.shape[1]):
        losses[t] += squares[t] / 2.0
        lengths[t] = part(math.sqrt(lengths[t]), start_length[t])
        steep = part(steepest[t], steepness[t])
        if steep > lengths[t] or math.isnan(steep):
            lengths[t] = steep
        gaps[t] = 0.0 if gaps[t] <= noise[t] else gaps[t] - noise[t]
    return worst(lengths, gaps, losses)


@compiled
def worst(lengths, gaps, losses):
    """Return the largest of all lengths, and of all gaps relative to losses; NaN is larger."""
    largest = 0.0
    for t in range(len(lengths)):
        gap = part(gaps[t], losses[t])
        for size in (lengths[t], gap):
            if size > largest or math.isnan(size):
                largest = size
        if math.isnan(largest):
            break
    return largest


@compiled
def part(a, b):
    """Return a / b, infinite where only b is 0, and 0 where a is 0."""
    return 0.0 if a == 0.0 else a / b


class Point(NamedTuple):
    """Coefficients, and what the data say of them.

    Attributes
    ----------
    w : ndarray of shape (n_features, n_targets)
        Coefficients.
    r, c : ndarray of shape (n_samples, n_targets) and (n_features, n_targets)
        Residuals, and their correlations with the columns.
    squares : ndarray of shape (n_targets,)
        Weighted sums of squares of the residuals.
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
    squares: np.ndarray
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
    squares : ndarray of shape (n_targets,)
        Weighted sums of squares of y.
    start_length, steepness : ndarray of shape (n_targets,)
        Length of the gradient at the start in that metric, and the largest correlation there per
        norm of a column; 0 where all are penalised.
    noise : ndarray of shape (n_targets,)
        What rounding of the residuals makes of the sure gap.
    floor : float
        The size of penalties that are lost in rounding.
    free, weak, penalised, bounded : bool
        Of the columns that may be used, whether there are some without a penalty, with one that is
        lost in rounding, with one, and with a bound.
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
    squares: np.ndarray
    start_length: np.ndarray
    steepness: np.ndarray
    noise: np.ndarray
    floor: float
    free: bool
    weak: bool
    penalised: bool
    bounded: bool

    @classmethod
    def of(cls, problem, alphas):
        """Build it from a problem and what its penalty is multiplied with, by one pass.

        Each target may have several alphas, along a second axis.
        """
        design, y, penalty, _ = problem
        n_alphas, alphas = alphas[0].size, alphas.ravel()
        factor, norms = penalty.ridge, design.column_norms
        nearest, c_at_zero, squares = penalty.nearest_to_zero(), design.rmatvec(y), design.s @ y**2
        start, left = c_at_zero, squares
        if nearest.any():
            r = y - design.matvec(nearest[:, None])
            start, left = design.rmatvec(r), design.s @ r**2
        floor = ROUNDING * norms.max(initial=0.0) ** 2
        column, found = np.empty(len(norms)), tuple(np.zeros((3, len(alphas))))
        ridge, bounds = np.empty((len(norms), len(alphas))), (penalty.lower, penalty.upper)
        given = start, nearest, norms, design.tall, factor, alphas, *bounds, floor
        kinds = survey(*given, column, ridge, found)
        y, c_at_zero, squares, left = (repeated(a, n_alphas) for a in (y, c_at_zero, squares, left))
        start_length, steepness, trace = found
        at_start = start_length, steepness, NOISE**2 * left * trace
        parts = column, c_at_zero, squares, *at_start, floor
        lower, upper = penalty.lower[:, None], penalty.upper[:, None]
        return cls(design, y, alphas, n_alphas, factor, ridge, lower, upper, *parts, *kinds)

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
    def movable(self):
        """Tell which columns may be used."""
        return self.lower[:, 0] < self.upper[:, 0]

    def at(self, w):
        """Return the point of some coefficients."""
        r, c = self.correlations(w)
        squares = self.squares if r is self.y else self.design.s @ r**2
        bounds, norms = (self.lower, self.upper), self.design.column_norms
        weights = self.column, norms, self.ridge, *bounds, self.floor
        sums = tuple(np.zeros((4, w.shape[1])))
        start = self.start_length, self.steepness, self.noise
        accuracy = optimality(c, w, squares, weights, start, sums)
        return Point(w, r, c, squares, *sums[:3], accuracy)

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
        return within(w, self.lower, self.upper)

    def start(self):
        """Return the coefficients to start from: 0, or the bound nearest to it."""
        return self.project(np.zeros(self.ridge.shape))


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
            rises = (here.losses > first.losses * (1 + ROUNDING)).any()
            if not rises and here.accuracy < point.beside(here):
                point = here
    return point, n_iter


def repeated(a, count):
    """Return every entry of the last axis of an array so many times."""
    return a if count == 1 else np.repeat(a, count, axis=-1)


def ratio(a, b):
    """Return a / b, infinite where only b is 0, and 0 where a is 0."""
    with np.errstate(divide="ignore"):
        return np.divide(a, b, out=np.zeros(len(a)), where=a != 0)
