"""Networks without dropout beside scikit-learn's: step by step, at the minimum, without layers."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from skreg import DropoutMLPClassifier, DropoutMLPRegressor

IRIS, SPECIES = load_iris(return_X_y=True)
IRIS = StandardScaler().fit_transform(IRIS)
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
DIABETES, PROGRESS = StandardScaler().fit_transform(DIABETES), (PROGRESS - 152) / 77
COUNTS = np.random.default_rng(0).poisson(np.exp(DIABETES[:, 2] / 2))
PROBLEMS = {
    "classes": (DropoutMLPClassifier, MLPClassifier, {}, IRIS, SPECIES),
    "two classes": (DropoutMLPClassifier, MLPClassifier, {}, IRIS, SPECIES == 1),
    "labels": (DropoutMLPClassifier, MLPClassifier, {}, IRIS, IRIS[:, :3] > 0.2),
    "numbers": (DropoutMLPRegressor, MLPRegressor, {}, DIABETES[:150], PROGRESS[:150]),
    "several numbers": (DropoutMLPRegressor, MLPRegressor, {}, IRIS, IRIS[:, :2] ** 2),
    "counts": (
        DropoutMLPRegressor,
        MLPRegressor,
        {"loss": "poisson"},
        DIABETES[:150],
        COUNTS[:150],
    ),
}
SOLVERS = [
    {"solver": "sgd", "learning_rate_init": 0.005},
    {"solver": "sgd", "learning_rate_init": 0.005, "nesterovs_momentum": False},
    {"solver": "adam", "learning_rate_init": 0.01},
]
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def twins(problem, **options):
    """Return two networks with the same initial weights, which each fit goes on from."""
    ours, theirs, more, X, y = PROBLEMS[problem]
    options = {"warm_start": True, "max_iter": 1, "random_state": 0, **more, **options}
    ours = ours((7, 5), keep_prob=1, **options).fit(X, y)
    theirs = theirs(hidden_layer_sizes=(7, 5), **options).fit(X, y)
    for one, two in zip(parameters(ours), parameters(theirs), strict=True):
        two[:] = one
    return ours, theirs, X, y


def parameters(network):
    return network.coefs_ + network.intercepts_


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("options", SOLVERS)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_step_by_step(problem, options, activation, weighted):
    settings = {"activation": activation, "shuffle": False, "batch_size": 32, "alpha": 0.1}
    ours, theirs, X, y = twins(problem, **options, **settings)
    s = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    for network in (ours, theirs):
        network.set_params(max_iter=8, n_iter_no_change=np.inf).fit(X, y, s)
    # Of several numbers scikit-learn reports the mean; and it averages batches by size, not weight.
    if problem != "several numbers" and not weighted:
        np.testing.assert_allclose(ours.loss_curve_[1:], theirs.loss_curve_[1:], atol=1e-10)
    for one, two in zip(parameters(ours), parameters(theirs), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-10, rtol=0)


# Of several numbers, scikit-learn's loss is the mean and its gradient that of the sum, which do not
# go together in a line search.
@pytest.mark.parametrize("problem", sorted(set(PROBLEMS) - {"several numbers"}))
def test_lbfgs_ends_at_the_same_minimum(problem):
    """Both stop where the loss falls by less than 2e-9 of itself, so the weights agree to 1e-4."""
    options = {"solver": "lbfgs", "activation": "tanh", "alpha": 10.0, "tol": 1e-9}
    ours, theirs, X, y = twins(problem, **options)
    for network in (ours, theirs):
        network.set_params(max_iter=3000).fit(X, y)
    assert ours.convergence_.converged
    predict = "predict_proba" if hasattr(ours, "predict_proba") else "predict"
    np.testing.assert_allclose(getattr(ours, predict)(X), getattr(theirs, predict)(X), atol=1e-3)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-7)


@pytest.mark.parametrize("problem", ["two classes", "numbers"])
def test_the_same_samples_are_held_out_and_score_the_same(problem):
    ours, theirs, X, y = twins(problem, early_stopping=True, learning_rate_init=0.01)
    for network in (ours, theirs):
        network.set_params(max_iter=20, n_iter_no_change=np.inf, shuffle=False).fit(X, y)
    scores = ours.validation_scores_[-20:], theirs.validation_scores_[-20:]
    np.testing.assert_allclose(*scores, atol=1e-10)


FULL_BATCH = [
    {"solver": "lbfgs", "tol": 1e-8},
    {"solver": "sgd", "learning_rate_init": 0.5, "batch_size": 150},
    {"solver": "adam", "learning_rate_init": 0.1, "batch_size": 150, "learning_rate": "linear"},
]


@pytest.mark.parametrize("options", FULL_BATCH)
@pytest.mark.parametrize("y", [SPECIES, SPECIES == 1], ids=["three", "two"])
def test_no_layers_are_logistic_regression(options, y):
    net = DropoutMLPClassifier((), alpha=2.0, max_iter=3000, random_state=0)
    net.set_params(**{"tol": 0, "n_iter_no_change": np.inf, **options}).fit(IRIS, y)
    reference = LogisticRegression(C=1 / 2.0, tol=1e-10, max_iter=1000).fit(IRIS, y)
    expected = reference.predict_proba(IRIS)
    np.testing.assert_allclose(net.predict_proba(IRIS), expected, atol=1e-4)


@pytest.mark.parametrize("options", FULL_BATCH)
def test_no_layers_are_ridge(options):
    X, Y = DIABETES[:150], np.c_[PROGRESS, PROGRESS**2][:150]
    net = DropoutMLPRegressor((), alpha=20.0, max_iter=3000, random_state=0)
    options = {**options, "learning_rate_init": min(options.get("learning_rate_init", 1), 0.1)}
    net.set_params(**{"tol": 0, "n_iter_no_change": np.inf, **options}).fit(X, Y)
    reference = Ridge(20.0).fit(X, Y)
    np.testing.assert_allclose(net.coefs_[0], reference.coef_.T, atol=1e-4)
    np.testing.assert_allclose(net.intercepts_[0], reference.intercept_, atol=1e-4)


def test_no_layers_are_poisson_regression():
    net = DropoutMLPRegressor((), loss="poisson", alpha=442 * 0.1, solver="lbfgs", tol=1e-8)
    net.set_params(max_iter=1000, random_state=0).fit(DIABETES, COUNTS)
    reference = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000).fit(DIABETES, COUNTS)
    np.testing.assert_allclose(net.predict(DIABETES), reference.predict(DIABETES), rtol=1e-4)


def test_lbfgs_out_of_iterations_warns():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 iterations .*: raise max_iter or tol"):
        DropoutMLPClassifier((5,), keep_prob=1, solver="lbfgs", max_iter=2).fit(IRIS, SPECIES)


@pytest.mark.parametrize(("loss", "expected"), [("absolute_error", 3.0), ("squared_error", 22.0)])
def test_the_loss_says_which_centre_is_predicted(loss, expected):
    """Without features there is the bias alone: the median of absolute errors, or the mean."""
    y = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    net = DropoutMLPRegressor((), loss=loss, learning_rate="linear", random_state=0)
    net.set_params(learning_rate_init=0.5, max_iter=3000, tol=0, n_iter_no_change=np.inf)
    assert net.fit(np.zeros((5, 1)), y).predict([[0.0]])[0] == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("delta", [0.5, 5.0])
def test_huber_balances_clipped_residuals(delta):
    y = np.array([1.0, 2.0, 3.0, 4.0, 100.0])
    options = {"huber_delta": delta, "solver": "lbfgs", "tol": 1e-9, "random_state": 0}
    net = DropoutMLPRegressor((), loss="huber", **options)
    residuals = y - net.fit(np.zeros((5, 1)), y).predict(np.zeros((5, 1)))
    assert np.clip(residuals, -delta, delta).sum() == pytest.approx(0, abs=1e-6)
