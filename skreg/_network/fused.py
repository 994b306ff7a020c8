"""Epochs in a compiled loop: all batches, or as many as take a tenth of a second, in one call.

It serves networks of narrow layers, a step of which takes less than Python takes to ask for it, and
those of wide layers of which most units are zero. Their steps consist of tasks that threads share:
rows of a batch go forward, units take their gradients, parts of all parameters their step. Where
these are cut depends on the layers and the batch alone.
"""

from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from .._numba import unsigned
from .activations import LINEAR
from .active import ONE, WIDTH
from .crew import LOOKS
from .layers import Workspace, pack, unpack
from .loops import (
    LIMIT,
    NORM,
    ROWS,
    STEP,
    TAKEN,
    UNITS,
    Batches,
    Layers,
    Lists,
    Masks,
    Room,
    Rules,
    Tasks,
    Vectors,
    train_fused,
)
from .losses import code

PARAMETERS = 2000  # per batch: what Python takes for a batch pays for packing so many
MOST_PARAMETERS = 40_000  # where units are listed: a step takes as much more
PARTS = 8
NUMBERS = 2**12  # parameters in a part at least
MULTIPLICATIONS = 2**33  # in a call, which no Ctrl-C interrupts
FOREVER = np.iinfo(np.int64).max


def listed_layers(network, X, batches, dropout):
    """Return for each layer whether its active units are listed; None if the loop does not serve.

    It does for dense X and no curves, if all wide layers have few active units in the first batch.
    """
    wide = [W.shape[1] >= WIDTH for W in network.coefs]
    most = MOST_PARAMETERS if any(wide) else PARAMETERS
    too_many = sum(W.size for W in network.coefs) > most * len(batches)
    if sp.issparse(X) or network.activation not in LINEAR or too_many:
        return None
    if any(wide):
        room = Workspace(network, X, len(batches[0]))
        room.forward(X, batches[0], dropout)
        few = (lists is not None and lists.density < ONE for lists in room.lists)
        if not all(is_few for is_few, is_wide in zip(few, wide, strict=True) if is_wide):
            return None
    return wide


def run_batches(network, optimizer, data, settings, dropout, batches, rate_of_step, listed):
    """Take a step for each batch; return the sum of the losses of samples, and the optimizer.

    `listed` is what `listed_layers` has returned.
    """
    dtype, size = network.coefs[0].dtype, max(map(len, batches))
    parameters = network.parameters
    p, averages = pack(parameters, dtype), np.concatenate(optimizer.averages, axis=1)
    samples = in_order(data, batches, dtype)
    layers = layers_of(network, listed)
    masks = (dropout.numbers(layer, dtype) for layer in range(len(network.coefs)))
    masks = Masks(*map(np.array, zip(*masks, strict=True)))
    rules = rules_for(optimizer, settings, rate_of_step, len(batches), dtype)
    vectors, room = Vectors(p, np.empty_like(p), averages), room_for(network, size)
    lists, table = lists_of(network, listed, size), table_of(network, listed, size, settings)
    sums = np.zeros((len(batches), len(table)))
    n_steps = max(1, MULTIPLICATIONS // (3 * size * len(p)))
    for start in range(0, len(batches), n_steps):
        steps = slice(start, start + n_steps)
        arguments = (
            samples._replace(starts=samples.starts[start : start + n_steps + 1]),
            layers,
            masks,
            rules._replace(numbers=rules.numbers[steps], kept=rules.kept[steps]),
            vectors,
            room,
            lists,
        )
        share_steps(Tasks(table, np.zeros(16, np.int64), sums[steps]), arguments, settings.team)
    unpack(p, parameters)
    unpack(averages, optimizer.averages)
    loss = sums[:, table[:, 0] == ROWS].sum()
    loss += settings.alpha / 2 * sums[:, table[:, 0] == STEP].sum()
    return loss, optimizer._replace(t=optimizer.t + len(batches))


def share_steps(tasks, arguments, team):
    """Let a team do some steps; helpers leave where they find nothing to do, and at the end."""
    n_helpers = team.n_helpers if any(arguments[1].listed) else 0

    def stop():
        tasks.counts[TAKEN] = tasks.sums.size  # as if nothing was left

    with team.helped(n_helpers, lambda: train_fused(tasks, LOOKS, *arguments), stop):
        train_fused(tasks, FOREVER, *arguments)


def table_of(network, listed, size, settings):
    """Return the tasks of a step: rows of kind, layer, first, last, and how many come before.

    Those of a phase need nothing of one another.
    """
    units, shared, top = network.units, any(listed), len(listed) - 1
    phases = [tasks(ROWS, 0, size, PARTS if shared else 1)]
    for layer in reversed(range(len(listed))):
        of_layer = tasks(UNITS, layer, units[layer], PARTS if listed[layer] else 1)
        if layer == top - 1 and not listed[top]:  # ROWS has passed the gradient on
            phases[-1] += of_layer
        else:
            phases.append(of_layer)
    n_parameters = sum(p.size for p in network.parameters)
    n_parts = min(PARTS, 1 + n_parameters // NUMBERS)
    if settings.clip_norm is not None:
        phases.append(tasks(NORM, 0, n_parameters, n_parts))
    phases.append(tasks(STEP, 0, n_parameters, n_parts))
    if settings.max_norm is not None:
        hidden = range(top)
        limits = (tasks(LIMIT, k, units[k + 1], PARTS if listed[k] else 1) for k in hidden)
        phases.append([task for of_layer in limits for task in of_layer])
    before = np.cumsum([0, *map(len, phases)])
    return np.array([(*t, n) for phase, n in zip(phases, before[:-1], strict=True) for t in phase])


def tasks(kind, layer, length, n_parts):
    """Return the tasks that make up a range, in equal parts."""
    size = -(-length // n_parts)
    cuts = [*range(0, length, size), length]
    return [(kind, layer, first, last) for first, last in pairwise(cuts)]


def in_order(data, batches, dtype):
    """Return the samples for the loop."""
    X = np.ascontiguousarray(data.X, dtype).view()
    X.flags.writeable = False  # or the loop is compiled twice
    starts = np.cumsum([0, *map(len, batches)])
    return Batches(X, data.Y, data.s, unsigned(np.concatenate(batches)), starts)


def layers_of(network, listed):
    """Return the layers for the loop."""
    units, number = network.units, network.coefs[0].dtype.type
    below, above = np.array(units[:-1]), np.array(units[1:])
    weights, biases = np.cumsum([0, *below * above]), np.cumsum([0, *above])
    values = np.cumsum([0, *below[:-1]])
    layout = np.stack([below, above, values, weights[:-1], weights[-1] + biases[:-1]], axis=1)
    slope = number(LINEAR[network.activation])
    return Layers(layout, np.array(listed), slope, code(network), number(network.delta))


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
    lengths = *[size * sum(units)] * 3, size * units[-1], size, sum(units)
    return Room(*(np.empty(length, dtype) for length in lengths))


def lists_of(network, listed, size):
    """Return room for the lists of active units, if there are any."""
    dtype, n_units = network.coefs[0].dtype, sum(network.units) * any(listed)
    unit, sample = np.empty((2, size * n_units), np.uint32)
    row_value, unit_value = np.empty((2, size * n_units), dtype)
    row_cut = np.empty((len(listed), size, PARTS + 1), np.uintp)
    return Lists(row_cut, unit, row_value, np.empty((n_units, 2), np.uintp), sample, unit_value)
