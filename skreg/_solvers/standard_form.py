"""The standard form of a Tikhonov problem: coordinates in which data and penalty are diagonal.

First ``T' P T`` is made a matrix of ones, and of zeros for what is free of penalty. Then the
columns of ``Xc @ T`` are made orthogonal, by what the free ones can do for the others and by a
rotation of these: without it they are as dependent as P is ill-conditioned, which costs digits
wherever the penalty is small. The result is the generalised singular value decomposition of data
and penalty: Hansen (1998), "Rank-Deficient and Discrete Ill-Posed Problems", sections 2.1.2 and
2.3.
"""

import numpy as np
from scipy.linalg import LinAlgError, norm  # unlike numpy's, it does not overflow

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
        The factors. With the squares of the norms of the columns their sums are 1. What has no
        data has no coordinate.

    Raises
    ------
    LinAlgError
        If the matrix is not positive semidefinite.
    """
    T, penalised, condition = diagonalised(P)
    R = Transformed(design, T).triangle()
    free, rest = R[:, ~penalised], R[:, penalised]
    noise = blur(design, condition) @ np.abs(T[:, ~penalised])
    noise[noise == 0] = 1.0
    U, d, Wt = np.linalg.svd(free / noise, full_matrices=False)
    kept = d > 1
    U, W = U[:, kept], Wt[kept].T / d[kept] / noise[:, None]
    along = U.T @ rest
    _, d, Vt = np.linalg.svd(rest - U @ along, full_matrices=False)
    kept = d > ROUNDING * len(P) * norm(rest)
    factor = 1 / (1 + d[kept] ** 2)
    T_free = T[:, ~penalised] @ W
    T_rest = (T[:, penalised] - T_free @ along) @ Vt[kept].T * np.sqrt(factor)
    return Transformed(design, np.hstack([T_free, T_rest])), np.r_[np.zeros(W.shape[1]), factor]


def blur(design, condition):
    """Return the rounding errors that columns bring into combinations that are free of penalty.

    These are as precise as rounding times the condition of P; and means have been taken away.
    """
    far = np.abs(design.mean / design.scale) * np.sqrt(design.total_weight)
    errors = ROUNDING * (design.n_features * far + condition * design.column_norms)
    return np.where(design.constant, 0.0, errors)


def diagonalised(P):
    """Return T with ``T' P T = diag(penalised)``, what is penalised, and the condition of that.

    The roots of the diagonal are taken out of P before, so that small entries keep their digits
    beside large ones: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR",
    section 2.
    """
    diagonal = P.diagonal()
    largest = diagonal.max(initial=0.0) or 1.0
    own = np.where(diagonal > 0, diagonal, largest)
    for size in (own, np.full_like(own, largest)):  # P may have the rounding of its largest entry
        scale = np.sqrt(size)
        d, U = np.linalg.eigh(P / scale / scale[:, None])
        rounding = ROUNDING * len(d) * np.abs(d).max()
        if d[0] >= -rounding:
            penalised = d > rounding
            condition = d[-1] / d[penalised].min() if penalised.any() else 1.0
            T = U / np.sqrt(np.where(penalised, d, 1.0)) / scale[:, None]
            return T, penalised, condition
    raise LinAlgError(f"eigenvalues from {d[0] * largest:g} to {d[-1] * largest:g}")
