"""The normal equations of ridge regression, (Xc'S Xc + D) d = g with D diagonal, in four ways.

=============  ==========================================================================
`by_moments`   a factor of the Gram matrix of the columns: tall data
`by_kernel`    a factor of the matrix of the samples: wide data
`on_samples`   conjugate gradients on the samples, if they are fewer than the columns
`on_columns`   conjugate gradients on the columns
=============  ==========================================================================

Each returns a function of g, of shape (n_features, n_targets), of the length of the residual, by
target, that is short enough, and of the most steps. That returns d and the number of steps. None
is exact: whoever asks looks at the data, and asks again for what is left.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .working_set import LARGEST_GRAM

WORTH = 100  # passes over the data that conjugate gradients may take


def ways(problem):
    """Yield the ways to solve the normal equations, the most promising first."""
    design = problem.design
    if design.n_samples > design.n_features:
        if design.n_features <= LARGEST_GRAM and design.passes_of_gram <= WORTH:
            yield by_moments
    elif np.all(problem.penalised[problem.movable]):
        if design.n_samples <= LARGEST_GRAM and design.passes_of_kernel <= WORTH:
            yield by_kernel
        yield on_samples
    yield on_columns


def by_moments(problem):
    """Factorise ``Xc'S Xc + D``."""
    on = np.flatnonzero(problem.movable)
    G, ridge = problem.design.gram(on), problem.penalty.ridge[on]

    def solve(g, enough, max_steps):
        d = np.zeros_like(g)
        for targets in problem.targets_of_an_alpha():
            H = G + np.diag(ridge[:, targets[0]])
            d[np.ix_(on, targets)] = factorised(H)(g[np.ix_(on, targets)])
        return d, 1

    return solve


def by_kernel(problem):
    """Factorise ``I + S^1/2 Xc D^-1 Xc' S^1/2``: Woodbury's formula."""
    design, inverse = problem.design, problem.inverse_of_ridge()
    root = np.sqrt(design.s)[:, None]

    def solve(g, enough, max_steps):
        d = np.zeros_like(g)
        for targets in problem.targets_of_an_alpha():
            D, part = inverse[:, targets[:1]], g[:, targets]
            K = np.eye(design.n_samples) + root * design.kernel(D[:, 0]) * root.T
            z = factorised(K)(root * design.matvec(D * part))
            z = np.divide(z, root, out=np.zeros_like(z), where=root > 0)
            d[:, targets] = D * (part - design.rmatvec(z))
        return d, 1

    return solve


def factorised(H):
    """Return what solves a system with a symmetric matrix, which is overwritten."""
    factor = cho_factor(H, lower=True, overwrite_a=True, check_finite=False)
    return lambda b: cho_solve(factor, b, check_finite=False)


def on_samples(problem):
    """Solve ``(I + Xc D^-1 Xc'S) z = Xc D^-1 g``, then ``d = D^-1 (g - Xc'S z)``.

    The matrix is symmetric in the inner product of the weights S.
    """
    design, inverse = problem.design, problem.inverse_of_ridge()

    def solve(g, enough, max_steps):
        residual = direction = design.matvec(inverse * g)
        z, image = np.zeros_like(residual), 0.0
        rho, growth, n_steps = design.s @ residual**2, 0.0, 0
        while n_steps < max_steps:
            image, last = design.rmatvec(direction), image
            if np.all(problem.length(image - growth * last) <= enough):  # Xc'S residual
                break
            n_steps += 1
            step_image = direction + design.matvec(inverse * image)
            step = ratio(rho, design.s @ (direction * step_image))
            z = z + step * direction
            residual = residual - step * step_image
            rho, before = design.s @ residual**2, rho
            growth = ratio(rho, before)
            direction = residual + growth * direction
        return inverse * (g - design.rmatvec(z)), n_steps

    return solve


def on_columns(problem):
    """Solve the equations as they stand, preconditioned by the metric of the problem."""
    design, ridge, movable = problem.design, problem.penalty.ridge, problem.movable[:, None]

    def solve(g, enough, max_steps):
        d, residual, n_steps = np.zeros_like(g), np.where(movable, g, 0.0), 0
        direction = z = residual / problem.metric
        rho = np.sum(residual * z, axis=0)
        while n_steps < max_steps and not np.all(np.sqrt(rho) <= enough):
            n_steps += 1
            image = design.rmatvec(design.matvec(direction)) + ridge * direction
            image = np.where(movable, image, 0.0)
            curvature = np.sum(direction * image, axis=0)
            step = ratio(rho, np.where(curvature > 0, curvature, np.inf))
            d = d + step * direction
            residual = residual - step * image
            z = residual / problem.metric
            rho, last = np.sum(residual * z, axis=0), rho
            direction = z + ratio(rho, last) * direction
        return d, n_steps

    return solve


def ratio(a, b):
    """Return a / b, and 0 where a is 0, for targets that are done."""
    return np.divide(a, b, out=np.zeros_like(a), where=a != 0)
