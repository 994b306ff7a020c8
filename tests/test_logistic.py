"""LogisticCD and its loss: what it does not share with the other estimators."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import approx_fprime, minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_breast_cancer, load_iris, load_wine, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skreg import LogisticCD
from skreg._cost import COST
from skreg._data import Classes, as_design
from skreg._problem.losses import Huber, Logistic, Multinomial, Poisson, SquaredError
from skreg._problem.penalties import ElasticNet
from skreg._problem.problem import Problem
from skreg._solvers.newton import minimum

LOSSES = {
    "squared": (SquaredError(), [-1.3, 0.0, 2.0], 30),
    "logistic": (Logistic(), [0.0, 1.0], 30),
    "huber": (Huber(0.7), [-1.31, 0.0, 2.05], 30),
    "poisson": (Poisson(), [0.0, 0.7, 3.0], 4),
}


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_and_curvatures_are_those_of_differences(name):
    loss, targets, end = LOSSES[name]
    eta = np.linspace(-end, end, 121)
    for y in np.array(targets):
        value, residual, curvature = loss.near(y, eta)
        h = 1e-4
        right, left = (loss.near(y, eta + side)[0] for side in (h, -h))
        scale = 1 + np.abs(value)
        np.testing.assert_allclose(residual, (left - right) / (2 * h), atol=1e-7 * scale.max())
        second = (right - 2 * value + left) / h**2
        np.testing.assert_allclose(curvature, second, atol=1e-6 * scale.max())
        assert (value >= 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_gaps_are_those_of_the_conjugate(name):
    """l*(-dual) is the largest of ``-dual * eta - l(eta)``, found by a minimiser."""
    loss, targets, _ = LOSSES[name]
    for y in targets:
        for eta in (-3.0, 0.2, 1.5):
            value, residual, _ = loss.near(y, np.array(eta))
            for part in (1.0, 0.9, 0.3):
                dual = part * residual
                best = minimize_scalar(lambda e, d=dual, y=y: loss.near(y, e)[0] + d * e)
                expected = value + dual * eta - best.fun
                assert loss.gap(y, eta, value, dual) == pytest.approx(expected, abs=1e-7)
            assert loss.gap(y, eta, value, residual) == pytest.approx(0, abs=1e-15)


def test_the_least_of_half_a_deviance_is_0():
    y = np.array([1.0, 7.0, 1e6])
    value, residual, curvature = Poisson().near(y, np.log(y))
    np.testing.assert_allclose([value, residual], 0, atol=1e-9)
    np.testing.assert_allclose(curvature, y)
    assert np.isinf(Poisson().gap(np.array(1.0), np.array(0.0), 0.0, np.array(1.1)))


def softmax_loss(y, eta):
    return logsumexp(eta) - y @ eta


def test_the_multinomial_loss_couples_the_classes():
    """Slopes and curvatures by differences, and the gap by the conjugate of all classes."""
    loss, rng, n_classes = Multinomial(3), np.random.default_rng(0), 3
    for eta in [*rng.standard_normal((4, n_classes)) * 3, np.array([600.0, -300.0, 0.0])]:
        for y in np.eye(n_classes):
            values, residual, p = loss.near(y, eta)
            assert values.sum() == pytest.approx(softmax_loss(y, eta), abs=1e-12)
            differences = approx_fprime(eta, lambda e, y=y: softmax_loss(y, e), 1e-6)
            np.testing.assert_allclose(-residual, differences, atol=1e-5)
            curvature = np.diag(p) - np.outer(p, p)
            steps = [(loss.near(y, eta - h)[1] - residual) / 1e-6 for h in 1e-6 * np.eye(3)]
            np.testing.assert_allclose(curvature, steps, atol=1e-5)
            assert loss.gap(y, eta, values, residual).sum() == pytest.approx(0, abs=1e-12)
            dual = 0.6 * residual
            q = y - dual
            entropy = -np.sum(q[q > 0] * np.log(q[q > 0]))  # the conjugate at q is minus this
            expected = softmax_loss(y, eta) - entropy + (dual - y) @ eta + y @ eta
            assert loss.gap(y, eta, values, dual).sum() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dual", [[0.5, 0.0, -0.1], [1.1, -0.5, -0.6], [-0.1, 0.05, 0.05]])
def test_duals_that_are_no_probabilities_have_no_finite_gap(dual):
    loss, y = Multinomial(3), np.array([1.0, 0.0, 0.0])
    assert np.isinf(loss.gap(y, np.zeros(3), np.zeros(3), np.array(dual))).any()


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


MANY = {
    "wide": lambda: make_classification(60, 200, n_informative=8, n_classes=4, random_state=0),
    "square": lambda: make_classification(20, 20, n_informative=10, n_classes=3, random_state=0),
    "tall": lambda: load_iris(return_X_y=True),
}


def softmax_kkt(model, X, y, alpha, l1_ratio=1.0):
    """Return the largest violation of the optimality conditions, by a softmax of all classes."""
    W, Y = model.coef_, y[:, None] == model.classes_
    p = softmax(X @ W.T + model.intercept_, axis=1)
    gradient = (p - Y).T @ X / len(y) + alpha * (1 - l1_ratio) * W
    at_zero = np.maximum(np.abs(gradient) - alpha * l1_ratio, 0)
    violation = np.where(W == 0, at_zero, np.abs(gradient + alpha * l1_ratio * np.sign(W)))
    return max(violation.max(), np.abs(np.mean(p - Y, axis=0)).max())


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.3, 0.0])
@pytest.mark.parametrize("data", MANY)
def test_several_classes_are_optimal(data, l1_ratio, kind):
    X, y = MANY[data]()
    for alpha in (0.03, 0.003):
        model = LogisticCD(alpha, l1_ratio=l1_ratio, tol=1e-12).fit(kind(X), y)
        assert model.convergence_.converged
        assert softmax_kkt(model, X, y, alpha, l1_ratio) <= 1e-3 * alpha
        assert model.coef_.shape == (len(np.unique(y)), X.shape[1])


@pytest.mark.parametrize("data", MANY)
def test_several_classes_have_the_coefficients_of_scikit_learn(data):
    X, y = MANY[data]()
    X, C = StandardScaler().fit_transform(X), 1 / (0.05 * len(y))
    ours = LogisticCD(0.05, l1_ratio=0.0, tol=1e-13).fit(X, y)
    theirs = LogisticRegression(C=C, tol=1e-12, max_iter=10**4).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    saga = {"solver": "saga", "tol": 1e-12, "max_iter": 10**5}
    ours = LogisticCD(0.05, tol=1e-13).fit(X, y)
    theirs = LogisticRegression(C=C, l1_ratio=1, **saga).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize(("l1_ratio", "pull"), [(1.0, 1.0), (0.0, 2.0)])
def test_two_classes_are_the_multinomial_of_two(l1_ratio, pull):
    """Half the difference w goes to each class: |w|/2 + |w|/2 = |w|, and 2 (w/2)**2 = w**2 / 2."""
    X, y = load_breast_cancer(return_X_y=True)
    X, alpha, n = StandardScaler().fit_transform(X), 0.02, len(y)
    binary = LogisticCD(alpha, l1_ratio=l1_ratio, tol=1e-13).fit(X, y)
    classes = Classes(as_design(X, np.ones(n), centre=True, standardize=False), 2)
    strength, ends = np.full(60, n * alpha * pull), np.full(60, np.inf)
    penalty = ElasticNet(l1_ratio * strength, (1 - l1_ratio) * strength, -ends, ends)
    targets = np.eye(2)[y].reshape(-1, 1)
    problem = Problem(classes, targets, penalty, Multinomial(2))
    solver, solution = minimum(problem, np.zeros((60, 1)), tol=1e-13, max_iter=1000)
    first, second = solver.coefficients(solution).reshape(-1, 2).T
    np.testing.assert_allclose(second - first, binary.coef_[0], atol=1e-6)
    assert solution.objective / n == pytest.approx(objective(binary, X, y, alpha, l1_ratio))


def objective(model, X, y, alpha, l1_ratio):
    w = model.coef_[0]
    loss = -np.mean(model.predict_log_proba(X)[np.arange(len(y)), y])
    return loss + alpha * (l1_ratio * np.abs(w).sum() + (1 - l1_ratio) / 2 * w @ w)


def test_the_order_of_several_classes_and_of_columns_is_that_of_the_coefficients():
    X, y = load_wine(return_X_y=True)
    rule = {"alpha": 0.02, "l1_ratio": 0.8, "standardize": True, "tol": 1e-12}
    one, order = LogisticCD(**rule).fit(X, y), np.random.default_rng(0).permutation(13)
    other = LogisticCD(**rule).fit(X[:, order], np.array(["c", "a", "b"])[y])
    np.testing.assert_allclose(other.coef_, one.coef_[[1, 2, 0]][:, order], atol=1e-6)
    assert list(other.classes_) == ["a", "b", "c"]


def test_weights_of_samples_of_several_classes_repeat_them():
    X, y = load_wine(return_X_y=True)
    s = np.random.default_rng(0).integers(0, 3, len(y))
    rule = {"alpha": 0.01, "l1_ratio": 0.9, "tol": 1e-13}
    X = StandardScaler().fit_transform(X)
    weighted = LogisticCD(**rule).fit(X, y, s)
    repeated = LogisticCD(**rule).fit(np.repeat(X, s, axis=0), np.repeat(y, s))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-7)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-7)


def test_the_gap_of_several_classes_bounds_what_an_early_stop_costs():
    X, y = MANY["wide"]()
    values = {}
    for tol in (1e-1, 1e-2, 1e-3, 1e-12):
        model = LogisticCD(0.01, tol=tol).fit(X, y)
        log_p = model.predict_log_proba(X)[np.arange(len(y)), y]
        values[tol] = 0.01 * np.abs(model.coef_).sum() - log_p.mean(), model.dual_gap_
    for value, gap in values.values():
        assert -1e-12 <= value - values[1e-12][0] <= gap


def test_samples_that_alone_can_be_separated_leave_no_minimum_either():
    """One column is 1 for some samples of a class, and for none of the others: quasi-separation."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(60), rng.integers(0, 2, 60)
    X = np.c_[x, (x > 0.5) & (y == 1)]
    iris = load_iris(return_X_y=True)  # of which one class can be told from the others
    for data in ((X, y), (-X, 1 - y), iris):
        with pytest.warns(ConvergenceWarning, match="at least some samples.*raise alpha"):
            model = LogisticCD(0.0).fit(*data)
        assert np.isfinite(model.coef_).all()
    upper = LogisticCD(0.0, upper=[np.inf, 3.0], tol=1e-8).fit(X, y)  # a bound gives a minimum
    assert upper.convergence_.converged
    with pytest.warns(ConvergenceWarning, match="stopped at max_iter=1"):
        LogisticCD(0.0, max_iter=1, tol=0.0).fit(x[:, None], y)


