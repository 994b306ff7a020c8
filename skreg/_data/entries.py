"""Where the numbers of X are, so that one compiled loop reads every kind of stored data."""

from typing import NamedTuple

import numpy as np


class ColumnEntries(NamedTuple):
    """The numbers of X by columns.

    Those of column j are ``X[first[j] : last[j], place[j]]`` and their samples are
    ``samples[first[j] : last[j]]``; ``centre[j]`` is taken from each of them, what is left of the
    mean from sums.
    """

    X: np.ndarray
    place: np.ndarray
    first: np.ndarray
    last: np.ndarray
    samples: np.ndarray
    centre: np.ndarray

    @property
    def lengths(self):
        """How many numbers are in each column."""
        return (self.last - self.first).astype(np.int64)

    def take(self, columns):
        """Return the entries of some columns."""
        X, place, first, last, samples, centre = self
        parts = (part[columns] for part in (place, first, last))
        return ColumnEntries(X, *parts, samples, centre[columns])


class RowEntries(NamedTuple):
    """The numbers of X by rows.

    Those of row i are ``X[line[i], first[i] : last[i]]`` and their columns are
    ``columns[first[i] : last[i]]``; ``centre[j]`` is taken from those of column j.
    """

    X: np.ndarray
    line: np.ndarray
    first: np.ndarray
    last: np.ndarray
    columns: np.ndarray
    centre: np.ndarray
