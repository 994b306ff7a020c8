"""What all estimators share: each property once, over the table in `estimators.py`."""

import pickle
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv, cross_validate
from sklearn.preprocessing import StandardScaler

import skreg
from skreg import enet_path, lasso_path, ridge_path

from . import naive
from .estimators import (
    CLASSES,
    KINDS,
    LABELS,
    NAMES,
    NETWORKS,
    TABLE,
    WEIGHTS,
    N,
    P,
    X,
    Y,
    assert_near,
    assert_same,
    every,
    learned,
    outcome,
    problem,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_every_estimator_is_in_the_table():
    public = {vars(skreg)[name] for name in skreg.__all__}
    assert {thing for thing in public if isinstance(thing, type)} == set(CLASSES)


# The answer


@every(of=[name for name, entry in TABLE.items() if entry.peer is not None])
def test_answers_are_those_of_scikit_learn(name):
    (model, y), peer, weights = problem(name), clone(TABLE[name].peer), [(), (WEIGHTS,)]
    weights = weights[:1] if "MultiTask" in name else weights  # scikit-learn's take none
    for s, kind in product(weights, KINDS.values()):
        model.fit(kind(X), y, *s)
        if name.startswith("Logistic"):  # scikit-learn's loss is a sum
            peer.set_params(C=1 / (model.alpha * (s[0].sum() if s else N)))
        peer.fit(X, y, *s)
        if name in NETWORKS:
            expected = outcome(peer, X)  # L-BFGS stops where the loss falls by 2e-9 of itself
            np.testing.assert_allclose(outcome(model, X), expected, atol=1e-4 * expected.max())
            continue
        np.testing.assert_allclose(model.coef_, peer.coef_, atol=1e-8 * np.abs(peer.coef_).max())
        np.testing.assert_allclose(model.intercept_, peer.intercept_, rtol=1e-8)
        assert model.coef_.shape == peer.coef_.shape
        assert getattr(model, "alpha_", 0) == pytest.approx(getattr(peer, "alpha_", 0))
        assert model.convergence_.converged


def formulas(name, model, s):
    """Return the objective and the violation of the optimality conditions, as functions of coef_.

    Each returns a list, with an item for each target, or with one where targets share their rows.
    """
    y, ridge = TABLE[name].y, "Ridge" in name
    logistic, targets = name.startswith("Logistic"), y
    if is_classifier(model):
        members = y[:, None] == model.classes_
        targets = members.astype(float) if logistic else np.where(members, 1.0, -1.0)
    several = logistic and len(model.classes_) > 2  # which are one problem
    targets = targets[:, 1] if logistic and not several else targets
    targets = targets.reshape(N, -1)
    deviation = np.sqrt(np.average((X - np.average(X, axis=0, weights=s)) ** 2, axis=0, weights=s))
    scale = deviation if model.standardize else np.ones(P)
    factor = np.ones(P) if model.penalty_factor is None else np.array(model.penalty_factor)
    left_out, factor = np.isinf(factor), np.where(np.isinf(factor), 0, factor)
    l1_ratio = 0.0 if ridge else getattr(model, "l1_ratio_", getattr(model, "l1_ratio", 1.0))
    alpha = model.alpha_ if hasattr(model, "alpha_") else model.alpha
    alpha = np.broadcast_to(np.divide(alpha, s.sum() if ridge else 1), targets.shape[1])
    lasso, squares = l1_ratio * factor * scale, (1 - l1_ratio) * factor * scale**2
    unit = 2 * s.sum() if ridge else 1  # of the objective of the estimator
    if "MultiTask" in name:
        words = np.where(left_out, 1e300, alpha[0] * lasso), alpha[0] * squares, s, True
        return (
            lambda coef: [naive.rows_objective(X, targets, coef.T, *words)],
            lambda coef: [naive.rows_kkt(X, targets, coef.T, *words)],
        )
    lower, upper = (getattr(model, side, None) for side in ("lower", "upper"))
    lower = np.where(left_out, 0, -np.inf if lower is None else lower)
    upper = np.where(left_out, 0, np.inf if upper is None else upper)
    value, kkt, fit = naive.enet_objective, naive.enet_kkt, None
    if logistic or "Poisson" in name or "Huber" in name:
        fit = naive.logistic_fit if logistic else naive.poisson_fit
        fit = partial(naive.huber_fit, model.delta) if "Huber" in name else fit
        fit = naive.multinomial_fit if several else fit
        value, kkt = partial(naive.loss_objective, fit), partial(naive.loss_kkt, fit)
    problems = [(y, a * lasso, a * squares) for y, a in zip(targets.T, alpha, strict=True)]
    if several:
        problems = [(targets, alpha[0] * lasso, alpha[0] * squares)]

    def by_problem(coef):
        return [coef] if several else np.atleast_2d(coef)

    def objective(coef):
        pairs = zip(by_problem(coef), problems, strict=True)
        return [unit * value(X, y, w, l1, l2, s, True) for w, (y, l1, l2) in pairs]

    def violation(coef):
        pairs = zip(by_problem(coef), problems, strict=True)
        return [kkt(X, y, w, l1, l2, lower, upper, s, True) for w, (y, l1, l2) in pairs]

    return objective, violation


FACTORS = [None, [2, 0.5, np.inf, 1, 0, 1, 3, np.inf, 0.1]]


@pytest.mark.parametrize("factor", FACTORS, ids=["equal", "factors"])
@every("penalty_factor")
def test_the_optimality_conditions_hold(name, factor):
    model, y = problem(name)
    if factor is not None:
        model.set_params(penalty_factor=factor)
    for kind in KINDS.values():
        model.fit(kind(X), y, WEIGHTS)
        _, violation = formulas(name, model, WEIGHTS)
        assert np.max(violation(model.coef_)) <= 1e-9  # where gradients at 0 are of size 1


@every("penalty_factor", "alpha")
def test_the_gap_bounds_what_an_early_stop_costs(name):
    model, y = problem(name)
    objective, _ = formulas(name, model.fit(X, y, WEIGHTS), WEIGHTS)
    best, null = objective(model.coef_), objective(0 * model.coef_)
    assert np.all(np.ravel(model.dual_gap_) <= model.tol * np.array(null))
    for tol in (0.3, 1e-2, 1e-4):
        early = clone(model).set_params(tol=tol).fit(X, y, WEIGHTS)
        costs = np.subtract(objective(early.coef_), best)
        assert np.all(costs <= early.dual_gap_ + 1e-12 * np.array(null)), tol
        relative = np.max(np.divide(early.dual_gap_, null))
        assert early.convergence_.relative_gap == pytest.approx(relative, rel=1e-6, abs=1e-15)
        assert relative <= max(tol, 1e-9) or not early.convergence_.converged


@pytest.mark.parametrize("controls", [{}, {"standardize": True, "fit_intercept": False}], ids=str)
@every(of=["LassoCD", "LassoCD, targets", "ElasticNetCD", "ElasticNetCD, controls"])
def test_a_path_is_its_fits(name, controls):
    model, y = problem(name)
    path = lasso_path if name.startswith("LassoCD") else enet_path
    assert_path(path, model.set_params(**controls), y, [0.1, 0.01, 0.03])


@pytest.mark.parametrize("controls", [{}, {"standardize": True, "fit_intercept": False}], ids=str)
@every(of=["RidgeGD", "RidgeGD, targets", "RidgeGD, bounds", "RidgeGD, controls"])
def test_a_ridge_path_is_its_fits(name, controls):
    model, y = problem(name)
    assert_path(ridge_path, model.set_params(**controls), y, [10.0, 0.1, 1.0])


def assert_path(path, model, y, alphas):
    options = model.get_params()
    left_out = ("alpha", "solver", "step", "momentum", "batch_size", "random_state", "warm_start")
    options = {name: value for name, value in options.items() if name not in left_out}
    for kind in KINDS.values():
        found = path(kind(X), y, alphas=alphas, sample_weight=WEIGHTS, **options)
        assert found.alphas.tolist() == sorted(alphas, reverse=True)
        for k, alpha in enumerate(found.alphas):
            model.set_params(alpha=alpha).fit(kind(X), y, WEIGHTS)
            scale = np.abs(model.coef_).max()
            np.testing.assert_allclose(found.coefs[..., k], model.coef_, atol=1e-8 * scale)
            np.testing.assert_allclose(found.predict(X, alpha), model.predict(X), atol=1e-7)
        assert found.coefs.dtype == found.intercepts.dtype == float
        assert found.gaps.shape == (*found.coefs.shape[:-2], 3)
        assert np.all(found.gaps <= model.tol * 2 * WEIGHTS.sum() * np.square(y).max())
    X32, y32 = np.float32(X), np.float32(y)
    X32.flags.writeable = y32.flags.writeable = False
    assert path(X32, y32, alphas=alphas, **options).coefs.dtype == np.float32


@every("max_iter")
def test_stopping_short_warns_at_the_line_of_the_user_with_a_remedy(name):
    model, y = problem(name)
    words = rf"{type(model).__name__} stopped (at|because) .*(raise|rescale|standardise)"
    with pytest.warns(ConvergenceWarning, match=words) as caught:
        model.set_params(max_iter=1, tol=0).fit(X, y)
    assert [warning.filename for warning in caught] == [__file__]
    record = model.convergence_
    assert not record.converged or record.relative_gap == 0  # one sweep may do on few columns
    assert all(np.isfinite(part).all() for part in learned(model))


# The data


SPLIT = {
    "folds may part the repetitions of a row": [name for name in TABLE if "CV" in name],
    "masks are drawn for each row": ["DropoutMLPClassifier", "DropoutMLPRegressor"],
}


@every(but=SPLIT)
def test_weights_are_repeated_rows(name):
    (model, y), row = problem(name), np.repeat(np.arange(N), WEIGHTS.astype(int))
    weighted = clone(model).fit(X, y, WEIGHTS)
    repeated = model.fit(X[row], y[row])
    if "no layers" in name:  # L-BFGS stops where the loss falls by 2e-9 of itself
        np.testing.assert_allclose(weighted.loss_, repeated.loss_, rtol=1e-8)
        return
    assert_near(weighted, repeated, 1e-9)
    for word in ("loss_curve_", "best_score_", "mse_path_"):
        scores = (getattr(model, word, 0) for model in (weighted, repeated))
        np.testing.assert_allclose(*scores, rtol=1e-10, err_msg=word)


@every()
def test_rows_without_weight_change_nothing(name):
    (model, y), s = problem(name), (np.arange(N) > 0).astype(float)
    expected = clone(model).fit(X, y, s)
    for value in (1e16, 1e37, -1e100):
        other = y.copy()
        other[0] = value if y.dtype == float else "b"
        assert_same(model.fit(X, other, s), expected)


@every()
def test_float32_is_kept_and_the_answer_is_that_of_float64(name):
    model, y = problem(name)
    X32, y32 = np.float32(X), y if y.dtype.kind == "U" else np.float32(y)
    exact, model = clone(model).fit(X, y, WEIGHTS), model.fit(X32, y32, WEIGHTS)
    assert {part.dtype for part in learned(model)} == {np.dtype(np.float32)}
    assert outcome(model, X32).dtype == np.float32
    assert_near(model, exact, 1e-3 if name in NETWORKS else 1e-6)
    sparse = clone(model).fit(sp.csr_array(X32), y32, WEIGHTS)
    assert {part.dtype for part in learned(sparse)} == {np.dtype(np.float32)}
    assert_near(sparse, exact, 1e-3 if name in NETWORKS else 1e-6)


@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")  # scipy, of the test's own data
@every()
def test_any_container_has_the_same_answer(name, tmp_path):
    model, y = problem(name)
    np.save(tmp_path / "X.npy", X)
    containers = [kind(X) for kind in KINDS.values()]
    containers += [X.tolist(), np.load(tmp_path / "X.npy", mmap_mode="r")]
    for format in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        for index in (np.int32, np.int64):
            S = sp.coo_array(X).asformat(format)
            for word in {"indices", "indptr"} & set(vars(S)):
                setattr(S, word, getattr(S, word).astype(index))
            containers.append(S)
    expected = outcome(clone(model).fit(X, y, WEIGHTS), X)
    for container in containers:
        found = outcome(model.fit(container, y, WEIGHTS), container)
        np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=str(type(container)))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@every(of=CLASSES.values())
