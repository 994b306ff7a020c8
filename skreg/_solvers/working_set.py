"""The columns that may be non-zero, and the problem on them alone.

As long as they are few they share a Gram matrix. Beyond that the problem is solved on the columns
of the data themselves.
"""

import numpy as np

from . import quadratic, rows
from .cholesky import Factor, capacity
from .penalties import ElasticNet, RowElasticNet

INNER = {ElasticNet: quadratic.solve, RowElasticNet: rows.solve}
LARGEST_GRAM = 6000  # columns: 288 MB
ALWAYS_GRAM = 3000  # columns, however few numbers are in them
MEMORY = 5  # sweeps from which the next coefficients are extrapolated
CG_TOLERANCE = 1e-3  # of the residual of a Newton step
ROUNDING = 1e-14  # of correlations, relative to the norms of column and target


def gram_pays(design, n_columns):
    """Tell whether so many columns should share a Gram matrix."""
    return n_columns <= np.clip(10 * design.column_length, ALWAYS_GRAM, LARGEST_GRAM)


def extended(working_set, new, w, c):
    """Append columns, with their coefficients and correlations; return the working set for all."""
    total = working_set.columns.size + new.size
    if isinstance(working_set, GramSet) and not gram_pays(working_set.design, total):
        old, working_set = working_set, ColumnSet(working_set.design, working_set.y)
        working_set.add(old.columns, old.w, old.c)
    working_set.add(new, w, c)
    return working_set


class WorkingSet:
    """Columns with their coefficients and correlations.

    Attributes
    ----------
    growth : float
        How many columns join at a time, at most, relative to the support.
    looseness : float
        Gap to reach while columns are missing, relative to that of all columns.
    columns : ndarray of int, shape (n_columns,)
        The columns, in the order in which they came.
    w, c : ndarray of shape (n_columns, n_targets)
        Coefficients, and correlations with the residual.
    """

    def __init__(self, design, y):
        self.design, self.y = design, y
        self.columns = np.empty(0, dtype=np.int64)
        self.w, self.c = np.empty((2, 0, y.shape[1]))

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        self.columns = np.concatenate([self.columns, new])
        self.w, self.c = np.concatenate([self.w, w]), np.concatenate([self.c, c])

    def refresh(self, c):
        """Take over the correlations of all columns of the data."""
        self.c = c[self.columns]


