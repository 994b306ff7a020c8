"""Forward and backward through fully connected layers."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit, softmax, xlogy

LEAK = 0.01  # the slope of leaky_relu below 0
RECTIFIERS = ("relu", "leaky_relu", "gelu")
OUTPUTS = {
    "identity": lambda z: z,
    "logistic": expit,
    "softmax": lambda z: softmax(z, axis=1),
    "exp": np.exp,
}
ROWS_AT_A_TIME = 512  # in a prediction


class Network(NamedTuple):
    """Weights and biases of each layer, and the functions between and after them.

    Attributes
    ----------
    coefs : list of ndarray of shape (units below, units above)
        Weights.
    intercepts : list of ndarray of shape (units above,)
        Biases.
    activation : str
        Function of the hidden layers, one of `ACTIVATIONS`.
    output : str
        Function of the output layer, one of `OUTPUTS`.
    loss : str
        What training minimises, one of `LOSSES`: 'log_loss' of a softmax or logistic output,
        'poisson' of exp, the others of identity.
    delta : float
        Where the loss of Huber turns from a parabola into a line.
    """

    coefs: list
    intercepts: list
    activation: str
    output: str
    loss: str
    delta: float = 1.35


def initialize(sizes, activation, output, loss, dtype, rng):
    """Draw weights and biases uniformly.

    The bounds are those of scikit-learn, Glorot and Bengio (2010), eq. 16; for weights below
    rectifiers those of He et al. (2015), eq. 10.
    """
    factor = 2.0 if activation == "logistic" else 6.0
    coefs, intercepts = [], []
    for below, above in pairwise(sizes):
        bound = glorot = np.sqrt(factor / (below + above))
        if activation in RECTIFIERS:
            bound = np.sqrt(6.0 / below)
        coefs.append(rng.uniform(-bound, bound, (below, above)).astype(dtype))
        intercepts.append(rng.uniform(-glorot, glorot, above).astype(dtype))
    return Network(coefs, intercepts, activation, output, loss)


def _identity(z):
    return z, np.ones_like(z)


def _logistic(z):
    a = expit(z)
    return a, a * (1 - a)


def _tanh(z):
    a = np.tanh(z)
    return a, 1 - a * a


def _relu(z):
    return np.maximum(z, 0), (z > 0).astype(z.dtype)


def _leaky_relu(z):
    slope = np.where(z > 0, 1, LEAK).astype(z.dtype)
    return z * slope, slope


def _gelu(z):
    """Hendrycks and Gimpel (2016), section 2; exact."""
    below = (1 + erf(z * float(np.sqrt(0.5)))) / 2
    return z * below, below + z * np.exp(-z * z / 2) * float(1 / np.sqrt(2 * np.pi))


# The value of each activation and its slope.
ACTIVATIONS = {
    "identity": _identity,
    "logistic": _logistic,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "gelu": _gelu,
}


def _log_loss(z, Y, network):
    if network.output == "softmax":
        top = z.max(axis=1, keepdims=True)
        logs = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
        return np.where(Y == 0, 0, -Y * logs), np.exp(logs) * Y.sum(axis=1, keepdims=True) - Y
    return np.logaddexp(0, z) - Y * z, expit(z) - Y


def _squared_error(z, Y, network):
    return (z - Y) ** 2 / 2, z - Y


def _absolute_error(z, Y, network):
    return np.abs(z - Y), np.sign(z - Y)


def _huber(z, Y, network):
    far = np.clip(z - Y, -network.delta, network.delta)
    return far * (z - Y - far / 2), far


def _poisson(z, Y, network):
    mean = np.exp(z)
    return xlogy(Y, Y) - Y * z - Y + mean, mean - Y


# The loss of each sample and output, and its gradient, from what the output function is given.
LOSSES = {
    "log_loss": _log_loss,
    "squared_error": _squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "poisson": _poisson,
}


def forward(network, X, dropout=None, samples=None):
    """Run samples through the network.

    Parameters
    ----------
    network : Network
        The network.
    X : {ndarray, sparse matrix} of shape (n_batch, n_features)
        Samples.
    dropout : None or Dropout, default=None
        Masks; None drops nothing, as in prediction.
    samples : ndarray of int, shape (n_batch,), default=None
        Which samples the rows of X are, for the masks.

    Returns
    -------
    inputs : list
        Input of each layer, after dropout.
    slopes : list
        Slope of each of them in what the layer below has summed up; None for X.
    z : ndarray of shape (n_batch, n_outputs)
        What the output function is given.
    """
    A, slope, z, inputs, slopes = X, None, None, [], []
    for layer, (W, b) in enumerate(zip(network.coefs, network.intercepts, strict=True)):
        if layer > 0:
            A, slope = ACTIVATIONS[network.activation](z)
        if dropout is not None:
            A, multiplier = dropout.apply(A, layer, samples)
            slope = slope if slope is None or multiplier is None else slope * multiplier
        inputs.append(A)
        slopes.append(slope)
        z = A @ W + b
    return inputs, slopes, z


def blocks(n_samples):
    """Yield slices of at most ROWS_AT_A_TIME samples; one that is empty where there is none."""
    for start in range(0, max(1, n_samples), ROWS_AT_A_TIME):
        yield slice(start, min(start + ROWS_AT_A_TIME, n_samples))


def predict(network, X):
    """Return the outputs without dropout, a block of rows at a time."""
    return predict_dropped(network, X, None, np.arange(X.shape[0]))


def predict_dropped(network, X, dropout, samples):
    """Return the outputs under the masks of one pass, a block of rows at a time.

    Gal and Ghahramani (2016) average such passes. `samples` says which samples the rows of X are.
    """
    output = OUTPUTS[network.output]
    return np.concatenate(
        [
            output(forward(network, X[block], dropout, samples[block])[-1])
            for block in blocks(X.shape[0])
        ]
    )


def mean_loss(network, X, Y, s):
    """Return the weighted mean of the losses, without penalty and without dropout."""
    loss = LOSSES[network.loss]
    total = 0.0
    for block in blocks(X.shape[0]):
        losses, _ = loss(forward(network, X[block])[-1], Y[block], network)
        total += float(s[block] @ losses.sum(axis=1))
    return total / float(s.sum())


def loss_and_gradient(network, X, Y, s, alpha, dropout=None, samples=None):
    """Return the loss of a batch and its gradient.

    The loss is ``[sum_i s_i loss_i + alpha / 2 * sum_l ||W_l||^2] / sum_i s_i``, with the
    Frobenius norm; biases are not penalised. The loss of a sample is the sum over its outputs:
    so is scikit-learn's gradient, though the squared error that it reports is the mean.

    Returns
    -------
    loss : float
        The loss, under these masks.
    coef_grads, intercept_grads : list of ndarray
        Gradients of the weights and of the biases.
    """
    inputs, slopes, z = forward(network, X, dropout, samples)
    total = s.sum()
    losses, D = LOSSES[network.loss](z, Y, network)
    decay = sum(float(np.vdot(W, W)) for W in network.coefs)
    loss = (float(s @ losses.sum(axis=1)) + 0.5 * alpha * decay) / total
    D = D * (s / total)[:, None]
    coef_grads, intercept_grads = [], []
    for layer in reversed(range(len(network.coefs))):
        W = network.coefs[layer]
        coef_grads.append(inputs[layer].T @ D + (alpha / total) * W)
        intercept_grads.append(D.sum(axis=0))
        if layer > 0:
            D = (D @ W.T) * slopes[layer]
    return float(loss), coef_grads[::-1], intercept_grads[::-1]
