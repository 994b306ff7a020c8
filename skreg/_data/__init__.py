"""What a solver may ask of the data: the Design, and the kinds of data that answer."""

from .dense import DenseDesign
from .design import Design, as_design
from .folds import Folds
from .moments import Moments, design_of
from .sparse import SparseDesign
from .transformed import Transformed

__all__ = [
    "DenseDesign",
    "Design",
    "Folds",
    "Moments",
    "SparseDesign",
    "Transformed",
    "as_design",
    "design_of",
]
