"""Degenerate data end right or warn: no NaN, no arithmetic warning, nothing in silence."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from skreg import LassoCD, RidgeGD, RidgeGDCV

MODELS = [
    *(
        RidgeGD(alpha, solver=solver, fit_intercept=intercept, max_iter=200, random_state=0)
        for solver in ("auto", "gd", "nesterov", "sgd")
        for alpha in (0, 1.0)
        for intercept in (True, False)
    ),
    *(LassoCD(alpha, fit_intercept=f) for alpha in (0, 1e-3, 1.0) for f in (True, False)),
    RidgeGD(positive=True, standardize=True, max_iter=200),
    LassoCD(0.1, positive=True, standardize=True),
]
CASES = {
    "plain": lambda X, y: (X, y),
    "zero X": lambda X, y: (0 * X, y),
    "constant y": lambda X, y: (X, np.full(len(y), 0.1)),
    "zero y": lambda X, y: (X, 0 * y),
    "constant column": lambda X, y: (np.c_[np.full(len(y), 0.1), X], y),
    "repeated columns": lambda X, y: (np.c_[X, X, -X], y),
    "offset": lambda X, y: (X + 1e8, y + 1e6),
    "mixed scales": lambda X, y: (X * np.geomspace(1e-12, 1e12, X.shape[1]), y),
    **{f"X * {scale:g}": lambda X, y, a=scale: (X * a, y) for scale in (1e-150, 1e12, 1e150)},
    **{f"y * {scale:g}": lambda X, y, a=scale: (X, y * a) for scale in (1e-150, 1e12, 1e150)},
}


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 8), (20, 4)], ids=str)
@pytest.mark.parametrize("case", CASES)
def test_ends_right_or_warns(case, shape, container):
    rng = np.random.default_rng(0)
    X, y = CASES[case](rng.standard_normal(shape), rng.standard_normal(shape[0]))
    for model in MODELS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("error")
            warnings.simplefilter("always", ConvergenceWarning)
            model.fit(container(X), y)
        assert np.isfinite(model.coef_).all()
        assert np.isfinite(model.intercept_)
        assert len(caught) == (not model.convergence_.converged)


@pytest.mark.parametrize("case", ["plain", "constant column", "repeated columns", "offset"])
def test_default_solvers_converge_on_dense_data(case):
    rng = np.random.default_rng(0)
    X, y = CASES[case](rng.standard_normal((20, 4)), rng.standard_normal(20))
    for model in (RidgeGD(), LassoCD(0.01), LassoCD(0.01, standardize=True)):
        assert model.fit(X, y).convergence_.converged


@pytest.mark.parametrize("make", [RidgeGD, LassoCD])
def test_sums_of_squares_that_overflow_are_refused(make):
    X, y = np.random.default_rng(0).standard_normal((2, 9, 3))
    with pytest.raises(ValueError, match="sum of squares of X overflows; scale X down"):
        make().fit(X * 1e200, y[:, 0])
    with pytest.raises(ValueError, match="sum of squares of y overflows; scale y down"):
        make().fit(X, y[:, 0] * 1e200)


@pytest.mark.parametrize("seed", [471, 930, 2457, 2634])
def test_free_columns_that_depend_on_one_another_do_not_run_away(seed):
    """Six samples and a dozen columns without a penalty: there are directions that cost nothing."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((6, 50)) * rng.choice([0.3, 1, 3], 50) * (rng.random((6, 50)) < 0.3)
    factor = rng.choice([0.0, 0.5, 1.0, 2.0], 50)
    lower = np.where(rng.random(50) < 0.3, 0.0, -np.inf)
    y = X[:, 0] + rng.standard_normal(6)
    model = LassoCD(0.3, penalty_factor=factor, lower=lower, tol=1e-12).fit(X, y)
    assert model.convergence_.converged
    assert np.abs(model.coef_).max() < 1e6


@pytest.mark.parametrize("estimator", [RidgeGD(), LassoCD(1.0)])
def test_coefficients_beyond_float32_are_refused(estimator):
    X = np.ones((3, 2), dtype=np.float32)
    with pytest.raises(ValueError, match=r"coefficients overflow float32; pass X as float64"):
        estimator.fit(X, np.full(3, 1e100))
    assert not hasattr(estimator, "coef_")


@pytest.mark.parametrize("make", [RidgeGD, LassoCD])
@pytest.mark.parametrize("alpha", [0, 1.0])
@pytest.mark.parametrize("X", [[[1e-7, 2e-7]], [[1e-200, 1e-300]], [[0.0, 0.0]]], ids=str)
def test_one_sample_of_tiny_numbers(X, alpha, make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "LassoCD stopped .* scale X up", ConvergenceWarning)
        assert np.isfinite(make(alpha, fit_intercept=False).fit(X, [1.0]).coef_).all()


def test_folds_of_sparse_data_without_entries():
    X, y = sp.csr_array((30, 8)), np.arange(30.0)
    assert not RidgeGDCV([1e-3, 1], cv=3).fit(X, y).coef_.any()
