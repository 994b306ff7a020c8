"""Problems on which a fit was wrong once, each as X, y, sample weights and parameters."""

import numpy as np
import scipy.sparse as sp

INF = np.inf
CASES, RIDGE = {}, {}  # of the L1 family, and without L1


def named(X, y, s=None, **params):
    """Return a problem with the parameters that it does not name."""
    n, p = X.shape
    free = {"penalty_factor": np.ones(p), "lower": np.full(p, -INF), "upper": np.full(p, INF)}
    free |= {"l1_ratio": 1.0, "fit_intercept": True, "standardize": False}
    return X, y, np.ones(n) if s is None else s, free | params


def case(words, cases=CASES):
    """Keep a problem under some words: what it is, and what went wrong."""
    return lambda function: cases.setdefault(words, function)


def largest_alpha(X, y):
    """Return the alpha above which nothing is selected."""
    return np.max(np.abs((X - X.mean(axis=0)).T @ (y - y.mean()))) / len(y)


def factors(n, p, k, noise, seed, target="classes", transform=np.asarray):
    """Return standardised columns that share k factors, and one of these, or its sign."""
    rng = np.random.default_rng(seed)
    F, L = rng.standard_normal((n, k)), rng.standard_normal((k, p))
    X = F @ (L * np.linspace(1, 0.1, k)[:, None]) + noise * rng.standard_normal((n, p))
    if target == "classes":
        y = np.where(F[:, 0] + 0.5 * rng.standard_normal(n) > 0, 1.0, -1.0)
    else:
        y = F[:, 0] + noise * rng.standard_normal(n)
    X = transform(X)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def factor_model(seed):
    """Return one of the family on which peers and paths had no trouble."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(40, 200)), int(np.exp(rng.uniform(np.log(500), np.log(4000))))
    shape = int(rng.choice([3, 5, 10, 20, 40])), float(rng.choice([0.01, 0.05, 0.1, 0.5, 1]))
    transform = (lambda X: np.exp(X / 3)) if rng.random() < 0.3 else np.asarray
    return factors(*size, *shape, seed, rng.choice(["classes", "numbers"]), transform)


@case("Ten factors at alpha_max / 500: stopped at max_iter after 16 s")
def _():
    X, y = factors(100, 5000, 10, 0.5, 0)
    return named(X, y, alpha=largest_alpha(X, y) / 500)


@case("Five factors and little noise: all coefficients were 0")
def _():
    X, y = factors(60, 3000, 5, 0.05, 2)
    return named(X, y, alpha=largest_alpha(X, y) / 500)


@case("Ten factors at alpha_max / 10000: all coefficients were 0")
def _():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 10)) @ rng.standard_normal((10, 400))
    X += 0.01 * rng.standard_normal(X.shape)
    y = X[:, :5].sum(axis=1) + 0.1 * rng.standard_normal(20)
    return named(X, y, alpha=largest_alpha(X, y) / 10000)


@case("Columns 300 deviations from 0: all coefficients were 0")
def _():
    rng = np.random.default_rng(5)
    Z = rng.normal(size=(20, 40))
    return named(Z + 300, Z[:, 0] + 0.1 * rng.standard_normal(20), alpha=1e-3)


@case("Genotypes: R2 was 0")
def _():
    rng = np.random.default_rng(3)
    X = rng.binomial(2, 0.3, (100, 300)).astype(float)
    return named(X, X[:, :5].sum(axis=1) + 0.1 * rng.standard_normal(100), alpha=1e-3)


@case("Counts about 30: one fit in a hundred failed")
def _():
    rng = np.random.default_rng(0)
    X = rng.poisson(30, (40, 150)).astype(float)
    y = X[:, :5].sum(axis=1) + 0.1 * rng.standard_normal(40)
    return named(X, y, alpha=largest_alpha(X, y) / 1000)


@case("More columns than samples, no penalty and no negative coefficient: all were 0")
def _():
    rng = np.random.default_rng(1)
    X = rng.random((100, 300))
    params = {"lower": np.zeros(300), "fit_intercept": False}
    return named(X, rng.standard_normal(100), alpha=0.0, **params)


@case("Six factors, no penalty and no negative coefficient: no gap, and max_iter was passed by")
def _():
    rng = np.random.default_rng(77)
    F, L = rng.standard_normal((80, 6)), rng.standard_normal((6, 3000))
    X = F @ L + 0.3 * rng.standard_normal((80, 3000))
    return named(X, X[:, 0] + 0.1 * rng.standard_normal(80), alpha=0.0, lower=np.zeros(3000))


@case("As many factors as samples, no penalty and boxes: Newton steps without end")
def _():
    rng = np.random.default_rng(4)
    F, L = rng.standard_normal((150, 150)), rng.standard_normal((150, 1300))
    X = F @ L + 0.3 * rng.standard_normal((150, 1300))
    bounds = {"lower": np.full(1300, -0.01), "upper": np.full(1300, 0.01)}
    return named(X, X[:, 0] + 0.1 * rng.standard_normal(150), alpha=0.0, **bounds)


@case("Sparse columns far from 0 and unpenalised ones: an IndexError")
def _():
    rng = np.random.default_rng(203)
    X = rng.standard_normal((12, 136)) + 1e3
    y = X[:, 12] - 1e3 + 0.1 * rng.standard_normal(12)
    return named(sp.csc_array(X), y, alpha=0.1, penalty_factor=np.r_[np.zeros(10), np.ones(126)])


@case("A covariate and genotypes that repeat: an IndexError")
def _():
    rng = np.random.default_rng(32)
    Z = rng.binomial(2, 0.3, (30, 100))
    X = np.c_[np.arange(30) % 2, np.tile(Z, 20)].astype(float)
    y = Z[:, 0] + 0.1 * rng.standard_normal(30)
    return named(X, y, alpha=1e-3, penalty_factor=np.r_[0.0, np.ones(2000)])


@case("Two unpenalised columns that differ by a millionth: tol was out of reach")
def _():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(50)
    X = np.c_[x, x + 1e-6 * rng.standard_normal(50), rng.standard_normal((50, 5))]
    y = X[:, 3] + rng.standard_normal(50)
    return named(X, y, alpha=0.1, penalty_factor=np.r_[0.0, 0, np.ones(5)])


@case("Unpenalised columns of scales from 1e-12 to 1e12: the gap was 50 times too small")
def _():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 8)) * np.geomspace(1e-12, 1e12, 8)
    factor = np.array([0.0, 1, 0, 1, 0, 1, 0, 0])
    return named(X, rng.standard_normal(50), alpha=0.01, penalty_factor=factor)


@case("Factors and bounds at once, on scaled columns: one unit in the last place out of bounds")
def _():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((30, 8)) * rng.uniform(0.1, 10, 8)
    bounds = {"lower": -rng.uniform(0, 0.3, 8), "upper": rng.uniform(0, 0.3, 8)}
    return named(X, X @ rng.standard_normal(8), alpha=0.01, standardize=True, **bounds)


@case("Two sparse float32 rows far from 0: the mean's rounding made the loss 1e6 times larger")
def _():
    rng = np.random.default_rng(0)
    X = (1e6 + rng.standard_normal((2, 112))).astype(np.float32)
    bounds = {"lower": np.zeros(112)}
    return named(sp.csr_array(X), np.array([3.0, 2.0]), np.array([2.0, 1.0]), alpha=0.0, **bounds)


@case("Many boxes on columns of low rank: 20 Newton steps were too few, 1000 sweeps as well")
def _():
    rng = np.random.default_rng(0)
    k = rng.integers(1, 16)
    X = rng.standard_normal((16, k)) @ rng.standard_normal((k, 448))
    y, _ = X[:, :2].sum(axis=1), rng.standard_normal(16)
    X, _ = (X + 10).astype(np.float32), rng.random((3, 448))
    ends = [(-INF, INF), (0, INF), (-INF, 0), (-0.039, 0.019), (0.01, INF), (0.058, 0.058)]
    lower, upper = np.transpose([ends[rng.integers(0, 6)] for _ in range(448)])
    bounds = {"lower": lower, "upper": upper, "fit_intercept": False}
    return named(X, y, 1.0 + (np.arange(16) == 0), alpha=1.38e-3, **bounds)


@case("Bounds of a million million, as others write none: rounding times the bound was the gap")
def _():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 300))
    y = X[:, :5].sum(axis=1) + rng.standard_normal(100)
    bounds = {"lower": np.full(300, -1e12), "upper": np.full(300, 1e12)}
    return named(X, y, alpha=0.1, penalty_factor=np.r_[np.zeros(3), np.ones(297)], **bounds)


@case("Counts of seven words in six texts: the inner problem was content where the gap was not")
def _():
    X = [
        [26, 39, 34, 40, 31, 29, 23], [32, 32, 28, 34, 27, 28, 27], [27, 38, 32, 36, 19, 23, 35],
        [18, 25, 31, 33, 41, 22, 40], [43, 29, 29, 30, 35, 34, 40], [46, 43, 36, 25, 40, 31, 40],
    ]  # fmt: skip
    y = np.array([139.06210179, 125.77498588, 133.03863696, 106.94183592, 131.01092797, 149.992429])
    s, bounds = 1.0 + (np.arange(6) == 0), {"lower": np.zeros(7), "fit_intercept": False}
    return named(np.array(X, dtype=np.float32), y, s, alpha=0.0, **bounds)


def noisy(X, seed=0, **params):
    """Return a problem whose target is the first column and noise, without L1."""
    rng = np.random.default_rng(seed)
    dense = X.toarray() if sp.issparse(X) else X
    y = dense[:, 0] - dense[:, 0].mean() + rng.standard_normal(len(dense))
    return named(X, y, **({"l1_ratio": 0.0} | params))


@case("A sparse column of ones with a weight of 0.1: it was standardised by its rounding", RIDGE)
def _():
    rng = np.random.default_rng(0)
    X = sp.csr_array(np.c_[rng.standard_normal(500), np.ones(500)])
    s, options = np.full(500, 0.1), {"standardize": True, "fit_intercept": False}
    return noisy(X, s=s, alpha=2.0, **options)


@case("Small columns, no penalty: 9.5 % of y was left of what can be interpolated", RIDGE)
def _():
    X = np.array([[0.006, 30.0, -2e-7], [0.2, 8000.0, 2e-6], [0.1, 6000.0, 1e-6]])
    y = np.array([3e-4, 1e-5, -2e-4])
    return named(X, y, alpha=0.0, l1_ratio=0.0, fit_intercept=False)


@case("No penalty, no negative coefficient: far from the answer, and converged", RIDGE)
def _():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((10, 20)), rng.standard_normal(10)
    options = {"lower": np.zeros(20), "fit_intercept": False}
    return named(X, y, alpha=0.0, l1_ratio=0.0, **options)


@case("An unpenalised column in a unit of 1e10: converged with 16 % to go", RIDGE)
def _():
    X = np.random.default_rng(0).standard_normal((10, 15)) * np.r_[1e-10, np.ones(14)]
    return noisy(1e10 * X, 1, alpha=1e20, penalty_factor=np.r_[0, np.ones(14)])


@case("Bounds, and a column 1000 deviations from 0: 10000 steps were too few", RIDGE)
def _():
    X = np.random.default_rng(0).standard_normal((30, 40)) + 1e3 * (np.arange(40) == 0)
    return noisy(X, alpha=1 / 30, lower=np.zeros(40), fit_intercept=False)


@case("Bounds on 8000 columns: 10000 steps were too few", RIDGE)
def _():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 10)) @ rng.standard_normal((10, 8000))
    return noisy(X + 0.5 * rng.standard_normal(X.shape), alpha=1e-3, lower=np.zeros(8000))


@case("Sparse columns a million deviations from 0: worse than no feature", RIDGE)
def _():
    X = np.random.default_rng(0).standard_normal((200, 5)) + 1e6
    return noisy(sp.csr_array(X), alpha=1e-3)


@case("A target of 1e16 without weight: the intercept was lost in its rounding", RIDGE)
def _():
    X, y, s, params = noisy(np.random.default_rng(0).standard_normal((50, 4)), alpha=0.01)
    return X, np.where(np.arange(50) == 0, 1e16, y + 5), s * (np.arange(50) > 0), params


@case("A target of 1e-170, whose square is 0: all coefficients were 0", RIDGE)
def _():
    X, y, s, params = noisy(np.random.default_rng(0).standard_normal((50, 4)), alpha=0.01)
    return X, 1e-170 * y, s, params


@case(
    "Text in units from 1e-12 to 1e12, no penalty: 10000 steps were too few",
    RIDGE,
)
def _():
    rng = np.random.default_rng(3)
    X = (rng.random((50, 400)) < np.minimum(0.5, 3 / np.arange(1, 401))) * rng.random((50, 400))
    return noisy(X * 10.0 ** rng.uniform(-12, 12, 400), alpha=0.0, fit_intercept=False)
