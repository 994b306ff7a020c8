"""Groups of columns: their norm, their estimators, and how groups are given."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from skreg import (
    GroupLassoCD,
    GroupLassoCDCV,
    GroupLogisticCD,
    GroupLogisticCDCV,
    LassoCD,
    LogisticCD,
    group_lasso_path,
    group_logistic_path,
)
from skreg._cost import COST
from skreg._problem.blocks import GroupNorm

from . import naive

EXACT = {"tol": 1e-12}
SIZES = 3, 1, 4, 2, 5
LABELS = np.repeat(np.arange(5), SIZES)
COLUMNS = [np.flatnonzero(k == LABELS) for k in range(5)]
ROOTS = np.sqrt(SIZES)


def problem(n=40, p=15, seed=0):
    """Return correlated columns, numbers, classes and weights, some of them 0."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) + 0.7 * rng.standard_normal((n, 1)) + 0.3
    y = X[:, 0] - X[:, 1] + X[:, min(5, p - 1)] + rng.standard_normal(n)
    return X, y, np.digitize(y, np.quantile(y, [0.3, 0.7])), rng.integers(0, 3, n).astype(float)


# The norm


def norm_of_a_group(l1, l2, size=3):
    ones = np.ones((size, 1))
    ends = np.full((size, 1), np.inf)
    group = np.zeros(size, dtype=int)
    return GroupNorm(ones, 0 * ones, -ends, ends, group, l1 * ones, l2 * ones)


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 2.0), (1.0, 0.0), (0.3, 0.7), (0.95, 0.05)])
def test_the_dual_norm_is_the_largest_product_with_a_vector_of_norm_one(l1, l2):
    h, rng = norm_of_a_group(l1, l2), np.random.default_rng(0)
    directions = rng.standard_normal((200000, 3)) * 10.0 ** rng.uniform(-2, 0, (200000, 3))
    directions = np.vstack([directions, np.eye(3), -np.eye(3)])
    norms = l1 * np.abs(directions).sum(axis=1) + l2 * np.linalg.norm(directions, axis=1)
    for c in [*rng.standard_normal((10, 3, 1)), np.array([[2.0], [0], [0]]), np.ones((3, 1))]:
        sizes = h.size(c)
        assert np.ptp(sizes) == 0
        largest = (directions @ c[:, 0] / norms).max()
        assert largest <= sizes[0, 0] * (1 + 1e-12)
        assert largest == pytest.approx(sizes[0, 0], rel=1e-2)
        left = np.maximum(np.abs(c) - sizes * l1, 0)  # the equation that defines it
        assert np.linalg.norm(left) == pytest.approx(sizes[0, 0] * l2, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.4, 1.0])
def test_what_a_certificate_asks_for_is_right(l1_ratio):
    rng, ends = np.random.default_rng(0), np.full(15, np.inf)
    weight = l1_ratio + (1 - l1_ratio) * ROOTS[LABELS]
    shares = l1_ratio / weight, (1 - l1_ratio) * ROOTS[LABELS] / weight
    h = GroupNorm(weight, np.zeros(15), -ends, ends, LABELS, *shares)
    for _ in range(20):
        w = rng.standard_normal(15) * (rng.random(5) < 0.5)[LABELS]
        w *= rng.random(15) < 0.7 if l1_ratio > 0 else 1
        c = 3 * rng.standard_normal(15)
        judged = h.judge(c[:, None], w[:, None], np.array([1.0]))
        expected = naive.groups_penalty(w[None], COLUMNS, ROOTS, 1.0, l1_ratio)
        np.testing.assert_allclose(judged.value, expected)
        kkt = naive.groups_kkt(c[None], w[None], COLUMNS, ROOTS, 1.0, l1_ratio)
        np.testing.assert_allclose(judged.violation, kkt)
        np.testing.assert_allclose(judged.worst.max(), kkt)
        ((t, gap),) = judged.scaled
        scaled = naive.groups_kkt(t * c[None], 0 * w[None], COLUMNS, ROOTS, 1.0, l1_ratio)
        assert scaled <= 1e-12  # the conjugate is 0 there, not infinite
        np.testing.assert_allclose(gap, expected - t * c @ w, atol=1e-12)
        larger = naive.groups_kkt(1.001 * t * c[None], 0 * w[None], COLUMNS, ROOTS, 1.0, l1_ratio)
        assert larger > 0


