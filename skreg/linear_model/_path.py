"""Coefficients for many alphas at once."""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import check_array

from .._checks import check_number, refuse
from .._convergence import warn_if_stopped_short
from .._solvers.newton import solver_of
from .._threads import single_thread
from ._base import product
from ._classes import labels
from ._lasso import ElasticNetCD, LassoCD
from ._parameters import LASSO, check_parameters
from ._ridge import RidgeGD

SMALLEST_ALPHA = np.finfo(float).resolution  # of a path on which nothing can be selected


class RegularizationPath(NamedTuple):
    """Coefficients for each of several alphas.

    Attributes
    ----------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty, in descending order.
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
        Coefficients.
    gaps : ndarray of shape (n_alphas,) or (n_targets, n_alphas)
        Duality gaps, computed from the data, in the units of the objective; targets that select
        the same columns have one in common. On tall data most of them come from the Gram matrix of
        all columns, as far as the data confirm it to a tenth of `tol`.
    intercepts : ndarray of shape (n_alphas,) or (n_targets, n_alphas)
        Intercepts.
    feature_names : None or ndarray of shape (n_features,)
        Names of the features, where X had names that are strings.
    classes : None or ndarray of shape (n_classes,)
        Labels; of two classes, the coefficients are those of the second.
    link : {"identity", "log", "logit"}
        What of the mean is linear.
    """

    alphas: np.ndarray
    coefs: np.ndarray
    gaps: np.ndarray
    intercepts: np.ndarray
    feature_names: np.ndarray | None = None
    classes: np.ndarray | None = None
    link: str = "identity"

    def at(self, alpha):
        """Return coefficients and intercept at an alpha, interpolated where it lies between two.

        The lasso is linear in alpha between the alphas at which a feature comes or goes, so that
        the interpolation is exact wherever none does.

        Parameters
        ----------
        alpha : float
            Strength of the penalty, within those of the path.

        Returns
        -------
        coef : ndarray of shape (n_features,) or (n_targets, n_features)
            Coefficients.
        intercept : float or ndarray of shape (n_targets,)
            Intercepts.
        """
        first, last = self.alphas[0], self.alphas[-1]
        if not last <= alpha <= first:
            refuse(self, "alpha", alpha, f"within the path, from {last:g} to {first:g}")
        place = np.interp(-alpha, -self.alphas, np.arange(len(self.alphas)))
        k, part = int(place), place % 1
        after = min(k + 1, len(self.alphas) - 1)
        coef, intercept = (
            (1 - part) * values[..., k] + part * values[..., after]
            for values in (self.coefs, self.intercepts)
        )
        return coef.astype(self.coefs.dtype), intercept

    def predict(self, X, alpha):
        """Predict with the coefficients at an alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        alpha : float
            Strength of the penalty, within those of the path.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted targets; labels of the most probable classes, where there are classes.
        """
        decision = self.decision_function(X, alpha)
        if self.classes is not None:
            return labels(self.classes, decision)
        return np.exp(decision) if self.link == "log" else decision

    @single_thread
    def decision_function(self, X, alpha):
        """Return what is linear in X, with the coefficients at an alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        alpha : float
            Strength of the penalty, within those of the path.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_targets) or (n_samples, n_classes)
            The sums of coefficients times features, and the intercept.
        """
        coef, intercept = self.at(alpha)
        names = list(getattr(X, "columns", []))
        if self.feature_names is not None and names and names != list(self.feature_names):
            raise ValueError(
                "RegularizationPath: X must have the columns of the path, in their order: "
                f"{', '.join(self.feature_names)}; got {', '.join(map(str, names))}."
            )
        X = check_array(X, accept_sparse=True)
        if X.shape[1] != coef.shape[-1]:
            raise ValueError(
                f"RegularizationPath: X must have the {coef.shape[-1]} features of the path; got "
                f"{X.shape[1]}."
            )
        return product(X, coef.T) + intercept


