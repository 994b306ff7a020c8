"""Small tables: what a fit costs where it takes milliseconds, every library at its defaults.

No accuracy is demanded: a library stops where its own rule and defaults say. How good its answer is
stands beside the times, for the alpha that it has chosen where it chooses: the relative duality gap
of the lasso and of the elastic net, the relative gradient of ridge. On text, scikit-learn's Ridge
also runs with `sparse_cg` and tol=1e-10, about the accuracy that RidgeGD has by default. Given are
l1_ratio=0.5 to every elastic net, 50 alphas from 1e-3 to 1e3 to both RidgeCV, and to glmnet, which
is glmstar, standardize=False and its own terms for the same penalty.

X is in C order or in rows: what a library copies is part of its time. A call is repeated until 20
milliseconds have passed, and the mean counts. The rows of "random" have entries at random places
and targets that have nothing to do with them.
"""

import importlib

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers

LAYOUT = "C"
THREADS = (1,)
AT_LEAST = 0.02  # seconds of a measurement
SOLVERS = Solvers()
TABLES = (
    *("diabetes", "wine", "cancer"),
    *(f"AR(1) 0.5, {shape}" for shape in ("1600 x 500", "2000 x 100", "100 x 1000", "10000 x 40")),
)
TEXTS = tuple(f"random {n_samples} x 27450, 135 per row" for n_samples in (500, 2250, 6000, 20000))
QUICK_DATASETS = ("diabetes", "random 100 x 500, 20 per row")
WORK = {  # the estimators of each group, and what they are asked
    "lasso": (
        ("skreg LassoCD", "scikit-learn Lasso", "skglm Lasso", "celer Lasso", "glmnet lasso"),
        {f"alpha_max/{n}": {"l1_ratio": 1, "fraction": n} for n in (3, 10, 100)},
    ),
    "elastic net": (
        (
            *("skreg ElasticNetCD", "scikit-learn ElasticNet", "skglm ElasticNet"),
            *("celer ElasticNet", "glmnet elastic net"),
        ),
        {"alpha_max/10": {"l1_ratio": 0.5, "fraction": 10}},
    ),
    "ridge": (
        ("skreg RidgeGD", "scikit-learn Ridge", "scikit-learn Ridge, sparse_cg", "glmnet ridge"),
        {"alpha = 1": {"l1_ratio": 0}},
    ),
    "ridge, alpha chosen": (
        ("skreg RidgeGDCV", "scikit-learn RidgeCV"),
        {"50 alphas": {"l1_ratio": 0, "n_alphas": 50}},
    ),
    "lasso, alpha chosen": (
        ("skreg LassoCDCV", "scikit-learn LassoCV", "celer LassoCV"),
        {"5 folds, 100 alphas": {"l1_ratio": 1}},
    ),
    "elastic net, alpha chosen": (
        ("skreg ElasticNetCDCV", "scikit-learn ElasticNetCV", "celer ElasticNetCV"),
        {"5 folds, 100 alphas": {"l1_ratio": 0.5}},
    ),
}
MODULES = {"scikit-learn": "sklearn.linear_model"}


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else TABLES + TEXTS:
        for group, (solvers, asked) in WORK.items():
            takers = tuple(s for s in solvers if "sparse" not in s or name.startswith("random"))
            for label, params in asked.items():
                yield Case(name, label, group, params, solvers=takers)


def arguments(X, y, l1_ratio, fraction=None, n_alphas=None, **options):
    """Return what a library is not left to choose."""
    if 0 < l1_ratio < 1:
        options["l1_ratio"] = l1_ratio
    if fraction:
        options["alpha"] = measures.alpha_max(X, y) / l1_ratio / fraction
    if n_alphas:
        options["alphas"] = np.logspace(-3, 3, n_alphas)
    return options


def accuracy(X, y, answer, l1_ratio, **params):
    """Return the relative gap or the relative gradient, for the alpha of the answer."""
    alpha, coef, intercept = answer
    if l1_ratio == 0:
        return measures.ridge_gradient(X, y, alpha, coef, intercept)
    return measures.lasso_gap(X, y, np.array([alpha]), coef[:, None], intercept, l1_ratio)


def add(name):
    """Add an estimator by library, class and, where it has one, solver."""
    library, kind, *solver = name.replace(",", "").split()
    module = MODULES.get(library, library)
    demanded = {"solver": solver[0], "tol": 1e-10} if solver else {}

    @SOLVERS.add(name, module)
    def fit(X, y, **options):
        estimator = getattr(importlib.import_module(module), kind)
        model = estimator(**demanded, **options).fit(X, y)
        alpha = model.alpha_ if hasattr(model, "alpha_") else model.alpha
        return alpha, np.ravel(model.coef_), model.intercept_


def add_glmnet(name):
    """Add glmnet, which knows one penalty, and divides y and so its L2 by the deviation of y."""

    @SOLVERS.add(name, "glmnet")
    def fit(X, y, alpha=None, l1_ratio=1.0):
        from glmnet import GaussNet

        l1, l2 = (alpha * l1_ratio, alpha * (1 - l1_ratio)) if alpha else (0.0, 1 / len(y))
        l2 *= np.std(y)
        model = GaussNet(lambda_values=np.array([l1 + l2]), alpha=l1 / (l1 + l2), standardize=False)
        model.fit(X, y)
        return alpha or 1.0, model.coefs_[0], model.intercepts_[0]


for solvers, _ in WORK.values():
    for name in solvers:
        (add_glmnet if name.startswith("glmnet") else add)(name)
