"""The penalty of ridge: a factor for each column, or a matrix."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import LinAlgError

from .._checks import refuse
from .._problem.penalties import ElasticNet
from .._solvers.standard_form import Coordinates, standard_form

ASYMMETRY = 1e-10  # of the largest entry, that passes for rounding


def coordinates(model, design):
    """Return the coordinates in which the penalty of a ridge model is diagonal."""
    if model.penalty_matrix is None:
        factor, lower, upper = model._limits(design)
        penalty = ElasticNet(np.zeros(len(factor)), factor, lower, upper)
        return Coordinates(design, penalty, design.scale)
    try:
        transformed, factor = standard_form(design, matrix(model, design.n_features))
    except LinAlgError as error:
        raise model._error(
            "penalty_matrix must be positive semidefinite, that is w'Pw >= 0 for all w; got "
            f"{error}. D'D is positive semidefinite for any D."
        ) from None
    no_end = np.full_like(factor, np.inf)
    penalty = ElasticNet(np.zeros_like(factor), factor, -no_end, no_end)
    return Coordinates(transformed, penalty, design.scale, transformed.T)


def check_penalty_matrix(model):
    """Check that nothing is asked for that a penalty matrix excludes."""
    if model.penalty_matrix is None:
        return
    if model.penalty_factor is not None:
        raise model._error(
            "penalty_matrix and penalty_factor were both given; factors f are the matrix diag(f), "
            "so add them to penalty_matrix and leave penalty_factor None."
        )
    if model._bounded():
        raise model._error(
            "penalty_matrix does not support positive, lower or upper; leave them out, or use "
            "penalty_factor."
        )


def matrix(model, n_features):
    """Return the penalty matrix as a symmetric array of float64; it is never changed."""
    shape = n_features, n_features
    allowed = f"a symmetric matrix of numbers, an array or sparse, of shape {shape}"
    most = model._cost.longest_side
    if n_features > most:
        raise model._error(
            f"penalty_matrix is decomposed, so X may have at most {most} features; got "
            f"{n_features}. Use penalty_factor, or fewer features."
        )
    given = model.penalty_matrix
    try:
        P = given.toarray() if sp.issparse(given) else np.asarray(given)
    except ValueError:  # rows of unequal length
        refuse(model, "penalty_matrix", given, allowed)
    if P.dtype.kind not in "biuf":
        refuse(model, "penalty_matrix", given, allowed, TypeError)
    if P.shape != shape:
        raise model._error(f"penalty_matrix must be {allowed}; got shape {P.shape}.")
    P = P.astype(float)
    if not np.all(np.isfinite(P)):
        raise model._error("penalty_matrix must be finite; got NaN or infinity.")
    difference = np.abs(P - P.T)
    if np.any(difference > ASYMMETRY * np.abs(P).max()):
        i, j = np.unravel_index(difference.argmax(), shape)
        raise model._error(
            f"penalty_matrix must be symmetric; got {P[i, j]:g} at ({i}, {j}) but {P[j, i]:g} at "
            f"({j}, {i}). Pass (P + P.T) / 2, whose w'Pw is the same."
        )
    return (P + P.T) / 2