def test_frames_are_their_arrays_and_their_columns_are_known(name, frame):
    model, y = problem(name)
    expected = outcome(clone(model).fit(X, y), X)
    data = frame({name: X[:, j] for j, name in enumerate(NAMES)})
    np.testing.assert_allclose(outcome(model.fit(data, y), data), expected, atol=1e-10)
    assert model.feature_names_in_.tolist() == NAMES.tolist()
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(data[list(NAMES[::-1])])


@every(of=CLASSES.values())
def test_sparse_boolean_frames_are_numbers(name):
    model, y = problem(name)
    data = pd.get_dummies(pd.Series(LABELS), sparse=True)
    numbers = data.to_numpy(dtype=float)
    expected = outcome(clone(model).fit(numbers, y), numbers)
    found = outcome(model.fit(data, y), data)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=1e-8)


@every(of=CLASSES.values())
def test_dask_arrays_are_refused_by_name(name):
    class Array(np.ndarray):
        def __dask_graph__(self):
            return {}

    model, y = problem(name)
    message = rf"{type(model).__name__}: X must be in memory; got a Dask Array. Pass X.compute\(\)"
    with pytest.raises(TypeError, match=message):
        model.fit(X.view(Array), y)
    with pytest.raises(TypeError, match=message):
        model.fit(X, y).predict(X.view(Array))


