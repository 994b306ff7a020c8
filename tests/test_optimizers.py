"""Rules of steps."""

import numpy as np
import pytest

from skreg._network.optimizers import SGD, Adam, Optimizer


@pytest.mark.parametrize("rule", [SGD(0.9, True), SGD(0.9, False), Adam(0.9, 0.999, 1e-8)])
def test_optimizers_minimise_a_quadratic(rule):
    curvature, w = np.array([1.0, 10.0, 30.0]), np.ones(3)
    state = Optimizer.start(rule, [w])
    for _ in range(2000):
        state = state.update([w], [curvature * w], 0.01)
    assert np.abs(w).max() < 1e-6


def test_first_step_of_adam_has_the_length_of_the_learning_rate():
    w = np.zeros(3)
    state = Optimizer.start(Adam(0.9, 0.999, 1e-12), [w])
    state.update([w], [np.array([1e-3, -5.0, 100.0])], 0.1)
    np.testing.assert_allclose(w, [-0.1, 0.1, -0.1], rtol=1e-6)
