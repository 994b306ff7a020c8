"""A working set whose columns share a Gram matrix, on which the problem is solved."""

import math

import numpy as np

from .._problem.blocks import GroupNorm, RowElasticNet
from .._problem.penalties import ElasticNet
from . import groups, quadratic, rows
from .cholesky import Factor, capacity
from .column_set import ColumnSet
from .working_set import WorkingSet

INNER = {ElasticNet: quadratic.solve, RowElasticNet: rows.solve, GroupNorm: groups.solve}
ROUNDING = 1e-14  # of correlations, relative to the norms of column and target


class GramSet(WorkingSet):
    """Columns with a Gram matrix: it is dear to extend, and Newton steps on it are exact.

    Attributes
    ----------
    G : ndarray
        The Gram matrix with the ridge part of the penalty, and room to grow.
    """

    growth, looseness, longest_stage = 0.5, 0.0, 32

    def __init__(self, design, y):
        super().__init__(design, y)
        self.noise = ROUNDING * math.sqrt((design.s @ y**2).sum())
        self.G = np.empty((0, 0))
        self.norms, self.ridge = np.empty((2, 0))
        self.factor = Factor()

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        super().add(new, w, c)
        m = self.columns.size
        k = m - new.size
        block = self.design.gram(self.columns, k)
        square = block[:, k:]
        square += square.T.copy()
        square /= 2
        self.norms = np.concatenate([self.norms, square.diagonal()])
        self.ridge = np.concatenate([self.ridge, np.zeros(new.size)])
        if k == 0:  # room to grow is made when it is needed
            self.G = block
            return
        if m > len(self.G):
            size = max(m, min(capacity(m), self.design.cost.largest_gram))
            G = np.zeros((size, size))
            G[:k, :k] = self.G[:k, :k]
            self.G = G
        self.G[k:m, :m] = block
        self.G[:k, k:m] = block[:, :k].T

    def extended(self, new, w, c, penalty):
        """Append columns; where they outgrow a Gram matrix, to the support or to a set without.

        The penalty is that of the columns so far.
        """
        if self.fits(np.concatenate([self.columns, new])):
            return super().extended(new, w, c, penalty)
        on = np.flatnonzero(penalty.norm(self.w).any(axis=1))
        kind = GramSet if self.fits(np.concatenate([self.columns[on], new])) else ColumnSet
        other = kind(self.design, self.y)
        other.add(self.columns[on], self.w[on], self.c[on])
        other.add(new, w, c)
        return other

    def fits(self, columns):
        """Tell whether a Gram matrix of some columns is worth its size."""
        pays, m = self.design.cost.gram_pays, len(columns)
        return pays(m, 0) or pays(m, self.design.column_entries.lengths[columns].mean())

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the problem on the columns; return the number of sweeps."""
        if (penalty.ridge != self.ridge).any():
            self.ridge = penalty.ridge
            diagonal = slice(0, self.columns.size * len(self.G), len(self.G) + 1)
            self.G.ravel()[diagonal] = self.norms + self.ridge
            self.factor.forget()
        c = self.c - self.ridge[:, None] * self.w
        start, c_start = self.w.copy(), c.copy()
        problem = self.G, c, self.w, penalty, self.factor, self.design
        rule = {"tol": tol, "max_sweeps": max_sweeps, "noise": self.noise}
        n_sweeps = INNER[type(penalty)](*problem, **rule)
        l1 = penalty.weight @ (penalty.share(self.w) - penalty.share(start))
        fall = 0.5 * ((self.w - start) * (c + c_start)).sum()
        if not l1.sum() - fall <= tol:  # a number that is not finite is worse, too
            self.w, c = start, c_start
        self.c = c + self.ridge[:, None] * self.w
        return n_sweeps
