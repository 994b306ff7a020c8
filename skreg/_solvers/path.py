"""The outer loop for squared error: a path of alphas, a growing working set, a certificate.

Few coefficients are non-zero, so the problem is solved on the Gram matrix of a working set of
columns. The path goes down from the alpha at which nothing is selected, in stages:

1. Columns that will probably matter at the end of the stage enter the working set.
2. The inner problem is solved at each alpha of the stage, each from the last.
3. One pass over the data gives, for all of them, the correlations of every column with the
   residual: the duality gap, and the columns that are missing. Where the gap is too large, the
   missing columns enter and the stage is done again.

A single fit is a path whose other alphas are waypoints: solved roughly, never certified.
"""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .._data.dense import spread
from .._problem.blocks import BlockPenalty
from .._problem.certificate import certify, violating
from .._problem.losses import SquaredResiduals
from .._problem.penalties import in_any, within
from .._problem.problem import null_losses
from .gram_set import GramSet
from .solution import PathSolver, Solution

STAGE = 0.4  # the last alpha of a stage relative to its first
EAGERNESS = 0.9  # part of the penalty at which columns enter
SMALLEST_GROWTH = 100
ROUGHLY = 1e-3  # tolerance of waypoints
EXACTLY = 1e-6  # of a tolerance, where the certificate asks for much more than the inner problem
ALPHA_RANGE = 1e-6  # of the largest alpha: below, no waypoints
DRIFT = 0.1  # of tol: what rounding in correlations that are kept up to date may do to a gap
HUGE = 1e200  # an alpha at which only unpenalised coefficients move
TINY = np.finfo(float).tiny
FAR_BOUND = 100  # times y is what a column adds there


def stages(top, alpha):
    """Return how many stages lead from an alpha to another."""
    return -math.log(max(1.0, top / max(alpha, ALPHA_RANGE * top, TINY))) / math.log(STAGE)


def candidates(c, known, penalty, alpha):
    """Return the columns, but for some, that violate optimality at alpha; the worst are first."""
    alpha = np.array([alpha])
    j = violating(c, known, penalty, alpha)
    part = penalty.take(j)
    nearest = np.zeros((len(j), c.shape[1])) + part.nearest_to_zero()[:, None]
    violation = part.judge(c[j], nearest, alpha).worst
    return j[np.argsort(-violation, kind="stable")[: np.count_nonzero(violation)]]


class Solved(NamedTuple):
    """Answers of the inner problem at some alphas: coefficients and correlations of its columns."""

    n_sweeps: list
    ws: list
    W: np.ndarray
    C: np.ndarray


class Effort:
    """How exactly the inner problem is solved at a stage, and whether that still helps.

    While columns are missing, a part of the gap of all of them will do.
    """

    def __init__(self, tol):
        self.tol, self.slack, self.last_gap, self.n_stalls = tol, 0.0, np.inf, 0

    @property
    def accuracy(self):
        """The gap to reach."""
        return max(self.tol, self.slack)

    @property
    def stop(self):
        """A reason to stop: solving the problem more exactly did not help twice."""
        return "rounding" if self.n_stalls > 1 else None

    def note(self, gap, n_missing):
        """Note the largest gap."""
        exact = n_missing == 0 and self.slack == 0
        self.n_stalls += exact and not gap <= 0.5 * self.last_gap

    def tighten(self, gap, n_missing, looseness):
        """Ask for more, unless columns were missing."""
        if n_missing == 0 and self.slack == 0:
            self.tol *= EXACTLY if self.n_stalls else 0.1
            self.last_gap = gap
        self.slack = looseness * gap if n_missing else 0.0


