"""The L1 family on problems of every kind: it is right, or says that it stopped short.

``make fuzz`` draws more of them. Whatever it finds becomes a case in `cases.py`.
"""

import os
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import lsq_linear, nnls
from sklearn.exceptions import ConvergenceWarning

from skreg import ElasticNetCD, LassoCD, LassoCDCV, MultiTaskLassoCD

from .cases import CASES, factor_model, named
from .reference import Problem
from .strategies import COLUMNS, problems

EXAMPLES = int(os.environ.get("FUZZ", "40"))
TOL = 1e-6
ROUNDING = {"float64": 1e-9, "float32": 1e-4}  # of coefficients, relative to the scale of the gap


def fit(X, y, s, params, tol=TOL):
    """Fit an elastic net."""
    return recorded(ElasticNetCD(tol=tol, **params), X, y, s)


def recorded(model, X, y, s):
    """Fit; there is a warning if it stopped short, and no other."""
    return quiet(model.fit, X, y, s)


def quiet(method, X, y, s):
    """Call a method that fits; there is a warning if it stopped short, and no other."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", ConvergenceWarning)
        model = method(X, y, s)
    assert len(caught) == (not model.convergence_.converged)
    return model


def check(X, y, s, params):
    """Assert all that a fit promises; return the model."""
    model, problem = fit(X, y, s, params), Problem(X, y, s, params)
    w, dtype = model.coef_.astype(float), X.dtype
    assert np.all(np.isfinite(w))
    assert np.all(within(w, params["lower"], params["upper"], dtype))
    objective, scale = problem.objective(w), problem.scale(w)
    rounding = ROUNDING[dtype.name] * scale
    if dtype == np.float32:
        rounding += 1e-9 * problem.objective(problem.rest)
    assert objective <= problem.objective(problem.rest) + rounding
    if not problem.hard:
        assert model.convergence_.converged, model.convergence_.message
        assert dtype == np.float32 or problem.gap(w) <= TOL * scale + rounding
        best = fit(X, y, s, params, 1e-12).coef_.astype(float)
        assert objective - problem.objective(best) <= model.dual_gap_ + rounding
    return model


def within(w, lower, upper, dtype):
    """Tell which coefficients are within their bounds, or next to them where there is no number."""
    with np.errstate(over="ignore"):
        low, high = lower.astype(dtype), upper.astype(dtype)
    low = np.where(low < lower, np.nextafter(low, dtype.type(np.inf)), low)
    high = np.where(high > upper, np.nextafter(high, dtype.type(-np.inf)), high)
    return ((lower <= w) & (w <= upper)) | ((low > high) & (w == high))


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_any_problem(columns):
    @settings(max_examples=EXAMPLES, deadline=None, print_blob=True)
    @given(problems(columns))
    def draw(problem):
        check(*problem)

    draw()


@pytest.mark.parametrize("name", CASES)
def test_what_went_wrong_once(name):
    model = check(*CASES[name]())
    assert model.convergence_.converged
    assert model.coef_.any()


@pytest.mark.parametrize("part", [10, 200, 2000])
@pytest.mark.parametrize("seed", range(20))
def test_factor_models_at_small_alphas(seed, part):
    """Wide and correlated, and a support that comes near the number of samples."""
    X, y = factor_model(seed)
    alpha = np.max(np.abs(X.T @ (y - y.mean()))) / len(y) / part
    check(*named(X, y, alpha=alpha))


@pytest.mark.parametrize("seed", range(6))
def test_several_targets_on_factor_models(seed):
    X, y = factor_model(seed)
    rng = np.random.default_rng(seed)
    Y = np.c_[y, X[:, 0] + rng.standard_normal(len(y))]
    C = X.T @ (Y - Y.mean(axis=0))
    alpha = np.sqrt(np.sum(C**2, axis=1)).max() / len(y) / 100
    model = MultiTaskLassoCD(alpha).fit(X, Y)
    assert model.convergence_.converged
    C = X.T @ (Y - model.predict(X)) / len(y)
    size, w = np.sqrt(np.sum(C**2, axis=1)), model.coef_.T
    length = np.sqrt(np.sum(w**2, axis=1))
    assert np.all(size <= 1.01 * alpha)
    on = length > 1e-3 * length.max()
    np.testing.assert_allclose(C[on], alpha * w[on] / length[on, None], atol=0.1 * alpha)


def test_cross_validation_on_a_factor_model():
    X, y = factor_model(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LassoCDCV().fit(X, y)
    assert model.alphas_[-1] == pytest.approx(1e-3 * model.alphas_[0])
    assert np.isfinite(model.mse_path_).all()


@pytest.mark.parametrize("seed", range(10))
def test_without_a_penalty_bounds_give_the_answers_of_scipy(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 120))
    X = rng.random((n, 3 * n)) if seed % 2 else rng.standard_normal((n, 3 * n))
    y = rng.standard_normal(n)
    slack = 1e-6 * (y @ y)
    model = LassoCD(0, positive=True, fit_intercept=False).fit(X, y)
    assert np.sum((y - X @ model.coef_) ** 2) <= nnls(X, y, maxiter=10**5)[1] ** 2 + slack
    model = LassoCD(0, lower=-0.1, upper=0.2, fit_intercept=False).fit(X, y)
    best = 2 * lsq_linear(X, y, (-0.1, 0.2), tol=1e-12).cost
    assert np.sum((y - X @ model.coef_) ** 2) <= best + slack


def test_the_certificate_looks_at_one_sided_columns_again():
    X, y = np.array([[-3.0, 3, 3], [0, 2, -3], [2, -1, -3]]), np.array([1.0, 0, 4])
    model = LassoCD(0.0, positive=True, fit_intercept=False, tol=0.1).fit(X, y)
    left = np.sum((y - X @ model.coef_) ** 2) / 6  # the minimum is 0
    assert left <= model.dual_gap_ + 1e-15


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-30, 1e30, 1e150])
def test_the_scale_of_y_does_not_matter(scale, l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 10))
    y = X[:, 0] + 0.1 * rng.standard_normal(50)
    model, other = LassoCD(0.1).fit(X, y), LassoCD(0.1 * scale).fit(X, y * scale)
    np.testing.assert_allclose(other.coef_ / scale, model.coef_, rtol=1e-12)
    assert other.convergence_.converged
    for alpha in (0.1, 0.1 * scale):  # next to nothing, or far too much, for one of both parts
        model = ElasticNetCD(alpha, l1_ratio=l1_ratio).fit(X, y * scale)
        assert model.convergence_.converged


def test_bounds_may_make_the_objective_far_larger_than_the_loss_without_features():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 20)), 1e-6 * rng.standard_normal(50)
    model = LassoCD(1e-3, lower=np.r_[100.0, np.full(19, -np.inf)]).fit(X, y)
    assert model.convergence_.converged


ADVICE = {
    "fit an intercept": {"fit_intercept": True},
    "give every column a penalty": {"penalty_factor": np.ones(40)},
    "raise alpha": {"alpha": 1e-2},
}


@pytest.mark.parametrize("advice", ADVICE)
def test_advice_helps(advice):
    """On far columns without an intercept, on free columns that differ by 1e-9, and on both."""
    rng = np.random.default_rng(0)
    Z = np.repeat(rng.standard_normal((30, 20)), 2, axis=1) + 1e-9 * rng.standard_normal((30, 40))
    y = Z @ rng.standard_normal(40) + rng.standard_normal(30)
    params = {"alpha": 1e-3, "penalty_factor": np.zeros(40)}
    if advice == "fit an intercept":
        Z, params = Z + 1e7, {"alpha": 1e-3, "fit_intercept": False}
    elif advice == "raise alpha":
        params = {"alpha": 1e-13}
    with pytest.warns(ConvergenceWarning, match=advice):
        LassoCD(**params).fit(Z, y)
    assert LassoCD(**params | ADVICE[advice]).fit(Z, y).convergence_.converged


def test_max_iter_bounds_the_work():
    X, y = factor_model(5)
    model = LassoCD(1e-5, max_iter=5)
    with pytest.warns(ConvergenceWarning, match="stopped at max_iter=5"):
        model.fit(X, y)
    assert model.n_iter_ <= 5
    assert model.convergence_.n_data_passes < 50
