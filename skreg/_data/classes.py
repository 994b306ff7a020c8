"""The Design of several classes: coefficients and predictions of their own, on the same data."""

import math
from copy import copy
from functools import cached_property

import numpy as np


class Classes:
    """The view of a Design in which every class has its own columns and rows.

    Column ``j * n_classes + k`` is column j for class k; row ``i * n_classes + k`` is what sample i
    has for class k. What couples the classes are the weights that `reweighted` gives: the inner
    product of predictions u and v is then ``sum_i u_i.T @ H_i @ v_i``. With ``s * p`` for weights
    and p the probabilities of the classes, H_i is ``s_i * (diag(p_i) - p_i @ p_i.T)``, the
    curvature of the multinomial loss.

    Parameters
    ----------
    design : Design
        The data.
    n_classes : int
        Number of classes.

    Attributes
    ----------
    feature, label : ndarray of int, shape (n_columns,)
        Which column of the data, and of which class, each column is.
    """

    coupling, offset = None, 0.0

    def __init__(self, design, n_classes):
        self.design, self.n_classes = design, n_classes
        self.feature, self.label = np.divmod(np.arange(design.n_features * n_classes), n_classes)
        self.s = np.repeat(design.s, n_classes)
        self.X, self.centred, self.total_weight = design.X, design.centred, design.total_weight
        self.work, self.team = design.work, design.team
        self.cost = design.cost._replace(always_gram=design.cost.largest_gram)
        self.n_samples = len(self.s)

    @property
    def n_features(self):
        """How many columns there are for all classes together."""
        return len(self.feature)

    @property
    def tall(self):
        """Tell whether the columns may be independent, as there are fewer than samples."""
        return self.n_features < self.n_samples

    @property
    def mean(self):
        """What is taken from the columns."""
        return self.design.mean[self.feature]

    @property
    def scale(self):
        """What the columns are then divided by."""
        return self.design.scale[self.feature]

    @property
    def column_norms(self):
        """The lengths of the columns."""
        return self.design.column_norms[self.feature]

    @property
    def n_passes(self):
        """Passes over the data so far."""
        return self.design.n_passes

    @n_passes.setter
    def n_passes(self, value):
        self.design.n_passes = value

    def select(self, columns):
        """Return the Design of a copy of what some columns need."""
        part = copy(self)
        features, part.feature = np.unique(self.feature[columns], return_inverse=True)
        part.design, part.label = self.design.select(features), self.label[columns]
        return part

    def reweighted(self, s):
        """Return the Design with weights that couple the classes, centred by them."""
        other = copy(self)
        other.design = copy(self.design)
        other.s, other.coupling = s, Coupling(s.reshape(-1, self.n_classes))
        return other

    def matvec(self, w, columns=None):
        """Return ``Xc @ w``, of shape (n_samples,) or (n_samples, n_targets)."""
        feature, label = self.feature, self.label
        if columns is not None:
            feature, label = feature[columns], label[columns]
        used, place = np.unique(feature, return_inverse=True)
        W = np.zeros((len(used), self.n_classes, *w.shape[1:]))
        W[place, label] = w
        some = None if len(used) == self.design.n_features else used
        eta = self.design.matvec(W.reshape(len(used), math.prod(W.shape[1:])), some)
        if self.coupling is not None and self.centred:
            eta = self.coupling.centre(eta)
        return eta.reshape(self.n_samples, *w.shape[1:])

    def rmatvec(self, r, columns=None):
        """Return the inner products of the columns with r."""
        R = r.reshape(self.design.n_samples, -1)
        if self.coupling is None:
            C = self.design.rmatvec(R)
        else:
            R = self.coupling.product(self.coupling.centre(R) if self.centred else R)
            C = self.design._scaled(self.design._transposed_product(R))
        C = C.reshape(-1, self.n_classes, *r.shape[1:])[self.feature, self.label]
        return C if columns is None else C[columns]

    def inner(self, u, v):
        """Return the inner product of predictions u and v."""
        if self.coupling is None:
            return np.sum(self.s @ (u * v))
        u, v = (a.reshape(-1, self.n_classes) for a in (u, v))
        return np.sum(u * self.coupling.product(v))

    def gram(self, columns, first=0):
        """Return the inner products of some columns with one another, without the first rows.

        Columns are first centred by the weights of their own class, so that little cancels.
        """
        feature, label, coupling = self.feature[columns], self.label[columns], self.coupling
        G = np.zeros((len(columns), len(columns)))
        shift = None if coupling is None else self._shift[columns]
        for k in np.unique(label):
            on = np.flatnonzero(label == k)
            if coupling is None:
                G[np.ix_(on, on)] = self.design.gram(feature[on])
            else:
                root = np.sqrt(coupling.weights[:, [k]])
                block = self.design.modulated_gram(feature[on], root, 0 * on, shift[on])
                G[np.ix_(on, on)] = block
        if coupling is not None:
            G -= self.design.modulated_gram(feature, coupling.part, label, shift)
            B = self.sums[columns] - shift[:, None] * coupling.total[label]
            B /= self.design.scale[feature, None]
            G -= B @ coupling.inverse @ B.T
        return G[first:]

    @cached_property
    def _shift(self):
        """The means of the plain columns by the weights of their class, if they are centred."""
        if not self.centred:
            return np.zeros(self.n_features)
        sums, total = self._plain(self.coupling.weights), self.coupling.weights.sum(axis=0)
        return sums / total[self.label]

    @cached_property
    def sums(self):
        """Inner products of plain columns with constants of each class; 0 without centring."""
        sums, part = np.zeros((self.n_features, self.n_classes)), self.coupling.part
        if self.centred:
            for k in range(self.n_classes):
                column = -part * part[:, [k]]  # of the matrices
                column[:, k] += self.coupling.weights[:, k]
                sums[:, k] = self._plain(column)
        return sums

    def _plain(self, r):
        """Return the sums of products of the plain columns with r, of shape (n_samples, k)."""
        return self.design._transposed_product(r)[self.feature, self.label]

    @property
    def column_entries(self):
        """The numbers of X by columns, for compiled loops."""
        return self.design.column_entries.take(self.feature)


class Coupling:
    """Weights that couple the classes: matrices ``diag(v_i) - v_i @ v_i.T / sum(v_i)``.

    Parameters
    ----------
    weights : ndarray of shape (n_samples, n_classes)
        The vectors v_i.

    Attributes
    ----------
    part : ndarray of shape (n_samples, n_classes)
        The vectors divided by the roots of their sums.
    total, inverse : ndarray of shape (n_classes, n_classes)
        The sum of the matrices, and an inverse for vectors with a sum of 0.
    """

    def __init__(self, weights):
        self.weights = weights
        root = np.sqrt(weights.sum(axis=1, keepdims=True))
        self.part = np.divide(weights, root, out=np.zeros_like(weights), where=root > 0)

    @cached_property
    def total(self):
        """Return the sum of the matrices."""
        return np.diag(self.weights.sum(axis=0)) - self.part.T @ self.part

    @cached_property
    def inverse(self):
        """Return the inverse for vectors with a sum of 0; the sum maps constants to 0."""
        return np.linalg.pinv(self.total + self.total.diagonal().mean(), hermitian=True)

    def product(self, u):
        """Return the products of the matrices with the vectors u_i."""
        return self.weights * u - self.part * np.einsum("ik,ik->i", self.part, u)[:, None]

    def centre(self, u):
        """Return u less what makes it orthogonal to constants of each class."""
        return u - self.inverse @ self.product(u).sum(axis=0)
