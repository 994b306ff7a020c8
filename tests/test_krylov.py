"""Shifted systems against numpy's solver."""

import numpy as np
import pytest

from skreg._solvers.krylov import BLOCK, Krylov, solve_preconditioned, solve_shifted

SHIFTS = np.array([[1e-3, 1.0, 1e3], [0.0, 2.0, 5.0]])


def system(n=60, smallest=1e-2):
    """Return a positive definite matrix and two right sides."""
    rng = np.random.default_rng(0)
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = Q * np.geomspace(smallest, 10, n) @ Q.T
    return (A + A.T) / 2, rng.standard_normal((n, 2))


def until(size):
    return lambda krylov: krylov.residual <= size


def test_every_shift_of_every_right_side_is_solved():
    A, b = system()
    x, n_steps = solve_shifted(A.__matmul__, b, SHIFTS, until(1e-10), 1000)
    assert n_steps > 2 * BLOCK  # directions were carried from block to block
    for t in range(2):
        for k, shift in enumerate(SHIFTS[t]):
            expected = np.linalg.solve(A + shift * np.eye(len(A)), b[:, t])
            np.testing.assert_allclose(x[:, t, k], expected, rtol=1e-8, atol=1e-10)


def test_the_steps_are_those_of_the_hardest():
    A, b = system()
    alone = solve_shifted(A.__matmul__, b[:, 1:], SHIFTS[1:, :1], until(1e-6), 1000)[1]
    easy = solve_shifted(A.__matmul__, b[:, 1:], SHIFTS[1:, 2:], until(1e-6), 1000)[1]
    assert easy < solve_shifted(A.__matmul__, b[:, 1:], SHIFTS[1:], until(1e-6), 1000)[1] == alone


@pytest.mark.parametrize("n_steps", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_residuals_and_energies_are_what_they_are_called(n_steps):
    A, b = system(smallest=2)  # so that the vectors stay orthogonal
    seen = []

    def watch(krylov):
        seen.append((krylov.residual.copy(), krylov.energy.copy()))
        return np.zeros_like(SHIFTS, bool)

    x, taken = solve_shifted(A.__matmul__, b, SHIFTS, watch, n_steps)
    assert taken == n_steps
    left = b[:, :, None] - np.tensordot(A, x, 1) - SHIFTS * x
    residual, energy = seen[-1]
    np.testing.assert_allclose(np.linalg.norm(left, axis=0), residual, rtol=1e-6, atol=1e-11)
    np.testing.assert_allclose(np.einsum("it,itk->tk", b, x), energy, rtol=1e-9)


def test_what_is_done_stays_as_it_is():
    A, b = system(smallest=2)
    x, _ = solve_shifted(A.__matmul__, b, SHIFTS, until(1e-3), 1000)
    for t in range(2):
        for k in range(3):
            part = slice(k, k + 1)
            some = SHIFTS[t : t + 1, part]
            alone, _ = solve_shifted(A.__matmul__, b[:, t : t + 1], some, until(1e-3), 1000)
            np.testing.assert_allclose(x[:, t, k], alone[:, 0, 0], rtol=1e-9, atol=1e-12)


def test_nothing_is_asked_where_there_is_nothing_to_solve():
    x, n_steps = solve_shifted(None, np.zeros((7, 2)), SHIFTS, until(0), 1000)
    assert n_steps == 0
    assert not x.any()


def test_an_invariant_space_ends_the_steps():
    A, b = np.diag([1.0, 1, 1, 4, 4]), np.arange(10.0).reshape(5, 2)
    x, n_steps = solve_shifted(A.__matmul__, b, SHIFTS, until(1e-12), 1000)
    assert n_steps <= 3
    np.testing.assert_allclose(x, b[:, :, None] / (np.diag(A)[:, None, None] + SHIFTS), rtol=1e-12)


@pytest.mark.parametrize("shift", [0.0, -1.0])
def test_a_matrix_that_is_not_positive_definite_yields_no_nan(shift):
    A = np.diag([0.0, 0, 1, 2, 3])
    x, _ = solve_shifted(A.__matmul__, np.ones((5, 1)), np.array([[shift]]), until(1e-12), 50)
    assert np.all(np.isfinite(x))


def test_energies_come_from_below_without_solutions():
    A, b = system(smallest=1e-4)
    krylov, last = Krylov(A.__matmul__, b, SHIFTS), 0.0
    for _ in range(400):
        krylov.advance()
        krylov.turn()
        assert np.all(krylov.energy >= last)  # rounding delays them, but they never fall
        last = krylov.energy.copy()
    for t in range(2):
        exact = [b[:, t] @ np.linalg.solve(A + s * np.eye(60), b[:, t]) for s in SHIFTS[t]]
        np.testing.assert_allclose(last[t], exact, rtol=1e-7)


@pytest.mark.parametrize("shape", [(60, 1), (20, 3)])
def test_a_diagonal_preconditions_arrays(shape):
    A, b = system(smallest=1)
    uneven, b = np.geomspace(1e-3, 1e3, 60), b[:, 0].reshape(shape)
    A = uneven[:, None] * A * uneven
    n_steps, diagonal = [], A.diagonal().reshape(shape)

    def product(x):
        n_steps.append(1)
        return (A @ x.ravel()).reshape(shape)

    x = solve_preconditioned(product, b, diagonal, tol=1e-11)
    expected = np.linalg.solve(A, b.ravel()).reshape(shape)
    np.testing.assert_allclose(x * uneven.reshape(shape), expected * uneven.reshape(shape), 1e-6)
    assert len(n_steps) < 60  # without, more than 200


def test_steps_end_where_columns_depend_on_one_another():
    X = np.random.default_rng(0).standard_normal((30, 10))
    X = np.c_[X, X]
    G, b = X.T @ X, X.T @ np.arange(30.0)[:, None] + 1e-7 * np.arange(20.0)[:, None]
    x = solve_preconditioned(G.__matmul__, b, G.diagonal()[:, None], tol=1e-14)
    np.testing.assert_allclose(X @ x, X @ np.linalg.lstsq(X, np.arange(30.0))[0][:, None], 1e-5)
    assert np.abs(x).max() < 10
