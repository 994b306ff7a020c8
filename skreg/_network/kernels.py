"""Kernels of a training step, and of an epoch of steps for networks of narrow layers.

They are in one file because `train_narrow` calls the others; see `_numba`.
"""

import numpy as np

from .._numba import kernel

# The finaliser of splitmix64 makes a key for each sample; Steele et al. (2014), section 4.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# That of MurmurHash3 mixes it with the unit, in 32 bits: twice as many fit in a register.
GOLDEN_32, FIRST_32, SECOND_32 = (np.uint32(c) for c in (0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35))
# Averages of what is never active any more fade into subnormal numbers, which cost a hundred times
# as much; such a step is lost in the rounding of any weight.
LOST = np.float32(1e-30)


@kernel
def fill(samples, key, highest, scale, M):
    """Write scale where a unit is kept, and 0 elsewhere."""
    zero = M.dtype.type(0)
    for i in range(M.shape[0]):
        x = key + samples[i] * GOLDEN
        x = (x ^ (x >> np.uint64(30))) * FIRST
        x = (x ^ (x >> np.uint64(27))) * SECOND
        x ^= x >> np.uint64(31)
        low, high = np.uint32(x), np.uint32(x >> np.uint64(32))
        for j in range(M.shape[1]):
            h = np.uint32(np.uint32(np.uint32(j) * GOLDEN_32) + low)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * FIRST_32)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(13)) ^ high) * SECOND_32)
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            M[i, j] = scale if h <= highest else zero


@kernel
def take_entries(indptr, indices, data, rows, samples, key, highest, scale, row_start, unit, value):
    """List the entries of rows of a sparse matrix that are kept, with their values over keep_prob.

    The masks are those of `fill`. Return how many there are.
    """
    count = np.uintp(0)
    for i in range(rows.shape[0]):
        row_start[i] = count
        x = key + samples[i] * GOLDEN
        x = (x ^ (x >> np.uint64(30))) * FIRST
        x = (x ^ (x >> np.uint64(27))) * SECOND
        x ^= x >> np.uint64(31)
        low, high = np.uint32(x), np.uint32(x >> np.uint64(32))
        for e in range(indptr[rows[i]], indptr[rows[i] + np.uint64(1)]):
            h = np.uint32(np.uint32(np.uint32(indices[e]) * GOLDEN_32) + low)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * FIRST_32)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(13)) ^ high) * SECOND_32)
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            if h <= highest:
                unit[count] = indices[e]
                value[count] = data[e] * scale
                count += np.uintp(1)
    row_start[rows.shape[0]] = count
    return count


@kernel
def activate_linear(Z, b, below, M):
    """Do so for a function that is linear on either side of 0, with slope 1 above."""
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            z = Z[i, j] + b[j]
            m = M[i, j] if z > 0 else M[i, j] * below
            Z[i, j] = z * m
            M[i, j] = m


@kernel
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


@kernel
def elementwise(kind, delta, Z, b, Y, s, scale):
    """Evaluate the other losses; kind is the place in KINDS."""
    loss = 0.0
    for i in range(Z.shape[0]):
        if s[i] == 0:  # times a loss that may be no number
            Z[i, :] = 0
            continue
        for j in range(Z.shape[1]):
            z, y = Z[i, j] + b[j], Y[i, j]
            d = z - y
            if kind == 0:  # of a label: log(1 + exp(z)) - y z
                e = np.exp(-abs(z))
                loss += s[i] * (max(z, y * 0) - y * z + np.log1p(e))
                d = (e if z < 0 else e * 0 + 1) / (e + 1) - y
            elif kind == 1:
                loss += s[i] * d * d / 2
            elif kind == 2:
                loss += s[i] * abs(d)
                d = np.sign(d)
            elif kind == 3:
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


@kernel
def sgd_step(p, g, v, first, last, rate, momentum, again, ahead, penalty, kept):
    """Decay, then ``v = momentum v - rate g`` and ``p += again v - ahead g``, for a part of p."""
    p, g, v = p[first:last], g[first:last], v[first:last]
    for k in range(p.shape[0]):
        slope = g[k] + penalty * p[k]
        v[k] = momentum * v[k] - rate * slope
        v[k] = v[k] if abs(v[k]) > LOST else 0
        p[k] = kept * p[k] + again * v[k] - ahead * slope


@kernel
def adam_step(p, g, m, v, first, last, step, share_1, share_2, epsilon, penalty, kept):
    """Decay, then step along the mean gradient over the root of the mean square, in a part of p."""
    p, g, m, v = p[first:last], g[first:last], m[first:last], v[first:last]
    for k in range(p.shape[0]):
        slope = g[k] + penalty * p[k]
        m[k] += share_1 * (slope - m[k])
        m[k] = m[k] if abs(m[k]) > LOST else 0
        v[k] += share_2 * (slope * slope - v[k])
        p[k] = kept * p[k] - step * m[k] / (np.sqrt(v[k]) + epsilon)


@kernel
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


