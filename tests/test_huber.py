"""HuberCD and its selection: what they do not share with the other estimators."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize
from sklearn.linear_model import QuantileRegressor
from sklearn.model_selection import KFold, cross_val_score

from skreg import ElasticNetCD, ElasticNetCDCV, HuberCD, HuberCDCV, huber_path
from skreg._problem.losses import Fit, Huber

from . import naive

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 30))
Y = 3 + 2 * X[:, 0] - X[:, 1] + RNG.standard_t(2, 200)
EXACT = {"tol": 1e-13}


def violation(model, X, y):
    """Return the largest violation of the optimality conditions."""
    w, delta = model.coef_, model.delta
    dual = np.clip(y - X @ w - model.intercept_, -delta, delta)
    c = X.T @ dual / len(y)
    lasso, ridge = model.alpha * model.l1_ratio, model.alpha * (1 - model.l1_ratio)
    ones, endless = np.ones(len(w)), np.full(len(w), np.inf)
    return max(
        naive.distance(c, w, lasso * ones, ridge * ones, -endless, endless), abs(dual.mean())
    )


def objective(model, X, y, w, b):
    """Return the objective at some coefficients and an intercept."""
    size = np.abs(y - X @ w - b)
    loss = np.where(size < model.delta, size**2 / 2, model.delta * (size - model.delta / 2))
    penalty = model.l1_ratio * np.abs(w) + (1 - model.l1_ratio) / 2 * w**2
    return loss.mean() + model.alpha * penalty.sum()


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("delta", [10.0, 1.35, 0.2, 0.01])
def test_coefficients_are_optimal(delta, l1_ratio, kind):
    for alpha in (0.3 * delta, 0.03 * delta, 0.0):
        model = HuberCD(alpha, delta=delta, l1_ratio=l1_ratio, tol=1e-12).fit(kind(X), Y)
        assert model.convergence_.converged
        assert violation(model, X, Y) <= 1e-5 * delta


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("shape", [(200, 30), (40, 90)])
def test_the_minimum_is_that_of_another_minimiser(shape, l1_ratio):
    n, p = shape
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p))
    y = X[:, 0] + rng.standard_t(1, n)
    model = HuberCD(0.05, l1_ratio=l1_ratio, **EXACT).fit(X, y)
    lasso, ridge = 0.05 * l1_ratio, 0.05 * (1 - l1_ratio)

    def split(v):
        w, b = v[:p] - v[p:-1], v[-1]
        r = y - X @ w - b
        dual = np.clip(r, -1.35, 1.35)
        slope = ridge * w - X.T @ dual / n
        value = (dual * (r - dual / 2)).mean() + lasso * v[:-1].sum() + ridge * w @ w / 2
        return value, np.r_[lasso + slope, lasso - slope, -dual.mean()]

    sides = [(0, None)] * (2 * p) + [(None, None)]
    options = {"maxiter": 50000, "maxfun": 200000, "ftol": 1e-15, "gtol": 1e-10}
    start = np.zeros(2 * p + 1)
    found = minimize(split, start, jac=True, bounds=sides, method="L-BFGS-B", options=options)
    ours = objective(model, X, y, model.coef_, model.intercept_)
    assert ours <= found.fun * (1 + 1e-12)
    np.testing.assert_allclose(model.coef_, found.x[:p] - found.x[p:-1], atol=1e-5)
    assert model.dual_gap_ <= 1e-12


@pytest.mark.parametrize("intercept", [True, False])
def test_a_large_delta_is_least_squares(intercept):
    controls = {"alpha": 0.1, "l1_ratio": 0.5, "fit_intercept": intercept, **EXACT}
    ours, squared = HuberCD(delta=1e6, **controls), ElasticNetCD(**controls)
    np.testing.assert_allclose(ours.fit(X, Y).coef_, squared.fit(X, Y).coef_, atol=1e-7)
    assert ours.intercept_ == pytest.approx(squared.intercept_)


def test_a_small_delta_is_least_absolute_deviations():
    delta, alpha = 1e-3, 0.05  # of the sum of absolute deviations / 2, which has a slope of a half
    theirs = QuantileRegressor(quantile=0.5, alpha=alpha, solver="highs").fit(X, Y)
    ours = HuberCD(2 * alpha * delta, delta=delta, max_iter=10000).fit(X, Y)

    def deviations(model):
        sizes = np.abs(Y - model.predict(X))
        return sizes.mean() / 2 + alpha * np.abs(model.coef_).sum()

    assert ours.convergence_.converged
    assert deviations(ours) == pytest.approx(deviations(theirs), abs=delta / 2)


def test_outliers_do_not_rule():
    clean = Y.copy()
    clean[::10] = 50.0
    model = HuberCD(0.02, **EXACT).fit(X, clean)
    for size in (1e3, 1e6, 1e9):
        y = clean.copy()
        y[::10] = size
        far = HuberCD(0.02, **EXACT).fit(X, y)
        np.testing.assert_allclose(far.coef_, model.coef_, atol=1e-6)
        assert far.intercept_ == pytest.approx(model.intercept_, abs=1e-6)
    honest = HuberCD(0.02, **EXACT).fit(X, Y)
    assert np.abs(model.coef_ - honest.coef_).max() < 0.3
    least_squares = ElasticNetCD(0.02, l1_ratio=1.0).fit(X, y)
    assert np.abs(least_squares.coef_).max() > 1e6


@pytest.mark.parametrize(
    "name", ["constant", "far away", "three samples", "saturated", "all beyond", "copies", "tiny"]
)
def test_ugly_data_converge(name):
    data, y, delta, alpha = X, Y, 1.35, 0.01
    if name == "constant":
        y = np.full(200, 7.0)
    if name == "far away":
        y = Y + 1e6
    if name == "three samples":
        data, y = X[:3], Y[:3]
    if name == "saturated":
        data, y, alpha = X[:20], Y[:20], 0.0
    if name == "all beyond":
        y, delta, alpha = np.where(X[:, 0] > 0, 1e3, -1e3), 1e-2, 1e-4
    if name == "copies":
        data, alpha = np.c_[X, X], 1e-4
    if name == "tiny":
        data, y, alpha = 1e-20 * X, 1e-10 * Y, 1e-30
    for l1_ratio in (1.0, 0.5):
        model = HuberCD(alpha, delta=delta, l1_ratio=l1_ratio, tol=1e-8).fit(data, y)
        assert model.convergence_.converged
        assert np.isfinite(model.coef_).all()
    if name == "far away":
        plain = HuberCD(alpha, l1_ratio=l1_ratio, tol=1e-8).fit(data, Y)
        np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-6)


def test_columns_without_penalty_have_a_finite_gap():
    """Their dual point is orthogonal to them, and nowhere beyond delta."""
    factor = np.r_[np.zeros(5), np.ones(25)]
    for delta in (1.35, 0.05):
        model = HuberCD(0.1 * delta, delta=delta, penalty_factor=factor, tol=1e-10).fit(X, Y)
        assert model.convergence_.converged
        short = HuberCD(0.1 * delta, delta=delta, penalty_factor=factor, tol=0.3).fit(X, Y)
        fit = naive.huber_fit(delta, X, Y, short.coef_, np.ones(200), True)[0]
        best = naive.huber_fit(delta, X, Y, model.coef_, np.ones(200), True)[0]
        penalty = 0.1 * delta * (np.abs(short.coef_) - np.abs(model.coef_))[5:].sum()
        assert fit - best + penalty <= short.dual_gap_ < np.inf


@pytest.mark.parametrize("delta", [0.1, 1.0, 3.0, 50.0])
def test_the_best_constant(delta):
    rng = np.random.default_rng(2)
    for n in (1, 2, 3, 50):
        y, s = 1e3 * rng.standard_t(1, (n, 1)), rng.integers(1, 4, n).astype(float)
        fit = Fit(Huber(delta), s, y, rng.standard_normal((n, 1))).balanced()
        assert abs(s @ fit.dual)[0] <= 1e-9 * delta * s.sum()
    pair = np.array([[0.0], [1000.0]])
    middle = Huber(delta).constant(np.ones(2), pair, 0.0)  # of many
    assert middle == pytest.approx(500)


def test_parabolas_above_the_loss_and_ends_of_its_conjugate():
    loss, grid = Huber(0.7), np.linspace(-20, 20, 2001)
    for eta in (-15.0, -1.0, 0.0, 0.69, 0.71, 8.0):
        value, dual, curvature = loss.near(0.0, np.array(eta))
        bent = np.maximum(curvature, loss.bound(0.0, np.array(eta)))
        parabola = value - dual * (grid - eta) + bent * (grid - eta) ** 2 / 2
        assert np.all(parabola >= loss.near(0.0, grid)[0] - 1e-12)
    duals = np.array([[0.1, 1.4], [-0.7, -0.35]])
    np.testing.assert_allclose(loss.reach(duals), [1.0, 0.5])
    assert np.isinf(loss.gap(0.0, 0.0, 0.0, np.array([-0.71, 0.71]))).all()


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_a_path_is_its_fits(kind):
    path = huber_path(kind(X), Y, alphas=8, eps=0.01, delta=0.7, tol=1e-13)
    assert not path.coefs[:, 0].any()
    for k, alpha in enumerate(path.alphas):
        fit = HuberCD(alpha, delta=0.7, **EXACT).fit(X, Y)
        np.testing.assert_allclose(path.coefs[:, k], fit.coef_, atol=1e-7)
        assert path.intercepts[k] == pytest.approx(fit.intercept_, abs=1e-7)
        assert 0 <= path.gaps[k] <= 1e-12
    np.testing.assert_allclose(path.predict(X, path.alphas[-1]), fit.predict(X), atol=1e-6)


def test_alpha_is_chosen_by_the_loss_of_folds():
    folds = KFold(4, shuffle=True, random_state=0)
    model = HuberCDCV(alphas=10, delta=0.7, eps=0.01, cv=folds, tol=1e-12).fit(X, Y)
    for k in (2, 5, 9):
        for fold, (train, test) in enumerate(folds.split(X)):
            fit = HuberCD(model.alphas_[k], delta=0.7, tol=1e-12).fit(X[train], Y[train])
            size = np.abs(Y[test] - fit.predict(X[test]))
            loss = np.where(size < 0.7, size**2 / 2, 0.7 * (size - 0.35)).mean()
            assert model.scores_path_[k, fold] == pytest.approx(-loss, rel=1e-6)
    best = model.scores_path_.mean(axis=1).argmax()
    assert model.alpha_ == model.alphas_[best]
    assert model.best_score_ == model.scores_path_.mean(axis=1).max()
    assert not hasattr(model, "mse_path_")
    whole = HuberCD(model.alpha_, delta=0.7, tol=1e-12).fit(X, Y)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-6)
    named = HuberCDCV(alphas=5, cv=folds, scoring="neg_median_absolute_error").fit(X, Y)
    assert named.best_score_ < 0


def test_a_large_delta_chooses_as_least_squares():
    options = {"alphas": 10, "eps": 0.01, "cv": 3, "l1_ratio": [0.5, 1.0], "tol": 1e-12}
    ours, theirs = HuberCDCV(delta=1e6, **options).fit(X, Y), ElasticNetCDCV(**options).fit(X, Y)
    np.testing.assert_allclose(ours.scores_path_, theirs.scores_path_ / 2, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    assert ours.l1_ratio_ == theirs.l1_ratio_


def test_a_search_passes_through():
    scores = cross_val_score(HuberCDCV(alphas=5, cv=3), X, Y, cv=3)
    assert np.isfinite(scores).all()


FITS = {
    "one": lambda delta: HuberCD(delta=delta).fit("no data", None),
    "folds": lambda delta: HuberCDCV(delta=delta).fit("no data", None),
    "path": lambda delta: huber_path("no data", None, delta=delta),
}


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("delta", "error", "got"),
    [
        (0, ValueError, "0"),
        (-1.0, ValueError, "-1.0"),
        (np.nan, ValueError, "nan"),
        (np.inf, ValueError, "inf"),
        ("1", TypeError, "'1'"),
        (None, TypeError, "None"),
        (True, TypeError, "True"),
    ],
)
def test_a_bad_delta_is_refused_before_any_work(fit, delta, error, got):
    with pytest.raises(error, match=rf"HuberCD.*: delta must be a finite number > 0; got {got}"):
        FITS[fit](delta)


def test_several_targets_are_refused():
    with pytest.raises(ValueError, match=r"y should be a 1d array, got an array of shape \(200, 2"):
        HuberCD().fit(X, np.c_[Y, Y])
