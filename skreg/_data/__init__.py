"""What a solver may ask of the data: the Design, and the kinds of data that answer."""

from .dense import DenseDesign
from .design import Design, as_design
from .sparse import SparseDesign

__all__ = ["DenseDesign", "Design", "SparseDesign", "as_design"]
