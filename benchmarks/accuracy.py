"""How good an answer is, measured from the data alone; no solver supplies any of it."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import solve
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import entr, log_softmax, softmax, xlog1py, xlogy


def alpha_max(X, y):
    """Return the smallest alpha at which all coefficients of the lasso are zero."""
    return np.abs(X.T @ (y - y.mean())).max() / len(y)


def lasso_gap(X, y, alphas, coefs, intercepts, l1_ratio=1.0):
    """Return the largest relative duality gap of ``||y - Xw - b||^2 / 2n + alpha ||w||_1``.

    `coefs` has one column for each alpha. The dual point is the centred residual, scaled as well
    as possible; the gap is a fraction of ``||y - mean(y)||^2 / 2n``. With `l1_ratio` the penalty is
    that of the elastic net, whose L2 is squared error in rows of its own, with targets of 0.
    """
    n_samples, y = len(y), y[:, None]
    l1, l2 = np.asarray(alphas) * l1_ratio, n_samples * np.asarray(alphas) * (1 - l1_ratio)
    residual, own_rows = y - X @ coefs - intercepts, l2 * np.sum(coefs**2, axis=0)
    primal = (np.sum(residual**2, axis=0) + own_rows) / (2 * n_samples)
    primal += l1 * np.abs(coefs).sum(axis=0)
    y, residual = y - y.mean(), residual - residual.mean(axis=0)
    largest = n_samples * l1 / np.abs(X.T @ residual - l2 * coefs).max(axis=0)
    along, length = np.sum(y * residual, axis=0), np.sum(residual**2, axis=0) + own_rows
    scale = np.clip(along / length, -largest, largest)
    dual = (scale * along - 0.5 * scale**2 * length) / n_samples
    return float(np.max(primal - dual) / (np.sum(y**2) / (2 * n_samples)))


def logistic_gap(X, y, alpha, coef, intercept):
    """Return the relative duality gap of the mean log loss plus ``alpha ||w||_1``, y being 0 or 1.

    The intercept is the best one, so that the residuals have a sum of 0. They are scaled until they
    are feasible; a residual is the probability of the other class, and the dual its entropy. The
    gap is a fraction of the loss without features.
    """
    sign, eta = 2.0 * y - 1, X @ coef + intercept
    for _ in range(50):
        p = 1 / (1 + np.exp(-eta))
        move = np.sum(y - p) / np.sum(p * (1 - p))
        eta = eta + np.clip(move, -1, 1)
        if abs(move) < 1e-14:
            break
    wrong, loss = 1 / (1 + np.exp(sign * eta)), np.mean(np.logaddexp(0, -sign * eta))
    scale = min(1.0, len(y) * alpha / np.abs(X.T @ (sign * wrong)).max())
    entropy = -np.mean(
        xlogy(scale * wrong, scale * wrong) + xlog1py(1 - scale * wrong, -scale * wrong)
    )
    m = np.mean(y)
    return float(
        (loss + alpha * np.abs(coef).sum() - entropy) / -(xlogy(m, m) + xlogy(1 - m, 1 - m))
    )


def logistic_gradient(X, y, alpha, coef, intercept):
    """Return the length of the gradient of the mean log loss plus ``alpha / 2 ||w||^2``.

    The intercept counts as the coefficient of a column of ones. The length is a fraction of that
    without features.
    """
    residual = y - 1 / (1 + np.exp(-(X @ coef + intercept)))
    gradient = np.append(X.T @ residual / len(y) - alpha * coef, residual.mean())
    return float(np.linalg.norm(gradient) / np.linalg.norm(X.T @ (y - y.mean()) / len(y)))


def ridge_gradient(X, y, alpha, coef, intercept):
    """Return the length of the gradient of ``||y - Xw - b||^2 + alpha ||w||^2``.

    The intercept counts as the coefficient of a column of ones. The length is a fraction of that
    at ``w = 0, b = mean(y)``.
    """
    residual = y - X @ coef - intercept
    gradient = np.append(alpha * coef - X.T @ residual, residual.sum())
    return float(np.linalg.norm(gradient) / np.linalg.norm(X.T @ (y - y.mean())))


def streamed_ridge_gradient(chunks, alpha, coef, intercept):
    """Return what `ridge_gradient` does of all samples, from an iterable of chunks of X and y."""
    slope, at_zero, x_sum = -alpha * coef, np.zeros(len(coef)), np.zeros(len(coef))
    r_sum = y_sum = n_samples = 0
    for X, y in chunks:
        residual = y - X @ coef - intercept
        slope, r_sum = slope + X.T @ residual, r_sum + residual.sum()
        at_zero, x_sum = at_zero + X.T @ y, x_sum + X.sum(axis=0)
        y_sum, n_samples = y_sum + y.sum(), n_samples + len(y)
    at_rest = at_zero - x_sum * (y_sum / n_samples)
    return float(np.linalg.norm(np.append(slope, r_sum)) / np.linalg.norm(at_rest))


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


def fold_errors(X, y, alphas, n_folds):
    """Return, for each alpha, the mean over folds of the mean squared error of ridge.

    Folds are runs of samples, as equal as can be. Every answer has to prove itself by its gradient.
    """
    everything, errors = np.arange(len(y)), np.zeros(len(alphas))
    for test in np.array_split(everything, n_folds):
        train = np.delete(everything, test)
        X_train, y_train = X[train], y[train]
        answer, coef = normal_equations(X_train, y_train), None
        for k in np.argsort(alphas)[::-1]:  # a smaller alpha starts where a larger one ended
            coef = answer(alphas[k], coef)
            intercept = y_train.mean() - np.ravel(X_train.mean(axis=0)) @ coef
            gradient = ridge_gradient(X_train, y_train, alphas[k], coef, intercept)
            if not gradient <= 1e-10:
                raise ArithmeticError(f"the reference has a relative gradient of {gradient:.1e}")
            errors[k] += np.mean((y[test] - X[test] @ coef - intercept) ** 2) / n_folds
    return errors


def normal_equations(X, y):
    """Return a function that solves them for an alpha, from a start where X is sparse."""
    mean, c = np.ravel(X.mean(axis=0)), X.T @ (y - y.mean())
    if not sp.issparse(X):
        gram = (X - mean).T @ (X - mean)
        return lambda alpha, start: solve(gram + alpha * np.eye(len(c)), c, assume_a="pos")

    def product(alpha, w):
        r = X @ w - mean @ w
        return X.T @ r - mean * r.sum() + alpha * w

    def steps(alpha, start):
        matrix = LinearOperator((len(c), len(c)), lambda w: product(alpha, w), dtype=float)
        return cg(matrix, c, start, rtol=1e-11, maxiter=10**5)[0]

    return steps


def relative_error(value, reference):
    """Return the largest error relative to the largest reference."""
    return float(np.max(np.abs(value - reference)) / np.max(np.abs(reference)))


def log_loss(probabilities, y):
    """Return the mean negative logarithm of the probability of the true class 0, 1, ..."""
    chosen = np.asarray(probabilities, dtype=float)[np.arange(len(y)), y]
    return float(-np.mean(np.log(np.maximum(chosen, 1e-30))))


def group_alpha_max(X, y, first):
    """Return the smallest alpha at which all groups are zero; they begin at the columns `first`."""
    return _group_sizes(X.T @ (y - y.mean()), first).max() / len(y)


def group_gap(X, y, first, alpha, coef, intercept):
    """Return the relative duality gap of ``||y - Xw - b||^2 / 2n + alpha sum sqrt(m_g) ||w_g||``.

    m_g is the size of group g. The dual point is the centred residual, scaled until it is feasible;
    the gap is a fraction of ``||y - mean(y)||^2 / 2n``.
    """
    weights = np.sqrt(np.diff(first, append=X.shape[1]))
    residual, y = y - X @ coef - intercept, y - y.mean()
    norms = np.sqrt(np.add.reduceat(coef**2, first))
    primal = residual @ residual / (2 * len(y)) + alpha * weights @ norms
    residual = residual - residual.mean()
    scale = min(1.0, len(y) * alpha / _group_sizes(X.T @ residual, first).max())
    rest = y - scale * residual
    return float((primal - (y @ y - rest @ rest) / (2 * len(y))) / (y @ y / (2 * len(y))))


def _group_sizes(c, first):
    """Return the lengths of the groups of c, divided by the square roots of their sizes."""
    return np.sqrt(np.add.reduceat(c**2, first) / np.diff(first, append=len(c)))


def class_alpha_max(X, y):
    """Return the smallest alpha at which softmax regression has no coefficients."""
    members = np.equal.outer(y, np.unique(y))
    return np.abs(X.T @ (members - members.mean(axis=0))).max() / len(y)


def multinomial_gap(X, y, alpha, coef, intercept):
    """Return the relative duality gap of the mean log loss of a softmax plus ``alpha ||W||_1``.

    `coef` has a row for each class 0, 1, ... The constants are the best ones, so that the residuals
    of each class have a sum of 0. They are scaled until they are feasible; then they are those of
    other probabilities, whose entropy is the dual. The gap is a fraction of the loss without
    features.
    """
    members, eta = np.equal.outer(y, np.arange(len(coef))), X @ coef.T + intercept
    for _ in range(100):
        p = softmax(eta, axis=1)
        slope, curvature = (members - p).sum(axis=0), np.diag(p.sum(axis=0)) - p.T @ p
        move = np.clip(np.linalg.lstsq(curvature, slope, rcond=1e-12)[0], -1, 1)
        eta = eta + move
        if np.abs(move).max() < 1e-13:
            break
    residual, loss = members - softmax(eta, axis=1), -log_softmax(eta, axis=1)[members].mean()
    scale = min(1.0, len(y) * alpha / np.abs(X.T @ residual).max())
    dual = np.mean(entr(np.maximum(members - scale * residual, 0)).sum(axis=1))
    least = entr(members.mean(axis=0)).sum()
    return float((loss + alpha * np.abs(coef).sum() - dual) / least)
