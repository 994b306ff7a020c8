"""Minibatches with variance reduction: SAGA."""

from collections import namedtuple
from itertools import pairwise

import numpy as np
from scipy.special import gammaln

from .._convergence import bytes_of
from .._numba import compiled, unsigned
from .gradient_descent import largest_eigenvalue

RISE = 10.0  # of the accuracy, relative to the best so far, that shows that steps are too long


Steps = namedtuple("Steps", "share keep length lower upper")
Room = namedtuple("Room", "c v shift change seen met d")


@compiled
def epoch_of_entries(entries, s, left, batches, begin, end, steps, room):
    """Take a step of SAGA for some batches; that of b is ``rows[starts[b] : starts[b + 1]]``.

    Only the columns that a batch meets take part. Each time they take a `share` of what all samples
    say of them, `c`, so that in an epoch they get all of it, whether rare or not; the penalty lets
    them `keep` a part. `v` is what the coefficients have moved by, and `shift` what the residuals
    lack of that because of what is `left` of the means. `change` is that of `c`.
    """
    X, line, first, last, columns, centre = entries
    (rows, starts), (share, keep, length, lower, upper) = batches, steps
    c, v, shift, change, seen, met, d = room
    n_features, n_targets = v.shape
    for b in range(begin, end):
        n_met = 0
        for k in range(starts[b], starts[b + 1]):
            if n_met == n_features:
                break
            for e in range(first[rows[k]], last[rows[k]]):
                j = columns[e]
                if seen[j] != b:
                    seen[j] = b
                    met[n_met] = j
                    n_met += 1
        for t in range(n_targets):
            for k in range(starts[b], starts[b + 1]):
                i, moved = rows[k], -shift[t]
                for e in range(first[i], last[i]):
                    moved += (X[line[i], e] - centre[columns[e]]) * v[columns[e], t]
                d[k - starts[b]] = -s[i] * moved
            for k in range(starts[b], starts[b + 1]):
                i, di = rows[k], d[k - starts[b]]
                for e in range(first[i], last[i]):
                    change[columns[e]] += di * (X[line[i], e] - centre[columns[e]])
            for k in range(n_met):
                j = met[k]
                new = keep[j, t] * v[j, t] + length[j, t] * (share[j] * c[j, t] + change[j])
                new = min(max(new, lower[j, t]), upper[j, t])
                shift[t] += left[j] * (new - v[j, t])
                v[j, t] = new
                c[j, t] += change[j]
                change[j] = 0.0


@compiled
def squares_of_entries(entries, q, squares):
    """Fill in the weighted sum of the squares of every row."""
    X, line, first, last, columns, centre = entries
    for i in range(squares.shape[0]):
        squares[i] = 0.0
        for e in range(first[i], last[i]):
            squares[i] += q[columns[e]] * (X[line[i], e] - centre[columns[e]]) ** 2


