"""Compiled loops of a training step, and of an epoch of steps for networks of narrow layers.

They are in one file because `train_narrow` calls the others; see `_numba`.
"""

from collections import namedtuple

import numpy as np

from .._numba import compiled, inlined

# The finaliser of splitmix64 makes a key for each sample; Steele et al. (2014), section 4.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# That of MurmurHash3 mixes it with the unit, in 32 bits: twice as many fit in a register.
GOLDEN_32, FIRST_32, SECOND_32 = (np.uint32(c) for c in (0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35))
# Averages of what is never active any more fade into subnormal numbers, which cost a hundred times
# as much; such a step is lost in the rounding of any weight.
LOST = np.float32(1e-30)


@inlined
def hash_sample(key, sample):
    """Return the two halves of the hash of a sample."""
    x = key + sample * GOLDEN
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    x ^= x >> np.uint64(31)
    return np.uint32(x), np.uint32(x >> np.uint64(32))


@inlined
def hash_unit(j, low, high):
    """Return the hash of a unit of a sample."""
    h = np.uint32(np.uint32(np.uint32(j) * GOLDEN_32) + low)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * FIRST_32)
    h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(13)) ^ high) * SECOND_32)
    return np.uint32(h ^ np.uint32(h >> np.uint32(16)))


@compiled
def fill(samples, key, highest, scale, M):
    """Write scale where a unit is kept, and 0 elsewhere."""
    zero = M.dtype.type(0)
    for i in range(M.shape[0]):
        low, high = hash_sample(key, samples[i])
        for j in range(M.shape[1]):
            M[i, j] = scale if hash_unit(j, low, high) <= highest else zero


@compiled
def take_entries(indptr, indices, data, rows, samples, key, highest, scale, row_start, unit, value):
    """List the entries of rows of a sparse matrix that are kept, with their values over keep_prob.

    The masks are those of `fill`. Return how many there are.
    """
    count = np.uintp(0)
    for i in range(rows.shape[0]):
        row_start[i] = count
        low, high = hash_sample(key, samples[i])
        for e in range(indptr[rows[i]], indptr[rows[i] + np.uint64(1)]):
            if hash_unit(indices[e], low, high) <= highest:
                unit[count] = indices[e]
                value[count] = data[e] * scale
                count += np.uintp(1)
    row_start[rows.shape[0]] = count
    return count


@compiled
def activate_linear(Z, b, below, M):
    """Evaluate `activate` for a function with the slope `below` under 0, and 1 above."""
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            m = M[i, j] if z > 0 else M[i, j] * below
            Z[i, j] = z * m
            M[i, j] = m


@compiled
def softmax_log_loss(Z, b, Y, s, scale):
    """Evaluate the log loss of one class of many."""
    loss = 0.0
    for i in range(Z.shape[0]):
        if s[i] == 0:  # times a loss that may be no number
            Z[i, :] = 0
            continue
        top = Z[i, 0] + b[0]
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]
            top = max(top, Z[i, j])
        total, weight = 0.0, 0.0
        for j in range(Z.shape[1]):
            loss += s[i] * Y[i, j] * (top - Z[i, j])
            Z[i, j] = np.exp(Z[i, j] - top)
            total += Z[i, j]
            weight += Y[i, j]
        loss += s[i] * weight * np.log(total)
        for j in range(Z.shape[1]):
            Z[i, j] = (Z[i, j] * (weight / total) - Y[i, j]) * s[i] * scale
    return loss


@compiled
def elementwise(code, delta, Z, b, Y, s, scale):
    """Evaluate the other losses; `code` is that of their row in `LOSSES`."""
    loss = 0.0
    for i in range(Z.shape[0]):
        if s[i] == 0:  # times a loss that may be no number
            Z[i, :] = 0
            continue
        for j in range(Z.shape[1]):
            z, y = Z[i, j] + b[j], Y[i, j]
            d = z - y
            if code == 0:  # of a label: log(1 + exp(z)) - y z
                e = np.exp(-abs(z))
                loss += s[i] * (max(z, y * 0) - y * z + np.log1p(e))
                d = (e if z < 0 else e * 0 + 1) / (e + 1) - y
            elif code == 1:
                loss += s[i] * d * d / 2
            elif code == 2:
                loss += s[i] * abs(d)
                d = np.sign(d)
            elif code == 3:
                near = min(max(d, -delta), delta)
                loss += s[i] * near * (d - near / 2)
                d = near
            else:
                mean = np.exp(z)
                loss += s[i] * (mean - y - y * z)
                if y > 0:
                    loss += s[i] * y * np.log(y)
                d = mean - y
            Z[i, j] = d * s[i] * scale
    return loss