# The estimators


def residuals(model, X, y, s):
    """Return the mean loss, and the residuals by output, of a fitted model."""
    s = s / s.sum()
    if isinstance(model, GroupLassoCD):
        r = y - model.predict(X)
        return s @ r**2 / 2, r[None]
    P = model.predict_proba(X)
    Y = (y[:, None] == model.classes_).astype(float)
    loss = -s @ np.log((P * Y).sum(axis=1))
    return loss, (Y - P).T[1:] if len(model.classes_) == 2 else (Y - P).T


def violation(model, X, y, s, columns, weights):
    """Return the violation of the optimality conditions, by naive code."""
    _, R = residuals(model, X, y, s)
    C = (s / s.sum() * R) @ (X - np.average(X, axis=0, weights=s))
    W = np.atleast_2d(model.coef_)
    return naive.groups_kkt(C, W, columns, weights, model.alpha, model.l1_ratio)


@pytest.mark.parametrize("l1_ratio", [0.0, 0.2, 0.9, 1.0])
@pytest.mark.parametrize("kind", ["numbers", "two", "three"])
def test_the_optimality_conditions_hold(kind, l1_ratio):
    X, y, labels, s = problem()
    y = {"numbers": y, "two": labels > 0, "three": labels}[kind]
    cls = GroupLassoCD if kind == "numbers" else GroupLogisticCD
    n_groups = set()
    for alpha, data in product([0.2, 0.05, 1e-3], [np.asfortranarray, sp.csr_array]):
        model = cls(LABELS, alpha, l1_ratio=l1_ratio, **EXACT).fit(data(X), y, s)
        assert violation(model, X, y, s, COLUMNS, ROOTS) <= 1e-7
        assert model.convergence_.converged
        n_groups.add(len(model.selected_groups_))
    assert len(n_groups) > 1  # groups come one after the other


def test_two_orthonormal_columns_have_a_closed_form():
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.standard_normal((50, 5)))[0] * np.sqrt(50)
    y = Q @ [3.0, 4, 0.1, 0.1, 0.1] + 0.01 * rng.standard_normal(50)
    model = GroupLassoCD([[0, 1], [2, 3, 4]], 0.5, fit_intercept=False, **EXACT).fit(Q, y)
    b = Q.T @ y / 50
    left = 1 - 0.5 * np.sqrt(2) / np.linalg.norm(b[:2])
    np.testing.assert_allclose(model.coef_, [*(left * b[:2]), 0, 0, 0], atol=1e-12)
    assert model.selected_groups_ == [0]


def test_smooth_optimisation_comes_to_the_same_minimum():
    """On groups of which none is dropped the objective has a gradient, and L-BFGS finds it."""
    X, y, labels, _ = problem(200)
    alpha, classes = 1e-3, labels > 0

    def penalty(w):
        return naive.groups_penalty(w[None, :15], COLUMNS, ROOTS, alpha, 0.0)

    def squares(w):
        return np.mean((y - X @ w[:15] - w[15]) ** 2) / 2 + penalty(w)

    def log(w):
        return np.mean(np.logaddexp(0, -(2 * classes - 1) * (X @ w[:15] + w[15]))) + penalty(w)

    for cls, target, objective in ((GroupLassoCD, y, squares), (GroupLogisticCD, classes, log)):
        model = cls(LABELS, alpha, **EXACT).fit(X, target)
        found = minimize(objective, np.full(16, 0.1), options={"gtol": 1e-9})
        ours = np.append(np.ravel(model.coef_), model.intercept_)
        np.testing.assert_allclose(ours, found.x, atol=1e-5)
        assert objective(ours) <= found.fun + 1e-12


