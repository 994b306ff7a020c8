"""The choice of alpha for ridge: against refits without each sample, and scikit-learn's answers."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    LinearRegression,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
)
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ShuffleSplit, cross_val_score
from sklearn.preprocessing import LabelBinarizer

from skreg import RidgeGD, RidgeGDClassifier, RidgeGDClassifierCV, RidgeGDCV
from skreg._data import as_design
from skreg._problem.penalties import ElasticNet
from skreg._solvers.eigen_dual import DualSpectrum

from . import naive

ALPHAS = np.geomspace(1e-2, 1e3, 6)
SHAPES = {"tall": (60, 8), "square": (24, 24), "saturated": (25, 24), "wide": (18, 40)}
KINDS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
}


def problem(shape, n_targets=None, seed=0):
    """Return data with many zeros, unequal columns, their targets and weights."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.7) * np.linspace(0.5, 3, shape[1]) + 0.0
    Y = X @ rng.standard_normal((shape[1], n_targets or 1)) + rng.standard_normal((shape[0], 1)) + 5
    return X, Y if n_targets else Y[:, 0], rng.uniform(0.3, 3, shape[0])


def fitted(X, y, s, penalty, intercept):
    """Return what predicts new rows: ridge by its closed form, columns with inf left out."""
    used = np.isfinite(penalty)
    w = naive.ridge(X[:, used], y, penalty[used], s, intercept)
    x_mean = np.average(X[:, used], axis=0, weights=s) * intercept
    y_mean = np.average(y, axis=0, weights=s) * intercept
    return lambda new: y_mean + (new[:, used] - x_mean) @ w


def refits(X, y, alphas, s=None, factor=None, intercept=True):
    """Return the errors of each sample in the model that has not seen it, by alpha."""
    s = np.ones(len(y)) if s is None else s
    factor = np.ones(X.shape[1]) if factor is None else factor
    errors = np.empty((*y.shape, len(alphas)))
    for k, alpha in enumerate(alphas):
        for i in range(len(y)):
            rest = np.arange(len(y)) != i
            predict = fitted(X[rest], y[rest], s[rest], alpha * factor, intercept)
            errors[i, ..., k] = (y[i : i + 1] - predict(X[i : i + 1]))[0]
    return errors


def leave_one_out(X, y, s=None, alphas=ALPHAS, **options):
    return RidgeGDCV(alphas, store_cv_results=True, **options).fit(X, y, s)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
def test_errors_are_those_of_refits(shape, intercept, weighted):
    X, y, s = problem(shape)
    s = s if weighted else np.ones(len(y))
    expected = s[:, None] * refits(X, y, ALPHAS, s, intercept=intercept) ** 2
    means = expected.mean(axis=0)
    for kind in KINDS.values():
        model = leave_one_out(kind(X), y, s, fit_intercept=intercept)
        np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8, atol=1e-12)
        assert model.alpha_ == ALPHAS[means.argmin()]
        assert model.best_score_ == pytest.approx(-means.min(), rel=1e-9)
        fit = RidgeGD(model.alpha_, fit_intercept=intercept, tol=1e-12).fit(kind(X), y, s)
        np.testing.assert_allclose(model.coef_, fit.coef_, rtol=1e-9, atol=1e-9)
        assert model.intercept_ == pytest.approx(fit.intercept_, rel=1e-9, abs=1e-9)
        assert model.convergence_.converged


