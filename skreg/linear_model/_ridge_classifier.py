"""Classes by ridge regression on targets of -1 and 1."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._ridge_base import RidgeBySolver
from ._ridge_selection import RidgeSelection


class RidgeClassifierMixin(ClassifierMixin):
    """Makes a classifier of a ridge: a target of -1 and 1 for each class, or one for two."""

    _kind_of_y = {"sparse_y": True}

    def _validate(self, X, y, sample_weight):
        """Return the data, the targets of the classes and the weights, validated."""
        X, y, s = super()._validate(X, y, sample_weight)
        y, targets = self._binarized(y)
        if self.class_weight is not None:
            s = s * compute_sample_weight(self.class_weight, y)
        return X, targets, s

    def _binarized(self, y):
        """Return the labels and their targets.

        What scikit-learn checks of plain integers by and by takes longer than a small fit.
        """
        self._binarizer = LabelBinarizer(pos_label=1, neg_label=-1)
        if type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iu":
            classes, which = np.unique(y, return_inverse=True)
            if 2 <= len(classes) <= len(y) / 2:  # others may get a warning
                known = {"sparse_input_": False, "classes_": classes}
                known["y_type_"] = "binary" if len(classes) == 2 else "multiclass"
                vars(self._binarizer).update(known)
                each = np.arange(len(classes))[-1 if len(classes) == 2 else 0 :]
                return y, np.where(which[:, None] == each, 1, -1)
        check_classification_targets(y)
        targets = self._binarizer.fit_transform(y)
        if not self._binarizer.y_type_.startswith("multilabel"):
            y = column_or_1d(y, warn=True)
        return y, targets

    @property
    def classes_(self):
        """The labels of the classes."""
        return self._binarizer.classes_

    def decision_function(self, X):
        """Predict the targets of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Predictions; with two classes, those above 0 are of the second.
        """
        check_is_fitted(self)
        decision = super().predict(X)
        return decision.ravel() if decision.shape[1:] == (1,) else decision

    def predict(self, X):
        """Predict the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels of the classes; a row of 0 and 1 where a sample may have several labels.
        """
        decision = self.decision_function(X)  # first, as it finds out whether there is a fit
        return labels(self._binarizer, decision)

    def __sklearn_tags__(self):
        """Return the tags: samples may have several labels."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags = None
        tags.target_tags.multi_output = False
        tags.classifier_tags.multi_label = True
        return tags


def labels(binarizer, decision):
    """Return the labels that a decision stands for."""
    if binarizer.y_type_.startswith("multilabel"):
        return binarizer.inverse_transform(np.where(decision > 0, 1.0, -1.0))
    places = decision > 0 if decision.ndim == 1 else decision.argmax(axis=1)
    return binarizer.classes_[places.astype(int)]


