"""The choice of alpha: scores, rules, routing and folds are the same for all that choose one."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    MultiTaskElasticNet,
    MultiTaskLasso,
    Ridge,
    RidgeClassifier,
)
from sklearn.metrics import get_scorer, make_scorer, mean_absolute_error
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, ShuffleSplit

from skreg import (
    ElasticNetCDCV,
    LassoCDCV,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCDCV,
    RidgeGDClassifierCV,
    RidgeGDCV,
)

from . import naive

N = 60
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 8)) + RNG.standard_normal((N, 1))
Y = X[:, :3] @ RNG.standard_normal((3, 2)) + RNG.standard_normal((N, 2)) + 2
y, LABELS = Y[:, 0], np.array(["no", "yes"])[(Y[:, 0] > 2).astype(int)]
WEIGHTS = RNG.integers(1, 4, N).astype(float)
GROUPS = np.arange(N) % 7
FOLDS = KFold(4)

GRID = np.geomspace(1, 1e-3, 12)
L1, EXACT = {"alphas": GRID, "tol": 1e-13}, {"tol": 1e-13, "max_iter": 10**5}
LASSOS = {
    "lasso": (LassoCDCV(**L1), Lasso(**EXACT), y),
    "net": (ElasticNetCDCV(l1_ratio=0.7, **L1), ElasticNet(l1_ratio=0.7, **EXACT), y),
    "tasks": (MultiTaskLassoCDCV(**L1), MultiTaskLasso(**EXACT), Y),
    "net of tasks": (
        MultiTaskElasticNetCDCV(l1_ratio=0.7, **L1),
        MultiTaskElasticNet(l1_ratio=0.7, **EXACT),
        Y,
    ),
}
RIDGES = {
    "ridge": (RidgeGDCV(100 * GRID), Ridge(solver="svd"), y),
    "ridge, targets": (RidgeGDCV(100 * GRID), Ridge(solver="svd"), Y),
    "classes": (RidgeGDClassifierCV(100 * GRID), RidgeClassifier(solver="svd"), LABELS),
}
MODELS = LASSOS | RIDGES


def worst_error(estimator, X, y):
    return -np.abs(y - estimator.predict(X)).max()


def scores_of(model):
    """Return what a fitted model says of its scores, by alpha and fold."""
    return model.cv_scores_.T if hasattr(model, "cv_scores_") else model.scores_path_


def refits(peer, alphas, X, y, s, scorer, weighted):
    """Return scores of scikit-learn's estimator, one fit for each alpha and fold.

    Rows are repeated as their weights say; for a score without weights, those of tests are not.
    """
    scores, s = np.empty((len(alphas), FOLDS.get_n_splits())), s.astype(int)
    for k, (train, test) in enumerate(FOLDS.split(X)):
        train, test = np.repeat(train, s[train]), np.repeat(test, s[test] if weighted else 1)
        for i, alpha in enumerate(alphas):
            fit = clone(peer).set_params(alpha=alpha).fit(X[train], y[train])
            scores[i, k] = scorer(fit, X[test], y[test])
    return scores


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scoring", ["first", "second", worst_error])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_scores_are_those_of_refits_and_the_largest_is_chosen(name, scoring, weights, container):
    model, peer, target = MODELS[name]
    names = {"first": "r2", "second": "neg_mean_absolute_error"}
    if is_classifier(model):
        names = {"first": "balanced_accuracy", "second": "roc_auc"}
        if callable(scoring):
            scoring = make_scorer(lambda truth, guess: (truth == guess).min())
    scoring = names.get(scoring, scoring) if isinstance(scoring, str) else scoring
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    ours = clone(model).set_params(cv=FOLDS, scoring=scoring).fit(container(X), target, weights)
    s = np.ones(N) if weights is None else weights
    expected = refits(peer, ours.alphas, X, target, s, scorer, weighted=isinstance(scoring, str))
    np.testing.assert_allclose(scores_of(ours), expected, rtol=1e-7, atol=1e-7)
    means = expected.mean(axis=1)
    assert means[list(ours.alphas).index(ours.alpha_)] == pytest.approx(means.max(), rel=1e-7)
    assert ours.best_score_ == pytest.approx(means.max(), rel=1e-7)
    assert not hasattr(ours, "mse_path_")


@pytest.mark.parametrize("name", LASSOS)
def test_errors_are_kept_only_where_the_score_is_the_error(name):
    model, _, target = LASSOS[name]
    model = clone(model).set_params(cv=FOLDS).fit(X, target, WEIGHTS)
    assert model.best_score_ == -model.mse_path_.mean(axis=1).min()
    errors = model.mse_path_
    np.testing.assert_array_equal(model.scores_path_, -errors)
    named = model.set_params(scoring="neg_mean_squared_error").fit(X, target, WEIGHTS)
    np.testing.assert_allclose(named.scores_path_, -errors, rtol=1e-12)
    assert named.alpha_ == model.alpha_
    model.set_params(scoring="r2").fit(X, target)
    assert not hasattr(model, "mse_path_")


@pytest.mark.parametrize("name", LASSOS)
def test_results_of_folds_are_those_of_fits_on_their_samples(name):
    model, peer, target = LASSOS[name]
    some = [(np.arange(40), np.arange(45, 60)), (GROUPS > 1, GROUPS < 1)]
    for folds in (list(FOLDS.split(X)), some):
        model = clone(model).set_params(cv=folds, store_cv_results=True).fit(X, target)
        kept, expected = model.cv_results_, []
        assert kept["coefs"].shape == (len(folds), *model.path_.coefs.shape)
        assert kept["intercepts"].shape == (len(folds), *model.path_.intercepts.shape)
        for k, (train, test) in enumerate(folds):
            fit = clone(peer).set_params(alpha=GRID[5]).fit(X[train], target[train])
            assert kept["coefs"][k][..., 5] == pytest.approx(fit.coef_, abs=1e-7)
            assert kept["intercepts"][k][..., 5] == pytest.approx(fit.intercept_, abs=1e-7)
            expected.append(np.full_like(target, np.nan))
            expected[-1][test] = fit.predict(X[test])
        seen = ~np.isnan(np.stack(expected)).all(axis=0)
        means = np.nanmean(np.stack(expected)[:, seen], axis=0)
        np.testing.assert_allclose(kept["predictions"][..., 5][seen], means, atol=1e-7)
        assert np.isnan(kept["predictions"][..., 5][~seen]).all()
    assert not hasattr(model.set_params(store_cv_results=False).fit(X, target), "cv_results_")


def one_standard_error(alphas, scores):
    """Return the largest alpha within one standard error of the best mean, in plain Python."""
    n_folds = len(scores[0])
    means = [sum(row) / n_folds for row in scores]
    best = max(range(len(means)), key=means.__getitem__)
    variance = sum((score - means[best]) ** 2 for score in scores[best]) / (n_folds - 1)
    limit = means[best] - (variance / n_folds) ** 0.5
    return max(alpha for alpha, mean in zip(alphas, means, strict=True) if mean >= limit)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scoring", [None, "other"])
@pytest.mark.parametrize("order", [1, -1], ids=["falling", "rising"])
def test_one_standard_error_over_folds(name, scoring, order):
    model, _, target = MODELS[name]
    if scoring:
        scoring = "balanced_accuracy" if is_classifier(model) else "neg_median_absolute_error"
    model = clone(model).set_params(cv=FOLDS, scoring=scoring, alphas=model.alphas[::order])
    best = clone(model).fit(X, target)
    alphas = np.sort(best.alphas)[::-1] if hasattr(best, "alphas_") else best.alphas
    chosen = model.set_params(rule="1se").fit(X, target)
    assert chosen.alpha_ == one_standard_error(alphas, scores_of(best).tolist())
    assert chosen.alpha_ > best.alpha_ or is_classifier(model)
    at = list(alphas).index(chosen.alpha_)
    assert chosen.best_score_ == pytest.approx(scores_of(best)[at].mean(), rel=1e-12)
    fit = clone(best).set_params(alphas=[chosen.alpha_]).fit(X, target)
    np.testing.assert_allclose(chosen.coef_, fit.coef_, rtol=1e-7, atol=1e-9)


def unseen(X, y, alphas, s):
    """Return the error of each sample under ridge without it, by sample and alpha."""
    errors = np.empty((len(y), len(alphas)))
    for i, k in np.ndindex(errors.shape):
        rest = np.arange(len(y)) != i
        w = naive.ridge(X[rest], y[rest], np.full(X.shape[1], alphas[k]), s[rest])
        means = (np.average(part[rest], axis=0, weights=s[rest]) for part in (X, y))
        x_mean, y_mean = means
        errors[i, k] = y[i] - y_mean - (X[i] - x_mean) @ w
    return errors


ALPHAS = 100 * GRID[::2]


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_one_standard_error_over_samples(scale):
    model = RidgeGDCV(ALPHAS, rule="1se")
    squares = unseen(X, y, ALPHAS, np.ones(N)) ** 2
    best = RidgeGDCV(ALPHAS).fit(X, y)
    assert model.fit(X, y).alpha_ == one_standard_error(ALPHAS, (-squares).T.tolist()) > best.alpha_
    s = scale * WEIGHTS * (GROUPS > 0)
    squares, weighted = unseen(X, y, ALPHAS, s) ** 2, s > 0
    means = np.average(squares, axis=0, weights=s)
    k = means.argmin()
    parts = [w * (e - means[k]) for w, e in zip(s[weighted], squares[weighted, k], strict=True)]
    n = len(parts)
    error = (n / (n - 1) * sum(part**2 for part in parts)) ** 0.5 / s.sum()
    expected = max(a for a, mean in zip(ALPHAS, means, strict=True) if mean <= means[k] + error)
    assert model.fit(X, y, s).alpha_ == expected > RidgeGDCV(ALPHAS).fit(X, y, s).alpha_
    without = model.fit(X[weighted], y[weighted], s[weighted])
    assert without.alpha_ == expected


def test_one_standard_error_over_samples_of_several_targets():
    squares = np.array([unseen(X, column, ALPHAS, np.ones(N)) ** 2 for column in Y.T])
    each = [one_standard_error(ALPHAS, (-part).T.tolist()) for part in squares]
    of_all = one_standard_error(ALPHAS, -squares.mean(axis=0).T)
    model = RidgeGDCV(ALPHAS, rule="1se", alpha_per_target=True).fit(X, Y)
    assert model.alpha_.tolist() == each
    assert len(set(each)) > 1
    assert model.set_params(alpha_per_target=False).fit(X, Y).alpha_ == of_all
    targets = np.where(LABELS == "yes", 1.0, -1.0)
    of_classes = RidgeGDClassifierCV(ALPHAS, rule="1se").fit(X, LABELS)
    assert of_classes.alpha_ == RidgeGDCV(ALPHAS, rule="1se").fit(X, targets).alpha_


@pytest.mark.parametrize("options", [{"criterion": "gcv"}, {"scoring": "r2"}], ids=str)
@pytest.mark.parametrize("make", [RidgeGDCV, RidgeGDClassifierCV])
def test_a_score_of_all_samples_has_no_standard_error(make, options):
    message = f"{make.__name__}: rule must be 'min' where cv is None and .*got '1se'"
    with pytest.raises(ValueError, match=message):
        make(rule="1se", **options).fit(X, LABELS == "yes")
    with pytest.raises(ValueError, match="rule must be 'min' where but one sample has a positive"):
        make(rule="1se", fit_intercept=False).fit(X, LABELS == "yes", np.arange(N) == 3)


def test_estimated_errors_have_no_standard_error():
    with pytest.raises(ValueError, match="for rule='1se', leave-one-out needs an eigendecomp"):
        RidgeGDCV(rule="1se").fit(sp.eye_array(7000, format="csr"), np.arange(7000.0))


@pytest.mark.parametrize("name", MODELS)
def test_metadata_are_routed_to_the_splitter_and_the_scorer(name):
    model, _, target = MODELS[name]
    splitter, metric = GroupKFold(3), mean_absolute_error
    if is_classifier(model):
        metric = get_scorer("accuracy")._score_func
    by_hand = clone(model).set_params(cv=list(splitter.split(X, y, GROUPS)))
    by_hand.set_params(scoring=make_scorer(metric))
    weighted, equal = (clone(by_hand).fit(X, target, s) for s in (WEIGHTS, None))
    with config_context(enable_metadata_routing=True):
        for asks, expected in ((True, weighted), (False, None)):
            scorer = make_scorer(metric).set_score_request(sample_weight=asks)
            routed = clone(model).set_params(cv=splitter, scoring=scorer)
            routed.set_fit_request(sample_weight=True)
            routed.fit(X, target, sample_weight=WEIGHTS, groups=GROUPS)
            if expected is not None:
                np.testing.assert_array_equal(scores_of(routed), scores_of(expected))
            else:
                assert (scores_of(routed) != scores_of(weighted)).any()
        without = clone(model).set_params(cv=splitter, scoring=make_scorer(metric))
        without.fit(X, target, groups=GROUPS)
        np.testing.assert_array_equal(scores_of(without), scores_of(equal))
        with pytest.raises(TypeError, match="grups"):
            without.fit(X, target, grups=GROUPS)
    with pytest.raises(ValueError, match="passing groups to the splitter or the scorer is only"):
        without.fit(X, target, groups=GROUPS)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("scoring", [None, "scored"])
def test_weights_are_repeated_rows(name, scoring):
    model, _, target = MODELS[name]
    s = WEIGHTS - 1
    row = np.repeat(np.arange(N), s.astype(int))
    if scoring:
        scoring = "balanced_accuracy" if is_classifier(model) else "neg_mean_absolute_error"
    weighted, repeated = (
        clone(model)
        .set_params(cv=FOLDS)
        .set_params(cv=[(g != k, g == k) for k in range(7)], scoring=scoring)
        .fit(X[rows], target[rows], weights)
        for g, rows, weights in ((GROUPS, slice(None), s), (GROUPS[row], row, None))
    )
    np.testing.assert_allclose(scores_of(weighted), scores_of(repeated), rtol=1e-7, atol=1e-10)
    assert weighted.alpha_ == repeated.alpha_
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_float32_is_kept(name):
    model, _, target = MODELS[name]
    scoring = "accuracy" if is_classifier(model) else "r2"
    model = clone(model).set_params(cv=FOLDS, scoring=scoring).fit(X.astype(np.float32), target)
    assert model.coef_.dtype == np.float32
    exact = clone(model).fit(X.astype(np.float32).astype(float), target)
    np.testing.assert_allclose(scores_of(model), scores_of(exact), rtol=1e-6)
    assert model.alpha_ == exact.alpha_


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("folds", [[(GROUPS > 1, GROUPS == 1), (GROUPS > 2, GROUPS == 2)]])
def test_a_fold_without_weight_is_refused(name, folds):
    model, _, target = MODELS[name]
    model = clone(model).set_params(cv=folds)
    message = f"{type(model).__name__}: every fold must have test samples.* weight in .*; in fold 1"
    with pytest.raises(ValueError, match=message):
        model.fit(X, target, GROUPS != 2)
    with pytest.raises(ValueError, match=message):
        model.set_params(cv=[folds[0], (GROUPS > 1, [])]).fit(X, target)


@pytest.mark.parametrize("name", MODELS)
def test_folds_are_indexed_as_scikit_learn_does(name):
    model, _, target = MODELS[name]
    arrays = clone(model).set_params(cv=FOLDS).fit(X, target)
    folds = [(tuple(train), np.isin(np.arange(N), test)) for train, test in FOLDS.split(X)]
    named = clone(arrays).set_params(cv=folds).fit(X, target)
    np.testing.assert_array_equal(scores_of(named), scores_of(arrays))


BAD_SCORES = [np.ones(2), np.ones(1), None, "0.5", {"r2": 1.0}, (1, 2), 1j, np.array(1j)]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "score", [*(lambda *_, bad=bad: bad for bad in BAD_SCORES), lambda m, X, y: y]
)
def test_a_score_that_is_not_one_number_is_refused(name, score):
    model, _, target = MODELS[name]
    model = clone(model).set_params(scoring=score)
    message = f"{type(model).__name__}: scoring must return one real number, .*; got .* from <func"
    with pytest.raises(ValueError, match=message):
        model.fit(X, target)
    assert not hasattr(model, "alpha_")


@pytest.mark.parametrize("name", RIDGES)
def test_scores_are_floats_whatever_a_scorer_returns(name):
    model, _, target = RIDGES[name]
    for score in (1, True, np.float32(0.5), np.array(0.5), Fraction(1, 2)):
        model = clone(model).set_params(scoring=lambda *_, score=score: score).fit(X, target)
        assert isinstance(model.best_score_, float)
        assert model.best_score_ == score


@pytest.mark.filterwarnings("ignore")  # R2 of single samples
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("scoring", "reason"),
    [("r2", "'r2' is .* of two samples or more"), (lambda *_: np.nan, "<func((?!two samples).)*$")],
)
def test_an_error_without_scores_names_the_score(name, scoring, reason):
    model, _, target = MODELS[name]
    target = LABELS == "yes" if is_classifier(model) else target  # R2 needs numbers
    with pytest.raises(ValueError, match=f"no alpha has a score that is a number: {reason}"):
        clone(model).set_params(cv=LeaveOneOut(), scoring=scoring).fit(X, target)


@pytest.mark.filterwarnings("ignore")
def test_errors_of_left_out_samples_that_overflow_are_named():
    message = "'neg_mean_squared_error' is NaN or -inf at each. Use folds .* a smaller y"
    with pytest.raises(ValueError, match=message):
        RidgeGDCV(1e-3).fit(np.r_[[[1e7]], X[:5, :1]], 1e153 * y[:6])


FOLD = "cv must give a pair .train, test. .* below 60 or of 60 booleans; got .*. Fold"


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cv": [(range(9), [N])]}, f"{FOLD} 0: index 60 is out of bounds"),
        ({"cv": [(GROUPS > 1, GROUPS[:9] > 1)]}, f"{FOLD} 0: boolean index did not match"),
        ({"cv": [(range(9), [9]), range(9)]}, f"{FOLD} 1: too many values to unpack"),
        ({"cv": [1, 2]}, f"{FOLD} 0: cannot unpack"),
        ({"cv": [(range(9), 9)]}, f"{FOLD} 0: train and test must have one axis; got 9"),
        ({"cv": N + 1}, f"{FOLD} 0: .*greater than the number of samples"),
        ({"cv": GroupKFold(3)}, f"{FOLD} 0: The 'groups' parameter"),
        ({"scoring": mean_absolute_error}, "scoring value <.*> looks like it is a metric"),
        ({"scoring": "neg_log_loss"}, "scoring must be a score of what predict.*; got 'neg_log"),
        ({"rule": "2se"}, "rule must be one of '1se', 'min'; got '2se'"),
        ({"scoring": "r3"}, "scoring must be one of sklearn.*; got 'r3'"),
        ({"scoring": ["r2"]}, r"scoring must be the name of a scorer or a callable; got \['r2'\]"),
        ({"store_cv_results": 1}, "store_cv_results must be True or False; got 1"),
        ({"cv": []}, r"cv must be at least 1 fold\(s\) where rule is 'min'; got 0"),
        ({"cv": ShuffleSplit(1), "rule": "1se"}, r"cv must be at least 2 fold\(s\) where rule is"),
        ({"cv": 3, "scoring": lambda *_: np.nan}, "no alpha has a score that is a number"),
    ],
)
def test_errors_say_what_is_allowed(name, options, message):
    model, _, target = MODELS[name]
    model = clone(model).set_params(**options)
    with pytest.raises((ValueError, TypeError), match=f"{type(model).__name__}: {message}"):
        model.fit(X, target)
    assert not hasattr(model, "coef_")
