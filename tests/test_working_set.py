"""Working sets too large for a Gram matrix: sweeps over the columns have the same minimum."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import ElasticNetCD, LassoCD, MultiTaskLassoCD, lasso_path
from skreg._cost import Cost
from skreg._solvers import gram_set
from skreg.linear_model._base import LinearRegressor


def problem(n, p, correlation):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + correlation * rng.standard_normal((n, 1))
    X[rng.random((n, p)) < 0.2] = 0
    Y = X[:, :60] @ rng.standard_normal((60, 2)) + rng.standard_normal((n, 2))
    return X, Y, rng.uniform(0.5, 2, n)


DATA = {
    "tall": problem(300, 120, 0.5),
    "wide": problem(100, 250, 0.5),
    "alike": problem(200, 90, 3),
}
MODELS = {
    "lasso": LassoCD(0.02, max_iter=10_000),
    "elastic net": ElasticNetCD(0.02, l1_ratio=0.7, max_iter=10_000),
    "standardized": LassoCD(0.02, standardize=True, max_iter=10_000),
    "bounds": LassoCD(0.02, lower=-0.3, upper=0.5, fit_intercept=False, max_iter=10_000),
    "free": LassoCD(0.05, max_iter=10_000),
    "rows": MultiTaskLassoCD(0.1, max_iter=10_000),
}


def allow_40_columns(monkeypatch):
    """Let more than 40 columns have no Gram matrix."""
    minimise = gram_set.GramSet.minimise

    def checked(self, *args):
        assert self.columns.size <= 40
        return minimise(self, *args)

    monkeypatch.setattr(gram_set.GramSet, "minimise", checked)
    monkeypatch.setattr(LinearRegressor, "_cost", Cost(largest_gram=40))


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("data", DATA)
def test_columns_have_the_minimum_of_their_gram_matrix(data, name, container, monkeypatch):
    X, Y, s = DATA[data]
    y = Y if name == "rows" else Y[:, 0]
    model = MODELS[name].set_params(tol=1e-10)
    if name == "free":
        model.set_params(penalty_factor=np.where(np.arange(X.shape[1]) % 10 == 0, 0.0, 1.0))
    expected = model.fit(container(X), y, s).coef_
    allow_40_columns(monkeypatch)
    model.fit(container(X), y, s)
    assert model.convergence_.n_active > 40
    assert model.convergence_.converged
    np.testing.assert_allclose(model.coef_, expected, atol=1e-4 * np.abs(expected).max())


def test_a_path_outgrows_its_gram_matrix(monkeypatch):
    X, Y, _ = DATA["wide"]
    expected = lasso_path(X, Y[:, 0], alphas=10, eps=0.01, max_iter=10_000)
    allow_40_columns(monkeypatch)
    path = lasso_path(X, Y[:, 0], alphas=10, eps=0.01, max_iter=10_000)
    assert np.all(path.gaps <= 1e-6 * Y[:, 0].var() / 2)
    scale = np.abs(expected.coefs).max()
    np.testing.assert_allclose(path.coefs, expected.coefs, atol=1e-2 * scale)


@pytest.mark.parametrize(
    ("container", "offset"), [(np.asarray, 1e6), (np.asfortranarray, 1e6), (sp.csc_array, 1e2)]
)
def test_columns_far_from_zero(container, offset, monkeypatch):
    X, Y, _ = DATA["tall"]
    model = LassoCD(0.02, tol=1e-8)
    expected = model.fit(X, Y[:, 0]).coef_
    allow_40_columns(monkeypatch)
    model.fit(container(X + offset), Y[:, 0])
    assert model.convergence_.converged
    np.testing.assert_allclose(model.coef_, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_tolerance_of_zero_ends(monkeypatch):
    X, Y, _ = DATA["wide"]
    model = ElasticNetCD(0.02, l1_ratio=0.7, tol=0, max_iter=300)
    allow_40_columns(monkeypatch)
    model.fit(X, Y[:, 0])
    assert model.convergence_.n_active > 40
    assert model.convergence_.relative_gap < 1e-9
