"""Ridge: single fits to relative gradients of 1e-4 and 1e-8, exact leave-one-out, and folds.

Everyone gets raw columns and fits an intercept. Dense X is in C order, sparse X in rows. The
leave-one-out errors of 50 alphas from 1e-2 to 1e4 are held against a singular value decomposition.
himalaya takes no part in leave-one-out: it scores folds by R2, which one sample does not have.

Folds are 5, in the order of the data, with 10 alphas from 1e-2 to 1e2. Asked for are the mean
squared errors of all alphas, averaged over the folds, to 1e-6 of the largest; they are held against
the normal equations of each fold, which are solved to relative gradients below 1e-10. skreg then
also fits the best alpha to all data, which GridSearchCV is spared by refit=False. On sparse data a
call may take twenty times the limit. himalaya's RidgeCV hands out the best score alone, and
scikit-learn's RidgeCV is GridSearchCV where there are folds: neither takes part.
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
FOLDS = {"sms": 20, "debian": 20, "AR(1) 0.9, 20000 x 500": 1} | dict.fromkeys(QUICK_DATASETS, 20)
REFERENCES = {}


def cases(quick):
    """Yield the cases, data set by data set."""
    fits = tuple(name for name in SOLVERS if "CV" not in name)
    searches = tuple(name for name in SOLVERS if name.endswith("CV"))
    folds = tuple(name for name in SOLVERS if "CV, " in name)
    for name in QUICK_DATASETS if quick else DATASETS:
        for target in (1e-4, 1e-8):
            for alpha in (100, 1, 0.01):
                group, params = f"single fits to {target:g}", {"alpha": alpha}
                yield Case(name, f"alpha = {alpha:g}", group, params, target, solvers=fits)
        if name in LEAVE_ONE_OUT:
            params = {"n_alphas": 50}
            yield Case(name, "50 alphas", "leave-one-out", params, target=1e-6, solvers=searches)
        if name in FOLDS:  # 50 fits may take so many times as long as one
            params, slack = {"n_alphas": 10, "n_folds": 5}, FOLDS[name]
            yield Case(name, "10 alphas", "5 folds", params, 1e-6, solvers=folds, slack=slack)


def arguments(X, y, alpha=None, n_alphas=None, n_folds=None):
    """Return one alpha, or those to choose from, by leave-one-out or by folds."""
    if alpha:
        return {"alpha": alpha}
    if n_folds:
        return {"alphas": np.geomspace(1e-2, 1e2, n_alphas), "cv": n_folds}
    return {"alphas": np.geomspace(1e-2, 1e4, n_alphas)}


def accuracy(X, y, answer, alpha=None, n_alphas=None, n_folds=None):
    """Return the relative gradient, or the relative error of the errors left out."""
    if alpha:
        return measures.ridge_gradient(X, y, alpha, *answer)
    if n_folds:
        return measures.relative_error(answer, fold_errors(X, y, n_alphas, n_folds))
    reference = measures.leave_one_out(X, y, **arguments(X, y, n_alphas=n_alphas))
    return measures.relative_error(answer, reference)


def fold_errors(X, y, n_alphas, n_folds):
    """Return the reference for the errors of folds, found once: it takes longer than a fit."""
    key = (X.shape, X.sum(), y.tobytes(), n_alphas, n_folds)
    if key not in REFERENCES:
        alphas = arguments(X, y, n_alphas=n_alphas, n_folds=n_folds)["alphas"]
        REFERENCES[key] = measures.fold_errors(X, y, alphas, n_folds)
    return REFERENCES[key]


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


@SOLVERS.add("skreg RidgeGDCV, folds", "skreg", tolerances=decades(-1, -14))
def skreg_folds(X, y, alphas, cv, tol):
    from skreg import RidgeGDCV

    model = RidgeGDCV(alphas, cv=cv, scoring="neg_mean_squared_error", tol=tol)
    return -model.fit(X, y).cv_scores_.mean(axis=0)


def grid_search(solver, **options):
    """Add scikit-learn's GridSearchCV of Ridge with one of its solvers."""

    @SOLVERS.add(f"scikit-learn GridSearchCV, {solver}", "sklearn.linear_model", **options)
    def fit(X, y, alphas, cv, tol=1e-4):
        from sklearn.linear_model import Ridge
        from sklearn.model_selection import GridSearchCV

        search = GridSearchCV(
            Ridge(solver=solver, tol=tol, max_iter=10**6),
            {"alpha": alphas},
            scoring="neg_mean_squared_error",
            cv=cv,
            refit=False,
            error_score="raise",
        )
        return -search.fit(X, y).cv_results_["mean_test_score"]


grid_search("cholesky")
for iterative in ("lsqr", "sparse_cg"):
    grid_search(iterative, tolerances=decades(-1, -14))
