"""What needs a process of its own: compiled loops on disk or in plain Python, the demonstration."""

import os
import pickle
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
    assert {"cholesky.substitute", "quadratic.sweep", "quadratic.walk"} <= set(names)


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
    code = (
        "import numpy as np; from skreg import LassoCD\n"
        "rng = np.random.default_rng(0); X = rng.standard_normal((1000, 5000))\n"
        "y = rng.standard_normal(1000); fit = LassoCD(1e-3, tol=1e-14, max_iter=10**9).fit\n"
        "print('ready', flush=True)\n"
        "while True: fit(X, y)"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(3)  # in the midst of it
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert errors.rstrip().endswith("KeyboardInterrupt")


def test_an_interrupt_ends_the_threads_of_folds():
    code = """
import os, signal, threading, time
import numpy as np
from skreg import LassoCDCV
rng = np.random.default_rng(0)
X = rng.standard_normal((300, 8000))
y = X[:, :20].sum(axis=1) + rng.standard_normal(300)
threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    while True: LassoCDCV(n_jobs=2).fit(X, y)
except KeyboardInterrupt:
    time.sleep(0.6)
    before = time.process_time()
    time.sleep(0.5)
    print(time.process_time() - before)
"""
    assert float(run(code)) < 0.1


def test_an_interrupt_does_not_wait_for_lapack():
    code = (
        "import os, signal, threading, time; from skreg._threads import interruptible\n"
        "import numpy as np; A, began = np.empty((1000, 1000)), time.perf_counter()\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try: interruptible(lambda A: time.sleep(30), A)\n"
        "except KeyboardInterrupt: print(time.perf_counter() - began)"
    )
    began = time.perf_counter()
    assert float(run(code)) < 5
    assert time.perf_counter() - began < 20  # nor does the process at its end


def test_an_unwritable_cache_is_no_error():
    code = """
import numba
compile = numba.njit
def njit(*args, **options):
    if options.get("cache"):
        raise RuntimeError("cannot cache function: no locator available")
    return compile(*args, **options)
numba.njit = njit
"""
    assert float(run(code + FIT.replace("; ", ";"))) == pytest.approx(float(run(FIT)))


def test_demonstration_without_matplotlib_says_what_to_install():
    code = (
        "import sys; sys.modules['matplotlib'] = None;"
        "from skreg.__main__ import draw\n"
        "try: draw(None, None)\n"
        "except SystemExit as error: print(error)"
    )
    assert "pip install 'skreg[plot]'" in run(code)


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="an installed copy has no README")
def test_the_example_of_the_readme_runs():
    text = (ROOT / "README.md").read_text("utf8")
    code = text.split("```python\n")[1].split("```")[0]
    assert len(code.strip().splitlines()) <= 12
    output = run(code)
    assert "['sex', 'bmi', 'bp', 's1', 's3', 's5', 's6']" in output
    assert "converged" in output


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
