"""Products that pass over the units that are zero.

After rectification and dropout most units are: 15 % of the masked inputs of MNIST are active, and
a quarter to a twentieth of the hidden units. Lists of those that are make the products exact, up
to the order of their sums, at a price in proportion to the units that are active.
"""

import numpy as np
import scipy.sparse as sp

from .._numba import compiled, unsigned
from .loops import take_entries

WIDTH = 128  # of the layer above, from where lists pay
ENTRIES = 2**22  # that lists may take memory for; CSR takes what it has
# Shares of active units up to which lists beat BLAS: for one product, and for both products of a
# hidden layer's backward pass, which read the same rows.
ONE, BOTH = 0.35, 0.6


class ActiveUnits:
    """The active units below a layer in one batch, listed by sample and by unit.

    Parameters
    ----------
    n_rows, n_units : int
        Largest batch, and units of the layer below.
    n_entries : int
        How many can be active in a batch.
    dtype : dtype
        Of the values.
    """

    def __init__(self, n_rows, n_units, n_entries, dtype):
        self.row_start = np.empty(n_rows + 1, np.uintp)
        self.unit_start = np.empty(n_units + 1, np.uintp)
        # one entry more, for the candidate that turns out not to be active
        self.unit, self.sample = np.empty((2, n_entries + 1), np.uint32)
        self.row_value, self.unit_value = np.empty((2, n_entries + 1), dtype)
        self.n_rows, self.density = 0, 1.0

    def read_dense(self, A, M):
        """List the units that have a value or a slope; M is the slope times the mask."""
        self.count = list_active(A, M, self.row_start, self.unit, self.row_value)
        self.n_rows, self.density = len(A), self.count / max(1, A.size)

    def read_sparse(self, X, rows, dropout, samples):
        """List the entries of some rows of a CSR matrix that are not dropped."""
        places = unsigned(X.indptr), unsigned(X.indices), X.data, unsigned(rows)
        masks = unsigned(samples), *dropout.numbers(0, self.row_value.dtype)
        self.count = take_entries(*places, *masks, self.row_start, self.unit, self.row_value)
        self.n_rows, self.density = len(rows), 0.0

    def product(self, W, Z, team):
        """Write the sums of the layer above, without biases, into Z."""
        self._share(team, combine, self._by_sample(), (W, Z), W.shape[1])

    def gradient(self, D, G, team):
        """Write the gradient of the weights into G, from that of the sums above, D."""
        self._share(team, combine, self._by_unit(), (D, G), D.shape[1])

    def gradients(self, D, W, M, G, B, team):
        """Write also the gradient of the sums below into B; M is the slope times the mask."""
        self._share(team, gradients, self._by_unit(), (D, W, M, G, B), 2 * D.shape[1])

    def _by_sample(self):
        """Return the lists by sample."""
        return self.row_start[: self.n_rows + 1], self.unit, self.row_value

    def _by_unit(self):
        """Return the lists by unit, which those by sample are sorted into."""
        lists = self.unit_start, self.sample, self.unit_value
        sort(*self._by_sample(), *lists)
        return lists

    def _share(self, team, loop, lists, arrays, n_operations):
        """Let a team run a loop over samples or units, with so many operations for each entry."""
        team.share(
            len(lists[0]) - 1,
            lambda part: loop(*lists, part.start, part.stop, *arrays),
            operations=self.count * n_operations,
        )


def lists_for(X, W, n_rows):
    """Return room for the active units below a layer, or None where lists do not pay.

    X is the sparse matrix that is given to the first layer, or None.
    """
    if sp.issparse(X):
        counts = np.sort(np.diff(X.indptr))
        return ActiveUnits(n_rows, len(W), int(counts[-n_rows:].sum()), W.dtype)
    if W.shape[1] < WIDTH or n_rows * len(W) > ENTRIES:
        return None
    return ActiveUnits(n_rows, len(W), n_rows * len(W), W.dtype)


@compiled
def list_active(A, M, row_start, unit, value):
    """List units row by row; return how many. Every unit is written, and kept if it is active."""
    count = np.uintp(0)
    for i in range(A.shape[0]):
        row_start[i] = count
        for k in range(A.shape[1]):
            unit[count] = k
            value[count] = A[i, k]
            count += np.uintp((A[i, k] != 0) | (M[i, k] != 0))
    row_start[A.shape[0]] = count
    return count


@compiled
def sort(row_start, unit, row_value, unit_start, sample, unit_value):
    """List by unit what is listed by sample, by counting."""
    one, end = np.uintp(1), np.uintp(0)
    unit_start[:] = 0
    n_rows = row_start.shape[0] - 1
    for e in range(row_start[n_rows]):
        unit_start[unit[e]] += one
    for k in range(unit_start.shape[0]):
        end += unit_start[k]
        unit_start[k] = end
    for i in range(n_rows - 1, -1, -1):
        for e in range(row_start[i], row_start[i + 1]):
            place = unit_start[unit[e]] - one
            unit_start[unit[e]] = place
            sample[place] = i
            unit_value[place] = row_value[e]


@compiled
def combine(start, index, value, first, last, rows, out):
    """Fill some rows of out with their listed combinations of rows.

    Four of these at a time, so that out is passed over less often.
    """
    one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
    for i in range(first, last):
        out[i, :] = 0
        e, end = start[i], start[i + 1]
        while e + four <= end:
            k, k1, k2, k3 = index[e], index[e + one], index[e + two], index[e + three]
            a, a1, a2, a3 = value[e], value[e + one], value[e + two], value[e + three]
            for j in range(out.shape[1]):
                out[i, j] += a * rows[k, j] + a1 * rows[k1, j] + a2 * rows[k2, j] + a3 * rows[k3, j]
            e += four
        while e < end:
            k, a = index[e], value[e]
            for j in range(out.shape[1]):
                out[i, j] += a * rows[k, j]
            e += one


@compiled
def gradients(unit_start, sample, value, first, last, D, W, M, G, B):
    """``G = A.T @ D`` and ``B = (D @ W.T) * M`` of some units, in one pass over D, W and G."""
    zero = G.dtype.type(0)
    one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
    B[:, first:last] = 0
    for k in range(first, last):
        G[k, :] = 0
        e, end = unit_start[k], unit_start[k + 1]
        while e + four <= end:
            i, i1, i2, i3 = sample[e], sample[e + one], sample[e + two], sample[e + three]
            a, a1, a2, a3 = value[e], value[e + one], value[e + two], value[e + three]
            b = b1 = b2 = b3 = zero
            for j in range(W.shape[1]):
                d, d1, d2, d3 = D[i, j], D[i1, j], D[i2, j], D[i3, j]
                G[k, j] += a * d + a1 * d1 + a2 * d2 + a3 * d3
                b += W[k, j] * d
                b1 += W[k, j] * d1
                b2 += W[k, j] * d2
                b3 += W[k, j] * d3
            B[i, k] = b * M[i, k]
            B[i1, k] = b1 * M[i1, k]
            B[i2, k] = b2 * M[i2, k]
            B[i3, k] = b3 * M[i3, k]
            e += four
        while e < end:
            i, a = sample[e], value[e]
            b = zero
            for j in range(W.shape[1]):
                G[k, j] += a * D[i, j]
                b += W[k, j] * D[i, j]
            B[i, k] = b * M[i, k]
            e += one
