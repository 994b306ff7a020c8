"""Bad input is refused before any work, with the parameter, what was received, what is allowed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from skreg import (
    DropoutMLPClassifier,
    DropoutMLPRegressor,
    ElasticNetCDCV,
    LassoCD,
    LassoCDCV,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCDCV,
    RidgeGD,
    RidgeGDClassifierCV,
    RidgeGDCV,
)

X = np.random.default_rng(0).standard_normal((20, 3))
Y = X[:, 0] + 1
LABELS = np.arange(20) % 2

MAKERS = [
    RidgeGD,
    RidgeGDCV,
    RidgeGDClassifierCV,
    LassoCD,
    DropoutMLPClassifier,
    DropoutMLPRegressor,
]
LINEAR = [
    ({"alpha": -1}, "alpha must be .*>= 0.*got -1"),
    ({"alpha": np.nan}, "alpha must be .*got nan"),
    ({"alpha": np.inf}, "alpha must be .*got inf"),
    ({"alpha": "1"}, "alpha must be .*got '1'"),
    ({"penalty_factor": [1, 2]}, r"penalty_factor must be .*\(3,\).*got shape \(2,\)"),
    ({"penalty_factor": -1}, "penalty_factor must be >= 0"),
    ({"penalty_factor": [1, np.nan, 1]}, "penalty_factor must be free of NaN"),
    ({"penalty_factor": "many"}, "penalty_factor must be a number, an array.*got 'many'"),
    ({"penalty_factor": {"a": 1}}, "penalty_factor is keyed by column name.*pass a DataFrame"),
    ({"penalty_factor": [np.inf, 1, 1], "lower": 1}, "penalty_factor of inf leaves a feature out"),
    ({"lower": 2, "upper": 1}, "lower .* <= upper.*got lower 2 and upper 1 for feature 0"),
    ({"lower": np.inf}, "lower must be finite or -inf"),
    ({"lower": [0, 0]}, r"lower must be .*got shape \(2,\)"),
    ({"positive": True, "upper": -1}, "lower .* <= upper"),
    ({"max_iter": 0}, "max_iter must be an integer >= 1; got 0"),
    ({"max_iter": 1.5}, "max_iter must be an integer >= 1; got 1.5"),
    ({"tol": -1e-3}, "tol must be a finite number >= 0"),
    ({"tol": np.nan}, "tol must be"),
    ({"fit_intercept": "yes"}, "fit_intercept must be True or False; got 'yes'"),
    ({"positive": None}, "positive must be True or False"),
    ({"standardize": 2}, "standardize must be True or False"),
]
RIDGE = [
    (
        {"solver": "svd"},
        "solver must be one of 'active_set', 'auto', 'cg', 'gd', 'nesterov', 'sgd'; got 'svd'",
    ),
    (
        {"solver": "cg", "positive": True},
        "solver=.cg. does not support positive, lower or upper; use solver='auto'",
    ),
    ({"alpha": [1, 2]}, "one number for each of the 1 targets"),
    ({"alpha": [-1]}, r"alpha must be finite and >= 0; got \[-1\]"),
    ({"step": 0}, "step must be a finite number > 0"),
    ({"batch_size": 0}, "batch_size must be an integer >= 1"),
]
NETWORK = [
    ({"keep_prob": 0}, r"keep_prob must be a finite number in \(0, 1\]; got 0"),
    ({"keep_prob": 1.1}, r"keep_prob must be a finite number in \(0, 1\]; got 1.1"),
    ({"keep_prob": np.nan}, r"keep_prob must be a finite number in \(0, 1\]; got nan"),
    ({"keep_prob": "half"}, r"keep_prob must be a finite number in \(0, 1\]; got 'half'"),
    ({"keep_prob": [0.5, 0.5]}, r"keep_prob must be one number in \(0, 1\] or 1 of them, one per"),
    ({"keep_prob": [0.0]}, r"keep_prob must be one number in \(0, 1\] or 1 of them, one per"),
    ({"keep_prob": 2, "hidden_layer_sizes": ()}, r"keep_prob must be a finite number in \(0, 1\]"),
    ({"input_keep_prob": 0.0}, r"input_keep_prob must be a finite number in \(0, 1\]; got 0.0"),
    ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes must be an integer > 0"),
    ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes must be an integer > 0"),
    ({"activation": "elu"}, "activation must be one of .*'relu'.*got 'elu'"),
    ({"solver": "newton"}, "solver must be one of .*'adam'.*got 'newton'"),
    ({"alpha": -1}, "alpha must be a finite number >= 0"),
    ({"max_norm": 0}, "max_norm must be a finite number > 0"),
    ({"learning_rate_init": 0}, "learning_rate_init must be a finite number > 0"),
    ({"momentum": 2}, r"momentum must be a finite number in \[0, 1\]; got 2"),
    ({"beta_1": 1}, r"beta_1 must be a finite number in \[0, 1\); got 1"),
    ({"batch_size": 0}, "batch_size must be"),
    ({"max_iter": 0}, "max_iter must be an integer >= 1; got 0"),
    ({"validation_fraction": 1}, r"validation_fraction must be a finite number in \(0, 1\)"),
    ({"n_iter_no_change": 0}, "n_iter_no_change must be"),
    ({"early_stopping": 1}, "early_stopping must be True or False"),
    ({"learning_rate": "cosin"}, "learning_rate must be one of 'adaptive', .*; got 'cosin'"),
    ({"power_t": -1}, "power_t must be a finite number >= 0"),
    ({"warmup": 1.5}, "warmup must be an integer >= 0; got 1.5"),
    ({"n_jobs": 0}, "n_jobs must be None, a number of threads, or -1 for all; got 0"),
    ({"n_jobs": "all"}, "n_jobs must be None, .*; got 'all'"),
    ({"clip_norm": 0}, "clip_norm must be a finite number > 0"),
    ({"weight_decay": -0.1}, "weight_decay must be a finite number >= 0"),
    ({"dtype": np.int64}, "dtype must be None, numpy.float32 or numpy.float64"),
    ({"dtype": "flaot"}, "dtype must be None, numpy.float32 or numpy.float64; got 'flaot'"),
    ({"scoring": "acuracy"}, "scoring must be None, a callable .*get_scorer_names.*got 'acuracy'"),
    ({"scoring": 3}, "scoring must be None, a callable"),
    ({"solver": "lbfgs"}, "keep_prob and input_keep_prob must be 1; got keep_prob=0.5"),
    ({"solver": "lbfgs", "keep_prob": 1, "max_norm": 1}, "max_norm must be None with solver='lbf"),
    ({"solver": "lbfgs", "keep_prob": 1, "clip_norm": 1}, "clip_norm must be None with solver="),
    ({"solver": "lbfgs", "keep_prob": 1, "early_stopping": True}, "early_stopping must be False"),
]
CLASSES = [
    ({"class_weight": "balance"}, "class_weight must be None, 'balanced' or a dict.*got 'balance'"),
    ({"class_weight": {0: -1, 1: 1}}, "class_weight must be .*finite weights >= 0"),
    ({"class_weight": {0: 0, 1: 0}}, "class_weight must be .*not all of them 0"),
]
NUMBERS = [
    ({"loss": "squared"}, "loss must be one of 'absolute_error', 'huber', .*; got 'squared'"),
    ({"huber_delta": 0}, "huber_delta must be a finite number > 0"),
    ({"loss": "poisson"}, "y must be >= 0 for loss='poisson'; the smallest is -"),
]
LASSO_CV = [LassoCDCV, ElasticNetCDCV, MultiTaskLassoCDCV, MultiTaskElasticNetCDCV]
CASES = [
    *(
        (make, {"cv": cv}, f"cv must be None, an integer >= 2, a splitter or an iter.*; got {cv!r}")
        for make in (*LASSO_CV, RidgeGDCV, RidgeGDClassifierCV)
        for cv in (0, 1, -3, True, 2.5, "five", KFold)
    ),
    *(
        (make, {"n_jobs": n_jobs}, f"n_jobs must be None, a number of threads, .*; got {n_jobs!r}")
        for make in LASSO_CV
        for n_jobs in (0, "two", 2.5)
    ),
    *((make, *case) for make in (RidgeGD, LassoCD) for case in LINEAR),
    *((RidgeGD, *case) for case in RIDGE),
    (LassoCD, {"warm_start": 1}, "warm_start must be True or False"),
    *((DropoutMLPClassifier, *case) for case in NETWORK + CLASSES),
    *((DropoutMLPRegressor, *case) for case in NETWORK + NUMBERS),
]


@pytest.mark.parametrize(("make", "parameters", "message"), CASES)
def test_parameters(make, parameters, message):
    model = make(**parameters)
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        model.fit(X, LABELS if make is DropoutMLPClassifier else Y)
    assert make.__name__ in str(caught.value)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("make", [RidgeGD, LassoCD])
def test_unknown_column_name(make):
    frame = pd.DataFrame(X, columns=["age", "bmi", "bp"])
    with pytest.raises(
        ValueError, match="penalty_factor names 'bim'; the columns are 'age', 'bmi'"
    ):
        make(penalty_factor={"bim": 2}).fit(frame, Y)
    with pytest.raises(ValueError, match=r"lower\['age'\] must be a number; got nan"):
        make(lower={"age": np.nan}).fit(frame, Y)
    with pytest.raises(ValueError, match=r"upper\['age'\] must be a number; got '2'"):
        make(upper={"age": "2"}).fit(frame, Y)


def test_partial_fit():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        DropoutMLPClassifier().partial_fit(X, LABELS)
    net = DropoutMLPClassifier().partial_fit(X, LABELS, classes=[0, 1])
    with pytest.raises(ValueError, match="classes not in"):
        net.partial_fit(X, LABELS + 1)
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        DropoutMLPClassifier(early_stopping=True).partial_fit(X, LABELS, classes=[0, 1])


def test_a_ridge_has_no_probabilities_to_score():
    model = RidgeGDClassifierCV(scoring="neg_log_loss")
    message = "RidgeGDClassifierCV: scoring must be a score of what predict or decision_func"
    with pytest.raises(ValueError, match=message):
        model.fit(np.eye(6), [0, 1] * 3)


def test_class_weight_is_for_one_label_of_many():
    with pytest.raises(ValueError, match="class_weight must be None for several labels"):
        DropoutMLPClassifier(class_weight="balanced").fit(X, np.c_[LABELS, 1 - LABELS])
    with pytest.raises(ValueError, match=r"class_weight names \[7\]; the classes are \[0, 1\]"):
        DropoutMLPClassifier(class_weight={7: 2.0}).fit(X, LABELS)


def test_as_many_targets_as_before():
    net = DropoutMLPRegressor().partial_fit(X, Y)
    with pytest.raises(ValueError, match="y must have as many targets as before, 1; got 2"):
        net.partial_fit(X, np.c_[Y, Y])
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        net.set_params(early_stopping=True).partial_fit(X, Y)


def test_weights_must_be_on_both_sides_of_a_split():
    weights = (np.arange(20) == 0) * 1.0
    for make in (DropoutMLPClassifier, DropoutMLPRegressor):
        with pytest.raises(ValueError, match=r"have weight 0. Pass X_val and y_val"):
            make(early_stopping=True, random_state=0).fit(X, LABELS, sample_weight=weights)
