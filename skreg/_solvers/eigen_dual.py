"""Ridge from the eigenvectors of the kernel of the samples, for all alphas and targets."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import norm  # unlike numpy's, it does not overflow

from .._threads import interruptible

ROUNDING = 10 * np.finfo(float).eps
FINE = 1e-9  # of a matrix, that alpha has to be, or its rounding shows
CANCELLED = 1e-6  # of a kernel, what may be left once unpenalised columns are projected out
ALONE = 1e-10  # of 1 minus a leverage that no alpha makes smaller
OUTSIDE = 0.01  # of a sample, that columns have to leave if it is to be found by a difference


class Dual(NamedTuple):
    """The kernel K of some rows, out of which the unpenalised columns have been projected.

    ``diag(root) @ K[rows, rows] @ diag(root)`` is ``U @ diag(d) @ U.T`` off these columns, whose
    coefficients are ``solve @ y`` for a weighted y. Not exact is what cancelled when they went.
    Where W is not None, there is no K, and U has no vectors of what neither it nor Q, the basis of
    the unpenalised columns, can reach: ``W @ U.T`` leads from what is a combination of samples to
    that of columns.
    """

    K: np.ndarray | None
    rows: np.ndarray
    root: np.ndarray
    d: np.ndarray
    U: np.ndarray
    Q: np.ndarray
    solve: np.ndarray
    is_exact: bool
    W: np.ndarray | None = None


class DualSpectrum:
    """The side of the samples: the kernel ``Xc @ diag(1 / factor) @ Xc'``.

    What would cancel is never subtracted: the residual is ``U alpha / (d + alpha) U'y``, and 1
    minus a leverage the same with the squares of U.
    """

    accuracy, relative_error = 0.0, None  # it is exact

    def __init__(self, design, y, penalty, centred, smallest, few_columns=False):
        self.design, self.y, self.centred, factor = design, y, centred, penalty.ridge
        self.smallest, self.few_columns = smallest, few_columns
        used = penalty.lower < penalty.upper
        self.inverse = np.divide(1, factor, out=np.zeros_like(factor), where=used & (factor > 0))
        self.free = np.flatnonzero(used & (factor == 0))
        self.E = np.ones((len(y), int(centred)))
        if self.free.size:
            self.E = np.c_[self.E, design.matvec(np.eye(len(self.free)), self.free)]

    @cached_property
    def K(self):
        """The kernel of all samples."""
        return self.design.kernel(self.inverse)

    @cached_property
    def dual(self):
        """The decomposition for all samples."""
        rows = np.arange(len(self.y))
        dual = self._of_few_columns(rows) if self.few_columns else None
        return dual or self._dual(self.K, rows)

    def _of_few_columns(self, rows):
        """Return the decomposition without the kernel, unless a sample is all but determined."""
        rows = rows[self.design.s[rows] > 0]
        root = np.sqrt(self.design.s[rows])
        Q, solve = orthogonal(root[:, None] * self.E[rows], self.centred)
        U, singular, Vt = self._singular(rows, root, Q, thin_svd)
        if 1.0 - ((U**2).sum(axis=1) + (Q**2).sum(axis=1)).max() <= OUTSIDE:
            return None
        W, on = np.zeros((len(self.inverse), len(singular))), np.flatnonzero(self.inverse)
        W[on] = np.sqrt(self.inverse[on])[:, None] * (Vt.T * singular)
        return Dual(None, rows, root, singular**2, U, Q, solve, True, W)

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
            U, singular, _ = self._singular(rows, root, Q, left_vectors)
            d = singular**2
        else:
            d, U = interruptible(np.linalg.eigh, K + 2 * before * Q @ Q.T)
            d, U = d[: len(d) - Q.shape[1]], U[:, : len(d) - Q.shape[1]]
            d = np.where(d > ROUNDING * len(rows) * before, d, 0.0)
        return Dual(all_K, rows, root, d, U, Q, solve, is_exact)

    def _singular(self, rows, root, Q, decompose):
        """Return the singular vectors and values of the columns, next to twice the largest Q."""
        on = np.flatnonzero(self.inverse)
        A = self.design.take(rows).matvec(np.diagflat(np.sqrt(self.inverse[on])), on)
        A *= root[:, None]
        for _ in range(2):
            A -= Q @ (Q.T @ A)
        A = np.hstack([2 * (norm(A) or 1.0) * Q, A])
        U, singular, Vt = interruptible(decompose, A)
        n_free = Q.shape[1]
        singular = singular[n_free:]
        rounding = ROUNDING * len(rows) * singular.max(initial=0.0)
        singular = np.where(singular > rounding, singular, 0.0)
        return U[:, n_free:], singular, Vt[n_free:, n_free:]

    def leave_one_out(self, alphas, criterion):
        """Yield rows, and the errors of their targets in a model that has not seen them.

        With ``criterion="gcv"`` all leverages are replaced by their mean. Errors are NaN where a
        column that is not penalised has no other sample: then there is no such model.
        """
        _, rows, root, d, U, Q, _, _, W = self.dual
        remains = alphas / (d[:, None] + alphas)
        y = root[:, None] * self.y[rows]
        r = np.tensordot(U, (U.T @ y)[:, :, None] * remains[:, None], 1)
        outside, n_outside = np.zeros((len(rows), 1)), len(rows) - len(d) - Q.shape[1]
        if W is not None:  # what columns do not reach remains as it is
            B = np.hstack([Q, U])
            r += (y - B @ (B.T @ y))[:, :, None]
            outside = 1.0 - (B**2).sum(axis=1, keepdims=True)
        r /= root[:, None, None]
        if criterion == "gcv":
            mean = (n_outside + remains.sum(axis=0)) / len(rows)
            slack = without_weight = np.where(mean > 0, mean, np.nan)
        else:
            squares, without_weight = U**2, 1.0
            alone = outside + squares.sum(axis=1, keepdims=True) <= ALONE
            slack = np.where(alone, np.nan, outside + squares @ remains)[:, None]
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
        dual = self._dual(self.K, train)
        if self.centred and not dual.is_exact:  # the means of the training samples are far off
            count = np.bincount(train, minlength=len(self.y)).astype(float)
            shift = self.design.rmatvec(count) / (self.design.s @ count)
            dual = self._dual(self.design.about(shift).kernel(self.inverse), train)
        return self._predict(test, dual, alphas)

    def coefficients(self, alphas):
        """Return the coefficients on all data, for one alpha for each target."""
        w, e = (part[:, :, 0] for part in self._solve(self.dual, alphas[:, None]))
        if self.dual.W is None:
            r = np.zeros_like(self.y)
            r[self.dual.rows] = w / self.design.s[self.dual.rows, None]
            w = self.inverse[:, None] * self.design.rmatvec(r)
        w[self.free] = e[len(e) - len(self.free) :]
        return w

    def _solve(self, dual, alphas):
        """Return the weights of samples, and the coefficients of the unpenalised columns.

        Where W is not None, the former are the coefficients of the others.
        """
        _, rows, root, d, U, _, solve, _, W = dual
        shifted = d[:, None, None] + alphas
        shrink = np.divide(d[:, None, None] > 0, shifted, out=0 * shifted, where=shifted > 0)
        y = self.y[rows]
        c = (U.T @ (root[:, None] * y))[:, :, None] * shrink
        c = np.tensordot(U, c, 1) * root[:, None, None] if W is None else np.tensordot(W, c, 1)
        left = y[:, :, None] - self._product(dual, rows, c)
        return c, np.tensordot(solve, root[:, None, None] * left, 1)

    def _predict(self, some, dual, alphas):
        """Predict some samples, from the weights of others."""
        c, e = self._solve(dual, alphas[None])
        return self._product(dual, some, c) + np.tensordot(self.E[some], e, 1)

    def _product(self, dual, some, c):
        """Return what the penalised columns add to the predictions of some samples."""
        if dual.W is None:
            return np.tensordot(dual.K[np.ix_(some, dual.rows)], c, 1)
        product = self.design.matvec(c.reshape(len(c), -1))[some]
        return product.reshape(len(some), *c.shape[1:])


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
    """Return the same with as many left vectors as A has rows, and values of 0 for the others."""
    if len(A) <= A.shape[1]:
        return thin_svd(A)
    U, R = np.linalg.qr(A, mode="complete")
    left, singular, Vt = thin_svd(R[: A.shape[1]])
    U[:, : len(left)] = U[:, : len(left)] @ left
    return U, np.append(singular, np.zeros(len(A) - len(left))), Vt


def thin_svd(A):
    """Return the singular value decomposition, without vectors of no use."""
    return np.linalg.svd(A, full_matrices=False)
