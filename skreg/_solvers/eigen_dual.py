"""Ridge from the eigenvectors of the kernel of the samples, for all alphas and targets."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import norm  # unlike numpy's, it does not overflow

from .._threads import interruptible

ROUNDING = 10 * np.finfo(float).eps
FINE = 1e-9  # of a matrix, that alpha has to be, or its rounding shows
CANCELLED = 1e-6  # of a kernel, what may be left once unpenalised columns are projected out
ALONE = 1e-10  # of 1 minus a leverage that no alpha makes smaller


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


class DualSpectrum:
    """The side of the samples: the kernel ``Xc @ diag(1 / factor) @ Xc'``.

    What would cancel is never subtracted: the residual is ``U alpha / (d + alpha) U'y``, and 1
    minus a leverage the same with the squares of U.
    """

    accuracy, relative_error = 0.0, None  # it is exact

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
        U, singular = interruptible(left_vectors, A)
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

    def folds(self, folds, alphas):
        """Yield predictions of the test samples of each fold, from a fit to the others."""
        return (self.fold(train, test, alphas) for train, test in folds)

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


def left_vectors(A):
    """Return as many orthonormal vectors as A has rows, the first its left singular ones."""
    if len(A) <= A.shape[1]:
        return thin_svd(A)[:2]
    U, R = np.linalg.qr(A, mode="complete")
    left, singular, _ = thin_svd(R[: A.shape[1]])
    U[:, : len(left)] = U[:, : len(left)] @ left
    return U, np.append(singular, np.zeros(len(A) - len(left)))


def thin_svd(A):
    """Return the singular value decomposition, without vectors of no use."""
    return np.linalg.svd(A, full_matrices=False)
