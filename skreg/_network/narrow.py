"""Epochs of networks whose layers are narrow: all batches in one call of a compiled loop.

A step of theirs takes microseconds, less than Python takes to ask for it.
"""

import numpy as np
import scipy.sparse as sp

from .._numba import unsigned
from .activations import LINEAR
from .active import WIDTH
from .layers import pack, unpack
from .loops import Batches, Layers, Masks, Room, Rules, Vectors, train_narrow
from .losses import code

PARAMETERS = 2000  # per batch: what Python takes for a batch pays for packing so many


def is_narrow(network, X, n_batches):
    """Return whether the loop serves a network: dense X, no curves, no lists of active units."""
    n_parameters = sum(W.size for W in network.coefs)
    return (
        not sp.issparse(X)
        and network.activation in LINEAR
        and max(W.shape[1] for W in network.coefs) < WIDTH
        and n_parameters <= PARAMETERS * n_batches
    )


def run_batches(network, optimizer, data, settings, dropout, batches, rate_of_step):
    """Take a step for each batch; return the sum of the losses of samples, and the optimizer."""
    dtype = network.coefs[0].dtype
    parameters = network.parameters
    p, averages = pack(parameters, dtype), np.concatenate(optimizer.averages, axis=1)
    masks = (dropout.numbers(layer, dtype) for layer in range(len(network.coefs)))
    sum_of_losses = train_narrow(
        in_order(data, batches, dtype),
        layers_of(network),
        Masks(*map(np.array, zip(*masks, strict=True))),
        rules_for(optimizer, settings, rate_of_step, len(batches), dtype),
        Vectors(p, np.empty_like(p), averages),
        room_for(network, max(map(len, batches))),
    )
    unpack(p, parameters)
    unpack(averages, optimizer.averages)
    return sum_of_losses, optimizer._replace(t=optimizer.t + len(batches))


def in_order(data, batches, dtype):
    """Return the samples for the loop."""
    X = np.ascontiguousarray(data.X, dtype).view()
    X.flags.writeable = False  # or the loop is compiled twice
    starts = np.cumsum([0, *map(len, batches)])
    return Batches(X, data.Y, data.s, unsigned(np.concatenate(batches)), starts)


def layers_of(network):
    """Return the layers for the loop."""
    units, number = network.units, network.coefs[0].dtype.type
    below, above = np.array(units[:-1]), np.array(units[1:])
    weights, biases = np.cumsum([0, *below * above]), np.cumsum([0, *above])
    values = np.cumsum([0, *below[:-1]])
    layout = np.stack([below, above, values, weights[:-1], weights[-1] + biases[:-1]], axis=1)
    slope = number(LINEAR[network.activation])
    return Layers(layout, slope, code(network), number(network.delta))


def rules_for(optimizer, settings, rate_of_step, n_steps, dtype):
    """Return for the loop what the next steps are."""
    t = range(optimizer.t, optimizer.t + n_steps)
    rates = np.array([rate_of_step(step) for step in t])
    numbers = np.broadcast_arrays(*optimizer.rule.numbers(np.array(t), rates), rates)
    kept = 1 - rates * settings.weight_decay
    limits = (np.inf if m is None else m for m in (settings.max_norm, settings.clip_norm))
    return Rules(
        optimizer.rule.code,
        np.stack(numbers[:-1], axis=1).astype(dtype),
        kept.astype(dtype),
        *map(dtype.type, (settings.alpha, *limits)),
    )


def room_for(network, size):
    """Return room for the batches, the largest of which has so many samples."""
    units, dtype = network.units, network.coefs[0].dtype
    lengths = *[size * sum(units)] * 3, size * units[-1], size, max(units)
    return Room(*(np.empty(length, dtype) for length in lengths))
