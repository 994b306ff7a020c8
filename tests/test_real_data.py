"""The L1 family on real data sets, from the folder that SKREG_DATA names."""

import os

import numpy as np
import pytest

from benchmarks import accuracy, data
from skreg import LassoCD, lasso_path

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif("SKREG_DATA" not in os.environ, reason="SKREG_DATA names no folder"),
]


@pytest.fixture(params=["golub", "sms"], scope="module")
def problem(request):
    X, y, _ = data.make(request.param)
    return X, y, accuracy.alpha_max(X, y)


@pytest.mark.parametrize("fraction", [10, 100])
def test_a_gap_of_1e_12_is_reached_not_approached(problem, fraction):
    X, y, top = problem
    model = LassoCD(top / fraction, tol=1e-12).fit(X, y)
    gap = accuracy.lasso_gap(X, y, [top / fraction], model.coef_[:, None], [model.intercept_])
    assert model.convergence_.converged
    assert gap <= 1e-12


def test_a_path_of_100_alphas_is_certified(problem):
    X, y, top = problem
    path = lasso_path(X, y, eps=0.01, tol=1e-10)
    np.testing.assert_allclose(path.alphas[0], top)
    assert accuracy.lasso_gap(X, y, path.alphas, path.coefs, path.intercepts) <= 1e-10
