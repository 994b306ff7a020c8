"""The standard form of a Tikhonov problem: coordinates in which data and penalty are diagonal.

First ``T' P T`` is made a matrix of ones, and of zeros for what is free of penalty. Then the
columns of ``Xc @ T`` are made orthogonal, by what the free ones can do for the others and by a
rotation of these: without it they are as dependent as P is ill-conditioned, which costs digits
wherever the penalty is small. The result is the generalised singular value decomposition of data
and penalty: Hansen (1998), "Rank-Deficient and Discrete Ill-Posed Problems", sections 2.1.2 and
2.3.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, norm  # unlike numpy's, it does not overflow

from .._data import Products, Transformed
from .._problem.penalties import ElasticNet

ROUNDING = 10 * np.finfo(float).eps  # of what is largest, times the number of columns


class Coordinates(NamedTuple):
    """A ridge problem in coordinates in which its penalty is diagonal.

    Attributes
    ----------
    design : Products
        The data.
    penalty : ElasticNet
        The penalty for alpha = 1.
    scale : ndarray of shape (n_features,)
        What the columns of X were divided by.
    T : ndarray of shape (n_features, n_coordinates), default=None
        Coefficients v of the coordinates stand for ``T @ v`` of the scaled columns of X; None where
        they are the same.
    """

    design: Products
    penalty: ElasticNet
    scale: np.ndarray
    T: np.ndarray | None = None

    def coefficients(self, v):
        """Return the coefficients of the scaled columns of X."""
        return v if self.T is None else self.T @ v

    def stretch(self):
        """Return a bound on how long coefficients of X are where the penalty is 1 / 2."""
        factor, used = self.penalty.ridge, self.penalty.lower < self.penalty.upper
        if self.T is None:
            least = np.where(used, factor * self.scale**2, np.inf).min(initial=np.inf)
            return 1 / np.sqrt(least) if least > 0 else np.inf
        if np.any(factor == 0):
            return np.inf
        A = np.abs(self.T / np.sqrt(factor) / self.scale[:, None])
        sums = A.sum(axis=0).max(initial=0.0) * A.sum(axis=1).max(initial=0.0)
        return np.sqrt(min(np.sum(A**2), sums))


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
        The data in these coordinates; its T leads back.
    factor : ndarray of shape (n_coordinates,)
        The factors. With the squares of the norms of the columns their sums are 1. What has no
        data has no coordinate.

    Raises
    ------
    LinAlgError
        If the matrix is not positive semidefinite.
    """
    T, d = diagonalised(P)
    R = Transformed(design, T).triangle()
    free, T_free, penalised, T_penalised = R[:, d == 0], T[:, d == 0], R[:, d > 0], T[:, d > 0]
    noise = noise_of_free(design, T_free, penalised, d[d > 0])
    U, d, Wt = np.linalg.svd(free / noise, full_matrices=False)
    U, W = U[:, d > 1], Wt[d > 1].T / d[d > 1] / noise[:, None]
    along = U.T @ penalised
    T_free, T_penalised = T_free @ W, T_penalised - T_free @ (W @ along)
    _, d, Vt = np.linalg.svd(penalised - U @ along, full_matrices=False)
    kept = d > ROUNDING * len(P) * norm(penalised)
    factor = 1 / (1 + d[kept] ** 2)
    T_penalised = T_penalised @ Vt[kept].T * np.sqrt(factor)
    T = np.hstack([T_free, T_penalised])
    return Transformed(design, T), np.r_[np.zeros(W.shape[1]), factor]


def noise_of_free(design, T, penalised, d):
    """Return the norms that rounding alone may give to the combinations T, free of penalty.

    They are sums of columns from which means were taken; and they lean towards the other
    combinations, by rounding of the largest eigenvalue over their own.
    """
    far = np.abs(design.mean / design.scale) * np.sqrt(design.total_weight)
    size = np.where(design.constant, 0.0, far + design.column_norms)
    slant = d.max(initial=0.0) * norm(penalised / np.sqrt(d))
    noise = ROUNDING * (len(T) * size @ np.abs(T) + slant)
    return np.where(noise > 0, noise, 1.0)


def diagonalised(P):
    """Return T and d, where ``T' P T`` is a diagonal of 1 where d > 0, and of 0 where d = 0.

    Columns on which P does not depend stay by themselves, lest what is flat moves with others.
    """
    on = np.any(P != 0, axis=1)
    T, d = np.eye(len(P)), np.zeros(len(P))
    T[np.ix_(on, on)], d[on] = rooted(P[np.ix_(on, on)])
    return T, d


def rooted(P):
    """Return the same for a matrix without rows of zeros.

    The roots of the diagonal are taken out of P before, so that small entries keep their digits
    beside large ones: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR",
    section 2.
    """
    diagonal = P.diagonal()
    largest = diagonal.max(initial=0.0) or 1.0
    own = np.where(diagonal > 0, diagonal, largest)
    for squares in (own, np.full_like(own, largest)):  # P may have the rounding of its largest
        root = np.sqrt(squares)
        d, U = np.linalg.eigh(P / root / root[:, None])
        rounding = ROUNDING * len(d) * np.abs(d).max(initial=0.0)
        if np.all(d >= -rounding):
            d = np.where(d > rounding, d, 0.0)
            return U / np.sqrt(np.where(d > 0, d, 1.0)) / root[:, None], d
    raise LinAlgError(f"eigenvalues from {d[0] * largest:g} to {d[-1] * largest:g}")
