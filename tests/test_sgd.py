"""Minibatches with variance reduction: exact answers, a linear rate, steps that cost entries."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from skreg import RidgeGD
from skreg._cost import Cost
from skreg._data import as_design
from skreg._problem.penalties import ElasticNet
from skreg._problem.problem import Problem
from skreg._solvers.gradient_descent import Ridge, largest_eigenvalue
from skreg._solvers.saga import epoch, smoothness

from . import naive

KINDS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": np.float32,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
    "csr float32": lambda X: sp.csr_array(np.float32(X)),
}


def data(n=150, p=12, density=0.5, seed=0):
    """Return X, exact in float32 and with empty and full columns, two targets and weights."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-8, 9, (n, p)) / 8 * (rng.random((n, p)) < density)
    X[:, 0] += 1
    Y = X @ rng.standard_normal((p, 2)) + 0.5 * rng.standard_normal((n, 2)) + 2
    return X, Y, rng.integers(0, 4, n).astype(float)


def fit(X, y, s=None, alpha=1.0, tol=1e-10, **options):
    model = RidgeGD(alpha, solver="sgd", tol=tol, random_state=0, **options).fit(X, y, s)
    assert model.convergence_.converged
    return model


def closed_form(X, y, penalty, s, fit_intercept=True):
    """Return the solution by least squares on augmented rows, which do not square the condition."""
    X, y = naive.centred(X, y, s, fit_intercept)
    root = np.sqrt(s)
    rows = np.vstack([root[:, None] * X, np.diag(np.sqrt(penalty))])
    return np.linalg.lstsq(rows, np.r_[root * y, np.zeros(X.shape[1])], rcond=None)[0]


@pytest.mark.parametrize("batch_size", [1, 7, 64, 150])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_closed_form(kind, fit_intercept, batch_size):
    X, Y, s = data()
    factor = np.r_[0.0, 2.0, np.ones(10)]
    alphas = np.array([0.5, 20.0])
    options = {"fit_intercept": fit_intercept, "batch_size": batch_size, "penalty_factor": factor}
    model = fit(KINDS[kind](X), Y, s, alphas, **options)
    for coef, y, alpha in zip(model.coef_, Y.T, alphas, strict=True):
        expected = closed_form(X, y, alpha * factor, s, fit_intercept)
        rounding = 1e-6 if "float32" in kind else 1e-8  # of coefficients in the dtype of X
        np.testing.assert_allclose(coef, expected, atol=rounding * np.abs(expected).max())


@pytest.mark.parametrize("kind", ["C", "csr"])
def test_least_squares_without_a_penalty(kind):
    X, Y, s = data()
    model = fit(KINDS[kind](X), Y[:, 0], s, alpha=0)
    expected = closed_form(X, Y[:, 0], np.zeros(12), s)
    np.testing.assert_allclose(model.coef_, expected, atol=1e-8 * np.abs(expected).max())


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 12)),
    kind=st.sampled_from(["C", "F", "csr"]),
    batch_size=st.integers(1, 40),
    standardize=st.booleans(),
    bounded=st.booleans(),
    intercept=st.booleans(),
    alpha=st.sampled_from([1.0, 30.0]),
)
def test_the_answer_of_nesterov(
    seed, shape, kind, batch_size, standardize, bounded, intercept, alpha
):
    X, Y, s = data(*shape, density=0.3, seed=seed)
    s[0] = 1.0
    rng = np.random.default_rng(seed)
    options = {
        "penalty_factor": rng.choice([0.5, 1.0, np.inf], shape[1]),
        "lower": rng.choice([-0.2, -np.inf], shape[1]) if bounded else None,
        "upper": rng.choice([0.3, np.inf], shape[1]) if bounded else None,
        "standardize": standardize,
        "fit_intercept": intercept,
        "tol": 1e-11,  # alphas are not small, so that predictions are good to 1e-6
        "max_iter": 50_000,
    }
    model = RidgeGD(alpha, solver="sgd", batch_size=batch_size, random_state=0, **options)
    model.fit(KINDS[kind](X), Y, s)
    expected = RidgeGD(alpha, solver="nesterov", **options).fit(X, Y, s)
    np.testing.assert_allclose(model.predict(X), expected.predict(X), atol=1e-6)


def accuracies(X, y, n_epochs, **options):
    """Return the gradient, relative to that at 0, after each of some epochs."""
    found = []
    for n in n_epochs:
        model = RidgeGD(solver="sgd", tol=0, max_iter=n, random_state=0, **options)
        with pytest.warns(ConvergenceWarning):
            w = model.fit(X, y).coef_
        Xc, yc = X - X.mean(axis=0), y - y.mean()
        gradient = Xc.T @ (yc - Xc @ w) - w
        found.append(np.linalg.norm(gradient) / np.linalg.norm(Xc.T @ yc))
    return np.array(found)


@pytest.mark.parametrize("batch_size", [1, 16])
def test_the_rate_is_linear_down_to_rounding(batch_size):
    X, Y, _ = data(600, 10)
    found = accuracies(X, Y[:, 0], [3, 6, 9, 12], batch_size=batch_size)
    assert np.all(found[1:] < 0.3 * found[:-1])
    assert accuracies(X, Y[:, 0], [100], batch_size=batch_size) < 1e-13


