"""Threads: the same bits with any number, no more than BLAS is allowed, and no end of them."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from joblib import Parallel, cpu_count, delayed
from threadpoolctl import threadpool_info, threadpool_limits

from skreg import (
    DropoutMLPClassifier,
    LassoCD,
    LassoCDCV,
    LogisticCD,
    MultiTaskLassoCD,
    RidgeGD,
    RidgeGDClassifier,
    RidgeGDCV,
    lasso_path,
    ridge_path,
)
from skreg._cost import COST
from skreg._data import as_design
from skreg._network.crew import Crew
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
    "logistic": lambda X, Y: LogisticCD(0.02).fit(X, Y[:, 0] > 0),
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


NETS = {
    "listed": {"hidden_layer_sizes": (140, 130)},
    "limited": {"hidden_layer_sizes": (140,), "max_norm": 1.0, "clip_norm": 0.1, "alpha": 1.0},
    "not listed": {"hidden_layer_sizes": (700,), "keep_prob": 1, "input_keep_prob": 1},
    "curved": {"hidden_layer_sizes": (700, 300), "activation": "tanh"},
    "narrow": {"hidden_layer_sizes": (50, 40)},
}


def network(n_jobs=None, **options):
    """Return a network that has learned classes of images, two thirds of whose pixels are 0."""
    rng = np.random.default_rng(0)
    X = rng.random((3000, 200), dtype=np.float32) * (rng.random((3000, 200)) < 0.3)
    options = {"hidden_layer_sizes": (140, 130), "keep_prob": 0.5} | options
    net = DropoutMLPClassifier(
        max_iter=2, learning_rate="linear", random_state=0, n_jobs=n_jobs, **options
    )
    net.fit(np.float32(X), X[:, :5].argmax(axis=1))
    return [*net.coefs_, net.predict_proba(np.float32(X))]


@pytest.fixture
def helpers_asked(monkeypatch):
    """How many helpers each shared part of a network was given."""
    asked = []

    def helped(team, n_helpers, *work, helped=Team.helped):
        asked.append(n_helpers)
        return helped(team, n_helpers, *work)

    def crew_helped(crew, n_helpers, *work, helped=Crew.helped):
        asked.append(n_helpers)
        return helped(crew, n_helpers, *work)

    monkeypatch.setattr(Team, "helped", helped)
    monkeypatch.setattr(Crew, "helped", crew_helped)
    return asked


@pytest.mark.parametrize("name", NETS)
def test_the_bits_of_networks_are_those_of_one_thread(name, helpers_asked):
    seen = set()
    for n_threads in (1, 2, 3, 4):
        with threadpool_limits(n_threads):
            seen.add(b"".join(map(np.ndarray.tobytes, network(**NETS[name]))))
    seen.add(b"".join(map(np.ndarray.tobytes, network(n_jobs=2, **NETS[name]))))
    assert len(seen) == 1
    assert any(helpers_asked)  # in predictions, if not before


@pytest.mark.parametrize("name", NETS)
def test_networks_obey_one_thread(name, helpers_asked):
    with threadpool_limits(1):
        network(**NETS[name])
    with threadpool_limits(4):
        network(n_jobs=1, **NETS[name])
    assert not any(helpers_asked)


def test_networks_at_the_same_time_share_what_blas_was_allowed(helpers_asked):
    expected = network()
    helpers_asked.clear()
    together = threading.Barrier(2, timeout=60)

    def fit():
        with single_thread:
            together.wait()
            found = network()
            together.wait()
        return found

    with threadpool_limits(2), ThreadPoolExecutor(2) as pool:
        for task in [pool.submit(fit) for _ in range(2)]:
            for one, two in zip(task.result(), expected, strict=True):
                np.testing.assert_array_equal(one, two)
    assert not any(helpers_asked)


def test_a_crew_looks_out_and_then_leaves():
    crew, met = Crew(Team(2)), threading.Barrier(2)
    if cpu_count() < 2:
        pytest.skip("there is one core")
    for _ in range(3):
        crew.share(2, lambda part: met.wait(30), size=1)
    deadline = time.monotonic() + 30
    while crew.here and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not crew.here
    crew.share(2, lambda part: met.wait(30), size=1)  # it comes again


def test_an_interrupt_ends_the_training_of_a_network():
    """It is sent in the third call of the loop, each of which takes a tenth of a second."""
    code = """
import os, signal, threading; import numpy as np; from skreg import DropoutMLPClassifier
from skreg._network import fused; from threadpoolctl import threadpool_limits
threadpool_limits(2)
def share_steps(*arguments, share_steps=fused.share_steps):
    calls.append(0)
    if len(calls) == 3:
        threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    share_steps(*arguments)
fused.share_steps, calls = share_steps, []
X = np.random.default_rng(0).random((200, 300), dtype=np.float32)
X = np.tile(np.where(X < 0.2, X, 0), (100, 1))
net = DropoutMLPClassifier((600, 600), keep_prob=0.3, max_iter=10**4)
try: net.fit(X, np.arange(len(X)) % 2)
except KeyboardInterrupt: print(len(calls))
"""
    assert 3 <= int(run(code)) <= 5


def coefficients(n_threads=2):
    """Return the coefficients of a fit that shares its products."""
    X, Y = data((20000, 60), np.asarray)
    with threadpool_limits(n_threads):
        return RidgeGD().fit(X, Y).coef_


def answer(connection, fitted):
    connection.send(fitted())
    connection.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("fitted", [coefficients, network])
@pytest.mark.parametrize("inside", [False, True])
def test_a_fork_has_threads_of_its_own(inside, fitted):
    """The child is forked after a fit, and while another thread is in one."""
    expected = fitted()
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
    child = context.Process(target=answer, args=(its, fitted))
    child.start()
    assert mine.poll(60), "the child hangs"
    for one, two in zip(mine.recv(), expected, strict=True):
        np.testing.assert_array_equal(one, two)
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
