"""Speed, by counting: fixed problems take no more work than they did, and the counts are true.

Time differs from machine to machine and from minute to minute; these counts hardly do. CONTRIBUTING
says when a figure may be changed.
"""

import pickle
import sys
from dataclasses import astuple, replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_diabetes

from skreg import (
    DropoutMLPClassifier,
    ElasticNetCD,
    GroupLassoCD,
    GroupLogisticCD,
    HuberCD,
    LassoCD,
    LogisticCD,
    RidgeGD,
    RidgeGDCV,
)
from skreg._convergence import Work, bytes_of
from skreg._cost import COST
from skreg._data import MemoryDesign, SparseDesign, as_design
from skreg._network import layers
from skreg._problem.penalties import ElasticNet
from skreg._solvers import quadratic, saga
from skreg._solvers.cholesky import Factor
from skreg.linear_model import _base as linear

SLACK = 0.1  # rounding differs between platforms, and moves a count by up to 4 %


def scattered():
    """Neither the matrix of the columns nor that of the samples is worth forming."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(3000, dtype=np.int32), 16)
    columns = rng.integers(0, 8000, rows.size, dtype=np.int32)
    X = sp.coo_array((rng.uniform(0.5, 2, rows.size), (rows, columns)), shape=(3000, 8000)).tocsr()
    return X, target(X, rng, 30)


def target(X, rng, n_active):
    """Return a noisy combination of a few columns."""
    columns = rng.permutation(X.shape[1])[:n_active]
    y = X[:, columns] @ rng.standard_normal(n_active)
    return y + 0.3 * y.std() * rng.standard_normal(len(y))


def tall():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1000, 60)) @ (np.eye(60) + 0.1 * rng.standard_normal((60, 60)))
    return X, target(X, rng, 20)


def weighted():
    X, y = tall()
    return X, y, np.random.default_rng(1).integers(0, 4, len(y)).astype(float)


def wide():
    """Neighbours are correlated: an autoregression of order 1."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 1000))
    for j in range(1, 1000):
        X[:, j] = 0.9 * X[:, j - 1] + np.sqrt(1 - 0.9**2) * X[:, j]
    return X, target(X, rng, 30)


def factors():
    """Ten factors and little noise: at a small alpha the support nears the number of samples."""
    rng = np.random.default_rng(0)
    F, weights = rng.standard_normal((80, 10)), np.linspace(1, 0.1, 10)[:, None]
    X = F @ (weights * rng.standard_normal((10, 2000))) + 0.1 * rng.standard_normal((80, 2000))
    return X, np.where(F[:, 0] + 0.5 * rng.standard_normal(80) > 0, 1.0, -1.0)


def exponentials():
    """Return the same, skewed, and far from 0."""
    X, y = factors()
    return 300 + np.exp(X / 3), y


def text():
    """Few words are frequent, most are rare; the indices have 32 bits on every platform."""
    rng = np.random.default_rng(0)
    frequency = np.minimum(0.5, 20 / np.arange(1, 5001))
    dense = (rng.random((400, 5000)) < frequency) * rng.uniform(0.5, 2, (400, 5000))
    X = sp.csr_array(dense)
    parts = X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return sp.csr_array(parts, shape=X.shape), target(X, rng, 30)