@every()
def test_the_input_is_never_changed(name):
    (model, y), s = problem(name), WEIGHTS.copy()
    y = y.copy()
    for kind in KINDS.values():
        data = kind(X.copy())
        parts = [y, s, *([data.data, data.indices, data.indptr] if sp.issparse(data) else [data])]
        copies = [part.copy() for part in parts]
        for part in parts:
            part.flags.writeable = False
        outcome(model.fit(data, y, sample_weight=s), data)
        model.score(data, y, s)
        for part, copy in zip(parts, copies, strict=True):
            np.testing.assert_array_equal(part, copy)


# The estimator


@every()
def test_clones_and_pickles_and_the_bits_of_a_fit(name):
    model, y = problem(name)
    model.fit(X, y, WEIGHTS)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(outcome(again, X), outcome(model, X))
    assert repr(again.convergence_) == repr(model.convergence_)  # in which NaN is NaN
    fresh = clone(model)
    assert not hasattr(fresh, "convergence_")
    assert_same(fresh.fit(X, y, WEIGHTS), model)
    assert_same(fresh.fit(X, y, WEIGHTS), model)  # and once more
    sparse = [clone(model).fit(sp.csr_array(X), y, WEIGHTS) for _ in range(2)]
    assert_same(*sparse)


@every(of=CLASSES.values())
def test_sample_weight_is_routed(name):
    model, y = problem(name)
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        params = {"sample_weight": WEIGHTS}
        result = cross_validate(model, X, y, params=params, cv=2, return_estimator=True)
    (train, _), *_ = check_cv(2, y, classifier=is_classifier(model)).split(X, y)
    direct = clone(model).fit(X[train], y[train], sample_weight=WEIGHTS[train])
    assert_same(result["estimator"][0], direct)