FACTORS = {
    "free": lambda p: np.r_[0, 0, np.linspace(0.1, 4, p - 2)],
    "left out": lambda p: np.r_[np.inf, 2, np.inf, np.ones(p - 3)],
    "both": lambda p: np.r_[0, np.inf, 5, 0, np.ones(p - 4)],
    "all free": lambda p: np.r_[0, 0, 0, np.full(p - 3, np.inf)],
    "nothing": lambda p: np.full(p, np.inf),
}


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", ["C", "csr"])
def test_factors_of_0_and_inf(factor, shape, intercept, kind):
    X, Y, s = problem(shape, n_targets=2)
    f = FACTORS[factor](shape[1])
    model = leave_one_out(KINDS[kind](X), Y, s, penalty_factor=f, fit_intercept=intercept)
    expected = s[:, None, None] * refits(X, Y, ALPHAS, s, f, intercept) ** 2
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8, atol=1e-12)
    used, w = np.isfinite(f), np.zeros((shape[1], 2))
    w[used] = naive.ridge(X[:, used], Y, model.alpha_ * f[used], s, intercept)
    np.testing.assert_allclose(model.coef_, w.T, rtol=1e-9, atol=1e-9)
    train = np.setdiff1d(np.arange(len(Y)), [0, 3, 5])
    folds = [(train, [0, 3, 5])]
    options = {"penalty_factor": f, "fit_intercept": intercept, "cv": folds}
    options["scoring"] = "neg_mean_squared_error"
    (scores,) = RidgeGDCV(ALPHAS, **options).fit(KINDS[kind](X), Y, s).cv_scores_
    for alpha, score in zip(ALPHAS, scores, strict=True):
        known = fitted(X[train], Y[train], s[train], alpha * f, intercept)(X[[0, 3, 5]])
        errors = np.average((Y[[0, 3, 5]] - known) ** 2, axis=0, weights=s[[0, 3, 5]])
        assert score == pytest.approx(-errors.mean(), rel=1e-9)


DEGENERATE = {
    "duplicated": lambda X: np.c_[X, X[:, :4], X[:, :4]],
    "rank 1": lambda X: np.outer(X[:, 0], np.arange(1.0, 1 + X.shape[1])),
    "a constant column": lambda X: np.c_[X, np.full(len(X), 0.1)],
    "offsets": lambda X: X + 1e6,
    "equal rows": lambda X: X[np.arange(len(X)) // 2],
}


@pytest.mark.parametrize("spoil", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("weighted", [False, True])
def test_degenerate_data(spoil, shape, weighted):
    X, y, s = problem(shape)
    X, s = spoil(np.round(X * 1024) / 1024), s if weighted else None
    model = leave_one_out(X, y, s)
    moved = X - X[0]  # exact; the reference loses digits to offsets
    expected = refits(moved, y, ALPHAS, s) ** 2 * (1 if s is None else s[:, None])
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-7, atol=1e-12)
    coef = naive.ridge(moved, y, np.full(X.shape[1], model.alpha_), s)
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [(18, 40), (25, 24)])
def test_tiny_alphas_cost_no_digits_where_samples_are_few(shape):
    X, y, s = problem(shape)
    errors = np.empty(len(y))
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        Xc, yc = naive.centred(X[rest], y[rest], s[rest], True)
        root = np.sqrt(s[rest])
        w = np.linalg.lstsq(root[:, None] * Xc, root * yc, rcond=None)[0]
        errors[i] = y[i] - np.average(y[rest] - X[rest] @ w, weights=s[rest]) - X[i] @ w
    model = leave_one_out(X, y, s, alphas=[1e-12])
    np.testing.assert_allclose(model.cv_results_[:, 0], s * errors**2, rtol=1e-7)


def test_tiny_alphas_make_no_noise_of_directions_without_variance():
    X, y, s = problem((60, 8))
    model = leave_one_out(np.c_[X, X], y, s, alphas=[1e-16])
    expected = s[:, None] * refits(X, y, [0.5e-16], s) ** 2
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-9)
    np.testing.assert_allclose(model.coef_[:8], model.coef_[8:], rtol=1e-9)
    X, y, s = problem((9, 40))
    y = np.random.default_rng(1).standard_normal(18)
    twice, s = np.r_[X, X], np.r_[s, s]
    model = leave_one_out(twice, y, s, alphas=[1e-12])  # the other one of two equal rows is fitted
    expected = s * (y - np.roll(y, 9)) ** 2
    np.testing.assert_allclose(model.cv_results_[:, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("free", [[0, 1], [0, 1, 2]])
@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
def test_free_columns_that_say_the_same_count_once(free, shape):
    X, y, s = problem(shape)
    factor = np.ones(shape[1])
    factor[free] = 0
    expected = leave_one_out(X, y, s, penalty_factor=factor).cv_results_
    twice = np.c_[X[:, free] @ np.arange(1.0, 1 + len(free)), X, X[:, free]]
    factor = np.r_[0, factor, np.zeros(len(free))]
    model = leave_one_out(twice, y, s, penalty_factor=factor)
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_standardize_takes_the_variances_of_all_data(shape):
    X, y, s = problem(shape)
    mean = np.average(X, axis=0, weights=s)
    variance = np.average((X - mean) ** 2, axis=0, weights=s)
    model = leave_one_out(X, y, s, standardize=True)
    expected = s[:, None] * refits(X, y, ALPHAS, s, variance) ** 2
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8, atol=1e-12)
    coef = naive.ridge(X, y, model.alpha_ * variance, s)
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-9, atol=1e-9)
    cv = KFold(3)
    in_folds = RidgeGDCV(ALPHAS, standardize=True, cv=cv).fit(X, y, s)
    as_factor = RidgeGDCV(ALPHAS, penalty_factor=variance, cv=cv).fit(X, y, s)
    assert in_folds.best_score_ == pytest.approx(as_factor.best_score_, rel=1e-9)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("kind", ["C", "csr"])