def test_several_classes_that_can_be_separated_have_no_minimum_without_a_penalty():
    X, y = load_iris(return_X_y=True)
    X = X + 10 * np.eye(3)[y][:, [0, 1, 2, 2]]
    with pytest.warns(ConvergenceWarning, match="the classes can be separated.*raise alpha"):
        model = LogisticCD(0.0).fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert model.score(X, y) == 1


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_bounds_and_factors_hold_for_every_class(kind):
    X, y = load_wine(return_X_y=True)
    X, factor = StandardScaler().fit_transform(X), np.r_[0.5, np.inf, np.ones(11)]
    model = LogisticCD(0.01, positive=True, upper=0.7, penalty_factor=factor, tol=1e-12)
    W = model.fit(kind(X), y).coef_
    p = softmax(X @ W.T + model.intercept_, axis=1)
    gradient = (p - np.eye(3)[y]).T @ X / len(y) + 0.01 * np.where(np.isinf(factor), 0, factor)
    free = ~np.isinf(factor)
    assert not W[:, 1].any()
    assert ((W >= 0) & (W <= 0.7)).all()
    assert (W == 0.7).any()
    np.testing.assert_allclose(gradient[(W > 0) & (W < 0.7)], 0, atol=1e-6)
    assert (gradient[(W == 0) & free] >= -1e-6).all()
    assert (gradient[W == 0.7] <= 1e-6).all()


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_columns_of_classes_too_many_for_a_gram_matrix(l1_ratio, kind, monkeypatch):
    X, y = make_classification(100, 40, n_informative=8, n_classes=3, random_state=0)
    rule = {"alpha": 0.01, "l1_ratio": l1_ratio, "tol": 1e-10}
    expected = LogisticCD(**rule).fit(X, y)
    monkeypatch.setattr(LogisticCD, "_cost", COST._replace(largest_gram=5, always_gram=5))
    model = LogisticCD(**rule).fit(kind(X), y)
    assert model.convergence_.converged
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_penalty_of_squares_on_many_columns_takes_products_alone(n_classes):
    X, y = make_classification(50, 1500, n_informative=8, n_classes=n_classes, random_state=0)
    ours = LogisticCD(0.1, l1_ratio=0.0, tol=1e-12).fit(X, y)
    theirs = LogisticRegression(C=1 / (0.1 * 50), tol=1e-12, max_iter=10**4).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-7)
    assert ours.convergence_.work.n_coordinate_updates == 0


