"""Peak memory of a fit: what a process takes beyond its data, the library and compiled code.

A process for each number imports the library, reads the data, fits some 60 rows so that all is
compiled, returns freed memory, and lets the kernel's record of its peak start there; this takes
Linux. What the peak of one fit then adds is reported, with the copies that a library needs to take
the data at all. The peak that `getrusage` tells would not do: it includes reading the data, and
starts at the size of the parent process.

Solvers stop by the default of their own rule, on one thread: more accuracy takes more time and
hardly more memory. skglm fits its own intercept here: the centred copy that it gets elsewhere is
ours. Not measured are R glmnet, whose process keeps a copy of the data and what it has not yet
collected; scikit-learn's LassoLars, which takes memory for as many steps as it is allowed; and
torch.compile, whose compiler cannot be told from the network that it compiles.
"""

import ctypes
import gc
import importlib
import json
import resource
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import data, measure, probe

THREADS = (1,)
LEFT_OUT = ("R glmnet", "scikit-learn LassoLars", "torch, compiled", "products alone")
QUICK_SOLVERS = ("skreg LassoCD", "scikit-learn Lasso", "skreg RidgeGD")


class Case(NamedTuple):
    """A data set as it lies in memory, and what is asked of a family."""

    group: str
    dataset: str
    layout: str
    params: dict


WIDE = "AR(1) 0.9, 2000 x 50000"
NETWORK = {"sizes": (784, 512, 512, 10), "keep": (0.8, 0.5, 0.5), "batch_size": 128, "epochs": 1}
CASES = (
    Case("lasso", WIDE, "Fortran order", {"fraction": 10}),
    Case("lasso", WIDE, "C order", {"fraction": 10}),
    Case("lasso", WIDE, "Fortran order, float32", {"fraction": 10}),
    Case("lasso", "debian", "sparse, by columns", {"fraction": 10}),
    Case("ridge", "AR(1) 0.9, 20000 x 500", "C order", {"alpha": 1}),
    Case("ridge", "debian", "sparse, by rows", {"alpha": 1}),
    Case("mlp", "MNIST", "C order, float32", NETWORK),
)
QUICK_CASES = (
    Case("lasso", "AR(1) 0.9, 200 x 1000", "Fortran order", {"fraction": 10}),
    Case("ridge", "text 500 x 2000, 20 per row", "sparse, by rows", {"alpha": 1}),
)


def run(settings, save, say):
    """Measure every solver on every case; hand all that is known to `save` after each row."""
    rounds, limit = 1 if settings.quick else 3, 4 * settings.limit
    settings = settings._replace(threads=THREADS, rounds=rounds, patience=0.0, limit=limit)
    results = {"settings": settings._asdict()} | {"data": {}, "solvers": {}, "missing": {}}
    results["rows"] = []
    for case in QUICK_CASES if settings.quick else CASES:
        say(f"{case.group}, {case.dataset}, {case.layout}\n")
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder, "data")
            results["data"].setdefault(case.dataset, store(case, folder))
            for solver in takers(case, settings.quick):
                if solver.name not in results["missing"]:
                    say(f"  {solver.name:28} {add_row(results, case, solver, folder, settings)}\n")
                    save(results)


def takers(case, quick):
    """Return the solvers of a case; those that search for alpha are none."""
    family = importlib.import_module(f"benchmarks.{case.group}")
    fits = [s for s in family.SOLVERS.values() if "CV" not in s.name]
    return [s for s in fits if (s.name in QUICK_SOLVERS if quick else s.name not in LEFT_OUT)]


def store(case, folder):
    """Write the data of a case to a folder as they shall lie in memory; return their source."""
    by_columns = case.layout.startswith("Fortran") or case.layout.endswith("by columns")
    source = data.store(case.dataset, folder, "F" if by_columns else "C")
    for path in folder.glob("*.npy"):
        if case.layout.endswith("float32") and case.group != "mlp":  # whose y are classes
            np.save(path, np.load(path).astype(np.float32))
    return source


def add_row(results, case, solver, folder, settings):
    """Add the row of a solver, or that it is missing; return it in words."""
    row = {name: getattr(case, name) for name in ("group", "dataset", "layout")}
    row |= {"solver": solver.name, "data_bytes": sum(f.stat().st_size for f in folder.iterdir())}
    row |= {"before_bytes": [], "extra_bytes": [], "status": "ok"}
    work = json.dumps(probe.work(solver, case.params))
    words = (solver.module, case.group, solver.name, str(folder), work)
    try:
        for _ in range(settings.rounds):
            reply = probe.ask(solver.python, "memory", *words, timeout=settings.limit)
            results["solvers"][solver.name] = reply["version"]
            row["before_bytes"].append(reply["before"])
            row["extra_bytes"].append(reply["extra"])
    except probe.MissingError as error:
        results["missing"][solver.name] = str(error)
        return f"missing: {error}"
    except (RuntimeError, TimeoutError) as error:
        row["status"] = str(error)
    results["rows"].append(row)
    extra = ", ".join(f"{extra / 2**20:.1f}" for extra in row["extra_bytes"])
    return f"{extra} MiB, {row['status']}"


def skglm(X, y, alphas, tol):
    """Fit skglm's lasso with its own intercept."""
    from skglm import Lasso

    return Lasso(alphas[0], tol=tol, max_iter=1000).fit(X, y)


def work(family, solver, folder, work):
    """Do the work of the process: return resident bytes before a fit, and what its peak adds.

    Another fit comes first, for what is taken once. What `prepare` copies counts.
    """
    limit()
    X, y = data.read(folder)
    with suppress(Exception):  # whether so few rows can be fitted is not sure
        fit, prepare, arguments = probe.begin(family, solver, *few(X, y), work)
        FITS.get(solver, fit)(*prepare(), **arguments)
    fit, prepare, arguments = probe.begin(family, solver, X, y, work)
    before = settle()
    FITS.get(solver, fit)(*prepare(), **arguments)
    return {"before": before, "extra": status("VmHWM") - before}


FITS = {"skglm Lasso": skglm}  # that differ from those of the family


def limit():
    """Limit the address space of this process, so that a fit fails before the machine does."""
    resource.setrlimit(resource.RLIMIT_AS, (measure.MEMORY, measure.MEMORY))


def few(X, y):
    """Return some 60 rows, dense ones in the order of all: what is compiled may depend on it."""
    rows = np.unique(np.linspace(0, len(y) - 1, 60).astype(int))
    dense = isinstance(X, np.ndarray)
    return (X[rows].copy("F" if np.isfortran(X) else "C") if dense else X[rows]), y[rows]


def settle():
    """Return freed memory, let the peak start from here; return the bytes that are resident."""
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return status("VmRSS")


def status(name):
    """Return bytes that the kernel reports of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))