@pytest.mark.parametrize("factor", ["free", "left out"])
def test_samples_without_weight_are_predicted_but_do_not_count(shape, kind, factor):
    X, y, s = problem(shape)
    s[::4] = 0
    f = FACTORS[factor](shape[1])
    model = leave_one_out(KINDS[kind](X), y, s, penalty_factor=f, scoring="r2")
    expected = y[:, None] - refits(X, y, ALPHAS, s, f)
    np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8)
    counted = leave_one_out(KINDS[kind](X[s > 0]), y[s > 0], s[s > 0], penalty_factor=f)
    np.testing.assert_allclose(model.coef_, counted.coef_, rtol=1e-8, atol=1e-9)


def hat(X, s, penalty, intercept):
    """Return the matrix that takes sqrt(s) * y to its fit."""
    root = np.sqrt(s)
    columns = [fitted(X, unit / root, s, penalty, intercept)(X) * root for unit in np.eye(len(X))]
    return np.array(columns).T


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
def test_generalised_cross_validation(shape, intercept):
    X, y, s = problem(shape)
    f = FACTORS["both"](shape[1])
    options = {"penalty_factor": f, "fit_intercept": intercept}
    model = leave_one_out(X, y, s, criterion="gcv", **options)
    for k, alpha in enumerate(ALPHAS):
        rest = np.eye(len(y)) - hat(X, s, alpha * f, intercept)
        errors = rest @ (np.sqrt(s) * y) / (np.trace(rest) / len(y))
        np.testing.assert_allclose(model.cv_results_[:, k], errors**2, rtol=1e-7, atol=1e-12)
    s[:3] = 0
    model = leave_one_out(X, y, s, criterion="gcv", scoring="r2", **options)
    without = leave_one_out(X[3:], y[3:], s[3:], criterion="gcv", scoring="r2", **options)
    np.testing.assert_allclose(model.cv_results_[3:], without.cv_results_, rtol=1e-8)
    for k, alpha in enumerate(ALPHAS):
        predict = fitted(X[3:], y[3:], s[3:], alpha * f, intercept)
        mean = 1 - np.trace(hat(X[3:], s[3:], alpha * f, intercept)) / (len(y) - 3)
        errors = y[:3] - model.cv_results_[:3, k]
        np.testing.assert_allclose(errors, (y[:3] - predict(X[:3])) / mean, rtol=1e-7)


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
@pytest.mark.parametrize("per_target", [False, True])
@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
@pytest.mark.parametrize("weighted", [False, True])
def test_answers_are_those_of_scikit_learn(shape, n_targets, per_target, scoring, weighted):
    X, y, s = problem(shape, n_targets)
    if n_targets == 3:
        y[:, 1] = np.random.default_rng(1).standard_normal(len(y))  # wants another alpha
    options = {"scoring": scoring, "store_cv_results": True}
    options["alpha_per_target"] = per_target and n_targets == 3  # else scikit-learn may fail
    ours = RidgeGDCV(ALPHAS, **options).fit(X, y, s if weighted else None)
    theirs = RidgeCV(ALPHAS, **options).fit(X, y, s if weighted else None)
    # Predictions are of size 10, and some are near 0: differences, of which 1e-10 is the rounding.
    atol = 1e-12 if scoring is None else 1e-10
    np.testing.assert_allclose(ours.cv_results_, theirs.cv_results_, rtol=1e-8, atol=atol)
    np.testing.assert_array_equal(ours.alpha_, theirs.alpha_)
    np.testing.assert_allclose(ours.best_score_, theirs.best_score_, rtol=1e-8)
    assert np.shape(ours.alpha_) == np.shape(theirs.alpha_) == np.shape(ours.best_score_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-8)
    assert ours.coef_.shape == theirs.coef_.shape
    if per_target and n_targets != 3:
        options["alpha_per_target"] = True
        alone = RidgeGDCV(ALPHAS, **options).fit(X, y, s if weighted else None)
        assert (alone.alpha_, alone.best_score_) == (ours.alpha_, ours.best_score_)


