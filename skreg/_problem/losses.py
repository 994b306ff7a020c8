"""Losses ``l(y, eta)`` of samples with targets y and predictions eta: what solvers ask of them.

A loss is convex in eta and never negative; of a likelihood it is half the deviance. A new loss is a
class with the methods of `SquaredError`. A model of it near some predictions is squared error with
other weights and targets, see `newton.py`.
"""

from copy import copy
from typing import NamedTuple

import numpy as np

TINY = np.finfo(float).tiny


class SquaredError:
    """l(y, eta) = (y - eta)**2 / 2."""

    quadratic = True  # its model is itself
    attained = True  # whether its minimum is

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and its second derivative."""
        residual = y - eta
        return residual**2 / 2, residual, np.ones_like(residual)

    def gap(self, y, eta, value, dual):
        """Return ``l(eta) + l*(-dual) + dual * eta``, the gap of Fenchel and Young; l* is convex.

        It is 0 where `dual` is the residual, and infinite where l* is. `value` is l(y, eta).
        """
        return (y - eta - dual) ** 2 / 2


class Logistic:
    """l(y, eta) = log(1 + exp(-z)) with z = eta for y = 1 and z = -eta for y = 0."""

    quadratic, attained = False, False

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and its second derivative."""
        sign = 2 * y - 1
        z = sign * eta
        small = np.exp(-np.abs(z))
        wrong = np.where(z > 0, small, 1.0) / (1 + small)  # probability of the other class
        value = np.maximum(-z, 0.0) + np.log1p(small)
        return value, sign * wrong, small / (1 + small) ** 2

    def gap(self, y, eta, value, dual):
        """Return the gap of Fenchel and Young; -l* is the entropy of a probability |dual|."""
        sign = 2 * y - 1
        q = sign * dual
        entropy = q * np.log(np.maximum(q, TINY)) + (1 - q) * np.log(np.maximum(1 - q, TINY))
        return np.where((q < 0) | (q > 1), np.inf, value + entropy + q * sign * eta)


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
    curvature : ndarray of shape (n_samples, n_problems)
        Second derivatives of the losses of the samples.
    """

    def __init__(self, loss, s, y, eta):
        self.loss, self.s, self.y, self.eta = loss, s, y, eta
        self.values, self.dual, self.curvature = loss.near(y, eta)
        self.value = s @ self.values

    def gap(self, t):
        """Return the loss's part of the gaps at t times the dual points."""
        gaps = self.loss.gap(self.y, self.eta, self.values, t * self.dual)
        return self.s @ np.maximum(gaps, 0.0)  # below 0: rounding

    def at(self, eta):
        """Return the same at other predictions."""
        return Fit(self.loss, self.s, self.y, eta)

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