BOUNDED = ["RidgeGD, bounds", *(name for name in TABLE if "CD" in name and "controls" in name)]


NOT_A_SCALER = {
    "bounds are those of coefficients before scaling": BOUNDED,
    "folds have variances of their own, by which another alpha is best": ["GroupLassoCDCV"],
}


@every("standardize", but=NOT_A_SCALER)
def test_standardize_is_a_scaler_in_a_pipeline(name):
    model, y = problem(name)
    scaler = StandardScaler().fit(X, sample_weight=WEIGHTS)
    scaled = scaler.transform(X)
    expected = clone(model).set_params(standardize=False).fit(scaled, y, WEIGHTS)
    for kind in KINDS.values():
        model.set_params(standardize=True).fit(kind(X), y, WEIGHTS)
        np.testing.assert_allclose(model.coef_ * scaler.scale_, expected.coef_, atol=1e-9)
        np.testing.assert_allclose(outcome(model, X), outcome(expected, scaled), atol=1e-9)


@every("penalty_factor")
def test_columns_with_an_infinite_factor_are_left_out_and_those_without_are_free(name):
    (model, y), factor = problem(name), np.ones(P)
    factor[[2, 7]], factor[[1, 4]] = np.inf, 0
    kept = np.isfinite(factor)
    expected = clone(model).set_params(penalty_factor=factor[kept]).fit(X[:, kept], y, WEIGHTS)
    for kind in KINDS.values():
        model.set_params(penalty_factor=factor).fit(kind(X), y, WEIGHTS)
        coef = np.atleast_2d(model.coef_)
        assert not coef[:, ~kept].any()
        np.testing.assert_allclose(coef[:, kept], np.atleast_2d(expected.coef_), atol=1e-9)


