"""Targets that select the same columns: scikit-learn's errors and choice of alpha, certified."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import MultiTaskElasticNetCV, MultiTaskLassoCV
from sklearn.model_selection import KFold, ShuffleSplit

from skreg import (
    LassoCD,
    LassoCDCV,
    MultiTaskElasticNetCD,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCD,
    MultiTaskLassoCDCV,
    lasso_path,
)
from skreg._cost import COST
from skreg._problem.blocks import RowElasticNet
from skreg._solvers import rows

from . import naive
from .test_agreement import alpha_max
from .test_multitask import problem

SHORT = {"alphas": 12, "eps": 0.02}
EXACT = SHORT | {"tol": 1e-13}
SLOWLY = SHORT | {"tol": 1e-14, "max_iter": 10**6}


def assert_the_same(ours, theirs):
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
    np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-7)
    assert ours.alpha_ == pytest.approx(theirs.alpha_, rel=1e-10)
    assert ours.coef_.shape == theirs.coef_.shape
    assert np.abs(ours.coef_ - theirs.coef_).max() <= 1e-7 * np.abs(theirs.coef_).max()
    np.testing.assert_array_equal(ours.coef_.any(axis=0), theirs.coef_.any(axis=0))
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-7)
    assert ours.convergence_.converged


@pytest.mark.parametrize("shape", [(60, 30), (30, 80)], ids=str)
@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("cv", [None, ShuffleSplit(3, random_state=0)], ids=["5", "shuffled"])
def test_errors_and_choice_are_those_of_scikit_learn(shape, container, fit_intercept, cv):
    X, Y, _ = problem(*shape)
    words = {"fit_intercept": fit_intercept, "cv": cv}
    ours = MultiTaskLassoCDCV(**EXACT, **words).fit(container(X), Y)
    assert_the_same(ours, MultiTaskLassoCV(**SLOWLY, **words).fit(X, Y))
    assert ours.coef_.any()


@pytest.mark.parametrize("l1_ratio", [0.3, [0.9], [0.2, 0.7, 1.0]], ids=str)
@pytest.mark.parametrize("alphas", [10, [0.1, 3.0, 1.0]], ids=str)
def test_l1_ratio_is_chosen_as_by_scikit_learn(l1_ratio, alphas):
    X, Y, _ = problem(40, 40)
    words = {"l1_ratio": l1_ratio, "alphas": alphas, "cv": 3}
    ours = MultiTaskElasticNetCDCV(**EXACT | words).fit(X, Y)
    theirs = MultiTaskElasticNetCV(**SLOWLY | words).fit(X, Y)
    assert_the_same(ours, theirs)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.alphas_.shape == theirs.alphas_.shape


FACTOR = np.r_[0, 2, 1, 0.5, np.inf, np.ones(25)]


@pytest.mark.parametrize("controls", [{}, {"penalty_factor": FACTOR, "standardize": True}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_controls_and_weights_are_those_of_fits_fold_by_fold(controls, weighted):
    X, Y, s = problem()
    s = s if weighted else np.ones(len(Y))
    words = controls | {"l1_ratio": 0.7, "tol": 1e-13}
    model = MultiTaskElasticNetCDCV(**words, alphas=[0.1, 1, 3, 0.3], cv=3).fit(X, Y, s)
    expected = np.empty((4, 3))
    for k, (train, test) in enumerate(KFold(3).split(X)):
        for i, alpha in enumerate(model.alphas_):
            fit = MultiTaskElasticNetCD(alpha, **words).fit(X[train], Y[train], s[train])
            errors = ((Y[test] - fit.predict(X[test])) ** 2).mean(axis=1)
            expected[i, k] = np.average(errors, weights=s[test])
    np.testing.assert_allclose(model.mse_path_, expected, rtol=1e-9)
    whole = MultiTaskElasticNetCD(model.alpha_, **words).fit(X, Y, s)
    np.testing.assert_allclose(model.coef_, whole.coef_, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(model.intercept_, whole.intercept_, rtol=1e-9)


def test_the_path_has_the_coefficients_of_fits_and_gaps_that_bound_what_they_lack():
    X, Y, s = problem(30, 80)
    loose = MultiTaskLassoCDCV(**SHORT, tol=1e-2).fit(X, Y, s)
    path, n_alphas = loose.path_, 12
    assert path.coefs.shape == (3, 80, n_alphas)
    assert path.intercepts.shape == (3, n_alphas)
    assert path.alphas.shape == path.gaps.shape == (n_alphas,)
    null = naive.rows_objective(X, Y, np.zeros((80, 3)), np.zeros(80), np.zeros(80), s, True)
    assert 0 < path.gaps.max() <= 1e-2 * null
    for k, alpha in enumerate(path.alphas):
        best = MultiTaskLassoCD(alpha, tol=1e-12).fit(X, Y, s).coef_
        penalty = np.full(80, alpha), np.zeros(80), s, True
        found, least = (
            naive.rows_objective(X, Y, W.T, *penalty) for W in (path.coefs[..., k], best)
        )
        lacks = found - least
        assert lacks <= path.gaps[k] + 1e-10 * null
    assert loose.dual_gap_ in path.gaps
    np.testing.assert_allclose(path.predict(X, loose.alpha_), loose.predict(X), rtol=1e-10)
    assert path.alphas[0] == pytest.approx(
        alpha_max(*weighted_rows(X, Y, s), None, True), rel=1e-10
    )
    assert not path.coefs[..., 0].any()


def weighted_rows(X, Y, s):
    rows = np.repeat(np.arange(len(s)), s.astype(int))
    return X[rows], Y[rows]


def test_no_alpha_selects_more_features_than_allowed():
    X, Y, _ = problem()
    whole = MultiTaskLassoCDCV(**SHORT).fit(X, Y)
    model = MultiTaskLassoCDCV(**SHORT, max_features=4).fit(X, Y)
    assert whole.coef_.any(axis=0).sum() > 4 >= model.coef_.any(axis=0).sum() > 0
    reached = np.isfinite(model.mse_path_)
    assert 0 < reached.sum() < reached.size
    np.testing.assert_allclose(model.mse_path_[reached], whole.mse_path_[reached], rtol=1e-7)
    with pytest.raises(ValueError, match=r"MultiTaskLassoCDCV: max_features must be .*; got 0"):
        MultiTaskLassoCDCV(alphas=[0.01], max_features=0).fit(X, Y)


def test_the_same_bits_whatever_n_jobs():
    X, Y, s = problem()
    models = [
        MultiTaskElasticNetCDCV(**SHORT, l1_ratio=[0.5, 1], n_jobs=n_jobs).fit(X, Y, s)
        for n_jobs in (None, 2, -1)
    ]
    for model in models[1:]:
        np.testing.assert_array_equal(model.mse_path_, models[0].mse_path_)
        np.testing.assert_array_equal(model.coef_, models[0].coef_)


def test_one_target_is_a_vector_and_each_kind_of_target_has_its_estimator():
    X, Y, s = problem()
    rows = MultiTaskLassoCDCV(**EXACT).fit(X, Y[:, :1], s)
    vector = LassoCDCV(**EXACT).fit(X, Y[:, 0], s)
    np.testing.assert_allclose(rows.mse_path_, vector.mse_path_, rtol=1e-12)
    np.testing.assert_allclose(rows.coef_[0], vector.coef_, atol=1e-12)
    assert rows.coef_.shape == (1, 30)
    assert rows.intercept_.shape == (1,)
    with pytest.raises(ValueError, match=r"MultiTaskLassoCDCV: y must be .*use LassoCDCV"):
        MultiTaskLassoCDCV().fit(X, Y[:, 0])
    with pytest.raises(
        ValueError, match=r"LassoCDCV: y must have one .*all with MultiTaskLassoCDC"
    ):
        LassoCDCV().fit(X, Y)


def test_targets_that_select_by_themselves_have_paths_and_gaps_of_their_own():
    X, Y, _ = problem()
    path = lasso_path(X, Y, **EXACT)
    assert path.gaps.shape == (3, 12)
    fit = LassoCD(path.alphas[5], tol=1e-13).fit(X, Y)
    np.testing.assert_allclose(path.coefs[..., 5], fit.coef_, atol=1e-9)


def test_float32_is_kept_and_the_input_is_left_alone():
    X, Y, _ = (part.astype(np.float32) for part in problem())
    before = X.copy(), Y.copy()
    X.flags.writeable = Y.flags.writeable = False
    model = MultiTaskLassoCDCV(**SHORT).fit(X, Y)
    assert model.coef_.dtype == model.intercept_.dtype == model.predict(X).dtype == np.float32
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])
    exact = MultiTaskLassoCDCV(**SHORT).fit(X.astype(float), Y.astype(float))
    np.testing.assert_allclose(model.mse_path_, exact.mse_path_, rtol=1e-6)


def test_columns_may_be_named():
    pd = pytest.importorskip("pandas")
    X, Y, _ = problem()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(30)])
    named = MultiTaskLassoCDCV(**SHORT, penalty_factor={"x1*": np.inf}).fit(frame, Y)
    assert not named.coef_[:, [1, *range(10, 20)]].any()
    assert named.path_.feature_names.tolist() == list(frame.columns)


def test_stopping_short_warns_once_at_the_users_line():
    X, Y, _ = problem(30, 80)
    with pytest.warns(ConvergenceWarning, match="MultiTaskLassoCDCV stopped at max_i") as caught:
        model = MultiTaskLassoCDCV(alphas=5, max_iter=1, tol=1e-13).fit(X, Y)
    assert [warning.filename for warning in caught] == [__file__]
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("free", [False, True])
def test_a_newton_direction_solves_the_system_of_all_numbers(free):
    rng = np.random.default_rng(0)
    A, w, b = (rng.standard_normal(shape) for shape in [(9, 6), (6, 3), (6, 3)])
    weight = rng.uniform(0.5, 2, 6)
    if free:
        weight[2], w[2] = 0, 0
    hessian = np.kron(A.T @ A, np.eye(3))
    for j in np.flatnonzero(weight):
        length = np.sqrt(w[j] @ w[j])
        part = slice(3 * j, 3 * j + 3)
        bend = np.eye(3) - np.outer(w[j], w[j]) / length**2
        hessian[part, part] += weight[j] / length * bend
    expected = np.linalg.solve(hessian, b.ravel()).reshape(6, 3)
    h = RowElasticNet(weight, *np.zeros((1, 6)), *np.full((2, 6), np.inf)).at(np.ones(1))
    d = rows.by_rows(A.T @ A, w, h, b)
    np.testing.assert_allclose(d, expected, rtol=1e-9)


def test_conjugate_gradients_find_the_same_solution(monkeypatch):
    X, Y, s = problem(30, 80)
    direct = MultiTaskLassoCD(0.05, tol=1e-13).fit(X, Y, s).coef_
    monkeypatch.setattr(MultiTaskLassoCD, "_cost", COST._replace(rows_of_system=0))
    np.testing.assert_allclose(
        MultiTaskLassoCD(0.05, tol=1e-13).fit(X, Y, s).coef_, direct, atol=1e-8
    )
