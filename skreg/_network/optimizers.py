"""Steps from gradients: rules, and optimizers that follow them. Parameters are changed in place.

A step takes its length with it: see `schedules`. Weight decay is decoupled from the gradient,
Loshchilov and Hutter (2019), algorithms 1 and 2, and leaves biases alone.

A rule is a NamedTuple of parameters of the estimators, by their names. It has a `code`, the
number of its branch in the loop `take_step`; `n_averages`, how many numbers it remembers of each
parameter; and `numbers(t, rate)`, what the loop asks of a step after t others.
"""

from typing import NamedTuple

import numpy as np

from .._threads import ALONE
from .loops import limit_columns, take_step


class SGD(NamedTuple):
    """Gradient descent with momentum; Sutskever et al. (2013), section 2.

    Attributes
    ----------
    momentum : float
        How much of the last step is repeated.
    nesterovs_momentum : bool
        Whether the gradient counts as if taken after the momentum.
    """

    momentum: float
    nesterovs_momentum: bool

    code = 0
    n_averages = 1  # the velocity

    def numbers(self, t, rate):
        """Return rate, momentum, and the shares of velocity and gradient in the step."""
        again, ahead = (self.momentum, rate) if self.nesterovs_momentum else (1.0, 0.0)
        return rate, self.momentum, again, ahead


class Adam(NamedTuple):
    """Adam; Kingma and Ba (2015), algorithm 1, in the order of the end of section 2.

    Attributes
    ----------
    beta_1, beta_2, epsilon : float
        Rates of decay, and what keeps the division safe.
    """

    beta_1: float
    beta_2: float
    epsilon: float

    code = 1
    n_averages = 2  # of the gradients, and of their squares

    def numbers(self, t, rate):
        """Return the length of the step, the shares of what is new in the averages, and epsilon."""
        step = rate * np.sqrt(1 - self.beta_2 ** (t + 1)) / (1 - self.beta_1 ** (t + 1))
        return step, 1 - self.beta_1, 1 - self.beta_2, self.epsilon


# The rule of a solver; 'adamw' has `weight_decay`, too.
SOLVERS = {"adam": Adam, "adamw": Adam, "sgd": SGD}


class Optimizer(NamedTuple):
    """A rule under way.

    Attributes
    ----------
    rule : SGD or Adam
        What is done with a gradient.
    averages : list of ndarray of shape (n_averages, size)
        What the rule remembers, one for each parameter, of its dtype.
    t : int
        Steps taken.
    """

    rule: SGD | Adam
    averages: list
    t: int

    @classmethod
    def start(cls, rule, parameters):
        """Begin at rest."""
        return cls(rule, [np.zeros((rule.n_averages, p.size), p.dtype) for p in parameters], 0)

    def follow(self, rule, parameters):
        """Return the state that goes on with other settings, or begins with another rule."""
        if type(rule) is type(self.rule):
            return self._replace(rule=rule)
        return self.start(rule, parameters)

    def update(self, parameters, gradients, rate, weight_decay=0.0, penalty=0.0, team=ALONE):
        """Take a step and return the next state; weights have `penalty` times their value added."""
        number = parameters[0].dtype.type  # float64 would make float32 17 times slower
        numbers = np.array(self.rule.numbers(self.t, rate), number)
        on_weights = number(penalty), number(1 - rate * weight_decay)
        on_biases = number(0), number(1)
        for p, g, averages in zip(parameters, gradients, self.averages, strict=True):
            arrays = p.reshape(-1), g.reshape(-1), averages
            rest = numbers, *(on_weights if p.ndim == 2 else on_biases)
            team.share(
                p.size,
                lambda part, arrays=arrays, rest=rest: take_step(
                    self.rule.code, *arrays, part.start, part.stop, *rest
                ),
                operations=8 * p.size,
            )
        return self._replace(t=self.t + 1)


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
