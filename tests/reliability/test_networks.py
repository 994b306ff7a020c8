"""Networks on data of every kind: they train, or say what to do; what was learned is not lost."""

import re
import warnings
from copy import deepcopy

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils import compute_sample_weight

from skreg import DropoutMLPClassifier, DropoutMLPRegressor
from skreg._network.layers import loss_and_gradient

from .strategies import COLUMNS, CONTAINERS, counts, gaussian, genotypes
from .test_l1 import EXAMPLES

NETWORKS = [DropoutMLPClassifier, DropoutMLPRegressor]
SETTINGS = {
    "hidden_layer_sizes": [(), (5,), (7, 4), (130,)],
    "activation": ["relu", "leaky_relu", "gelu", "tanh", "logistic", "identity"],
    "solver": ["adam", "adamw", "sgd"],
    "keep_prob": [1.0, 0.5],
    "input_keep_prob": [1.0, 1.0, 0.7],
    "alpha": [0.0, 1e-4, 1.0],
    "learning_rate_init": [1e-3, 0.1],
    "batch_size": ["auto", 1, 7],
    "shuffle": [True, False],
    "max_norm": [None, None, 1.0],
    "clip_norm": [None, None, 1.0],
    "max_iter": [5],
    "random_state": [0, 1, 2],
}
LOSSES = ["squared_error", "absolute_error", "huber", "poisson"]
FULL = {"batch_size": ["auto"], "keep_prob": [1.0], "input_keep_prob": [1.0]}  # n <= 200
UNBOUND = {"max_norm": [None], "clip_norm": [None]}
any_of = st.sampled_from
examples = settings(max_examples=max(1, EXAMPLES // 4), deadline=None, print_blob=True)
both = pytest.mark.parametrize("make", NETWORKS)


@st.composite
def networks(draw, make, **choices):
    """Return a network with settings of every kind, or of these."""
    if make is DropoutMLPRegressor:
        choices = {"loss": LOSSES, **choices}
    choices = SETTINGS | choices
    return make(**{name: draw(any_of(values)) for name, values in choices.items()})


@st.composite
def samples(draw, net, columns=COLUMNS):
    """Return X and targets that the network can have."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, p = draw(st.integers(1, 60)), draw(st.integers(1, 30))
    X = draw(any_of(columns))(rng, n, p)
    z = X[:, 0] - np.median(X[:, 0]) + 0.1 * rng.standard_normal(n)
    if isinstance(net, DropoutMLPRegressor):
        return X, draw(any_of([abs(z), np.c_[abs(z), z**2]]))
    names = np.array(["no", "yes", "perhaps"])
    labels = [names[(z > 0) * 1], names[np.arange(n) % 3], np.c_[z > 0, z > 1, z < 1] * 1]
    return X, draw(any_of(labels))


def refusal(method, *args, **more):
    """Train; return the error, which says what to do, or None if there is no sign of trouble."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", ".*batch_size=7 is larger")
        try:
            method(*args, **more)
        except ValueError as error:
            message = str(error)
        else:
            return None
    assert re.search(r"(diverged|were not learned).*[Ss]cale X", message)
    return message


def parameters(net):
    return net.coefs_ + net.intercepts_


def assert_same(one, two):
    assert all(np.array_equal(W, V) for W, V in zip(parameters(one), parameters(two), strict=True))


def predictions(net, X):
    """Return what the network says of X, which are numbers, and probabilities if they are."""
    outputs = net.predict_proba(X) if hasattr(net, "predict_proba") else net.predict(X)
    assert np.isfinite(outputs).all()
    if hasattr(net, "predict_proba"):
        assert np.all((outputs >= 0) & (outputs <= 1))
        if net.out_activation_ == "softmax" or net.n_outputs_ == 1:
            np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-5)
    return outputs


