"""A new process that does one thing and says what it cost: for families that start it every time.

``python -m benchmarks.probe coldstart|memory|stream ...`` prints one line of JSON. The clock of an
import has to start in a bare interpreter: up here is only what Python has loaded already.
"""

import importlib
import os
import sys
import time
import warnings

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TOLERANCES = {"skreg LassoCD": 1e-6, "skreg RidgeGD": 1e-10, "adelie grpnet": 1e-7}
TOLERANCES |= {"R glmnet": 1e-7}  # defaults, as is 1e-4 of all others


class MissingError(RuntimeError):
    """A solver that cannot be imported."""


def work(solver, params):
    """Return what a solver shall do, at the default of its own stopping rule."""
    tol = None if solver.tolerances == (None,) else TOLERANCES.get(solver.name, 1e-4)
    return {"params": params, "tol": tol}


def ask(python, what, *words, timeout, **variables):
    """Start the process, on one thread; return what it says and raise what went wrong."""
    import json
    import subprocess

    from .core import ROOT

    environment = {**os.environ, **ONE_THREAD, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "timeout": timeout}
    command = [python, "-m", "benchmarks.probe", what, *words]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, **options)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"over {timeout:g} s") from None
    except FileNotFoundError:
        raise MissingError(f"there is no {python}; `make bench` installs it") from None
    if not done.stdout:
        raise RuntimeError(f"its process ended with exit code {done.returncode}")
    reply = json.loads(done.stdout)
    if "error" in reply:
        raise (RuntimeError if reply["imported"] else MissingError)(reply["error"])
    return reply


def main(what, module, *words):
    """Do it, and print what it cost on the stdout that the parent reads."""
    parent = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is not for the parent
    warnings.simplefilter("ignore")
    reply = {"imported": False}
    try:
        reply |= load(module)
        if words:
            reply |= work_of(what)(*words)
    except BaseException as error:  # a peer may raise anything; the benchmark lists it
        from .worker import describe

        reply |= {"error": describe(error)}
    import json

    print(json.dumps(reply), file=parent, flush=True)


def work_of(what):
    """Return what the process does for a benchmark: that of its module, or a first fit."""
    return coldstart if what == "coldstart" else importlib.import_module(f"benchmarks.{what}").work


def load(module):
    """Import a module; return the seconds and its version.

    A module of the benchmarks stands for another program, which starts to tell its version.
    """
    if module.startswith("benchmarks."):
        importlib.import_module(module)
    began = time.perf_counter()
    loaded = importlib.import_module(module)
    version = getattr(loaded, "__version__", None)
    seconds = time.perf_counter() - began
    version = version or sys.modules[module.partition(".")[0]].__version__
    return {"imported": True, "import": seconds, "version": version}


def coldstart(family, solver, folder, work):
    """Return the seconds of a first and a second fit."""
    from . import data
    from .core import Timed

    fit, prepare, arguments = begin(family, solver, *data.read(folder), work)
    prepared = prepare()
    reply = {}
    for name in ("first_fit", "second_fit"):
        began = time.perf_counter()
        answer = fit(*prepared, **arguments)
        seconds = time.perf_counter() - began
        reply[name] = answer.seconds if isinstance(answer, Timed) else seconds
    return reply


def begin(family, solver, X, y, work):
    """Return a solver's fit, what prepares its data, and its keyword arguments."""
    import json

    work = json.loads(work)
    family = importlib.import_module(f"benchmarks.{family}")
    family.THREADS = (1,)  # for which torch compiles
    solver = family.SOLVERS[solver]
    tol = {} if work["tol"] is None else {"tol": work["tol"]}
    prepare = solver.prepare or (lambda X, y: (X, y))
    return solver.fit, lambda: prepare(X, y), family.arguments(X, y, **work["params"]) | tol


if __name__ == "__main__":
    main(*sys.argv[1:])
