"""Problems: what is minimised, and the units in which it is solved."""

import math
from typing import NamedTuple

import numpy as np

from .._data import Design
from .losses import SquaredError

NOTHING = 1e-9  # of the squared residuals that bounds force


class Problem(NamedTuple):
    """Minimise ``sum(s * l(y, b + Xc @ w + offset)) + alpha * h(w)``; b is 0 without centring.

    Attributes
    ----------
    design : Design
        The data.
    y : ndarray of shape (n_samples, n_targets)
        Targets; for squared error they are centred as Xc is, and b is 0.
    penalty : ElasticNet or RowElasticNet
        The penalty h.
    loss : object
        The loss l.
    """

    design: Design
    y: np.ndarray
    penalty: object
    loss: object = SquaredError()  # it has no state

    @property
    def unit(self):
        """What y and the coefficients are to be counted in, so that no square is lost.

        It is a power of two near the largest of y and of the residuals that bounds force.
        """
        if not self.loss.quadratic:
            return 1.0
        y, penalty, design = self.y, self.penalty, self.design
        if penalty.lower.max(initial=0.0) > 0 or penalty.upper.min(initial=0.0) < 0:
            columns = np.flatnonzero((penalty.lower > 0) | (penalty.upper < 0))
            y = y - design.matvec(penalty.take(columns).nearest_to_zero()[:, None], columns)
        seen = design.s > 0
        y = y if seen.all() else y[seen]
        return 2.0 ** math.frexp(np.abs(y).max(initial=0.0))[1]

    def in_units(self, unit):
        """Return the problem with y and the coefficients counted in a unit."""
        return self._replace(y=self.y / unit, penalty=self.penalty.in_units(unit))


def null_losses(design, squares):
    """Return squared errors without features; or a little of the residuals that bounds force.

    They are given as the weighted squares of targets, counted in the unit of their problem.
    """
    return np.maximum(0.5 * squares, NOTHING * design.total_weight)