@both
def test_any_fit(make):
    @examples
    @given(st.data())
    def draw(data):
        net = data.draw(networks(make))
        X, y = data.draw(samples(net))
        scale = data.draw(any_of([1e-30, 1e-3, 1, 1, 1, 1e3, 1e10, 1e30]))
        X = data.draw(any_of([X, X.astype(np.float32), X.astype(int), X > 0]))
        X = X * X.dtype.type(scale) if X.dtype.kind == "f" else X
        X = data.draw(any_of(list(CONTAINERS.values())))(X)
        s = data.draw(any_of([None, np.arange(X.shape[0]) + 1, np.arange(X.shape[0]) // 2 + 1e-9]))
        if refusal(net.fit, X, y, s):
            assert "diverged" in net.convergence_.message
            with pytest.raises(NotFittedError):
                net.predict(X)
            return
        assert all(np.isfinite(part).all() for part in parameters(net))
        assert np.isfinite(net.loss_curve_).all()
        assert net.loss_curve_[-1] == net.loss_
        assert net.best_loss_ == min(net.loss_curve_)
        if "poisson" not in net.get_params().values() and scale < 1e30:
            predictions(net, X)
            predictions(net, X * (1e6 if X.dtype.kind == "f" else 1))

    draw()


@both
def test_whole_weights_are_repeated_rows(make):
    """In full batches without dropout: the gradient, and each epoch or iteration."""

    @examples
    @given(st.data())
    def draw(data):
        net = data.draw(networks(make, **FULL, solver=["adam", "sgd", "lbfgs"], **UNBOUND))
        X, y = data.draw(samples(net, [gaussian]))
        s = 1 + np.arange(len(y)) % 3
        other, repeated = clone(net), (np.repeat(X, s, axis=0), np.repeat(y, s, axis=0))
        refused = refusal(net.fit, X, y, s), refusal(other.fit, *repeated)
        assert bool(refused[0]) == bool(refused[1])
        if refused[0]:
            return
        np.testing.assert_allclose(net.loss_curve_, other.loss_curve_, rtol=1e-6)
        problems = [net._validate(*each, reset=False) for each in ((X, y, s), (*repeated, None))]
        one, two = (loss_and_gradient(net._network, *each, net.alpha) for each in problems)
        assert one[0] == pytest.approx(two[0], rel=1e-9)
        for G, H in zip(one[1] + one[2], two[1] + two[2], strict=True):
            np.testing.assert_allclose(G, H, rtol=1e-6, atol=1e-9 * (1 + abs(one[0])))

    draw()


@examples
@given(st.data())
def test_weights_of_classes_are_weights_of_samples(data):
    net = data.draw(networks(DropoutMLPClassifier))
    X, y = data.draw(samples(net).filter(lambda drawn: drawn[1].ndim == 1))
    weights = {label: data.draw(any_of([0.3, 1.0, 7.0])) for label in np.unique(y)}
    other = clone(net).set_params(class_weight=weights)
    refused = refusal(net.fit, X, y, compute_sample_weight(weights, y))
    assert refused == refusal(other.fit, X, y)
    if not refused:
        assert_same(net, other)


@both
def test_samples_of_weight_0_change_nothing(make):
    """In full batches, wherever they are far off: not the losses, nor where training stops."""

    @examples
    @given(st.data())
    def draw(data):
        choices = {"batch_size": ["auto"], "max_iter": [50], "shuffle": [False]}
        net = data.draw(networks(make, **choices | UNBOUND))
        X, y = data.draw(samples(net, [gaussian]))
        X = X.astype(data.draw(any_of([np.float32, np.float64])))
        far = X.dtype.type(data.draw(any_of([1, 1e4, 1e30])))
        net.set_params(tol=data.draw(any_of([1e-4, 0.1])), n_iter_no_change=2)
        other, more = clone(net), (np.r_[X, far * X], np.r_[y, y[::-1]])
        refused = refusal(net.fit, X, y), refusal(other.fit, *more, np.arange(2 * len(y)) < len(y))
        assert bool(refused[0]) == bool(refused[1])
        if refused[0]:
            return
        assert net.n_iter_ == other.n_iter_
        assert net.best_loss_ == min(net.loss_curve_)
        slack = 1e-4 * net.loss_curve_[0]
        np.testing.assert_allclose(net.loss_curve_, other.loss_curve_, rtol=1e-4, atol=slack)

    draw()


@both
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_no_order_of_outliers_is_a_divergence(make, solver):
    """At the default rate of adam; sgd may be refused, in full batches whatever the order."""

    @examples
    @given(st.data())
    def draw(data):
        choices = {"batch_size": ["auto", 20], "learning_rate_init": [1e-3], "alpha": [1e-4]}
        choices |= {"loss": LOSSES[:3]} if make is DropoutMLPRegressor else {}
        net = data.draw(networks(make, solver=[solver], **choices | UNBOUND))
        rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        n = data.draw(st.integers(20, 400))
        X = np.c_[rng.lognormal(3, 2, n), rng.standard_normal((n, 3))]
        y = abs(X[:, 1])
        if data.draw(st.booleans()):
            X[0] = data.draw(any_of([1e4, 1e5, 1e6]))
        if make is DropoutMLPClassifier:
            y = y > 1
        elif data.draw(st.booleans()):
            y[1] = 1e6
        orders = np.argsort(X[:, 0]), np.argsort(-X[:, 0]), rng.permutation(n)
        refused = [refusal(net.fit, X[rows], y[rows]) for rows in orders]
        if solver == "adam":
            assert not any(refused)
        elif net.batch_size == "auto" and n <= 200 and net.keep_prob == net.input_keep_prob == 1:
            assert all(refused) or not any(refused)

    draw()


@both
def test_a_chunk_that_is_refused_changes_nothing(make):
    @examples
    @given(st.data())
    def draw(data):
        net = data.draw(networks(make, shuffle=[False]))
        X, y = data.draw(samples(net, [gaussian]))
        first = {"classes": np.unique(y) if y.ndim == 1 else range(y.shape[1])}
        first = first if make is DropoutMLPClassifier else {}
        for _ in range(3):
            if refusal(net.partial_fit, X, y, **first):
                return
            first = {}
        bad, other = X.copy(), deepcopy(net)
        size = data.draw(any_of([1e6, 1e10, 1e30, 1e200]))
        bad[:: data.draw(any_of([1, 60]))] *= size
        if refusal(net.partial_fit, bad, y):
            assert_same(net, other)
            assert net.loss_curve_ == other.loss_curve_
            assert net.n_iter_ == other.n_iter_
            for _ in range(2):
                assert bool(refusal(net.partial_fit, X, y)) == bool(
                    refusal(other.partial_fit, X, y)
                )
            assert_same(net, other)
        predictions(net, X)

    draw()


@both
def test_a_warm_start_goes_on_from_the_weights_with_the_settings_of_now(make):
    """In full batches without dropout, the first loss is that of the weights before."""

    @examples
    @given(st.data())
    def draw(data):
        net = data.draw(networks(make, **FULL, learning_rate_init=[1e-3], max_norm=[None]))
        X, y = data.draw(samples(net, [gaussian]))
        if refusal(net.set_params(warm_start=True, n_iter_no_change=3).fit, X, y):
            return
        change = data.draw(any_of([{}, {"alpha": 3.0}, {"activation": "tanh"}, {"solver": "sgd"}]))
        net.set_params(max_iter=data.draw(any_of([1, 7])), **change)
        y = data.draw(any_of([y, y[::-1]]))
        before = list(net.loss_curve_)
        loss, *_ = loss_and_gradient(
            net._network, *net._validate(X, y, None, reset=False), net.alpha
        )
        if not refusal(net.fit, X, y):
            new = net.loss_curve_[len(before) :]
            assert net.loss_curve_[: len(before)] == before
            assert new[0] == pytest.approx(loss, rel=1e-9)
            assert (len(new), net.best_loss_) == (net.n_iter_, min(new))
            assert len(new) >= min(net.max_iter, 5)  # one that is better than none, four bad ones

    draw()


@both
def test_any_kind_of_x(make):
    @examples
    @given(st.data())
    def draw(data):
        net = data.draw(networks(make, learning_rate_init=[1e-3]))
        X, y = data.draw(samples(net, [counts, genotypes]))
        X = X > 0 if data.draw(st.booleans()) else X
        if refusal(net.fit, X.astype(float), y):
            return
        expected = predictions(net, X)
        for kind in (*CONTAINERS.values(), np.asarray):
            Z = kind(X.astype(data.draw(any_of([float, int, X.dtype]))))
            assert not refusal(net.fit, Z, y)
            np.testing.assert_allclose(
                predictions(net, Z), expected, atol=1e-6 * abs(expected).max()
            )
        if make is DropoutMLPClassifier and y.ndim == 2:
            other = clone(net)
            assert not refusal(other.fit, Z, sp.csr_array(y))
            assert_same(net, other)

    draw()


RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4))
NUMBERS, CLASSES, LABELS = X[:, 0], np.arange(60) % 2, (X[:, :2] > 0) * 1
CHANGES = [
    {"alpha": 5.0}, {"keep_prob": 0.9}, {"input_keep_prob": 0.5}, {"activation": "tanh"},
    {"max_norm": 0.5}, {"clip_norm": 1e-9}, {"batch_size": 20}, {"shuffle": False}, {"warmup": 9},
    {"learning_rate": "invscaling"}, {"learning_rate": "invscaling", "power_t": 0.1},
    {"learning_rate": "cosine"}, {"learning_rate": "cosine", "max_iter": 10},
    {"learning_rate_init": 0.1}, {"beta_1": 0.1}, {"beta_2": 0.9}, {"epsilon": 1.0},
    {"solver": "adamw"}, {"solver": "adamw", "weight_decay": 5.0}, {"solver": "sgd"},
    {"solver": "sgd", "momentum": 0.1}, {"solver": "sgd", "nesterovs_momentum": False},
    {"loss": "absolute_error"}, {"loss": "huber", "huber_delta": 0.1}, {"dtype": np.float32},
    {"hidden_layer_sizes": (6,)}, {"early_stopping": True},
]  # fmt: skip
REFUSED = {"hidden_layer_sizes", "dtype", "early_stopping"}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_settings_changed_between_chunks_take_effect_or_are_refused(change):
    *others, (last, value) = change.items()
    net = DropoutMLPRegressor((5,), batch_size=10, random_state=0).set_params(**dict(others))
    for _ in range(2):
        net.partial_fit(X, abs(NUMBERS))
    other = deepcopy(net).partial_fit(X, abs(NUMBERS))
    net.set_params(**{last: value})
    if last in REFUSED:
        with pytest.raises(ValueError, match=last):
            net.partial_fit(X, abs(NUMBERS))
    else:
        net.partial_fit(X, abs(NUMBERS))
        assert not np.array_equal(net.coefs_[0], other.coefs_[0])


def test_labels_are_no_classes():
    """Of classes after labels, memory beyond the targets was read."""
    net = DropoutMLPClassifier((5,), random_state=0).partial_fit(X, LABELS, range(2))
    with pytest.raises(ValueError, match="y must be as before, an indicator matrix of labels"):
        net.partial_fit(X, CLASSES)
    with pytest.raises(ValueError, match="y must be as before, a vector of classes"):
        net.fit(X, CLASSES, X_val=X, y_val=LABELS)


@pytest.mark.parametrize("weight", [1e-50, 1e50])
def test_weights_that_float32_does_not_have(weight):
    """They were a ZeroDivisionError, and a RuntimeWarning."""
    net = DropoutMLPRegressor((5,), dtype=np.float32)
    with pytest.raises(ValueError, match=r"weights .* must have a sum from 1e-38 .*Scale sample_w"):
        net.fit(X, NUMBERS, np.full(60, weight))
    net = DropoutMLPClassifier((5,), class_weight={0: 0, 1: 1}).partial_fit(X, CLASSES, [0, 1])
    with pytest.raises(ValueError, match=r"must have a sum .*got 0.*pass other samples"):
        net.partial_fit(X[::2], CLASSES[::2])


def test_numbers_that_float32_does_not_have():
    """There were warnings of numpy, and a loss that had diverged."""
    net = DropoutMLPRegressor((5,), dtype=np.float32)
    with pytest.raises(ValueError, match="y has values too large for float32"):
        net.fit(X, 1e50 * NUMBERS)
    with pytest.raises(ValueError, match="value too large for dtype"):
        net.fit(1e50 * X, NUMBERS)


@pytest.mark.parametrize("hidden", [(5,), (130,)])
def test_a_gradient_too_long_to_clip_is_no_plateau(hidden):
    """It was scaled to 0, and the fit had converged to its initial weights."""
    net = DropoutMLPRegressor(hidden, keep_prob=1, solver="sgd", clip_norm=1.0, dtype=np.float32)
    assert refusal(net.fit, 1e12 * X, 1e12 * NUMBERS)


@both
def test_few_units_kept_are_no_divergence(make):
    """Under masks the loss was a thousand times the first one, which was taken without."""
    net = make((50, 50, 50), keep_prob=0.1, input_keep_prob=0.1, max_iter=10, random_state=0)
    assert not refusal(net.fit, X, CLASSES)


@pytest.mark.parametrize("seed", range(20))
def test_one_row_far_off_is_no_divergence(seed):
    """It was one where the first masks happened to drop what made its loss large."""
    Z = np.r_[X, np.full((1, 4), 1e6)]
    net = DropoutMLPClassifier((), input_keep_prob=0.7, max_iter=20, random_state=seed)
    assert not refusal(net.fit, Z, Z[:, 0] > 0)


def test_divergence_is_the_same_in_any_order():
    """Losses were compared by parts of the samples in their order."""
    rng = np.random.default_rng(1)
    Z = np.c_[rng.lognormal(3, 2, 145), rng.standard_normal((145, 3))]
    y = abs(Z[:, 1])
    Z[0] = 1e6
    net = DropoutMLPRegressor((130,), activation="leaky_relu", loss="huber", keep_prob=1)
    net.set_params(solver="sgd", max_iter=5, random_state=0)
    refused = [refusal(net.fit, Z[rows], y[rows]) for rows in (Z[:, 0].argsort(), np.arange(145))]
    assert bool(refused[0]) == bool(refused[1])


def test_a_few_losses_that_overflow_are_a_divergence():
    """Half of the samples had small losses, for their units were off."""
    Z = np.array([[-0.65, -0.17], [1.66, 0.66], [-1.64, -0.01], [-0.62, 0.15]])
    net = DropoutMLPRegressor((5,), alpha=0.0, keep_prob=1, loss="absolute_error", solver="sgd")
    net.set_params(shuffle=False, random_state=0)
    for _ in range(3):
        net.partial_fit(Z, abs(Z[:, 0]))
    before = net.predict(Z)
    assert refusal(net.partial_fit, np.r_[1e200 * Z[:1], Z[1:]], abs(Z[:, 0]))
    np.testing.assert_array_equal(net.predict(Z), before)


@pytest.mark.parametrize("hidden", [(5,), (130,)])
@pytest.mark.parametrize("change", [{}, {"solver": "lbfgs", "keep_prob": 1}])
def test_a_row_of_weight_0_may_have_a_loss_that_is_no_number(change, hidden):
    """Such as exp(1e4), which times 0 is none either."""
    net = DropoutMLPRegressor(hidden, loss="poisson", max_iter=5, random_state=0, **change)
    Z, y, s = np.r_[X, np.full((1, 4), 1e4)], abs(np.r_[NUMBERS, 1]), np.r_[np.ones(60), 0]
    assert not refusal(net.fit, Z, y, s)


def test_a_fit_forgets_chunks():
    """Their order went on from where the chunks before the fit had left it."""
    net = DropoutMLPRegressor((5,), batch_size=10, max_iter=2, random_state=0)
    fresh = clone(net)
    for each in (net.partial_fit(X, NUMBERS), fresh):
        refusal(each.fit, X, NUMBERS)
        each.partial_fit(X, NUMBERS)
    assert_same(net, fresh)


def test_far_samples_of_gelu_are_no_warning():
    net = DropoutMLPClassifier((5,), activation="gelu", dtype=np.float32, max_iter=2)
    assert not refusal(net.fit, X, CLASSES)
    assert not refusal(predictions, net, 1e25 * X)
