"""Slow, obvious references, written from the formulas; they share no code with skreg."""

import numpy as np


def centred(X, y, s, fit_intercept):
    """Return float64 X and y with their weighted means taken away."""
    X, y = np.asarray(X, float), np.asarray(y, float)
    if not fit_intercept:
        return X, y
    return X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s, axis=0)


def ridge(X, y, penalty, s=None, fit_intercept=True):
    """Return the minimiser of sum_i s_i (y_i - x_i w)^2 + sum_j penalty_j w_j^2."""
    s = np.ones(len(y)) if s is None else s
    X, y = centred(X, y, s, fit_intercept)
    weighted = s[:, None] * X
    return np.linalg.solve(weighted.T @ X + np.diag(penalty), weighted.T @ y)


def lasso_objective(X, y, w, penalty, s=None, fit_intercept=True):
    """Return sum_i s_i (y_i - x_i w)^2 / (2 sum_i s_i) + sum_j penalty_j |w_j|, best intercept."""
    s = np.ones(len(y)) if s is None else s
    X, y = centred(X, y, s, fit_intercept)
    return np.average((y - X @ w) ** 2, weights=s) / 2 + penalty @ np.abs(w)


def lasso_kkt(X, y, w, penalty, s=None, fit_intercept=True):
    """Return the largest distance of -gradient_j from the subdifferential of penalty_j |w_j|."""
    s = np.ones(len(y)) if s is None else s
    X, y = centred(X, y, s, fit_intercept)
    c = X.T @ (s * (y - X @ w)) / s.sum()
    off = np.maximum(np.abs(c) - penalty, 0)
    on = np.abs(c - penalty * np.sign(w))
    return np.where(w == 0, off, on).max()


def lasso_gap(X, y, w, penalty, s=None, fit_intercept=True):
    """Return primal minus dual objective at the scaled residual, in extended precision."""
    s = np.ones(len(y)) if s is None else s
    X, y = (part.astype(np.longdouble) for part in centred(X, y, s, fit_intercept))
    s, w = s.astype(np.longdouble) / s.sum(), w.astype(np.longdouble)
    r = y - X @ w
    primal = (s * r**2).sum() / 2 + penalty @ np.abs(w)
    c = np.abs(X.T @ (s * r))
    theta = r / max(1, (c[penalty > 0] / penalty[penalty > 0]).max())
    dual = ((s * y**2).sum() - (s * (y - theta) ** 2).sum()) / 2
    return float(primal - dual)


def enet_objective(X, y, w, lasso, ridge, s, fit_intercept):
    """Return the objective of the lasso plus sum_j ridge_j w_j^2 / 2."""
    return lasso_objective(X, y, w, lasso, s, fit_intercept) + ridge @ w**2 / 2


def enet_kkt(X, y, w, lasso, ridge, lower, upper, s, fit_intercept):
    """Return the largest distance of -gradient_j from the subdifferential, bounds included."""
    X, y = centred(X, y, s, fit_intercept)
    return distance(X.T @ (s * (y - X @ w)) / s.sum(), w, lasso, ridge, lower, upper)


def distance(c, w, lasso, ridge, lower, upper):
    """Return the same for correlations c of any loss."""
    c, distances = c - ridge * w, []
    for j in range(len(w)):
        least = -lasso[j] if w[j] <= 0 else lasso[j]
        most = lasso[j] if w[j] >= 0 else -lasso[j]
        least = -np.inf if w[j] == lower[j] else least  # it may not go further down
        most = np.inf if w[j] == upper[j] else most
        distances.append(max(least - c[j], c[j] - most, 0.0))
    return max(distances)


def logistic_fit(X, y, w, s, fit_intercept):
    """Return the mean loss of y of 0 and 1, and minus its gradient, at the best intercept."""
    b, s = 0.0, s / s.sum()
    for _ in range(100 if fit_intercept else 0):
        p = 1 / (1 + np.exp(-(X @ w + b)))
        b += s @ (y - p) / (s @ (p * (1 - p)))
    eta = X @ w + b
    loss = s @ (np.logaddexp(0, eta) - y * eta)
    return loss, X.T @ (s * (y - 1 / (1 + np.exp(-eta))))