class Descent(PathSolver):
    """A descent along a path of alphas, for squared error.

    Parameters
    ----------
    problem : Problem
        What is minimised; there is one target, or several with a RowElasticNet.
    start : ndarray of shape (n_features, n_targets)
        Where to start; not changed.
    tol : float
        Duality gap to reach, relative to ``sum(s * y**2) / 2``, or to the objective where bounds
        make that larger.
    max_iter : int
        Sweeps of coordinate descent at most, for each alpha.
    after : WholeGram, default=None
        What has tried before, at the only alpha.

    Attributes
    ----------
    unit : float
        What y and the coefficients are counted in here, so that no square is too small or large.
    whole : bool
        Whether the working set has all columns that may move.
    top : float
        The alpha above which every coefficient stays at 0 or next to it, as seen from the start.
    """

    def __init__(self, problem, start, *, tol, max_iter, after=None):
        design, penalty, self.unit = problem.design, problem.penalty, problem.unit
        super().__init__(design, tol, max_iter)
        problem = problem.in_units(self.unit)
        self.y, self.penalty, self.sweeps_left = problem.y, problem.penalty, max_iter
        self.null_loss = null_losses(design, design.s @ self.y**2).sum()
        self.tol = tol * self.null_loss
        lower, upper = self.penalty.lower, self.penalty.upper
        w = within(start / self.unit, lower[:, None], upper[:, None])
        off = in_any(self.penalty.norm(w) > 0)
        (columns,) = (off | ((penalty.weight == 0) & (lower < upper))).nonzero()
        if after is not None and columns.size == 0:
            self.c = after.b[:, None].copy()
        else:
            r = self.y - design.matvec(w[columns], columns) if columns.size else self.y
            self.c = design.rmatvec(r)
        self.reference = penalty.size(self.c).max(initial=0.0)
        self.alpha = self.top = self.penalty.largest_alpha(self.c, w)
        self.set = GramSet(design, self.y)
        self.penalty_of_set, self.whole = self.penalty.take([]), False
        if after is not None:
            self.follow(after)
        self.add(columns, w[columns], self.c[columns])

    @property
    def columns(self):
        """The columns whose coefficients may be others than those nearest to 0."""
        return self.set.columns

    @property
    def longest_stage(self):
        """How many alphas are solved for between two passes, at most."""
        return 1 if isinstance(self.penalty, BlockPenalty) else self.set.longest_stage

    def largest_alpha(self):
        """Return the smallest alpha at which every penalised coefficient stays where it is."""
        if self.set.columns.size:
            self.minimise(HUGE, self.tol)
            self.measure(self.set.w)
            w = np.zeros_like(self.c)
            w[self.set.columns] = self.set.w
            self.alpha = self.top = self.penalty.largest_alpha(self.c, w)
        return self.top

    def run(self, alphas, max_features=np.inf):
        """Yield the solution at each alpha, in descending order, up to a number of features."""
        alphas = list(alphas)
        self.sweeps_left = self.max_iter * len(alphas) - self.n_before
        self.alpha = max(self.alpha, alphas[0])
        self.whole = self.whole_gram_pays(alphas)
        while alphas:
            far = self.alpha > ALPHA_RANGE * self.top and not (self.whole and self.design.tall)
            end = STAGE * self.alpha if far else 0.0
            stage = [alpha for alpha in alphas if alpha >= end]
            if stage:
                stage = (alphas if self.whole else stage)[: self.longest_stage]
                self.admit(stage[-1])
                for solution in self.solve_stage(stage):
                    if self.n_selected(solution) > max_features:
                        return
                    yield solution
                self.alpha = stage[-1]
                del alphas[: len(stage)]
            else:
                self.admit(end)
                self.minimise(end, ROUGHLY * self.null_loss)
                if self.whole:
                    self.c[self.set.columns] = self.set.c
                else:
                    self.measure(self.set.w)
                self.alpha = end

    def whole_gram_pays(self, alphas):
        """Let all columns enter if their Gram matrix costs less than the passes that it saves."""
        n_stages = stages(self.top, alphas[-1])
        if not self.design.cost.whole_gram_pays(self.design, n_stages, len(alphas)):
            return False
        others = self.penalty.lower < self.penalty.upper
        others[self.set.columns] = False
        self.add(*self.outside(others.nonzero()[0]))
        return True

    def admit(self, alpha):
        """Let columns enter that will probably matter at alpha."""
        if self.whole:
            return
        threshold = max(EAGERNESS * alpha, 2 * alpha - self.alpha)
        self.grow(candidates(self.c, self.set.columns, self.penalty, threshold))

    def grow(self, columns):
        """Let the first of some columns enter the working set."""
        n_active = np.count_nonzero(self.set.w.any(axis=1))
        most = max(SMALLEST_GROWTH, int(self.set.growth * n_active))
        self.add(*self.outside(self.penalty.whole(columns[:most])))

    def add(self, columns, w, c):
        """Let columns enter the working set."""
        if columns.size:
            self.set = self.set.extended(columns, w, c, self.penalty_of_set)
            self.penalty_of_set = self.penalty.take(self.set.columns)

    def outside(self, columns):
        """Return columns outside, their coefficients nearest to 0 and their correlations."""
        c = self.c[columns]
        w = np.zeros(c.shape)
        w += self.penalty.take(columns).nearest_to_zero()[:, None]
        return columns, w, c

    def minimise(self, alpha, tol):
        """Solve the inner problem at alpha; return the number of sweeps."""
        n_sweeps = self.set.minimise(self.penalty_of_set.at(alpha), tol, self.sweeps_left)
        self.sweeps_left -= n_sweeps
        self.n_sweeps += n_sweeps
        return n_sweeps

    @cached_property
    def unbound(self):
        """The penalty without bounds that are too far away to matter, or None if none are.

        Rounding of a correlation times such a bound would be all of the gap. Any dual point gives
        a bound on the objective, so the certificate may do without them.
        """
        lower, upper = self.penalty.lower, self.penalty.upper
        if not (np.isfinite(lower) | np.isfinite(upper)).any():
            return None
        with np.errstate(divide="ignore"):
            limit = FAR_BOUND * np.sqrt(2 * self.null_loss) / self.design.column_norms
        far = np.isfinite(lower) & (lower < -limit) | np.isfinite(upper) & (upper > limit)
        return self.penalty.unbound(limit) if far.any() else None

    def measure(self, W):
        """Return squared residuals and correlations, from the data; the last ones are kept."""
        on = W.any(axis=1)
        R = self.y - self.design.matvec(W[on], self.set.columns[on])
        C = self.design.rmatvec(R)
        self.c = C[:, -self.y.shape[1] :].copy()
        self.set.refresh(self.c)
        return self.design.s @ R**2, C

    def confirm(self, W, C):
        """Return the same for correlations C of all columns, if the data confirm the last ones."""
        rr, c = self.measure(W[:, -1:])
        drift = np.abs(c[self.set.columns] - C[:, -1:]).max(initial=0.0)
        if drift * np.abs(W).sum(axis=0).max() > DRIFT * self.tol:
            return self.measure(W)
        C[:, -1:] = c[self.set.columns]
        everywhere = np.repeat(c, W.shape[1], axis=1)
        everywhere[self.set.columns] = C
        return rr + np.sum((W[:, -1:] - W) * (C[:, -1:] + C), axis=0), everywhere

    def solve_stage(self, stage):
        """Return the solutions at the alphas of a stage, once the data certify them."""
        effort, found, pending = Effort(0.3 * self.tol), {}, stage
        while pending:
            solved = self.solve(pending, effort.accuracy)
            certificate = self.judge(pending, solved)
            worst, n_missing = certificate.gap.max(), certificate.missing.size
            effort.note(worst, n_missing)
            stop = "max_iter" if self.sweeps_left <= 0 else effort.stop
            for alpha, new in zip(pending, self.solutions(solved, certificate, stop), strict=True):
                last = found.get(alpha, new)
                found[alpha] = last._replace(stop=new.stop) if last.gap < new.gap else new
            pending = [alpha for alpha in pending if found[alpha].stop is None]
            if pending:
                self.grow(certificate.missing)
                effort.tighten(worst, n_missing, self.set.looseness)
                if pending[-1] != stage[-1]:  # the next stage starts from its end
                    pending.append(stage[-1])
        return [found[alpha] for alpha in stage]

    def solve(self, alphas, tol):
        """Solve the inner problem at some alphas."""
        n_sweeps, ws, cs = [], [], []
        for alpha in alphas:
            n_sweeps.append(self.minimise(alpha, tol))
            ws.append(self.set.w.copy())
            cs.append(self.set.c)
        return Solved(n_sweeps, ws, np.concatenate(ws, axis=1), np.concatenate(cs, axis=1))

    def judge(self, alphas, solved):
        """Return the certificate of what was solved, from the data."""
        columns, alphas, W = self.set.columns, np.array(alphas), solved.W
        several = self.whole and len(alphas) > 1
        rr, C = self.confirm(W, solved.C) if several else self.measure(W)
        if self.whole:
            columns, W = None, spread(W, columns, len(C))
        found = certify(self.design, SquaredResiduals(rr), C, columns, W, self.penalty, alphas)
        if found.missing.size == 0 and self.unbound is not None and not self.reached(found).all():
            other = certify(self.design, SquaredResiduals(rr), C, columns, W, self.unbound, alphas)
            found = found._replace(gap=np.fmin(found.gap, other.gap))
        return found

    def solutions(self, solved, certificate, stop):
        """Yield the solutions; those that are not accurate enough have the reason to stop."""
        reached = self.reached(certificate)
        for k, w in enumerate(solved.ws):
            on = w.any(axis=1)
            yield Solution(
                columns=self.set.columns[on],
                values=w[on],
                gap=certificate.gap[k],
                objective=certificate.objective[k],
                violation=certificate.violation[k],
                n_sweeps=solved.n_sweeps[k],
                stop="converged" if reached[k] else stop,
            )
