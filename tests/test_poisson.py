"""PoissonCD and its selection: what they do not share with the other estimators."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance
from sklearn.model_selection import KFold, cross_val_score

from skreg import PoissonCD, PoissonCDCV, poisson_path

RNG = np.random.default_rng(0)
X = RNG.standard_normal((200, 30))
YEARS = RNG.uniform(0.5, 4, 200)
Y = RNG.poisson(YEARS * np.exp(0.6 * X[:, 0] - 0.4 * X[:, 1])).astype(float)
EXACT = {"tol": 1e-13}


def violation(model, X, y, alpha, l1_ratio=1.0, mean=1.0):
    """Return the largest violation of the optimality conditions."""
    w, error = model.coef_, y - mean * np.exp(X @ model.coef_ + model.intercept_)
    c = X.T @ error / len(y) - alpha * (1 - l1_ratio) * w
    off = np.maximum(np.abs(c) - alpha * l1_ratio, 0)
    on = np.abs(c - alpha * l1_ratio * np.sign(w))
    return max(np.where(w == 0, off, on).max(), abs(error.mean()))


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5, 0.0])
def test_coefficients_are_optimal(l1_ratio, kind):
    for alpha in (0.3, 0.03, 1e-3):
        model = PoissonCD(alpha, l1_ratio=l1_ratio, **EXACT).fit(kind(X), Y)
        assert model.convergence_.converged
        assert violation(model, X, Y, alpha, l1_ratio) <= 1e-6


@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("weights", [None, np.arange(200) % 3])
def test_l2_alone_has_the_coefficients_of_scikit_learn(alpha, weights):
    ours = PoissonCD(alpha, l1_ratio=0.0, **EXACT).fit(X, Y, weights)
    theirs = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12)
    theirs.fit(X, Y, weights)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert ours.intercept_ == pytest.approx(theirs.intercept_)
    assert ours.score(X, Y, weights) == pytest.approx(theirs.score(X, Y, weights))
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)


def test_exposures_are_weights_of_rates():
    """The loss is e exp(eta) - y eta = e (exp(eta) - y / e eta): a rate that counts e times."""
    ours = PoissonCD(0.1, l1_ratio=0.0, **EXACT).fit(X, Y, exposure=YEARS)
    same = PoissonRegressor(alpha=0.1 / YEARS.mean(), solver="newton-cholesky", tol=1e-12)
    same.fit(X, Y / YEARS, YEARS)
    np.testing.assert_allclose(ours.coef_, same.coef_, atol=1e-6)
    offset = PoissonCD(0.1, l1_ratio=0.0, **EXACT).fit(X, Y, offset=np.log(YEARS))
    np.testing.assert_allclose(offset.coef_, ours.coef_, atol=1e-9)
    model = PoissonCD(0.05, **EXACT).fit(X, Y, exposure=YEARS)
    assert violation(model, X, Y, 0.05, mean=YEARS) <= 1e-6
    rates = model.predict(X)
    np.testing.assert_allclose(model.predict(X, exposure=YEARS), YEARS * rates)
    np.testing.assert_allclose(model.predict(X, offset=np.log(YEARS)), YEARS * rates)
    null = mean_poisson_deviance(Y, np.full(200, Y.mean()))
    explained = 1 - mean_poisson_deviance(Y, YEARS * rates) / null
    assert model.score(X, Y, exposure=YEARS) == pytest.approx(explained)


def test_the_intercept_alone_is_the_mean_rate():
    model = PoissonCD(100.0).fit(X, Y, exposure=YEARS)
    assert not model.coef_.any()
    assert np.exp(model.intercept_) == pytest.approx(Y.sum() / YEARS.sum())


def test_counts_without_an_intercept_need_no_centring():
    model = PoissonCD(0.01, fit_intercept=False, **EXACT).fit(X, Y)
    w, error = model.coef_, Y - np.exp(X @ model.coef_)
    c = X.T @ error / 200
    assert model.intercept_ == 0
    np.testing.assert_allclose(np.abs(c[w != 0]), 0.01, atol=1e-6)
    assert np.abs(c).max() <= 0.01 + 1e-6


def test_large_counts_and_extreme_offsets_converge():
    y = RNG.poisson(1e6 * np.exp(X[:, 0]))
    model = PoissonCD(1.0).fit(X, y)
    assert model.convergence_.converged
    assert model.coef_[0] == pytest.approx(1, abs=0.01)
    for end in (30, 700):
        model = PoissonCD(0.1).fit(X, Y, offset=np.linspace(-end, end, 200))
        assert model.convergence_.converged


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_a_path_is_its_fits(kind):
    path = poisson_path(kind(X), Y, alphas=8, eps=0.01, exposure=YEARS, tol=1e-13)
    assert not path.coefs[:, 0].any()
    for k, alpha in enumerate(path.alphas):
        fit = PoissonCD(alpha, **EXACT).fit(X, Y, exposure=YEARS)
        np.testing.assert_allclose(path.coefs[:, k], fit.coef_, atol=1e-7)
        assert path.intercepts[k] == pytest.approx(fit.intercept_, abs=1e-7)
        assert 0 <= path.gaps[k] <= 1e-12
    np.testing.assert_allclose(path.predict(X, path.alphas[-1]), fit.predict(X), rtol=1e-6)
    assert path.link == "log"


def test_alpha_is_chosen_by_the_deviance_of_folds():
    folds = KFold(4, shuffle=True, random_state=0)
    model = PoissonCDCV(alphas=10, eps=0.01, cv=folds, tol=1e-12)
    model.fit(X, Y, exposure=YEARS)
    for k in (2, 5, 9):
        for fold, (train, test) in enumerate(folds.split(X)):
            fit = PoissonCD(model.alphas_[k], tol=1e-12)
            fit.fit(X[train], Y[train], exposure=YEARS[train])
            means = fit.predict(X[test], exposure=YEARS[test])
            expected = -mean_poisson_deviance(Y[test], means)
            assert model.scores_path_[k, fold] == pytest.approx(expected, rel=1e-6)
    best = model.scores_path_.mean(axis=1).argmax()
    assert model.alpha_ == model.alphas_[best]
    assert model.best_score_ == model.scores_path_.mean(axis=1).max()
    whole = PoissonCD(model.alpha_, tol=1e-12).fit(X, Y, exposure=YEARS)
    np.testing.assert_allclose(model.coef_, whole.coef_, atol=1e-6)
    named = PoissonCDCV(
        alphas=10, eps=0.01, cv=folds, scoring="neg_mean_poisson_deviance", tol=1e-12
    )
    named.fit(X, Y, exposure=YEARS)
    np.testing.assert_allclose(named.scores_path_, model.scores_path_, rtol=1e-4)


def test_a_search_passes_through():
    scores = cross_val_score(PoissonCDCV(alphas=5, cv=3), X, Y, cv=3)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (Y - 5, {}, "PoissonCD: y must have counts, all >= 0; got -5"),
        (0 * Y, {}, "PoissonCD: y must have a count > 0 with a weight > 0: got zeros alone"),
        (Y, {"offset": np.zeros(3)}, r"offset must be an array of shape \(200,\); got .*3"),
        (Y, {"exposure": np.zeros(200)}, "exposure must be > 0 for every sample; got '?0"),
        (Y, {"offset": np.full(200, np.nan)}, "offset contains NaN"),
        (Y, {"offset": Y, "exposure": Y}, "pass offset or exposure, not both"),
        (np.c_[Y, Y], {}, r"y should be a 1d array, got an array of shape \(200, 2\)"),
        (np.full(200, np.inf), {}, "Input y contains infinity"),
        (np.full(200, "many"), {}, "could not convert string to float: .*many"),
    ],
)
def test_errors_say_what_is_allowed(y, options, message):
    with pytest.raises(ValueError, match=message):
        PoissonCD().fit(X, y, **options)


def test_an_offset_of_the_wrong_length_is_refused_at_prediction():
    with pytest.raises(ValueError, match=r"exposure must be an array of shape \(5,\)"):
        PoissonCD().fit(X, Y).predict(X[:5], exposure=YEARS)
