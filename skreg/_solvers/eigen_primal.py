"""Ridge from the eigenvectors of the Gram matrix of the columns, for all alphas and targets."""

from typing import NamedTuple

import numpy as np

from .._data import Moments
from .._threads import interruptible

BLOCK_SIZE = 1 << 20  # numbers in what is made of some rows or columns: 8 MiB
LARGE_BLOCK = 1 << 23  # the same in rows for a Gram matrix, which threads share: 64 MiB
ROUNDING = 10 * np.finfo(float).eps
CANCELLED = 1e-6  # of a variance, what may be left in training sets where others are subtracted
ALONE = 1e-10  # of 1 minus a leverage that no alpha makes smaller


class Basis(NamedTuple):
    """Columns ``Z = Xc @ vectors`` that are orthogonal for the data and for the penalty.

    ``Z.T @ diag(s) @ Z`` is diag(d), and the penalty of ``w = vectors @ v`` is ``alpha *
    sum(ridge * v**2)``, where ridge is 1, or 0 for what is not penalised.
    """

    vectors: np.ndarray
    d: np.ndarray
    ridge: np.ndarray

    @classmethod
    def of(cls, G, factor, used):
        """Diagonalise a Gram matrix and a penalty at once.

        The columns without penalty come first; the others are made orthogonal to them, which
        leaves a Schur complement to decompose.
        """
        free, penalised = np.flatnonzero(used & (factor == 0)), np.flatnonzero(used & (factor > 0))
        root = np.sqrt(factor[penalised])
        Q = orthonormal(G[np.ix_(free, free)])
        along = Q.T @ G[np.ix_(free, penalised)] / root
        S = G[np.ix_(penalised, penalised)] / np.outer(root, root)
        size = S.diagonal().max(initial=0.0)
        d, V = interruptible(np.linalg.eigh, S - along.T @ along)
        kept = d > ROUNDING * len(d) * size
        d, V = d[kept], V[:, kept]
        vectors = np.zeros((len(G), Q.shape[1] + len(d)))
        vectors[free, : Q.shape[1]] = Q
        vectors[free, Q.shape[1] :] = -Q @ (along @ V)
        vectors[penalised, Q.shape[1] :] = V / root[:, None]
        ridge = np.repeat([0.0, 1.0], [Q.shape[1], len(d)])
        return cls(vectors, np.append(np.ones(Q.shape[1]), d), ridge)

    def shrink(self, alphas):
        """Return what divides the correlations with Z: an axis more than alphas has."""
        return 1 / (np.multiply.outer(self.ridge, alphas).T + self.d).T

    def coefficients(self, b, alphas):
        """Return the coefficients, from correlations b with the targets.

        `alphas` has the axes targets and alphas; either may have length 1.
        """
        v = (self.vectors.T @ b)[:, :, None] * self.shrink(alphas)
        return np.tensordot(self.vectors, v, 1)