class RidgeGDClassifier(RidgeClassifierMixin, RidgeBySolver):
    r"""Classifier by ridge regression on targets of -1 and 1.

    Minimises, for each class,

    .. math::

        \|y - Xw\|_2^2 + \alpha \sum_j f_j w_j^2

    where :math:`y` is 1 for samples of the class and -1 for others; the largest prediction wins.
    Two classes have one :math:`y` together. This is :class:`sklearn.linear_model.RidgeClassifier`
    when every factor :math:`f_j` is 1.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Strength of the penalty, >= 0. 0 is ordinary least squares.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    penalty_matrix : None, array-like or sparse of shape (n_features, n_features), default=None
        A symmetric matrix P without negative eigenvalues: the penalty is :math:`\alpha w'Pw`, and
        factors are the case of a diagonal P. With ``D.T @ D``, what D computes from the
        coefficients is small, such as differences of neighbours. Not together with
        `penalty_factor` or bounds; for at most 6000 features, as every fit decomposes P in a time
        that grows with their cube.
    lower, upper : None, float, array-like of shape (n_features,) or dict, default=None
        Bounds on the coefficients; a dict is read as above, with no bound where it names none.
    positive : bool, default=False
        Whether no coefficient may be negative: the same as ``lower=0``.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by label, that multiply those of their samples; 'balanced' is
        ``n_samples / (n_classes * count)``. None is 1 for all.
    solver : {'auto', 'gd', 'nesterov', 'active_set', 'cg', 'sgd'}, default='auto'
        'gd' is the textbook's gradient descent, to learn from: its step depends on the largest
        eigenvalue of X'X, so standardise X. 'nesterov' is accelerated; on tall data the units of
        the columns do not matter to it. 'active_set' is exact, with bounds: Newton steps on the
        dual where samples are fewer than columns, else coordinate descent and Newton steps on the
        Gram matrix of the columns. 'cg', without bounds, solves the normal equations on the
        columns or on the samples, whichever are fewer: by conjugate gradients, or by a factor of
        their matrix where these need, or promise to need, more time than that. 'sgd' takes steps on
        minibatches, with variance reduction, so that it reaches the solution itself; on sparse data
        a step takes time in proportion to the entries of its samples, and `max_iter` counts passes
        over the data.
        'auto' is 'cg' without bounds; with bounds 'active_set', or 'nesterov' where samples and
        columns are many thousands. With `penalty_matrix`, 'active_set' and 'sgd' are refused.
    max_iter : int or None, default=10000
        Steps at most, which all targets, alphas and folds share. None is 10000.
    tol : float, default=1e-10
        Where to stop: when the gradient, relative to that at ``w = 0``, is as short as this, and
        the duality gap, relative to the objective, as small. On tall data each coordinate of the
        gradient is divided by the root of its second derivative, so units do not matter.
    random_state : None, int or RandomState, default=None
        Order of the minibatches of 'sgd'.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_classes,)
        Intercept; 0.0 without one.
    n_iter_ : int
        Steps taken.
    solver_ : str
        The solver, as chosen by 'auto'.
    loss_curve_ : list of float
        The objective, over all targets, before each step and at the end; it falls at every step,
        until only its rounding is left, unless there is momentum. Only for 'gd'.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    distance_bound_ : float or ndarray of shape (n_targets,)
        How far `coef_` is from the solution at the most, in Euclidean distance; infinite where a
        coefficient has no penalty.
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
    sklearn.linear_model.RidgeClassifier : The same objective.
    RidgeGDClassifierCV : With alpha chosen by leave-one-out.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 4.2.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skreg import RidgeGDClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> print(f"{RidgeGDClassifier(standardize=True).fit(X, y).score(X, y):.3f}")
    0.968
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        penalty_factor=None,
        penalty_matrix=None,
        lower=None,
        upper=None,
        positive=False,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
        solver="auto",
        max_iter=10000,
        tol=1e-10,
        random_state=None,
    ):
        self.alpha = alpha
        self.penalty_factor = penalty_factor
        self.penalty_matrix = penalty_matrix
        self.lower = lower
        self.upper = upper
        self.positive = positive
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.class_weight = class_weight
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state


class RidgeGDClassifierCV(RidgeClassifierMixin, RidgeSelection):
    r"""Classifier by ridge regression with `alpha` chosen by exact leave-one-out.

    Minimises, for each class,

    .. math::

        \|y - Xw\|_2^2 + \alpha \sum_j f_j w_j^2

    where :math:`y` is 1 for samples of the class and -1 for others; the largest prediction wins.
    The choice is that of :class:`sklearn.linear_model.RidgeClassifierCV` when every factor
    :math:`f_j` is 1, but for a `scoring` of two classes, which that one does not tell apart.

    Parameters
    ----------
    alphas : float or array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Strengths of the penalty, > 0; 0 is allowed where `cv` is given. Of alphas that are equally
        good, the first is chosen.
    penalty_factor : None, float, array-like of shape (n_features,) or dict, default=None
        Multiplies alpha, feature by feature. 0 leaves a feature unpenalised, ``inf`` leaves it
        out. A dict, or a pandas Series with an index, is keyed by column name, `fnmatch` pattern
        or position; columns that it does not name have 1; later entries win. None is 1 for all.
    penalty_matrix : None, array-like or sparse of shape (n_features, n_features), default=None
        A symmetric matrix P without negative eigenvalues: the penalty is :math:`\alpha w'Pw`, and
        factors are the case of a diagonal P. With ``D.T @ D``, what D computes from the
        coefficients is small, such as differences of neighbours. Not together with
        `penalty_factor` or bounds; for at most 6000 features, as every fit decomposes P in a time
        that grows with their cube.
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    standardize : bool, default=False
        Whether to penalise the coefficients of columns with unit variance. Coefficients are
        reported on the original scale, where bounds apply to them.
    scoring : None, str or callable, default=None
        What is largest for the chosen alpha: the name of a scorer, or a callable with signature
        ``scorer(estimator, X, y)`` that asks the estimator for predictions. It sees all samples at
        once, each predicted by the model without it, and their weights if it takes them. None is
        minus the mean squared error of the targets or, where `cv` is given, what the method
        `score` returns.
    cv : None, int, splitter or iterable of (train, test), default=None
        None is leave-one-out. Else the folds, as scikit-learn knows them; an integer is a number
        of folds, in each of which the classes have their shares. The score is the mean over the
        folds.
    criterion : {"loo", "gcv"}, default="loo"
        What stands for the error on an unseen sample, where `cv` is None: the exact leave-one-out
        error, or generalised cross-validation, in which all samples have the mean leverage. Where
        both sides of X are longer than 6000 it is the latter, with a mean that is estimated from
        random vectors; for 'loo' a warning says so.
    rule : {"min", "1se"}, default="min"
        Which alpha is chosen: that of the best mean score, or the largest whose mean score is
        within one standard error of it, which glmnet calls lambda.1se. The standard error is that
        over the folds or, where `cv` is None, over the samples; it does not exist for `scoring`
        or GCV without folds.
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by label, that multiply those of their samples; 'balanced' is
        ``n_samples / (n_classes * count)``. None is 1 for all.
    store_cv_results : bool, default=False
        Whether to keep `cv_results_`, where `cv` is None.
    max_iter : int or None, default=10000
        Steps at most, which all targets, alphas and folds share. None is 10000.
    tol : float, default=1e-10
        Where to stop: when the gradient, relative to that at ``w = 0``, is as short as this, and
        the duality gap, relative to the objective, as small. On tall data each coordinate of the
        gradient is divided by the root of its second derivative, so units do not matter.

    Attributes
    ----------
    alpha_ : float
        The chosen alpha.
    best_score_ : float
        Its score.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_classes,)
        Intercept; 0.0 without one.
    cv_results_ : ndarray of shape (n_samples, n_targets, n_alphas)
        Squared errors, times the weights of their samples; predictions where `scoring` is given.
        Only if `store_cv_results` is True.
    cv_scores_ : ndarray of shape (n_folds, n_alphas)
        Score of each alpha in each fold. Only where `cv` is given.
    score_std_error_ : ndarray of shape (n_alphas,)
        Standard error of the scores, where these are estimated and `scoring` is None. The
        estimates share their random vectors, so that differences between alphas are surer than
        that.
    n_iter_ : int
        Steps taken.
    dual_gap_ : float or ndarray of shape (n_targets,)
        Duality gap at `coef_`, in the units of the objective: how much it could still fall at the
        most.
    distance_bound_ : float or ndarray of shape (n_targets,)
        How far `coef_` is from the solution at the most, in Euclidean distance; infinite where a
        coefficient has no penalty.
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
    sklearn.linear_model.RidgeClassifierCV : The same objective and choice.
    RidgeGDCV : The choice of alpha.

    Notes
    -----
    Alpha is chosen as :class:`RidgeGDCV` does. With `standardize`, variances are those of all data,
    also where samples are left out.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, sections 4.2 and 7.10.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skreg import RidgeGDClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RidgeGDClassifierCV([0.1, 1, 10], standardize=True).fit(X, y)
    >>> float(model.alpha_)
    1.0
    """

    _default_scoring = "accuracy"

    def __init__(
        self,
        alphas=(0.1, 1.0, 10.0),
        *,
        penalty_factor=None,
        penalty_matrix=None,
        fit_intercept=True,
        standardize=False,
        scoring=None,
        cv=None,
        criterion="loo",
        rule="min",
        class_weight=None,
        store_cv_results=False,
        max_iter=10000,
        tol=1e-10,
    ):
        self.alphas = alphas
        self.penalty_factor = penalty_factor
        self.penalty_matrix = penalty_matrix
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.scoring = scoring
        self.cv = cv
        self.criterion = criterion
        self.rule = rule
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results
        self.max_iter = max_iter
        self.tol = tol

    def _known(self):
        """Return the classifier whose decisions are the data it is given."""
        return KnownClassifier(self._binarizer)

    def _truth(self, y):
        """Return the labels as they were given."""
        return self._binarizer.inverse_transform(y)


class KnownClassifier(ClassifierMixin, BaseEstimator):
    """What a scorer asks: its decisions are the data it is given."""

    def __init__(self, binarizer):
        self.binarizer = binarizer
        self.classes_ = binarizer.classes_

    def decision_function(self, X):
        """Return X."""
        return X.ravel() if X.shape[1] == 1 else X

    def predict(self, X):
        """Return the labels that X stands for."""
        return labels(self.binarizer, self.decision_function(X))
