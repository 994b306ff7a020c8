"""Logistic regression with L1, two classes: single fits to a relative duality gap of 1e-6.

Everyone gets raw columns and fits an intercept, of which the gap takes the best. Dense X is in
Fortran order, sparse X in columns. liblinear penalises the intercept; intercept_scaling=100 makes
that a hundredth of the penalty of a coefficient. glmnet is glmstar.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, decades

LAYOUT = "F"
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = (
    *("golub", "sms", "debian, above the median", "MNIST, 3 or not"),
    "10 factors, noise 0.5, 100 x 5000",
)
QUICK_DATASETS = ("5 factors, noise 0.1, 30 x 200",)


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        for fraction in (10, 100):
            params = {"fraction": fraction}
            yield Case(name, f"alpha_max/{fraction}", "single fits", params, target=1e-6)


def arguments(X, y, fraction):
    """Return alpha, and the labels as 0 and 1."""
    return {"alpha": measures.alpha_max(X, y > 0) / fraction}


def accuracy(X, y, answer, fraction):
    """Return the relative gap."""
    return measures.logistic_gap(X, y > 0, arguments(X, y, fraction)["alpha"], *answer)


def fitted(model, X, y):
    """Fit, and return coefficients and intercept."""
    model.fit(X, y > 0)
    return np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])


@SOLVERS.add("skreg LogisticCD", "skreg", tolerances=decades(-1, -10))
def skreg(X, y, alpha, tol):
    from skreg import LogisticCD

    return fitted(LogisticCD(alpha, tol=tol, max_iter=10**6), X, y)


def scikit_learn(solver, X, y, alpha, **options):
    """Fit by one of scikit-learn's solvers."""
    from sklearn.linear_model import LogisticRegression

    options |= {"solver": solver, "l1_ratio": 1.0, "max_iter": 10**6}
    return fitted(LogisticRegression(C=1 / (len(y) * alpha), **options), X, y)


@SOLVERS.add("scikit-learn liblinear", "sklearn.linear_model", tolerances=decades(-1, -9))
def liblinear(X, y, alpha, tol):
    return scikit_learn("liblinear", X, y, alpha, tol=tol, intercept_scaling=100)


@SOLVERS.add("scikit-learn saga", "sklearn.linear_model", tolerances=decades(-1, -9))
def saga(X, y, alpha, tol):
    return scikit_learn("saga", X, y, alpha, tol=tol, random_state=0)


@SOLVERS.add("skglm SparseLogisticRegression", "skglm", tolerances=decades(-1, -10))
def skglm(X, y, alpha, tol):
    from skglm import SparseLogisticRegression

    return fitted(SparseLogisticRegression(alpha=alpha, tol=tol, max_iter=1000), X, y)


@SOLVERS.add("glmnet LogNet", "glmnet", tolerances=decades(-5, -14))
def glmnet(X, y, alpha, tol):
    from glmnet import LogNet
    from glmnet.paths.fastnet import FastNetControl

    options = {"alpha": 1.0, "standardize": False, "control": FastNetControl(thresh=tol)}
    model = LogNet(lambda_values=np.array([alpha]), **options)
    model.fit(X, (y > 0).astype(float))
    return np.ravel(model.coefs_), float(np.ravel(model.intercepts_)[0])
