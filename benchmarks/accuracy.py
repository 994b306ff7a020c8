"""How good an answer is, measured from the data alone; no solver supplies any of it."""

import numpy as np


def alpha_max(X, y):
    """Return the smallest alpha at which all coefficients of the lasso are zero."""
    return np.abs(X.T @ (y - y.mean())).max() / len(y)


def lasso_gap(X, y, alphas, coefs, intercepts):
    """Return the largest relative duality gap of ``||y - Xw - b||^2 / 2n + alpha ||w||_1``.

    `coefs` has one column for each alpha. The dual point is the centred residual, scaled as well
    as possible; the gap is a fraction of ``||y - mean(y)||^2 / 2n``.
    """
    n_samples, y = len(y), y[:, None]
    residual = y - X @ coefs - intercepts
    primal = np.sum(residual**2, axis=0) / (2 * n_samples) + alphas * np.abs(coefs).sum(axis=0)
    y, residual = y - y.mean(), residual - residual.mean(axis=0)
    largest = n_samples * np.asarray(alphas) / np.abs(X.T @ residual).max(axis=0)
    best = np.sum(y * residual, axis=0) / np.sum(residual**2, axis=0)
    theta = residual * np.clip(best, -largest, largest)
    dual = (np.sum(y * theta, axis=0) - 0.5 * np.sum(theta**2, axis=0)) / n_samples
    return float(np.max(primal - dual) / (np.sum(y**2) / (2 * n_samples)))


def ridge_gradient(X, y, alpha, coef, intercept):
    """Return the length of the gradient of ``||y - Xw - b||^2 + alpha ||w||^2``.

    The intercept counts as the coefficient of a column of ones. The length is a fraction of that
    at ``w = 0, b = mean(y)``.
    """
    residual = y - X @ coef - intercept
    gradient = np.append(alpha * coef - X.T @ residual, residual.sum())
    return float(np.linalg.norm(gradient) / np.linalg.norm(X.T @ (y - y.mean())))


def leave_one_out(X, y, alphas):
    """Return the mean squared leave-one-out error of ridge for each alpha, from an SVD.

    The residual and 1 minus the leverage are written as sums of what alpha keeps away, which do
    not cancel; outside the columns of U there is nothing if these fill the centred space.
    """
    n_samples = len(y)
    U, s, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    U, s = U[:, s > 1e-12 * s[0]], s[s > 1e-12 * s[0]]
    y = y - y.mean()
    filled = len(s) == n_samples - 1
    r_outside = 0.0 if filled else y - U @ (U.T @ y)
    outside = 0.0 if filled else 1 - 1 / n_samples - np.sum(U**2, axis=1)
    errors = []
    for alpha in alphas:
        kept = alpha / (s**2 + alpha)
        r = r_outside + U @ (kept * (U.T @ y))
        errors.append(np.mean((r / (outside + U**2 @ kept)) ** 2))
    return np.array(errors)


def relative_error(value, reference):
    """Return the largest error relative to the largest reference."""
    return float(np.max(np.abs(value - reference)) / np.max(np.abs(reference)))


def log_loss(probabilities, y):
    """Return the mean negative logarithm of the probability of the true class 0, 1, ..."""
    chosen = np.asarray(probabilities, dtype=float)[np.arange(len(y)), y]
    return float(-np.mean(np.log(np.maximum(chosen, 1e-30))))
