"""Several targets that select the same columns."""

import numpy as np

from .._threads import single_thread
from ._lasso import ElasticNetModel


class MultiTaskMixin:
    """Makes an L1 model of several targets select the same columns for all of them."""

    _together = True

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data and their weights, validated; y is a matrix."""
        X, y, s = super()._validate(X, y, sample_weight, reset)
        if y.ndim == 1:
            name = type(self).__name__
            raise self._error(
                "y must be of shape (n_samples, n_targets); for a vector, use "
                f"{name.removeprefix('MultiTask')}."
            )
        return X, y, s

    def __sklearn_tags__(self):
        """Return the tags: y has to be a matrix."""
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        return tags


class MultiTaskElasticNetCD(MultiTaskMixin, ElasticNetModel):
    r"""Elastic net for several targets that select the same columns, with a certificate.

    Minimises

    .. math::

        \frac{1}{2n} \|Y - XW\|_F^2
        + \alpha \sum_j f_j \left( \rho \|W_j\|_2 + \frac{1 - \rho}{2} \|W_j\|_2^2 \right)

    over matrices :math:`W` whose row :math:`W_j` holds the coefficients of column j for all
    targets, with :math:`\rho` = `l1_ratio`: rows are zero as a whole or not at all. It is what
    :class:`sklearn.linear_model.MultiTaskElasticNet` minimises when every factor :math:`f_j` is
    1. The intercepts are never penalised. With `sample_weight`, the loss is the weighted mean
    :math:`\sum_i s_i \|Y_i - X_i W\|^2 / (2 \sum_i s_i)`.

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
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients; a column of them is exactly 0 or not at all.
    sparse_coef_ : csr_array of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
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
    sklearn.linear_model.MultiTaskElasticNet : The same objective.
    MultiTaskLassoCD : The same with `l1_ratio` = 1.
    MultiTaskElasticNetCDCV : With alpha chosen by cross-validation.
    ElasticNetCD : Every target selects its own columns.

    Notes
    -----
    Block coordinate descent runs on the Gram matrix of a working set of columns, and Newton steps
    on the rows that are not zero finish. There are no bounds on the coefficients.

    References
    ----------
    Simon, Friedman and Hastie (2013), "A Blockwise Descent Algorithm for Group-penalized
    Multiresponse and Multinomial Regression", arXiv:1311.6529, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from skreg import MultiTaskElasticNetCD
    >>> X, Y = load_linnerud(return_X_y=True, as_frame=True)
    >>> model = MultiTaskElasticNetCD(alpha=7, l1_ratio=0.9, standardize=True).fit(X, Y)
    >>> [str(name) for name in X.columns[model.coef_.any(axis=0)]]
    ['Chins', 'Situps']
    >>> model.convergence_.converged
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        l1_ratio=0.5,
        penalty_factor=None,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
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
        y : array-like of shape (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        object
            The fitted estimator.
        """
        self._fit(X, y, sample_weight)
        self.coef_ = np.atleast_2d(self.coef_)
        return self


class MultiTaskLassoCD(MultiTaskElasticNetCD):
    r"""Lasso for several targets that select the same columns, with a certificate.

    Minimises

    .. math::

        \frac{1}{2n} \|Y - XW\|_F^2 + \alpha \sum_j f_j \|W_j\|_2

    over matrices :math:`W` whose row :math:`W_j` holds the coefficients of column j for all
    targets: rows are zero as a whole or not at all. It is what
    :class:`sklearn.linear_model.MultiTaskLasso` minimises when every factor :math:`f_j` is 1. The
    intercepts are never penalised. With `sample_weight`, the loss is the weighted mean
    :math:`\sum_i s_i \|Y_i - X_i W\|^2 / (2 \sum_i s_i)`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, >= 0. 0 is ordinary least squares.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
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
    coef_ : ndarray of shape (n_targets, n_features)
        Coefficients; a column of them is exactly 0 or not at all.
    sparse_coef_ : csr_array of shape (n_targets, n_features)
        The same, sparse.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept; 0.0 without one.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
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
    sklearn.linear_model.MultiTaskLasso : The same objective.
    MultiTaskElasticNetCD : An L2 penalty in addition.
    MultiTaskLassoCDCV : With alpha chosen by cross-validation.
    LassoCD : Every target selects its own columns.

    References
    ----------
    Simon, Friedman and Hastie (2013), "A Blockwise Descent Algorithm for Group-penalized
    Multiresponse and Multinomial Regression", arXiv:1311.6529, section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from skreg import MultiTaskLassoCD
    >>> X, Y = load_linnerud(return_X_y=True, as_frame=True)
    >>> model = MultiTaskLassoCD(alpha=7, standardize=True).fit(X, Y)
    >>> [str(name) for name in X.columns[model.coef_.any(axis=0)]]
    ['Situps']
    >>> model.convergence_.converged
    True
    """

    l1_ratio = 1.0

    def __init__(
        self,
        alpha=1.0,
        *,
        penalty_factor=None,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.alpha = alpha
        self.penalty_factor = penalty_factor
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
