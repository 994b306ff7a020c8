"""The normal equations of ridge regression, with the penalty ``alpha * D``, D diagonal.

On the columns they are ``(Xc'S Xc + alpha D) w = Xc'S y``. On the samples, if these are fewer, they
are ``(R Xc D^-1 Xc'R + alpha) u = R y`` with ``R = S^1/2`` and ``w = D^-1 Xc'R u``, so that D must
have an inverse. Either is solved by a factor of the matrix, where it is worth forming, or by
conjugate gradients, which only ask for products.

A system has its unknown in `x`. No answer is exact: the caller computes from the data what is
left, and asks again for that.
"""

from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh, lstsq

from .._problem.certificate import DEPENDENT
from .._threads import interruptible
from .krylov import solve_shifted

UNEVEN = 1e4  # ratio of squares of columns that needs a metric of its own for every alpha


def systems(problem):
    """Yield kinds of systems that have the solution of a problem, the most promising first."""
    design, on, cost = problem.design, problem.movable, problem.design.cost
    penalised = on.any() and np.all(problem.ridge[on] > 0)
    fine = cost.least_squares_pay(design) and np.any(problem.ridge[on] <= problem.floor)
    some = np.any(problem.ridge[on] > 0)  # else it is not sure which of many solutions is found
    if fine and some:  # the equations have lost most digits of the penalty
        yield LeastSquares
    if design.tall:
        if cost.factor_of_columns_pays(design):
            yield FactorOfColumns
        if penalised and problem.n_alphas > 1:
            squares = problem.column[on] / problem.factor[on]
            if squares.max() <= UNEVEN * squares.min():
                yield ColumnsOfAllAlphas
        if fine and not some:
            yield LeastSquares
    elif penalised:
        if cost.factor_of_samples_pays(design):
            yield FactorOfSamples
        yield Samples
    yield Columns
    if fine and not (design.tall or some):
        yield LeastSquares


class Columns:
    """The equations on the columns, by conjugate gradients in the metric of the problem.

    The unknown is ``w / root``.
    """

    n_shared = 1  # targets that only differ in their shifts

    def __init__(self, problem):
        self.problem, self.shifts = problem, np.zeros(problem.alphas.shape)
        self.root = problem.movable[:, None] / np.sqrt(problem.metric)
        self.ridge = problem.ridge * self.root**2
        self.gram = problem.design.gram_operator(self.root)

    def begin(self, point):
        """Return the unknown near a point, and the point there."""
        return point.w, point

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        return x

    def solve(self, x, point, tol, max_steps):
        """Return a correction that leads to a relative accuracy, and the steps taken."""
        begins = not x.any()
        n_shared = self.n_shared if begins else 1
        shape = len(self.shifts) // n_shared, n_shared
        shifts = self.shifts.reshape(shape)
        squares = ((tol * self.problem.scale) ** 2).reshape(shape)

        def reached(krylov):
            near = self.are_short(krylov, squares)
            if np.any(near & krylov.going):
                losses = self.losses(krylov.energy.ravel(), point, begins).reshape(shape)
                near &= self.gaps(krylov) <= tol * losses
            return near

        b = self.residual(x, point)[:, ::n_shared]
        z, n_steps = solve_shifted(self.product, b, shifts, reached, max_steps)
        return self.correction(z.reshape(len(z), -1)), n_steps

    def residual(self, x, point):
        """Return what is left of the right side."""
        return -self.root * self.problem.gradient(point.c, x)

    def product(self, v):
        """Return the matrix times some columns."""
        product = self.gram(v)
        product += self.ridge * v
        return product

    def correction(self, z):
        """Return a solution as a change of the unknown of the problem."""
        return self.root * z

    def losses(self, energy, point, begins):
        """Return the objective so far."""
        return np.maximum(0.0, point.losses - energy / 2)  # below 0: rounding

    def are_short(self, krylov, squares):
        """Tell which gradients have squares of at most these."""
        return krylov.residual**2 <= squares

    def gaps(self, krylov):
        """Return the gaps over the columns with a penalty above rounding."""
        along = np.einsum("tj,tj,jt->t", krylov.v, krylov.v, self.gap_of_squares)
        return krylov.residual**2 * along[:, None]

    @cached_property
    def gap_of_squares(self):
        """What the squares of a residual in the metric add to the gap."""
        ridge, metric = self.problem.ridge, self.problem.metric
        above = ridge > self.problem.floor
        return np.divide(metric, 2 * ridge, out=np.zeros_like(metric), where=above)


class ColumnsOfAllAlphas(Columns):
    """The same in the metric of the penalty, in which all alphas share the products."""

    def __init__(self, problem):
        on = problem.movable
        self.problem, self.shifts, self.n_shared = problem, problem.alphas, problem.n_alphas
        factor = np.where(on, problem.factor, 1.0)
        self.root = (on / np.sqrt(factor))[:, None]
        self.column = problem.column / factor
        self.typical = 1 / np.mean(1 / self.column[on])

    @cached_property
    def product(self):
        """What multiplies with the matrix."""
        return self.problem.design.gram_operator(self.root)

    def are_short(self, krylov, squares):
        """Tell which gradients have squares of at most these in the metric of their alpha."""
        short = krylov.residual**2 <= squares * (self.typical + krylov.shifts)
        for b, a in np.argwhere(short & krylov.going):
            metric = self.column + krylov.shifts[b, a]
            square = krylov.residual[b, a] ** 2 * np.sum(krylov.v[b] ** 2 / metric)
            short[b, a] = square <= squares[b, a]
        return short

    def gaps(self, krylov):
        """Return the gaps."""
        return krylov.residual**2 / (2 * krylov.shifts)


