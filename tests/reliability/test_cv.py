"""Cross-validation on problems of every kind: leave-one-out is held against refits, folds too."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.metrics import mean_squared_error

from skreg import ElasticNetCDCV, LassoCDCV, RidgeGD, RidgeGDCV

from .reference import LONG
from .strategies import COLUMNS, autoregressive, factors, gaussian, problems, skewed, text
from .test_l1 import EXAMPLES

UNIQUE = gaussian, factors, skewed, text, autoregressive  # are their lasso's answers
MOST_ROWS, MOST_COLUMNS = 14, 25  # all samples are left out in turn, in extended precision


def fewer(problem):
    """Return some rows and columns of a problem; the first has a weight."""
    X, y, s, params = problem
    params = {k: v[:MOST_COLUMNS] if np.ndim(v) else v for k, v in params.items()}
    X = X.tocsr() if hasattr(X, "tocsr") else X
    return X[:MOST_ROWS, :MOST_COLUMNS], y[:MOST_ROWS], s[:MOST_ROWS], params


def triangles(A):
    """Reduce the last two axes of an array to triangles by reflections; no LAPACK is longdouble."""
    A = A.copy()
    for k in range(min(A.shape[1] - 1, A.shape[2])):
        v = A[:, k:, k].copy()
        length = np.sqrt(np.sum(v**2, axis=1))
        v[:, 0] += np.where(v[:, 0] < 0, -length, length)
        square = np.sum(v**2, axis=1)
        factor = np.divide(2, square, out=np.zeros_like(square), where=square > 0)
        along = np.einsum("ij,ijk->ik", v, A[:, k:, k:])
        A[:, k:, k:] -= (factor[:, None] * v)[:, :, None] * along[:, None]
    return A


def left_out_errors(X, y, s, params, alpha):
    """Return the error at each sample of the ridge fitted to the others, and where it is known.

    The intercept is a column of ones without a penalty; a column that the others explain but for
    rounding leaves the answer open.
    """
    X, y = np.asarray(X.toarray() if hasattr(X, "toarray") else X).astype(LONG), y.astype(LONG)
    weight = s.astype(LONG) / s.sum()
    mean = weight @ X
    deviation = np.sqrt(weight @ (X - mean) ** 2)
    constant = deviation <= 1e-14 * np.abs(mean)
    unit = np.where(constant | (not params["standardize"]), 1, deviation)
    used = np.isfinite(params["penalty_factor"])
    used &= ~constant | ((not params["fit_intercept"]) & (mean != 0))
    X = ((X - mean if params["fit_intercept"] else X) / unit)[:, used]
    factor = params["penalty_factor"][used]
    if params["fit_intercept"]:
        X, factor = np.hstack([X, np.ones((len(X), 1))]), np.append(factor, 0)
    root = np.sqrt(np.where(np.eye(len(y), dtype=bool), 0, s))
    rows = root[:, :, None] * np.hstack([X, y[:, None]])
    ridge = np.pad(np.diag(np.sqrt(alpha * factor.astype(LONG))), ((0, 0), (0, 1)))
    R = triangles(np.concatenate([rows, np.broadcast_to(ridge, (len(y), *ridge.shape))], axis=1))
    p = len(factor)
    diagonal = np.abs(R[:, np.arange(p), np.arange(p)])
    length = np.sqrt(np.sum(R[:, :p, :p] ** 2, axis=1))
    known = np.all(diagonal > 1e-5 * length, axis=1)
    w = np.zeros((len(y), p), LONG)
    for k in reversed(range(p)):
        rest = R[:, k, p] - np.sum(R[:, k, k + 1 : p] * w[:, k + 1 :], axis=1)
        w[:, k] = np.divide(rest, R[:, k, k], out=np.zeros_like(rest), where=known)
    return y - np.sum(X * w, axis=1), known


def farthest(X):
    """Return how many deviations the mean of a column is from 0, at the most."""
    X = np.asarray(X.toarray() if hasattr(X, "toarray") else X).astype(float)
    mean, deviation = np.abs(X.mean(axis=0)), X.std(axis=0)
    return np.max(mean[deviation > 0] / deviation[deviation > 0], initial=0)


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_leave_one_out(columns):
    @settings(max_examples=EXAMPLES, deadline=None, print_blob=True)
    @given(problems(columns), st.sampled_from([1e-8, 1e-4, 1e-2, 1, 100]))
    def draw(problem, part):
        X, y, s, params = fewer(problem)
        if np.count_nonzero(s) < 3:
            return
        largest = np.max(np.abs(X).sum(axis=0)) ** 2
        alpha = float(part * largest) or 1.0
        options = {k: params[k] for k in ("penalty_factor", "fit_intercept", "standardize")}
        model = RidgeGDCV([alpha, 10 * alpha], store_cv_results=True, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ConvergenceWarning)
            try:
                errors = model.fit(X, y, s).cv_results_
            except ValueError as error:
                if "without" in str(error):  # there is no model without some sample
                    return
                raise
        far = not params["fit_intercept"] and farthest(X) > 100
        tol = 1e-4 if far else 1e-6  # columns far from 0 are nearly the same one
        scale = np.max(np.abs(y))
        for k, alpha in enumerate(model.alphas):
            expected, known = left_out_errors(X, y, s, params, alpha)
            ours = np.sqrt(errors[:, k] / np.where(s > 0, s, 1))
            known &= s > 0
            np.testing.assert_allclose(
                ours[known], np.abs(expected[known]).astype(float), rtol=tol, atol=tol * scale
            )

    draw()


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_folds(columns):
    """Errors of folds are those of scikit-learn, where it converges to the only answer."""

    @settings(max_examples=max(1, EXAMPLES // 4), deadline=None, print_blob=True)
    @given(problems(columns), st.sampled_from([1.0, 0.5] if columns in UNIQUE else [0.9, 0.5]))
    def draw(problem, l1_ratio):
        X, y, s, params = problem
        X, y = X[:, :60].astype(float), y / (np.max(np.abs(y)) or 1.0)  # 1e-30 has no ridge part
        X = X.tocsc() if hasattr(X, "tocsc") else np.asfortranarray(X)
        options = {"fit_intercept": params["fit_intercept"], "cv": 3}
        parts = np.array_split(np.arange(len(y)), 3)
        if len(y) < 6 or not all(s[part].any() for part in parts):
            return
        ours = (
            LassoCDCV(**options) if l1_ratio == 1 else ElasticNetCDCV(l1_ratio=l1_ratio, **options)
        )
        theirs = LassoCV() if l1_ratio == 1 else ElasticNetCV(l1_ratio=l1_ratio)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ours.set_params(alphas=10, eps=1e-2, tol=1e-12).fit(X, y, s)
        theirs.set_params(**options, alphas=ours.alphas_, tol=1e-12, max_iter=10**4)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                theirs.fit(X, y, s)
        except (ConvergenceWarning, RuntimeWarning):
            return
        assert not caught
        np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-4, atol=1e-6)

    draw()


@pytest.mark.parametrize("columns", COLUMNS, ids=lambda columns: columns.__name__)
def test_folds_of_ridge(columns):
    """Their errors are those of fits to the other folds."""

    @settings(max_examples=max(1, EXAMPLES // 4), deadline=None, print_blob=True)
    @given(problems(columns), st.sampled_from([1e-4, 1e-2, 1, 100]))
    def draw(problem, part):
        X, y, s, params = problem
        X = (X.tocsr() if hasattr(X, "tocsr") else X).astype(float)  # float32 rounds coefficients
        parts = np.array_split(np.arange(len(y)), 3)
        if len(y) < 6 or not all(s[rows].any() for rows in parts):
            return
        alpha = float(part * np.max(np.abs(X).sum(axis=0)) ** 2) or 1.0
        options = {"fit_intercept": params["fit_intercept"]}
        options |= {"penalty_factor": np.where(params["penalty_factor"] > 0, 1.0, 0.5)}
        scoring = "neg_mean_squared_error"
        model = RidgeGDCV([alpha, 10 * alpha], cv=3, scoring=scoring, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, y, s)
        for fold, rows in enumerate(parts):
            rest = np.setdiff1d(np.arange(len(y)), rows)
            for k, alpha in enumerate(model.alphas):
                one = RidgeGD(alpha, **options).fit(X[rest], y[rest], s[rest])
                error = mean_squared_error(y[rows], one.predict(X[rows]), sample_weight=s[rows])
                slack = {"rtol": 1e-5, "atol": 1e-7 * np.max(np.abs(y)) ** 2}
                np.testing.assert_allclose(-model.cv_scores_[fold, k], error, **slack)

    draw()
