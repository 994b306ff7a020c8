"""Coefficients equal to those of scikit-learn's Ridge, Lasso and ElasticNet, to 1e-8 relative."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import ElasticNet, Lasso, Ridge
from sklearn.preprocessing import StandardScaler

from skreg import ElasticNetCD, LassoCD, RidgeGD


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
FORMATS = {"dense": np.asarray, "csr": sp.csr_array, "csc": sp.csc_matrix}


@pytest.fixture(params=DATA)
def data(request):
    X, y = DATA[request.param]
    return X, y, np.random.default_rng(0).uniform(0.1, 3, len(y))


def assert_close(model, reference, rtol=1e-8):
    scale = max(np.abs(reference.coef_).max(), 1e-12)
    assert np.abs(model.coef_ - reference.coef_).max() <= rtol * scale
    size = max(np.abs(reference.intercept_).max(), scale)
    assert np.abs(model.intercept_ - reference.intercept_).max() <= rtol * size
    assert model.coef_.shape == reference.coef_.shape
    assert model.convergence_.converged


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("alpha", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("format", FORMATS)
def test_ridge(data, format, alpha, fit_intercept, weighted):
    X, y, s = data
    s = s if weighted else None
    model = RidgeGD(alpha, fit_intercept=fit_intercept, tol=1e-12).fit(FORMATS[format](X), y, s)
    assert_close(model, Ridge(alpha, fit_intercept=fit_intercept, solver="svd").fit(X, y, s))


def alpha_max(X, y, s, fit_intercept):
    mean = np.average(y, weights=s) * fit_intercept
    centre = np.average(X, axis=0, weights=s) * fit_intercept
    weights = np.ones(len(y)) if s is None else s
    return np.abs((X - centre).T @ (weights * (y - mean))).max() / weights.sum()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("format", FORMATS)
def test_lasso(data, format, fraction, fit_intercept, weighted):
    X, y, s = data
    s = s if weighted else None
    alpha = fraction * alpha_max(X, y, s, fit_intercept)
    model = LassoCD(alpha, fit_intercept=fit_intercept, tol=1e-13).fit(FORMATS[format](X), y, s)
    reference = Lasso(alpha, fit_intercept=fit_intercept, tol=1e-14, max_iter=1_000_000)
    assert_close(model, reference.fit(X, y, s))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [0.1, 0.9])
@pytest.mark.parametrize("format", FORMATS)
def test_elastic_net(data, format, l1_ratio, fit_intercept, weighted):
    X, y, s = data
    s = s if weighted else None
    options = {"alpha": 0.05 * alpha_max(X, y, s, fit_intercept), "l1_ratio": l1_ratio}
    options["fit_intercept"] = fit_intercept
    model = ElasticNetCD(**options, tol=1e-13).fit(FORMATS[format](X), y, s)
    reference = ElasticNet(**options, tol=1e-14, max_iter=1_000_000).fit(X, y, s)
    assert_close(model, reference)


@pytest.mark.parametrize("l1_ratio", [0, 1])
def test_the_ends_of_the_elastic_net_are_ridge_and_lasso(l1_ratio):
    X, y = DATA["n < p"]
    model = ElasticNetCD(0.1, l1_ratio=l1_ratio, tol=1e-13).fit(X, y)
    assert_close(model, LassoCD(0.1, tol=1e-13).fit(X, y) if l1_ratio else Ridge(3.0).fit(X, y))


@pytest.mark.parametrize("solver", ["gd", "nesterov", "cg", "sgd"])
@pytest.mark.parametrize("name", ["n > p", "n < p", "diabetes"])
@pytest.mark.parametrize("format", FORMATS)
def test_every_ridge_solver(name, solver, format):
    X, y = DATA[name]
    Y = np.c_[y, y[::-1] + 5]
    alpha = np.array([5.0, 50.0])
    model = RidgeGD(alpha, solver=solver, tol=1e-10, max_iter=100_000, random_state=0)
    model.fit(FORMATS[format](X), Y)
    assert_close(model, Ridge(alpha, solver="svd").fit(X, Y))


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


@pytest.mark.parametrize("make", [RidgeGD, LassoCD, ElasticNetCD])
def test_float32_is_kept_and_close_to_float64(make):
    X, y = DATA["diabetes"]
    model = make(0.1).fit(X.astype(np.float32), y.astype(np.float32))
    reference = make(0.1).fit(X.astype(np.float32).astype(float), y)
    assert model.coef_.dtype == np.float32
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(model.coef_, reference.coef_, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", [RidgeGD, LassoCD, ElasticNetCD])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")  # scipy, of the test's own data
@pytest.mark.parametrize("format", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_sparse_formats_and_indices(make, format, index):
    X, y = DATA["n > p"]
    before = X.copy()
    S = sp.coo_array(X).asformat(format)
    for name in {"indices", "indptr"} & set(vars(S)):
        setattr(S, name, getattr(S, name).astype(index))
    np.testing.assert_allclose(make(0.5).fit(S, y).coef_, make(0.5).fit(X, y).coef_, atol=1e-7)
    np.testing.assert_array_equal(S.toarray(), before)


@pytest.mark.parametrize("make", [RidgeGD, LassoCD, ElasticNetCD])
def test_standardize_is_a_scaler_in_a_pipeline(make):
    X, y = load_breast_cancer(return_X_y=True)
    s = np.random.default_rng(0).uniform(0.1, 3, len(y))
    scaler = StandardScaler().fit(X, sample_weight=s)
    reference = make(0.01, tol=1e-12).fit(scaler.transform(X), y, s)
    for container in (np.asarray, sp.csr_array):
        model = make(0.01, tol=1e-12, standardize=True).fit(container(X), y, s)
        np.testing.assert_allclose(model.coef_ * scaler.scale_, reference.coef_, atol=1e-7)
        np.testing.assert_allclose(
            model.predict(X), reference.predict(scaler.transform(X)), atol=1e-7
        )


@pytest.mark.parametrize("make", [RidgeGD, LassoCD, ElasticNetCD])
def test_weight_two_is_a_row_twice(make):
    X, y = DATA["n > p"]
    s = np.r_[np.full(50, 2.0), np.ones(50)]
    twice = np.r_[np.arange(50), np.arange(100)]
    np.testing.assert_allclose(
        make(0.5, tol=1e-12).fit(X, y, s).coef_,
        make(0.5, tol=1e-12).fit(X[twice], y[twice]).coef_,
        atol=1e-8,
    )