def test_alphas_per_target_differ_where_targets_do():
    X, Y, _ = problem((60, 8), 3)
    Y[:, 1] = np.random.default_rng(1).standard_normal(60)
    model = RidgeGDCV(ALPHAS, alpha_per_target=True).fit(X, Y)
    assert len(set(model.alpha_)) > 1
    for k, column in enumerate(Y.T):
        alone = RidgeGDCV(ALPHAS).fit(X, column)
        assert model.alpha_[k] == alone.alpha_
        np.testing.assert_allclose(model.coef_[k], alone.coef_, rtol=1e-9, atol=1e-9)


def bootstrap(n):
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, n, n) for _ in range(3)]
    return [(train, np.setdiff1d(np.arange(n), train)) for train in rows]


SPLITTERS = {
    "number": lambda n: 4,
    "shuffled": lambda n: KFold(3, shuffle=True, random_state=0),
    "random": lambda n: ShuffleSplit(3, test_size=0.3, random_state=0),
    "small training sets": lambda n: ShuffleSplit(3, train_size=0.3, random_state=0),
    "masks": lambda n: [(np.arange(n) % 3 != k, np.arange(n) % 3 == k) for k in range(3)],
    "bootstrap": bootstrap,
}


@pytest.mark.parametrize("cv", SPLITTERS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("options", [(None, True), ("neg_mean_squared_error", False)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_folds_are_those_of_a_grid_search(cv, shape, options, weighted):
    scoring, intercept = options
    X, y, s = problem(shape)
    s, cv = s if weighted else None, SPLITTERS[cv](len(y))
    ridge = Ridge(fit_intercept=intercept, solver="svd")
    search = GridSearchCV(ridge, {"alpha": ALPHAS}, cv=cv, scoring=scoring).fit(
        X, y, sample_weight=s
    )
    words = {"cv": cv, "scoring": scoring, "fit_intercept": intercept}
    expected = [search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)]
    for kind in ("C", "F", "csr"):
        model = RidgeGDCV(ALPHAS, **words).fit(KINDS[kind](X), y, s)
        np.testing.assert_allclose(model.cv_scores_, expected, rtol=1e-8)
        assert model.alpha_ == search.best_params_["alpha"]
        assert model.best_score_ == pytest.approx(search.best_score_, rel=1e-8)
        coef = search.best_estimator_.coef_
        np.testing.assert_allclose(model.coef_, coef, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
def test_folds_of_several_targets_far_from_0(shape):
    X, Y, s = problem(shape, 3)
    X, Y = X + 1e4, Y - 1e4
    search = GridSearchCV(Ridge(solver="svd"), {"alpha": ALPHAS}, cv=3).fit(X, Y, sample_weight=s)
    model = RidgeGDCV(ALPHAS, cv=3).fit(X, Y, s)
    assert model.alpha_ == search.best_params_["alpha"]
    assert model.best_score_ == pytest.approx(search.best_score_, rel=1e-8)


def test_a_column_that_is_constant_in_a_fold():
    X, y, _ = problem((30, 4))
    X[:, 1] = 7 + 0.1 * (np.arange(30) < 10)
    for factor in (np.ones(4), np.r_[1, 0, 1, 1]):
        model = RidgeGDCV([1.0], cv=3, penalty_factor=factor, scoring="r2").fit(X, y)
        scores = []
        for train, test in KFold(3).split(X):
            fit = RidgeGD(1.0, penalty_factor=factor).fit(X[train], y[train])
            scores.append(fit.score(X[test], y[test]))
        assert model.best_score_ == pytest.approx(np.mean(scores), rel=1e-9)


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
@pytest.mark.parametrize("intercept", [True, False])
def test_an_outlier_in_a_fold_costs_the_others_no_digits(shape, intercept):
    X, y, _ = problem(shape)
    X[1, 2] = 2.0**27
    train, test = np.arange(6, len(y)), np.arange(6)
    options = {"fit_intercept": intercept, "cv": [(train, test)]}
    model = RidgeGDCV([1.0], scoring=lambda model, X, y: -X[0], **options).fit(X, y)
    known = fitted(X[train], y[train], np.ones(len(train)), np.ones(shape[1]), intercept)(X[test])
    assert -model.best_score_ == pytest.approx(known[0], rel=1e-7)


@pytest.mark.parametrize("intercept", [True, False])
def test_columns_along_a_free_one_in_folds(intercept):
    X, y, s = problem((18, 40))
    X[:, 1:] += 1e3 * X[:, [0]]  # their products lose six digits
    train, test, factor = np.arange(6, 18), np.arange(6), np.r_[0, np.ones(39)]
    options = {"fit_intercept": intercept, "cv": [(train, test)], "penalty_factor": factor}
    model = RidgeGDCV([1.0], scoring=lambda model, X, y: -X[0], **options).fit(X, y, s)
    known = fitted(X[train], y[train], s[train], factor, intercept)(X[test])
    assert -model.best_score_ == pytest.approx(known[0], rel=1e-6)


def test_metadata_are_routed_to_the_splitter_and_the_scorer():
    X, y, s = problem((60, 8))
    groups = np.arange(60) % 7
    by_hand = RidgeGDCV(ALPHAS, cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y, s)
    with config_context(enable_metadata_routing=True):
        routed = RidgeGDCV(ALPHAS, cv=GroupKFold(3)).fit(X, y, sample_weight=s, groups=groups)
        scorer = make_scorer(mean_absolute_error).set_score_request(sample_weight=True)
        asked = RidgeGDCV(ALPHAS, scoring=scorer).fit(X, y, sample_weight=s)
        scorer = make_scorer(mean_absolute_error).set_score_request(sample_weight=False)
        not_asked = RidgeGDCV(ALPHAS, scoring=scorer).fit(X, y, sample_weight=s)
    assert routed.best_score_ == by_hand.best_score_
    errors = np.abs(refits(X, y, [asked.alpha_], s)[:, 0])
    assert asked.best_score_ == pytest.approx(np.average(errors, weights=s), rel=1e-8)
    errors = np.abs(refits(X, y, [not_asked.alpha_], s)[:, 0])
    assert not_asked.best_score_ == pytest.approx(errors.mean(), rel=1e-8)
    with pytest.raises(ValueError, match="RidgeGDCV: passing groups to the splitter or the scorer"):
        RidgeGDCV(cv=GroupKFold(3)).fit(X, y, groups=groups)


def test_a_scorer_that_takes_no_weights_gets_none():
    X, y, s = problem((60, 8))

    def worst(estimator, X, y):
        return -np.abs(y - estimator.predict(X)).max()

    model = RidgeGDCV(ALPHAS, scoring=worst).fit(X, y, s)
    largest = np.abs(refits(X, y, ALPHAS, s)).max(axis=0)
    assert model.alpha_ == ALPHAS[largest.argmin()]
    assert model.best_score_ == pytest.approx(-largest.min(), rel=1e-8)


def test_of_equal_scores_the_first_wins_and_nan_never():
    X, y, _ = problem((60, 8))
    assert RidgeGDCV([3, 1, 2], scoring=lambda *_: 0.5).fit(X, y).alpha_ == 3
    scores = iter([np.nan, 1.0, 2.0])
    assert RidgeGDCV([3, 1, 2], scoring=lambda *_: next(scores)).fit(X, y).alpha_ == 2
    with pytest.raises(ValueError, match="RidgeGDCV: no alpha has a score that is a number"):
        RidgeGDCV(scoring=lambda *_: np.nan).fit(X, y)


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
def test_float32_is_kept(shape):
    X, y, s = problem(shape)
    X = X.astype(np.float32)
    model = leave_one_out(X, y.astype(np.float32), s)
    assert model.coef_.dtype == model.cv_results_.dtype == model.intercept_.dtype == np.float32
    exact = leave_one_out(X.astype(float), y.astype(np.float32).astype(float), s)
    np.testing.assert_allclose(model.cv_results_, exact.cv_results_, rtol=1e-6)
    assert model.alpha_ == exact.alpha_


def test_weights_are_repeated_rows_in_folds():
    X, y, s = problem((60, 8))
    s = np.floor(2 * s)
    row, group = np.repeat(np.arange(60), s.astype(int)), np.arange(60) % 3
    folds, repeated = (
        [(np.flatnonzero(g != k), np.flatnonzero(g == k)) for k in range(3)]
        for g in (group, group[row])
    )
    weighted = RidgeGDCV(ALPHAS, cv=folds).fit(X, y, s)
    without = RidgeGDCV(ALPHAS, cv=repeated).fit(X[row], y[row])
    assert weighted.best_score_ == pytest.approx(without.best_score_, rel=1e-9)
    np.testing.assert_allclose(weighted.coef_, without.coef_, rtol=1e-8, atol=1e-9)


FOLDED = {"cv": 5, "scoring": "neg_mean_squared_error"}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("options", [{}, {"criterion": "gcv"}, FOLDED], ids=str)
def test_tall_data_are_not_copied(order, options):
    """Products of the samples of a fold are summed in blocks, to what they are at once."""
    rng = np.random.default_rng(0)
    X = np.array(rng.standard_normal((150_000, 60)), order=order)
    y, s = X[:, 0] + rng.standard_normal(len(X)), rng.uniform(0.5, 2, len(X))
    X.flags.writeable = False
    model = RidgeGDCV(**options)
    tracemalloc.start()
    model.fit(X, y, s)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.7 * X.nbytes
    if "cv" in options:
        test, train = slice(0, 30_000), slice(30_000, None)
        predict = fitted(X[train], y[train], s[train], np.full(60, model.alphas[1]), True)
        error = np.average((y[test] - predict(X[test])) ** 2, weights=s[test])
        assert model.cv_scores_[0, 1] == pytest.approx(-error, rel=1e-10)


def test_wide_data_are_not_copied():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 100_000))
    tracemalloc.start()
    RidgeGDCV().fit(X, X[:, 0])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.7 * X.nbytes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"cv": 3}], ids=str)
