"""LassoCD: optimality by independent code, its certificate, and its controls."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning

from skreg import LassoCD

from . import naive


@st.composite
def problems(draw):
    n, p = draw(st.integers(2, 40)), draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    correlation = draw(st.sampled_from([0.0, 0.9, 1.0]))
    X = (1 - correlation) * rng.standard_normal((n, p)) + correlation * rng.standard_normal((n, 1))
    X += 1e-3 * rng.standard_normal((n, p))
    X *= rng.choice([0.1, 1.0, 10.0], p)
    y = rng.standard_normal(n) + X[:, 0]
    s = rng.uniform(0.1, 3, n) if draw(st.booleans()) else np.ones(n)
    factor = rng.choice([0.5, 1.0, 2.0], p)
    return X, y, s, factor, draw(st.booleans()), draw(st.sampled_from([1e-3, 0.1, 1.0]))


@settings(deadline=None, max_examples=150)
@given(problems())
def test_optimality_and_certificate(problem):
    X, y, s, factor, fit_intercept, alpha = problem
    model = LassoCD(alpha, penalty_factor=factor, fit_intercept=fit_intercept, tol=1e-9)
    model.fit(X, y, sample_weight=s)
    arguments = X, y, model.coef_, alpha * factor, s, fit_intercept
    scale = max(
        naive.lasso_objective(X, y, 0 * model.coef_, alpha * factor, s, fit_intercept), 1e-12
    )
    gap = naive.lasso_gap(*arguments)
    assert gap <= 2e-9 * scale
    # Rounding of the residual, as it reaches the scale of the dual point and so the gap.
    w, penalty = np.abs(model.coef_), alpha * factor
    rounding = 1e-14 * (np.abs(X) @ w + np.abs(y)).max() * np.abs(X).max() / penalty.min()
    assert abs(model.dual_gap_ - gap) <= rounding * (penalty @ w) + 1e-14 * scale
    assert naive.lasso_kkt(*arguments) <= 1e-3 * np.sqrt(scale) * np.abs(X).max()


@pytest.mark.parametrize("tol", [1e-2, 1e-6, 1e-12])
def test_gap_is_that_of_the_data_and_below_tol(tol):
    X, y = load_breast_cancer(return_X_y=True)
    X = X / X.std(axis=0)
    model = LassoCD(0.001, tol=tol).fit(X, y)
    penalty = np.full(30, 0.001)
    assert model.convergence_.converged
    assert model.dual_gap_ <= tol * y.var() / 2
    assert model.convergence_.relative_gap == pytest.approx(model.dual_gap_ / (y.var() / 2))
    gap = naive.lasso_gap(X, y, model.coef_, penalty)
    assert gap == pytest.approx(model.dual_gap_, rel=1e-3, abs=1e-14)


def test_alpha_zero_is_least_squares():
    X, y = load_diabetes(return_X_y=True)
    model = LassoCD(0, tol=1e-12).fit(X, y)
    expected = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-8)
    assert model.convergence_.relative_gap < 1e-12


def test_bounds_hold_and_are_optimal():
    X, y = load_diabetes(return_X_y=True)
    lower, upper = np.full(10, -100.0), np.full(10, 300.0)
    lower[0], upper[6] = 20.0, -50.0  # these exclude 0
    lower[6] = -60.0
    model = LassoCD(0.1, lower=lower, upper=upper, tol=1e-12).fit(X, y)
    w = model.coef_
    assert np.all((lower <= w) & (w <= upper))
    c = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / len(y)
    for j in range(10):
        signs = [np.sign(w[j])] if w[j] else [-1, 1]
        above, below = 0.1 * max(signs), 0.1 * min(signs)
        assert w[j] == upper[j] or c[j] <= above + 1e-9
        assert w[j] == lower[j] or c[j] >= below - 1e-9


def test_degenerate_columns():
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, 50))
    X = np.c_[x, x, -x, np.full(50, 3.7), np.zeros(50), 1e6 * noise, 1e-6 * x]
    y = 2 * x + 0.1 * rng.standard_normal(50)
    model = LassoCD(0.1, tol=1e-12).fit(X, y)
    assert model.convergence_.converged
    assert naive.lasso_kkt(X, y, model.coef_, np.full(7, 0.1)) < 1e-9
    assert not model.coef_[[3, 4]].any()


def test_a_single_sample_is_predicted():
    assert LassoCD().fit([[1.0, 2.0]], [3.0]).predict([[5.0, 5.0]]) == 3


def test_a_gap_below_rounding_is_not_claimed():
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="limit of float64"):
        LassoCD(0.01, tol=0).fit(X, y)
