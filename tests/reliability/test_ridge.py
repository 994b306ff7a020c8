"""Ridge on problems of every kind: it is right, or says that it stopped short."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning

from skreg import RidgeGD, RidgeGDCV, ridge_path

from .cases import RIDGE
from .reference import Problem
from .strategies import COLUMNS, problems
from .test_l1 import EXAMPLES, ROUNDING, recorded, within
from .test_l1 import fit as l1_fit

TOL = 1e-10


def fit(X, y, s, params, **options):
    """Fit the ridge that has the objective of the reference, times twice the sum of the weights."""
    alpha = params["alpha"] * s.sum()
    others = {name: params[name] for name in params if name not in ("l1_ratio", "alpha")}
    return recorded(RidgeGD(alpha, **others, **options), X, y, s)


def check(X, y, s, params, **options):
    """Assert all that a fit promises; return the model."""
    params = params | {"l1_ratio": 0.0}
    model, problem = fit(X, y, s, params, **options), Problem(X, y, s, params)
    w, dtype = model.coef_.astype(float), X.dtype
    assert np.all(np.isfinite(w))
    assert np.all(within(w, params["lower"], params["upper"], dtype))
    objective, scale = problem.objective(w), problem.scale(w)
    rounding = ROUNDING[dtype.name] * scale
    if dtype == np.float32:
        rounding += 1e-9 * problem.objective(problem.rest)
    if not (problem.hard and dtype == np.float32):  # whose rounding may cost more
        assert objective <= problem.objective(problem.rest) + rounding
    forced = float(np.max(np.abs(problem.y - problem.X @ problem.rest)) ** 2)
    bounded = np.isfinite(params["lower"]).any() or np.isfinite(params["upper"]).any()
    beyond = scale < 1e-8 * forced or (bounded and objective < 1e-8 * scale)  # float64 and this tol
    if not problem.hard and not beyond:
        assert model.convergence_.converged, model.convergence_.message
        assert dtype == np.float32 or problem.gap(w) <= TOL * scale + rounding
        best = problem.objective(l1_fit(X, y, s, params, 1e-12).coef_.astype(float))
        assert objective - best <= model.dual_gap_ / (2 * s.sum()) + rounding
    return model


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_any_problem(columns):
    @settings(max_examples=EXAMPLES, deadline=None, print_blob=True)
    @given(problems(columns))
    def draw(problem):
        check(*problem)

    draw()


@pytest.mark.parametrize("name", RIDGE)
def test_what_went_wrong_once(name):
    model = check(*RIDGE[name]())
    assert model.convergence_.converged
    assert model.coef_.any()


def loss(model, X, y):
    return np.sum((y - model.predict(X)) ** 2)


def test_small_columns_without_penalty_take_part_in_an_interpolation():
    X = np.array([[0.006, 30.0, -2e-7], [0.2, 8000.0, 2e-6], [0.1, 6000.0, 1e-6]])
    y = np.array([3e-4, 1e-5, -2e-4])
    model = RidgeGD(0, fit_intercept=False).fit(X, y)
    assert loss(model, X, y) <= 1e-20 * (y @ y)
    assert model.convergence_.converged


@pytest.mark.parametrize("solver", ["auto", "nesterov", "gd", "cg", "sgd"])
@pytest.mark.parametrize("free", [range(20), range(4), [0]])
def test_the_gap_is_a_bound_whatever_the_solver_and_its_end(solver, free):
    """On columns of different units, some or all of them without penalty."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 20)) * np.geomspace(1e-3, 1e3, 20), rng.standard_normal(30)
    factor = np.ones(20)
    factor[free] = 0
    best = RidgeGD(10, penalty_factor=factor, tol=1e-13).fit(X, y)
    for max_iter in (1, 3, 100):
        model = RidgeGD(10, penalty_factor=factor, solver=solver, max_iter=max_iter, random_state=0)
        record = recorded(model, X, y, None).convergence_
        objective, least = (loss(m, X, y) + 10 * factor @ m.coef_**2 for m in (model, best))
        assert objective - least <= model.dual_gap_ * (1 + 1e-9) + 1e-12
        assert record.converged == (record.relative_gap <= 1e-10) or not record.converged


def test_a_free_column_of_tiny_unit_on_wide_data():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 15)), rng.standard_normal(10)
    expected = RidgeGD(10.0, penalty_factor=np.r_[0, np.ones(14)]).fit(X, y).coef_
    X[:, 0] *= 1e-10
    model = RidgeGD(10.0, penalty_factor=np.r_[0, np.ones(14)]).fit(X, y)
    np.testing.assert_allclose(model.coef_ * np.r_[1e-10, np.ones(14)], expected, rtol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_bounds_without_a_penalty_give_the_answer_of_scipy(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((10, 20)), rng.standard_normal(10)
    model = RidgeGD(0.0, positive=True, fit_intercept=False).fit(X, y)
    assert loss(model, X, y) <= nnls(X, y)[1] ** 2 + 1e-9 * (y @ y)


@pytest.mark.parametrize("shape", [(80, 3000, 6), (50, 50, 5), (60, 1500, 50)], ids=str)
def test_bounds_without_a_penalty_on_wide_factor_models(shape):
    """Coordinate descent on the first took minutes."""
    n, p, k = shape
    rng = np.random.default_rng(77)
    X = rng.standard_normal((n, k)) @ rng.standard_normal((k, p))
    X += 0.3 * rng.standard_normal((n, p))
    X = np.abs(X) if k == 50 else X  # y cannot be explained
    y = X[:, 0] + 0.1 * rng.standard_normal(n)
    model = RidgeGD(0.0, positive=True, fit_intercept=False).fit(X, y)
    assert model.convergence_.converged
    assert loss(model, X, y) <= nnls(X, y, maxiter=10**5)[1] ** 2 * (1 + 1e-9) + 1e-18 * (y @ y)


def test_bounds_and_a_column_far_from_0():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 40)), rng.standard_normal(30)
    X[:, 0] += 1e3
    model = RidgeGD(1.0, positive=True, fit_intercept=False).fit(X, y)
    A, b = np.vstack([X, np.eye(40)]), np.r_[y, np.zeros(40)]
    objective = loss(model, X, y) + model.coef_ @ model.coef_
    assert model.convergence_.converged
    assert objective <= nnls(A, b)[1] ** 2 * (1 + 1e-10)


