"""Classes by logistic regression, with coefficients that are exactly zero."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from .._checks import refuse
from .._data import Classes
from .._problem.losses import Logistic, Multinomial
from .._problem.problem import Problem
from .._threads import single_thread
from ._classes import labels, log_probabilities
from ._lasso import ElasticNetModel


class LogisticMixin(ClassifierMixin):
    """Makes a classifier of a model: one output for two classes, or one for each of several."""

    _kind_of_y, _loss, _link, _together = {}, Logistic(), "logit", True

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data, 1 for the samples of a class and 0 for others, and the weights."""
        X, y, s = super()._validate(X, y, sample_weight, reset)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_ = np.unique(y[s > 0])
        if len(self.classes_) < 2:
            one = repr(self.classes_.item())
            raise self._error(
                "y must have two classes or more, with samples of weight > 0; got one class, "
                f"{one}."
            )
        members = y[:, None] == self.classes_
        members[~members.any(axis=1), 0] = True  # without weight, of whatever class
        return X, (members if len(self.classes_) > 2 else members[:, 1]).astype(float), s

    def _centre(self, X, y, s):
        """Return the Design of the data, with the weights of the classes, and the targets."""
        y_of, used = self._truth(y), s > 0
        missing = np.setdiff1d(self.classes_, y_of[used])
        if missing.size:
            raise self._error(
                "every training set must have samples of all classes; one has none of "
                f"{missing[0].item()!r}: use other folds, or leave out classes of few samples."
            )
        if self.class_weight is not None:
            weights = self._weights_of_classes(y_of[used], s[used])
            s = s * weights[np.searchsorted(self.classes_, y_of)]
        return super()._centre(X, y, s)

    def _weights_of_classes(self, y, s):
        """Return the weights of the classes."""
        rule = {"classes": self.classes_, "y": y, "sample_weight": s}
        try:
            weights = compute_class_weight(self.class_weight, **rule)
        except ValueError as error:
            raise self._error(f"class_weight: {error}") from error
        if not np.all((weights > 0) & np.isfinite(weights)):
            refuse(self, "class_weight", self.class_weight, "finite and > 0 for every class")
        return weights

    def _truth(self, y):
        """Return the labels that targets stand for."""
        return self.classes_[(y.argmax(axis=1) if y.ndim > 1 else y).astype(int)]

    def _penalty(self, design, n_targets):
        """Return the penalty of the coefficients, which every class has for itself."""
        return super()._penalty(design, 1)

    def _problems(self, design, y, penalty):
        """Yield what is fitted, which is one problem for all classes."""
        loss = self._loss_of(y)
        if loss.n_outputs > 1:
            penalty = penalty.take(np.repeat(np.arange(design.n_features), loss.n_outputs))
            design = Classes(design, loss.n_outputs)
        yield slice(None), Problem(design, y.reshape(-1, 1), penalty, loss)

    def _normalised(self, intercepts):
        """Return intercepts; those of several classes have a sum of 0."""
        several = len(self.classes_) > 2
        return intercepts - intercepts.mean(axis=0) if several else intercepts

    def _loss_of(self, y):
        """Return the loss of targets of some classes."""
        n_outputs = y.shape[1] if y.ndim > 1 else 1
        return Multinomial(n_outputs) if n_outputs > 1 else self._loss

    def _as_rows(self):
        """Store coefficients as scikit-learn does: two classes have a row of them."""
        self.coef_, self.intercept_ = np.atleast_2d(self.coef_), np.atleast_1d(self.intercept_)

    def decision_function(self, X):
        """Return the logarithms of the odds of the second of two classes, or what stands for them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Of two classes, the second is the more probable one above 0. Of several it is the one
            with the largest number, and differences are logarithms of odds.
        """
        decision = super().predict(X)
        return decision if decision.shape[1] > 1 else decision[:, 0]

    def predict(self, X):
        """Predict the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels of the most probable classes.
        """
        decision = self.decision_function(X)  # first, as it finds out whether there is a fit
        return labels(self.classes_, decision)

    def predict_proba(self, X):
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X):
        """Predict the logs of the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logs, in the order of `classes_`.
        """
        return log_probabilities(self.decision_function(X))

    def __sklearn_tags__(self):
        """Return the tags: y has labels, one for each sample."""
        tags = super().__sklearn_tags__()
        tags.regressor_tags = None
        tags.target_tags.multi_output = False
        return tags


class LogisticCD(LogisticMixin, ElasticNetModel):
    r"""Logistic regression with an L1 and an L2 penalty, with a certificate.

    Minimises, for two classes,

    .. math::

        \frac{1}{n} \sum_i \log\left(1 + e^{-z_i (x_i w + b)}\right)
        + \alpha \sum_j f_j \left( \rho |w_j| + \frac{1 - \rho}{2} w_j^2 \right)

    where :math:`z_i` is 1 for samples of the second class and -1 for the others, and :math:`\rho`
    = `l1_ratio`. For more classes, the loss is that of a softmax,

    .. math::

        \frac{1}{n} \sum_i \Bigl( \log \sum_k e^{x_i w_k + b_k} - (x_i w_{y_i} + b_{y_i}) \Bigr)

    and the coefficients of all classes are penalised. This is what
    :class:`sklearn.linear_model.LogisticRegression` minimises with :math:`C = 1 / (n \alpha)`, when
    every factor :math:`f_j` is 1. Intercepts are never penalised; those of several classes have a
    sum of 0. With `sample_weight`, the loss is the weighted mean.

    Parameters
    ----------
    alpha : float, default=0.01
        Strength of the penalty, >= 0. With 0, and classes that can be separated, there is no
        minimum.
    l1_ratio : float, default=1.0
        Part of the penalty that selects, in [0, 1]. 1 is L1 alone, which keeps one of several
        correlated columns; less keeps them together. 0 is L2 alone, which selects nothing.
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
    sklearn.linear_model.LogisticRegression : The same objective.
    LogisticCDCV : With alpha chosen by cross-validation.
    logistic_path : Coefficients for many alphas.
    RidgeGDClassifier : Least squares on the classes, with an L2 penalty.
    LassoCD : The same penalty for numbers.

    Notes
    -----
    Textbooks write :math:`J = \frac{1}{m} \sum -[y \log h + (1 - y) \log(1 - h)] +
    \frac{\lambda}{2m} \|\theta\|^2`: ``l1_ratio=0`` and :math:`\alpha = \lambda / m`.

    Proximal Newton steps run on a working set of columns: each minimises a quadratic model of the
    loss by coordinate descent and Newton steps on a Gram matrix. The gap is computed from the data
    with the scaled residuals as the dual point.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 3.

    Lee, Sun and Saunders (2014), "Proximal Newton-type methods for minimizing composite
    functions", SIAM Journal on Optimization 24(3), section 2.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skreg import LogisticCD
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = LogisticCD(alpha=0.05, standardize=True).fit(X, y)
    >>> [str(name) for name in X.columns[model.coef_[0] != 0]]
    ['mean concave points', 'worst radius', 'worst texture', 'worst concave points']
    >>> print(f"{model.score(X, y):.3f}")
    0.958
    """

    def __init__(
        self,
        alpha=0.01,
        *,
        l1_ratio=1.0,
        penalty_factor=None,
        lower=None,
        upper=None,
        positive=False,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
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
        self.class_weight = class_weight
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
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        LogisticCD
            The fitted classifier.
        """
        return self._fit(X, y, sample_weight)

    def _store(self, design, w, y_mean):
        """Store coefficients on the original scale, in the dtype of X."""
        super()._store(design, w, y_mean)
        self._as_rows()
