"""The Cholesky factor of a Gram matrix whose columns come and go: R'R = G[active, active].

R is upper triangular and stored by rows, so that every inner loop below runs along a row. Columns
are appended at the end and deleted by Givens rotations: Golub and Van Loan (2013), section 6.5.
"""

import numpy as np
from scipy.linalg import lapack

from .._numba import compiled

# Pivots, relative to the diagonal.
INDEPENDENT = 1e-6  # where all are larger, their order does not matter
WEAK = 1e-4  # smaller ones magnify rounding too much to append dependent columns after them
DEPENDENT = 1e-12  # smaller ones may be nothing but rounding
MANY = 20  # dependent columns, whose rounding grows in those that are appended later
JITTER = 10  # times the largest pivot of dependent columns is added to their diagonal
GAIN_OF_LAPACK = 8  # how many times faster it factorises than the loops below update


@compiled
def delete(R, n_active, leaving, row, displaced):
    """Delete columns, at positions in ascending order, in one pass over R.

    The row of a deleted column has lost its pivot. It is rotated with every row below, to whose
    triangle nothing is left of it to add in the end. `row` and `displaced` are room for a row and
    for those without a pivot.
    """
    n_leaving, first = leaving.shape[0], leaving[0]
    n_left = n_active - n_leaving
    for a in range(n_active):
        n_displaced = 0
        while n_displaced < n_leaving and leaving[n_displaced] < a:
            n_displaced += 1
        begin, start = max(a, first), max(a - n_displaced, first)
        is_leaving = n_displaced < n_leaving and leaving[n_displaced] == a
        for k in range(n_displaced, n_leaving + 1):  # the columns that remain close up
            end = leaving[k] if k < n_leaving else n_active
            for b in range(begin, end):
                row[b - k] = R[a, b]
            begin = max(begin, end + 1)
        if is_leaving:
            for b in range(start, n_left):
                displaced[n_displaced, b] = row[b]
            continue
        for k in range(n_displaced):
            h = np.sqrt(row[start] ** 2 + displaced[k, start] ** 2)
            cosine, sine = row[start] / h, displaced[k, start] / h
            for b in range(start, n_left):
                other = displaced[k, b]
                displaced[k, b] = cosine * other - sine * row[b]
                row[b] = cosine * row[b] + sine * other
        for b in range(start, n_left):
            R[a - n_displaced, b] = row[b]


@compiled
def substitute(R, x, n_active):
    """Solve R'Rx = x in place, forward and backward."""
    for a in range(n_active):
        x[a] /= R[a, a]
        xa = x[a]
        for b in range(a + 1, n_active):
            x[b] -= R[a, b] * xa
    for a in range(n_active - 1, -1, -1):
        total = 0.0
        for b in range(a + 1, n_active):
            total += R[a, b] * x[b]
        x[a] = (x[a] - total) / R[a, a]


def pivoted(S, diagonal, dependent):
    """Factorise S in the order of the largest pivots; raise those of at most `dependent`.

    What is left of S after the others is rounding, and taken for 0: were it kept, it would grow
    from pivot to pivot without end. Returns the factor, the order and what is added to the
    diagonal of S.
    """
    diagonal = np.where(diagonal > 0, diagonal, 1.0)  # 0: the squares were too small for float64
    lengths = np.sqrt(diagonal)
    R, order, rank, _ = lapack.dpstrf(S / np.multiply.outer(lengths, lengths), tol=dependent)
    rank = 0 if R[0, 0] ** 2 <= dependent else rank  # the first pivot meets no tolerance
    order -= 1
    jitter = np.where(np.arange(len(S)) < rank, 0.0, JITTER * dependent)
    R[rank:, rank:] = np.diag(np.sqrt(jitter[rank:]))
    return R.T * lengths[order, None], order, jitter * diagonal[order]


class Factor:
    """The factor of G[active, active] for a set of coordinates that changes little by little.

    Where columns depend on one another a pivot is raised, as if G had a larger diagonal: `solve`
    is then inexact along the null direction, and tells what G makes of its answer.

    Attributes
    ----------
    active : ndarray of int
        The coordinates, in the order in which they came.
    jitter : ndarray
        By how much the diagonal is larger.
    """

    def __init__(self):
        self.active = np.empty(0, dtype=np.int64)
        self.jitter = np.empty(0)
        self.R = np.empty((0, 0))

    def follow(self, G, wanted):
        """Make the coordinates that a boolean mask names the active ones."""
        leaving = np.flatnonzero(~wanted[self.active])
        n_left = self.active.size - leaving.size
        if GAIN_OF_LAPACK * 3.0 * np.sum((self.active.size - leaving) ** 2) > n_left**3 / 3:
            self.forget()
        elif leaving.size:
            row, displaced = np.empty(n_left), np.empty((leaving.size, n_left))
            delete(self.R, self.active.size, leaving, row, displaced)
            self.active, self.jitter = (
                np.delete(those, leaving) for those in (self.active, self.jitter)
            )
        missing = wanted.copy()
        missing[self.active] = False
        if np.any(missing):
            self._append(G, np.flatnonzero(missing))

    def forget(self):
        """Begin anew, as after a change of G."""
        self.active, self.jitter = self.active[:0], self.jitter[:0]

    def solve(self, G, g):
        """Return d with ``G[active, active] @ d = g``, and the left side as it came out."""
        d, slope = g.copy(), g
        substitute(self.R, d, d.size)
        if self.jitter.any():
            jittered = np.flatnonzero(self.jitter)
            slope = g.copy()
            slope[jittered] = G[np.ix_(self.active[jittered], self.active)] @ d
        return d, slope

    def _append(self, G, new):
        """Append columns, together; where too little would be exact, factorise all of them anew."""
        if np.count_nonzero(self.jitter) > MANY:
            new = self._forgotten(new)
        n, total = self.active.size, self.active.size + new.size
        self._reserve(total)
        corner = G[np.ix_(new, new)]
        diagonal, jitter = corner.diagonal().copy(), np.zeros(new.size)
        if n:
            edge, _ = lapack.dtrtrs(self.R.T[:, :n], G[np.ix_(new, self.active)].T, lower=1)
            corner -= edge.T @ edge
        L, failed = lapack.dpotrf(corner.T, lower=1)
        if failed or np.any(L.diagonal() ** 2 < INDEPENDENT * diagonal):
            weakest = self._weakest_pivot(G)
            if weakest < WEAK:
                return self._append(G, self._forgotten(new))
            L, order, jitter = pivoted(corner, diagonal, DEPENDENT / weakest)
            new, edge = new[order], edge[:, order] if n else None
        if n:
            self.R[:n, n:total] = edge
        self.R[n:total, n:total] = L.T
        self.active, self.jitter = (
            np.concatenate(pair) for pair in ((self.active, new), (self.jitter, jitter))
        )

    def _forgotten(self, new):
        """Begin anew; return the columns that there were, and some new ones."""
        new = np.concatenate([self.active, new])
        self.forget()
        return new

    def _weakest_pivot(self, G):
        """Return the smallest pivot that is not raised, relative to the diagonal."""
        firm = np.flatnonzero(self.jitter == 0)
        j = self.active[firm]
        return np.min(self.R[firm, firm] ** 2 / G[j, j], initial=1.0)

    def _reserve(self, size):
        """Make room for a number of active coordinates."""
        if size > len(self.R):
            n = self.active.size
            R = np.empty((capacity(size), capacity(size)))
            R[:n, :n] = self.R[:n, :n]
            self.R = R


def capacity(size):
    """Return how much to reserve for a growing square matrix: a half more, no power of two."""
    return (size + size // 2) // 16 * 16 + 24
