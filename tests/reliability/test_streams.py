"""Ridge on streams: whatever the chunks, the answer is that of a fit to all samples at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skreg import RidgeGD

from .reference import Problem
from .strategies import COLUMNS, problems
from .test_l1 import EXAMPLES, ROUNDING, quiet, within

TOL = 1e-9  # of objectives: the products about the means have half the digits of the columns


def streamed(model, X, y, s, cuts):
    """Fit chunk by chunk; one without any weight is left out."""
    for rows in np.split(np.arange(X.shape[0]), cuts):
        if s[rows].any():
            quiet(model.partial_fit, X[rows], y[rows], s[rows])
    return model


def check(X, y, s, params, cuts):
    """Assert that a stream ends where the data do; return the model."""
    params = params | {"l1_ratio": 0.0}
    others = {name: params[name] for name in params if name not in ("l1_ratio", "alpha")}
    X = X.tocsr() if hasattr(X, "tocsr") else X
    options = {"alpha": params["alpha"] * s.sum(), **others}
    model, problem = streamed(RidgeGD(**options), X, y, s, cuts), Problem(X, y, s, params)
    w = model.coef_.astype(float)
    assert np.all(np.isfinite(w))
    assert np.all(within(w, params["lower"], params["upper"], X.dtype))
    objective, scale = problem.objective(w), problem.scale(w)
    rounding = (TOL if X.dtype == float else ROUNDING["float32"]) * scale
    if not problem.hard:
        assert objective <= problem.objective(problem.rest) + rounding
    if not problem.hard and model.convergence_.converged:
        best = quiet(RidgeGD(**options).fit, X, y, s).coef_.astype(float)
        assert objective <= problem.objective(best) + rounding + problem.rounding_of_X(best)
    return model


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_any_chunks(columns):
    @settings(max_examples=EXAMPLES, deadline=None, print_blob=True)
    @given(problems(columns), st.lists(st.integers(1, 59), max_size=4))
    def draw(problem, cuts):
        check(*problem, sorted(cut for cut in cuts if cut < problem[0].shape[0]))

    draw()
