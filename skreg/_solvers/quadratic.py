"""The inner problem of the L1 family, on a Gram matrix: w'Gw/2 - b'w + h(w), h an L1 penalty.

Coordinate descent finds the support and the signs; Newton steps on the support then finish
exactly. `c = b - G @ w` is kept up to date, and w and c are changed in place. A ridge part of the
penalty stands on the diagonal of G. Arrays may be longer than the problem: its size is that of w.
"""

import numpy as np

from .._numba import compiled
from .._problem.penalties import LARGEST
from .cholesky import INDEPENDENT

SMALLEST_CURVATURE = 1e-13  # along a direction, relative to that of its parts: below, rounding
FIRST_SWEEPS = 50  # at the most, before there is a factor: a forecast may be wrong for long
MAX_NEWTON_STEPS = 20  # between two sweeps, on independent columns
DIVERGENCE = 1e6  # of the gap: where rounding makes the matrix indefinite
CROWD = 10  # coordinates that may always enter and leave again
ENTRY = 0.5  # part of the largest excess over its weight with which a coordinate may enter
OPEN = 2.0  # times its weight: where this is enough to enter, the sweeps show their rate
PATIENCE = 100  # gaps without one of half the best: where columns are dependent, rounding rules


class Progress:
    """Tells from the gaps of a solver whether it still gets on."""

    def __init__(self):
        self.best, self.n_without = np.inf, 0

    def stuck(self, gap):
        """Tell whether the gap has not halved for long, or has exploded."""
        self.n_without += 1
        if gap < 0.5 * self.best:
            self.best, self.n_without = gap, 0
        return self.n_without > PATIENCE or not gap < DIVERGENCE * self.best


@compiled
def sweep(G, c, w, weight, lower, upper, entry):
    """Minimise over one coordinate after the other: Friedman et al. (2010), section 2.2.

    A coordinate at 0 stays there unless |c_j| exceeds `entry` times its weight. Returns the gap of
    the coordinates as they were met (what they lacked to optimality, and what it costs to shrink
    the residual until it is feasible), how many changed, and how many began or ceased to move
    freely: they are 0 or at a bound, or changed their sign.
    """
    n_features, n_changed, n_flipped = w.shape[0], 0, 0
    gap, excess, size = 0.0, 0.0, 0.0
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
        size += weight[j] * abs(w[j])
        if change == 0.0:
            continue
        gap += abs(w[j] * (c[j] - weight[j] * np.sign(w[j]))) + 0.5 * change * change * G[j, j]
        if abs(c[j]) > weight[j] > 0.0:
            excess = max(excess, abs(c[j]) / weight[j] - 1.0)
        if w[j] == 0.0 and abs(c[j]) <= entry * weight[j]:
            continue
        n_changed += 1
        if (
            np.sign(new) != np.sign(w[j])
            or new in (lower[j], upper[j])
            or w[j] in (lower[j], upper[j])
        ):
            n_flipped += 1
        w[j] = new
        for k in range(n_features):
            c[k] -= change * G[j, k]
    return gap + excess * size, n_changed, n_flipped


@compiled
def size(w):
    """Count the numbers that are not 0."""
    m = 0
    for j in range(w.shape[0]):
        m += w[j] != 0.0
    return m


@compiled
def threshold(c, w, weight, lower, upper):
    """Return what |c_j| must exceed for a coordinate to leave 0, relative to its weight.

    Those that exceed it by far enter first: the others may not have to, once these have moved. On
    correlated columns sweeps would let far more enter than there are samples.
    """
    excess = 0.0
    for j in range(c.shape[0]):
        if w[j] == 0.0 and weight[j] > 0.0 and (upper[j] > 0.0 if c[j] > 0.0 else lower[j] < 0.0):
            excess = max(excess, abs(c[j]) / weight[j] - 1.0)
    return 1.0 + ENTRY * min(excess, LARGEST)


