"""The course of a training: solvers, schedules, weights, held-out samples, divergence, bits."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss

from skreg import DropoutMLPClassifier, DropoutMLPRegressor
from skreg._network.crew import Crew
from skreg._network.layers import loss_and_gradient
from skreg._network.schedules import SCHEDULES, schedule
from skreg._threads import Team

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NETWORKS = [DropoutMLPClassifier, DropoutMLPRegressor]
DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS, LABELS = DIGITS[:300] / 16, LABELS[:300]
VALUES = LABELS / 3 - 1.5


def data_for(make):
    return (DIGITS, LABELS) if make is DropoutMLPClassifier else (DIGITS, VALUES)


def parameters(net):
    return net.coefs_ + net.intercepts_


def assert_same(one, two):
    for W, V in zip(parameters(one), parameters(two), strict=True):
        np.testing.assert_array_equal(W, V)


# Solvers and schedules


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "lbfgs"])
@pytest.mark.parametrize("sparse", [False, True])
def test_every_solver_learns(make, solver, sparse):
    X, y = data_for(make)
    net = make((20,), keep_prob=1, solver=solver, learning_rate_init=0.03, max_iter=300)
    net.set_params(random_state=0).fit(sp.csr_array(X) if sparse else X, y)
    assert net.score(X, y) > 0.9
    assert net.loss_curve_[-1] < 0.2 * net.loss_curve_[0]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "logistic"])
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "poisson"])
def test_every_activation_and_loss_learns(activation, loss):
    net = DropoutMLPRegressor((20,), activation=activation, loss=loss, keep_prob=0.9)
    net.set_params(learning_rate_init=0.02, max_iter=300, random_state=0)
    y = LABELS if loss == "poisson" else VALUES
    assert net.fit(DIGITS, y).score(DIGITS, y) > 0.7
    assert (net.predict(DIGITS) > 0).all() or loss != "poisson"


@pytest.mark.parametrize("warmup", [0, 2])
@pytest.mark.parametrize("kind", SCHEDULES)
def test_every_schedule_reaches_the_loop(kind, warmup):
    """Plain gradient descent with the rates of the schedule, a batch at a time."""
    net = DropoutMLPClassifier(
        (), solver="sgd", momentum=0, batch_size=100, shuffle=False, max_iter=5, random_state=0
    ).set_params(learning_rate=kind, learning_rate_init=0.1, power_t=0.7, warmup=warmup)
    rate = schedule(kind, 0.1, n_steps=15, power_t=0.7, warmup=3 * warmup)
    reference = clone(net).set_params(learning_rate="constant", learning_rate_init=1e-300, warmup=0)
    reference.fit(DIGITS, LABELS)
    network, Y = reference._network, np.eye(10)[LABELS]
    for step in range(15):
        part = slice(step % 3 * 100, step % 3 * 100 + 100)
        _, coefs, intercepts = loss_and_gradient(
            network, DIGITS[part], Y[part], np.ones(100), net.alpha
        )
        network.coefs[0][:] -= rate(step) * coefs[0]
        network.intercepts[0][:] -= rate(step) * intercepts[0]
    net.fit(DIGITS, LABELS)
    np.testing.assert_allclose(net.coefs_[0], network.coefs[0], atol=1e-12)
    np.testing.assert_allclose(net.intercepts_[0], network.intercepts[0], atol=1e-12)


def test_adaptive_takes_a_fifth_at_each_plateau_and_ends_below_1e_6(capsys):
    net = DropoutMLPClassifier((5,), learning_rate="adaptive", n_iter_no_change=1, tol=1e9)
    net.set_params(verbose=True, random_state=0).fit(DIGITS, LABELS)
    assert net.n_iter_ == 1 + 6 * 2  # 1e-3 / 5**5 is below 1e-6, and every second epoch is bad
    lines = capsys.readouterr().out.splitlines()[:-1]
    rates = [float(line.split("rate = ")[1].split(",")[0]) for line in lines]
    np.testing.assert_allclose(rates, 1e-3 / 5.0 ** ((np.arange(13) - 1).clip(0) // 2), rtol=1e-5)
    assert net.convergence_.converged


def test_progress_names_loss_validation_rate_and_seconds(capsys):
    net = DropoutMLPClassifier((5,), verbose=True, max_iter=2, early_stopping=True, random_state=0)
    first = net.fit(DIGITS, LABELS) and capsys.readouterr().out.splitlines()[0]
    for word in ("Iteration 1, loss = ", "validation loss = ", "validation score = ", "rate = "):
        assert word in first
    assert first.endswith(" s")


def test_adamw_is_adam_that_shrinks_weights_and_not_biases():
    options = {"keep_prob": 1, "alpha": 0, "shuffle": False, "batch_size": 300, "max_iter": 1}
    options |= {"learning_rate_init": 0.1, "random_state": 0}
    adam = DropoutMLPClassifier((5,), **options, solver="adam", weight_decay=9).fit(DIGITS, LABELS)
    still = DropoutMLPClassifier((5,), **{**options, "learning_rate_init": 1e-300})
    still.fit(DIGITS, LABELS)
    decayed = DropoutMLPClassifier((5,), **options, solver="adamw", weight_decay=0.5)
    decayed.fit(DIGITS, LABELS)
    for W, V, start in zip(decayed.coefs_, adam.coefs_, still.coefs_, strict=True):
        np.testing.assert_allclose(W, V - 0.1 * 0.5 * start, atol=1e-12)
    for b, c in zip(decayed.intercepts_, adam.intercepts_, strict=True):
        np.testing.assert_allclose(b, c, atol=1e-12)


def test_clip_norm_bounds_the_first_step_of_gradient_descent():
    options = {"solver": "sgd", "momentum": 0, "batch_size": 300, "max_iter": 1, "random_state": 0}
    X, y = DIGITS, 100 * VALUES
    moved, still = (
        DropoutMLPRegressor((5,), **options, clip_norm=0.5, learning_rate_init=rate).fit(X, y)
        for rate in (0.1, 1e-300)
    )
    pairs = zip(parameters(moved), parameters(still), strict=True)
    assert np.sqrt(sum(np.sum((W - V) ** 2) for W, V in pairs)) == pytest.approx(0.05)


@pytest.mark.parametrize("options", [{"keep_prob": 0.9}, {"keep_prob": 1, "input_keep_prob": 0.5}])
@pytest.mark.parametrize("make", NETWORKS)
def test_lbfgs_refuses_dropout(make, options):
    with pytest.raises(ValueError, match=r"solver='lbfgs' needs a loss .*keep_prob.* must be 1"):
        make(solver="lbfgs", **options).fit(*data_for(make))


def test_lbfgs_has_no_epochs():
    net = DropoutMLPClassifier(solver="lbfgs", keep_prob=1)
    with pytest.raises(ValueError, match="no epochs after which X_val"):
        net.fit(DIGITS, LABELS, X_val=DIGITS, y_val=LABELS)
    with pytest.raises(AttributeError, match="partial_fit"):
        net.partial_fit(DIGITS, LABELS, classes=range(10))


# Weights


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 7: 0.5}])
def test_class_weight_is_the_sample_weight_that_it_stands_for(class_weight, early_stopping):
    y = np.where(LABELS < 5, 0, LABELS)
    s = np.random.default_rng(0).uniform(0.5, 2, len(y))
    if class_weight == "balanced":
        names, place = np.unique(y, return_inverse=True)
        totals = np.bincount(place, s)
        weights = (s.sum() / (len(names) * totals))[place]
    else:
        weights = np.array([class_weight.get(label, 1.0) for label in y])
    net = DropoutMLPClassifier((10,), early_stopping=early_stopping, max_iter=5, random_state=0)
    one = clone(net).set_params(class_weight=class_weight).fit(DIGITS, y, s)
    two = clone(net).fit(DIGITS, y, s * weights)
    for W, V in zip(parameters(one), parameters(two), strict=True):
        np.testing.assert_allclose(W, V, atol=1e-12)
    if early_stopping:
        np.testing.assert_allclose(one.validation_scores_, two.validation_scores_, atol=1e-12)


def test_class_weight_of_a_partial_fit_is_a_dict():
    net = DropoutMLPClassifier((5,), class_weight="balanced")
    with pytest.raises(ValueError, match="class_weight must be None or a dict in partial_fit"):
        net.partial_fit(DIGITS, LABELS, classes=range(10))
    net.set_params(class_weight={0: 2.0}).partial_fit(DIGITS, LABELS, classes=range(10))


# Epochs


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("make", NETWORKS)
def test_a_partial_fit_is_an_epoch_of_fit(make, solver, shuffle):
    X, y = data_for(make)
    net = make((10,), solver=solver, shuffle=shuffle, max_iter=3, random_state=0)
    net.set_params(learning_rate="cosine", batch_size=50)
    parts = clone(net)
    for _ in range(3):
        parts.partial_fit(X, y, **({"classes": range(10)} if make is NETWORKS[0] else {}))
    assert_same(net.fit(X, y), parts)
    assert parts.loss_curve_ == net.loss_curve_
    with pytest.raises(ValueError, match=r"max_iter=3 epochs the rate .*'cosine' is 0. Raise"):
        parts.partial_fit(X, y)


def test_dtype():
    X = DIGITS.astype(np.float32)
    options = {"max_iter": 3, "random_state": 0}
    for dtype in (np.float32, "float32"):
        net = DropoutMLPClassifier((10,), dtype=dtype, **options).fit(DIGITS, LABELS)
        assert {p.dtype for p in parameters(net)} == {np.dtype(np.float32)}
        assert net.predict_proba(DIGITS).dtype == np.float32
        assert_same(net, DropoutMLPClassifier((10,), **options).fit(X, LABELS))
    net = DropoutMLPRegressor((10,), dtype=np.float64, **options).fit(X, VALUES)
    assert net.predict(X).dtype == np.float64


# Held-out samples


@pytest.mark.parametrize("make", NETWORKS)
def test_early_stopping_returns_the_best_weights(make):
    X, y = data_for(make)
    net = make((20,), early_stopping=True, n_iter_no_change=5, learning_rate_init=0.02)
    net.set_params(random_state=0, tol=0).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    scores = net.validation_scores_
    assert len(scores) == len(net.validation_loss_curve_) == net.n_iter_ < 200
    assert net.best_validation_score_ == max(scores) == scores[net.best_iter_ - 1]
    assert net.score(X[200:], y[200:]) == pytest.approx(max(scores), abs=1e-12)
    assert net.best_iter_ < net.n_iter_
    assert f"The weights are those of epoch {net.best_iter_}" in net.convergence_.message
    assert net.convergence_.converged


def test_validation_loss_is_the_log_loss():
    net = DropoutMLPClassifier((20,), early_stopping=True, max_iter=20, random_state=0)
    net.fit(DIGITS[:200], LABELS[:200], X_val=DIGITS[200:], y_val=LABELS[200:])
    expected = log_loss(LABELS[200:], net.predict_proba(DIGITS[200:]))
    assert net.validation_loss_curve_[net.best_iter_ - 1] == pytest.approx(expected)


@pytest.mark.parametrize(
    "scoring", ["neg_log_loss", "f1_macro", lambda net, X, y: -len(net.loss_curve_)]
)
def test_any_scoring_stops(scoring):
    net = DropoutMLPClassifier((20,), early_stopping=True, scoring=scoring, max_iter=40)
    net.set_params(random_state=0, n_iter_no_change=3, learning_rate_init=0.02)
    net.fit(DIGITS, LABELS)
    assert net.best_validation_score_ == max(net.validation_scores_)
    if callable(scoring):
        assert (net.n_iter_, net.best_iter_) == (5, 1)


def test_a_scorer_is_given_the_weights():
    s = np.random.default_rng(0).uniform(0.5, 2, 300)
    for container in (np.asarray, sp.coo_array):
        net = DropoutMLPRegressor((10,), early_stopping=True, max_iter=4, random_state=0)
        by_name = clone(net).set_params(scoring="r2").fit(container(DIGITS), VALUES, s)
        net.fit(container(DIGITS), VALUES, s)
        np.testing.assert_allclose(by_name.validation_scores_, net.validation_scores_, rtol=1e-10)
    targets = np.c_[VALUES, VALUES**2]
    net.set_params(scoring="neg_mean_absolute_error").fit(DIGITS, targets)
    assert net.predict(DIGITS).shape == targets.shape


def test_a_scorer_sees_the_data_as_they_were_passed():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(DIGITS, columns=[f"p{j}" for j in range(64)])
    names = np.array(list("abcdefghij"), dtype=object)[LABELS]
    seen = []

    def scoring(net, X, y):
        seen.append((X, y))
        return net.score(X, y)

    net = DropoutMLPClassifier((5,), early_stopping=True, scoring=scoring, max_iter=1)
    net.set_params(random_state=0, validation_fraction=0.2).fit(X, pd.Series(names))
    part, labels = seen[0]
    assert part.columns.tolist() == X.columns.tolist()
    assert (labels == names[part.index]).all()
    assert len(part) == 60


def held_out_rows(make, y, **fit):
    """Return which samples early stopping sets aside; the first feature numbers them."""
    X, seen = np.c_[np.arange(len(y)), DIGITS[: len(y)]], []
    net = make((3,), early_stopping=True, max_iter=1, random_state=0, validation_fraction=0.2)
    net.set_params(scoring=lambda net, X, y: seen.append(X[:, 0].astype(int)) or 0.0)
    net.fit(X, y, **fit)
    return seen[0]


@pytest.mark.parametrize("make", NETWORKS)
def test_a_group_is_on_one_side(make):
    _, y = data_for(make)
    groups = np.random.default_rng(0).integers(0, 40, len(y))
    rest = held_out_rows(make, y, groups=groups)
    train = np.setdiff1d(np.arange(len(y)), rest)
    assert 0.1 < len(rest) / len(y) < 0.3
    assert not set(groups[rest]) & set(groups[train])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        held_out_rows(make, y, groups=groups[1:])


@pytest.mark.parametrize("groups", [None, np.arange(300) // 2])
def test_classes_keep_their_proportions(groups):
    y = (np.arange(300) % 10 == 0).astype(int)
    rest = held_out_rows(DropoutMLPClassifier, y, groups=groups)
    slack = 0 if groups is None else 1  # scikit-learn's rule for groups is greedy
    assert abs(y[rest].sum() - 6) <= slack


def test_groups_of_several_labels():
    X, Y = make_multilabel_classification(100, random_state=0)
    net = DropoutMLPClassifier((5,), early_stopping=True, max_iter=2, random_state=0)
    assert len(net.fit(X, Y, groups=np.arange(100) // 4).validation_scores_) == 2


@pytest.mark.parametrize("make", NETWORKS)
def test_samples_of_the_callers_own_are_watched_and_change_nothing(make):
    X, y = data_for(make)
    net = make((10,), max_iter=5, random_state=0)
    watched = clone(net).fit(X, y, X_val=X[:50], y_val=y[:50])
    assert_same(watched, net.fit(X, y))
    assert len(watched.validation_scores_) == len(watched.validation_loss_curve_) == 5
    assert watched.validation_scores_[-1] == pytest.approx(net.score(X[:50], y[:50]))
    assert net.validation_scores_ is net.validation_loss_curve_ is net.best_iter_ is None
    with pytest.raises(ValueError, match="y_val is missing; pass X_val and y_val"):
        net.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="64 features"):
        net.fit(X, y, X_val=X[:, 1:], y_val=y)


def test_a_warm_start_competes_with_the_weights_that_it_starts_from():
    net = DropoutMLPClassifier((20,), early_stopping=True, learning_rate_init=0.02, random_state=0)
    split = {"X_val": DIGITS[200:], "y_val": LABELS[200:]}
    net.fit(DIGITS[:200], LABELS[:200], **split)
    best = net.best_validation_score_
    net.set_params(warm_start=True, learning_rate_init=0.5, max_iter=3)
    net.fit(DIGITS[:200], LABELS[:200], **split)
    assert net.score(DIGITS[200:], LABELS[200:]) == net.best_validation_score_ >= best


def test_what_was_learned_is_coefs_and_intercepts():
    net = DropoutMLPRegressor((5,), loss="huber", max_iter=3, random_state=0).fit(DIGITS, VALUES)
    net.coefs_ = [np.zeros_like(W) for W in net.coefs_]
    np.testing.assert_array_equal(net.predict(DIGITS), np.full(300, net.intercepts_[-1][0]))
    with pytest.raises(ValueError, match="loss='poisson' needs another output than 'identity'"):
        net.set_params(loss="poisson", warm_start=True).fit(DIGITS, LABELS)


# What stops a training


def test_a_plateau_and_max_iter_say_so():
    net = DropoutMLPRegressor((5,), random_state=0, tol=1.0, n_iter_no_change=2)
    assert "reached a plateau: the training loss" in net.fit(DIGITS, VALUES).convergence_.message
    with pytest.warns(ConvergenceWarning, match="stopped at max_iter=1 epochs.*raise max_iter"):
        net.set_params(max_iter=1).fit(DIGITS, VALUES)


@pytest.mark.parametrize("kind", ["linear", "cosine", "one_cycle"])
def test_the_end_of_a_schedule_is_an_end(kind):
    net = DropoutMLPRegressor((5,), learning_rate=kind, max_iter=5, random_state=0)
    record = net.fit(DIGITS, VALUES).convergence_
    assert record.converged
    assert f"ended with its schedule: the rate of learning_rate='{kind}'" in record.message


@pytest.mark.parametrize("more", [{}, {"alpha": 0, "max_norm": 2.0}, {"dtype": np.float32}])
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("make", NETWORKS)
def test_a_diverging_fit_names_the_learning_rate(make, solver, more):
    X, y = data_for(make)
    net = make((20,), solver=solver, learning_rate_init=1e6, random_state=0, **more)
    with pytest.raises(ValueError, match=r"diverged in epoch [12]: .*Lower learning_rate_init"):
        net.set_params(early_stopping=True).fit(X, y)
    assert "diverged" in net.convergence_.message
    assert not net.convergence_.converged
    with pytest.raises(NotFittedError):
        net.predict(X)


@pytest.mark.parametrize("make", NETWORKS)
def test_a_diverging_partial_fit_is_no_secret(make):
    X, y = data_for(make)
    net = make((20,), solver="sgd", learning_rate_init=1e6, batch_size=300, random_state=0)
    classes = {"classes": range(10)} if make is DropoutMLPClassifier else {}
    net.partial_fit(X, y, **classes)
    before = [part.copy() for part in net.coefs_ + net.intercepts_]
    with pytest.raises(ValueError, match=r"were not learned: the loss rose to .*which are kept"):
        net.partial_fit(X, y)
    for one, two in zip(net.coefs_ + net.intercepts_, before, strict=True):
        np.testing.assert_array_equal(one, two)


def test_chunks_may_be_unlike_those_before():
    """A first one of zeros, and one with a value that is out of range, are no divergence."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    net = DropoutMLPRegressor((20,), random_state=0).partial_fit(np.zeros((20, 4)), np.zeros(20))
    for _ in range(50):
        net.partial_fit(X, X[:, 0])
    X[200, 2] = 1e4
    assert np.isfinite(net.partial_fit(X, X[:, 0]).predict(X)).all()


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_divergence_does_not_depend_on_the_order_of_samples(order):
    rng = np.random.default_rng(0)
    X = np.c_[np.sort(rng.lognormal(3, 2, 3000)), rng.standard_normal((3000, 3))]
    X = X if order == "sorted" else rng.permutation(X)
    net = DropoutMLPRegressor((20,), max_iter=20, random_state=0).fit(X, X[:, 1])
    assert net.loss_curve_[-1] < net.loss_curve_[0]
    one_outlier = rng.standard_normal((600, 4))
    one_outlier[500] = 1e4
    assert len(net.fit(one_outlier, one_outlier[:, 0] > 0).loss_curve_) == 20


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("hidden", [(8,), (300,)])
def test_losses_are_averaged_by_weight(make, hidden):
    """Samples without weight change nothing: not the losses, nor where training stops."""
    X, y = data_for(make)
    X, y = X[:60], y[:60]
    s = np.ones(60)
    options = {"batch_size": 1, "shuffle": False, "max_iter": 5, "random_state": 0, "tol": 0.01}
    expected = make(hidden, **options).fit(X, y, s)
    s = np.r_[s, np.zeros(240)]
    net = make(hidden, **options).fit(np.r_[X, *[X] * 4], np.r_[y, *[y] * 4], s)
    np.testing.assert_allclose(net.loss_curve_, expected.loss_curve_, rtol=1e-6)
    assert net.n_iter_ == expected.n_iter_


