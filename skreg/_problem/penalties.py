"""Penalties h(w) = sum_j h_j(w_j) with bounds: what a solver and a certificate ask of them.

A column that must not be used has ``lower == upper``: no other special case is needed.
A new penalty brings the methods below; the certificate then serves it as it stands.
"""

from typing import NamedTuple

import numpy as np

from .._numba import compiled

LARGEST = 1e300  # weight or coefficient
ROUNDING = 1e-15
NEGLIGIBLE = 1e-10  # L1 part of the penalty of a column, relative to its largest correlation
WEAK = 1e-12  # ridge part, relative to the square of the column


class Judged(NamedTuple):
    """What a certificate asks of a penalty, for each of several problems.

    Attributes
    ----------
    value : ndarray of shape (n_problems,)
        The penalty.
    violation : ndarray of shape (n_problems,)
        The largest distance of a c_j from the subdifferential of h_j at w_j.
    worst : ndarray of shape (n_columns,)
        The largest for each column.
    scaled : list of (t, gap)
        Scales t <= 1 for which t * c has finite conjugates, columns without a penalty aside, and
        the sums of ``h_j(w_j) + h_j*(t c_j) - t c_j w_j``, the gaps of Fenchel and Young: by how
        much the best coefficients are better than w in ``t c_j w - h_j(w)``.
    """

    value: np.ndarray
    violation: np.ndarray
    worst: np.ndarray
    scaled: list


@compiled
def judge_columns(C, W, weights, ridges, lower, upper, alphas, sums, worst):
    """Fill in the largest violations, and for each problem what `Judged` says.

    The first scale keeps to the columns without a ridge: the conjugates of others are finite. The
    second keeps to the L1 parts alone, as if there was no ridge: where that is weak, its conjugate
    makes much of a little that c exceeds the weight by.
    """
    worst[:] = 0.0
    for k in range(C.shape[1]):
        value, violation, strict, strictest, alpha = 0.0, 0.0, 1.0, 1.0, alphas[k]
        for j in range(C.shape[0]):
            c, w, weight, ridge = C[j, k], W[j, k], alpha * weights[j], alpha * ridges[j]
            value += weight * abs(w) + 0.5 * (ridge * w) * w
            right = c - ridge * w - (weight if w >= 0.0 else -weight)
            left = ridge * w - c + (weight if w > 0.0 else -weight)
            own = 0.0
            if w < upper[j] and not right <= 0.0:
                own = right
            if w > lower[j] and not left <= own:
                own = left
            worst[j] = worst[j] if own <= worst[j] else own
            violation = violation if own <= violation else own
            end = upper[j] if c > 0.0 else lower[j]
            if abs(c) > strict * weight and weight > 0.0 and abs(end) == np.inf:
                strictest = max(strictest, abs(c) / weight)
                strict = max(strict, abs(c) / weight) if ridge == 0.0 else strict
        sums[0, k], sums[1, k] = value, violation
        for row in range(2, 6 if strictest > strict else 4, 2):
            t, total = 1.0 / strict if row == 2 else (1.0 - ROUNDING) / strictest, 0.0
            for j in range(C.shape[0]):
                c, w, weight, ridge = t * C[j, k], W[j, k], alpha * weights[j], alpha * ridges[j]
                best = 0.0  # the coefficient with the largest c w - h(w)
                if abs(c) > weight:
                    best = upper[j] if c > 0.0 else lower[j]
                    if ridge > 0.0:
                        size = min((abs(c) - weight) / ridge, LARGEST)
                        best = size if c > 0.0 else -size
                    elif abs(best) == np.inf:
                        best = 0.0
                best = min(max(best, lower[j]), upper[j])
                size = abs(best) + abs(w)
                slope = ridge / 2 + (weight / size if size > 0.0 else weight)
                gain = (best - w) * (c - slope * (best + w))  # nothing cancels near the solution
                total += 0.0 if gain < 0.0 else gain  # below 0: rounding
            sums[row, k], sums[row + 1, k] = t, total


class Fields(NamedTuple):
    """A number of each column: the weight of the L1 part, that of the squares, and bounds."""

    weight: np.ndarray
    ridge: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