def saga(problem, *, tol, max_iter, batch_size, rng):
    """SAGA over minibatches: converges to the solution itself, not to a ball of noise.

    The pass that tells the accuracy after an epoch brings what the samples remember up to date.
    Steps of 1 / (2 L), with the smoothness L of batches, are twice as long as is proved to be safe,
    and the fastest of those tried. Where they are too long they are halved.
    """
    design, best = problem.design, problem.at(problem.start())
    n_batches = max(1, design.n_samples // batch_size)
    step = 1 / (2 * smoothness(problem, n_batches) * problem.metric)
    point, n_iter = best, 0
    while best.accuracy > tol and n_iter < max_iter:
        rows, gradient = rng.permutation(design.n_samples), problem.gradient(point.c, point.w)
        penalty = problem.ridge, problem.lower, problem.upper
        w = epoch(design, point.w, gradient, rows, n_batches, step, *penalty)
        point, n_iter = problem.at(problem.project(w)), n_iter + 1
        if not point.accuracy <= RISE * best.accuracy:
            point, step = best, step / 2
        best = min(best, point, key=lambda point: point.accuracy)
    return best, n_iter


def epoch(design, w, gradient, rows, n_batches, step, ridge, lower, upper):
    """Take a step for each batch of rows, with a gradient of reduced variance.

    SAGA: Defazio, Bach and Lacoste-Julien (2014), section 2, where every sample remembers what
    it says of w at the beginning. On sparse data a step takes time in proportion to the
    entries of its rows: Pedregosa, Leblond and Lacoste-Julien (2017), section 2.

    Parameters
    ----------
    design : Design
        The data; it has entries.
    w, gradient : ndarray of shape (n_features, n_targets)
        Coefficients, within the bounds, and the gradient of the whole objective there.
    rows : ndarray of int, shape (n_samples,)
        The samples in the order in which they are read.
    n_batches : int
        How many batches they are cut into.
    step : ndarray of shape (n_features, n_targets)
        Lengths of the steps.
    ridge : ndarray of shape (n_features, n_targets)
        Weights of the penalty.
    lower, upper : ndarray of shape (n_features, 1)
        Bounds.

    Returns
    -------
    ndarray of shape (n_features, n_targets)
        The next coefficients.
    """
    entries, unit = tuple(design.row_entries), design.scale[:, None]
    starts = np.linspace(0, design.n_samples, n_batches + 1).astype(np.int64)
    lengths, step = design.column_entries.lengths, n_batches * step
    share = 1 / (n_batches * chance_of_meeting(design.n_samples, lengths, n_batches))
    keep = 1 / (1 + step * share[:, None] * ridge)
    bounds = (lower - w) / unit, (upper - w) / unit
    steps = Steps(share, keep, keep * step / unit**2, *bounds)
    sums = -gradient * unit, np.zeros_like(w), np.zeros(w.shape[1]), np.zeros(design.n_features)
    room = Room(*sums, *np.full((2, design.n_features), -1), np.empty(np.diff(starts).max()))
    batches, view = (unsigned(rows), starts), (design.s, design.plain_mean)
    n_numbers = w.shape[1] * int(lengths.sum())
    n_calls = min(n_batches, 1 + n_numbers // design.cost.longest_call)
    for begin, end in pairwise(np.linspace(0, n_batches, n_calls + 1).astype(int)):
        epoch_of_entries(entries, *view, batches, begin, end, steps, room)
    design.count(n_passes=2, n_bytes=2 * bytes_of(design.X))
    return w + room.v * unit


def chance_of_meeting(n_samples, lengths, n_batches):
    """Return how likely a random batch of samples has any number of columns of some lengths."""
    size, lengths = n_samples / n_batches, np.maximum(1, lengths)
    others = n_samples - lengths
    ways = gammaln(others + 1) - gammaln(np.maximum(0.0, others - size) + 1)
    all_ways = gammaln(n_samples + 1) - gammaln(n_samples - size + 1)
    return np.where(others < size, 1.0, -np.expm1(ways - all_ways))


def smoothness(problem, n_batches):
    """Return the expected smoothness of the gradient of a random batch, in units of the metric.

    For batches of one it is that of the steepest sample, for a single batch that of the sum, and
    else between them: Gower, Richtarik and Bach (2021), on sampling without replacement.
    """
    design, metric = problem.design, problem.metric.min(axis=1)
    n, size = design.n_samples, design.n_samples / n_batches
    single = (n - size) / (size * max(1, n - 1))
    whole = largest_eigenvalue(design, metric)
    steepest = n * np.max(design.s * row_squares(design, 1 / metric))
    return max(1.0, (1 - single) * whole + single * steepest)


def row_squares(design, q):
    """Return ``(X**2) @ q``, with X as `epoch` reads it: scaled, and if dense also centred."""
    design.count(n_passes=1, n_bytes=bytes_of(design.X))
    squares = np.empty(design.n_samples)
    squares_of_entries(tuple(design.row_entries), q / design.scale / design.scale, squares)
    return squares
