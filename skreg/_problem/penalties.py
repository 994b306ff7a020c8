"""Penalties h(w) = sum_j h_j(w_j) with bounds: what a solver and a certificate ask of them.

A column that must not be used has ``lower == upper``: no other special case is needed.
A new penalty brings the methods below; the certificate then serves it as it stands.
"""

from typing import NamedTuple

import numpy as np

LARGEST = 1e300  # weight or coefficient
ROUNDING = 1e-15
NEGLIGIBLE = 1e-10  # L1 part of the penalty of a column, relative to its largest correlation
WEAK = 1e-12  # ridge part, relative to the square of the column


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
        lower, upper = self.lower.reshape(shape), self.upper.reshape(shape)
        return type(self)(weight, ridge, lower, upper)

    def take(self, index):
        """Return the penalty of some columns."""
        return type(self)(*(field[index] for field in self))

    def in_units(self, unit):
        """Return the penalty of coefficients that are counted in another unit."""
        weight = np.minimum(self.weight / unit, LARGEST)  # for nothing is no number times inf
        return type(self)(weight, self.ridge, self.lower / unit, self.upper / unit)

    def unbound(self, limit):
        """Return the penalty without bounds beyond a limit, apart from those next to 0."""
        lower = np.where(self.lower < -limit, -np.inf, self.lower)
        upper = np.where(self.upper > limit, np.inf, self.upper)
        return self._replace(lower=lower, upper=upper)

    def nearest_to_zero(self):
        """Return coefficients of 0, or the bounds nearest to it."""
        return within(0.0, self.lower, self.upper)

    def value(self, w):
        """Return h_j(w_j)."""
        return self.weight * np.abs(w) + 0.5 * (self.ridge * w) * w

    def gap(self, c, w):
        """Return ``h_j(w_j) + h_j*(c_j) - c_j w_j``; along an unbounded side `c` must be feasible.

        It is the gap of Fenchel and Young, with the conjugate h*: how much better than w_j the best
        coefficient is in ``c_j w - h_j(w)``. Written so that nothing cancels where they are near.
        """
        best = self._best(c)
        sizes = self.size(best) + self.size(w)
        slope = self.ridge / 2 + self.weight / np.where(sizes > 0, sizes, 1.0)
        gain = self.couple((best - w) * (c - slope * (best + w)))
        return np.maximum(gain, 0.0)  # below 0: rounding

    def _best(self, c):
        """Return the coefficients with the largest ``c_j w - h_j(w)``."""
        excess = np.sign(c) * np.maximum(np.abs(c) - self.weight, 0.0)
        end = np.where(c > 0, self.upper, self.lower)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inner = within(excess / self.ridge, -LARGEST, LARGEST)
        best = np.where(excess == 0, 0.0, np.where(self.ridge > 0, inner, end))
        return within(np.where(np.isfinite(best), best, 0.0), self.lower, self.upper)

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        above = np.where(w >= 0, self.weight, -self.weight)  # slope of h to the right of w
        below = np.where(w > 0, self.weight, -self.weight)
        slope = self.ridge * w
        return outside(c, w, below + slope, above + slope, self)

    def feasible_scales(self, c):
        """Return the largest t <= 1 for which t * c has finite conjugates, free columns aside.

        A second one keeps to the L1 part alone, as if there was no ridge: where the ridge is weak,
        its conjugate makes much of a little that c exceeds the weight by.
        """
        endless = (self.weight > 0) & self.endless(c)
        if not endless.any():
            yield 1.0
            return
        excess = np.where(endless, self.size(c), 0.0) / np.where(endless, self.weight, 1.0)
        yield 1.0 / np.maximum(1.0, (excess * (self.ridge == 0)).max(axis=0, initial=0.0))
        if self.ridge.any():
            yield (1 - ROUNDING) / np.maximum(1.0, excess.max(axis=0, initial=0.0))

    def largest_alpha(self, c, w):
        """Return the smallest alpha at which no row of w that is 0 leaves it."""
        zero = (self.weight > 0) & ~in_any(w != 0) & in_any(self.free_to_leave(c))
        return np.max(self.size(c)[zero] / self.weight[zero, None], initial=0.0)

    def free_to_leave(self, c):
        """Tell which coefficients at 0 the bounds let move in the direction of c."""
        return np.where(c > 0, self.upper[:, None] > 0, self.lower[:, None] < 0)

    def unlimited(self, length, size, alpha=1.0):
        """Tell which columns have next to no penalty, and no bound on some side.

        Columns of some lengths are meant, and correlations with a vector of some size.
        """
        light = alpha * self.weight <= (NEGLIGIBLE * size) * length
        light &= alpha * self.ridge <= WEAK * length**2
        return light & (np.isinf(self.lower) | np.isinf(self.upper))

    def unbounded(self, c):
        """Tell where no L1 part keeps a column from moving without end."""
        return self.endless(c) & (self.size(c) > self.weight)

    def endless(self, c):
        """Tell where no bound ends a move in the direction of c."""
        return np.where(c > 0, np.isinf(self.upper), np.isinf(self.lower))

    def slope(self, w):
        """Return the slope of the part without ridge, where it has one."""
        return self.weight * np.sign(w)

    def bend(self, w, d):
        """Return the second derivative of that part, applied to d."""
        return 0.0 * d

    def stop(self, w, moved):
        """Return where a move from w stops: at 0 where the sign would change, at the bounds."""
        moved = np.where((moved * w < 0) & (self.weight > 0), 0.0, moved)
        return within(moved, self.lower, self.upper)

    def size(self, c):
        """Return what the weights limit: the size of c_j."""
        return np.abs(c)

    def couple(self, values):
        """Return the values of each problem; here every column of an array is one."""
        return values


