"""What tests of the modules of `skreg/_network` share: small networks, their data, and epochs."""

import numpy as np

from skreg._network.epochs import Data, Settings, run_epoch
from skreg._network.layers import initialize, loss_and_gradient
from skreg._network.optimizers import SGD, Adam, Optimizer

LOSSES = [
    ("log_loss", "softmax"),
    ("log_loss", "logistic"),
    ("squared_error", "identity"),
    ("absolute_error", "identity"),
    ("huber", "identity"),
    ("poisson", "exp"),
]
SETTINGS = Settings(
    alpha=0.0,
    weight_decay=0.0,
    keep_prob=(1.0, 1.0, 1.0),
    max_norm=None,
    clip_norm=None,
    batch_size=4,
    shuffle=False,
    seed=1,
)


def small_problem(loss="log_loss", output="softmax", activation="relu", dtype=np.float64):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((12, 5))
    Y = np.eye(3)[rng.randint(0, 3, 12)] if output == "softmax" else rng.randint(0, 2, (12, 2))
    if output in ("identity", "exp"):
        Y = rng.poisson(2.0, (12, 2))
    s = rng.uniform(0.2, 2, 12)
    network = initialize((5, 6, 4, Y.shape[1]), activation, output, loss, dtype, rng)
    return network, X.astype(dtype), Y.astype(dtype), s.astype(dtype)


def mask(dropout, layer, samples, n_units):
    """Return the multipliers of a layer."""
    M = np.empty((len(samples), n_units))
    dropout.fill(layer, samples, M)
    return M


def gradients(network, *arguments):
    """Return the loss, and its gradient as one list."""
    loss, coef_grads, intercept_grads = loss_and_gradient(network, *arguments)
    return loss, coef_grads + intercept_grads


def copy(network, dtype=np.float64):
    return network._replace(
        coefs=[W.astype(dtype) for W in network.coefs],
        intercepts=[b.astype(dtype) for b in network.intercepts],
    )


def start_sgd(network, momentum=0.0, nesterov=False):
    return Optimizer.start(SGD(momentum, nesterov), network.parameters)


def start_adam(network):
    return Optimizer.start(Adam(0.9, 0.999, 1e-8), network.parameters)


def train(network, optimizer, X, Y, s, settings, n_epochs=1, rate=0.01):
    """Return the mean loss of each epoch and the optimizer."""
    losses, rng, data = [], np.random.RandomState(0), Data(X, Y, s)
    for epoch in range(n_epochs):
        loss, optimizer, _ = run_epoch(
            network, optimizer, data, settings, epoch, rng, lambda step: rate
        )
        losses.append(loss)
    return losses, optimizer