@compiled
def newton_step(G, c, w, weight, lower, upper):
    """Minimise over the support, up to the first coordinate that reaches 0 or a bound.

    Return whether none does. Nothing changes where the columns of the support are nearly dependent.
    """
    support, m = np.empty(w.shape[0], np.int64), 0
    for j in range(w.shape[0]):
        if (w[j] != 0.0 or weight[j] == 0.0) and lower[j] < w[j] < upper[j]:
            support[m] = j
            m += 1
    L, d = np.empty((m, m)), np.empty(m)
    for a in range(m):
        j = support[a]
        d[a] = c[j] - (weight[j] if w[j] > 0.0 else -weight[j])
        for b in range(a + 1):
            total = G[j, support[b]]
            for k in range(b):
                total -= L[a, k] * L[b, k]
            if b == a and total <= INDEPENDENT * G[j, j]:
                return False
            L[a, b] = np.sqrt(total) if b == a else total / L[b, b]
            if b < a:
                d[a] -= L[a, b] * d[b]
        d[a] /= L[a, a]
    step, first, end = 1.0, -1, 0.0
    for a in range(m - 1, -1, -1):
        for b in range(a + 1, m):
            d[a] -= L[b, a] * d[b]
        d[a] /= L[a, a]
        j = support[a]
        stop = upper[j] if d[a] > 0.0 else lower[j]
        if weight[j] > 0.0 and w[j] * d[a] < 0.0 and stop * d[a] > 0.0:
            stop = 0.0
        if abs(stop - w[j]) <= step * abs(d[a]):
            step, first, end = (stop - w[j]) / d[a], j, stop
    for a in range(m):
        j = support[a]
        change = end - w[j] if j == first else step * d[a]
        w[j] = end if j == first else w[j] + change
        for k in range(c.shape[0]):
            c[k] -= change * G[j, k]
    return first < 0


@compiled
def descend(G, c, w, weight, lower, upper, tol, max_sweeps, small, call, cube):
    """Sweep as long as that promises to be quicker than Newton steps by a factor.

    The prices of these are those of a `Cost`. A Newton step that costs less than `small` is taken
    here, once the signs stay as they are: such an answer is exact. Returns the last gap, and the
    numbers of sweeps, of Newton steps and of coordinates that were changed.
    """
    n_sweeps, n_steps, n_updates, spent = 0, 0, 0, 0.0
    exact, gap, last, before, first = False, np.inf, np.inf, np.inf, size(w)
    if 0 < first**3 <= 6 * small:
        exact, n_steps = newton_step(G, c, w, weight, lower, upper), 1
    while n_sweeps < max_sweeps:
        entry = threshold(c, w, weight, lower, upper)
        gap, n_changed, n_flipped = sweep(G, c, w, weight, lower, upper, entry)
        n_sweeps += 1
        n_updates += n_changed
        m = size(w)
        if (exact and n_flipped == 0) or (gap <= tol and m**3 > 6 * small):
            break  # where `exact` does not meet tol, rounding rules
        once = (1.0 + n_changed) * w.shape[0]
        spent += once
        exact = n_flipped == 0 and m**3 <= 6 * min(spent, small)
        if exact:
            exact = newton_step(G, c, w, weight, lower, upper)
            n_steps += 1
            before = last = np.inf
            if exact or gap > tol:
                continue
        if gap <= tol:
            break
        if before < np.inf and entry <= OPEN:  # the rate of two sweeps is known
            left = 2 * np.log(tol / gap) / np.log(gap / before) if gap < before else np.inf
            if left * once > call + cube * m**3:
                break
        before, last = last, gap
    return gap, n_sweeps, n_steps, n_updates


@compiled
def walk(G, c, w, weight, lower, upper, active, d, slope, noise):
    """Minimise along d, pausing where a coordinate reaches 0 or a bound, which it does not leave.

    Between two pauses the objective is quadratic, and it falls as long as the walk goes on; so
    several coordinates can leave the support at once. Steps longer than Newton's lead along a
    direction in which the columns depend on one another; they are made where they gain more than
    rounding, `noise` for columns of norm 1. `slope` is ``G @ d``; like c it is kept up to date
    for the active coordinates alone. Returns how many were stopped.
    """
    n_active, n_stopped = active.shape[0], 0
    while n_stopped < n_active:
        gain, curvature, length = 0.0, 0.0, 0.0
        distance, first, end = np.inf, -1, 0.0
        for a in range(n_active):
            j = active[a]
            if d[a] == 0.0:
                continue
            gain += d[a] * (c[j] - weight[j] * np.sign(w[j]))
            curvature += d[a] * slope[a]
            length += abs(d[a]) * np.sqrt(G[j, j])
            stop = upper[j] if d[a] > 0.0 else lower[j]
            if weight[j] > 0.0 and w[j] * d[a] < 0.0 and stop * d[a] > 0.0:
                stop = 0.0
            if (stop - w[j]) / d[a] < distance:
                distance, first, end = (stop - w[j]) / d[a], a, stop
        if gain <= 0.0:
            break
        curvature = max(curvature, SMALLEST_CURVATURE * length**2)
        step = gain / curvature if curvature > 0.0 else np.inf
        if gain <= noise * length:
            step = min(step, 1.0)
        stopped = distance <= step
        step = distance if stopped else min(step, 1.0)
        if step == np.inf:
            break
        for a in range(n_active):
            w[active[a]] += step * d[a]
            c[active[a]] -= step * slope[a]
        if not stopped:
            break
        j = active[first]
        w[j] = end
        for a in range(n_active):
            slope[a] -= d[first] * G[j, active[a]]
        d[first] = 0.0
        n_stopped += 1
    return n_stopped


