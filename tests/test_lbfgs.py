"""Full batches by L-BFGS."""

import numpy as np
import pytest

from skreg._network.layers import (
    initialize,
)
from skreg._network.lbfgs import minimise

from .networks import (
    LOSSES,
    gradients,
    small_problem,
)


@pytest.mark.parametrize(("loss", "output"), LOSSES[:3] + LOSSES[4:])
def test_lbfgs_reaches_the_optimum_of_a_convex_problem(loss, output):
    _, X, Y, s = small_problem(loss, output)
    network = initialize(
        (5, Y.shape[1]), "relu", output, loss, np.float64, np.random.RandomState(0)
    )
    losses, n_iter, converged, message, _ = minimise(network, X, Y, s, 0.5, 1000, 1e-6)
    assert converged, message
    assert len(losses) == n_iter
    assert np.all(np.diff(losses) <= 0)
    loss, grads = gradients(network, X, Y, s, 0.5)
    assert loss == losses[-1]
    assert max(np.abs(g).max() for g in grads) < 1e-4


def test_lbfgs_stops_at_max_iter_and_keeps_the_dtype():
    network, X, Y, s = small_problem(dtype=np.float32)
    losses, n_iter, converged, *_ = minimise(network, X, Y, s, 0.5, 3, 1e-6)
    assert (len(losses), n_iter, converged) == (3, 3, False)
    assert {p.dtype for p in network.coefs + network.intercepts} == {np.dtype(np.float32)}
