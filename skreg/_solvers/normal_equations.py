"""The normal equations of ridge regression, with D the diagonal matrix of the penalty.

On the columns they are ``(Xc'S Xc + D) w = Xc'S y``. On the samples, if these are fewer, they are
``(I + Xc D^-1 Xc'S) u = y`` with ``w = D^-1 Xc'S u``, so that D must have an inverse. Either is
solved by a factor of the matrix, where it is worth forming, or by conjugate gradients, which only
ask for products.

A system has its unknown in `x`. Nothing here is exact: whoever asks looks at the data, and asks
again for what is left.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .working_set import LARGEST_GRAM

WORTH = 100  # passes over the data that conjugate gradients may take


def systems(problem):
    """Yield kinds of systems that have the solution of a problem, the most promising first."""
    design = problem.design
    if design.tall:
        if design.n_features <= LARGEST_GRAM and design.passes_of_gram <= WORTH:
            yield FactorOfColumns
    elif np.all(problem.penalty.ridge[problem.movable] > 0):
        if design.n_samples <= LARGEST_GRAM and design.passes_of_kernel <= WORTH:
            yield FactorOfSamples
        yield Samples
    yield Columns


class Columns:
    """The equations on the columns, by conjugate gradients in the metric of the problem."""

    def __init__(self, problem):
        self.problem = problem

    def begin(self, w):
        """Return the unknown near some coefficients."""
        return w

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        return x

    def residual(self, x, point):
        """Return what is left of the right side."""
        return -self.problem.gradient(point.c, x)

    def solve(self, residual, enough, max_steps):
        """Return a correction and the steps taken until the gradient is as short as `enough`.

        The residual is overwritten.
        """
        design, ridge = self.problem.design, self.problem.penalty.ridge
        preconditioner = self.problem.movable[:, None] / self.problem.metric
        x, n_steps, z = np.zeros_like(residual), 0, preconditioner * residual
        direction, rho = z.copy(), products(residual, z)
        while n_steps < max_steps and not np.all(np.sqrt(rho) <= enough):
            n_steps += 1
            image = design.rmatvec(design.matvec(direction))
            image += ridge * direction
            curvature = products(direction, image)
            step = ratio(rho, np.where(curvature > 0, curvature, np.inf))
            x += step * direction
            residual -= step * image
            np.multiply(preconditioner, residual, out=z)
            rho, last = products(residual, z), rho
            direction *= ratio(rho, last)
            direction += z
        return x, n_steps


class FactorOfColumns(Columns):
    """The equations on the columns, by a factor of their Gram matrix: tall data."""

    def __init__(self, problem):
        super().__init__(problem)
        self.on = np.flatnonzero(problem.movable)
        self.G = problem.design.gram(self.on)

    def solve(self, residual, enough, max_steps):
        """Return a correction, and that it took one step."""
        x = np.zeros_like(residual)
        for targets in self.problem.targets_of_an_alpha():
            block = np.ix_(self.on, targets)
            H = self.G.copy()
            H.flat[:: len(H) + 1] += self.problem.penalty.ridge[self.on, targets[0]]
            x[block] = solved(H, residual[block])
        return x, 1


class Samples:
    """The equations on the samples, by conjugate gradients in the inner product of the weights."""

    def __init__(self, problem):
        self.problem = problem
        movable = problem.movable[:, None]
        self.inverse = 1.0 / np.where(movable, problem.penalty.ridge, np.inf)

    def begin(self, w):
        """Return the unknown of no coefficients: few others can be written in it."""
        return np.zeros_like(self.problem.y)

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        return self.inverse * self.problem.design.rmatvec(x)

    def residual(self, x, point):
        """Return what is left of the right side."""
        return point.r - x

    def solve(self, residual, enough, max_steps):
        """Return a correction and the steps taken until the gradient is as short as `enough`.

        The residual is overwritten.
        """
        design, s = self.problem.design, self.problem.design.s[:, None]
        x, n_steps, image, growth = np.zeros_like(residual), 0, 0.0, 0.0
        direction, rho = residual.copy(), products(s * residual, residual)
        while n_steps < max_steps:
            image, last = design.rmatvec(direction), image
            if np.all(self.problem.length(image - growth * last) <= enough):  # Xc'S residual
                break
            n_steps += 1
            step_image = design.matvec(self.inverse * image)
            step_image += direction
            step = ratio(rho, products(s * direction, step_image))
            x += step * direction
            residual -= step * step_image
            rho, before = products(s * residual, residual), rho
            growth = ratio(rho, before)
            direction *= growth
            direction += residual
        return x, n_steps


class FactorOfSamples(Samples):
    """The equations on the samples, by a factor of ``I + S^1/2 Xc D^-1 Xc' S^1/2``: wide data."""

    def solve(self, residual, enough, max_steps):
        """Return a correction, and that it took one step."""
        design, x = self.problem.design, np.zeros_like(residual)
        root = np.sqrt(design.s)[:, None]
        for targets in self.problem.targets_of_an_alpha():
            K = root * design.kernel(self.inverse[:, targets[0]]) * root.T
            K.flat[:: len(K) + 1] += 1
            z = solved(K, root * residual[:, targets])
            x[:, targets] = np.divide(z, root, out=np.zeros_like(z), where=root > 0)
        return x, 1


def solved(H, b):
    """Solve a system with a positive definite matrix, which is overwritten."""
    factor = cho_factor(H, lower=True, overwrite_a=True, check_finite=False)
    return cho_solve(factor, b, check_finite=False)


def products(a, b):
    """Return the inner products of the columns of two arrays."""
    return np.einsum("jt,jt->t", a, b)


def ratio(a, b):
    """Return a / b, and 0 where a is 0, for targets that are done."""
    return np.divide(a, b, out=np.zeros_like(a), where=a != 0)
