"""The gradient of a network beside finite differences."""

from copy import deepcopy

import numpy as np
from sklearn.base import clone

from .._checks import check_seed
from .._network.dropout import Dropout
from .._network.layers import loss_and_gradient
from ._base import in_peace
from ._parameters import check_parameters, keep_probs

STEP = 1e-6  # about the cube root of the rounding error of float64, best for central differences
NOISE = 8 * np.finfo(float).eps  # of a loss, that rounding makes
N_ENTRIES = 50  # of each matrix and vector


@in_peace()
def check_gradient(estimator, X, y):
    """Compare the gradient of a network with finite differences of its loss.

    The loss is that of one step of training on all samples, with `alpha`, class weights and
    dropout; the masks are held fixed, for otherwise there would be another loss at each
    evaluation. All is done in float64. From each matrix of weights and each vector of biases, 50
    entries at random are moved by 1e-6 to either side.

    Parameters
    ----------
    estimator : DropoutMLPClassifier or DropoutMLPRegressor
        The network: with its weights if it is fitted, otherwise with initial ones. Not changed.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Samples; a few dozen are enough.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.

    Returns
    -------
    float
        The largest relative error: for each matrix and vector, the norm of the difference over
        the sum of the norms of both; what rounding makes of the differences does not count. A right
        gradient has about 1e-8, a wrong one 1e-2 or more. In between there may be a kink of 'relu',
        'leaky_relu' or 'absolute_error' within reach of a step: try other samples.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range.

    References
    ----------
    Nocedal and Wright (2006), "Numerical Optimization", section 8.1.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skreg import DropoutMLPClassifier, check_gradient
    >>> X, y = load_digits(return_X_y=True)
    >>> check_gradient(DropoutMLPClassifier((20,), random_state=0), X[:50] / 16, y[:50]) < 1e-6
    True
    """
    fitted = hasattr(estimator, "coefs_")
    net = deepcopy(estimator) if fitted else clone(estimator).set_params(dtype=np.float64)
    check_parameters(net)
    data = net._data(X, y, None, reset=not fitted)
    rng = check_seed(net)
    if not fitted:
        net._initialize(data, rng)
    coefs, intercepts = ([p.astype(float, order="C") for p in parts] for parts in net._network[:2])
    network = net._network._replace(coefs=coefs, intercepts=intercepts)
    data = (part.astype(float) for part in data)
    fixed = *data, net.alpha, Dropout(net._training.seed, 0, keep_probs(net))
    loss, coef_grads, intercept_grads = loss_and_gradient(network, *fixed)
    errors = []
    for part, gradient in zip(network.parameters, coef_grads + intercept_grads, strict=True):
        chosen = rng.permutation(part.size)[:N_ENTRIES]
        slopes = [_slope(network, part.reshape(-1), entry, fixed) for entry in chosen]
        noise = NOISE * abs(loss) * np.sqrt(len(chosen)) / STEP
        errors.append(_relative_error(gradient.ravel()[chosen], np.array(slopes), noise))
    return max(errors)


def _slope(network, part, entry, fixed):
    """Return how the loss changes with an entry of a parameter, which is left as it was."""
    value, losses = part[entry], []
    for moved in (value + STEP, value - STEP):
        part[entry] = moved
        losses.append(loss_and_gradient(network, *fixed)[0])
    part[entry] = value
    return (losses[0] - losses[1]) / (2 * STEP)


def _relative_error(one, two, noise):
    """Return the norm of the difference, less its noise, over the sum of the norms."""
    scale = np.linalg.norm(one) + np.linalg.norm(two)
    difference = max(0.0, np.linalg.norm(one - two) - noise)
    return float(difference / scale) if scale > 0 else 0.0