def test_one_group_for_each_column_is_the_lasso():
    X, y, labels, s = problem(30, 60)
    for l1_ratio in (0.0, 0.3):
        ours = GroupLassoCD(None, 0.1, l1_ratio=l1_ratio, **EXACT).fit(X, y, s)
        np.testing.assert_allclose(ours.coef_, LassoCD(0.1, **EXACT).fit(X, y, s).coef_, atol=1e-10)
        ours = GroupLogisticCD(range(60), 0.02, l1_ratio=l1_ratio, **EXACT).fit(X, labels > 0, s)
        theirs = LogisticCD(0.02, **EXACT).fit(X, labels > 0, s)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-9)
    several = GroupLogisticCD(LABELS, 0.02, l1_ratio=1.0, **EXACT).fit(X[:, :15], labels, s)
    theirs = LogisticCD(0.02, **EXACT).fit(X[:, :15], labels, s)
    np.testing.assert_allclose(several.predict_proba(X[:, :15]), theirs.predict_proba(X[:, :15]))


def test_two_classes_as_several_have_half_the_weight():
    """A softmax with coefficients -w/2 and w/2 is the logistic model w; their norm is |w|/sqrt2."""
    X, _, labels, _ = problem()
    two = GroupLogisticCD(LABELS, 0.02 / np.sqrt(2), **EXACT).fit(X, labels > 0)
    coef = np.vstack([-two.coef_ / 2, two.coef_ / 2])
    C = (np.eye(2)[(labels > 0).astype(int)] - two.predict_proba(X)).T @ (X - X.mean(axis=0)) / 40
    assert naive.groups_kkt(C, coef, COLUMNS, ROOTS, 0.02, 0.0) <= 1e-7


def test_the_order_of_columns_groups_and_classes_does_not_matter():
    X, y, labels, _ = problem()
    order = np.random.default_rng(1).permutation(15)
    names = np.array(list("vwxyz"))[::-1]
    for cls, target in ((GroupLassoCD, y), (GroupLogisticCD, labels)):
        model = cls(LABELS, 0.05, l1_ratio=0.2, **EXACT).fit(X, target)
        other = cls(names[LABELS[order]], 0.05, l1_ratio=0.2, **EXACT).fit(X[:, order], target)
        np.testing.assert_allclose(other.coef_, model.coef_[..., order], atol=1e-8)
    flipped = GroupLogisticCD(LABELS, 0.05, l1_ratio=0.2, **EXACT).fit(X, 2 - labels)
    np.testing.assert_allclose(flipped.coef_[::-1], model.coef_, atol=1e-8)


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 0.95]), st.booleans())
def test_the_gap_bounds_what_an_early_stop_costs(seed, l1_ratio, classify):
    rng = np.random.default_rng(seed)
    n, p = rng.integers(4, 40), rng.integers(2, 40)
    X, y, labels, s = problem(n, p, seed)
    s = s + 1
    columns = [np.flatnonzero(rng.integers(0, 5, p) == 0)]
    columns += [[j] for j in np.setdiff1d(range(p), columns[0])]
    columns = [own for own in columns if len(own)]
    groups = np.empty(p, dtype=int)
    for k, own in enumerate(columns):
        groups[own] = k
    weights = np.sqrt([len(own) for own in columns])
    y = labels if classify else y
    cls = GroupLogisticCD if classify else GroupLassoCD
    alpha = 10.0 ** rng.uniform(-3, -0.5)

    def value(model):
        W = np.atleast_2d(model.coef_)
        return residuals(model, X, y, s)[0] + naive.groups_penalty(
            W, columns, weights, alpha, l1_ratio
        )

    order = {label: weights[k] for k, label in enumerate(range(len(columns)))}
    model = cls(groups, alpha, l1_ratio=l1_ratio, group_weights=order, tol=1e-10).fit(X, y, s)
    best = value(model)
    for tol in (0.3, 1e-3):
        early = model.set_params(tol=tol).fit(X, y, s)
        assert value(early) - best <= early.dual_gap_ + 1e-11 * max(1.0, best)


