"""The engine of the network: gradients by finite differences, masks, steps, schedules."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skreg._network import layers, narrow
from skreg._network.activations import ACTIVATIONS, OUTPUTS
from skreg._network.active import ActiveUnits
from skreg._network.dropout import Dropout
from skreg._network.epochs import Data, Settings, run_epoch
from skreg._network.layers import (
    evaluate_all,
    initialize,
    loss_and_gradient,
    predict,
    predict_dropped,
)
from skreg._network.lbfgs import minimise
from skreg._network.loops import train_narrow
from skreg._network.optimizers import SGD, Adam, Optimizer
from skreg._network.schedules import schedule
from skreg._numba import dispatcher

from . import naive

LOSSES = [
    ("log_loss", "softmax"),
    ("log_loss", "logistic"),
    ("squared_error", "identity"),
    ("absolute_error", "identity"),
    ("huber", "identity"),
    ("poisson", "exp"),
]
SETTINGS = Settings(
    alpha=0.0,
    weight_decay=0.0,
    keep_prob=(1.0, 1.0, 1.0),
    max_norm=None,
    clip_norm=None,
    batch_size=4,
    shuffle=False,
    seed=1,
)


def small_problem(loss="log_loss", output="softmax", activation="relu", dtype=np.float64):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((12, 5))
    Y = np.eye(3)[rng.randint(0, 3, 12)] if output == "softmax" else rng.randint(0, 2, (12, 2))
    if output in ("identity", "exp"):
        Y = rng.poisson(2.0, (12, 2))
    s = rng.uniform(0.2, 2, 12)
    network = initialize((5, 6, 4, Y.shape[1]), activation, output, loss, dtype, rng)
    return network, X.astype(dtype), Y.astype(dtype), s.astype(dtype)


def mask(dropout, layer, samples, n_units):
    """Return the multipliers of a layer."""
    M = np.empty((len(samples), n_units))
    dropout.fill(layer, samples, M)
    return M


def gradients(network, *arguments):
    loss, coef_grads, intercept_grads = loss_and_gradient(network, *arguments)
    return loss, coef_grads + intercept_grads


def copy(network):
    return network._replace(
        coefs=[W.copy() for W in network.coefs], intercepts=[b.copy() for b in network.intercepts]
    )


def start_sgd(network, momentum=0.0, nesterov=False):
    return Optimizer.start(SGD(momentum, nesterov), network.coefs + network.intercepts)


def start_adam(network):
    return Optimizer.start(Adam(0.9, 0.999, 1e-8), network.coefs + network.intercepts)


def train(network, optimizer, X, Y, s, settings, n_epochs=1, rate=0.01):
    """Return the mean loss of each epoch and the optimizer."""
    losses, rng, data = [], np.random.RandomState(0), Data(X, Y, s)
    for epoch in range(n_epochs):
        loss, optimizer, _ = run_epoch(
            network, optimizer, data, settings, epoch, rng, lambda step: rate
        )
        losses.append(loss)
    return losses, optimizer


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


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lists_of_active_units_give_the_products_of_blas(activation, sparse, monkeypatch):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((37, 50)) * (rng.uniform(size=(37, 50)) < 0.3)
    Y, s = np.eye(10)[rng.randint(0, 10, 37)], rng.uniform(0.5, 2, 37)
    network = initialize((50, 130, 140, 10), activation, "softmax", "log_loss", np.float64, rng)
    dropout = Dropout(seed=1, epoch=3, keep_prob=(0.8, 0.5, 0.3))
    results = []
    for highest in (2.0, 0.0):  # always, never
        monkeypatch.setattr(layers, "ONE", highest)
        monkeypatch.setattr(layers, "BOTH", highest)
        batch = sp.csr_array(X) if sparse and highest else X
        results.append(gradients(network, batch, Y, s, 0.1, dropout, np.arange(37)))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-12)
    for one, two in zip(results[0][1], results[1][1], strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


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
def test_the_mean_loss_is_that_of_the_gradient_without_penalty_and_masks(loss, output, monkeypatch):
    network, X, Y, s = small_problem(loss, output)
    X, Y, s = (np.repeat(a, 50, axis=0) for a in (X, Y, s))  # more than a block
    expected, *_ = loss_and_gradient(network, X, Y, s, 0.0)
    assert evaluate_all(network, X, Y, s)[1] == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(evaluate_all(network, X, Y, s)[0], predict(network, X))
    whole = gradients(network, X, Y, s, 0.0)[1]
    monkeypatch.setattr(layers, "ROWS_AT_A_TIME", 1000)
    for one, two in zip(whole, gradients(network, X, Y, s, 0.0)[1], strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-14)
    assert evaluate_all(network, sp.csr_array(X), Y, s)[1] == pytest.approx(expected, rel=1e-12)


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


@pytest.mark.parametrize("keep_prob", [0.2, 0.5, 0.9])
def test_inverted_mask_has_mean_one_and_the_variance_of_a_coin(keep_prob):
    A = mask(Dropout(7, 2, (keep_prob,)), 0, np.arange(4000), 500)
    assert set(np.unique(A)) == {0, 1 / keep_prob}
    variance = (1 - keep_prob) / keep_prob
    error = np.sqrt(variance / A.size)
    assert abs(A.mean() - 1) < 5 * error
    assert A.var() == pytest.approx(variance, rel=0.01)
    for axis in (0, 1):  # no unit and no sample is favoured
        spread = A.mean(axis=axis).std() / np.sqrt(variance / A.shape[axis])
        assert spread == pytest.approx(1, abs=0.1)
    for one, two in ((A[:, :-1], A[:, 1:]), (A[:-1], A[1:])):  # neighbours are independent
        covariance = np.mean((one - 1) * (two - 1)) / variance
        assert abs(covariance) < 5 / np.sqrt(one.size)


def test_masks_depend_on_seed_epoch_sample_layer_and_unit_and_on_nothing_else():
    samples = np.arange(50)

    def kept(seed=1, epoch=1, layer=1, samples=samples):
        return mask(Dropout(seed, epoch, (0.5, 0.5, 0.5)), layer, samples, 40)

    base = kept()
    np.testing.assert_array_equal(base, kept())
    np.testing.assert_array_equal(base[[9, 3, 30]], kept(samples=samples[[9, 3, 30]]))
    for other in (kept(seed=2), kept(epoch=2), kept(layer=2), kept(samples=samples + 1)):
        assert 0.4 < np.mean(base == other) < 0.6


def test_sparse_and_dense_inputs_have_the_same_masks():
    rng = np.random.RandomState(0)
    X = sp.csr_array(rng.uniform(size=(20, 30)) * (rng.uniform(size=(20, 30)) < 0.3))
    dropout, rows = Dropout(5, 0, (0.6,)), np.arange(7, 20)
    units = ActiveUnits(13, 30, X.nnz, X.dtype)
    units.read_sparse(X, rows, dropout, rows)
    n_entries = units.row_start[13]
    lists = units.row_value[:n_entries], units.unit[:n_entries], units.row_start
    dense = X.toarray()[rows] * mask(dropout, 0, rows, 30)
    np.testing.assert_array_equal(sp.csr_array(lists, shape=(13, 30)).toarray(), dense)


def test_all_is_kept_with_probability_one_and_little_with_a_small_one():
    assert mask(Dropout(0, 0, (1.0,)), 0, np.arange(100), 1000).min() == 1
    units = ActiveUnits(2000, 40, 80_000, np.dtype(float))
    X, rows = sp.csr_array(np.ones((2000, 40))), np.arange(2000)
    for keep_prob, bounds in ((1.0, (80_000, 80_000)), (1e-3, (40, 130)), (1e-12, (0, 0))):
        units.read_sparse(X, rows, Dropout(0, 0, (keep_prob,)), rows)
        assert bounds[0] <= units.row_start[2000] <= bounds[1]


def test_expectations_stand_at_prediction():
    """The mean of a layer under many masks is that without a mask."""
    samples = np.arange(20)
    masks = [mask(Dropout(0, epoch, (0.5,)), 0, samples, 64) for epoch in range(1000)]
    error = np.std(masks, axis=0) / np.sqrt(len(masks))
    assert np.abs((np.mean(masks, axis=0) - 1) / error).max() < 6


def test_passes_with_masks_differ_and_their_mean_is_that_of_a_linear_network():
    network, X, _, _ = small_problem("squared_error", "identity", "identity")
    samples = np.arange(12)
    passes = [
        predict_dropped(network, X, Dropout(0, epoch, (0.8, 0.5, 0.5)), samples)
        for epoch in range(4000)
    ]
    assert not np.array_equal(passes[0], passes[1])
    error = np.std(passes, axis=0) / np.sqrt(len(passes))
    assert np.abs((np.mean(passes, axis=0) - predict(network, X)) / error).max() < 5


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("hidden", [(20, 15), (150, 130)])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_epochs_are_those_of_scikit_learn(activation, hidden, solver, weighted):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300] / 16, y[:300]
    s = np.random.RandomState(0).uniform(0.5, 2, 300) if weighted else None
    options = {"activation": activation, "solver": solver, "alpha": 0.1, "batch_size": 40}
    rates = {"sgd": 0.1, "adam": 0.003}
    peer = MLPClassifier(hidden, shuffle=False, learning_rate_init=rates[solver], **options)
    peer.set_params(max_iter=1, random_state=0).partial_fit(X, y, classes=range(10))
    network = initialize(
        (64, *hidden, 10), activation, "softmax", "log_loss", np.float64, np.random.RandomState(1)
    )
    peer.coefs_ = [W.copy() for W in network.coefs]
    peer.intercepts_ = [b.copy() for b in network.intercepts]
    del peer._optimizer
    optimizer = start_adam(network) if solver == "adam" else start_sgd(network, 0.9, True)
    settings = SETTINGS._replace(alpha=0.1, batch_size=40)
    weights = np.ones(300) if s is None else s
    losses, _ = train(network, optimizer, X, np.eye(10)[y], weights, settings, 3, rates[solver])
    for _ in range(3):
        peer.partial_fit(X, y, sample_weight=s)
    parameters = zip(
        network.coefs + network.intercepts, peer.coefs_ + peer.intercepts_, strict=True
    )
    for ours, theirs in parameters:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
    if not weighted:  # scikit-learn averages batches by size, not weight
        assert losses == pytest.approx(peer.loss_curve_[-3:], rel=1e-10)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_regression_epochs_are_those_of_scikit_learn(loss):
    X, y = load_digits(return_X_y=True)
    X, y = X[:300] / 16, y[:300] * 1.0
    peer = MLPRegressor(loss, (20,), shuffle=False, learning_rate_init=0.003, alpha=0.1)
    peer.set_params(max_iter=1, random_state=0, batch_size=40).partial_fit(X, y)
    output = "exp" if loss == "poisson" else "identity"
    network = initialize((64, 20, 1), "relu", output, loss, np.float64, np.random.RandomState(1))
    peer.coefs_ = [W.copy() for W in network.coefs]
    peer.intercepts_ = [b.copy() for b in network.intercepts]
    del peer._optimizer
    settings = SETTINGS._replace(alpha=0.1, batch_size=40, keep_prob=(1.0, 1.0))
    Y = y[:, None]
    losses, _ = train(network, start_adam(network), X, Y, np.ones(300), settings, 3, 0.003)
    for _ in range(3):
        peer.partial_fit(X, y)
    parameters = zip(
        network.coefs + network.intercepts, peer.coefs_ + peer.intercepts_, strict=True
    )
    for ours, theirs in parameters:
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
    assert losses == pytest.approx(peer.loss_curve_[-3:], rel=1e-10)


@pytest.mark.parametrize("solver", ["sgd", "nesterov", "adam"])
def test_an_epoch_is_the_formulas_of_the_papers(solver):
    network, X, Y, s = small_problem()
    settings = SETTINGS._replace(
        alpha=0.2, weight_decay=0.5, keep_prob=(0.8, 0.5, 0.7), max_norm=1.5, clip_norm=0.1
    )
    start = {
        "sgd": lambda n: start_sgd(n, 0.9),
        "nesterov": lambda n: start_sgd(n, 0.9, True),
        "adam": start_adam,
    }[solver]
    trained = copy(network)
    train(trained, start(trained), X, Y, s, settings, rate=0.1)
    parts = network.coefs + network.intercepts
    m, v = ([np.zeros_like(p) for p in parts] for _ in range(2))
    for t in range(1, 4):
        rows = np.arange(4 * t - 4, 4 * t)
        dropout = Dropout(1, 0, settings.keep_prob)
        _, grads = gradients(network, X[rows], Y[rows], s[rows], 0.2, dropout, rows)
        norm = np.sqrt(sum(np.sum(g**2) for g in grads))
        assert norm > 0.1
        for k, (p, g) in enumerate(zip(parts, grads, strict=True)):
            g = g * 0.1 / norm
            if p.ndim == 2:
                p -= 0.1 * 0.5 * p
            if solver == "adam":
                m[k] = 0.9 * m[k] + 0.1 * g
                v[k] = 0.999 * v[k] + 0.001 * g**2
                p -= (
                    0.1
                    * (m[k] / (1 - 0.9**t))
                    / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8 / np.sqrt(1 - 0.999**t))
                )
            else:
                m[k] = 0.9 * m[k] - 0.1 * g
                p += 0.9 * m[k] - 0.1 * g if solver == "nesterov" else m[k]
        for W in network.coefs[:-1]:
            W *= np.minimum(1, 1.5 / np.linalg.norm(W, axis=0))
    for one, two in zip(trained.coefs + trained.intercepts, parts, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
@pytest.mark.parametrize("activation", ["identity", "relu", "leaky_relu"])
def test_narrow_networks_are_trained_as_wide_ones(activation, loss, output, solver, monkeypatch):
    settings = SETTINGS._replace(
        alpha=0.2,
        weight_decay=0.1,
        keep_prob=(0.8, 0.5, 0.7),
        max_norm=1.5,
        clip_norm=0.5,
        batch_size=5,
        shuffle=True,
    )
    trained = []
    for narrowly in (True, False):
        monkeypatch.setattr(narrow, "is_narrow", lambda *_, answer=narrowly: answer)
        network, X, Y, s = small_problem(loss, output, activation)
        s[::3] = 0
        optimizer = start_adam(network) if solver == "adam" else start_sgd(network, 0.9, True)
        losses, optimizer = train(network, optimizer, X, Y, s, settings, 3)
        parameters = network.coefs + network.intercepts
        trained.append([np.array(losses), *parameters, *optimizer.averages])
    for one, two in zip(*trained, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("narrowly", [False, True])
def test_float32_stays_close_to_float64(narrowly, solver, monkeypatch):
    monkeypatch.setattr(narrow, "is_narrow", lambda *_: narrowly)
    trained = []
    for dtype in (np.float32, np.float64):
        network, X, Y, s = small_problem(dtype=np.float32)
        network, X, Y, s = copy(network), X.astype(dtype), Y.astype(dtype), s.astype(dtype)
        network = network._replace(
            coefs=[W.astype(dtype) for W in network.coefs],
            intercepts=[b.astype(dtype) for b in network.intercepts],
        )
        settings = SETTINGS._replace(alpha=0.1, keep_prob=(0.8, 0.5, 0.7), max_norm=1.5)
        optimizer = start_adam(network) if solver == "adam" else start_sgd(network, 0.9)
        train(network, optimizer, X, Y, s, settings, 20)
        trained.append(network.coefs + network.intercepts)
    for one, two in zip(*trained, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, two, atol=2e-5)


def test_the_optimizer_counts_steps_for_the_schedule():
    network, X, Y, s = small_problem()
    steps = []

    def rate_of_step(step):
        steps.append(step)
        return 0.1

    optimizer, data = start_adam(network), Data(X, Y, s)
    for epoch in range(2):
        _, optimizer, _ = run_epoch(
            network, optimizer, data, SETTINGS, epoch, np.random.RandomState(0), rate_of_step
        )
    assert steps == list(range(6))
    assert optimizer.t == 6


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


def test_outputs():
    z = np.array([[1.0, 2.0]])
    np.testing.assert_allclose(OUTPUTS["softmax"](z), np.exp(z) / np.exp(z).sum())
    np.testing.assert_allclose(OUTPUTS["logistic"](z), 1 / (1 + np.exp(-z)))
    np.testing.assert_allclose(OUTPUTS["exp"](z), np.exp(z))
    np.testing.assert_allclose(OUTPUTS["identity"](z), z)


@pytest.mark.parametrize("kind", [np.array, np.asfortranarray])
def test_the_kernel_of_an_epoch_is_compiled_once(kind):
    network, X, Y, s = small_problem()
    X = kind(X)
    for writeable in (True, False):
        X.flags.writeable = writeable
        optimizer = start_sgd(network, 0.9, True)
        rng, rate = np.random.RandomState(0), schedule("constant", 0.1)
        run_epoch(network, optimizer, Data(X, Y, s), SETTINGS, 0, rng, rate)
    loop = dispatcher(train_narrow.__wrapped__)
    if hasattr(loop, "signatures"):  # not under NUMBA_DISABLE_JIT
        assert sum(signature[0][0].dtype.bitwidth == 64 for signature in loop.signatures) == 1
