"""The inner problem of the L1 family where rows of coefficients come and go together.

Minimises ``trace(W'GW/2 - B'W) + sum_j h_j(W_j)`` with h a RowElasticNet. `c = B - G @ W` is kept
up to date, and w and c, of shape (n_columns, n_targets), are changed in place.
"""

import numpy as np

from .._numba import kernel
from .quadratic import Progress

MAX_CG_STEPS = 200
CG_TOLERANCE = 1e-10  # of the residual of a Newton step
MAX_HALVINGS = 60  # of a Newton step
SMALLEST_CURVATURE = 1e-10  # relative to that of the diagonal


@kernel
def sweep_rows(G, c, w, weight, change):
    """Minimise over one row after the other: Simon, Friedman and Hastie (2013), section 2.

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
            n_changed += 1
            gap += abs(weight[j] * np.sqrt(ww) - cw) + 0.5 * moved * G[j, j]
            if cc > weight[j] ** 2 > 0.0:
                excess = max(excess, np.sqrt(cc) / weight[j] - 1.0)
            for t in range(n_targets):
                w[j, t] += change[t]
            for k in range(n_columns):
                for t in range(n_targets):
                    c[k, t] -= G[j, k] * change[t]
    return gap + excess * size, n_changed


def newton_step(G, c, w, penalty):
    """Take a Newton step on the rows that are not 0, where h is smooth; never raise the objective.

    The Hessian is applied, not formed.
    """
    on = np.flatnonzero((w.any(axis=1) | (penalty.weight == 0)) & (G.diagonal()[: len(w)] > 0))
    block, part, h = G[np.ix_(on, on)], w[on], penalty.take(on).at(np.ones(1))
    smooth = h._replace(ridge=np.zeros_like(h.ridge))  # the ridge is part of G

    def hessian(d):
        return block @ d + h.bend(part, d)

    d = conjugate_gradients(hessian, c[on] - h.slope(part), block.diagonal()[:, None])
    curvature, descent, step = np.sum(d * (block @ d)), np.sum(c[on] * d), 1.0
    before = smooth.value(part).sum()
    for _ in range(MAX_HALVINGS):
        rise = step * (0.5 * step * curvature - descent)
        if rise + smooth.value(part + step * d).sum() <= before:
            w[on] += step * d
            c -= G[: len(w), on] @ (step * d)
            return
        step /= 2


def conjugate_gradients(apply, b, diagonal, tol=CG_TOLERANCE):
    """Solve apply(x) = b, preconditioned by a diagonal: Golub and Van Loan (2013), section 11.5."""
    x, r = np.zeros_like(b), b.copy()
    z = r / diagonal
    p, rho = z, np.sum(r * z)
    enough = tol**2 * rho
    for _ in range(MAX_CG_STEPS):
        if rho <= enough:
            break
        q = apply(p)
        curvature = np.sum(p * q)
        if curvature <= SMALLEST_CURVATURE * np.sum(p * diagonal * p):
            break  # dependent columns
        step = rho / curvature
        x, r = x + step * p, r - step * q
        z = r / diagonal
        rho, last = np.sum(r * z), rho
        p = z + rho / last * p
    return x


def solve(G, c, w, penalty, factor, *, tol, max_sweeps, noise, work):
    """Alternate Newton steps and two sweeps; return the number of sweeps.

    The parameters are those of `quadratic.solve`; there is no factor to follow, and no walk.
    """
    weight, change = penalty.weight, np.empty(w.shape[1])
    n_sweeps, progress = 0, Progress()
    while n_sweeps < max_sweeps:
        newton_step(G, c, w, penalty)
        gap, n_changed = sweep_rows(G, c, w, weight, change)
        n_sweeps += 1
        work.n_newton_steps += 1
        work.n_coordinate_updates += n_changed
        if gap <= tol or progress.stuck(gap):
            break
        if n_sweeps < max_sweeps:
            n_sweeps += 1
            work.n_coordinate_updates += sweep_rows(G, c, w, weight, change)[1]
    return n_sweeps
