"""Functions of the hidden units, and of the output, and their slopes."""

import numpy as np
from scipy.special import erf, expit, softmax

from .loops import activate_linear

LINEAR = {"identity": 1.0, "relu": 0.0, "leaky_relu": 0.01}  # slopes below 0; above it is 1
# One logistic unit stands for two classes, whose probabilities 1 - p would round.
OUTPUTS = {
    "identity": lambda z: z,
    "logistic": lambda z: expit(z) if z.shape[1] > 1 else np.hstack([expit(-z), expit(z)]),
    "softmax": lambda z: softmax(z, axis=1),
    "exp": np.exp,
}


def _logistic(z):
    a = expit(z)
    return a, a * (1 - a)


def _tanh(z):
    a = np.tanh(z)
    return a, 1 - a * a


def _gelu(z):
    """Hendrycks and Gimpel (2016), section 2; exact."""
    below = (1 + erf(z * float(np.sqrt(0.5)))) / 2
    with np.errstate(over="ignore"):  # where the density is 0
        density = np.exp(-z * z / 2) * float(1 / np.sqrt(2 * np.pi))
    return z * below, below + z * density


# The value and the slope of those that are curved.
CURVED = {"logistic": _logistic, "tanh": _tanh, "gelu": _gelu}
ACTIVATIONS = (*LINEAR, *CURVED)


def activate(activation, Z, b, M):
    """Turn sums into values times the multipliers of dropout, and these into theirs times slopes.

    Parameters
    ----------
    activation : str
        One of `ACTIVATIONS`.
    Z : ndarray of shape (n_rows, n_units)
        What the units have summed up, without biases; then their values, after dropout.
    b : ndarray of shape (n_units,)
        Biases.
    M : ndarray of shape (n_rows, n_units)
        Multipliers of dropout; then the slope of Z.
    """
    if activation in LINEAR:
        activate_linear(Z, b, M.dtype.type(LINEAR[activation]), M)
    else:
        value, slope = CURVED[activation](np.add(Z, b, out=Z))
        np.multiply(value, M, out=Z)
        M *= slope
