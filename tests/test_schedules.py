"""Learning rates as functions of the step."""

import math

import numpy as np

from skreg._network.schedules import schedule


def test_schedules_against_their_formulas():
    steps = np.arange(100)

    def rates(kind, **options):
        return [schedule(kind, 0.3, n_steps=100, **options)(step) for step in steps]

    np.testing.assert_allclose(rates("constant"), 0.3)
    np.testing.assert_allclose(rates("invscaling", power_t=0.7), 0.3 / (steps + 1) ** 0.7)
    np.testing.assert_allclose(rates("linear"), 0.3 * (1 - steps / 100))
    np.testing.assert_allclose(rates("cosine"), 0.15 * (1 + np.cos(np.pi * steps / 100)))
    one_cycle = rates("one_cycle")
    np.testing.assert_allclose(one_cycle[:30], 0.3 * (steps[:30] + 1) / 31)
    np.testing.assert_allclose(one_cycle[30:], 0.15 * (1 + np.cos(np.pi * (steps[30:] - 30) / 70)))
    warm = rates("cosine", warmup=20)
    np.testing.assert_allclose(warm[:20], 0.3 * (steps[:20] + 1) / 21)
    np.testing.assert_allclose(warm[20:], 0.15 * (1 + np.cos(np.pi * (steps[20:] - 20) / 80)))
    assert schedule("linear", 0.3, n_steps=100)(1000) == 0
    assert schedule("constant", 0.3)(math.inf) == 0.3
