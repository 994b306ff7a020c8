"""Penalties of blocks of coefficients, which become zero together: rows, and groups of columns."""

from typing import NamedTuple

import numpy as np

from .penalties import ROUNDING, Fields, Judged, Penalty

MOST_STEPS = 100  # Newton steps to a dual norm; they come to an end by themselves


class BlockPenalty(Penalty):
    """Penalties weight ||w_g|| + ridge ||w_g||_2**2 / 2 of blocks w_g, without bounds.

    There is one problem. Those that differ in the norm have these methods of their own:

    - ``sums(a)``: the sums over the block of each coefficient or, with rows, of each row;
    - ``norm(w)``: the norms of the blocks;
    - ``size(c)``: the dual norms, the largest ``c_g @ w_g`` for blocks of norm 1.
    """

    def length(self, w):
        """Return the Euclidean lengths of the blocks."""
        return np.sqrt(self.sums(w**2))

    def nonzero_length(self, w):
        """Return the lengths of the blocks, and 1 for those that are 0."""
        length = self.length(w)
        return np.where(length > 0, length, 1.0)

    def judge(self, C, W, alphas):
        """Return what a certificate asks of alpha times the penalty; there is one problem."""
        part = self.at(alphas)
        violation = part.violation(C, W)
        scaled = [(t, part.gap(t * C, W)) for t in part.feasible_scales(C)]
        value, largest = part.value(W).sum(axis=0), violation.max(axis=0, initial=0.0)
        return Judged(value, largest, violation[:, 0], scaled)

    def feasible_scales(self, c):
        """Yield the scales of `Judged`, the first without the columns that have a ridge."""
        used = (self.weight > 0) & self.endless(c)
        excess = np.where(used, self.size(c), 0.0) / np.where(used, self.weight, 1.0)
        yield 1.0 / np.maximum(1.0, (excess * (self.ridge == 0)).max(axis=0, initial=0.0))
        if self.ridge.any():
            yield (1 - ROUNDING) / np.maximum(1.0, excess.max(axis=0, initial=0.0))

    def endless(self, c):
        """Tell which columns are not fixed."""
        return self.lower < self.upper

    def free_to_leave(self, c):
        """Tell which coefficients are not fixed."""
        return (self.lower < self.upper)[:, None]


class RowElasticNet(BlockPenalty, Fields):
    """h_j(w) = weight_j ||w_j|| + ridge_j ||w_j||**2 / 2 for rows w_j, without bounds.

    All columns of an array belong to one problem: whatever is a number for each of them in an
    ElasticNet is one number here, with an axis of length 1 in its place.
    """

    def couple(self, values):
        """Return the sum over the columns."""
        return values.sum(axis=-1, keepdims=True)

    sums = couple

    def norm(self, w):
        """Return the lengths of the rows."""
        return self.length(w)

    size = share = norm

    def value(self, w):
        """Return h_j(w_j)."""
        size = self.length(w)
        return self.weight * size + self.ridge * size**2 / 2

    def gap(self, c, w):
        """Return the gap of Fenchel and Young; without a ridge, `c` must be feasible."""
        excess, size = np.maximum(self.size(c) - self.weight, 0.0), self.nonzero_length(c)
        best = excess / np.where(self.ridge > 0, self.ridge, np.inf) * (c / size)
        sizes = self.size(best) + self.size(w)
        slope = self.ridge / 2 + self.weight / np.where(sizes > 0, sizes, 1.0)
        gain = self.sums((best - w) * (c - slope * (best + w)))
        return np.maximum(gain, 0.0).sum(axis=0)  # below 0: rounding

    def violation(self, c, w):
        """Return the distance of c_j from the subdifferential of h_j at w_j."""
        on = self.size(c - self.ridge * w - self.slope(w))
        violation = np.where(self.size(w) > 0, on, np.maximum(self.size(c) - self.weight, 0.0))
        return np.where(self.lower < self.upper, violation, 0.0)

    def differentiable(self, w):
        """Tell which rows have a slope."""
        return (self.length(w) > 0) | (self.weight == 0)

    def slope(self, w):
        """Return the slope of the part without ridge, where it has one."""
        return self.weight * w / self.nonzero_length(w)

    def bend(self, w, d):
        """Return the second derivative of that part, applied to d."""
        size = self.nonzero_length(w)
        return self.weight / size * (d - w / size * self.sums(w / size * d))

    def stop(self, w, moved):
        """Return where a move from w stops: rows that it turns round become 0."""
        turned = (self.sums(moved * w) <= 0) & (self.weight > 0)
        return np.where(turned, 0.0, moved)


