"""Regularised learning for scikit-learn users."""

import sklearn  # noqa: F401  # after scipy it would take 0.1 s more: glibc gives back what it frees

from .linear_model import (
    ElasticNetCD,
    ElasticNetCDCV,
    LassoCD,
    LassoCDCV,
    LogisticCD,
    LogisticCDCV,
    MultiTaskElasticNetCD,
    MultiTaskElasticNetCDCV,
    MultiTaskLassoCD,
    MultiTaskLassoCDCV,
    PoissonCD,
    PoissonCDCV,
    RidgeGD,
    RidgeGDClassifier,
    RidgeGDClassifierCV,
    RidgeGDCV,
    enet_path,
    lasso_path,
    logistic_path,
    poisson_path,
    ridge_path,
)
from .neural_network import DropoutMLPClassifier, DropoutMLPRegressor, check_gradient

__all__ = [
    "DropoutMLPClassifier",
    "DropoutMLPRegressor",
    "ElasticNetCD",
    "ElasticNetCDCV",
    "LassoCD",
    "LassoCDCV",
    "LogisticCD",
    "LogisticCDCV",
    "MultiTaskElasticNetCD",
    "MultiTaskElasticNetCDCV",
    "MultiTaskLassoCD",
    "MultiTaskLassoCDCV",
    "PoissonCD",
    "PoissonCDCV",
    "RidgeGD",
    "RidgeGDCV",
    "RidgeGDClassifier",
    "RidgeGDClassifierCV",
    "check_gradient",
    "enet_path",
    "lasso_path",
    "logistic_path",
    "poisson_path",
    "ridge_path",
]
__version__ = "0.1.0"
