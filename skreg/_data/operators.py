"""Products with the matrices of the columns and of the samples that need not be made.

They are those of several folds at once: targets come fold after fold, an equal number of each.
"""

import numpy as np


class Gram:
    """Multiplies with ``root * (Z - shift).T @ diag(weights) @ (Z - shift) * root`` of each fold.

    Z is what plain products are with. The shift makes the weighted rows add up to 0, so that it
    need not be taken away again in the second product.
    """

    def __init__(self, design, root, weights, shift):
        self.design, self.root, self.weights, self.shift = design, root, weights, shift

    def __call__(self, v):
        """Return the product with an array of shape (n_features, n_targets)."""
        w = self.root * v
        centre = np.einsum("jf,jft->ft", self.shift, by_fold(w, self.shift))
        product = self.design._gram_product(w, centre, self.weights)
        product *= self.root
        return product


class Kernel:
    """Multiplies with ``root * (Z - shift) @ diag(q) @ (Z - shift).T * root`` of each fold.

    Z is what plain products are with; the shift adds terms of rank one, of which `end` is
    ``Z @ diag(q) @ shift`` for each fold.
    """

    def __init__(self, design, q, root, shift):
        self.design, self.q, self.root = design, q[:, None], root
        self.end, self.square = design._product(self.q * shift), q @ shift**2

    def __call__(self, u):
        """Return the product with an array of shape (n_samples, n_targets)."""
        root, end = self.root[:, :, None], self.end[:, :, None]
        u = root * by_fold(u, self.root)
        product = by_fold(self.product(u.reshape(len(u), -1)), self.root)
        sums = u.sum(axis=0)
        product += self.square[:, None] * sums - (end * u).sum(axis=0)
        product -= end * sums
        product *= root
        return product.reshape(len(u), -1)

    def product(self, u):
        """Return ``Z @ diag(q) @ Z.T @ u``."""
        w = self.design._transposed_product(u)
        w *= self.q
        return self.design._product(w)


def by_fold(a, like):
    """Return an array with an axis for the folds, of which another has as many columns."""
    return a.reshape(*like.shape, -1)


def vector(a):
    """Return a matrix of one column as a vector, with which products are faster."""
    return a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a


def width(a):
    """Return how many columns an array has; a vector is one."""
    return a.shape[1] if a.ndim == 2 else 1
