"""Ridge from an eigendecomposition, one of which serves every alpha and every target.

==========  ==============================================================================
`Columns`   decomposes the Gram matrix of the columns, where there are more samples
`Samples`   decomposes the kernel, the products of the samples, where there are not
==========  ==============================================================================

Both answer what a choice of alpha asks: `leave_one_out`, `fold` and `coefficients`. Centring is an
unpenalised column of ones. Arrays of what depends on all three have the axes samples (or
features), targets and alphas.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import norm  # unlike numpy's, it does not overflow

from .._data import Moments
from .._threads import interruptible

BLOCK_SIZE = 1 << 20  # numbers in what is made of some rows or columns: 8 MiB
ROUNDING = 10 * np.finfo(float).eps
FINE = 1e-9  # of a matrix, that alpha has to be, or its rounding shows
CANCELLED = 1e-6  # of a variance, what may be left in training sets where others are subtracted
ALONE = 1e-10  # of 1 minus a leverage that no alpha makes smaller


def decompose(design, y, penalty, *, centred, smallest):
    """Decompose the smaller side of the data.

    Parameters
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Centred targets.
    penalty : ElasticNet
        Penalty for alpha = 1; columns whose bounds are equal are left out.
    centred : bool
        Whether there is an intercept.
    smallest : float
        The smallest alpha.
    """
    used = penalty.lower < penalty.upper
    saturated = np.count_nonzero(design.s) <= used.sum() + 1  # 1 minus a leverage would cancel
    size = np.max(design.column_norms[used] ** 2, initial=0.0)
    least = smallest * np.min(penalty.ridge, where=used & (penalty.ridge > 0), initial=np.inf)
    fine = least < FINE * size and design.n_samples <= design.cost.few_samples
    if (saturated and design.n_samples <= design.cost.longest_side) or fine:
        return Samples(design, y, penalty, centred, smallest)
    return Columns(design, y, penalty, centred)


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
        free, rest = np.flatnonzero(used & (factor == 0)), np.flatnonzero(used & (factor > 0))
        root = np.sqrt(factor[rest])
        Q = orthonormal(G[np.ix_(free, free)])
        along = Q.T @ G[np.ix_(free, rest)] / root
        S = G[np.ix_(rest, rest)] / np.outer(root, root)
        size = S.diagonal().max(initial=0.0)
        d, V = interruptible(np.linalg.eigh, S - along.T @ along)
        kept = d > ROUNDING * len(d) * size
        d, V = d[kept], V[:, kept]
        vectors = np.zeros((len(G), Q.shape[1] + len(d)))
        vectors[free, : Q.shape[1]] = Q
        vectors[free, Q.shape[1] :] = -Q @ (along @ V)
        vectors[rest, Q.shape[1] :] = V / root[:, None]
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


class Side:
    """What both sides do alike: they are exact."""

    accuracy, relative_error = 0.0, None

    def folds(self, folds, alphas):
        """Yield predictions of the test samples of each fold, from a fit to the others."""
        return (self.fold(train, test, alphas) for train, test in folds)


class Columns(Side):
    """The side of the columns: ``Xc' diag(s) Xc`` and the penalty made diagonal at once."""

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
        for some, part in parts(design, rows, len(columns)):
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


class Dual(NamedTuple):
    """The kernel K of some rows, out of which the unpenalised columns have been projected.

    ``diag(root) @ K[rows, rows] @ diag(root)`` is ``U @ diag(d) @ U.T`` off these columns, whose
    coefficients are ``solve @ y`` for a weighted y. Not exact is what cancelled when they went.
    """

    K: np.ndarray
    rows: np.ndarray
    root: np.ndarray
    d: np.ndarray
    U: np.ndarray
    solve: np.ndarray
    is_exact: bool


