"""The normal equations of ridge regression, with the penalty ``alpha * D``, D diagonal.

========  =======================================================================================
`Primal`  on the columns: ``(Xc'S Xc + alpha D) w = Xc'S y``
`Dual`    on the samples, if these are fewer: ``(R Xc D^-1 Xc'R + alpha) u = R y`` with
          ``R = S^1/2`` and ``w = D^-1 Xc'R u``, so that D must have an inverse
========  =======================================================================================

Either is solved by a `factor` of the matrix, or by `conjugate_gradients`, which only ask for
products; the first also by `least_squares`. How many steps they take is not known before: where
they may be quicker than a factor they begin, and end as soon as they do not look `promising`. No
answer is exact: the caller computes from the data what is left, and asks again for that.
"""

from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, eigh, lapack, lstsq

from .._problem.certificate import DEPENDENT
from .._threads import interruptible
from .krylov import solve_shifted

UNEVEN = 1e4  # ratio of squares of columns that needs a metric of its own for every alpha


def ways(problem, max_iter):
    """Yield a way, a system and the most steps until then, the most promising first.

    Where the equations have lost most digits of some penalty, the least squares come first. Where
    there is none they come late: it is not sure which of many solutions they find.
    """
    design, penalised = problem.design, problem.penalised and not problem.free
    fine = problem.weak and design.cost.least_squares_pay(design)
    first = fine and problem.penalised
    late, most = fine and not first, max_iter
    if first:
        yield least_squares, Primal(problem), max_iter
    if design.tall:
        shared = penalised and problem.n_alphas > 1 and is_even(problem)
        yield from products_or_factor(Primal(problem, shared), max_iter)
        if shared:
            yield conjugate_gradients, Primal(problem, shared=True), max_iter
        if late:
            yield least_squares, Primal(problem), max_iter
    elif penalised:
        yield from products_or_factor(Dual(problem), max_iter)
    elif late:
        most = min(max_iter - 1, 100 + 10 * min(design.n_samples, design.n_features))
    yield conjugate_gradients, Primal(problem), most
    if late and not design.tall:
        yield least_squares, Primal(problem), max_iter


def products_or_factor(system, max_iter):
    """Yield products, unless a factor is quicker for sure, and a factor where they are too slow.

    Where they are not, but lack the digits, a factor would lack them, too.
    """
    at_once, can_be = system.price <= system.problem.design.cost.few_steps, system.price < np.inf
    if not at_once:
        yield promising, system, max_iter - can_be  # the factor keeps a step
    if can_be and (at_once or system.slow):
        yield factor, system, max_iter


def is_even(problem):
    """Tell whether all alphas may share the metric of the penalty."""
    on = problem.movable
    squares = problem.column[on] / problem.factor[on]
    return bool(squares.max() <= UNEVEN * squares.min())


class Equations:
    """What the equations on the columns and on the samples have in common."""

    slow = True  # are products, unless they have come to their end
    kept = None, None  # an alpha, and the Cholesky factor for it

    def cholesky(self, alpha):
        """Return the factor of the matrix with its penalty, the upper one; the last is kept."""
        if self.kept[0] != alpha:
            H, D, _ = self.matrix
            shifted = H.copy()
            shifted.flat[:: len(H) + 1] += alpha * D
            R, failed = lapack.dpotrf(shifted.T, clean=0, overwrite_a=1)
            if failed:
                raise LinAlgError("the matrix is not positive definite")
            self.kept = alpha, R
        return self.kept[1]

    @cached_property
    def price(self):
        """How many steps of conjugate gradients a factor is worth."""
        alphas, design = self.problem.alphas, self.problem.design
        n_targets, n_factors = len(alphas) // self.n_shared, len(set(alphas.tolist()))
        return design.cost.steps_of_factor(design, *self.side, n_targets, n_factors)


