"""Minibatch gradient steps with variance reduction for the problem of `gradient_descent`."""

import numpy as np

from .gradient_descent import largest_eigenvalue


def stochastic(problem, *, tol, max_iter, batch_size, rng):
    """SAGA over minibatches: converges to the solution itself, not to a ball of noise.

    Defazio, Bach and Lacoste-Julien (2014), section 2, with a minibatch for a sample. The gradient
    of a batch depends on the data only through its residuals, so one residual per sample is all
    that is remembered. A step of 1 / (3 L) with L over the batches is used, in the metric of the
    problem.
    """
    design, y = problem.design, problem.y
    order = rng.permutation(design.n_samples)
    n_batches = max(1, design.n_samples // batch_size)
    batches = np.array_split(order, n_batches)
    eigenvalues = [largest_eigenvalue(design.take(rows), problem.column, 30) for rows in batches]
    step = 1.0 / (3 * max(1.0, 1.1 * n_batches * max(eigenvalues)) * problem.metric)
    w = problem.start()
    remembered, total = (part.copy() for part in problem.correlations(w))
    for n_iter in range(max_iter + 1):
        point = problem.at(w)
        if point.accuracy <= tol or n_iter == max_iter:
            return point, n_iter
        for b in rng.permutation(n_batches):
            rows = batches[b]
            part = design.take(rows)
            r = y[rows] - part.matvec(w)
            change = part.rmatvec(r - remembered[rows])
            estimate = total + n_batches * change
            w = problem.project(w - step * problem.gradient(estimate, w))
            total = total + change
            remembered[rows] = r
        design.n_passes += 2
