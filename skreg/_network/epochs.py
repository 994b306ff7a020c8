"""Epochs of shuffled minibatches, and what they cost."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._convergence import Work, bytes_of
from .._threads import ALONE, Team
from . import fused
from .dropout import Dropout
from .layers import ROWS_AT_A_TIME, Workspace, add_penalty, penalty
from .optimizers import clip, limit_norms


class Settings(NamedTuple):
    """What an epoch needs to know.

    Attributes
    ----------
    alpha : float
        L2 penalty of the weights.
    weight_decay : float
        Share of the weights, times the learning rate, that each step takes away.
    keep_prob : tuple of float
        For the input and each hidden layer.
    max_norm : None or float
        Largest norm of the incoming weights of a hidden unit.
    clip_norm : None or float
        Largest norm of the gradient, of all weights and biases together.
    batch_size : int
        Samples in a step.
    shuffle : bool
        Whether each epoch has an order of its own.
    seed : int
        Seed of the masks.
    team : Team
        Threads that share the work on wide layers.
    """

    alpha: float
    weight_decay: float
    keep_prob: tuple
    max_norm: float | None
    clip_norm: float | None
    batch_size: int
    shuffle: bool
    seed: int
    team: Team = ALONE


class Data(NamedTuple):
    """What is trained on.

    Attributes
    ----------
    X : {ndarray, csr_array or csr_matrix} of shape (n_samples, n_features)
        Samples.
    Y : ndarray of shape (n_samples, n_outputs)
        Targets.
    s : ndarray of shape (n_samples,)
        Weights >= 0, not all zero. Like Y it is contiguous, with the dtype of the network.
    """

    X: Any
    Y: np.ndarray
    s: np.ndarray


def run_epoch(network, optimizer, data, settings, epoch, rng, rate_of_step):
    """Take one step for each batch; weights change in place.

    Parameters
    ----------
    network : Network
        The network.
    optimizer : Optimizer
        Its state, which counts the steps.
    data : Data
        Samples, targets and weights.
    settings : Settings
        What does not change from epoch to epoch.
    epoch : int
        What masks depend on.
    rng : RandomState
        Draws the order of the samples.
    rate_of_step : callable
        The learning rate of each step, as `schedule` returns it.

    Returns
    -------
    loss : float
        Mean loss of the batches, by weight, each before its step.
    optimizer : Optimizer
        The next state.
    work : Work
        What was done.
    """
    (X, _, s), n_samples, size = data, len(data.s), settings.batch_size
    order = rng.permutation(n_samples) if settings.shuffle else np.arange(n_samples)
    batches = [order[start : start + size] for start in range(0, n_samples, size)]
    if not s.all():
        batches = [batch for batch in batches if s[batch].any()]
    dropout = Dropout(settings.seed, epoch, settings.keep_prob)
    arguments = network, optimizer, data, settings, dropout, batches, rate_of_step
    listed = fused.listed_layers(network, X, batches, dropout)
    if listed is None:
        loss, optimizer = run_batches(*arguments)
    else:
        loss, optimizer = fused.run_batches(*arguments, listed)
    work = Work(
        # the first layer passes no gradient on
        n_products=len(batches) * (3 * len(network.coefs) - 1),
        n_bytes=2 * bytes_of_rows(X, batches),  # forward and backward
    )
    return loss / s.sum(dtype=float), optimizer, work


def run_batches(network, optimizer, data, settings, dropout, batches, rate_of_step):
    """Take a step for each batch; return the sum of the losses of samples, and the optimizer."""
    X, Y, s = data
    workspace = Workspace(network, X, max(map(len, batches)), settings.team)
    parameters = network.parameters
    gradients = workspace.coef_grads + workspace.intercept_grads
    sum_of_losses = 0.0
    for batch in batches:
        s_batch = s[batch]
        total = float(s_batch.sum())
        strength = settings.alpha / total
        room = workspace.of(len(batch))
        loss = room.gradient(X, batch, Y[batch], s_batch, total, dropout)
        sum_of_losses += (loss + penalty(network, strength)) * total
        if settings.clip_norm is not None:
            add_penalty(network, room.coef_grads, strength)
            clip(gradients, settings.clip_norm)
            strength = 0.0  # the gradient has it already
        rate = rate_of_step(optimizer.t)
        optimizer = optimizer.update(
            parameters, gradients, rate, settings.weight_decay, strength, settings.team
        )
        if settings.max_norm is not None:
            limit_norms(network, settings.max_norm)
    return sum_of_losses, optimizer


def bytes_of_rows(X, batches):
    """Return the bytes of batches of rows of an array or of a CSR matrix."""
    rows = np.concatenate(batches)
    if sp.issparse(X):
        n_entries = int((X.indptr[rows + 1] - X.indptr[rows]).sum())
        n_bytes = n_entries * (X.data.itemsize + X.indices.itemsize)
        return n_bytes + (len(rows) + len(batches)) * X.indptr.itemsize
    return len(rows) * X.shape[1] * X.itemsize


def work_of_prediction(network, X):
    """Return what a prediction does: one product for each layer and block of rows."""
    n_blocks = int(np.ceil(X.shape[0] / ROWS_AT_A_TIME))
    return Work(n_products=n_blocks * len(network.coefs), n_bytes=bytes_of(X))


def work_of_gradients(network, X, count):
    """Return what so many gradients of the whole loss do."""
    n_blocks = int(np.ceil(X.shape[0] / ROWS_AT_A_TIME))
    n_products = n_blocks * (3 * len(network.coefs) - 1)
    return Work(n_products=count * n_products, n_bytes=count * 2 * bytes_of(X))