def test_a_warm_start_counts_anew():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    net = DropoutMLPRegressor((20,), warm_start=True, max_iter=100, random_state=0)
    net.fit(X, X[:, 0])
    assert net.set_params(alpha=10).fit(X, 5 - 3 * X[:, 0]).n_iter_ == 100
    assert net.best_loss_ == min(net.loss_curve_[-100:])


@pytest.mark.parametrize(
    ("solver", "change"),
    [
        ("sgd", {"learning_rate_init": 1e-12, "momentum": 0}),
        ("adam", {"learning_rate_init": 1e-12}),
    ],
)
def test_settings_may_change_between_chunks(solver, change):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 4))
    net = DropoutMLPRegressor((20,), solver=solver, random_state=0).partial_fit(X, X[:, 0])
    before = net.coefs_[0].copy()
    net.set_params(**change).partial_fit(X, X[:, 0])
    np.testing.assert_allclose(net.coefs_[0], before, atol=1e-9)
    other = "adam" if solver == "sgd" else "sgd"
    net.set_params(solver=other, learning_rate_init=0.01).partial_fit(X, X[:, 0])
    assert np.abs(net.coefs_[0] - before).max() > 1e-3


@pytest.mark.parametrize("options", [{"early_stopping": True}, {"alpha": 0}])
def test_without_a_tolerance_training_ends_where_nothing_gets_better(options):
    options |= {"learning_rate_init": 1e-300, "keep_prob": 1, "shuffle": False}
    net = DropoutMLPRegressor((5,), tol=0, max_iter=500, n_iter_no_change=5, **options)
    assert net.fit(DIGITS, VALUES).n_iter_ == 7  # the first is better than none


