"""Ridge on streams: the answer of all samples at once, whatever the chunks."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from skreg import RidgeGD


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
    with pytest.raises(ValueError, match=r"at most 6000 features; got 6001\. Use fit"):
        RidgeGD().partial_fit(sp.csr_array((3, 6001)), [1.0, 2.0, 3.0])
