"""Averaged stochastic gradient descent on streams: each sample is seen once."""

from typing import NamedTuple

import numpy as np

from .._convergence import bytes_of
from .._numba import compiled


@compiled
def stream_entries(entries, s, y, alphas, penalty, intercept, state):
    """Take a step for each sample, and add up the iterates: the n-th counts n times.

    A column takes part only where it is not 0, so its coefficient stays what it was after sample
    `date[j]`; the decay that is due since then, ``counts[1] - decayed[j]``, is made up for at once.
    The penalty of the n-th sample is alpha / 2n, for the average of these is alpha / n. `counts`
    has the number of samples, the decay so far, and the largest ``s * |x|**2`` and s.
    """
    X, line, first, last, columns, _ = entries
    _, factor, lower, upper = penalty
    w, total, date, decayed, free, free_total, counts = state
    for i in range(y.shape[0]):
        if s[i] == 0.0:
            continue
        square = 0.0
        for e in range(first[i], last[i]):
            square += X[line[i], e] ** 2
        now = counts[0]
        counts[0] += 1.0
        counts[2] = max(counts[2], s[i] * square)
        counts[3] = max(counts[3], s[i])
        step = 0.5 / counts[2] if counts[2] > 0.0 else 0.0
        counts[1] += 0.5 * step / counts[0]
        for t in range(w.shape[1]):
            r = y[i, t] - free[t]
            for e in range(first[i], last[i]):
                j = columns[e]
                if X[line[i], e] != 0.0:
                    total[j, t] += 0.5 * (now * (now + 1.0) - date[j] * (date[j] + 1.0)) * w[j, t]
                    w[j, t] *= np.exp(alphas[t] * factor[j] * (decayed[j] - counts[1]))
                    r -= X[line[i], e] * w[j, t]
            for e in range(first[i], last[i]):
                j = columns[e]
                if X[line[i], e] != 0.0:
                    new = w[j, t] + step * s[i] * r * X[line[i], e]
                    w[j, t] = min(max(new, lower[j]), upper[j])
            if intercept:
                free[t] += 0.5 / counts[3] * s[i] * r
            free_total[t] += counts[0] * free[t]
        for e in range(first[i], last[i]):
            if X[line[i], e] != 0.0:
                date[columns[e]] = now
                decayed[columns[e]] = counts[1]


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
        nearest = penalty.nearest_to_zero()
        w = np.repeat(nearest[:, None], n_targets, axis=1)
        date, decayed = np.zeros((2, len(nearest)))
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


def stream(design, y, alphas, penalty, intercept, state):
    """Take a step for each row, in order, of which there will be more than can be kept.

    Parameters
    ----------
    design : Design
        The samples; it has entries, and its means are not taken.
    y : ndarray of shape (n_samples, n_targets)
        Targets.
    alphas : ndarray of shape (n_targets,)
        What the penalty is multiplied with.
    penalty : ElasticNet
        The penalty of all samples, without L1; it is shared among those seen so far.
    intercept : bool
        Whether there is one.
    state : Stream
        What is kept between calls; changed in place.
    """
    entries, penalty = tuple(design.row_entries), tuple(penalty)
    stream_entries(entries, design.s, y, alphas, penalty, intercept, state)
    design.count(n_passes=2, n_bytes=2 * bytes_of(design.X))
