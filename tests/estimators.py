"""The table: every estimator, set up for a small problem, and scikit-learn's answer to it.

`test_properties.py` holds all of them to what they share.
"""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model
from sklearn.base import BaseEstimator, clone

from skreg import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    ElasticNetCD,
    ElasticNetCDCV,
    GroupLassoCD,
    GroupLassoCDCV,
    GroupLogisticCD,
    GroupLogisticCDCV,
    HuberCD,
    HuberCDCV,
    LassoCD,
    LassoCDCV,
    LogisticCD,
    LogisticCDCV,
    MultiTaskElasticNetCD,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCD,
    MultiTaskLassoCDCV,
    PoissonCD,
    PoissonCDCV,
    RidgeGD,
    RidgeGDClassifier,
    RidgeGDClassifierCV,
    RidgeGDCV,
)

# All numbers are exact in float32, and the weights are small integers, some of them 0.
N, P = 60, 9
rng = np.random.default_rng(0)
X = rng.standard_normal((N, P)) + rng.standard_normal((N, 1))
X = np.round(64 * X * np.linspace(0.5, 2, P) * (rng.random((N, P)) < 0.7)) / 64
Y = X[:, :4] @ np.array([[1.0, 0, 2], [-1, 1, 0], [0.5, 2, 1], [0, 0, -1]]) + 2
Y = np.round(64 * (Y + rng.standard_normal(Y.shape))) / 64
LABELS = np.array(list("abc"))[np.digitize(Y[:, 0], np.quantile(Y[:, 0], [0.3, 0.6]))]
WEIGHTS = rng.integers(0, 4, N).astype(float)
TWO = np.where(LABELS == "a", "no", "yes")
COUNTS = rng.poisson(np.exp(X[:, 0] / 2 - X[:, 1] / 4)).astype(float)
y = Y[:, 0]
NAMES = np.array([f"x{j}" for j in range(P)], dtype=object)


class Entry(NamedTuple):
    """An estimator, its target, and the estimator of scikit-learn that has the same answer."""

    model: BaseEstimator
    y: np.ndarray
    peer: BaseEstimator | None = None


ALPHAS = [0.1, 1.0, 10.0]
CONTROLS = {"penalty_factor": [0, 2, 1, 0.5, np.inf, 1, 1, 3, 1], "standardize": True}
EXACT = {"tol": 1e-14, "max_iter": 10**6}  # scikit-learn's solvers
PAIR = {0: "pair", 1: "pair", 2: "other"}
GROUPS = ["a", "b", "a", "c", "c", "c", "b", "d", "a"]
ONE_SPECTRUM = {"alphas": ALPHAS, "store_cv_results": True}
PATH = {"alphas": 10, "eps": 0.01, "cv": 3}
NETWORK = {"hidden_layer_sizes": (8, 5), "learning_rate_init": 0.01, "random_state": 0}
DROPOUT = NETWORK | {"input_keep_prob": 0.8, "max_iter": 20}
FULL_BATCHES = NETWORK | {"keep_prob": 1, "shuffle": False, "max_iter": 20}  # of up to 200 samples
NO_LAYERS = {"hidden_layer_sizes": (), "solver": "lbfgs", "tol": 1e-10, "max_iter": 1000}