@inlined
def take_step(rule, p, g, averages, first, last, numbers, penalty, kept):
    """Let a part of p decay and take a step, with `numbers` as those of the rule say.

    SGD: ``v = momentum v - rate g`` and ``p += again v - ahead g``. Adam: p moves along the mean
    gradient over the root of the mean square. What is stored is not read again: that took twice
    the time where the averages do not begin at a multiple of 32 bytes.
    """
    c0, c1, c2, c3 = numbers[0], numbers[1], numbers[2], numbers[3]
    p, g, means, zero = p[first:last], g[first:last], averages[0][first:last], p.dtype.type(0)
    if rule == 0:
        for k in range(p.shape[0]):
            slope = g[k] + penalty * p[k]
            m = c1 * means[k] - c0 * slope
            m = m if abs(m) > LOST else zero
            means[k] = m
            p[k] = kept * p[k] + c2 * m - c3 * slope
    else:
        squares = averages[1][first:last]
        for k in range(p.shape[0]):
            slope = g[k] + penalty * p[k]
            m = means[k] + c1 * (slope - means[k])
            m = m if abs(m) > LOST else zero
            v = squares[k] + c2 * (slope * slope - squares[k])
            means[k], squares[k] = m, v
            p[k] = kept * p[k] - c0 * m / (np.sqrt(v) + c3)


@compiled
def limit_columns(W, max_norm, factor):
    """Scale the columns of W to at most max_norm; factor is room for a number for each."""
    factor[:] = 0
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            factor[j] += W[k, j] * W[k, j]
    n_long = 0
    for j in range(W.shape[1]):
        norm = np.sqrt(factor[j])
        n_long += norm > max_norm
        factor[j] = max_norm / max(norm, max_norm)
    if n_long > 0:
        for k in range(W.shape[0]):
            for j in range(W.shape[1]):
                W[k, j] *= factor[j]


@inlined
def take_rows(X, rows, out):
    """Copy some rows of X."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] = X[rows[i], k]


@inlined
def multiply_by(A, M):
    """Multiply A by M, entry by entry."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            A[i, k] *= M[i, k]


@inlined
def add_rows(D, out):
    """Fill in the sum of the rows of D."""
    out[:] = 0
    for i in range(D.shape[0]):
        for j in range(D.shape[1]):
            out[j] += D[i, j]


@inlined
def add_penalty_and_clip(g, p, n_weights, strength, clip_norm):
    """Add the gradient of the penalty of the weights, then scale all to a norm of clip_norm."""
    squares = g.dtype.type(0)
    for k in range(g.shape[0]):
        if k < n_weights:
            g[k] += strength * p[k]
        squares += g[k] * g[k]
    norm = np.sqrt(squares)
    if norm > clip_norm:
        share = clip_norm / norm if norm < np.inf else g.dtype.type(np.nan)  # of 0 none would tell
        for k in range(g.shape[0]):
            g[k] *= share


@compiled
def matrix(p, start, rows, columns):
    """Return a part of a vector as a matrix."""
    return p[start : start + rows * columns].reshape(rows, columns)


# What `train_narrow` is given: samples, targets and weights; the order of the samples, and where in
# it batches start.
Batches = namedtuple("Batches", "X Y s order starts")
# A row of `layout` for each layer: its units below and above, and where values below (of a sample),
# weights and biases start. `below` is for `activate_linear`; `loss` and `delta` are for
# `elementwise`, and `loss` is -1 for `softmax_log_loss`.
Layers = namedtuple("Layers", "layout below loss delta")
# What `fill` asks, for the input and each hidden layer.
Masks = namedtuple("Masks", "keys highest scales")
# For `take_step` the code of the rule, a row of numbers for each batch and, for weights, what is
# kept of them; the rest is as in `Settings`, infinite where there is no limit.
Rules = namedtuple("Rules", "code numbers kept penalty max_norm clip_norm")
# Parameters, their gradients, rows of averages: the weights of all layers, then the biases.
Vectors = namedtuple("Vectors", "p g averages")
# Room for a batch: a number for each sample and unit of all layers, for their multipliers and
# gradients too; for each target; for each sample; and for each unit of a layer.
Room = namedtuple("Room", "values slopes errors targets weights factor")


