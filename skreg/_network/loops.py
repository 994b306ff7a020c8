"""Compiled loops of a training step, and of an epoch of steps.

They are in one file because `train_fused` calls the others; see `_numba`.
"""

from collections import namedtuple

import numpy as np

from .._numba import claim, compiled, inlined, reread, rest

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
def take_entries(indptr, indices, data, rows, samples, key, highest, scale, cut, unit, value):
    """List the entries of rows of a sparse matrix that are kept, with their values over keep_prob.

    The masks are those of `fill`. Return how many there are.
    """
    count = np.uintp(0)
    for i in range(rows.shape[0]):
        cut[i, 0] = count
        low, high = hash_sample(key, samples[i])
        for e in range(indptr[rows[i]], indptr[rows[i] + np.uint64(1)]):
            if hash_unit(indices[e], low, high) <= highest:
                unit[count] = indices[e]
                value[count] = data[e] * scale
                count += np.uintp(1)
        cut[i, 1] = count
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
def list_active(A, M, first, last, cut, unit, value):
    """List the active units of some rows, each from where it would begin were all active.

    The units are cut into equal parts, and `cut` says for each row where they begin in the list,
    and where the last of them ends.
    """
    n_units, n_parts = A.shape[1], cut.shape[1] - 1
    size = (n_units + n_parts - 1) // n_parts
    for i in range(first, last):
        start = np.uintp(i * n_units)
        row = unit[start:]
        for k in range(n_units):
            row[k] = (A[i, k] != 0) | (M[i, k] != 0)
        count = np.uintp(0)
        for part in range(n_parts):
            cut[i, part] = start + count
            for k in range(part * size, min((part + 1) * size, n_units)):
                active = row[k]
                row[count] = k  # a place that has been read; it is kept if the unit is active
                count += np.uintp(active)
        cut[i, n_parts] = start + count
        for e in range(start, start + count):
            value[e] = A[i, unit[e]]


@inlined
def sort(row_cut, unit, row_value, first, last, unit_cut, sample, unit_value):
    """List by unit, for a part of the units, what is listed by sample, by counting."""
    one = np.uintp(1)
    n_parts = row_cut.shape[1] - 1
    part = first // ((unit_cut.shape[0] + n_parts - 1) // n_parts)
    total = np.uintp(0)  # of the units before, behind which they come to lie
    for k in range(first, last):
        unit_cut[k, 1] = 0
    for i in range(row_cut.shape[0]):
        total += row_cut[i, part] - row_cut[i, 0]
        for e in range(row_cut[i, part], row_cut[i, part + 1]):
            unit_cut[unit[e], 1] += one
    for k in range(first, last):
        unit_cut[k, 0] = total
        total += unit_cut[k, 1]
        unit_cut[k, 1] = unit_cut[k, 0]
    for i in range(row_cut.shape[0]):
        for e in range(row_cut[i, part], row_cut[i, part + 1]):
            place = unit_cut[unit[e], 1]
            sample[place] = i
            unit_value[place] = row_value[e]
            unit_cut[unit[e], 1] = place + one


@inlined
def combine(start, stop, index, value, first, last, rows, out):
    """Fill some rows of out with their listed combinations of rows.

    Four of these at a time, so that out is passed over less often.
    """
    one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
    for i in range(first, last):
        out[i, :] = 0
        e, end = start[i], stop[i]
        while e + four <= end:
            k, k1, k2, k3 = index[e], index[e + one], index[e + two], index[e + three]
            a, a1, a2, a3 = value[e], value[e + one], value[e + two], value[e + three]
            for j in range(out.shape[1]):
                out[i, j] += a * rows[k, j] + a1 * rows[k1, j] + a2 * rows[k2, j] + a3 * rows[k3, j]
            e += four
        while e < end:
            k, a = index[e], value[e]
            for j in range(out.shape[1]):
                out[i, j] += a * rows[k, j]
            e += one


@inlined
def gradients(unit_start, unit_end, sample, value, first, last, D, W, M, G, B):
    """``G = A.T @ D`` and ``B = (D @ W.T) * M`` of some units, in one pass over D, W and G."""
    zero = G.dtype.type(0)
    one, two, three, four = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
    B[:, first:last] = 0
    for k in range(first, last):
        G[k, :] = 0
        e, end = unit_start[k], unit_end[k]
        while e + four <= end:
            i, i1, i2, i3 = sample[e], sample[e + one], sample[e + two], sample[e + three]
            a, a1, a2, a3 = value[e], value[e + one], value[e + two], value[e + three]
            b = b1 = b2 = b3 = zero
            for j in range(W.shape[1]):
                d, d1, d2, d3 = D[i, j], D[i1, j], D[i2, j], D[i3, j]
                G[k, j] += a * d + a1 * d1 + a2 * d2 + a3 * d3
                b += W[k, j] * d
                b1 += W[k, j] * d1
                b2 += W[k, j] * d2
                b3 += W[k, j] * d3
            B[i, k] = b * M[i, k]
            B[i1, k] = b1 * M[i1, k]
            B[i2, k] = b2 * M[i2, k]
            B[i3, k] = b3 * M[i3, k]
            e += four
        while e < end:
            i, a = sample[e], value[e]
            b = zero
            for j in range(W.shape[1]):
                G[k, j] += a * D[i, j]
                b += W[k, j] * D[i, j]
            B[i, k] = b * M[i, k]
            e += one


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
        row = X[rows[i]]
        for k in range(out.shape[1]):
            out[i, k] = row[k]


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


