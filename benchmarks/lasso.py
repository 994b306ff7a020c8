"""The lasso: single fits and paths of 100 alphas to a relative duality gap of 1e-6.

Everyone gets raw columns and fits an intercept. Dense X is in Fortran order, sparse X in columns:
no solver has to copy it. scikit-learn's Gram is `precompute=True`. skglm, and scikit-learn on
dense paths, work on a centred copy, which is part of their time: they are faster so, or have no
intercept. A path is one call where a peer has one, else fits that begin at the last coefficients.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, Timed, decades

LAYOUT = "F"
THREADS = (1, 2)
SOLVERS = Solvers()
DATASETS = (
    "golub",
    "sms",
    "debian",
    "MNIST, 3 or not",
    "AR(1) 0.5, 200 x 20000",
    "AR(1) 0.9, 20000 x 500",
    "AR(1) 0.9, 2000 x 50000",
)
QUICK_DATASETS = ("AR(1) 0.5, 100 x 300", "text 200 x 500, 20 per row")


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        for fraction in (10, 100):
            yield Case(
                name, f"alpha_max/{fraction}", "single fits", {"fraction": fraction}, target=1e-6
            )
        params = {"fraction": 100, "n_alphas": 10 if quick else 100}
        yield Case(name, f"{params['n_alphas']} to alpha_max/100", "paths", params, target=1e-6)


def arguments(X, y, fraction, n_alphas=1):
    """Return the alphas, largest first."""
    largest = measures.alpha_max(X, y)
    first = largest if n_alphas > 1 else largest / fraction
    return {"alphas": np.geomspace(first, largest / fraction, n_alphas)}


def accuracy(X, y, answer, **params):
    """Return the largest relative gap of the coefficients and intercepts."""
    alphas = arguments(X, y, **params)["alphas"]
    return measures.lasso_gap(X, y, alphas, *answer)


def one_by_one(model, X, y, alphas):
    """Fit one alpha after the other, each from the coefficients of the last."""
    coefs, intercepts = np.empty((X.shape[1], len(alphas))), np.empty(len(alphas))
    for k, alpha in enumerate(alphas):
        model.set_params(alpha=alpha).fit(X, y)
        coefs[:, k], intercepts[k] = model.coef_, model.intercept_
    return coefs, intercepts


@SOLVERS.add("skreg LassoCD", "skreg", tolerances=decades(-1, -12))
def skreg(X, y, alphas, tol):
    from skreg import LassoCD, lasso_path

    if len(alphas) == 1:
        return one_by_one(LassoCD(tol=tol, max_iter=100_000), X, y, alphas)
    path = lasso_path(X, y, alphas=alphas, tol=tol, max_iter=100_000)
    return path.coefs, path.intercepts


def centred(X, y, solve):
    """Solve without an intercept on centred dense data, for peers that are better at that."""
    mean = X.mean(axis=0)
    coefs = solve(X - mean, y - y.mean())
    return coefs, y.mean() - mean @ coefs


@SOLVERS.add("scikit-learn Lasso", "sklearn.linear_model", tolerances=decades(-1, -14))
def scikit_learn(X, y, alphas, tol, precompute=False):
    from sklearn.linear_model import Lasso, lasso_path

    options = {"tol": tol, "max_iter": 10**7}
    if not isinstance(X, np.ndarray):
        return one_by_one(Lasso(warm_start=True, **options), X, y, alphas)
    if len(alphas) == 1:
        return one_by_one(Lasso(precompute=precompute, **options), X, y, alphas)
    options |= {"alphas": alphas, "precompute": precompute}
    return centred(X, y, lambda X, y: lasso_path(X, y, **options)[1])


@SOLVERS.add("scikit-learn Lasso, Gram", "sklearn.linear_model", tolerances=decades(-1, -14))
def scikit_learn_gram(X, y, alphas, tol):
    if not isinstance(X, np.ndarray):
        raise TypeError("scikit-learn takes precompute=True for dense X only")
    return scikit_learn(X, y, alphas, tol, precompute=True)


@SOLVERS.add("scikit-learn LassoLars", "sklearn.linear_model")
def scikit_learn_lars(X, y, alphas):
    from scipy.interpolate import interp1d
    from sklearn.linear_model import LassoLars

    steps = 4 * min(X.shape)  # it takes memory for so many
    model = LassoLars(alpha=alphas[-1], max_iter=steps).fit(X, y)
    path = interp1d(model.alphas_, model.coef_path_, fill_value="extrapolate")
    coefs = path(alphas)  # the path is piecewise linear in alpha
    return coefs, y.mean() - X.mean(axis=0) @ coefs


@SOLVERS.add("skglm Lasso", "skglm", tolerances=decades(-1, -14))
def skglm(X, y, alphas, tol):
    from skglm import Lasso

    options = {"tol": tol, "max_iter": 1000, "warm_start": True}
    if not isinstance(X, np.ndarray):
        return one_by_one(Lasso(**options), X, y, alphas)
    model = Lasso(fit_intercept=False, **options)  # its intercept converges slowly on raw units
    return centred(X, y, lambda X, y: one_by_one(model, X, y, alphas)[0])


@SOLVERS.add("celer Lasso", "celer", tolerances=decades(-1, -14))
def celer(X, y, alphas, tol):
    from celer import Lasso

    return one_by_one(Lasso(tol=tol, max_iter=1000, warm_start=True), X, y, alphas)


def adelie_matrix(X, y):
    """Wrap X as adelie takes it."""
    import adelie

    kind = adelie.matrix.dense if isinstance(X, np.ndarray) else adelie.matrix.sparse
    return kind(X, method="naive", n_threads=1), y


@SOLVERS.add(
    "adelie grpnet",
    "adelie",
    tolerances=decades(-3, -20),
    prepare=adelie_matrix,
    environment="adelie",
)
def adelie(X, y, alphas, tol):
    import adelie

    state = adelie.grpnet(
        X, adelie.glm.gaussian(y), lmda_path=alphas, tol=tol, early_exit=False, progress_bar=False
    )
    return state.betas.toarray().T, np.asarray(state.intercepts)


def to_r(X, y):
    """Hand the data to an R process of their own."""
    from .glmnet import Glmnet

    return Glmnet(X, y), None


@SOLVERS.add("R glmnet", "benchmarks.glmnet", tolerances=decades(-5, -20), prepare=to_r)
def glmnet(process, _, alphas, tol):
    return Timed(*process.fit(alphas, tol))
