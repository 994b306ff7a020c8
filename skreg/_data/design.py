"""The Design: the centred, scaled, weighted view of the data that every solver works on.

A solver never sees an array. With ``Xc = (X - mean) / scale`` and the weights ``s`` it asks for

===================  =====================================================================
``matvec(w)``        ``Xc @ w``
``rmatvec(r)``       ``Xc.T @ (s * r)``
``correlate(r, j)``  the same for a few columns ``j``
``gram(j)``          ``Xc[:, j].T @ diag(s) @ Xc[:, j]``, or its last rows
``kernel(q)``        ``Xc @ diag(q) @ Xc.T``
``gram_operator``    what multiplies with the matrix of `gram` without making it, also of folds
``kernel_operator``  the same for `kernel`
``column_norms``     ``sqrt(diag(Xc.T @ diag(s) @ Xc))``
``sweep(w, r, j)``   coordinate descent over columns that are too many for a Gram matrix
``epoch(w, g)``      a step of stochastic gradient descent for each batch of rows
``row_squares(q)``   the squares of the lengths of the rows that `epoch` reads
``stream(y)``        a step for each row, once, where there will be more rows than can be kept
===================  =====================================================================

`w` and `r` may have several columns, one per target. Nothing is materialised: X is neither copied
nor changed, and sparse stays sparse. Whatever the dtype of X, the answers are float64.
"""

from abc import ABC, abstractmethod
from copy import copy
from functools import cached_property, singledispatch
from itertools import pairwise

import numpy as np
from scipy.special import gammaln

from .._convergence import Work, bytes_of
from .._numba import unsigned
from . import kernels
from .operators import Gram, Kernel, by_fold, vector

