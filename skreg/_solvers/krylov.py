"""Symmetric positive definite systems ``(A + shift) x = b``, for many shifts at the price of one.

The Krylov spaces of A and of A + shift are the same, so Lanczos vectors, which cost the products,
serve every shift. What each shift adds is a factor of a tridiagonal matrix, step by step, as in
conjugate gradients: Golub and Van Loan (2013), sections 10.1 and 11.3. Several b share the
products. Arrays of what depends on both have the axes b and shift.
"""

import numpy as np

from .._numba import kernel

BLOCK = 16  # Lanczos vectors that are added to the solutions at once
ROOM = 1 << 24  # numbers in these: 128 MiB, or fewer vectors


@kernel
def recur(image, V, k, alpha, beta):
    """Make ``V[:, k + 1]`` out of the product with ``V[:, k]``; beta is overwritten by the next."""
    n_vectors, length = V.shape[0], V.shape[2]
    for b in range(n_vectors):
        along, squares = 0.0, 0.0
        for i in range(length):
            V[b, k + 1, i] = image[i, b] - beta[b] * V[b, k - 1, i]
            along += V[b, k + 1, i] * V[b, k, i]
        for i in range(length):
            V[b, k + 1, i] -= along * V[b, k, i]
            squares += V[b, k + 1, i] ** 2
        alpha[b], beta[b] = along, np.sqrt(squares)
        inverse = 1.0 / beta[b] if beta[b] > 0.0 else 0.0
        for i in range(length):
            V[b, k + 1, i] *= inverse


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

    Attributes
    ----------
    residual : ndarray of shape (n_b, n_shifts)
        Length of the residuals so far; these point along `v`.
    energy : ndarray of shape (n_b, n_shifts)
        ``b' x`` so far, which approaches ``b' (A + shift)^-1 b`` from below.
    alpha : ndarray of shape (n_b,)
        ``v' A v`` for the last v that was multiplied.
    going : ndarray of bool, shape (n_b, n_shifts)
        Which are not done; the caller takes them out.
    """

    def __init__(self, product, b, shifts, block=1):
        self.product, self.shifts = product, shifts
        length = np.sqrt(np.einsum("ib,ib->b", b, b))
        self.V = np.zeros((b.shape[1], block + 2, len(b)))
        self.V[:, 1] = (b / np.where(length > 0, length, 1.0)).T
        self.k = 1
        self.alpha, self.beta = np.zeros((2, b.shape[1]))
        self.residual = length[:, None] + np.zeros_like(shifts)
        self.z, self.pivot, self.energy = self.residual, np.ones_like(shifts), 0.0 * shifts
        self.going, self.is_first = self.residual > 0, True

    @property
    def v(self):
        """The next Lanczos vector of each b, as rows."""
        return self.V[:, self.k]

    def advance(self):
        """Take a step; return what x gains along a direction, and the direction along the last."""
        image, before = self.product(self.v.T), self.beta[:, None].copy()
        recur(image, self.V, self.k, self.alpha, self.beta)
        self.k += 1
        growth = -before / self.pivot
        pivot = self.alpha[:, None] + self.shifts + before * growth
        self.going &= pivot > 0
        self.pivot = np.where(self.going, pivot, 1.0)
        self.z = np.where(self.going, self.z if self.is_first else growth * self.z, 0.0)
        gain = self.z / self.pivot
        self.energy += gain * self.z
        self.residual = np.where(self.going, self.beta[:, None] * np.abs(gain), self.residual)
        self.is_first = False
        return gain, np.where(self.going, growth, 0.0)

    def turn(self):
        """Make room for another block of vectors."""
        self.V[:, :2] = self.V[:, self.k - 1 : self.k + 1]
        self.k = 1


def solve_shifted(product, b, shifts, reached, max_steps):
    """Solve for every shift, until ``reached(krylov)`` tells of each that it is done.

    Returns
    -------
    x : ndarray of shape (n, n_b, n_shifts)
        Solutions.
    n_steps : int
        Products.
    """
    block = int(np.clip(ROOM // max(1, b.size), 1, BLOCK))
    krylov, n_steps = Krylov(product, b, shifts, block), 0
    x, direction = np.zeros((2, *shifts.shape, len(b)))
    gains, growths = [], []
    while n_steps < max_steps and krylov.going.any():
        n_steps += 1
        gain, growth = krylov.advance()
        gains.append(gain)
        growths.append(growth)
        krylov.going &= ~reached(krylov)
        if len(gains) == block:
            add(x, direction, krylov.V, gains, growths)
            krylov.turn()
            gains, growths = [], []
    if gains:
        add(x, direction, krylov.V, gains, growths)
    return x.transpose(2, 0, 1), n_steps


def add(x, direction, V, gains, growths):
    """Add a block of steps: direction k is v_k plus growth_k times the last, x gains some of it."""
    on = np.flatnonzero(np.any(gains, axis=(0, 1)))
    gains, growths = np.array(gains)[:, :, on], np.array(growths)[:, :, on]
    to_x, to_direction = np.zeros_like(gains[0]), np.ones_like(gains[0])
    weights = np.empty((len(gains), len(x), 2 * len(on)))
    for k in reversed(range(len(gains))):
        to_x = to_x + gains[k]
        weights[k] = np.concatenate([to_x, to_direction], axis=1)
        to_x, to_direction = to_x * growths[k], to_direction * growths[k]
    change = np.matmul(weights.transpose(1, 2, 0), V[:, 1 : len(gains) + 1])
    last = direction[:, on]
    x[:, on] += change[:, : len(on)] + to_x[:, :, None] * last
    direction[:, on] = change[:, len(on) :] + to_direction[:, :, None] * last