class Samples(Side):
    """The side of the samples: the kernel ``Xc @ diag(1 / factor) @ Xc'``.

    What would cancel is never subtracted: the residual is ``U alpha / (d + alpha) U'y``, and 1
    minus a leverage the same with the squares of U.
    """

    def __init__(self, design, y, penalty, centred, smallest):
        self.design, self.y, self.centred, factor = design, y, centred, penalty.ridge
        self.smallest = smallest
        used = penalty.lower < penalty.upper
        self.inverse = np.divide(1, factor, out=np.zeros_like(factor), where=used & (factor > 0))
        self.free = np.flatnonzero(used & (factor == 0))
        self.E = np.ones((len(y), int(centred)))
        if self.free.size:
            self.E = np.c_[self.E, design.matvec(np.eye(len(self.free)), self.free)]
        self.dual = self._dual(design.kernel(self.inverse), np.arange(len(y)))

    def _dual(self, all_K, rows):
        """Decompose the part of a kernel that belongs to those rows that have a weight.

        The unpenalised columns get eigenvalues above all others, by which they are told apart.
        Where the smallest alpha comes near the rounding of the kernel, the columns themselves are
        decomposed: the squares of their singular values have twice the digits.
        """
        rows = rows[self.design.s[rows] > 0]
        root = np.sqrt(self.design.s[rows])
        K = all_K[np.ix_(rows, rows)] * np.outer(root, root)
        Q, solve = orthogonal(root[:, None] * self.E[rows], self.centred)
        before = norm(K) or 1.0
        K -= Q @ (Q.T @ K)
        K -= (K @ Q) @ Q.T
        is_exact = norm(K) >= CANCELLED * before
        small = self.inverse.size * len(rows) <= self.design.cost.numbers_of_columns
        if small and self.smallest < FINE * before:
            d, U = self._singular(rows, root, Q)
        else:
            d, U = interruptible(np.linalg.eigh, K + 2 * before * Q @ Q.T)
            d, U = d[: len(d) - Q.shape[1]], U[:, : len(d) - Q.shape[1]]
            d = np.where(d > ROUNDING * len(rows) * before, d, 0.0)
        return Dual(all_K, rows, root, d, U, solve, is_exact)

    def _singular(self, rows, root, Q):
        """Return the same from the singular values of the columns, next to twice the largest Q."""
        on = np.flatnonzero(self.inverse)
        A = self.design.take(rows).matvec(np.diagflat(np.sqrt(self.inverse[on])), on)
        A *= root[:, None]
        for _ in range(2):
            A -= Q @ (Q.T @ A)
        A = np.hstack([2 * (norm(A) or 1.0) * Q, A])
        A = np.pad(A, ((0, 0), (0, max(0, len(A) - A.shape[1]))))
        U, singular, _ = interruptible(thin_svd, A)
        singular, U = singular[Q.shape[1] :], U[:, Q.shape[1] :]
        rounding = ROUNDING * len(rows) * singular.max(initial=0.0)
        return np.where(singular > rounding, singular**2, 0.0), U

    def leave_one_out(self, alphas, criterion):
        """Yield rows, and the errors of their targets in a model that has not seen them.

        With ``criterion="gcv"`` all leverages are replaced by their mean. Errors are NaN where a
        column that is not penalised has no other sample: then there is no such model.
        """
        _, rows, root, d, U, _, _ = self.dual
        remains = alphas / (d[:, None] + alphas)
        v = (U.T @ (root[:, None] * self.y[rows]))[:, :, None] * remains[:, None]
        r = np.tensordot(U, v, 1) / root[:, None, None]
        if criterion == "gcv":
            mean = remains.sum(axis=0) / len(rows)
            slack = without_weight = np.where(mean > 0, mean, np.nan)
        else:
            squares, without_weight = U**2, 1.0
            alone = squares.sum(axis=1, keepdims=True) <= ALONE
            slack = np.where(alone, np.nan, squares @ remains)[:, None]
        yield rows, r / slack
        others = np.flatnonzero(self.design.s == 0)
        if others.size:
            known = self._predict(others, self.dual, alphas)
            yield others, (self.y[others, :, None] - known) / without_weight

    def fold(self, train, test, alphas):
        """Return predictions of test samples, from a fit to training samples."""
        dual = self._dual(self.dual.K, train)
        if self.centred and not dual.is_exact:  # the means of the training samples are far off
            count = np.bincount(train, minlength=len(self.y)).astype(float)
            shift = self.design.rmatvec(count) / (self.design.s @ count)
            dual = self._dual(self.design.about(shift).kernel(self.inverse), train)
        return self._predict(test, dual, alphas)

    def coefficients(self, alphas):
        """Return the coefficients on all data, for one alpha for each target."""
        c, e = (part[:, :, 0] for part in self._solve(self.dual, alphas[:, None]))
        r = np.zeros_like(self.y)
        r[self.dual.rows] = c / self.design.s[self.dual.rows, None]
        w = self.inverse[:, None] * self.design.rmatvec(r)
        w[self.free] = e[len(e) - len(self.free) :]
        return w

    def _solve(self, dual, alphas):
        """Return the weights of samples, and the coefficients of the unpenalised columns."""
        K, rows, root, d, U, solve, _ = dual
        shifted = d[:, None, None] + alphas
        shrink = np.divide(d[:, None, None] > 0, shifted, out=0 * shifted, where=shifted > 0)
        y = self.y[rows]
        c = np.tensordot(U, (U.T @ (root[:, None] * y))[:, :, None] * shrink, 1)
        c *= root[:, None, None]
        left = y[:, :, None] - np.tensordot(K[np.ix_(rows, rows)], c, 1)
        return c, np.tensordot(solve, root[:, None, None] * left, 1)

    def _predict(self, some, dual, alphas):
        """Predict some samples, from the weights of others."""
        c, e = self._solve(dual, alphas[None])
        K = dual.K[np.ix_(some, dual.rows)]
        return np.tensordot(K, c, 1) + np.tensordot(self.E[some], e, 1)


