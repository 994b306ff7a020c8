"""Softmax regression with L1, several classes: single fits to a relative duality gap of 1e-6.

Everyone gets raw columns and fits intercepts, of which the gap takes the best. Dense X is in C
order and sparse X in rows, as saga takes it. glmnet is glmstar, with standardize=False; it gets
twenty alphas that lead to the one asked for, as it often fails at a single one.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, decades

LAYOUT = "C"
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = (
    *("digits", "4 classes of 10 factors, noise 0.5, 100 x 1000", "debian, five sections"),
    "MNIST, first 10000",
)
QUICK_DATASETS = ("3 classes of 5 factors, noise 0.1, 60 x 50",)


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        for fraction in (10, 100):
            params = {"fraction": fraction}
            yield Case(name, f"alpha_max/{fraction}", "single fits", params, target=1e-6)


def arguments(X, y, fraction):
    """Return alpha."""
    return {"alpha": measures.class_alpha_max(X, y) / fraction}


def accuracy(X, y, answer, fraction):
    """Return the relative gap."""
    return measures.multinomial_gap(X, y, arguments(X, y, fraction)["alpha"], *answer)


def fitted(model, X, y):
    """Fit, and return coefficients and intercepts."""
    model.fit(X, y)
    return model.coef_, model.intercept_


@SOLVERS.add("skreg LogisticCD", "skreg", tolerances=decades(-1, -10))
def skreg(X, y, alpha, tol):
    from skreg import LogisticCD

    return fitted(LogisticCD(alpha, tol=tol, max_iter=10**6), X, y)


@SOLVERS.add("scikit-learn saga", "sklearn.linear_model", tolerances=decades(-1, -9))
def saga(X, y, alpha, tol):
    from sklearn.linear_model import LogisticRegression

    options = {"solver": "saga", "l1_ratio": 1.0, "max_iter": 10**6, "random_state": 0}
    return fitted(LogisticRegression(C=1 / (len(y) * alpha), tol=tol, **options), X, y)


@SOLVERS.add("glmnet MultiClassNet", "glmnet", tolerances=decades(-5, -14))
def glmnet(X, y, alpha, tol):
    from glmnet import MultiClassNet
    from glmnet.paths.fastnet import FastNetControl

    options = {"alpha": 1.0, "standardize": False, "control": FastNetControl(thresh=tol)}
    model = MultiClassNet(lambda_values=np.geomspace(100 * alpha, alpha, 20), **options)
    model.fit(X, y)
    return model.coefs_[-1].T, model.intercepts_[-1]
