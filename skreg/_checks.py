"""Checks of parameters and weights, with errors that say who, what, what is allowed."""

import math
from inspect import signature
from numbers import Integral, Real

import numpy as np
from scipy.sparse import csc_array, csc_matrix, csr_array, csr_matrix, issparse
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import validate_data

FLOATS = (np.float64, np.float32)
COMPRESSED = (csr_matrix, csr_array, csc_matrix, csc_array)


def refuse(owner, name, value, allowed, error=ValueError):
    """Raise an error that names the parameter, what was received and what is allowed.

    `owner` is an estimator, or the name of a function.
    """
    owner = owner if isinstance(owner, str) else type(owner).__name__
    raise error(f"{owner}: {name} must be {allowed}; got {value!r}.")


def check_number(owner, name, value=..., *, low=-math.inf, high=math.inf, ends="[]", integer=False):
    """Check that a parameter is a finite number in an interval, and return it.

    Without a value, it is that of an estimator. `ends` says whether the ends belong to the
    interval: '[)' takes `low` and refuses `high`.
    """
    value = getattr(owner, name) if value is ... else value
    plain = type(value) is int or (type(value) in (float, np.float64) and not integer)
    kind, noun = (Integral, "an integer") if integer else (Real, "a finite number")
    known = plain or (isinstance(value, kind) and not isinstance(value, (bool, np.bool_)))
    if known and math.isfinite(value):
        inside = low <= value if ends[0] == "[" else low < value
        if inside and (value <= high if ends[1] == "]" else value < high):
            return value
    if math.isfinite(high):
        allowed = f"{noun} in {ends[0]}{low:g}, {high:g}{ends[1]}"
    else:
        allowed = f"{noun} {'>=' if ends[0] == '[' else '>'} {low:g}"
    refuse(owner, name, value, allowed, ValueError if known else TypeError)


def check_choice(estimator, name, choices):
    """Check that a parameter is one of a few words, and return it."""
    value = getattr(estimator, name)
    if not isinstance(value, str) or value not in choices:
        refuse(estimator, name, value, "one of " + ", ".join(map(repr, sorted(choices))))
    return value


def check_flag(estimator, name):
    """Check that a parameter is True or False, and return it."""
    value = getattr(estimator, name)
    if not isinstance(value, (bool, np.bool_)):
        refuse(estimator, name, value, "True or False", TypeError)
    return bool(value)


def check_jobs(estimator, name="n_jobs"):
    """Check that a number of threads is one that joblib knows."""
    value = getattr(estimator, name)
    if value is not None and (not isinstance(value, Integral) or value == 0):
        error = ValueError if isinstance(value, Integral) else TypeError
        refuse(estimator, name, value, "None, a number of threads, or -1 for all", error)


def check_seed(estimator):
    """Return the RandomState that `random_state` stands for."""
    try:
        return check_random_state(estimator.random_state)
    except ValueError:
        allowed = "None, an integer >= 0 or a numpy RandomState"
        refuse(estimator, "random_state", estimator.random_state, allowed)


def validated(estimator, X, *args, dtype=FLOATS, sparse_y=False, **options):
    """Return what scikit-learn's `validate_data` does, with X in one of some dtypes.

    By itself it keeps the booleans of sparse data frames, loads a Dask array into memory, and lets
    a sparse y pass.
    """
    if hasattr(X, "__dask_graph__"):
        raise TypeError(
            f"{type(estimator).__name__}: X must be in memory; got a Dask {type(X).__name__}. Pass "
            "X.compute(), or its chunks, one after the other, to RidgeGD.partial_fit."
        )
    if args and issparse(args[0]) and not sparse_y:
        owner, kind = type(estimator).__name__, type(args[0]).__name__
        raise TypeError(f"{owner}: y must be dense; got a {kind}. Pass y.toarray().")
    if needs_no_check(estimator, X, *args, dtype=dtype, **options):
        estimator.n_features_in_ = X.shape[1]
        return (X, *args)
    checked = validate_data(estimator, X, *args, dtype=list(dtype), **options)
    X, *y = checked if isinstance(checked, tuple) else (checked,)
    X = X if X.dtype in dtype else X.astype(dtype[0])
    return (X, *y) if y else X


def needs_no_check(
    estimator,
    X,
    y=None,
    *,
    dtype,
    reset=True,
    ensure_all_finite=True,
    accept_sparse=False,
    order=None,
    **_,
):
    """Tell whether `validate_data` would only pass plain arrays on, which takes it 0.1 ms.

    That is a quarter of the time of a fit of a small table.
    """
    if not reset or type(y) is not np.ndarray or hasattr(estimator, "feature_names_in_"):
        return False
    if type(X) in COMPRESSED and accept_sparse:
        numbers, known = X.data, X.format in accept_sparse
    else:
        numbers, known = X, type(X) is np.ndarray and (order is None or X.flags.c_contiguous)
    plain = known and X.ndim == 2 and 0 not in X.shape and y.shape == X.shape[:1]
    plain = plain and X.dtype in dtype and y.dtype.kind in "biuf" and np.isfinite(y).all()
    return plain and (not ensure_all_finite or np.isfinite(numbers).all())


def check_weights(estimator, sample_weight, n_samples):
    """Return the sample weights as a float64 vector; ones where there are none."""
    if sample_weight is None:
        return np.ones(n_samples)
    owner = type(estimator).__name__
    weights = check_array(
        sample_weight,
        ensure_2d=False,
        ensure_min_samples=0,
        dtype=np.float64,
        input_name="sample_weight",
        estimator=estimator,
    )
    if weights.ndim == 0:
        weights = np.full(n_samples, weights)
    if weights.ndim != 1:
        raise ValueError(
            f"{owner}: Sample weights must be 1D array or scalar; got {weights.ndim} dimensions."
        )
    if weights.shape != (n_samples,):
        raise ValueError(
            f"{owner}: sample_weight must have one number per sample, shape ({n_samples},); "
            f"got shape {weights.shape}."
        )
    if np.any(weights < 0):
        raise ValueError(
            f"{owner}: Negative values in data passed to `sample_weight`: weights must be >= 0; "
            f"the smallest is {weights.min():g}."
        )
    if not np.any(weights):
        raise ValueError(
            f"{owner}: Sample weights must contain at least one non-zero number; got all zeros."
        )
    return weights


def takes_weights(scorer):
    """Tell whether a scorer can be given the weights of samples."""
    return "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters
