"""Cold start: seconds to import a solver, of the first fit of a small problem, and of a second.

Each measurement is a new process, on one thread, whose clock starts before numpy is imported.
Some libraries compile when they are first used and may keep the result in a folder: "empty" is a
process with a new empty folder, "warm" a process with the folder as such a one left it; either is
first in every other round. The folders are numba's and torch's, through NUMBA_CACHE_DIR and
TORCHINDUCTOR_CACHE_DIR. Python's own bytecode is compiled in both, in a round that is not kept.

What a library imports only when it fits counts in its first fit. "import" of R glmnet starts R,
loads the package and ends R.
"""

import importlib
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from . import data, measure, probe, worker

THREADS = (1,)
SOLVERS = (  # a representative of each package and estimator
    ("lasso", "skreg LassoCD"),
    ("lasso", "scikit-learn Lasso"),
    ("lasso", "skglm Lasso"),
    ("lasso", "celer Lasso"),
    ("lasso", "adelie grpnet"),
    ("lasso", "R glmnet"),
    ("ridge", "skreg RidgeGD"),
    ("ridge", "scikit-learn Ridge, cholesky"),
    ("ridge", "himalaya Ridge"),
    ("mlp", "skreg DropoutMLPClassifier"),
    ("mlp", "scikit-learn MLPClassifier"),
    ("mlp", "torch, eager"),
    ("mlp", "torch, compiled"),
    ("mlp", "skorch NeuralNetClassifier"),
)
QUICK = ("skreg LassoCD", "scikit-learn Lasso")
NETWORK = {"sizes": (64, 100, 10), "keep": (1.0, 0.5), "batch_size": 32, "epochs": 2}
WORK = {  # data set, its order, and what is asked
    "lasso": ("AR(1) 0.5, 442 x 10", "F", {"fraction": 10}),
    "ridge": ("AR(1) 0.5, 442 x 10", "C", {"alpha": 1}),
    "mlp": ("digits", "C", NETWORK),
}
FOLDERS = ("NUMBA_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
STEPS = ("import", "first_fit", "second_fit")
PATIENCE = 10.0  # seconds of a process after which three rounds are enough


class Start(NamedTuple):
    """What is started again and again: a solver or an import, and its row for each cache."""

    name: str
    solver: str
    python: str
    words: tuple  # that the process is given
    rows: dict


def run(settings, save, say):
    """Measure the first fits of all solvers, and imports."""
    take_turns(partial(starts, settings.quick), settings, save, say)


def take_turns(begin, settings, save, say):
    """Let all take turns; the first round fills Python's caches and is not kept, unless quick.

    `begin` yields them, for a folder of their data and the results, in which it notes the missing.
    """
    rounds, slow = 1 if settings.quick else 5, set()
    settings = settings._replace(
        threads=THREADS, rounds=rounds, patience=PATIENCE, limit=measure.START
    )
    results = {"settings": settings._asdict()} | {"data": {}, "solvers": {}, "missing": {}}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        starts = list(begin(Path(folder), results))
        results["rows"] = [row for start in starts for row in start.rows.values()]
        for n_round in range(0 if settings.quick else -1, rounds):
            for start in measure.rotated(starts, n_round):
                failed = any(row["status"] != "ok" for row in start.rows.values())
                if not failed and (n_round < 3 or start.name not in slow):
                    caches = Path(folder, f"caches{starts.index(start)}")
                    seconds = turn(start, n_round, caches, results)
                    slow |= {start.name} if seconds > PATIENCE else set()
                    say(f"  round {n_round + 1}, {describe(start)}\n")
                    save(results)


def starts(quick, folder, results):
    """Yield a Start for each solver and import; note which solvers do not exist."""
    for group, name in SOLVERS:
        try:
            solver = importlib.import_module(f"benchmarks.{group}").SOLVERS[name]
        except Exception as error:  # a family may be broken; the others are measured
            results["missing"][name] = worker.describe(error)
            continue
        if not quick or name in QUICK:
            yield start(group, solver, WORK[group], folder, results, group, name)
    for module in ("numpy",) if quick else ("numpy", "numba", "sklearn.linear_model"):
        name = f"import {module}"
        rows = {"warm": row("imports", name, "warm", STEPS[:1])}
        yield Start(name, name, sys.executable, (module,), rows)


def start(family, solver, work, folder, results, group, name):
    """Return the Start of a solver that shall do some work, on data in a folder."""
    dataset, order, params = work
    path = folder / f"{dataset}, {order}"
    if not path.exists():
        results["data"][dataset] = data.store(dataset, path, order)
    words = (solver.module, family, solver.name, str(path), json.dumps(probe.work(solver, params)))
    rows = {cache: row(group, name, cache, STEPS) for cache in ("empty", "warm")}
    return Start(name, solver.name, solver.python, words, rows)


def row(group, name, cache, steps):
    """Return a row without values."""
    head = {"group": group, "solver": name, "cache": cache, "status": "ok"}
    return head | {step: [] for step in steps}


def turn(start, n_round, caches, results):
    """Start once for each cache, in turns first; return the seconds of the slowest process."""
    slowest = 0
    for cache, row in measure.rotated(list(start.rows.items()), n_round):
        filled = n_round - n_round % 2  # by the last process with an empty folder
        folder = caches / str(n_round if cache == "empty" else filled)
        variables = {name: str(folder / name) for name in FOLDERS}
        began = time.perf_counter()
        try:
            reply = probe.ask(
                start.python, "coldstart", *start.words, timeout=measure.START, **variables
            )
        except (RuntimeError, TimeoutError) as error:
            for row in start.rows.values():
                row["status"] = str(error)
            if isinstance(error, probe.MissingError):
                results["missing"][start.solver] = str(error)
            break
        slowest = max(slowest, time.perf_counter() - began)
        results["solvers"][start.solver] = reply["version"]
        for step in set(STEPS) & set(row) if n_round >= 0 else ():
            row[step].append(reply[step])
    return slowest


def describe(start):
    """Return the last values of a Start in words."""
    parts = [start.name]
    for cache, row in start.rows.items():
        values = " ".join(f"{row[step][-1]:.3f}" for step in STEPS if row.get(step))
        parts.append(f"{cache} {values or 'not kept'}" if row["status"] == "ok" else row["status"])
    return ", ".join(parts)
