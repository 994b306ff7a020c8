"""Checks of the parameters of linear models, made before any work is done."""

from functools import partial
from numbers import Integral

import numpy as np
from sklearn.metrics import get_scorer_names

from .._checks import check_choice, check_flag, check_jobs, check_number, refuse


def check_parameters(model, checks):
    """Check each parameter that the model has and that does not depend on the data."""
    own = vars(model)
    for name, check in checks.items():
        if name in own:
            check(model, name)


def optional(check):
    """Return a check that lets None pass."""
    return lambda model, name: getattr(model, name) is None or check(model, name)


def one_or_many(check):
    """Return a check that leaves arrays for later, when the number of targets is known."""
    return lambda model, name: np.ndim(getattr(model, name)) > 0 or check(model, name)


def check_class_weight(model, name):
    """Check that weights of classes are of a known kind."""
    value = getattr(model, name)
    if not isinstance(value, dict) and value != "balanced":
        refuse(model, name, value, "None, 'balanced' or a dict of labels and weights")


def check_scoring(model, name):
    """Check that a score is known to scikit-learn, or can be called."""
    value = getattr(model, name)
    if isinstance(value, str) and value not in get_scorer_names():
        refuse(model, name, value, "one of sklearn.metrics.get_scorer_names()")
    if not isinstance(value, str) and not callable(value):
        refuse(model, name, value, "the name of a scorer or a callable", TypeError)


def check_cv(model, name):
    """Check that folds are a number of them, or something that yields them."""
    value = getattr(model, name)
    known = value >= 2 if isinstance(value, Integral) else hasattr(value, "split")
    if isinstance(value, (str, type)) or not (known or np.iterable(value)):
        allowed = "None, an integer >= 2, a splitter or an iterable of (train, test)"
        refuse(model, name, value, allowed)


FLAGS = ["fit_intercept", "standardize", "positive", "warm_start", "refit"]
FLAGS += ["store_cv_results", "alpha_per_target"]
COUNT, NOT_NEGATIVE = partial(check_number, low=1, integer=True), partial(check_number, low=0)
CHECKS = dict.fromkeys(FLAGS, check_flag) | {
    "batch_size": COUNT,
    "class_weight": optional(check_class_weight),
    "criterion": partial(check_choice, choices=("loo", "gcv")),
    "cv": optional(check_cv),
    "delta": partial(check_number, low=0, ends="(]"),
    "l1_ratio": partial(check_number, low=0, high=1),
    "momentum": partial(check_number, low=0, high=1, ends="[)"),
    "n_jobs": check_jobs,
    "rule": partial(check_choice, choices=("min", "1se")),
    "scoring": optional(check_scoring),
    "solver": partial(check_choice, choices=("auto", "gd", "nesterov", "active_set", "cg", "sgd")),
    "step": optional(partial(check_number, low=0, ends="(]")),
    "tol": NOT_NEGATIVE,
}
LASSO = CHECKS | {"alpha": NOT_NEGATIVE, "max_iter": COUNT}
RIDGE = CHECKS | {"alpha": one_or_many(NOT_NEGATIVE), "max_iter": optional(COUNT)}
