"""What needs a process of its own: compiled loops on disk or in plain Python, the demonstration."""

import os
import pickle
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from skreg._numba.cache import locked

ROOT = Path(__file__).parent.parent
FIT = (
    "from sklearn.datasets import load_diabetes; from skreg import LassoCD;"
    "X, y = load_diabetes(return_X_y=True);"
    "print(LassoCD(0.1).fit(X, y).coef_.sum())"
)


def run(code, cwd=ROOT, **environment):
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_loops_run_as_plain_python():
    assert float(run(FIT, NUMBA_DISABLE_JIT="1")) == pytest.approx(float(run(FIT)), rel=1e-6)


def test_compiled_loops_are_kept_for_the_next_process(tmp_path):
    run(FIT, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="0")
    kept = sorted(path.name for path in tmp_path.rglob("*.nbc"))
    names = [name.partition("-")[0] for name in kept]
    assert len(set(names)) == len(names)  # compiled for one kind of array only
    assert {"penalties.judge_columns", "quadratic.descend", "quadratic.sweep"} <= set(names)


def test_a_cache_that_names_classes_of_an_older_version_is_emptied(tmp_path):
    cached = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    expected, indices = run(FIT, **cached), list(tmp_path.rglob("*.nbi"))
    for index in indices:
        with index.open("r+b") as file:
            pickle.load(file)  # the version of numba, which stays
            file.truncate()
            file.write(b"cskreg._solvers.gone\nShifted\n.")
    assert run(FIT, **cached) == expected
    assert indices
    assert all(b"gone" not in index.read_bytes() for index in indices if index.exists())


def test_an_interrupt_ends_a_long_fit():
    """It is sent while the fit stays in one call, of a kernel or of BLAS."""
    code = """
import os, signal, sys, threading; import numpy as np; from skreg import LassoCD
main = threading.main_thread().ident
def interrupt():
    last, n_looks = None, 0
    while n_looks < 2000:
        frame = sys._current_frames()[main]
        place = frame.f_code.co_filename, frame.f_lasti
        n_looks = n_looks + 1 if place == last and "_solvers" in place[0] else 0
        last = place
    os.kill(os.getpid(), signal.SIGINT)
rng = np.random.default_rng(0)
X, y = rng.standard_normal((1000, 5000)), rng.standard_normal(1000)
LassoCD(1e-3).fit(X[:100], y[:100])  # compiles
threading.Thread(target=interrupt, daemon=True).start()
try: LassoCD(1e-3, tol=1e-14, max_iter=10**9).fit(X, y)
except KeyboardInterrupt: print("interrupted", end="")
"""
    assert run(code) == "interrupted"


def test_an_interrupt_ends_the_threads_of_folds():
    """It is sent at the 20th of 500 alphas; then each of two threads ends with its own."""
    code = """
import os, signal, threading; import numpy as np; from skreg import LassoCDCV
from skreg._solvers.path import Descent
def run(self, *arguments, run=Descent.run):
    for solution in run(self, *arguments):
        solved.append(0)
        if len(solved) == 20: os.kill(os.getpid(), signal.SIGINT)
        yield solution
Descent.run, solved = run, []
rng = np.random.default_rng(0)
X = rng.standard_normal((200, 500))
try: LassoCDCV(n_jobs=2).fit(X, X[:, :20].sum(axis=1) + rng.standard_normal(200))
except KeyboardInterrupt: before = len(solved)
for thread in threading.enumerate():
    if thread is not threading.main_thread(): thread.join()
print(before, len(solved) - before)
"""
    before, after = map(int, run(code).split())
    assert 20 <= before < 400  # a thread may have to wait for its turn
    assert after <= 2


def test_an_interrupt_does_not_wait_for_lapack():
    """Nor would the end of the process wait for the thread in which LAPACK is."""
    code = """
import os, signal, threading; import numpy as np; from skreg._threads import interruptible
begun, released, ended, seen = threading.Event(), threading.Event(), [], []
def factorise(A):
    begun.set()
    try: released.wait(30)
    finally: ended.append(A)
def see(*_):
    if not seen:
        seen.append(0)
        raise KeyboardInterrupt
def interrupt():
    begun.wait()
    while not seen: os.kill(os.getpid(), signal.SIGINT)  # one just before a wait is lost
signal.signal(signal.SIGINT, see)
threading.Thread(target=interrupt, daemon=True).start()
try: interruptible(factorise, np.empty((1000, 1000)))
except KeyboardInterrupt: print(len(ended), all(t.daemon for t in threading.enumerate()[1:]))
released.set()
"""
    assert run(code).split() == ["0", "True"]


def test_an_unwritable_cache_is_no_error():
    code = "from numba.core.caching import CacheImpl; CacheImpl._locator_classes = [];"
    assert float(run(code + FIT)) == pytest.approx(float(run(FIT)))


def test_kept_loops_are_loaded_without_the_compiler(tmp_path):
    """Numba would first load all that it compiles with."""
    cached = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    spoiled = "from numba.core.cpu import CPUContext; CPUContext.load_additional_registries = None;"
    expected = run(FIT, **cached)
    assert run(spoiled + FIT, **cached) == expected


def test_one_process_compiles_for_those_that_start_with_it(tmp_path):
    code = FIT + (
        ";from skreg._numba import dispatcher; from skreg._solvers.quadratic import descend;"
        "print(sum(dispatcher(descend.__wrapped__).stats.cache_misses.values()))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    sums, compiled = zip(*(process.communicate()[0].split() for process in started), strict=True)
    assert len(set(sums)) == 1
    assert sorted(compiled) == [b"0", b"0", b"1"]


def is_free(path):
    with path.open("ab") as file:
        return locked(file)


def start(code, **environment):
    """Return a process that waits for its end once it has printed something."""
    code = f"import sys\n{code}\nsys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, **environment}, **pipes
    )
    process.stdout.readline()
    return process


def test_the_lock_of_a_process_that_is_killed_is_free(tmp_path):
    path = tmp_path / "loop.lock"
    code = f"""
from pathlib import Path; from skreg._numba.cache import alone
lock = alone(Path({str(path)!r})); lock.__enter__(); print(flush=True)
"""
    with start(code) as process:
        assert not is_free(path)
        process.kill()
    assert is_free(path)


def test_the_lock_of_a_process_that_has_failed_to_compile_is_free(tmp_path):
    code = f"""
from numba.core.cpu import CPUContext; CPUContext.load_additional_registries = None
try: {FIT}
except TypeError: print(flush=True)
"""
    with start(code, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="0") as process:
        (path,) = tmp_path.rglob("*.lock")
        assert is_free(path)
        process.stdin.close()


def test_demonstration_without_matplotlib_says_what_to_install():
    code = (
        "import sys; sys.modules['matplotlib'] = None;"
        "from skreg.__main__ import draw\n"
        "try: draw(None, None)\n"
        "except SystemExit as error: print(error)"
    )
    assert "pip install 'skreg[plot]'" in run(code)


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="an installed copy has no README")
def test_the_examples_of_the_readme_run():
    text = (ROOT / "README.md").read_text("utf8")
    codes = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    assert max(len(code.strip().splitlines()) for code in codes) <= 12
    numbers, classes = map(run, codes)
    assert "['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']" in numbers
    assert "converged" in numbers
    assert "['mean texture', " in classes
    assert classes.count("'") == 20  # 10 names
    assert "0.981 [[1. 0.]]" in classes


@pytest.mark.parametrize("module", ["test_sklearn_checks.py"])
def test_checks_hold_with_scipys_array_api(module):
    if os.environ.get("SCIPY_ARRAY_API"):
        pytest.skip("this is that run")
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{module}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
    )
    assert process.returncode == 0, process.stdout[-3000:]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries need no teaching")
@pytest.mark.parametrize("kept", [False, True])
def test_freed_memory_is_kept(kept):
    """An array is then had again without a fault for each of its pages."""
    code = (
        "import resource, numpy as np; from skreg._memory import keep_freed_memory\n"
        f"keep_freed_memory() if {kept} else None\n"
        "def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "def work(): return [np.ones(40_000) for _ in range(50)]  # 15 MiB in all\n"
        "work(); before = faults(); [work() and None for _ in range(20)]; print(faults() - before)"
    )
    faults = int(run(code, MALLOC_ARENA_MAX="1"))
    assert faults < 1000 if kept else faults > 10_000


def test_an_interrupt_while_numba_is_imported_leaves_it_usable():
    code = """
import os, signal, sys, threading, time; import numpy as np; from skreg import RidgeGD
def interrupt():
    while "numba.core" not in sys.modules: time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)
X = np.random.default_rng(0).standard_normal((20, 3))
threading.Thread(target=interrupt).start()
try: RidgeGD().fit(X, X[:, 0]); print("not interrupted")
except KeyboardInterrupt: print(RidgeGD().fit(X, X[:, 0]).coef_.shape)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "(3,)", found.stderr
