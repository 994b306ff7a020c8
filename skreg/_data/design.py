"""The Design: the centred, scaled, weighted view of the data that every solver works on.

A solver never sees an array. With ``Xc = (X - mean) / scale`` and the weights ``s`` it asks for

===================  =====================================================================
``matvec(w)``        ``Xc @ w``
``rmatvec(r)``       ``Xc.T @ (s * r)``
``correlate(r, j)``  the same for a few columns ``j``
``gram(i, j)``       ``Xc[:, i].T @ diag(s) @ Xc[:, j]``
``column_norms``     ``sqrt(diag(Xc.T @ diag(s) @ Xc))``
===================  =====================================================================

`w` and `r` may have several columns, one per target. Nothing is materialised: X is neither copied
nor changed, and sparse stays sparse. Whatever the dtype of X, the answers are float64.
"""

from abc import ABC, abstractmethod
from functools import singledispatch

import numpy as np

from .._convergence import Work


class Design(ABC):
    """The centred, scaled, weighted view of X; kinds of data differ in how they answer.

    Parameters
    ----------
    X : array of shape (n_samples, n_features)
        The data; never changed.
    s : ndarray of shape (n_samples,)
        Sample weights, not all zero.
    centre : bool
        Whether to take the weighted mean from every column.
    standardize : bool
        Whether to divide every column by its weighted standard deviation.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
        What is taken from the columns, and what they are then divided by.
    constant : ndarray of bool, shape (n_features,)
        Columns that centring reduces to rounding errors: nothing can be learned from them.
    n_passes : float
        Passes over the data so far, without those of the Designs of some rows.
    work : Work
        Products and bytes read so far, with those of the Designs of some rows.
    """

    def __init__(self, X, s, *, centre, standardize):
        self.X, self.s = X, s
        self.n_samples, self.n_features = X.shape
        self.total_weight = s.sum()
        self.n_passes = 0.0
        self.work = Work()
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks sees norms of inf or NaN
            self.mean = self._column_sums() / self.total_weight
            deviation = np.sqrt(self._squared_deviations() / self.total_weight)
        flat = deviation <= 10 * np.finfo(float).eps * np.abs(self.mean)
        self.constant = flat & centre
        self.scale = np.where(flat | (not standardize), 1.0, deviation)
        if not centre:
            deviation = np.hypot(deviation, self.mean)
            self.mean = np.zeros(self.n_features)
        self.column_norms = deviation * np.sqrt(self.total_weight) / self.scale
        self.n_passes = 1.0

    def matvec(self, w):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets)."""
        self.n_passes += 1
        self.work.n_products += 1
        return self._matvec((w.T / self.scale).T)

    def rmatvec(self, r):
        """Return ``Xc.T @ (s * r)``, of shape (n_features,) or (n_features, n_targets)."""
        self.n_passes += 1
        self.work.n_products += 1
        return (self._rmatvec((self.s * r.T).T).T / self.scale).T

    def correlate(self, r, columns):
        """Return ``rmatvec(r)[columns]`` without reading the other columns."""
        self.n_passes += len(columns) / self.n_features
        self.work.n_products += 1
        return self._correlate(self.s * r, columns) / self.scale[columns]

    def gram(self, columns, others):
        """Return the block ``Xc[:, columns].T @ diag(s) @ Xc[:, others]``."""
        self.n_passes += (len(columns) + len(others)) / self.n_features
        self.work.n_products += 1
        return self._gram(columns, others) / np.outer(self.scale[columns], self.scale[others])

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, X=self.X[rows], s=self.s[rows])
        part.n_samples = part.X.shape[0]
        return part

    @abstractmethod
    def _column_sums(self): ...

    @abstractmethod
    def _squared_deviations(self): ...

    @abstractmethod
    def _matvec(self, w): ...

    @abstractmethod
    def _rmatvec(self, r): ...

    @abstractmethod
    def _correlate(self, r, columns): ...

    @abstractmethod
    def _gram(self, columns, others): ...


@singledispatch
def as_design(X, s, *, centre, standardize):
    """Return the Design of X; each kind of data registers its own."""
    raise TypeError(f"no Design is registered for data of type {type(X).__name__}")
