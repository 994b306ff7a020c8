"""Inverted dropout with masks from a counter-based generator.

Whether a unit is kept is a hash of (seed, epoch, sample, layer, unit): masks do not depend on how
samples are cut into batches, on threads, or on whether X is dense or sparse.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .._numba import unsigned
from .loops import FIRST, GOLDEN, SECOND, fill


class Dropout(NamedTuple):
    """Masks of one epoch.

    Attributes
    ----------
    seed, epoch : int
        What the masks depend on, besides sample, layer and unit.
    keep_prob : tuple of float
        Probability of keeping a unit of the input and of each hidden layer.
    """

    seed: int
    epoch: int
    keep_prob: tuple

    @lru_cache(maxsize=100)  # noqa: B019  of numbers alone
    def numbers(self, layer, dtype):
        """Return what loops ask about the masks of a layer, which is 0 for the input.

        Returns
        -------
        key : uint64
            The hash of seed, epoch and layer.
        highest : uint32
            The largest hash of a unit that is kept.
        scale : dtype
            ``1 / keep_prob``.
        """
        keep_prob, key = self.keep_prob[layer], 0
        for word in (self.seed, self.epoch, layer):
            key = scramble(key + (word + 1) * int(GOLDEN))
        highest = max(0, round(keep_prob * 2**32) - 1)
        return np.uint64(key), np.uint32(highest), dtype.type(1 / keep_prob)

    def fill(self, layer, samples, M):
        """Write the multipliers of a layer into M: 0, or 1 / keep_prob for units that are kept.

        `samples`, of shape (n_rows,), says which samples the rows are.
        """
        if self.keep_prob[layer] == 1:
            M.fill(1)
        else:
            fill(unsigned(samples), *self.numbers(layer, M.dtype), M)


def scramble(x):
    """Return the finaliser of splitmix64 of an integer."""
    x %= 2**64
    x = (x ^ (x >> 30)) * int(FIRST) % 2**64
    x = (x ^ (x >> 27)) * int(SECOND) % 2**64
    return x ^ (x >> 31)
