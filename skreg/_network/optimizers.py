"""Steps from gradients. State is a NamedTuple; parameters are changed in place.

A step takes its length with it: see `schedules`. Weight decay is decoupled from the gradient,
Loshchilov and Hutter (2019), algorithms 1 and 2, and leaves biases alone.
"""

import math
from typing import NamedTuple

import numpy as np

from .._numba import kernel


class SGD(NamedTuple):
    """Gradient descent with momentum; Sutskever et al. (2013), section 2.

    Attributes
    ----------
    velocities : list of ndarray
        One for each parameter, of its shape and dtype.
    momentum : float
        How much of the last step is repeated.
    nesterov : bool
        Whether the gradient counts as if taken after the momentum.
    t : int
        Steps taken.
    """

    velocities: list
    momentum: float
    nesterov: bool
    t: int

    @classmethod
    def start(cls, parameters, *, momentum, nesterov):
        """Begin at rest."""
        return cls([np.zeros_like(p) for p in parameters], momentum, nesterov, 0)

    def update(self, parameters, gradients, rate, weight_decay=0.0, penalty=0.0):
        """Take a step and return the next state; weights have `penalty` times their value added."""
        number = parameters[0].dtype.type
        again, ahead = (self.momentum, rate) if self.nesterov else (1.0, 0.0)
        numbers = number(rate), number(self.momentum), number(again), number(ahead)
        on_weights = number(penalty), number(1 - rate * weight_decay)
        on_biases = number(0), number(1)
        for p, g, v in zip(parameters, gradients, self.velocities, strict=True):
            sgd_step(*flat(p, g, v), *numbers, *(on_weights if p.ndim == 2 else on_biases))
        return self._replace(t=self.t + 1)


class Adam(NamedTuple):
    """Adam; Kingma and Ba (2015), algorithm 1, in the order of the end of section 2.

    Attributes
    ----------
    means, squares : list of ndarray
        Decaying averages of the gradients and of their squares, shaped as the parameters.
    beta_1, beta_2, epsilon : float
        Rates of decay, and what keeps the division safe.
    t : int
        Steps taken.
    """

    means: list
    squares: list
    beta_1: float
    beta_2: float
    epsilon: float
    t: int

    @classmethod
    def start(cls, parameters, *, beta_1, beta_2, epsilon):
        """Begin with averages of zero."""
        zeros = [[np.zeros_like(p) for p in parameters] for _ in range(2)]
        return cls(*zeros, beta_1, beta_2, epsilon, 0)

    def update(self, parameters, gradients, rate, weight_decay=0.0, penalty=0.0):
        """Take a step and return the next state; weights have `penalty` times their value added."""
        t, number = self.t + 1, parameters[0].dtype.type
        step = rate * math.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        numbers = step, 1 - self.beta_1, 1 - self.beta_2, self.epsilon
        numbers = [number(each) for each in numbers]  # float64 would make float32 17 times slower
        on_weights = number(penalty), number(1 - rate * weight_decay)
        on_biases = number(0), number(1)
        for p, g, m, v in zip(parameters, gradients, self.means, self.squares, strict=True):
            adam_step(*flat(p, g, m, v), *numbers, *(on_weights if p.ndim == 2 else on_biases))
        return self._replace(t=t)


def flat(*arrays):
    """Return contiguous arrays as vectors, without a copy."""
    return [array.reshape(-1) for array in arrays]


@kernel
def sgd_step(p, g, v, rate, momentum, again, ahead, penalty, kept):
    """Decay, then ``v = momentum v - rate g`` and ``p += again v - ahead g``."""
    for k in range(p.shape[0]):
        slope = g[k] + penalty * p[k]
        v[k] = momentum * v[k] - rate * slope
        p[k] = kept * p[k] + again * v[k] - ahead * slope


@kernel
def adam_step(p, g, m, v, step, share_1, share_2, epsilon, penalty, kept):
    """Decay, then step along the mean gradient over the root of the mean square."""
    for k in range(p.shape[0]):
        slope = g[k] + penalty * p[k]
        m[k] += share_1 * (slope - m[k])
        v[k] += share_2 * (slope * slope - v[k])
        p[k] = kept * p[k] - step * m[k] / (np.sqrt(v[k]) + epsilon)


def clip(gradients, max_norm):
    """Scale gradients, in place, to a common norm of at most max_norm.

    Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    norm = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm


def limit_norms(network, max_norm):
    """Scale the incoming weights of each hidden unit to at most max_norm, in place.

    Srivastava et al. (2014), section 5.1.
    """
    for W in network.coefs[:-1]:
        limit_columns(W, W.dtype.type(max_norm), np.zeros(W.shape[1], W.dtype))


@kernel
def limit_columns(W, max_norm, factor):
    """Scale the columns of W to at most max_norm; factor is zero."""
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            factor[j] += W[k, j] * W[k, j]
    n_long = 0
    for j in range(W.shape[1]):
        norm = np.sqrt(factor[j])
        n_long += norm > max_norm
        factor[j] = max_norm / max(norm, max_norm)
    if n_long > 0:
        for k in range(W.shape[0]):
            for j in range(W.shape[1]):
                W[k, j] *= factor[j]