TABLE = {
    "RidgeGD": Entry(RidgeGD(2.0, tol=1e-12), y, linear_model.Ridge(2.0, solver="svd")),
    **{
        f"RidgeGD, {solver}": Entry(
            RidgeGD(2.0, solver=solver, tol=1e-11, max_iter=10**5, random_state=0),
            y,
            linear_model.Ridge(2.0, solver="svd"),
        )
        for solver in ("gd", "nesterov", "cg", "sgd")
    },
    "RidgeGD, targets": Entry(
        RidgeGD(ALPHAS, tol=1e-12), Y, linear_model.Ridge(ALPHAS, solver="svd")
    ),
    "RidgeGD, bounds": Entry(RidgeGD(2.0, lower=-0.5, upper=0.8, tol=1e-12), y),
    "RidgeGD, controls": Entry(RidgeGD(2.0, tol=1e-12, **CONTROLS), y),
    "RidgeGDCV": Entry(RidgeGDCV(**ONE_SPECTRUM), y, linear_model.RidgeCV(**ONE_SPECTRUM)),
    "RidgeGDCV, folds": Entry(
        RidgeGDCV(ALPHAS, cv=3, tol=1e-12), y, linear_model.RidgeCV(ALPHAS, cv=3)
    ),
    "RidgeGDClassifier": Entry(
        RidgeGDClassifier(2.0, tol=1e-12), LABELS, linear_model.RidgeClassifier(2.0, solver="svd")
    ),
    "RidgeGDClassifierCV": Entry(
        RidgeGDClassifierCV(ALPHAS), LABELS, linear_model.RidgeClassifierCV(ALPHAS)
    ),
    "LassoCD": Entry(LassoCD(0.1, tol=1e-13), y, linear_model.Lasso(0.1, **EXACT)),
    "LassoCD, targets": Entry(LassoCD(0.1, tol=1e-13), Y, linear_model.Lasso(0.1, **EXACT)),
    "ElasticNetCD": Entry(
        ElasticNetCD(0.2, l1_ratio=0.7, tol=1e-13),
        y,
        linear_model.ElasticNet(0.2, l1_ratio=0.7, **EXACT),
    ),
    "ElasticNetCD, controls": Entry(
        ElasticNetCD(0.2, l1_ratio=0.7, lower=-0.4, upper=0.8, tol=1e-13, **CONTROLS), y
    ),
    "LogisticCD": Entry(
        LogisticCD(0.02, tol=1e-13),
        TWO,
        linear_model.LogisticRegression(
            C=1 / (0.02 * N), l1_ratio=1, solver="saga", tol=1e-13, max_iter=10**5
        ),
    ),
    "LogisticCD, L2": Entry(
        LogisticCD(0.1, l1_ratio=0.0, tol=1e-15),
        TWO,
        linear_model.LogisticRegression(C=1 / (0.1 * N), solver="newton-cholesky", tol=1e-13),
    ),
    "LogisticCD, controls": Entry(
        LogisticCD(0.02, l1_ratio=0.7, lower=-0.4, upper=0.8, tol=1e-15, **CONTROLS), TWO
    ),
    "LogisticCD, classes": Entry(LogisticCD(0.02, tol=1e-13), LABELS),
    "LogisticCD, classes, L2": Entry(
        LogisticCD(0.1, l1_ratio=0.0, tol=1e-15),
        LABELS,
        linear_model.LogisticRegression(C=1 / (0.1 * N), solver="newton-cholesky", tol=1e-13),
    ),
    "LogisticCD, classes and controls": Entry(
        LogisticCD(0.02, l1_ratio=0.7, lower=-0.4, upper=0.8, tol=1e-15, **CONTROLS), LABELS
    ),
    "LogisticCDCV": Entry(LogisticCDCV(tol=1e-13, **PATH), TWO),
    "LogisticCDCV, classes": Entry(LogisticCDCV(l1_ratio=[0.5, 0.9], tol=1e-13, **PATH), LABELS),
    "PoissonCD": Entry(PoissonCD(0.1, tol=1e-13), COUNTS),
    "PoissonCD, L2": Entry(
        PoissonCD(0.1, l1_ratio=0.0, tol=1e-15),
        COUNTS,
        linear_model.PoissonRegressor(alpha=0.1, solver="newton-cholesky", tol=1e-13),
    ),
    "PoissonCD, controls": Entry(
        PoissonCD(0.02, l1_ratio=0.7, lower=-0.1, upper=0.3, tol=1e-15, **CONTROLS), COUNTS
    ),
    "PoissonCDCV": Entry(PoissonCDCV(l1_ratio=[0.5, 0.9], tol=1e-13, **PATH), COUNTS),
    "GroupLassoCD": Entry(GroupLassoCD(PAIR, 0.3, tol=1e-14), y),
    "GroupLassoCD, targets": Entry(GroupLassoCD(GROUPS, 0.3, l1_ratio=0.3, tol=1e-14), Y),
    "GroupLassoCD, weights": Entry(
        GroupLassoCD(GROUPS, 0.3, group_weights={"b": 0, "d": np.inf}, tol=1e-14), y
    ),
    "GroupLogisticCD": Entry(GroupLogisticCD(PAIR, 0.02, tol=1e-14), TWO),
    "GroupLogisticCD, sparse": Entry(
        GroupLogisticCD(GROUPS, 0.01, l1_ratio=0.5, standardize=True, tol=1e-14), TWO
    ),
    "GroupLogisticCD, classes": Entry(
        GroupLogisticCD(GROUPS, 0.02, l1_ratio=0.3, tol=1e-14), LABELS
    ),
    "GroupLassoCDCV": Entry(GroupLassoCDCV(PAIR, tol=1e-13, **PATH), y),
    "GroupLogisticCDCV": Entry(
        GroupLogisticCDCV(PAIR, l1_ratio=[0.0, 0.5], tol=1e-13, **PATH), LABELS
    ),
    "HuberCD": Entry(HuberCD(0.1, delta=0.75, tol=1e-13), y),
    "HuberCD, L2": Entry(HuberCD(0.1, delta=0.5, l1_ratio=0.0, tol=1e-17), y),
    "HuberCD, controls": Entry(
        HuberCD(0.05, delta=0.75, l1_ratio=0.7, lower=-0.4, upper=0.8, tol=1e-14, **CONTROLS), y
    ),
    "HuberCDCV": Entry(HuberCDCV(delta=0.75, l1_ratio=[0.5, 0.9], tol=1e-13, **PATH), y),
    "LassoCDCV": Entry(LassoCDCV(tol=1e-13, **PATH), y, linear_model.LassoCV(**EXACT, **PATH)),
    "ElasticNetCDCV": Entry(
        ElasticNetCDCV(l1_ratio=[0.5, 0.9], tol=1e-13, **PATH),
        y,
        linear_model.ElasticNetCV(l1_ratio=[0.5, 0.9], **EXACT, **PATH),
    ),
    "MultiTaskLassoCD": Entry(
        MultiTaskLassoCD(0.2, tol=1e-13), Y, linear_model.MultiTaskLasso(0.2, **EXACT)
    ),
    "MultiTaskElasticNetCD": Entry(
        MultiTaskElasticNetCD(0.2, l1_ratio=0.7, tol=1e-13),
        Y,
        linear_model.MultiTaskElasticNet(0.2, l1_ratio=0.7, **EXACT),
    ),
    "MultiTaskLassoCDCV": Entry(
        MultiTaskLassoCDCV(tol=1e-13, **PATH), Y, linear_model.MultiTaskLassoCV(**EXACT, **PATH)
    ),
    "MultiTaskElasticNetCDCV": Entry(
        MultiTaskElasticNetCDCV(l1_ratio=[0.5, 0.9], tol=1e-13, **PATH),
        Y,
        linear_model.MultiTaskElasticNetCV(l1_ratio=[0.5, 0.9], **EXACT, **PATH),
    ),
    "DropoutMLPClassifier": Entry(DropoutMLPClassifier(**DROPOUT), LABELS),
    "DropoutMLPRegressor": Entry(DropoutMLPRegressor(**DROPOUT), y),
    "DropoutMLPClassifier, full batches": Entry(
        DropoutMLPClassifier(**FULL_BATCHES, alpha=1.0), LABELS
    ),
    "DropoutMLPRegressor, full batches": Entry(DropoutMLPRegressor(**FULL_BATCHES, alpha=1.0), y),
    "DropoutMLPClassifier, no layers": Entry(
        DropoutMLPClassifier(**NO_LAYERS, alpha=2.0, random_state=0),
        LABELS,
        linear_model.LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=1000),
    ),
    "DropoutMLPRegressor, no layers": Entry(
        DropoutMLPRegressor(**NO_LAYERS, alpha=20.0, random_state=0),
        Y,
        linear_model.Ridge(20.0, solver="svd"),
    ),
}
CLASSES = {type(entry.model): name for name, entry in reversed(TABLE.items())}  # a name for each
NETWORKS = [name for name in TABLE if "MLP" in name]

