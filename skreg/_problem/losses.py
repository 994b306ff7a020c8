"""Losses ``l(y, eta)`` of samples with targets y and predictions eta: what solvers ask of them.

A loss is convex in eta and never negative; of a likelihood it is half the deviance. A new loss is a
class with the methods of `SquaredError`. A model of it near some predictions is squared error with
other weights and targets, see `newton.py`.
"""

from copy import copy
from typing import NamedTuple

import numpy as np


class SquaredError:
    """l(y, eta) = (y - eta)**2 / 2."""

    quadratic = True  # its model is itself

    def value(self, y, eta):
        """Return l(y, eta)."""
        return (y - eta) ** 2 / 2

    def residual(self, y, eta):
        """Return the negative slope in eta."""
        return y - eta

    def curvature(self, y, eta):
        """Return the second derivative in eta."""
        return np.ones_like(eta)

    def gap(self, y, eta, dual):
        """Return ``l(eta) + l*(-dual) + dual * eta``, the gap of Fenchel and Young; l* is convex.

        It is 0 where `dual` is the residual, and infinite where l* is.
        """
        return (y - eta - dual) ** 2 / 2


class Fit:
    """The loss of several problems on the same samples: what a certificate asks of it.

    Parameters
    ----------
    loss : object
        A loss, such as `SquaredError`.
    s : ndarray of shape (n_samples,)
        Sample weights.
    y, eta : ndarray of shape (n_samples, n_problems)
        Targets and predictions.

    Attributes
    ----------
    value : ndarray of shape (n_problems,)
        The losses.
    dual : ndarray of shape (n_samples, n_problems)
        Residuals, or what is left of them without some columns.
    """

    def __init__(self, loss, s, y, eta):
        self.loss, self.s, self.y, self.eta = loss, s, y, eta
        self.value = s @ loss.value(y, eta)
        self.dual = loss.residual(y, eta)

    def gap(self, t):
        """Return the loss's part of the gaps at t times the dual points."""
        gaps = self.loss.gap(self.y, self.eta, t * self.dual)
        return self.s @ np.maximum(gaps, 0.0)  # below 0: rounding

    def without(self, change, gain):
        """Return the same at dual points that are less by a change."""
        other = copy(self)
        other.dual = self.dual - change
        return other


class SquaredResiduals(NamedTuple):
    """The same for squared error, of which the sums of squares say enough.

    Attributes
    ----------
    rr : ndarray of shape (n_problems,)
        Sums of squares of the dual points.
    gain : float or ndarray of shape (n_problems,)
        Half of what they are less than those of the residuals.
    """

    rr: np.ndarray
    gain: np.ndarray = 0.0

    @property
    def value(self):
        """The losses."""
        return self.gain + self.rr / 2

    def gap(self, t):
        """Return the loss's part of the gaps at t times the dual points."""
        return self.gain + self.rr * (1 - t) ** 2 / 2

    def without(self, change, gain):
        """Return the same at dual points that are less by a change, orthogonal to them."""
        return SquaredResiduals(np.maximum(0.0, self.rr - 2 * gain), self.gain + gain)
