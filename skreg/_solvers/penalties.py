"""Penalties h(w) = sum_j h_j(w_j) with bounds: what a solver and a certificate ask of them.

A column that must not be used has ``lower == upper``: no other special case is needed.
A new penalty brings the methods below; the certificate then serves it as it stands.
"""

from typing import NamedTuple

import numpy as np


class L1(NamedTuple):
    """h_j(w) = weight_j |w| for lower_j <= w <= upper_j, else infinite."""

    weight: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def value(self, w):
        """Return h_j(w_j)."""
        return self.weight * np.abs(w)

    def conjugate(self, c):
        """Return max_w c_j w - h_j(w); along an unbounded side `c` must be feasible."""
        ends = [np.where(np.isfinite(end), end, 0.0) for end in (self.lower, self.upper)]
        corners = [np.clip(end, self.lower, self.upper) for end in (*ends, 0.0)]
        return np.max([c * corner - self.value(corner) for corner in corners], axis=0)

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        above = np.where(w >= 0, self.weight, -self.weight)  # slope of h to the right of w
        below = np.where(w > 0, self.weight, -self.weight)
        return outside(c, w, below, above, self)

    def feasible_scale(self, c):
        """Return the largest t <= 1 for which t * c has finite conjugates, free columns aside."""
        excess = np.where(c > 0, np.isinf(self.upper), np.isinf(self.lower)) * np.abs(c)
        excess = excess[self.weight > 0] / self.weight[self.weight > 0]
        return 1.0 / max(1.0, excess.max(initial=0.0))


class L2(NamedTuple):
    """h_j(w) = weight_j w**2 / 2 for lower_j <= w <= upper_j, else infinite."""

    weight: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def value(self, w):
        """Return h_j(w_j)."""
        return self.weight * w**2 / 2

    def conjugate(self, c):
        """Return max_w c_j w - h_j(w); c_j must be 0 where the maximum is unbounded."""
        weight = np.where(self.weight > 0, self.weight, 1.0)
        best = np.where(self.weight > 0, c / weight, np.where(c > 0, self.upper, self.lower))
        best = np.where(np.isfinite(best), best, 0.0)
        best = np.clip(best, self.lower, self.upper)
        return c * best - self.value(best)

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        slope = self.weight * w
        return outside(c, w, slope, slope, self)

    def feasible_scale(self, c):
        """Return 1: every c has finite conjugates, free columns aside."""
        return 1.0


def take(penalty, index):
    """Return the penalty of some columns, or of one target."""
    return type(penalty)(*(field[index] for field in penalty))


def outside(c, w, below, above, penalty):
    """Return how far c lies outside [below, above], which the bounds that w touches widen."""
    too_high = np.where(w < penalty.upper, c - above, 0.0)
    too_low = np.where(w > penalty.lower, below - c, 0.0)
    return np.maximum(0.0, np.maximum(too_high, too_low))


def unbounded(penalty, c):
    """Return the columns without a penalty that are free to move in the direction of c."""
    free_side = np.where(c > 0, np.isinf(penalty.upper), np.isinf(penalty.lower))
    return np.flatnonzero((penalty.weight == 0) & free_side & (c != 0))