def test_blocks_do_not_change_the_answer(kind, options):
    """Of 400 targets and 150 alphas, predictions are made of 17 rows at a time."""
    X, Y, s = problem(SHAPES["tall"], 4)
    model = RidgeGDCV(np.geomspace(1e-2, 1e3, 150), **options)
    whole = model.fit(KINDS[kind](X), Y, s)
    expected, n_products = whole.best_score_, whole.convergence_.work.n_products
    pieces = model.fit(KINDS[kind](X), np.tile(Y, 100), s)
    assert pieces.convergence_.work.n_products > n_products
    assert pieces.best_score_ == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphas": 0}, r"alphas\[0\] must be a finite number > 0; got 0"),
        ({"alphas": [1, -1]}, r"alphas\[1\] must be a finite number > 0; got -1"),
        ({"alphas": [1, "1"]}, r"alphas\[1\] must be a finite number > 0; got '1'"),
        ({"alphas": [-1], "cv": 3}, r"alphas\[0\] must be a finite number >= 0; got -1"),
        ({"alphas": [np.nan]}, r"alphas\[0\] must be a finite number > 0; got nan"),
        ({"alphas": []}, r"alphas must be a number or a list of numbers; got \[\]"),
        ({"alphas": [[1, 2]]}, r"alphas\[0\] must be a finite number > 0; got \[1, 2\]"),
        ({"criterion": "LOO"}, "criterion must be one of 'gcv', 'loo'; got 'LOO'"),
        ({"criterion": "gcv", "cv": 3}, "criterion must be 'loo' where cv is given; got 'gcv'"),
        ({"scoring": "r3"}, r"scoring must be one of sklearn.*; got 'r3'"),
        ({"scoring": ["r2"]}, r"scoring must be the name of a scorer or a callable; got \['r2'\]"),
        ({"store_cv_results": 1}, "store_cv_results must be True or False; got 1"),
        ({"alpha_per_target": "yes"}, "alpha_per_target must be True or False; got 'yes'"),
        ({"cv": 3, "store_cv_results": True}, "cv!=None and store_cv_results=True are incompat"),
        ({"cv": 3, "alpha_per_target": True}, "cv!=None and alpha_per_target=True are incompat"),
        ({"cv": []}, r"cv must be at least 1 fold\(s\) where rule is 'min'; got 0"),
        ({"standardize": None}, "standardize must be True or False"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1; got 0"),
        ({"tol": -1}, "tol must be a finite number >= 0; got -1"),
        ({"penalty_factor": -1}, "penalty_factor must be >= 0 everywhere"),
    ],
)
def test_typos_are_refused(options, message):
    X, y, _ = problem((20, 3))
    model = RidgeGDCV(**options)
    with pytest.raises((ValueError, TypeError), match="RidgeGDCV: " + message):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


