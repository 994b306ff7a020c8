"""Linear models with a penalty.

=========  =====================================================================
`RidgeGD`  L2: all features matter a little, or are correlated; coefficients shrink
`LassoCD`  L1: few features matter; the others' coefficients are exactly zero
=========  =====================================================================
"""

from ._lasso import LassoCD
from ._ridge import RidgeGD

__all__ = ["LassoCD", "RidgeGD"]
