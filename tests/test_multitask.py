"""Targets that select the same columns: scikit-learn's answers, certified, with controls."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import linear_model

from skreg import ElasticNetCD, LassoCD, MultiTaskElasticNetCD, MultiTaskLassoCD

from . import naive


def problem(n=60, p=30, n_targets=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    X[rng.random((n, p)) < 0.3] = 0
    Y = X[:, :4] @ rng.standard_normal((4, n_targets)) + rng.standard_normal((n, n_targets)) + 2
    return X, Y, rng.integers(1, 4, n).astype(float)


def test_the_lasso_is_the_elastic_net_without_l2_and_its_columns_are_zero_as_a_whole():
    X, Y, s = problem(30, 80)
    lasso = MultiTaskLassoCD(0.3, tol=1e-12).fit(X, Y, s)
    net = MultiTaskElasticNetCD(0.3, l1_ratio=1, tol=1e-12).fit(X, Y, s)
    np.testing.assert_array_equal(lasso.coef_, net.coef_)
    assert 0 < lasso.convergence_.n_active < 80
    zero = lasso.coef_ == 0
    assert np.array_equal(zero.any(axis=0), zero.all(axis=0))
    np.testing.assert_array_equal(lasso.sparse_coef_.toarray(), lasso.coef_)
    assert lasso.predict(X).shape == Y.shape


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(3, 40),
    st.integers(1, 50),
    st.integers(1, 5),
    st.sampled_from([1e-3, 0.1, 0.5]),
    st.sampled_from([0.2, 1.0, 1.0]),
    st.booleans(),
)
def test_optimality_and_certificate(seed, n, p, n_targets, alpha, l1_ratio, fit_intercept):
    X, Y, s = problem(n, max(p, 4), n_targets, seed)
    factor = np.random.default_rng(seed).choice([0.5, 1.0, 1.0, 2.0], X.shape[1])
    options = {"penalty_factor": factor, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    tight = MultiTaskElasticNetCD(alpha, **options, tol=1e-11).fit(X, Y, s)
    loose = MultiTaskElasticNetCD(alpha, **options, tol=1e-2).fit(X, Y, s)
    lasso, ridge = alpha * l1_ratio * factor, alpha * (1 - l1_ratio) * factor
    arguments = lasso, ridge, s, fit_intercept
    size = np.abs(X).max() * np.abs(Y).max()
    assert naive.rows_kkt(X, Y, tight.coef_.T, *arguments) <= 1e-5 * size
    best = naive.rows_objective(X, Y, tight.coef_.T, *arguments)
    excess = naive.rows_objective(X, Y, loose.coef_.T, *arguments) - best
    assert excess <= loose.dual_gap_ + 1e-10 * size**2
    null = naive.rows_objective(X, Y, 0 * tight.coef_.T, *arguments)
    assert tight.dual_gap_ <= 1e-11 * null
    assert loose.dual_gap_ <= 1e-2 * null


def test_one_target_is_the_lasso_of_a_vector():
    X, Y, s = problem(n_targets=1)
    for l1_ratio in (1.0, 0.5):
        options = {"alpha": 0.1, "l1_ratio": l1_ratio, "tol": 1e-12}
        rows = MultiTaskElasticNetCD(**options).fit(X, Y, s)
        vector = ElasticNetCD(**options).fit(X, Y[:, 0], s)
        np.testing.assert_allclose(rows.coef_[0], vector.coef_, atol=1e-9)
        assert rows.coef_.shape == (1, 30)
        assert rows.intercept_.shape == (1,)


def test_rotated_targets_have_rotated_coefficients():
    X, Y, _ = problem(30, 80)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    coef = MultiTaskLassoCD(0.2, tol=1e-13).fit(X, Y).coef_
    np.testing.assert_allclose(
        MultiTaskLassoCD(0.2, tol=1e-13).fit(X, Y @ Q).coef_, Q.T @ coef, atol=1e-8
    )


def test_repeated_columns_zero_columns_and_no_penalty():
    X, Y, _ = problem(20, 8)
    X = np.c_[X, X, 0 * X[:, :1], np.full((20, 1), 0.1)]
    model = MultiTaskLassoCD(0.1, tol=1e-10).fit(X, Y)
    assert model.convergence_.converged
    least_squares = MultiTaskLassoCD(0, tol=1e-10).fit(X, Y)
    assert np.isfinite(least_squares.coef_).all()
    reference = linear_model.LinearRegression().fit(X, Y)
    np.testing.assert_allclose(least_squares.predict(X), reference.predict(X), atol=1e-4)


def test_repeated_columns_of_factors_take_few_steps():
    rng = np.random.default_rng(7)
    factors = rng.standard_normal((60, 3))
    X = factors @ rng.standard_normal((3, 100)) + 0.3 * rng.standard_normal((60, 100))
    Y = factors @ rng.standard_normal((3, 3)) + 0.5 * rng.standard_normal((60, 3))
    for alpha in (0.1, 0.01, 0.002):
        record = MultiTaskLassoCD(alpha).fit(np.hstack([X, X]), Y).convergence_
        assert record.converged
        assert record.work.n_newton_steps < 120  # 199, 460 and 404 where they are not damped


def test_a_vector_is_refused_with_the_estimator_to_use():
    X, Y, _ = problem()
    with pytest.raises(ValueError, match=r"MultiTaskLassoCD: y must be .*use LassoCD"):
        MultiTaskLassoCD().fit(X, Y[:, 0])
    assert LassoCD().fit(X, Y).coef_.shape == (3, 30)