@compiled
def follow(G, c, change):
    """Bring c up to date after a change of w."""
    for j in range(change.shape[0]):
        if change[j] != 0.0:
            for k in range(change.shape[0]):
                c[k] -= change[j] * G[j, k]


def newton_steps(G, c, w, penalty, factor, *, tol, most, noise, work):
    """Minimise over the support, which loses the coordinates that reach 0 or a bound.

    Where columns depend on one another, up to `most` steps are made, as the sweeps would not make
    them fewer, unless a step could gain no more than `tol`.
    """
    weight, _, lower, upper = penalty
    before, c_of_support, n_steps, gain = w.copy(), c.copy(), 0, np.inf
    while n_steps < MAX_NEWTON_STEPS or (factor.jitter.any() and n_steps < most and gain > tol):
        n_steps += 1
        factor.follow(G, ((w != 0) | (weight == 0)) & (lower < w) & (w < upper))
        active = factor.active
        if active.size == 0:
            break
        work.n_newton_steps += 1
        descent = c_of_support[active] - weight[active] * np.sign(w[active])
        d, slope = factor.solve(G, descent)
        gain = d @ descent
        if not walk(G, c_of_support, w, weight, lower, upper, active, d, slope, noise):
            break
    follow(G, c, w - before)


def solve(G, c, w, penalty, factor, design, *, tol, max_sweeps, noise):
    """Descend; then alternate Newton steps and two sweeps, if need be. Return how many sweeps.

    Stops when a sweep right after Newton steps meets a gap of at most `tol`; or any sweep, where
    columns depend on one another: rounding in so many steps may be more than `tol`. Where rounding
    does not let it, stops when the support and the signs were right twice in a row.

    On correlated columns sweeps let far more coordinates enter than there are samples, and Newton
    steps remove them again. Once most have left, only the most violating ones may enter.
    """
    (weight, _, lower, upper), work, cost = penalty, design.work, design.cost
    w, c = w[:, 0], c[:, 0]
    n_sweeps = 0
    if factor.active.size == 0:
        prices = cost.small_newton, cost.newton_call, cost.newton_cube
        start = G, c, w, weight, lower, upper
        most = min(max_sweeps, FIRST_SWEEPS)
        gap, n_sweeps, n_steps, n_changed = descend(*start, tol, most, *prices)
        work.n_newton_steps += n_steps
        work.n_coordinate_updates += n_changed
        if gap <= tol:
            return n_sweeps
    progress, n_right, crowded = Progress(), 0, False
    while n_sweeps < max_sweeps:
        n_before = np.count_nonzero(w)
        most = max_sweeps - n_sweeps
        rule = {"tol": tol, "most": most, "noise": noise, "work": work}
        newton_steps(G, c, w, penalty, factor, **rule)
        crowded = crowded or n_before > CROWD + 2 * np.count_nonzero(w)
        entry = threshold(c, w, weight, lower, upper) if crowded else 1.0
        gap, n_changed, n_flipped = sweep(G, c, w, weight, lower, upper, entry)
        n_sweeps += 1
        work.n_coordinate_updates += n_changed
        n_right = n_right + 1 if n_flipped == 0 else 0
        if gap <= tol or n_right == 2 or progress.stuck(gap):
            break
        if n_sweeps < max_sweeps:
            gap, n_changed, _ = sweep(G, c, w, weight, lower, upper, entry)
            n_sweeps += 1
            work.n_coordinate_updates += n_changed
            if gap <= tol and factor.jitter.any():
                break
    return n_sweeps
