"""Coefficients equal to those of scikit-learn, to 1e-8 relative, on data of every shape."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import ElasticNet, Lasso, MultiTaskElasticNet, Ridge
from sklearn.preprocessing import StandardScaler

from skreg import ElasticNetCD, LassoCD, MultiTaskElasticNetCD, RidgeGD


def synthetic(n, p):
    rng = np.random.default_rng(n + p)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    X[rng.random((n, p)) < 0.5] = 0
    return X, X[:, : min(5, p)].sum(axis=1) + rng.standard_normal(n)


def scaled(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y.astype(float)


DATA = {
    "n > p": synthetic(100, 20),
    "n < p": synthetic(30, 80),
    "n = p": synthetic(40, 40),
    "diabetes": load_diabetes(return_X_y=True),
    "breast cancer": scaled(load_breast_cancer),
    "digits": scaled(load_digits),
}
FORMATS = {"C": np.asarray, "F": np.asfortranarray, "csr": sp.csr_array, "csc": sp.csc_matrix}
EXACT = {"tol": 1e-14, "max_iter": 1_000_000}  # scikit-learn's coordinate descent


def assert_close(model, reference, rtol=1e-8):
    scale = max(np.abs(reference.coef_).max(), 1e-12)
    assert np.abs(model.coef_ - reference.coef_).max() <= rtol * scale
    size = max(np.abs(reference.intercept_).max(), scale)
    assert np.abs(model.intercept_ - reference.intercept_).max() <= rtol * size
    assert model.coef_.shape == reference.coef_.shape
    assert model.convergence_.converged


def assert_all_close(ours, theirs, X, y, weights=None):
    """Fit both with an intercept and without, with weights and without; ours to every format."""
    for fit_intercept in (True, False):
        for s in [None] if weights is None else [None, weights]:
            options = {"fit_intercept": fit_intercept}
            reference = theirs(X, y, s, **options).fit(X, y, *([] if s is None else [s]))
            for container in FORMATS.values():
                model = ours(X, y, s, **options).fit(container(X), y, s)
                assert_close(model, reference)
                if "Task" in type(model).__name__:
                    np.testing.assert_array_equal(model.coef_ != 0, reference.coef_ != 0)


def alpha_max(X, y, s, fit_intercept):
    mean = np.average(y, weights=s, axis=0) * fit_intercept
    centre = np.average(X, axis=0, weights=s) * fit_intercept
    weights = np.ones(len(y)) if s is None else s
    C = (X - centre).T @ (weights * (y - mean).T).T / weights.sum()
    return np.linalg.norm(C.reshape(X.shape[1], -1), axis=1).max()


def weights_for(y):
    return np.random.default_rng(0).uniform(0.1, 3, len(y))


def at(fraction, make, **fixed):
    """Return how an estimator is made whose alpha is a fraction of the largest that selects."""

    def made(X, y, s, fit_intercept):
        alpha = fraction * alpha_max(X, y, s, fit_intercept)
        return make(alpha, fit_intercept=fit_intercept, **fixed)

    return made


@pytest.mark.parametrize("alpha", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("data", DATA)
def test_ridge(data, alpha):
    X, y = DATA[data]

    def ours(X, y, s, **options):
        return RidgeGD(alpha, tol=1e-12, **options)

    def theirs(X, y, s, **options):
        return Ridge(alpha, solver="svd", **options)

    assert_all_close(ours, theirs, X, y, weights_for(y))


@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("data", DATA)
def test_lasso(data, fraction):
    X, y = DATA[data]
    ours, theirs = at(fraction, LassoCD, tol=1e-13), at(fraction, Lasso, **EXACT)
    assert_all_close(ours, theirs, X, y, weights_for(y))


@pytest.mark.parametrize("l1_ratio", [0.1, 0.9])
@pytest.mark.parametrize("data", DATA)
def test_elastic_net(data, l1_ratio):
    X, y = DATA[data]
    ours = at(0.05, ElasticNetCD, l1_ratio=l1_ratio, tol=1e-13)
    theirs = at(0.05, ElasticNet, l1_ratio=l1_ratio, **EXACT)
    assert_all_close(ours, theirs, X, y, weights_for(y))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("data", ["n > p", "n < p", "n = p"])
def test_targets_that_select_the_same_columns(data, fraction, l1_ratio):
    X, _ = DATA[data]
    rng = np.random.default_rng(0)
    Y = X[:, :4] @ rng.standard_normal((4, 3)) + rng.standard_normal((len(X), 3)) + 2
    ours = at(fraction, MultiTaskElasticNetCD, l1_ratio=l1_ratio, tol=1e-13)
    theirs = at(fraction, MultiTaskElasticNet, l1_ratio=l1_ratio, **EXACT)
    assert_all_close(ours, theirs, X, Y)


@pytest.mark.parametrize("l1_ratio", [0, 1])
def test_the_ends_of_the_elastic_net_are_ridge_and_lasso(l1_ratio):
    X, y = DATA["n < p"]
    model = ElasticNetCD(0.1, l1_ratio=l1_ratio, tol=1e-13).fit(X, y)
    assert_close(model, LassoCD(0.1, tol=1e-13).fit(X, y) if l1_ratio else Ridge(3.0).fit(X, y))


@pytest.mark.parametrize("solver", ["gd", "nesterov", "cg", "sgd"])
@pytest.mark.parametrize("name", ["n > p", "n < p", "diabetes"])
def test_every_ridge_solver(name, solver):
    X, y = DATA[name]
    Y = np.c_[y, y[::-1] + 5]
    alpha = np.array([5.0, 50.0])
    model = RidgeGD(alpha, solver=solver, tol=1e-10, max_iter=100_000, random_state=0)
    for container in FORMATS.values():
        assert_close(model.fit(container(X), Y), Ridge(alpha, solver="svd").fit(X, Y))


@pytest.mark.parametrize("alpha", [0.1, 10.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_positive_ridge(alpha, fit_intercept):
    X, y = DATA["n > p"]
    model = RidgeGD(alpha, positive=True, fit_intercept=fit_intercept, tol=1e-11).fit(X, y)
    reference = Ridge(alpha, positive=True, fit_intercept=fit_intercept, tol=1e-12, max_iter=10**6)
    np.testing.assert_allclose(model.coef_, reference.fit(X, y).coef_, atol=1e-4)
    assert np.any(model.coef_ == 0)


def test_positive_lasso():
    X, y = DATA["diabetes"]
    reference = Lasso(0.1, positive=True, tol=1e-14, max_iter=10**6).fit(X, y)
    assert_close(LassoCD(0.1, positive=True, tol=1e-13).fit(X, y), reference)


def test_lasso_with_several_targets():
    X, y = DATA["diabetes"]
    Y = np.c_[y, -y, y**2 / 100]
    reference = Lasso(0.5, tol=1e-14, max_iter=10**6).fit(X, Y)
    model = LassoCD(0.5, tol=1e-13).fit(X, Y)
    assert_close(model, reference)
    assert model.dual_gap_.shape == (3,)
    assert len(model.n_iter_) == 3
    np.testing.assert_allclose(model.sparse_coef_.toarray(), model.coef_)