def test_a_working_set_without_a_gram_matrix_has_the_same_answer(monkeypatch):
    X, y, labels, s = problem(60, 15)
    models = [
        GroupLassoCD(LABELS, 0.05, tol=1e-11),
        GroupLassoCD(LABELS, 0.05, l1_ratio=0.5, tol=1e-11),
        GroupLogisticCD(LABELS, 0.01, l1_ratio=0.5, tol=1e-11, max_iter=10**4),
    ]
    targets = y, y, labels
    expected = [model.fit(X, y, s).coef_ for model, y in zip(models, targets, strict=True)]
    few = COST._replace(largest_gram=4, always_gram=4, stage=0)
    for model, target, coef in zip(models, targets, expected, strict=True):
        monkeypatch.setattr(type(model), "_cost", few)
        for data in (X, sp.csc_array(X)):
            model.fit(data, target, s)
            assert model.convergence_.converged
            np.testing.assert_allclose(model.coef_, coef, atol=1e-5)


def test_weights_of_groups():
    X, y, _, _ = problem()
    roots = GroupLassoCD(LABELS, 0.1, **EXACT).fit(X, y)
    given = GroupLassoCD(LABELS, 0.1, group_weights=ROOTS, **EXACT).fit(X, y)
    named = GroupLassoCD(LABELS, 0.1, group_weights={0: np.sqrt(3)}, **EXACT).fit(X, y)
    for other in (given, named):
        np.testing.assert_array_equal(other.coef_, roots.coef_)
    model = GroupLassoCD(LABELS, 0.3, group_weights={0: np.inf, 4: 0.0}, **EXACT).fit(X, y)
    assert not model.coef_[:3].any()
    assert model.coef_[10:].all()
    weights = np.r_[1e9, ROOTS[1:4], 0.0]
    assert violation(model, X, y, np.ones(40), COLUMNS, weights) <= 1e-7


def test_a_constant_column_takes_no_part_in_its_group():
    X, y, _, _ = problem()
    X[:, 1] = 1e6
    model = GroupLassoCD(LABELS, 0.1, standardize=True, **EXACT).fit(X, y)
    assert model.coef_[1] == 0
    kept = np.arange(15) != 1
    weights = dict(enumerate(ROOTS))  # the size of the group is as it was
    other = GroupLassoCD(LABELS[kept], 0.1, group_weights=weights, standardize=True, **EXACT)
    np.testing.assert_allclose(model.coef_[kept], other.fit(X[:, kept], y).coef_, atol=1e-12)


def test_nothing_is_selected_from_the_largest_alpha_on():
    X, y, labels, _ = problem()
    for l1_ratio, (path, cls, target) in product(
        [0.0, 0.5, 1.0],
        [
            (group_lasso_path, GroupLassoCD, y),
            (group_logistic_path, GroupLogisticCD, labels > 0),
            (group_logistic_path, GroupLogisticCD, labels),
        ],
    ):
        rule = {"l1_ratio": l1_ratio, "tol": 1e-11}  # nearly separated classes allow no more
        found = path(X, target, LABELS, alphas=10, **rule)
        top = found.alphas[0]
        assert not found.coefs[..., 0].any()
        model = cls(LABELS, 0.999 * top, **rule).fit(X, target)
        assert len(model.selected_groups_) == 1
        for k in (1, 5, 9):
            model.set_params(alpha=found.alphas[k]).fit(X, target)
            coef = model.coef_[0] if found.coefs.ndim == 2 else model.coef_
            coef = model.coef_ if cls is GroupLassoCD else coef
            np.testing.assert_allclose(found.coefs[..., k], coef, atol=1e-8)


