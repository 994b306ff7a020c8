"""Samples kept apart from training: how they are chosen, and what they are asked."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, train_test_split
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import check_consistent_length

from .._checks import takes_weights
from .._network.layers import evaluate_all
from .._network.training import work_of_prediction


class HeldOut(NamedTuple):
    """Samples that are watched, and not trained on.

    Attributes
    ----------
    X, Y, s : ndarray or sparse matrix, ndarray, ndarray
        Validated samples, targets as outputs, weights.
    passed : None or tuple
        The same samples and targets as the caller passed them, for `scoring`.
    """

    X: Any
    Y: Any
    s: Any
    passed: tuple

    def ask(self, net):
        """Return loss and score: accuracy or R2, unless `scoring` says something else."""
        with np.errstate(over="ignore", invalid="ignore"):
            outputs, loss = evaluate_all(net._network, self.X, self.Y, self.s)
            net._work += work_of_prediction(net._network, self.X)
            if net.scoring is None:
                finite = np.isfinite(outputs).all()
                score = net._score_outputs(self.Y, outputs, self.s) if finite else np.nan
                return loss, float(score)
            X, y = self.passed
            scorer = check_scoring(net, scoring=net.scoring)
            weighted = np.any(self.s != 1) and takes_weights(scorer)
            score = scorer(net, X, y, **({"sample_weight": self.s} if weighted else {}))
            net._work += work_of_prediction(net._network, self.X)
            return loss, float(score)


class Watch:
    """What the samples held out say of each epoch, and the weights that serve them best.

    A warm start competes with the weights that it starts from.
    """

    def __init__(self, net, held_out):
        self.net, self.held_out = net, held_out
        self.best_score, self.best_weights = -np.inf, None
        net.validation_loss_curve_ = net.validation_loss_curve_ or []
        net.validation_scores_ = net.validation_scores_ or []
        if net.loss_curve_:
            self._compare(held_out.ask(net)[1])

    def after_epoch(self):
        """Record loss and score; return whether the score is better by tol."""
        loss, score = self.held_out.ask(self.net)
        self.net.validation_loss_curve_.append(loss)
        self.net.validation_scores_.append(score)
        improved = score > self.best_score + self.net.tol
        self._compare(score)
        return improved

    def _compare(self, score):
        """Keep the weights of now if they are the best ones; a score of NaN is not."""
        net = self.net
        if not score > self.best_score:
            return
        self.best_score = net.best_validation_score_ = score
        net.best_iter_ = len(net.loss_curve_)
        if net.early_stopping:
            self.best_weights = [part.copy() for part in net.coefs_ + net.intercepts_]

    def restore(self):
        """Go back to the best weights; there are none if no score was a number."""
        if self.best_weights is not None:
            parameters = self.net.coefs_ + self.net.intercepts_
            for part, value in zip(parameters, self.best_weights, strict=True):
                part[:] = value


def split(net, validated, passed, groups, rng):
    """Return samples, targets and weights to train on, and a HeldOut with the rest."""
    rows, held_out = _rows(net, validated[1], groups, rng)
    if len(held_out) < 2:
        raise ValueError(
            f"{type(net).__name__}: The validation set is too small, {len(held_out)} sample. "
            "Increase 'validation_fraction' or pass more samples."
        )
    train, rest = (tuple(part[chosen] for part in validated) for chosen in (rows, held_out))
    if not (train[2].any() and rest[2].any()):
        raise ValueError(
            f"{type(net).__name__}: all samples to train on, or all that are held out, have weight "
            "0. Pass X_val and y_val, or another random_state."
        )
    if net.scoring is not None:
        passed = tuple(_safe_indexing(part, held_out) for part in indexable(*passed))
    return train, HeldOut(*rest, passed)


def _rows(net, Y, groups, rng):
    """Return which samples to train on and which to hold out."""
    samples, labels = np.arange(len(Y)), net._strata(Y)
    if groups is None and labels is not None:
        _check_classes(net, labels)
    if groups is None:
        return train_test_split(
            samples, test_size=net.validation_fraction, stratify=labels, random_state=rng
        )
    check_consistent_length(Y, groups)
    if labels is None:
        splitter = GroupShuffleSplit(1, test_size=net.validation_fraction, random_state=rng)
    else:
        n_folds = max(2, round(1 / net.validation_fraction))
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=rng)
    return next(splitter.split(samples, labels, groups))


def _check_classes(net, labels):
    """Check that samples of every class can be on both sides of the split."""
    owner, (names, counts) = type(net).__name__, np.unique(labels, return_counts=True)
    n_held_out = int(np.ceil(net.validation_fraction * len(labels)))
    if counts.min() < 2:
        raise ValueError(
            f"{owner}: early_stopping=True sets samples of every class aside, so each needs two; "
            f"class {names.tolist()[counts.argmin()]!r} has one. Leave it out, pass X_val and "
            "y_val, or set early_stopping to False."
        )
    if min(n_held_out, len(labels) - n_held_out) < len(names):
        raise ValueError(
            f"{owner}: validation_fraction={net.validation_fraction:g} sets {n_held_out} of "
            f"{len(labels)} samples aside, but there are {len(names)} classes on both sides. "
            "Choose another validation_fraction, pass X_val and y_val, or set early_stopping to "
            "False."
        )
