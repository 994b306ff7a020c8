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
    DropoutMLPClassifier((20, 10), keep_prob=0.9, solver="sgd", learning_rate_init=0.05, max_norm=3.0),
    DropoutMLPClassifier((), batch_size=10, learning_rate_init=0.05),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_check(estimator, check):
    check(estimator)
