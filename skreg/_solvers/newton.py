"""Any loss: proximal Newton steps on a working set, along a path of alphas.

Near some predictions eta a loss is quadratic: squared error with the weights ``s * l''(eta)`` and
the targets ``eta - l'(eta) / l''(eta)``. At each alpha:

1. Columns that will probably matter enter the working set.
2. A Newton step on it, which reads these columns alone: the model is minimised with the penalty,
   and a line search leads to where it says.
3. A pass over the data gives the correlations of every column with the residual: the duality gap,
   and the columns that are missing. Where the gap is too large, these enter for another step.

Squared error is its own model: there a `Descent` does all. Lee, Sun and Saunders (2014), "Proximal
Newton-type methods for minimizing composite functions", section 2.
"""

import numpy as np

from .._problem.certificate import certify
from .._problem.losses import Fit
from .._problem.penalties import ElasticNet, within
from .column_set import ColumnSet
from .gram_set import GramSet
from .path import ALPHA_RANGE, EAGERNESS, HUGE, Descent, candidates
from .separation import separable, separated
from .solution import PathSolver, Solution
from .whole_gram import WholeGram

STAGE = 0.2  # a waypoint relative to the last alpha
ROUGHLY = 1e-2  # gap of models at waypoints, relative to the loss without features
SMALLEST_GROWTH = 30  # columns that may enter at a time: each model has a Gram matrix of its own
GROWTH = 0.7  # the same, relative to the support
ACCURACY = 0.01  # gap of a model, relative to that of the loss
FEW_COLUMNS = 1000  # that share a Gram matrix where the penalty is smooth
BALANCE = 1e-6  # of tol: what the intercept may cost
FLAT = 1e-9  # least curvature in a model, relative to the largest
CAUTION = 1e-5, 1.0  # least and most part of `Loss.bound` that is curvature in a model
USUAL_CAUTION = 0.1  # the first
ARMIJO = 0.3  # part of the slope's fall that a step has to reach; Newton's reach a half
HALVINGS = 40  # of a step
NOISE = 1e-14  # of the objective: rounding of its changes
EXTREME = 1e-6  # curvature of a sample at which it may be one that can be separated
SEPARATED = 1e-3  # loss, relative to that without features, at which to look for what separates
MAX_STALLS = 3  # steps that do not make the gap smaller


def solver_of(problem, start, *, tol, max_iter):
    """Return what follows a path of alphas for a problem."""
    kind = Descent if problem.loss.quadratic else Newton
    return kind(problem, start, tol=tol, max_iter=max_iter)


def minimum(problem, start, **rule):
    """Return a solver that has found the minimum for alpha = 1, and the Solution."""
    if not problem.loss.quadratic or type(problem.penalty) is not ElasticNet:
        solver = solver_of(problem, start, **rule)
        (solution,) = solver.run([1.0])
        return solver, solution
    quick = WholeGram(problem, start, **rule)
    if quick.pays():
        solution, start = quick.solve()
        if solution.stop is not None:
            return quick, solution
    solver = Descent(problem, start, after=quick, **rule)
    (solution,) = solver.run([1.0])
    return solver, solution


