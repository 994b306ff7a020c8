"""What solvers may ask of data: `Products`, with which many can do, and a whole `Design`.

With ``Xc = (X - mean) / scale`` and the weights ``s`` these are the questions:

===================  =====================================================================
``matvec(w)``        ``Xc @ w``
``rmatvec(r)``       ``Xc.T @ (s * r)``
``gram_operator``    what multiplies with ``Xc.T @ diag(s) @ Xc`` without making it
``kernel_operator``  the same for the kernel of the samples, ``Xc @ diag(q) @ Xc.T``
``column_norms``     ``sqrt(diag(Xc.T @ diag(s) @ Xc))``
-------------------  ---------------------------------------------------------------------
``inner(u, v)``      ``sum(s * u * v)``
``gram(j)``          ``Xc[:, j].T @ diag(s) @ Xc[:, j]``, or its last rows
``modulated_gram``   the same of columns that are multiplied row by row
``kernel(q)``        ``Xc @ diag(q) @ Xc.T``
``take(rows)``       some rows, with the statistics of all
``select(columns)``  some columns, copied
``about(shift)``     other means
``reweighted(s)``    other weights, and their means
``column_entries``   where the numbers of columns are, for compiled loops
``row_entries``      the same for rows
===================  =====================================================================

The first five are `Products`: a training set of several folds answers no others. `w` and `r` may
have several columns, one for each target. `matvec` and `rmatvec` of a Design also take `columns`:
the others are not read. Nothing is materialised: X is neither copied nor changed, and sparse stays
sparse. Whatever the dtype of X, the answers are float64.
"""

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Products(Protocol):
    """Products with the columns and with the samples, of any kind of data.

    Attributes
    ----------
    n_samples, n_features : int
        The shape of Xc.
    s : ndarray of shape (n_samples,)
        Sample weights.
    column_norms : ndarray of shape (n_features,)
        The lengths of the columns.
    """

    n_samples: int
    n_features: int
    s: np.ndarray
    column_norms: np.ndarray

    def matvec(self, w): ...

    def rmatvec(self, r): ...

    def gram_operator(self, root): ...

    def kernel_operator(self, q, root): ...


@runtime_checkable
class Design(Products, Protocol):
    """The centred, scaled, weighted view of the data, with matrices, parts and entries."""

    def inner(self, u, v): ...

    def gram(self, columns, first=0): ...

    def modulated_gram(self, columns, factors, which, shift): ...

    def kernel(self, q): ...

    def take(self, rows): ...

    def select(self, columns): ...

    def about(self, shift): ...

    def reweighted(self, s): ...

    @property
    def column_entries(self): ...

    @property
    def row_entries(self): ...
