"""Feed-forward networks with dropout.

======================  ==========================================================
`DropoutMLPClassifier`  classes or labels from features that interact
`DropoutMLPRegressor`   numbers from features that interact
`check_gradient`        the gradient of either beside finite differences
======================  ==========================================================
"""

from ._check_gradient import check_gradient
from ._mlp import DropoutMLPClassifier
from ._regressor import DropoutMLPRegressor

__all__ = ["DropoutMLPClassifier", "DropoutMLPRegressor", "check_gradient"]