def parts(design, rows, width):
    """Yield some rows in pieces, with their Design; what is made of one has so many columns."""
    for some in blocks(len(rows), BLOCK_SIZE // max(1, width)):
        part = design.take(rows[some])
        before = part.n_passes
        yield rows[some], part
        design.n_passes += (part.n_passes - before) * len(some) / design.n_samples


def blocks(length, high):
    """Yield the numbers from 0 to a length, in pieces."""
    high = max(1, high)
    for top in range(0, length, high):
        yield np.arange(top, min(top + high, length))


def orthogonal(E, centred):
    """Return an orthonormal basis of columns, and what makes their coefficients of targets.

    If they are centred, the first is that of the intercept: what is constant beside it, but for
    rounding, has no coefficient. What depends on others shares theirs.
    """
    ones, F = E[:, : int(centred)], E[:, int(centred) :]
    first = ones / (norm(ones) or 1.0)
    length = np.sqrt(np.sum(F**2, axis=0))
    length[length == 0] = 1.0
    along = first.T @ F
    Q, singular, Vt = thin_svd((F - first @ along) / length)
    kept = singular > ROUNDING * len(E)
    Q = Q[:, kept]
    solve = (Vt[kept].T / singular[kept]) @ Q.T / length[:, None]
    of_ones = (first.T - along @ solve) / (norm(ones) or 1.0)
    return np.hstack([first, Q]), np.vstack([of_ones, solve])


def thin_svd(A):
    """Return the singular value decomposition, without vectors of no use."""
    return np.linalg.svd(A, full_matrices=False)


def orthonormal(G):
    """Return Q with ``Q' G Q = I``; what depends on other columns counts once."""
    length = np.sqrt(G.diagonal())
    d, V = np.linalg.eigh(G / np.outer(length, length))
    kept = d > ROUNDING * len(d)
    return V[:, kept] / np.sqrt(d[kept]) / length[:, None]
