"""The questions of a Design against an explicit matrix, for every kind of data."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg._data import Classes, Design, Folds, MemoryDesign, Products, as_design
from skreg._problem.penalties import ElasticNet
from skreg._solvers.class_sweep import sweep_classes
from skreg._solvers.column_set import sweep

KINDS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "csr_array": sp.csr_array,
    "csc_array": sp.csc_array,
    "csr_matrix": sp.csr_matrix,
    "csc_matrix": sp.csc_matrix,
    "csr_array float32": lambda X: sp.csr_array(X.astype(np.float32)),
}


@pytest.fixture(params=["tall", "wide", "several blocks"])
def data(request):
    shape = {"tall": (40, 7), "wide": (9, 30), "several blocks": (1000, 300)}[request.param]
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.4)
    X = np.round(X * 64) / 64  # exact in float32
    return X, rng.random(shape[0]), rng


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_questions(kind, centre, standardize, data):
    X, s, rng = data
    design = as_design(KINDS[kind](X), s, centre=centre, standardize=standardize)
    mean = np.average(X, axis=0, weights=s)
    deviation = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=s))
    Xc = (X - mean * centre) / np.where(standardize & (deviation > 0), deviation, 1)
    w, r = rng.standard_normal((X.shape[1], 2)), rng.standard_normal((X.shape[0], 2))
    i = np.array([3, 0, 5])
    G = Xc.T @ (s[:, None] * Xc)
    tolerance = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(design.matvec(w), Xc @ w, **tolerance)
    np.testing.assert_allclose(design.matvec(w[:, 0]), Xc @ w[:, 0], **tolerance)
    np.testing.assert_allclose(design.rmatvec(r), Xc.T @ (s[:, None] * r), **tolerance)
    c = Xc.T @ (s * r[:, 1])
    np.testing.assert_allclose(design.rmatvec(r[:, 1]), c, **tolerance)
    np.testing.assert_allclose(design.rmatvec(r[:, 1], i), c[i], **tolerance)
    np.testing.assert_allclose(design.matvec(w[i], i), Xc[:, i] @ w[i], **tolerance)
    np.testing.assert_allclose(design.matvec(w[i, 0], i), Xc[:, i] @ w[i, 0], **tolerance)
    np.testing.assert_allclose(design.rmatvec(r, i), (Xc.T @ (s[:, None] * r))[i], **tolerance)
    np.testing.assert_allclose(design.gram(i), G[np.ix_(i, i)], **tolerance)
    np.testing.assert_allclose(design.gram(i, 1), G[np.ix_(i[1:], i)], **tolerance)
    q = rng.random(X.shape[1])
    np.testing.assert_allclose(design.kernel(q), Xc * q @ Xc.T, **tolerance)
    np.testing.assert_allclose(design.column_norms, np.sqrt(np.diag(G)), **tolerance)
    shift = rng.standard_normal(X.shape[1])
    moved, M = design.about(shift), Xc - shift
    np.testing.assert_allclose(moved.matvec(w), M @ w, **tolerance)
    np.testing.assert_allclose(moved.rmatvec(r), M.T @ (s[:, None] * r), **tolerance)
    np.testing.assert_allclose(moved.gram(i), (M.T @ (s[:, None] * M))[np.ix_(i, i)], **tolerance)
    np.testing.assert_allclose(moved.kernel(q), M * q @ M.T, **tolerance)
    rows = np.array([4, 1, 7])
    np.testing.assert_allclose(design.take(rows).matvec(w), (Xc @ w)[rows], **tolerance)
    G = Xc[rows].T @ (s[rows, None] * Xc[rows])
    some = np.arange(len(G))  # of all columns, arrays are multiplied as they lie
    np.testing.assert_allclose(design.take(rows).gram(some), G, **tolerance)
    np.testing.assert_allclose(design.take(rows).gram(i, 1), G[np.ix_(i[1:], i)], **tolerance)


@pytest.mark.parametrize("offset", [0, 1024])
@pytest.mark.parametrize("kind", KINDS)
def test_some_columns_answer_as_they_do_among_all(kind, offset, data):
    X, s, rng = data
    whole = as_design(KINDS[kind](X + offset), s, centre=True, standardize=True)
    for j in (np.array([5, 0, 3]), np.arange(X.shape[1])):
        part, w, r = whole.select(j), rng.standard_normal(len(j)), rng.standard_normal(len(X))
        some = np.arange(len(j))
        tolerance = {"rtol": 1e-9, "atol": 1e-9}
        np.testing.assert_allclose(part.matvec(w), whole.matvec(w, j), **tolerance)
        np.testing.assert_allclose(part.rmatvec(r), whole.rmatvec(r, j), **tolerance)
        np.testing.assert_allclose(part.gram(some), whole.gram(j), **tolerance)
        np.testing.assert_allclose(part.column_norms, whole.column_norms[j])
        v = rng.random(len(X))
        again = part.reweighted(v).rmatvec(r)
        np.testing.assert_allclose(again, whole.reweighted(v).rmatvec(r, j), **tolerance)
        assert part.n_features == len(j)
        assert part.n_passes < 10


@pytest.mark.parametrize("offset", [0, 1024])  # of columns far from 0, sparse data take an origin
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_other_weights_bring_their_means_and_leave_the_scales(kind, centre, offset, data):
    X, s, rng = data
    X = X + offset
    first = as_design(KINDS[kind](X), s, centre=centre, standardize=True)
    v = rng.random(len(X)) + (np.arange(len(X)) % 2)
    design, mean = first.reweighted(v), np.average(X, axis=0, weights=v)
    Xc = (X - mean * centre) / first.scale
    G, i, w = Xc.T @ (v[:, None] * Xc), np.array([3, 0, 5]), rng.standard_normal((X.shape[1], 2))
    tolerance = {"rtol": 1e-9, "atol": 1e-9 * np.abs(Xc).max()}
    np.testing.assert_allclose(design.matvec(w), Xc @ w, **tolerance)
    np.testing.assert_allclose(design.rmatvec(Xc[:, 0], i), G[i, 0], **tolerance)
    np.testing.assert_allclose(design.gram(i), G[np.ix_(i, i)], **tolerance)
    np.testing.assert_allclose(design.column_norms**2, np.diag(G), **tolerance)
    np.testing.assert_allclose(design.mean, mean * centre, **tolerance)
    again = design.reweighted(s)
    np.testing.assert_allclose(again.matvec(w), first.matvec(w), **tolerance)


def test_kinds_of_data_answer_the_questions_and_no_others():
    X, s = np.eye(4), np.ones(4)
    for make in (np.asarray, sp.csr_array):
        design = as_design(make(X), s, centre=True, standardize=False)
        assert isinstance(design, Design)
        assert isinstance(Folds(design, np.eye(4), centre=True), Products)
    questions = set(dir(Design)) | set(dir(Products)) | {"count"}
    methods = {name for name, value in vars(MemoryDesign).items() if callable(value)}
    assert {name for name in methods if not name.startswith("_")} <= questions


@pytest.mark.parametrize("kind", KINDS)
def test_a_gram_matrix_of_some_rows_without_weights(kind, data):
    X = KINDS[kind](data[0])
    design = as_design(X, np.ones(len(data[0])), centre=True, standardize=False)
    rows, columns = np.array([4, 1, 7, 4]), np.arange(X.shape[1])
    part = data[0][rows] - data[0].mean(axis=0)
    G = design.take(rows).gram(columns)
    np.testing.assert_allclose(G, part.T @ part, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_minimises_over_one_column_after_the_other(kind, centre, data):
    X, s, rng = data
    design = as_design(KINDS[kind](X), s, centre=centre, standardize=True)
    columns, w = np.array([3, 0, 5]), np.array([[0.5], [0.0], [-0.2]])
    Xc = np.column_stack([design.matvec(np.ones(1), [j]) for j in columns])
    y = rng.standard_normal((len(X), 1))
    y -= s @ y / s.sum() * centre
    lower, upper = np.full(3, -1.0), np.array([2, 0.05, 3])
    penalty = ElasticNet(np.array([0.3, 0.1, 0.0]), np.array([0.5, 0.0, 0.0]), lower, upper)
    expected, r = w.copy(), y - Xc @ w
    for k, x in enumerate(Xc.T):
        candidates = np.linspace(penalty.lower[k], penalty.upper[k], 100_001)
        left = y[:, 0] - Xc @ expected[:, 0] + x * expected[k, 0]
        loss = 0.5 * (s @ x**2) * candidates**2 - (s @ (x * left)) * candidates
        expected[k] = candidates[np.argmin(loss + penalty.take(k).value(candidates))]
    r = np.asfortranarray(r)
    _, n_changed, _ = sweep(design, w, r, columns, penalty)
    np.testing.assert_allclose(w, expected, atol=1e-4)
    np.testing.assert_allclose(r, y - Xc @ w, atol=1e-10)
    assert n_changed > 0


def test_large_offsets_cost_no_digits():
    rng = np.random.default_rng(0)
    X = rng.integers(-8, 8, (500, 4)).astype(float)
    y = rng.standard_normal(500)
    y -= y.mean()
    s = np.ones(500)
    near = as_design(X, s, centre=True, standardize=False)
    far = as_design(X + 2.0**40, s, centre=True, standardize=False)
    np.testing.assert_allclose(far.rmatvec(y), near.rmatvec(y), rtol=1e-9)
    np.testing.assert_allclose(far.column_norms, near.column_norms, rtol=1e-6)


def test_constant_columns_are_recognised():
    X = np.c_[np.full(50, 0.1), np.arange(50.0), np.zeros(50), np.full(50, 1e8 / 3)]
    s = np.random.default_rng(0).random(50)
    for data in (X, sp.csr_array(X)):
        design = as_design(data, s, centre=True, standardize=True)
        assert design.constant.tolist() == [True, False, True, True]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_constant_sparse_columns_are_recognised(seed, centre, dtype):
    """Whatever the rounding of means and weights, and whatever samples without weight have."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5000))
    X = rng.standard_normal((n, 3))
    X[:, 1] = rng.choice([0.1, 1 / 3, 3.3, 1, 1e6 + 0.1])
    s = rng.choice([np.ones(n), np.full(n, 0.1), rng.uniform(0.3, 3, n)])
    if seed % 2:
        unseen = np.arange(n) > max(0.7 * n, 1)
        s, X[unseen, 1] = np.where(unseen, 0, s), 0
    X = X.astype(dtype)
    kept = np.array([0, 2])
    for data in (sp.csr_array(X), sp.csc_array(X)):
        design = as_design(data, s, centre=centre, standardize=True)
        dense = as_design(X, s, centre=centre, standardize=True)
        assert design.constant.tolist() == [False, centre, False]
        assert design.scale[1] == 1
        np.testing.assert_allclose(design.scale, dense.scale)
        np.testing.assert_allclose(design.gram(kept), dense.gram(kept), atol=1e-9 * s.sum())