def lasso_path(
    X,
    y,
    *,
    alphas=100,
    eps=1e-3,
    max_features=None,
    penalty_factor=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute the lasso for many alphas, each with a certificate, for little more than one costs.

    The objective is that of :class:`LassoCD`, intercept and controls included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target; several targets are fitted one by one, for the same alphas.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
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
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`, or of the objective where bounds make it larger.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    LassoCD : The lasso for one alpha.
    enet_path : With an L2 penalty in addition.
    sklearn.linear_model.lasso_path : The same objective for centred data.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 2.5.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import lasso_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> path = lasso_path(X, y, alphas=5, eps=0.01)
    >>> (path.coefs != 0).sum(axis=0).tolist()
    [0, 4, 5, 7, 8]
    >>> path.predict(X[:2], alpha=0.5).round().tolist()
    [194.0, 93.0]
    """
    model = LassoCD(
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    return compute(model, Grid("lasso_path", alphas, eps, max_features), X, y, sample_weight)


def enet_path(
    X,
    y,
    *,
    l1_ratio=0.5,
    alphas=100,
    eps=1e-3,
    max_features=None,
    penalty_factor=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    max_iter=1000,
    tol=1e-6,
):
    r"""Compute the elastic net for many alphas, each with a certificate.

    The objective is that of :class:`ElasticNetCD`, intercept and controls included.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target; several targets are fitted one by one, for the same alphas.
    l1_ratio : float, default=0.5
        Part of the penalty that selects, in [0, 1]. 1 is the lasso, which keeps one of several
        correlated columns; less keeps them together. For 0, which selects nothing, `RidgeGD` is
        faster: here it takes the Gram matrix of all columns.
    alphas : int or array-like of shape (n_alphas,), default=100
        Strengths of the penalty, > 0, or how many: then they fall in geometric progression from
        the smallest at which nothing is selected, on all data, to `eps` times it. An L2 penalty
        alone has no such alpha: then they have to be given.
    eps : float, default=1e-3
        Smallest alpha relative to the largest, where none are given.
    max_features : None or int, default=None
        Paths end before they select more features than this on all data.
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
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    max_iter : int, default=1000
        Sweeps of coordinate descent at most, each time that the objective is minimised.
    tol : float, default=1e-6
        Duality gap at which to stop, as a fraction of the loss without features,
        :math:`\|y - \bar y\|^2 / 2n`, or of the objective where bounds make it larger.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    ElasticNetCD : The elastic net for one alpha.
    lasso_path : With an L1 penalty alone.
    sklearn.linear_model.enet_path : The same objective for centred data.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), "Regularization Paths for Generalized Linear Models
    via Coordinate Descent", Journal of Statistical Software 33(1), section 2.5.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import enet_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> path = enet_path(X, y, l1_ratio=0.9, max_features=4)
    >>> int((path.coefs[:, -1] != 0).sum())
    4
    """
    model = ElasticNetCD(
        l1_ratio=l1_ratio,
        penalty_factor=penalty_factor,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    return compute(model, Grid("enet_path", alphas, eps, max_features), X, y, sample_weight)


@single_thread
def ridge_path(
    X,
    y,
    *,
    alphas,
    penalty_factor=None,
    penalty_matrix=None,
    lower=None,
    upper=None,
    positive=False,
    fit_intercept=True,
    standardize=False,
    sample_weight=None,
    max_iter=10000,
    tol=1e-10,
):
    r"""Compute ridge for many alphas, each with a certificate; they share the passes over the data.

    The objective is that of :class:`RidgeGD`, intercept and controls included. Unless a factor of
    the matrix of the columns or of the samples is quicker, conjugate gradients take no more steps
    for all alphas than for the smallest, as Krylov spaces do not depend on alpha. All share the
    decomposition of a `penalty_matrix`.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; float32 and float64 are used as they are, and never changed.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Target.
    alphas : array-like of shape (n_alphas,)
        Strengths of the penalty, > 0.
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
    sample_weight : array-like of shape (n_samples,), default=None
        Weights >= 0, not all zero.
    max_iter : int or None, default=10000
        Steps at most, which all targets, alphas and folds share. None is 10000.
    tol : float, default=1e-10
        Where to stop: when the gradient, relative to that at ``w = 0``, is as short as this, and
        the duality gap, relative to the objective, as small. On tall data each coordinate of the
        gradient is divided by the root of its second derivative, so units do not matter.

    Returns
    -------
    RegularizationPath
        A named tuple of alphas, coefs, gaps, intercepts and feature names, with a method
        `predict`. The first three, ``path[:3]``, are what scikit-learn's paths return.

    Raises
    ------
    ValueError, TypeError
        If a parameter or the data are out of range: the message says which, and what is allowed.

    Warns
    -----
    ConvergenceWarning
        If `tol` was not reached at some alpha.

    See Also
    --------
    RidgeGD : Ridge for one alpha.
    RidgeGDCV : With alpha chosen by leave-one-out.
    lasso_path : With an L1 penalty.

    References
    ----------
    Hastie, Tibshirani and Friedman (2009), "The Elements of Statistical Learning", second
    edition, section 3.4.1.

    Golub and Van Loan (2013), "Matrix Computations", fourth edition, sections 10.1 and 11.3.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import ridge_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> path = ridge_path(X, y, alphas=[0.1, 1, 10])
    >>> abs(path.coefs).sum(axis=0).round().tolist()
    [395.0, 1300.0, 1989.0]
    """
    if isinstance(alphas, Integral):
        refuse("ridge_path", "alphas", alphas, "a list of finite numbers > 0")
    alphas = given_alphas("ridge_path", alphas)
    model = RidgeGD(
        penalty_factor=penalty_factor,
        penalty_matrix=penalty_matrix,
        lower=lower,
        upper=upper,
        positive=positive,
        fit_intercept=fit_intercept,
        standardize=standardize,
        max_iter=max_iter,
        tol=tol,
    )
    model._check_parameters()
    design, y, y_mean = model._build(X, y, sample_weight)
    n_targets = y.shape[1]
    w = model._minimise(design, y, np.tile(alphas, (n_targets, 1)))
    warn_if_stopped_short("ridge_path", model.convergence_)
    shape = n_targets, len(alphas), design.n_features
    coefs = (w.T / design.scale).reshape(shape)
    gaps = np.reshape(model.dual_gap_, shape[:2])
    return collected(model, design, alphas, coefs, gaps, y_mean[..., None])


class Grid(NamedTuple):
    """Which alphas a path shall have, as the user of a function asked for them."""

    owner: str
    alphas: object
    eps: float
    max_features: int | None = None

    def check(self):
        """Check the parameters; a list of alphas is checked where it is resolved."""
        if isinstance(self.alphas, Integral):
            check_number(self.owner, "alphas", self.alphas, low=1, integer=True)
        check_number(self.owner, "eps", self.eps, low=0, high=1, ends="(]")
        if self.max_features is not None:
            check_number(self.owner, "max_features", self.max_features, low=0, integer=True)

    def resolve(self, model, solvers):
        """Return the alphas in descending order; the solvers show the largest, if none is given.

        At a largest alpha of 0 nothing can be selected: then all are the smallest there is.
        """
        if not isinstance(self.alphas, Integral):
            return given_alphas(self.owner, self.alphas)
        if not model._selects:
            refuse(self.owner, "alphas", self.alphas, "a list of numbers where l1_ratio is 0")
        top = max(solver.largest_alpha() for solver in solvers)
        bottom = top * self.eps if top else SMALLEST_ALPHA
        return np.geomspace(top or SMALLEST_ALPHA, bottom, self.alphas)

    def follow(self, model, design, solvers, alphas, y_mean):
        """Do what the function `follow` does, until too many features are selected."""
        path, solutions = follow(model, design, solvers, alphas, y_mean, self.max_features)
        if path.alphas.size == 0:
            selected = f"at least what alpha={alphas[0]:g} selects"
            refuse(self.owner, "max_features", self.max_features, selected)
        return path, solutions


def given_alphas(owner, alphas):
    """Return alphas that a user lists, in descending order."""
    allowed = "an integer or a list of finite numbers > 0"
    values = np.asarray(alphas, dtype=object)
    if not all(isinstance(alpha, Real) for alpha in values.flat):
        refuse(owner, "alphas", alphas, allowed, TypeError)
    values = values.astype(float)
    if values.ndim != 1 or values.size == 0 or not np.all(np.isfinite(values) & (values > 0)):
        refuse(owner, "alphas", alphas, allowed)
    return np.sort(values)[::-1]


@single_thread
def compute(model, grid, X, y, sample_weight):
    """Compute the path of the objective of a model, target by target."""
    grid.check()
    check_parameters(model, LASSO)
    design, y, y_mean = model._build(X, y, sample_weight)
    solvers = list(begin(model, design, y))
    alphas = grid.resolve(model, solvers)
    path, solutions = grid.follow(model, design, solvers, alphas, y_mean)
    for solver, found in zip(solvers, solutions, strict=True):
        warn_if_stopped_short(grid.owner, solver.record(least_certain(found)), depth=5)
    return path


def begin(model, design, y):
    """Yield the solvers of all targets, each of which starts from coefficients of 0."""
    start = np.zeros((design.n_features, y.shape[1]))
    penalty = model._penalty(design, y.shape[1])
    for part, problem in model._problems(design, y, penalty):
        yield solver_of(problem, start[:, part], **model._rule())


def follow(model, design, solvers, alphas, y_mean, max_features=None, dtype=None, stop=None):
    """Follow solvers along alphas; return the path, and the solutions of each solver.

    Coefficients of the path have the dtype of X, or another. A Flag `stop` ends the work.
    """
    most = np.inf if max_features is None else max_features
    solutions = [list(until(stop, solver.run(alphas, most))) for solver in solvers]
    alphas, n_targets = alphas[: min(map(len, solutions))], y_mean.size
    coefs = np.empty((n_targets, len(alphas), design.n_features))
    constants = np.repeat(y_mean.reshape(-1, 1), len(alphas), axis=1)
    gaps = np.empty((len(solvers), len(alphas)))
    size = n_targets // len(solvers)
    for i, (solver, found) in enumerate(zip(solvers, solutions, strict=True)):
        part = slice(i * size, (i + 1) * size)
        for k in range(len(alphas)):
            coefs[part, k] = solver.coefficients(found[k]).T / design.scale
            constants[part, k] += found[k].intercept
            gaps[i, k] = solver.dual_gap(found[k])
    gaps /= design.total_weight
    gaps, constants = gaps[0] if model._together else gaps, constants.reshape(*y_mean.shape, -1)
    return collected(model, design, alphas, coefs, gaps, constants, dtype), solutions


def until(stop, items):
    """Yield items; once the Flag `stop` is up, give up as the main thread did."""
    for item in items:
        if stop is not None and stop.up:
            raise KeyboardInterrupt
        yield item


def collected(model, design, alphas, coefs, gaps, constants, dtype=None):
    """Return a path from its parts; coefficients are given by target, alpha and feature.

    Targets that select the same columns have their gaps in common. Intercepts are the constants,
    less what centring took away.
    """
    coefs = model._within_bounds(coefs, np.dtype(dtype or design.X.dtype)).swapaxes(1, 2)
    means = np.tensordot(coefs, design.mean, (1, 0))
    intercepts = constants.reshape(len(coefs), -1) - means.reshape(len(coefs), -1)
    intercepts = model._normalised(intercepts) if model.fit_intercept else intercepts
    if constants.ndim == 1:
        coefs, intercepts, gaps = coefs[0], intercepts[0], gaps[0] if gaps.ndim == 2 else gaps
    names, classes = (getattr(model, name, None) for name in ("feature_names_in_", "classes_"))
    return RegularizationPath(alphas, coefs, gaps, intercepts, names, classes, model._link)


def least_certain(solutions):
    """Return the solution with the largest gap."""
    return max(solutions, key=lambda solution: solution.gap)
