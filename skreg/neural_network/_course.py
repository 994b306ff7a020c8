"""The course of a training: epochs, what they improve, what stops them."""

import time
import warnings

import numpy as np

from .._network.layers import evaluate_all, losses_of_samples, penalty
from .._network.lbfgs import minimise
from .._network.losses import evaluate
from .._network.optimizers import SOLVERS
from .._network.schedules import schedule
from .._network.training import Data, Settings, is_finite, run_epoch, work_of_prediction
from .._threads import Team
from ._held_out import Watch
from ._parameters import keep_probs

DIVERGED = 1000  # a loss that has grown so many times is beyond recovery
ENDING = ("cosine", "linear", "one_cycle")  # schedules that come to 0
SMALLEST_RATE = 1e-6  # where 'adaptive' gives up, as in scikit-learn


class Diverged(Exception):
    """A training that is beyond recovery; its argument is the loss."""


def rule_of(net):
    """Return the rule of the solver, with the parameters that have its names; L-BFGS needs none."""
    rule, _ = SOLVERS.get(net.solver, SOLVERS["adam"])
    return rule(*(getattr(net, name) for name in rule._fields))


def settings_for(net, n_samples):
    """Return what the loop over minibatches needs to know."""
    batch_size = 200 if net.batch_size == "auto" else net.batch_size
    if net.batch_size != "auto" and batch_size > n_samples:
        warnings.warn(
            f"{type(net).__name__}: batch_size={batch_size} is larger than the {n_samples} "
            "samples; all of them make one batch.",
            stacklevel=5,
        )
    return Settings(
        alpha=net.alpha,
        weight_decay=net.weight_decay if SOLVERS[net.solver][1] else 0.0,
        keep_prob=keep_probs(net),
        max_norm=net.max_norm,
        clip_norm=net.clip_norm,
        batch_size=min(batch_size, n_samples),
        shuffle=net.shuffle,
        seed=net._seed,
        team=Team(net.n_jobs),
    )


def run_epochs(net, train, held_out, settings, rng):
    """Train until a plateau or the end of a schedule.

    Returns
    -------
    converged : bool
        Whether it came to that before the epochs ran out.
    message : str
        What stopped it.
    """
    watch = None if held_out is None else Watch(net, held_out)
    limit = loss_limit(net, *train[1:])
    plateau, n_bad = False, 0
    for _ in range(net.max_iter):
        began = time.perf_counter()
        improved = run_one_epoch(net, train, settings, rng, limit)
        if watch is not None:
            score_improved = watch.after_epoch()
            improved = score_improved if net.early_stopping else improved
        _report(net, watch, time.perf_counter() - began)
        n_bad = 0 if improved else n_bad + 1
        if n_bad > net.n_iter_no_change:
            if net.learning_rate != "adaptive" or net._rate <= SMALLEST_RATE:
                plateau = True
                break
            net._rate, n_bad = net._rate / 5, 0
    if net.early_stopping:
        watch.restore()
    if not plateau and net.learning_rate not in ENDING:
        return False, _out_of_iterations(net)
    message = _plateau(net) if plateau else _end_of_schedule(net)
    if net.verbose:
        print(message)
    return True, message


