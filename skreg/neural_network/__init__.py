"""Feed-forward networks with dropout.

======================  ==========================================================
`DropoutMLPClassifier`  classes or labels from features that interact
======================  ==========================================================
"""

from ._mlp import DropoutMLPClassifier

__all__ = ["DropoutMLPClassifier"]