class Primal(Equations):
    """The equations on the columns; the unknown is w.

    Conjugate gradients see them in a metric: that of the problem, or, if it is `shared`, that of
    the penalty, in which alphas are shifts of one matrix.
    """

    def __init__(self, problem, shared=False):
        self.problem, self.shared = problem, shared
        self.shifts = problem.alphas if shared else 0.0 * problem.alphas
        self.n_shared = problem.n_alphas if shared else 1

    @cached_property
    def on(self):
        """The columns that may be used."""
        return self.problem.movable.nonzero()[0]

    @property
    def side(self):
        """The side of the matrix, and the passes over the data that it takes."""
        design = self.problem.design
        return design.n_features, design.passes_of_gram

    @cached_property
    def unit(self):
        """What conjugate gradients multiply the unknown with, to have it in their metric."""
        movable, factor = self.problem.movable[:, None], self.problem.factor[:, None]
        metric = np.where(movable, factor, 1.0) if self.shared else self.problem.metric
        return movable / np.sqrt(metric)

    @cached_property
    def column(self):
        """The squares of the columns in the metric; in that of the problem also of the penalty."""
        squares = self.problem.column * self.unit[:, 0] ** 2
        return squares if self.shared else np.ones_like(squares)

    def begin(self, point):
        """Return the unknown near a point, and the point there."""
        return point.w, point

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        return x

    def residual(self, x, point):
        """Return what is left of the right side."""
        return -self.problem.gradient(point.c, x)

    @cached_property
    def matrix(self):
        """The matrix without penalty, the factors of that, and the unknowns that move."""
        return self.problem.design.gram(self.on), self.problem.factor[self.on], self.on

    @cached_property
    def columns(self):
        """The columns that move, at length 1; their lengths, and how far they are rounded."""
        design, on = self.problem.design, self.on
        norms = np.where(design.column_norms[on] > 0, design.column_norms[on], 1.0)
        X = np.sqrt(design.s)[:, None] * design.matvec(np.diag(1 / norms), on)
        far = np.abs(design.mean / design.scale)[on] * np.sqrt(design.total_weight)
        return X, norms, DEPENDENT * (1 + np.max(far / norms, initial=0.0))

    @cached_property
    def product(self):
        """What multiplies with the matrix in the metric."""
        gram = self.problem.design.gram_operator(self.unit)
        if self.shared:
            return gram
        ridge = self.problem.ridge * self.unit**2
        return lambda v: gram(v) + ridge * v

    def losses(self, krylov, point, begins):
        """Return the objective so far."""
        gain = krylov.energy / 2
        return np.maximum(0.0, point.losses.reshape(gain.shape) - gain)  # below 0: rounding

    def are_short(self, krylov, squares, near):
        """Tell which of the gradients that are near have at most these squares in their metric."""
        short = near.copy()
        for b, a in np.argwhere(near & krylov.going):
            metric = self.column + krylov.shifts[b, a]
            square = krylov.residual[b, a] ** 2 * np.sum(krylov.v[b] ** 2 / metric)
            short[b, a] = square <= squares[b, a]
        return short

    def squares(self, krylov):
        """Return about the squares of the gradients in the metric of their alpha."""
        return krylov.residual**2 / (self.typical + krylov.shifts)

    def gaps(self, krylov):
        """Return the gaps over the columns with a penalty above rounding."""
        if self.shared:
            return krylov.residual**2 / (2 * krylov.shifts)
        along = np.einsum("tj,tj,jt->t", krylov.v, krylov.v, self.gap_of_squares)
        return krylov.residual**2 * along[:, None]

    @cached_property
    def typical(self):
        """A typical square of a column in the metric."""
        return 1 / np.mean(1 / self.column[self.on])

    @cached_property
    def gap_of_squares(self):
        """What the squares of a residual in the metric of the problem add to the gap."""
        ridge, metric = self.problem.ridge, self.problem.metric
        above = ridge > self.problem.floor
        return np.divide(metric, 2 * ridge, out=np.zeros_like(metric), where=above)


class Dual(Equations):
    """The equations on the samples; the unknown is u."""

    unit = 1.0  # conjugate gradients need no metric

    def __init__(self, problem):
        self.problem, self.shifts, self.n_shared = problem, problem.alphas, problem.n_alphas
        factor = np.where(problem.movable, problem.factor, np.inf)
        self.inverse = 1.0 / factor[:, None]
        self.root = np.sqrt(problem.design.s)[:, None]
        self.column = problem.column.max() / problem.factor.max()

    @property
    def side(self):
        """The side of the matrix, and the passes over the data that it takes."""
        design = self.problem.design
        return design.n_samples, design.passes_of_kernel

    def begin(self, point):
        """Return the unknown of no coefficients: few others can be written in it."""
        if point.w.any():
            point = self.problem.at(np.zeros_like(point.w))
        return np.zeros_like(self.problem.y), point

    def coefficients(self, x):
        """Return the coefficients that an unknown stands for."""
        r = np.divide(x, self.root, out=np.zeros_like(x), where=self.root > 0)
        return self.inverse * self.problem.design.rmatvec(r)  # which multiplies with the weights

    def residual(self, x, point):
        """Return what is left of the right side."""
        return self.root * point.r - self.shifts * x

    @cached_property
    def matrix(self):
        """The matrix without penalty, the factors of that, and the unknowns that move."""
        K = self.problem.design.kernel(self.inverse[:, 0])
        if (self.root != 1).any():
            K *= self.root
            K *= self.root.T
        return K, np.ones(len(K)), np.arange(len(K))

    @cached_property
    def product(self):
        """What multiplies with the matrix."""
        return self.problem.design.kernel_operator(self.inverse[:, 0], self.root)

    def losses(self, krylov, point, begins):
        """Return the objective so far; to begin with, from the dual."""
        shape = krylov.energy.shape
        return krylov.shifts * krylov.energy / 2 if begins else point.losses.reshape(shape)

    def are_short(self, krylov, squares, near):
        """Tell which gradients have at most these squares: nothing better is known of them."""
        return near

    def squares(self, krylov):
        """Return about the squares of the gradients in the metric of their alpha."""
        return krylov.residual**2 * krylov.alpha[:, None] / (self.column + krylov.shifts)

    def gaps(self, krylov):
        """Return about the gaps."""
        return krylov.residual**2 * krylov.alpha[:, None] / (2 * krylov.shifts)


