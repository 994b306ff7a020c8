"""Penalties against their definitions: conjugates on a grid, violations by differences."""

from itertools import product

import numpy as np
import pytest

from skreg._data import as_design
from skreg._problem.blocks import RowElasticNet
from skreg._problem.certificate import certify, gram_solver
from skreg._problem.losses import SquaredResiduals
from skreg._problem.penalties import ElasticNet

INF = np.inf


def L1(weight, lower, upper):
    return ElasticNet(weight, np.zeros(len(weight)), lower, upper)


def L2(ridge, lower, upper):
    return ElasticNet(np.zeros(len(ridge)), ridge, lower, upper)


PENALTIES = {
    "L1": L1(np.array([0.5, 1.0, 2.0]), np.full(3, -INF), np.full(3, INF)),
    "L1 bounds": L1(np.array([0.5, 1.0, 0.0]), np.array([-1.0, 0.0, 0.5]), np.array([2.0, 1, 3])),
    "L1 positive": L1(np.array([0.5, 1.0, 2.0]), np.zeros(3), np.full(3, INF)),
    "L1 left out": L1(np.zeros(3), np.zeros(3), np.zeros(3)),
    "both": ElasticNet(
        np.array([0.5, 1, 2]), np.array([1, 0.1, 0]), np.full(3, -INF), np.full(3, INF)
    ),
    "both, bounds": ElasticNet(
        np.array([0.5, 1, 0]),
        np.array([1, 0.1, 2]),
        np.array([-1.0, 0.5, 0]),
        np.array([0.2, 3, INF]),
    ),
    "L2": L2(np.array([0.5, 1.0, 2.0]), np.full(3, -INF), np.full(3, INF)),
    "L2 bounds": L2(np.array([0.5, 0.0, 2.0]), np.array([-1.0, -1, 0.5]), np.array([2.0, 1, 3])),
    "L2 negative": L2(np.array([0.5, 1.0, 2.0]), np.full(3, -INF), np.zeros(3)),
}


def judge(penalty, c, w):
    """Judge one problem."""
    return penalty.judge(c[:, None], w[:, None], np.ones(1))


@pytest.fixture(params=PENALTIES, ids=str)
def penalty(request):
    return PENALTIES[request.param]


def test_the_gap_is_what_the_best_coefficient_gains(penalty):
    rng, grid = np.random.default_rng(0), np.linspace(-20, 20, 40001)[:, None]
    grid = np.clip(grid, penalty.lower, penalty.upper)
    for c in rng.uniform(-3, 3, (20, 3)):
        w = np.clip(rng.integers(-2, 3, 3) * 0.5, penalty.lower, penalty.upper)
        judged = judge(penalty, c, w)
        np.testing.assert_allclose(judged.value, penalty.value(w).sum())
        for (t,), gap in judged.scaled:
            largest = (t * c * grid - penalty.value(grid)).max(axis=0)
            gaps = largest - (t * c * w - penalty.value(w))
            np.testing.assert_allclose(gap, gaps.sum(), atol=1e-6)


def test_the_gap_of_rows_is_that_of_their_conjugate():
    rng, no_end = np.random.default_rng(0), np.full(5, INF)
    weight, ridge = rng.uniform(0.5, 2, 5), rng.uniform(0.5, 2, 5)
    rows = RowElasticNet(weight, ridge, -no_end, no_end).at(np.ones(1))
    for _ in range(20):
        c, w = 2 * rng.standard_normal((2, 5, 3)) * rng.integers(0, 2, (2, 5, 1))
        length = np.linalg.norm(w, axis=1)
        value = weight * length + ridge * length**2 / 2
        excess = np.maximum(np.linalg.norm(c, axis=1) - weight, 0)
        gap = value + excess**2 / (2 * ridge) - np.sum(c * w, axis=1)
        np.testing.assert_allclose(rows.gap(c, w), gap.sum(), atol=1e-13)


def test_violation_is_the_steepest_descent_that_is_allowed(penalty):
    rng, eps = np.random.default_rng(1), 1e-7
    for _ in range(50):
        w = np.clip(rng.integers(-2, 3, 3) * 0.5, penalty.lower, penalty.upper)
        c = rng.uniform(-3, 3, 3)
        gains = [np.zeros(3)]
        for step in (eps, -eps):
            moved = w + step
            allowed = (penalty.lower <= moved) & (moved <= penalty.upper)
            gain = (c * step - penalty.value(moved) + penalty.value(w)) / eps
            gains.append(np.where(allowed, gain, 0))
        judged = judge(penalty, c, w)
        np.testing.assert_allclose(judged.worst, np.max(gains, axis=0), atol=1e-5)
        np.testing.assert_allclose(judged.violation, np.max(gains), atol=1e-5)