def products():
    """Return 2000 samples whose kernel has such eigenvalues that few steps are enough."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(2000, dtype=np.int32), 60)
    columns = rng.integers(0, 20000, rows.size, dtype=np.int32)
    X = sp.coo_array((rng.uniform(0.5, 2, rows.size), (rows, columns)), shape=(2000, 20000))
    return X.tocsr(), target(X.tocsr(), rng, 30)


def lengths():
    """Return the same with lengths that differ so much that very many would be needed."""
    X, y = products()
    return sp.diags_array(np.geomspace(1, 1e-3, 2000)).tocsr() @ X, y


def classes():
    X, y = tall()
    return X, (y > np.median(y)).astype(int)


def outliers():
    X, y = tall()
    return X, np.where(np.arange(len(y)) % 10 == 0, 100.0, y)


def text_outliers():
    X, y = text()
    return X, np.where(np.arange(len(y)) % 10 == 0, 100.0, y)


def text_classes():
    X, y = text()
    return X, y > np.median(y)


LOOSE = {"solver": "gd", "standardize": True, "tol": 1e-3}
NETWORK = {"hidden_layer_sizes": (20, 10), "tol": 1, "random_state": 0}  # 12 epochs
CASES = {
    "lasso, tall": (LassoCD(0.05), tall),
    "lasso, weights": (LassoCD(0.05, standardize=True), weighted),
    "lasso, wide": (LassoCD(0.1), wide),
    "lasso, text": (LassoCD(0.02), text),
    "lasso, factors": (LassoCD(0.002), factors),
    "lasso, exponentials": (LassoCD(0.001), exponentials),
    "elastic net, short columns": (ElasticNetCD(1e-4, l1_ratio=0.5), scattered),
    "logistic": (LogisticCD(0.01), classes),
    "logistic, text": (LogisticCD(0.01), text_classes),
    "huber": (HuberCD(0.05), outliers),
    "huber, most beyond delta": (HuberCD(5e-4, delta=0.01), outliers),
    "huber, text": (HuberCD(1e-3, delta=0.1), text_outliers),
    "groups": (GroupLassoCD(np.arange(1000) // 10, 0.05), wide),
    "groups, sparse": (GroupLassoCD(np.arange(1000) // 10, 0.05, l1_ratio=0.5), wide),
    "groups, text": (GroupLogisticCD(np.arange(5000) // 10, 2e-3), text_classes),
    "ridge, gd": (RidgeGD(**LOOSE), tall),
    "ridge, nesterov": (RidgeGD(positive=True, solver="nesterov"), tall),
    "ridge, cd": (RidgeGD(positive=True), tall),
    "ridge, cg": (RidgeGD(), weighted),
    "ridge, cg, wide": (RidgeGD(), wide),
    "ridge, cg, text": (RidgeGD(), text),
    "ridge, cg on columns": (RidgeGD(0), wide),
    "ridge, cg on samples": (RidgeGD(), scattered),
    "ridge, cg, few steps": (RidgeGD(), products),
    "ridge, cg, too many steps": (RidgeGD(1e-4), lengths),
    "ridge, sgd": (RidgeGD(**{**LOOSE, "solver": "sgd"}, random_state=0), weighted),
    "ridge, sgd, text": (RidgeGD(10.0, solver="sgd", tol=1e-3, random_state=0), text),
    "ridge, leave-one-out": (RidgeGDCV(), weighted),
    "ridge, leave-one-out, wide": (RidgeGDCV(), wide),
    "ridge, leave-one-out, text": (RidgeGDCV(), text),
    "ridge, folds": (RidgeGDCV(cv=5), tall),
    "network": (DropoutMLPClassifier(**NETWORK), classes),
    "network, early stopping": (DropoutMLPClassifier(**NETWORK, early_stopping=True), classes),
}

# Passes over the data, products, bytes read, updates of coordinates, Newton steps.
FIGURES = {
    "lasso, tall": (4, 4, 2_400_000, 283, 1),
    "lasso, weights": (4, 4, 2_400_000, 311, 3),
    "lasso, wide": (8, 16, 13_972_800, 5577, 17),
    "lasso, text": (8, 19, 5_111_400, 5170, 11),
    "lasso, factors": (11, 25, 15_236_480, 2760, 138),
    "lasso, exponentials": (13, 28, 18_426_880, 6626, 228),
    "elastic net, short columns": (82, 49, 52_508_120, 204_879, 6),
    "logistic": (22, 31, 13_648_000, 681, 9),
    "logistic, text": (8, 31, 5_857_532, 571, 7),
    "huber": (19, 31, 12_608_000, 430, 9),
    "huber, most beyond delta": (62, 106, 40_704_000, 1847, 56),
    "huber, text": (35, 136, 39_727_464, 75_409, 126),
    "groups": (12, 19, 23_456_000, 67_620, 6),
    "groups, sparse": (13, 22, 26_160_000, 54_822, 12),
    "groups, text": (11, 41, 14_166_028, 10_750, 0),
    "ridge, gd": (489, 488, 234_720_000, 0, 0),
    "ridge, nesterov": (219, 218, 105_120_000, 0, 0),
    "ridge, cd": (9, 8, 4_320_000, 252, 3),
    "ridge, cg": (5, 4, 2_400_000, 0, 0),
    "ridge, cg, wide": (6, 5, 11_200_000, 0, 0),
    "ridge, cg, text": (76, 75, 42_545_408, 0, 0),
    "ridge, cg on columns": (197, 196, 315_200_000, 0, 0),
    "ridge, cg on samples": (96, 95, 56_414_976, 0, 0),
    "ridge, cg, few steps": (48, 47, 69_403_968, 0, 0),
    "ridge, cg, too many steps": (134, 133, 193_752_744, 0, 0),
    "ridge, sgd": (299, 161, 143_520_000, 0, 0),
    "ridge, sgd, text": (201, 111, 112_539_808, 0, 0),
    "ridge, leave-one-out": (8, 7, 3_840_000, 0, 0),
    "ridge, leave-one-out, wide": (6, 5, 11_200_000, 0, 0),
    "ridge, leave-one-out, text": (6, 5, 3_377_248, 0, 0),
    "ridge, folds": (10, 20, 4_320_000, 0, 0),
    "network": (24, 483, 11_616_000, 0, 0),
    "network, early stopping": (24, 555, 11_616_000, 0, 0),
}
DENSE = [name for name, (_, data) in CASES.items() if data in (tall, weighted, wide, factors)]
SPARSE = [name for name, (_, data) in CASES.items() if data is text]
LASSO = [name for name in CASES if name.startswith("lasso")]


def fit(name):
    """Return the record of a fit and its counts, in the order of the figures."""
    model, data = CASES[name]
    record = clone(model).fit(*data()).convergence_
    return record, (record.n_data_passes, *astuple(record.work))


@pytest.mark.parametrize("name", CASES)
def test_the_work_is_what_it_was(name):
    record, counts = fit(name)
    assert record.converged
    assert counts == pytest.approx(FIGURES[name], rel=SLACK, abs=1)


def test_the_figures_notice_a_lasso_without_newton_steps(monkeypatch):
    monkeypatch.setattr(quadratic, "newton_steps", lambda *_, **__: None)
    monkeypatch.setattr(LassoCD, "_cost", COST._replace(small_newton=0))
    record, _ = fit("lasso, weights")
    assert record.converged
    assert record.work.n_newton_steps == 0
    assert record.work.n_coordinate_updates > 1.5 * FIGURES["lasso, weights"][3]


def test_a_kernel_is_made_only_where_products_would_take_longer(monkeypatch):
    made = []

    def watched(design, q, kernel=SparseDesign._kernel):
        made.append(design)
        return kernel(design, q)

    monkeypatch.setattr(SparseDesign, "_kernel", watched)
    fit("ridge, cg, few steps")
    assert len(made) == 0
    fit("ridge, cg, too many steps")
    assert len(made) == 1


def test_the_figures_notice_a_product_more_in_each_step(monkeypatch):
    product = MemoryDesign._transposed_product
    monkeypatch.setattr(
        MemoryDesign, "_transposed_product", lambda *args: product(*args) + 0 * product(*args)
    )
    monkeypatch.setattr(SparseDesign, "_kernel_of", MemoryDesign._kernel_of)
    for name in ("ridge, cg on columns", "ridge, cg on samples"):
        work = fit(name)[0].work
        assert work.n_products > 1.4 * FIGURES[name][1]
        assert work.n_bytes > 1.4 * FIGURES[name][2]


QUESTIONS = ("matvec", "rmatvec", "_product", "_transposed_product", "gram", "kernel")


def watch(monkeypatch, note):
    """Call `note(question, arguments)` for every question that a Design is asked."""

    def watched(question, answer):
        def call(design, *arguments):
            note(question, arguments)
            return answer(design, *arguments)

        return call

    for question in QUESTIONS:
        monkeypatch.setattr(
            MemoryDesign, question, watched(question, getattr(MemoryDesign, question))
        )


def watch_loops(monkeypatch, sizes):
    """Append the bytes of X for every time that the loops over minibatches read it."""

    def watched(answer, n_times):
        def call(design, *arguments):
            sizes.extend(n_times * [bytes_of(design.X)])
            return answer(design, *arguments)

        return call

    for question, n_times in (("epoch", 2), ("row_squares", 1)):
        monkeypatch.setattr(saga, question, watched(getattr(saga, question), n_times))


@pytest.mark.parametrize("name", DENSE)
def test_a_dense_fit_reads_what_it_counts(name, monkeypatch):
    asked, sizes = [], []

    class Watched(np.ndarray):
        """Notes what is read of X: a part of rows and columns, or all of it in a product."""

        def __getitem__(self, key):
            part = super().__getitem__(key)
            if isinstance(key, np.ndarray | slice):  # a batch, or rows: watched in their turn
                return part
            if isinstance(key, tuple):
                sizes.append(part.nbytes)
            return np.asarray(part)

        def take(self, *arguments, **options):
            part = np.asarray(self).take(*arguments, **options)
            sizes.append(part.nbytes)
            return part

        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            assert ufunc is np.matmul
            sizes.append(self.nbytes)
            return getattr(ufunc, method)(*map(np.asarray, inputs), **options)

    def as_watched(X, s, **options):
        return as_design(X.view(Watched), s, **options)

    watch_loops(monkeypatch, sizes)
    monkeypatch.setattr(linear, "as_design", as_watched)
    watch(monkeypatch, lambda question, _: asked.append(question))
    record, _ = fit(name)
    assert record.work.n_products == len(asked)
    assert record.work.n_bytes == sum(sizes)


@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_fit_reads_what_it_counts(name, monkeypatch):
    X, _ = text()
    stored, reads, sizes = np.diff(X.tocsc().indptr), [], []
    rows = 12 * X.nnz + 4 * (X.shape[0] + 1)  # float64 values, int32 indices and starts

    def note(question, arguments):
        columns = arguments[1] if question == "matvec" and len(arguments) > 1 else arguments[0]
        if question == "gram":
            reads.append(12 * stored[columns].sum())
        elif question == "matvec" and len(arguments) > 1:
            reads.append(12 * stored[columns].sum() + 4 * (len(columns) + 1))
        else:
            reads.append(rows)

    watch(monkeypatch, note)
    watch_loops(monkeypatch, sizes)
    monkeypatch.setattr(SparseDesign, "_kernel_of", MemoryDesign._kernel_of)
    record, _ = fit(name)
    assert record.work.n_products == len(reads)
    assert record.work.n_bytes == sum(reads) + sum(sizes) + rows  # for the statistics


@pytest.mark.parametrize("kind", [np.asarray, np.float32, sp.csr_array, sp.csc_array])
def test_each_question_reads_its_share(kind):
    rng = np.random.default_rng(0)
    X = kind(rng.standard_normal((50, 10)))  # sparse X stores every entry
    design = as_design(X, np.ones(50), centre=True, standardize=False)
    i = np.array([1, 3])
    entry = X.dtype.itemsize + 4 * sp.issparse(X)
    questions = {
        "matvec": (500, lambda: design.matvec(np.ones(10))),
        "rmatvec": (500, lambda: design.rmatvec(np.ones(50))),
        "of some columns": (100, lambda: design.rmatvec(np.ones(50), i)),
        "some columns": (100, lambda: design.matvec(np.ones(2), i)),
        "gram": (100, lambda: design.gram(i)),
        "kernel": (500, lambda: design.kernel(np.arange(1.0, 11.0))),
        "minibatch": (70, lambda: design.take(np.arange(7)).matvec(np.ones(10))),
    }
    for name, (n_entries, ask) in questions.items():
        design.work = Work()
        ask()
        starts = sp.issparse(X) * 4 * 51
        assert design.work.n_products == 1
        assert n_entries * entry <= design.work.n_bytes <= n_entries * entry + starts, name


@pytest.mark.parametrize("name", LASSO)
def test_updates_of_coordinates_and_newton_steps_are_counted(name, monkeypatch):
    updates, steps = [], []
    sweep, step, small_step = quadratic.sweep, Factor.solve, quadratic.newton_step

    def watched_sweep(G, c, w, *penalty):
        before = w.copy()
        result = sweep(G, c, w, *penalty)
        updates.append(np.count_nonzero(w != before))
        return result

    def watched_step(factor, G, g):
        steps.append(len(g))
        return step(factor, G, g)

    def watched_small_step(G, c, w, *penalty):
        steps.append(len(w))
        return small_step(G, c, w, *penalty)

    monkeypatch.setattr(quadratic, "sweep", watched_sweep)
    monkeypatch.setattr(quadratic, "newton_step", watched_small_step)
    monkeypatch.setattr(quadratic, "descend", quadratic.descend.__wrapped__)
    monkeypatch.setattr(Factor, "solve", watched_step)
    work = fit(name)[0].work
    assert work.n_coordinate_updates == sum(updates) > 0
    assert work.n_newton_steps == len(steps) > 0


@pytest.mark.parametrize(
    "options",
    [
        {"keep_prob": 1},
        {"keep_prob": 0.5, "input_keep_prob": 0.8},
        {"early_stopping": True, "validation_fraction": 0.3},
        {"solver": "lbfgs", "keep_prob": 1},
        {"shuffle": False, "batch_size": 70},  # the last batch is small, the first has no weight
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_network_multiplies_what_it_counts(options, monkeypatch):
    products = []

    def watched(room, *arrays, multiply=layers.Workspace._multiply):
        products.append(arrays[:2])
        return multiply(room, *arrays)

    monkeypatch.setattr(layers.Workspace, "_multiply", watched)
    options = {**NETWORK, "activation": "tanh", **options}  # which no fused epoch serves
    X, y = classes()
    s = (np.arange(len(y)) >= 70 * ("shuffle" in options)).astype(float)
    work = DropoutMLPClassifier(**options).fit(X, y, s).convergence_.work
    factors = [factor for product in products for factor in product]
    n_bytes = sum(factor.nbytes for factor in factors if factor.shape[1] == X.shape[1])
    assert work == Work(n_products=len(products), n_bytes=n_bytes)


def test_a_network_on_sparse_data_counts_stored_entries():
    X, y = text()
    options = {**NETWORK, "keep_prob": 1}
    work = DropoutMLPClassifier(**options).fit(X, y > 0).convergence_.work
    starts = 4 * (400 + 2)  # two batches
    first = Work(n_products=3, n_bytes=bytes_of(X))  # the loss of the initial weights
    assert work == first + Work(n_products=12 * 2 * 8, n_bytes=12 * 2 * (12 * X.nnz + starts))


@pytest.mark.parametrize("name", ["lasso, tall", "ridge, sgd", "network"])
def test_counts_are_pickled_and_a_refit_counts_anew(name):
    model, data = CASES[name]
    model = clone(model)
    first = model.fit(*data()).convergence_
    again = model.fit(*data()).convergence_
    assert pickle.loads(pickle.dumps(first)).work == first.work == again.work
    assert isinstance(hash(first), int)


def test_targets_of_a_lasso_count_on_their_own_and_are_summed():
    X, y = tall()
    Y = np.c_[y, X @ np.ones(60)]
    alone = [LassoCD(0.05).fit(X, column).convergence_.work for column in Y.T]
    together = LassoCD(0.05).fit(X, Y).convergence_.work
    together.n_bytes += bytes_of(X)  # the statistics of the columns are read once
    assert astuple(together) == pytest.approx(astuple(alone[0] + alone[1]), rel=SLACK)


def test_targets_of_a_ridge_share_products():
    X, y = tall()
    one = RidgeGD().fit(X, y).convergence_.work
    three = RidgeGD().fit(X, np.c_[y, y, y]).convergence_.work
    assert astuple(three) == pytest.approx(astuple(one), rel=SLACK)  # products round differently


def test_partial_fit_adds_up_and_leaves_earlier_records_alone():
    X, y = classes()
    network = DropoutMLPClassifier(**NETWORK).partial_fit(X, y, [0, 1])
    first = network.convergence_
    once = replace(first.work)
    second = network.partial_fit(X, y).convergence_
    assert first.work == once
    of_initial_weights = Work(n_products=2 * 3, n_bytes=bytes_of(X))  # two blocks of rows
    assert second.work + of_initial_weights == once + once


def test_a_warm_start_counts_its_own_epochs():
    X, y = classes()
    network = DropoutMLPClassifier(**NETWORK, warm_start=True).fit(X, y)
    record = network.fit(X, y).convergence_
    of_weights_at_the_start = 2 * 3  # their loss, in two blocks of rows
    assert record.work.n_products == of_weights_at_the_start + 8 * 5 * record.n_iter  # 5 batches


@pytest.mark.parametrize(
    ("model", "most"), [(LassoCD(0.2), 420), (ElasticNetCD(0.1), 430), (RidgeGD(), 580)], ids=repr
)
def test_a_fit_of_a_small_table_takes_few_calls(model, most):
    """Each takes half a microsecond, and the products of 442 x 10 numbers take some ten."""
    X, y = load_diabetes(return_X_y=True)
    model.fit(X, y)
    counts = [count_calls(lambda: model.fit(X, y)) for _ in range(2)]  # the first fills caches
    assert min(counts) <= most


def count_calls(work):
    """Count the calls of functions, of Python's and of C's."""
    n_calls = 0

    def note(frame, event, argument):
        nonlocal n_calls
        n_calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return n_calls


def test_a_hopeful_forecast_does_not_take_all_sweeps():
    """Two nearly equal columns, and a hundred at their bounds: sweeps are cheap, but many."""
    G, no_end = np.eye(102), np.full(102, np.inf)
    G[0, 1] = G[1, 0] = 0.98
    lower, w = np.r_[-np.inf, -np.inf, np.ones(100)], np.r_[0.0, 0, np.ones(100)]
    c = np.r_[0.02, -0.02, np.zeros(100)] - np.r_[0, 0, np.ones(100)]
    penalty = ElasticNet(np.full(102, 1e-4), np.zeros(102), lower, no_end)
    design = SimpleNamespace(cost=COST, work=Work(), tall=False)
    rule = {"tol": 1e-12, "max_sweeps": 1000, "noise": 1e-14}
    arrays = G, c[:, None], w[:, None], penalty, Factor(), design
    assert quadratic.solve(*arrays, **rule) <= 60
    np.testing.assert_allclose(w[:2], [0.995, -0.995], rtol=1e-6)
