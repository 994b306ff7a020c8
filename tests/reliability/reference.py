"""What a fit is held against: objective, constraints and gap from their formulas, in longdouble."""

import numpy as np
from scipy.linalg import qr

LONG = np.longdouble
TINY = np.finfo(float).tiny


class Problem:
    """Minimise ``sum(s * (y - X @ w)**2) / (2 * sum(s)) + sum(h(w))``, the intercept left out.

    ``h_j(w) = lasso_j * |w| + ridge_j * w**2 / 2`` for ``lower_j <= w <= upper_j``.
    """

    def __init__(self, X, y, s, params):
        X = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
        self.X, self.y = X.astype(LONG), np.asarray(y).astype(LONG)
        self.s = s.astype(LONG) / s.sum()
        self.rounding = 1e-13 * np.sqrt(self.s @ self.X**2)
        mean = self.s @ self.X
        deviation = np.sqrt(self.s @ (self.X - mean) ** 2)
        constant = deviation <= 1e-14 * np.abs(mean)
        self.rounding_of_y = (1e-12 * np.max(np.abs(self.y))) ** 2
        far = np.abs(mean) / np.where(constant, 1, deviation)
        self.offset = np.where(constant | params["fit_intercept"], 0, far)
        if params["fit_intercept"]:
            self.X, self.y = self.X - mean, self.y - self.s @ self.y
        unit = deviation if params["standardize"] else np.ones_like(mean)
        unit = np.where(constant, 1, unit)
        factor = params["penalty_factor"]
        fixed = np.isinf(factor) | (constant & (params["fit_intercept"] | (mean == 0)))
        weight = params["alpha"] * np.where(fixed, 0, factor)
        self.lasso = params["l1_ratio"] * weight * unit
        self.ridge = (1 - params["l1_ratio"]) * weight * unit**2
        rest = np.clip(0.0, params["lower"], params["upper"])
        self.lower = np.where(fixed, rest, params["lower"]).astype(LONG)
        self.upper = np.where(fixed, rest, params["upper"]).astype(LONG)
        self.X = np.where(fixed & constant, 0, self.X)
        self.norms = np.sqrt(self.s @ self.X**2)

    @property
    def rest(self):
        """Coefficients of 0, or the bounds next to it."""
        return np.clip(LONG(0), self.lower, self.upper)

    def scale(self, w):
        """Return what a gap at w is relative to: the loss without features, or the objective.

        At the least it is a little of what y and the bounds make of the residuals, or what
        centring leaves of a constant y.
        """
        forced = np.max(np.abs(self.y - self.X @ self.rest)) ** 2
        null = self.s @ self.y**2 / 2
        return max(null, self.objective(w), 4e-9 * forced, self.rounding_of_y)

    @property
    def hard(self):
        """Whether float64 may not do.

        Without an intercept all columns far from 0 are nearly the same one. Unpenalised ones that
        are nearly dependent need coefficients so large that rounding decides.
        """
        if np.any(self.offset[self.lower < self.upper] > 100):
            return True
        light = self.lasso + self.ridge <= 1e-5 * np.max(np.abs(self.X.T @ (self.s * self.y)))
        light |= (self.lasso == 0) & (self.ridge <= 1e-10 * self.norms.max() ** 2)
        columns = (self.X * np.sqrt(self.s)[:, None])[:, light & (self.lower < self.upper)]
        columns = (columns / np.sqrt(np.sum(columns**2, axis=0))).astype(float)
        if columns.size == 0:
            return False
        parts = np.abs(qr(columns, mode="r", pivoting=True)[0].diagonal())
        cosines = columns.T @ columns
        apart = columns[:, :, None] - np.sign(cosines) * columns[:, None, :]
        apart = np.sqrt(np.sum(apart**2, axis=0))
        return any(np.any((d > 1e-15) & (d < 1e-5)) for d in (parts, apart))

    def rounding_of_X(self, w):
        """Return how much of the loss coefficients may owe to the rounding of X."""
        moved = 1e-15 * np.abs(self.X) @ np.abs(w)
        return self.s @ (moved * (np.abs(self.y - self.X @ w.astype(LONG)) + moved))

    def objective(self, w):
        """Return what is minimised."""
        w = w.astype(LONG)
        r = self.y - self.X @ w
        return self.s @ r**2 / 2 + self.lasso @ np.abs(w) + self.ridge @ w**2 / 2

    def gap(self, w):
        """Return the objective less the dual one, at a residual that is made feasible.

        It may be made so for bounds that are missing: those far beyond y are left out at a try.
        """
        size = np.max(np.abs(self.y - self.X @ self.rest)) / np.maximum(self.norms, TINY)
        lower = np.where(self.lower < np.minimum(0, -100 * size), -np.inf, self.lower)
        upper = np.where(self.upper > np.maximum(0, 100 * size), np.inf, self.upper)
        bounds = [(self.lower, self.upper), (lower, upper)]
        weak = 1e-18, 1e-11  # ridges below which columns are projected out
        return self.objective(w) - max(self.best_dual(w, *pair, q) for pair in bounds for q in weak)

    def best_dual(self, w, lower, upper, weak):
        """Return the dual objective, after two ways to make the residual feasible."""
        r = self.y - self.X @ w.astype(LONG)
        free = np.zeros(len(w), dtype=bool)
        bare = self.lasso <= 1e-9 * self.norms * np.sqrt(self.s @ r**2)
        bare &= self.ridge <= weak * self.norms**2
        dual, c = r, self.X.T @ (self.s * r)
        while True:
            endless = np.isinf(np.where(c > 0, upper, lower))
            new = bare & endless & (np.abs(c) > self.lasso) & ~free
            if not new.any():
                break
            free |= new
            dual = self.without(r, free)
            c = np.where(free, 0, self.X.T @ (self.s * dual))
        limits = (self.lasso > 0) & (self.ridge == 0) & endless, (self.lasso > 0) & endless
        return max(self.dual(dual, c, limited, lower, upper) for limited in limits)

    def dual(self, r, c, limited, lower, upper):
        """Return the dual objective at r, scaled until some correlations are below the penalty."""
        excess = np.max(np.abs(c[limited]) / self.lasso[limited], initial=1)
        if excess > 1:
            excess *= 1 + 4 * np.finfo(LONG).eps  # rounding must not exceed the penalty again
        r, c = r / excess, c / excess
        return self.s @ (self.y * r) - self.s @ r**2 / 2 - self.conjugate(c, lower, upper).sum()

    def without(self, r, free):
        """Return what of r is orthogonal to some columns: Gram and Schmidt, the longest first."""
        Q = np.c_[self.X[:, free], r]
        rounding = np.maximum(self.rounding[free], TINY)
        while rounding.size:
            left = np.sqrt(self.s @ Q[:, :-1] ** 2) / rounding
            longest = left.argmax()
            if left[longest] <= 1:
                break
            b = Q[:, longest] / np.sqrt(self.s @ Q[:, longest] ** 2)
            for _ in range(2):
                Q -= np.outer(b, (self.s * b) @ Q)
        return Q[:, -1]

    def conjugate(self, c, lower, upper):
        """Return ``max_w c * w - h(w)`` within the bounds."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.sign(c) * np.maximum(np.abs(c) - self.lasso, 0) / self.ridge
        end = np.where(c > 0, upper, lower)
        inside = np.where(self.ridge > 0, inside, np.where(np.abs(c) > self.lasso, end, 0))
        inside = np.where(np.isinf(inside) | np.isnan(inside), 0, inside)
        w = np.clip(inside, lower, upper)
        return c * w - self.lasso * np.abs(w) - self.ridge * w**2 / 2
