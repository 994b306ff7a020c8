"""Threads: the same bits with any number, no more than BLAS is allowed, and no end of them."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info, threadpool_limits

from skreg import (
    LassoCD,
    LassoCDCV,
    MultiTaskLassoCD,
    RidgeGD,
    RidgeGDClassifier,
    RidgeGDCV,
    lasso_path,
    ridge_path,
)
from skreg._cost import COST
from skreg._data import as_design
from skreg._solvers.quadratic import descend
from skreg._threads import OTHERS, Helpers, Team, helpers, single_thread

from .test_processes import run

FINE = COST._replace(numbers_of_part=1000, rows_of_part=100, lines_of_part=1)
TALL, WIDE = (9000, 60), (120, 9000)
KINDS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "float32": np.float32,
    "rows": sp.csr_array,
    "columns": sp.csc_array,
}
FITS = {
    "ridge": lambda X, Y: RidgeGD().fit(X, Y[:, 0]),
    "ridge, targets": lambda X, Y: RidgeGD().fit(X, Y),
    "ridge, gradients": lambda X, Y: RidgeGD(solver="nesterov", tol=1e-4).fit(X, Y[:, 0]),
    "ridge, scaled": lambda X, Y: RidgeGD(standardize=True).fit(X, Y[:, 0], abs(Y[:, 1])),
    "ridge, left out": lambda X, Y: RidgeGDCV().fit(X, Y),
    "ridge, folds": lambda X, Y: RidgeGDCV(cv=3).fit(X, Y),
    "classes": lambda X, Y: RidgeGDClassifier().fit(X, Y[:, 0] > 0),
    "lasso": lambda X, Y: LassoCD(0.05).fit(X, Y[:, 0]),
    "lasso, scaled": lambda X, Y: LassoCD(0.05, standardize=True).fit(X, Y[:, 0], abs(Y[:, 1])),
    "lasso, folds": lambda X, Y: LassoCDCV(alphas=10, eps=0.1, cv=3).fit(X, Y[:, 0]),
    "lasso, targets": lambda X, Y: MultiTaskLassoCD(0.1).fit(X, Y),
}
PATHS = {
    "lasso": lambda X, Y: lasso_path(X, Y[:, 0], alphas=10, eps=0.1),
    "ridge": lambda X, Y: ridge_path(X, Y[:, 0], alphas=[1.0, 10.0]),
}


def data(shape, kind):
    """Return data of some kind and three targets; four in five numbers of sparse X are 0."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape)
    if kind in (sp.csr_array, sp.csc_array):
        X[rng.random(shape) < 0.8] = 0.0
    Y = X[:, :15].reshape(len(X), 3, 5).sum(axis=2) + 0.1 * rng.standard_normal((len(X), 3))
    return kind(X), Y


@pytest.fixture
def parts(monkeypatch):
    """How often threads have taken parts; every product is cut, even of small data."""
    taken = []

    def submit(pool, task, submit=Helpers.submit):
        taken.append(0)
        return submit(pool, task)

    monkeypatch.setattr("skreg._threads.Helpers.submit", submit)
    for name in ("skreg.linear_model._base.COST", "skreg._data.design.MemoryDesign.cost"):
        monkeypatch.setattr(name, FINE)
    monkeypatch.setattr("skreg.linear_model._base.LinearRegressor._cost", FINE)
    return taken


def bits(shape, kind, fit):
    """Return the bits of a fit and of its predictions with several numbers of threads."""
    X, Y = data(shape, kind)
    seen = set()
    for n_threads in (1, 2, 3, 4):
        with threadpool_limits(n_threads):
            fitted = fit(X, Y)
            if hasattr(fitted, "coef_"):
                seen.add((fitted.coef_.tobytes(), fitted.predict(X).tobytes()))
            else:
                predicted = fitted.predict(X, fitted.alphas[1])
                seen.add((fitted.coefs.tobytes(), predicted.tobytes()))
    return seen


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("name", FITS)
def test_the_bits_are_those_of_one_thread(name, shape, kind, parts):
    assert len(bits(shape, KINDS[kind], FITS[name])) == 1
    assert len(parts) > 5


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
def test_the_bits_of_paths_are_those_of_one_thread(name, shape, parts):
    assert len(bits(shape, np.asarray, PATHS[name])) == 1
    assert len(parts) > 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
@pytest.mark.parametrize("n_targets", [1, 7])
def test_parts_make_up_the_whole(shape, kind, n_targets):
    """Whatever is cut, the answer differs from that in one piece by rounding."""
    X, _ = data(shape, KINDS[kind])
    rng, (n, p) = np.random.default_rng(0), shape
    s, some = rng.random(n), np.arange(0, p, p // 20)
    cut, whole = (as_design(X, s, centre=True, standardize=True) for _ in range(2))
    cut.cost, cut.team = FINE, Team(3)
    whole.cost = COST._replace(most_parts=1)
    w, r = rng.standard_normal((p, n_targets)), rng.standard_normal((n, n_targets))
    questions = (
        lambda design: design.matvec(w),
        lambda design: design.rmatvec(r),
        lambda design: design.matvec(w[some], some),
        lambda design: design.matvec(w[:0], some[:0]),
        lambda design: design.rmatvec(r, some),
        lambda design: design.gram(some),
        lambda design: design.gram(some, 2),
        lambda design: design.take(np.arange(100)).kernel(np.ones(p)),
    )
    for ask in questions:
        one, other = ask(cut), ask(whole)
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12 * abs(other).max())


