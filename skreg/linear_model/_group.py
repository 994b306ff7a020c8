"""Groups of columns that are kept or dropped as a whole, for numbers and for classes."""

from .._threads import single_thread
from ._groups import GroupMixin
from ._lasso import ElasticNetModel
from ._logistic import LogisticCD


class GroupLassoCD(GroupMixin, ElasticNetModel):
    r"""Group lasso: least squares that keeps or drops whole groups of columns, with a certificate.

    Minimises

    .. math::

        \frac{1}{2n} \|y - Xw\|_2^2
        + \alpha \sum_g \left( (1 - \rho) v_g \|w_g\|_2 + \rho \|w_g\|_1 \right)

    over groups g of columns, with :math:`\rho` = `l1_ratio` and weights :math:`v_g`, the square
    root of the number of columns unless `group_weights` says otherwise. The columns that
    :class:`~sklearn.preprocessing.OneHotEncoder` or
    :class:`~sklearn.preprocessing.SplineTransformer` made of one are such a group. The intercept is
    never penalised. With `sample_weight`, the loss is the weighted mean
    :math:`\sum_i s_i (y_i - x_i w)^2 / (2 \sum_i s_i)`.

    Parameters
    ----------
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    alpha : float, default=1.0
        Strength of the penalty, >= 0. 0 is ordinary least squares.
    l1_ratio : float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
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
    groups_ : dict
        Positions of the columns of each group, by label: that of an array or dict, the prefix, the
        place in the list of lists, or the name of a column that is a group by itself.
    selected_groups_ : list
        Labels of the groups with coefficients other than 0.
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
    GroupLassoCDCV : With alpha chosen by cross-validation.
    GroupLogisticCD : The same penalty for classes.
    LassoCD : Each column by itself.
    group_lasso_path : Coefficients for many alphas.

    Notes
    -----
    Coordinate descent takes proximal steps on a working set of groups, and Newton steps on the
    coefficients that are not 0 finish exactly. The gap is computed from the data with the scaled
    residuals as the dual point.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import SplineTransformer
    >>> from skreg import GroupLassoCD
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> splines = SplineTransformer(n_knots=4).set_output(transform="pandas")
    >>> X = splines.fit_transform(X[["age", "bmi", "bp", "s5", "s6"]])
    >>> X.columns[:3].tolist()
    ['age_sp_0', 'age_sp_1', 'age_sp_2']
    >>> model = GroupLassoCD("prefix", alpha=8.0, standardize=True).fit(X, y)
    >>> model.selected_groups_
    ['bmi_sp', 'bp_sp', 's5_sp']
    """

    def __init__(
        self,
        groups=None,
        alpha=1.0,
        *,
        l1_ratio=0.0,
        group_weights=None,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.groups = groups
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.group_weights = group_weights
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


class GroupLogisticCD(GroupMixin, LogisticCD):
    r"""Logistic regression that keeps or drops whole groups of columns, with a certificate.

    Minimises, for two classes,

    .. math::

        \frac{1}{n} \sum_i \log\left(1 + e^{-z_i (x_i w + b)}\right)
        + \alpha \sum_g \left( (1 - \rho) v_g \|w_g\|_2 + \rho \|w_g\|_1 \right)

    over groups g of columns, where :math:`z_i` is 1 for samples of the second class and -1 for the
    others, with :math:`\rho` = `l1_ratio` and weights :math:`v_g`, the square root of the number of
    columns unless `group_weights` says otherwise. For more classes, the loss is that of a softmax,
    as in :class:`LogisticCD`, and :math:`w_g` has the coefficients of all classes: a group is kept
    for all of them, or for none. Intercepts are never penalised; those of several classes have a
    sum of 0. With `sample_weight`, the loss is the weighted mean.

    Parameters
    ----------
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    alpha : float, default=0.01
        Strength of the penalty, >= 0. With 0, and classes that can be separated, there is no
        minimum.
    l1_ratio : float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by label, that multiply those of their samples; 'balanced' gives
        all classes the same sum of weights. None is 1 for all.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features, or of the
        objective where bounds make it larger.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features) or (n_classes, n_features)
        The same, sparse.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercept; 0.0 without one.
    groups_ : dict
        Positions of the columns of each group, by label: that of an array or dict, the prefix, the
        place in the list of lists, or the name of a column that is a group by itself.
    selected_groups_ : list
        Labels of the groups with coefficients other than 0.
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
        If `tol` was not reached, or if there is no minimum, as classes that can be separated have
        none without a penalty.

    See Also
    --------
    GroupLogisticCDCV : With alpha chosen by cross-validation.
    GroupLassoCD : The same penalty for numbers.
    LogisticCD : Each column by itself.
    group_logistic_path : Coefficients for many alphas.

    Notes
    -----
    Coordinate descent takes proximal steps on a working set of groups, and Newton steps on the
    coefficients that are not 0 finish exactly. The gap is computed from the data with the scaled
    residuals as the dual point.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import SplineTransformer
    >>> from skreg import GroupLogisticCD
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> splines = SplineTransformer(n_knots=4).set_output(transform="pandas")
    >>> X = splines.fit_transform(X[["ash", "flavanoids", "hue", "proline"]])
    >>> model = GroupLogisticCD("prefix", alpha=0.1, standardize=True).fit(X, y)
    >>> model.selected_groups_
    ['flavanoids_sp', 'hue_sp', 'proline_sp']
    """

    def __init__(
        self,
        groups=None,
        alpha=0.01,
        *,
        l1_ratio=0.0,
        group_weights=None,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
        max_iter=1000,
        tol=1e-6,
        warm_start=False,
    ):
        self.groups = groups
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.group_weights = group_weights
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
