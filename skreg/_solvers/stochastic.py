"""Minibatch gradient steps with variance reduction for the problem of `gradient_descent`."""

import numpy as np

from .gradient_descent import largest_eigenvalue

RISE = 10.0  # of the accuracy, relative to the best so far, that shows that steps are too long


def stochastic(problem, *, tol, max_iter, batch_size, rng):
    """SAGA over minibatches: converges to the solution itself, not to a ball of noise.

    The pass that tells the accuracy after an epoch brings what the samples remember up to date.
    Steps of 1 / (2 L), with the smoothness L of batches, are twice as long as is proved to be safe,
    and the fastest of those tried. Where they are too long they are halved.
    """
    design, best = problem.design, problem.at(problem.start())
    n_batches = max(1, design.n_samples // batch_size)
    step = problem.inverse_of_metric / (2 * smoothness(problem, n_batches))
    point, n_iter = best, 0
    while best.accuracy > tol and n_iter < max_iter:
        rows, gradient = rng.permutation(design.n_samples), problem.gradient(point.c, point.w)
        w = design.epoch(point.w, gradient, rows, n_batches, step, problem.penalty)
        point, n_iter = problem.at(problem.project(w)), n_iter + 1
        if not point.accuracy <= RISE * best.accuracy:
            point, step = best, step / 2
        best = min(best, point, key=lambda point: point.accuracy)
    return best, n_iter


def smoothness(problem, n_batches):
    """Return the expected smoothness of the gradient of a random batch, in units of the metric.

    For batches of one it is that of the steepest sample, for a single batch that of the sum, and
    else between them: Gower, Richtarik and Bach (2021), on sampling without replacement.
    """
    design, metric = problem.design, problem.metric.min(axis=1)
    n, size = design.n_samples, design.n_samples / n_batches
    single = (n - size) / (size * max(1, n - 1))
    whole = largest_eigenvalue(design, metric)
    steepest = n * np.max(design.s * design.row_squares(1 / metric))
    return max(1.0, (1 - single) * whole + single * steepest)
