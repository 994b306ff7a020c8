"""A full Tikhonov matrix: closed forms in extended precision, refits, and factors as diagonals."""

from itertools import product

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import SplineTransformer

from skreg import RidgeGD, RidgeGDClassifier, RidgeGDClassifierCV, RidgeGDCV, ridge_path
from skreg._data import as_design
from skreg._solvers.standard_form import standard_form

ALPHAS = np.array([1e-2, 1.0, 1e2])
SHAPES = {"tall": (60, 9), "saturated": (10, 9), "square": (9, 9), "wide": (7, 12)}
KINDS = {"C": np.ascontiguousarray, "F": np.asfortranarray, "csr": sp.csr_array}


def solved(A, b):
    """Solve a system by elimination in extended precision."""
    scale = np.sqrt(np.where(A.diagonal() > 0, A.diagonal(), 1)).astype(np.longdouble)
    A, b = A / scale / scale[:, None], b / scale[:, None]
    for k in range(len(A)):
        pivot = k + np.argmax(np.abs(A[k:, k]))
        A[[k, pivot]], b[[k, pivot]] = A[[pivot, k]], b[[pivot, k]]
        multiple = A[k + 1 :, k] / A[k, k]
        A[k + 1 :, k:] -= np.outer(multiple, A[k, k:])
        b[k + 1 :] -= np.outer(multiple, b[k])
    for k in reversed(range(len(A))):
        b[k] = (b[k] - A[k, k + 1 :] @ b[k + 1 :]) / A[k, k]
    return (b / scale[:, None]).astype(float)


def tikhonov(X, y, P, s=None, intercept=True):
    """Return the minimiser of sum_i s_i (y_i - x_i w)^2 + w'Pw, of shape (n_targets, n_features).

    The intercept is one more column, without penalty.
    """
    s = np.ones(len(y)) if s is None else s
    X, y = X.astype(np.longdouble), y.reshape(len(y), -1).astype(np.longdouble)
    X = np.c_[X, np.ones(len(X))] if intercept else X
    G = X.T @ (s[:, None] * X)
    G[: len(P), : len(P)] += P
    w = solved(G, X.T @ (s[:, None] * y))
    return w[: len(P)].T, w[len(P)] if intercept else 0.0


def differences(p, order=2):
    D = np.diff(np.eye(p), order, axis=0)
    return D.T @ D


def random(p, rank=None):
    A = np.random.default_rng(1).standard_normal((p, rank or 2 * p))
    return A @ A.T / p


def graded(p):
    size = np.geomspace(1e-3, 1e3, p)
    return size[:, None] * random(p) * size


MATRICES = {
    "differences": differences,
    "first differences": lambda p: differences(p, 1),
    "definite": random,
    "low rank": lambda p: random(p, 2 * p // 3),
    "graded": graded,
    "diagonal": lambda p: np.diag(np.geomspace(1e-6, 1e6, p)),
    "some free": lambda p: np.diag(np.r_[0, 0, np.arange(1.0, p - 1)]),
    "identity": np.eye,
}


def problem(shape, n_targets=None, seed=0):
    """Return data with some zeros, their targets and weights."""
    rng = np.random.default_rng(seed)
    n, p = shape
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.8) + 0.0
    Y = X @ np.sin(np.arange(p) * 6 / p)[:, None] + rng.standard_normal((n, n_targets or 1)) + 5
    return X, Y if n_targets else Y[:, 0], rng.uniform(0.3, 3, n)


def assert_near(actual, expected, digits=9):
    expected = np.asarray(expected)
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=10.0**-digits * np.abs(expected).max(initial=1e-300)
    )


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
def test_closed_form(name, shape, intercept):
    X, Y, s = problem(shape, n_targets=3)
    P = MATRICES[name](shape[1])
    pairs = zip(Y.T, ALPHAS, strict=True)
    expected = [tikhonov(X, y, alpha * P, s, intercept) for y, alpha in pairs]
    for kind, matrix in product(KINDS.values(), (P, sp.csr_array(P))):
        model = RidgeGD(ALPHAS, penalty_matrix=matrix, fit_intercept=intercept)
        model.fit(kind(X), Y, s)
        for k, (coef, constant) in enumerate(expected):
            assert_near(model.coef_[k], coef[0])
            if intercept:
                assert_near(model.intercept_[k], constant)
        assert model.convergence_.converged
        assert model.convergence_.relative_gap < 1e-12


