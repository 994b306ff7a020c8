"""Every control of the L1 family, in any combination, on random data against naive references."""

import tempfile

import numpy as np
import scipy.sparse as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from skreg import ElasticNetCD, enet_path

from . import naive

INF = np.inf
FACTORS = [0.0, 0.5, 1.0, 1.0, 2.0, INF]
BOUNDS = [(-INF, INF), (-INF, INF), (0.0, INF), (-INF, 0.0), (-0.2, 0.1), (0.05, INF), (0.3, 0.3)]
TOL = 1e-11  # bounds that exclude 0 can make residuals larger than y, and so their rounding
EXAMPLES = settings(deadline=None, max_examples=100)


@st.composite
def problems(draw, constrained=None):
    """Return X, y, sample weights and the parameters of an ElasticNetCD."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, p = draw(st.integers(3, 40)), draw(st.integers(1, 60))
    X = rng.standard_normal((n, p)) + draw(st.sampled_from([0, 0, 5])) * rng.standard_normal((n, 1))
    X *= rng.choice([0.3, 1.0, 3.0], p) * (rng.random((n, p)) < draw(st.sampled_from([0.2, 1])))
    y = rng.standard_normal(n) + X[:, 0]
    s = rng.integers(1, 4, n).astype(float) if draw(st.booleans()) else np.ones(n)
    factor = rng.choice(FACTORS, p) if draw(st.booleans()) else np.ones(p)
    kinds = rng.integers(0, len(BOUNDS), p) if draw(st.booleans()) else np.zeros(p, int)
    lower, upper = np.transpose([BOUNDS[kind] for kind in kinds])
    lower = np.where(np.isinf(factor), np.minimum(lower, 0), lower)  # left out: at 0
    params = {"penalty_factor": factor, "lower": lower, "upper": upper, "tol": TOL}
    params |= {"fit_intercept": draw(st.booleans()), "standardize": draw(st.booleans())}
    params |= {"alpha": draw(st.sampled_from([1e-3, 0.05, 0.3]))}
    return X, y, s, params | {"l1_ratio": draw(st.sampled_from([0.3, 0.9, 1.0, 1.0]))}


def fit(X, y, s, params):
    return ElasticNetCD(**params).fit(X, y, s)


def penalties(X, s, alpha, l1_ratio, penalty_factor, fit_intercept, standardize, **_):
    """Return the weights of |w_j| and w_j^2 / 2 on the original scale, and constant columns."""
    mean = np.average(X, axis=0, weights=s)
    deviation = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=s))
    constant = deviation <= 1e-14 * np.abs(mean)
    scale = np.where(constant | (not standardize), 1.0, deviation)
    factor = np.where(np.isinf(penalty_factor), 0.0, penalty_factor)
    frozen = np.isinf(penalty_factor) | (constant & (fit_intercept | (mean == 0)))
    return alpha * l1_ratio * factor * scale, alpha * (1 - l1_ratio) * factor * scale**2, frozen


def objective(X, y, s, params, w):
    lasso, ridge, _ = penalties(X, s, **params)
    return naive.enet_objective(X, y, w, lasso, ridge, s, params["fit_intercept"])


def loss_without_features(y, s, params):
    return np.average((y - np.average(y, weights=s) * params["fit_intercept"]) ** 2, weights=s) / 2


@EXAMPLES
@given(problems())
def test_optimality_and_certificate(problem):
    X, y, s, params = problem
    model = fit(*problem)
    w = model.coef_
    assert model.convergence_.converged
    assert model.dual_gap_ <= TOL * loss_without_features(y, s, params)
    lasso, ridge, frozen = penalties(X, s, **params)
    bounds = params["lower"], params["upper"]
    assert np.all((bounds[0] - 1e-15 <= w) & (w <= bounds[1] + 1e-15))
    # Scaling and back may move a bound by a rounding error.
    lower, upper = (np.where(frozen | (np.abs(w - b) < 1e-14), w, b) for b in bounds)
    violation = naive.enet_kkt(X, y, w, lasso, ridge, lower, upper, s, params["fit_intercept"])
    assert violation <= 1e-6 * np.abs(X).max() * np.abs(y).max()


@EXAMPLES
@given(problems(), st.sampled_from([1e-1, 1e-2, 1e-4]))
def test_the_gap_bounds_what_an_early_stop_costs(problem, tol):
    X, y, s, params = problem
    model = fit(X, y, s, params | {"tol": tol})
    best = objective(X, y, s, params, fit(*problem).coef_)
    excess = objective(X, y, s, params, model.coef_) - best
    assert excess <= model.dual_gap_ + 2 * TOL * loss_without_features(y, s, params)
    assert model.convergence_.relative_gap <= tol


def memory_map(X):
    """Return X as it is read from a file."""
    with tempfile.TemporaryFile() as file:
        file.write(np.ascontiguousarray(X).tobytes())
        file.flush()
        return np.memmap(file, dtype=X.dtype, mode="r", shape=X.shape)


@EXAMPLES
@given(problems(), st.integers(0, 10**6))
def test_the_same_problem_in_other_words(problem, seed):
    X, y, s, params = problem
    best = objective(X, y, s, params, fit(*problem).coef_)
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(X.shape[1]), rng.choice([-1.0, 1.0], X.shape[1])
    per_feature = {name: params[name][order] for name in ("penalty_factor", "lower", "upper")}
    up, down = per_feature["lower"], per_feature["upper"]
    flipped = {"lower": np.minimum(up * signs, down * signs)}
    flipped |= {"upper": np.maximum(up * signs, down * signs)}
    row = np.repeat(np.arange(len(y)), s.astype(int))
    other = params | per_feature
    words = {
        "Fortran order": fit(np.asfortranarray(X), y, s, params).coef_,
        "memory map": fit(memory_map(X), y, s, params).coef_,
        "rows": fit(sp.csr_array(X), y, s, params).coef_,
        "columns": fit(sp.csc_matrix(X), y, s, params).coef_,
        "weights as repeated rows": fit(X[row], y[row], None, params).coef_,
        "columns in another order": fit(X[:, order], y, s, other).coef_[np.argsort(order)],
        "columns of other signs": (fit(X[:, order] * signs, y, s, other | flipped).coef_ * signs)[
            np.argsort(order)
        ],
    }
    for name, w in words.items():
        excess = objective(X, y, s, params, w) - best
        assert abs(excess) <= 1e-10 * loss_without_features(y, s, params), name


@EXAMPLES
@given(problems(), st.sampled_from([1e-100, 1e-3, 1e9, 1e100]))
def test_a_target_in_other_units_has_coefficients_in_other_units(problem, scale):
    X, y, s, params = problem
    assume(params["l1_ratio"] == 1)  # alpha scales only the L1 part
    other = params | {"alpha": params["alpha"] * scale}
    other |= {"lower": params["lower"] * scale, "upper": params["upper"] * scale}
    best = objective(X, y, s, params, fit(*problem).coef_)
    w = fit(X, y * scale, s, other).coef_ / scale
    assert abs(objective(X, y, s, params, w) - best) <= 1e-9 * loss_without_features(y, s, params)


@EXAMPLES
@given(problems())
def test_a_path_is_its_fits(problem):
    X, y, s, params = problem
    given_ = {name: value for name, value in params.items() if name != "alpha"}
    alphas = params["alpha"] * np.geomspace(50, 1, 12)
    path = enet_path(X, y, alphas=alphas, sample_weight=s, **given_)
    np.testing.assert_allclose(path.alphas, alphas)
    for alpha, coef, gap in zip(path.alphas, path.coefs.T, path.gaps, strict=True):
        alone = fit(X, y, s, params | {"alpha": alpha})
        at = params | {"alpha": alpha}
        excess = objective(X, y, s, at, coef) - objective(X, y, s, at, alone.coef_)
        assert abs(excess) <= 1e-10 * loss_without_features(y, s, params)
        assert gap <= TOL * loss_without_features(y, s, params)
