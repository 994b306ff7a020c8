"""Samples kept apart from training: how they are chosen, and what they are asked."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, train_test_split
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import check_consistent_length

from .._checks import takes_weights
from .._network.epochs import Data, work_of_prediction
from .._network.layers import evaluate_all
from ._settings import team_of


class HeldOut(NamedTuple):
    """Samples that are watched, and not trained on.

    Attributes
    ----------
    data : Data
        Validated samples, targets as outputs, weights.
    passed : None or tuple
        The same samples and targets as the caller passed them, for `scoring`.
    """

    data: Data
    passed: tuple

    def ask(self, net):
        """Return loss and score: accuracy or R2, unless `scoring` says something else."""
        (X, Y, s), training = self.data, net._training
        outputs, loss = evaluate_all(training.network, X, Y, s, team_of(net))
        training.work += work_of_prediction(training.network, X)
        if net.scoring is None:
            finite = np.isfinite(outputs).all()
            return loss, float(net._score_outputs(Y, outputs, s) if finite else np.nan)
        net._store()  # a scorer may look at all that is fitted
        scorer = check_scoring(net, scoring=net.scoring)
        weighted = np.any(s != 1) and takes_weights(scorer)
        score = scorer(net, *self.passed, **({"sample_weight": s} if weighted else {}))
        training.work += work_of_prediction(training.network, X)
        return loss, float(score)


def split(net, data, passed, groups, rng):
    """Return the data to train on, and a HeldOut with the rest."""
    rows, held_out = _rows(net, data.Y, groups, rng)
    if len(held_out) < 2:
        raise ValueError(
            f"{type(net).__name__}: The validation set is too small, {len(held_out)} sample. "
            "Increase 'validation_fraction' or pass more samples."
        )
    train, rest = (Data(*(part[chosen] for part in data)) for chosen in (rows, held_out))
    if not (train.s.any() and rest.s.any()):
        raise ValueError(
            f"{type(net).__name__}: all samples to train on, or all that are held out, have weight "
            "0. Pass X_val and y_val, or another random_state."
        )
    if net.scoring is not None:
        passed = tuple(_safe_indexing(part, held_out) for part in indexable(*passed))
    return train, HeldOut(rest, passed)


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