class RowElasticNet(ElasticNet):
    """h_j(w) = weight_j ||w_j|| + ridge_j ||w_j||**2 / 2 for rows w_j, without bounds.

    All columns of an array belong to one problem: whatever is a number for each of them in an
    ElasticNet is one number here, with an axis of length 1 in its place.
    """

    def size(self, c):
        """Return the lengths of the rows."""
        return np.sqrt(self.couple(c**2))

    def couple(self, values):
        """Return the sum over the columns."""
        return values.sum(axis=-1, keepdims=True)

    def value(self, w):
        """Return h_j(w_j)."""
        size = self.size(w)
        return self.weight * size + self.ridge * size**2 / 2

    def _best(self, c):
        """Return the rows with the largest ``c_j'w - h_j(w)``; without a ridge, `c` is feasible."""
        excess, size = np.maximum(self.size(c) - self.weight, 0.0), self._nonzero_size(c)
        return excess / np.where(self.ridge > 0, self.ridge, np.inf) * (c / size)

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        on = self.size(c - self.ridge * w - self.slope(w))
        violation = np.where(self.size(w) > 0, on, np.maximum(self.size(c) - self.weight, 0.0))
        return np.where(self.lower < self.upper, violation, 0.0)

    def slope(self, w):
        """Return the slope of the part without ridge, where it has one."""
        return self.weight * w / self._nonzero_size(w)

    def bend(self, w, d):
        """Return the second derivative of that part, applied to d."""
        size = self._nonzero_size(w)
        return self.weight / size * (d - w / size * self.couple(w / size * d))

    def stop(self, w, moved):
        """Return where a move from w stops: nowhere."""
        return moved

    def _nonzero_size(self, w):
        """Return the lengths of rows, and 1 for those that are 0."""
        size = self.size(w)
        return np.where(size > 0, size, 1.0)

    def endless(self, c):
        """Tell which columns are not fixed."""
        return self.lower < self.upper

    def free_to_leave(self, c):
        """Tell which coefficients are not fixed."""
        return (self.lower < self.upper)[:, None]


def within(a, lower, upper):
    """Return ``a.clip(lower, upper)``, which takes longer on few numbers."""
    return np.minimum(np.maximum(a, lower), upper)


def in_any(a):
    """Return ``a.any(axis=1)``, which takes long where there is one column."""
    return a[:, 0] if a.shape[1] == 1 else a.any(axis=1)


def outside(c, w, below, above, penalty):
    """Return how far c lies outside [below, above], which the bounds that w touches widen."""
    too_high = np.where(w < penalty.upper, c - above, 0.0)
    too_low = np.where(w > penalty.lower, below - c, 0.0)
    return np.maximum(0.0, np.maximum(too_high, too_low))