class GroupFields(NamedTuple):
    """The fields of other penalties, the group of each column, and two shares of its norm."""

    weight: np.ndarray
    ridge: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    group: np.ndarray
    l1: np.ndarray
    l2: np.ndarray


class GroupNorm(BlockPenalty, GroupFields):
    """h_g(w) = weight_g (l1_g ||w_g||_1 + l2_g ||w_g||_2) for groups of columns.

    What groups have in common is given for each column. Fixed columns are groups of their own;
    there is no ridge.
    """

    def at(self, alpha):
        """Return alpha times the penalty; several alphas add an axis."""
        part = super().at(alpha)
        if np.ndim(alpha) == 0:
            return part
        return part._replace(l1=part.l1[:, None], l2=part.l2[:, None])

    def take(self, index):
        """Return the penalty of some columns."""
        part = super().take(index)
        return part._replace(group=np.unique(part.group, return_inverse=True)[1])

    def whole(self, columns):
        """Return all columns of the groups that some columns belong to."""
        asked = np.zeros(self.group.max(initial=-1) + 1, dtype=bool)
        asked[self.group[columns]] = True
        return np.flatnonzero(asked[self.group])

    def couple(self, values):
        """Return the values of the only problem."""
        return values

    def sums(self, a):
        """Return for each column the sum over its group."""
        return np.bincount(self.group, a.ravel())[self.group].reshape(a.shape)

    def norm(self, w):
        """Return the norms of the groups."""
        l1, l2 = (part.reshape(w.shape) for part in (self.l1, self.l2))
        return l1 * self.sums(np.abs(w)) + l2 * self.length(w)

    def size(self, c):
        """Return the dual norms: the least s for which ``||S(c_g, s l1)||_2 = s l2``.

        S shrinks numbers towards 0. The difference of both sides is convex and falls, so that
        Newton's method goes up to s from 0. Ndiaye et al. (2016), "GAP safe screening rules for
        sparse-group lasso", section 4, have the same norm.
        """
        c = np.abs(c)
        l1, l2 = (part.reshape(c.shape) for part in (self.l1, self.l2))
        size = np.zeros_like(c)
        for _ in range(MOST_STEPS):
            left = np.maximum(c - size * l1, 0.0)
            length = self.length(left)
            fall = l2 + l1 * self.sums(left) / np.where(length > 0, length, 1.0)
            step = np.maximum(length - size * l2, 0.0) / np.where(fall > 0, fall, 1.0)
            if not (step > ROUNDING * size).any():
                break
            size += step
        return size * (1 + 2 * ROUNDING)  # rounding shall not make it too small

    def share(self, w):
        """Return the share of each coefficient in the norm of its group."""
        l1, l2 = (part.reshape(w.shape) for part in (self.l1, self.l2))
        return l1 * np.abs(w) + l2 * w * (w / self.nonzero_length(w))

    def gap(self, c, w):
        """Return the gap of Fenchel and Young; `c` must be feasible."""
        gaps = np.bincount(self.group, (self.value(w) - c * w).ravel())
        return np.maximum(gaps, 0.0).sum(keepdims=True)  # below 0: rounding

    def violation(self, c, w):
        """Return, for each column, the distance of c_g from the subdifferential of h_g at w_g."""
        l1, l2 = self.weight * self.l1, self.weight * self.l2
        beyond = c - l2 * w / self.nonzero_length(w)
        zero = np.sign(beyond) * np.maximum(np.abs(beyond) - l1, 0.0)
        distance = self.length(np.where(w == 0, zero, beyond - l1 * np.sign(w)))
        violation = np.where(self.length(w) > 0, distance, np.maximum(distance - l2, 0.0))
        return np.where(self.lower < self.upper, violation, 0.0)

    def differentiable(self, w):
        """Tell in which coordinates the penalty has a slope."""
        l1, weight = self.l1.reshape(w.shape), self.weight.reshape(w.shape)
        inside = (self.length(w) > 0) & ((w != 0) | (l1 == 0))
        return (inside | (weight == 0)) & (self.lower < self.upper).reshape(w.shape)

    def slope(self, w):
        """Return the slope there."""
        return self.weight * (self.l1 * np.sign(w) + self.l2 * w / self.nonzero_length(w))

    def bend(self, w, d):
        """Return the second derivative there, applied to d."""
        length = self.nonzero_length(w)
        return self.weight * self.l2 / length * (d - w / length * self.sums(w / length * d))

    def stop(self, w, moved):
        """Return where a move from w stops: at 0, for groups that it turns round and signs."""
        moved = np.where((moved * w < 0) & (self.weight * self.l1 > 0), 0.0, moved)
        turned = (self.sums(moved * w) <= 0) & (self.weight > 0)
        return np.where(turned, 0.0, moved)
