"""Any loss: proximal Newton steps along a path of alphas.

Near some predictions eta a loss is quadratic: squared error with the weights ``s * l''(eta)`` and
the targets ``eta - l'(eta) / l''(eta)``. A `Descent` minimises this model with the penalty; a line
search leads to where it says, until the data certify the gap of the loss itself. Squared error is
its own model: there the descent alone does all. Lee, Sun and Saunders (2014), "Proximal Newton-type
methods for minimizing composite functions", section 2.
"""

import numpy as np

from .._problem.certificate import certify
from .._problem.losses import Fit
from .._problem.penalties import ElasticNet
from .._problem.problem import Problem
from .path import HUGE, Descent
from .solution import PathSolver, Solution
from .whole_gram import WholeGram

ACCURACY = 0.1  # gap of a model, relative to that of the loss, or to what is to be reached
FLAT = 1e-6  # least curvature in a model, relative to the largest
ARMIJO = 1e-4  # part of the fall that the slope promises, that a step has to reach
HALVINGS = 40  # of a step
MAX_STALLS = 3  # steps that do not make the gap smaller
BALANCE = 50  # Newton steps to an intercept, at the most


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
    w : ndarray of shape (n_features, 1)
        Coefficients.
    eta : ndarray of shape (n_samples, 1)
        Predictions, with the intercept.
    """

    def __init__(self, problem, start, *, tol, max_iter):
        super().__init__(problem.design, tol, max_iter)
        _, self.y, self.penalty, self.loss = problem
        self.w = np.clip(start, self.penalty.lower[:, None], self.penalty.upper[:, None])
        null = self.balanced(np.zeros_like(self.y))
        self.null_loss = float(self.losses(null))
        self.reference = self.penalty.size(self.correlations(null)).max(initial=0.0)
        self.eta = self.balanced(self.design.matvec(self.w)) if self.w.any() else null

    def largest_alpha(self):
        """Return the smallest alpha at which every penalised coefficient stays where it is."""
        if np.any((self.penalty.weight == 0) & (self.penalty.lower < self.penalty.upper)):
            self.minimise(HUGE)
        return self.penalty.largest_alpha(self.correlations(self.eta), self.w)

    def run(self, alphas, max_features=np.inf):
        """Yield the solution at each alpha, in descending order, up to a number of features."""
        for alpha in alphas:
            solution = self.minimise(alpha)
            if solution.columns.size > max_features:
                return
            yield solution

    def minimise(self, alpha):
        """Return the solution at an alpha."""
        n_before, best, n_stalls, stop = self.n_sweeps, np.inf, 0, None
        while stop is None:
            found = self.judge(alpha)
            gap, n_left = found.gap[0], self.max_iter - (self.n_sweeps - n_before)
            n_stalls, best = (0, gap) if gap < best else (n_stalls + 1, best)
            if self.reached(found)[0]:
                stop = "converged"
            elif n_left <= 0:
                stop = "max_iter"
            elif n_stalls > MAX_STALLS or not self.step(alpha, gap, n_left):
                stop = "rounding"
        on = self.columns
        certificate = gap, found.objective[0], found.violation[0]
        return Solution(on, self.w[on], *certificate, self.n_sweeps - n_before, stop)

    @property
    def columns(self):
        """The columns whose coefficients are not 0."""
        return np.flatnonzero(self.w[:, 0])

    def judge(self, alpha):
        """Return the certificate of the coefficients, from the data."""
        fit, c = Fit(self.loss, self.design.s, self.y, self.eta), self.correlations(self.eta)
        return certify(self.design, fit, c, None, self.w, self.penalty, np.array([alpha]))

    def step(self, alpha, gap, max_sweeps):
        """Minimise the model, and go as far that way as the objective falls; tell whether it did.

        Where the curvature all but vanishes it is raised; the slope of the model stays right.
        """
        penalty, residual = self.penalty.at(alpha), self.loss.residual(self.y, self.eta)
        curvature = self.loss.curvature(self.y, self.eta)
        curvature = np.maximum(curvature, FLAT * curvature.max())
        view = self.design.reweighted(self.design.s * curvature[:, 0])
        target = self.eta + residual / curvature
        mean = view.s @ target / view.total_weight if self.design.centred else 0.0
        model = Problem(view, target - mean, penalty)
        enough = max(ACCURACY * gap, ACCURACY * self.relative_tol * self.null_loss)
        tol = enough / (0.5 * np.sum(view.s @ model.y**2))
        descent = Descent(model, self.w, tol=tol, max_iter=max_sweeps)
        (solution,) = descent.run([1.0])
        self.n_sweeps += descent.n_sweeps
        w = descent.coefficients(solution)
        return self.search(w - self.w, mean + view.matvec(w) - self.eta, residual, penalty)

    def search(self, change, move, residual, penalty):
        """Move as far along a change of coefficients as the objective falls by enough."""
        value, before = self.objective(self.w, self.eta, penalty), penalty.value(self.w[:, 0]).sum()
        slope = penalty.value((self.w + change)[:, 0]).sum() - before
        slope -= self.design.s @ (residual * move)[:, 0]
        for length in 0.5 ** np.arange(HALVINGS):
            w, eta = self.w + length * change, self.eta + length * move
            if self.objective(w, eta, penalty) <= value + ARMIJO * length * slope:
                self.w, self.eta = w, self.balanced(eta)
                return True
        return False

    def objective(self, w, eta, penalty):
        """Return what is minimised."""
        return float(self.losses(eta)) + penalty.value(w[:, 0]).sum()

    def losses(self, eta):
        """Return the loss."""
        return np.sum(self.design.s @ self.loss.value(self.y, eta))

    def correlations(self, eta):
        """Return those of the residuals with the columns."""
        return self.design.rmatvec(self.loss.residual(self.y, eta))

    def balanced(self, eta):
        """Return predictions with the best intercept: the weighted residuals have a sum of 0."""
        if not self.design.centred:
            return eta
        s = self.design.s
        for _ in range(BALANCE):
            slope = np.sum(s @ self.loss.residual(self.y, eta))
            curvature = np.sum(s @ self.loss.curvature(self.y, eta))
            move = slope / curvature if curvature > 0 else 0.0
            while self.losses(eta + move) > self.losses(eta) and eta.max() + move != eta.max():
                move /= 2
            if np.all(eta + move == eta):
                break
            eta = eta + move
        return eta
