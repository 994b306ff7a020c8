"""The Design of a compressed sparse matrix or array; the mean is subtracted from products."""

from functools import cached_property

import numpy as np
import scipy.sparse as sp

from .._convergence import bytes_of
from .._numba import compiled, unsigned
from .design import MemoryDesign, as_design
from .entries import ColumnEntries, RowEntries
from .operators import Kernel, width

FEW = 7  # columns, above which scipy's products are quicker than those in one pass
FAR = 10  # standard deviations from 0
MADE_OF_X = "_csc", "_csr", "_parts", "_last"
PATIENCE = 8  # calls after which a preparation is worth its time


@compiled
def moments(indptr, indices, data, by_rows, s, total_weight, count, weight, mean, variance):
    """Add up entries that have a weight, weights, and the weighted mean and variance of columns.

    The lines that the matrix stores together are rows or columns.
    """
    n_weighted = np.count_nonzero(s)
    for k in range(indptr.shape[0] - 1):
        for e in range(indptr[k], indptr[k + 1]):
            line, place = np.uintp(k), np.uintp(indices[e])
            i, j = (line, place) if by_rows else (place, line)
            count[j] += s[i] > 0
            weight[j] += s[i]
            mean[j] += s[i] * data[e]
    for j in range(mean.shape[0]):
        mean[j] /= total_weight
        zeros = total_weight - weight[j] if count[j] < n_weighted else 0.0  # and no rounding
        variance[j] = max(zeros, 0.0) * mean[j] ** 2
    for k in range(indptr.shape[0] - 1):
        for e in range(indptr[k], indptr[k + 1]):
            line, place = np.uintp(k), np.uintp(indices[e])
            i, j = (line, place) if by_rows else (place, line)
            variance[j] += s[i] * (data[e] - mean[j]) ** 2
    for j in range(mean.shape[0]):
        variance[j] /= total_weight


@compiled
def collect(indptr, indices, data, columns, starts, members, values):
    """Collect the entries of some columns by rows of X: those of row i begin at ``starts[i]``."""
    n_columns, n_samples, total = columns.shape[0], starts.shape[0] - 1, 0
    for k in range(n_columns):
        for e in range(indptr[columns[k]], indptr[columns[k] + 1]):
            starts[indices[e]] += 1
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


@compiled
def gram(indptr, indices, data, s, columns, starts, members, values, G):
    """Add ``X[:, columns].T @ diag(s) @ X[:, those collected]`` to G, by rows of X.

    A row costs the product of its numbers of entries.
    """
    for k in range(columns.shape[0]):
        for e in range(indptr[columns[k]], indptr[columns[k] + 1]):
            i = indices[e]
            product = s[i] * data[e]
            for q in range(starts[i], starts[i + 1]):
                G[k, members[q]] += product * values[q]


@compiled
def gram_product(indptr, indices, data, weights, w, centre, product):
    """Add ``X.T @ (weights * (X @ w - centre))``, row by row: X is read once.

    Four columns of w at once, and then one by one, in two sums of which neither waits for the
    other.
    """
    one, n_columns = np.uintp(1), w.shape[1]
    for i in range(weights.shape[0]):
        first, last = np.uintp(indptr[i]), np.uintp(indptr[i + 1])
        t = 0
        while t + 3 < n_columns:
            r0, r1, r2, r3 = -centre[t], -centre[t + 1], -centre[t + 2], -centre[t + 3]
            for e in range(first, last):
                x, j = data[e], indices[e]
                r0 += x * w[j, t]
                r1 += x * w[j, t + 1]
                r2 += x * w[j, t + 2]
                r3 += x * w[j, t + 3]
            r0 *= weights[i, t]
            r1 *= weights[i, t + 1]
            r2 *= weights[i, t + 2]
            r3 *= weights[i, t + 3]
            for e in range(first, last):
                x, j = data[e], indices[e]
                product[j, t] += x * r0
                product[j, t + 1] += x * r1
                product[j, t + 2] += x * r2
                product[j, t + 3] += x * r3
            t += 4
        while t < n_columns:
            even, odd, e = -centre[t], 0.0, first
            while e + one < last:
                even += data[e] * w[indices[e], t]
                odd += data[e + one] * w[indices[e + one], t]
                e += one + one
            if e < last:
                even += data[e] * w[indices[e], t]
            r = weights[i, t] * (even + odd)
            for e in range(first, last):
                product[indices[e], t] += r * data[e]
            t += 1


