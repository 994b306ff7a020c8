"""Epochs of minibatches: those of scikit-learn, of the papers, and of the compiled loop."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from skreg._network import fused, loops
from skreg._network.crew import Crew
from skreg._network.dropout import Dropout
from skreg._network.epochs import Data, run_batches, run_epoch
from skreg._network.layers import (
    initialize,
)
from skreg._network.loops import train_fused
from skreg._network.schedules import schedule
from skreg._numba import dispatcher
from skreg._threads import ALONE, Team

from .networks import (
    LOSSES,
    SETTINGS,
    copy,
    gradients,
    small_problem,
    start_adam,
    start_sgd,
    train,
)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_epochs_of_wide_layers_are_those_of_scikit_learn(activation, solver, weighted):
    """Narrow ones, and other losses, are those of test_mlp_agreement.py."""
    hidden = (150, 130)
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


def train_by(run, network, optimizer, data, settings, n_epochs):
    """Return the sum of the losses of each epoch, whose batches are run in a given way."""
    losses, rng = [], np.random.RandomState(0)
    for epoch in range(n_epochs):
        order = rng.permutation(12) if settings.shuffle else np.arange(12)
        batches = np.split(order, range(settings.batch_size, 12, settings.batch_size))
        dropout = Dropout(settings.seed, epoch, settings.keep_prob)
        loss, optimizer = run(
            network, optimizer, data, settings, dropout, batches, lambda step: 0.01
        )
        losses.append(loss)
    return losses, optimizer


def fused_by(*listed):
    """Return the run of batches in the compiled loop, with the units of some layers listed."""
    return partial(fused.run_batches, listed=listed)


RUNS = {
    "wide": run_batches,
    "narrow": fused_by(False, False, False),
    "listed": fused_by(True, True, True),
    "some listed": fused_by(True, False, False),
    "others listed": fused_by(False, True, False),
}


def trained_by(run, dropped, loss, output, activation, solver, team=ALONE):
    """Return the losses, the parameters and the averages after three epochs with all settings."""
    settings = SETTINGS._replace(
        alpha=0.2,
        weight_decay=0.1,
        keep_prob=(0.8, 0.5, 0.7) if dropped else (1.0, 1.0, 1.0),
        max_norm=1.5,
        clip_norm=0.5,
        batch_size=5,
        shuffle=True,
        team=team,
    )
    network, X, Y, s = small_problem(loss, output, activation)
    s[::3] = 0
    optimizer = start_adam(network) if solver == "adam" else start_sgd(network, 0.9, True)
    losses, optimizer = train_by(run, network, optimizer, Data(X, Y, s), settings, 3)
    return [np.array(losses), *network.parameters, *optimizer.averages]


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize(("loss", "output"), LOSSES)
@pytest.mark.parametrize("activation", ["identity", "relu", "leaky_relu"])
@pytest.mark.parametrize("dropped", [True, False])
def test_the_compiled_loop_trains_as_numpy_does(dropped, activation, loss, output, solver):
    problem = dropped, loss, output, activation, solver
    expected, *others = (trained_by(run, *problem) for run in RUNS.values())
    for trained in others:
        for one, two in zip(trained, expected, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("kind", [Team, lambda n: Crew(Team(n))], ids=["team", "crew"])
def test_threads_that_share_steps_change_no_bit(kind, run):
    problem = True, "log_loss", "softmax", "relu", "adam"
    alone = trained_by(RUNS[run], *problem)
    for n_threads in (2, 3, 4):
        for one, two in zip(
            alone, trained_by(RUNS[run], *problem, team=kind(n_threads)), strict=True
        ):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("max_norm", [None, 1.5])
@pytest.mark.parametrize("clip_norm", [None, 0.5])
@pytest.mark.parametrize("listed", [(True, True, False), (True, True, True), (False,) * 3])
def test_the_tasks_of_a_step_do_everything_once(listed, clip_norm, max_norm):
    """Each kind covers its range, and what needs others comes after them."""
    rng = np.random.RandomState(0)
    network = initialize((300, 200, 140, 10), "relu", "softmax", "log_loss", float, rng)
    settings = SETTINGS._replace(clip_norm=clip_norm, max_norm=max_norm)
    table = fused.table_of(network, listed, 60, settings)
    n_parameters = sum(p.size for p in network.parameters)
    lengths = {(loops.ROWS, 0): 60, (loops.STEP, 0): n_parameters}
    lengths |= {(loops.UNITS, layer): network.units[layer] for layer in range(3)}
    if clip_norm:
        lengths[loops.NORM, 0] = n_parameters
    if max_norm:
        lengths |= {(loops.LIMIT, layer): network.units[layer + 1] for layer in range(2)}
    for (kind, layer), length in lengths.items():
        ours = table[(table[:, 0] == kind) & (table[:, 1] == layer)]
        assert ours[0, 2] == 0
        assert ours[-1, 3] == length
        np.testing.assert_array_equal(ours[1:, 2], ours[:-1, 3])
    assert len(table) == sum(((table[:, 0] == k) & (table[:, 1] == m)).sum() for k, m in lengths)
    assert np.all(np.diff(table[:, 4]) >= 0)
    assert np.all(table[:, 4] <= np.arange(len(table)))


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("run", RUNS)
def test_float32_stays_close_to_float64(run, solver):
    trained = []
    for dtype in (np.float32, np.float64):
        network, *data = small_problem(dtype=np.float32)
        network, data = copy(network, dtype), Data(*(part.astype(dtype) for part in data))
        settings = SETTINGS._replace(alpha=0.1, keep_prob=(0.8, 0.5, 0.7), max_norm=1.5)
        optimizer = start_adam(network) if solver == "adam" else start_sgd(network, 0.9)
        train_by(RUNS[run], network, optimizer, data, settings, 20)
        trained.append(network.parameters)
    for one, two in zip(*trained, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, two, atol=2e-5)


@pytest.mark.parametrize(
    ("share", "units", "activation", "listed"),
    [
        (0.2, (300, 10), "relu", [True, False]),
        (0.2, (300, 300, 10), "relu", [True, True, False]),
        (0.9, (300, 10), "relu", None),  # too many inputs are active
        (0.2, (300, 10), "tanh", None),
        (0.9, (100, 10), "relu", [False, False]),
    ],
)
def test_which_layers_are_listed(share, units, activation, listed):
    rng = np.random.RandomState(0)
    X = rng.uniform(size=(4000, 60)) * (rng.uniform(size=(4000, 60)) < share)
    network = initialize((60, *units), activation, "softmax", "log_loss", float, rng)
    dropout = Dropout(0, 0, (0.8,) + (0.3,) * (len(units) - 1))
    batches = np.split(np.arange(4000), 40)
    assert fused.listed_layers(network, X, batches, dropout) == listed


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


@pytest.mark.parametrize("kind", [np.array, np.asfortranarray])
def test_the_kernel_of_an_epoch_is_compiled_once(kind):
    network, X, Y, s = small_problem()
    X = kind(X)
    for writeable in (True, False):
        X.flags.writeable = writeable
        optimizer = start_sgd(network, 0.9, True)
        rng, rate = np.random.RandomState(0), schedule("constant", 0.1)
        run_epoch(network, optimizer, Data(X, Y, s), SETTINGS, 0, rng, rate)
    loop = dispatcher(train_fused.__wrapped__)
    if hasattr(loop, "signatures"):  # not under NUMBA_DISABLE_JIT
        assert sum(signature[2][0].dtype.bitwidth == 64 for signature in loop.signatures) == 1
