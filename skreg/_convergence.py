"""What stopped a fit, how far from the optimum, and after what work: one record for all."""

import warnings
from dataclasses import dataclass, field
from operator import add

import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning


@dataclass
class Work:
    """Counts of what a fit has done.

    Attributes
    ----------
    n_products : int
        Products with X: with a vector or a matrix, with some columns, or of columns with columns.
        For networks, products of matrices, forward and backward.
    n_bytes : int
        Bytes of X that the products and the statistics of the columns have read; copies of the
        rows of a batch aside.
    n_coordinate_updates : int
        Coordinates that a sweep of coordinate descent has changed: each costs a row of the Gram
        matrix.
    n_newton_steps : int
        Newton steps on the support, each a solution with its factor, which is brought up to date.
    """

    n_products: int = 0
    n_bytes: int = 0
    n_coordinate_updates: int = 0
    n_newton_steps: int = 0

    def __add__(self, other):
        """Return the sums of the counts."""
        return Work(*map(add, vars(self).values(), vars(other).values()))


@dataclass(frozen=True)
class Convergence:
    """What stopped a fit, and how good the answer is.

    Attributes
    ----------
    converged : bool
        Whether the stopping rule was met before the iterations ran out.
    relative_gap : float
        Duality gap at the returned coefficients, computed from the data, as a fraction of the
        loss of the model without features, ``sum(s * (y - mean(y))**2) / 2``; with an L1 penalty,
        of the objective where bounds make that larger. It bounds how much the objective could
        still fall, up to directions in which the columns differ by rounding alone. Where a good
        bound would need a factorisation of too many unpenalised columns, it is the objective
        itself. NaN where no gap exists (networks, streams of more than 6000 features).
    kkt_violation : float
        Largest violation of the optimality conditions, as a fraction of ``max_j |x_j' y|``. NaN
        for networks and for such streams.
    n_iter : int
        Iterations: sweeps, gradient steps or epochs.
    n_data_passes : int
        Passes over the data, rounded up.
    work : Work
        What the solver did, counted: `n_products` with X, or of matrices in a network; `n_bytes`
        of X that were read; `n_coordinate_updates` by coordinate descent; `n_newton_steps`.
    n_active : int
        Coefficients that are not zero.
    seconds : float
        Time of the solver, in seconds.
    message : str
        What stopped it and, where it stopped short, the one thing to change.
    """

    converged: bool
    relative_gap: float
    kkt_violation: float
    n_iter: int
    n_data_passes: int
    work: Work = field(hash=False)  # counters have no hash; records keep theirs
    n_active: int
    seconds: float
    message: str


def bytes_of(X):
    """Return the bytes of an array or of a compressed sparse matrix."""
    if sp.issparse(X):
        return X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    return X.nbytes


def worst(records):
    """Sum up the records of several targets: the worst accuracy, the total of the work."""
    if len(records) == 1:
        return records[0]
    last = max(records, key=lambda record: (not record.converged, record.relative_gap))
    return Convergence(
        converged=last.converged,
        relative_gap=last.relative_gap,
        kkt_violation=max(record.kkt_violation for record in records),
        n_iter=max(record.n_iter for record in records),
        n_data_passes=sum(record.n_data_passes for record in records),
        work=sum((record.work for record in records), Work()),
        n_active=sum(record.n_active for record in records),
        seconds=sum(record.seconds for record in records),
        message=last.message,
    )


def warn_if_stopped_short(owner, record, depth=4):
    """Warn, in the words of the record, about a fit that did not converge.

    `depth` leads to the line of the user: past this function, fit and its decorator.
    """
    if not record.converged:
        warnings.warn(f"{owner} {record.message}", ConvergenceWarning, stacklevel=depth)
