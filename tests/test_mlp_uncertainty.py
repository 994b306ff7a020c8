"""Monte-Carlo dropout: moments and entropies by the formulas, their errors, their memory."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.exceptions import NotFittedError

from skreg import DropoutMLPClassifier, DropoutMLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_digits(return_X_y=True)
X = X / 16
OPTIONS = {"hidden_layer_sizes": (20,), "max_iter": 20, "random_state": 0}
CASES = {
    "classes": (DropoutMLPClassifier, X, Y),
    "two classes": (DropoutMLPClassifier, X, Y < 5),
    "labels": (DropoutMLPClassifier, *make_multilabel_classification(200, random_state=0)),
    "number": (DropoutMLPRegressor, X, Y / 3),
    "numbers": (DropoutMLPRegressor, X, np.c_[Y, Y % 2]),
    "counts": (lambda **o: DropoutMLPRegressor(loss="poisson", **o), X, Y),
}


@pytest.fixture(params=CASES)
def case(request):
    make, X, y = CASES[request.param]
    return make(**OPTIONS, input_keep_prob=0.9).fit(X[:200], y[:200]), X, request.param


def naive_draws(net, X, n_samples):
    """Return predictions under masks that are drawn one by one, each by a seed of its own."""
    return np.array([net.predict_mc(X, 1, random_state=seed).mean for seed in range(n_samples)])


def test_moments_and_entropies_by_the_formulas(case):
    """One draw has no spread; many draws have that of draws made by other seeds."""
    net, X, name = case
    one = net.predict_mc(X[:40], n_samples=1, random_state=3)
    assert not one.std.any()
    many = net.predict_mc(X[:40], n_samples=1000, random_state=3)
    draws = naive_draws(net, X[:40], 400)
    predict = net.predict_proba if hasattr(net, "predict_proba") else net.predict
    assert many.mean.shape == many.std.shape == predict(X[:40]).shape
    error = many.std * np.sqrt(1 / 1000 + 1 / 400) + 1e-6
    assert np.abs((many.mean - draws.mean(axis=0)) / error).max() < 6
    if name not in ("labels", "counts"):  # whose draws have heavy tails
        np.testing.assert_allclose(many.std, draws.std(axis=0), rtol=0.3, atol=0.02)
    if name in ("classes", "two classes"):
        information = entropy(many.mean) - entropy(draws).mean(axis=0)
        np.testing.assert_allclose(many.mutual_information, information, atol=0.1)
        assert np.all(many.mutual_information <= many.entropy)
        assert np.all(many.entropy <= np.log(many.mean.shape[1]) + 1e-12)
    if name == "labels":
        p = many.mean
        of_labels = entropy(np.stack([p, 1 - p], axis=-1))
        np.testing.assert_allclose(many.entropy, of_labels, atol=1e-10)
        assert many.mutual_information.shape == p.shape


@pytest.mark.parametrize("make", [DropoutMLPClassifier, DropoutMLPRegressor])
def test_the_running_sums_are_those_of_the_draws(make):
    """The masks of a seed are numbered, so that 2 of them are the first 2 of 3."""
    net = make(**OPTIONS).fit(X[:200], Y[:200])
    sums = [n * net.predict_mc(X[:50], n, random_state=0).mean for n in (1, 2, 3)]
    draws = np.array([sums[0], sums[1] - sums[0], sums[2] - sums[1]])
    three = net.predict_mc(X[:50], 3, random_state=0)
    np.testing.assert_allclose(three.mean, draws.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(three.std, draws.std(axis=0), rtol=1e-8, atol=1e-14)
    if make is DropoutMLPClassifier:
        of_draws = entropy(np.maximum(draws, 0)).mean(axis=0)
        np.testing.assert_allclose(three.entropy, entropy(three.mean), atol=1e-12)
        np.testing.assert_allclose(three.mutual_information, three.entropy - of_draws, atol=1e-12)


def entropy(P):
    return -np.where(P > 0, P * np.log(np.maximum(P, 1e-300)), 0).sum(axis=-1)


def test_the_variance_of_the_mean_falls_as_1_over_n_samples():
    net = DropoutMLPRegressor(**OPTIONS).fit(X[:200], Y[:200])

    def variance(n_samples):
        means = [net.predict_mc(X[:30], n_samples, random_state=seed).mean for seed in range(300)]
        return np.var(means, axis=0).mean()

    few, many = variance(2), variance(32)
    assert few / many == pytest.approx(16, rel=0.2)


def test_memory_does_not_grow_with_n_samples():
    net = DropoutMLPClassifier(**OPTIONS).fit(X[:200], Y[:200])

    def peak(n_samples):
        tracemalloc.start()
        net.predict_mc(X, n_samples, random_state=0)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(2)
    assert peak(100) < 1.1 * peak(2)


def test_masks_do_not_depend_on_blocks_or_on_the_kind_of_data():
    net = DropoutMLPClassifier(**OPTIONS, input_keep_prob=0.8).fit(X[:200], Y[:200])
    whole = net.predict_mc(X[:700], 5, random_state=0)
    for part, again in zip(whole, net.predict_mc(X[:650], 5, random_state=0), strict=True):
        np.testing.assert_allclose(part[:650], again, atol=1e-12)
    for part, again in zip(whole, net.predict_mc(sp.csr_array(X[:700]), 5, 0), strict=True):
        np.testing.assert_allclose(part, again, atol=1e-10)
    other = net.predict_mc(X[:700], 5, random_state=1)
    assert not np.array_equal(whole.mean, other.mean)


@pytest.mark.parametrize("make", [DropoutMLPClassifier, DropoutMLPRegressor])
def test_without_dropout_there_is_no_spread_and_a_warning_says_so(make):
    net = make(**OPTIONS, keep_prob=1).fit(X[:200], Y[:200])
    with pytest.warns(UserWarning, match=f"{make.__name__}: with keep_prob=1 .*nothing is dropped"):
        result = net.predict_mc(X)
    assert not result.std.any()
    predict = net.predict_proba if make is DropoutMLPClassifier else net.predict
    np.testing.assert_allclose(result.mean, predict(X), atol=1e-12)
    if make is DropoutMLPClassifier:
        assert not result.mutual_information.any()


def test_what_is_unlike_the_training_samples_is_less_sure():
    net = DropoutMLPClassifier((50,), max_iter=100, random_state=0).fit(X[Y < 8], Y[Y < 8])
    known = net.predict_mc(X[Y < 8], random_state=0)
    unknown = net.predict_mc(X[Y >= 8], random_state=0)
    assert unknown.mutual_information.mean() > 1.5 * known.mutual_information.mean()
    assert unknown.entropy.mean() > 1.5 * known.entropy.mean()


def test_bad_calls():
    net = DropoutMLPClassifier(**OPTIONS)
    with pytest.raises(NotFittedError):
        net.predict_mc(X)
    net.fit(X[:200], Y[:200])
    with pytest.raises(ValueError, match="n_samples must be an integer >= 1; got 0"):
        net.predict_mc(X, n_samples=0)
    with pytest.raises(ValueError, match="63 features"):
        net.predict_mc(X[:, 1:])


def test_float32_is_kept():
    net = DropoutMLPClassifier(**OPTIONS, dtype=np.float32).fit(X[:200], Y[:200])
    assert {part.dtype for part in net.predict_mc(X, 3)} == {np.dtype(np.float32)}
