"""Losses and their gradients, in place.

Each is given what a layer has summed up, Z, and its biases; it returns the weighted sum of the
losses and leaves in Z their gradient times the weight of the sample and `scale`.
"""

from .kernels import elementwise, softmax_log_loss

KINDS = ("log_loss", "squared_error", "absolute_error", "huber", "poisson")


def kind(network):
    """Return the number of a loss for `elementwise`, -1 for `softmax_log_loss`."""
    return -1 if network.output == "softmax" else KINDS.index(network.loss)


def evaluate(network, Z, Y, s, scale):
    """Return the sum of the losses of a batch, weighted; Z becomes their gradient."""
    number = Z.dtype.type
    arguments = Z, network.intercepts[-1], Y, s, number(scale)
    if network.output == "softmax":
        return softmax_log_loss(*arguments)
    return elementwise(kind(network), number(network.delta), *arguments)