def test_repeated_entries_of_a_sparse_matrix_are_summed_and_the_input_is_left_alone():
    X = sp.csr_array((np.array([1.0, 2.0, 4.0]), np.array([0, 0, 1]), np.array([0, 2, 3])))
    before = X.data.copy()
    design = as_design(X, np.ones(2), centre=False, standardize=False)
    np.testing.assert_allclose(design.column_norms, [3, 4])
    np.testing.assert_array_equal(X.data, before)


def test_unknown_data_is_refused():
    with pytest.raises(TypeError, match="no Design is registered for data of type list"):
        as_design([[1]], np.ones(1), centre=True, standardize=False)


def coupled(v):
    """Return the matrices of `Coupling` for all samples as one."""
    n, k = v.shape
    H = np.zeros((n, k, n, k))
    for i in range(n):
        H[i, :, i] = np.diag(v[i]) - (np.outer(v[i], v[i]) / v[i].sum() if v[i].any() else 0)
    return H.reshape(n * k, n * k)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_several_classes(kind, centre, standardize):
    rng = np.random.default_rng(0)
    X = np.round(rng.standard_normal((30, 6)) * (rng.random((30, 6)) < 0.5) * 64) / 64
    X[:, 0] += 1024  # far from 0
    s, n_classes = rng.integers(0, 3, 30).astype(float), 4
    base = as_design(KINDS[kind](X), s, centre=centre, standardize=standardize)
    classes = Classes(base, n_classes)
    Xc = np.kron(base.matvec(np.eye(6)), np.eye(n_classes))
    w, r = rng.standard_normal((24, 2)), rng.standard_normal((120, 2))
    j, tolerance = np.array([17, 0, 1, 2, 3, 9]), {"rtol": 1e-8, "atol": 1e-8}
    S = np.diag(np.repeat(s, n_classes))
    np.testing.assert_allclose(classes.matvec(w), Xc @ w, **tolerance)
    np.testing.assert_allclose(classes.matvec(w[j, 0], j), Xc[:, j] @ w[j, 0], **tolerance)
    np.testing.assert_allclose(classes.rmatvec(r), Xc.T @ S @ r, **tolerance)
    np.testing.assert_allclose(classes.rmatvec(r[:, 0], j), (Xc.T @ S @ r[:, 0])[j], **tolerance)
    np.testing.assert_allclose(classes.gram(j), (Xc.T @ S @ Xc)[np.ix_(j, j)], **tolerance)
    np.testing.assert_allclose(classes.column_norms**2, np.diag(Xc.T @ S @ Xc), **tolerance)
    part, P = classes.select(j), Xc[:, j]
    np.testing.assert_allclose(part.matvec(w[:6]), P @ w[:6], **tolerance)
    v = rng.random((30, n_classes)) * s[:, None]
    view, H = part.reweighted(v.ravel()), coupled(v)
    if centre:
        constants = np.kron(np.ones((30, 1)), np.eye(n_classes))
        P = P - constants @ np.linalg.pinv(constants.T @ H @ constants) @ (constants.T @ H @ P)
    G, some = P.T @ H @ P, np.arange(6)
    np.testing.assert_allclose(view.matvec(w[:6, :1]), P @ w[:6, :1], **tolerance)
    np.testing.assert_allclose(view.rmatvec(r[:, :1]), P.T @ H @ r[:, :1], **tolerance)
    np.testing.assert_allclose(view.gram(some), G, **tolerance)
    np.testing.assert_allclose(view.gram(some[::-1], 1), G[::-1, ::-1][1:], **tolerance)
    assert view.inner(r[:, :1], r[:, 1:]) == pytest.approx(r[:, 0] @ H @ r[:, 1])
    z, start = np.asfortranarray(P @ w[:6, :1]), rng.standard_normal((6, 1))
    change, ends = start.copy(), np.full(6, np.inf)
    penalty = ElasticNet(np.full(6, 0.2), np.full(6, 0.1), -ends, ends)
    before = z.copy()
    sweep_classes(view, change, z, some, penalty)
    np.testing.assert_allclose(H @ z, H @ (before - P @ (change - start)), **tolerance)
    expected, c = start.copy(), P.T @ H @ before
    for k in range(6):  # one coordinate after the other
        curvature, now = G[k, k], c - G @ (expected - start)
        at = now[k, 0] + curvature * expected[k, 0]
        shrunk = np.sign(at) * max(abs(at) - 0.2, 0)
        expected[k, 0] = shrunk / (curvature + 0.1)
    np.testing.assert_allclose(change, expected, **tolerance)
