"""Ridge on streams: the answer of all samples at once, whatever the chunks."""

import pickle
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from skreg import RidgeGD
from skreg._convergence import Work, bytes_of


def stream(n=200, p=6, offset=5.0):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p)) * np.geomspace(0.1, 10, p) + offset
    return X, X @ rng.standard_normal((p, 2)) + rng.standard_normal((n, 2)), rng.uniform(0, 3, n)


def fit_in_chunks(model, X, y, s, cuts):
    for part in np.split(np.arange(X.shape[0]), cuts):
        model.partial_fit(X[part], y[part], s[part])
    return model


MODELS = {
    "ridge": RidgeGD(),
    "no intercept": RidgeGD(fit_intercept=False),
    "standardize": RidgeGD(standardize=True),
    "factors": RidgeGD(penalty_factor=[0, 1, 2, np.inf, 0.5, 1]),
    "bounds": RidgeGD(lower=-0.5, upper=[1, 1, 1, 0.2, 0.2, 0.2]),
    "targets": RidgeGD([0.1, 10.0]),
    "least squares": RidgeGD(0),
}


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(1, 199), max_size=6), name=st.sampled_from(sorted(MODELS)))
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_any_chunks_are_one_fit(container, cuts, name):
    X, Y, s = stream()
    s[0] = 1  # the weights of a chunk are not all zero
    model, y = MODELS[name], Y if name == "targets" else Y[:, 0]
    whole = model.set_params(tol=1e-13).fit(container(X), y, s)
    expected = whole.coef_, whole.intercept_
    model = fit_in_chunks(model, container(X), y, s, sorted(cuts))
    scale = np.abs(expected[0]).max()
    np.testing.assert_allclose(model.coef_, expected[0], atol=1e-10 * scale)
    np.testing.assert_allclose(model.intercept_, expected[1], atol=1e-9 * scale)
    assert model.convergence_.converged


def test_samples_one_by_one():
    X, Y, s = stream(n=30)
    expected = RidgeGD().fit(X, Y[:, 0], s).coef_
    model = fit_in_chunks(RidgeGD(), X, Y[:, 0], s, range(1, 30))
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-9)


def test_large_offsets_cost_no_digits():
    X, Y, s = stream(offset=0.0)
    expected = RidgeGD().fit(X, Y[:, 0], s).coef_
    model = fit_in_chunks(RidgeGD(), X + 2.0**20, Y[:, 0], s, [50, 90])
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-7)


def test_constant_columns_have_no_coefficient():
    X, Y, s = stream()
    X[:, 2] = 0.1
    model = fit_in_chunks(RidgeGD(0), X, Y[:, 0], s, [50, 90])
    assert model.coef_[2] == 0
    np.testing.assert_allclose(model.coef_, RidgeGD(0).fit(X, Y[:, 0], s).coef_, atol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("value", [0.1, 1 / 3, 3.3, 1e6 + 0.1])
def test_the_rounding_of_constant_columns_is_not_fitted(value, standardize, container):
    X, Y, _ = stream(1000)
    X[:, 2] = value
    model = RidgeGD(0, standardize=standardize)
    fit_in_chunks(model, container(X), Y[:, 0] + 5, np.ones(1000), range(100, 1000, 100))
    assert model.coef_[2] == 0


@pytest.mark.parametrize("standardize", [False, True])
def test_units_of_columns_may_differ_by_any_factor(standardize):
    """As products of all columns, those of the smallest would be lost beside the others."""
    X, Y, s = stream()
    X = X * np.geomspace(1e-10, 1e10, 6)
    options = {"alpha": 1.0 if standardize else 0.0, "standardize": standardize}
    model = fit_in_chunks(RidgeGD(**options), X, Y[:, 0], s, [50, 90])
    np.testing.assert_allclose(model.coef_, RidgeGD(**options).fit(X, Y[:, 0], s).coef_, rtol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("offset", [1e6, 1e8])
def test_streams_of_far_columns_keep_their_digits(offset, container):
    X, Y, s = stream(offset=0.0)
    X, expected = np.round(X, 3), RidgeGD().fit(np.round(X, 3), Y[:, 0], s).coef_
    model = fit_in_chunks(RidgeGD(), container(X + offset), Y[:, 0], s, [50, 90])
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-15 * offset * 100)


def test_fit_forgets_the_stream():
    X, Y, s = stream()
    model = fit_in_chunks(RidgeGD(), X, -Y[:, 0], s, [50]).fit(X, Y[:, 0], s)
    coef = model.coef_
    np.testing.assert_allclose(model.partial_fit(X, Y[:, 0], s).coef_, coef, rtol=1e-9)


def test_memory_does_not_grow_with_the_stream():
    rng = np.random.default_rng(0)
    model = RidgeGD().partial_fit(rng.standard_normal((2000, 50)), rng.standard_normal(2000))
    peaks = []
    for _ in range(6):
        X, y = rng.standard_normal((2000, 50)), rng.standard_normal(2000)
        tracemalloc.start()
        model.partial_fit(X, y)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[-1] <= 1.1 * peaks[0]


def test_what_is_refused():
    X, Y, _ = stream()
    model = RidgeGD().partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"y must have 1 target\(s\) as in the last call.*got 2"):
        model.partial_fit(X, Y)
    with pytest.raises(ValueError, match="5 features"):
        model.partial_fit(X[:, :5], Y[:, 0])
    X, Y, _ = documents(20)
    model = RidgeGD().partial_fit(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"y must have 1 target\(s\) as in the last call.*got 2"):
        model.partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"more than 6000 features does not support standardize"):
        RidgeGD(standardize=True).partial_fit(X, Y)