@compiled
def matrix(p, start, rows, columns):
    """Return a part of a vector as a matrix."""
    return p[start : start + rows * columns].reshape(rows, columns)


# What `train_fused` is given: samples, targets and weights; the order of the samples, and where in
# it batches start.
Batches = namedtuple("Batches", "X Y s order starts")
# A row of `layout` for each layer: its units below and above, and where values below (of a sample),
# weights and biases start; whether its active units are listed. `below` is for `activate_linear`;
# `loss` and `delta` are for `elementwise`, and `loss` is -1 for `softmax_log_loss`.
Layers = namedtuple("Layers", "layout listed below loss delta")
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
# Lists of active units: see `list_active` and `sort`.
Lists = namedtuple("Lists", "row_cut unit row_value unit_cut sample unit_value")
# What a step consists of: rows of kind, layer, first and last, and how many must be done before.
# `counts` says how many are taken and done in all steps, and `sums` is room for what each returns.
Tasks = namedtuple("Tasks", "table counts sums")
ROWS, UNITS, NORM, STEP, LIMIT = range(5)
TAKEN, DONE = 0, 8  # on cache lines of their own


@compiled
def train_fused(tasks, patience, batches, layers, masks, rules, vectors, room, lists):
    """Take a step for each batch, as `run_epoch` does, with other threads that call this, too.

    Each takes the next task as soon as those are done that it needs, and leaves where it has
    looked in vain too often. What a task writes does not depend on who does it.
    """
    table, counts, sums = tasks
    n_tasks, n_looks = table.shape[0], 0
    while n_looks <= patience:
        ticket = reread(counts, TAKEN)
        t, task = ticket // n_tasks, ticket % n_tasks
        if reread(counts, DONE) < t * n_tasks + table[task, 4]:
            n_looks += 1
            rest(n_looks)
            continue
        if t == sums.shape[0]:
            return
        if claim(counts, TAKEN, ticket):
            arrays = batches, layers, masks, rules, vectors, room, lists
            sums[t, task] = do_task(table, task, t, sums[t], arrays)
            n_looks = 0
            while not claim(counts, DONE, reread(counts, DONE)):
                pass


@inlined
def do_task(table, task, t, sums, arrays):
    """Do a task of step t; return the loss of rows, or a sum of squares of parameters."""
    batches, layers, masks, rules, vectors, room, lists = arrays
    kind, layer, first, last, _ = table[task]
    rows = batches.order[batches.starts[t] : batches.starts[t + 1]]
    total, layout = vectors.p.dtype.type(0), layers.layout
    for i in rows:
        total += batches.s[i]
    strength, answer = rules.penalty / total, 0.0
    if kind == ROWS:
        last = min(last, rows.shape[0])
        first = min(first, last)
        take_batch(batches, rows, first, last, layout, room)
        forward(layers, masks, rows, first, last, vectors.p, room, lists)
        scale = vectors.p.dtype.type(1) / total
        answer += evaluate(layers, rows.shape[0], first, last, scale, vectors.p, room)
    elif kind == UNITS:
        backward(layers, layer, rows.shape[0], first, last, vectors, room, lists)
    elif kind == NORM:
        answer += add_penalty(vectors, first, last, layout[0, 4], strength)
    elif kind == STEP:
        answer += step(rules, t, strength, norm_of(table, sums), first, last, layout, vectors)
    else:
        narrow, wide, v, w, _ = layout[layer]
        W, factor = matrix(vectors.p, w, narrow, wide), room.factor[v + narrow :]
        limit_columns(W[:, first:last], rules.max_norm, factor[first:last])
    return answer


@inlined
def take_batch(batches, rows, first, last, layout, room):
    """Copy some rows of a batch into the room for it."""
    n, some = rows.shape[0], rows[first:last]
    take_rows(batches.X, some, matrix(room.values, 0, n, layout[0, 0])[first:last])
    take_rows(batches.Y, some, matrix(room.targets, 0, n, layout[-1, 1])[first:last])
    for i in range(first, last):
        room.weights[i] = batches.s[rows[i]]