def conjugate_gradients(system, x, point, tol, max_steps, price=np.inf):
    """Return a correction of the unknown x, by products; what differs in its shift shares them.

    It is 0 once the rate so far promises more steps to come than a price.
    """
    begins, slow = not x.any(), False
    n_shared = system.n_shared if begins else 1
    shifts = system.shifts.reshape(-1, n_shared)
    squares = ((tol * system.problem.start_length) ** 2).reshape(shifts.shape)
    trial = system.problem.design.cost.part_of_trial * price

    def reached(krylov):
        nonlocal slow
        about = system.squares(krylov)
        near = about <= squares
        if (near & krylov.going).any():
            near &= system.are_short(krylov, squares, near)
            near &= system.gaps(krylov) <= tol * system.losses(krylov, point, begins)
        if krylov.n_steps >= trial:
            far = krylov.going & ~near
            slow = (steps_left(krylov, about, squares)[far] >= price).any()
        return near | slow

    b = (system.unit * system.residual(x, point))[:, ::n_shared]
    most = min(price, max_steps)
    z, n_steps = solve_shifted(system.product, b, shifts, reached, most)
    system.slow = slow or n_steps >= most
    return (0 if slow else 1) * system.unit * z.reshape(len(z), -1), n_steps


def promising(system, x, point, tol, max_steps):
    """Return the same, or no correction where a factor promises to take less time.

    What is left after one is small, and rounding: other ways find it in fewer steps.
    """
    if not system.slow:
        return np.zeros_like(x), 0
    return conjugate_gradients(system, x, point, tol, max_steps, system.price)


def steps_left(krylov, squares, enough):
    """Return how many steps it takes until squares are small enough, at the rate so far."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = 2 * np.log(krylov.length / krylov.residual)
        left = np.log(squares / enough)
        steps = krylov.n_steps * np.maximum(left, 0.0) / np.maximum(gone, 0.0)
    return np.maximum(steps, krylov.n_steps)


def factor(system, x, point, tol, max_steps):
    """Return the same by a factor for each alpha, or, if they are many, by eigenvectors for all."""
    (H, D, on), alphas, change = system.matrix, system.problem.alphas, np.zeros(x.shape)
    b, distinct = system.residual(x, point)[on], sorted(set(alphas.tolist()))
    many = len(distinct) > system.problem.design.cost.factors_of_spectrum
    if many and distinct[0] > 0 and np.all(D > 0):
        root = np.sqrt(D)[:, None]
        d, V = interruptible(eigh, H / (root * root.T))
        z = V.T @ (b / root)
        z /= np.maximum(d, 0.0)[:, None] + alphas
        change[on] = V @ z / root
        return change, 1
    for alpha in distinct:
        some = (alphas == alpha).nonzero()[0]
        change[on[:, None], some], _ = lapack.dpotrs(system.cholesky(alpha), b[:, some])
    return change, 1


def least_squares(system, x, point, tol, max_steps):
    """Return the same by the columns themselves, which have twice the digits of their products.

    The roots of the penalty are rows of their own; with them, columns are scaled to length 1.
    """
    X, norms, rounding = system.columns
    problem, change, on = system.problem, np.zeros_like(x), system.on
    root, w = np.sqrt(problem.design.s)[:, None], x[on]
    for alpha in np.unique(problem.alphas):
        some = problem.alphas == alpha
        penalty = np.sqrt(alpha * problem.factor[on])
        length = np.hypot(norms, penalty)
        A = np.vstack([X * (norms / length), np.diag(penalty / length)])
        b = np.vstack([root * point.r[:, some], -penalty[:, None] * w[:, some]])
        rule = {"cond": rounding, "lapack_driver": "gelsy", "check_finite": False}
        change[np.ix_(on, some)] = lstsq(A, b, **rule)[0] / length[:, None]
    return change, 1
