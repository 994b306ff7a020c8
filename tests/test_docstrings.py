"""What several docstrings document, they document in the same words, but for listed exceptions."""

from collections import defaultdict
from inspect import getdoc

import pytest
from numpydoc.docscrape import NumpyDocString
from sklearn.utils._testing import assert_docstring_consistency

from skreg import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    ElasticNetCD,
    ElasticNetCDCV,
    GroupLassoCD,
    GroupLassoCDCV,
    GroupLogisticCD,
    GroupLogisticCDCV,
    LassoCD,
    LassoCDCV,
    LogisticCD,
    MultiTaskElasticNetCD,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCD,
    MultiTaskLassoCDCV,
    RidgeGD,
    RidgeGDClassifier,
    RidgeGDClassifierCV,
    RidgeGDCV,
    enet_path,
    lasso_path,
    ridge_path,
)

MULTI_TASK_CV = [MultiTaskElasticNetCDCV, MultiTaskLassoCDCV]
MULTI_TASK = [MultiTaskElasticNetCD, MultiTaskLassoCD, *MULTI_TASK_CV]
NET_CV = [ElasticNetCDCV, MultiTaskElasticNetCDCV]
L1_CV = [ElasticNetCDCV, LassoCDCV, *MULTI_TASK_CV]
L1 = [ElasticNetCD, LassoCD, *L1_CV, MultiTaskElasticNetCD, MultiTaskLassoCD, enet_path, lasso_path]
RIDGE_CV = [RidgeGDCV, RidgeGDClassifierCV]
RIDGE = [RidgeGD, RidgeGDCV, RidgeGDClassifier, RidgeGDClassifierCV, ridge_path]
NETWORKS = [DropoutMLPClassifier, DropoutMLPRegressor]
GROUPS, GROUPS_CV = [GroupLassoCD, GroupLogisticCD], [GroupLassoCDCV, GroupLogisticCDCV]
LOGISTIC = [LogisticCD, GroupLogisticCD, GroupLogisticCDCV]
DOCUMENTED = [*L1, LogisticCD, *GROUPS, *GROUPS_CV, *RIDGE, *NETWORKS]

# By name, who has words of their own, the same among themselves, and why.
EXCEPTIONS = {
    # parameters
    "alpha": {
        "there may be no minimum": [LogisticCD, GroupLogisticCD],
        "ridge takes one for each target": RIDGE,
        "no network is least squares": NETWORKS,
    },
    "alphas": {
        "there always is a largest": GROUPS_CV,
        "ridge has no largest alpha, and leave-one-out takes none of 0": RIDGE_CV,
        "ridge has no largest alpha, and a path chooses none": [ridge_path],
    },
    "batch_size": {"networks adapt it to the data": NETWORKS},
    "class_weight": {
        "'balanced' goes by the weights of the samples": LOGISTIC,
        "networks weigh by samples' weights, and one label of many": NETWORKS,
    },
    "cv": {
        "folds are not the default of ridge": [RidgeGDCV],
        "folds of classes are stratified": [RidgeGDClassifierCV],
    },
    "l1_ratio": {
        "no other estimator has L2 alone": [LogisticCD],
        "they choose from several": NET_CV,
        "it selects columns within groups": GROUPS,
        "it does, and they choose from several": GROUPS_CV,
    },
    "max_iter": {"steps of a solver": RIDGE, "epochs": NETWORKS},
    "momentum": {"networks repeat a share of a step by default": NETWORKS},
    "n_jobs": {"threads share layers, not folds": NETWORKS},
    "random_state": {"networks draw more than an order": NETWORKS},
    "rule": {"ridge may have no folds": RIDGE_CV},
    "scoring": {
        "ridge may have no folds": RIDGE_CV,
        "the loss is not one of squares": [GroupLogisticCDCV],
        "chooses an epoch, not an alpha": NETWORKS,
    },
    "solver": {"other solvers": NETWORKS},
    "store_cv_results": {"ridge with folds always keeps cv_scores_": RIDGE_CV},
    "tol": {
        "the loss is not one of squares": LOGISTIC,
        "the gradient counts too": RIDGE,
        "networks have no gap": NETWORKS,
    },
    "validation_fraction": {"numbers have no proportions": [DropoutMLPRegressor]},
    "warm_start": {"networks have more to start from": NETWORKS},
    "y": {"targets share the passes over the data": [ridge_path]},
    # attributes
    "alphas_": {"may have a row for each l1_ratio": [*NET_CV, *GROUPS_CV]},
    "coef_": {
        "coefficients of all targets are zero together": MULTI_TASK,
        "ridge has no zeros": RIDGE,
    },
    "convergence_": {
        "counts the work along a path": [*L1_CV, *GROUPS_CV],
        "networks have no certificate": NETWORKS,
    },
    "cv_results_": {"errors of samples, not scores of folds": RIDGE_CV},
    "loss_curve_": {"epochs, with masks": NETWORKS},
    "n_iter_": {
        "counts the sweeps along a path": [*L1_CV, *GROUPS_CV],
        "steps of a solver": RIDGE,
        "epochs": NETWORKS,
    },
    "out_activation_": {"other outputs": [DropoutMLPRegressor]},
    "path_": {"has an l1_ratio": [*NET_CV, *GROUPS_CV]},
}