@every("penalty_factor", of=CLASSES.values())
def test_factors_have_the_names_or_the_places_of_columns(name):
    model, y = problem(name)
    factor = np.r_[np.inf, np.ones(P - 2), 0]
    expected = clone(model).set_params(penalty_factor=factor).fit(pd.DataFrame(X), y)
    frame = pd.DataFrame(X, columns=NAMES)
    for labelled in (
        {"x0": np.inf, "x8": 0},
        {0: np.inf, P - 1: 0},
        {"*": 1, 0: np.inf, "x8": 0},
        pd.Series({"x8": 0, "x0": np.inf}),
        pd.Series(factor),
    ):
        assert_same(model.set_params(penalty_factor=labelled).fit(frame, y), expected)
    model.set_params(penalty_factor={8: 0, 0: np.inf}).fit(X, y)  # the layout differs
    assert_near(model, expected, 1e-9)


@every("lower", of=CLASSES.values())
def test_bounds_have_the_names_of_columns(name):
    model, y = problem(name)
    frame, lower = pd.DataFrame(X, columns=NAMES), np.full(P, -np.inf)
    lower[1:] = 0.0, *[-0.1] * (P - 2)
    expected = clone(model).set_params(lower=lower).fit(frame, y)
    named = {"x*": -0.1, "x0": -np.inf, "x1": 0.0}
    assert_same(model.set_params(lower=named).fit(frame, y), expected)
    assert np.any(model.coef_ == 0)


@every("warm_start", of=[name for name in TABLE if name not in NETWORKS])
def test_a_warm_start_at_the_answer_takes_one_sweep(name):
    model, y = problem(name)
    coef = model.set_params(warm_start=True, tol=1e-8).fit(X, y).coef_.copy()
    assert np.max(model.fit(X, y).n_iter_) == 1
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-6)


@every("alpha", of=[name for name in TABLE if "LassoCD" in name and "Group" not in name])
def test_nothing_is_selected_from_alpha_max_on(name):
    model, y = problem(name)
    C = (X - X.mean(axis=0)).T @ (y - y.mean(axis=0)).reshape(N, -1) / N
    top = np.linalg.norm(C, axis=1).max() if "MultiTask" in name else np.abs(C).max()
    assert not model.set_params(alpha=top * (1 + 1e-10)).fit(X, y).coef_.any()
    assert model.set_params(alpha=top * 0.999).fit(X, y).convergence_.n_active == 1