@pytest.mark.parametrize(
    "scoring", [lambda net, X, y: -abs(net.predict(X) - y).max(), "neg_max_error"]
)
def test_a_scorer_need_not_take_weights(scoring):
    X, y = load_diabetes(return_X_y=True)
    net = DropoutMLPRegressor((5,), early_stopping=True, max_iter=3, scoring=scoring)
    net.fit(X, y, np.arange(1.0, 1 + len(y)))
    assert np.isfinite(net.validation_scores_).all()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["b"] + ["a"] * 39, "early_stopping=True .*class 'b' has one"),
        (np.arange(40) // 5, "validation_fraction=0.1 sets 4 of 40 samples aside.* 8 classes"),
    ],
    ids=["one sample", "many classes"],
)
def test_classes_that_cannot_be_on_both_sides(y, message):
    with pytest.raises(ValueError, match=message):
        DropoutMLPClassifier(early_stopping=True).fit(np.eye(40), y)


def test_large_numbers_do_not_diverge():
    """What counts is how the loss grows, not its size."""
    X, y = load_diabetes(return_X_y=True)
    net = DropoutMLPRegressor((20,), max_iter=5, random_state=0, learning_rate_init=0.01)
    assert np.isfinite(net.fit(1e4 * X, 1e3 * y).loss_)


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_the_debugging_protocol(make, solver):
    """Without dropout, with full batches and small steps, the loss falls at every step."""
    X, y = data_for(make)
    net = make((20, 10), keep_prob=1, solver=solver, momentum=0, batch_size=300, max_iter=100)
    net.set_params(learning_rate_init=0.02 if solver == "sgd" else 1e-4, random_state=0)
    assert np.all(np.diff(net.fit(X, y).loss_curve_) < 0)


