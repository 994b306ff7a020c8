"""Epochs of networks whose layers are narrow: all batches in one call of a kernel.

A step of theirs takes microseconds, less than Python takes to ask for it.
"""

import numpy as np
import scipy.sparse as sp

from .._numba import unsigned
from .activations import LINEAR
from .active import WIDTH
from .kernels import train_narrow
from .layers import pack, unpack
from .losses import kind
from .optimizers import Adam

PARAMETERS = 2000  # per batch: what Python takes for a batch pays for packing so many


def is_narrow(network, X, n_batches):
    """Return whether the kernel serves a network: dense X, no curves, no lists of active units."""
    n_parameters = sum(W.size for W in network.coefs)
    return (
        not sp.issparse(X)
        and network.activation in LINEAR
        and max(W.shape[1] for W in network.coefs) < WIDTH
        and n_parameters <= PARAMETERS * n_batches
    )


def layout(units):
    """Return, for each layer, its units below and above, and where its parts of vectors start."""
    below, above = np.array(units[:-1]), np.array(units[1:])
    weights, biases = np.cumsum([0, *below * above]), np.cumsum([0, *above])
    values = np.cumsum([0, *below[:-1]])
    return np.stack([below, above, values, weights[:-1], weights[-1] + biases[:-1]], axis=1)


def run_batches(network, optimizer, X, Y, s, settings, dropout, batches, rate_of_step):
    """Take a step for each batch; return the sum of the losses of samples, and the optimizer."""
    dtype = network.coefs[0].dtype
    number = dtype.type
    samples, ends = np.concatenate(batches), np.cumsum([len(batch) for batch in batches])
    masks = [dropout.numbers(layer, dtype) for layer in range(len(network.coefs))]
    t = range(optimizer.t, optimizer.t + len(batches))
    rates = np.array([rate_of_step(step) for step in t])
    steps = *optimizer.numbers(np.array(t), rates), 1 - rates * settings.weight_decay
    parameters = network.coefs + network.intercepts
    units, size = [len(network.coefs[0]), *map(len, network.intercepts)], max(map(len, batches))
    lengths = *[size * sum(units)] * 3, size * units[-1], size, max(units)
    room = [np.empty(length, dtype) for length in lengths]
    packed = [pack(parts, dtype) for parts in (parameters, *optimizer.averages)]
    X = np.ascontiguousarray(X, dtype).view()
    X.flags.writeable = False  # or the kernel is compiled twice
    sum_of_losses = train_narrow(
        X,
        Y,
        s,
        unsigned(samples),
        np.array([0, *ends]),
        layout(units),
        number(LINEAR[network.activation]),
        kind(network),
        number(network.delta),
        *(np.array(part) for part in zip(*masks, strict=True)),
        number(settings.alpha),
        *(number(np.inf if m is None else m) for m in (settings.max_norm, settings.clip_norm)),
        isinstance(optimizer, Adam),
        np.stack(np.broadcast_arrays(*steps), axis=1).astype(dtype),
        packed[0],
        np.empty_like(packed[0]),
        *packed[1:],
        *room,
    )
    for vector, parts in zip(packed, (parameters, *optimizer.averages), strict=True):
        unpack(vector, parts)
    return sum_of_losses, optimizer._replace(t=optimizer.t + len(batches))
