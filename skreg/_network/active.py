"""Products that pass over the units that are zero.

After rectification and dropout most units are: 15 % of the masked inputs of MNIST are active, and
a quarter to a twentieth of the hidden units. Lists of those that are make the products exact, up
to the order of their sums, at a price in proportion to the units that are active.
"""

import numpy as np
import scipy.sparse as sp

from .._numba import unsigned
from .loops import combine, gradients, list_active, sort, take_entries

WIDTH = 128  # of the layer above, from where lists pay
ENTRIES = 2**22  # that lists may take memory for; CSR takes what it has
# Shares of active units up to which lists beat BLAS: for one product, and for both products of a
# hidden layer's backward pass, which read the same rows.
ONE, BOTH = 0.35, 0.6
AT_ONCE = 8  # operations of lists in the time of one


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
        self.row_cut, self.unit_cut = (np.empty((n, 2), np.uintp) for n in (n_rows, n_units))
        self.unit, self.sample = np.empty((2, n_entries), np.uint32)
        self.row_value, self.unit_value = np.empty((2, n_entries), dtype)
        self.n_rows, self.density = 0, 1.0

    def read_dense(self, A, M):
        """List the units that have a value or a slope; M is the slope times the mask."""
        self.n_rows = len(A)
        list_active(A, M, 0, self.n_rows, self.row_cut, self.unit, self.row_value)
        self.count = int(np.diff(self.row_cut[: self.n_rows]).sum())
        self.density = self.count / max(1, A.size)

    def read_sparse(self, X, rows, dropout, samples):
        """List the entries of some rows of a CSR matrix that are not dropped."""
        places = unsigned(X.indptr), unsigned(X.indices), X.data, unsigned(rows)
        masks = unsigned(samples), *dropout.numbers(0, self.row_value.dtype)
        self.count = take_entries(*places, *masks, self.row_cut, self.unit, self.row_value)
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
        start, stop = self.row_cut[: self.n_rows].T
        return start, stop, self.unit, self.row_value

    def _by_unit(self):
        """Return the lists by unit, which those by sample are sorted into."""
        rows, lists = self.row_cut[: self.n_rows], (self.sample, self.unit_value)
        sort(rows, self.unit, self.row_value, 0, len(self.unit_cut), self.unit_cut, *lists)
        return *self.unit_cut.T, *lists

    def _share(self, team, loop, lists, arrays, n_operations):
        """Let a team run a loop over samples or units, with so many operations for each entry."""
        team.share(
            len(lists[0]),
            lambda part: loop(*lists, part.start, part.stop, *arrays),
            operations=self.count * n_operations // AT_ONCE,
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
