"""Blocks of coefficients that come and go together: the inner problem of the L1 family.

Minimises ``trace(W'GW/2 - B'W) + h(W)`` with h a BlockPenalty. `c = B - G @ W` is kept up to date,
and w and c, of shape (n_columns, n_targets), are changed in place. What rows of coefficients and
groups of columns do each in their own way, a class of theirs does, such as `rows.Rows`.
"""

import numpy as np

from .quadratic import CROWD, MAX_NEWTON_STEPS, Progress, threshold

ENOUGH = 0.1  # of what the first gained, or of tol: less, and Newton steps end
STEPS = 0.5 ** np.arange(5)  # of a Newton step that are tried before it is damped
JITTER, LIGHT, HEAVIER, HEAVIEST = 1e-12, 1e-2, 10.0, 1e6  # damping of a Newton step
ROUNDING = 1e-14  # of what a step gains, relative to the squares of the fit


def solve(kind, G, c, w, penalty, factor, design, *, tol, max_sweeps, noise):
    """Sweep, and take Newton steps where these are quicker; return the number of sweeps.

    Where rounding does not let a sweep meet a gap of at most `tol`, the solve stops when Newton
    steps on the same blocks gained nothing twice. The parameters are those of `quadratic.solve`,
    after the kind of the blocks; there is no factor to follow, and no walk.
    """
    steps = kind(G, penalty, w.shape[1], design)
    n_sweeps, progress, entry, last, n_right, on = 0, Progress(), 1.0, np.inf, 0, None
    while n_sweeps < max_sweeps:
        gap, n_changed = steps.sweep(c, w, entry)
        n_sweeps += 1
        design.work.n_coordinate_updates += n_changed
        if gap <= tol or n_right == 2 or progress.stuck(gap):
            break
        before = w.any(axis=1)
        n_before = np.count_nonzero(before)
        sizes = steps.side(n_before), n_before, w.size
        if not design.cost.newton_pays(*sizes, gap, last, tol):
            last = gap
            continue
        same = np.array_equal(before, on)
        n_steps, gain = newton_steps(G, c, w, penalty, tol, steps.direction)
        design.work.n_newton_steps += n_steps
        last, on = np.inf, w.any(axis=1)
        n_right = n_right + 1 if same and gain == 0 else 0
        if entry > 1 or n_before > CROWD + 2 * np.count_nonzero(on):
            size, bounds = penalty.size(c)[:, 0], (penalty.lower, penalty.upper)
            entry = threshold(size, on.astype(float), penalty.weight, *bounds)
    return n_sweeps


def newton_steps(G, c, w, penalty, tol, direction):
    """Take Newton steps as long as they gain; return how many, and what the first gained."""
    h = penalty._replace(ridge=np.zeros_like(penalty.ridge)).at(
        np.ones(1)
    )  # the ridge is part of G
    gain, damping = newton_step(G, c, w, h, JITTER, direction)
    first, n_steps = gain, 1
    while gain > ENOUGH * max(first, tol) and n_steps < MAX_NEWTON_STEPS:
        gain, damping = newton_step(G, c, w, h, max(JITTER, damping / HEAVIER), direction)
        n_steps += 1
    return n_steps, first


def damped(block, damping):
    """Return a copy of a matrix with a larger diagonal."""
    block = block.copy()
    block.ravel()[:: len(block) + 1] *= 1 + damping
    return block


def newton_step(G, c, w, penalty, damping, direction):
    """Take a Newton step where the penalty has a slope.

    It stops where that ends. A step that fails is damped, more and more: where columns depend on
    one another it would lead far along what the quadratic model does not see. Levenberg and
    Marquardt: Nocedal and Wright (2006), section 10.3. Returns what the step gains, and its
    damping.
    """
    smooth = penalty.differentiable(w).any(axis=1)
    on = np.flatnonzero(smooth & (G.diagonal()[: len(w)] > 0))
    if not on.size:
        return 0.0, damping
    rows, part, h = G[on, : len(w)], w[on], penalty.take(on)
    block = rows if len(on) == len(w) else rows.take(on, axis=1)
    b, before = c[on] - h.slope(part), h.value(part).sum()
    rounding = ROUNDING * np.sum(part * (block @ part))
    while damping < HEAVIEST:
        d = direction(block, damping, on, part, h, b)
        for step in STEPS:
            moved = h.stop(part, part + step * d)
            change = moved - part
            rise = np.sum(change * (0.5 * (block @ change) - c[on]))
            fall = before - rise - h.value(moved).sum()
            if fall >= -rounding:
                w[on] = moved
                c -= rows.T @ change
                return fall if fall > rounding else 0.0, damping
        damping = max(LIGHT, HEAVIER * damping)
    return 0.0, damping
