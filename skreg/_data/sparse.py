"""The Design of a compressed sparse matrix or array; the mean is subtracted from products."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from .._convergence import bytes_of
from .._numba import kernel
from .design import Design, as_design


@kernel
def moments(indptr, indices, data, s, total_weight, mean, variance):
    """Fill in the weighted mean and variance of every column."""
    for j in range(mean.shape[0]):
        weight, first = 0.0, 0.0
        for e in range(indptr[j], indptr[j + 1]):
            weight += s[indices[e]]
            first += s[indices[e]] * data[e]
        mean[j] = first / total_weight
        second = max(total_weight - weight, 0.0) * mean[j] ** 2  # of the zeros
        if indptr[j + 1] - indptr[j] == s.shape[0]:
            second = 0.0  # there are none; the difference of the sums is rounding
        for e in range(indptr[j], indptr[j + 1]):
            second += s[indices[e]] * (data[e] - mean[j]) ** 2
        variance[j] = second / total_weight


@kernel
def gram(indptr, indices, data, s, columns, first, starts, members, values, G):
    """Add ``X[:, columns[first:]].T @ diag(s) @ X[:, columns]`` to G, by rows of X.

    A row costs the product of its numbers of entries. `starts`, `members` and `values` are room
    for the rows of the columns.
    """
    n_columns, n_samples = columns.shape[0], s.shape[0]
    for k in range(n_columns):
        for e in range(indptr[columns[k]], indptr[columns[k] + 1]):
            starts[indices[e]] += 1
    total = 0
    for i in range(n_samples):
        total += starts[i]
        starts[i] = total
    starts[n_samples] = total
    for k in range(n_columns):
        for e in range(indptr[columns[k]], indptr[columns[k] + 1]):
            i = indices[e]
            starts[i] -= 1
            members[starts[i]] = k
            values[starts[i]] = data[e]
    for k in range(first, n_columns):
        for e in range(indptr[columns[k]], indptr[columns[k] + 1]):
            i = indices[e]
            product = s[i] * data[e]
            for q in range(starts[i], starts[i + 1]):
                G[k - first, members[q]] += product * values[q]


class SparseDesign(Design):
    """Products with X corrected by the mean, which would fill X if it were subtracted."""

    def __init__(self, X, s, **options):
        if not X.has_canonical_format:  # squares of repeated entries would be wrong
            X = X.copy()
            X.sum_duplicates()
        super().__init__(X, s, **options)

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = super().take(slice(0, 0))
        part.__dict__.update(X=self._csr[rows], s=self.s[rows], n_samples=len(rows))
        for name in ("_csc", "_csr"):
            part.__dict__.pop(name, None)
        return part

    @cached_property
    def _csr(self):
        return self.X.tocsr()

    @cached_property
    def _csc(self):
        return self.X.tocsc()

    def _moments(self):
        csc = self._read(self._csc)
        mean, variance = np.empty((2, self.n_features))
        moments(csc.indptr, csc.indices, csc.data, self.s, self.total_weight, mean, variance)
        return mean, variance

    def _matvec(self, w, columns):
        if columns is None:
            product = self._read(self.X) @ w
            product -= self.mean @ w
            return product
        return self._read(self._csc[:, columns]) @ w - self.mean[columns] @ w

    def _rmatvec(self, r):
        product = self._read(self.X).T @ r
        product -= np.multiply.outer(self.mean, r.sum(axis=0))
        return product

    def _correlate(self, r, columns):
        part = self._read(self._csc[:, columns])
        return part.T @ r - np.multiply.outer(self.mean[columns], r.sum(axis=0))

    def _gram(self, columns, first):
        csc = self._csc
        count = int(np.diff(csc.indptr)[columns].sum())
        self.work.n_bytes += count * (csc.data.itemsize + csc.indices.itemsize)
        G = np.zeros((len(columns) - first, len(columns)))
        starts = np.zeros(self.n_samples + 1, dtype=np.int64)
        members, values = np.empty(count, dtype=np.int64), np.empty(count)
        gram(csc.indptr, csc.indices, csc.data, self.s, columns, first, starts, members, values, G)
        mean = self.mean[columns]
        if self.whole:
            return G - self.total_weight * np.outer(mean[first:], mean)
        sums = csc[:, columns].T @ self.s - self.s.sum() * mean  # of the centred columns
        G -= np.outer(mean[first:], sums) + np.outer(sums[first:], mean)
        return G - self.s.sum() * np.outer(mean[first:], mean)

    def _kernel(self, q):
        X, high = self._read(self._csr), 256
        weighted, K = X @ sp.diags_array(q), np.empty((self.n_samples, self.n_samples))
        for top in range(0, self.n_samples, high):
            K[top : top + high] = (weighted[top : top + high] @ X.T).toarray()
        shift = weighted @ self.mean
        return K - shift - shift[:, None] + q @ self.mean**2

    def _places(self):
        csc, zero = self._csc, np.zeros(self.n_features, dtype=np.int64)
        indptr = csc.indptr
        return csc.data[:, None], zero, indptr[:-1], indptr[1:], csc.indices, 0.0 * self.mean

    @property
    def passes_of_gram(self):
        """A row costs the square of its entries; the matrix is dense and has to be worked with."""
        return self.X.nnz / self.n_samples + self.n_features**2 / max(1, self.X.nnz)

    @property
    def passes_of_kernel(self):
        """A column costs the square of its entries; the matrix is dense and has to be solved."""
        return self.X.nnz / self.n_features + self.n_samples**2 / max(1, self.X.nnz)

    def _read(self, X):
        """Count the bytes of a matrix that is about to be read, and return it."""
        self.work.n_bytes += bytes_of(X)
        return X


as_design.register(sp.sparray, SparseDesign)
as_design.register(sp.spmatrix, SparseDesign)