def test_what_fits_no_decomposition_is_estimated():
    X = sp.eye_array(7000, format="csr")
    y = np.arange(7000.0)
    with pytest.warns(UserWarning, match=r"at most 6000; got 7000 samples and 7000.*GCV"):
        model = RidgeGDCV().fit(X, y)
    assert model.score_std_error_.shape == (3,)
    factor = np.r_[np.ones(20), np.full(6980, np.inf)]
    assert np.count_nonzero(RidgeGDCV(penalty_factor=factor).fit(X, y).coef_) <= 20


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
def test_alpha_of_0_is_least_squares_in_folds(shape):
    X, y, _ = problem(shape)
    expected = cross_val_score(LinearRegression(), X, y, cv=3).mean()
    assert RidgeGDCV([0], cv=3).fit(X, y).best_score_ == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("shape", [(60, 8), (18, 40)])
def test_leave_one_out_that_is_not_defined_is_refused(shape):
    X, y, _ = problem(shape)
    X[:, 2] = np.arange(len(X)) == 7  # free, and known from one sample alone
    with pytest.raises(ValueError, match="leave-one-out is not defined for these n_samples="):
        RidgeGDCV(penalty_factor=np.r_[1, 1, 0, np.ones(shape[1] - 3)]).fit(X, y)
    with pytest.raises(ValueError, match="leave-one-out is not defined"):
        RidgeGDCV().fit(X, y, np.arange(len(y)) == 3)
    assert RidgeGDCV(fit_intercept=False).fit(X, y, np.arange(len(y)) == 3).alpha_ > 0


