"""Regret: the time of the way that skreg chooses, beside that of each way it could have chosen.

A lasso takes the Gram matrix of all columns, or a working set of them. Ridge takes a factor of a
matrix, or conjugate gradients. All lead to the same answer; which is quicker depends on the size of
the table, on correlations and on alpha, that vary over three decades. The estimators as they are
have their names; their time over that of the quicker way is the regret.
"""

import skreg
from skreg._cost import COST

from .core import Case, Solvers
from .small import AT_LEAST, accuracy, arguments

__all__ = ["AT_LEAST", "accuracy", "arguments"]  # those of small tables
LAYOUT = "C"
THREADS = (1,)
SOLVERS = Solvers()
TALL = ("442 x 10", "10000 x 40", "2000 x 100", "800 x 200", "5000 x 300", "1600 x 500")
WIDE = ("500 x 500", "100 x 1000", "50 x 5000")
TABLES = tuple(f"AR(1) {rho}, {shape}" for shape in TALL + WIDE for rho in ("0.5", "0.95"))
SPARSE = tuple(f"sparse {shape} per row" for shape in ("1000 x 300, 10", "6000 x 2000, 20"))
TEXTS = tuple(f"random {n_samples} x 27450, 135 per row" for n_samples in (500, 2250))
QUICK_DATASETS = ("AR(1) 0.5, 442 x 10",)
WAYS = {
    "lasso": {
        "all columns": COST._replace(stage=1e12),
        "working set": COST._replace(stage=0, passes_of_stage=0, passes_of_late_stage=0),
        "skreg LassoCD": COST,
    },
    "ridge": {
        "factor": COST._replace(few_steps=10**9),
        "products": COST._replace(largest_gram=0),
        "skreg RidgeGD": COST,
    },
}
WORK = {
    "lasso": {f"alpha_max/{n}": {"l1_ratio": 1, "fraction": n} for n in (3, 30, 300)},
    "ridge": {f"alpha = {alpha:g}": {"l1_ratio": 0, "alpha": alpha} for alpha in (0.01, 1, 100)},
}
KINDS = {"lasso": skreg.LassoCD, "ridge": skreg.RidgeGD}


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else TABLES + SPARSE + TEXTS:
        for group, asked in WORK.items():
            for label, params in asked.items():
                yield Case(name, label, group, params, solvers=tuple(WAYS[group]))


def add(group, way, cost):
    """Add an estimator that goes a way."""
    kind = type(KINDS[group].__name__, (KINDS[group],), {"_cost": cost})

    @SOLVERS.add(way, "skreg")
    def fit(X, y, alpha):
        model = kind(alpha).fit(X, y)
        return alpha, model.coef_, model.intercept_


for group, ways in WAYS.items():
    for way, cost in ways.items():
        add(group, way, cost)
