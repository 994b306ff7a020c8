"""The choice of alpha by products alone, against the decompositions and against refits."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold, ShuffleSplit

from skreg import RidgeGD, RidgeGDClassifierCV, RidgeGDCV, ridge_path
from skreg._cost import Cost
from skreg._data import Folds, as_design

from . import naive

ALPHAS = np.geomspace(1e-2, 1e2, 5)
SHAPES = {"tall": (60, 20), "wide": (30, 70)}
KINDS = [np.ascontiguousarray, np.asfortranarray, sp.csr_array, sp.csc_matrix]


def problem(shape, n_targets=None):
    """Return data of which many columns have one entry, their targets and weights."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.5) + 0.0
    lonely = np.flatnonzero(np.arange(shape[1]) % 5 > 1)
    X[:, lonely] *= np.arange(shape[0])[:, None] == lonely % shape[0]
    Y = X @ rng.standard_normal((shape[1], n_targets or 1)) + rng.standard_normal((shape[0], 1)) + 5
    s = rng.uniform(0.3, 3, shape[0])
    s[4] = 0
    return X, Y if n_targets else Y[:, 0], s


@pytest.fixture
def no_decomposition(monkeypatch):
    monkeypatch.setattr(RidgeGDCV, "_cost", Cost(longest_side=10))


FOLDS = {
    "five": KFold(5),
    "shuffled": ShuffleSplit(3, train_size=0.6, random_state=0),
    "repeated": [(np.r_[0:20, 3, 3, 7], [21, 22, 25]), (np.arange(5, 25), [1, 2, 1])],
}
OPTIONS = {
    "as they come": {},
    "no intercept": {"fit_intercept": False},
    "standardised": {"standardize": True},
    "factors": {"penalty_factor": {"x1*": 3, "x2": np.inf}},
    "free": {"penalty_factor": {"x1": 0}},
}


