"""The Design of an array: C or Fortran order, float32 or float64, memory maps."""

import numpy as np

from .design import MemoryDesign, as_design
from .entries import ColumnEntries, RowEntries

BLOCK_SIZE = 1 << 17  # numbers in one centred block: 1 MiB, within the cache
FAR = 30  # standard deviations from 0, where squares lose three digits
# Means, in standard deviations, that may be subtracted from products instead of from the numbers:
OFFSET_OF_PRODUCTS = 1e3  # at the price of three digits
OFFSET_OF_SQUARES = 10  # at the price of two, as it counts twice


class DenseDesign(MemoryDesign):
    """Centre blocks as they are read; where offsets are small, correct the products instead."""

    _direct = False

    def _measure(self, deviation):
        super()._measure(deviation)
        with np.errstate(divide="ignore", invalid="ignore"):
            offset = np.abs(self.mean) * np.sqrt(self.total_weight) / self.column_norms / self.scale
        largest = offset[~self.constant].max(initial=0.0)
        contiguous = self.X.flags.c_contiguous or self.X.flags.f_contiguous
        self._direct = self.X.dtype == float and contiguous and bool(largest <= OFFSET_OF_PRODUCTS)
        self._near = bool(largest <= OFFSET_OF_SQUARES)
        self._root = np.sqrt(self.s)

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = super().take(rows)
        part._root = self._root[rows]
        return part

    def _moments(self, centre):
        # Once more about the mean where it is so large that the squares about 0 lose digits.
        self.mean = np.zeros(self.n_features)
        mean, variance = self._moments_about_the_mean()
        near = np.isfinite(variance) & (np.abs(mean) <= FAR * np.sqrt(variance))
        if near.all():
            return mean, variance
        self.mean = mean
        return self._moments_about_the_mean()

    def _moments_about_the_mean(self):
        shift, squares = np.zeros((2, self.n_features))
        for rows, columns, block in self._blocks():
            shift[columns] += self.s[rows] @ block
            squares[columns] += self.s[rows] @ np.square(block)
        shift /= self.total_weight
        return self.mean + shift, np.maximum(squares / self.total_weight - shift**2, 0.0)

    def _matvec(self, w, columns):
        if self._direct and self._most(columns):
            w = w if columns is None else spread(w, columns, self.n_features)
            return self._read(self.X) @ w - self.mean @ w
        product = np.zeros((self.n_samples, *w.shape[1:]))
        blocks = self._blocks() if columns is None else self._rows_of(columns)
        for rows, part, block in blocks:
            product[rows] += block @ w[part]
        return product

    def _rmatvec(self, r, columns):
        if columns is not None:
            return sum(block.T @ r[rows] for rows, _, block in self._rows_of(columns))
        if self._direct:
            return self._read(self.X).T @ r - np.multiply.outer(self.mean, r.sum(axis=0))
        product = np.zeros((self.n_features, *r.shape[1:]))
        for rows, columns, block in self._blocks():
            product[columns] += block.T @ r[rows]
        return product

    def _gram(self, columns, first):
        direct = self._direct and self._near and self.whole and not self.weighted
        if direct and first == 0 and self._most(columns):
            X, mean = self._read(self.X), self.mean[columns]
            G = X.T @ X
            G = G if len(columns) == len(G) and in_order(columns) else G[np.ix_(columns, columns)]
            return G - np.multiply.outer(self.n_samples * mean, mean)
        G = np.zeros((len(columns) - first, len(columns)))
        for rows, _, block in self._rows_of(columns):
            if self.weighted:
                block *= self._root[rows, None]
            G += block[:, first:].T @ block
        return G

    def _kernel(self, q):
        if self._direct and np.all(q == q[0]):
            shift = q[0] * (self._read(self.X) @ self.mean)
            K = q[0] * (self._read(self.X) @ self.X.T)
            return K - shift - shift[:, None] + q @ self.mean**2
        K, root, on = np.zeros((self.n_samples, self.n_samples)), np.sqrt(q), np.flatnonzero(q)
        wide = max(256, BLOCK_SIZE // self.n_samples)
        for left in range(0, len(on), wide):
            columns = slice(left, left + wide)
            columns = columns if len(on) == len(q) else on[columns]
            block = (self._read(self.X[:, columns]) - self.mean[columns]) * root[columns]
            K += block @ block.T
        return K

    @property
    def column_entries(self):
        """The numbers of X by columns, for compiled loops."""
        n, p = self.X.shape
        first, last = np.zeros(p, np.uintp), np.full(p, n, np.uintp)
        place, samples = np.arange(p, dtype=np.uintp), np.arange(n, dtype=np.uintp)
        return ColumnEntries(self.X, place, first, last, samples, self.mean)

    @property
    def row_entries(self):
        """The same by rows."""
        n, p = self.X.shape
        first, last = np.zeros(n, np.uint32), np.full(n, p, np.uint32)
        line, columns = np.arange(n, dtype=np.uint64), np.arange(p, dtype=np.uint32)
        return RowEntries(self.X, line, first, last, columns, self.mean)

    def _most(self, columns):
        """Tell whether it is quicker to read all of X than to pick columns."""
        return columns is None or 2 * len(columns) > self.n_features

    @property
    def n_numbers(self):
        """How many numbers X stores."""
        return self.X.size

    @property
    def passes_of_gram(self):
        """A block is centred, if need be, and multiplied some 80 times as fast as it is read."""
        return (1 if self._direct and not self.weighted else 3) + self.n_features / 80

    @property
    def passes_of_kernel(self):
        """A block is centred and multiplied some 80 times as fast as it is read."""
        return 3 + self.n_samples / 80

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
                block, mean = self._read(self.X[rows, columns]), self.mean[columns]
                centred = block.dtype == float and not mean.any()
                yield rows, columns, block if centred else block - mean

    def _rows_of(self, columns):
        """Yield slices of rows with all of some columns, centred, as float64."""
        mean = self.mean[columns]
        high = max(256, BLOCK_SIZE // max(1, len(columns)))
        for top in range(0, self.n_samples, high):
            rows = slice(top, top + high)
            yield rows, slice(None), self._read(self.X[rows, columns]) - mean


def in_order(columns):
    """Tell whether columns have ascending positions."""
    return bool((columns[1:] > columns[:-1]).all())


def spread(w, columns, n_features):
    """Return coefficients of all columns, 0 but for some."""
    full = np.zeros((n_features, *w.shape[1:]))
    full[columns] = w
    return full


as_design.register(np.ndarray, DenseDesign)
