"""Coordinate descent on the columns of several classes, whose samples have matrices for weights."""

import numpy as np

from .._numba import compiled, inlined


def sweep_classes(design, w, r, columns, penalty):
    """Minimise over one of some columns after the other, as `sweep` does; see `Classes`."""
    base, coupling = design.design, design.coupling
    feature, label = design.feature[columns], design.label[columns]
    entries = base.column_entries
    size = entries.X.itemsize + entries.samples.itemsize
    n_numbers = 2 * int(entries.lengths[feature].sum())
    base.count(n_passes=2 * len(columns) / base.n_features, n_bytes=n_numbers * size)
    sums = design.sums[columns] / base.scale[feature, None]
    z = r.reshape(coupling.weights.shape)
    mix = np.einsum("ik,ik->i", coupling.part, z)
    weights = coupling.weights, coupling.part, sums, sums @ coupling.inverse
    places = feature, label, base.scale[feature]
    return sweep_columns(tuple(entries), places, weights, w[:, 0], z, mix, tuple(penalty))


@inlined
def correlate(entries, j, k, weights, part, z, mix):
    """Return the correlation of a column of a class with the residuals, and its square."""
    X, place, first, last, samples, centre = entries
    total, square = 0.0, 0.0
    for e in range(first[j], last[j]):
        i, x = samples[e], X[e, place[j]] - centre[j]
        total += x * (weights[i, k] * z[i, k] - part[i, k] * mix[i])
        square += x * x * (weights[i, k] - part[i, k] ** 2)
    return total, square


@compiled
def sweep_columns(entries, places, weights, w, z, mix, penalty):
    """Minimise over one column after the other; return as `quadratic.sweep` does.

    The matrices of the samples times the rows of `z` are the residuals; `mix` has what couples the
    classes, the sums of ``part * z``. Columns are orthogonal to constants: `sums` are their inner
    products with these, `taken` is what that takes from them, and `shift` is what the rows of z
    lack until the end.
    """
    X, place, first, last, samples, centre = entries
    features, labels, scale = places
    weights, part, sums, taken = weights
    weight, ridge, lower, upper = penalty
    shift = np.zeros(z.shape[1])
    n_changed, n_flipped, gap, excess, size = 0, 0, 0.0, 0.0, 0.0
    for a in range(features.shape[0]):
        j, k = features[a], labels[a]
        total, square = correlate(entries, j, k, weights, part, z, mix)
        curvature = square / scale[a] ** 2 - np.sum(sums[a] * taken[a]) + ridge[a]
        if curvature <= 0.0:
            continue
        c = total / scale[a] + np.sum(sums[a] * shift) - ridge[a] * w[a]
        size += weight[a] * abs(w[a])
        at = c + curvature * w[a]
        new = np.sign(at) * max(0.0, abs(at) - weight[a]) / curvature
        new = min(max(new, lower[a]), upper[a])
        change = new - w[a]
        if change == 0.0:
            continue
        n_changed += 1
        held = new in (lower[a], upper[a]) or w[a] in (lower[a], upper[a])
        n_flipped += new * w[a] <= 0.0 or held
        gap += abs(w[a] * (c - weight[a] * np.sign(w[a]))) + 0.5 * change**2 * curvature
        if abs(c) > weight[a] > 0.0:
            excess = max(excess, abs(c) / weight[a] - 1.0)
        w[a] = new
        shift += change * taken[a]
        for e in range(first[j], last[j]):
            i = samples[e]
            move = change / scale[a] * (X[e, place[j]] - centre[j])
            z[i, k] -= move
            mix[i] -= part[i, k] * move
    z += shift
    return gap + excess * size, n_changed, n_flipped