def test_cross_validation_is_that_of_its_fits():
    X, y, labels, s = problem(60)
    alphas, l1_ratio = [0.3, 0.1, 0.03], [0.0, 0.5]
    model = GroupLassoCDCV(LABELS, l1_ratio=l1_ratio, alphas=alphas, cv=KFold(3), **EXACT)
    model.fit(X, y, s)
    for i, j in product(range(2), range(3)):
        for k, (train, test) in enumerate(KFold(3).split(X)):
            fit = GroupLassoCD(LABELS, alphas[j], l1_ratio=l1_ratio[i], **EXACT)
            r = y[test] - fit.fit(X[train], y[train], s[train]).predict(X[test])
            expected = np.average(r**2, weights=s[test])
            np.testing.assert_allclose(model.mse_path_[i, j, k], expected, rtol=1e-6)
    best = GroupLassoCD(LABELS, model.alpha_, l1_ratio=model.l1_ratio_, **EXACT).fit(X, y, s)
    np.testing.assert_allclose(model.coef_, best.coef_, atol=1e-9)
    folds = StratifiedKFold(3)
    model = GroupLogisticCDCV(LABELS, alphas=alphas, cv=folds, **EXACT).fit(X, labels)
    for k, (train, test) in enumerate(folds.split(X, labels)):
        fit = GroupLogisticCD(LABELS, alphas[2], **EXACT).fit(X[train], labels[train])
        expected = -log_loss(labels[test], fit.predict_proba(X[test]))
        np.testing.assert_allclose(model.scores_path_[2, k], expected, rtol=1e-6)
    assert model.groups_.keys() == {0, 1, 2, 3, 4}


# How groups are given


@pytest.fixture
def frame():
    X, y, _, _ = problem()
    names = [f"{'abcde'[k]}_{j}" for j, k in enumerate(LABELS)]
    return pd.DataFrame(X, columns=names), y


def test_groups_can_be_given_in_many_ways(frame):
    X, y = frame
    lists = [list(own) for own in COLUMNS]
    ways = {
        "prefix": "prefix",
        "labels": LABELS,
        "words": np.array(list("abcde"))[LABELS],
        "series": pd.Series(LABELS, index=X.columns),
        "lists": lists,
        "lists of names": [list(X.columns[own]) for own in COLUMNS],
        "lists of patterns": [["a_*"], np.array([3]), ("c_?",), ["d*"], ["e_*"]],
        "patterns": {"a*": 1, "b*": 2, "c*": 3, "d*": 4, "e*": 5},
        "positions": {j: int(k) for j, k in enumerate(LABELS)},
        "later wins": {"*": "rest", "a*": 1, "b*": 2, "c*": 3, "d*": 4},
        "the only one left out": lists[:1] + lists[2:],
    }
    expected = GroupLassoCD(LABELS, 0.1).fit(X, y)
    assert not expected.coef_.all()
    for name, groups in ways.items():
        model = GroupLassoCD(groups, 0.1).fit(X, y)
        np.testing.assert_array_equal(model.coef_, expected.coef_, err_msg=name)
        assert [list(own) for own in model.groups_.values()] == lists
    assert list(GroupLassoCD("prefix").fit(X, y).groups_) == list("abcde")
    assert list(GroupLassoCD(lists[:1]).fit(X, y).groups_) == [0, *X.columns[3:]]
    assert list(GroupLassoCD(lists[:1]).fit(X.to_numpy(), y).groups_)[:2] == [0, "x3"]


