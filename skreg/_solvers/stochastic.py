"""Stochastic gradients: minibatches with variance reduction, and averages for endless streams."""

from typing import NamedTuple

import numpy as np

from .gradient_descent import largest_eigenvalue

RISE = 10.0  # of the accuracy, relative to the best so far, that shows that steps are too long


def stochastic(problem, *, tol, max_iter, batch_size, rng):
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
        w = design.epoch(point.w, gradient, rows, n_batches, step, *penalty)
        point, n_iter = problem.at(problem.project(w)), n_iter + 1
        if not point.accuracy <= RISE * best.accuracy:
            point, step = best, step / 2
        best = min(best, point, key=lambda point: point.accuracy)
    return best, n_iter


def smoothness(problem, n_batches):
    """Return the expected smoothness of the gradient of a random batch, in units of the metric.

    For batches of one it is that of the steepest sample, for a single batch that of the sum, and
    else between them: Gower, Richtarik and Bach (2021), on sampling without replacement.
    """
    design, metric = problem.design, problem.metric.min(axis=1)
    n, size = design.n_samples, design.n_samples / n_batches
    single = (n - size) / (size * max(1, n - 1))
    whole = largest_eigenvalue(design, metric)
    steepest = n * np.max(design.s * design.row_squares(1 / metric))
    return max(1.0, (1 - single) * whole + single * steepest)


class Stream(NamedTuple):
    """Averaged stochastic gradient descent: what is kept of the samples so far.

    The steps are constant, half of what the longest row bears, and the answer is an average of the
    iterates: Bach and Moulines (2013), section 2. The n-th has the weight n, so that the beginning
    is soon forgotten: Lacoste-Julien, Schmidt and Bach (2012).

    Attributes
    ----------
    w, total : ndarray of shape (n_features, n_targets)
        The last iterate, and the sum of all, up to `date`.
    date, decayed : ndarray of shape (n_features,)
        The samples and the decay so far when a column was last met.
    free, free_total : ndarray of shape (n_targets,)
        The same as `w` and `total` for the intercept.
    counts : ndarray of shape (4,)
        Number of samples, decay so far, and the largest ``s * |x|**2`` and s.
    """

    w: np.ndarray
    total: np.ndarray
    date: np.ndarray
    decayed: np.ndarray
    free: np.ndarray
    free_total: np.ndarray
    counts: np.ndarray

    @classmethod
    def start(cls, penalty, n_targets):
        """Return the state before the first sample."""
        rest = penalty.rest()
        w = np.repeat(rest[:, None], n_targets, axis=1)
        date, decayed = np.zeros((2, len(rest)))
        return cls(w, np.zeros_like(w), date, decayed, *np.zeros((2, n_targets)), np.zeros(4))

    @property
    def n_samples(self):
        """The number of samples of positive weight."""
        return int(self.counts[0])

    @property
    def n_targets(self):
        """The number of targets."""
        return len(self.free)

    def averages(self):
        """Return the coefficients and the intercepts, averaged over the iterates."""
        n, date = self.counts[0], self.date[:, None]
        total = self.total + (n * (n + 1) - date * (date + 1)) / 2 * self.w
        return total / (n * (n + 1) / 2), self.free_total / (n * (n + 1) / 2)
