"""Certificates of optimality, computed from the data at the returned coefficients."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_solve, lapack, qr, solve_triangular

from .penalties import in_any

INDEPENDENT = 1e-3  # least part of a column that the others lack, for a Gram matrix to show it
DEPENDENT = 5e-15  # the same, below which it is rounding, for columns about 0
REFINEMENTS = 3  # of a projection, at the most
PRECISION = 1e-8  # of a projection, that needs no refinement


class Certificate(NamedTuple):
    """How good coefficients are, for each of several problems on the same data.

    Attributes
    ----------
    gap : ndarray of shape (n_problems,)
        A bound on how much the objective exceeds its minimum. Where a better one would need a
        factorisation of too many unpenalised columns, it is the objective less the least loss of
        any predictions, and less the penalty at 0 or at the bounds nearest to it.
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


def certify(design, fit, C, columns, W, penalty, alphas):
    """Certify the coefficients W of some columns, the others being 0 or nearest to it.

    The gap is a sum of terms that are never negative, so that nothing cancels: by the inequality of
    Fenchel and Young, each term of the objective and its conjugate exceed a product. It is the
    least at some dual points: multiples of the residuals, of what is left of these without columns
    that have next to no penalty, and 0. See Fercoq, Gramfort and Salmon (2015), "Mind the duality
    gap: safer rules for the Lasso", section 2.

    Parameters
    ----------
    design : Design
        The data.
    fit : Fit or SquaredResiduals
        The loss of each problem.
    C : ndarray of shape (n_features, n_problems)
        Correlations of the residuals with the columns. Where the penalty couples the columns of an
        array, they are the targets of one problem.
    columns : None or ndarray of int
        Columns whose coefficients may be others than 0, or the bound nearest to it; None is all.
    W : ndarray of shape (n_columns, n_problems)
        Their coefficients.
    penalty : ElasticNet
        Penalty of all columns, for alpha = 1.
    alphas : ndarray of shape (n_problems,)
        What it is multiplied with in each problem.
    """
    judged, missing = judge(C, columns, W, penalty, alphas)
    objective = penalty.couple(fit.value) + judged.value
    gap = np.nan
    for dual, c in dual_points(design, fit, C, penalty, alphas):
        scaled = (judged if c is C else judge(c, columns, W, penalty, alphas)[0]).scaled
        for t, gap_of_penalty in scaled:
            gap = np.fmin(gap, penalty.couple(dual.gap(t)) + gap_of_penalty)
    if not (gap < judged.value).all():  # which the next is not below
        largest = penalty.couple(fit.gap(0.0)) + judged.value
        nearest = penalty.nearest_to_zero()
        gap = np.fmin(gap, largest - np.multiply.outer(penalty.value(nearest), alphas).sum(axis=0))
    return Certificate(gap, objective, judged.violation, missing)


def judge(C, columns, W, penalty, alphas):
    """Judge the penalty with the columns that violate optimality where they are; return these, too.

    The most violating are first.
    """
    if columns is None:
        return penalty.judge(C, W, alphas), np.empty(0, dtype=int)
    missing = violating(C, columns, penalty, alphas)
    j = np.concatenate([columns, missing])
    part = penalty.take(j)
    nearest = part.nearest_to_zero()[len(columns) :, None]
    W = np.vstack([W, np.broadcast_to(nearest, (len(nearest), W.shape[1]))])
    judged = part.judge(C[j], W, alphas)
    worst = judged.worst[len(columns) :]
    order = np.argsort(-worst, kind="stable")[: np.count_nonzero(worst)]
    return judged, missing[order]


def dual_points(design, fit, C, penalty, alphas):
    """Yield dual points, each with its correlations with the columns.

    They are orthogonal to columns with next to no penalty that could move without end. Only then is
    the conjugate of the penalty finite, unless the residual is scaled to nearly nothing. Where one
    side is bounded, a column matters if it could move to the other, which may show only once the
    residual is orthogonal to others.
    """
    size, norms = np.sqrt(2 * fit.value.max(initial=0.0)), design.column_norms
    (j,) = penalty.unlimited(norms, size, alphas.min()).nonzero()
    if j.size == 0:
        yield fit, C
        return
    part = penalty.take(j).at(alphas)
    light = part.unlimited(norms[j, None], size)
    free = light & part.unbounded(C[j])
    if np.all((part.ridge > 0) | ~free):
        yield fit, C
    while free.any():
        dual, c = without(free, j, design, fit, C)
        new = light & part.unbounded(c[j]) & ~free
        if not new.any():
            yield dual, c
            break
        free = free | new


def violating(C, columns, penalty, alphas):
    """Return the columns, but for some, whose correlations exceed the penalty for any alpha."""
    size = penalty.size(C)
    exceeds = size.max(axis=1) > penalty.weight * alphas.min()
    exceeds[columns] = False
    j = np.flatnonzero(exceeds)
    return j[in_any(size[j] > np.multiply.outer(penalty.weight[j], alphas))]


def without(free, j, design, fit, C):
    """Make residuals orthogonal to the columns j that are `free`, see `dual_points`.

    Problems that have the same free columns share the passes.
    """
    gain, change, C = np.zeros(C.shape[1]), np.zeros((design.n_samples, C.shape[1])), C.copy()
    patterns, which = np.unique(free, axis=1, return_inverse=True)
    for k, pattern in enumerate(patterns.T):
        columns, problems = j[pattern], np.flatnonzero(which.ravel() == k)
        if columns.size == 0:
            continue
        solve = gram_solver(design, columns)
        if solve is None:
            gain[problems] = change[:, problems] = np.nan
            continue
        c = left = C[np.ix_(columns, problems)]
        step = np.zeros_like(c)
        for _ in range(REFINEMENTS):
            step += solve(left)
            move = design.matvec(step, columns)
            change_of_c = design.rmatvec(move)
            left = c - change_of_c[columns]
            if np.abs(left).max() <= PRECISION * np.abs(c).max():
                break
        gain[problems] = np.maximum(0.0, 0.5 * np.sum(step * (c + left), axis=0))
        change[:, problems] = move
        C[:, problems] -= change_of_c
        C[np.ix_(columns, problems)] = 0.0
    fit = fit.without(change, gain)
    return fit, fit.shrinkage * C


def gram_solver(design, columns):
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
    root = np.sqrt(design.s)[:, None]
    if columns.size < design.n_samples:
        X = root * design.matvec(np.diagflat(1 / norms), columns)
    else:
        inverse = np.divide(1, root, out=np.zeros_like(root), where=root > 0)
        X = (design.rmatvec(np.diagflat(inverse), columns) / norms).T
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


def distance(gap, modulus, stretch):
    """Return how far coefficients are from the solution at the most.

    The objective is strongly convex: it rises by ``modulus / 2`` times the square of the distance
    from the solution at the least. Without such a modulus there is no bound. `stretch` is how much
    longer distances are in the units of the user, at the most.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        bound = stretch * np.sqrt(2 * gap / modulus)
    return np.where(np.isnan(bound), np.inf, bound)


def relative(value, whole):
    """Return a value as a fraction of another, where 0 of nothing is 0."""
    return 0.0 if value == 0 else float(value / whole) if whole > 0 else np.inf