def run_one_epoch(net, train, settings, rng, limit):
    """Train for one epoch and return whether the loss fell by more than tol.

    Raises Diverged for a loss above the limit that is not less than that of the epoch before,
    unless more than half of the samples have a smaller one.
    """
    rate = rate_of_step(net, -(-len(train[2]) // settings.batch_size))
    with np.errstate(over="ignore", invalid="ignore"):
        loss, net._optimizer, work = run_epoch(
            net._network, net._optimizer, Data(*train), settings, len(net.loss_curve_), rng, rate
        )
    risen = not net.loss_curve_ or loss > net.loss_curve_[-1]
    if not np.isfinite(loss) or not is_finite(net._network):
        raise Diverged(loss)
    if loss > limit and risen and half_are_lost(net, *train, limit):
        raise Diverged(loss)
    best = np.inf if net.best_loss_ is None else net.best_loss_
    if not net.early_stopping:
        net.best_loss_ = min(best, loss)
    net._work += work
    net.loss_ = loss
    net.loss_curve_.append(loss)
    net.n_iter_ += 1
    net._last_rate = rate(net._optimizer.t - 1)
    return loss < best - net.tol


def rate_of_step(net, n_batches):
    """Return the learning rate as a function of the step."""
    kind = "constant" if net.learning_rate == "adaptive" else net.learning_rate
    return schedule(
        kind,
        net._rate,
        n_steps=net.max_iter * n_batches,
        power_t=net.power_t,
        warmup=net.warmup * n_batches,
    )


def run_lbfgs(net, train):
    """Train by L-BFGS; return whether it converged, and what stopped it."""
    with np.errstate(over="ignore", invalid="ignore"):
        losses, n_iter, converged, message, work = minimise(
            net._network, *train, net.alpha, net.max_iter, net.tol, Team(net.n_jobs)
        )
    net._work += work
    net.loss_curve_ += losses
    net.n_iter_ = n_iter
    net.loss_ = net.best_loss_ = losses[-1] if losses else net._first_loss
    if not np.isfinite(net.loss_) or not is_finite(net._network):
        raise Diverged(net.loss_)
    if not converged and n_iter >= net.max_iter:
        return False, _out_of_iterations(net)
    return converged, f"stopped by lbfgs: {message}."


def penalised_loss(net, X, Y, s):
    """Return the loss, with the penalty of the weights."""
    net._work += work_of_prediction(net._network, X)
    with np.errstate(over="ignore", invalid="ignore"):
        _, loss = evaluate_all(net._network, X, Y, s)
    return loss + penalty(net._network, net.alpha / float(s.sum()))


def half_are_lost(net, X, Y, s, limit):
    """Return whether the weights of now give half of the samples, by weight, losses above a limit.

    If not, a few samples are unlike the others, or the masks of an epoch were; unless these few
    have losses that are no numbers.
    """
    net._work += work_of_prediction(net._network, X)
    with np.errstate(over="ignore", invalid="ignore"):
        losses = losses_of_samples(net._network, X, Y)
    lost = ~(losses + penalty(net._network, net.alpha / float(s.sum())) <= limit)
    overflow = not np.isfinite(losses[s > 0]).all()
    return overflow or s[lost].sum(dtype=float) >= s.sum(dtype=float) / 2


def loss_limit(net, Y, s):
    """Return the loss from which on a training has diverged.

    It is measured by that of the initial weights and that of a network whose outputs are all 0.
    """
    without_biases = net._network._replace(intercepts=[np.zeros(Y.shape[1], Y.dtype)])
    loss_of_nothing = evaluate(without_biases, np.zeros_like(Y), Y, s, 1.0) / float(s.sum())
    return DIVERGED * (net._first_loss + loss_of_nothing)


def check_rate_is_left(net, settings, n_samples):
    """Check that the schedule, which is over after max_iter epochs, has a rate for another one."""
    rate = rate_of_step(net, -(-n_samples // settings.batch_size))
    if not rate(net._optimizer.t) > 0:
        raise ValueError(
            f"{type(net).__name__}: partial_fit would not change anything: after max_iter="
            f"{net.max_iter} epochs the rate of learning_rate={net.learning_rate!r} is 0. Raise "
            "max_iter, or use learning_rate='constant'."
        )


def _report(net, watch, seconds):
    """Print the progress of an epoch if it is wanted."""
    if not net.verbose:
        return
    words = [f"Iteration {len(net.loss_curve_)}", f"loss = {net.loss_:.8f}"]
    if watch is not None:
        words.append(f"validation loss = {net.validation_loss_curve_[-1]:.8f}")
        words.append(f"validation score = {net.validation_scores_[-1]:f}")
    print(*words, f"rate = {net._last_rate:g}", f"{seconds:.2f} s", sep=", ")


def _out_of_iterations(net):
    """Return the message of a training that could have gone on."""
    units, more = "epochs", ", tol or learning_rate_init"
    if net.solver == "lbfgs":
        units, more = "iterations", " or tol"
    return (
        f"stopped at max_iter={net.max_iter} {units} while the loss was still changing by more "
        f"than tol={net.tol:g}: raise max_iter{more}."
    )


def _end_of_schedule(net):
    """Return the message of a training that went as planned."""
    return (
        f"ended with its schedule: the rate of learning_rate={net.learning_rate!r} comes to 0 "
        f"after max_iter={net.max_iter} epochs."
    )


def _plateau(net):
    """Return the message of a plateau."""
    rule = f"did not improve more than tol={net.tol:f} for {net.n_iter_no_change} epochs in a row"
    if net.early_stopping:
        return (
            f"stopped early at a plateau: the validation score {rule}. The weights are those of "
            f"epoch {net.best_iter_}, the best one."
        )
    return f"reached a plateau: the training loss {rule}."