# Bits


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize(
    "options",
    [
        {"keep_prob": 0.5, "input_keep_prob": 0.8, "max_norm": 1.0},
        {"keep_prob": 1, "solver": "sgd", "clip_norm": 0.1},
        {"keep_prob": 1, "activation": "tanh", "solver": "adamw"},
        {"keep_prob": 1, "solver": "lbfgs"},
    ],
)
@pytest.mark.parametrize("kind", [np.float32, np.float64, sp.csr_array])
def test_the_same_bits_whatever_n_jobs(make, options, kind, monkeypatch):
    shared = []

    def helped(crew, n_helpers, *work, helped=Crew.helped):
        shared.append(n_helpers)
        return helped(crew, n_helpers, *work)

    monkeypatch.setattr(Crew, "helped", helped)
    X, y = data_for(make)
    X = kind(np.tile(X, (2, 6)))
    first, *others = (
        make((700, 600), batch_size=300, max_iter=2, n_jobs=n_jobs, random_state=0, **options)
        for n_jobs in (1, 2, 5)
    )
    first.fit(X, np.tile(y, 2))
    for net in others:
        assert_same(first, net.fit(X, np.tile(y, 2)))
    assert len(shared) > 10


def test_a_thread_that_fails_is_no_secret():
    def work(part):
        if part.start > 0:
            raise MemoryError("of a helper")

    with pytest.raises(MemoryError):
        Team(3).share(100, work, size=10)
    done = np.zeros(1003, int)

    def count(part):
        done[part] += 1

    for size in (1, 10, 5000):
        Team(3).share(len(done), count, size=size)
    Team(3).share(len(done), count, operations=1e8)
    assert np.all(done == 4)


