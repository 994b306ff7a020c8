"""`check_gradient`: right gradients pass, wrong ones do not, and the estimator is left alone."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg import DropoutMLPClassifier, DropoutMLPRegressor, check_gradient
from skreg.neural_network import _check_gradient

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((40, 6)), np.arange(40) % 3
VALUES = np.c_[X[:, 0] ** 2, X @ np.ones(6)]
OPTIONS = {"hidden_layer_sizes": (8, 5), "input_keep_prob": 0.9, "alpha": 2.0, "random_state": 0}
TARGETS = {"classes": LABELS, "two": LABELS > 0, "labels": np.c_[LABELS > 0, LABELS > 1] * 1}


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("y", TARGETS)
@pytest.mark.parametrize(
    "activation", ["relu", "leaky_relu", "gelu", "tanh", "logistic", "identity"]
)
def test_classifier(activation, y, container):
    net = DropoutMLPClassifier(activation=activation, **OPTIONS)
    assert check_gradient(net, container(X), TARGETS[y]) < 1e-6


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "poisson"])
def test_regressor(loss, container):
    net = DropoutMLPRegressor(loss=loss, activation="tanh", huber_delta=0.5, **OPTIONS)
    assert check_gradient(net, container(X), np.abs(VALUES)) < 1e-6


@pytest.mark.parametrize("make", [DropoutMLPClassifier, DropoutMLPRegressor])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_after_a_fit_with_its_weights_which_are_left_alone(make, dtype):
    net = make(**OPTIONS, max_iter=5, dtype=dtype).fit(X, LABELS)
    before = [part.copy() for part in net.coefs_ + net.intercepts_]
    assert check_gradient(net, X, LABELS) < 1e-6
    for one, two in zip(net.coefs_ + net.intercepts_, before, strict=True):
        np.testing.assert_array_equal(one, two)
    assert net.dtype is dtype


def test_class_weights_and_no_layers():
    net = DropoutMLPClassifier((), class_weight="balanced", random_state=0)
    assert check_gradient(net, X, LABELS) < 1e-6
    assert not hasattr(net, "coefs_")


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("kind", [0, 1], ids=["coefs", "intercepts"])
def test_a_mistake_is_found(layer, kind, monkeypatch):
    right = _check_gradient.loss_and_gradient

    def wrong(*arguments):
        loss, *gradients = right(*arguments)
        gradients[kind][layer] = gradients[kind][layer] * 1.1
        return loss, *gradients

    monkeypatch.setattr(_check_gradient, "loss_and_gradient", wrong)
    assert check_gradient(DropoutMLPClassifier(**OPTIONS), X, LABELS) > 0.01


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="activation must be one of"):
        check_gradient(DropoutMLPClassifier(activation="elu"), X, LABELS)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        check_gradient(DropoutMLPClassifier(), X, LABELS[1:])