class Newton(PathSolver):
    """Newton's method along a path of alphas; the parameters are those of `Descent`.

    Attributes
    ----------
    columns : ndarray of int, shape (n_columns,)
        The working set.
    w : ndarray of shape (n_features, 1)
        Coefficients; outside the working set those nearest to 0.
    fit : Fit
        The loss at the predictions, which have the best intercept.
    c : ndarray of shape (n_features, 1)
        Correlations of the columns with the residuals.
    alpha : float
        The last alpha.
    sweeps_left : int
        Sweeps of coordinate descent that may still be made for the next alpha.
    found_separable : dict
        Whether columns without a penalty can separate samples; by whether alpha is 0.
    caution : float
        Where the loss is straight, part of the curvature of a parabola above it that its model has.
    """

    def __init__(self, problem, start, *, tol, max_iter):
        super().__init__(problem.design, tol, max_iter)
        self.sweeps_left, self.caution, self.found_separable = max_iter, USUAL_CAUTION, {}
        _, self.y, self.penalty, self.loss = problem
        self.told_apart = self.loss.told_apart
        lower, upper = self.penalty.lower[:, None], self.penalty.upper[:, None]
        zero = np.zeros_like(self.y)
        self.null_loss = 0.0
        null = self.balanced(Fit(self.loss, self.design.s, self.y, zero, self.design.offset))
        self.null_loss = null.value.sum()
        self.fit, self.c = null, self.design.rmatvec(null.dual)
        self.reference = self.penalty.size(self.c).max(initial=0.0)
        self.w = within(start.reshape(lower.shape), lower, upper)
        free = (self.penalty.weight == 0) & (self.penalty.lower < self.penalty.upper)
        off = self.penalty.norm(self.w - self.nearest())[:, 0] > 0
        self.columns = np.flatnonzero(off | free)
        self.part = self.design.select(self.columns)
        if self.w.any():
            self.look()
        self.alpha = self.top = self.penalty.largest_alpha(self.c, self.w)

    def nearest(self):
        """Return coefficients nearest to 0, as a column."""
        return self.penalty.nearest_to_zero()[:, None]

    def largest_alpha(self):
        """Return the smallest alpha at which every penalised coefficient stays where it is."""
        if self.columns.size:
            self.minimise(HUGE)
            self.alpha = self.top = self.penalty.largest_alpha(self.c, self.w)
        return self.top

    def run(self, alphas, max_features=np.inf):
        """Yield the solution at each alpha, in descending order, up to a number of features."""
        self.alpha = max(self.alpha, alphas[0])
        for alpha in alphas:
            self.sweeps_left = self.max_iter
            while alpha < STAGE * self.alpha and self.alpha > ALPHA_RANGE * self.top:
                self.approach(STAGE * self.alpha)
            solution = self.minimise(alpha)
            if self.n_selected(solution) > max_features:
                return
            yield solution

    def coefficients(self, solution):
        """Return all coefficients of a solution, of shape (n_features, n_outputs).

        To all outputs of a column without a penalty the same may be added: their sum shall be 0.
        """
        w = super().coefficients(solution).reshape(-1, self.loss.n_outputs)
        if self.loss.n_outputs > 1:
            penalty = self.penalty.take(slice(None, None, self.loss.n_outputs))
            free = penalty.free & np.isinf(penalty.lower) & np.isinf(penalty.upper)
            w[free] -= w[free].mean(axis=1, keepdims=True)
        return w

    def n_selected(self, solution):
        """Return how many features have a coefficient that is not 0."""
        return np.unique(solution.columns // self.loss.n_outputs).size

    def approach(self, alpha):
        """Go roughly to an alpha on the way to a smaller one."""
        self.admit(alpha)
        self.step(alpha, ROUGHLY * self.null_loss)
        self.look()

    def minimise(self, alpha):
        """Return the solution at an alpha."""
        n_stalls, accuracy, best, last, lowest = 0, ACCURACY, np.inf, np.inf, np.inf
        least = NOISE * self.null_loss
        self.admit(alpha)
        while True:
            found = self.judge(alpha)
            gap, missing = found.gap[0], found.missing
            falls = lowest - found.objective[0] > least  # the gap need not, on dependent columns
            n_stalls = 0 if falls or gap < best or missing.size else n_stalls + 1
            best, lowest = min(best, gap), min(lowest, found.objective[0])
            if stop := self.reason(alpha, found, n_stalls):
                break
            if last < np.inf:
                self.add(missing)
            if gap > 0.5 * last and not missing.size:
                accuracy *= 0.01  # the model was not solved well enough
            if not self.step(alpha, accuracy * gap) and not missing.size:
                stop = "rounding"
                break
            self.look()
            last = gap
        extreme = self.fit.curvature[self.design.s > 0].min() < EXTREME
        if (extreme or stop != "converged") and self.without_minimum(alpha == 0):
            stop = "endless"
        on = np.flatnonzero(self.w[:, 0])
        n_sweeps = self.max_iter - self.sweeps_left
        record = gap, found.objective[0], found.violation[0], n_sweeps, stop
        return Solution(on, self.w[on], *record, self.intercept)

    def reason(self, alpha, certificate, n_stalls):
        """Return a reason to stop, or None."""
        if self.endless(alpha):
            return "endless"
        if self.reached(certificate)[0]:
            return "converged"
        if self.sweeps_left <= 0:
            return "max_iter"
        return "rounding" if n_stalls > MAX_STALLS else None

    def endless(self, alpha):
        """Tell whether the loss falls to 0, which it never reaches, along what has no penalty.

        It does where coefficients that may grow without end tell the classes apart.
        """
        if self.loss.attained or self.fit.value.sum() > SEPARATED * self.null_loss:
            return False
        penalty = self.penalty.at(alpha)
        free = (penalty.weight == 0) & (penalty.ridge == 0) & penalty.endless(self.w[:, 0])
        (on,) = np.nonzero(free & (self.w[:, 0] != 0))
        return separated(self.loss, self.design, self.y, on, self.w[on], self.intercept)

    def without_minimum(self, unpenalised):
        """Tell whether the loss falls without end, be it for some samples alone."""
        if not self.loss.attained and unpenalised not in self.found_separable:
            on = np.flatnonzero(
                unpenalised | (self.penalty.weight == 0) & (self.penalty.ridge == 0)
            )
            parts = self.design, self.y, on, self.penalty.take(on)
            self.found_separable[unpenalised] = separable(self.loss, *parts)
        return self.found_separable.get(unpenalised, False)

    def admit(self, alpha):
        """Let columns enter that will probably matter at alpha."""
        threshold, self.alpha = max(EAGERNESS * alpha, 2 * alpha - self.alpha), alpha
        self.add(candidates(self.c, self.columns, self.penalty, threshold))

    def add(self, columns):
        """Let the first of some columns enter the working set."""
        most = max(SMALLEST_GROWTH, int(GROWTH * np.count_nonzero(self.w)))
        if columns.size:
            self.columns = np.union1d(self.needed(), self.penalty.whole(columns[:most]))
            self.part = self.design.select(self.columns)

    def needed(self):
        """Return the columns of the working set that may still matter."""
        part, c = self.penalty.take(self.columns), self.c[self.columns]
        off = part.norm(self.w[self.columns] - part.nearest_to_zero()[:, None]) > 0
        near = part.size(c) >= EAGERNESS * self.alpha * part.weight[:, None]
        return self.columns[(off | near)[:, 0]]

    def judge(self, alpha):
        """Return the certificate of the coefficients."""
        alpha, w = np.array([alpha]), self.w[self.columns]
        return certify(self.design, self.fit, self.c, self.columns, w, self.penalty, alpha)

    def look(self):
        """See, from the data, how all columns correlate with the residuals."""
        (on,) = np.nonzero(self.w[:, 0])
        fit = self.fit.at(self.design.matvec(self.w[on], on), self.intercept)
        self.fit = self.balanced(fit)
        self.c = self.design.rmatvec(self.fit.dual)

    def step(self, alpha, tol):
        """Minimise the model, and go as far that way as the objective falls; tell whether it did.

        Where the curvature all but vanishes it is raised; the slope of the model stays right.
        Where the loss is straight, it is less after a whole step, and more after a part of one.
        """
        if self.columns.size == 0 or self.sweeps_left <= 0:
            return False
        penalty = self.penalty.take(self.columns).at(alpha)
        fit = self.fit
        curvature = np.maximum(fit.curvature, self.caution * fit.loss.bound(fit.y, fit.predicted))
        curvature = np.maximum(curvature, FLAT * curvature[self.design.s > 0].max())
        view, w = self.part.reweighted(self.part.s * curvature[:, 0]), self.w[self.columns]
        target = view.matvec(w) + fit.dual / curvature
        view.cost = view.cost.of_model
        by_products = penalty.smooth and len(w) > min(FEW_COLUMNS, len(self.design.s))
        kind = ColumnSet if by_products else GramSet
        model = kind(view, target)
        model = model.extended(np.arange(len(w)), w, self.c[self.columns], self.penalty.take([]))
        n_sweeps = model.minimise(penalty, tol, self.sweeps_left)
        self.n_sweeps += n_sweeps
        self.sweeps_left -= n_sweeps
        self.design.n_passes += view.n_passes * len(w) / self.design.n_features
        return self.search(model.w - w, view.matvec(model.w - w), penalty)

    def search(self, change, move, penalty):
        """Move as far along a change of coefficients as the objective falls by enough."""
        w, fit = self.w[self.columns], self.fit
        before = penalty.value(w[:, 0])
        rise = penalty.value((w + change)[:, 0]) - before
        slope = min(0.0, rise.sum() - fit.s @ (fit.dual * move)[:, 0])  # above 0: rounding
        noise = NOISE * (fit.value.sum() + before.sum())
        for length in 0.5 ** np.arange(HALVINGS):
            moved, other = w + length * change, fit.at(fit.eta + length * move)
            rise = (other.value - fit.value).sum() + (penalty.value(moved[:, 0]) - before).sum()
            if rise <= ARMIJO * length * slope + noise:
                self.w[self.columns], self.fit = moved, other
                self.caution = np.clip(self.caution / (2 if length == 1 else length), *CAUTION)
                return True
        return False

    @property
    def intercept(self):
        """The means of the predictions: columns are centred, or there is none."""
        means = self.fit.sums(self.fit.eta) / self.design.total_weight
        return means if self.design.centred else np.zeros_like(means)

    def balanced(self, fit):
        """Return a fit with the best intercept, if there is one."""
        if not self.design.centred:
            return fit
        return fit.balanced(BALANCE * self.relative_tol * self.null_loss)
