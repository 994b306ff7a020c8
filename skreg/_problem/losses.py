"""Losses ``l(y, eta)`` of samples with targets y and predictions eta: what solvers ask of them.

A loss is convex in eta and never negative; of a likelihood it is half the deviance. A new loss is a
class with the methods of `SquaredError`. A model of it near some predictions is squared error with
other weights and targets, see `newton.py`.
"""

from bisect import bisect_left, bisect_right
from copy import copy
from typing import NamedTuple

import numpy as np

from .._data.classes import Coupling

TINY = np.finfo(float).tiny
ROUNDING = 1e-13  # of probabilities and their sums, and of counts
LARGEST = 500.0  # difference of exponents
ULPS = 4 * np.finfo(float).eps  # rounding of a product
BALANCE = 50  # Newton steps to constants, at the most
SHORT = 0.1  # move of constants, along which a loss is nearly quadratic
BALANCED = 1e-13  # sum of the residuals, relative to that of their sizes


class Loss:
    """What losses have in common unless they say otherwise."""

    quadratic = False  # whether its model is itself
    attained = True  # whether its minimum is, however predictions may move
    told_apart = "the classes"  # what samples have that can be separated, where it is not
    n_outputs = 1  # numbers that are predicted for a sample

    def newton(self, curvature, slope):
        """Return the Newton step for a constant: `curvature` has a row for each sample."""
        total = curvature.sum()
        return slope / total if total > 0 else np.sign(slope)

    def bend(self, curvature, constants):
        """Return the second derivatives, applied to constants of the outputs."""
        return curvature * constants

    def constant(self, s, y, eta):
        """Return what eta lacks for the least loss, a constant, if there is a formula for it."""
        return None

    def bound(self, y, eta):
        """Return curvatures of parabolas that touch the loss at eta and lie nowhere below it.

        Only where the second derivative vanishes, so that a model needs more than it; 0 elsewhere.
        """
        return np.zeros_like(eta)

    def reach(self, dual):
        """Return the part of dual points, at most 1, at which the conjugate is finite."""
        return 1.0


class SquaredError(Loss):
    """l(y, eta) = (y - eta)**2 / 2."""

    quadratic = True

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and its second derivative."""
        residual = y - eta
        return residual**2 / 2, residual, np.ones_like(residual)

    def gap(self, y, eta, value, dual):
        """Return ``l(eta) + l*(-dual) + dual * eta``, the gap of Fenchel and Young; l* is convex.

        It is 0 where `dual` is the residual, and infinite where l* is. `value` is l(y, eta).
        """
        return (y - eta - dual) ** 2 / 2


class Logistic(Loss):
    """l(y, eta) = log(1 + exp(-z)) with z = eta for y = 1 and z = -eta for y = 0."""

    attained = False

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
        probability = sign * dual
        q = np.clip(probability, 0.0, 1.0)
        entropy = q * np.log(np.maximum(q, TINY)) + (1 - q) * np.log(np.maximum(1 - q, TINY))
        outside = np.abs(probability - q) > ROUNDING
        return np.where(outside, np.inf, value + entropy + q * sign * eta)

    def margins(self, y, moves):
        """Return by how much each of several moves favours the class of each sample."""
        return (2 * y - 1) * moves


class Multinomial(Loss):
    """l(y, eta) = log(sum_k exp(eta_k)) - sum_k y_k eta_k, with one y_k of 1 and others of 0.

    The classes k of a sample follow one another: a number of the sample, such as its loss, is the
    sum of those that they have. The second derivative is ``diag(p) - p @ p.T`` with the
    probabilities p, which stand for it.
    """

    attained = False

    def __init__(self, n_classes):
        self.n_outputs = n_classes

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and the probabilities."""
        log_p, p = self.probabilities(eta)
        others = p - y * p
        return -y * log_p, y * self.sums(others) - others, p

    def gap(self, y, eta, value, dual):
        """Return the gap of Fenchel and Young; -l* is the entropy of the probabilities y - dual."""
        log_p, p = self.probabilities(eta)
        q = y - dual
        gap = q * (np.log(np.maximum(q, TINY)) - log_p) + p - q
        return np.where((q < -ROUNDING) | (np.abs(self.sums(dual)) > ROUNDING), np.inf, gap)

    def probabilities(self, eta):
        """Return the logarithms of the probabilities, and these."""
        top = eta.max()
        if top - eta.min() > LARGEST:
            top = self.by_sample(eta).max(axis=1).repeat(self.n_outputs).reshape(eta.shape)
        z = eta - top
        p = np.exp(z)
        total = self.sums(p)
        return z - np.log(total), p / total

    def sums(self, a):
        """Return the sum over the classes, for each of them."""
        sums = self.by_sample(a) @ np.ones(self.n_outputs)
        return sums.repeat(self.n_outputs).reshape(a.shape)

    def newton(self, curvature, slope):
        """Return the Newton step for the constants of the classes."""
        return Coupling(self.by_sample(curvature)).inverse @ slope

    def bend(self, curvature, constants):
        """Return the second derivatives, applied to constants of the classes."""
        coupled = Coupling(self.by_sample(curvature)).product(constants[None])
        return coupled.reshape(curvature.shape)

    def by_sample(self, a):
        """Return numbers with an axis for the classes."""
        return a.reshape(-1, self.n_outputs)

    def margins(self, y, moves):
        """Return by how much each of several moves favours the class of each sample over others."""
        moves = moves.reshape(-1, self.n_outputs, moves.shape[1])
        own = self.by_sample(y) == 1
        return (moves[own][:, None] - moves)[~own]


