"""What stopped a fit, and how far from the optimum: one record for every estimator."""

import warnings
from dataclasses import dataclass

from sklearn.exceptions import ConvergenceWarning


@dataclass(frozen=True)
class Convergence:
    """What stopped a fit, and how good the answer is.

    Attributes
    ----------
    converged : bool
        Whether the stopping rule was met before the iterations ran out.
    relative_gap : float
        Duality gap at the returned coefficients, computed from the data, as a fraction of the
        loss of the model without features, ``sum(s * (y - mean(y))**2) / 2``. It bounds how much
        the objective could still fall. NaN where no gap exists (networks) or where it would
        need a factorisation of too many unpenalised columns.
    kkt_violation : float
        Largest violation of the optimality conditions, as a fraction of ``max_j |x_j' y|``. NaN
        for networks.
    n_iter : int
        Iterations: sweeps, gradient steps or epochs.
    n_data_passes : int
        Passes over the data, rounded up.
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
    n_active: int
    seconds: float
    message: str


def worst(records):
    """Sum up the records of several targets: the worst accuracy, the total of the work."""
    last = max(records, key=lambda record: (not record.converged, record.relative_gap))
    return Convergence(
        converged=last.converged,
        relative_gap=last.relative_gap,
        kkt_violation=max(record.kkt_violation for record in records),
        n_iter=max(record.n_iter for record in records),
        n_data_passes=sum(record.n_data_passes for record in records),
        n_active=sum(record.n_active for record in records),
        seconds=sum(record.seconds for record in records),
        message=last.message,
    )


def warn_if_stopped_short(estimator):
    """Warn, in the words of the record, about a fit that did not converge."""
    record = estimator.convergence_
    if not record.converged:
        name = type(estimator).__name__
        # Past this function, fit and its decorator: the line of the user.
        warnings.warn(f"{name} {record.message}", ConvergenceWarning, stacklevel=4)
