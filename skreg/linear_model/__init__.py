"""Linear models with a penalty.

=========================  =====================================================================
`RidgeGD`                  L2: all features matter a little, or are correlated; coefficients shrink
`LassoCD`                  L1: few features matter; the others' coefficients are exactly zero
`ElasticNetCD`             both: few groups of correlated features matter
`LogisticCD`               classes by logistic regression, with L1, L2 or both
`GroupLassoCD`             groups of features, of which each is kept or dropped as a whole
`GroupLogisticCD`          the same for classes, by logistic regression
`HuberCD`                  numbers with outliers, with L1, L2 or both
`PoissonCD`                counts by Poisson regression, with L1, L2 or both
`RidgeGDCV`                L2, with alpha chosen by exact leave-one-out
`RidgeGDClassifier`        classes by ridge regression on targets of -1 and 1
`RidgeGDClassifierCV`      the same, with alpha chosen by exact leave-one-out
`LassoCDCV`                L1, with alpha chosen by cross-validation
`ElasticNetCDCV`           both, with alpha and their mixture chosen by cross-validation
`LogisticCDCV`             the same as `LogisticCD`, with alpha chosen by cross-validation
`GroupLassoCDCV`           the same as `GroupLassoCD`, with alpha chosen by cross-validation
`GroupLogisticCDCV`        the same as `GroupLogisticCD`, likewise
`HuberCDCV`                the same as `HuberCD`, with alpha chosen by cross-validation
`PoissonCDCV`              the same as `PoissonCD`, with alpha chosen by cross-validation
`MultiTaskLassoCD`         L1 for several targets that select the same features
`MultiTaskElasticNetCD`    both, for several targets that select the same features
`MultiTaskLassoCDCV`       the same as `MultiTaskLassoCD`, with alpha chosen by cross-validation
`MultiTaskElasticNetCDCV`  the same, with alpha and their mixture chosen by cross-validation
`lasso_path`               the lasso for many alphas
`enet_path`                the elastic net for many alphas
`logistic_path`            logistic regression for many alphas
`poisson_path`             Poisson regression for many alphas
`group_lasso_path`         the group lasso for many alphas
`group_logistic_path`      logistic regression by groups for many alphas
`huber_path`               the elastic net for many alphas, where there are outliers
`ridge_path`               ridge for many alphas
=========================  =====================================================================
"""

from ._glm_path import huber_path, logistic_path, poisson_path
from ._group import GroupLassoCD, GroupLogisticCD
from ._group_cv import GroupLassoCDCV, GroupLogisticCDCV
from ._group_path import group_lasso_path, group_logistic_path
from ._huber import HuberCD, HuberCDCV
from ._lasso import ElasticNetCD, LassoCD
from ._lasso_cv import ElasticNetCDCV, LassoCDCV
from ._logistic import LogisticCD
from ._logistic_cv import LogisticCDCV
from ._multitask import MultiTaskElasticNetCD, MultiTaskLassoCD
from ._multitask_cv import MultiTaskElasticNetCDCV, MultiTaskLassoCDCV
from ._path import enet_path, lasso_path, ridge_path
from ._poisson import PoissonCD, PoissonCDCV
from ._ridge import RidgeGD
from ._ridge_classifier import RidgeGDClassifier, RidgeGDClassifierCV
from ._ridge_cv import RidgeGDCV

__all__ = [
    "ElasticNetCD",
    "ElasticNetCDCV",
    "GroupLassoCD",
    "GroupLassoCDCV",
    "GroupLogisticCD",
    "GroupLogisticCDCV",
    "HuberCD",
    "HuberCDCV",
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
    "enet_path",
    "group_lasso_path",
    "group_logistic_path",
    "huber_path",
    "lasso_path",
    "logistic_path",
    "poisson_path",
    "ridge_path",
]