@kernel
def take_rows(X, rows, out):
    """Copy some rows of X."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1]):
            out[i, k] = X[rows[i], k]


@kernel
def multiply_by(A, M):
    """Multiply A by M, entry by entry."""
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            A[i, k] *= M[i, k]


@kernel
def add_rows(D, out):
    """Fill in the sum of the rows of D."""
    out[:] = 0
    for i in range(D.shape[0]):
        for j in range(D.shape[1]):
            out[j] += D[i, j]


@kernel
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


@kernel
def vector(p, start, length):
    """Return a part of a vector."""
    return p[start : start + length]


@kernel
def matrix(p, start, rows, columns):
    """Return a part of a vector as a matrix."""
    return vector(p, start, rows * columns).reshape(rows, columns)


@kernel
def train_narrow(
    X, Y, s, order, starts, layout, below, kind, delta, keys, highest, scales,
    penalty, max_norm, clip_norm, is_adam, numbers, p, g, first, second,
    values, slopes, errors, targets, weights, factor,
):  # fmt: skip
    """Take a step for each batch, as `run_epoch` does; return the sum of the losses.

    It is one function because numba optimises what a kernel calls once more in the kernel: with
    passes forward and backward of their own, the first fit ever took 5.4 s instead of 4.1.

    Parameters
    ----------
    X, Y, s : ndarray
        Samples, targets and weights.
    order, starts : ndarray of int
        The samples as they come, and where batches start.
    layout : ndarray of int, shape (n_layers, 5)
        For each layer its units below and above, and where values below (of a sample), weights and
        biases start.
    below, kind, delta : scalars
        Of `activate_linear` and `elementwise`; kind is -1 for `softmax_log_loss`.
    keys, highest, scales : ndarray
        Of `fill`, for the input and each hidden layer.
    penalty, max_norm, clip_norm : scalars
        As in `Settings`; infinite where there is no limit.
    is_adam, numbers : bool, ndarray
        The step to take, and its numbers for each batch.
    p, g, first, second : ndarray
        Parameters, gradients and averages: the weights of all layers, then the biases.
    values, slopes, errors, targets, weights, factor : ndarray
        Room for a batch: a number for each sample and unit of all layers, for their multipliers
        and gradients too; for each target; for each sample; and for each unit of a layer.
    """
    n_layers, n_outputs, n_weights = layout.shape[0], layout[-1, 1], layout[0, 4]
    zero, one, sum_of_losses = p.dtype.type(0), p.dtype.type(1), 0.0  # 0 would make float64
    for t in range(starts.shape[0] - 1):
        n, total, squares = starts[t + 1] - starts[t], zero, zero
        rows, s_batch = vector(order, starts[t], n), vector(weights, 0, n)
        A, Y_batch = matrix(values, 0, n, layout[0, 0]), matrix(targets, 0, n, n_outputs)
        take_rows(X, rows, A)
        take_rows(Y, rows, Y_batch)
        for i in range(n):
            s_batch[i] = s[rows[i]]
            total += s_batch[i]
        for layer in range(n_layers):
            narrow, wide, v, w, b = layout[layer]
            M = matrix(slopes, n * v, n, narrow)
            if layer > 0:
                fill(rows, keys[layer], highest[layer], scales[layer], M)
                activate_linear(A, vector(p, b - narrow, narrow), below, M)
            elif scales[0] > 1:
                fill(rows, keys[0], highest[0], scales[0], M)
                multiply_by(A, M)
            Z = matrix(values, n * (v + narrow), n, wide)
            np.dot(A, matrix(p, w, narrow, wide), Z)
            A = Z
        D, biases, scale = A, vector(p, layout[-1, 4], n_outputs), one / total
        if kind < 0:
            loss = softmax_log_loss(D, biases, Y_batch, s_batch, scale)
        else:
            loss = elementwise(kind, delta, D, biases, Y_batch, s_batch, scale)
        for layer in range(n_layers - 1, -1, -1):
            narrow, wide, v, w, b = layout[layer]
            add_rows(D, vector(g, b, wide))
            A = matrix(values, n * v, n, narrow)
            np.dot(A.T, D, matrix(g, w, narrow, wide))
            if layer > 0:
                B = matrix(errors, n * v, n, narrow)
                np.dot(D, matrix(p, w, narrow, wide).T, B)
                multiply_by(B, matrix(slopes, n * v, n, narrow))
                D = B
        strength = penalty * scale
        if penalty > 0:
            for k in range(n_weights):
                squares += p[k] * p[k]
        sum_of_losses += (loss / total + strength * squares / 2) * total
        if clip_norm < np.inf:
            add_penalty_and_clip(g, p, n_weights, strength, clip_norm)
            strength = zero
        c0, c1, c2, c3, kept = numbers[t]
        start, end, added = 0, n_weights, strength
        for _ in range(2):  # weights, then biases
            if is_adam:
                adam_step(p, g, first, second, start, end, c0, c1, c2, c3, added, kept)
            else:
                sgd_step(p, g, first, start, end, c0, c1, c2, c3, added, kept)
            start, end, added, kept = n_weights, p.shape[0], zero, one
        if max_norm < np.inf:
            for layer in range(n_layers - 1):
                narrow, wide, _, w, _ = layout[layer]
                limit_columns(matrix(p, w, narrow, wide), max_norm, vector(factor, 0, wide))
    return sum_of_losses
