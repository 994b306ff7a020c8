"""Growth of the time with samples, columns, non-zeros and support, over three decades of each."""

import numpy as np

from . import lasso, ridge
from .core import Case

LAYOUT = "F"
THREADS = (1,)
FAMILIES = {"lasso": lasso, "ridge": ridge}
TAKERS = {
    "lasso": ("skreg LassoCD", "scikit-learn Lasso", "skglm Lasso", "celer Lasso"),
    "ridge": ("skreg RidgeGD", "scikit-learn Ridge, cholesky", "scikit-learn Ridge, sparse_cg"),
}
SOLVERS = {name: FAMILIES[f].SOLVERS[name] for f, names in TAKERS.items() for name in names}
WORK = {
    "lasso": ({"family": "lasso", "fraction": 4}, 1e-6),
    "ridge": ({"family": "ridge", "alpha": 1.0}, 1e-4),
}
SIZES = {  # what grows: the data set, from and to which size, and the families that do it
    "samples": ("AR(1) 0.5, {} x 200", 100, 100_000, ("lasso", "ridge")),
    "columns": ("AR(1) 0.5, 500 x {}", 100, 100_000, ("lasso", "ridge")),
    "non-zeros per row": ("sparse 10000 x 20000, {} per row", 1, 1000, ("lasso", "ridge")),
    "informative columns": ("AR(1) 0.5, 10000 x 2000, {} informative", 1, 1000, ("lasso",)),
}


def cases(quick):
    """Yield the cases, from small to large: two sizes for each factor of ten."""
    for what, (dataset, low, high, families) in list(SIZES.items())[: 2 if quick else None]:
        sizes = np.geomspace(low, high, 1 + round(2 * np.log10(high / low)))
        for size in np.round(sizes[: 2 if quick else None]).astype(int):
            for family in families:
                params, target = WORK[family]
                group, name = f"{family}: {what}", dataset.format(size)
                label, takers = f"{size} {what}", TAKERS[family]
                yield Case(name, label, group, params, target, x=float(size), solvers=takers)


def arguments(X, y, family, **params):
    """Return what the family of the case does."""
    return FAMILIES[family].arguments(X, y, **params)


def accuracy(X, y, answer, family, **params):
    """Return what the family of the case measures."""
    return FAMILIES[family].accuracy(X, y, answer, **params)
