"""The Design: the centred, scaled, weighted view of the data that every solver works on.

A solver never sees an array. With ``Xc = (X - mean) / scale`` and the weights ``s`` it asks for

===================  =====================================================================
``matvec(w)``        ``Xc @ w``
``rmatvec(r)``       ``Xc.T @ (s * r)``
``correlate(r, j)``  the same for a few columns ``j``
``gram(j)``          ``Xc[:, j].T @ diag(s) @ Xc[:, j]``, or its last rows
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
        Columns of zeros, or that centring reduces to rounding errors: they teach nothing.
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
            self.mean, variance = self._moments()
            deviation = np.sqrt(variance)
        flat = deviation <= 10 * np.finfo(float).eps * np.abs(self.mean)
        self.constant = flat & (centre | (self.mean == 0))
        self.scale = np.where(flat | (not standardize), 1.0, deviation)
        if not centre:
            deviation = np.hypot(deviation, self.mean)
            self.mean = np.zeros(self.n_features)
        self.column_norms = deviation * np.sqrt(self.total_weight) / self.scale
        self.n_passes = 1.0

    def matvec(self, w, columns=None):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets).

        With `columns`, w has only their coefficients, and the other columns are not read.
        """
        scale = self.scale if columns is None else self.scale[columns]
        self.n_passes += len(scale) / self.n_features
        self.work.n_products += 1
        product = self._matvec((vector(w).T / scale).T, columns)
        return product.reshape(self.n_samples, *w.shape[1:])

    def rmatvec(self, r):
        """Return ``Xc.T @ (s * r)``, of shape (n_features,) or (n_features, n_targets)."""
        self.n_passes += 1
        self.work.n_products += 1
        product = (self._rmatvec((self.s * vector(r).T).T).T / self.scale).T
        return product.reshape(self.n_features, *r.shape[1:])

    def correlate(self, r, columns):
        """Return ``rmatvec(r)[columns]`` without reading the other columns."""
        self.n_passes += len(columns) / self.n_features
        self.work.n_products += 1
        c = (self._correlate((self.s * vector(r).T).T, columns).T / self.scale[columns]).T
        return c.reshape(len(columns), *r.shape[1:])

    def gram(self, columns, first=0):
        """Return ``Xc[:, columns[first:]].T @ diag(s) @ Xc[:, columns]``."""
        self.n_passes += len(columns) / self.n_features
        self.work.n_products += 1
        scale = self.scale[columns]
        return self._gram(columns, first) / np.outer(scale[first:], scale)

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, X=self.X[rows], s=self.s[rows])
        part.n_samples = part.X.shape[0]
        return part

    @property
    @abstractmethod
    def passes_of_gram(self):
        """How many passes over the data take as long as the Gram matrix of all columns."""

    @abstractmethod
    def _moments(self): ...

    @abstractmethod
    def _matvec(self, w, columns): ...

    @abstractmethod
    def _rmatvec(self, r): ...

    @abstractmethod
    def _correlate(self, r, columns): ...

    @abstractmethod
    def _gram(self, columns, first): ...


def vector(a):
    """Return a matrix of one column as a vector, with which products are faster."""
    return a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a


@singledispatch
def as_design(X, s, *, centre, standardize):
    """Return the Design of X; each kind of data registers its own."""
    raise TypeError(f"no Design is registered for data of type {type(X).__name__}")
