"""Certificates of optimality, computed from the data at the returned coefficients."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import lstsq

MAX_FREE = 2000  # unpenalised columns that the certificate is willing to factorise


class Certificate(NamedTuple):
    """How good coefficients are, for each of several problems on the same data.

    Attributes
    ----------
    gap : ndarray of shape (n_problems,)
        A bound on how much the objective exceeds its minimum; NaN where it would need a
        factorisation of too many unpenalised columns.
    violation : ndarray of shape (n_problems,)
        Largest violation of the optimality conditions.
    missing : ndarray of int
        Columns at rest that should not be, the most violating first.
    """

    gap: np.ndarray
    violation: np.ndarray
    missing: np.ndarray


def certify(design, rr, C, columns, W, penalty, alphas):
    """Certify the coefficients W of some columns, the others being at rest.

    Parameters
    ----------
    design : Design
        The data.
    rr, C : ndarray of shape (n_problems,) and (n_features, n_problems)
        Sums of squares of the residuals, and their correlations with the columns. Where the
        penalty couples the columns of an array, they are the targets of one problem.
    columns : ndarray of int
        Columns that may have left their place of rest: 0, or the bound next to it.
    W : ndarray of shape (n_columns, n_problems)
        Their coefficients.
    penalty : ElasticNet
        Penalty of all columns, for alpha = 1.
    alphas : ndarray of shape (n_problems,)
        What it is multiplied with in each problem.
    """
    outside = violating(C, columns, penalty, alphas)
    j, w, part = extended(columns, W, outside, penalty, alphas)
    violation = part.violation(C[j], w)
    worst = violation[len(columns) :].max(axis=1, initial=0.0)
    order = np.argsort(-worst, kind="stable")[: np.count_nonzero(worst)]
    free = part.unbounded(C[j])
    gain = np.zeros(len(rr))
    if free.any():
        gain, C = without(np.broadcast_to(free, (len(j), len(rr))), j, design, C)
        outside = violating(C, columns, penalty, alphas)
        j, w, part = extended(columns, W, outside, penalty, alphas)
    rest = np.maximum(0.0, rr - 2 * gain)
    gap = penalty.couple(gain) + feasible_gap(penalty.couple(rest), C[j], w, part)
    return Certificate(gap, violation.max(axis=0, initial=0.0), outside[order])


def violating(C, columns, penalty, alphas):
    """Return the columns, but for some, whose correlations exceed the penalty for any alpha."""
    exceeds = np.any(penalty.size(C) > np.multiply.outer(penalty.weight, alphas), axis=1)
    exceeds[columns] = False
    return np.flatnonzero(exceeds)


def extended(columns, W, outside, penalty, alphas):
    """Append columns at rest; return all, their coefficients and their penalty."""
    j = np.concatenate([columns, outside])
    part = penalty.take(j)
    rest = part.rest()[len(columns) :, None]
    return j, np.vstack([W, np.broadcast_to(rest, (len(rest), W.shape[1]))]), part.at(alphas)


def without(free, j, design, C):
    """Make residuals orthogonal to the columns j that are `free`, as a dual point must be.

    Problems that have the same free columns share the passes. Return what each objective gains by
    it, half of what its squared residuals lose, and the correlations.
    """
    gain, C = np.zeros(C.shape[1]), C.copy()
    patterns, which = np.unique(free, axis=1, return_inverse=True)
    for k, pattern in enumerate(patterns.T):
        columns, problems = j[pattern], np.flatnonzero(which.ravel() == k)
        if columns.size > MAX_FREE:
            gain[problems] = np.nan
        elif columns.size:
            c = C[np.ix_(columns, problems)]
            step = lstsq(design.gram(columns), c, lapack_driver="gelsy")[0]
            gain[problems] = np.maximum(0.0, 0.5 * np.sum(step * c, axis=0))
            C[:, problems] -= design.rmatvec(design.matvec(step, columns))
            C[np.ix_(columns, problems)] = 0.0
    return gain, C


def feasible_gap(rr, c, w, penalty):
    """Return the duality gap at w with the scaled residual t * r as the dual point.

    Written with the inequality of Fenchel and Young, as a sum of terms that are never negative,
    so that nothing cancels. Columns without any penalty must have c_j = 0. Arrays may have a
    column for each of several problems.
    """
    t = penalty.feasible_scale(c)
    terms = penalty.value(w) - t * penalty.couple(w * c) + penalty.conjugate(t * c)
    return 0.5 * rr * (1 - t) ** 2 + np.maximum(terms, 0.0).sum(axis=0)  # below 0: rounding


def relative(value, scale):
    """Return a value as a fraction of a scale, where 0 of nothing is 0."""
    return 0.0 if value == 0 else float(value / scale) if scale > 0 else np.inf
