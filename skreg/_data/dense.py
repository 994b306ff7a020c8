"""The Design of an array: C or Fortran order, float32 or float64, memory maps."""

import numpy as np

from .design import Design, as_design

BLOCK_SIZE = 1 << 17  # numbers in one centred block: 1 MiB, within the cache
LARGE_OFFSET = 1e3  # means, in standard deviations, that may not be subtracted from products


class DenseDesign(Design):
    """Centre blocks as they are read; where offsets are small, correct the products instead."""

    def __init__(self, X, s, **options):
        self._direct = False
        super().__init__(X, s, **options)
        small = (
            np.abs(self.mean) * np.sqrt(self.total_weight)
            <= LARGE_OFFSET * self.column_norms * self.scale
        )
        contiguous = X.flags.c_contiguous or X.flags.f_contiguous
        self._direct = X.dtype == float and contiguous and bool(np.all(small | self.constant))
        self._root = None if np.all(s == 1) else np.sqrt(s)

    def _moments(self):
        # Means about rough means, so that columns with a large offset keep their digits.
        with np.errstate(over="ignore", invalid="ignore"):
            rough = (self.s.astype(self.X.dtype) @ self._read(self.X)) / self.total_weight
        self.mean = np.where(np.isfinite(rough), rough, self.X[0]).astype(float)
        shift, squares = np.zeros((2, self.n_features))
        for rows, columns, block in self._blocks():
            shift[columns] += self.s[rows] @ block
            squares[columns] += self.s[rows] @ np.square(block, out=block)
        shift /= self.total_weight
        return self.mean + shift, np.maximum(squares / self.total_weight - shift**2, 0.0)

    def _matvec(self, w, columns):
        if columns is None and self._direct:
            return self._read(self.X) @ w - self.mean @ w
        product = np.zeros((self.n_samples, *w.shape[1:]))
        blocks = self._blocks() if columns is None else self._rows_of(columns)
        for rows, part, block in blocks:
            product[rows] += block @ w[part]
        return product

    def _rmatvec(self, r):
        if self._direct:
            return self._read(self.X).T @ r - np.multiply.outer(self.mean, r.sum(axis=0))
        product = np.zeros((self.n_features, *r.shape[1:]))
        for rows, columns, block in self._blocks():
            product[columns] += block.T @ r[rows]
        return product

    def _correlate(self, r, columns):
        return sum(block.T @ r[rows] for rows, _, block in self._rows_of(columns))

    def _gram(self, columns, first):
        G = np.zeros((len(columns) - first, len(columns)))
        for rows, _, block in self._rows_of(columns):
            if self._root is not None:
                block *= self._root[rows, None]
            G += block[:, first:].T @ block
        return G

    @property
    def passes_of_gram(self):
        """Blocks are centred, then multiplied some 40 times as fast as memory is read."""
        return 2 + self.n_features / 40

    def _read(self, X):
        """Count the bytes of an array that is about to be read, and return it."""
        self.work.n_bytes += X.nbytes
        return X

    def _blocks(self):
        """Yield slices of rows and of columns with the centred block, as float64."""
        n, p = self.X.shape
        high = min(n, BLOCK_SIZE) if self.X.flags.f_contiguous else max(1, BLOCK_SIZE // p)
        wide = max(1, BLOCK_SIZE // high)
        for left in range(0, p, wide):
            columns = slice(left, left + wide)
            for top in range(0, n, high):
                rows = slice(top, top + high)
                yield rows, columns, self._read(self.X[rows, columns]) - self.mean[columns]

    def _rows_of(self, columns):
        """Yield slices of rows with all of some columns, centred, as float64."""
        mean = self.mean[columns]
        high = max(256, BLOCK_SIZE // max(1, len(columns)))
        for top in range(0, self.n_samples, high):
            rows = slice(top, top + high)
            yield rows, slice(None), self._read(self.X[rows, columns]) - mean


as_design.register(np.ndarray, DenseDesign)
