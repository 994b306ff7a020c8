"""RidgeGD: closed forms, optimality with bounds, descent, and the textbook's example."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning

from skreg import RidgeGD

from . import naive

SOLVERS = ["auto", "gd", "nesterov", "cg", "sgd"]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 8)) + 3
    return X, X @ rng.standard_normal(8) + rng.standard_normal(60), rng.uniform(0.2, 3, 60)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_closed_form_with_factors_and_weights(data, solver, fit_intercept):
    X, y, s = data
    factor = np.array([1, 2, 0, 5, 1, 0.1, 3, 1])
    model = RidgeGD(
        2.0,
        penalty_factor=factor,
        solver=solver,
        fit_intercept=fit_intercept,
        tol=1e-11,
        max_iter=100_000,
        random_state=0,
    ).fit(X, y, sample_weight=s)
    expected = naive.ridge(X, y, 2.0 * factor, s, fit_intercept)
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-9)
    assert model.convergence_.relative_gap < 1e-12


@pytest.mark.parametrize("solver", ["auto", "gd", "nesterov", "sgd"])
def test_bounds(data, solver):
    X, y, _ = data
    lower, upper = np.full(8, -0.3), np.full(8, 0.5)
    upper[3], lower[2] = np.inf, 0.1
    model = RidgeGD(3.0, lower=lower, upper=upper, solver=solver, tol=1e-10, random_state=0).fit(
        X, y
    )
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    A, b = np.r_[Xc, np.sqrt(3) * np.eye(8)], np.r_[yc, np.zeros(8)]
    expected = lsq_linear(A, b, (lower, upper), tol=1e-14, method="bvls").x
    np.testing.assert_allclose(model.coef_, expected, atol=1e-7)
    assert np.all((lower <= model.coef_) & (model.coef_ <= upper))


@pytest.mark.parametrize("positive", [False, True])
def test_gradient_descent_falls_at_every_step(data, positive):
    X, y, s = data
    model = RidgeGD(0.5, solver="gd", positive=positive, tol=1e-7).fit(X, y, s)
    losses = np.array(model.loss_curve_)
    assert np.all(np.diff(losses) < 0)
    assert len(losses) == model.n_iter_ + 1
    residual = y - model.predict(X)
    final = s @ residual**2 + 0.5 * np.sum(model.coef_**2)
    np.testing.assert_allclose(losses[-1], final)


def test_a_step_of_gradient_descent_is_weight_decay(data):
    X, y, _ = data
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    step, alpha, w = 1e-3, 2.0, np.zeros(8)
    for n_steps in (1, 2, 3):
        w = (1 - 2 * step * alpha) * w - step * 2 * Xc.T @ (Xc @ w - yc)
        with pytest.warns(ConvergenceWarning, match="standardise X"):
            model = RidgeGD(alpha, solver="gd", step=step, max_iter=n_steps).fit(X, y)
        np.testing.assert_allclose(model.coef_, w)


def quadratic(eigenvalues):
    """Return X and y for which X'X has these eigenvalues, and the solution for alpha = 0."""
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((30, len(eigenvalues))))[0]
    V = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))[0]
    X = Q * np.sqrt(eigenvalues) @ V.T
    w = V @ np.ones(len(eigenvalues))
    return X, X @ w, w


def errors(model, X, y, w, steps):
    """Return the distance from the solution after some numbers of steps."""
    found = []
    for n_steps in steps:
        model.set_params(max_iter=int(n_steps), tol=0.0, fit_intercept=False)
        with pytest.warns(ConvergenceWarning):
            found.append(np.linalg.norm(model.fit(X, y).coef_ - w))
    return np.array(found)


def test_gradient_descent_has_the_rate_of_its_theory():
    """With the best step, 2 / (L + mu), errors shrink by (L - mu) / (L + mu)."""
    X, y, w = quadratic([1.0, 7.0, 40.0, 100.0])
    found = errors(RidgeGD(0.0, solver="gd", step=1 / 101), X, y, w, [40, 41, 42])
    np.testing.assert_allclose(found[1:] / found[:-1], 99 / 101, rtol=1e-3)


def test_momentum_has_the_rate_of_its_theory():
    """Errors shrink by (1 - q) / (1 + q), q = sqrt(mu / L), with the best step and momentum."""
    X, y, w = quadratic([1.0, 7.0, 40.0, 100.0])
    model = RidgeGD(0.0, solver="gd", step=2 / 11**2, momentum=(9 / 11) ** 2)
    found = errors(model, X, y, w, [60, 120])
    assert (found[1] / found[0]) ** (1 / 60) == pytest.approx(9 / 11, rel=0.02)
    plain = errors(RidgeGD(0.0, solver="gd", step=1 / 101), X, y, w, [120])
    assert found[1] < 1e-6 * plain[0]


def test_nesterov_keeps_the_bound_of_its_theory():
    """f(w_k) - f(w) <= 2 L ||w_0 - w||^2 / (k + 1)^2, in the metric of the method."""
    X, y, w = quadratic(np.geomspace(1e-4, 100, 20))
    norms = (X**2).sum(axis=0)
    largest = np.linalg.eigvalsh(X.T @ X / np.sqrt(np.outer(norms, norms))).max()
    for n_steps in (5, 20, 80):
        model = RidgeGD(0.0, solver="nesterov", max_iter=n_steps, tol=0.0, fit_intercept=False)
        with pytest.warns(ConvergenceWarning):
            loss = 0.5 * np.sum((y - X @ model.fit(X, y).coef_) ** 2)
        assert loss <= 2 * 1.1 * largest * norms @ w**2 / (n_steps + 1) ** 2


