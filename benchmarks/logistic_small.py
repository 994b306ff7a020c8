"""Small tables of two classes: logistic regression where it takes milliseconds, at defaults.

No accuracy is demanded: a library stops where its own rule and defaults say. How good its answer is
stands beside the times: the relative duality gap with L1, the relative gradient with L2. Columns
are standardised, but for text. liblinear penalises the intercept, too: its answer is another.

X is in C order or in rows: what a library copies is part of its time. A call is repeated until 20
milliseconds have passed, and the mean counts.
"""

from . import accuracy as measures
from .core import Case, Solvers
from .logistic import fitted
from .small import AT_LEAST, LAYOUT, THREADS

__all__ = ["AT_LEAST", "LAYOUT", "SOLVERS", "THREADS", "accuracy", "arguments", "cases"]
SOLVERS = Solvers()
SHAPES = "1600 x 500", "2000 x 100", "100 x 1000", "10000 x 40"
DATASETS = (
    *("cancer, standardised", "diabetes, above the median"),
    *(f"AR(1) 0.5, {shape}, above the median" for shape in SHAPES),
    *("random 500 x 27450, 135 per row", "random 2250 x 27450, 135 per row"),
)
QUICK_DATASETS = ("cancer, standardised", "random 100 x 500, 20 per row")
L1 = "skreg, L1", "scikit-learn liblinear, L1", "scikit-learn saga, L1", "skglm, L1"
L2 = "skreg, L2", "scikit-learn lbfgs, L2", "scikit-learn newton-cholesky, L2"


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        for n in (3, 10, 100):
            params = {"l1_ratio": 1.0, "fraction": n}
            yield Case(name, f"alpha_max/{n}", "L1", params, solvers=L1)
        wide = name.startswith("random")  # a matrix of all columns takes too long
        takers = tuple(solver for solver in L2 if not (wide and "cholesky" in solver))
        yield Case(name, "alpha = 1/n", "L2", {"l1_ratio": 0.0}, solvers=takers)


def arguments(X, y, l1_ratio, fraction=None):
    """Return alpha."""
    return {"alpha": measures.alpha_max(X, y > 0) / fraction if fraction else 1 / len(y)}


def accuracy(X, y, answer, l1_ratio, fraction=None):
    """Return the relative gap or the relative gradient."""
    alpha = arguments(X, y, l1_ratio, fraction)["alpha"]
    if l1_ratio:
        return measures.logistic_gap(X, y > 0, alpha, *answer)
    return measures.logistic_gradient(X, y > 0, alpha, *answer)


@SOLVERS.add("skreg, L1", "skreg")
def skreg(X, y, alpha, l1_ratio=1.0):
    from skreg import LogisticCD

    return fitted(LogisticCD(alpha, l1_ratio=l1_ratio), X, y)


@SOLVERS.add("skreg, L2", "skreg")
def skreg_l2(X, y, alpha):
    return skreg(X, y, alpha, l1_ratio=0.0)


@SOLVERS.add("skglm, L1", "skglm")
def skglm(X, y, alpha):
    from skglm import SparseLogisticRegression

    return fitted(SparseLogisticRegression(alpha), X, y)


def add(solver, penalty, l1_ratio):
    """Add one of scikit-learn's solvers."""

    @SOLVERS.add(f"scikit-learn {solver}, {penalty}", "sklearn.linear_model")
    def fit(X, y, alpha):
        from sklearn.linear_model import LogisticRegression

        C = 1 / (len(y) * alpha)
        return fitted(LogisticRegression(C=C, l1_ratio=l1_ratio, solver=solver), X, y)


add("liblinear", "L1", 1.0)
add("saga", "L1", 1.0)
add("lbfgs", "L2", 0.0)
add("newton-cholesky", "L2", 0.0)