BAD_GROUPS = [
    (5, TypeError, "groups must be None, 'prefix', a list of lists"),
    ("suffix", ValueError, "groups must be None, 'prefix', a list of lists.*got 'suffix'"),
    (LABELS[:-1], ValueError, "groups must have a label for each of 15 columns; got 14"),
    ([[0, 1], [1, 2]], ValueError, r"groups\[0\] and groups\[1\] both have column 'a_1'"),
    ([[0, 15]], ValueError, r"groups\[0\] names column 15; they are 0 to 14"),
    ([["z_*"]], ValueError, r"groups\[0\] names 'z_\*'; the columns are 'a_0', 'a_1'"),
    ([[0, 1], 2], ValueError, r"groups\[1\] must be a list of columns, as others are; got 2"),
    ({"a_*": [1]}, TypeError, r"groups must be labels that can be keys of a dict; got \[1\]"),
    ([], ValueError, "groups must have a label for each of 15 columns; got 0"),
    ({"z_*": 0}, ValueError, r"groups names 'z_\*'; the columns are"),
]


@pytest.mark.parametrize(("groups", "error", "message"), BAD_GROUPS)
def test_bad_groups_are_refused_before_any_work(groups, error, message, frame):
    X, y = frame
    for model in (GroupLassoCD(groups), GroupLassoCDCV(groups)):
        with pytest.raises(error, match=f"{type(model).__name__}: {message}"):
            model.fit(X, y)


BAD_WEIGHTS = [
    ([1.0, 2.0], ValueError, "group_weights must be None, a dict by label or a weight for each of"),
    (1.0, ValueError, "group_weights must be None, a dict by label or a weight for each of"),
    ([1, 1, 1, 1, -1], ValueError, "group_weights must be numbers >= 0; got -1"),
    ([1, 1, 1, 1, np.nan], ValueError, "group_weights must be numbers >= 0; got .*nan"),
    ({"a": "x"}, ValueError, r"group_weights\['a'\] must be numbers >= 0; got 'x'"),
    ({"z": 1}, ValueError, "group_weights names 'z'; the groups are 'a', 'b'"),
]


@pytest.mark.parametrize(("weights", "error", "message"), BAD_WEIGHTS)
def test_bad_weights_are_refused(weights, error, message, frame):
    X, y = frame
    with pytest.raises(error, match=f"GroupLassoCD: {message}"):
        GroupLassoCD("prefix", group_weights=weights).fit(X, y)


def test_prefixes_need_names():
    X, y, _, _ = problem()
    with pytest.raises(ValueError, match=r"X has none; pass a DataFrame, as transformers return"):
        GroupLassoCD("prefix").fit(X, y)


def test_columns_of_transformers_are_dropped_whole():
    rng = np.random.default_rng(0)
    city = rng.choice(["Paris", "Oslo", "Rome"], 200)
    data = pd.DataFrame({"city": city, "age": rng.uniform(0, 9, 200), "size": rng.random(200)})
    y = np.sin(data["age"]) + 0.1 * rng.standard_normal(200)
    encoder = OneHotEncoder(sparse_output=False)
    columns = make_column_transformer((encoder, ["city"]), (SplineTransformer(), ["age", "size"]))
    columns.set_output(transform="pandas")
    pipeline = make_pipeline(columns, GroupLassoCD("prefix", alpha=0.02))
    model = pipeline.fit(data, y)[-1]
    assert list(model.groups_) == ["onehotencoder__city", "splinetransformer__age_sp",
                                   "splinetransformer__size_sp"]  # fmt: skip
    assert model.selected_groups_ == ["splinetransformer__age_sp"]
    kept = SelectFromModel(model, prefit=True).get_support()
    np.testing.assert_array_equal(kept, model.coef_ != 0)
    search = GridSearchCV(pipeline, {"grouplassocd__alpha": [0.01, 0.1]}, n_jobs=2).fit(data, y)
    assert search.best_score_ > 0.8


def test_classes_that_free_groups_separate_have_no_minimum():
    X, labels = load_iris(return_X_y=True)
    model = GroupLogisticCD([0, 0, 1, 1], group_weights={1: 0.0})
    with pytest.warns(ConvergenceWarning, match="can be separated"):
        model.fit(X, labels > 0)