@pytest.mark.parametrize("cv", FOLDS.values(), ids=FOLDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("n_targets", [None, 2])
def test_folds_score_as_decompositions_do(cv, kind, shape, options, n_targets):
    X, Y, s = problem(shape, n_targets)
    if "penalty_factor" in options:
        names = np.array([f"x{j}" for j in range(shape[1])])
        factor = RidgeGD(**options)
        factor.n_features_in_, factor.feature_names_in_ = len(names), names
        options = {"penalty_factor": factor._per_feature("penalty_factor", 1.0)}
    model = RidgeGDCV(ALPHAS, cv=cv, scoring="neg_mean_squared_error", tol=1e-12, **options)
    expected = model.fit(kind(X), Y, s).cv_scores_
    model._cost = Cost(longest_side=0)
    model.fit(kind(X), Y, s)
    np.testing.assert_allclose(model.cv_scores_, expected, rtol=1e-8)
    assert model.cv_scores_.shape == (len(expected), len(ALPHAS))
    assert model.best_score_ == model.cv_scores_.mean(axis=0).max()
    assert model.convergence_.converged


def test_folds_score_as_refits_do(no_decomposition):
    X, y, s = problem((60, 20))
    model = RidgeGDCV(ALPHAS, cv=5, scoring="neg_mean_squared_error", tol=1e-12).fit(X, y, s)
    for k, (train, test) in enumerate(KFold(5).split(X)):
        mean = s[train] @ X[train] / s[train].sum()
        y_mean = s[train] @ y[train] / s[train].sum()
        for alpha, score in zip(ALPHAS, model.cv_scores_[k], strict=True):
            w = naive.ridge(X[train], y[train], alpha * np.ones(20), s[train], True)
            errors = y[test] - y_mean - (X[test] - mean) @ w
            assert score == pytest.approx(-np.average(errors**2, weights=s[test]), rel=1e-8)


def test_folds_are_solved_a_few_at_a_time_where_they_are_large(no_decomposition):
    X, y, s = problem((60, 20))
    model = RidgeGDCV(ALPHAS, cv=5, tol=1e-12)
    expected = model.fit(X, y, s).cv_scores_
    model._cost = Cost(longest_side=10, numbers_at_once=2 * 80 * 5)
    np.testing.assert_allclose(model.fit(X, y, s).cv_scores_, expected, rtol=1e-9)


def test_an_alpha_of_0_may_be_among_them(no_decomposition):
    X, y, _ = problem((60, 20))
    X += 0.1 * np.random.default_rng(1).standard_normal(X.shape)
    scores = RidgeGDCV([0, 1], cv=3, tol=1e-12).fit(X, y).cv_scores_
    for k, (train, test) in enumerate(KFold(3).split(X)):
        fit = RidgeGD(0, tol=1e-12).fit(X[train], y[train])
        assert scores[k, 0] == pytest.approx(fit.score(X[test], y[test]), rel=1e-8)


def test_folds_that_stop_short_are_told(no_decomposition):
    X, y, _ = problem((60, 20))
    with pytest.warns(ConvergenceWarning, match=r"RidgeGDCV: alpha is chosen by fits .*max_iter"):
        RidgeGDCV([1e-4], cv=3, max_iter=3).fit(X, y)


def test_classes_have_folds_too(no_decomposition):
    X, y, _ = problem((60, 20))
    labels = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    model = RidgeGDClassifierCV(ALPHAS, cv=3).fit(X, labels)
    assert model.cv_scores_.shape == (3, 5)
    assert 0.4 < model.best_score_ <= 1


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", [np.ascontiguousarray, sp.csr_array])
def test_folds_answer_as_their_rows_would(shape, kind):
    X, Y, s = problem(shape, 4)
    counts = np.zeros((len(X), 2))
    counts[: len(X) // 2, 0], counts[5:, 1], counts[7, 0] = 1, 1, 2
    design = as_design(kind(X), s, centre=True, standardize=True)
    view = Folds(design, counts, centre=True)
    scaled, rng = X / design.scale, np.random.default_rng(1)
    q, root = rng.uniform(0.5, 2, X.shape[1]), np.sqrt(s)[:, None]
    w, u = rng.standard_normal((X.shape[1], 4)), rng.standard_normal((len(X), 4))
    y, means = view.targets(Y[:, :2], centre=True)
    for f, count in enumerate(counts.T):
        weights, part = s * count, slice(2 * f, 2 * f + 2)
        Z = np.sqrt(count)[:, None] * (scaled - weights @ scaled / weights.sum())
        centred = Y[:, :2] - weights @ Y[:, :2] / weights.sum()
        close = {"rtol": 1e-10, "atol": 1e-10}
        np.testing.assert_allclose(means[f], weights @ Y[:, :2] / weights.sum())
        np.testing.assert_allclose(y[:, part], np.sqrt(count)[:, None] * centred, **close)
        np.testing.assert_allclose(view.matvec(w)[:, part], Z @ w[:, part], **close)
        r = Z @ w[:, part]
        np.testing.assert_allclose(
            view.rmatvec(np.c_[r, r])[:, part], Z.T @ (s[:, None] * r), **close
        )
        gram = np.sqrt(q)[:, None] * (Z.T @ (s[:, None] * Z)) * np.sqrt(q)
        operator = view.gram_operator(np.sqrt(q)[:, None])
        np.testing.assert_allclose(operator(w)[:, part], gram @ w[:, part], **close)
        kernel = root * (Z * q @ Z.T) * root.T
        operator = view.kernel_operator(q, root)
        for _ in range(10):  # after some calls it leaves out columns
            product = operator(u)[:, part]
        np.testing.assert_allclose(product, kernel @ u[:, part], **close)


def both(X, y, s, **options):
    """Return the errors by decomposition, and the model with estimates."""
    model = RidgeGDCV(ALPHAS, criterion="gcv", store_cv_results=True, tol=1e-12, **options)
    expected = model.fit(X, y, s).cv_results_.mean(axis=0)
    model._cost = Cost(longest_side=10)
    return expected, model.fit(X, y, s)


@pytest.mark.parametrize("shape", [(400, 150), (150, 400)])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": True}])
@pytest.mark.parametrize("weighted", [False, True])
def test_gcv_is_estimated_with_its_standard_error(shape, options, weighted):
    X, y, s = problem(shape)
    s = s if weighted else None
    expected, model = both(sp.csr_array(X), y, s, **options)
    scores = -model.cv_results_.mean(axis=0)
    error = model.score_std_error_
    assert error.shape == (5,)
    assert np.all((error > 0) & (error < 0.2 * expected))
    assert np.all(np.abs(scores + expected) < 4 * error)
    assert model.best_score_ == pytest.approx(scores.max())


def test_the_standard_error_is_that_of_other_vectors(monkeypatch):
    X, y, _ = problem((150, 400))
    expected, model = both(X, y, None)
    errors, generator = [], np.random.default_rng
    for seed in range(40):
        monkeypatch.setattr(np.random, "default_rng", lambda _, seed=seed: generator(seed))
        model.fit(X, y)
        errors.append((model.cv_results_.mean(axis=0) - expected) / model.score_std_error_)
    assert np.all(np.abs(np.mean(errors, axis=0)) < 0.6)  # 40 draws: 0.16 if there is no bias
    assert np.all((np.std(errors, axis=0) > 0.7) & (np.std(errors, axis=0) < 1.5))


def test_estimates_are_announced_and_the_same_each_time(no_decomposition):
    X, y, _ = problem((60, 20))
    with pytest.warns(UserWarning, match=r"RidgeGDCV: leave-one-out needs .* score_std_error_"):
        model = RidgeGDCV(ALPHAS).fit(X, y)
    again = RidgeGDCV(ALPHAS, criterion="gcv").fit(X, y)
    np.testing.assert_array_equal(model.score_std_error_, again.score_std_error_)
    assert model.best_score_ == again.best_score_
    assert not hasattr(again.set_params(cv=3, criterion="loo").fit(X, y), "score_std_error_")


def test_estimates_per_target(no_decomposition):
    X, Y, _ = problem((60, 20), 2)
    model = RidgeGDCV(ALPHAS, criterion="gcv", alpha_per_target=True).fit(X, Y)
    assert model.score_std_error_.shape == (2, 5)
    assert model.alpha_.shape == (2,)


def test_unpenalised_columns_leave_no_estimate(no_decomposition):
    X, y, _ = problem((60, 20))
    with pytest.raises(ValueError, match=r"unpenalised features.*60 samples and 13.*Use cv=5"):
        RidgeGDCV(penalty_factor=np.r_[0, np.ones(19)]).fit(X, y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_path_is_its_fits(shape, kind, monkeypatch):
    X, Y, s = problem(shape, 2)
    monkeypatch.setattr(RidgeGD, "_cost", Cost(largest_gram=0))
    path = ridge_path(kind(X), Y, alphas=ALPHAS, sample_weight=s, tol=1e-12)
    for k, alpha in enumerate(path.alphas):
        fit = RidgeGD(alpha, tol=1e-12).fit(kind(X), Y, s)
        np.testing.assert_allclose(path.coefs[:, :, k], fit.coef_, rtol=1e-8, atol=1e-10)


def test_traces_that_stop_short_are_told(no_decomposition):
    X, y, _ = problem((60, 20))
    model = RidgeGDCV([1e-6], criterion="gcv", tol=1, max_iter=1)
    with pytest.warns(ConvergenceWarning, match=r"RidgeGDCV: alpha is chosen by fits") as caught:
        model.set_params(tol=1e-3).fit(X, y)
    assert caught[0].filename == __file__
