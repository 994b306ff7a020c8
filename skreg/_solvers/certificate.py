"""Certificates of optimality, computed from the data at the returned coefficients."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, lapack, qr, solve_triangular

from .penalties import NEGLIGIBLE, in_any

INDEPENDENT = 1e-3  # least part of a column that the others lack, for a Gram matrix to show it
DEPENDENT = 5e-15  # the same, below which it is rounding, for columns about 0
REFINEMENTS = 3  # of a projection, at the most
PRECISION = 1e-8  # of a projection, that needs no refinement


class Certificate(NamedTuple):
    """How good coefficients are, for each of several problems on the same data.

    Attributes
    ----------
    gap : ndarray of shape (n_problems,)
        A bound on how much the objective exceeds its minimum; NaN where it would need a
        factorisation of too many unpenalised columns.
    objective : ndarray of shape (n_problems,)
        What is minimised.
    violation : ndarray of shape (n_problems,)
        Largest violation of the optimality conditions.
    missing : ndarray of int
        Columns at 0 or the bound nearest to it that should not be, the most violating first.
    """

    gap: np.ndarray
    objective: np.ndarray
    violation: np.ndarray
    missing: np.ndarray


def certify(design, rr, C, columns, W, penalty, alphas):
    """Certify the coefficients W of some columns, the others being 0 or next to it.

    Parameters
    ----------
    design : Design
        The data.
    rr, C : ndarray of shape (n_problems,) and (n_features, n_problems)
        Sums of squares of the residuals, and their correlations with the columns. Where the
        penalty couples the columns of an array, they are the targets of one problem.
    columns : ndarray of int
        Columns whose coefficients may be others than 0, or the bound nearest to it.
    W : ndarray of shape (n_columns, n_problems)
        Their coefficients.
    penalty : ElasticNet
        Penalty of all columns, for alpha = 1.
    alphas : ndarray of shape (n_problems,)
        What it is multiplied with in each problem.
    """
    outside = violating(C, columns, penalty, alphas)
    j, w, part = extended(columns, W, outside, penalty, alphas)
    objective = penalty.couple(0.5 * rr) + part.value(w).sum(axis=0)
    violation = part.violation(C[j], w)
    worst = violation[len(columns) :].max(axis=1, initial=0.0)
    missing = outside[np.argsort(-worst, kind="stable")[: np.count_nonzero(worst)]]
    gain, dual = dual_point(design, rr, C, penalty, alphas)
    if dual is not C:
        outside = violating(dual, columns, penalty, alphas)
        j, w, part = extended(columns, W, outside, penalty, alphas)
    rest = np.maximum(0.0, rr - 2 * gain)
    gap = penalty.couple(gain) + feasible_gap(penalty.couple(rest), dual[j], w, part)
    gap = np.fmin(gap, objective - part.value(part.nearest_to_zero()).sum(axis=0))  # r times 0
    return Certificate(gap, objective, violation.max(axis=0, initial=0.0), missing)


def dual_point(design, rr, C, penalty, alphas):
    """Make residuals orthogonal to columns with next to no penalty that could move without end.

    Only then is the conjugate of the penalty finite, unless the residual is scaled to nearly
    nothing. Where one side is bounded, a column matters if it could move to the other, which may
    show only once the residual is orthogonal to others. Return what each objective gains by it,
    half of what its squared residuals lose, and the correlations of the residuals.
    """
    gain = np.zeros(C.shape[1])
    size, norms = np.sqrt(rr.max(initial=0.0)), design.column_norms
    j = np.flatnonzero(alphas.min() * penalty.weight <= (NEGLIGIBLE * size) * norms)
    part = penalty.take(j).at(alphas)
    light = part.unlimited(norms[j, None], size)
    dual, free = C, light & part.unbounded(C[j])
    while free.any():
        gain, dual = without(free, j, design, C)
        new = light & part.unbounded(dual[j]) & ~free
        if not new.any():
            break
        free = free | new
    return gain, dual


def violating(C, columns, penalty, alphas):
    """Return the columns, but for some, whose correlations exceed the penalty for any alpha."""
    exceeds = in_any(penalty.size(C) > np.multiply.outer(penalty.weight, alphas))
    exceeds[columns] = False
    return np.flatnonzero(exceeds)


def extended(columns, W, outside, penalty, alphas):
    """Append columns with coefficients nearest to 0; return all, their coefficients and penalty."""
    j = np.concatenate([columns, outside])
    part = penalty.take(j)
    rest = part.nearest_to_zero()[len(columns) :, None]
    return j, np.vstack([W, np.broadcast_to(rest, (len(rest), W.shape[1]))]), part.at(alphas)


def without(free, j, design, C):
    """Make residuals orthogonal to the columns j that are `free`, see `dual_point`.

    Problems that have the same free columns share the passes.
    """
    gain, C = np.zeros(C.shape[1]), C.copy()
    patterns, which = np.unique(free, axis=1, return_inverse=True)
    for k, pattern in enumerate(patterns.T):
        columns, problems = j[pattern], np.flatnonzero(which.ravel() == k)
        if columns.size == 0:
            continue
        solve = normal_equations(design, columns)
        if solve is None:
            gain[problems] = np.nan
            continue
        c = left = C[np.ix_(columns, problems)]
        step = np.zeros_like(c)
        for _ in range(REFINEMENTS):
            step += solve(left)
            change = design.rmatvec(design.matvec(step, columns))
            left = c - change[columns]
            if np.abs(left).max() <= PRECISION * np.abs(c).max():
                break
        gain[problems] = np.maximum(0.0, 0.5 * np.sum(step * (c + left), axis=0))
        C[:, problems] -= change
        C[np.ix_(columns, problems)] = 0.0
    return gain, C


def normal_equations(design, columns):
    """Return what solves ``gram(columns) @ v = c``, or None where that would take too much.

    Columns are scaled to length 1. Where they are nearly dependent, the factor is that of the
    columns themselves, which has twice the digits of that of their Gram matrix.
    """
    if min(columns.size, design.n_samples) > design.cost.free_columns:
        return None
    norms = design.column_norms[columns]
    norms = np.where(norms > 0, norms, 1.0)[:, None]
    if columns.size < design.n_samples:
        L, failed = lapack.dpotrf(design.gram(columns) / norms / norms.T, lower=1)
        if not failed and np.all(L.diagonal() > INDEPENDENT):
            return lambda c: cho_solve((L, True), c / norms) / norms
    if columns.size * design.n_samples > design.cost.numbers_of_columns:
        return None
    X = design.matvec(np.diagflat(1 / norms), columns) * np.sqrt(design.s)[:, None]
    R, order = qr(X, mode="r", pivoting=True)
    offset = np.abs(design.mean / design.scale)[columns] * np.sqrt(design.total_weight)
    rounding = DEPENDENT * (1 + offset / norms[:, 0])[order[: len(R.diagonal())]]
    kept = order[: np.count_nonzero(np.abs(R.diagonal()) > rounding)]
    R = R[: kept.size, : kept.size]

    def solve(c):
        v = np.zeros_like(c)
        half = solve_triangular(R, (c / norms)[kept], trans=1)
        v[kept] = solve_triangular(R, half)
        return v / norms

    return solve


def feasible_gap(rr, c, w, penalty):
    """Return the duality gap at w with the scaled residual t * r as the dual point.

    Written with the inequality of Fenchel and Young, as a sum of terms that are never negative,
    so that nothing cancels. Columns without any penalty must have c_j = 0. Arrays may have a
    column for each of several problems.
    """
    return np.min([scaled_gap(rr, c, w, penalty, t) for t in penalty.feasible_scales(c)], axis=0)


def scaled_gap(rr, c, w, penalty, t):
    """Return the gap for one scale of the residual."""
    terms = penalty.value(w) - t * penalty.couple(w * c) + penalty.conjugate(t * c)
    return 0.5 * rr * (1 - t) ** 2 + np.maximum(terms, 0.0).sum(axis=0)  # below 0: rounding


def relative(value, scale):
    """Return a value as a fraction of a scale, where 0 of nothing is 0."""
    return 0.0 if value == 0 else float(value / scale) if scale > 0 else np.inf
