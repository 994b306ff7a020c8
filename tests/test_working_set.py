"""Working sets too large for one Gram matrix: blocks of columns have the same minimum."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import ElasticNetCD, LassoCD, MultiTaskLassoCD, lasso_path
from skreg._solvers import working_set


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
    "bounds": LassoCD(0.02, lower=-0.3, upper=0.5, fit_intercept=False, max_iter=10_000),
    "free": LassoCD(0.05, max_iter=10_000),
    "rows": MultiTaskLassoCD(0.1, max_iter=10_000),
}


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("data", DATA)
def test_blocks_have_the_minimum_of_one_matrix(data, name, container, monkeypatch):
    X, Y, s = DATA[data]
    y = Y if name == "rows" else Y[:, 0]
    model = MODELS[name].set_params(tol=1e-10)
    if name == "free":
        model.set_params(penalty_factor=np.where(np.arange(X.shape[1]) % 10 == 0, 0.0, 1.0))
    expected = model.fit(container(X), y, s).coef_
    monkeypatch.setattr(working_set, "LARGEST_BLOCK", 40)
    model.fit(container(X), y, s)
    assert model.convergence_.n_active > 40
    assert model.convergence_.converged
    np.testing.assert_allclose(model.coef_, expected, atol=1e-4 * np.abs(expected).max())


def test_a_path_grows_from_one_matrix_into_blocks(monkeypatch):
    X, Y, _ = DATA["wide"]
    expected = lasso_path(X, Y[:, 0], alphas=10, eps=0.01, max_iter=10_000)
    monkeypatch.setattr(working_set, "LARGEST_BLOCK", 40)
    path = lasso_path(X, Y[:, 0], alphas=10, eps=0.01, max_iter=10_000)
    assert np.all(path.gaps <= 1e-6 * Y[:, 0].var() / 2)
    scale = np.abs(expected.coefs).max()
    np.testing.assert_allclose(path.coefs, expected.coefs, atol=1e-2 * scale)