class GramSet(WorkingSet):
    """Columns with a Gram matrix: it is dear to extend, and Newton steps on it are exact.

    Attributes
    ----------
    G : ndarray
        The Gram matrix with the ridge part of the penalty, and room to grow.
    """

    growth, looseness = 0.5, 0.0

    def __init__(self, design, y):
        super().__init__(design, y)
        self.noise = ROUNDING * np.sqrt(np.sum(design.s @ y**2))
        self.G = np.empty((0, 0))
        self.norms, self.ridge = np.empty((2, 0))
        self.factor = Factor()

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        super().add(new, w, c)
        m = self.columns.size
        k = m - new.size
        if m > len(self.G):
            room = max(m, min(capacity(m), LARGEST_GRAM))
            G = np.zeros((room, room))
            G[:k, :k] = self.G[:k, :k]
            self.G = G
        block = self.design.gram(self.columns, k)
        block[:, k:] = (block[:, k:] + block[:, k:].T) / 2
        self.G[k:m, :m] = block
        self.G[:k, k:m] = block[:, :k].T
        self.norms = np.concatenate([self.norms, block[:, k:].diagonal()])
        self.ridge = np.concatenate([self.ridge, np.zeros(new.size)])

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the problem on the columns; return the number of sweeps."""
        if np.any(penalty.ridge != self.ridge):
            self.ridge = penalty.ridge
            diagonal = slice(0, self.columns.size * len(self.G), len(self.G) + 1)
            self.G.ravel()[diagonal] = self.norms + self.ridge
            self.factor.forget()
        c = self.c - self.ridge[:, None] * self.w
        start, c_start = self.w.copy(), c.copy()
        n_sweeps = INNER[type(penalty)](
            self.G,
            c,
            self.w,
            penalty,
            self.factor,
            tol=tol,
            max_sweeps=max_sweeps,
            noise=self.noise,
            work=self.design.work,
        )
        l1 = penalty.weight @ (penalty.size(self.w) - penalty.size(start))
        fall = 0.5 * np.sum((self.w - start) * (c + c_start))
        if not l1.sum() - fall <= tol:  # a number that is not finite is worse, too
            self.w, c = start, c_start
        self.c = c + self.ridge[:, None] * self.w
        return n_sweeps


class ColumnSet(WorkingSet):
    """Columns too many for a Gram matrix: sweeps over the data, accelerated."""

    growth, looseness = 2.0, 0.1

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the problem on the columns; return the number of sweeps.

        Every few sweeps the next ones are extrapolated: Bertrand and Massias (2021), "Anderson
        acceleration of coordinate descent", section 2. Once the support stands still, Newton
        steps go to its end.
        """
        r = self._residual(self.w)
        past, n_sweeps = [self.w.copy()], 0
        while n_sweeps < max_sweeps:
            gap, n_changed, n_flipped = self.design.sweep(self.w, r, self.columns, penalty)
            n_sweeps += 1
            self.design.work.n_coordinate_updates += n_changed
            if gap <= tol or n_changed == 0:
                break
            past.append(self.w.copy())
            if len(past) > MEMORY:
                r = self._move(extrapolated(past), r, penalty)
                if n_flipped == 0:
                    r = self._move(self._newton(r, penalty), r, penalty)
                past = [self.w.copy()]
        return n_sweeps

    def _residual(self, w):
        """Return the residual, with the targets one after the other in memory."""
        on = w.any(axis=1)
        return np.asfortranarray(self.y - self.design.matvec(w[on], self.columns[on]))

    def _move(self, w, r, penalty):
        """Move to w within the bounds, if it is better; return the residual."""
        w = np.clip(w, penalty.lower[:, None], penalty.upper[:, None])
        other, h = self._residual(w), penalty.at(np.ones(1))
        fall = 0.5 * np.sum(self.design.s @ ((r - other) * (r + other)))
        if np.sum(h.value(w) - h.value(self.w)) < fall:
            self.w, r = w, other
        return r

    def _newton(self, r, penalty):
        """Return where a Newton step on the support leads; products take the place of a factor."""
        inside = (penalty.lower[:, None] < self.w) & (self.w < penalty.upper[:, None])
        on = np.flatnonzero((inside & ((self.w != 0) | (penalty.weight == 0)[:, None])).any(axis=1))
        part, columns, h = self.w[on], self.columns[on], penalty.take(on).at(np.ones(1))

        def hessian(d):
            curvature = self.design.correlate(self.design.matvec(d, columns), columns)
            return curvature + h.ridge * d + h.bend(part, d)

        g = self.design.correlate(r, columns) - h.ridge * part - h.slope(part)
        norms = self.design.column_norms[columns, None] ** 2 + h.ridge
        self.design.work.n_newton_steps += 1
        w = self.w.copy()
        w[on] = h.stop(part, part + rows.conjugate_gradients(hessian, g, norms, CG_TOLERANCE))
        return w


def extrapolated(past):
    """Return the combination of iterates, with weights of sum 1, whose steps nearly cancel."""
    W = np.stack([w.ravel() for w in past])
    steps = np.diff(W, axis=0)
    steps /= np.abs(steps).max() or 1.0
    weight = np.linalg.lstsq(steps @ steps.T, np.ones(len(steps)), rcond=None)[0]
    total = weight.sum()
    return past[-1] if total == 0 else (weight / total @ W[1:]).reshape(past[-1].shape)
