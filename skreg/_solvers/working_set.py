"""The columns that may be non-zero, and the problem on them alone.

All of them share one Gram matrix as long as it is not too large. Beyond that they form blocks with
a matrix each, and the problem is solved on one block after the other, the others held fixed.
"""

import numpy as np

from . import quadratic, rows
from .certificate import feasible_gap
from .cholesky import Factor, capacity
from .penalties import ElasticNet, RowElasticNet
from .rows import conjugate_gradients

INNER = {ElasticNet: quadratic.solve, RowElasticNet: rows.solve}
LARGEST_BLOCK = 6000  # columns: 288 MB
MAX_QUARTERINGS = 8  # of a step over all blocks
ROUNDING = 1e-14  # of correlations, relative to the norms of column and target


def fit_in_one_block(n_columns):
    """Tell whether so many columns may share one Gram matrix."""
    return n_columns <= LARGEST_BLOCK


class Block:
    """Columns with their Gram matrix, coefficients and correlations.

    Attributes
    ----------
    columns : ndarray of int, shape (n_columns,)
        The columns, in the order in which they came.
    w, c : ndarray of shape (n_columns, n_targets)
        Coefficients, and correlations with the residual.
    G : ndarray
        The Gram matrix with the ridge part of the penalty, and room to grow.
    """

    def __init__(self, design, y):
        self.design = design
        self.noise = ROUNDING * np.sqrt(np.sum(design.s @ y**2))
        self.columns = np.empty(0, dtype=np.int64)
        self.G = np.empty((0, 0))
        self.w, self.c = np.empty((2, 0, y.shape[1]))
        self.norms, self.ridge = np.empty((2, 0))
        self.factor = Factor()

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        k, m = self.columns.size, self.columns.size + new.size
        self.columns = np.concatenate([self.columns, new])
        if m > len(self.G):
            room = max(m, min(capacity(m), LARGEST_BLOCK))
            G = np.zeros((room, room))
            G[:k, :k] = self.G[:k, :k]
            self.G = G
        block = self.design.gram(self.columns, k)
        block[:, k:] = (block[:, k:] + block[:, k:].T) / 2
        self.G[k:m, :m] = block
        self.G[:k, k:m] = block[:, :k].T
        self.w, self.c = np.concatenate([self.w, w]), np.concatenate([self.c, c])
        self.norms = np.concatenate([self.norms, block[:, k:].diagonal()])
        self.ridge = np.concatenate([self.ridge, np.zeros(new.size)])

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the inner problem; return the number of sweeps."""
        if np.any(penalty.ridge != self.ridge):
            self.ridge = penalty.ridge
            diagonal = slice(0, self.columns.size * len(self.G), len(self.G) + 1)
            self.G.ravel()[diagonal] = self.norms + self.ridge
            self.factor.forget()
        c = self.c - self.ridge[:, None] * self.w
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
        self.c = c + self.ridge[:, None] * self.w
        return n_sweeps


class WorkingSet:
    """Blocks of columns; most often one.

    Attributes
    ----------
    columns, w, c : ndarray
        Those of all blocks, one after the other.
    """

    def __init__(self, design, y):
        self.design, self.y = design, y
        self.blocks = [Block(design, y)]

    @property
    def columns(self):
        """The columns of all blocks."""
        return self._all("columns")

    @property
    def w(self):
        """The coefficients of all blocks."""
        return self._all("w")

    @property
    def c(self):
        """The correlations of all blocks, as each left them."""
        return self._all("c")

    @property
    def norms(self):
        """The squares of the norms of the columns; 1 for columns of zeros."""
        norms = self._all("norms")
        return np.where(norms > 0, norms, 1.0)

    def _all(self, name):
        """Return an attribute of all blocks as one array."""
        parts = [getattr(block, name) for block in self.blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        while new.size:
            if self.blocks[-1].columns.size >= LARGEST_BLOCK:
                self.blocks.append(Block(self.design, self.y))
            room = LARGEST_BLOCK - self.blocks[-1].columns.size
            self.blocks[-1].add(new[:room], w[:room], c[:room])
            new, w, c = new[room:], w[room:], c[room:]

    def refresh(self, c):
        """Take over the correlations of all columns of the data."""
        for block in self.blocks:
            block.c = c[block.columns]

    def _ends(self):
        """Return where the blocks end among all columns."""
        return np.cumsum([block.columns.size for block in self.blocks])

    def minimise(self, penalty, tol, max_sweeps):
        """Solve the problem on the columns; return the number of sweeps."""
        if len(self.blocks) == 1:
            return self.blocks[0].minimise(penalty, tol, max_sweeps)
        r = self.y - self.design.matvec(self.w, self.columns)
        n_sweeps, gap = 0, np.inf
        while n_sweeps < max_sweeps and gap > tol:
            r = self._newton_step(r, penalty)
            n_sweeps += max(self._pass(r, penalty, 0.1 * tol, max_sweeps))
            gap = self._gap(r, penalty)
        return n_sweeps

    def _pass(self, r, penalty, tol, max_sweeps):
        """Solve each block in turn, bring the residual up to date, and yield the sweeps."""
        for block, end in zip(self.blocks, self._ends(), strict=True):
            before = block.w.copy()
            block.c = self.design.correlate(r, block.columns)
            part = penalty.take(slice(end - block.columns.size, end))
            yield block.minimise(part, tol / len(self.blocks), max_sweeps)
            changed = (block.w != before).any(axis=1)
            r -= self.design.matvec((block.w - before)[changed], block.columns[changed])

    def _newton_step(self, r, penalty):
        """Take a step on the support of all blocks, if it lowers the objective; return r.

        Products with the columns take the place of a factor.
        """
        w, movable = self.w, (penalty.lower[:, None] < self.w) & (self.w < penalty.upper[:, None])
        on = np.flatnonzero((movable & ((w != 0) | (penalty.weight == 0)[:, None])).any(axis=1))
        part, columns, h = w[on], self.columns[on], penalty.take(on).at(np.ones(1))

        def hessian(d):
            curvature = self.design.correlate(self.design.matvec(d, columns), columns)
            return curvature + h.ridge * d + h.bend(part, d)

        g = self.design.correlate(r, columns) - h.ridge * part - h.slope(part)
        d = conjugate_gradients(hessian, g, self.norms[on, None] + h.ridge)
        loss, step = self._loss(r, w, penalty), 1.0
        for _ in range(MAX_QUARTERINGS):
            moved = w.copy()
            moved[on] = h.stop(part, part + step * d)
            other = self.y - self.design.matvec(moved, self.columns)
            if self._loss(other, moved, penalty) < loss:
                for block, values in zip(
                    self.blocks, np.split(moved, self._ends()[:-1]), strict=True
                ):
                    block.w = values
                return other
            step /= 4
        return r

    def _loss(self, r, w, penalty):
        """Return the objective."""
        return 0.5 * np.sum(self.design.s @ r**2) + penalty.at(np.ones(1)).value(w).sum()

    def _gap(self, r, penalty):
        """Return the duality gap of the problem on the columns."""
        part, c = penalty.at(np.ones(1)), self.design.correlate(r, self.columns)
        free = np.broadcast_to(part.unbounded(c), c.shape)
        gain = np.sum(np.where(free, c**2, 0.0) / (2 * self.norms[:, None]))
        rr = part.couple(self.design.s @ r**2)
        return gain + feasible_gap(rr, np.where(free, 0.0, c), self.w, part).max()
