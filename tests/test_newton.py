"""A loss that skreg does not know, through the path solvers: its certificate is true."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import expit, xlogy

from skreg._cost import COST
from skreg._data import as_design
from skreg._problem.losses import Loss
from skreg._problem.penalties import ElasticNet
from skreg._problem.problem import Problem
from skreg._solvers.newton import Newton, solver_of

INF = np.inf
RULE = {"tol": 1e-9, "max_iter": 1000}


class Logistic(Loss):
    """l(y, eta) = log(1 + exp(eta)) - y eta, for y of 0 or 1."""

    attained, told_apart = False, "the classes"

    def near(self, y, eta):
        p = expit(eta)
        return np.logaddexp(0, eta) - y * eta, y - p, p * expit(-eta)

    def gap(self, y, eta, value, dual):
        m = y - dual  # l*(-dual) is the negative entropy of m
        entropy = xlogy(m, m) + xlogy(1 - m, 1 - m)
        return np.where((m < 0) | (m > 1), INF, value + entropy + dual * eta)


def data(n=60, p=90, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * rng.uniform(0.5, 2, p) + rng.uniform(-1, 1, p)
    y = (X[:, :3].sum(axis=1) + rng.standard_normal(n) > 0).astype(float)
    return X, y, rng.integers(0, 3, n) + (y == y[0])


def bounds(p, kind):
    lower, upper = np.full(p, -INF), np.full(p, INF)
    if kind == "positive":
        lower[:] = 0
    if kind == "box":
        lower[:], upper[:] = -0.2, 0.3
    return lower, upper


def minimum(X, y, s, centred, penalty, alpha):
    """Return the least objective, by L-BFGS on positive and negative parts."""
    h, p = penalty.at(alpha), X.shape[1]

    def objective(v):
        w, b = v[:p] - v[p:-1], v[-1]
        eta = X @ w + b
        slope = X.T @ (s * (expit(eta) - y))
        value = s @ Logistic().near(y, eta)[0] + h.weight @ (v[:p] + v[p:-1]) + h.ridge @ w**2 / 2
        sides = h.weight + slope + h.ridge * w, h.weight - slope - h.ridge * w
        return value, np.r_[(*sides, centred * (s @ (expit(eta) - y)))]

    up, down = np.maximum(h.upper, 0), np.maximum(-h.lower, 0)
    sides = [(0, end) for end in (*up.ravel(), *down.ravel())] + [(-INF, INF)]
    options = {"maxiter": 20000, "maxfun": 100000, "ftol": 1e-15, "gtol": 1e-9}
    start = np.zeros(2 * p + 1)
    return minimize(objective, start, jac=True, bounds=sides, options=options).fun


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("kind", ["free", "positive", "box"])
def test_an_unknown_loss_is_minimised_to_a_certified_gap(make, centred, l1_ratio, kind):
    X, y, s = data()
    design = as_design(make(X), s.astype(float), centre=centred, standardize=False)
    ones, p = np.ones(X.shape[1]), X.shape[1]
    penalty = ElasticNet(l1_ratio * ones, (1 - l1_ratio) * ones, *bounds(p, kind))
    problem = Problem(design, y[:, None], penalty, Logistic())
    solver = solver_of(problem, np.zeros((p, 1)), tol=1e-10, max_iter=1000)
    top = solver.largest_alpha()
    alphas = top * np.array([1.0, 0.3, 0.03])
    solutions = list(solver.run(alphas))
    assert not solutions[0].values.any()
    for alpha, solution in zip(alphas, solutions, strict=True):
        w = solver.coefficients(solution)
        assert np.all((penalty.lower <= w[:, 0]) & (w[:, 0] <= penalty.upper))
        best = minimum(X, y, s, centred, penalty, alpha)
        assert solution.stop == "converged"
        assert 0 <= solution.gap <= 1e-10 * max(solver.null_loss, solution.objective)
        assert abs(solution.objective - best) <= 1e-7 * best
        record = solver.record(solution)
        assert record.converged
        assert record.kkt_violation < 1e-4


def test_gaps_of_rough_answers_bound_what_is_missing():
    X, y, s = data(seed=1)
    design = as_design(X, s.astype(float), centre=True, standardize=False)
    penalty = ElasticNet(np.ones(90), np.zeros(90), *bounds(90, "free"))
    problem = Problem(design, y[:, None], penalty, Logistic())
    top = Newton(problem, np.zeros((90, 1)), tol=1e-10, max_iter=1000).largest_alpha()
    best = minimum(X, y, s, True, penalty, 0.1 * top)
    gaps = []
    for tol in (0.3, 0.03, 1e-3, 1e-5):
        (solution,) = Newton(problem, np.zeros((90, 1)), tol=tol, max_iter=1000).run([0.1 * top])
        assert solution.objective - best <= solution.gap * (1 + 1e-6)
        gaps.append(solution.gap)
    assert gaps[0] > 1e3 * gaps[-1]


def test_unpenalised_columns():
    X, y, s = data(200, 6)
    design = as_design(X, s.astype(float), centre=True, standardize=False)
    weight = np.array([0.0, 1, 1, 1, 1, 0])
    penalty = ElasticNet(weight, np.zeros(6), *bounds(6, "free"))
    problem = Problem(design, y[:, None], penalty, Logistic())
    solver = solver_of(problem, np.zeros((6, 1)), tol=1e-9, max_iter=1000)
    alphas = solver.largest_alpha() * np.array([1, 0.1])
    for alpha, solution in zip(alphas, solver.run(alphas), strict=True):
        assert solution.stop == "converged"
        best = minimum(X, y, s, True, penalty, alpha)
        assert abs(solution.objective - best) <= 1e-7 * best


@pytest.mark.parametrize("offset", [0, 5])  # a loss that is shifted has the same gaps
def test_gaps_are_true_where_columns_without_penalty_are_too_many_to_factorise(offset):
    class Shifted(Logistic):
        def near(self, y, eta):
            value, *slopes = super().near(y, eta)
            return value - offset, *slopes

        def gap(self, y, eta, value, dual):
            return super().gap(y, eta, value + offset, dual)

    X, y, s = data(200, 6)
    design = as_design(X, s.astype(float), centre=True, standardize=False)
    design.cost = COST._replace(free_columns=0)
    penalty = ElasticNet(np.array([0.0, 1, 1, 1, 1, 0]), np.zeros(6), *bounds(6, "free"))
    solver = Newton(Problem(design, y[:, None], penalty, Shifted()), np.zeros((6, 1)), **RULE)
    alpha = 1e3  # nothing is selected, so that the residuals are feasible but for those columns
    best = minimum(X, y, s, True, penalty, alpha)
    found = solver.judge(alpha)
    missing = found.objective[0] + offset * s.sum() - best
    assert missing > 1
    assert found.gap[0] >= missing