def test_a_fold_without_weight_is_refused():
    X, y, s = problem((20, 3))
    s[10:] = 0
    with pytest.raises(ValueError, match=r"RidgeGDCV: every fold must have test samples.*fold 0"):
        RidgeGDCV(cv=2).fit(X, y, s)


def test_an_accuracy_beyond_float64_is_not_claimed():
    X, y, _ = problem((60, 8))
    with pytest.warns(ConvergenceWarning, match=r"RidgeGDCV stopped at the limit of float64 .*tol"):
        RidgeGDCV(tol=0).fit(X, y)


def test_alphas_far_apart_and_a_refit_without_results():
    X, y = load_diabetes(return_X_y=True)
    alphas = np.geomspace(1e-8, 1e8, 9)
    model = leave_one_out(X, y, alphas=alphas)
    np.testing.assert_allclose(model.cv_results_, refits(X, y, alphas) ** 2, rtol=1e-6)
    assert not hasattr(model.set_params(store_cv_results=False).fit(X, y), "cv_results_")


CLASSES = {"two": load_breast_cancer, "three": load_iris}


@pytest.mark.parametrize("load", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("class_weight", [None, "balanced", {"a": 3.0}], ids=str)
def test_classifiers_are_those_of_scikit_learn(load, class_weight):
    X, y = load(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    s = np.random.default_rng(0).uniform(0.3, 3, len(y))
    names = np.array(["a", "b", "c"])[y]
    words = {"class_weight": class_weight}
    pairs = [
        (RidgeGDClassifier(2.0, **words), RidgeClassifier(2.0, **words)),
        (RidgeGDClassifierCV(ALPHAS, **words), RidgeClassifierCV(ALPHAS, **words)),
        (RidgeGDClassifierCV(ALPHAS, cv=3, **words), RidgeClassifierCV(ALPHAS, cv=3, **words)),
    ]
    pairs = [(*pair, weights) for pair in pairs for weights in (s, None)]
    for ours, theirs, weights in pairs:
        ours.fit(X, names, weights)
        theirs.fit(X, names, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-7, atol=1e-9)
        assert ours.coef_.shape == theirs.coef_.shape
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
        np.testing.assert_allclose(
            ours.decision_function(X), theirs.decision_function(X), rtol=1e-6, atol=1e-8
        )
        assert ours.score(X, names, s) == theirs.score(X, names, s)
        assert getattr(ours, "alpha_", 0) == getattr(theirs, "alpha_", 0)
        score = getattr(theirs, "best_score_", 0)
        assert getattr(ours, "best_score_", 0) == pytest.approx(score, rel=1e-8)
        assert ours.classes_.tolist() == theirs.classes_.tolist()


@pytest.mark.parametrize("scoring", ["accuracy", "balanced_accuracy", "roc_auc"])
def test_scores_of_two_classes_compare_labels(scoring):
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:120, :10] / X[:120, :10].std(axis=0)
    y = y[:120]
    model = RidgeGDClassifierCV([0.1, 10], scoring=scoring, store_cv_results=True).fit(X, y)
    errors = refits(X, 2.0 * y - 1, [0.1, 10])
    decisions = 2.0 * y[:, None] - 1 - errors
    np.testing.assert_allclose(model.cv_results_[:, 0], decisions, rtol=1e-8)
    if scoring == "accuracy":
        accuracy = ((decisions > 0) == y[:, None]).mean(axis=0)
        assert model.best_score_ == accuracy.max()
    assert 0.5 < model.best_score_ <= 1


def test_several_labels():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 5))
    Y = (X[:, :3] + 0.3 * rng.standard_normal((80, 3)) > 0).astype(int)
    for ours, theirs in [
        (RidgeGDClassifier(), RidgeClassifier()),
        (RidgeGDClassifierCV(), RidgeClassifierCV()),
        (RidgeGDClassifierCV(cv=3), RidgeClassifierCV(cv=3)),
    ]:
        np.testing.assert_array_equal(ours.fit(X, Y).predict(X), theirs.fit(X, Y).predict(X))