LONGEST_CALL = 1 << 27  # numbers that a kernel reads before it lets Python see a Ctrl-C


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
    plain_mean : ndarray of shape (n_features,)
        What is left of the mean in the plain products.
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
        self.plain_mean = np.zeros(self.n_features)
        with np.errstate(over="ignore", invalid="ignore"):  # whoever asks sees norms of inf or NaN
            self.mean, variance = self._moments(centre)
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

    def stretch(self, factor):
        """Return how long coefficients of X are at the most where ``factor @ w**2`` is 1."""
        least = np.min(factor * self.scale**2, initial=np.inf)
        return 1 / np.sqrt(least) if least > 0 else np.inf

    def matvec(self, w, columns=None):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets).

        With `columns`, w has only their coefficients, and the other columns are not read.
        """
        self._count(n_passes=len(w) / self.n_features, n_products=1)
        product = self._matvec(self._scaled(vector(w), columns), columns)
        return product.reshape(self.n_samples, *w.shape[1:])

    def rmatvec(self, r):
        """Return ``Xc.T @ (s * r)``, of shape (n_features,) or (n_features, n_targets)."""
        self._count(n_passes=1, n_products=1)
        product = self._scaled(self._rmatvec(self._weighed(vector(r))))
        return product.reshape(self.n_features, *r.shape[1:])

    def correlate(self, r, columns):
        """Return ``rmatvec(r)[columns]`` without reading the other columns."""
        self._count(n_passes=len(columns) / self.n_features, n_products=1)
        c = self._scaled(self._correlate(self._weighed(vector(r)), columns), columns)
        return c.reshape(len(columns), *r.shape[1:])

    def gram(self, columns, first=0):
        """Return ``Xc[:, columns[first:]].T @ diag(s) @ Xc[:, columns]``."""
        self._count(n_passes=len(columns) / self.n_features, n_products=1)
        G = self._scaled(self._gram(columns, first), columns[first:])
        return self._scaled(G.T, columns).T

    def kernel(self, q):
        """Return ``Xc @ diag(q) @ Xc.T`` for q >= 0; the weights of the samples take no part."""
        self._count(n_passes=1, n_products=1)
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

    def plain_matvec(self, w):
        """Return the product of Z with w; Z is X less what is taken from it as it is read."""
        self._count(n_passes=1, n_products=1)
        return self._plain_matvec(vector(w)).reshape(-1, w.shape[1])

    def plain_rmatvec(self, r):
        """Return the product of its transpose with r; the weights take no part."""
        self._count(n_passes=1, n_products=1)
        return self._plain_rmatvec(vector(r)).reshape(-1, r.shape[1])

    def plain_gram(self, w, centre, weights):
        """Return ``Z.T @ diag(weights) @ (Z @ w - centre)``; weights are those of each fold."""
        product = by_fold(self.plain_matvec(w), weights)
        product -= centre
        product *= weights[:, :, None]
        return self.plain_rmatvec(product.reshape(len(product), -1))

    def _count(self, n_passes, n_products):
        """Count what is about to be done."""
        self.n_passes += n_passes
        self.work.n_products += n_products

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
        view = self.s, self.total_weight, self.plain_mean, self.scale
        curvature = self.column_norms[columns] ** 2 + penalty.ridge
        room = np.empty((3, w.shape[1]))
        return kernels.sweep(*places, *view, columns, curvature, w, r.T, *penalty, room)

    def epoch(self, w, gradient, rows, n_batches, step, ridge, lower, upper):
        """Take a step for each batch of rows, with a gradient of reduced variance.

        SAGA: Defazio, Bach and Lacoste-Julien (2014), section 2, where every sample remembers what
        it says of w at the beginning. On sparse data a step takes time in proportion to the
        entries of its rows: Pedregosa, Leblond and Lacoste-Julien (2017), section 2.

        Parameters
        ----------
        w, gradient : ndarray of shape (n_features, n_targets)
            Coefficients, within the bounds, and the gradient of the whole objective there.
        rows : ndarray of int, shape (n_samples,)
            The samples in the order in which they are read.
        n_batches : int
            How many batches they are cut into.
        step : ndarray of shape (n_features, n_targets)
            Lengths of the steps.
        ridge : ndarray of shape (n_features, n_targets)
            Weights of the penalty.
        lower, upper : ndarray of shape (n_features, 1)
            Bounds.

        Returns
        -------
        ndarray of shape (n_features, n_targets)
            The next coefficients.
        """
        places, unit = self._row_places(), self.scale[:, None]
        starts = np.linspace(0, self.n_samples, n_batches + 1).astype(np.int64)
        lengths, step = self._column_lengths(), n_batches * step
        share = 1 / (n_batches * chance_of_meeting(self.n_samples, lengths, n_batches))
        keep = 1 / (1 + step * share[:, None] * ridge)
        bounds = (lower - w) / unit, (upper - w) / unit
        c, v = -gradient * unit, np.zeros_like(w)
        shift, change = np.zeros(w.shape[1]), np.zeros(self.n_features)
        seen, met = np.full((2, self.n_features), -1)
        d = np.empty(np.diff(starts).max())
        room = c, v, shift, change, seen, met, d
        n_numbers = w.shape[1] * int(lengths.sum())
        n_calls = min(n_batches, 1 + n_numbers // LONGEST_CALL)
        for begin, end in pairwise(np.linspace(0, n_batches, n_calls + 1).astype(int)):
            part = unsigned(rows), starts, begin, end, share, keep, keep * step / unit**2
            kernels.epoch(*places, self.s, self.plain_mean, *part, *bounds, *room)
        self.n_passes += 2
        self.work.n_bytes += 2 * bytes_of(self.X)
        return w + v * unit

    def row_squares(self, q):
        """Return ``(X**2) @ q``, with X as `epoch` reads it: scaled, and if dense also centred."""
        self.n_passes += 1
        self.work.n_bytes += bytes_of(self.X)
        squares = np.empty(self.n_samples)
        kernels.row_squares(*self._row_places(), self._scaled(self._scaled(q)), squares)
        return squares

    def stream(self, y, alphas, penalty, intercept, state):
        """Take a step for each row, in order, of which there will be more than can be kept.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_targets)
            Targets.
        alphas : ndarray of shape (n_targets,)
            What the penalty is multiplied with.
        penalty : ElasticNet
            The penalty of all samples, without L1; it is shared among those seen so far.
        intercept : bool
            Whether there is one.
        state : tuple of ndarray
            What is kept between calls, see the kernel; changed in place.
        """
        X, line, first, last, columns, _ = self._row_places()
        problem = alphas, penalty.ridge, penalty.lower, penalty.upper, intercept
        kernels.stream(X, line, first, last, columns, self.s, y, *problem, *state)
        self.n_passes += 2
        self.work.n_bytes += 2 * bytes_of(self.X)

    @cached_property
    def column_length(self):
        """How many numbers are in a column, on average."""
        return np.mean(self._column_lengths())

    def _column_lengths(self):
        """Return how many numbers are in each column."""
        _, _, first, last, _, _ = self._places()
        return (last - first).astype(np.int64)

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
    def _matvec(self, w, columns): ...

    @abstractmethod
    def _rmatvec(self, r): ...

    @abstractmethod
    def _correlate(self, r, columns): ...

    @abstractmethod
    def _gram(self, columns, first): ...

    @abstractmethod
    def _kernel(self, q): ...

    def _kernel_of(self, q, root, shift):
        return Kernel(self, q, root, shift)

    def _plain_matvec(self, w):
        return self._matvec(w, None)

    def _plain_rmatvec(self, r):
        return self._rmatvec(r)

    @abstractmethod
    def _places(self):
        """Tell where a column is, so that one kernel reads every kind of data.

        The numbers of column j are ``X[first[j] : last[j], place[j]]`` and their samples are
        ``samples[first[j] : last[j]]``; ``centre[j]`` is taken from each of them, the rest of the
        mean from sums. Return X, place, first, last, samples and centre.
        """

    @abstractmethod
    def _row_places(self):
        """Tell where a row is, in the same way.

        The numbers of row i are ``X[line[i], first[i] : last[i]]`` and their columns are
        ``columns[first[i] : last[i]]``. Return X, line, first, last, columns and centre.
        """


def chance_of_meeting(n_samples, lengths, n_batches):
    """Return how likely a random batch of samples has any number of columns of some lengths."""
    size, lengths = n_samples / n_batches, np.maximum(1, lengths)
    others = n_samples - lengths
    ways = gammaln(others + 1) - gammaln(np.maximum(0.0, others - size) + 1)
    all_ways = gammaln(n_samples + 1) - gammaln(n_samples - size + 1)
    return np.where(others < size, 1.0, -np.expm1(ways - all_ways))


@singledispatch
def as_design(X, s, *, centre, standardize):
    """Return the Design of X; each kind of data registers its own."""
    raise TypeError(f"no Design is registered for data of type {type(X).__name__}")