N_WORDS = 6001  # one more than products are kept of


def documents(n, n_seen=200, noise=0.5):
    """Return samples of which few features are ever seen, so that a short stream tells of them."""
    rng = np.random.default_rng(0)
    words = rng.permutation(N_WORDS)[:n_seen]
    n_entries = n * n_seen // 20
    places = rng.integers(n, size=n_entries), rng.integers(n_seen, size=n_entries)
    X = sp.csc_array((rng.random(n_entries), places), shape=(n, n_seen))
    X = sp.csr_array(
        X @ sp.csr_array((np.ones(n_seen), (np.arange(n_seen), words)), shape=(n_seen, N_WORDS))
    )
    W = np.random.default_rng(1).standard_normal((N_WORDS, 2))
    return X, X @ W + noise * rng.standard_normal((n, 2)) + 3, rng.integers(1, 4, n).astype(float)


def objective(model, X, y, s):
    """Return the objective for each sample."""
    loss = s @ (y - model.predict(X)) ** 2
    return (loss + model.alpha * np.sum(np.square(model.coef_))) / len(y)


FACTOR = np.r_[np.zeros(3000), np.full(3000, 2.0), np.inf]
WIDE = {
    "ridge": RidgeGD(),
    "no intercept": RidgeGD(fit_intercept=False),
    "factors": RidgeGD(5.0, penalty_factor=FACTOR),
    "bounds": RidgeGD(lower=0.1, upper=0.5),
    "least squares": RidgeGD(0),
}


@settings(max_examples=15, deadline=None)
@given(cuts=st.sets(st.integers(1, 199), max_size=6), name=st.sampled_from(sorted(WIDE)))
def test_any_chunks_of_wide_data_are_one_stream(cuts, name):
    X, Y, s = documents(200)
    s[[3, 50]] = 0
    cuts -= {4, 51}  # a chunk of one of these alone has no weight, which is refused
    whole = fit_in_chunks(clone(WIDE[name]), X, Y, s, [])
    parts = fit_in_chunks(clone(WIDE[name]), X, Y, s, sorted(cuts))
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-10)
    assert parts.convergence_.message == "averaged 198 samples of a stream; nothing was tested."
    assert np.all(np.isnan(parts.dual_gap_))


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sp.csc_matrix])
@pytest.mark.parametrize("name", WIDE)
def test_dense_streams_are_sparse_streams(container, name):
    X, Y, s = documents(100)
    sparse = fit_in_chunks(clone(WIDE[name]), X, Y, s, [30])
    other = fit_in_chunks(clone(WIDE[name]), container(X.toarray()), Y, s, [30])
    np.testing.assert_allclose(other.coef_, sparse.coef_, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(other.intercept_, sparse.intercept_, rtol=1e-10)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_excess_of_a_wide_stream_falls_as_one_over_n(fit_intercept):
    X, Y, s = documents(64_000)
    excess = []
    for n in (1000, 8000, 64_000):
        part = X[:n], Y[:n, 0], s[:n]
        model = RidgeGD(1.0, fit_intercept=fit_intercept)
        least = objective(model.fit(*part), *part)
        excess.append(objective(model.partial_fit(*part), *part) - least)
    assert excess[0] > 0
    assert np.all(np.array(excess[1:]) < 0.3 * np.array(excess[:-1]))  # 1/8, and noise


def test_predictions_of_a_wide_stream_are_those_of_a_fit():
    X, Y, s = documents(20_000)
    new, truth = X[16_000:], Y[16_000:]
    model = RidgeGD([1.0, 10.0]).fit(X[:16_000], Y[:16_000], s[:16_000])
    expected = np.mean((model.predict(new) - truth) ** 2, axis=0)
    model = fit_in_chunks(model, X[:16_000], Y[:16_000], s[:16_000], range(1000, 16_000, 1000))
    assert np.all(np.mean((model.predict(new) - truth) ** 2, axis=0) < 1.05 * expected)


def test_bounds_and_columns_left_out_of_a_wide_stream():
    X, Y, s = documents(500)
    assert not RidgeGD(penalty_factor=FACTOR).partial_fit(X, Y, s).coef_[:, -1].any()
    coef = RidgeGD(lower=-0.1, upper=0.1).partial_fit(X, Y, s).coef_
    assert np.all(np.abs(coef) <= 0.1)


def test_the_work_of_a_wide_stream_is_counted():
    X, Y, _ = documents(500)
    record = RidgeGD().partial_fit(X, Y).convergence_
    rows = bytes_of(X)
    assert record.n_data_passes == 3
    assert record.work == Work(n_bytes=3 * rows)  # the first for the statistics


def test_a_wide_stream_keeps_no_samples_and_fit_forgets_it():
    X, Y, s = documents(3000)
    model = RidgeGD().partial_fit(X, -Y, s)
    first = len(pickle.dumps(model))
    assert len(pickle.dumps(model.partial_fit(X, -Y, s))) == first
    expected = RidgeGD().partial_fit(X, Y, s).coef_
    np.testing.assert_array_equal(model.fit(X, Y, s).partial_fit(X, Y, s).coef_, expected)
