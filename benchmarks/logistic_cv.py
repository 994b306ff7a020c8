"""Alpha of logistic regression by cross-validation: 20 alphas down to alpha_max/100, 5 folds.

Both libraries get the same alphas and make the same folds, and stop by their defaults. C counts the
loss of all samples, so that scikit-learn's fits in folds have a penalty a quarter stronger. Shown
is the relative duality gap at the alpha that was chosen. X is in C order or in rows. scikit-learn
takes liblinear for two classes, and saga, with 1000 passes at the most, for several.
"""

import numpy as np

from . import accuracy as measures
from .core import Case, Solvers

LAYOUT = "C"
THREADS = (1,)
SOLVERS = Solvers()
DATASETS = (
    *("cancer", "golub", "sms", "AR(1) 0.5, 20000 x 50, above the median"),
    *("digits", "4 classes of 10 factors, noise 0.5, 100 x 1000"),
)
QUICK_DATASETS = ("cancer", "3 classes of 5 factors, noise 0.1, 60 x 50")


def cases(quick):
    """Yield the cases, data set by data set."""
    for name in QUICK_DATASETS if quick else DATASETS:
        params = {"n_alphas": 3 if quick else 20}
        label = f"5 folds, {params['n_alphas']} alphas"
        yield Case(name, label, "alpha chosen", params, slack=10)


def labels(y):
    """Return the labels as 0, 1, ..."""
    return np.unique(y, return_inverse=True)[1]


def arguments(X, y, n_alphas):
    """Return the alphas, largest first."""
    largest = measures.class_alpha_max(X, labels(y))
    return {"alphas": np.geomspace(largest, largest / 100, n_alphas)}


def accuracy(X, y, answer, n_alphas):
    """Return the relative gap at the alpha of the answer."""
    alpha, coef, intercept = answer
    if len(coef) > 1:
        return measures.multinomial_gap(X, labels(y), alpha, coef, intercept)
    return measures.logistic_gap(X, labels(y), alpha, coef[0], intercept[0])


@SOLVERS.add("skreg LogisticCDCV", "skreg")
def skreg(X, y, alphas):
    from skreg import LogisticCDCV

    model = LogisticCDCV(alphas=alphas, cv=5).fit(X, labels(y))
    return model.alpha_, model.coef_, model.intercept_


@SOLVERS.add("scikit-learn LogisticRegressionCV", "sklearn.linear_model")
def scikit_learn(X, y, alphas):
    from sklearn.linear_model import LogisticRegressionCV

    y = labels(y)
    several = {"solver": "saga", "max_iter": 1000, "random_state": 0}
    two = {"solver": "liblinear", "intercept_scaling": 100}  # it penalises the intercept, too
    options = several if y.max() > 1 else two
    options |= {"cv": 5, "scoring": "neg_log_loss", "use_legacy_attributes": False}
    model = LogisticRegressionCV(Cs=1 / (len(y) * alphas), l1_ratios=(1.0,), **options).fit(X, y)
    return 1 / (len(y) * model.C_), model.coef_, model.intercept_
