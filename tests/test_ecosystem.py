"""Pipelines, searches, selection and threads, as users combine them."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import Lasso
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

from skreg import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    ElasticNetCD,
    ElasticNetCDCV,
    LassoCD,
    RidgeGD,
    RidgeGDCV,
)

MODELS = {
    "ridge": RidgeGD(alpha=2.0, solver="sgd", tol=1e-4, random_state=0),
    "lasso": LassoCD(alpha=0.2),
    "network": DropoutMLPClassifier((16,), max_iter=8, random_state=0),
    "network for numbers": DropoutMLPRegressor((16,), max_iter=8, random_state=0),
}
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def data_for(model):
    load = load_digits if isinstance(model, DropoutMLPClassifier) else load_diabetes
    X, y = load(return_X_y=True, as_frame=True)
    return X[:400], y[:400]


def outcome(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


@pytest.fixture(params=MODELS)
def model(request):
    return clone(MODELS[request.param])


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_grid_search_gives_the_same_bits_whatever_n_jobs(model, backend):
    X, y = data_for(model)
    pipeline = make_pipeline(StandardScaler(), model)
    name = pipeline.steps[-1][0]
    is_net = name == "dropoutmlpclassifier"
    grid = {f"{name}__keep_prob": [0.5, 1.0]} if is_net else {f"{name}__alpha": [0.1, 1.0]}
    searches = []
    for n_jobs in (1, 2):
        with parallel_config(backend=backend):
            searches.append(GridSearchCV(pipeline, grid, cv=3, n_jobs=n_jobs).fit(X, y))
    one, two = searches
    np.testing.assert_array_equal(
        one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(outcome(one, X), outcome(two, X))


def test_bits_do_not_depend_on_the_threads_of_blas():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((2000, 400)), rng.integers(0, 3, 2000)
    models = (
        DropoutMLPClassifier((400, 300), max_iter=1, random_state=0),
        DropoutMLPRegressor((400, 300), max_iter=1, random_state=0),
        RidgeGD(solver="sgd", max_iter=2, random_state=0),
        RidgeGD(alpha=10.0),
        RidgeGDCV(),
        LassoCD(alpha=0.01),
    )
    for model in models:
        fits = []
        for n_threads in (1, 2):
            with threadpool_limits(n_threads):
                fits.append(clone(model).fit(X, y))
                assert {pool["num_threads"] for pool in threadpool_info()} == {n_threads}
        for name in ("coef_", "coefs_"):
            for one, two in zip(*(getattr(fit, name, []) for fit in fits), strict=True):
                np.testing.assert_array_equal(one, two)


def test_concurrent_fits_hold_and_then_lift_the_limit():
    X, y = np.random.default_rng(0).standard_normal((2, 500, 200))
    with threadpool_limits(2), ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda alpha: LassoCD(alpha).fit(X, y[:, 0]).coef_, [0.05] * 20))
        assert {blas["num_threads"] for blas in threadpool_info()} == {2}
    for coef in fits:
        np.testing.assert_array_equal(coef, fits[0])


def test_warnings_point_at_the_line_of_the_user():
    X, y = load_digits(return_X_y=True)
    fits = (
        lambda: RidgeGD(solver="gd", max_iter=1).partial_fit(X, y),
        lambda: DropoutMLPClassifier((5,), max_iter=1, batch_size=5000).fit(X, y[:, None]),
        lambda: DropoutMLPClassifier((5,), batch_size=5000).partial_fit(X, y, np.unique(y)),
    )
    for fit in fits:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fit()
        assert {warning.filename for warning in caught} == {__file__}


def test_select_from_model_keeps_the_support():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    lasso = LassoCD(alpha=0.5)
    selector = SelectFromModel(lasso).set_output(transform="pandas").fit(X, y)
    kept = X.columns[lasso.fit(X, y).coef_ != 0]
    assert 0 < len(kept) < 10
    assert selector.transform(X).columns.tolist() == kept.tolist()


@pytest.mark.parametrize("model", [ElasticNetCD(0.5, l1_ratio=1.0), ElasticNetCDCV(l1_ratio=1.0)])
def test_an_elastic_net_without_l2_selects_as_the_lasso_does(model):
    X, y = load_diabetes(return_X_y=True)
    selector = SelectFromModel(model).fit(X, y)
    np.testing.assert_array_equal(selector.get_support(), selector.estimator_.coef_ != 0)
    assert selector.threshold_ == 1e-5
    assert SelectFromModel(ElasticNetCD(0.01, l1_ratio=0.9)).fit(X, y).threshold_ > 1e-5


def test_sparse_coefficients_have_the_shape_of_scikit_learn():
    X, y = load_diabetes(return_X_y=True)
    expected = Lasso(0.5).fit(X, y).sparse_coef_.shape
    assert LassoCD(0.5).fit(X, y).sparse_coef_.shape == expected == (1, 10)


def test_max_iter_may_be_none_as_in_ridge():
    X, y = load_diabetes(return_X_y=True)
    for model in (RidgeGD(max_iter=None), RidgeGDCV(max_iter=None)):
        np.testing.assert_array_equal(
            model.fit(X, y).coef_, clone(model).set_params(max_iter=10000).fit(X, y).coef_
        )
    with pytest.raises(TypeError, match="LassoCD: max_iter must be an integer >= 1; got None"):
        LassoCD(max_iter=None).fit(X, y)


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        ({10: 1}, "names column 10; they are 0 to 9"),
        (pd.Series({"sx": 1}), "names 'sx'; the columns are 'age'"),
        (pd.Series([1.0, 2.0]), r"got shape \(2,\)"),
        ({0: "much"}, r"penalty_factor\[0\] must be a number; got 'much'"),
    ],
    ids=str,
)
def test_labels_that_no_column_has(factor, message):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    with pytest.raises(ValueError, match=message):
        RidgeGD(penalty_factor=factor).fit(X, y)


@pytest.mark.parametrize("make", [RidgeGD, LassoCD])
def test_names_pass_through_a_pipeline_with_set_output(make):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    scaler = StandardScaler().set_output(transform="pandas")
    pipeline = make_pipeline(scaler, make(0.1, penalty_factor={"b*": 0})).fit(X, y)
    assert pipeline[-1].feature_names_in_.tolist() == X.columns.tolist()
