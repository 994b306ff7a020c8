"""Steps from gradients. State is a NamedTuple; parameters are changed in place.

A step takes its length with it: see `schedules`. Weight decay is decoupled from the gradient,
Loshchilov and Hutter (2019), algorithms 1 and 2, and leaves biases alone.
"""

from typing import NamedTuple

import numpy as np

from .._threads import ALONE
from .kernels import adam_step, limit_columns, sgd_step


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

    @property
    def averages(self):
        """What the kernel is given; Adam has two."""
        return self.velocities, []

    def numbers(self, t, rate):
        """Return the numbers of a step after t others, as `sgd_step` wants them."""
        again, ahead = (self.momentum, rate) if self.nesterov else (1.0, 0.0)
        return rate, self.momentum, again, ahead

    def update(self, parameters, gradients, rate, weight_decay=0.0, penalty=0.0, team=ALONE):
        """Take a step and return the next state; weights have `penalty` times their value added."""
        number = parameters[0].dtype.type
        numbers = [number(each) for each in self.numbers(self.t, rate)]
        on_weights = number(penalty), number(1 - rate * weight_decay)
        on_biases = number(0), number(1)
        for p, g, v in zip(parameters, gradients, self.velocities, strict=True):
            rest = *numbers, *(on_weights if p.ndim == 2 else on_biases)
            share(team, sgd_step, (p, g, v), rest)
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

    @property
    def averages(self):
        """What the kernel is given."""
        return self.means, self.squares

    def numbers(self, t, rate):
        """Return the numbers of a step after t others, as `adam_step` wants them."""
        step = rate * np.sqrt(1 - self.beta_2 ** (t + 1)) / (1 - self.beta_1 ** (t + 1))
        return step, 1 - self.beta_1, 1 - self.beta_2, self.epsilon

    def update(self, parameters, gradients, rate, weight_decay=0.0, penalty=0.0, team=ALONE):
        """Take a step and return the next state; weights have `penalty` times their value added."""
        number = parameters[0].dtype.type  # float64 would make float32 17 times slower
        numbers = [number(each) for each in self.numbers(self.t, rate)]
        on_weights = number(penalty), number(1 - rate * weight_decay)
        on_biases = number(0), number(1)
        for p, g, m, v in zip(parameters, gradients, self.means, self.squares, strict=True):
            rest = *numbers, *(on_weights if p.ndim == 2 else on_biases)
            share(team, adam_step, (p, g, m, v), rest)
        return self._replace(t=self.t + 1)


def share(team, step, arrays, numbers):
    """Let threads take a step, each with parts of contiguous arrays."""
    flat = [array.reshape(-1) for array in arrays]
    team.share(
        len(flat[0]),
        lambda part: step(*flat, part.start, part.stop, *numbers),
        operations=8 * len(flat[0]),
    )


def clip(gradients, max_norm):
    """Scale gradients, in place, to a common norm of at most max_norm.

    Pascanu, Mikolov and Bengio (2013), algorithm 1.
    """
    norm = np.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if norm > max_norm:
        share = max_norm / norm if norm < np.inf else np.nan  # of 0 none would tell
        for g in gradients:
            g *= share


def limit_norms(network, max_norm):
    """Scale the incoming weights of each hidden unit to at most max_norm, in place.

    Srivastava et al. (2014), section 5.1.
    """
    for W in network.coefs[:-1]:
        limit_columns(W, W.dtype.type(max_norm), np.empty(W.shape[1], W.dtype))