KINDS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csr": sp.csr_array,
    "csc": sp.csc_matrix,
}


def every(*parameters, but=(), of=TABLE):
    """Parametrise a test over the entries whose estimators have these parameters.

    `but` says which of them have no such property, by the reason: there the test must fail.
    """
    names = [n for n in of if all(hasattr(TABLE[n].model, word) for word in parameters)]
    reasons = {name: why for why, some in dict(but).items() for name in some}
    assert set(reasons) <= set(names), set(reasons) - set(names)

    def mark(name):
        return [pytest.mark.xfail(raises=AssertionError, reason=reasons[name])]

    return pytest.mark.parametrize(
        "name", [pytest.param(n, marks=mark(n) if n in reasons else []) for n in names]
    )


def problem(name):
    """Return a new estimator of an entry, and its target."""
    return clone(TABLE[name].model), TABLE[name].y


def learned(model):
    """Return what a model has learned, as a list of arrays."""
    if hasattr(model, "coefs_"):
        return model.coefs_ + model.intercepts_
    return [model.coef_, np.asarray(model.intercept_)]


def outcome(model, X):
    """Return the most detailed prediction that a model makes."""
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, method):
            return getattr(model, method)(X)


def assert_same(one, two):
    """Assert that two models have learned the same, bit by bit."""
    for ours, theirs in zip(learned(one), learned(two), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def assert_near(one, two, rtol):
    """Assert that two models have learned the same, relative to the largest number."""
    for ours, theirs in zip(learned(one), learned(two), strict=True):
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=rtol * np.abs(theirs).max())
