"""LassoCD as a solver of benchopt's public benchmark of the lasso.

Copy this file to the folder `solvers` of https://github.com/benchopt/benchmark_lasso and run
``benchopt run . -s skreg``.
"""

import warnings

import numpy as np
from benchopt import BaseSolver
from sklearn.exceptions import ConvergenceWarning

from skreg import LassoCD


class Solver(BaseSolver):
    """Coordinate descent and Newton steps on a working set, stopped by the duality gap."""

    name = "skreg"
    sampling_strategy = "tolerance"
    requirements = ["pip::skreg"]

    def set_objective(self, X, y, lmbd, fit_intercept):
        """Take the problem ``||y - Xw - b||^2 / 2 + lmbd ||w||_1``."""
        self.X, self.y = X, y
        self.lasso = LassoCD(lmbd / len(y), fit_intercept=fit_intercept, max_iter=100_000)
        warnings.simplefilter("ignore", ConvergenceWarning)  # benchopt measures the objective
        self.run(1e-3)  # compiles

    def run(self, tol):
        """Fit to a tolerance that benchopt chooses."""
        self.lasso.set_params(tol=tol).fit(self.X, self.y)

    def get_result(self):
        """Return the coefficients, with the intercept as the last."""
        intercept = [self.lasso.intercept_] if self.lasso.fit_intercept else []
        return {"beta": np.append(self.lasso.coef_, intercept)}
