"""Losses and their gradients, in place.

Each is given what a layer has summed up, Z, and its biases; it returns the weighted sum of the
losses and leaves in Z their gradient times the weight of the sample and `scale`.
"""

from typing import NamedTuple

import numpy as np

from .loops import elementwise, softmax_log_loss


class Loss(NamedTuple):
    """A row of the table of losses.

    Attributes
    ----------
    code : int
        Its branch in the loop `elementwise`.
    output : None or str
        The function of the output layer in a regressor; None for a loss of classes.
    low : float
        The smallest target.
    """

    code: int
    output: str | None = "identity"
    low: float = -np.inf


LOSSES = {
    "log_loss": Loss(0, output=None),
    "squared_error": Loss(1),
    "absolute_error": Loss(2),
    "huber": Loss(3),
    "poisson": Loss(4, output="exp", low=0),
}


def code(network):
    """Return the number of a loss for `elementwise`, -1 for `softmax_log_loss`."""
    return -1 if network.output == "softmax" else LOSSES[network.loss].code


def evaluate(network, Z, Y, s, scale):
    """Return the sum of the losses of a batch, weighted; Z becomes their gradient."""
    number = Z.dtype.type
    arguments = Z, network.intercepts[-1], Y, s, number(scale)
    if network.output == "softmax":
        return softmax_log_loss(*arguments)
    return elementwise(code(network), number(network.delta), *arguments)