@pytest.mark.parametrize("name", ["differences", "graded", "diagonal", "low rank"])
@pytest.mark.parametrize(("n", "p"), [(15, 5), (90, 30), (22, 30), (300, 200), (150, 200)])
def test_ill_conditioned_matrices_cost_no_digits(name, n, p):
    X, y, _ = problem((n, p))
    P = MATRICES[name](p)
    for alpha in (1e-6, 1.0, 1e6):
        model = RidgeGD(alpha, penalty_matrix=P).fit(X, y)
        assert_near(model.coef_, tikhonov(X, y, alpha * P)[0][0])


@pytest.mark.parametrize("solver", ["auto", "cg", "nesterov", "gd"])
@pytest.mark.parametrize("name", ["differences", "low rank", "definite"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_solvers(solver, name, shape):
    X, y, s = problem(shape)
    P = MATRICES[name](shape[1])
    model = RidgeGD(3.0, penalty_matrix=P, solver=solver, tol=1e-11, standardize=True).fit(X, y, s)
    scale = np.sqrt(np.average((X - np.average(X, axis=0, weights=s)) ** 2, axis=0, weights=s))
    assert_near(model.coef_, tikhonov(X, y, 3.0 * P * np.outer(scale, scale), s)[0][0], digits=8)


def test_gradient_descent_falls_at_every_step():
    X, y, s = problem((60, 9))
    P = differences(9)
    model = RidgeGD(20.0, penalty_matrix=P, solver="gd", tol=1e-7).fit(X, y, s)
    assert np.all(np.diff(model.loss_curve_) < 0)
    final = s @ (y - model.predict(X)) ** 2 + 20 * model.coef_ @ P @ model.coef_
    assert model.loss_curve_[-1] == pytest.approx(final)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("factor", [np.ones(12), np.r_[0, 0, np.geomspace(0.01, 100, 10)]])
def test_a_diagonal_matrix_is_factors(shape, factor):
    X, y, s = problem(shape)
    f = factor[: shape[1]]
    for options in ({}, {"fit_intercept": False}, {"standardize": True}):
        one = RidgeGD(penalty_factor=f, tol=1e-14, **options).fit(X, y, s)
        two = RidgeGD(penalty_matrix=np.diag(f), tol=1e-13, **options).fit(X, y, s)
        assert_near(two.coef_, one.coef_, digits=10)
        one = RidgeGDCV(ALPHAS, penalty_factor=f, store_cv_results=True, **options).fit(X, y, s)
        two = RidgeGDCV(ALPHAS, penalty_matrix=np.diag(f), store_cv_results=True, **options)
        two.fit(X, y, s)
        assert_near(two.cv_results_, one.cv_results_)


def test_a_matrix_of_zeros_is_least_squares():
    X, y, s = problem((60, 9))
    model = RidgeGD(7.0, penalty_matrix=np.zeros((9, 9))).fit(X, y, s)
    assert_near(model.coef_, tikhonov(X, y, np.zeros((9, 9)), s)[0][0])


@pytest.mark.parametrize("name", ["differences", "definite"])
def test_without_alpha_the_answer_is_the_limit_of_small_ones(name):
    """On wide data many coefficients fit; those with the least penalty are meant."""
    for shape in SHAPES.values():
        X, y, s = problem(shape)
        P = MATRICES[name](shape[1])
        limit = tikhonov(X, y, 1e-10 * P, s)[0][0]
        assert_near(RidgeGD(0.0, penalty_matrix=P).fit(X, y, s).coef_, limit, digits=6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("standardize", [True, False])
def test_flat_columns_follow_the_others(kind, standardize):
    """Their gradient is that of the penalty alone: (P w)_j = 0."""
    X, y, s = problem((60, 9))
    X[:, [2, 3, 7]] = [0.1, 0.0, 1e8]
    P = differences(9)
    P[7], P[:, 7] = 0.0, 0.0
    model = RidgeGD(2.0, penalty_matrix=P, standardize=standardize).fit(KINDS[kind](X), y, s)
    scale = np.sqrt(np.average((X - np.average(X, axis=0, weights=s)) ** 2, axis=0, weights=s))
    scale = np.where([*[True] * 2, False, False, *[True] * 3, False, True], scale, 1.0)
    others = np.arange(9) != 7
    weighed = (2.0 * P * np.outer(scale, scale) if standardize else 2.0 * P)[others][:, others]
    moved = X[:, others] - [*[0] * 2, 0.1, *[0] * 5]  # elimination would make noise of 0.1
    assert_near(model.coef_[others], tikhonov(moved, y, weighed, s)[0][0])
    assert model.coef_[7] == 0
    assert abs(model.coef_[2]) > 1e-3
    assert np.abs(P @ (model.coef_ * (scale if standardize else 1)))[[2, 3]].max() < 1e-12


def test_nothing_to_learn_from():
    y = np.arange(5.0)
    for P in (np.eye(3), differences(3), np.zeros((3, 3))):
        for model in (RidgeGD(penalty_matrix=P), RidgeGDCV(penalty_matrix=P)):
            assert not model.fit(np.ones((5, 3)), y).coef_.any()
            assert model.intercept_ == pytest.approx(2)
    assert RidgeGD(penalty_matrix=[[2.0]]).fit([[1.0]], [2.0]).predict([[7.0]]) == 2


def test_directions_without_data_or_penalty_stay_where_they_are():
    X, y, _ = problem((60, 9))
    P = differences(18)
    P[9:], P[:, 9:] = 0.0, 0.0
    P[:9, :9] = differences(9)
    model = RidgeGD(2.0, penalty_matrix=P).fit(np.c_[X, X[:, :4], 0 * X[:, :5]], y)
    assert model.convergence_.converged
    assert not model.coef_[13:].any()
    assert np.abs(model.coef_).max() < 10
    expected = RidgeGD(2.0, penalty_matrix=P[:13, :13]).fit(np.c_[X, X[:, :4]], y)
    assert_near(
        expected.predict(np.c_[X, X[:, :4]]),
        X @ model.coef_[:9] + X[:, :4] @ (model.coef_[9:13]) + model.intercept_,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_knots", [4, 10, 40, 120])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_splines_with_an_intercept(kind, n_knots, order):
    """The basis sums to 1, so what the penalty leaves free has no data beside the intercept."""
    t = np.sort(np.random.default_rng(0).random(200))[:, None]
    B = SplineTransformer(n_knots).fit_transform(t)
    y = np.sin(9 * t[:, 0]) + 0.3 * np.random.default_rng(1).standard_normal(200)
    P = differences(B.shape[1], order)
    for make in (RidgeGD(1.0, penalty_matrix=P), RidgeGDCV([1.0], penalty_matrix=P)):
        model = make.fit(KINDS[kind](B), y)
        expected = B @ tikhonov(B, y, P, intercept=False)[0][0]
        assert_near(model.predict(B), expected)
        assert_near(P @ model.coef_, P @ tikhonov(B, y, P, intercept=False)[0][0], digits=8)
        assert np.abs(model.coef_).max() < 10


@pytest.mark.parametrize(("n", "p"), [(103, 50), (60, 80), (300, 200)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_offsets(n, p, kind, order):
    """What is free keeps its data, beside means that are up to a million times as large."""
    X, y, s = problem((n, p))
    P, offset = 0.01 * differences(p, order), 2.0**10 if kind == "csr" else 2.0**20
    far = X + offset
    model = RidgeGD(penalty_matrix=P, tol=1e-8).fit(KINDS[kind](far), y, s)
    assert_near(model.coef_, tikhonov(far - offset, y, P, s)[0][0], digits=7)
    far = X + 2.0**10
    model = RidgeGD(penalty_matrix=P, fit_intercept=False).fit(KINDS[kind](far), y, s)
    assert_near(model.coef_, tikhonov(far, y, P, s, False)[0][0], digits=7)


@pytest.mark.parametrize("seed", range(5))
def test_a_point_with_a_far_lower_objective_is_not_left_for_the_start(seed):
    """Its gap, relative to its objective, may be larger than that of the start."""
    X, y, s = problem((103, 50), seed=seed)
    P = 0.01 * differences(50, 3)
    model = RidgeGD(penalty_matrix=P, fit_intercept=False, tol=1e-9).fit(X + 2.0**17, y + 1e7, s)
    expected = tikhonov(X + 2.0**17, y + 1e7, P, s, False)[0][0]
    assert_near(model.predict(X + 2.0**17), (X + 2.0**17) @ expected)


def refits(X, Y, P, s, intercept):
    """Return the errors of each sample in the model that has not seen it, by alpha."""
    errors = np.empty((*Y.shape, len(ALPHAS)))
    for i in range(len(Y)):
        rest = np.arange(len(Y)) != i
        for k, alpha in enumerate(ALPHAS):
            coef, constant = tikhonov(X[rest], Y[rest], alpha * P, s[rest], intercept)
            errors[i, :, k] = Y[i] - X[i] @ coef.T - constant
    return errors


@pytest.mark.parametrize("name", ["differences", "first differences", "definite", "identity"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
def test_leave_one_out_is_that_of_refits(name, shape, intercept):
    X, Y, s = problem(shape, n_targets=2)
    P = MATRICES[name](shape[1])
    options = {"penalty_matrix": P, "fit_intercept": intercept, "store_cv_results": True}
    expected = s[:, None, None] * refits(X, Y, P, s, intercept) ** 2
    for kind in ("C", "csr"):
        model = RidgeGDCV(ALPHAS, alpha_per_target=True, **options).fit(KINDS[kind](X), Y, s)
        np.testing.assert_allclose(model.cv_results_, expected, rtol=1e-8, atol=1e-11)
        for k, alpha in enumerate(model.alpha_):
            assert alpha == ALPHAS[expected[:, k].mean(axis=0).argmin()]
            assert_near(model.coef_[k], tikhonov(X, Y[:, k], alpha * P, s, intercept)[0][0])
        assert model.convergence_.converged


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_gcv(shape):
    X, y, _ = problem(shape)
    P, n = differences(shape[1]), len(y)
    for alpha in ALPHAS:
        model = RidgeGDCV([alpha], penalty_matrix=P, criterion="gcv").fit(X, y)
        H = np.array(
            [X @ tikhonov(X, e, alpha * P)[0][0] + tikhonov(X, e, alpha * P)[1] for e in np.eye(n)]
        ).T
        expected = np.mean(((y - H @ y) / (1 - np.trace(H) / n)) ** 2)
        assert model.best_score_ == pytest.approx(-expected, rel=1e-8)


FOLDS = {
    "few": ([0, 3, 5], np.r_[1, 2, 4, 6:60]),
    "many": (np.arange(2, 40), np.r_[0, 1, 40:60]),
    "half": (np.arange(30), np.arange(30, 60)),
}


@pytest.mark.parametrize("name", ["differences", "definite"])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("p", [9, 70])
@pytest.mark.parametrize("far", [0.0, 1e3])
def test_folds_are_refits(name, intercept, fold, p, far):
    X, y, s = problem((60, p))
    test, train = FOLDS[fold]
    X[test] += far * intercept  # so that the means of training samples are far from those of all
    P, expected = MATRICES[name](p), []
    for alpha in ALPHAS:
        coef, constant = tikhonov(X[train], y[train], alpha * P, s[train], intercept)
        errors = y[test] - X[test] @ coef[0] - constant
        expected.append(-np.average(errors**2, weights=s[test]))
    model = RidgeGDCV(ALPHAS, penalty_matrix=P, fit_intercept=intercept, cv=[(train, test)])
    model.set_params(scoring="neg_mean_squared_error")
    for kind in ("C", "csr"):
        scores = model.fit(KINDS[kind](X), y, s).cv_scores_[0]
        np.testing.assert_allclose(scores, expected, rtol=1e-7)


@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"standardize": True}])
def test_partial_fit_is_fit(options):
    X, Y, s = problem((60, 9), n_targets=2)
    X[:, 4] = 0.1
    for name in ("differences", "definite", "low rank"):
        model = RidgeGD([0.1, 10.0], penalty_matrix=MATRICES[name](9), tol=1e-13, **options)
        whole = clone(model).fit(X, Y, s)
        for rows in np.split(np.arange(60), [20, 21, 45]):
            model.partial_fit(X[rows], Y[rows], s[rows])
        assert_near(model.coef_, whole.coef_)
        assert_near(model.intercept_, whole.intercept_)


def test_a_path_is_its_fits():
    X, Y, s = problem((60, 9), n_targets=2)
    options = {"penalty_matrix": differences(9), "standardize": True}
    path = ridge_path(X, Y, alphas=ALPHAS, sample_weight=s, **options)
    for k, alpha in enumerate(path.alphas):
        model = RidgeGD(alpha, **options).fit(X, Y, s)
        assert_near(path.coefs[:, :, k], model.coef_)
        assert_near(path.intercepts[:, k], model.intercept_)


@pytest.mark.parametrize("name", ["differences", "definite", "low rank", "graded"])
@pytest.mark.parametrize("shape", [(60, 9), (7, 12)])
def test_the_gap_bounds_the_excess(name, shape):
    X, y, s = problem(shape)
    P = MATRICES[name](shape[1])
    Xc, yc = X - np.average(X, axis=0, weights=s), y - np.average(y, weights=s)

    def objective(w):
        return s @ (yc - Xc @ w) ** 2 + 5.0 * w @ P @ w

    least = objective(tikhonov(X, y, 5.0 * P, s)[0][0])
    for max_iter in (1, 3, 10, 30):
        model = RidgeGD(5.0, penalty_matrix=P, solver="gd", max_iter=max_iter, tol=0.0)
        with pytest.warns(ConvergenceWarning):
            model.fit(X, y, s)
        excess = objective(model.coef_) - least
        assert excess <= model.dual_gap_ * (1 + 1e-6) + 1e-12 * least
        assert model.dual_gap_ >= 0


def test_classifiers():
    X, y = load_breast_cancer(return_X_y=True)
    P = random(30)
    model = RidgeGDClassifier(2.0, penalty_matrix=P, standardize=True).fit(X, y)
    ridge = RidgeGD(2.0, penalty_matrix=P, standardize=True).fit(X, np.where(y, 1.0, -1.0))
    np.testing.assert_array_equal(model.coef_, ridge.coef_)
    model = RidgeGDClassifierCV(ALPHAS, penalty_matrix=P, standardize=True).fit(X, y)
    ridge = RidgeGDCV(ALPHAS, penalty_matrix=P, standardize=True).fit(X, np.where(y, 1.0, -1.0))
    assert model.alpha_ == ridge.alpha_
    np.testing.assert_array_equal(model.coef_, ridge.coef_)


@pytest.mark.parametrize("kind", ["C", "csr", "float32"])
def test_neither_matrix_is_changed(kind):
    X, y, s = problem((60, 9))
    X = X.astype(np.float32) if kind == "float32" else KINDS[kind](X)
    for P in (differences(9), sp.csc_array(differences(9)), sp.coo_matrix(differences(9))):
        before = abs(P).sum(), abs(X).sum()
        model = RidgeGD(penalty_matrix=P).fit(X, y, s)
        RidgeGDCV(penalty_matrix=P, cv=3).fit(X, y, s)
        assert (abs(P).sum(), abs(X).sum()) == before
        assert model.penalty_matrix is P
        assert clone(model).get_params()["penalty_matrix"] is not None
        assert model.coef_.dtype == X.dtype


def test_rounding_of_a_matrix_is_allowed():
    """A projection has a zero in its place, but for rounding; so have other things."""
    X, y, _ = problem((60, 9))
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((9, 4)))[0]
    P = np.eye(9) - Q @ Q.T
    P[0, 1] += 1e-14
    model = RidgeGD(penalty_matrix=P).fit(X, y)
    assert_near(model.coef_, tikhonov(X, y, np.eye(9) - Q @ Q.T)[0][0])
    P = np.diag([-1e-17, *np.ones(8)])
    P[0, 1] = P[1, 0] = 1e-16
    model = RidgeGD(penalty_matrix=P).fit(X, y)
    assert_near(model.coef_, tikhonov(X, y, np.diag([0.0, *np.ones(8)]))[0][0])


EYE = np.eye(9)
WRONG = [
    ({"penalty_matrix": np.eye(8)}, r"a symmetric matrix .* of shape \(9, 9\); got shape \(8, 8\)"),
    ({"penalty_matrix": np.ones(9)}, r"of shape \(9, 9\); got shape \(9,\)"),
    ({"penalty_matrix": sp.eye_array(9, 8)}, r"of shape \(9, 9\); got shape \(9, 8\)"),
    ({"penalty_matrix": "smooth"}, r"penalty_matrix must be a symmetric matrix .*got 'smooth'"),
    ({"penalty_matrix": [[1, 2], [3]]}, r"penalty_matrix must be a symmetric matrix .*got \[\["),
    ({"penalty_matrix": 1j * EYE}, "penalty_matrix must be a symmetric matrix of numbers"),
    ({"penalty_matrix": np.where(EYE, np.nan, 0)}, "penalty_matrix must be finite; got NaN"),
    ({"penalty_matrix": np.where(EYE, np.inf, 0)}, "penalty_matrix must be finite"),
    (
        {"penalty_matrix": np.eye(9, k=1) + EYE},
        r"symmetric; got 1 at \(0, 1\) but 0 at \(1, 0\). Pass \(P \+ P.T\) / 2",
    ),
    (
        {"penalty_matrix": np.diag([1.0, -1e-6, *np.ones(7)])},
        "positive semidefinite.*got eigenvalues from -1e-06 to 1. D'D is",
    ),
    (
        {"penalty_matrix": np.fliplr(EYE)},
        "penalty_matrix must be positive semidefinite.*got eigenvalues from -1 to 1",
    ),
    (
        {"penalty_matrix": EYE, "penalty_factor": 1},
        r"penalty_matrix and penalty_factor were both given; .*diag\(f\).* leave penalty_factor",
    ),
    ({"penalty_matrix": EYE, "positive": True}, "does not support positive, lower or upper; leave"),
    ({"penalty_matrix": EYE, "lower": 0}, "does not support positive, lower or upper; leave"),
    ({"penalty_matrix": EYE, "upper": {"a": 1}}, "does not support positive, lower or upper"),
    ({"penalty_matrix": EYE, "solver": "sgd"}, "not support solver='sgd'; use solver='auto'"),
]


@pytest.mark.parametrize(("parameters", "message"), WRONG)
def test_what_is_refused(parameters, message):
    X, y, _ = problem((60, 9))
    makers = [RidgeGD, RidgeGDClassifier]
    if not parameters.keys() & {"positive", "lower", "upper", "solver"}:
        makers += [RidgeGDCV, RidgeGDClassifierCV]
    for make in makers:
        with pytest.raises((ValueError, TypeError), match=f"{make.__name__}: .*{message}"):
            make(**parameters).fit(X, y > 5)
    if "solver" not in parameters:
        with pytest.raises((ValueError, TypeError), match=message):
            ridge_path(X, y, alphas=[1.0], **parameters)


def test_too_many_features():
    X = sp.csr_array((3, 6001))
    with pytest.raises(ValueError, match=r"at most 6000 features; got 6001\. Use penalty_factor"):
        RidgeGD(penalty_matrix=sp.eye_array(6001)).fit(X, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("centre", [True, False])
def test_questions_of_the_view(kind, centre):
    X, _, s = problem((40, 7))
    X[:, 3] = 2.0
    design = as_design(KINDS[kind](X), s, centre=centre, standardize=True)
    view, factor = standard_form(design, differences(7))
    T, rng = view.T, np.random.default_rng(0)
    Z = design.matvec(np.eye(7)) @ T
    r, some, rows = rng.standard_normal((40, 2)), np.array([4, 0, 2]), np.array([3, 9, 30])
    v, q = rng.standard_normal((T.shape[1], 2)), rng.random(T.shape[1])
    tight = {"rtol": 1e-10, "atol": 1e-10}
    np.testing.assert_allclose(view.matvec(v), Z @ v, **tight)
    np.testing.assert_allclose(view.matvec(v[some], some), Z[:, some] @ v[some], **tight)
    np.testing.assert_allclose(view.rmatvec(r), Z.T @ (s[:, None] * r), **tight)
    np.testing.assert_allclose(view.rmatvec(r[:, 0]), Z.T @ (s * r[:, 0]), **tight)
    G = Z.T @ (s[:, None] * Z)
    np.testing.assert_allclose(view.gram(some), G[np.ix_(some, some)], **tight)
    np.testing.assert_allclose(view.kernel(q), Z * q @ Z.T, **tight)
    np.testing.assert_allclose(view.column_norms, np.sqrt(G.diagonal()), **tight)
    np.testing.assert_allclose(view.take(rows).matvec(v), Z[rows] @ v, **tight)
    shift = Z[rows].mean(axis=0)
    np.testing.assert_allclose(view.about(shift).matvec(v), (Z - shift) @ v, **tight)
    assert np.all(view.mean >= 0)
    np.testing.assert_allclose(G, np.diag(G.diagonal()), atol=1e-10)
    np.testing.assert_allclose(G.diagonal() + factor, 1.0, **tight)
    np.testing.assert_allclose(T.T @ differences(7) @ T, np.diag(factor), **tight)