def test_steps_by_products_end_where_rounding_begins():
    X, y = make_classification(50, 1500, n_informative=8, random_state=0)
    with pytest.warns(ConvergenceWarning, match="at the limit of float64"):
        model = LogisticCD(0.1, l1_ratio=0.0, tol=0.0).fit(X, y)
    assert model.convergence_.relative_gap < 1e-12
    assert model.n_iter_ < 300


def test_far_predictions_of_several_classes_are_finite():
    X, y = load_iris(return_X_y=True)
    model = LogisticCD(1e-3).fit(X, y)
    far = model.predict_log_proba(X * 1e6)
    assert np.isfinite(far).all()
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


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
        (np.zeros(30), r"y must have two classes or more, .* got one class, 0\.0"),
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
        ({0: 0.0, 1: 1.0}, "class_weight must be finite and > 0 for every class; got {0: 0.0"),
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


@pytest.mark.parametrize(("solver", "l1_ratio"), [("liblinear", 1.0), ("lbfgs", 0.0)])
def test_other_solvers_of_scikit_learn_come_to_the_same_coefficients(solver, l1_ratio):
    """Without an intercept, which liblinear penalises."""
    X, y = load_breast_cancer(return_X_y=True)
    X, alpha = (X - X.mean(axis=0)) / X.std(axis=0), 0.01
    rule = {"l1_ratio": l1_ratio, "fit_intercept": False}
    ours = LogisticCD(alpha, tol=1e-12, **rule).fit(X, y)
    options = {"solver": solver, "tol": 1e-12, "max_iter": 10**5, "random_state": 0}
    theirs = LogisticRegression(C=1 / (len(y) * alpha), **rule, **options).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
