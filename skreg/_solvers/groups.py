"""Groups of columns that come and go together: their steps on a Gram matrix, and on the data."""

from functools import cached_property, partial

import numpy as np
from scipy.linalg import lapack

from .._numba import compiled, inlined
from . import blocks

MOST_ROUNDS = 10  # proximal steps on a group, each time that its turn comes
FEW = 2  # samples and groups for each of which there are so many columns: their systems are small
DEPENDENT = 1e-13  # pivot of a Gram matrix, relative to the largest: below, rounding
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

    def __init__(self, G, penalty, n_targets, design):
        self.G, self.parts = G, (penalty.weight * penalty.l1, penalty.weight * penalty.l2)
        self.n_columns, self.n_samples = len(penalty.weight), design.n_samples
        self.order, self.first = by_group(penalty.group)
        self.curvature = largest_sums(G, self.order, self.first)

    def sweep(self, c, w, entry):
        """Minimise over one group after the other."""
        places = self.order, self.first, self.curvature
        return sweep_groups(self.G, c[:, 0], w[:, 0], *self.parts, *places, entry)

    def side(self, n_columns):
        """Return how large a system is that takes as long as a Newton step on some columns."""
        return min(n_columns, FEW * (self.n_samples + len(self.curvature)))

    def direction(self, block, damping, on, w, h, b):
        """Return the Newton step on columns that share a block of G; NaN where it has none.

        The second derivative of the penalty is ``bend * (I - u @ u.T)`` along a unit vector u, for
        each group.
        """
        length = h.nonzero_length(w)
        u, bend = (w / length)[:, 0], (h.weight * h.l2 / length)[:, 0]
        n_groups = h.group.max() + 1
        if self.side(len(on)) < len(on) and np.all(bend > 0):
            damper = damping * block.diagonal()
            return by_samples(self.factor[on], damper, bend, u, h.group, n_groups, b)
        block = blocks.damped(block, damping)
        add_bend(block, bend, u, *by_group(h.group))
        _, d, failed = lapack.dposv(block.T, b, lower=1, overwrite_a=1)
        return np.full_like(b, np.nan) if failed else d

    @cached_property
    def factor(self):
        """A matrix L with G = L @ L.T that has no more columns than there are samples."""
        G = self.G[: self.n_columns, : self.n_columns]
        L, order, rank, _ = lapack.dpstrf(G, tol=DEPENDENT * G.diagonal().max(), lower=1)
        factor = np.empty((self.n_columns, rank))
        factor[order - 1] = np.tril(L)[:, :rank]
        return factor


solve = partial(blocks.solve, Groups)


def by_samples(L, damper, bend, u, group, n_groups, b):
    """Solve for a Newton step by a system for the columns of L, and the groups.

    The Hessian is ``L @ L.T + D - V @ V.T`` with D diagonal and a column of V for each group.
    Woodbury's formula with D^-1: Golub and Van Loan (2013), section 2.1.4.
    """
    D, rank = bend + damper, L.shape[1]
    A = np.zeros((len(D), rank + n_groups))
    A[:, :rank] = L
    A[np.arange(len(D)), rank + group] = np.sqrt(bend) * u
    system = A.T @ (A / D[:, None])
    system[np.arange(rank), np.arange(rank)] += 1.0
    lacking = np.bincount(group, u**2 * damper / D, n_groups)  # what V' D^-1 V lacks of 1
    system[rank:, rank:] = -np.diag(lacking)
    plain = b / D[:, None]
    try:
        return plain - A @ np.linalg.solve(system, A.T @ plain) / D[:, None]
    except np.linalg.LinAlgError:
        return np.full_like(b, np.nan)


def by_group(group):
    """Return columns, group after group, and where each group begins; the end of the last, too."""
    order = np.argsort(group, kind="stable")
    return order, np.append(0, np.flatnonzero(np.diff(group[order], append=-1)) + 1)


@compiled
def add_bend(block, bend, u, order, first):
    """Add the second derivative of the penalty, for each group."""
    for g in range(first.shape[0] - 1):
        own = order[first[g] : first[g + 1]]
        for i in own:
            block[i, i] += bend[i]
            for j in own:
                block[i, j] -= bend[i] * u[i] * u[j]


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


@inlined
def judge(c, w, own, l1, l2):
    """Return what a group lacks, and by how much its correlations exceed the weight.

    The first is the difference between the penalty, also returned, and ``c @ w``; the second, of
    the dual norm and relative to the weight, is right to first order.
    """
    beyond, along, square, cw, sizes = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in own:
        left = max(abs(c[j]) - l1, 0.0)
        beyond += left * left
        along += left * abs(c[j])
        square += w[j] * w[j]
        cw += c[j] * w[j]
        sizes += abs(w[j])
    value, excess = l1 * sizes + l2 * np.sqrt(square), 0.0
    if beyond > l2 * l2 and l1 + l2 > 0.0:
        fall = np.sqrt(beyond) - l2
        excess = fall / (along / np.sqrt(beyond) - fall)
    return abs(value - cw), excess, value


@inlined
def approach(G, own, l1, l2, curvature, w, c, step):
    """Take proximal steps on a group, whose w and c change; return the square of the first."""
    first = 0.0
    for turn in range(MOST_ROUNDS):
        length, moved = 0.0, 0.0
        for a in range(own.shape[0]):
            z = w[a] + c[a] / curvature
            step[a] = np.sign(z) * max(abs(z) - l1 / curvature, 0.0)
            length += step[a] * step[a]
        left = max(0.0, 1.0 - l2 / curvature / np.sqrt(length)) if length > 0.0 else 0.0
        for a in range(own.shape[0]):
            step[a] = left * step[a] - w[a]
            moved += step[a] * step[a]
            w[a] += step[a]
        first = moved if turn == 0 else first
        if own.shape[0] == 1 or moved <= STEADY**2 * first:
            break
        for a in range(own.shape[0]):
            for b in range(own.shape[0]):
                c[b] -= step[a] * G[own[a], own[b]]
    return first


@compiled
def sweep_groups(G, c, w, l1, l2, order, first, curvature, entry):
    """Minimise over one group after the other, nearly; return as `sweep_rows` does.

    Simon, Friedman, Hastie and Tibshirani (2013), "A sparse-group lasso", section 3, take the same
    steps.
    """
    new, slope, step = np.empty((3, w.shape[0]))
    n_changed, gap, excess, size = 0, 0.0, 0.0, 0.0
    for g in range(curvature.shape[0]):
        own = order[first[g] : first[g + 1]]
        if curvature[g] <= 0.0:
            continue
        a, b = l1[own[0]], l2[own[0]]
        lacking, exceeding, value = judge(c, w, own, a, b)
        size += value
        excess = max(excess, exceeding)
        if value == 0.0 and exceeding <= entry - 1.0 and a + b > 0.0:
            continue
        for k in range(own.shape[0]):
            new[k], slope[k] = w[own[k]], c[own[k]]
        moved = approach(G, own, a, b, curvature[g], new, slope, step)
        if moved == 0.0:
            continue
        gap += lacking + 0.5 * moved * curvature[g]
        for k in range(own.shape[0]):
            j, change = own[k], new[k] - w[own[k]]
            n_changed += change != 0.0
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
