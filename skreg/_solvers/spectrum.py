"""Ridge from an eigendecomposition, one of which serves every alpha and every target.

================  ========================================================================
`PrimalSpectrum`  decomposes the Gram matrix of the columns, where there are more samples
`DualSpectrum`    decomposes the kernel, the products of the samples, where there are not; or the
                  columns themselves, for the sake of digits
================  ========================================================================

Both answer what a choice of alpha asks: `leave_one_out`, `fold` and `coefficients`. Centring is an
unpenalised column of ones. Arrays of what depends on all three have the axes samples (or
features), targets and alphas.
"""

import numpy as np

from .eigen_dual import FINE, DualSpectrum
from .eigen_primal import PrimalSpectrum


def decompose(design, y, penalty, *, centred, smallest):
    """Decompose the smaller side of the data.

    Parameters
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Centred targets.
    penalty : ElasticNet
        Penalty for alpha = 1; columns whose bounds are equal are left out.
    centred : bool
        Whether there is an intercept.
    smallest : float
        The smallest alpha.
    """
    used = penalty.lower < penalty.upper
    saturated = np.count_nonzero(design.s) <= used.sum() + 1  # 1 minus a leverage would cancel
    size = np.max(design.column_norms[used] ** 2, initial=0.0)
    least = smallest * np.min(penalty.ridge, where=used & (penalty.ridge > 0), initial=np.inf)
    fine = least < FINE * size and design.n_samples <= design.cost.few_samples
    if (saturated and design.n_samples <= design.cost.longest_side) or fine:
        few_columns = fine and np.count_nonzero(design.s) > 2 * used.sum()
        return DualSpectrum(design, y, penalty, centred, smallest, few_columns)
    return PrimalSpectrum(design, y, penalty, centred)
