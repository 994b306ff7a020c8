"""Linear models with a penalty.

=========================  =====================================================================
`RidgeGD`                  L2: all features matter a little, or are correlated; coefficients shrink
`LassoCD`                  L1: few features matter; the others' coefficients are exactly zero
`ElasticNetCD`             both: few groups of correlated features matter
`LogisticCD`               two classes by logistic regression, with L1, L2 or both
`RidgeGDCV`                L2, with alpha chosen by exact leave-one-out
`RidgeGDClassifier`        classes by ridge regression on targets of -1 and 1
`RidgeGDClassifierCV`      the same, with alpha chosen by exact leave-one-out
`LassoCDCV`                L1, with alpha chosen by cross-validation
`ElasticNetCDCV`           both, with alpha and their mixture chosen by cross-validation
`MultiTaskLassoCD`         L1 for several targets that select the same features
`MultiTaskElasticNetCD`    both, for several targets that select the same features
`MultiTaskLassoCDCV`       the same as `MultiTaskLassoCD`, with alpha chosen by cross-validation
`MultiTaskElasticNetCDCV`  the same, with alpha and their mixture chosen by cross-validation
`lasso_path`               the lasso for many alphas
`enet_path`                the elastic net for many alphas
`ridge_path`               ridge for many alphas
=========================  =====================================================================
"""

from ._lasso import ElasticNetCD, LassoCD
from ._lasso_cv import ElasticNetCDCV, LassoCDCV
from ._logistic import LogisticCD
from ._multitask import MultiTaskElasticNetCD, MultiTaskLassoCD
from ._multitask_cv import MultiTaskElasticNetCDCV, MultiTaskLassoCDCV
from ._path import enet_path, lasso_path, ridge_path
from ._ridge import RidgeGD
from ._ridge_classifier import RidgeGDClassifier, RidgeGDClassifierCV
from ._ridge_cv import RidgeGDCV

__all__ = [
    "ElasticNetCD",
    "ElasticNetCDCV",
    "LassoCD",
    "LassoCDCV",
    "LogisticCD",
    "MultiTaskElasticNetCD",
    "MultiTaskElasticNetCDCV",
    "MultiTaskLassoCD",
    "MultiTaskLassoCDCV",
    "RidgeGD",
    "RidgeGDCV",
    "RidgeGDClassifier",
    "RidgeGDClassifierCV",
    "enet_path",
    "lasso_path",
    "ridge_path",
]
