"""Penalties h(w) = sum_j h_j(w_j) with bounds: what a solver and a certificate ask of them.

A column that must not be used has ``lower == upper``: no other special case is needed.
A new penalty brings the methods below; the certificate then serves it as it stands.
"""

from typing import NamedTuple

import numpy as np


class ElasticNet(NamedTuple):
    """h_j(w) = weight_j |w| + ridge_j w**2 / 2 for lower_j <= w <= upper_j, else infinite."""

    weight: np.ndarray
    ridge: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def at(self, alpha):
        """Return alpha times the penalty; several alphas add an axis."""
        shape = (-1, *(1,) * np.ndim(alpha))
        weight, ridge = (np.multiply.outer(part, alpha) for part in (self.weight, self.ridge))
        return ElasticNet(weight, ridge, self.lower.reshape(shape), self.upper.reshape(shape))

    def take(self, index):
        """Return the penalty of some columns."""
        return type(self)(*(field[index] for field in self))

    def rest(self):
        """Return the coefficients at rest: 0, or the bound next to it."""
        return np.clip(0.0, self.lower, self.upper)

    def value(self, w):
        """Return h_j(w_j)."""
        return self.weight * np.abs(w) + self.ridge * w**2 / 2

    def conjugate(self, c):
        """Return max_w c_j w - h_j(w); along an unbounded side `c` must be feasible."""
        excess = np.sign(c) * np.maximum(np.abs(c) - self.weight, 0.0)
        end = np.where(c > 0, self.upper, self.lower)
        with np.errstate(divide="ignore", invalid="ignore"):
            best = np.where(excess == 0, 0.0, np.where(self.ridge > 0, excess / self.ridge, end))
        best = np.clip(np.where(np.isfinite(best), best, 0.0), self.lower, self.upper)
        return c * best - self.value(best)

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        above = np.where(w >= 0, self.weight, -self.weight)  # slope of h to the right of w
        below = np.where(w > 0, self.weight, -self.weight)
        slope = self.ridge * w
        return outside(c, w, below + slope, above + slope, self)

    def feasible_scale(self, c):
        """Return the largest t <= 1 for which t * c has finite conjugates, free columns aside."""
        endless = np.where(c > 0, np.isinf(self.upper), np.isinf(self.lower)) & (self.ridge == 0)
        limited = endless & (self.weight > 0)
        excess = np.where(limited, np.abs(c), 0.0) / np.where(limited, self.weight, 1.0)
        return 1.0 / np.maximum(1.0, excess.max(axis=0, initial=0.0))

    def largest_alpha(self, c, w):
        """Return the smallest alpha at which no coefficient that is 0 leaves it."""
        room = np.where(c > 0, self.upper > 0, self.lower < 0) & (self.weight > 0) & (w == 0)
        return np.max(np.abs(c[room]) / self.weight[room], initial=0.0)


def outside(c, w, below, above, penalty):
    """Return how far c lies outside [below, above], which the bounds that w touches widen."""
    too_high = np.where(w < penalty.upper, c - above, 0.0)
    too_low = np.where(w > penalty.lower, below - c, 0.0)
    return np.maximum(0.0, np.maximum(too_high, too_low))


def unbounded(penalty, c):
    """Tell which columns have no penalty and are free to move in the direction of c."""
    endless = np.where(c > 0, np.isinf(penalty.upper), np.isinf(penalty.lower))
    return (penalty.weight == 0) & (penalty.ridge == 0) & endless & (c != 0)
