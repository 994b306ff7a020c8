"""Losses and the functions of the output layer, against their formulas."""

import numpy as np
import pytest

from skreg._network.activations import OUTPUTS
from skreg._network.layers import (
    evaluate_all,
    predict,
)

from .networks import (
    LOSSES,
    small_problem,
)


def test_losses_against_their_formulas():
    for loss, output in LOSSES[2:]:
        network, X, Y, s = small_problem(loss, output)
        error = predict(network, X) - Y
        size = np.abs(error)
        logs = np.log(np.maximum(Y, 1) / np.abs(predict(network, X)))
        expected = {
            "squared_error": error**2 / 2,
            "absolute_error": size,
            "huber": np.where(size <= 1.35, error**2 / 2, 1.35 * (size - 1.35 / 2)),
            "poisson": Y * logs + error,
        }[loss]
        expected = np.average(expected.sum(axis=1), weights=s)
        assert evaluate_all(network, X, Y, s)[1] == pytest.approx(expected, rel=1e-12)


def test_outputs():
    z = np.array([[1.0, 2.0]])
    np.testing.assert_allclose(OUTPUTS["softmax"](z), np.exp(z) / np.exp(z).sum())
    np.testing.assert_allclose(OUTPUTS["logistic"](z), 1 / (1 + np.exp(-z)))
    np.testing.assert_allclose(OUTPUTS["exp"](z), np.exp(z))
    np.testing.assert_allclose(OUTPUTS["identity"](z), z)
