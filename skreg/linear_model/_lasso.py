"""L1: coefficients that are exactly zero."""

import numpy as np
import scipy.sparse as sp

from .._checks import check_flag, check_number
from .._convergence import warn_if_stopped_short, worst
from .._solvers import path
from .._solvers.penalties import L1
from .._threads import single_thread
from ._base import LinearRegressor


class LassoCD(LinearRegressor):
    r"""Lasso: least squares with an L1 penalty, by coordinate descent, with a certificate.

    Minimises

    .. math::

        \frac{1}{2n} \|y - Xw\|_2^2 + \alpha \sum_j f_j |w_j|

    exactly as :class:`sklearn.linear_model.Lasso` does when every factor :math:`f_j` is 1. The
    intercept is never penalised. With `sample_weight`, the loss is the weighted mean
    :math:`\sum_i s_i (y_i - x_i w)^2 / (2 \sum_i s_i)`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. 0 is ordinary least squares.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict is keyed by column name or `fnmatch` pattern; columns that it does not name
        have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. `coef_` is reported
        on the original scale, and the bounds apply to it there.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, per target.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (n_features,) or (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at
        the most.
    n_iter_ : int or list of int
        Sweeps of coordinate descent.
    convergence_ : Convergence
        What stopped the solver, and the certificate.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range: the message says which, and what is allowed.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached.

    See Also
    --------
    sklearn.linear_model.Lasso : The same objective.
    RidgeGD : An L2 penalty, which shrinks but selects nothing.

    Notes
    -----
    Textbooks write :math:`J = \frac{1}{m} \sum (h - y)^2 + \lambda \sum |\theta|`:
    :math:`\alpha = \lambda / 2`.

    Coordinate descent runs on the Gram matrix of a working set of columns, and Newton steps on
    the support finish exactly. The gap is computed from the data with the scaled residual as the
    dual point.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import LassoCD
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> lasso = LassoCD(alpha=0.5, penalty_factor={"s*": 2}).fit(X, y)
    >>> [str(name) for name in lasso.feature_names_in_[lasso.coef_ != 0]]
    ['bmi', 'bp', 's5']
    >>> lasso.convergence_.converged
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        penalty_factor=None,
        lower=None,
        upper=None,
        positive=False,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.alpha = alpha
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    @single_thread()
    def fit(self, X, y, sample_weight=None):
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Data; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target; several targets are fitted one by one.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        LassoCD
            The fitted estimator.
        """
        self._check_common()
        check_number(self, "alpha", low=0)
        check_flag(self, "warm_start")
        start = getattr(self, "coef_", None) if self.warm_start else None
        design, y, y_mean = self._build(X, y, sample_weight)
        factor, lower, upper = self._limits(design)
        penalty = L1(self.alpha * design.total_weight * factor, lower, upper)
        fits = [
            path.solve(design, target, penalty, w, tol=self.tol, max_iter=self.max_iter)
            for target, w in zip(y.T, self._starts(start, design, y.shape[1]), strict=True)
        ]
        w, gaps, records = zip(*fits, strict=True)
        self._store(design, np.array(w).T, y_mean)
        self.convergence_ = worst(records)
        self.dual_gap_ = np.array(gaps) / design.total_weight
        self.n_iter_ = [record.n_iter for record in records]
        if len(records) == 1:
            self.dual_gap_, self.n_iter_ = self.dual_gap_[0], self.n_iter_[0]
        warn_if_stopped_short(self)
        return self

    def _starts(self, coef, design, n_targets):
        """Return the coefficients to start from, on the scale of the Design."""
        shape = (n_targets, design.n_features)
        if coef is None or coef.size != n_targets * design.n_features:
            return np.zeros(shape)
        return coef.reshape(shape) * design.scale

    @property
    def sparse_coef_(self):
        """Coefficients as a sparse array."""
        return sp.csr_array(self.coef_)
