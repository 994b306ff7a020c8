"""Cross-validation: scikit-learn's errors and choice, with controls, fold by fold as by hand."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from joblib import parallel_backend
from sklearn import config_context
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    ShuffleSplit,
    check_cv,
)

from skreg import (
    ElasticNetCD,
    ElasticNetCDCV,
    LassoCD,
    LassoCDCV,
    RidgeGDCV,
    enet_path,
    lasso_path,
)
from skreg.linear_model import _path_selection

X, y = load_diabetes(return_X_y=True)
X = X / X.std(axis=0) + 3
SHORT = {"alphas": 20, "eps": 0.01}  # a path for which scikit-learn takes no minutes
EXACT = SHORT | {"tol": 1e-13}
SLOWLY = EXACT | {"max_iter": 10**6}
WEIGHTS = np.random.default_rng(0).uniform(0.2, 3, len(y))
GROUPS = np.arange(len(y)) % 7


def wide(n=60, p=150):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) + rng.standard_normal((n, 1))
    return X, X[:, :5].sum(axis=1) + rng.standard_normal(n)


def assert_the_same(ours, theirs):
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-10)
    assert np.abs(ours.coef_ - theirs.coef_).max() <= 1e-6 * np.abs(theirs.coef_).max()
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-6)


@pytest.mark.parametrize("data", [(X, y), wide()], ids=["tall", "wide"])
@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"positive": True}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_errors_and_choice_are_those_of_scikit_learn(data, container, options, weighted):
    X, y = data
    s = WEIGHTS[: len(y)] if weighted else None
    ours = LassoCDCV(**EXACT, **options).fit(container(X), y, s)
    assert_the_same(ours, LassoCV(**SLOWLY, **options).fit(X, y, s))
    assert np.count_nonzero(ours.coef_) > 0
    assert ours.convergence_.converged


@pytest.mark.parametrize("l1_ratio", [0.3, [0.9], [0.2, 0.7, 1.0]], ids=str)
@pytest.mark.parametrize("alphas", [15, [0.1, 3.0, 1.0]], ids=str)
def test_l1_ratio_is_chosen_as_by_scikit_learn(l1_ratio, alphas):
    options = {"l1_ratio": l1_ratio, "alphas": alphas, "cv": 3}
    ours = ElasticNetCDCV(**EXACT | options).fit(*wide())
    theirs = ElasticNetCV(**SLOWLY | options).fit(*wide())
    assert_the_same(ours, theirs)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.alphas_.shape == theirs.alphas_.shape


SPLITTERS = {
    "number": 3,
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "random": ShuffleSplit(3, test_size=0.3, random_state=0),
    "repeated": RepeatedKFold(n_splits=2, n_repeats=2, random_state=0),
    "masks": [(k != GROUPS, k == GROUPS) for k in range(3)],
}


@pytest.mark.parametrize("cv", SPLITTERS.values(), ids=SPLITTERS)
def test_any_splitter_will_do(cv):
    assert_the_same(LassoCDCV(**EXACT, cv=cv).fit(X, y), LassoCV(**SLOWLY, cv=cv).fit(X, y))


@pytest.mark.parametrize("splitter", [GroupKFold(3), LeaveOneGroupOut()])
def test_groups_are_routed_to_the_splitter(splitter):
    by_hand = LassoCDCV(**SHORT, cv=list(splitter.split(X, y, GROUPS))).fit(X, y)
    with config_context(enable_metadata_routing=True):
        routed = LassoCDCV(**SHORT, cv=splitter).fit(X, y, groups=GROUPS)
        weighted = LassoCDCV(**SHORT, cv=splitter).set_fit_request(sample_weight=True)
        weighted.fit(X, y, sample_weight=WEIGHTS, groups=GROUPS)
        with pytest.raises(TypeError, match="grups"):
            LassoCDCV(cv=splitter).fit(X, y, grups=GROUPS)
    np.testing.assert_array_equal(routed.mse_path_, by_hand.mse_path_)
    assert np.abs(weighted.mse_path_ / by_hand.mse_path_ - 1).max() > 0.01
    with pytest.raises(ValueError, match="passing groups to the splitter"):
        LassoCDCV(cv=splitter).fit(X, y, groups=GROUPS)


@pytest.mark.parametrize("make", [LassoCDCV, RidgeGDCV])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_folds_may_come_from_a_generator(make, weights):
    expected = make(cv=KFold(3)).fit(X, y, weights)
    with config_context(enable_metadata_routing=True):
        model = make(cv=(fold for fold in KFold(3).split(X))).set_fit_request(sample_weight=True)
        model.fit(X, y, sample_weight=weights)
    assert model.alpha_ == expected.alpha_


class HeaviestLast(KFold):
    """Folds by increasing weight."""

    def split(self, X, y=None, groups=None, sample_weight=None):
        order = np.argsort(sample_weight)
        return [(order[train], order[test]) for train, test in super().split(X)]


def test_weights_are_routed_to_a_splitter_that_wants_them():
    folds = HeaviestLast(3).split(X, sample_weight=WEIGHTS)
    by_hand = LassoCDCV(**SHORT, cv=folds).fit(X, y, WEIGHTS)
    with config_context(enable_metadata_routing=True):
        splitter = HeaviestLast(3).set_split_request(sample_weight=True)
        model = LassoCDCV(**SHORT, cv=splitter).set_fit_request(sample_weight=True)
        model.fit(X, y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(model.mse_path_, by_hand.mse_path_)


@pytest.mark.parametrize("model", [LassoCDCV(), ElasticNetCDCV(l1_ratio=[0.5, 1.0])])
def test_one_standard_error(model):
    best = model.set_params(alphas=300, eps=0.01, cv=3, rule="min").fit(X, y)
    alphas, mse, k = best.alphas_, best.mse_path_, 0
    if alphas.ndim == 2:
        k = model.l1_ratio.index(best.l1_ratio_)
        alphas, mse = alphas[k], mse[k]
    means = [sum(errors) / 3 for errors in mse]
    at = means.index(min(means))
    variance = sum((error - means[at]) ** 2 for error in mse[at]) / 2
    limit = means[at] + (variance / 3) ** 0.5
    expected = max(alpha for alpha, mean in zip(alphas, means, strict=True) if mean <= limit)
    assert expected > best.alpha_ == alphas[at]
    chosen_ratio = best.l1_ratio_
    model.set_params(rule="1se").fit(X, y)
    assert (model.alpha_, model.l1_ratio_) == (expected, chosen_ratio)


FACTOR = np.r_[0, 2, 1, 0.5, np.inf, np.ones(5)]
CONTROLS = {
    "factor": {"penalty_factor": FACTOR},
    "bounds": {"lower": -1.0, "upper": np.r_[np.full(5, np.inf), np.full(5, 15.0)]},
    "bounds without 0": {"lower": np.r_[2.0, np.full(9, -np.inf)]},
    "standardize": {"standardize": True},
    "all": {"penalty_factor": FACTOR, "lower": -20, "standardize": True, "fit_intercept": False},
}


@pytest.mark.parametrize("controls", CONTROLS.values(), ids=CONTROLS)
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("weighted", [False, True])
def test_controls_are_those_of_fits_fold_by_fold(controls, l1_ratio, weighted):
    unlike = X * np.linspace(0.2, 3, 10)
    s = WEIGHTS if weighted else np.ones(len(y))
    words = controls | {"l1_ratio": l1_ratio, "tol": 1e-13}
    model = ElasticNetCDCV(**words, alphas=[30, 10, 3, 1, 0.1], cv=3).fit(unlike, y, s)
    expected = np.empty((5, 3))
    for k, (train, test) in enumerate(check_cv(3).split(unlike)):
        for i, alpha in enumerate(model.alphas_):
            fit = ElasticNetCD(alpha, **words).fit(unlike[train], y[train], s[train])
            errors = (y[test] - fit.predict(unlike[test])) ** 2
            expected[i, k] = np.average(errors, weights=s[test])
    np.testing.assert_allclose(model.mse_path_, expected, rtol=1e-9)
    whole = ElasticNetCD(model.alpha_, **words).fit(unlike, y, s)
    np.testing.assert_allclose(model.coef_, whole.coef_, rtol=1e-9, atol=1e-9)


def test_default_alphas_begin_where_penalised_columns_do():
    words = {"penalty_factor": FACTOR, "standardize": True}
    path = lasso_path(X, y, **words)
    np.testing.assert_array_equal(LassoCDCV(**words).fit(X, y).alphas_, path.alphas)


@pytest.mark.parametrize("data", [(X, y), wide()], ids=["tall", "wide"])
@pytest.mark.parametrize("rule", ["min", "1se"])
def test_coefficients_are_those_of_a_fit_at_the_chosen_alpha(data, rule):
    model = LassoCDCV(**SHORT, rule=rule).fit(*data)
    fit = LassoCD(model.alpha_).fit(*data)
    np.testing.assert_allclose(model.coef_, fit.coef_, rtol=1e-9, atol=1e-9)
    assert model.intercept_ == pytest.approx(fit.intercept_, rel=1e-9)
    assert model.dual_gap_ <= 1e-6 * data[1].var() / 2
    assert model.convergence_.n_active == np.count_nonzero(model.coef_)
    np.testing.assert_array_equal(model.sparse_coef_.toarray().ravel(), model.coef_)


def test_the_path_is_that_of_the_function():
    model = ElasticNetCDCV(l1_ratio=[0.5, 0.9]).fit(X, y, WEIGHTS)
    path = enet_path(X, y, l1_ratio=model.l1_ratio_, sample_weight=WEIGHTS)
    for ours, expected in zip(model.path_, path, strict=True):
        np.testing.assert_array_equal(ours, expected)
    prediction = model.path_.predict(X, alpha=model.alpha_)
    np.testing.assert_allclose(prediction, model.predict(X), rtol=1e-12)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_the_same_bits_whatever_n_jobs(backend):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 100))
    y = X[:, :20].sum(axis=1) + rng.standard_normal(2000)
    models = []
    for n_jobs in (None, 2, 4, -1):
        with parallel_backend(backend):
            models.append(ElasticNetCDCV(l1_ratio=[0.5, 1], n_jobs=n_jobs).fit(X, y))
    for model in models[1:]:
        np.testing.assert_array_equal(model.mse_path_, models[0].mse_path_)
        np.testing.assert_array_equal(model.coef_, models[0].coef_)


def test_weights_are_repeated_rows():
    s = np.random.default_rng(0).integers(0, 4, len(y))
    row = np.repeat(np.arange(len(y)), s)
    options = EXACT | {"standardize": True}
    weighted = LassoCDCV(**options, cv=PredefinedSplit(GROUPS)).fit(X, y, s)
    repeated = LassoCDCV(**options, cv=PredefinedSplit(GROUPS[row])).fit(X[row], y[row])
    np.testing.assert_allclose(weighted.alphas_, repeated.alphas_, rtol=1e-12)
    np.testing.assert_allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-9)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_errors_of_float32_data_far_from_0_are_those_of_float64(container):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((200, 20)) + 1e5).astype(np.float32)
    y = X[:, 0] - 1e5 + rng.standard_normal(200)
    model = LassoCDCV().fit(container(X), y)
    expected = LassoCDCV().fit(X.astype(float), y)
    np.testing.assert_allclose(model.mse_path_, expected.mse_path_, rtol=1e-8)
    assert model.alpha_ == pytest.approx(expected.alpha_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "1SE"}, "ElasticNetCDCV: rule must be one of '1se', 'min'; got '1SE'"),
        ({"l1_ratio": 1.5}, r"l1_ratio must be a finite number in \[0, 1\]; got 1.5"),
        ({"l1_ratio": [0.5, "1"]}, r"l1_ratio must be a finite number in \[0, 1\]; got '1'"),
        ({"l1_ratio": []}, r"l1_ratio must be a number in \[0, 1\] or a list of them; got \[\]"),
        ({"l1_ratio": [0.5, 0]}, "alphas must be a list of numbers where l1_ratio is 0; got 100"),
        ({"alphas": 0}, "ElasticNetCDCV: alphas must be an integer >= 1; got 0"),
        ({"alphas": [1, -1]}, "alphas must be an integer or a list of finite numbers > 0"),
        ({"eps": 2}, r"eps must be a finite number in \(0, 1\]; got 2"),
        ({"positive": 1}, "positive must be True or False; got 1"),
        ({"cv": []}, r"cv must be at least 1 fold\(s\) where rule is 'min'; got 0"),
        (
            {"cv": [(GROUPS > 1, GROUPS == 1)], "rule": "1se"},
            r"cv must be at least 2 fold\(s\) where rule is '1se'; got 1",
        ),
        ({"cv": [(GROUPS > 1, [])]}, "have a positive weight in every fold; in fold 0"),
    ],
)
def test_errors_say_what_is_allowed(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        ElasticNetCDCV(**options).fit(X, y)


def test_several_targets_are_refused():
    with pytest.raises(ValueError, match="LassoCDCV: y must have one target; got 2"):
        LassoCDCV().fit(X, np.c_[y, y])


def test_a_fold_without_weight_is_refused():
    with pytest.raises(ValueError, match="positive weight in every fold; in fold 2"):
        LassoCDCV(cv=PredefinedSplit(GROUPS)).fit(X, y, GROUPS != 2)


def test_stopping_short_in_a_fold_warns(monkeypatch):
    assess = _path_selection.assess

    def one_stops_short(*arguments):
        *rest, record = assess(*arguments)
        return *rest, replace(record, converged=arguments[-1][0] > 0, message="a fold")

    monkeypatch.setattr(_path_selection, "assess", one_stops_short)
    with pytest.warns(ConvergenceWarning, match="LassoCDCV a fold"):
        model = LassoCDCV(**SHORT).fit(X, y)
    assert model.convergence_.converged


@pytest.mark.parametrize("l1_ratio", [1.0, [0.5, 1.0]])
def test_no_alpha_selects_more_features_than_allowed(l1_ratio):
    X, y = load_diabetes(return_X_y=True)
    whole = ElasticNetCDCV(l1_ratio=l1_ratio).fit(X, y)
    model = ElasticNetCDCV(l1_ratio=l1_ratio, max_features=3).fit(X, y)
    assert np.count_nonzero(whole.coef_) > 3 >= np.count_nonzero(model.coef_) > 0
    assert model.alphas_.shape == whole.alphas_.shape
    reached = np.isfinite(model.mse_path_)
    assert 0 < reached.sum() < reached.size
    np.testing.assert_allclose(model.mse_path_[reached], whole.mse_path_[reached], rtol=1e-9)
    expected = enet_path(X, y, l1_ratio=model.l1_ratio_, max_features=3)
    np.testing.assert_allclose(model.path_.alphas, expected.alphas)
    with pytest.raises(ValueError, match=r"ElasticNetCDCV: max_features must be .*; got 0"):
        ElasticNetCDCV(alphas=[0.01], max_features=0).fit(X, y)
