"""A working set of columns too many for a Gram matrix: coordinate descent on the data."""

import numpy as np

from .._data import Classes
from .._problem.blocks import GroupNorm
from .class_sweep import sweep_classes
from .groups import sweep_data
from .krylov import solve_preconditioned
from .rows import sweep_entries
from .working_set import WorkingSet

MEMORY = 5  # sweeps from which the next coefficients are extrapolated
PATIENCE = 12  # rounds of so many sweeps that take longer than a Newton step
CG_TOLERANCE = 1e-3  # of the residual of a Newton step
INEXACT = 0.1  # the same, where another one follows


def sweep(design, w, r, columns, penalty):
    """Minimise over one of some columns after the other.

    Parameters
    ----------
    design : Design
        The data; it has entries.
    w, r : ndarray of shape (n_columns, n_targets) and (n_samples, n_targets)
        The coefficients, and the residuals in Fortran order; both are changed in place.
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
    entries = design.column_entries
    n_numbers = 2 * int(entries.lengths[columns].sum())
    size = entries.X.itemsize + entries.samples.itemsize
    design.count(n_passes=2 * len(columns) / design.n_features, n_bytes=n_numbers * size)
    view = design.s, design.total_weight, design.plain_mean, design.scale
    curvature = design.column_norms[columns] ** 2 + penalty.ridge
    room = np.zeros((3, w.shape[1]))
    bundles = tuple(entries), view, columns, curvature, w, r.T, tuple(penalty)
    result = sweep_entries(*bundles, room)
    r += room[2]
    return result


def sweep_of(design, penalty):
    """Return what sweeps over the columns of a design with a penalty."""
    if isinstance(penalty, GroupNorm):
        return sweep_data
    return sweep_classes if isinstance(design, Classes) else sweep


class ColumnSet(WorkingSet):
    """Columns too many for a Gram matrix: sweeps over the data, accelerated."""

    growth, looseness, longest_stage = 2.0, 0.1, 4

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the problem on the columns; return the number of sweeps.

        Every few sweeps the next ones are extrapolated: Bertrand and Massias (2021), "Anderson
        acceleration of coordinate descent", section 2. Where the support stands still but sweeps
        would go on for long, Newton steps go to its end. They do all where nothing ends a move.
        """
        if penalty.smooth:
            return self._minimise_smooth(penalty, tol, max_sweeps)
        r, n_sweeps, past, first = self._residual(self.w), 0, [self.w.copy()], np.inf
        once = sweep_of(self.design, penalty)
        while n_sweeps < max_sweeps:
            gap, n_changed, n_flipped = once(self.design, self.w, r, self.columns, penalty)
            n_sweeps += 1
            self.design.work.n_coordinate_updates += n_changed
            if gap <= tol or n_changed == 0:
                break
            past.append(self.w.copy())
            first = gap if len(past) == 2 else first
            if len(past) > MEMORY:
                r = self._move(extrapolated(past), r, penalty)
                in_the_end = gap * min(1.0, gap / first) ** PATIENCE
                if n_flipped == 0 and in_the_end > tol:
                    r = self._move(self._newton(r, penalty), r, penalty)
                past = [self.w.copy()]
        return n_sweeps

    def _minimise_smooth(self, penalty, tol, max_sweeps):
        """Do so where the penalty is a sum of squares; return the number of Newton steps."""
        r, n_steps = self._residual(self.w), 0
        while n_steps < max_sweeps:
            w = self._newton(r, penalty, INEXACT)
            n_steps += 1
            curvature = self.design.column_norms[self.columns, None] ** 2 + penalty.ridge[:, None]
            gain, last = np.sum(curvature * (w - self.w) ** 2), r
            r = self._move(w, r, penalty)
            if gain <= tol or r is last:  # the step was no better: rounding
                break
        return n_steps

    def _residual(self, w):
        """Return the residual, with the targets one after the other in memory."""
        on = w.any(axis=1)
        return np.asfortranarray(self.y - self.design.matvec(w[on], self.columns[on]))

    def _move(self, w, r, penalty):
        """Move to w within the bounds, if it is better; return the residual."""
        w = np.clip(w, penalty.lower[:, None], penalty.upper[:, None])
        other, h = self._residual(w), penalty.at(np.ones(1))
        fall = 0.5 * self.design.inner(r - other, r + other)
        if np.sum(h.value(w) - h.value(self.w)) < fall:
            self.w, r = w, other
        return r

    def _newton(self, r, penalty, tol=CG_TOLERANCE):
        """Return where a Newton step on the support leads; products take the place of a factor."""
        h = penalty.at(np.ones(1))
        inside = (h.lower < self.w) & (self.w < h.upper) & h.differentiable(self.w)
        on = np.flatnonzero(inside.any(axis=1))
        part, columns, h = self.w[on], self.columns[on], h.take(on)
        norms = self.design.column_norms[columns, None] ** 2 + h.ridge
        if np.array_equal(columns, np.arange(self.design.n_features)):
            columns = None  # which takes no copies

        def hessian(d):
            curvature = self.design.rmatvec(self.design.matvec(d, columns), columns)
            return curvature + h.ridge * d + h.bend(part, d)

        g = self.design.rmatvec(r, columns) - h.ridge * part - h.slope(part)
        self.design.work.n_newton_steps += 1
        w = self.w.copy()
        w[on] = h.stop(part, part + solve_preconditioned(hessian, g, norms, tol=tol))
        return w


def extrapolated(past):
    """Return the combination of iterates, with weights of sum 1, whose steps nearly cancel."""
    W = np.stack([w.ravel() for w in past])
    steps = np.diff(W, axis=0)
    steps /= np.abs(steps).max() or 1.0
    weight = np.linalg.lstsq(steps @ steps.T, np.ones(len(steps)), rcond=None)[0]
    total = weight.sum()
    return past[-1] if total == 0 else (weight / total @ W[1:]).reshape(past[-1].shape)
