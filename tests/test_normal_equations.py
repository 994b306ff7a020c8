"""Four ways to solve the normal equations of ridge regression, against numpy's solver."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import RidgeGD
from skreg._data import as_design
from skreg._solvers import normal_equations
from skreg._solvers.gradient_descent import Problem
from skreg._solvers.normal_equations import by_kernel, by_moments, on_columns, on_samples
from skreg._solvers.penalties import ElasticNet

SHAPES = {"tall": (40, 12), "wide": (12, 40)}


def problem(shape, container):
    """Return a problem of three targets, a sample without weight and a column left out."""
    rng = np.random.default_rng(0)
    X, s = rng.standard_normal(SHAPES[shape]) + 1, rng.uniform(0.5, 2, SHAPES[shape][0])
    s[3] = 0
    design = as_design(container(X), s, centre=True, standardize=False)
    factor, bound = rng.uniform(0.5, 2, X.shape[1]), np.full(X.shape[1], np.inf)
    bound[5] = 0
    penalty = ElasticNet(0 * factor, factor, -bound, bound)
    Y = rng.standard_normal((len(X), 3))
    return Problem.of(design, Y - s @ Y / s.sum(), penalty, np.array([2.0, 0.5, 2.0])), X


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("way", [by_moments, by_kernel, on_samples, on_columns])
@pytest.mark.parametrize("shape", SHAPES)
def test_solutions(shape, way, container):
    equations, X = problem(shape, container)
    s = equations.design.s
    Xc = X - s @ X / s.sum()
    on = np.arange(X.shape[1]) != 5
    g = np.random.default_rng(1).standard_normal((X.shape[1], 3)) * on[:, None]
    d, n_steps = way(equations)(g, np.full(3, 1e-13), 1000)
    for t in range(3):
        H = Xc[:, on].T @ (s[:, None] * Xc[:, on]) + np.diag(equations.penalty.ridge[on, t])
        np.testing.assert_allclose(d[on, t], np.linalg.solve(H, g[on, t]), rtol=1e-9, atol=1e-11)
    assert not d[5].any()
    assert 1 <= n_steps <= 40


@pytest.mark.parametrize("way", [on_samples, on_columns])
def test_steps_end_where_the_residual_is_short_enough(way):
    equations, X = problem("wide", np.asarray)
    g = np.random.default_rng(1).standard_normal((X.shape[1], 3))
    g[5] = 0
    d, n_steps = way(equations)(g, 1e-2 * equations.length(g), 1000)
    design = equations.design
    image = design.rmatvec(design.matvec(d)) + equations.penalty.ridge * d
    image[5] = 0
    assert np.all(equations.length(g - image) <= 1e-2 * equations.length(g) * (1 + 1e-6))
    assert n_steps < way(equations)(g, 1e-8 * equations.length(g), 1000)[1]
    assert way(equations)(g, np.zeros(3), 2)[1] == 2


@pytest.mark.parametrize(
    ("shape", "alpha", "ways"),
    [
        ("tall", 1.0, [by_moments, on_columns]),
        ("wide", 1.0, [by_kernel, on_samples, on_columns]),
        ("wide", 1e-15, [on_columns]),  # lost in rounding
        ("wide", 0.0, [on_columns]),
    ],
)
def test_the_way_depends_on_the_shape_and_the_penalty(shape, alpha, ways):
    equations, _ = problem(shape, np.asarray)
    penalty = equations.penalty._replace(ridge=alpha * equations.penalty.ridge)
    small = equations._replace(penalty=penalty)
    assert list(normal_equations.ways(small)) == ways


def useless(problem):
    return lambda g, enough, max_steps: (1e-3 * g, 1)


def impossible(problem):
    def solve(g, enough, max_steps):
        raise np.linalg.LinAlgError

    return solve


@pytest.mark.parametrize("way", [useless, impossible])
def test_a_way_that_leads_nowhere_is_left_for_the_next(way, monkeypatch):
    equations, X = problem("tall", np.asarray)
    expected = RidgeGD(tol=1e-12).fit(X, equations.y)
    assert expected.n_iter_ == 1
    monkeypatch.setattr(normal_equations, "by_moments", way)
    model = RidgeGD(tol=1e-12).fit(X, equations.y)
    assert model.n_iter_ > 3
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)
