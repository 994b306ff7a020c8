"""Steps from gradients. State is a NamedTuple; parameters are changed in place."""

from typing import NamedTuple

import numpy as np


class SGD(NamedTuple):
    """Gradient descent with momentum; Sutskever et al. (2013), section 2.

    Attributes
    ----------
    velocities : list of ndarray
        One for each parameter, of its shape and dtype.
    learning_rate, momentum : float
        Length of a step, and how much of the last one is repeated.
    nesterov : bool
        Whether the gradient counts as if taken after the momentum.
    """

    velocities: list
    learning_rate: float
    momentum: float
    nesterov: bool

    @classmethod
    def start(cls, parameters, learning_rate, *, momentum, nesterov):
        """Begin at rest."""
        return cls([np.zeros_like(p) for p in parameters], learning_rate, momentum, nesterov)

    def update(self, parameters, gradients):
        """Take a step and return the next state."""
        for p, g, v in zip(parameters, gradients, self.velocities, strict=True):
            v *= self.momentum
            v -= self.learning_rate * g
            p += self.momentum * v - self.learning_rate * g if self.nesterov else v
        return self


class Adam(NamedTuple):
    """Adam; Kingma and Ba (2015), algorithm 1.

    Attributes
    ----------
    means, squares : list of ndarray
        Decaying averages of the gradients and of their squares, shaped as the parameters.
    learning_rate, beta_1, beta_2, epsilon : float
        Length of a step, rates of decay, and what keeps the division safe.
    t : int
        Steps taken.
    """

    means: list
    squares: list
    learning_rate: float
    beta_1: float
    beta_2: float
    epsilon: float
    t: int

    @classmethod
    def start(cls, parameters, learning_rate, *, beta_1, beta_2, epsilon):
        """Begin with averages of zero."""
        zeros = [[np.zeros_like(p) for p in parameters] for _ in range(2)]
        return cls(*zeros, learning_rate, beta_1, beta_2, epsilon, 0)

    def update(self, parameters, gradients):
        """Take a step and return the next state."""
        t = self.t + 1
        rate = self.learning_rate * np.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        for p, g, m, v in zip(parameters, gradients, self.means, self.squares, strict=True):
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            p -= float(rate) * m / (np.sqrt(v) + self.epsilon)
        return self._replace(t=t)


def limit_norms(network, max_norm):
    """Scale the incoming weights of each hidden unit to at most max_norm, in place.

    Srivastava et al. (2014), section 5.1.
    """
    for W in network.coefs[:-1]:
        norms = np.sqrt(np.sum(W * W, axis=0))
        W *= np.minimum(1.0, max_norm / np.maximum(norms, np.finfo(W.dtype).tiny))
