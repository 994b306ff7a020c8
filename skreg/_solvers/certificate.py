"""Certificates of optimality, computed from the data at the returned coefficients."""

import numpy as np
from scipy.linalg import lstsq

from .penalties import unbounded

MAX_FREE = 2000  # unpenalised columns that the certificate is willing to factorise


def feasible_gap(rr, c, w, penalty):
    """Return the duality gap at w with the scaled residual t * r as the dual point.

    Written with the inequality of Fenchel and Young, as a sum of terms that are never negative,
    so that nothing cancels. Columns without any penalty must have c_j = 0.
    """
    t = penalty.feasible_scale(c)
    terms = penalty.value(w) - t * w * c + penalty.conjugate(t * c)
    return 0.5 * rr * (1 - t) ** 2 + np.maximum(terms, 0.0).sum()  # below 0: rounding


def duality_gap(design, r, c, w, penalty):
    """Return a bound on how much the objective at w exceeds its minimum.

    A dual point must be orthogonal to the columns without a penalty: the residual is projected,
    and what the projection gains is part of the gap.
    """
    free = unbounded(penalty, c)
    gain = 0.0
    if free.size > MAX_FREE:
        return np.nan
    if free.size:
        step = np.zeros(design.n_features)
        step[free] = lstsq(design.gram(free, free), c[free], lapack_driver="gelsy")[0]
        gain = max(0.0, 0.5 * step @ c)
        r = r - design.matvec(step)
        c = design.rmatvec(r)
        c[free] = 0.0
    return gain + feasible_gap(np.sum(design.s * r**2), c, w, penalty)


def relative(value, scale):
    """Return a value as a fraction of a scale, where 0 of nothing is 0."""
    return 0.0 if value == 0 else float(value / scale) if scale > 0 else np.inf