@compiled
def spread(indptr, indices, data, u, w):
    """Add ``X.T @ u`` to w, row by row of X, whose indices stay at hand for all columns of u."""
    for i in range(u.shape[0]):
        for t in range(u.shape[1]):
            r = u[i, t]
            for e in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
                w[indices[e], t] += r * data[e]


@compiled
def gather(indptr, indices, data, w, product):
    """Overwrite the last with ``X @ w``, in the same order."""
    for i in range(product.shape[0]):
        for t in range(product.shape[1]):
            r = 0.0
            for e in range(np.uintp(indptr[i]), np.uintp(indptr[i + 1])):
                r += data[e] * w[indices[e], t]
            product[i, t] = r


def products(X, lines, weights, team, first=0):
    """Return the weighted products of some lines of a compressed matrix, or the last rows of them.

    Its lines are columns or rows, whichever it stores together.
    """
    count = int(np.diff(X.indptr)[lines].sum())
    starts, G = np.zeros(len(weights) + 1, np.uintp), np.zeros((len(lines) - first, len(lines)))
    crossing = starts, np.empty(count, np.uint32), np.empty(count)
    entries, lines = (unsigned(X.indptr), unsigned(X.indices), X.data), unsigned(lines)
    collect(*entries, lines, *crossing)

    def add(some):
        gram(*entries, weights, lines[first:][some], *crossing, G[some])

    lengths = np.diff(starts).astype(float)
    team.share(len(G), add, operations=lengths @ lengths)
    return G


