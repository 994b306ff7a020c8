"""Conjugate gradients for ``(A + shift) x = b``, with many shifts at the price of one.

The Krylov spaces of A and of A + shift are the same, so Lanczos vectors, which cost the products,
serve every shift. What each shift adds is a factor of a tridiagonal matrix, step by step, as in
conjugate gradients: Golub and Van Loan (2013), sections 10.1 and 11.3. Several b share the
products. Arrays of what depends on both have the axes b and shift. All of the package's conjugate
gradients are these: a single system has one shift, which is 0.
"""

from typing import NamedTuple

import numpy as np

from .._numba import compiled

BLOCK = 16  # Lanczos vectors that are added to the solutions at once
ROOM = 1 << 24  # numbers in these: 128 MiB, or fewer vectors
MAX_STEPS = 200  # of a system that is part of another solver
FLAT = 1e-10  # curvature, relative to that of the diagonal, along dependent columns


class Shifted(NamedTuple):
    """What each shift makes of the Lanczos coefficients, in arrays of shape (n_b, n_shifts).

    `z` is the residual along the next vector, `pivot` the last of the tridiagonal factor, `square`
    that of the length of the direction. Since the last turn x and the direction have become sums of
    the direction that was and of the vectors, whose weights are along a third axis.
    """

    shifts: np.ndarray
    z: np.ndarray
    pivot: np.ndarray
    square: np.ndarray
    energy: np.ndarray
    going: np.ndarray
    in_x: np.ndarray
    in_direction: np.ndarray


@compiled
def recur(image, V, k, alpha, beta, shifted, flat, short):
    """Make ``V[:, k + 1]`` out of the product with ``V[:, k]``, and take the step of every shift.

    The direction is ``V[:, k]`` and what has grown of the last; x gains some of it. `beta` is
    overwritten by the next.
    """
    n_vectors, length = V.shape[0], V.shape[2]
    for b in range(n_vectors):
        along, squares, before = 0.0, 0.0, beta[b]
        for i in range(length):
            V[b, k + 1, i] = image[i, b] - before * V[b, k - 1, i]
            along += V[b, k + 1, i] * V[b, k, i]
        for i in range(length):
            V[b, k + 1, i] -= along * V[b, k, i]
            squares += V[b, k + 1, i] ** 2
        alpha[b], beta[b] = along, np.sqrt(squares)
        inverse = 1.0 / beta[b] if beta[b] > 0.0 else 0.0
        for i in range(length):
            V[b, k + 1, i] *= inverse
        for a in range(shifted.z.shape[1]):
            growth = -before / shifted.pivot[b, a]
            pivot = along + shifted.shifts[b, a] + before * growth
            square = 1.0 + growth**2 * shifted.square[b, a]
            shifted.going[b, a] &= pivot > flat * square
            if not shifted.going[b, a]:
                continue
            gain = shifted.z[b, a] / pivot
            shifted.energy[b, a] += gain * shifted.z[b, a]
            shifted.z[b, a] = -beta[b] * gain
            shifted.going[b, a] = abs(shifted.z[b, a]) > short
            shifted.pivot[b, a], shifted.square[b, a] = pivot, square
            for q in range(k):
                shifted.in_direction[b, a, q] *= growth
                shifted.in_x[b, a, q] += gain * shifted.in_direction[b, a, q]
            shifted.in_direction[b, a, k], shifted.in_x[b, a, k] = 1.0, gain


