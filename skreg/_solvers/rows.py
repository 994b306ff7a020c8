"""The inner problem of the L1 family where rows of coefficients come and go together.

Minimises ``trace(W'GW/2 - B'W) + sum_j h_j(W_j)`` with h a RowElasticNet. `c = B - G @ W` is kept
up to date, and w and c, of shape (n_columns, n_targets), are changed in place.
"""

import numpy as np

from .._numba import kernel
from .krylov import solve_preconditioned
from .quadratic import CROWD, ENTRY, MAX_NEWTON_STEPS, Progress, largest_excess

CG_TOLERANCE = 1e-10  # of the residual of a Newton step
ENOUGH = 0.1  # of what the first gained, or of tol: less, and Newton steps end
MAX_HALVINGS = 60  # of a Newton step


@kernel
def sweep_rows(G, c, w, weight, entry, change):
    """Minimise over one row after the other: Simon, Friedman and Hastie (2013), section 2.

    A row of 0 stays unless the length of its correlations exceeds `entry` times its weight.
    Returns the gap of the rows as they were met, and how many changed. `change` is room for a row.
    """
    n_columns, n_targets = w.shape
    n_changed = 0
    gap, excess, size = 0.0, 0.0, 0.0
    for j in range(n_columns):
        if G[j, j] <= 0.0:
            continue
        zz, cc, ww, cw = 0.0, 0.0, 0.0, 0.0
        for t in range(n_targets):
            zz += (c[j, t] + G[j, j] * w[j, t]) ** 2
            cc += c[j, t] ** 2
            ww += w[j, t] ** 2
            cw += c[j, t] * w[j, t]
        shrink = max(0.0, 1.0 - weight[j] / np.sqrt(zz)) if zz > 0.0 else 0.0
        moved = 0.0
        for t in range(n_targets):
            change[t] = shrink * (c[j, t] / G[j, j] + w[j, t]) - w[j, t]
            moved += change[t] ** 2
        size += weight[j] * np.sqrt(ww)
        if moved > 0.0:
            gap += abs(weight[j] * np.sqrt(ww) - cw) + 0.5 * moved * G[j, j]
            if cc > weight[j] ** 2 > 0.0:
                excess = max(excess, np.sqrt(cc) / weight[j] - 1.0)
            if ww == 0.0 and np.sqrt(cc) <= entry * weight[j]:
                continue
            n_changed += 1
            for t in range(n_targets):
                w[j, t] += change[t]
            for k in range(n_columns):
                for t in range(n_targets):
                    c[k, t] -= G[j, k] * change[t]
    return gap + excess * size, n_changed


def newton_step(G, c, w, penalty):
    """Take a Newton step on the rows that are not 0, where h is smooth; return what it gains.

    Rows that it would turn round become 0. The Hessian is applied, not formed.
    """
    on = np.flatnonzero((w.any(axis=1) | (penalty.weight == 0)) & (G.diagonal()[: len(w)] > 0))
    if not on.size:
        return 0.0
    block, part, h = G[np.ix_(on, on)], w[on], penalty.take(on).at(np.ones(1))
    smooth = h._replace(ridge=np.zeros_like(h.ridge))  # the ridge is part of G

    def hessian(d):
        return block @ d + h.bend(part, d)

    b, diagonal = c[on] - h.slope(part), block.diagonal()[:, None]
    d = solve_preconditioned(hessian, b, diagonal, tol=CG_TOLERANCE)
    before, step, penalised = smooth.value(part).sum(), 1.0, penalty.weight[on] > 0
    for _ in range(MAX_HALVINGS):
        moved = part + step * d
        moved[(np.sum(moved * part, axis=1) <= 0) & penalised] = 0.0
        change = moved - part
        rise = np.sum(change * (0.5 * (block @ change) - c[on]))
        fall = before - rise - smooth.value(moved).sum()
        if fall >= 0:
            w[on] = moved
            c -= G[: len(w), on] @ change
            return fall
        step /= 2
    return 0.0


def solve(G, c, w, penalty, factor, *, tol, max_sweeps, noise, work):
    """Alternate Newton steps and two sweeps; return the number of sweeps.

    The parameters are those of `quadratic.solve`; there is no factor to follow, and no walk.
    """
    weight, change = penalty.weight, np.empty(w.shape[1])
    n_sweeps, progress, crowded = 0, Progress(), False
    while n_sweeps < max_sweeps:
        n_before = np.count_nonzero(w.any(axis=1))
        gains = [newton_step(G, c, w, penalty)]
        while gains[-1] > ENOUGH * max(gains[0], tol) and len(gains) < MAX_NEWTON_STEPS:
            gains.append(newton_step(G, c, w, penalty))
        work.n_newton_steps += len(gains)
        on = w.any(axis=1)
        crowded = crowded or n_before > CROWD + 2 * np.count_nonzero(on)
        size = penalty.size(c)[:, 0]
        entry = 1 + ENTRY * largest_excess(size, on, weight) if crowded else 1.0
        gap, n_changed = sweep_rows(G, c, w, weight, entry, change)
        n_sweeps += 1
        work.n_coordinate_updates += n_changed
        if gap <= tol or progress.stuck(gap):
            break
        if n_sweeps < max_sweeps:
            n_sweeps += 1
            work.n_coordinate_updates += sweep_rows(G, c, w, weight, entry, change)[1]
    return n_sweeps