class FactorOfColumns(Columns):
    """The equations on the columns, by a factor of their Gram matrix: tall data."""

    def __init__(self, problem):
        self.problem, self.on = problem, np.flatnonzero(problem.movable)
        self.G, self.many = problem.design.gram(self.on), problem.design.cost.factors_of_spectrum

    def solve(self, x, point, tol, max_steps):
        """Return a correction, and that it took one step."""
        change, on = np.zeros_like(x), self.on
        alphas, factor = self.problem.alphas, self.problem.factor[on]
        gradient = self.problem.gradient(point.c, x)[on]
        change[on] = solved(self.G, factor, alphas, -gradient, self.many)
        return change, 1


class LeastSquares(Columns):
    """The least squares themselves, whose matrix has twice the digits of that of the equations.

    The roots of the penalty are rows of their own; with them, columns are scaled to length 1.
    """

    def __init__(self, problem):
        design = problem.design
        self.problem, self.on = problem, np.flatnonzero(problem.movable)
        norms = design.column_norms[self.on]
        self.norms = np.where(norms > 0, norms, 1.0)
        self.root = np.sqrt(design.s)[:, None]
        self.X = self.root * design.matvec(np.diag(1 / self.norms), self.on)
        far = np.abs(design.mean / design.scale)[self.on] * np.sqrt(design.total_weight)
        self.rounding = DEPENDENT * (1 + np.max(far / self.norms, initial=0.0))

    def solve(self, x, point, tol, max_steps):
        """Return a correction, and that it took one step."""
        change, w, alphas = np.zeros_like(x), x[self.on], self.problem.alphas
        for alpha in np.unique(alphas):
            some = alphas == alpha
            penalty = np.sqrt(alpha * self.problem.factor[self.on])
            length = np.hypot(self.norms, penalty)
            A = np.vstack([self.X * (self.norms / length), np.diag(penalty / length)])
            b = np.vstack([self.root * point.r[:, some], -penalty[:, None] * w[:, some]])
            rule = {"cond": self.rounding, "lapack_driver": "gelsy", "check_finite": False}
            change[np.ix_(self.on, some)] = lstsq(A, b, **rule)[0] / length[:, None]
        return change, 1


class Samples(ColumnsOfAllAlphas):
    """The equations on the samples, by conjugate gradients: wide data."""

    def __init__(self, problem):
        self.problem, self.shifts, self.n_shared = problem, problem.alphas, problem.n_alphas
        factor = np.where(problem.movable, problem.factor, np.inf)
        self.inverse = 1.0 / factor[:, None]
        self.root = np.sqrt(problem.design.s)[:, None]
        self.column = problem.column.max() / problem.factor.max()

    @cached_property
    def product(self):
        """What multiplies with the matrix."""
        return self.problem.design.kernel_operator(self.inverse[:, 0], self.root)

    def begin(self, point):
        """Return the unknown of no coefficients: few others can be written in it."""
        if point.w.any():
            point = self.problem.at(np.zeros_like(point.w))
        return np.zeros_like(self.problem.y), point

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        return self.inverse * self.problem.design.rmatvec(self._unweighted(x))

    def residual(self, x, point):
        """Return what is left of the right side."""
        return self.root * point.r - self.shifts * x

    def correction(self, z):
        """Return a solution as a change of the unknown of the problem."""
        return z

    def losses(self, energy, point, begins):
        """Return the objective so far; to begin with, from the dual."""
        return self.shifts * energy / 2 if begins else point.losses

    def are_short(self, krylov, squares):
        """Tell which gradients have about squares of at most these."""
        return self._squares(krylov) <= squares * (self.column + krylov.shifts)

    def gaps(self, krylov):
        """Return about the gaps."""
        return self._squares(krylov) / (2 * krylov.shifts)

    def _squares(self, krylov):
        """Return about the squares of the gradients in the metric of the penalty."""
        return krylov.residual**2 * krylov.alpha[:, None]

    def _unweighted(self, x):
        """Return what the Design multiplies with the weights to get ``root * x``."""
        return np.divide(x, self.root, out=np.zeros_like(x), where=self.root > 0)


class FactorOfSamples(Samples):
    """The equations on the samples, by a factor of ``R Xc D^-1 Xc'R + alpha``: wide data."""

    def __init__(self, problem):
        super().__init__(problem)
        self.K = self.root * problem.design.kernel(self.inverse[:, 0]) * self.root.T

    def solve(self, x, point, tol, max_steps):
        """Return a correction, and that it took one step."""
        many = self.problem.design.cost.factors_of_spectrum
        b = self.residual(x, point)
        return solved(self.K, np.ones(len(self.K)), self.shifts, b, many), 1


def solved(H, factor, alphas, b, many):
    """Solve ``(H + alpha * diag(factor)) x = b``, each column for its alpha.

    For many alphas an eigendecomposition is quicker than factors.
    """
    distinct = np.unique(alphas)
    if len(distinct) > many and distinct[0] > 0 and np.all(factor > 0):
        root = np.sqrt(factor)[:, None]
        d, V = interruptible(eigh, H / (root * root.T))
        z = V.T @ (b / root)
        z /= np.maximum(d, 0.0)[:, None] + alphas
        return V @ z / root
    x = np.empty_like(b)
    for alpha in distinct:
        shifted = H.copy()
        shifted.flat[:: len(H) + 1] += alpha * factor
        cholesky = cho_factor(shifted, lower=True, overwrite_a=True, check_finite=False)
        x[:, alphas == alpha] = cho_solve(cholesky, b[:, alphas == alpha], check_finite=False)
    return x