@compiled
def train_narrow(batches, layers, masks, rules, vectors, room):
    """Take a step for each batch, as `run_epoch` does; return the sum of the losses."""
    starts, n_weights, sum_of_losses = batches.starts, layers.layout[0, 4], 0.0
    for t in range(starts.shape[0] - 1):
        rows = batches.order[starts[t] : starts[t + 1]]
        total = take_batch(batches, rows, layers.layout, room)
        scale = vectors.p.dtype.type(1) / total
        D = forward(layers, masks, rows, vectors.p, room)
        loss = backward(layers, D, scale, vectors, room)
        strength = rules.penalty * scale
        squares = vectors.p.dtype.type(0)
        for k in range(n_weights if rules.penalty > 0 else 0):
            squares += vectors.p[k] * vectors.p[k]
        sum_of_losses += (loss / total + strength * squares / 2) * total
        update(rules, t, strength, n_weights, vectors)
        for layer in range(layers.layout.shape[0] - 1 if rules.max_norm < np.inf else 0):
            narrow, wide, _, w, _ = layers.layout[layer]
            W = matrix(vectors.p, w, narrow, wide)
            limit_columns(W, rules.max_norm, room.factor[:wide])
    return sum_of_losses


@inlined
def take_batch(batches, rows, layout, room):
    """Copy a batch into the room for it; return the sum of its weights."""
    n, total = rows.shape[0], room.weights.dtype.type(0)  # 0 would make float64
    take_rows(batches.X, rows, matrix(room.values, 0, n, layout[0, 0]))
    take_rows(batches.Y, rows, matrix(room.targets, 0, n, layout[-1, 1]))
    for i in range(n):
        room.weights[i] = batches.s[rows[i]]
        total += room.weights[i]
    return total


@inlined
def forward(layers, masks, rows, p, room):
    """Return what the output units sum up, without biases."""
    n = rows.shape[0]
    A = matrix(room.values, 0, n, layers.layout[0, 0])
    for layer in range(layers.layout.shape[0]):
        narrow, wide, v, w, b = layers.layout[layer]
        M = matrix(room.slopes, n * v, n, narrow)
        if layer > 0 or masks.scales[0] > 1:
            fill(rows, masks.keys[layer], masks.highest[layer], masks.scales[layer], M)
        if layer > 0:
            activate_linear(A, p[b - narrow : b], layers.below, M)
        elif masks.scales[0] > 1:
            multiply_by(A, M)
        Z = matrix(room.values, n * (v + narrow), n, wide)
        np.dot(A, matrix(p, w, narrow, wide), Z)
        A = Z
    return A


@inlined
def backward(layers, D, scale, vectors, room):
    """Write the gradient of the loss, without penalty, and return the sum of the losses."""
    layout, p, g = layers.layout, vectors.p, vectors.g
    n, n_outputs = D.shape
    biases, s = p[layout[-1, 4] :], room.weights[:n]
    Y = matrix(room.targets, 0, n, n_outputs)
    if layers.loss < 0:
        loss = softmax_log_loss(D, biases, Y, s, scale)
    else:
        loss = elementwise(layers.loss, layers.delta, D, biases, Y, s, scale)
    for layer in range(layout.shape[0] - 1, -1, -1):
        narrow, wide, v, w, b = layout[layer]
        add_rows(D, g[b : b + wide])
        np.dot(matrix(room.values, n * v, n, narrow).T, D, matrix(g, w, narrow, wide))
        if layer > 0:
            B = matrix(room.errors, n * v, n, narrow)
            np.dot(D, matrix(p, w, narrow, wide).T, B)
            multiply_by(B, matrix(room.slopes, n * v, n, narrow))
            D = B
    return loss


@inlined
def update(rules, t, strength, n_weights, vectors):
    """Add the gradient of the penalty, clip, and take a step."""
    p, g, averages = vectors
    zero, one = p.dtype.type(0), p.dtype.type(1)
    if rules.clip_norm < np.inf:
        add_penalty_and_clip(g, p, n_weights, strength, rules.clip_norm)
        strength = zero  # the gradient has it already
    start, end, kept = 0, n_weights, rules.kept[t]
    for _ in range(2):  # weights, then biases
        take_step(rules.code, p, g, averages, start, end, rules.numbers[t], strength, kept)
        start, end, strength, kept = n_weights, p.shape[0], zero, one