@pytest.mark.parametrize("shape", [TALL, WIDE], ids=["tall", "wide"])
def test_one_thread_is_obeyed(shape, parts):
    X, Y = data(shape, np.asarray)
    with threadpool_limits(1):
        FITS["ridge, left out"](X, Y).predict(X)
        FITS["lasso"](X, Y).predict(X)
    assert not parts


@pytest.mark.parametrize("shape", [(500, 60), (100, 300)], ids=["tall", "wide"])
@pytest.mark.parametrize("name", FITS)
def test_small_data_wake_no_thread(name, shape, parts, monkeypatch):
    for place in ("_base.COST", "_base.LinearRegressor._cost"):
        monkeypatch.setattr(f"skreg.linear_model.{place}", COST)
    monkeypatch.setattr("skreg._data.design.MemoryDesign.cost", COST)
    X, Y = data(shape, np.asarray)
    with threadpool_limits(4):
        FITS[name](X, Y).predict(X)
    assert not parts


def test_fits_share_what_blas_was_allowed():
    with threadpool_limits(4), ThreadPoolExecutor(3) as pool:
        assert OTHERS.n_helpers == 0  # nobody is in a fit
        barrier = threading.Barrier(3)

        def fit():
            with single_thread, single_thread:  # a fit within a fit counts once
                barrier.wait()
                n_helpers = OTHERS.n_helpers
                barrier.wait()
            return n_helpers

        assert [task.result() for task in [pool.submit(fit) for _ in range(3)]] == [0, 0, 0]
        with single_thread:
            assert OTHERS.n_helpers == 3


def test_a_fit_in_another_thread_holds_the_limit():
    """Also where the main thread has set another one, which is found again."""

    def limits():
        pools = threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    def fit():
        with single_thread:
            return limits()

    with threadpool_limits(2), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fit).result() == {1}
        assert limits() == {2}


def coefficients(n_threads=2):
    """Return the coefficients of a fit that shares its products."""
    X, Y = data((20000, 60), np.asarray)
    with threadpool_limits(n_threads):
        return RidgeGD().fit(X, Y).coef_


def answer(connection):
    connection.send(coefficients())
    connection.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("inside", [False, True])
def test_a_fork_has_threads_of_its_own(inside):
    """The child is forked after a fit, and while another thread is in one."""
    expected = coefficients()
    begun, done = threading.Event(), threading.Event()

    def hold():
        with single_thread:
            begun.set()
            done.wait()

    thread = threading.Thread(target=hold)
    if inside:
        thread.start()
        begun.wait()
    context = multiprocessing.get_context("fork")
    mine, its = context.Pipe()
    child = context.Process(target=answer, args=(its,))
    child.start()
    assert mine.poll(60), "the child hangs"
    np.testing.assert_array_equal(mine.recv(), expected)
    child.join()
    done.set()
    if inside:
        thread.join()
    assert helpers() is helpers()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib_gets_the_same_bits(backend):
    expected = coefficients()
    found = Parallel(n_jobs=2, backend=backend)(delayed(coefficients)(2) for _ in range(4))
    for one in found:
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.parametrize("of_helper", [False, True])
def test_nobody_goes_on_after_an_error(error, of_helper):
    main, failed, begun = threading.get_ident(), threading.Event(), []
    met = threading.Barrier(2)

    def work(part):
        begun.append(part.start)
        if len(begun) <= 2:
            met.wait()  # both have a part
            if (threading.get_ident() != main) == of_helper:
                failed.set()
                raise error
            failed.wait()

    for task in [helpers().submit(int) for _ in range(2)]:
        task.result()
    with pytest.raises(error):
        Team(2).share(10**5, work, size=1)
    assert len(begun) < 10**5


def test_an_interrupt_ends_shared_products():
    """It is sent while two threads are at them, one of which may have just been started."""
    code = """
import os, signal, threading; import numpy as np; from skreg import RidgeGD
from skreg import _threads; from threadpoolctl import threadpool_limits
threadpool_limits(2)
def share(self, length, work, operations=None, size=None, share=_threads.Team.share):
    def counted(part):
        done.append(0)
        if len(done) == 3: os.kill(os.getpid(), signal.SIGINT)
        work(part)
    return share(self, length, counted, operations, size)
_threads.Team.share, done = share, []
X = np.random.default_rng(0).standard_normal((40000, 100))
try: RidgeGD().fit(X, X[:, 0])
except KeyboardInterrupt: print(len(done), len(_threads.single_thread.found))
"""
    count, n_limited = run(code).split()
    assert int(count) <= 6
    assert n_limited == "0"


def test_without_threads_the_work_is_done_all_the_same(monkeypatch):
    """As where the system allows no more."""

    def submit(pool, task):
        raise RuntimeError("can't start new thread")

    expected = coefficients()
    monkeypatch.setattr("skreg._threads.Helpers.submit", submit)
    np.testing.assert_array_equal(coefficients(), expected)


def test_compiled_loops_run_beside_other_threads():
    """Python goes on while one sweeps for half a second, as no gap is small enough."""
    G, w, c = np.eye(2), np.zeros(2), np.ones(2)
    weight, lower, upper = np.full(2, 0.1), np.full(2, -np.inf), np.full(2, np.inf)
    rule = -1.0, 3 * 10**7, 0.0, np.inf, 0.0
    descend(G, c.copy(), w.copy(), weight, lower, upper, -1.0, 1, *rule[2:])  # compiles
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(descend, G, c, w, weight, lower, upper, *rule)
        while not w.any():
            assert not found.done()
        time.sleep(0.05)
        assert not found.done()
