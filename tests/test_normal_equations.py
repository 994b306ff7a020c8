"""The normal equations of ridge regression, in every way, against numpy's solver."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import RidgeGD
from skreg._cost import Cost
from skreg._data import as_design
from skreg._problem.penalties import ElasticNet
from skreg._problem.problem import Problem
from skreg._solvers import normal_equations
from skreg._solvers.gradient_descent import Ridge
from skreg._solvers.normal_equations import (
    Dual,
    Primal,
    conjugate_gradients,
    factor,
    least_squares,
    promising,
)

SHAPES = {"tall": (40, 12), "wide": (12, 40)}


def problem(shape, container, alphas=(2.0, 0.5, 2.0)):
    """Return a problem of three targets, a sample without weight and a column left out."""
    rng = np.random.default_rng(0)
    X, s = rng.standard_normal(SHAPES[shape]) + 1, rng.uniform(0.5, 2, SHAPES[shape][0])
    s[3] = 0
    design = as_design(container(X), s, centre=True, standardize=False)
    factor, bound = rng.uniform(0.5, 2, X.shape[1]), np.full(X.shape[1], np.inf)
    bound[5] = 0
    penalty = ElasticNet(0 * factor, factor, -bound, bound)
    Y = rng.standard_normal((len(X), 3))
    return Ridge.of(Problem(design, Y - s @ Y / s.sum(), penalty), np.array(alphas)), X


def solution(ridge, X):
    """Return the coefficients that solve a problem."""
    s, w = ridge.design.s, np.zeros((X.shape[1], len(ridge.alphas)))
    Xc, on = X - s @ X / s.sum(), np.arange(X.shape[1]) != 5
    for t, penalty in enumerate(ridge.ridge[on].T):
        H = Xc[:, on].T @ (s[:, None] * Xc[:, on]) + np.diag(penalty)
        w[on, t] = np.linalg.solve(H, Xc[:, on].T @ (s * ridge.y[:, t]))
    return w


def shared(ridge):
    """Return the equations on the columns in the metric of the penalty."""
    return Primal(ridge, shared=True)


def solve(kind, ridge, tol, max_steps=1000, start=None):
    """Return the coefficients that a way and a system lead to, and the steps."""
    way, system = kind[0], kind[1](ridge)
    x, point = system.begin(ridge.at(ridge.start() if start is None else start))
    change, n_steps = way(system, x, point, tol, max_steps)
    return system.coefficients(x + change), n_steps


ITERATIVE = [(conjugate_gradients, kind) for kind in (Primal, shared, Dual)]
KINDS = [*ITERATIVE, (factor, Primal), (factor, Dual), (least_squares, Primal)]


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("alphas", [[2.0, 0.5, 2.0], [[2.0, 0.5], [1.0, 3.0], [0.1, 0.2]]])
def test_solutions(shape, alphas, kind, container):
    ridge, X = problem(shape, container, np.array(alphas))
    w, n_steps = solve(kind, ridge, 1e-13)
    np.testing.assert_allclose(w, solution(ridge, X), rtol=1e-9, atol=1e-11)
    assert 1 <= n_steps <= 40


@pytest.mark.parametrize("kind", [(factor, Primal), (factor, Dual)])
@pytest.mark.parametrize("shape", SHAPES)
def test_many_alphas_share_a_decomposition(shape, kind, monkeypatch):
    ridge, X = problem(shape, np.asarray, np.geomspace(1e-3, 1e2, 60).reshape(3, 20))
    monkeypatch.setattr(kind[1], "cholesky", None)
    w, _ = solve(kind, ridge, 1e-13)
    np.testing.assert_allclose(w, solution(ridge, X), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ITERATIVE)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_solution_may_begin_anywhere(shape, kind):
    ridge, X = problem(shape, np.asarray, np.array([[2.0, 0.5], [1.0, 3.0], [0.1, 0.2]]))
    w = np.random.default_rng(1).standard_normal(ridge.ridge.shape)
    w[5] = 0
    found, _ = solve(kind, ridge, 1e-13, start=w)
    np.testing.assert_allclose(found, solution(ridge, X), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ITERATIVE)
@pytest.mark.parametrize("shape", SHAPES)
def test_steps_end_where_the_accuracy_is_reached(shape, kind):
    ridge, _ = problem(shape, np.asarray)
    w, n_steps = solve(kind, ridge, 1e-2)
    assert ridge.at(w).accuracy <= 2e-2  # on the samples the last length is estimated
    assert n_steps < solve(kind, ridge, 1e-8)[1]
    assert solve(kind, ridge, 0.0, 2)[1] == 2


@pytest.mark.parametrize(
    ("shape", "alpha", "expected"),
    [
        ("tall", [1.0] * 3, "factor primal, conjugate_gradients primal"),
        (
            "tall",
            [[1.0, 2.0]] * 3,
            "factor shared primal, conjugate_gradients shared primal, conjugate_gradients primal",
        ),
        (
            "tall",
            [[1.0, 0.0]] * 3,
            "least_squares primal, factor primal, conjugate_gradients primal",
        ),
        ("tall", [0.0] * 3, "factor primal, least_squares primal, conjugate_gradients primal"),
        (
            "wide",
            [[1.0, 2.0]] * 3,
            "factor dual, conjugate_gradients primal",
        ),
        ("wide", [0.0] * 3, "conjugate_gradients primal, least_squares primal"),
    ],
)
def test_the_ways_depend_on_the_shape_and_the_penalty(shape, alpha, expected):
    ridge, _ = problem(shape, np.asarray, np.array(alpha))
    assert ", ".join(described(ridge)) == expected


def described(ridge, slow=True):
    """Yield the ways of a problem in words, where products have been slow or not."""
    for way, system, most in normal_equations.ways(ridge, 50):
        system.slow = slow
        assert most in (50, 49)  # where the least squares come last they keep a step
        share = "shared " * getattr(system, "shared", False)
        yield f"{way.__name__} {share}{type(system).__name__.lower()}"


def test_alphas_share_no_metric_where_columns_are_uneven():
    ridge, _ = problem("tall", np.asarray, np.array([[1.0, 2.0]] * 3))
    uneven = ridge._replace(column=ridge.column * np.geomspace(1, 1e9, 12))
    assert list(described(uneven)) == ["factor primal", "conjugate_gradients primal"]


@pytest.mark.parametrize("shape", SHAPES)
def test_products_come_before_a_factor_that_takes_longer_and_alone_where_none_fits(shape):
    ridge, _ = problem(shape, sp.csr_array)
    ridge.design.cost = Cost(few_steps=0)
    for slow, expected in ((True, ["promising", "factor"]), (False, ["promising"])):
        words = [words.split()[0] for words in described(ridge, slow)]
        assert words == [*expected, "conjugate_gradients"]
    ridge.design.cost = Cost(largest_gram=3)
    assert [words.split()[0] for words in described(ridge)] == ["promising", "conjugate_gradients"]


class Priced:
    """A system with a price of its own."""

    def __init__(self, system, price):
        self.system, self.price = system, price

    def __getattr__(self, name):
        return getattr(self.system, name)


def uneven():
    """Return a wide problem whose eigenvalues cover six orders, and one target."""
    rng = np.random.default_rng(0)
    X = np.geomspace(1, 1e-3, 100)[:, None] * rng.standard_normal((100, 300))
    design = as_design(X, np.ones(100), centre=False, standardize=False)
    penalty = ElasticNet(np.zeros(300), np.ones(300), np.full(300, -np.inf), np.full(300, np.inf))
    return Ridge.of(Problem(design, rng.standard_normal((100, 1)), penalty), np.array([1e-4]))


@pytest.mark.parametrize("kind", [Primal, Dual])
def test_products_end_early_where_a_factor_promises_to_be_quicker(kind):
    ridge = uneven()
    x, point = kind(ridge).begin(ridge.at(ridge.start()))
    whole, n_steps = conjugate_gradients(kind(ridge), x, point, 1e-10, 10000)
    assert n_steps > 200
    for price in (20, 100):
        change, n_trial = promising(Priced(kind(ridge), price), x, point, 1e-10, 10000)
        assert not change.any()
        assert n_trial <= 0.2 * price
    change, n_trial = promising(Priced(kind(ridge), 11 * n_steps), x, point, 1e-10, 10000)
    assert n_trial == n_steps
    np.testing.assert_array_equal(change, whole)


def test_products_never_take_more_steps_than_their_price():
    ridge, _ = problem("wide", np.asarray, np.array([[2.0, 0.5]] * 3))
    x, point = Dual(ridge).begin(ridge.at(ridge.start()))
    _, n_steps = conjugate_gradients(Dual(ridge), x, point, 1e-10, 100)
    for price in range(2, n_steps):
        change, n_trial = promising(Priced(Dual(ridge), price), x, point, 1e-10, 100)
        assert not change.any()
        assert n_trial <= price


@pytest.mark.parametrize("max_iter", [1, 2, 5, 30, 10000])
def test_a_trial_by_products_leaves_a_step_for_the_factor(max_iter, monkeypatch):
    monkeypatch.setattr(RidgeGD, "_cost", Cost(few_steps=0))
    X = np.geomspace(1, 1e-3, 60)[:, None] * np.random.default_rng(0).standard_normal((60, 300))
    y = np.sin(np.arange(60.0))
    model = RidgeGD(1e-2, fit_intercept=False, max_iter=max_iter).fit(sp.csr_array(X), y)
    expected = X.T @ np.linalg.solve(X @ X.T + 1e-2 * np.eye(60), y)
    assert model.convergence_.converged
    assert model.n_iter_ <= max_iter
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-7, atol=1e-9)


def useless(system, x, point, tol, max_steps):
    return 1e-9 * point.c, 1


def impossible(system, x, point, tol, max_steps):
    raise np.linalg.LinAlgError


@pytest.mark.parametrize("way", [useless, impossible])
def test_a_way_that_leads_nowhere_is_left_for_the_next(way, monkeypatch):
    ridge, X = problem("tall", np.asarray)
    expected = RidgeGD(tol=1e-12).fit(X, ridge.y)
    assert expected.n_iter_ == 1
    monkeypatch.setattr(normal_equations, "factor", way)
    model = RidgeGD(tol=1e-12).fit(X, ridge.y)
    assert model.n_iter_ > 3
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)


@pytest.mark.parametrize("alpha", [1e-8, 1.0])
def test_a_small_penalty_on_wide_data_costs_no_digits(alpha):
    _, X = problem("wide", np.asarray)
    y = X[:, 0] + X[:, 7]
    model = RidgeGD(alpha, fit_intercept=False).fit(X, y)
    expected = X.T @ np.linalg.solve(X @ X.T + alpha * np.eye(len(X)), y)
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-12)
    assert model.n_iter_ <= 2


def words(seed=0):
    """Return counts of words, few of which are frequent, in texts of uneven lengths."""
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(3, 1, 120).astype(int) + 3
    probability = 1 / np.arange(1, 401)
    rows = np.repeat(np.arange(120, dtype=np.int32), lengths)
    columns = rng.choice(400, rows.size, p=probability / probability.sum()).astype(np.int32)
    return sp.coo_array((np.ones(rows.size), (rows, columns)), shape=(120, 400)).tocsr()


VARIANTS = {
    "as they come": lambda X: X,
    "twice": lambda X: sp.hstack([X, X]).tocsr(),
    "scaled": lambda X: (X @ sp.diags_array(np.geomspace(1e-3, 1e3, X.shape[1]))).tocsr(),
    "by columns": lambda X: X.tocsc(),
}


@pytest.mark.parametrize("n_targets", [1, 10])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"penalty_factor": {0: 3}}])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("alpha", [0.01, 1.0, 1000.0])
def test_products_solve_what_a_factor_does(alpha, variant, options, n_targets, monkeypatch):
    rng = np.random.default_rng(1)
    X, s = VARIANTS[variant](words()), rng.uniform(0, 3, 120)
    s[:5] = 0
    Y = np.sign(rng.standard_normal((120, n_targets)))
    centre, factor = options.get("fit_intercept", True), np.ones(X.shape[1])
    factor[0] = 3 if "penalty_factor" in options else 1
    A = X.toarray()
    A, B = ((a - centre * (s @ a) / s.sum()) * np.sqrt(s)[:, None] for a in (A, Y))
    K = (A / factor) @ A.T + alpha * np.eye(120)
    expected = (A / factor).T @ np.linalg.solve(K, B)
    for few_steps in (0, np.inf):
        monkeypatch.setattr(RidgeGD, "_cost", Cost(few_steps=few_steps, numbers_in_cube=1e-9))
        model = RidgeGD(alpha, **options).fit(X, Y, s)
        assert model.convergence_.converged
        w = model.coef_.reshape(n_targets, -1).T
        best, found = (
            np.sum((B - A @ v) ** 2, axis=0) + alpha * factor @ v**2 for v in (expected, w)
        )
        assert np.all(found <= best * (1 + 1e-10))
