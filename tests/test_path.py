"""Paths: scikit-learn's coefficients, certified at every alpha, with a way to read them."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning

from skreg import ElasticNetCD, LassoCD, RidgeGD, enet_path, lasso_path, ridge_path
from skreg._data import as_design
from skreg._problem.penalties import ElasticNet
from skreg._problem.problem import Problem
from skreg._solvers.path import Descent

from . import naive

X, y = load_diabetes(return_X_y=True)


def wide(n=60, p=300):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    return X, X[:, :5].sum(axis=1) + rng.standard_normal(n)


@pytest.mark.parametrize("data", [(X, y), wide()], ids=["tall", "wide"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_coefficients_are_those_of_scikit_learn(data, l1_ratio, container):
    X, y = data
    path = enet_path(container(X), y, l1_ratio=l1_ratio, alphas=30, eps=0.01, tol=1e-13)
    centred = X - X.mean(axis=0), y - y.mean()
    options = {"l1_ratio": l1_ratio, "alphas": path.alphas, "tol": 1e-13, "max_iter": 10**6}
    _, coefs, _ = linear_model.enet_path(*centred, **options)
    assert np.abs(path.coefs - coefs).max() <= 1e-8 * np.abs(coefs).max()
    np.testing.assert_allclose(path.intercepts, y.mean() - X.mean(axis=0) @ path.coefs)


def test_default_alphas_fall_from_the_smallest_that_selects_nothing():
    path = lasso_path(X, y)
    assert len(path.alphas) == 100
    np.testing.assert_allclose(path.alphas[[0, -1]], [path.alphas[0], 1e-3 * path.alphas[0]])
    assert not np.abs(path.coefs[:, 0]).max() > 1e-12 * np.abs(path.coefs).max()
    assert not lasso_path(X, y, alphas=[1.0001 * path.alphas[0]]).coefs.any()
    assert lasso_path(X, y, alphas=[0.9999 * path.alphas[0]]).coefs.any()


def test_alphas_begin_where_penalised_columns_do_when_others_are_free():
    factor = np.ones(10)
    factor[[2, 8]] = 0
    path = lasso_path(X, y, penalty_factor=factor, alphas=20)
    free = LassoCD(path.alphas[0] * 1.001, penalty_factor=factor, tol=1e-12).fit(X, y).coef_
    assert np.flatnonzero(free).tolist() == [2, 8]
    less = LassoCD(path.alphas[0] * 0.99, penalty_factor=factor, tol=1e-12).fit(X, y).coef_
    assert np.count_nonzero(less) == 3


@pytest.mark.parametrize("data", [(X, y), wide()], ids=["tall", "wide"])
def test_every_alpha_has_its_certificate(data):
    X, y = data
    path = lasso_path(X, y, alphas=40, eps=0.01)
    for alpha, coef, gap in zip(path.alphas, path.coefs.T, path.gaps, strict=True):
        assert gap <= 1e-6 * y.var() / 2
        expected = naive.lasso_gap(X, y, coef, np.full(X.shape[1], alpha))
        assert gap == pytest.approx(expected, rel=1e-3, abs=1e-13 * y.var())


@pytest.mark.parametrize("error", [0.0, 1e-6], ids=["right", "wrong"])
def test_correlations_by_the_gram_matrix_hold_as_far_as_the_data_confirm(error):
    design = as_design(X, np.ones(len(y)), centre=True, standardize=False)
    penalty = ElasticNet(np.ones(10), np.zeros(10), np.full(10, -np.inf), np.full(10, np.inf))
    rest, target = np.zeros((10, 1)), y[:, None] - y.mean()
    descent = Descent(Problem(design, target, penalty), rest, tol=1e-10, max_iter=100)
    assert descent.whole_gram_pays(list(np.geomspace(descent.top, 0.01 * descent.top)))
    W = 100 * np.random.default_rng(0).standard_normal((10, 3))
    R = descent.y - (X - X.mean(axis=0)) @ W
    C = (X - X.mean(axis=0)).T @ R
    n_products = design.work.n_products
    rr, found = descent.confirm(W, C * (1 + error))
    np.testing.assert_allclose(rr, np.sum(R**2, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found, C, rtol=1e-11)
    assert design.work.n_products - n_products == (4 if error else 2)


def test_a_path_does_not_jump():
    path = lasso_path(X, y, alphas=400, eps=0.01, tol=1e-12)
    steps = np.abs(np.diff(path.coefs, axis=1)).max(axis=0) / -np.diff(path.alphas)
    fits = np.abs(X - X.mean(axis=0)).sum()  # far above any slope here
    assert steps.max() < fits * len(y)
    nearer = lasso_path(X, y, alphas=1600, eps=0.01, tol=1e-12)
    ratio = np.abs(np.diff(path.coefs)).max() / np.abs(np.diff(nearer.coefs)).max()
    assert 3 < ratio < 5  # a quarter of the step, a quarter of the change


def test_several_targets_share_the_alphas():
    Y = np.c_[y, 2 * y[::-1], y**2]
    path = lasso_path(X, Y, alphas=10)
    assert path.coefs.shape == (3, 10, 10)
    assert path.intercepts.shape == path.gaps.shape == (3, 10)
    for k, target in enumerate(Y.T):
        alone = lasso_path(X, target, alphas=path.alphas)
        np.testing.assert_allclose(
            path.coefs[k], alone.coefs, atol=1e-6 * np.abs(alone.coefs).max()
        )
    assert path.predict(X[:4], alpha=path.alphas[3]).shape == (4, 3)


@pytest.mark.parametrize("most", [0, 3, 7])
def test_a_path_ends_before_it_selects_too_many(most):
    whole, path = lasso_path(X, y), lasso_path(X, y, max_features=most)
    counts = np.count_nonzero(whole.coefs, axis=0)
    assert len(path.alphas) == np.argmax(counts > most)
    np.testing.assert_allclose(path.coefs, whole.coefs[:, : len(path.alphas)], atol=1e-8)


def test_it_is_linear_between_alphas():
    path = lasso_path(X, y, alphas=[2.0, 1.0, 1.5], tol=1e-12)
    assert path.alphas.tolist() == [2.0, 1.5, 1.0]
    for alpha, (before, after) in {2.0: (0, 0), 1.0: (2, 2), 1.25: (1, 2), 1.75: (0, 1)}.items():
        coef, intercept = path.at(alpha)
        mean = (path.coefs[:, before] + path.coefs[:, after]) / 2
        np.testing.assert_allclose(coef, mean)
        np.testing.assert_allclose(path.predict(X, alpha), X @ mean + intercept)
    model = LassoCD(1.75, tol=1e-12).fit(X, y)  # with the columns that 2 and 1.5 have
    assert np.array_equal(path.coefs[:, 0] != 0, path.coefs[:, 1] != 0)
    np.testing.assert_allclose(path.at(1.75)[0], model.coef_, rtol=1e-10)


def test_a_constant_target_selects_nothing():
    path = lasso_path(X, np.full(len(y), 0.1), alphas=5)
    assert not path.coefs.any()
    np.testing.assert_allclose(path.intercepts, 0.1)
    np.testing.assert_array_equal(path.alphas, [np.finfo(float).resolution] * 5)


def test_without_an_l1_part_alphas_have_to_be_given():
    with pytest.raises(ValueError, match="enet_path: alphas must be a list of numbers where l1_"):
        enet_path(X, y, l1_ratio=0)
    assert enet_path(X, y, l1_ratio=0, alphas=[0.1]).coefs.all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphas": 0}, "lasso_path: alphas must be an integer >= 1; got 0"),
        ({"alphas": []}, "alphas must be an integer or a list of finite numbers > 0"),
        ({"alphas": [1, -1]}, "list of finite numbers > 0; got"),
        ({"alphas": [1, "1"]}, "list of finite numbers > 0; got"),
        ({"alphas": [1, [2, 3]]}, "list of finite numbers > 0; got"),
        ({"alphas": "auto"}, "list of finite numbers > 0; got 'auto'"),
        ({"eps": 0}, r"eps must be a finite number in \(0, 1\]; got 0"),
        ({"max_features": -1}, "max_features must be an integer >= 0; got -1"),
        ({"max_features": 0, "alphas": [1.0]}, "max_features must be .*what alpha=1 selects"),
        ({"tol": -1}, "tol must be a finite number >= 0"),
    ],
)
def test_errors_say_what_is_allowed(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        lasso_path(X, y, **options)


def test_an_alpha_outside_the_path_is_refused():
    path = lasso_path(X, y, alphas=[1.0, 0.5])
    with pytest.raises(
        ValueError, match=r"alpha must be within the path, from 0\.5 to 1; got 0\.4"
    ):
        path.predict(X, alpha=0.4)


def test_other_features_are_refused():
    with pytest.raises(ValueError, match="X must have the 10 features of the path; got 9"):
        lasso_path(X, y, alphas=3).predict(X[:, :9], alpha=1.0)


def test_the_columns_of_a_frame_have_to_be_those_of_the_path():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    path = lasso_path(X, y, alphas=3)
    alpha, message = path.alphas[1], r"the columns of the path, in their order: age, .*; got s6, "
    np.testing.assert_allclose(path.predict(X, alpha), path.predict(X.to_numpy(), alpha))
    with pytest.raises(ValueError, match=message):
        path.predict(X[X.columns[::-1]], alpha)


def test_the_first_three_parts_are_those_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    alphas, coefs, _ = lasso_path(X, y, fit_intercept=False, alphas=5, tol=1e-12)[:3]
    expected = linear_model.lasso_path(X, y, alphas=alphas, tol=1e-12, max_iter=100000)
    np.testing.assert_allclose(coefs, expected[1], atol=1e-6)


def test_stopping_short_warns_once_at_the_users_line():
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="lasso_path stopped at max_iter=1 ") as caught:
        lasso_path(X, y, alphas=5, eps=1e-5, max_iter=1, tol=1e-12)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_warm_start_begins_at_the_last_coefficients():
    X, y = wide()
    model = ElasticNetCD(0.01, warm_start=True, tol=1e-12).fit(X, y)
    assert model.set_params(alpha=0.0101).fit(X, y).n_iter_ < ElasticNetCD(0.0101).fit(X, y).n_iter_


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("controls", [{}, {"standardize": True}, {"positive": True}], ids=str)
def test_a_ridge_path_of_wide_data_is_its_fits(container, controls):
    X, y = wide()
    Y, s = np.c_[y, -(y**2)], np.random.default_rng(0).uniform(0.1, 2, len(y))
    path = ridge_path(container(X), Y, alphas=[10, 0.1, 1], sample_weight=s, **controls)
    assert path.alphas.tolist() == [10, 1, 0.1]
    for k, alpha in enumerate(path.alphas):
        model = RidgeGD(alpha, **controls).fit(container(X), Y, s)
        scale = np.abs(model.coef_).max()
        np.testing.assert_allclose(path.coefs[:, :, k], model.coef_, atol=1e-6 * scale)
        np.testing.assert_allclose(path.predict(X[:2], alpha), model.predict(X[:2]), rtol=1e-5)
    assert path.gaps.shape == (2, 3)
    assert np.all(path.gaps <= 1e-10 * (s @ Y**2)[:, None])


def test_gaps_of_a_ridge_path_bound_what_an_early_stop_costs():
    def objective(w, alpha):
        return naive.lasso_objective(X, y, w, np.zeros(10)) * 2 * len(y) + alpha * w @ w

    with pytest.warns(ConvergenceWarning, match="ridge_path stopped at max_iter=1"):
        early = ridge_path(X, y, alphas=[0.1, 1.0], positive=True, max_iter=1)
    end = ridge_path(X, y, alphas=[0.1, 1.0], positive=True)
    for k, alpha in enumerate(end.alphas):
        costs = objective(early.coefs[:, k], alpha) - objective(end.coefs[:, k], alpha)
        assert costs <= early.gaps[k]
    assert early.gaps.max() > end.gaps.max()


def test_ridge_path_needs_alphas():
    with pytest.raises(ValueError, match="ridge_path: alphas must be a list of finite numbers > 0"):
        ridge_path(X, y, alphas=5)
