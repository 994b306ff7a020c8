"""Targets that select the same columns: scikit-learn's answers, certified, with controls."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import linear_model
from sklearn.datasets import load_linnerud

from skreg import ElasticNetCD, LassoCD, MultiTaskElasticNetCD, MultiTaskLassoCD

from . import naive


def problem(n=60, p=30, n_targets=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    X[rng.random((n, p)) < 0.3] = 0
    Y = X[:, :4] @ rng.standard_normal((4, n_targets)) + rng.standard_normal((n, n_targets)) + 2
    return X, Y, rng.integers(1, 4, n).astype(float)


def alpha_max(X, Y):
    C = (X - X.mean(axis=0)).T @ (Y - Y.mean(axis=0)) / len(Y)
    return np.linalg.norm(C, axis=1).max()


def objective(X, Y, W, lasso, ridge, s, fit_intercept):
    X, Y = naive.centred(X, Y, s, fit_intercept)
    rows = np.linalg.norm(W, axis=1)
    loss = np.average(((Y - X @ W) ** 2).sum(axis=1), weights=s) / 2
    return loss + lasso @ rows + ridge @ rows**2 / 2


def kkt(X, Y, W, lasso, ridge, s, fit_intercept):
    """Return the largest distance of -gradient_j from the subdifferential of the penalty."""
    X, Y = naive.centred(X, Y, s, fit_intercept)
    C = X.T @ (s[:, None] * (Y - X @ W)) / s.sum() - ridge[:, None] * W
    distances = []
    for c, w, weight in zip(C, W, lasso, strict=True):
        if w.any():
            distances.append(np.linalg.norm(c - weight * w / np.linalg.norm(w)))
        else:
            distances.append(max(0, np.linalg.norm(c) - weight))
    return max(distances)


@pytest.mark.parametrize("shape", [(60, 30), (30, 80), (40, 40)], ids=str)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
def test_coefficients_are_those_of_scikit_learn(
    shape, l1_ratio, fraction, fit_intercept, container
):
    X, Y, _ = problem(*shape)
    options = {"alpha": fraction * alpha_max(X, Y), "l1_ratio": l1_ratio}
    options["fit_intercept"] = fit_intercept
    model = MultiTaskElasticNetCD(**options, tol=1e-13).fit(container(X), Y)
    reference = linear_model.MultiTaskElasticNet(**options, tol=1e-14, max_iter=10**6).fit(X, Y)
    scale = np.abs(reference.coef_).max()
    assert np.abs(model.coef_ - reference.coef_).max() <= 1e-8 * scale
    np.testing.assert_allclose(model.intercept_, reference.intercept_, atol=1e-8 * scale)
    np.testing.assert_array_equal(model.coef_.any(axis=0), reference.coef_.any(axis=0))
    assert model.convergence_.converged


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
    assert kkt(X, Y, tight.coef_.T, *arguments) <= 1e-5 * size
    best = objective(X, Y, tight.coef_.T, *arguments)
    assert objective(X, Y, loose.coef_.T, *arguments) - best <= loose.dual_gap_ + 1e-10 * size**2
    null = objective(X, Y, 0 * tight.coef_.T, *arguments)
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


def test_weights_are_repeated_rows():
    X, Y, s = problem()
    row = np.repeat(np.arange(len(s)), s.astype(int))
    weighted = MultiTaskLassoCD(0.2, tol=1e-13).fit(X, Y, s).coef_
    np.testing.assert_allclose(
        weighted, MultiTaskLassoCD(0.2, tol=1e-13).fit(X[row], Y[row]).coef_, atol=1e-9
    )


def test_rotated_targets_have_rotated_coefficients():
    X, Y, _ = problem(30, 80)
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    coef = MultiTaskLassoCD(0.2, tol=1e-13).fit(X, Y).coef_
    np.testing.assert_allclose(
        MultiTaskLassoCD(0.2, tol=1e-13).fit(X, Y @ Q).coef_, Q.T @ coef, atol=1e-8
    )


def test_factors_and_standardisation():
    X, Y, _ = problem()
    factor = np.ones(30)
    factor[[5, 9]], factor[[0, 7]] = 0, np.inf
    model = MultiTaskLassoCD(0.3, penalty_factor=factor, tol=1e-12).fit(X, Y)
    assert not model.coef_[:, [0, 7]].any()
    residual = Y - model.predict(X)
    np.testing.assert_allclose(X[:, [5, 9]].T @ residual, 0, atol=1e-8)
    assert MultiTaskLassoCD(1e9, penalty_factor=factor).fit(X, Y).coef_.any(axis=0).sum() == 2
    scale = X.std(axis=0)
    scaled = MultiTaskLassoCD(0.3, standardize=True, tol=1e-12).fit(X, Y)
    other = MultiTaskLassoCD(0.3, tol=1e-12).fit(X / scale, Y)
    np.testing.assert_allclose(scaled.coef_ * scale, other.coef_, atol=1e-9)


def test_nothing_is_selected_from_alpha_max_on():
    X, Y, _ = problem()
    top = alpha_max(X, Y)
    assert not MultiTaskLassoCD(1.0001 * top).fit(X, Y).coef_.any()
    assert MultiTaskLassoCD(0.999 * top).fit(X, Y).convergence_.n_active == 1


def test_repeated_columns_zero_columns_and_no_penalty():
    X, Y, _ = problem(20, 8)
    X = np.c_[X, X, 0 * X[:, :1], np.full((20, 1), 0.1)]
    model = MultiTaskLassoCD(0.1, tol=1e-10).fit(X, Y)
    assert model.convergence_.converged
    least_squares = MultiTaskLassoCD(0, tol=1e-10).fit(X, Y)
    assert np.isfinite(least_squares.coef_).all()
    reference = linear_model.LinearRegression().fit(X, Y)
    np.testing.assert_allclose(least_squares.predict(X), reference.predict(X), atol=1e-4)


def test_a_warm_start_needs_no_more_work():
    X, Y = load_linnerud(return_X_y=True)
    model = MultiTaskLassoCD(5, warm_start=True, tol=1e-10).fit(X, Y)
    coef = model.coef_.copy()
    assert model.fit(X, Y).n_iter_ == 1
    np.testing.assert_allclose(model.coef_, coef)


def test_a_vector_is_refused_with_the_estimator_to_use():
    X, Y, _ = problem()
    with pytest.raises(ValueError, match=r"MultiTaskLassoCD: y must be .*use LassoCD"):
        MultiTaskLassoCD().fit(X, Y[:, 0])
    assert LassoCD().fit(X, Y).coef_.shape == (3, 30)