class SparseDesign(MemoryDesign):
    """Products with X corrected by the mean, which would fill X if it were subtracted.

    From columns without a zero that are far from 0 an `origin` is subtracted, in a copy of X, or
    the correction would cancel all digits of their products.
    """

    _last = None, None, None

    def __init__(self, X, s, **options):
        if not X.has_canonical_format:  # squares of repeated entries would be wrong
            X = X.copy()
            X.sum_duplicates()
        super().__init__(X, s, **options)

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = super().take(slice(0, 0))
        part.__dict__.update(X=self._csr[rows], s=self.s[rows], n_samples=len(rows))
        for name in MADE_OF_X:
            part.__dict__.pop(name, None)
        return part

    def select(self, columns):
        """Return the Design of a copy of some columns; its passes are those over them."""
        part = super().select(columns)
        part.counts = self.counts[columns]
        for name in MADE_OF_X:
            part.__dict__.pop(name, None)
        return part

    def reweighted(self, s):
        """Return the Design with other weights, centred by them; the scales stay."""
        other = super().reweighted(s)
        other.mean = other.mean + self.mean - self.plain_mean  # from the origin
        if other.X is not self.X:
            for name in MADE_OF_X:
                other.__dict__.pop(name, None)
        return other

    def about(self, shift):
        """Return the Design with the means moved by a shift, in the units of the scaled columns."""
        moved = super().about(shift)
        moved.plain_mean = self.plain_mean + shift * self.scale
        return moved

    @cached_property
    def _csr(self):
        return self.X.tocsr()

    @cached_property
    def _csc(self):
        return self.X.tocsc()

    def _moments(self, centre):
        self.counts, mean, variance = self._sums(self.X)
        far = (self.counts == np.count_nonzero(self.s)) & (np.abs(mean) > FAR * np.sqrt(variance))
        if centre:
            self.plain_mean = mean
        if not far.any():
            return mean, variance
        origin, column = np.where(far, mean, 0.0).astype(self.X.dtype), self.X.tocoo(copy=False).col
        data = self.X.data - origin[column]
        X = type(self.X)((data, self.X.indices, self.X.indptr), shape=self.X.shape)
        _, remaining, variance = self._sums(X)
        full = np.bincount(column, minlength=self.n_features) == self.n_samples
        if centre and np.all(full[far]):  # zeros of samples without weight would not be zeros
            self.X, self.plain_mean = X, remaining
        return origin + remaining, variance

    def _sums(self, X):
        """Return how many entries with a weight columns have, their means and variances."""
        places, by_rows = (unsigned(X.indptr), unsigned(X.indices)), X.format == "csr"
        count, _, mean, variance = sums = np.zeros((4, self.n_features))
        moments(*places, self._read(X).data, by_rows, self.s, self.total_weight, *sums)
        return count, mean, variance

    def _some(self, columns):
        """Return some columns and their transpose; the last are kept for conjugate gradients."""
        last, X, transposed = self._last
        if last is not columns:
            X = self._csc[:, columns]
            self._last = columns, X, (transposed := X.T)
        return self._read(X), transposed

    @cached_property
    def _parts(self):
        """The parts of X that threads have multiplied, by their place."""
        return {}

    def _part(self, *place):
        """Return some rows of a matrix of rows, or some columns of one of columns."""
        lines = place[self._across()]
        key = lines.start, lines.stop
        if key == (0, self.X.shape[self._across()]):
            return self.X
        if key not in self._parts:
            X, shape = self.X, list(self.X.shape)
            ends = X.indptr[lines.start : lines.stop + 1]
            shape[self._across()], entries = len(ends) - 1, slice(ends[0], ends[-1])
            parts = X.data[entries], X.indices[entries], ends - ends[0]
            self._parts[key] = type(X)(parts, shape=tuple(shape))
        return self._parts[key]

    def _across(self, *_):
        return 0 if self.X.format == "csr" else 1

    def _copied(self, columns):
        return self._csc[:, columns]

    def _matvec(self, w, columns):
        if columns is None:
            product, mean = self._plain_matvec(w), self.plain_mean
        else:
            product, mean = self._some(columns)[0] @ w, self.plain_mean[columns]
        product -= mean @ w
        return product

    def _rmatvec(self, r, columns):
        if columns is None:
            product, mean = self._plain_rmatvec(r), self.plain_mean
        else:
            product, mean = self._some(columns)[1] @ r, self.plain_mean[columns]
        product -= np.multiply.outer(mean, r.sum(axis=0))
        return product

    def _gram(self, columns, first):
        csc = self._csc
        count = int(np.diff(csc.indptr)[columns].sum())
        self.work.n_bytes += count * (csc.data.itemsize + csc.indices.itemsize)
        G = products(csc, columns, self.s, self.team, first)
        mean = self.plain_mean[columns]
        if self.whole:
            G -= np.multiply.outer(self.total_weight * mean[first:], mean)
            return G
        sums = csc[:, columns].T @ self.s - self.s.sum() * mean  # of the centred columns
        G -= np.outer(mean[first:], sums) + np.outer(sums[first:], mean)
        return G - self.s.sum() * np.outer(mean[first:], mean)

    def _modulated_gram(self, columns, factors, which, shift):
        Q = self._read(self._csc[:, columns]).astype(float)
        Q.data *= factors[Q.indices, np.repeat(which, np.diff(Q.indptr))]
        G = products(Q, np.arange(len(columns)), np.ones(self.n_samples), self.team)
        cross = (Q.T @ factors)[:, which] * shift
        squares = (factors.T @ factors)[np.ix_(which, which)] * np.outer(shift, shift)
        return G - cross - cross.T + squares

    def _kernel(self, q):
        X, mean = self._read(self._csr), self.plain_mean
        K = products(X, np.arange(self.n_samples), q, self.team)
        shift = X @ (q * mean) - q @ mean**2 / 2
        K -= shift
        K -= shift[:, None]
        return K

    def _kernel_of(self, q, root, shift):
        return SparseKernel(self, q, root, shift)

    def _plain_matvec(self, w):
        self._read(self.X)
        return self._assembled(0, lambda *place: self._part(*place) @ w[place[1]], width(w))

    def _plain_rmatvec(self, r):
        self._read(self.X)
        return self._assembled(1, lambda *place: self._part(*place).T @ r[place[0]], width(r))

    def _gram_product(self, w, centre, weights):
        """Return ``X.T @ diag(weights) @ (X @ w - centre)``; that of few folds in one pass."""
        if w.shape[1] != weights.shape[1] or w.shape[1] > FEW:
            return super()._gram_product(w, centre, weights)
        self.count(n_passes=1, n_products=2)
        X, product = self._read(self._csr), np.zeros(w.shape)
        places = unsigned(X.indptr), unsigned(X.indices)
        gram_product(*places, X.data, weights, w, centre.ravel(), product)
        return product

    @property
    def column_entries(self):
        """The numbers of X by columns, for compiled loops."""
        csc, zero = self._csc, unsigned(np.zeros(self.n_features, dtype=np.int64))
        first, last = unsigned(csc.indptr)[:-1], unsigned(csc.indptr)[1:]
        samples, centre = unsigned(csc.indices), 0.0 * self.mean
        return ColumnEntries(csc.data[:, None], zero, first, last, samples, centre)

    @property
    def row_entries(self):
        """The same by rows."""
        csr, zero = self._csr, unsigned(np.zeros(self.n_samples, dtype=np.int64))
        first, last = unsigned(csr.indptr)[:-1], unsigned(csr.indptr)[1:]
        columns, centre = unsigned(csr.indices), 0.0 * self.mean
        return RowEntries(csr.data[None], zero, first, last, columns, centre)

    @property
    def n_numbers(self):
        """How many numbers X stores."""
        return self.X.nnz

    @property
    def passes_of_gram(self):
        """A row costs the square of its entries; the matrix is dense and has to be worked with."""
        return self.X.nnz / self.n_samples + self.n_features**2 / max(1, self.X.nnz)

    @property
    def passes_of_kernel(self):
        """A column costs the square of its entries; the dense matrix is worked with."""
        return (self.counts @ self.counts + 4 * self.n_samples**2) / max(1, self.X.nnz)

    def _read(self, X):
        """Count the bytes of a matrix that is about to be read, and return it."""
        self.work.n_bytes += bytes_of(X)
        return X


