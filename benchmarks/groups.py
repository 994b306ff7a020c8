"""The group lasso: single fits to a relative duality gap of 1e-6, groups of neighbouring columns.

Everyone gets raw columns in Fortran order and fits an intercept, and the penalty has the square
roots of the sizes for weights. skglm works on a centred copy, which is part of its time: its
intercept converges slowly on raw units.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers, decades
from .lasso import adelie_matrix, centred

LAYOUT = "F"
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = {
    "golub": (5, 50),
    "MNIST, 3 or not": (7,),
    "AR(1) 0.5, 200 x 20000": (10,),
    "AR(1) 0.9, 20000 x 500": (5,),
}
QUICK_DATASETS = {"AR(1) 0.5, 100 x 300": (5,)}


def cases(quick):
    """Yield the cases, data set by data set."""
    for name, sizes in (QUICK_DATASETS if quick else DATASETS).items():
        for size in sizes:
            for fraction in (10, 100):
                label = f"groups of {size}, alpha_max/{fraction}"
                params = {"size": size, "fraction": fraction}
                yield Case(name, label, "single fits", params, target=1e-6)


def arguments(X, y, size, fraction):
    """Return where the groups begin, and alpha."""
    first = np.arange(0, X.shape[1], size)
    return {"first": first, "alpha": measures.group_alpha_max(X, y, first) / fraction}


def accuracy(X, y, answer, **params):
    """Return the relative gap of coefficients and intercept."""
    return measures.group_gap(X, y, *arguments(X, y, **params).values(), *answer)


def sizes(X, first):
    """Return the sizes of the groups."""
    return np.diff(first, append=X.shape[1])


@SOLVERS.add("skreg GroupLassoCD", "skreg", tolerances=decades(-1, -12))
def skreg(X, y, first, alpha, tol):
    from skreg import GroupLassoCD

    labels = np.repeat(np.arange(len(first)), sizes(X, first))
    model = GroupLassoCD(labels, alpha, tol=tol, max_iter=10**6).fit(X, y)
    return model.coef_, model.intercept_


@SOLVERS.add("skglm GroupLasso", "skglm", tolerances=decades(-1, -14))
def skglm(X, y, first, alpha, tol):
    from skglm import GroupLasso

    groups = [list(range(a, a + m)) for a, m in zip(first, sizes(X, first), strict=True)]
    options = {"weights": np.sqrt(sizes(X, first)), "fit_intercept": False, "max_iter": 1000}
    model = GroupLasso(groups, alpha, tol=tol, **options)
    return centred(X, y, lambda X, y: np.ravel(model.fit(np.asfortranarray(X), y).coef_))


@SOLVERS.add(
    "adelie grpnet",
    "adelie",
    tolerances=decades(-3, -20),
    prepare=adelie_matrix,
    environment="adelie",
)
def adelie(X, y, first, alpha, tol):
    import adelie

    options = {"early_exit": False, "progress_bar": False}
    state = adelie.grpnet(
        X, adelie.glm.gaussian(y), groups=first, lmda_path=np.array([alpha]), tol=tol, **options
    )
    return np.ravel(state.betas.toarray()), float(np.ravel(state.intercepts)[0])
