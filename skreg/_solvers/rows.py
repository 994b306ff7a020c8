"""Rows of coefficients that come and go together: the inner problem of the L1 family.

Minimises ``trace(W'GW/2 - B'W) + sum_j h_j(W_j)`` with h a RowElasticNet. `c = B - G @ W` is kept
up to date, and w and c, of shape (n_columns, n_targets), are changed in place. The sweep over the
data that `column_set` makes is here, too: it takes the same step for a row.
"""

from functools import partial

import numpy as np
from scipy.linalg import lapack

from .._numba import compiled, inlined
from . import blocks
from .krylov import solve_preconditioned

CG_TOLERANCE = 1e-10  # of the residual of a Newton step


@inlined
def shrink(c, w, curvature, weight, new):
    """Fill in the row that minimises, without a bound.

    Returns what it lacks beside the squares of its move, by how much its correlations exceed the
    weight, relative to it, and the value of the penalty.
    """
    zz, cc, ww, cw = 0.0, 0.0, 0.0, 0.0
    for t in range(new.shape[0]):
        zz += (c[t] + curvature * w[t]) ** 2
        cc += c[t] ** 2
        ww += w[t] ** 2
        cw += c[t] * w[t]
    remaining = max(0.0, 1.0 - weight / np.sqrt(zz)) if zz > 0.0 else 0.0
    for t in range(new.shape[0]):
        new[t] = remaining * (c[t] / curvature + w[t])
    value = weight * np.sqrt(ww)
    excess = np.sqrt(cc) / weight - 1.0 if cc > weight**2 > 0.0 else 0.0
    return abs(value - cw), excess, value


@compiled
def sweep_rows(G, c, w, weight, entry, new):
    """Minimise over one row after the other: Simon, Friedman and Hastie (2013), section 2.

    A row of 0 stays unless the length of its correlations exceeds `entry` times its weight.
    Returns the gap of the rows as they were met, and how many changed. `new` is room for a row.
    """
    n_columns, n_targets = w.shape
    n_changed, gap, excess, size = 0, 0.0, 0.0, 0.0
    for j in range(n_columns):
        if G[j, j] <= 0.0:
            continue
        lacking, exceeding, value = shrink(c[j], w[j], G[j, j], weight[j], new)
        size += value
        moved = 0.0
        for t in range(n_targets):
            new[t] -= w[j, t]
            moved += new[t] ** 2
        if moved == 0.0:
            continue
        gap += lacking + 0.5 * moved * G[j, j]
        excess = max(excess, exceeding)
        if weight[j] > 0.0 and value == 0.0 and exceeding <= entry - 1.0:
            continue
        n_changed += 1
        for t in range(n_targets):
            w[j, t] += new[t]
        for k in range(n_columns):
            for t in range(n_targets):
                c[k, t] -= G[j, k] * new[t]
    return gap + excess * size, n_changed


@compiled
def sweep_entries(entries, view, columns, curvature, w, r, penalty, room):
    """Minimise over one column after the other; the rows of `r` are the targets.

    Where there are several the penalty is that of a RowElasticNet, which with one is the same.
    `shift` is what the residuals lack until the end because of what is `left` of the means.
    """
    X, place, first, last, samples, centre = entries
    s, total_weight, left, scale = view
    weight, ridge, lower, upper = penalty
    c, new, shift = room
    n_changed, n_flipped, gap, excess, size = 0, 0, 0.0, 0.0, 0.0
    for k in range(columns.shape[0]):
        if curvature[k] <= 0.0:
            continue
        j = columns[k]
        for t in range(w.shape[1]):
            total = total_weight * left[j] * shift[t]
            for e in range(first[j], last[j]):
                total += s[samples[e]] * (X[e, place[j]] - centre[j]) * r[t, samples[e]]
            c[t] = total / scale[j] - ridge[k] * w[k, t]
        lacking, exceeding, value = shrink(c, w[k], curvature[k], weight[k], new)
        size += value
        moved, along, held = 0.0, 0.0, False
        for t in range(w.shape[1]):
            new[t] = min(max(new[t], lower[k]), upper[k])
            moved += (new[t] - w[k, t]) ** 2
            along += new[t] * w[k, t]
            held |= new[t] in (lower[k], upper[k]) or w[k, t] in (lower[k], upper[k])
        if moved == 0.0:
            continue
        n_changed += 1
        n_flipped += along <= 0.0 or held
        gap += lacking + 0.5 * moved * curvature[k]
        excess = max(excess, exceeding)
        for t in range(w.shape[1]):
            change = (new[t] - w[k, t]) / scale[j]
            w[k, t] = new[t]
            shift[t] += change * left[j]
            for e in range(first[j], last[j]):
                r[t, samples[e]] -= change * (X[e, place[j]] - centre[j])
    return gap + excess * size, n_changed, n_flipped


class Rows:
    """The steps of `blocks.solve` for a RowElasticNet."""

    def __init__(self, G, penalty, n_targets, design):
        self.G, self.weight, self.cost = G, penalty.weight, design.cost
        self.new = np.empty(n_targets)

    def sweep(self, c, w, entry):
        """Minimise over one row after the other."""
        return sweep_rows(self.G, c, w, self.weight, entry, self.new)

    def side(self, n_rows):
        """Return how large a system is that takes as long as a Newton step on some rows."""
        return n_rows

    def direction(self, block, damping, on, w, h, b):
        """Return the Newton step on rows that share a block of G."""
        by_systems = self.cost.system_of_rows_pays(*w.shape)
        solve = by_rows if by_systems else by_conjugate_gradients
        return solve(blocks.damped(block, damping), w, h, b)


solve = partial(blocks.solve, Rows)


@np.errstate(over="ignore", invalid="ignore")
def by_rows(block, w, h, b):
    """Solve for a Newton step by systems of the size of `block`; NaN where these are singular.

    The Hessian is M = block + diag(bend) for each target, less bend_j u_j u_j' for row j along its
    unit vector u_j. Woodbury's formula with M^-1: Golub and Van Loan (2013), section 2.1.4.
    """
    length = np.linalg.norm(w, axis=1)
    length[length == 0] = 1.0
    units, bend = w / length[:, None], h.weight[:, 0] / length
    root = np.sqrt(bend)
    L, failed = lapack.dpotrf(block + np.diag(bend), lower=1, overwrite_a=1)
    if failed:
        return np.full_like(b, np.nan)
    inverse, _ = lapack.dpotri(L, lower=1, overwrite_c=1)  # its lower triangle
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    inner = -np.outer(root, root) * inverse * (units @ units.T)
    np.fill_diagonal(inner, np.sum(inverse * block, axis=1))  # 1 less a number next to 1
    plain = inverse @ b
    _, along, failed = lapack.dposv(inner, root * np.sum(units * plain, axis=1), lower=1)
    along *= np.nan if failed else root
    return plain + inverse @ (along[:, None] * units)


def by_conjugate_gradients(block, w, h, b):
    """Solve for a Newton step without a matrix of more than `block`."""

    def hessian(d):
        return block @ d + h.bend(w, d)

    return solve_preconditioned(hessian, b, block.diagonal()[:, None], tol=CG_TOLERANCE)
