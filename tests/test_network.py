"""The dropout network as an estimator: penalties, labels, early stopping, warm starts."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning

from skreg import DropoutMLPClassifier


@pytest.fixture
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def test_with_dropout_the_loss_is_another_one_each_epoch(digits):
    net = DropoutMLPClassifier((50,), learning_rate_init=1e-4, batch_size=600, random_state=0)
    net.fit(*digits)
    assert np.any(np.diff(net.loss_curve_) > 0)


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_l2_is_on_the_weights_only(solver, digits):
    """With a large alpha the weights vanish and the biases do not."""
    X, y = digits
    y = (y == 0).astype(int)
    net = DropoutMLPClassifier(
        (10,), keep_prob=1, alpha=1e4, solver=solver, learning_rate_init=1e-2
    )
    net.set_params(max_iter=300, batch_size=100, random_state=0, tol=0, n_iter_no_change=300)
    with pytest.warns(ConvergenceWarning):
        net.fit(X, y)
    assert max(np.abs(W).max() for W in net.coefs_) < 0.05
    assert net.predict_proba(X)[:, 1].mean() == pytest.approx(y.mean(), abs=0.05)


def test_it_learns_digits_with_a_keep_prob_for_each_layer():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    options = {"keep_prob": [0.5, 0.8], "input_keep_prob": 0.9, "random_state": 0, "batch_size": 50}
    net = DropoutMLPClassifier((100, 30), **options).fit(X[:500], y[:500])
    assert net.score(X[500:], y[500:]) > 0.89
    assert net.convergence_.converged


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_max_norm_bounds_the_incoming_weights_of_hidden_units(digits):
    net = DropoutMLPClassifier((30, 20), max_norm=0.7, random_state=0, max_iter=30).fit(*digits)
    norms = [np.linalg.norm(W, axis=0) for W in net.coefs_]
    assert max(norms[0].max(), norms[1].max()) <= 0.7 * (1 + 1e-12)
    assert norms[2].max() > 0.7


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_binary_multiclass_and_multilabel():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    names = np.array(["malignant", "benign"])[y]
    binary = DropoutMLPClassifier((20,), random_state=0, learning_rate_init=0.01).fit(X, names)
    assert binary.classes_.tolist() == ["benign", "malignant"]
    assert binary.score(X, names) > 0.95
    np.testing.assert_allclose(binary.predict_proba(X).sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(binary.predict_log_proba(X)), binary.predict_proba(X))
    X, Y = make_multilabel_classification(200, random_state=0)
    labels = DropoutMLPClassifier((50,), keep_prob=0.9, learning_rate_init=0.01, random_state=0)
    labels.fit(X, Y)
    assert labels.predict(X).shape == Y.shape
    assert labels.predict_proba(X).shape == Y.shape
    assert (labels.predict(X) == Y).mean() > 0.9


def test_early_stopping_keeps_the_best_weights(digits):
    net = DropoutMLPClassifier((50,), early_stopping=True, n_iter_no_change=5, random_state=0)
    net.set_params(learning_rate_init=0.01, validation_fraction=0.2).fit(*digits)
    assert len(net.validation_scores_) == net.n_iter_ < 200
    assert net.best_validation_score_ == max(net.validation_scores_) > 0.8
    assert net.convergence_.converged
    assert "plateau" in net.convergence_.message
    assert net.best_loss_ is None
    net.set_params(early_stopping=False, warm_start=True, learning_rate_init=1e-3).fit(*digits)
    assert net.best_loss_ == min(net.loss_curve_[-net.n_iter_ :])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_warm_start_goes_on_and_asks_for_the_same_network_and_classes(digits):
    X, y = digits
    net = DropoutMLPClassifier((20,), warm_start=True, max_iter=5, random_state=0).fit(X, y)
    coefs = [W.copy() for W in net.coefs_]
    net.fit(X, y)
    assert len(net.loss_curve_) == 10
    assert net.loss_curve_[-1] < net.loss_curve_[4]
    assert not np.array_equal(net.coefs_[0], coefs[0])
    with pytest.raises(ValueError, match=r"warm_start can only be used .* same classes"):
        net.fit(X, y % 9)
    net.partial_fit(X[:50], y[:50] % 9)  # a part need not have every class
    with pytest.raises(ValueError, match=r"hidden_layer_sizes must be as fitted, \[20\]"):
        net.set_params(hidden_layer_sizes=(30,)).fit(X, y)


def test_progress_is_printed(digits, capsys):
    net = DropoutMLPClassifier((5,), verbose=True, max_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning, match="max_iter=3 epochs.*raise max_iter"):
        net.fit(*digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"Iteration {k}" for k in (1, 2, 3)]


def test_small_probabilities_of_two_classes_are_not_rounded():
    X, y = load_digits(n_class=2, return_X_y=True)
    X = X.astype(np.float32) / 16
    net = DropoutMLPClassifier((), learning_rate="linear", max_iter=5, random_state=0).fit(X, y)
    net.coefs_[0] *= 50
    z = np.float64(X) @ np.float64(net.coefs_[0]) + np.float64(net.intercepts_[0])
    expected = -np.logaddexp(0, np.hstack([z, -z]))
    assert -80 < expected.min() < -25  # exp(-17) is lost beside 1, exp(-88) in float32
    np.testing.assert_allclose(net.predict_log_proba(X), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_batch_larger_than_the_data_is_told(digits):
    net = DropoutMLPClassifier((5,), batch_size=2000, max_iter=1)
    with pytest.warns(UserWarning, match="batch_size=2000 is larger than the 600 samples"):
        net.fit(*digits)
