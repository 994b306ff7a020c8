"""A training: a network, and all that its epochs change."""

import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .._convergence import Work
from .._threads import ALONE
from .epochs import run_epoch, work_of_prediction
from .layers import Network, evaluate_all, losses_of_samples, pack, penalty, unpack
from .lbfgs import minimise
from .losses import evaluate
from .optimizers import Optimizer
from .schedules import schedule

DIVERGED = 1000  # a loss that has grown so many times is beyond recovery
ENDING = ("cosine", "linear", "one_cycle")  # schedules that come to 0
SMALLEST_RATE = 1e-6  # where 'adaptive' gives up, as in scikit-learn


class Diverged(Exception):
    """A training that is beyond recovery; its argument is the loss."""


class Plan(NamedTuple):
    """When a training ends, and how its rate changes: parameters of the estimators, by name."""

    max_iter: int
    tol: float
    n_iter_no_change: float
    early_stopping: bool
    learning_rate: str
    power_t: float
    warmup: int


@dataclass
class Training:
    """A network and what its epochs change; it is kept for warm starts and partial fits.

    Attributes
    ----------
    network : Network
        The network; its weights change in place.
    rng : RandomState
        Draws the order of the samples of partial fits.
    seed : int
        Seed of the masks.
    optimizer : Optimizer
        The state of the optimizer, which counts the steps.
    rate, rate_init, last_rate : float
        The rate that the schedule starts from, which 'adaptive' lowers; the one that was asked
        for; and that of the last step.
    first_loss : float
        That of the weights before the first epoch.
    loss, best_loss : None or float
        Last and smallest loss of an epoch, the latter without early stopping.
    loss_curve : list of float
        The loss of each epoch, which number the masks.
    n_iter : int
        Epochs since `start`.
    validation_losses, validation_scores : None or list of float
        Of samples held out, after each epoch.
    best_score, best_iter, best_weights
        The best of these scores, when it was, and the weights of then, for early stopping.
    bar : float
        The best score of this run, or -inf.
    work : Work
        What was done since `start`.
    """

    network: Network
    rng: np.random.RandomState
    seed: int
    optimizer: Optimizer | None = None
    rate: float = 0.0
    rate_init: float = 0.0
    last_rate: float = 0.0
    first_loss: float = 0.0
    loss: float | None = None
    best_loss: float | None = None
    loss_curve: list = field(default_factory=list)
    n_iter: int = 0
    validation_losses: list | None = None
    validation_scores: list | None = None
    best_score: float | None = None
    best_iter: int | None = None
    best_weights: np.ndarray | None = None
    bar: float = -np.inf
    work: Work = field(default_factory=Work)

    def start(self, rule, rate, data, alpha, team=ALONE):
        """Put counts at 0 and the optimizer at rest; measure the loss of the weights of now."""
        self.n_iter, self.work, self.best_loss = 0, Work(), None
        self.rate = self.rate_init = rate
        self.first_loss = self.penalised_loss(data, alpha, team)
        self.optimizer = Optimizer.start(rule, self.network.parameters)

    def adopt(self, rule, rate):
        """Go on with a rule and a rate that may be others than before."""
        if self.rate_init != rate:
            self.rate = self.rate_init = rate
        self.optimizer = self.optimizer.follow(rule, self.network.parameters)

    def run(self, data, settings, plan, rng, ask, report):
        """Train until a plateau or the end of a schedule or of the epochs, and say which.

        Parameters
        ----------
        data : Data
            Samples, targets and weights.
        settings, plan : Settings, Plan
            What an epoch is, and when to stop.
        rng : RandomState
            Draws the order of the samples.
        ask : None or callable
            Returns loss and score of samples held out, with the weights of now.
        report : callable
            Is given the seconds of each epoch.

        Returns
        -------
        converged : bool
            Whether it came to one of the first two.
        reason : {'plateau', 'schedule', 'max_iter'}
            What ended it.
        """
        limit, n_bad, self.best_weights = self.loss_limit(data), 0, None
        reason = "schedule" if plan.learning_rate in ENDING else "max_iter"
        if ask is not None:
            self._start_to_watch(ask, plan)
        for _ in range(plan.max_iter):
            began = time.perf_counter()
            improved = self.run_epoch(data, settings, plan, rng, limit)
            if ask is not None:
                score_improved = self._note(*ask(), plan)
                improved = score_improved if plan.early_stopping else improved
            report(time.perf_counter() - began)
            n_bad = 0 if improved else n_bad + 1
            if n_bad > plan.n_iter_no_change:
                if plan.learning_rate != "adaptive" or self.rate <= SMALLEST_RATE:
                    reason = "plateau"
                    break
                self.rate, n_bad = self.rate / 5, 0
        if self.best_weights is not None:
            unpack(self.best_weights, self.network.parameters)
            self.best_weights = None
        return reason != "max_iter", reason

    def run_epoch(self, data, settings, plan, rng, limit):
        """Train for one epoch and return whether the loss fell by more than tol.

        Raises Diverged for a loss above the limit that is not less than that of the epoch before,
        unless more than half of the samples have a smaller one.
        """
        rate, epoch = self.rate_of_step(plan, settings, data), len(self.loss_curve)
        loss, self.optimizer, work = run_epoch(
            self.network, self.optimizer, data, settings, epoch, rng, rate
        )
        lost = loss > limit and (not self.loss_curve or loss > self.loss_curve[-1])
        if not self.is_finite(loss) or (lost and self._half_are_lost(data, settings.alpha, limit)):
            raise Diverged(loss)
        best = np.inf if self.best_loss is None else self.best_loss
        if not plan.early_stopping:
            self.best_loss = min(best, loss)
        self.work += work
        self.loss = loss
        self.loss_curve.append(loss)
        self.n_iter += 1
        self.last_rate = rate(self.optimizer.t - 1)
        return loss < best - plan.tol

    def run_lbfgs(self, data, settings, plan):
        """Train by L-BFGS; return whether it converged, and 'max_iter' or scipy's reason."""
        losses, self.n_iter, converged, message, work = minimise(
            self.network, *data, settings.alpha, plan.max_iter, plan.tol, settings.team
        )
        self.work += work
        self.loss_curve += losses
        self.loss = self.best_loss = losses[-1] if losses else self.first_loss
        if not self.is_finite(self.loss):
            raise Diverged(self.loss)
        stopped_short = not converged and self.n_iter >= plan.max_iter
        return converged, "max_iter" if stopped_short else message

    def rate_of_step(self, plan, settings, data):
        """Return the learning rate as a function of the step."""
        n_batches = -(-len(data.s) // settings.batch_size)
        return schedule(
            plan.learning_rate,
            self.rate,
            n_steps=plan.max_iter * n_batches,
            power_t=plan.power_t,
            warmup=plan.warmup * n_batches,
        )

    def penalised_loss(self, data, alpha, team=ALONE):
        """Return the loss, with the penalty of the weights."""
        self.work += work_of_prediction(self.network, data.X)
        _, loss = evaluate_all(self.network, *data, team)
        return loss + penalty(self.network, alpha / float(data.s.sum()))

    def loss_limit(self, data):
        """Return the loss from which on the training has diverged.

        It is measured by that of the initial weights and that of a network whose outputs are all 0.
        """
        _, Y, s = data
        silent = self.network._replace(intercepts=[np.zeros(Y.shape[1], Y.dtype)])
        loss_of_nothing = evaluate(silent, np.zeros_like(Y), Y, s, 1.0) / float(s.sum())
        return DIVERGED * (self.first_loss + loss_of_nothing)

    def is_finite(self, loss):
        """Return whether the loss and every weight and bias are finite."""
        return np.isfinite(loss) and all(np.isfinite(p).all() for p in self.network.parameters)

    def _half_are_lost(self, data, alpha, limit):
        """Return whether half of the samples, by weight, have losses above a limit.

        If not, a few samples are unlike the others, or the masks of an epoch were; unless these few
        have losses that are no numbers.
        """
        X, Y, s = data
        self.work += work_of_prediction(self.network, X)
        losses = losses_of_samples(self.network, X, Y)
        lost = ~(losses + penalty(self.network, alpha / float(s.sum())) <= limit)
        overflow = not np.isfinite(losses[s > 0]).all()
        return overflow or s[lost].sum(dtype=float) >= s.sum(dtype=float) / 2

    def _start_to_watch(self, ask, plan):
        """Begin to watch samples held out; a warm start competes with the weights of now."""
        self.validation_losses = self.validation_losses or []
        self.validation_scores = self.validation_scores or []
        self.bar = -np.inf
        if self.loss_curve:
            self._keep_if_best(ask()[1], plan)

    def _note(self, loss, score, plan):
        """Record the loss and the score of samples held out; return whether it is better by tol."""
        self.validation_losses.append(loss)
        self.validation_scores.append(score)
        improved = score > self.bar + plan.tol
        self._keep_if_best(score, plan)
        return improved

    def _keep_if_best(self, score, plan):
        """Keep the weights of now if their score is the best; one of NaN is not."""
        if score > self.bar:
            self.bar = self.best_score = score
            self.best_iter = len(self.loss_curve)
            if plan.early_stopping:
                self.best_weights = pack(self.network.parameters, self.network.coefs[0].dtype)
