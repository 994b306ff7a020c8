"""Steps from gradients. State is a NamedTuple; parameters are changed in place.

A step takes its length with it: see `schedules`. Weight decay is decoupled from the gradient,
Loshchilov and Hutter (2019), algorithms 1 and 2, and leaves biases alone.
"""

from typing import NamedTuple

import numpy as np


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

    def update(self, parameters, gradients, rate, weight_decay=0.0):
        """Take a step and return the next state."""
        decay_weights(parameters, rate * weight_decay)
        for p, g, v in zip(parameters, gradients, self.velocities, strict=True):
            v *= self.momentum
            v -= rate * g
            p += self.momentum * v - rate * g if self.nesterov else v
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

    def update(self, parameters, gradients, rate, weight_decay=0.0):
        """Take a step and return the next state."""
        decay_weights(parameters, rate * weight_decay)
        t = self.t + 1
        step = float(rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t))
        for p, g, m, v in zip(parameters, gradients, self.means, self.squares, strict=True):
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            p -= step * m / (np.sqrt(v) + self.epsilon)
        return self._replace(t=t)


def decay_weights(parameters, share):
    """Shrink weights by a share of themselves, in place; biases have one dimension."""
    if share > 0:
        for p in parameters:
            if p.ndim == 2:
                p *= 1 - share


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
        norms = np.sqrt(np.sum(W * W, axis=0))
        W *= np.minimum(1.0, max_norm / np.maximum(norms, np.finfo(W.dtype).tiny))
