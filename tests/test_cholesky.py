"""The factor of columns that come and go, against numpy's solver."""

import numpy as np
import pytest

from skreg._solvers.cholesky import Factor, capacity


def gram(n, p, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, p))
    G = np.zeros((p + 3, p + 3))  # room to grow
    G[:p, :p] = X.T @ X
    return G


def mask(p, active):
    wanted = np.zeros(p, dtype=bool)
    wanted[list(active)] = True
    return wanted


@pytest.mark.parametrize("p", [1, 7, 60, 300])
def test_solutions_stay_exact_while_columns_come_and_go(p):
    rng, G, factor = np.random.default_rng(0), gram(2 * p, p), Factor()
    active = set()
    for _ in range(60):
        active ^= set(rng.integers(0, p, rng.integers(0, max(2, p // 8))).tolist())
        factor.follow(G, mask(p, active))
        assert set(factor.active.tolist()) == active
        g = rng.standard_normal(len(active))
        block = G[np.ix_(factor.active, factor.active)]
        residual = block @ factor.solve(G, g)[0] - g
        assert np.abs(residual).max(initial=0) <= 1e-10
        R = np.triu(factor.R[: len(active), : len(active)])
        np.testing.assert_allclose(R.T @ R, block, atol=1e-11 * np.abs(G).max())


@pytest.mark.parametrize("position", [0, 4, 9])
def test_one_deletion(position):
    G, factor = gram(30, 10), Factor()
    factor.follow(G, mask(10, range(10)))
    rest = [j for j in range(10) if j != position]
    factor.follow(G, mask(10, rest))
    assert factor.active.tolist() == rest
    expected = np.linalg.solve(G[np.ix_(rest, rest)], np.ones(9))
    np.testing.assert_allclose(factor.solve(G, np.ones(9))[0], expected, rtol=1e-10)


def test_dependent_columns_are_lifted_a_little():
    G, factor = gram(3, 8), Factor()  # rank 3
    factor.follow(G, mask(8, range(8)))
    block = G[np.ix_(factor.active, factor.active)]
    d, slope = factor.solve(G, block @ np.arange(8.0))
    assert np.count_nonzero(factor.jitter) == 5
    np.testing.assert_allclose(slope, block @ d, rtol=1e-9)
    np.testing.assert_allclose(block @ d, block @ np.arange(8.0), rtol=1e-4)
    factor.follow(G, mask(8, [0, 1, 7]))  # independent again
    expected = np.linalg.solve(G[np.ix_(factor.active, factor.active)], [1.0, 2, 3])
    np.testing.assert_allclose(factor.solve(G, np.array([1.0, 2, 3]))[0], expected, rtol=1e-3)


@pytest.mark.parametrize("at_a_time", [1, 7, 120])
@pytest.mark.parametrize("spread", [1, 1e-2, 1e-4])
def test_rounding_does_not_grow_in_the_factor_of_more_columns_than_samples(spread, at_a_time):
    """Few factors and a little noise: pivots fall smoothly into rounding, as on microarrays."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 5)) @ rng.standard_normal((5, 120))
    X += spread * rng.standard_normal(X.shape)
    X -= X.mean(axis=0)
    G, factor, order = X.T @ X, Factor(), rng.permutation(120)
    for last in (*range(at_a_time, 120, at_a_time), 120):
        factor.follow(G, mask(120, order[:last]))
        block = G[np.ix_(factor.active, factor.active)]
        R, norms = np.triu(factor.R[:last, :last]), np.sqrt(block.diagonal())
        error = R.T @ R - block - np.diag(factor.jitter)
        assert np.abs(error / np.multiply.outer(norms, norms)).max() < 1e-8
    assert np.count_nonzero(factor.jitter) == 120 - 39


def test_a_change_of_the_matrix_is_followed_after_forgetting():
    G, factor = gram(30, 6), Factor()
    factor.follow(G, mask(6, range(6)))
    G[np.arange(6), np.arange(6)] += 5
    factor.forget()
    factor.follow(G, mask(6, range(6)))
    expected = np.linalg.solve(G[:6, :6], np.ones(6))
    np.testing.assert_allclose(factor.solve(G, np.ones(6))[0], expected)


def test_capacities_grow_and_are_no_powers_of_two():
    sizes = [capacity(size) for size in range(5000)]
    assert all(room >= size for size, room in enumerate(sizes))
    assert not any(room & (room - 1) == 0 for room in sizes)
