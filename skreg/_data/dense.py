"""The Design of an array: C or Fortran order, float32 or float64, memory maps."""

import numpy as np

from .._threads import ALONE
from .design import MemoryDesign, as_design
from .entries import ColumnEntries, RowEntries
from .operators import width

BLOCK_SIZE = 1 << 17  # numbers in one centred block: 1 MiB, within the cache
HIGH = 1024  # rows in a block for a Gram matrix, at the least: all of the matrix is added to
FEW = 128  # rows or columns, too few to be dealt out
PICKED = 4  # numbers that a product reads while one is picked: 8 within the cache, 2.5 beyond
PICKING = 16  # operations that take as long as reading a number out of its order
FAR = 30  # standard deviations from 0, where squares lose three digits
# Means, in standard deviations, that may be subtracted from products instead of from the numbers:
OFFSET_OF_PRODUCTS = 1e3  # at the price of three digits
OFFSET_OF_SQUARES = 10  # at the price of two, as it counts twice


class DenseDesign(MemoryDesign):
    """Centre blocks as they are read; where offsets are small, correct the products instead."""

    _direct = False

    def _measure(self, deviation):
        super()._measure(deviation)
        offset, length = np.abs(self.mean[~self.constant]), deviation[~self.constant]
        contiguous = self.X.flags.c_contiguous or self.X.flags.f_contiguous
        direct = self.X.dtype == float and contiguous
        self._direct = direct and bool((offset / OFFSET_OF_PRODUCTS <= length).all())
        self._near = bool((offset / OFFSET_OF_SQUARES <= length).all())
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
        def sums(rows, columns):
            mean, s = self.mean[columns], self.s[rows]
            total = np.zeros((len(mean), 2))
            for high, wide, block in blocks(self.X[rows, columns], mean):
                total[wide, 0] += s[high] @ block
                total[wide, 1] += s[high] @ np.square(block)
            return total

        self._read(self.X)
        shift, squares = self._assembled(1, sums).T / self.total_weight
        return self.mean + shift, np.maximum(squares - shift**2, 0.0)

    def _copied(self, columns):
        if len(columns) == self.n_features and in_order(columns):
            return self.X
        return np.asfortranarray(self.X[:, columns])

    def _matvec(self, w, columns):
        if columns is not None and not (self._direct and self._many(columns, PICKED)):
            size = self._size_of_picked(columns, w)

            def picked(rows):
                return np.concatenate([block @ w for _, block in self._rows_of(rows, columns)])

            return self.team.joined(self.n_samples, picked, size)
        w = w if columns is None else spread(w, columns, self.n_features)
        self._read(self.X)
        if self._direct:
            product = self._assembled(0, lambda rows, some: self.X[rows, some] @ w[some], width(w))
            product -= self.mean @ w
            return product

        def centred(rows, columns):
            X, some = self.X[rows, columns], w[columns]
            product = np.zeros((len(X), *w.shape[1:]))
            for high, wide, block in blocks(X, self.mean[columns]):
                product[high] += block @ some[wide]
            return product

        return self._assembled(0, centred, width(w))

    def _rmatvec(self, r, columns):
        if columns is not None:
            size = self._size_of_picked(columns, r)

            def picked(rows):
                return sum(block.T @ r[some] for some, block in self._rows_of(rows, columns))

            return self.team.sum(self.n_samples, picked, size)
        self._read(self.X)
        if self._direct:
            product = self._assembled(
                1, lambda rows, some: self.X[rows, some].T @ r[rows], width(r)
            )
            product -= np.multiply.outer(self.mean, r.sum(axis=0))
            return product

        def centred(rows, columns):
            mean, some = self.mean[columns], r[rows]
            product = np.zeros((len(mean), *r.shape[1:]))
            for high, wide, block in blocks(self.X[rows, columns], mean):
                product[wide] += block.T @ some[high]
            return product

        return self._assembled(1, centred, width(r))

    def _size_of_picked(self, columns, a):
        """Return how many rows of some columns a thread multiplies with an array at a time."""
        shape, n_numbers = (self.n_samples, len(columns)), self.n_samples * len(columns)
        self.work.n_bytes += n_numbers * self.X.itemsize
        return self.cost.size_of_product(shape, n_numbers, width(a), 0)

    def _gram(self, columns, first):
        direct = self._direct and self._near and self.whole and not self.weighted
        if direct and first == 0 and self._many(columns, 2):
            mean = self.mean[columns]
            G = self._square(self._read(self.X))
            G = G if len(columns) == len(G) and in_order(columns) else G[np.ix_(columns, columns)]
            return G - np.multiply.outer(self.n_samples * mean, mean)

        factors = self._root[:, None] if self.weighted else None
        return self._gram_by_rows(columns, factors, None, 0.0, first)

    def _modulated_gram(self, columns, factors, which, shift):
        which = None if factors.shape[1] == 1 else which
        return self._gram_by_rows(columns, factors, which, shift)

    def _gram_by_rows(self, columns, factors, which, shift, first=0):
        """Return the Gram matrix of some columns, or its last rows, with or without factors."""

        def product(rows):
            G = np.zeros((len(columns) - first, len(columns)))
            for some, block in self._rows_of(rows, columns, HIGH, team):
                block -= shift
                if factors is not None:
                    block *= factors[some] if which is None else factors[some][:, which]
                G += block[:, first:].T @ block
            return G

        self.work.n_bytes += self.n_samples * len(columns) * self.X.itemsize
        size = self.cost.size_of_gram(self.n_samples, len(columns))
        team = self.team if size >= self.n_samples else ALONE
        return self.team.sum(self.n_samples, product, size)

    def _square(self, A):
        """Return ``A.T @ A``."""

        def product(rows):
            part = A[rows, :]
            return part.T @ part

        return self.team.sum(len(A), product, self.cost.size_of_gram(*A.shape))

    def _kernel(self, q):
        X, root, on = self.X, np.sqrt(q), np.flatnonzero(q)
        if self._direct and np.all(q == q[0]):
            self._read(X)
            shift = self._assembled(0, lambda rows, some: X[rows, some] @ self.mean[some])
            K = self._square(self._read(X).T)
            K -= shift
            K -= shift[:, None]
            K += self.mean @ self.mean
            K *= q[0]
            return K
        wide = max(256, BLOCK_SIZE // self.n_samples)

        def product(part):
            K = np.zeros((self.n_samples, self.n_samples))
            for left in range(part.start, part.stop, wide):
                columns = slice(left, min(left + wide, part.stop))
                columns = columns if len(on) == len(q) else on[columns]
                block = (X[:, columns] - self.mean[columns]) * root[columns]
                K += block @ block.T
            return K

        self.work.n_bytes += self.n_samples * len(on) * X.itemsize
        return self.team.sum(len(on), product, self.cost.size_of_gram(len(on), self.n_samples))

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

    def _many(self, columns, price):
        """Tell whether all columns cost less than some, each at a price."""
        return price * len(columns) > self.n_features

    def _across(self, side, n_targets):
        """Add nothing up where the result is as large as X may be; else go by the order of X."""
        axis = side if n_targets > 1 else 0 if crosses_rows(self.X) else 1
        return axis if self.X.shape[axis] >= FEW else 1 - axis

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

    def _rows_of(self, rows, columns, high=256, team=ALONE):
        """Yield slices of some rows with some columns, centred, as float64."""
        mean, high = self.mean[columns], max(high, BLOCK_SIZE // max(1, len(columns)))
        order = "C" if self.X.flags.c_contiguous else "F"  # of others, take would copy all rows
        for top in range(rows.start, rows.stop, high):
            some = slice(top, min(top + high, rows.stop))
            block = np.empty((some.stop - top, len(mean)), order=order)

            def pick(part, top=top, block=block):
                X = self.X[top + part.start : top + part.stop]
                read = X.take(columns, axis=1) if order == "C" else X[:, columns]
                np.subtract(read, mean, out=block[part])

            team.share(len(block), pick, operations=PICKING * block.size)
            yield some, block


def blocks(X, mean):
    """Yield slices of rows and of columns of an array with the centred block, as float64."""
    n, p = X.shape
    high = max(1, BLOCK_SIZE // p) if crosses_rows(X) else min(n, BLOCK_SIZE)
    wide, is_centred = max(1, BLOCK_SIZE // high), X.dtype == float and not mean.any()
    for left in range(0, p, wide):
        columns = slice(left, left + wide)
        for top in range(0, n, high):
            rows = slice(top, top + high)
            block = X[rows, columns]
            yield rows, columns, block if is_centred else block - mean[columns]


def crosses_rows(X):
    """Tell whether the numbers of a column are farther apart than those of a row."""
    return abs(X.strides[0]) >= abs(X.strides[1])


def in_order(columns):
    """Tell whether columns have ascending positions."""
    return bool((columns[1:] > columns[:-1]).all())


def spread(w, columns, n_features):
    """Return coefficients of all columns, 0 but for some."""
    full = np.zeros((n_features, *w.shape[1:]))
    full[columns] = w
    return full


as_design.register(np.ndarray, DenseDesign)