def test_gap_bounds_the_suboptimality(penalty):
    """Against the best of many random feasible points."""
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((8, 3)), rng.standard_normal(8)

    def objective(w):
        return 0.5 * np.sum((y[:, None] - X @ w.T) ** 2, axis=0) + penalty.value(w).sum(axis=1)

    points = np.clip(rng.normal(0, 1, (200_000, 3)), penalty.lower, penalty.upper)
    best = objective(points).min()
    for w in points[:200]:
        r = y - X @ w
        for t, gap in judge(penalty, X.T @ r, w).scaled:
            gap += SquaredResiduals(r @ r).gap(t)
            assert gap >= objective(w[None])[0] - best - 1e-12


@pytest.mark.parametrize("free", [[0], [0, 3], [0, 1, 2, 3, 4]])
@pytest.mark.parametrize("one_sided", [False, True])
def test_gap_with_unpenalised_columns_bounds_the_suboptimality(free, one_sided):
    """Against least squares with the signs enumerated: a minimum over every orthant."""
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((12, 5)), rng.standard_normal(12)
    weight = np.full(5, 2.0)
    weight[free] = 0
    lower = np.full(5, -INF)
    if one_sided:
        lower[free[0]] = 0.0
    penalty, every = L1(weight, lower, np.full(5, INF)), np.arange(5)
    design = as_design(X, np.ones(12), centre=False, standardize=False)

    def objective(w):
        return 0.5 * np.sum((y - X @ w) ** 2) + penalty.value(w).sum()

    candidates = [np.zeros(5)]
    for signs in product((-1, 0, 1), repeat=5):
        signs = np.array(signs)
        on = signs != 0
        w = np.zeros(5)
        rhs = X[:, on].T @ y - (weight * signs)[on]
        w[on] = np.linalg.solve(X[:, on].T @ X[:, on], rhs) if on.any() else 0
        if np.all(w >= lower):
            candidates.append(w)
    best = min(candidates, key=objective)
    W = np.array(
        [best, *rng.standard_normal((50, 5)), *(best + 1e-3 * rng.standard_normal((50, 5)))]
    )
    W = np.maximum(W, lower).T
    R = y[:, None] - X @ W
    gaps = certify(
        design, SquaredResiduals(np.sum(R**2, axis=0)), X.T @ R, every, W, penalty, np.ones(101)
    ).gap
    for w, gap in zip(W.T, gaps, strict=True):
        assert gap >= objective(w) - objective(best) - 1e-12
    assert gaps[0] < 1e-12


def test_columns_at_rest_are_certified_from_their_correlations_alone():
    rng = np.random.default_rng(4)
    X, y = rng.standard_normal((20, 8)), rng.standard_normal(20)
    penalty = ElasticNet(np.full(8, 0.5), np.full(8, 0.1), np.full(8, -INF), np.full(8, INF))
    penalty.lower[7], penalty.upper[7] = 0.2, 0.4  # rests at 0.2
    design = as_design(X, np.ones(20), centre=False, standardize=False)
    W = np.zeros((8, 2))
    W[[1, 4]] = rng.standard_normal((2, 2))
    W[7] = 0.2
    R, alphas = y[:, None] - X @ W, np.array([1.0, 4.0])
    problem = design, SquaredResiduals(np.sum(R**2, axis=0)), X.T @ R
    some = certify(*problem, np.array([4, 1]), W[[4, 1]], penalty, alphas)
    every = certify(*problem, np.arange(8), W, penalty, alphas)
    np.testing.assert_allclose(some.gap, every.gap)
    np.testing.assert_allclose(some.violation, every.violation)
    worst = penalty.judge(X.T @ R, W, alphas).worst
    worst[[1, 4]] = 0
    assert some.missing.tolist() == np.argsort(-worst)[: np.count_nonzero(worst)].tolist()
    assert every.missing.size == 0


def test_wide_columns_are_factorised_without_a_matrix_of_their_number(monkeypatch):
    rng = np.random.default_rng(5)
    X, s = rng.standard_normal((6, 300)), np.array([0.0, 1, 2, 1, 3, 1])
    design, columns, sizes = as_design(X, s, centre=True, standardize=False), np.arange(300), []
    matvec = design.matvec
    monkeypatch.setattr(design, "matvec", lambda w, *j: sizes.append(w.size) or matvec(w, *j))
    c = design.rmatvec(rng.standard_normal((6, 2)))
    v = gram_solver(design, columns)(c)
    assert max(sizes, default=0) <= X.size
    Xc = X - s @ X / s.sum()
    np.testing.assert_allclose(Xc.T @ (s[:, None] * (Xc @ v)), c, atol=1e-10)
