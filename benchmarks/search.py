"""Searches: scikit-learn's GridSearchCV over alpha, one after the other, by processes, by threads.

A search has 40 alphas and 5 folds, in a pipeline with StandardScaler. Each measurement is a new
process with BLAS on one thread, as in the family `coldstart`: "empty" has an empty folder for
compiled code, "warm" one that such a process has filled, and the second search is in the same
process. "loky", joblib's default, starts processes, which import everything and compile or read
code, too; it keeps them for the second search. "threading" is `joblib.parallel_config(
backend="threading")`: what a library does without the interpreter's lock runs at the same time.
"""

import importlib
from functools import partial

import numpy as np

from . import accuracy as measures
from . import coldstart
from .core import Solvers
from .small import MODULES

THREADS = (1,)
SOLVERS = Solvers()
DATASETS = {False: "AR(1) 0.5, 2000 x 500", True: "AR(1) 0.5, 100 x 20"}  # by whether it is quick
ESTIMATORS = {
    "lasso": ("skreg LassoCD", "scikit-learn Lasso"),
    "ridge": ("skreg RidgeGD", "scikit-learn Ridge"),
}


def ways(n_jobs):
    """Return how a search may run, by its name in tables: alone, and with so many jobs."""
    found = {"n_jobs=1": {"n_jobs": 1, "backend": "loky"}}
    for backend in ("loky", "threading"):
        found[f"n_jobs={n_jobs}, {backend}"] = {"n_jobs": n_jobs, "backend": backend}
    return found


def run(settings, save, say):
    """Let all take turns, as at a cold start."""
    coldstart.take_turns(partial(starts, settings.quick), settings, save, say)


def starts(quick, folder, results):
    """Yield a Start for each estimator and way."""
    for group, names in ESTIMATORS.items():
        for name in names if not quick or group == "ridge" else ():
            for way, params in ways(2).items():
                params |= {"group": group, "n_alphas": 3 if quick else 40}
                work = (DATASETS[quick], "C", params)
                solver, label = SOLVERS[f"{name}, GridSearchCV"], f"{name}, {way}"
                yield coldstart.start("search", solver, work, folder, results, group, label)


def arguments(X, y, group, n_alphas, **options):
    """Return the alphas, and how to search."""
    largest = measures.alpha_max(X, y) if group == "lasso" else 1e4
    return {"alphas": np.geomspace(largest / 1000, largest, n_alphas), **options}


def accuracy(X, y, answer, **params):
    """Return none: a score is no measure of how well an alpha was fitted."""


def add(name):
    """Add the search of an estimator."""
    library, kind = name.split()
    module = MODULES.get(library, library)

    @SOLVERS.add(f"{name}, GridSearchCV", module)
    def fit(X, y, alphas, n_jobs, backend):
        from joblib import parallel_config
        from sklearn.model_selection import GridSearchCV
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        pipeline = make_pipeline(StandardScaler(), getattr(importlib.import_module(module), kind)())
        search = GridSearchCV(pipeline, {f"{kind.lower()}__alpha": alphas}, n_jobs=n_jobs)
        with parallel_config(backend=backend):
            return search.fit(X, y).cv_results_["mean_test_score"]


for estimators in ESTIMATORS.values():
    for estimator in estimators:
        add(estimator)