class Poisson(Loss):
    """l(y, eta) = exp(eta) - y eta, less its minimum: half the deviance of a mean exp(eta)."""

    attained, told_apart = False, "counts of 0"

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and its second derivative."""
        with np.errstate(over="ignore"):
            mean = np.exp(eta)
        return self.deviance(y, eta), y - mean, mean

    def gap(self, y, eta, value, dual):
        """Return the gap of Fenchel and Young: half the deviance of counts y - dual."""
        counts = y - dual
        return np.where(counts < -ROUNDING, np.inf, self.deviance(np.maximum(counts, 0.0), eta))

    def margins(self, y, moves):
        """Return by how much moves lower predictions of 0; others they must not change."""
        zero = y[:, 0] == 0
        return np.vstack([-moves[zero], moves[~zero], -moves[~zero]])

    def deviance(self, y, eta):
        """Return half the deviance; digits that y and the mean have in common do not cancel."""
        counted = y > 0
        distance = eta - np.log(y, where=counted, out=np.zeros_like(eta + y))
        with np.errstate(over="ignore", invalid="ignore"):  # 0 times infinity is not used
            return np.where(counted, y * (np.expm1(distance) - distance), np.exp(eta))


class Huber(Loss):
    """l(y, eta) = r**2 / 2 with r = y - eta; beyond |r| = delta its tangent."""

    def __init__(self, delta):
        self.delta = delta

    def near(self, y, eta):
        """Return l(y, eta), its negative slope in eta, and its second derivative."""
        r = y - eta
        dual = self.clip(r)
        return dual * (r - dual / 2), dual, (np.abs(r) <= self.delta).astype(float)

    def gap(self, y, eta, value, dual):
        """Return the gap of Fenchel and Young; l* is a square as far as delta."""
        r = y - eta
        at_eta = self.clip(r)
        less = at_eta - dual
        gap = less**2 / 2 + (r - at_eta) * less
        return np.where(np.abs(dual) > self.delta * (1 + ULPS), np.inf, gap)

    def clip(self, r):
        """Return the slopes of the loss at residuals."""
        return np.clip(r, -self.delta, self.delta)

    def bound(self, y, eta):
        """Return the curvatures of parabolas beyond delta: their least is at a residual of 0."""
        size = np.abs(y - eta)
        return np.where(size > self.delta, self.delta / np.maximum(size, self.delta), 0.0)

    def reach(self, dual):
        """Return the part of dual points that is nowhere beyond delta."""
        return self.delta / np.maximum(np.abs(dual).max(axis=0), self.delta)

    def constant(self, s, y, eta):
        """Return the best constant, in the middle where there are several.

        The weighted sum of the slopes falls as the constant grows, and is linear between those at
        which a residual has the size delta.
        """
        r = (y - eta)[s > 0, 0]
        s, ends = s[s > 0], np.sort(np.concatenate([r - self.delta, r + self.delta]))
        small = BALANCED * self.delta * s.sum()

        def fall(constant):
            return -(s @ self.clip(r - constant))

        first = bisect_left(ends, -small, key=fall)
        if fall(ends[first]) <= small:
            last = bisect_right(ends, small, first, key=fall) - 1
            return np.array([(ends[first] + ends[last]) / 2])
        left, right = ends[first - 1 : first + 1]
        below, above = fall(left), fall(right)
        return np.array([left - below / (above - below) * (right - left)])


class Fit:
    """The loss of several problems on the same samples: what a certificate asks of it.

    Where a loss has several outputs, they have rows of their own, one after the other.

    Parameters
    ----------
    loss : object
        A loss, such as `SquaredError`.
    s : ndarray of shape (n_samples,)
        Sample weights.
    y, eta : ndarray of shape (n_samples, n_problems)
        Targets and predictions.
    offset : float or ndarray of shape (n_samples, 1), default=0.0
        What predictions have in addition.

    Attributes
    ----------
    value : ndarray of shape (n_problems,)
        The losses.
    dual : ndarray of shape (n_samples, n_problems)
        Residuals, or what is left of them without some columns.
    curvature : ndarray of shape (n_samples, n_problems)
        Second derivatives of the losses of the samples.
    shrinkage : float or ndarray of shape (n_problems,)
        What the dual points were multiplied with, so that the conjugate of the loss is finite.
    """

    shrinkage = 1.0

    def __init__(self, loss, s, y, eta, offset=0.0):
        self.loss, self.s, self.y, self.eta, self.offset = loss, s, y, eta, offset
        self.predicted = eta + offset
        if (s == 0).any():  # what has no weight may overflow
            self.predicted = np.where(s[:, None] > 0, self.predicted, 0.0)
        self.values, self.dual, self.curvature = loss.near(y, self.predicted)
        self.value = s @ self.values

    def gap(self, t):
        """Return the loss's part of the gaps at t times the dual points."""
        gaps = self.loss.gap(self.y, self.predicted, self.values, t * self.dual)
        gaps = np.where(self.s[:, None] > 0, gaps, 0.0)  # they may be infinite
        return self.s @ np.maximum(gaps, 0.0)  # below 0: rounding

    def at(self, eta, constants=None):
        """Return the same at other predictions, and with a constant added to each output."""
        if constants is not None:
            eta = eta + np.tile(constants, len(eta) // len(constants))[:, None]
        return Fit(self.loss, self.s, self.y, eta, self.offset)

    def without(self, change, gain):
        """Return the same at dual points that are less by a change, as far as these may go."""
        other, dual = copy(self), self.dual - change
        other.shrinkage = self.loss.reach(dual[self.s > 0])
        other.dual = other.shrinkage * dual
        return other

    def sums(self, a):
        """Return the weighted sums over the samples, for each output."""
        return (self.s[:, None] * a).reshape(-1, self.loss.n_outputs).sum(axis=0)

    def balanced(self, enough=0.0):
        """Return the same with the best constants: weighted residuals have sums of 0.

        Where the loss could fall no more than by `enough`, the dual points alone become so.
        """
        constant = self.loss.constant(self.s, self.y, self.predicted)
        if constant is not None:
            return self.at(self.eta, constant)
        fit, slope = self, self.sums(self.dual)
        for _ in range(BALANCE):
            size = np.abs(slope).sum()
            if size <= BALANCED * self.sums(np.abs(fit.dual)).sum():
                break
            move = self.loss.newton(fit.s[:, None] * fit.curvature, slope)
            if slope @ move <= 2 * enough and np.abs(move).max() <= SHORT:
                return fit.without(self.loss.bend(fit.curvature, move), 0.0)
            other = fit.at(fit.eta, move)
            while not np.abs(slope := other.sums(other.dual)).sum() < size:
                if np.all((move := move / 2) + 1.0 == 1.0):
                    return fit
                other = fit.at(fit.eta, move)
            fit = other
        return fit


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
    shrinkage = 1.0

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
