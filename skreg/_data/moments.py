"""Sums that say all of the data that least squares need; of parts they are added and subtracted."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, solve_triangular

from .design import ROUNDING, as_design


class Moments(NamedTuple):
    """Weight, means, and products about the means.

    Attributes
    ----------
    weight : float
        Sum of the sample weights.
    mean, y_mean : ndarray of shape (n_features,) and (n_targets,)
        Weighted means.
    G, c : ndarray of shape (n_features, n_features) and (n_features, n_targets)
        Products of the columns, and of the columns with the targets.
    yy : ndarray of shape (n_targets,)
        Squares of the targets.
    """

    weight: float
    mean: np.ndarray
    y_mean: np.ndarray
    G: np.ndarray
    c: np.ndarray
    yy: np.ndarray

    @classmethod
    def of(cls, design, y, y_mean):
        """Return the moments of a centred Design and of targets from which means were taken."""
        G, c = design.gram(np.arange(design.n_features)), design.rmatvec(y)
        G[design.constant] = G[:, design.constant] = c[design.constant] = 0.0  # it was rounding
        return cls(design.total_weight, design.mean, y_mean, G, c, design.s @ y**2)

    @property
    def n_targets(self):
        """The number of targets."""
        return len(self.y_mean)

    @classmethod
    def of_sums(cls, G, b, sums, yy, origin):
        """Return the moments from sums about an origin, which lies near the means.

        The first column of b, and the first of the sums of the targets, are those of ones.
        """
        weight, first, mean, y_mean = sums[0], b[:, 0], b[:, 0] / sums[0], sums[1:] / sums[0]
        c, yy = b[:, 1:] - np.outer(first, y_mean), yy - weight * y_mean**2
        return cls(weight, origin + mean, y_mean, G - weight * np.outer(mean, mean), c, yy)

    def __add__(self, other):
        """Return the moments of both."""
        return self._combined(other, 1)

    def __sub__(self, other):
        """Return the moments of what is left without a part."""
        return self._combined(other, -1)

    def _combined(self, other, sign):
        """Add or subtract: Chan, Golub and LeVeque (1983), section 2."""
        weight = self.weight + sign * other.weight
        part = sign * other.weight / weight
        shift, y_shift = other.mean - self.mean, other.y_mean - self.y_mean
        return Moments(
            weight,
            self.mean + part * shift,
            self.y_mean + part * y_shift,
            self.G + sign * other.G + part * self.weight * np.outer(shift, shift),
            self.c + sign * other.c + part * self.weight * np.outer(shift, y_shift),
            self.yy + sign * other.yy + part * self.weight * y_shift**2,
        )

    def about_zero(self):
        """Return the moments with products about 0, as if that were the mean."""
        mean, y_mean, weight = self.mean, self.y_mean, self.weight
        G, c = self.G + weight * np.outer(mean, mean), self.c + weight * np.outer(mean, y_mean)
        return Moments(weight, 0.0 * mean, 0.0 * y_mean, G, c, self.yy + weight * y_mean**2)

    def as_rows(self):
        """Return n_features + 1 samples and their targets, whose products about 0 are these.

        They are a pivoted Cholesky factor of columns of length 1, or small ones would be lost in
        rounding: Higham (1990), "Analysis of the Cholesky decomposition of a semi-definite
        matrix", section 2. What is left of columns after the others, if it is rounding, is none.
        """
        length = np.sqrt(self.G.diagonal())
        length[length == 0] = 1.0
        n_features = len(length)
        rounding = n_features * np.finfo(float).eps
        R, order, rank, _ = lapack.dpstrf(self.G / length / length[:, None], tol=rounding)
        order, R = order - 1, np.triu(R)
        R[rank:] = 0.0
        y = solve_triangular(R[:rank, :rank], (self.c / length[:, None])[order[:rank]], trans=1)
        X, Y = np.zeros((n_features + 1, n_features)), np.zeros((n_features + 1, y.shape[1]))
        X[:-1, order], Y[:rank] = R * length[order], y
        Y[-1] = np.sqrt(np.maximum(self.yy - np.sum(y**2, axis=0), 0.0))
        return X, Y


def design_of(moments, *, centre, standardize):
    """Return a Design and targets with these moments; its scale tells what columns were divided by.

    They are no samples, so the Design does not centre them, but it knows the constant columns.
    """
    mean, deviation = moments.mean, np.sqrt(moments.G.diagonal() / moments.weight)
    flat = deviation <= ROUNDING * np.abs(mean)
    scale = np.where(flat | (not standardize), 1.0, deviation)
    X, y = (moments if centre else moments.about_zero()).as_rows()
    design = as_design(X / scale, np.ones(len(X)), centre=False, standardize=False)
    design.constant, design.scale = flat & (centre | (mean == 0)), scale
    return design, y