def test_momentum_out_of_range():
    with pytest.raises(ValueError, match=r"RidgeGD: momentum must be .* \[0, 1\); got 1"):
        RidgeGD(momentum=1).fit([[1.0], [2.0]], [1.0, 2.0])


def test_a_step_too_long_stops_with_a_remedy(data):
    X, y, _ = data
    with pytest.warns(ConvergenceWarning, match="the loss rose.*lower step"):
        model = RidgeGD(solver="gd", step=10.0).fit(X, y)
    assert np.isfinite(model.coef_).all()


def test_the_other_solvers_have_no_loss_curve(data):
    X, y, _ = data
    model = RidgeGD(solver="gd").fit(X, y)
    assert not hasattr(model.set_params(solver="cg").fit(X, y), "loss_curve_")


def test_the_gradient_bounds_the_distance(data):
    X, y, _ = data
    exact = naive.ridge(X, y, np.full(8, 2.0))
    Xc, yc = X - X.mean(axis=0), y - y.mean()
    for tol in (1e-1, 1e-3, 1e-5):
        w = RidgeGD(2.0, solver="gd", tol=tol).fit(X, y).coef_
        gradient = 2 * (Xc.T @ (Xc @ w - yc) + 2.0 * w)
        assert np.linalg.norm(w - exact) <= np.linalg.norm(gradient) / (2 * 2.0) * (1 + 1e-9)


@pytest.mark.parametrize("solver", ["auto", "nesterov"])
def test_raw_units_of_real_data_do_not_matter(solver):
    X, y = load_breast_cancer(return_X_y=True)
    model = RidgeGD(1.0, solver=solver, max_iter=100_000).fit(X, y)
    expected = naive.ridge(X, y, np.ones(30))
    np.testing.assert_allclose(model.coef_, expected, atol=1e-5 * np.abs(expected).max())


def test_quartic_with_unequal_penalties():
    """J = (1/2m) [sum (h - y)^2 + 1000 theta_3^2 + 10000 theta_4^2], alpha = 1."""
    x = np.linspace(-1, 1, 21)
    y = 1 + x - 2 * x**2 + 0.5 * x**3 + 3 * x**4
    X = np.vander(x, 5, increasing=True)[:, 1:]
    model = RidgeGD(1.0, penalty_factor=[0, 0, 1000, 10000], tol=1e-12).fit(X, y)
    design = np.c_[np.ones(21), X]
    expected = np.linalg.solve(design.T @ design + np.diag([0, 0, 0, 1000, 10000]), design.T @ y)
    np.testing.assert_allclose(np.r_[model.intercept_, model.coef_], expected, rtol=1e-7, atol=1e-9)
    assert np.abs(model.coef_[2:]).max() < 0.02


def test_shapes_follow_those_of_y(data):
    X, y, _ = data
    assert RidgeGD().fit(X, y).coef_.shape == (8,)
    column = RidgeGD().fit(X, y[:, None])
    assert (column.coef_.shape, column.intercept_.shape) == ((8,), (1,))
    assert column.predict(X).shape == (60,)
    assert RidgeGD().fit(X, np.c_[y, y]).predict(X).shape == (60, 2)


def test_one_feature_one_sample():
    assert RidgeGD().fit([[1.0]], [2.0]).predict([[7.0]]) == 2
    model = RidgeGD(1.0, fit_intercept=False).fit([[2.0], [1.0]], [4.0, 2.0])
    np.testing.assert_allclose(model.coef_, [10 / 6])


@pytest.mark.parametrize("solver", ["gd", "nesterov", "cg"])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("factor", [None, np.linspace(0.5, 2, 10)])
def test_the_distance_to_the_solution_is_bounded(solver, standardize, factor):
    X, y = load_diabetes(return_X_y=True)
    X, Y = X * np.arange(1, 11), np.c_[y, y**2]
    options = {"penalty_factor": factor, "standardize": standardize, "solver": solver}
    exact = RidgeGD([0.3, 2], tol=1e-13, **{**options, "solver": "cg"}).fit(X, Y)
    for tol in (1e-1, 1e-3, 1e-5):
        model = RidgeGD([0.3, 2], tol=tol, max_iter=100_000, **options).fit(X, Y)
        distance = np.linalg.norm(model.coef_ - exact.coef_, axis=1)
        assert np.all(distance <= model.distance_bound_ * (1 + 1e-6) + 1e-10)
        if factor is None and not standardize:
            r = Y - Y.mean(axis=0) - (X - X.mean(axis=0)) @ model.coef_.T
            gradient = 2 * np.array([[0.3], [2]]) * model.coef_ - 2 * r.T @ (X - X.mean(axis=0))
            bound = np.linalg.norm(gradient, axis=1) / (2 * np.array([0.3, 2]))
            np.testing.assert_allclose(model.distance_bound_, bound, rtol=1e-4, atol=1e-9)
    free = RidgeGD(1, penalty_factor=np.r_[0, np.ones(9)]).fit(X, y)
    assert free.distance_bound_ == np.inf