def multinomial_fit(X, Y, W, s, fit_intercept):
    """Return the same for columns of 0 and 1, one for each class, and coefficients by class."""
    n_classes, s, B = Y.shape[1], s / s.sum(), np.zeros(Y.shape[1])
    for _ in range(100 if fit_intercept else 0):
        eta = X @ W.T + B
        p = np.exp(eta - eta.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        curvature = np.diag(s @ p) - (s[:, None] * p).T @ p + 1 / n_classes
        B = B + np.linalg.solve(curvature, s @ (Y - p))
    eta = X @ W.T + B
    top = eta.max(axis=1)
    total = np.exp(eta - top[:, None]).sum(axis=1)
    p = np.exp(eta - top[:, None]) / total[:, None]
    loss = s @ (np.log(total) + top - (Y * eta).sum(axis=1))
    return loss, ((s[:, None] * (Y - p)).T @ X)


def poisson_fit(X, y, w, s, fit_intercept):
    """Return the same for counts y, whose mean is an exponential."""
    s, eta = s / s.sum(), X @ w
    if fit_intercept:
        eta = eta + np.log(s @ y / (s @ np.exp(eta)))
    least = np.where(y > 0, y - y * np.log(np.maximum(y, 1)), 0)  # of the loss, for counts
    return s @ (np.exp(eta) - y * eta - least), X.T @ (s * (y - np.exp(eta)))


def huber_fit(delta, X, y, w, s, fit_intercept):
    """Return the same for the loss of Huber; the best intercept lies between the residuals."""
    s, r = s / s.sum(), y - X @ w
    low, high = r.min() - 2 * delta, r.max() + 2 * delta
    for _ in range(200 if fit_intercept else 0):
        b = (low + high) / 2
        low, high = (b, high) if s @ np.clip(r - b, -delta, delta) > 0 else (low, b)
    r = r - (low + high) / 2 if fit_intercept else r
    size = np.abs(r)
    loss = np.where(size <= delta, r**2 / 2, delta * (size - delta / 2))
    return s @ loss, X.T @ (s * np.clip(r, -delta, delta))


def loss_objective(fit, X, y, w, lasso, ridge, s, fit_intercept):
    """Return a mean loss plus the penalty of the elastic net, of w or of all its rows."""
    penalty = lasso * np.abs(w) + ridge * w**2 / 2
    return fit(X, y, w, s, fit_intercept)[0] + penalty.sum()


def loss_kkt(fit, X, y, w, lasso, ridge, lower, upper, s, fit_intercept):
    """Return the largest distance of -gradient_j from the subdifferential, bounds included."""
    c = np.atleast_2d(fit(X, y, w, s, fit_intercept)[1])
    rows = zip(c, np.atleast_2d(w), strict=True)
    return max(distance(*row, lasso, ridge, lower, upper) for row in rows)


def rows_objective(X, Y, W, lasso, ridge, s, fit_intercept):
    """Return the objective with the norms of the rows of W in the place of |w_j|."""
    X, Y = centred(X, Y, s, fit_intercept)
    rows = np.linalg.norm(W, axis=1)
    loss = np.average(((Y - X @ W) ** 2).sum(axis=1), weights=s) / 2
    return loss + lasso @ rows + ridge @ rows**2 / 2


def rows_kkt(X, Y, W, lasso, ridge, s, fit_intercept):
    """Return the largest distance of -gradient_j from the subdifferential of that penalty."""
    X, Y = centred(X, Y, s, fit_intercept)
    C = X.T @ (s[:, None] * (Y - X @ W)) / s.sum() - ridge[:, None] * W
    norms = np.linalg.norm(W, axis=1)
    on = C - (lasso / np.where(norms > 0, norms, 1))[:, None] * W
    off = np.maximum(np.linalg.norm(C, axis=1) - lasso, 0)
    return np.where(norms > 0, np.linalg.norm(on, axis=1), off).max()


def groups_penalty(W, groups, weights, alpha, l1_ratio):
    """Return the penalty of the sparse group lasso; W has a row for each output."""
    total = 0.0
    for columns, weight in zip(groups, weights, strict=True):
        part = W[:, columns]
        total += (1 - l1_ratio) * weight * np.sqrt((part**2).sum()) + l1_ratio * np.abs(part).sum()
    return alpha * total


def groups_kkt(C, W, groups, weights, alpha, l1_ratio):
    """Return the largest distance of a group of C from the subdifferential of that penalty."""
    distances = []
    for columns, weight in zip(groups, weights, strict=True):
        c, w, l1 = C[:, columns], W[:, columns], alpha * l1_ratio
        l2, length = alpha * (1 - l1_ratio) * weight, np.sqrt((W[:, columns] ** 2).sum())
        if length == 0:
            left = np.maximum(np.abs(c) - l1, 0)
            distances.append(max(np.sqrt((left**2).sum()) - l2, 0))
            continue
        rest = c - l2 * w / length
        off = np.maximum(np.abs(rest) - l1, 0)
        on = np.abs(rest - l1 * np.sign(w))
        distances.append(np.sqrt((np.where(w == 0, off, on) ** 2).sum()))
    return max(distances)


def network_loss(coefs, intercepts, X, Y, s, alpha, multipliers):
    """Return the loss of a relu network with a softmax; multipliers are the masks / keep_prob."""
    A = X * multipliers[0]
    for layer, (W, b) in enumerate(zip(coefs, intercepts, strict=True)):
        z = A @ W + b
        if layer + 1 < len(coefs):
            A = np.where(z > 0, z, 0) * multipliers[layer + 1]
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    decay = sum((W**2).sum() for W in coefs)
    return (-(s[:, None] * Y * log_p).sum() + alpha / 2 * decay) / s.sum()