BITS = """
import hashlib, warnings; import numpy as np; from sklearn.datasets import load_digits
from skreg import DropoutMLPClassifier, DropoutMLPRegressor
warnings.simplefilter("ignore"); X, y = load_digits(return_X_y=True); digest = hashlib.sha256()
for make in (DropoutMLPClassifier, DropoutMLPRegressor):
    net = make((70, 60), max_iter=2, input_keep_prob=0.8, random_state=0).fit(X / 16, y / 1)
    parts = net.coefs_ + [net.predict_mc(X[:600] / 16, 3, random_state=0).std]
    for part in parts: digest.update(np.ascontiguousarray(part))
print(digest.hexdigest())
"""


def test_bits_do_not_depend_on_the_process_or_its_threads():
    digests = set()
    for n_threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": n_threads}
        command = [sys.executable, "-c", BITS]
        digests.add(subprocess.check_output(command, env=environment, text=True))
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 2 * hashlib.sha256().digest_size


def test_bits_are_those_of_the_process_that_compiled(tmp_path):
    """A step that numba compiles by itself and in the epoch would round in two ways."""
    code = """
import numpy as np; from skreg import DropoutMLPRegressor
X = np.random.default_rng(0).standard_normal((260, 64))
net = DropoutMLPRegressor((20, 15), solver="sgd", batch_size=60, max_iter=3, random_state=0)
print(net.fit(X, X[:, 0]).coefs_[0].tobytes().hex()[:20000])
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", code]
    first, second = (subprocess.check_output(command, env=environment, text=True) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_lie_together_whatever_the_order_of_X(dtype):
    """Batches of rows are taken from it, again and again."""
    rng = np.random.default_rng(0)
    X, y = np.asfortranarray(rng.standard_normal((30, 4)), dtype=dtype), rng.standard_normal(30)
    for net in (DropoutMLPRegressor(), DropoutMLPClassifier()):
        target = y if isinstance(net, DropoutMLPRegressor) else np.digitize(y, [0.0])
        assert net._validate(X, target, None, reset=True)[0].flags.c_contiguous