class Penalty:
    """What penalties with these fields have in common."""

    def at(self, alpha):
        """Return alpha times the penalty; several alphas add an axis."""
        if isinstance(alpha, float):
            return self._replace(weight=self.weight * alpha, ridge=self.ridge * alpha)
        shape = (-1, *(1,) * np.ndim(alpha))
        weight, ridge = (np.multiply.outer(part, alpha) for part in (self.weight, self.ridge))
        lower, upper = self.lower.reshape(shape), self.upper.reshape(shape)
        return self._replace(weight=weight, ridge=ridge, lower=lower, upper=upper)

    def take(self, index):
        """Return the penalty of some columns."""
        return self._make([part[index] for part in self])

    def in_units(self, unit):
        """Return the penalty of coefficients that are counted in another unit."""
        weight = np.minimum(self.weight / unit, LARGEST)  # for nothing is no number times inf
        return self._replace(weight=weight, lower=self.lower / unit, upper=self.upper / unit)

    def whole(self, columns):
        """Return the columns, and those that cannot be apart from them."""
        return columns

    @property
    def free(self):
        """Tell which columns have no penalty, and may move."""
        return (self.weight == 0) & (self.ridge == 0) & (self.lower < self.upper)

    @property
    def smooth(self):
        """Tell whether the penalty is a sum of squares, without bounds."""
        return not (self.weight.any() or np.isfinite([self.lower, self.upper]).any())

    def nearest_to_zero(self):
        """Return coefficients of 0, or the bounds nearest to it."""
        return within(0.0, self.lower, self.upper)

    def value(self, w):
        """Return numbers whose sum over the columns is the penalty."""
        return self.weight * self.share(w) + 0.5 * (self.ridge * w) * w

    def largest_alpha(self, c, w):
        """Return the smallest alpha at which no column that is 0 leaves it."""
        zero = (self.weight > 0) & ~in_any(self.norm(w) > 0) & in_any(self.free_to_leave(c))
        return (self.size(c)[zero] / self.weight[zero, None]).max(initial=0.0)

    def unlimited(self, length, size, alpha=1.0):
        """Tell which columns have next to no penalty, and no bound on some side.

        Columns of some lengths are meant, and correlations with a vector of some size.
        """
        light = alpha * self.weight <= (NEGLIGIBLE * size) * length
        if not light.any():
            return light
        light &= alpha * self.ridge <= WEAK * length**2
        return light & (np.isinf(self.lower) | np.isinf(self.upper))

    def unbounded(self, c):
        """Tell where no L1 part keeps a column from moving without end."""
        return self.endless(c) & (self.size(c) > self.weight)


class ElasticNet(Penalty, Fields):
    """h_j(w) = weight_j |w| + ridge_j w**2 / 2 for lower_j <= w <= upper_j, else infinite."""

    def unbound(self, limit):
        """Return the penalty without bounds beyond a limit, apart from those next to 0."""
        lower = np.where(self.lower < -limit, -np.inf, self.lower)
        upper = np.where(self.upper > limit, np.inf, self.upper)
        return self._replace(lower=lower, upper=upper)

    def share(self, w):
        """Return the share of each coefficient in what the weights multiply."""
        return np.abs(w)

    def judge(self, C, W, alphas):
        """Return what a certificate asks of each alpha times the penalty."""
        sums, worst = np.zeros((6, len(alphas))), np.empty(len(W))
        sums[5] = np.inf  # unless there is a second scale
        C, W = np.ascontiguousarray(C), np.ascontiguousarray(W)
        judge_columns(C, W, *self, alphas, sums, worst)
        value, violation, first, gap, second, other = sums
        scaled = [(first, gap), (second, other)]
        return Judged(value, violation, worst, scaled if second.any() else scaled[:1])

    def free_to_leave(self, c):
        """Tell which coefficients at 0 the bounds let move in the direction of c."""
        return np.where(c > 0, self.upper[:, None] > 0, self.lower[:, None] < 0)

    def endless(self, c):
        """Tell where no bound ends a move in the direction of c."""
        upwards = c > 0
        return (upwards & np.isinf(self.upper)) | (~upwards & np.isinf(self.lower))

    def differentiable(self, w):
        """Tell where the penalty has a slope, bounds aside."""
        return (w != 0) | (self.weight == 0)

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

    def norm(self, w):
        """Return the sizes of the coefficients."""
        return np.abs(w)

    def size(self, c):
        """Return what the weights limit: the size of c_j."""
        return np.abs(c)

    def couple(self, values):
        """Return the values of each problem; here every column of an array is one."""
        return values


def within(a, lower, upper):
    """Return ``a.clip(lower, upper)``, which takes longer on few numbers."""
    return np.minimum(np.maximum(a, lower), upper)


def in_any(a):
    """Return ``a.any(axis=1)``, which takes long where there is one column."""
    return a[:, 0] if a.shape[1] == 1 else a.any(axis=1)