@pytest.mark.parametrize("alpha", [0.01, 1, 100])
@pytest.mark.parametrize("weights", [False, True])
def test_bounds_on_more_columns_than_fit_into_a_gram_matrix(alpha, weights):
    """The answer of scipy on the square roots of everything; bounds on half of the columns."""
    rng = np.random.default_rng(0)
    F = rng.standard_normal((40, 5))
    X = F @ rng.standard_normal((5, 8000)) + 0.5 * rng.standard_normal((40, 8000))
    y, s = F[:, 0] + rng.standard_normal(40), rng.integers(0, 3, 40) if weights else np.ones(40)
    s[0] += 1
    factor = rng.choice([0.5, 2], 8000)
    model = RidgeGD(alpha, penalty_factor=factor, positive=True)
    model.fit(X, y, s)
    assert model.convergence_.converged
    assert model.solver_ == "active_set"
    assert model.n_iter_ < 20
    r = y - model.predict(X)
    c = (X - s @ X / s.sum()).T @ (s * r)
    best = np.maximum(c, 0) / (alpha * factor)
    np.testing.assert_allclose(model.coef_, best, atol=1e-9 * best.max())
    options = {"penalty_factor": factor, "positive": True, "sample_weight": s}
    path = ridge_path(X, y, alphas=[1000, alpha], **options)
    np.testing.assert_allclose(path.coefs[:, 1], model.coef_, atol=1e-9 * best.max())


def test_a_constant_target_and_bounds_that_exclude_0():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    for solver in ("auto", "nesterov"):
        model = recorded(RidgeGD(1.0, lower=[1, 0, 0], solver=solver), X, np.ones(20), None)
        assert model.convergence_.converged
        assert model.coef_[0] == 1


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e-30, 1e100])
def test_the_scale_of_y_does_not_matter(scale):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    y = X[:, 0] + 0.1 * rng.standard_normal(20)
    for model in (RidgeGD(), RidgeGD(0.0), RidgeGD(positive=True), RidgeGD(solver="nesterov")):
        expected = model.fit(X, y).coef_
        np.testing.assert_allclose(model.fit(X, y * scale).coef_ / scale, expected, rtol=1e-9)
    if scale < 1e-154:
        with pytest.raises(ValueError, match="the sum of squares of y underflows; scale y up"):
            RidgeGDCV().fit(X, y * scale)


def test_a_solver_that_stops_short_of_the_gap_says_so():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 4)) * [1, 1e-6, 1, 1], rng.standard_normal(50)
    model = RidgeGD(1.0, penalty_factor=[0, 0, 1, 1], solver="gd", max_iter=1000)
    with pytest.warns(ConvergenceWarning, match="stopped at max_iter=1000"):
        model.fit(X, y + 5e6 * X[:, 1])
    assert model.dual_gap_ > 1


@pytest.mark.parametrize("intercept", [True, False])
def test_leave_one_out_where_free_columns_span_the_others(intercept):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6))
    X, factor = np.outer(x, np.arange(1, 11)), np.r_[0, np.ones(9)]
    options = {"penalty_factor": factor, "fit_intercept": intercept, "store_cv_results": True}
    errors = RidgeGDCV([1.0], **options).fit(X, y).cv_results_[:, 0]
    A = np.c_[x, np.ones(6)][:, : 1 + intercept]
    for i in range(6):
        rest = np.arange(6) != i
        w = np.linalg.lstsq(A[rest], y[rest], rcond=None)[0]
        assert errors[i] == pytest.approx((y[i] - A[i] @ w) ** 2, rel=1e-9)


@pytest.mark.parametrize("shape", [(60, 60), (40, 60), (60, 12)], ids=str)
@pytest.mark.parametrize("intercept", [True, False])
def test_leave_one_out_at_tiny_alphas(shape, intercept):
    """Gaussian bumps: the kernel has eigenvalues far below its rounding."""
    at, centre = np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1])
    X = np.exp(-((at[:, None] - centre) ** 2) / 0.02)
    y = np.sin(6 * at) + 0.01 * np.random.default_rng(0).standard_normal(shape[0])
    alphas = np.array([1e-13, 1e-12, 1e-10, 1e-3])
    options = {"fit_intercept": intercept, "store_cv_results": True}
    model = RidgeGDCV(alphas, **options).fit(X, y)
    for k, alpha in enumerate(alphas):
        for i in range(0, shape[0], 7):
            rest = np.arange(shape[0]) != i
            mean, y_mean = intercept * X[rest].mean(axis=0), intercept * y[rest].mean()
            A = np.vstack([X[rest] - mean, np.sqrt(alpha) * np.eye(shape[1])])
            b = np.r_[y[rest] - y_mean, np.zeros(shape[1])]
            w = np.linalg.lstsq(A, b, rcond=None)[0]
            error = y[i] - y_mean - (X[i] - mean) @ w
            assert model.cv_results_[i, k] == pytest.approx(error**2, rel=1e-2, abs=1e-9)
