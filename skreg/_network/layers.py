"""Forward and backward through fully connected layers."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import expit, softmax

ACTIVATIONS = {
    "identity": lambda z: z,
    "logistic": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}

# The slope of each activation as a function of its value.
SLOPES = {
    "identity": np.ones_like,
    "logistic": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a * a,
    "relu": lambda a: (a > 0).astype(a.dtype),
}

OUTPUTS = {"logistic": expit, "softmax": lambda z: softmax(z, axis=1)}

ROWS_AT_A_TIME = 1024  # in a prediction


class Network(NamedTuple):
    """Weights and biases of each layer, and the functions between them.

    Attributes
    ----------
    coefs : list of ndarray of shape (units below, units above)
        Weights.
    intercepts : list of ndarray of shape (units above,)
        Biases.
    activation, output : str
        Function of the hidden layers and of the output layer.
    """

    coefs: list
    intercepts: list
    activation: str
    output: str


def initialize(sizes, activation, output, dtype, rng):
    """Draw weights and biases uniformly, as scikit-learn does; Glorot and Bengio (2010), eq. 16."""
    factor = 2.0 if activation == "logistic" else 6.0
    coefs, intercepts = [], []
    for below, above in pairwise(sizes):
        bound = np.sqrt(factor / (below + above))
        coefs.append(rng.uniform(-bound, bound, (below, above)).astype(dtype))
        intercepts.append(rng.uniform(-bound, bound, above).astype(dtype))
    return Network(coefs, intercepts, activation, output)


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
    values : list
        Input of each layer, before dropout.
    multipliers : list
        What dropout multiplied them by, or None.
    output : ndarray of shape (n_batch, n_outputs)
        Probabilities.
    """
    activate = ACTIVATIONS[network.activation]
    inputs, values, multipliers = [], [], []
    A = X
    for layer, (W, b) in enumerate(zip(network.coefs, network.intercepts, strict=True)):
        values.append(A)
        multiplier = None
        if dropout is not None:
            A, multiplier = dropout.apply(A, layer, samples)
        inputs.append(A)
        multipliers.append(multiplier)
        z = A @ W + b
        A = activate(z)
    return inputs, values, multipliers, OUTPUTS[network.output](z)


def predict(network, X):
    """Return the outputs without dropout, a block of rows at a time."""
    starts = range(0, max(1, X.shape[0]), ROWS_AT_A_TIME)
    blocks = (X[start : start + ROWS_AT_A_TIME] for start in starts)
    return np.concatenate([forward(network, block)[-1] for block in blocks])


def loss_and_gradient(network, X, Y, s, alpha, dropout=None, samples=None):
    """Return the loss of a batch and its gradient.

    The loss is ``[sum_i s_i logloss_i + alpha / 2 * sum_l ||W_l||^2] / sum_i s_i``, with the
    Frobenius norm; biases are not penalised.

    Returns
    -------
    loss : float
        The loss, under these masks.
    coef_grads, intercept_grads : list of ndarray
        Gradients of the weights and of the biases.
    """
    inputs, values, multipliers, P = forward(network, X, dropout, samples)
    total = s.sum()
    decay = sum(float(np.vdot(W, W)) for W in network.coefs)
    loss = (logloss(network.output, P, Y, s) + 0.5 * alpha * decay) / total
    slope = SLOPES[network.activation]
    coef_grads, intercept_grads = [], []
    delta = (s[:, None] * (P - Y)) / total  # log loss with its own link: both outputs alike
    for layer in reversed(range(len(network.coefs))):
        W = network.coefs[layer]
        coef_grads.append(inputs[layer].T @ delta + (alpha / total) * W)
        intercept_grads.append(delta.sum(axis=0))
        if layer > 0:
            delta = (delta @ W.T) * slope(values[layer])
            if multipliers[layer] is not None:
                delta *= multipliers[layer]
    return float(loss), coef_grads[::-1], intercept_grads[::-1]


def logloss(output, P, Y, s):
    """Return the weighted sum of the log losses, of one class of many or of each label."""
    tiny = np.finfo(P.dtype).tiny
    loss = -Y * np.log(np.maximum(P, tiny))
    if output == "logistic":
        loss -= (1 - Y) * np.log(np.maximum(1 - P, tiny))
    return float(s @ loss.sum(axis=1))
