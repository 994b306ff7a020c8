"""Forward and backward through fully connected layers."""

import copy
from collections import deque
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from .._threads import ALONE
from .activations import OUTPUTS, activate
from .active import BOTH, ONE, lists_for
from .dropout import Dropout
from .losses import evaluate

RECTIFIERS = ("relu", "leaky_relu", "gelu")
ROWS_AT_A_TIME = 512  # in a prediction
AT_ONCE = 8  # multiplications that BLAS does in the time of another operation
UNITS, MULTIPLICATIONS = 256, 2**23  # in a part of a product, at least, for any number of threads


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

    @property
    def parameters(self):
        """The weights of all layers, then the biases."""
        return self.coefs + self.intercepts

    def outputs(self, Z):
        """Return the outputs for what the output units sum up."""
        return OUTPUTS[self.output](Z + self.intercepts[-1])

    @property
    def units(self):
        """Units of each layer, from the input to the output."""
        return [len(self.coefs[0]), *map(len, self.intercepts)]


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


class Workspace:
    """Room for the passes of a network through batches, made once for all of them.

    Parameters
    ----------
    network : Network
        The network; its weights may change meanwhile.
    X : {ndarray, csr_array or csr_matrix} of shape (n_samples, n_features)
        Where samples are taken from.
    n_rows : int
        Samples in the largest batch.
    team : Team, default=ALONE
        Threads that share the products.
    """

    def __init__(self, network, X, n_rows, team=ALONE):
        coefs, dtype = network.coefs, network.coefs[0].dtype
        self.network, self.n_rows, self.team = network, n_rows, team
        self.sums = [np.empty((n_rows, W.shape[1]), dtype) for W in coefs]
        self.multipliers = [np.empty((n_rows, len(W)), dtype) for W in coefs[1:]]
        self.errors = [np.empty_like(M) for M in self.multipliers]
        self.coef_grads = [np.empty_like(W) for W in coefs]
        self.intercept_grads = [np.empty_like(b) for b in network.intercepts]
        self.inputs = None if sp.issparse(X) else np.empty((n_rows, len(coefs[0])), dtype)
        inputs = [X, *[None] * len(self.multipliers)]
        self.lists = [lists_for(A, W, n_rows) for A, W in zip(inputs, coefs, strict=True)]

    def of(self, n_rows):
        """Return the room for so many samples."""
        if n_rows == self.n_rows:
            return self
        part = copy.copy(self)
        part.n_rows = n_rows
        for name in ("sums", "multipliers", "errors"):
            setattr(part, name, [array[:n_rows] for array in getattr(self, name)])
        part.inputs = None if self.inputs is None else self.inputs[:n_rows]
        return part

    def forward(self, X, rows, dropout=None, samples=None):
        """Run samples through the network.

        Parameters
        ----------
        X : {ndarray, csr_array or csr_matrix} of shape (n_samples, n_features)
            Samples.
        rows : ndarray of int64, shape (n_rows,)
            Which of them.
        dropout : None or Dropout, default=None
            Masks; None drops nothing, as in prediction.
        samples : ndarray of int64, shape (n_rows,), default=None
            What the masks know the rows by; None is rows.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            What the output units sum up, without biases.
        """
        dropout = Dropout(0, 0, (1.0,) * len(self.sums)) if dropout is None else dropout
        samples = rows if samples is None else samples
        for layer, (W, Z, lists) in enumerate(
            zip(self.network.coefs, self.sums, self.lists, strict=True)
        ):
            if layer == 0 and sp.issparse(X):
                lists.read_sparse(X, rows, dropout, samples)
            else:
                self._enter(layer, X, rows, dropout, samples)
            if lists is not None and lists.density < ONE:
                lists.product(W, Z, self.team)
            else:
                self._multiply(self.inputs if layer == 0 else self.sums[layer - 1], W, Z)
        return self.sums[-1]

    def _enter(self, layer, X, rows, dropout, samples):
        """Fill in what enters a layer, under masks, and list it where it is listed."""
        lists, A = self.lists[layer], self.inputs if layer == 0 else self.sums[layer - 1]
        M = A if layer == 0 else self.multipliers[layer - 1]
        if layer > 0:
            dropout.fill(layer, samples, M)
            activate(self.network.activation, A, self.network.intercepts[layer - 1], M)
        elif dropout.keep_prob[0] < 1:
            dropout.fill(0, samples, A)
            A *= X[rows]
        else:
            A[:] = X[rows]
        if lists is not None:
            lists.read_dense(A, M)

    def gradient(self, X, rows, Y, s, total, dropout=None, samples=None):
        """Write the gradient of the loss of a batch into the grads, and return the loss.

        The penalty is not part of it. Y and s are those of the batch, total is the sum of s.
        """
        D = self.forward(X, rows, dropout, samples)
        loss = evaluate(self.network, D, Y, s, 1 / total) / total
        for layer in reversed(range(len(self.lists))):
            W, G, lists = self.network.coefs[layer], self.coef_grads[layer], self.lists[layer]
            listed = lists is not None and lists.density < (ONE if layer == 0 else BOTH)
            np.add.reduce(D, axis=0, out=self.intercept_grads[layer])
            if layer == 0:
                if listed:
                    lists.gradient(D, G, self.team)
                else:
                    self._multiply(D.T, self.inputs, G.T)
                return loss
            A, M, B = self.sums[layer - 1], self.multipliers[layer - 1], self.errors[layer - 1]
            if listed:
                lists.gradients(D, W, M, G, B, self.team)
            else:
                self._multiply(D.T, A, G.T)
                self._multiply(D, W.T, B)
                B *= M
            D = B

    def _multiply(self, A, W, out):
        """Write ``A @ W`` into out, some of its columns at a time."""
        n_columns = W.shape[1]
        n_parts = max(1, n_columns // max(UNITS, MULTIPLICATIONS // max(1, A.size)))
        self.team.share(
            n_columns,
            lambda part: np.matmul(A, W[:, part], out=out[:, part]),
            size=-(-n_columns // n_parts),
        )


def blocks(n_samples):
    """Return the indices of samples in arrays of at most ROWS_AT_A_TIME, one at least."""
    return np.split(np.arange(n_samples), range(ROWS_AT_A_TIME, n_samples, ROWS_AT_A_TIME))


def ask_blocks(network, X, ask, dropout=None, samples=None, team=ALONE):
    """Return ``ask(rows, Z)`` of each block of rows; Z is what the output units sum up for them."""
    rows_of, rooms = blocks(X.shape[0]), deque()
    answers = [None] * len(rows_of)

    def work(part):
        try:
            room = rooms.pop()  # that another part has left
        except IndexError:
            room = Workspace(network, X, len(rows_of[0]))
        for k in range(part.start, part.stop):
            rows = rows_of[k]
            names = rows if samples is None else samples[rows]
            answers[k] = ask(rows, room.of(len(rows)).forward(X, rows, dropout, names))
        rooms.append(room)

    n_multiplications = X.shape[0] * sum(W.size for W in network.coefs)
    team.share(len(rows_of), work, operations=n_multiplications // AT_ONCE)
    return answers


def predict(network, X, dropout=None, samples=None, team=ALONE):
    """Return the outputs, a block of rows at a time; under masks if there are any.

    Gal and Ghahramani (2016) average such passes. `samples` says which samples the rows of X are.
    """
    outputs = ask_blocks(network, X, lambda _, Z: network.outputs(Z), dropout, samples, team)
    return np.concatenate(outputs)


def evaluate_all(network, X, Y, s, team=ALONE):
    """Return the outputs, and the weighted mean of the losses, without penalty and dropout."""

    def ask(rows, Z):
        return network.outputs(Z), evaluate(network, Z, Y[rows], s[rows], 1.0)

    outputs, losses = zip(*ask_blocks(network, X, ask, team=team), strict=True)
    return np.concatenate(outputs), sum(losses) / float(s.sum())


def losses_of_samples(network, X, Y):
    """Return the loss of each sample, without penalty and dropout."""
    one = np.ones(1, network.coefs[0].dtype)

    def ask(rows, Z):
        each = zip(np.split(Z, len(Z)), np.split(Y[rows], len(Z)), strict=True)
        return [evaluate(network, z, y, one, 1.0) for z, y in each]

    return np.concatenate(ask_blocks(network, X, ask))


def loss_and_gradient(network, X, Y, s, alpha, dropout=None, samples=None, team=ALONE):
    """Return the loss and its gradient, a block of rows at a time.

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
    total, loss = float(s.sum()), 0.0
    samples = np.arange(X.shape[0]) if samples is None else samples
    room = Workspace(network, X, min(X.shape[0], ROWS_AT_A_TIME), team)
    parts = room.coef_grads + room.intercept_grads
    grads = [np.zeros_like(part) for part in parts]
    for rows in blocks(X.shape[0]):
        part = room.of(len(rows))
        loss += part.gradient(X, rows, Y[rows], s[rows], total, dropout, samples[rows])
        for grad, of_block in zip(grads, parts, strict=True):
            grad += of_block
    coef_grads, intercept_grads = grads[: len(network.coefs)], grads[len(network.coefs) :]
    add_penalty(network, coef_grads, alpha / total)
    return loss + penalty(network, alpha / total), coef_grads, intercept_grads


def pack(parts, dtype):
    """Return arrays as one vector."""
    return np.concatenate([part.ravel() for part in parts], dtype=dtype)


def unpack(vector, parts):
    """Write a vector, or rows of them, into the arrays that it was made of."""
    n_rows, start = vector[..., 0].size, 0
    for part in parts:
        length = part.size // n_rows
        part[:] = vector[..., start : start + length].reshape(part.shape)
        start += length


def penalty(network, strength):
    """Return ``strength / 2 * sum_l ||W_l||^2``."""
    if strength == 0:
        return 0.0
    return strength / 2 * sum(float(np.vdot(W, W)) for W in network.coefs)


def add_penalty(network, coef_grads, strength):
    """Add the gradient of the penalty."""
    for W, G in zip(network.coefs, coef_grads, strict=True):
        G += strength * W
