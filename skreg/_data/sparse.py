"""The Design of a compressed sparse matrix or array; the mean is subtracted from products."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from .._convergence import bytes_of
from .design import Design, as_design


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

    def _column_sums(self):
        return np.asarray(self._read(self.X).T @ self.s, dtype=float)

    def _squared_deviations(self):
        csc = self._read(self._csc)
        column = np.repeat(np.arange(self.n_features), np.diff(csc.indptr))
        weight = self.s[csc.indices]
        square = weight * (csc.data - self.mean[column]) ** 2
        stored = np.bincount(column, weight, self.n_features)
        zeros = np.maximum(self.total_weight - stored, 0.0)
        return np.bincount(column, square, self.n_features) + zeros * self.mean**2

    def _matvec(self, w):
        return self._read(self.X) @ w - self.mean @ w

    def _rmatvec(self, r):
        return self._read(self.X).T @ r - np.multiply.outer(self.mean, r.sum(axis=0))

    def _correlate(self, r, columns):
        return self._read(self._csc[:, columns]).T @ r - self.mean[columns] * r.sum()

    def _gram(self, columns, others):
        weighted = self._read(self._csc[:, others]).multiply(self.s[:, None])
        products = (self._read(self._csc[:, columns]).T @ weighted).toarray()
        return products - self.total_weight * np.outer(self.mean[columns], self.mean[others])

    def _read(self, X):
        """Count the bytes of a matrix that is about to be read, and return it."""
        self.work.n_bytes += bytes_of(X)
        return X


as_design.register(sp.sparray, SparseDesign)
as_design.register(sp.spmatrix, SparseDesign)