class PrimalSpectrum:
    """The side of the columns: ``Xc' diag(s) Xc`` and the penalty made diagonal at once."""

    accuracy, relative_error = 0.0, None  # it is exact

    def __init__(self, design, y, penalty, centred):
        self.design, self.y, self.centred = design, y, centred
        self.columns = np.flatnonzero(penalty.lower < penalty.upper)
        self.factor = penalty.ridge[self.columns]
        self.with_ones = np.c_[np.ones(len(y)), y]
        G, b = design.gram(self.columns), design.rmatvec(self.with_ones)[self.columns]
        self.moments = Moments.of_sums(G, b, *self._sums(slice(None)), np.zeros(len(G)))
        self.whole = self._about(self.moments)
        self.basis = Basis.of(self.whole.G, self.factor, np.ones(len(G), bool))

    def leave_one_out(self, alphas, criterion):
        """Yield rows, and the errors of their targets in a model that has not seen them.

        With ``criterion="gcv"`` all leverages are replaced by their mean. Errors are NaN where a
        column that is not penalised has no other sample: then there is no such model.
        """
        design, basis = self.design, self.basis
        w = basis.coefficients(self.whole.c, alphas[None])
        shrink, unpenalised = basis.shrink(alphas), 1.0 - basis.ridge[:, None]
        mean = (self.centred + basis.d @ shrink) / np.count_nonzero(design.s)
        for rows, part in self._parts(np.arange(len(self.y)), w):
            r, s = self.y[rows, :, None] - self._product(part, w), part.s[:, None]
            if criterion == "gcv":
                yield rows, r / np.where(1 - mean > ALONE, 1 - mean, np.nan)
                continue
            squares = self._product(part, basis.vectors) ** 2
            least, leverage = (
                s * (self.centred / design.total_weight + squares @ weights)
                for weights in (unpenalised, shrink)
            )
            yield rows, r / np.where(1 - least > ALONE, 1 - leverage, np.nan)[:, None]

    def folds(self, folds, alphas):
        """Yield predictions of the test samples of each fold, from a fit to the others."""
        return (self.fold(train, test, alphas) for train, test in folds)

    def fold(self, train, test, alphas):
        """Return predictions of test samples, from a fit to training samples."""
        moments = self._about(self._moments_of(train))
        far = np.abs(self.design.mean / self.design.scale)[self.columns] + np.abs(moments.mean)
        used = moments.G.diagonal() > (ROUNDING * far) ** 2 * moments.weight  # others are flat
        w = Basis.of(moments.G, self.factor, used).coefficients(moments.c, alphas[None])
        intercept = moments.y_mean[:, None] - np.tensordot(moments.mean, w, 1)
        pieces = [self._product(part, w) + intercept for _, part in self._parts(test, w)]
        return np.concatenate(pieces)

    def coefficients(self, alphas):
        """Return the coefficients on all data, for one alpha for each target."""
        w = np.zeros((self.design.n_features, len(alphas)))
        w[self.columns] = self.basis.coefficients(self.whole.c, alphas[:, None])[:, :, 0]
        return w

    def _about(self, moments):
        """Return moments about the means, or about 0 where there is no intercept."""
        return moments if self.centred else moments.about_zero()

    def _moments_of(self, train):
        """Return the moments of some rows.

        They come from those of the other rows where these are fewer, unless that costs digits.
        """
        others = np.setdiff1d(np.arange(len(self.y)), train)
        if len(others) < len(train) == len(self.y) - len(others):  # and none is there twice
            moments = self.moments - self._sum(others, np.zeros(len(self.columns)))
            if np.all(moments.G.diagonal() > CANCELLED * self.moments.G.diagonal()):
                return moments
        pieces = parts(self.design, train, len(self.columns))
        first = sum(part.rmatvec(np.ones(len(some)))[self.columns] for some, part in pieces)
        return self._sum(train, first / self.design.s[train].sum())

    def _sum(self, rows, origin):
        """Return the moments of some rows, whose products are taken about an origin."""
        columns, y = self.columns, self.with_ones
        G, b = np.zeros((len(columns), len(columns))), np.zeros((len(columns), y.shape[1]))
        design = self.design
        if origin.any():
            moved = np.zeros(design.n_features)
            moved[columns] = origin
            design = design.about(moved)
        for some, part in parts(design, rows, len(columns), LARGE_BLOCK):
            G += part.gram(columns)
            b += part.rmatvec(y[some])[columns]
        return Moments.of_sums(G, b, *self._sums(rows), origin)

    def _sums(self, rows):
        """Return the sums of ones and of the targets, and of the squares of the targets."""
        s = self.design.s[rows]
        return s @ self.with_ones[rows], s @ self.y[rows] ** 2

    def _parts(self, rows, w):
        """Yield some rows in pieces, with their Design, to be multiplied with w."""
        return parts(self.design, rows, max(*w.shape[:2], w.shape[1] * w.shape[2]))

    def _product(self, part, w):
        """Multiply some rows with coefficients, which may have three axes."""
        columns = None if len(self.columns) == part.n_features else self.columns
        flat = w.reshape(len(w), np.prod(w.shape[1:], dtype=int))
        return part.matvec(flat, columns).reshape(part.n_samples, *w.shape[1:])


def parts(design, rows, width, size=BLOCK_SIZE):
    """Yield some rows in pieces, with their Design; what is made of one has so many columns."""
    for some in blocks(len(rows), size // max(1, width)):
        part = design.take(rows[some])
        before = part.n_passes
        yield rows[some], part
        design.n_passes += (part.n_passes - before) * len(some) / design.n_samples


def blocks(length, high):
    """Yield the numbers from 0 to a length, in pieces."""
    high = max(1, high)
    for top in range(0, length, high):
        yield np.arange(top, min(top + high, length))


def orthonormal(G):
    """Return Q with ``Q' G Q = I``; what depends on other columns counts once."""
    length = np.sqrt(G.diagonal())
    d, V = np.linalg.eigh(G / np.outer(length, length))
    kept = d > ROUNDING * len(d)
    return V[:, kept] / np.sqrt(d[kept]) / length[:, None]
