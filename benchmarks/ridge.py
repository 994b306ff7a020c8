"""Ridge: single fits to relative gradients of 1e-4 and 1e-8, and exact leave-one-out.

Everyone gets raw columns and fits an intercept. Dense X is in C order, sparse X in rows. The
leave-one-out errors of 50 alphas from 1e-2 to 1e4 are held against a singular value decomposition.
himalaya takes no part in leave-one-out: it scores folds by R2, which one sample does not have.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, decades

LAYOUT = "C"
THREADS = (1, 2)
SOLVERS = Solvers()
DATASETS = ("golub", "sms", "debian", "MNIST, 3 or not", "AR(1) 0.9, 20000 x 500")
QUICK_DATASETS = ("AR(1) 0.9, 500 x 50", "text 500 x 2000, 20 per row")
LEAVE_ONE_OUT = ("golub", "MNIST, 3 or not", "AR(1) 0.9, 20000 x 500", "AR(1) 0.9, 500 x 50")


def cases(quick):
    """Yield the cases, data set by data set."""
    fits = tuple(name for name in SOLVERS if not name.endswith("CV"))
    searches = tuple(name for name in SOLVERS if name.endswith("CV"))
    for name in QUICK_DATASETS if quick else DATASETS:
        for target in (1e-4, 1e-8):
            for alpha in (100, 1, 0.01):
                group, params = f"single fits to {target:g}", {"alpha": alpha}
                yield Case(name, f"alpha = {alpha:g}", group, params, target, solvers=fits)
        if name in LEAVE_ONE_OUT:
            params = {"n_alphas": 50}
            yield Case(name, "50 alphas", "leave-one-out", params, target=1e-6, solvers=searches)


def arguments(X, y, alpha=None, n_alphas=None):
    """Return one alpha, or those to choose from."""
    return {"alpha": alpha} if alpha else {"alphas": np.geomspace(1e-2, 1e4, n_alphas)}


def accuracy(X, y, answer, alpha=None, n_alphas=None):
    """Return the relative gradient, or the relative error of the leave-one-out errors."""
    if alpha:
        return measures.ridge_gradient(X, y, alpha, *answer)
    reference = measures.leave_one_out(X, y, **arguments(X, y, n_alphas=n_alphas))
    return measures.relative_error(answer, reference)


def coefficients(model):
    """Return coefficients and intercept of a fitted model."""
    return np.ravel(model.coef_), np.squeeze(model.intercept_)


@SOLVERS.add("skreg RidgeGD", "skreg", tolerances=decades(-1, -14))
def skreg(X, y, alpha, tol):
    from skreg import RidgeGD

    return coefficients(RidgeGD(alpha, tol=tol, max_iter=10**6).fit(X, y))


def scikit_learn(solver, **options):
    """Add scikit-learn's Ridge with one of its solvers."""

    @SOLVERS.add(f"scikit-learn Ridge, {solver}", "sklearn.linear_model", **options)
    def fit(X, y, alpha, tol=1e-4):
        from sklearn.linear_model import Ridge

        model = Ridge(alpha, solver=solver, tol=tol, max_iter=10**6, random_state=0)
        return coefficients(model.fit(X, y))


scikit_learn("cholesky")
scikit_learn("svd")
for iterative in ("lsqr", "sparse_cg", "sag", "saga"):
    scikit_learn(iterative, tolerances=decades(-1, -14))


@SOLVERS.add("himalaya Ridge", "himalaya")
def himalaya(X, y, alpha):
    from himalaya.ridge import Ridge

    return coefficients(Ridge(alpha, fit_intercept=True).fit(X, y))


@SOLVERS.add("skreg RidgeGDCV", "skreg")
def skreg_cv(X, y, alphas):
    from skreg import RidgeGDCV

    return RidgeGDCV(alphas, store_cv_results=True).fit(X, y).cv_results_.mean(axis=0)


@SOLVERS.add("scikit-learn RidgeCV", "sklearn.linear_model")
def scikit_learn_cv(X, y, alphas):
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas, store_cv_results=True).fit(X, y).cv_results_.mean(axis=0)
