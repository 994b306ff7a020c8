"""The normal equations of ridge regression, in four ways, against numpy's solver."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import RidgeGD
from skreg._data import as_design
from skreg._solvers import normal_equations
from skreg._solvers.gradient_descent import Problem
from skreg._solvers.normal_equations import Columns, FactorOfColumns, FactorOfSamples, Samples
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


def equations(shape, container, kind):
    """Return a system, its right side, and the coefficients that solve it."""
    ridge, X = problem(shape, container)
    s, w = ridge.design.s, np.zeros((X.shape[1], 3))
    Xc, on = X - s @ X / s.sum(), np.arange(X.shape[1]) != 5
    for t, penalty in enumerate(ridge.penalty.ridge[on].T):
        H = Xc[:, on].T @ (s[:, None] * Xc[:, on]) + np.diag(penalty)
        w[on, t] = np.linalg.solve(H, Xc[:, on].T @ (s * ridge.y[:, t]))
    system = kind(ridge)
    return system, system.residual(system.begin(0 * w), ridge.at(0 * w)), w


KINDS = [Columns, FactorOfColumns, Samples, FactorOfSamples]


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_matrix])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_solutions(shape, kind, container):
    system, residual, w = equations(shape, container, kind)
    x, n_steps = system.solve(residual, np.full(3, 1e-13), 1000)
    np.testing.assert_allclose(system.coefficients(x), w, rtol=1e-9, atol=1e-11)
    assert 1 <= n_steps <= 40


@pytest.mark.parametrize("kind", [Columns, Samples])
def test_steps_end_where_the_gradient_is_short_enough(kind):
    system, residual, _ = equations("wide", np.asarray, kind)
    ridge = system.problem

    def lengths(x):
        point = ridge.at(system.coefficients(x))
        gradient = ridge.gradient(point.c, point.w)
        gradient[5] = 0
        return ridge.length(gradient)

    x, n_steps = system.solve(residual, 1e-2 * ridge.scale, 1000)
    assert np.all(lengths(x) <= 1e-2 * ridge.scale * (1 + 1e-6))
    assert n_steps < system.solve(residual, 1e-8 * ridge.scale, 1000)[1]
    assert system.solve(residual, np.zeros(3), 2)[1] == 2


@pytest.mark.parametrize(
    ("shape", "alpha", "kinds"),
    [
        ("tall", 1.0, [FactorOfColumns, Columns]),
        ("wide", 1.0, [FactorOfSamples, Samples, Columns]),
        ("wide", 0.0, [Columns]),
    ],
)
def test_the_kind_depends_on_the_shape_and_the_penalty(shape, alpha, kinds):
    ridge, _ = problem(shape, np.asarray)
    penalty = ridge.penalty._replace(ridge=alpha * ridge.penalty.ridge)
    assert list(normal_equations.systems(ridge._replace(penalty=penalty))) == kinds


class Useless(Columns):
    def solve(self, residual, enough, max_steps):
        return 1e-3 * residual, 1


class Impossible(Columns):
    def solve(self, residual, enough, max_steps):
        raise np.linalg.LinAlgError


@pytest.mark.parametrize("kind", [Useless, Impossible])
def test_a_kind_that_leads_nowhere_is_left_for_the_next(kind, monkeypatch):
    ridge, X = problem("tall", np.asarray)
    expected = RidgeGD(tol=1e-12).fit(X, ridge.y)
    assert expected.n_iter_ == 1
    monkeypatch.setattr(normal_equations, "FactorOfColumns", kind)
    model = RidgeGD(tol=1e-12).fit(X, ridge.y)
    assert model.n_iter_ > 3
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-9)


@pytest.mark.parametrize("alpha", [1e-8, 1.0])
def test_a_small_penalty_on_wide_data_costs_no_digits(alpha):
    _, X = problem("wide", np.asarray)
    y = X[:, 0] + X[:, 7]
    model = RidgeGD(alpha, fit_intercept=False).fit(X, y)
    expected = X.T @ np.linalg.solve(X @ X.T + alpha * np.eye(len(X)), y)
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-8, atol=1e-12)
    assert model.n_iter_ <= 2
