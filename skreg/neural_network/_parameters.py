"""Checks of the parameters of networks, made before any work is done."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import is_regressor
from sklearn.metrics import check_scoring

from .._checks import FLOATS, check_choice, check_flag, check_jobs, check_number, refuse
from .._network.activations import ACTIVATIONS
from .._network.losses import LOSSES
from .._network.optimizers import SOLVERS
from .._network.schedules import SCHEDULES


def check_parameters(net):
    """Check all that does not depend on the data."""
    keep_probs(net)
    check_choice(net, "activation", ACTIVATIONS)
    check_choice(net, "solver", (*SOLVERS, "lbfgs"))
    check_choice(net, "learning_rate", SCHEDULES)
    for name in ("alpha", "weight_decay", "power_t", "tol"):
        check_number(net, name, low=0)
    for name in ("learning_rate_init", "epsilon"):
        check_number(net, name, low=0, ends="(]")
    for name in ("max_norm", "clip_norm"):
        if getattr(net, name) is not None:
            check_number(net, name, low=0, ends="(]")
    check_number(net, "momentum", low=0, high=1)
    for name in ("beta_1", "beta_2"):
        check_number(net, name, low=0, high=1, ends="[)")
    check_number(net, "validation_fraction", low=0, high=1, ends="()")
    check_number(net, "max_iter", low=1, integer=True)
    check_number(net, "warmup", low=0, integer=True)
    check_jobs(net)
    for name, word in (("n_iter_no_change", np.inf), ("batch_size", "auto")):
        if getattr(net, name) != word:
            check_number(net, name, low=1, integer=True)
    for name in ("nesterovs_momentum", "shuffle", "early_stopping", "warm_start"):
        check_flag(net, name)
    _check_scoring(net)
    _check_dtype(net)
    if net.solver == "lbfgs":
        _check_lbfgs(net)
    if is_regressor(net):
        check_choice(net, "loss", [name for name in LOSSES if LOSSES[name].output])
        check_number(net, "huber_delta", low=0, ends="(]")


def hidden_sizes(net):
    """Return the units of the hidden layers."""
    sizes = net.hidden_layer_sizes
    sizes = [sizes] if isinstance(sizes, Integral) else sizes
    allowed = "an integer > 0 or a sequence of them"
    if isinstance(sizes, str) or not np.iterable(sizes):
        refuse(net, "hidden_layer_sizes", net.hidden_layer_sizes, allowed, TypeError)
    if not all(isinstance(size, Integral) and size > 0 for size in sizes):
        refuse(net, "hidden_layer_sizes", net.hidden_layer_sizes, allowed)
    return [int(size) for size in sizes]


def keep_probs(net):
    """Return the probability of keeping a unit of the input and of each hidden layer."""
    check_number(net, "input_keep_prob", low=0, high=1, ends="(]")
    n_hidden, hidden = len(hidden_sizes(net)), net.keep_prob
    if isinstance(hidden, str) or not np.iterable(hidden):
        check_number(net, "keep_prob", low=0, high=1, ends="(]")
        hidden = [hidden] * n_hidden
    allowed = f"one number in (0, 1] or {n_hidden} of them, one per hidden layer"
    if len(hidden) != n_hidden or not all(isinstance(p, Real) and 0 < p <= 1 for p in hidden):
        refuse(net, "keep_prob", net.keep_prob, allowed)
    return tuple(float(p) for p in (net.input_keep_prob, *hidden))


def _check_scoring(net):
    """Check that scoring is None, a function or a name that scikit-learn knows."""
    try:
        check_scoring(net, scoring=net.scoring)
    except (TypeError, ValueError):
        allowed = "None, a callable (estimator, X, y) or one of sklearn.metrics.get_scorer_names()"
        refuse(net, "scoring", net.scoring, allowed)


def _check_dtype(net):
    """Check that dtype is None or one that a network can be trained in."""
    try:
        known = net.dtype is None or np.dtype(net.dtype) in FLOATS
    except TypeError:
        known = False
    if not known:
        refuse(net, "dtype", net.dtype, "None, numpy.float32 or numpy.float64")


def _check_lbfgs(net):
    """Check that nothing is asked for that only minibatches can do."""
    if any(p < 1 for p in keep_probs(net)):
        raise ValueError(
            f"{type(net).__name__}: solver='lbfgs' needs a loss that does not change from step to "
            f"step, so keep_prob and input_keep_prob must be 1; got keep_prob={net.keep_prob!r} "
            f"and input_keep_prob={net.input_keep_prob!r}. Use solver='adam' with dropout."
        )
    for name in ("max_norm", "clip_norm"):
        if getattr(net, name) is not None:
            refuse(net, name, getattr(net, name), "None with solver='lbfgs'")
    if net.early_stopping:
        refuse(net, "early_stopping", True, "False with solver='lbfgs'")