@every("refit")
def test_without_refit_coefficients_are_the_means_of_the_folds(name):
    model, y = problem(name)
    whole = model.set_params(store_cv_results=True).fit(X, y, WEIGHTS)
    work, path = whole.convergence_.work, {"path_", "dual_gap_"}
    assert path <= set(vars(whole))
    kept = whole.cv_results_
    model.set_params(store_cv_results=False, refit=False).fit(np.float32(X), y, WEIGHTS)
    assert not path & set(vars(model))  # of the fit before, too
    assert model.convergence_.work != work
    assert {part.dtype for part in learned(model)} == {np.dtype(np.float32)}
    model.fit(X, y, WEIGHTS)
    at = np.flatnonzero(np.atleast_2d(model.alphas_) == model.alpha_)[0] % 10
    coef = kept["coefs"].mean(axis=0)[..., at]
    np.testing.assert_allclose(model.coef_, coef.reshape(model.coef_.shape), atol=1e-10)
    intercept = kept["intercepts"].mean(axis=0)[..., at]
    np.testing.assert_allclose(np.ravel(model.intercept_), np.ravel(intercept), atol=1e-10)
    assert model.predict(X).shape == y.shape
    assert model.best_score_ == np.nanmax(model.scores_path_.mean(axis=-1))


NUMBERS = [name for name in TABLE if TABLE[name].y.dtype == float]


@every(of=NUMBERS)
def test_predictions_have_the_shape_of_the_target(name):
    model, y = problem(name)
    several = y.ndim == 2 or model.__sklearn_tags__().target_tags.multi_output
    for target in [y, Y] if several else [y]:
        assert model.fit(X, target).predict(X).shape == target.shape


@every(of=[name for name in NUMBERS if name not in NETWORKS])
def test_a_constant_target_has_no_coefficients(name):
    model, y = problem(name)
    model.fit(X, np.full_like(y, 1 / 3))
    assert not model.coef_.any()
    np.testing.assert_allclose(model.predict(X), 1 / 3)
    assert model.convergence_.converged


# What is refused


BAD_WEIGHTS = [
    (-np.ones(N), "Negative values.*sample_weight"),
    (np.zeros(N), "at least one non-zero"),
    (np.ones(N - 1), rf"shape \({N},\); got shape \({N - 1},\)"),
    (np.ones((N, 1)), "1D array or scalar"),
    (np.full(N, np.nan), "sample_weight contains NaN"),
    (np.r_[np.inf, np.ones(N - 1)], "sample_weight contains infinity"),
]


@every(of=CLASSES.values())
def test_bad_weights_are_refused(name):
    model, y = problem(name)
    for weights, message in BAD_WEIGHTS:
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, sample_weight=weights)


@every(of=CLASSES.values())
def test_bad_data_are_refused(name):
    model, y = problem(name)
    for bad in (np.nan, np.inf):
        spoiled = X.copy()
        spoiled[3, 1] = bad
        with pytest.raises(ValueError, match="Input X contains"):
            model.fit(spoiled, y)
        numbers = np.zeros_like(y, dtype=float)
        numbers[5] = bad
        with pytest.raises(ValueError, match="contains"):
            model.fit(X, numbers)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.fit(X[0], y)


@every(of=CLASSES.values())
def test_a_sparse_target_is_refused_by_name_unless_it_has_labels(name):
    model, _ = problem(name)
    X, labels = np.eye(6), sp.csr_array(np.eye(6, dtype=int)[:, :2])
    if is_classifier(model) and model.__sklearn_tags__().classifier_tags.multi_label:
        assert model.fit(X, labels).predict(X).shape == (6, 2)
        return
    with pytest.raises(TypeError, match=rf"{type(model).__name__}: y must be dense; got a csr_a"):
        model.fit(X, labels)