# Same words, other shapes.
SHAPES = {
    "alpha_": "one for each target, where there may be several",
    "best_score_": "one for each target, where there may be several",
    "coef_": "for each target, where there may be several, or for each class",
    "cv_results_": "an array for each kind of leave-one-out, or a dict",
    "dual_gap_": "one for each target that is fitted by itself",
    "intercept_": "one for each target, where there may be several, or for each class",
    "mse_path_": "several l1_ratio",
    "n_iter_": "one for each target that is fitted by itself",
    "scores_path_": "several l1_ratio",
    "score_std_error_": "one for each target, where there may be several",
    "sparse_coef_": "for each target, where there may be several",
}
SECTIONS = {"Parameters": "include_params", "Attributes": "include_attrs"}


def documented():
    """Return who documents each entry of a section."""
    owners = defaultdict(list)
    for owner in DOCUMENTED:
        doc = NumpyDocString(getdoc(owner))
        for section in SECTIONS:
            for entry in doc[section]:
                owners[section, entry.name].append(owner)
    return {entry: some for entry, some in owners.items() if len(some) > 1}


ENTRIES = documented()


def groups(name, owners):
    """Return the owners that have to agree, group by group; the first has no exceptions."""
    own = [[x for x in owners if x in some] for some in EXCEPTIONS.get(name, {}).values()]
    return [[x for x in owners if not any(x in some for some in own)], *own]


def check(section, name, owners, ignore_types=SHAPES):
    if len(owners) > 1:
        options = {SECTIONS[section]: [name], "ignore_types": tuple(ignore_types)}
        assert_docstring_consistency(owners, **options)


@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_one_wording(section, name):
    for owners in groups(name, ENTRIES[section, name]):
        check(section, name, owners)


@pytest.mark.parametrize(("section", "name"), ENTRIES)
def test_no_exception_without_need(section, name):
    rest, *own = groups(name, ENTRIES[section, name])
    for some in own:
        with pytest.raises(AssertionError, match="inconsistent"):
            check(section, name, rest + some)
    if name in SHAPES:
        with pytest.raises(AssertionError, match="type specification"):
            check(section, name, ENTRIES[section, name], ignore_types=())


def test_every_exception_is_documented():
    assert {*EXCEPTIONS, *SHAPES} <= {name for _, name in ENTRIES}


def test_names_are_documented_together_always_or_never():
    together = defaultdict(set)
    for section, names in ENTRIES:
        for name in names.split(", "):
            together[section, name].add(names)
    assert all(len(some) == 1 for some in together.values())