class SparseKernel(Kernel):
    """Leaves out, once it pays, the columns that a single sample has, as many have in text.

    All they add is on the diagonal.
    """

    def __init__(self, design, q, root, shift):
        self.diagonal, self.n_calls = 0.0, 0
        self.take(design._csr)
        super().__init__(design, q, root, shift)

    def take(self, X):
        """Take over the columns to multiply with."""
        self.X, self.n_bytes = X, bytes_of(X)
        self.places = unsigned(X.indptr), unsigned(X.indices), X.data

    def product(self, u):
        """Return ``X @ diag(q) @ X.T @ u``."""
        self.n_calls += 1
        if self.n_calls == PATIENCE:
            self.leave_out()
        self.design.count(n_passes=2, n_products=2, n_bytes=2 * self.n_bytes)
        if u.shape[1] > FEW:
            product = self.X @ (self.q * (self.X.T @ u))
        else:
            w, product = np.zeros((len(self.q), u.shape[1])), np.empty(u.shape)
            spread(*self.places, u, w)
            w *= self.q
            gather(*self.places, w, product)
        product += self.diagonal * u
        return product

    def leave_out(self):
        """Move the columns with a single entry to the diagonal."""
        X, single = self.X, self.design.counts <= 1
        if 2 * np.count_nonzero(single) > len(single):
            squares = sp.csr_array((X.data**2, X.indices, X.indptr), shape=X.shape)
            self.diagonal = squares @ np.where(single[:, None], self.q, 0.0)
            shared = np.flatnonzero(~single)
            self.q = self.q[shared]
            self.take(X[:, shared])


as_design.register(sp.sparray, SparseDesign)
as_design.register(sp.spmatrix, SparseDesign)
