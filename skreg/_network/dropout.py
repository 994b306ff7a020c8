"""Inverted dropout with masks from a counter-based generator.

Whether a unit is kept is a hash of (seed, epoch, sample, layer, unit): masks do not depend on how
samples are cut into batches, on threads, or on whether X is dense or sparse.
"""

from typing import NamedTuple

import numpy as np

from .._numba import kernel, unsigned

# The finaliser of splitmix64 makes a key for each sample; Steele et al. (2014), section 4.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# That of MurmurHash3 mixes it with the unit, in 32 bits: twice as many fit in a register.
GOLDEN_32, FIRST_32, SECOND_32 = (np.uint32(c) for c in (0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35))


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

    def arguments(self, layer, samples, dtype):
        """Return what the kernels of this module ask about the masks of a layer.

        Parameters
        ----------
        layer : int
            0 for the input.
        samples : ndarray of int64, shape (n_batch,)
            Which samples the rows are.
        dtype : dtype
            Of the values to be masked.
        """
        keep_prob, key = self.keep_prob[layer], 0
        for word in (self.seed, self.epoch, layer):
            key = scramble(key + (word + 1) * int(GOLDEN))
        highest = max(0, round(keep_prob * 2**32) - 1)  # the largest hash that is kept
        return np.uint64(key), unsigned(samples), np.uint32(highest), dtype.type(1 / keep_prob)

    def fill(self, layer, samples, M):
        """Write the multipliers of a layer into M: 0, or 1 / keep_prob for units that are kept."""
        if self.keep_prob[layer] == 1:
            M.fill(1)
        else:
            fill(*self.arguments(layer, samples, M.dtype), M)


def scramble(x):
    """Return the finaliser of splitmix64 of an integer."""
    x %= 2**64
    x = (x ^ (x >> 30)) * int(FIRST) % 2**64
    x = (x ^ (x >> 27)) * int(SECOND) % 2**64
    return x ^ (x >> 31)


@kernel
def fill(key, samples, highest, scale, M):
    """Write scale where a unit is kept, and 0 elsewhere."""
    for i in range(M.shape[0]):
        x = key + samples[i] * GOLDEN
        x = (x ^ (x >> np.uint64(30))) * FIRST
        x = (x ^ (x >> np.uint64(27))) * SECOND
        x ^= x >> np.uint64(31)
        low, high = np.uint32(x), np.uint32(x >> np.uint64(32))
        for j in range(M.shape[1]):
            h = np.uint32(np.uint32(np.uint32(j) * GOLDEN_32) + low)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * FIRST_32)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(13)) ^ high) * SECOND_32)
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            M[i, j] = scale if h <= highest else scale * 0


@kernel
def take_entries(indptr, indices, data, rows, key, samples, highest, scale, row_start, unit, value):
    """List the entries of rows of a sparse matrix that are kept, with their values over keep_prob.

    The masks are those of `fill`. Return how many there are.
    """
    count = np.uintp(0)
    for i in range(rows.shape[0]):
        row_start[i] = count
        x = key + samples[i] * GOLDEN
        x = (x ^ (x >> np.uint64(30))) * FIRST
        x = (x ^ (x >> np.uint64(27))) * SECOND
        x ^= x >> np.uint64(31)
        low, high = np.uint32(x), np.uint32(x >> np.uint64(32))
        for e in range(indptr[rows[i]], indptr[rows[i] + np.uint64(1)]):
            h = np.uint32(np.uint32(np.uint32(indices[e]) * GOLDEN_32) + low)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(16))) * FIRST_32)
            h = np.uint32(np.uint32(h ^ np.uint32(h >> np.uint32(13)) ^ high) * SECOND_32)
            h = np.uint32(h ^ np.uint32(h >> np.uint32(16)))
            if h <= highest:
                unit[count] = indices[e]
                value[count] = data[e] * scale
                count += np.uintp(1)
    row_start[rows.shape[0]] = count
    return count
