"""Paths of logistic regression: 50 alphas down to alpha_max/100, to a relative gap of 1e-6.

The worst alpha has to have it. Everyone gets raw columns, dense X in Fortran order and sparse X in
columns, and fits an intercept. glmnet is glmstar with standardize=False. skglm and saga start each
fit at the last; liblinear cannot, and its penalty of the intercept is a hundredth of that of a
coefficient.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, decades
from .logistic import LAYOUT, fitted

__all__ = ["LAYOUT", "SOLVERS", "THREADS", "accuracy", "arguments", "cases"]
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = (
    *("golub", "sms", "debian, above the median", "10 factors, noise 0.5, 100 x 5000"),
    "MNIST, 3 or not",
)
QUICK_DATASETS = ("5 factors, noise 0.1, 30 x 200",)


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        params = {"n_alphas": 5 if quick else 50}
        yield Case(
            name, f"{params['n_alphas']} to alpha_max/100", "paths", params, target=1e-6, slack=2
        )


def arguments(X, y, n_alphas):
    """Return the alphas, largest first."""
    largest = measures.alpha_max(X, y > 0)
    return {"alphas": np.geomspace(largest, largest / 100, n_alphas)}


def accuracy(X, y, answer, n_alphas):
    """Return the largest relative gap."""
    alphas = arguments(X, y, n_alphas)["alphas"]
    parts = zip(alphas, *answer, strict=True)
    return max(measures.logistic_gap(X, y > 0, *of_alpha) for of_alpha in parts)


def one_by_one(model, X, y, name, values):
    """Fit one value of a parameter after the other; return coefficients and intercepts."""
    answers = [fitted(model.set_params(**{name: value}), X, y) for value in values]
    return tuple(zip(*answers, strict=True))


@SOLVERS.add("skreg logistic_path", "skreg", tolerances=decades(-3, -10))
def skreg(X, y, alphas, tol):
    from skreg import logistic_path

    path = logistic_path(X, y > 0, alphas=alphas, tol=tol, max_iter=10**6)
    return path.coefs.T, path.intercepts


@SOLVERS.add("scikit-learn liblinear", "sklearn.linear_model", tolerances=decades(-3, -9))
def liblinear(X, y, alphas, tol):
    from sklearn.linear_model import LogisticRegression

    options = {"tol": tol, "l1_ratio": 1.0, "max_iter": 10**6, "intercept_scaling": 100}
    model = LogisticRegression(solver="liblinear", **options)
    return one_by_one(model, X, y, "C", 1 / (len(y) * alphas))


@SOLVERS.add("scikit-learn saga", "sklearn.linear_model", tolerances=decades(-3, -9))
def saga(X, y, alphas, tol):
    from sklearn.linear_model import LogisticRegression

    options = {"tol": tol, "l1_ratio": 1.0, "max_iter": 10**6, "random_state": 0}
    model = LogisticRegression(solver="saga", warm_start=True, **options)
    return one_by_one(model, X, y, "C", 1 / (len(y) * alphas))


@SOLVERS.add("skglm SparseLogisticRegression", "skglm", tolerances=decades(-3, -10))
def skglm(X, y, alphas, tol):
    from skglm import SparseLogisticRegression

    model = SparseLogisticRegression(warm_start=True, tol=tol, max_iter=1000)
    return one_by_one(model, X, y, "alpha", alphas)


@SOLVERS.add("glmnet path", "glmnet", tolerances=decades(-7, -14))
def glmnet(X, y, alphas, tol):
    from glmnet import LogNet
    from glmnet.paths.fastnet import FastNetControl

    options = {"alpha": 1.0, "standardize": False, "control": FastNetControl(thresh=tol)}
    model = LogNet(lambda_values=alphas, **options).fit(X, (y > 0).astype(float))
    return np.squeeze(model.coefs_), np.ravel(model.intercepts_)
