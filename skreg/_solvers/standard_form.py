"""The standard form of a Tikhonov problem: coordinates in which data and penalty are diagonal.

First ``T' P T`` is made a matrix of ones, and of zeros for what is free of penalty; a rotation of
the former, and what the latter can do in their place, then make the columns of ``Xc @ T``
orthogonal. Without the rotation they are as dependent as P is ill-conditioned, which costs digits
wherever the penalty is small. This is the generalised singular value decomposition: Elden (1982),
"A weighted pseudoinverse, generalized singular values, and constrained least squares problems",
section 2; Hansen (1998), "Rank-Deficient and Discrete Ill-Posed Problems", sections 2.1 and 2.3.
"""

import numpy as np
from scipy.linalg import LinAlgError, eigh, norm, svd

from .._data import Transformed

ROUNDING = 10 * np.finfo(float).eps  # of what is largest, times the number of columns


def standard_form(design, P):
    """Return the Design and the penalty factors of the same problem in other coordinates.

    Parameters
    ----------
    design : Design
        The data.
    P : ndarray of shape (n_features, n_features)
        A symmetric matrix.

    Returns
    -------
    transformed : Transformed
        The data in these coordinates; its `coefficients` leads back.
    factor : ndarray of shape (n_coordinates,)
        The factors, 0 for the first and 1 for the others. What has no data has no coordinate.

    Raises
    ------
    LinAlgError
        If the matrix is not positive semidefinite.
    """
    T, penalised = diagonalised(P)
    R = Transformed(design, T).triangle()
    free, rest = R[:, ~penalised], R[:, penalised]
    rounding, size = ROUNDING * len(P), norm(rest)
    length = np.sqrt(np.sum(free**2, axis=0))
    length[length == 0] = 1.0
    U, d, Wt = svd(free / length, full_matrices=False)
    kept = d > rounding
    U, W = U[:, kept], Wt[kept].T / d[kept] / length[:, None]
    along = U.T @ rest
    _, d, Vt = svd(rest - U @ along, full_matrices=False)
    kept = d > rounding * size
    T_free = T[:, ~penalised] @ W
    T_rest = (T[:, penalised] - T_free @ along) @ Vt[kept].T
    T = np.hstack([T_free * (size or 1.0), T_rest])  # free columns are no shorter than others
    return Transformed(design, T), np.repeat([0.0, 1.0], [T_free.shape[1], T_rest.shape[1]])


def diagonalised(P):
    """Return T with ``T' P T = diag(penalised)``, and what is penalised.

    The roots of the diagonal are taken out of P before, so that small entries keep their digits
    beside large ones: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR",
    section 2.
    """
    diagonal = P.diagonal()
    largest = diagonal.max(initial=0.0) or 1.0
    own = np.where(diagonal > 0, diagonal, largest)
    for size in (own, np.full_like(own, largest)):  # P may have the rounding of its largest entry
        scale = np.sqrt(size)
        d, U = eigh(P / scale / scale[:, None], driver="evd")
        rounding = ROUNDING * len(d) * np.abs(d).max()
        if d[0] >= -rounding:
            root = np.sqrt(np.where(d > rounding, d, 1.0))
            return U / root / scale[:, None], d > rounding
    raise LinAlgError(f"eigenvalues from {d[0] * largest:g} to {d[-1] * largest:g}")
