"""Full-batch training by a quasi-Newton method, without dropout."""

import numpy as np
from scipy.optimize import minimize

from .._threads import ALONE
from .epochs import work_of_gradients
from .layers import loss_and_gradient, pack, unpack


def minimise(network, X, Y, s, alpha, max_iter, tol, team=ALONE):
    """Minimise the loss by L-BFGS-B; weights change in place.

    Parameters
    ----------
    network : Network
        Where to start.
    X, Y, s : ndarray or sparse matrix, ndarray, ndarray
        Samples, targets of shape (n_samples, n_outputs) and weights.
    alpha : float
        L2 penalty of the weights.
    max_iter : int
        Iterations at most.
    tol : float
        The largest entry of the gradient at which it stops.
    team : Team, default=ALONE
        Threads that share the products.

    Returns
    -------
    losses : list of float
        The loss after each iteration.
    n_iter : int
        Iterations taken.
    converged : bool
        Whether it stopped by itself.
    message : str
        Why it stopped, in scipy's words.
    work : Work
        What was done.
    """
    parameters = network.parameters

    def objective(packed):
        unpack(packed, parameters)
        loss, coef_grads, intercept_grads = loss_and_gradient(network, X, Y, s, alpha, team=team)
        return loss, pack(coef_grads + intercept_grads, np.float64)

    losses = []
    result = minimize(
        objective,
        pack(parameters, np.float64),
        method="L-BFGS-B",
        jac=True,
        callback=lambda intermediate_result: losses.append(float(intermediate_result.fun)),
        options={"maxiter": max_iter, "maxfun": np.inf, "gtol": tol},
    )
    unpack(result.x, parameters)
    work = work_of_gradients(network, X, result.nfev)
    return losses, int(result.nit), result.status == 0, str(result.message), work
