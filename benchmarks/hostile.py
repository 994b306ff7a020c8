"""``python -m benchmarks.hostile``: problems on which skreg failed once, and who solves them.

The problems are the named cases of tests/reliability, and so is the code that measures an answer:
its objective in extended precision, less the smallest that anybody found, as a fraction of the loss
without features. Everyone has the defaults of his own, one thread, a process and a minute.
"""

import json
import multiprocessing
import os
import sys
import time
import warnings

import numpy as np

from . import machine, tables
from .core import ROOT
from .probe import ONE_THREAD
from .report import RESULTS
from .worker import describe

sys.path.insert(0, str(ROOT))  # the tests are not installed
from tests.reliability.cases import CASES, RIDGE
from tests.reliability.reference import Problem

PATH = RESULTS / "hostile.json"
PEERS = ("skglm", "celer")  # beyond scikit-learn, which skreg needs
LIMIT = 60.0  # seconds
EXACT = 1e-12  # tolerance of the fit that is one of those compared


def skreg(X, y, s, params, **options):
    """Fit ElasticNetCD, or RidgeGD where there is no L1."""
    from skreg import ElasticNetCD, RidgeGD

    if params["l1_ratio"] > 0:
        return ElasticNetCD(**params, **options).fit(X, y, s).coef_
    others = {name: value for name, value in params.items() if name not in ("l1_ratio", "alpha")}
    return RidgeGD(params["alpha"] * s.sum(), **others, **options).fit(X, y, s).coef_


def exact(X, y, s, params):
    """Fit the same as accurately as can be."""
    return skreg(X, y, s, params, tol=EXACT)


def scikit_learn(X, y, s, params):
    """Fit Lasso or Ridge."""
    from sklearn.linear_model import Lasso, Ridge

    options = plain(params)
    if params["l1_ratio"] > 0:
        return Lasso(params["alpha"], **options).fit(X, y, s).coef_
    return Ridge(params["alpha"] * s.sum(), **options).fit(X, y, s).coef_


def skglm(X, y, s, params):
    """Fit Lasso."""
    options = plain(params, s, with_factors=True)
    from skglm import Lasso, WeightedLasso

    factor = params["penalty_factor"]
    if np.all(factor == 1):
        return Lasso(params["alpha"], **options).fit(X, y).coef_
    return WeightedLasso(params["alpha"], weights=factor, **options).fit(X, y).coef_


def celer(X, y, s, params):
    """Fit Lasso."""
    options = plain(params, s, with_factors=True, needs_penalty=True)
    from celer import Lasso

    return Lasso(params["alpha"], weights=params["penalty_factor"], **options).fit(X, y).coef_


SOLVERS = {"skreg": skreg, "scikit-learn": scikit_learn, "skglm": skglm, "celer": celer}


def plain(params, s=None, with_factors=False, needs_penalty=False):
    """Return the parameters that all have; refuse what a peer does not have."""
    lower, upper = params["lower"], params["upper"]
    positive = bool(np.all(lower == 0) and np.all(upper == np.inf))
    if params["standardize"]:
        raise NotImplementedError("no standardize")
    if s is not None and params["l1_ratio"] == 0:
        raise NotImplementedError("no L2 alone")
    if s is not None and np.any(s != 1):
        raise NotImplementedError("no sample weights")
    if not with_factors and np.any(params["penalty_factor"] != 1):
        raise NotImplementedError("no penalty factors")
    if not positive and (np.any(np.isfinite(lower)) or np.any(np.isfinite(upper))):
        raise NotImplementedError("no bounds")
    if needs_penalty and not np.all(params["penalty_factor"] > 0):
        raise NotImplementedError("no factors of 0")
    return {"positive": positive, "fit_intercept": params["fit_intercept"]}


def work(connection, name, problem):
    """Send the answer of a solver, the kinds of its warnings and the seconds; or why not."""
    solve = exact if name == "exact" else SOLVERS[name]
    began = time.perf_counter()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            coef = np.ravel(solve(*problem)).astype(float)
        kinds = sorted({warning.category.__name__ for warning in caught} - IRRELEVANT)
        reply = {"coef": coef, "warnings": kinds}
    except NotImplementedError as error:
        reply = {"status": str(error)}
    except BaseException as error:  # a peer may raise anything
        reply = {"status": describe(error)}
    connection.send(reply | {"seconds": time.perf_counter() - began})


IRRELEVANT = {"DeprecationWarning", "FutureWarning", "NumbaPerformanceWarning"}


def ask(name, problem):
    """Return the reply of a solver in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, name, problem))
    process.start()
    theirs.close()
    try:
        return ours.recv() if ours.poll(LIMIT) else {"status": tables.LATE}
    except EOFError:
        return {"status": "its process ended"}
    finally:
        process.kill()
        process.join()


def measure(case, problem):
    """Return a row for each solver."""
    replies = {name: ask(name, problem) for name in ["exact", *SOLVERS]}
    reference = Problem(*problem)
    found = {name: reply["coef"] for name, reply in replies.items() if "coef" in reply}
    best = min(found.values(), key=lambda w: objective(reference, w))
    scale = reference.scale(best)  # no float: squares may underflow
    rows = []
    for name in SOLVERS:
        row = {"case": case, "solver": name, "status": "ok"} | replies[name]
        if name in found:
            beyond = objective(reference, row.pop("coef")) - objective(reference, best)
            row["excess"] = float(beyond / scale)
        rows.append(row)
    return rows


def objective(reference, w):
    """Return the objective of coefficients, infinite where it is no number."""
    value = reference.objective(w) if np.all(np.isfinite(w)) else np.inf
    return value if np.isfinite(value) else np.inf


def main():
    """Measure all cases and store them."""
    os.environ.update(ONE_THREAD)
    results = machine.record(*PEERS) | {"family": "hostile", "rows": []}
    for case, make in (CASES | RIDGE).items():
        rows = measure(case.partition(":")[0], make())
        results["rows"] += rows
        cells = (f"  {row['solver']}: {tables.outcome(row)}" for row in rows)
        print(case, *cells, sep="\n", flush=True)
    PATH.write_text(json.dumps(results, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
