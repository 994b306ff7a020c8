"""Monte-Carlo dropout: what a network is unsure of, from predictions under many masks."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.special import xlogy
from sklearn.utils import check_random_state

from .._checks import check_number
from .._network.dropout import Dropout
from .._network.layers import blocks, predict
from ._parameters import keep_probs


class UncertainClasses(NamedTuple):
    """Probabilities under random masks.

    Attributes
    ----------
    mean, std : ndarray of shape (n_samples, n_classes)
        Mean and standard deviation of the probability of each class, or of each label.
    entropy : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Entropy of the mean in nats, the total uncertainty.
    mutual_information : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Entropy of the mean minus the mean of the entropies: what the masks disagree on.
    """

    mean: np.ndarray
    std: np.ndarray
    entropy: np.ndarray
    mutual_information: np.ndarray


class UncertainValues(NamedTuple):
    """Predictions under random masks.

    Attributes
    ----------
    mean, std : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Mean and standard deviation of the predictions.
    """

    mean: np.ndarray
    std: np.ndarray


class Running:
    """Mean and standard deviation of arrays that come one by one; Welford (1962)."""

    def __init__(self):
        self.n, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, value):
        """Take one more array."""
        self.n += 1
        step = value - self.mean
        self.mean = self.mean + step / self.n
        self.squares = self.squares + step * (value - self.mean)

    def std(self):
        """Return the standard deviation."""
        return np.sqrt(self.squares / self.n)


def class_uncertainty(net, X, n_samples, random_state, entropy):
    """Return UncertainClasses."""

    def summarise(draws):
        running, entropies = Running(), Running()
        for draw in draws:
            running.add(draw)
            entropies.add(entropy(draw))
        total = entropy(running.mean)
        shared = np.maximum(total - entropies.mean, 0)  # not less, but for rounding
        return running.mean, running.std(), total, shared

    return UncertainClasses(*_in_blocks(net, X, n_samples, random_state, summarise))


def value_uncertainty(net, X, n_samples, random_state, values):
    """Return UncertainValues; `values` makes them of the outputs of the network."""

    def summarise(draws):
        running = Running()
        for draw in map(values, draws):
            running.add(draw)
        return running.mean, running.std()

    return UncertainValues(*_in_blocks(net, X, n_samples, random_state, summarise))


def entropy_of_classes(P):
    """Return the entropy of each row of probabilities, in nats."""
    return -xlogy(P, P).sum(axis=1)


def entropy_of_labels(P):
    """Return the entropy of each label, in nats."""
    return -xlogy(P, P) - xlogy(1 - P, 1 - P)


def _in_blocks(net, X, n_samples, random_state, summarise):
    """Return summaries of outputs under n_samples masks, of a block of rows at a time.

    Only one draw of one block is in memory, and what `summarise` keeps of it.
    """
    check_number(net, "n_samples", n_samples, low=1, integer=True)
    X, probs = net._validate_new(X), keep_probs(net)
    net._check_same_layers()
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    if all(p == 1 for p in probs):
        warnings.warn(
            f"{type(net).__name__}: with keep_prob=1 and input_keep_prob=1 nothing is dropped, so "
            "that predict_mc finds no spread. Train with dropout to measure uncertainty.",
            stacklevel=5,
        )
        n_samples = 1
    parts = []
    for rows in blocks(X.shape[0]):
        draws = (
            predict(net._network, X[rows], Dropout(seed, k, probs), rows) for k in range(n_samples)
        )
        parts.append(summarise(draw.astype(np.float64) for draw in draws))
    dtype = net.coefs_[0].dtype
    return [np.concatenate(column).astype(dtype) for column in zip(*parts, strict=True)]