@pytest.mark.parametrize("make", [RidgeGDClassifier, RidgeGDClassifierCV])
def test_typos_of_classifiers_are_refused(make):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="class_weight must be None, 'balanced' or a dict"):
        make(class_weight="balance").fit(X, y)
    with pytest.raises(ValueError, match="Unknown label type"):
        make().fit(X, X[:, 0])


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_plain_labels_are_binarised_as_by_scikit_learn(dtype, n_classes):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 4)), (5 * rng.integers(0, n_classes, 30)).astype(dtype)
    model, theirs = RidgeGDClassifier(), LabelBinarizer(pos_label=1, neg_label=-1)
    expected = theirs.fit_transform(y)
    labels, targets = model._binarized(y)
    assert labels is y
    np.testing.assert_array_equal(targets, expected)
    np.testing.assert_equal(vars(model._binarizer), vars(theirs))
    np.testing.assert_array_equal(model._binarizer.inverse_transform(targets), y)
    np.testing.assert_array_equal(
        model.fit(X, y).predict(X), RidgeClassifier().fit(X, y).predict(X)
    )


@pytest.mark.parametrize("outlier", [False, True])
@pytest.mark.parametrize("factor", [1.0, 0.0])
def test_few_columns_need_no_kernel_of_the_samples(factor, outlier):
    X, Y, s = problem((60, 8), n_targets=2)
    X, factors = X * np.geomspace(1e-3, 1e4, 8), np.ones(8)
    s[:3], factors[2] = 0.0, factor
    if outlier:  # of which the columns leave next to nothing
        X[5, 7] = 1e8
    design = as_design(X, s, centre=True, standardize=False)
    penalty = ElasticNet(0 * factors, factors, np.full(8, -np.inf), np.full(8, np.inf))
    given = design, Y - s @ Y / s.sum(), penalty, True, 1e-4
    few, full = (DualSpectrum(*given, few_columns=few) for few in (True, False))
    for criterion in ("loo", "gcv"):
        for (rows, ours), (_, others) in zip(
            *(side.leave_one_out(ALPHAS, criterion) for side in (few, full)), strict=True
        ):
            # the kernel lacks the digits to predict what has no weight
            rtol = 1e-3 if len(rows) == 3 else 1e-9
            np.testing.assert_allclose(ours, others, rtol=rtol)
    assert ("K" in vars(few)) == outlier
    if outlier:
        return
    w, Xc = few.coefficients(np.array([1e-4, 1.0])), np.sqrt(s)[:, None] * (X - s @ X / s.sum())
    for t, alpha in enumerate((1e-4, 1.0)):
        A = np.vstack([Xc, np.diag(np.sqrt(alpha * factors))])
        b = np.append(np.sqrt(s) * given[1][:, t], np.zeros(8))
        length = np.sqrt((A**2).sum(axis=0))
        best = np.linalg.lstsq(A / length, b, rcond=None)[0] / length
        np.testing.assert_allclose(w[:, t], best, rtol=1e-7)
