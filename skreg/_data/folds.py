"""Training sets of several folds as one Design: their products share the passes over the data."""

import numpy as np

from .operators import by_fold


class Folds:
    """What solvers that live by products ask of a Design, for all folds at once.

    Arrays have the targets of one fold after the other, an equal number of each. A sample that is
    not in a fold has residuals of 0 there; one that is there twice counts by the root of 2. What
    is centred adds up to 0 in every fold.

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
        self.design, self.counts, self.root, self.s = design, counts, np.sqrt(counts), design.s
        self.n_samples, self.n_features = design.n_samples, design.n_features
        self.column_norms, self.tall, self.cost = design.column_norms, design.tall, design.cost
        self.shift = np.zeros((design.n_features, counts.shape[1]))
        if centre:
            self.shift = design.rmatvec(counts) / (design.s @ counts)

    def targets(self, y, *, centre):
        """Return targets of shape (n_samples, n_targets) for every fold, and their means."""
        means = (self.counts.T * self.s) @ y / (self.s @ self.counts)[:, None] * centre
        return self._within(y[:, None] - means), means

    def matvec(self, w):
        """Return the products with the centred rows of each fold."""
        product = by_fold(self.design.matvec(w), self.root)
        product -= np.einsum("jf,jft->ft", self.shift, by_fold(w, self.shift))
        return self._within(product)

    def rmatvec(self, r):
        """Return the products of each fold with something centred, so that columns need not be."""
        return self.design.rmatvec(self._within(by_fold(r, self.root)))

    def gram_operator(self, root):
        """Return what multiplies with the Gram matrix of each fold, between two factors."""
        return self.design.gram_operator(root, self.counts, self.shift)

    def kernel_operator(self, q, root):
        """Return what multiplies with the kernel of each fold, between two factors."""
        return self.design.kernel_operator(q, root * self.root, self.shift)

    def _within(self, a):
        """Return the samples of each fold, in one axis with the targets."""
        return (self.root[:, :, None] * a).reshape(len(a), -1)
