"""Wide, correlated data: the lasso at small alphas, where the support nears the number of samples.

The columns are combinations of a few factors and noise, as on microarrays, and standardised. The
solvers and the conditions are those of the family `lasso`.
"""

from .core import Case
from .lasso import LAYOUT, SOLVERS, accuracy, arguments

__all__ = ["LAYOUT", "SOLVERS", "THREADS", "accuracy", "arguments", "cases"]
THREADS = (1,)
DATASETS = (
    "5 factors, noise 0.05, 60 x 3000",
    "10 factors, noise 0.5, 100 x 5000",
    "40 factors, noise 1, 100 x 12000",
    "20 factors, noise 0.01, 150 x 1000",
    "exp of 10 factors, noise 0.1, 200 x 20000",
)
QUICK_DATASETS = ("5 factors, noise 0.1, 30 x 200",)


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        for fraction in (10, 200, 1000):
            params = {"fraction": fraction}
            yield Case(name, f"alpha_max/{fraction}", "single fits", params, target=1e-6)
        params = {"fraction": 1000, "n_alphas": 10 if quick else 100}
        yield Case(name, f"{params['n_alphas']} to alpha_max/1000", "paths", params, target=1e-6)
