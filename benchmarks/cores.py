"""All cores: ridge, the lasso, searches and networks on the whole machine.

Every library is at its defaults and BLAS has all cores, also where n_jobs is 1: that is what a user
gets who sets nothing. The exception are networks, which have as many threads as the case says. An
answer has no target, as on small tables: its relative gradient or gap, or the training log loss of
a network, stands beside the times. Networks are those of the family `mlp`, with dropout, for one
epoch; searches are those of the family `search`. X is in C order.

It takes numpy, scipy, scikit-learn and numba alone, and torch where it is: `python -m benchmarks
cores`, with skreg as it lies in the repository. On a machine of few cores or little memory the
tables of ridge are smaller.
"""

import os
import sys

import joblib

from . import measure, mlp, search, small, worker
from .core import Case, Solvers

LAYOUT = "C"
CORES = joblib.cpu_count()  # that this process may use
THREADS = (CORES,)
GIGABYTES = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
LARGE = CORES >= 8 and GIGABYTES >= 48
RIDGE = ("40000 x 2000", "1000 x 100000") if LARGE else ("20000 x 1000", "1000 x 50000")
SLACK = 4
SOLVERS = Solvers()
FAMILIES = {"small": small, "search": search, "mlp": mlp}
TAKERS = {
    "ridge": ("skreg RidgeGD", "scikit-learn Ridge"),
    "lasso, alpha chosen": ("skreg LassoCDCV", "scikit-learn LassoCV"),
    "networks": ("skreg DropoutMLPClassifier", "torch, eager"),
}


def run(settings, save, say):
    """Measure on all cores, whatever number of threads is asked for."""
    settings = settings._replace(threads=THREADS)
    save({"settings": settings._asdict()})
    measure.run(sys.modules[__name__], settings, save, say)


def cases(quick):
    """Yield the cases, data set by data set."""
    some = {f"n_jobs={n_jobs}": {"n_jobs": n_jobs} for n_jobs in (1, CORES)}
    for shape in ("500 x 50", "50 x 500") if quick else RIDGE:
        yield case(f"AR(1) 0.5, {shape}", "alpha = 1", "ridge", "small", {"l1_ratio": 0})
    name = "AR(1) 0.9, 200 x 20" if quick else "AR(1) 0.9, 20000 x 1000"
    for label, jobs in some.items():
        yield case(name, label, "lasso, alpha chosen", "small", {"l1_ratio": 1} | jobs)
    for estimator in search.ESTIMATORS:
        for label, way in search.ways(CORES).items():
            params = {"group": estimator, "n_alphas": 3 if quick else 40} | way
            group = f"{estimator}, GridSearchCV"
            yield case(search.DATASETS[quick], label, group, "search", params)
    for known in mlp.cases(quick):
        if known.dataset == ("digits" if quick else "MNIST") and "no dropout" not in known.group:
            for words, jobs in some.items():
                label = f"{known.label}, {words}"
                yield case(known.dataset, label, "networks", "mlp", known.params | jobs, known.per)


def case(dataset, label, group, family, params, per=1):
    """Return a Case of a group, as another family does it."""
    params, solvers = {"family": family} | params, TAKERS[group]
    return Case(dataset, label, group, params, per=per, solvers=solvers, slack=SLACK)


def arguments(X, y, family, **params):
    """Return what the family of the case does."""
    return FAMILIES[family].arguments(X, y, **params)


def accuracy(X, y, answer, family, **params):
    """Return what the family of the case measures."""
    return FAMILIES[family].accuracy(X, y, answer, **params)


def add_network(name):
    """Add a network of the family `mlp` that has as many threads as a case says."""
    known = mlp.SOLVERS[name]

    @SOLVERS.add(name, known.module)
    def fit(X, y, work, n_jobs):
        with worker.limited(n_jobs):
            return known.fit(X, y, work)


for group in ("ridge", "lasso, alpha chosen"):
    SOLVERS |= {name: small.SOLVERS[name] for name in TAKERS[group]}
for group, names in search.ESTIMATORS.items():
    TAKERS[f"{group}, GridSearchCV"] = tuple(f"{name}, GridSearchCV" for name in names)
SOLVERS |= search.SOLVERS
for name in TAKERS["networks"]:
    add_network(name)
