"""LogisticCDCV and logistic_path: what they do not share with the other selections."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skreg import LogisticCD, LogisticCDCV, logistic_path

CANCER, WINE, IRIS = (
    (StandardScaler().fit_transform(load(return_X_y=True)[0]), load(return_X_y=True)[1])
    for load in (load_breast_cancer, load_wine, load_iris)
)
DATA = {"two": CANCER, "three": WINE}
FOLDS = StratifiedKFold(4)
SHORT = {"alphas": 12, "eps": 0.01, "cv": FOLDS}
EXACT = SHORT | {"tol": 1e-12}


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("data", DATA)
def test_scores_are_those_of_fits_on_the_folds(data, kind):
    X, y = DATA[data]
    s = np.random.default_rng(0).uniform(0.5, 2, len(y))
    model = LogisticCDCV(**EXACT, l1_ratio=0.8, class_weight="balanced").fit(kind(X), y, s)
    for k in (3, 11):
        for fold, (train, test) in enumerate(FOLDS.split(X, y)):
            fit = LogisticCD(model.alphas_[k], l1_ratio=0.8, class_weight="balanced", tol=1e-12)
            p = fit.fit(X[train], y[train], s[train]).predict_proba(X[test])
            expected = -log_loss(y[test], p, sample_weight=s[test])
            assert model.scores_path_[k, fold] == pytest.approx(expected, rel=1e-6)
    means = model.scores_path_.mean(axis=1)
    assert model.alpha_ == model.alphas_[means.argmax()]
    assert model.best_score_ == means.max()
    whole = LogisticCD(model.alpha_, l1_ratio=0.8, class_weight="balanced", tol=1e-12)
    np.testing.assert_allclose(model.coef_, whole.fit(X, y, s).coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, whole.intercept_, atol=1e-6)
    np.testing.assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("scoring", [None, "neg_log_loss", "accuracy", "roc_auc_ovr"])
@pytest.mark.parametrize("data", DATA)
def test_the_choice_is_that_of_scikit_learn(data, scoring):
    X, y = (part[: len(part) // 4 * 4] for part in DATA[data])
    folds = KFold(4, shuffle=True, random_state=0)  # of equal sizes, so that C stands for one alpha
    alphas, scoring = (
        np.geomspace(1, 1e-3, 5),
        scoring and scoring.removesuffix("_ovr" * (data == "two")),
    )
    ours = LogisticCDCV(alphas=alphas, l1_ratio=0.0, cv=folds, scoring=scoring, tol=1e-14)
    theirs = LogisticRegressionCV(
        Cs=1 / (alphas * len(y) * 0.75),
        cv=folds,
        l1_ratios=(0.0,),
        solver="newton-cholesky",
        scoring=scoring or "neg_log_loss",
        tol=1e-12,
        use_legacy_attributes=False,
    ).fit(X, y)
    scores = theirs.scores_.reshape(4, -1).T
    np.testing.assert_allclose(ours.fit(X, y).scores_path_, scores, atol=1e-6)
    assert ours.alpha_ == alphas[scores.mean(axis=1).argmax()]


@pytest.mark.parametrize("data", DATA)
def test_results_of_folds_are_kept(data):
    X, y = DATA[data]
    model = LogisticCDCV(**EXACT, store_cv_results=True).fit(X, y)
    kept = model.cv_results_
    n_outputs = () if data == "two" else (3,)
    assert kept["coefs"].shape == (4, *n_outputs, X.shape[1], 12)
    assert kept["predictions"].shape == (len(y), *n_outputs, 12)
    for fold, (train, test) in enumerate(FOLDS.split(X, y)):
        fit = LogisticCD(model.alphas_[6], tol=1e-12).fit(X[train], y[train])
        coef = np.atleast_2d(kept["coefs"][fold][..., 6])
        np.testing.assert_allclose(coef, fit.coef_, atol=1e-6)
        decision = fit.decision_function(X[test])
        np.testing.assert_allclose(kept["predictions"][test][..., 6], decision, atol=1e-5)


@pytest.mark.parametrize("data", DATA)
def test_a_path_is_its_fits(data):
    X, y = DATA[data]
    path = logistic_path(X, y, alphas=8, eps=0.01, l1_ratio=0.9, tol=1e-13)
    assert not path.coefs[..., 0].any()
    for k, alpha in enumerate(path.alphas):
        fit = LogisticCD(alpha, l1_ratio=0.9, tol=1e-13).fit(X, y)
        np.testing.assert_allclose(np.atleast_2d(path.coefs[..., k]), fit.coef_, atol=1e-6)
        np.testing.assert_allclose(path.intercepts[..., k], np.squeeze(fit.intercept_), atol=1e-6)
        assert 0 <= path.gaps[k] <= 1e-12
    np.testing.assert_array_equal(path.predict(X, path.alphas[-1]), fit.predict(X))
    decision = path.decision_function(X, path.alphas[-1])
    np.testing.assert_allclose(decision, fit.decision_function(X), atol=1e-5)
    assert list(path.classes) == list(fit.classes_)


@pytest.mark.parametrize("data", DATA)
def test_features_are_counted_once_for_all_classes(data):
    X, y = DATA[data]
    path = logistic_path(X, y, max_features=5)
    assert np.count_nonzero(np.atleast_3d(path.coefs.T)[-1].any(axis=-1)) <= 5
    model = LogisticCDCV(max_features=5, cv=3).fit(X, y)
    assert 0 < np.count_nonzero(model.coef_.any(axis=0)) <= 5


def test_the_rule_of_one_standard_error_keeps_fewer_columns():
    best = LogisticCDCV(cv=5).fit(*CANCER)
    sparse = LogisticCDCV(cv=5, rule="1se").fit(*CANCER)
    assert sparse.alpha_ > best.alpha_
    assert 0 < sparse.sparse_coef_.nnz < best.sparse_coef_.nnz


def test_folds_run_at_the_same_time_with_the_same_bits():
    one = LogisticCDCV(**SHORT).fit(*WINE)
    two = LogisticCDCV(**SHORT, n_jobs=2).fit(*WINE)
    np.testing.assert_array_equal(one.scores_path_, two.scores_path_)
    np.testing.assert_array_equal(one.coef_, two.coef_)


def test_a_selector_in_a_pipeline():
    names = load_iris().target_names[IRIS[1]]
    pipeline = make_pipeline(SelectFromModel(LogisticCDCV(cv=3)), LogisticCD(1e-3))
    assert pipeline.fit(IRIS[0], names).score(IRIS[0], names) > 0.95


@pytest.mark.parametrize("y", [np.r_[np.zeros(30), 1.0], np.r_[np.zeros(15), np.ones(15), 2.0]])
def test_a_training_set_without_a_class_is_refused(y):
    X = np.random.default_rng(0).standard_normal((len(y), 3))
    folds = [(np.arange(len(y) - 1), [len(y) - 1]), (np.arange(5, len(y)), np.arange(5))]
    with pytest.raises(ValueError, match=r"must have samples of all classes; one has none of"):
        LogisticCDCV(cv=folds).fit(X, y)


def test_a_score_that_needs_what_there_is_not_is_refused():
    with pytest.raises(ValueError, match="LogisticCDCV: scoring must be"):
        LogisticCDCV(scoring="nonsense").fit(*WINE)


def test_without_refit_it_is_scikit_learns():
    X, y = load_breast_cancer(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[:500], y[:500]
    folds, alpha = KFold(5), 0.05
    ours = LogisticCDCV(l1_ratio=0.0, alphas=[alpha], cv=folds, refit=False, tol=1e-12).fit(X, y)
    options = {"solver": "newton-cholesky", "tol": 1e-12, "use_legacy_attributes": False}
    options |= {"l1_ratios": (0.0,), "scoring": "neg_log_loss"}
    theirs = LogisticRegressionCV(Cs=[1 / (400 * alpha)], cv=folds, refit=False, **options)
    theirs.fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)
