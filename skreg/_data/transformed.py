"""A Design in other coordinates: its columns are combinations of those of another one."""

from copy import copy
from functools import cached_property

import numpy as np
from scipy.linalg import lstsq, qr

BLOCK_SIZE = 1 << 20  # numbers in a block of the combined columns: 8 MiB


class Transformed:
    """The view ``Xc @ T`` of a Design, of which never more than a block is formed.

    It answers what solvers with an L2 penalty ask. Constant columns of X take part as zeros, so
    that their rounding errors, with whatever T would make of them, teach nothing.

    Parameters
    ----------
    design : Design
        The data.
    T : ndarray of shape (n_features of the design, n_features)
        Coefficients v of these columns stand for the coefficients ``T @ v`` of those of X.
    """

    tall = True

    def __init__(self, design, T):
        self.design, self.T = design, T

    @property
    def n_passes(self):
        """Passes over the data so far."""
        return self.design.n_passes

    @n_passes.setter
    def n_passes(self, value):
        self.design.n_passes = value

    @property
    def X(self):
        """The data."""
        return self.design.X

    @property
    def s(self):
        """The sample weights."""
        return self.design.s

    @property
    def work(self):
        """Products and bytes read so far."""
        return self.design.work

    @property
    def n_samples(self):
        """Number of rows."""
        return self.design.n_samples

    @property
    def n_features(self):
        """Number of columns."""
        return self.T.shape[1]

    @property
    def total_weight(self):
        """Sum of the weights of all samples."""
        return self.design.total_weight

    @property
    def scale(self):
        """What the columns are divided by: nothing."""
        return np.ones(self.n_features)

    @cached_property
    def mean(self):
        """How far from 0 the columns may have been: what was taken away, had nothing cancelled."""
        mean = np.abs(self.design.mean / self.design.scale)
        return np.where(self.design.constant, 0.0, mean) @ np.abs(self.T)

    @cached_property
    def column_norms(self):
        """Norms of the columns."""
        return np.sqrt(sum(s @ Z**2 for s, Z in self._rows(self.T)))

    def coefficients(self, v):
        """Return the coefficients of the scaled columns of X."""
        return self.T @ v

    def matvec(self, v, columns=None):
        """Return the product with v, which with `columns` has only their coefficients."""
        T = self.T if columns is None else self.T[:, columns]
        return self.design.matvec(self._without_constant(T @ v))

    def rmatvec(self, r):
        """Return the correlations of the columns with r."""
        return self.T.T @ self._without_constant(self.design.rmatvec(r))

    def gram(self, columns):
        """Return the weighted products of some columns with one another."""
        G = np.zeros((len(columns), len(columns)))
        for s, Z in self._rows(self.T[:, columns]):
            Z *= np.sqrt(s)[:, None]
            G += Z.T @ Z
        return G

    def triangle(self):
        """Return R with the Gram matrix ``R' R``, which it would cost digits to form."""
        R = np.empty((0, self.n_features))
        for s, Z in self._rows(self.T):
            R = qr(np.vstack([R, np.sqrt(s)[:, None] * Z]), mode="r", check_finite=False)[0]
            R = R[: self.n_features]
        return R

    def kernel(self, q):
        """Return the products of the samples, in which the columns have weights q >= 0."""
        K = np.zeros((self.n_samples, self.n_samples))
        wide = max(1, BLOCK_SIZE // self.n_samples)
        for left in range(0, self.n_features, wide):
            some = slice(left, left + wide)
            Z = self.design.matvec(self._without_constant(self.T[:, some] * np.sqrt(q[some])))
            K += Z @ Z.T
        return K

    def take(self, rows):
        """Return the view of some rows."""
        part = copy(self)
        part.design = self.design.take(rows)
        return part

    def about(self, shift):
        """Return the view with the means of its columns moved by a shift."""
        moved, T = copy(self), self._without_constant(self.T.copy())
        length = np.sqrt(np.sum(T**2, axis=0))
        mean = lstsq((T / length).T, shift / length, lapack_driver="gelsy")[0]
        moved.design = self.design.about(mean)
        return moved

    @property
    def passes_of_gram(self):
        """Rows are multiplied twice: with T, and with one another."""
        return 2 * self.design.passes_of_gram

    @property
    def passes_of_kernel(self):
        """The product with T takes as long as a Gram matrix."""
        return self.design.passes_of_gram + self.design.passes_of_kernel

    def _rows(self, T):
        """Yield the weights and the products with T of some rows after the other."""
        T, high = self._without_constant(T.copy()), max(len(T), BLOCK_SIZE // len(T))
        for top in range(0, self.n_samples, high):
            part = self.design.take(np.arange(top, min(top + high, self.n_samples)))
            yield part.s, part.matvec(T)
        self.n_passes += 1

    def _without_constant(self, a):
        """Put zeros into the rows of an array that belong to constant columns."""
        a[self.design.constant] = 0.0
        return a
