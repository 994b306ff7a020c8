"""Groups of columns that come and go together: their steps on a Gram matrix, and on the data."""

from functools import partial

import numpy as np
from scipy.linalg import lapack

from .._numba import compiled
from . import blocks

MOST_ROUNDS = 10  # proximal steps on a group, each time that its turn comes
STEADY = 1e-2  # change of a group relative to the first of its turn, at which to go on to the next


class Groups:
    """The steps of `blocks.solve` for a GroupNorm.

    Attributes
    ----------
    order, first : ndarray of int
        The columns, group after group, and where each group begins; the end of the last, too.
    curvature : ndarray of shape (n_groups,)
        Bounds on the curvature along each group: the largest sums of rows.
    """

    def __init__(self, G, penalty, n_targets, cost):
        self.G, self.parts = G, (penalty.weight * penalty.l1, penalty.weight * penalty.l2)
        self.order = np.argsort(penalty.group, kind="stable")
        ends = np.flatnonzero(np.diff(penalty.group[self.order], append=-1)) + 1
        self.first = np.concatenate([[0], ends])
        self.curvature = largest_sums(G, self.order, self.first)

    def sweep(self, c, w, entry):
        """Minimise over one group after the other."""
        places = self.order, self.first, self.curvature
        return sweep_groups(self.G, c[:, 0], w[:, 0], *self.parts, *places, entry)

    def direction(self, block, w, h, b):
        """Return the Newton step on columns that share a block of G; NaN where it has none."""
        bend, along = curvatures(h, w)
        hessian = block - along @ along.T * (h.group == h.group[:, None])
        hessian.ravel()[:: len(w) + 1] += bend[:, 0]
        _, d, failed = lapack.dposv(hessian, b, lower=1, overwrite_a=1)
        return np.full_like(b, np.nan) if failed else d


solve = partial(blocks.solve, Groups)


def curvatures(h, w):
    """Return bend and u: the second derivative of h is ``diag(bend) - u @ u.T``, by groups."""
    length = h.nonzero_length(w)
    bend = h.weight * h.l2 / length
    return bend, np.sqrt(bend) * w / length


@compiled
def largest_sums(G, order, first):
    """Return the largest sum of the sizes in a row of the block of each group."""
    largest = np.zeros(first.shape[0] - 1)
    for g in range(largest.shape[0]):
        for a in range(first[g], first[g + 1]):
            total = 0.0
            for b in range(first[g], first[g + 1]):
                total += abs(G[order[a], order[b]])
            largest[g] = max(largest[g], total)
    return largest


@compiled
def sweep_groups(G, c, w, l1, l2, order, first, curvature, entry):
    """Minimise over one group after the other by proximal steps; return as `sweep_rows` does.

    Simon, Friedman, Hastie and Tibshirani (2013), "A sparse-group lasso", section 3, have them.
    """
    most = np.max(first[1:] - first[:-1]) if first.shape[0] > 1 else 0
    new, slope, moved = np.empty(most), np.empty(most), np.empty(most)
    n_changed, gap, excess, size = 0, 0.0, 0.0, 0.0
    for g in range(first.shape[0] - 1):
        own = order[first[g] : first[g + 1]]
        m, bend = own.shape[0], curvature[g]
        if bend <= 0.0:
            continue
        a, b = l1[own[0]], l2[own[0]]
        beyond, along, ww, value, zero = 0.0, 0.0, 0.0, 0.0, True
        for k in range(m):
            j = own[k]
            new[k], slope[k] = w[j], c[j]
            left = max(abs(c[j]) - a, 0.0)
            beyond += left * left
            along += left * abs(c[j])
            ww += w[j] * w[j]
            value += a * abs(w[j]) - c[j] * w[j]
            size += a * abs(w[j])
            zero = zero and w[j] == 0.0
        size += b * np.sqrt(ww)
        exceeding = 0.0  # of the dual norm, to first order
        if beyond > b * b:
            fall = np.sqrt(beyond) - b
            rest = along / np.sqrt(beyond) - fall
            exceeding = fall / rest if rest > 0.0 else 0.0
        if zero and exceeding <= max(entry - 1.0, 0.0) and a + b > 0.0:
            if beyond > b * b:
                excess = max(excess, exceeding)
            continue
        start = 0.0
        for turn in range(MOST_ROUNDS):
            length, change = 0.0, 0.0
            for k in range(m):
                z = new[k] + slope[k] / bend
                moved[k] = np.sign(z) * max(abs(z) - a / bend, 0.0)
                length += moved[k] * moved[k]
            length = np.sqrt(length)
            left = max(0.0, 1.0 - b / bend / length) if length > 0.0 else 0.0
            for k in range(m):
                moved[k] = left * moved[k] - new[k]
                change += moved[k] * moved[k]
            start = change if turn == 0 else start
            if change == 0.0:
                break
            for k in range(m):
                new[k] += moved[k]
                for i in range(m):
                    slope[i] -= moved[k] * G[own[k], own[i]]
            if m == 1 or change <= STEADY**2 * start:
                break
        if start == 0.0:
            continue
        gap += abs(value + b * np.sqrt(ww)) + 0.5 * start * bend
        excess = max(excess, exceeding)
        for k in range(m):
            change, j = new[k] - w[own[k]], own[k]
            if change == 0.0:
                continue
            n_changed += 1
            w[j] = new[k]
            for i in range(c.shape[0]):
                c[i] -= change * G[j, i]
    return gap + excess * size, n_changed


def sweep_data(design, w, r, columns, penalty):
    """Minimise over one group after the other, as `column_set.sweep` does; see `blocks` for h.

    Each takes a proximal step; the squares of its columns bound the curvature.
    """
    gap, excess, size, n_changed, n_flipped = 0.0, 0.0, 0.0, 0, 0
    for group in range(penalty.group.max(initial=-1) + 1):
        own = np.flatnonzero(penalty.group == group)
        h, part, bend = penalty.take(own).at(np.ones(1)), w[own], 0.0
        bend = np.sum(design.column_norms[columns[own]] ** 2)
        if bend == 0:
            continue
        c = design.rmatvec(r, columns[own])
        new = nearest(h, part + c / bend, bend)
        change, value = new - part, h.value(part).sum()
        size += value
        if not change.any():
            continue
        gap += abs(value - np.sum(c * part)) + 0.5 * bend * np.sum(change**2)
        if h.weight[0, 0] > 0:
            excess = max(excess, h.size(c)[0, 0] / h.weight[0, 0] - 1.0)
        n_changed += np.count_nonzero(change)
        n_flipped += np.count_nonzero(np.sign(new) != np.sign(part))
        w[own] = new
        r -= design.matvec(change, columns[own])
    return gap + excess * size, n_changed, n_flipped


def nearest(h, z, bend):
    """Return the minimum of h and bend times half the squared distance from z, for a group."""
    z = np.sign(z) * np.maximum(np.abs(z) - h.weight * h.l1 / bend, 0.0)
    return np.maximum(0.0, 1 - h.weight * h.l2 / bend / h.nonzero_length(z)) * z
