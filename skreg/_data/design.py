"""The Design: the centred, scaled, weighted view of the data that every solver works on.

A solver never sees an array. With ``Xc = (X - mean) / scale`` and the weights ``s`` it asks for

===================  =====================================================================
``matvec(w)``        ``Xc @ w``
``rmatvec(r)``       ``Xc.T @ (s * r)``
``correlate(r, j)``  the same for a few columns ``j``
``gram(j)``          ``Xc[:, j].T @ diag(s) @ Xc[:, j]``, or its last rows
``kernel(q)``        ``Xc @ diag(q) @ Xc.T``
``sweep(w, r, j)``   coordinate descent over columns that are too many for a Gram matrix
``column_norms``     ``sqrt(diag(Xc.T @ diag(s) @ Xc))``
===================  =====================================================================

`w` and `r` may have several columns, one per target. Nothing is materialised: X is neither copied
nor changed, and sparse stays sparse. Whatever the dtype of X, the answers are float64.
"""

from abc import ABC, abstractmethod
from copy import copy
from functools import cached_property, singledispatch

import numpy as np

from .._convergence import Work
from .._numba import kernel


@kernel
def sweep(
    X, place, first, last, samples, centre, s, total_weight, mean, scale,
    columns, curvature, w, r, weight, ridge, lower, upper, room,
):  # fmt: skip
    """Minimise over one column after the other; the rows of `r` are the targets.

    Where there are several the penalty is that of a RowElasticNet, which with one is the same.
    `shift` is what the residuals lack until the end because of ``mean - centre``.
    """
    n_targets, n_changed, n_flipped = w.shape[1], 0, 0
    gap, excess, size = 0.0, 0.0, 0.0
    c, new, shift = room
    for t in range(n_targets):
        shift[t] = 0.0
    for k in range(columns.shape[0]):
        if curvature[k] <= 0.0:
            continue
        j = columns[k]
        zz, cc, ww, cw = 0.0, 0.0, 0.0, 0.0
        for t in range(n_targets):
            total = total_weight * (mean[j] - centre[j]) * shift[t]
            for e in range(first[j], last[j]):
                total += s[samples[e]] * (X[e, place[j]] - centre[j]) * r[t, samples[e]]
            c[t] = total / scale[j] - ridge[k] * w[k, t]
            zz += (c[t] + curvature[k] * w[k, t]) ** 2
            cc += c[t] ** 2
            ww += w[k, t] ** 2
            cw += c[t] * w[k, t]
        shrink = max(0.0, 1.0 - weight[k] / np.sqrt(zz)) if zz > 0.0 else 0.0
        moved, along, held = 0.0, 0.0, False
        for t in range(n_targets):
            new[t] = shrink * (c[t] / curvature[k] + w[k, t])
            new[t] = min(max(new[t], lower[k]), upper[k])
            moved += (new[t] - w[k, t]) ** 2
            along += new[t] * w[k, t]
            held |= new[t] in (lower[k], upper[k]) or w[k, t] in (lower[k], upper[k])
        size += weight[k] * np.sqrt(ww)
        if moved == 0.0:
            continue
        n_changed += 1
        n_flipped += along <= 0.0 or held
        gap += abs(weight[k] * np.sqrt(ww) - cw) + 0.5 * moved * curvature[k]
        if cc > weight[k] ** 2 > 0.0:
            excess = max(excess, np.sqrt(cc) / weight[k] - 1.0)
        for t in range(n_targets):
            change = (new[t] - w[k, t]) / scale[j]
            w[k, t] = new[t]
            shift[t] += change * (mean[j] - centre[j])
            for e in range(first[j], last[j]):
                r[t, samples[e]] -= change * (X[e, place[j]] - centre[j])
    for t in range(n_targets):
        for i in range(r.shape[1]):
            r[t, i] += shift[t]
    return gap + excess * size, n_changed, n_flipped


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
    whole : bool
        Whether the mean is that of its own rows; it is not in a Design made of another.
    n_passes : float
        Passes over the data so far, without those of the Designs of some rows.
    work : Work
        Products and bytes read so far, with those of the Designs of some rows.
    """

    whole = True

    def __init__(self, X, s, *, centre, standardize):
        self.X, self.s, self.standardize = X, s, standardize
        self.weighted = bool(np.any(s != 1))
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

    @property
    def tall(self):
        """Tell whether the columns may be independent, as there are fewer than samples."""
        return self.n_features < self.n_samples

    def coefficients(self, w):
        """Return the coefficients of the scaled columns of X: they are those of the Design."""
        return w

    def matvec(self, w, columns=None):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets).

        With `columns`, w has only their coefficients, and the other columns are not read.
        """
        self.n_passes += len(w) / self.n_features
        self.work.n_products += 1
        product = self._matvec(self._scaled(vector(w), columns), columns)
        return product.reshape(self.n_samples, *w.shape[1:])

    def rmatvec(self, r):
        """Return ``Xc.T @ (s * r)``, of shape (n_features,) or (n_features, n_targets)."""
        self.n_passes += 1
        self.work.n_products += 1
        product = self._scaled(self._rmatvec(self._weighed(vector(r))))
        return product.reshape(self.n_features, *r.shape[1:])

    def correlate(self, r, columns):
        """Return ``rmatvec(r)[columns]`` without reading the other columns."""
        self.n_passes += len(columns) / self.n_features
        self.work.n_products += 1
        c = self._scaled(self._correlate(self._weighed(vector(r)), columns), columns)
        return c.reshape(len(columns), *r.shape[1:])

    def gram(self, columns, first=0):
        """Return ``Xc[:, columns[first:]].T @ diag(s) @ Xc[:, columns]``."""
        self.n_passes += len(columns) / self.n_features
        self.work.n_products += 1
        G = self._scaled(self._gram(columns, first), columns[first:])
        return self._scaled(G.T, columns).T

    def kernel(self, q):
        """Return ``Xc @ diag(q) @ Xc.T`` for q >= 0; the weights of the samples take no part."""
        self.n_passes += 1
        self.work.n_products += 1
        return self._kernel(self._scaled(self._scaled(q)))

    def sweep(self, w, r, columns, penalty):
        """Minimise over one of some columns after the other.

        Parameters
        ----------
        w, r : ndarray of shape (n_columns, n_targets) and (n_samples, n_targets)
            Their coefficients, and the residuals in Fortran order; both are changed in place.
        columns : ndarray of int, shape (n_columns,)
            Columns.
        penalty : ElasticNet or RowElasticNet
            Their penalty.

        Returns
        -------
        gap : float
            The gap of the columns as they were met.
        n_changed, n_flipped : int
            How many changed, and how many of these began or ceased to move freely.
        """
        places = self._places()
        X, _, first, last, samples, _ = places
        self.n_passes += 2 * len(columns) / self.n_features
        n_numbers = 2 * int((last - first)[columns].sum())
        self.work.n_bytes += n_numbers * (X.itemsize + samples.itemsize)
        view = self.s, self.total_weight, self.mean, self.scale
        curvature = self.column_norms[columns] ** 2 + penalty.ridge
        room = np.empty((3, w.shape[1]))
        return sweep(*places, *view, columns, curvature, w, r.T, *penalty, room)

    @cached_property
    def column_length(self):
        """How many numbers are in a column, on average."""
        _, _, first, last, _, _ = self._places()
        return np.mean(last - first)

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, X=self.X[rows], s=self.s[rows])
        part.n_samples, part.whole = part.X.shape[0], False
        return part

    def about(self, shift):
        """Return the Design with the means moved by a shift, in the units of the scaled columns."""
        moved = copy(self)
        moved.mean, moved.whole = self.mean + shift * self.scale, False
        return moved

    def _weighed(self, r):
        """Multiply the rows of an array by the weights."""
        return (self.s * r.T).T if self.weighted else r

    def _scaled(self, a, columns=None):
        """Divide the rows of an array by the scales of columns."""
        if not self.standardize:
            return a
        return (a.T / (self.scale if columns is None else self.scale[columns])).T

    @property
    @abstractmethod
    def passes_of_gram(self):
        """How many passes over the data take as long as the Gram matrix of all columns."""

    @property
    @abstractmethod
    def passes_of_kernel(self):
        """The same for the matrix of all samples."""

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

    @abstractmethod
    def _kernel(self, q): ...

    @abstractmethod
    def _places(self):
        """Tell where a column is, so that one kernel reads every kind of data.

        The numbers of column j are ``X[first[j] : last[j], place[j]]`` and their samples are
        ``samples[first[j] : last[j]]``; ``centre[j]`` is taken from each of them, the rest of the
        mean from sums. Return X, place, first, last, samples and centre.
        """


def vector(a):
    """Return a matrix of one column as a vector, with which products are faster."""
    return a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a


@singledispatch
def as_design(X, s, *, centre, standardize):
    """Return the Design of X; each kind of data registers its own."""
    raise TypeError(f"no Design is registered for data of type {type(X).__name__}")
