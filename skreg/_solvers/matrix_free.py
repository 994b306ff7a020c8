"""The choice of alpha for ridge by products with the data alone, where no side can be decomposed.

One Krylov space serves all alphas; folds, targets and random vectors share the passes.
"""

import numpy as np

from .._data import Folds
from .._problem.problem import Problem
from .gradient_descent import Ridge, conjugate
from .krylov import Krylov

N_PROBES = 16  # random vectors that estimate a trace
TRACE_TOL = 1e-4  # error of a quadratic form, relative to it


class MatrixFree:
    """What `spectrum` answers by decomposition, by conjugate gradients.

    Attributes
    ----------
    relative_error : ndarray of shape (n_alphas,)
        Standard error of the squared errors of generalised cross-validation, as a fraction.
    accuracy : float
        That of the worst fit so far.
    """

    def __init__(self, design, y, penalty, centred, *, tol, max_iter):
        self.design, self.y, self.penalty, self.centred = design, y, penalty, centred
        self.rule = {"tol": tol, "max_iter": max_iter}
        self.accuracy, self.relative_error = 0.0, None

    def leave_one_out(self, alphas, criterion):
        """Yield rows, and their errors by generalised cross-validation with estimated traces."""
        n_targets = self.y.shape[1]
        point = self._solve(self.design, self.y, alphas)
        n_samples, traces = np.count_nonzero(self.design.s), self._traces(alphas)
        mean = traces.mean(axis=0)
        error = traces.std(axis=0, ddof=1) / np.sqrt(N_PROBES)
        self.relative_error = 2 * error / mean
        r = point.r.reshape(len(self.y), n_targets, len(alphas))
        yield np.arange(len(self.y)), r / (mean / n_samples)

    def folds(self, folds, alphas):
        """Yield predictions of the test samples of each fold."""
        n_targets = self.y.shape[1]
        n_numbers = (self.design.n_features + self.design.n_samples) * n_targets * len(alphas)
        at_once = max(1, self.design.cost.numbers_at_once // n_numbers)
        for first in range(0, len(folds), at_once):
            some = folds[first : first + at_once]
            counts = [np.bincount(train, minlength=len(self.y)) for train, _ in some]
            view = Folds(self.design, np.stack(counts, axis=1).astype(float), centre=self.centred)
            y, means = view.targets(self.y, centre=self.centred)
            w = self._solve(view, y, alphas).w.reshape(-1, len(some), n_targets, len(alphas))
            for k, (_, test) in enumerate(some):
                flat = w[:, k].reshape(len(w), -1)
                product = self.design.take(test).matvec(flat) - view.shift[:, k] @ flat
                yield product.reshape(len(test), n_targets, -1) + means[k][:, None]

    def coefficients(self, alphas):
        """Return coefficients to start from on all data, for one alpha for each target."""
        return np.zeros((self.design.n_features, len(alphas)))

    def _solve(self, design, y, alphas):
        """Return the solutions for all alphas of each target."""
        problem = Ridge.of(Problem(design, y, self.penalty), np.tile(alphas, (y.shape[1], 1)))
        point, _ = conjugate(problem, **self.rule)
        self.accuracy = max(self.accuracy, point.accuracy)
        return point

    def _traces(self, alphas):
        """Return estimates of ``tr(1 - H)`` for the matrix H that makes predictions of targets.

        Hutchinson (1990): the mean of z'Az over vectors of random signs. These are quadratic forms,
        to which Lanczos coefficients converge twice as fast as solutions do: Golub and Meurant
        (2010), sections 3.1 and 7.2. Where columns are fewer, H has the trace of their side.
        """
        design, rng = self.design, np.random.default_rng(0)
        used = self.penalty.lower < self.penalty.upper
        root = np.sqrt(design.s)
        n_used, n_weighted = np.count_nonzero(used), np.count_nonzero(root) - self.centred
        inverse = np.divide(1, self.penalty.ridge, out=np.zeros(len(used)), where=used)
        if n_used < n_weighted:
            signs = rng.choice([-1.0, 1.0], (len(used), N_PROBES)) * used[:, None]
            product = design.gram_operator(np.sqrt(inverse)[:, None])
        else:
            signs = rng.choice([-1.0, 1.0], (len(root), N_PROBES)) * (root > 0)[:, None]
            if self.centred:
                signs -= np.outer(root, root @ signs) / design.total_weight
            product = design.kernel_operator(inverse, root[:, None])
        krylov = Krylov(product, signs, np.tile(alphas, (N_PROBES, 1)))
        for _ in range(self.rule["max_iter"]):
            krylov.advance()
            krylov.going &= krylov.residual**2 > TRACE_TOL * krylov.shifts * krylov.energy
            if not krylov.going.any():
                break
            krylov.turn()
        else:
            left = krylov.residual**2 / (krylov.shifts * krylov.energy)
            self.accuracy = max(self.accuracy, left[krylov.going].max())
        return max(0, n_weighted - n_used) + alphas * krylov.energy
