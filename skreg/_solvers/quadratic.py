"""The inner problem of the L1 family, on a Gram matrix: w'Gw/2 - b'w + h(w), h an L1 penalty.

Coordinate descent finds the support and the signs; Newton steps on the support then finish
exactly. `c = b - G @ w` is kept up to date, and w and c are changed in place.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._numba import kernel
from .certificate import feasible_gap

SWEEPS_BETWEEN_NEWTON_STEPS = 2
SMALLEST_PIVOT = 1e-10  # relative to the diagonal
MAX_SIGN_CHANGES = 20  # of one Newton step; each costs a factorisation


@kernel
def sweep(G, c, w, weight, lower, upper):
    """Minimise over one coordinate after the other and return how many of them changed.

    Friedman et al. (2010), section 2.2.
    """
    n_features, n_changed = w.shape[0], 0
    for j in range(n_features):
        if G[j, j] <= 0.0:
            continue
        z = c[j] + G[j, j] * w[j]
        if z > weight[j]:
            new = (z - weight[j]) / G[j, j]
        elif z < -weight[j]:
            new = (z + weight[j]) / G[j, j]
        else:
            new = 0.0
        new = min(max(new, lower[j]), upper[j])
        change = new - w[j]
        if change != 0.0:
            n_changed += 1
            w[j] = new
            for k in range(n_features):
                c[k] -= change * G[j, k]
    return n_changed


def newton_step(G, c, w, penalty, work):
    """Minimise over the support, stopping wherever a coordinate reaches 0 or a bound.

    The objective is quadratic as long as no sign changes, so it never rises. Supports with
    dependent columns are lifted a little; the line search then takes the long step along the
    null direction, which drops a coordinate. Returns whether the minimum was reached.
    """
    for _ in range(MAX_SIGN_CHANGES):
        inside = (penalty.lower < w) & (w < penalty.upper)
        active = np.flatnonzero(inside & ((w != 0) | (penalty.weight == 0)) & (G.diagonal() > 0))
        if active.size == 0:
            return True
        signs = np.sign(w[active])
        slope = c[active] - penalty.weight[active] * signs
        block = G[np.ix_(active, active)]
        direction = solve_lifted(block, slope, work)
        curvature = direction @ block @ direction
        if not slope @ direction > 0:
            return True
        end = np.where(direction > 0, penalty.upper[active], penalty.lower[active])
        shrinking = (signs * direction < 0) & (penalty.weight[active] > 0)
        end[shrinking] = np.where(direction > 0, np.minimum(end, 0), np.maximum(end, 0))[shrinking]
        with np.errstate(divide="ignore", invalid="ignore"):
            room = np.where(direction != 0, (end - w[active]) / direction, np.inf)
        step = (slope @ direction) / curvature if curvature > 0 else np.inf
        reached = room <= step
        step = min(step, room.min())
        if not np.isfinite(step):
            return True
        w[active] += step * direction
        hit = active[room <= step]
        w[hit] = end[room <= step]
        c -= G[:, active] @ (step * direction)
        if not reached.any():
            return True
    return False


def solve_lifted(block, slope, work):
    """Solve with a Gram block, its diagonal raised a little where it is close to singular."""
    diagonal, lift = block.diagonal(), 0.0
    while True:
        work.n_newton_steps += 1
        try:
            factor = cho_factor(block + np.diag(lift * diagonal), lower=True)
        except LinAlgError:
            lift = max(SMALLEST_PIVOT, 100 * lift)
            continue
        if lift or np.all(factor[0].diagonal() ** 2 > SMALLEST_PIVOT * diagonal):
            return cho_solve(factor, slope)
        lift = SMALLEST_PIVOT


def solve(G, c, w, rr, penalty, tol, max_sweeps, work):
    """Minimise to a gap of `tol`; change w and c in place and return the number of sweeps."""
    start, start_c, pattern = w.copy(), c.copy(), None
    for n_sweeps in range(1, max_sweeps + 1):
        n_changed = sweep(G, c, w, penalty.weight, penalty.lower, penalty.upper)
        work.n_coordinate_updates += n_changed
        exact = False
        if n_sweeps % SWEEPS_BETWEEN_NEWTON_STEPS == 0 or n_sweeps == max_sweeps:
            exact = newton_step(G, c, w, penalty, work)
        rr_now = max(0.0, rr - (w - start) @ (start_c + c))
        if feasible_gap(rr_now, c, w, penalty) + free_gap(G, c, penalty) <= tol:
            break
        if exact:  # the same signs as at the last exact minimum: only rounding is left
            last, pattern = pattern, np.sign(w)
            if np.array_equal(pattern, last):
                break
    return n_sweeps


def free_gap(G, c, penalty):
    """Return what the unpenalised columns could still gain, one at a time."""
    free = (penalty.weight == 0) & (penalty.lower < penalty.upper) & (G.diagonal() > 0)
    return 0.5 * np.sum(c[free] ** 2 / G.diagonal()[free])
