"""L2 by gradient methods: weights that decay."""

import time

import numpy as np

from .._convergence import Convergence, warn_if_stopped_short
from .._data import Moments, design_of
from .._solvers.averaged_sgd import Stream, stream
from .._threads import single_thread
from ._penalty_matrix import coordinates
from ._ridge_base import RidgeBySolver


class RidgeGD(RidgeBySolver):
    r"""Ridge regression: least squares with an L2 penalty, by gradient methods.

    Minimises

    .. math::

        \|y - Xw\|_2^2 + \alpha \sum_j f_j w_j^2

    exactly as :class:`sklearn.linear_model.Ridge` does when every factor :math:`f_j` is 1. The
    intercept is never penalised. With `sample_weight`, the loss is
    :math:`\sum_i s_i (y_i - x_i w)^2`.

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
    step : None or float, default=None
        Length of the steps of 'gd' on the objective above. None is
        :math:`1 / (2 \lambda_{max}(X'X) + 2 \alpha \max_j f_j)`, with which the loss falls at
        every step.
    momentum : float, default=0.0
        Part of its last step that 'gd' adds to the next, in [0, 1). It is then several times as
        fast, but the loss may rise on the way.
    batch_size : int, default=64
        Samples in a minibatch of 'sgd'.
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
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients.
    intercept_ : float or ndarray of shape (n_targets,)
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
    sklearn.linear_model.Ridge : The same objective.
    LassoCD : An L1 penalty, which selects features.
    ridge_path : Coefficients for many alphas.

    Notes
    -----
    Textbooks write :math:`J = \frac{1}{m} \sum (h - y)^2 + \lambda \sum \theta^2`:
    :math:`\alpha = m \lambda`. With :math:`J = \frac{1}{2m} [\sum (h - y)^2 + \lambda \sum
    \theta^2]`, :math:`\alpha = \lambda`.

    A step of 'gd' is :math:`w \leftarrow (1 - 2 \eta \alpha) w - \eta \nabla \|y - Xw\|^2`: the
    penalty shrinks w by a constant factor (weight decay). Where :math:`\alpha > 0`, the objective
    is strongly convex: the distance to the solution is at most :math:`\sqrt{gap / (\alpha \min_j
    f_j)}`, which without factors and bounds is :math:`\|\nabla\| / (2 \alpha)`.

    With `penalty_matrix`, the minimum is at :math:`w = (X'SX + \alpha P)^{-1} X'Sy` for centred X
    and y. The generalised singular value decomposition of X and P gives coordinates v,
    :math:`w = Tv`, in which both are diagonal: what P leaves free has no penalty in them, and
    eigenvalues of P below rounding count as 0. All solvers work on v, where 'cg' and 'nesterov'
    take a step or two, and 'gd' the more the farther alpha is from 1; its `step` is one of v. With
    `standardize`, P acts on the coefficients of the columns with unit variance.

    References
    ----------
    Golub and Van Loan (2013), "Matrix Computations", fourth edition, sections 4.2 and 11.5.

    Polyak (1964), "Some methods of speeding up the convergence of iteration methods", USSR
    Computational Mathematics and Mathematical Physics 4(5), section 2.

    O'Donoghue and Candes (2015), "Adaptive Restart for Accelerated Gradient Schemes", Foundations
    of Computational Mathematics 15, section 3.2.

    Defazio, Bach and Lacoste-Julien (2014), "SAGA: A Fast Incremental Gradient Method With
    Support for Non-Strongly Convex Composite Objectives", NeurIPS, section 2.

    Pedregosa, Leblond and Lacoste-Julien (2017), "Breaking the Nonsmooth Barrier: A Scalable
    Parallel Method for Composite Optimization", NeurIPS, section 2.

    Gower, Richtarik and Bach (2021), "Stochastic Quasi-Gradient Methods: Variance Reduction via
    Jacobian Sketching", Mathematical Programming 188.
    Hansen (1998), "Rank-Deficient and Discrete Ill-Posed Problems", sections 2.1.2 and 2.3.

    Eilers and Marx (1996), "Flexible Smoothing with B-splines and Penalties", Statistical Science
    11(2), section 3: differences of neighbouring coefficients.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skreg import RidgeGD
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> ridge = RidgeGD(alpha=1.0, penalty_factor={"s*": 10}).fit(X, y)
    >>> print(f"{ridge.score(X, y):.3f}")
    0.365
    >>> gd = RidgeGD(solver="gd").fit(X, y)
    >>> bool(gd.loss_curve_[-1] < gd.loss_curve_[0])
    True

    A curve through noisy values, with small second differences:

    >>> import numpy as np
    >>> curve = np.sin(np.linspace(0, 6, 100))
    >>> noisy = curve + 0.3 * np.random.default_rng(0).standard_normal(100)
    >>> D = np.diff(np.eye(100), n=2, axis=0)
    >>> smooth = RidgeGD(1000, penalty_matrix=D.T @ D, fit_intercept=False).fit(np.eye(100), noisy)
    >>> print(f"{abs(noisy - curve).mean():.2f} {abs(smooth.coef_ - curve).mean():.2f}")
    0.24 0.07
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
        solver="auto",
        step=None,
        momentum=0.0,
        batch_size=64,
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
        self.solver = solver
        self.step = step
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    @single_thread
    def partial_fit(self, X, y, sample_weight=None):
        """Fit the coefficients to all samples since the first call, of which these are the next.

        Up to 6000 features the answer is that of `fit` on all of them at once. What is kept is the
        products of the columns, in memory of the order of n_features squared.

        Beyond, the answer approaches that of `fit` with an error that falls as 1 / n_samples: it is
        an average of the iterates of stochastic gradient descent, of one step for each sample, in
        their order. What is kept is of the order of n_features. Columns should have similar units,
        as those of TF-IDF have, and samples an order that is random. There is no certificate:
        `dual_gap_` and `distance_bound_` are NaN. Where all samples fit into memory, `fit` is
        exact.

        A call of `fit` forgets the samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The next samples.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        RidgeGD
            The fitted estimator.

        References
        ----------
        Chan, Golub and LeVeque (1983), "Algorithms for Computing the Sample Variance", The American
        Statistician 37(3), section 2.

        Bach and Moulines (2013), "Non-strongly-convex smooth stochastic approximation with
        convergence rate O(1/n)", NeurIPS, section 2.

        Lacoste-Julien, Schmidt and Bach (2012), "A simpler approach to obtaining an O(1/t)
        convergence rate for the projected stochastic subgradient method", arXiv:1212.2002.
        """
        self._check_parameters()
        past = getattr(self, "_past", None)
        X, y, s = self._validate(X, y, sample_weight, reset=past is None)
        wide = X.shape[1] > self._cost.largest_gram
        design, y, y_mean = self._design(X, y, s, centre=not wide, standardize=False)
        if past is not None and past.n_targets != y_mean.size:
            raise self._error(
                f"y must have {past.n_targets} target(s) as in the last call of partial_fit; got "
                f"{y_mean.size}."
            )
        if wide:
            return self._average(design, y, y_mean.shape, past)
        moments = Moments.of(design, y, np.ravel(y_mean))
        self._past = moments if past is None else past + moments
        design, y = design_of(self._past, centre=self.fit_intercept, standardize=self.standardize)
        coef = self._minimise(design, y, self._alphas(y.shape[1])).T / design.scale
        self._store_coef(coef, self._past.mean, self._past.y_mean.reshape(y_mean.shape), X.dtype)
        warn_if_stopped_short(type(self).__name__, self.convergence_)
        return self

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data and their weights, validated; a reset forgets the samples of a stream."""
        if reset:
            self.__dict__.pop("_past", None)
        return super()._validate(X, y, sample_weight, reset)

    def _average(self, design, y, shape, past):
        """Take the steps of some samples of a stream; nothing tells how good the answer is."""
        began = time.perf_counter()
        if self.standardize:
            raise self._error(
                f"partial_fit on more than {self._cost.largest_gram} features does not support "
                "standardize=True, as deviations are not known in advance; got "
                f"{design.n_features} features. Scale X, or use fit."
            )
        penalty = coordinates(self, design).penalty
        alphas = self._alphas(y.shape[1])
        self._past = Stream.start(penalty, y.shape[1]) if past is None else past
        stream(design, y, alphas, penalty, self.fit_intercept, self._past)
        coef, intercept = self._past.averages()
        self._store_coef(coef.T, design.mean, intercept.reshape(shape), design.X.dtype)
        self.solver_, self.n_iter_ = "sgd", 1
        self.__dict__.pop("loss_curve_", None)
        unknown = np.full(len(alphas), np.nan) if len(alphas) > 1 else np.nan
        self.dual_gap_ = self.distance_bound_ = unknown
        self.convergence_ = Convergence(
            converged=False,
            relative_gap=np.nan,
            kkt_violation=np.nan,
            n_iter=1,
            n_data_passes=int(np.ceil(design.n_passes)),
            work=design.work,
            n_active=int(np.count_nonzero(coef)),
            seconds=time.perf_counter() - began,
            message=f"averaged {self._past.n_samples} samples of a stream; nothing was tested.",
        )
        return self

    def _options(self, solver):
        """Return the arguments of a solver, whose objective is half of that above."""
        if solver == "gd":
            return {"step": self.step and 2 * self.step, "momentum": self.momentum}
        return super()._options(solver)
