"""A Design in other coordinates: its columns are combinations of those of another one."""

from functools import cached_property

import numpy as np
from scipy.linalg import lstsq, qr

from .operators import by_fold

BLOCK_SIZE = 1 << 20  # numbers in a block of the combined columns: 8 MiB


class Transformed:
    """The view ``Xc @ T`` of a Design, of which never more than a block is formed.

    It answers what solvers with an L2 penalty ask. Constant columns of X take part as zeros: their
    rounding errors carry no information, whatever T makes of them.

    Parameters
    ----------
    design : Design
        The data.
    T : ndarray of shape (n_features of the design, n_features)
        Coefficients v of these columns stand for the coefficients ``T @ v`` of those of X.

    Attributes
    ----------
    X, s, n_samples, total_weight, work, cost
        Those of the Design.
    scale : ndarray of shape (n_features,)
        What the columns are divided by: 1.
    tall : bool
        Whether the columns may be independent.
    """

    tall = True

    def __init__(self, design, T):
        self.design, self.T = design, T
        self.X, self.s, self.n_samples = design.X, design.s, design.n_samples
        self.total_weight, self.work, self.cost = design.total_weight, design.work, design.cost
        self.n_features = T.shape[1]
        self.scale = np.ones(self.n_features)
        self._seen = np.where(design.constant[:, None], 0.0, T) if design.constant.any() else T

    @property
    def n_passes(self):
        """Passes over the data so far."""
        return self.design.n_passes

    @n_passes.setter
    def n_passes(self, value):
        self.design.n_passes = value

    @cached_property
    def mean(self):
        """How far from 0 the columns are if nothing cancels: their rounding is relative to it."""
        far = np.abs(self.design.mean / self.design.scale)
        wide = self.design.column_norms / np.sqrt(self.total_weight)
        return (far + wide) @ np.abs(self._seen)

    @cached_property
    def column_norms(self):
        """Norms of the columns."""
        return np.sqrt(sum(s @ Z**2 for s, Z in self._blocks(self._seen)))

    def matvec(self, v, columns=None):
        """Return ``Xc @ T @ v``; with `columns`, v has only their coefficients."""
        return self.design.matvec((self._seen if columns is None else self._seen[:, columns]) @ v)

    def rmatvec(self, r):
        """Return ``T.T @ Xc.T @ (s * r)``."""
        return self._seen.T @ self.design.rmatvec(r)

    def gram(self, columns):
        """Return the weighted products of some columns with one another."""
        G = np.zeros((len(columns), len(columns)))
        for s, Z in self._blocks(self._seen[:, columns]):
            Z *= np.sqrt(s)[:, None]
            G += Z.T @ Z
        return G

    def gram_operator(self, root, counts=None, shift=None):
        """Return what multiplies with the Gram matrix between two factors, also of folds."""
        if counts is None:
            counts, shift = np.ones((self.n_samples, 1)), np.zeros((self.n_features, 1))

        def product(v):
            w = root * v
            r = by_fold(self.matvec(w), counts)
            r -= np.einsum("jf,jft->ft", shift, by_fold(w, shift))
            r *= counts[:, :, None]
            return root * self.rmatvec(r.reshape(len(r), -1))

        return product

    def triangle(self):
        """Return R with the Gram matrix ``R.T @ R``, which to form would cost half the digits."""
        R = np.empty((0, self.n_features))
        for s, Z in self._blocks(self._seen):
            Z *= np.sqrt(s)[:, None]
            R = qr(np.vstack([R, Z]), mode="r", overwrite_a=True, check_finite=False)[0]
            R = R[: self.n_features]
        return R

    def kernel(self, q):
        """Return ``Xc @ T @ diag(q) @ T.T @ Xc.T`` for q >= 0, without weights of the samples."""
        K = np.zeros((self.n_samples, self.n_samples))
        wide = max(1, BLOCK_SIZE // self.n_samples)
        for left in range(0, self.n_features, wide):
            some = slice(left, left + wide)
            Z = self.design.matvec(self._seen[:, some] * np.sqrt(q[some]))
            K += Z @ Z.T
        return K

    def take(self, rows):
        """Return the view of some rows."""
        return Transformed(self.design.take(rows), self.T)

    def about(self, shift):
        """Return the view with its means moved by a shift, which some rows have as their mean."""
        length = np.sqrt(np.sum(self._seen**2, axis=0))
        A, b = (self._seen / length).T, shift / length
        return Transformed(self.design.about(lstsq(A, b, lapack_driver="gelsy")[0]), self.T)

    @property
    def n_numbers(self):
        """How many numbers X stores."""
        return self.design.n_numbers

    @property
    def passes_of_gram(self):
        """Rows are multiplied twice: with T, and with one another."""
        return 2 * self.design.passes_of_gram

    @property
    def passes_of_kernel(self):
        """The product with T takes as long as a Gram matrix."""
        return self.design.passes_of_gram + self.design.passes_of_kernel

    def _blocks(self, T):
        """Yield the weights of some rows after the other, and their products with T."""
        high = max(len(T), BLOCK_SIZE // len(T))
        for top in range(0, self.n_samples, high):
            part = self.design.take(np.arange(top, min(top + high, self.n_samples)))
            yield part.s, part.matvec(T)
        self.n_passes += 1
