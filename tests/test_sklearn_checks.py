"""scikit-learn's own checks of estimators, over every estimator in several configurations."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skreg import DropoutMLPClassifier, LassoCD, RidgeGD

ESTIMATORS = [
    RidgeGD(),
    RidgeGD(solver="nesterov", standardize=True),
    RidgeGD(solver="gd", max_iter=20000),
    RidgeGD(solver="sgd", random_state=0),
    RidgeGD(positive=True, fit_intercept=False),
    LassoCD(),
    LassoCD(alpha=0.1, standardize=True, positive=True),
    LassoCD(alpha=0.1, fit_intercept=False, lower=-2, upper=2),
    DropoutMLPClassifier(),
    DropoutMLPClassifier((10, 5), keep_prob=(0.8, 0.9), solver="sgd", max_norm=3.0),
    DropoutMLPClassifier((), early_stopping=True),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    check(estimator)
