"""What a solver may ask of the data: the Design, and the kinds of data that answer."""

from .classes import Classes
from .dense import DenseDesign
from .design import MemoryDesign, as_design
from .folds import Folds
from .moments import Moments, design_of
from .protocols import Design, Products
from .sparse import SparseDesign
from .transformed import Transformed

__all__ = [
    "Classes",
    "DenseDesign",
    "Design",
    "Folds",
    "MemoryDesign",
    "Moments",
    "Products",
    "SparseDesign",
    "Transformed",
    "as_design",
    "design_of",
]
