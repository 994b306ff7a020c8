"""The Cholesky factor of a Gram matrix whose columns come and go: R'R = G[active, active].

R is upper triangular and stored by rows, so that every inner loop below runs along a row. Columns
are appended at the end and deleted by Givens rotations: Golub and Van Loan (2013), section 6.5.
"""

import numpy as np
from scipy.linalg import lapack

from .._numba import kernel

SMALLEST_PIVOT = 1e-10  # relative to the diagonal; smaller ones are raised to it
GAIN_OF_LAPACK = 8  # how many times faster it factorises than the loops below update


@kernel
def factorise(S, smallest):
    """Replace the upper triangle of S by its factor; raise pivots below `smallest` to it."""
    n = S.shape[0]
    for k in range(n):
        S[k, k] = np.sqrt(max(S[k, k], smallest[k]))
        for b in range(k + 1, n):
            S[k, b] /= S[k, k]
        for a in range(k + 1, n):
            ska = S[k, a]
            for b in range(a, n):
                S[a, b] -= ska * S[k, b]


@kernel
def delete(R, v, n_active, position):
    """Delete a column: shift the later ones, rotate the rows below to a triangle again."""
    for a in range(position):
        for b in range(position, n_active - 1):
            R[a, b] = R[a, b + 1]
    for b in range(position + 1, n_active):
        v[b] = R[position, b]
    for a in range(position, n_active - 1):
        h = np.sqrt(v[a + 1] ** 2 + R[a + 1, a + 1] ** 2)
        cosine, sine = v[a + 1] / h, R[a + 1, a + 1] / h
        for b in range(a + 1, n_active):
            below = R[a + 1, b]
            R[a, b - 1] = cosine * v[b] + sine * below
            v[b] = cosine * below - sine * v[b]


@kernel
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


class Factor:
    """The factor of G[active, active] for a set of coordinates that changes little by little.

    Where columns depend on one another a pivot is raised: `solve` is then inexact along the null
    direction, and whoever walks along its answer has to measure the curvature.

    Attributes
    ----------
    active : ndarray of int
        The coordinates, in the order in which they came.
    """

    def __init__(self):
        self.active = np.empty(0, dtype=np.int64)
        self.R = np.empty((0, 0))

    def follow(self, G, wanted):
        """Make the coordinates that a boolean mask names the active ones."""
        leaving = np.flatnonzero(~wanted[self.active])
        n_left = self.active.size - leaving.size
        if GAIN_OF_LAPACK * 3.0 * np.sum((self.active.size - leaving) ** 2) > n_left**3 / 3:
            self.forget()
        else:
            for position in leaving[::-1]:
                delete(self.R, np.empty(self.active.size), self.active.size, position)
                self.active = np.delete(self.active, position)
        missing = wanted.copy()
        missing[self.active] = False
        if np.any(missing):
            self._append(G, np.flatnonzero(missing))

    def forget(self):
        """Begin anew, as after a change of G."""
        self.active = self.active[:0]

    def solve(self, g):
        """Return d with G[active, active] @ d = g."""
        d = g.copy()
        substitute(self.R, d, d.size)
        return d

    def _append(self, G, new):
        """Append columns, together."""
        n, total = self.active.size, self.active.size + new.size
        self._reserve(total)
        corner = G[np.ix_(new, new)]
        smallest = SMALLEST_PIVOT * corner.diagonal()
        if n:
            edge, _ = lapack.dtrtrs(self.R.T[:, :n], G[np.ix_(new, self.active)].T, lower=1)
            corner -= edge.T @ edge
            self.R[:n, n:total] = edge
        L, failed = lapack.dpotrf(corner.T, lower=1)
        if failed or np.any(L.diagonal() ** 2 < smallest):
            factorise(corner, smallest)
            L = corner.T
        self.R[n:total, n:total] = L.T
        self.active = np.concatenate([self.active, new])

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