def decay(ridge):
    """Return a penalty without bounds."""
    none = np.full(len(ridge), np.inf)
    return ElasticNet(np.zeros(len(ridge)), ridge, -none, none)


def test_one_batch_is_gradient_descent():
    X, Y, s = data()
    view = as_design(X, s, centre=True, standardize=False)
    y = Y - s @ Y / s.sum()
    problem = Ridge.of(Problem(view, y, decay(np.ones(12))), np.ones(2))
    w, step = np.ones((12, 2)), 0.1 / problem.metric
    gradient = problem.gradient(problem.at(w).c, w)
    new = epoch(
        view, w, gradient, np.arange(150), 1, step, problem.ridge, problem.lower, problem.upper
    )
    expected = w - step * gradient / (1 + step * problem.ridge)
    np.testing.assert_allclose(new, expected, rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10_000), shape=st.tuples(st.integers(1, 40), st.integers(1, 60)))
def test_the_largest_eigenvalue(seed, shape):
    X, _, s = data(*shape, density=0.3, seed=seed)
    s[0] = 1.0
    view = as_design(X, s, centre=False, standardize=False)
    metric = np.where(view.column_norms > 0, view.column_norms**2, 1.0)
    exact = np.linalg.norm(np.sqrt(s)[:, None] * X / np.sqrt(metric), 2) ** 2
    assert 0.99 * exact <= largest_eigenvalue(view, metric) <= 1.02 * exact


@pytest.mark.parametrize("n_batches", [1, 3, 10, 30])
def test_smoothness_bounds_what_batches_do_on_average(n_batches):
    """E |g|^2 <= 2 L (f(w) - f*) over random batches, in the metric, without a penalty."""
    X, _, s = data(30, 4)
    view = as_design(X, s, centre=True, standardize=False)
    problem = Ridge.of(Problem(view, np.zeros((30, 1)), decay(np.zeros(4))), np.zeros(1))
    Xc = view.matvec(np.eye(4)) / np.sqrt(problem.metric[:, 0])
    rng, squares, n_draws = np.random.default_rng(0), 0, 3000
    for _ in range(n_draws):
        batch = rng.permutation(30)[: 30 // n_batches]
        hessian = n_batches * (Xc[batch].T * s[batch]) @ Xc[batch]
        squares += hessian @ hessian / n_draws
    worst = np.linalg.eigvals(np.linalg.solve((Xc.T * s) @ Xc, squares)).real.max()
    assert worst <= 1.05 * smoothness(problem, n_batches)


def test_a_long_epoch_is_cut_into_calls_and_stays_what_it_is(monkeypatch):
    X, Y, s = data()
    whole = fit(X, Y, s, batch_size=10).coef_
    monkeypatch.setattr(RidgeGD, "_cost", Cost(longest_call=700))
    np.testing.assert_array_equal(fit(X, Y, s, batch_size=10).coef_, whole)


def test_a_step_touches_the_columns_of_its_rows_only():
    """Without bounds every coefficient moves for ever; columns that no row has stay in place."""
    X, Y, s = data()
    X = sp.csr_array(np.c_[X, np.zeros((150, 1000))])
    view = as_design(X, s, centre=True, standardize=False)
    problem = Ridge.of(Problem(view, Y - s @ Y / s.sum(), decay(np.ones(1012))), np.ones(2))
    w = np.ones((1012, 2))
    gradient = problem.gradient(problem.at(w).c, w)
    penalty = problem.ridge, problem.lower, problem.upper
    new = epoch(view, w, gradient, np.arange(150), 10, 0.1 / problem.metric, *penalty)
    assert np.all(new[:12] != w[:12])
    np.testing.assert_array_equal(new[12:], w[12:])


@pytest.mark.parametrize("kind", ["C", "csr"])
def test_rows_of_very_different_lengths(kind):
    X, Y, _ = data(200, 6)
    X[:3] *= 10
    model = fit(KINDS[kind](X), Y[:, 0], tol=1e-9)
    expected = closed_form(X, Y[:, 0], np.ones(6), np.ones(200))
    np.testing.assert_allclose(model.coef_, expected, atol=1e-6 * np.abs(expected).max())


def test_offsets_of_dense_columns_cost_no_digits():
    X, Y, s = data()
    near, far = fit(X, Y[:, 0], s), fit(X + 2.0**30, Y[:, 0], s)
    np.testing.assert_allclose(far.coef_, near.coef_, rtol=1e-6)


def test_steps_too_long_are_halved(monkeypatch):
    monkeypatch.setattr("skreg._solvers.saga.smoothness", lambda *_: 1e-3)
    X, Y, s = data()
    expected = closed_form(X, Y[:, 0], np.ones(12), s)
    model = fit(X, Y[:, 0], s)
    np.testing.assert_allclose(model.coef_, expected, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_one_feature(kind):
    X = KINDS[kind](np.array([[2.0]]))
    assert fit(X, [3.0]).predict(X) == 3
    np.testing.assert_allclose(fit(X, [3.0], fit_intercept=False).coef_, [6 / 5], rtol=1e-6)
