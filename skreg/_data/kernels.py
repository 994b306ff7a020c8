"""Compiled loops over the numbers of a Design, which tells where these are, see `_places`."""

import numpy as np

from .._numba import kernel


@kernel
def sweep(
    X, place, first, last, samples, centre, s, total_weight, left, scale,
    columns, curvature, w, r, weight, ridge, lower, upper, room,
):  # fmt: skip
    """Minimise over one column after the other; the rows of `r` are the targets.

    Where there are several the penalty is that of a RowElasticNet, which with one is the same.
    `shift` is what the residuals lack until the end because of what is `left` of the means.
    """
    n_targets, n_changed, n_flipped = w.shape[1], 0, 0
    gap, excess, size = 0.0, 0.0, 0.0
    c, new, shift = room
    for t in range(n_targets):
        shift[t] = 0.0
    for k in range(columns.shape[0]):
        if curvature[k] <= 0.0:
            continue
        j = columns[k]
        zz, cc, ww, cw = 0.0, 0.0, 0.0, 0.0
        for t in range(n_targets):
            total = total_weight * left[j] * shift[t]
            for e in range(first[j], last[j]):
                total += s[samples[e]] * (X[e, place[j]] - centre[j]) * r[t, samples[e]]
            c[t] = total / scale[j] - ridge[k] * w[k, t]
            zz += (c[t] + curvature[k] * w[k, t]) ** 2
            cc += c[t] ** 2
            ww += w[k, t] ** 2
            cw += c[t] * w[k, t]
        shrink = max(0.0, 1.0 - weight[k] / np.sqrt(zz)) if zz > 0.0 else 0.0
        moved, along, held = 0.0, 0.0, False
        for t in range(n_targets):
            new[t] = shrink * (c[t] / curvature[k] + w[k, t])
            new[t] = min(max(new[t], lower[k]), upper[k])
            moved += (new[t] - w[k, t]) ** 2
            along += new[t] * w[k, t]
            held |= new[t] in (lower[k], upper[k]) or w[k, t] in (lower[k], upper[k])
        size += weight[k] * np.sqrt(ww)
        if moved == 0.0:
            continue
        n_changed += 1
        n_flipped += along <= 0.0 or held
        gap += abs(weight[k] * np.sqrt(ww) - cw) + 0.5 * moved * curvature[k]
        if cc > weight[k] ** 2 > 0.0:
            excess = max(excess, np.sqrt(cc) / weight[k] - 1.0)
        for t in range(n_targets):
            change = (new[t] - w[k, t]) / scale[j]
            w[k, t] = new[t]
            shift[t] += change * left[j]
            for e in range(first[j], last[j]):
                r[t, samples[e]] -= change * (X[e, place[j]] - centre[j])
    for t in range(n_targets):
        for i in range(r.shape[1]):
            r[t, i] += shift[t]
    return gap + excess * size, n_changed, n_flipped


@kernel
def epoch(
    X, line, first, last, columns, centre, s, left,
    rows, starts, begin, end, share, keep, step, lower, upper, c, v, shift, change, seen, met, d,
):  # fmt: skip
    """Take a step of SAGA for each batch; that of b is ``rows[starts[b] : starts[b + 1]]``.

    Only the columns that a batch meets take part. Each time they take a `share` of what all samples
    say of them, `c`, so that in an epoch they get all of it, whether rare or not; the penalty lets
    them `keep` a part. `v` is what the coefficients have moved by, and `shift` what the residuals
    lack of that because of what is `left` of the means. `change` is that of `c`.
    """
    n_features, n_targets = v.shape
    for b in range(begin, end):
        n_met = 0
        for k in range(starts[b], starts[b + 1]):
            if n_met == n_features:
                break
            for e in range(first[rows[k]], last[rows[k]]):
                j = columns[e]
                if seen[j] != b:
                    seen[j] = b
                    met[n_met] = j
                    n_met += 1
        for t in range(n_targets):
            for k in range(starts[b], starts[b + 1]):
                i, moved = rows[k], -shift[t]
                for e in range(first[i], last[i]):
                    moved += (X[line[i], e] - centre[columns[e]]) * v[columns[e], t]
                d[k - starts[b]] = -s[i] * moved
            for k in range(starts[b], starts[b + 1]):
                i, di = rows[k], d[k - starts[b]]
                for e in range(first[i], last[i]):
                    change[columns[e]] += di * (X[line[i], e] - centre[columns[e]])
            for k in range(n_met):
                j = met[k]
                new = keep[j, t] * v[j, t] + step[j, t] * (share[j] * c[j, t] + change[j])
                new = min(max(new, lower[j, t]), upper[j, t])
                shift[t] += left[j] * (new - v[j, t])
                v[j, t] = new
                c[j, t] += change[j]
                change[j] = 0.0


@kernel
def row_squares(X, line, first, last, columns, centre, q, squares):
    """Fill in the weighted sum of the squares of every row."""
    for i in range(squares.shape[0]):
        squares[i] = 0.0
        for e in range(first[i], last[i]):
            squares[i] += q[columns[e]] * (X[line[i], e] - centre[columns[e]]) ** 2


@kernel
def stream(
    X, line, first, last, columns, s, y, alphas, factor, lower, upper, intercept,
    w, total, date, decayed, free, free_total, counts,
):  # fmt: skip
    """Take a step for each sample, and add up the iterates: the n-th counts n times.

    A column takes part only where it is not 0, so its coefficient stays what it was after sample
    `date[j]`; the decay that is due since then, ``counts[1] - decayed[j]``, is made up for at once.
    The penalty of the n-th sample is alpha / 2n, for the average of these is alpha / n. `counts`
    has the number of samples, the decay so far, and the largest ``s * |x|**2`` and s.
    """
    for i in range(y.shape[0]):
        if s[i] == 0.0:
            continue
        square = 0.0
        for e in range(first[i], last[i]):
            square += X[line[i], e] ** 2
        now = counts[0]
        counts[0] += 1.0
        counts[2] = max(counts[2], s[i] * square)
        counts[3] = max(counts[3], s[i])
        step = 0.5 / counts[2] if counts[2] > 0.0 else 0.0
        counts[1] += 0.5 * step / counts[0]
        for t in range(w.shape[1]):
            r = y[i, t] - free[t]
            for e in range(first[i], last[i]):
                j = columns[e]
                if X[line[i], e] != 0.0:
                    total[j, t] += 0.5 * (now * (now + 1.0) - date[j] * (date[j] + 1.0)) * w[j, t]
                    w[j, t] *= np.exp(alphas[t] * factor[j] * (decayed[j] - counts[1]))
                    r -= X[line[i], e] * w[j, t]
            for e in range(first[i], last[i]):
                j = columns[e]
                if X[line[i], e] != 0.0:
                    new = w[j, t] + step * s[i] * r * X[line[i], e]
                    w[j, t] = min(max(new, lower[j]), upper[j])
            if intercept:
                free[t] += 0.5 / counts[3] * s[i] * r
            free_total[t] += counts[0] * free[t]
        for e in range(first[i], last[i]):
            if X[line[i], e] != 0.0:
                date[columns[e]] = now
                decayed[columns[e]] = counts[1]
