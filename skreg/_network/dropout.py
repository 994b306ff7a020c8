"""Inverted dropout with masks from a counter-based generator.

Whether a unit is kept is a hash of (seed, epoch, sample, layer, unit): masks do not depend on how
samples are cut into batches, on threads, or on whether X is dense or sparse.
"""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


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

    def apply(self, A, layer, samples):
        """Return A with units dropped and the others divided by keep_prob, and the multiplier.

        Parameters
        ----------
        A : {ndarray, csr_array or csr_matrix} of shape (n_batch, n_units)
            Activations; not changed.
        layer : int
            0 for the input.
        samples : ndarray of int, shape (n_batch,)
            Which samples the rows are.

        Returns
        -------
        dropped : like A
            Same dtype as A.
        multiplier : None or ndarray of shape (n_batch, n_units)
            0 or 1 / keep_prob, for the backward pass; None if all is kept or A is sparse.
        """
        keep_prob = self.keep_prob[layer]
        if keep_prob == 1:
            return A, None
        keys = self._keys(layer, samples)
        if sp.issparse(A):
            kept = keeps(np.repeat(keys, np.diff(A.indptr)), A.indices, keep_prob)
            data = A.data * (kept / A.dtype.type(keep_prob))
            return type(A)((data, A.indices, A.indptr), shape=A.shape), None
        kept = keeps(keys[:, None], np.arange(A.shape[1]), keep_prob)
        multiplier = kept / A.dtype.type(keep_prob)
        return A * multiplier, multiplier

    def _keys(self, layer, samples):
        """Return a 64-bit key for each sample."""
        key = np.asarray(samples).astype(np.uint64)
        for word in (self.seed, self.epoch, layer):
            key = mix64(key + np.uint64((word + 1) * int(GOLDEN) % 2**64))
        return key


def mix64(x):
    """Scramble 64-bit integers: the finaliser of splitmix64; Steele et al. (2014), section 4."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def keeps(key, unit, keep_prob):
    """Return whether units are kept, each with probability keep_prob."""
    bits = mix64(key + np.asarray(unit).astype(np.uint64) * GOLDEN)
    return bits < np.uint64(keep_prob * 2.0**64)
