"""The outer loop of the L1 family: a growing working set, and a certificate from the data.

Few coefficients are non-zero, so coordinate descent runs on the Gram matrix of a working set of
columns. After each inner solve one pass over the data finds the columns that violate the
optimality conditions and gives the duality gap that decides when to stop.
"""

import time

import numpy as np

from .._convergence import Convergence, Work
from . import quadratic
from .certificate import duality_gap, relative
from .penalties import take

SMALLEST_GROWTH = 20


def solve(design, y, penalty, start, *, tol, max_iter):
    """Minimise ``sum(s * (y - Xc @ w)**2) / 2 + h(w)`` with an L1 penalty h.

    Parameters
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples,)
        Centred target.
    penalty : L1
        Weights and bounds.
    start : ndarray of shape (n_features,)
        Where to start; not changed.
    tol : float
        Duality gap to reach, relative to ``sum(s * y**2) / 2``.
    max_iter : int
        Sweeps of coordinate descent at most.

    Returns
    -------
    w : ndarray of shape (n_features,)
        Coefficients, exactly 0 off the support.
    gap : float
        Duality gap at w.
    convergence : Convergence
        What stopped the solver.
    """
    began, passes, work = time.perf_counter(), design.n_passes, design.work
    w = np.clip(start, penalty.lower, penalty.upper)
    scale = 0.5 * np.sum(design.s * y**2)
    reference = np.abs(design.rmatvec(y)).max(initial=0.0)
    columns = np.flatnonzero(w)
    G = design.gram(columns, columns)
    n_sweeps, inner_tol = 0, 0.3 * tol * scale
    last_gap, settled = np.inf, False
    while True:
        r = y - design.matvec(w)
        c = design.rmatvec(r)
        violation = penalty.violation(c, w)
        gap = duality_gap(design, r, c, w, penalty)
        converged = gap <= tol * scale
        stalled = settled and gap > 0.5 * last_gap
        if converged or n_sweeps >= max_iter or stalled:
            break
        new = violators(violation, columns)
        G = grow(design, G, columns, new)
        columns = np.concatenate([columns, new])
        rr, part, inner = np.sum(design.s * r**2), w[columns], take(penalty, columns)
        left = max_iter - n_sweeps
        n_sweeps += quadratic.solve(G, c[columns], part, rr, inner, inner_tol, left, work)
        w[columns] = part
        settled, last_gap = new.size == 0, gap
        if settled:
            inner_tol *= 0.1
    record = Convergence(
        converged=bool(converged),
        relative_gap=relative(gap, scale),
        kkt_violation=relative(violation.max(initial=0.0), reference),
        n_iter=max(1, n_sweeps),
        n_data_passes=int(np.ceil(design.n_passes - passes)),
        work=work,
        n_active=int(np.count_nonzero(w)),
        seconds=time.perf_counter() - began,
        message=describe(converged, n_sweeps, max_iter, relative(gap, scale), tol),
    )
    design.work = Work()  # another target has a count of its own
    return w, gap, record


def violators(violation, columns):
    """Return the columns outside the working set that violate most, most violating first."""
    violation = violation.copy()
    violation[columns] = 0.0
    worst_first = np.argsort(-violation, kind="stable")[: max(SMALLEST_GROWTH, columns.size)]
    return worst_first[violation[worst_first] > 0]


def grow(design, G, columns, new):
    """Return the Gram matrix of the working set with the new columns appended."""
    corner = design.gram(new, new)
    edge = design.gram(columns, new)
    return np.ascontiguousarray(np.block([[G, edge], [edge.T, (corner + corner.T) / 2]]))


def describe(converged, n_sweeps, max_iter, gap, tol):
    """Say what stopped the solver and, where it stopped short, what to change."""
    if converged:
        return f"converged after {n_sweeps} sweeps: relative gap {gap:.1e} <= tol={tol:g}."
    if n_sweeps >= max_iter:
        return (
            f"stopped at max_iter={max_iter} with a relative gap of {gap:.1e} (tol={tol:g}): "
            "raise max_iter, raise alpha or standardise X."
        )
    return (
        f"stopped at the limit of float64 with a relative gap of {gap:.1e} (tol={tol:g}): "
        "raise tol or rescale the columns of X."
    )
