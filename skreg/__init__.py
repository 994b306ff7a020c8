"""Regularised learning for scikit-learn users."""

from .linear_model import LassoCD, RidgeGD
from .neural_network import DropoutMLPClassifier

__all__ = ["DropoutMLPClassifier", "LassoCD", "RidgeGD"]
__version__ = "0.1.0"
