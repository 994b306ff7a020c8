"""Groups of columns, with alpha chosen by cross-validation."""

from ._groups import GroupMixin
from ._lasso_cv import ElasticNetCDCV
from ._logistic_cv import LogisticCDCV


class GroupLassoCDCV(GroupMixin, ElasticNetCDCV):
    r"""Group lasso with `alpha` and `l1_ratio` chosen by cross-validation, with certificates.

    Minimises

    .. math::

        \frac{1}{2n} \|y - Xw\|_2^2
        + \alpha \sum_g \left( (1 - \rho) v_g \|w_g\|_2 + \rho \|w_g\|_1 \right)

    as :class:`GroupLassoCD` does, for the pair :math:`(\alpha, \rho)` whose squared error on data
    kept apart, or another `scoring`, is best on average over the folds, with :math:`\rho` =
    `l1_ratio`. With `sample_weight`, the loss and the error of a fold are weighted means; the mean
    over the folds is not weighted.

    Parameters
    ----------
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    l1_ratio : float or list of float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso. Of
        several, that with the best mean score is chosen.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it.
    cv : None, int, splitter or iterable of (train, test), default=None
        The folds, as scikit-learn knows them; an integer is a number of folds in the order of the
        data. None is 5.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    scoring : None, str or callable, default=None
        What is largest for the chosen alpha: the name of a scorer, or a callable with signature
        ``scorer(estimator, X, y)`` that asks the estimator for predictions. It sees the samples
        that a fold keeps apart, and their weights if it takes them. None is minus the mean squared
        error.
    rule : {"min", "1se"}, default="min"
        Which alpha is chosen: that of the best mean score, or the largest whose mean score is
        within one standard error of it, which glmnet calls lambda.1se.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`.
    refit : bool, default=True
        Whether to fit the coefficients on all data. With False they are the means of those of the
        folds, as is the intercept; there is no `path_` and no `dual_gap_`, and `convergence_` is
        that of the fold with the largest gap.
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
    n_jobs : None or int, default=None
        Folds that run at the same time, in threads; -1 is one for each processor. The result does
        not depend on it.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    best_score_ : float
        Its score.
    l1_ratio_ : float
        The chosen `l1_ratio`.
    coef_ : ndarray of shape (n_features,)
        Coefficients, exactly 0 off the support.
    sparse_coef_ : csr_array of shape (1, n_features)
        The same, sparse.
    intercept_ : float
        Intercept; 0.0 without one.
    groups_ : dict
        Positions of the columns of each group, by label: that of an array or dict, the prefix, the
        place in the list of lists, or the name of a column that is a group by itself.
    selected_groups_ : list
        Labels of the groups with coefficients other than 0.
    path_ : RegularizationPath
        Coefficients on all data for all alphas, with the chosen `l1_ratio`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths of the penalty, in descending order; a row for each of several `l1_ratio` where
        they were not given.
    mse_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Mean squared error on the data that each fold keeps apart; NaN for alphas beyond
        `max_features`. Only where `scoring` is None.
    scores_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Score of each alpha in each fold, the larger the better; NaN for alphas beyond
        `max_features`.
    cv_results_ : dict
        `coefs` and `intercepts` of the path of each fold, the first axis, and `predictions` of
        each sample where a fold keeps it apart, for all alphas, the last axis: NaN where none
        does, the mean where several do. Only if `store_cv_results` is True.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
        Sweeps of coordinate descent along `path_`.
    convergence_ : Convergence
        The certificate of `coef_`, and the work along `path_`.
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
        If `tol` was not reached at some alpha, on all data or in a fold.

    See Also
    --------
    GroupLassoCD : The group lasso for one alpha.
    GroupLogisticCDCV : The same penalty for classes.
    LassoCDCV : Each column by itself.
    group_lasso_path : Coefficients for many alphas, without a choice.

    Notes
    -----
    Each fold follows one path through all alphas, and so do all data: the cost is that of a few
    paths, not of a fit for each alpha and fold. With `standardize`, each fold goes by the variances
    of its own training samples.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 7.10.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import SplineTransformer
    >>> from skreg import GroupLassoCDCV
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> splines = SplineTransformer(n_knots=4).set_output(transform="pandas")
    >>> X = splines.fit_transform(X[["age", "bmi", "bp", "s5", "s6"]])
    >>> X.columns[:3].tolist()
    ['age_sp_0', 'age_sp_1', 'age_sp_2']
    >>> model = GroupLassoCDCV("prefix", standardize=True, rule="1se").fit(X, y)
    >>> model.selected_groups_
    ['bmi_sp', 'bp_sp', 's5_sp', 's6_sp']
    """

    def __init__(
        self,
        groups=None,
        *,
        l1_ratio=0.0,
        group_weights=None,
        eps=1e-3,
        alphas=100,
        cv=None,
        max_features=None,
        scoring=None,
        rule="min",
        store_cv_results=False,
        refit=True,
        fit_intercept=True,
        standardize=False,
        max_iter=1000,
        tol=1e-6,
        n_jobs=None,
    ):
        self.groups = groups
        self.l1_ratio = l1_ratio
        self.group_weights = group_weights
        self.eps = eps
        self.alphas = alphas
        self.cv = cv
        self.max_features = max_features
        self.scoring = scoring
        self.rule = rule
        self.store_cv_results = store_cv_results
        self.refit = refit
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs


class GroupLogisticCDCV(GroupMixin, LogisticCDCV):
    r"""Logistic regression by groups of columns, with `alpha` chosen by cross-validation.

    Minimises, for two classes,

    .. math::

        \frac{1}{n} \sum_i \log\left(1 + e^{-z_i (x_i w + b)}\right)
        + \alpha \sum_g \left( (1 - \rho) v_g \|w_g\|_2 + \rho \|w_g\|_1 \right)

    as :class:`GroupLogisticCD` does, also for more classes, for the pair :math:`(\alpha, \rho)`
    whose log loss on data kept apart, or another `scoring`, is best on average over the folds, with
    :math:`\rho` = `l1_ratio`. With `sample_weight`, the loss and the score of a fold are weighted
    means; the mean over the folds is not weighted. Weights of classes are for the fit alone.

    Parameters
    ----------
    groups : None, 'prefix', list of list, array-like of shape (n_features,) or dict, default=None
        Which columns belong together. Lists have columns, by position, name or `fnmatch` pattern.
        An array has a label for each column. A dict has labels, keyed by column name, pattern or
        position; later entries win. 'prefix' takes what the name of a column has before its last
        underscore, as ``city`` of ``city_Paris``. Columns that are not named, and with None all,
        are groups by themselves.
    l1_ratio : float or list of float, default=0.0
        Part of the penalty that selects columns, in [0, 1]. 0 keeps or drops whole groups; more
        leaves columns out of the groups that are kept, the sparse group lasso; 1 is the lasso. Of
        several, that with the best mean score is chosen.
    group_weights : None, array-like of shape (n_groups,) or dict, default=None
        Weights :math:`v_g` of the groups, in the order of their first columns, or by label. 0
        leaves a group to `l1_ratio` alone, ``inf`` leaves it out. None is the square root of the
        number of columns, as for groups that a dict does not name.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it.
    cv : None, int, splitter or iterable of (train, test), default=None
        The folds, as scikit-learn knows them; an integer is a number of folds in the order of the
        data. None is 5.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
    scoring : None, str or callable, default=None
        What is largest for the chosen alpha: the name of a scorer, or a callable with signature
        ``scorer(estimator, X, y)`` that asks the estimator for predictions. It sees the samples
        that a fold keeps apart, and their weights if it takes them. None is minus the mean log
        loss.
    rule : {"min", "1se"}, default="min"
        Which alpha is chosen: that of the best mean score, or the largest whose mean score is
        within one standard error of it, which glmnet calls lambda.1se.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`.
    refit : bool, default=True
        Whether to fit the coefficients on all data. With False they are the means of those of the
        folds, as is the intercept; there is no `path_` and no `dual_gap_`, and `convergence_` is
        that of the fold with the largest gap.
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
    n_jobs : None or int, default=None
        Folds that run at the same time, in threads; -1 is one for each processor. The result does
        not depend on it.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    best_score_ : float
        Its score.
    l1_ratio_ : float
        The chosen `l1_ratio`.
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
    path_ : RegularizationPath
        Coefficients on all data for all alphas, with the chosen `l1_ratio`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths of the penalty, in descending order; a row for each of several `l1_ratio` where
        they were not given.
    scores_path_ : ndarray of shape (n_alphas, n_folds) or (n_l1_ratios, n_alphas, n_folds)
        Score of each alpha in each fold, the larger the better; NaN for alphas beyond
        `max_features`.
    cv_results_ : dict
        `coefs` and `intercepts` of the path of each fold, the first axis, and `predictions` of
        each sample where a fold keeps it apart, for all alphas, the last axis: NaN where none
        does, the mean where several do. Only if `store_cv_results` is True.
    dual_gap_ : float
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    n_iter_ : int
        Sweeps of coordinate descent along `path_`.
    convergence_ : Convergence
        The certificate of `coef_`, and the work along `path_`.
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
        If `tol` was not reached at some alpha, on all data or in a fold.

    See Also
    --------
    GroupLogisticCD : The same for one alpha.
    GroupLassoCDCV : The same penalty for numbers.
    LogisticCDCV : Each column by itself.
    group_logistic_path : Coefficients for many alphas, without a choice.

    Notes
    -----
    Each fold follows one path through all alphas, and so do all data: the cost is that of a few
    paths, not of a fit for each alpha and fold. With `standardize`, each fold goes by the variances
    of its own training samples.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with grouped variables",
    Journal of the Royal Statistical Society B 68(1), section 2.

    Simon, Friedman, Hastie and Tibshirani (2013), "A Sparse-Group Lasso", Journal of Computational
    and Graphical Statistics 22(2), section 3.

    Ndiaye, Fercoq, Gramfort and Salmon (2016), "GAP Safe Screening Rules for Sparse-Group Lasso",
    Advances in Neural Information Processing Systems 29, section 4.

    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 7.10.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import SplineTransformer
    >>> from skreg import GroupLogisticCDCV
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> splines = SplineTransformer(n_knots=4).set_output(transform="pandas")
    >>> X = splines.fit_transform(X[["ash", "flavanoids", "hue", "proline"]])
    >>> model = GroupLogisticCDCV("prefix", standardize=True, alphas=20).fit(X, y)
    >>> model.selected_groups_
    ['ash_sp', 'flavanoids_sp', 'hue_sp', 'proline_sp']
    """

    def __init__(
        self,
        groups=None,
        *,
        l1_ratio=0.0,
        group_weights=None,
        eps=1e-3,
        alphas=100,
        cv=None,
        max_features=None,
        scoring=None,
        rule="min",
        store_cv_results=False,
        refit=True,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
        max_iter=1000,
        tol=1e-6,
        n_jobs=None,
    ):
        self.groups = groups
        self.l1_ratio = l1_ratio
        self.group_weights = group_weights
        self.eps = eps
        self.alphas = alphas
        self.cv = cv
        self.max_features = max_features
        self.scoring = scoring
        self.rule = rule
        self.store_cv_results = store_cv_results
        self.refit = refit
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
