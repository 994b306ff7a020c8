"""Training sets of several folds as one Design: their products share the passes over the data."""

import numpy as np


class Folds:
    """What solvers that live by products ask of a Design, for all folds at once.

    Arrays have the targets of one fold after the other; an equal number of each. A sample that is
    not in a fold has residuals of 0 there; one that is there twice counts by the root of 2.

    Parameters
    ----------
    design : Design
        All samples.
    counts : ndarray of shape (n_samples, n_folds)
        How often each sample is in each training set.
    centre : bool
        Whether to centre each fold.
    """

    passes_of_gram = passes_of_kernel = np.inf  # there is one for each fold

    def __init__(self, design, counts, *, centre):
        self.design, self.root, self.s = design, np.sqrt(counts), design.s
        self.n_samples, self.n_features = design.n_samples, design.n_features
        self.column_norms = design.column_norms
        self.shift = np.zeros((design.n_features, counts.shape[1]))
        if centre:
            self.shift = design.rmatvec(counts) / (design.s @ counts)

    def targets(self, y, *, centre):
        """Return targets of shape (n_samples, n_targets) for every fold, and their means."""
        counts = self.root**2
        means = (counts.T * self.s) @ y / (self.s @ counts)[:, None] * centre
        return self._by_fold(self.root[:, :, None] * (y[:, None] - means)), means

    def matvec(self, w):
        """Return the products with the centred rows of each fold."""
        product = self._apart(self.design.matvec(w))
        product -= np.einsum("jf,jft->ft", self.shift, self._apart(w))
        return self._by_fold(self.root[:, :, None] * product)

    def rmatvec(self, r):
        """Return the products with the centred columns of each fold."""
        r = self.root[:, :, None] * self._apart(r)
        product = self._apart(self.design.rmatvec(self._by_fold(r)))
        product -= self.shift[:, :, None] * np.tensordot(self.s, r, 1)
        return self._by_fold(product)

    def gram_operator(self, root):
        """Return what multiplies with the Gram matrix of each fold, between two factors."""
        return self.design.gram_operator(root, self.root**2, self.shift)

    def kernel_operator(self, q, root):
        """Return what multiplies with the kernel of each fold, between two factors."""
        return self.design.kernel_operator(q, root * self.root, self.shift)

    def _apart(self, a):
        """Return an array with an axis for the folds."""
        return a.reshape(len(a), self.root.shape[1], -1)

    def _by_fold(self, a):
        """Return it without."""
        return a.reshape(len(a), -1)
