"""Paths of the lasso: 100 alphas down to alpha_max/100, every library at its defaults.

No accuracy is demanded: the relative duality gap of the worst alpha stands beside the times.
Everyone gets raw columns, dense X in Fortran order and sparse X in columns, and fits an intercept.
glmnet is glmstar with standardize=False. scikit-learn's path of dense X works on a centred copy,
which is part of its time; it has no intercept on sparse X.
"""

import numpy as np

from .core import Case, Solvers
from .lasso import LAYOUT, accuracy, arguments, centred

__all__ = ["LAYOUT", "SOLVERS", "THREADS", "accuracy", "arguments", "cases"]
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = ("golub", "sms", "debian", "AR(1) 0.5, 200 x 20000", "AR(1) 0.9, 20000 x 500")
QUICK_DATASETS = ("AR(1) 0.5, 100 x 300",)


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        params = {"fraction": 100, "n_alphas": 10 if quick else 100}
        yield Case(name, f"{params['n_alphas']} to alpha_max/100", "paths", params)


@SOLVERS.add("skreg lasso_path", "skreg")
def skreg(X, y, alphas):
    from skreg import lasso_path

    path = lasso_path(X, y, alphas=alphas)
    return path.coefs, path.intercepts


@SOLVERS.add("scikit-learn lasso_path", "sklearn.linear_model")
def scikit_learn(X, y, alphas):
    from sklearn.linear_model import lasso_path

    if not isinstance(X, np.ndarray):
        raise TypeError("scikit-learn has paths with an intercept for dense X only")
    return centred(X, y, lambda X, y: lasso_path(X, y, alphas=alphas)[1])


@SOLVERS.add("glmnet path", "glmnet")
def glmnet(X, y, alphas):
    from glmnet import GaussNet

    model = GaussNet(lambda_values=alphas, alpha=1.0, standardize=False).fit(X, y)
    return model.coefs_.T, model.intercepts_