@inlined
def forward(layers, masks, rows, first, last, p, room, lists):
    """Run some rows through the network; what the output units sum up is without biases."""
    n = rows.shape[0]
    for layer in range(layers.layout.shape[0]):
        narrow, wide, v, w, b = layers.layout[layer]
        A, M = matrix(room.values, n * v, n, narrow), matrix(room.slopes, n * v, n, narrow)
        some, slopes = A[first:last], M[first:last]
        if layer > 0 or masks.scales[0] > 1:
            of_layer = masks.keys[layer], masks.highest[layer], masks.scales[layer]
            fill(rows[first:last], of_layer[0], of_layer[1], of_layer[2], slopes)
        if layer > 0:
            activate_linear(some, p[b - narrow : b], layers.below, slopes)
        elif masks.scales[0] > 1:
            multiply_by(some, slopes)
        W, Z = matrix(p, w, narrow, wide), matrix(room.values, n * (v + narrow), n, wide)
        if layers.listed[layer]:
            unit, value = lists.unit[n * v :], lists.row_value[n * v :]
            cut = lists.row_cut[layer]
            list_active(A, M if layer > 0 else A, first, last, cut, unit, value)
            combine(cut[:, 0], cut[:, -1], unit, value, first, last, W, Z)
        else:
            np.dot(some, W, Z[first:last])


@inlined
def evaluate(layers, n, first, last, scale, p, room):
    """Write the gradient of some rows of the output, and of what is below; return their loss."""
    narrow, wide, v, w, b = layers.layout[-1]
    D = matrix(room.values, n * (v + narrow), n, wide)[first:last]
    Y, s = matrix(room.targets, 0, n, wide)[first:last], room.weights[first:last]
    if layers.loss < 0:
        loss = softmax_log_loss(D, p[b:], Y, s, scale)
    else:
        loss = elementwise(layers.loss, layers.delta, D, p[b:], Y, s, scale)
    if layers.layout.shape[0] > 1 and not layers.listed[-1]:
        B = matrix(room.errors, n * v, n, narrow)[first:last]
        np.dot(D, matrix(p, w, narrow, wide).T, B)
        multiply_by(B, matrix(room.slopes, n * v, n, narrow)[first:last])
    return loss


@inlined
def backward(layers, layer, n, first, last, vectors, room, lists):
    """Write the gradients of the weights of some units, and of the sums below them."""
    narrow, wide, v, w, b = layers.layout[layer]
    p, g, top = vectors.p, vectors.g, layers.layout.shape[0] - 1
    A, M = matrix(room.values, n * v, n, narrow), matrix(room.slopes, n * v, n, narrow)
    D = matrix(room.values if layer == top else room.errors, n * (v + narrow), n, wide)
    B = matrix(room.errors, n * v, n, narrow)
    W, G = matrix(p, w, narrow, wide), matrix(g, w, narrow, wide)
    if first == 0:
        add_rows(D, g[b : b + wide])
    if layers.listed[layer]:
        unit_cut = lists.unit_cut[v : v + narrow]
        sample, value = lists.sample[n * v :], lists.unit_value[n * v :]
        by_row = lists.row_cut[layer][:n], lists.unit[n * v :], lists.row_value[n * v :]
        sort(by_row[0], by_row[1], by_row[2], first, last, unit_cut, sample, value)
        if layer > 0:
            gradients(unit_cut[:, 0], unit_cut[:, 1], sample, value, first, last, D, W, M, G, B)
        else:
            combine(unit_cut[:, 0], unit_cut[:, 1], sample, value, first, last, D, G)
    else:
        np.dot(A.T, D, G)
        if 0 < layer < top:  # `evaluate` has done it for the output
            np.dot(D, W.T, B)
            multiply_by(B, M)


@inlined
def add_penalty(vectors, first, last, n_weights, strength):
    """Add the gradient of the penalty to a part; return the sum of its squares."""
    p, g, squares = vectors.p, vectors.g, vectors.g.dtype.type(0)
    for k in range(first, last):
        g[k] += strength * p[k] if k < n_weights else g.dtype.type(0)
        squares += g[k] * g[k]
    return squares


@inlined
def norm_of(table, sums):
    """Return the norm of the gradient."""
    squares = 0.0
    for task in range(table.shape[0]):
        squares += sums[task] if table[task, 0] == NORM else 0.0
    return np.sqrt(squares)


@inlined
def step(rules, t, strength, norm, first, last, layout, vectors):
    """Clip the gradient of a part and take its step; return the sum of squares of its weights."""
    p, g, averages = vectors.p, vectors.g, vectors.averages
    zero, one, n_weights = p.dtype.type(0), p.dtype.type(1), layout[0, 4]
    if norm > rules.clip_norm:
        share = p.dtype.type(rules.clip_norm / norm) if norm < np.inf else p.dtype.type(np.nan)
        for k in range(first, last):
            g[k] *= share
    if rules.clip_norm < np.inf:
        strength = zero  # the gradient has it already
    start, end, squares, kept = first, max(first, min(last, n_weights)), zero, rules.kept[t]
    for k in range(start, end if rules.penalty > 0 else start):
        squares += p[k] * p[k]
    for _ in range(2):  # weights, then biases
        take_step(rules.code, p, g, averages, start, end, rules.numbers[t], strength, kept)
        start, end, strength, kept = end, last, zero, one
    return squares
