"""What Designs of data in memory have in common; the questions are those of `protocols`."""

from abc import ABC, abstractmethod
from copy import copy
from functools import singledispatch

import numpy as np

from .._convergence import Work
from .._cost import COST
from .._threads import OTHERS
from .operators import Gram, Kernel, by_fold, vector

ROUNDING = 10 * np.finfo(float).eps  # of a deviation, relative to the mean
OF_COLUMNS = "mean", "plain_mean", "scale", "constant", "column_norms"


class MemoryDesign(ABC):
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
    centred : bool
        Whether their means are taken from the columns.
    mean, scale : ndarray of shape (n_features,)
        What is taken from the columns, and what they are then divided by.
    plain_mean : ndarray of shape (n_features,)
        What is left of the mean in the plain products.
    constant : ndarray of bool, shape (n_features,)
        Columns of zeros, or that centring reduces to rounding: they carry no information.
    cost : Cost
        When a way to an answer pays.
    team : Team
        Who shares the work.
    whole : bool
        Whether the mean is that of its own rows; it is not in a Design made of another.
    offset : float or ndarray of shape (n_samples, 1)
        What predictions have beside those of the columns.
    n_passes : float
        Passes over the data so far, without those of the Designs of some rows.
    work : Work
        Products and bytes read so far, with those of the Designs of some rows.
    """

    whole, offset = True, 0.0
    cost, team = COST, OTHERS

    def __init__(self, X, s, *, centre, standardize):
        self.X, self.centred, self.standardize = X, centre, standardize
        self.n_samples, self.n_features = X.shape
        self.n_passes = 0.0
        self.work = Work()
        self.plain_mean = np.zeros(self.n_features)
        deviation = self._weigh(s)
        flat = deviation <= ROUNDING * np.abs(self.mean)
        self.constant = flat if centre else flat & (self.mean == 0)
        self.scale = np.where(flat, 1.0, deviation) if standardize else np.ones(self.n_features)
        self._measure(deviation)
        self.n_passes = 1.0

    def _weigh(self, s):
        """Take over weights; return the standard deviations of the columns."""
        self.s, self.weighted, self.total_weight = s, bool((s != 1).any()), s.sum()
        with np.errstate(over="ignore", invalid="ignore"):  # the caller finds norms of inf or NaN
            self.mean, variance = self._moments(self.centred)
            return np.sqrt(variance)

    def _measure(self, deviation):
        """Store the norms of the columns, which are centred or not, and scaled."""
        if not self.centred:
            deviation = np.hypot(deviation, self.mean)
            self.mean = np.zeros(self.n_features)
        self.column_norms = deviation * np.sqrt(self.total_weight) / self.scale

    def reweighted(self, s):
        """Return the Design with other weights, centred by them; the scales stay."""
        other = copy(self)
        other._measure(other._weigh(s))
        other.count(n_passes=1)
        return other

    @property
    def tall(self):
        """Tell whether the columns may be independent, as there are fewer than samples."""
        return self.n_features < self.n_samples

    def matvec(self, w, columns=None):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets).

        With `columns`, w has only their coefficients, and the other columns are not read.
        """
        self.count(n_passes=len(w) / self.n_features, n_products=1)
        product = self._matvec(self._scaled(vector(w), columns), columns)
        return product.reshape(self.n_samples, *w.shape[1:])

    def rmatvec(self, r, columns=None):
        """Return ``Xc.T @ (s * r)``, of shape (n_features,) or (n_features, n_targets).

        With `columns`, the other columns are not read.
        """
        n_columns = self.n_features if columns is None else len(columns)
        self.count(n_passes=n_columns / self.n_features, n_products=1)
        c = self._scaled(self._rmatvec(self._weighed(vector(r)), columns), columns)
        return c.reshape(n_columns, *r.shape[1:])

    def inner(self, u, v):
        """Return the inner product of arrays with a row for each sample."""
        return np.sum(self.s @ (u * v))

    def gram(self, columns, first=0):
        """Return ``Xc[:, columns[first:]].T @ diag(s) @ Xc[:, columns]``."""
        self.count(n_passes=len(columns) / self.n_features, n_products=1)
        G = self._scaled(self._gram(columns, first), columns[first:])
        return self._scaled(G.T, columns).T

    def modulated_gram(self, columns, factors, which, shift):
        """Return ``Q.T @ Q`` for plain columns less a shift, multiplied row by row by factors.

        The weights of the samples take no part.

        Parameters
        ----------
        columns : ndarray of int, shape (n_columns,)
            Columns, some of them several times.
        factors : ndarray of shape (n_samples, n_factors)
            Factors of the rows.
        which : ndarray of int, shape (n_columns,)
            The place of those that a column has.
        shift : ndarray of shape (n_columns,)
            What is taken from the columns first.
        """
        self.count(n_passes=len(columns) / self.n_features, n_products=1)
        G = self._scaled(self._modulated_gram(columns, factors, which, shift), columns)
        return self._scaled(G.T, columns).T

    def kernel(self, q):
        """Return ``Xc @ diag(q) @ Xc.T`` for q >= 0; the weights of the samples take no part."""
        self.count(n_passes=1, n_products=1)
        return self._kernel(self._scaled(self._scaled(q)))

    def gram_operator(self, root, counts=None, shift=None):
        """Return what multiplies with ``Xc.T @ diag(s) @ Xc`` between two factors ``diag(root)``.

        Parameters
        ----------
        root : ndarray of shape (n_features, 1) or (n_features, n_targets)
            One factor.
        counts : None or ndarray of shape (n_samples, n_folds)
            How often each sample is in each of several folds; targets come fold after fold.
        shift : None or ndarray of shape (n_features, n_folds)
            What the means of each fold lie beyond those of all.
        """
        if counts is None:
            counts, shift = np.ones((self.n_samples, 1)), np.zeros((self.n_features, 1))
        return Gram(self, self._scaled(root), self.s[:, None] * counts, self._plain_shift(shift))

    def kernel_operator(self, q, root, shift=None):
        """Return what multiplies with ``Xc @ diag(q) @ Xc.T`` between two factors ``diag(root)``.

        Parameters
        ----------
        q : ndarray of shape (n_features,)
            As in `kernel`.
        root : ndarray of shape (n_samples, n_folds)
            One factor, for each of several folds; targets come fold after fold.
        shift : None or ndarray of shape (n_features, n_folds)
            What the means of each fold lie beyond those of all.
        """
        if shift is None:
            shift = np.zeros((self.n_features, 1))
        return self._kernel_of(self._scaled(self._scaled(q)), root, self._plain_shift(shift))

    def _plain_shift(self, shift):
        """Return what the means of folds lie beyond those of the plain products."""
        return shift * self.scale[:, None] + self.plain_mean[:, None]

    def _product(self, w):
        """Return the product of Z with w; Z is X less what is taken from it as it is read."""
        self.count(n_passes=1, n_products=1)
        return self._plain_matvec(vector(w)).reshape(-1, w.shape[1])

    def _transposed_product(self, r):
        """Return the product of its transpose with r; the weights take no part."""
        self.count(n_passes=1, n_products=1)
        return self._plain_rmatvec(vector(r)).reshape(-1, r.shape[1])

    def _gram_product(self, w, centre, weights):
        """Return ``Z.T @ diag(weights) @ (Z @ w - centre)``; weights are those of each fold."""
        product = by_fold(self._product(w), weights)
        product -= centre
        product *= weights[:, :, None]
        return self._transposed_product(product.reshape(len(product), -1))

    def count(self, n_passes, n_products=0, n_bytes=0):
        """Count what is about to be done."""
        self.n_passes += n_passes
        self.work.n_products += n_products
        self.work.n_bytes += n_bytes

    @property
    def column_length(self):
        """How many numbers are in a column, on average."""
        return self.n_numbers / self.n_features

    def take(self, rows):
        """Return the Design of some rows, centred and scaled by the statistics of all."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__, X=self.X[rows], s=self.s[rows])
        part.n_samples, part.whole = part.X.shape[0], False
        return part

    def select(self, columns):
        """Return the Design of a copy of some columns; its passes are those over them."""
        part = copy(self)
        part.X, part.n_features, part.n_passes = self._copied(columns), len(columns), 0.0
        for name in OF_COLUMNS:
            setattr(part, name, getattr(self, name)[columns])
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

    def _assembled(self, side, piece, n_targets=1):
        """Return the product of X or its transpose, each part by one thread.

        What the parts return belongs to different entries of the result, or is added up.

        Parameters
        ----------
        side : int
            The axis of X that the result has.
        piece : callable
            Returns the product of some rows and columns, both slices.
        n_targets : int, default=1
            How many columns X is multiplied with.
        """
        if self.n_numbers * n_targets < 2 * self.cost.numbers_of_part:
            return piece(slice(0, self.X.shape[0]), slice(0, self.X.shape[1]))
        axis, shape = self._across(side, n_targets), self.X.shape
        size = self.cost.size_of_product(shape, self.n_numbers, n_targets, axis)

        def of(part):
            return piece(part, slice(None)) if axis == 0 else piece(slice(None), part)

        if axis != side:
            return self.team.sum(shape[axis], of, size)
        return self.team.joined(shape[axis], of, size)

    @abstractmethod
    def _across(self, side, n_targets):
        """Return the axis along which X is cut into parts for such a product."""

    @property
    @abstractmethod
    def n_numbers(self):
        """How many numbers X stores."""

    @property
    @abstractmethod
    def passes_of_gram(self):
        """How many passes over the data take as long as the Gram matrix of all columns."""

    @property
    @abstractmethod
    def passes_of_kernel(self):
        """The same for the matrix of all samples."""

    @abstractmethod
    def _moments(self, centre):
        """Return the means and variances of the columns; to centre them, set `plain_mean`."""

    @abstractmethod
    def _copied(self, columns):
        """Return a copy of some columns of X, or X for all of them."""

    @abstractmethod
    def _matvec(self, w, columns): ...

    @abstractmethod
    def _rmatvec(self, r, columns): ...

    @abstractmethod
    def _gram(self, columns, first): ...

    @abstractmethod
    def _modulated_gram(self, columns, factors, which, shift): ...

    @abstractmethod
    def _kernel(self, q): ...

    def _kernel_of(self, q, root, shift):
        return Kernel(self, q, root, shift)

    def _plain_matvec(self, w):
        return self._matvec(w, None)

    def _plain_rmatvec(self, r):
        return self._rmatvec(r, None)

    @property
    @abstractmethod
    def column_entries(self):
        """The numbers of X by columns, for compiled loops."""

    @property
    @abstractmethod
    def row_entries(self):
        """The same by rows."""


@singledispatch
def as_design(X, s, *, centre, standardize):
    """Return the Design of X; each kind of data registers its own."""
    raise TypeError(f"no Design is registered for data of type {type(X).__name__}")
