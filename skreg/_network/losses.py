"""Losses and their gradients, in place.

Each is given what a layer has summed up, Z, and its biases; it returns the weighted sum of the
losses and leaves in Z their gradient times the weight of the sample and `scale`.
"""

import numpy as np

from .._numba import kernel

KINDS = ("log_loss", "squared_error", "absolute_error", "huber", "poisson")


def evaluate(network, Z, Y, s, scale):
    """Return the sum of the losses of a batch, weighted; Z becomes their gradient."""
    kind, number = network.loss, Z.dtype.type
    arguments = Z, network.intercepts[-1], Y, s, number(scale)
    if network.output == "softmax":
        return softmax_log_loss(*arguments)
    return elementwise(KINDS.index(kind), number(network.delta), *arguments)


@kernel
def softmax_log_loss(Z, b, Y, s, scale):
    """Evaluate the log loss of one class of many."""
    loss = 0.0
    for i in range(Z.shape[0]):
        top = Z[i, 0] + b[0]
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]
            top = max(top, Z[i, j])
        total = weight = top * 0
        for j in range(Z.shape[1]):
            total += np.exp(Z[i, j] - top)
            weight += Y[i, j]
        level = top + np.log(total)
        for j in range(Z.shape[1]):
            if Y[i, j] != 0:
                loss += s[i] * Y[i, j] * (level - Z[i, j])
            Z[i, j] = (np.exp(Z[i, j] - level) * weight - Y[i, j]) * s[i] * scale
    return loss


@kernel
def elementwise(kind, delta, Z, b, Y, s, scale):
    """Evaluate the other losses; kind is the place in KINDS."""
    loss = 0.0
    for i in range(Z.shape[0]):
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
