"""Forward and backward: the gradient by finite differences, the loss, predictions."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg._network.activations import ACTIVATIONS
from skreg._network.dropout import Dropout
from skreg._network.layers import (
    Workspace,
    evaluate_all,
    initialize,
    loss_and_gradient,
    predict,
)

from . import naive
from .networks import (
    LOSSES,
    gradients,
    mask,
    small_problem,
)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_by_finite_differences_with_the_mask_held_fixed(
    activation, loss, output, sparse, masked
):
    network, X, Y, s = small_problem(loss, output, activation)
    X = sp.csr_array(X) if sparse else X
    dropout = Dropout(seed=1, epoch=3, keep_prob=(0.8, 0.5, 0.7)) if masked else None
    arguments = X, Y, s, 0.3, dropout, np.arange(100, 112)
    _, grads = gradients(network, *arguments)
    for part, gradient in zip(network.coefs + network.intercepts, grads, strict=True):
        for index in np.ndindex(part.shape):
            value, losses = part[index], []
            for step in (1e-6, -1e-6):
                part[index] = value + step
                losses.append(loss_and_gradient(network, *arguments)[0])
            part[index] = value
            assert gradient[index] == pytest.approx(np.subtract(*losses) / 2e-6, rel=1e-7, abs=1e-7)


def test_loss_against_the_formula():
    network, X, Y, s = small_problem()
    dropout = Dropout(seed=1, epoch=3, keep_prob=(0.8, 0.5, 0.7))
    multipliers = [
        mask(dropout, layer, np.arange(12), width) for layer, width in enumerate((5, 6, 4))
    ]
    loss, *_ = loss_and_gradient(network, X, Y, s, 0.3, dropout, np.arange(12))
    expected = naive.network_loss(network.coefs, network.intercepts, X, Y, s, 0.3, multipliers)
    assert loss == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("loss", "output"), LOSSES)
def test_the_mean_loss_is_that_of_the_gradient_without_penalty_and_masks(loss, output):
    network, X, Y, s = small_problem(loss, output)
    X, Y, s = (np.repeat(a, 50, axis=0) for a in (X, Y, s))  # more than a block
    expected, *_ = loss_and_gradient(network, X, Y, s, 0.0)
    assert evaluate_all(network, X, Y, s)[1] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(evaluate_all(network, X, Y, s)[0], predict(network, X))
    whole = Workspace(network, X, len(X))
    whole.gradient(X, np.arange(len(X)), Y, s, s.sum())
    parts = whole.coef_grads + whole.intercept_grads
    for one, two in zip(gradients(network, X, Y, s, 0.0)[1], parts, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-14)
    assert evaluate_all(network, sp.csr_array(X), Y, s)[1] == pytest.approx(expected, rel=1e-12)


def test_an_empty_prediction_has_the_columns_of_the_outputs():
    network, X, _, _ = small_problem()
    assert predict(network, X[:0]).shape == (0, 3)
    draws = np.random.RandomState(0)
    network = initialize((5, 200, 200, 3), "relu", "softmax", "log_loss", X.dtype, draws)
    for none in (X[:0], sp.csr_array(X[:0])):  # with lists of active units
        assert predict(network, none).shape == (0, 3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_initial_bounds(activation):
    network = initialize(
        (50, 40, 30), activation, "softmax", "log_loss", np.float64, np.random.RandomState(0)
    )
    glorot = np.sqrt((2 if activation == "logistic" else 6) / 90)
    he = activation in ("relu", "leaky_relu", "gelu")
    assert np.abs(network.coefs[0]).max() == pytest.approx(
        np.sqrt(6 / 50) if he else glorot, rel=0.01
    )
    assert np.abs(network.intercepts[0]).max() == pytest.approx(glorot, rel=0.2)
    assert np.abs(network.intercepts[0]).max() < glorot


def test_passes_with_masks_differ_and_their_mean_is_that_of_a_linear_network():
    network, X, _, _ = small_problem("squared_error", "identity", "identity")
    samples = np.arange(12)
    passes = [
        predict(network, X, Dropout(0, epoch, (0.8, 0.5, 0.5)), samples) for epoch in range(4000)
    ]
    assert not np.array_equal(passes[0], passes[1])
    error = np.std(passes, axis=0) / np.sqrt(len(passes))
    assert np.abs((np.mean(passes, axis=0) - predict(network, X)) / error).max() < 5
