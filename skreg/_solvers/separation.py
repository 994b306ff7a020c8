"""Samples that columns without a penalty can separate: then a loss has no minimum.

Along a direction in which no sample moves towards another class, and some move away from them, the
loss falls without end: Albert and Anderson (1984), "On the existence of maximum likelihood
estimates in logistic regression models", section 2. With counts, it is one in which some of 0 are
predicted to be less, and no other prediction changes.
"""

import numpy as np
from scipy.optimize import linprog

LARGEST = 3e5  # numbers in the matrix of a linear program, which takes about a second


def separated(loss, design, y, columns, w, intercept):
    """Tell whether coefficients of some columns, with an intercept, separate all samples."""
    seen, moves = design.s > 0, design.matvec(w, columns).reshape(-1, loss.n_outputs) + intercept
    return bool(np.all(loss.margins(y[seen], moves.reshape(-1, 1)[seen]) > 0))


def separable(loss, design, y, columns, penalty):
    """Tell whether coefficients of some columns, within their bounds, can separate some samples.

    A linear program says it: the sum of the margins is largest, where none is below 0 or above 1.
    It is at least 1, or 0 if there is no such direction. Konis (2007), "Linear programming
    algorithms for detecting separated data in binary logistic regression models", section 4.
    """
    n_constants = loss.n_outputs * design.centred
    if not 0 < len(columns) <= LARGEST / len(y) - n_constants:
        return False
    seen, moves = design.s > 0, design.matvec(np.eye(len(columns)), columns)
    constants = np.tile(np.eye(loss.n_outputs)[:, :n_constants], (len(y) // loss.n_outputs, 1))
    margins = loss.margins(y[seen], np.hstack([moves, constants])[seen])
    unit = np.abs(margins).max(axis=0, initial=0.0)
    margins /= np.where(unit > 0, unit, 1.0)
    ends = np.full((margins.shape[1], 2), np.inf) * [-1.0, 1.0]
    ends[: len(columns)][np.isfinite([penalty.lower, penalty.upper]).T] = 0.0
    limits = np.repeat([1.0, 0.0], len(margins))
    rows = np.vstack([margins, -margins])
    program = linprog(-margins.sum(axis=0), rows, limits, bounds=ends)
    return program.status == 0 and -program.fun > 0.5
