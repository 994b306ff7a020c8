"""The columns that may be non-zero, and what both kinds of them have in common.

As long as they are few they share a Gram matrix, see `gram_set`. Beyond that the problem is solved
on the columns of the data themselves, see `column_set`.
"""

import numpy as np


class WorkingSet:
    """Columns with their coefficients and correlations.

    Attributes
    ----------
    growth : float
        How many columns enter at a time, at most, relative to the support.
    looseness : float
        Gap to reach while columns are missing, relative to that of all columns.
    longest_stage : int
        Alphas to solve for before the data certify them, at most.
    columns : ndarray of int, shape (n_columns,)
        The columns, in the order in which they came.
    w, c : ndarray of shape (n_columns, n_targets)
        Coefficients, and correlations with the residual.
    """

    def __init__(self, design, y):
        self.design, self.y = design, y
        self.columns = np.empty(0, dtype=np.int64)
        self.w, self.c = np.empty((2, 0, y.shape[1]))

    def add(self, new, w, c):
        """Append columns, with their coefficients and correlations."""
        self.columns = np.concatenate([self.columns, new])
        self.w, self.c = np.concatenate([self.w, w]), np.concatenate([self.c, c])

    def extended(self, new, w, c, penalty):
        """Append columns; return the working set for all of them."""
        self.add(new, w, c)
        return self

    def refresh(self, c):
        """Take over the correlations of all columns of the data."""
        self.c = c[self.columns]
