"""L1, alone or with L2: coefficients that are exactly zero."""

import numpy as np
import scipy.sparse as sp

from .._convergence import Work, warn_if_stopped_short, worst
from .._problem.blocks import RowElasticNet
from .._problem.penalties import ElasticNet
from .._problem.problem import Problem
from .._solvers.newton import minimum
from .._threads import single_thread
from ._base import LinearRegressor, one_or_all
from ._parameters import LASSO, check_parameters


class ElasticNetModel(LinearRegressor):
    """A linear regressor with an L1 and an L2 penalty."""

    _together = False  # whether targets select the same columns

    @property
    def _selects(self):
        """Tell whether the penalty makes coefficients zero."""
        return self.l1_ratio > 0

    def _fit(self, X, y, sample_weight):
        """Fit the coefficients of all targets, together or one target after the other."""
        check_parameters(self, LASSO)
        start = getattr(self, "coef_", None) if self.warm_start else None
        design, y, y_mean = self._build(X, y, sample_weight)
        shape = y.shape[1], design.n_features
        if start is None or start.size != np.prod(shape):
            start = np.zeros(shape)
        w, gaps, records = (start.reshape(shape) * design.scale).T, [], []
        penalty = self._penalty(design, y.shape[1]).at(self.alpha)
        for part, problem in self._problems(design, y, penalty):
            solver, solution = minimum(problem, w[:, part], **self._rule())
            w[:, part] = solver.coefficients(solution)
            gaps.append(solver.dual_gap(solution) / design.total_weight)
            records.append(solver.record(solution))
            design.work = Work()  # another target has a count of its own
        self._store(design, w, (y_mean + solution.intercept).reshape(y_mean.shape))
        self.convergence_ = worst(records)
        self.dual_gap_ = one_or_all(np.array(gaps))
        self.n_iter_ = one_or_all([record.n_iter for record in records])
        warn_if_stopped_short(type(self).__name__, self.convergence_, depth=5)
        return self

    def _problems(self, design, y, penalty):
        """Yield what is fitted together, as a slice of the targets, and its Problem."""
        size = y.shape[1] if self._together else 1
        for k in range(0, y.shape[1], size):
            part = slice(k, k + size)
            yield part, Problem(design, y[:, part], penalty, self._loss)

    def _penalty(self, design, n_targets):
        """Return the penalty for alpha = 1, for a loss that is a sum."""
        together = self._together and n_targets > 1  # rows of one are columns
        kind = RowElasticNet if together else ElasticNet
        factor, lower, upper = self._limits(design)
        factor = design.total_weight * factor
        return kind(self.l1_ratio * factor, (1 - self.l1_ratio) * factor, lower, upper)

    @property
    def penalty(self):
        """The kind of the penalty, as SelectFromModel asks for it: 'l1' or 'elasticnet'."""
        ratio = getattr(self, "l1_ratio_", self.l1_ratio)
        return "l1" if np.all(np.equal(ratio, 1)) else "elasticnet"

    @property
    def sparse_coef_(self):
        """Coefficients as a sparse array."""
        return sp.csr_array(np.atleast_2d(self.coef_))


class ElasticNetCD(ElasticNetModel):
    r"""Elastic net: least squares with an L1 and an L2 penalty, with a certificate.

    Minimises

    .. math::

        \frac{1}{2n} \|y - Xw\|_2^2
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    with :math:`\rho` = `l1_ratio`, exactly as :class:`sklearn.linear_model.ElasticNet` does when
    every factor :math:`f_j` is 1. The
    intercept is never penalised. With `sample_weight`, the loss is the weighted mean
    :math:`\sum_i s_i (y_i - x_i w)^2 / (2 \sum_i s_i)`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. 0 is ordinary least squares.
    l1_ratio : float, default=0.5
        Part of the penalty that selects, in [0, 1]. 1 is the lasso, which keeps one of several
        correlated columns; less keeps them together. For 0, which selects nothing, `RidgeGD` is
        faster: here it takes the Gram matrix of all columns.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`, or of the objective where bounds make it larger.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features) or (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int or list of int
        Sweeps of coordinate descent.
    convergence_ : Convergence
        What stopped the solver, and the certificate of `coef_`.
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
    sklearn.linear_model.ElasticNet : The same objective.
    LassoCD : The same with `l1_ratio` = 1.
    RidgeGD : An L2 penalty, which shrinks but selects nothing.
    ElasticNetCDCV : With alpha chosen by cross-validation.
    enet_path : Coefficients for many alphas, at little more than the price of one.

    Notes
    -----
    Textbooks write :math:`J = \frac{1}{m} \sum (h - y)^2 + \lambda_1 \sum |\theta| + \lambda_2
    \sum \theta^2`: :math:`\alpha \rho = \lambda_1 / 2` and :math:`\alpha (1 - \rho) = \lambda_2`.

    Coordinate descent runs on the Gram matrix of a working set of columns, and Newton steps on
    the support finish exactly. The gap is computed from the data with the scaled residual as the
    dual point.

    References
    ----------
    Zou and Hastie (2005), "Regularization and Variable Selection via the Elastic Net", Journal of
    the Royal Statistical Society B 67(2), sections 2 and 3.

    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import ElasticNetCD
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = ElasticNetCD(alpha=0.01, l1_ratio=0.9, lower={"*": 0}).fit(X, y)
    >>> [str(name) for name in model.feature_names_in_[model.coef_ > 0]]
    ['bmi', 'bp', 's4', 's5', 's6']
    >>> model.convergence_.converged
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
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
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
        self.lower = lower
        self.upper = upper
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    @single_thread
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
        object
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight)


class LassoCD(ElasticNetCD):
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
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`, or of the objective where bounds make it larger.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features) or (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int or list of int
        Sweeps of coordinate descent.
    convergence_ : Convergence
        What stopped the solver, and the certificate of `coef_`.
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
    ElasticNetCD : An L2 penalty in addition, which keeps correlated columns together.
    RidgeGD : An L2 penalty, which shrinks but selects nothing.
    LassoCDCV : With alpha chosen by cross-validation.
    lasso_path : Coefficients for many alphas, at little more than the price of one.

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

    l1_ratio = 1.0

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
