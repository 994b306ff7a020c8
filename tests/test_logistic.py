"""LogisticCD and its loss: what it does not share with the other estimators."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skreg import LogisticCD
from skreg._problem.losses import Logistic, SquaredError

LOSSES = {"squared": (SquaredError(), [-1.3, 0.0, 2.0]), "logistic": (Logistic(), [0.0, 1.0])}
ETA = np.linspace(-30, 30, 121)


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_and_curvatures_are_those_of_differences(name):
    loss, targets = LOSSES[name]
    for y in np.array(targets):
        value, residual, curvature = loss.near(y, ETA)
        h = 1e-4
        right, left = (loss.near(y, ETA + side)[0] for side in (h, -h))
        scale = 1 + np.abs(value)
        np.testing.assert_allclose(residual, (left - right) / (2 * h), atol=1e-7 * scale.max())
        second = (right - 2 * value + left) / h**2
        np.testing.assert_allclose(curvature, second, atol=1e-6 * scale.max())
        assert (value >= 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_gaps_are_those_of_the_conjugate(name):
    """l*(-dual) is the largest of ``-dual * eta - l(eta)``, found by a minimiser."""
    loss, targets = LOSSES[name]
    for y in targets:
        for eta in (-3.0, 0.2, 4.0):
            value, residual, _ = loss.near(y, np.array(eta))
            for part in (1.0, 0.9, 0.3):
                dual = part * residual
                best = minimize_scalar(lambda e, d=dual, y=y: loss.near(y, e)[0] + d * e)
                expected = value + dual * eta - best.fun
                assert loss.gap(y, eta, value, dual) == pytest.approx(expected, abs=1e-7)
            assert loss.gap(y, eta, value, residual) == pytest.approx(0, abs=1e-15)


def test_a_dual_that_is_no_probability_has_no_finite_gap():
    loss, y = Logistic(), np.array([0.0, 0.0, 1.0, 1.0])
    dual, value = np.array([0.1, -1.1, -0.1, 1.1]), np.ones(4)
    assert np.isinf(loss.gap(y, np.zeros(4), value, dual)).all()


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_a_wide_problem_has_the_coefficients_of_scikit_learn(l1_ratio):
    X, y = make_classification(80, 300, n_informative=10, random_state=0)
    ours = LogisticCD(0.03, l1_ratio=l1_ratio, tol=1e-12).fit(X, y)
    options = {"solver": "saga", "tol": 1e-12, "max_iter": 10**5}
    theirs = LogisticRegression(C=1 / (80 * 0.03), l1_ratio=l1_ratio, **options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    assert 0 < np.count_nonzero(ours.coef_) < 300


def test_the_textbook_has_lambda_over_m():
    """J = mean log loss + lambda / 2m ||w||^2 has a gradient of 0 at alpha = lambda / m."""
    X, y = load_breast_cancer(return_X_y=True)
    X, m, strength = StandardScaler().fit_transform(X), len(y), 3.0
    model = LogisticCD(strength / m, l1_ratio=0.0, tol=1e-14).fit(X, y)
    p, w = model.predict_proba(X)[:, 1], model.coef_[0]
    np.testing.assert_allclose(X.T @ (p - y) / m + strength / m * w, 0, atol=1e-8)
    assert np.mean(p - y) == pytest.approx(0, abs=1e-8)


def test_nothing_is_selected_from_alpha_max_on():
    X, y = load_breast_cancer(return_X_y=True)
    top = np.abs((X - X.mean(axis=0)).T @ (y - y.mean())).max() / len(y)
    model = LogisticCD(top * (1 + 1e-9)).fit(X, y)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(np.log(y.mean() / (1 - y.mean())))
    assert model.set_params(alpha=top * 0.99).fit(X, y).convergence_.n_active == 1


def test_the_order_of_classes_turns_the_signs():
    X, y = load_breast_cancer(return_X_y=True)
    one = LogisticCD(0.02, standardize=True, tol=1e-12).fit(X, y)
    other = LogisticCD(0.02, standardize=True, tol=1e-12).fit(X, np.where(y == 1, "a", "b"))
    np.testing.assert_allclose(one.coef_, -other.coef_, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X)[:, ::-1], atol=1e-7)


def test_class_weights_are_sample_weights():
    X, y = load_breast_cancer(return_X_y=True)
    rule = {"alpha": 0.01, "standardize": False, "tol": 1e-12}
    X = StandardScaler().fit_transform(X)
    weighted = LogisticCD(**rule, class_weight={0: 3.0, 1: 0.5}).fit(X, y)
    expected = LogisticCD(**rule).fit(X, y, np.where(y == 0, 3.0, 0.5))
    np.testing.assert_allclose(weighted.coef_, expected.coef_, atol=1e-9)
    balanced = LogisticCD(**rule, class_weight="balanced").fit(X, y)
    s = len(y) / 2 / np.bincount(y)
    np.testing.assert_allclose(balanced.coef_, LogisticCD(**rule).fit(X, y, s[y]).coef_, atol=1e-9)


def test_predictions_agree_with_one_another():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticCD(1e-3, standardize=True).fit(X, y == 1)
    decision, p = model.decision_function(X), model.predict_proba(X)
    np.testing.assert_allclose(p[:, 1], 1 / (1 + np.exp(-decision)))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(model.predict(X), decision > 0)
    far = model.predict_log_proba(X * 1e6)
    assert np.isfinite(far).all()
    np.testing.assert_allclose(far.max(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("free", ["all", "one"])
def test_separable_classes_have_no_minimum_without_a_penalty(free, kind):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    y = X[:, 1] > 0
    factor = np.where(np.arange(5) == 1, 0.0, 1.0) if free == "one" else None
    model = LogisticCD(0.1 if free == "one" else 0.0, penalty_factor=factor)
    with pytest.warns(ConvergenceWarning, match="the classes can be separated.*raise alpha"):
        model.fit(kind(X), y)
    assert not model.convergence_.converged
    assert np.isfinite(model.coef_).all()
    assert model.score(X, y) == 1


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_column_without_a_penalty_that_does_not_separate_has_a_minimum(fit_intercept):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 100)), rng.random(40) > 0.5
    factor = np.r_[0.0, np.ones(99)]  # only the penalised columns separate
    model = LogisticCD(1e-5, penalty_factor=factor, fit_intercept=fit_intercept).fit(X, y)
    assert model.convergence_.converged
    assert model.coef_[0, 0] != 0
    assert model.score(X, y) == 1


def test_a_bound_keeps_a_column_that_separates_from_growing():
    X = np.random.default_rng(0).standard_normal((60, 5))
    model = LogisticCD(0.0, upper=1e3, fit_intercept=False).fit(X, X[:, 1] > 0)
    assert model.convergence_.converged


def test_without_a_penalty_classes_that_overlap_have_a_minimum():
    X, y = make_classification(300, 6, n_redundant=0, flip_y=0.2, random_state=0)
    ours = LogisticCD(0.0, tol=1e-12).fit(X, y)
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert ours.convergence_.converged


def test_a_large_working_set_has_no_gram_matrix():
    rng = np.random.default_rng(0)
    X = sp.random_array((1500, 4000), density=0.002, format="csr", rng=rng)
    y = rng.random(1500) < 0.5
    model = LogisticCD(1e-5, l1_ratio=0.5, tol=1e-8).fit(X, y)
    assert model.convergence_.converged
    assert model.convergence_.n_active > 1000


def test_phrases_are_selected_from_a_sparse_matrix():
    rng = np.random.default_rng(0)
    X = sp.random_array((200, 2000), density=0.05, format="csr", rng=rng)
    y = X[:, [3, 77]].sum(axis=1) > 0.02
    selector = SelectFromModel(LogisticCD(0.01)).fit(X, y)
    assert {3, 77} <= set(selector.get_support(indices=True))
    assert selector.get_support().sum() < 100
    assert selector.estimator_.sparse_coef_.shape == (1, 2000)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.arange(30) % 3, "Only binary classification is supported.*3 classes.*OneVsRest"),
        (np.zeros(30), r"y must have two classes .* got one class, 0\.0"),
        (np.linspace(0, 1, 30), "Unknown label type: continuous"),
    ],
)
def test_targets_that_are_not_two_classes(y, message):
    with pytest.raises(ValueError, match=message):
        LogisticCD().fit(np.eye(30), y)


def test_one_class_with_weights_is_one_class():
    y = np.arange(30) % 2
    with pytest.raises(ValueError, match="got one class, 1"):
        LogisticCD().fit(np.eye(30), y, y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({0: 0.0, 1: 1.0}, "class_weight must be finite and > 0 for both classes; got {0: 0.0"),
        ({0: -1.0}, "class_weight must be finite and > 0"),
        ({7: 2.0}, "LogisticCD: class_weight: The classes, .* are not in class_weight"),
    ],
)
def test_class_weights_that_make_no_sense(weights, message):
    with pytest.raises(ValueError, match=message):
        LogisticCD(class_weight=weights).fit(np.eye(30), np.arange(30) % 2)


def test_max_iter_counts_the_sweeps_on_the_way_too():
    X, y = load_breast_cancer(return_X_y=True)
    for max_iter in (1, 5, 20):
        model = LogisticCD(1e-4, standardize=True, max_iter=max_iter)
        with pytest.warns(ConvergenceWarning, match=f"stopped at max_iter={max_iter} with"):
            model.fit(X, y)
        assert model.n_iter_ <= max_iter