class Krylov:
    """Lanczos vectors of A from several b, and what every shift makes of their coefficients.

    Parameters
    ----------
    product : callable
        Returns A times an array of shape (n, n_b).
    b : ndarray of shape (n, n_b)
        Right sides.
    shifts : ndarray of shape (n_b, n_shifts)
        Shifts of each.
    block : int
        Steps between calls of `turn`, at most.
    flat, short : float
        A curvature along a direction, relative to its square, and a length of a residual that are
        taken for 0.

    Attributes
    ----------
    energy : ndarray of shape (n_b, n_shifts)
        ``b' x`` so far, which approaches ``b' (A + shift)^-1 b`` from below.
    alpha, beta : ndarray of shape (n_b,)
        ``v' A v`` for the last v that was multiplied, and the length of what made the next.
    going : ndarray of bool, shape (n_b, n_shifts)
        Which are not done; the caller may take some out.
    length : ndarray of shape (n_b, 1)
        Length of each b.
    n_steps : int
        Steps so far.
    """

    def __init__(self, product, b, shifts, block=1, flat=0.0, short=0.0):
        shifts = np.array(shifts, order="C")  # or what is read-only would be compiled for anew
        self.product, self.shifts, self.nothing = product, shifts, (flat, short)
        length = np.sqrt(np.einsum("ib,ib->b", b, b))
        self.V = np.zeros((b.shape[1], block + 2, len(b)))
        self.V[:, 1] = (b / np.where(length > 0, length, 1.0)).T
        self.k, self.n_steps, self.length = 1, 0, length[:, None]
        self.alpha, self.beta = np.zeros((2, b.shape[1]))
        z = length[:, None] + np.zeros_like(shifts)
        self.going, self.energy = z > 0, np.zeros_like(shifts)
        state = z, np.ones_like(shifts), np.zeros_like(shifts), self.energy, self.going
        weights = np.zeros((2, *shifts.shape, block + 1))
        self.shifted = Shifted(shifts, *state, *weights)
        self.turn()

    @property
    def v(self):
        """The next Lanczos vector of each b, as rows."""
        return self.V[:, self.k]

    @property
    def residual(self):
        """Length of the residuals so far, of shape (n_b, n_shifts); these point along `v`."""
        return np.abs(self.shifted.z)

    def advance(self):
        """Take a step."""
        image = self.product(self.v.T)
        recur(image, self.V, self.k, self.alpha, self.beta, self.shifted, *self.nothing)
        self.k += 1
        self.n_steps += 1

    def turn(self):
        """Make room for another block of vectors."""
        self.V[:, :2] = self.V[:, self.k - 1 : self.k + 1]
        self.shifted.in_x[:] = self.shifted.in_direction[:] = 0.0
        self.shifted.in_direction[:, :, 0] = 1.0
        self.k = 1


def solve_shifted(product, b, shifts, reached, max_steps, **nothing):
    """Solve for every shift, until ``reached(krylov)``, if given, tells of each that it is done.

    Returns
    -------
    x : ndarray of shape (n, n_b, n_shifts)
        Solutions.
    n_steps : int
        Products.
    """
    block = max(1, min(BLOCK, ROOM // max(1, b.size)))
    krylov = Krylov(product, b, shifts, block, **nothing)
    x, direction = np.zeros((2, *shifts.shape, len(b)))
    while krylov.n_steps < max_steps and np.count_nonzero(krylov.going):
        krylov.advance()
        if reached:
            krylov.going &= ~reached(krylov)
        if krylov.k > block:
            add(x, direction, krylov)
            krylov.turn()
    if krylov.k > 1:
        add(x, direction, krylov)
    return x.transpose(2, 0, 1), krylov.n_steps


def solve_preconditioned(product, b, diagonal, *, tol, max_steps=MAX_STEPS):
    """Solve ``product(x) = b`` for an array x, preconditioned by a diagonal.

    Golub and Van Loan (2013), section 11.5. Where it is singular, the steps end.
    """
    root, no_shift = np.broadcast_to(np.sqrt(diagonal), b.shape), np.zeros((1, 1))

    def between_roots(v):
        return (product(v.reshape(b.shape) / root) / root).reshape(-1, 1)

    over_root = (b / root).reshape(-1, 1)
    nothing = {"flat": FLAT, "short": tol * np.linalg.norm(over_root)}
    x, _ = solve_shifted(between_roots, over_root, no_shift, None, max_steps, **nothing)
    return x.reshape(b.shape) / root


def add(x, direction, krylov):
    """Bring the solutions and their directions up to date."""
    in_x, in_direction, k = krylov.shifted.in_x, krylov.shifted.in_direction, krylov.k
    on = np.flatnonzero(in_x.any(axis=(0, 2)))
    weights = np.concatenate([in_x[:, on], in_direction[:, on]], axis=1)
    change = np.matmul(weights[:, :, 1:k], krylov.V[:, 1:k])
    last = direction[:, on]
    x[:, on] += change[:, : len(on)] + in_x[:, on, :1] * last
    direction[:, on] = change[:, len(on) :] + in_direction[:, on, :1] * last
