"""Problems of the L1 family, of every kind that its users have, and worse."""

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

INF = np.inf
BOUNDS = {
    "none": (-INF, INF),
    "positive": (0.0, INF),
    "negative": (-INF, 0.0),
    "box": (-0.2, 0.1),
    "forced": (0.05, INF),
    "fixed": (0.3, 0.3),
}


def gaussian(rng, n, p):
    return rng.standard_normal((n, p))


def factors(rng, n, p):
    k = rng.integers(1, 11)
    X = rng.standard_normal((n, k)) @ rng.standard_normal((k, p))
    return X + rng.choice([0.01, 0.1, 0.5, 1]) * rng.standard_normal((n, p))


def skewed(rng, n, p):
    return np.exp(factors(rng, n, p) / 3)


def low_rank(rng, n, p):
    k = rng.integers(1, max(2, min(n, p)))
    return rng.standard_normal((n, k)) @ rng.standard_normal((k, p))


def genotypes(rng, n, p):
    blocks = rng.binomial(2, 0.3, (n, 1 + p // 5)).astype(float)
    X = blocks[:, rng.integers(0, blocks.shape[1], p)]
    return np.where(rng.random((n, p)) < 0.05, rng.binomial(2, 0.3, (n, p)), X)


def counts(rng, n, p):
    return rng.poisson(rng.choice([0.3, 3, 30]), (n, p)).astype(float)


def text(rng, n, p):
    return (rng.random((n, p)) < np.minimum(0.5, 3 / np.arange(1, p + 1))) * rng.random((n, p))


def duplicates(rng, n, p):
    X = rng.standard_normal((n, 1 + p // 3))[:, rng.integers(0, 1 + p // 3, p)]
    return X * rng.choice([-1.0, 1.0, 1.0, 2.0], p)


def nearly_equal(rng, n, p):
    X = rng.standard_normal((n, 1 + p // 3))[:, rng.integers(0, 1 + p // 3, p)]
    return X + rng.choice([1e-3, 1e-6, 1e-9]) * rng.standard_normal((n, p))


def autoregressive(rng, n, p):
    X = rng.standard_normal((n, p))
    for j in range(1, p):
        X[:, j] += 0.9 * X[:, j - 1]
    return X


COLUMNS = (
    gaussian, factors, skewed, low_rank, genotypes, counts, text, duplicates, nearly_equal,
    autoregressive,
)  # fmt: skip
CONTAINERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sp.csr_array,
    "csc": sp.csc_array,
}


@st.composite
def problems(draw, columns):
    """Return X, y, sample weights and the parameters of an ElasticNetCD; `columns` makes X."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, 60))
    p = draw(st.one_of(st.integers(1, 60), st.integers(60, 600)))
    X = columns(rng, n, p)
    signal = X[:, : draw(st.integers(0, 8))].sum(axis=1)
    y = signal + draw(st.sampled_from([0, 0.1, 1])) * rng.standard_normal(n)
    if draw(st.booleans()):
        y = np.where(y > np.median(y), 1.0, -1.0)
    X = X + draw(st.sampled_from([0, 0, 0, 10, 300, 1e6]))
    X[:, rng.random(p) < draw(st.sampled_from([0, 0, 0.1]))] = draw(st.sampled_from([0, 1, 0.1]))
    spread = draw(st.sampled_from([0, 0, 0, 1, 12]))
    X = X * 10.0 ** rng.uniform(-spread, spread, p)
    if draw(st.integers(0, 4)) == 0 and spread < 12:
        X = X.astype(np.float32)
    else:
        y = y * draw(st.sampled_from([1, 1, 1, 1e-30, 1e30]))
    s = draw(st.sampled_from(["none", "random", "zeros"]))
    s = {"none": np.ones(n), "random": rng.uniform(0.1, 3, n), "zeros": rng.integers(0, 3, n)}[s]
    s = s.astype(float)
    s[0] += 1
    factor = draw(st.sampled_from([[1.0], [1.0], [0.0, 1.0, 1.0], [0.5, 1, 2, INF], [0, 1, INF]]))
    factor = rng.choice(factor, p)
    names = draw(st.sampled_from([["none"], ["none"], ["positive"], ["box"], list(BOUNDS)]))
    size = (np.abs(y).max() or 1.0) / (np.abs(X).max() or 1.0)
    lower, upper = np.transpose([np.multiply(BOUNDS[rng.choice(names)], size) for _ in range(p)])
    lower = np.where(np.isinf(factor), np.minimum(lower, 0), lower)  # left out: at 0
    standardize, intercept = draw(st.booleans()), draw(st.booleans())
    params = {"penalty_factor": factor, "lower": lower, "upper": upper}
    params |= {"fit_intercept": intercept, "standardize": standardize}
    params |= {"l1_ratio": draw(st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.3]))}
    part = draw(st.sampled_from([0, 0, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.5, 1.1]))
    params |= {"alpha": part * largest_alpha(X, y, s, intercept, standardize)}
    X = CONTAINERS[draw(st.sampled_from(list(CONTAINERS)))](X)
    return X, y, s, params


def largest_alpha(X, y, s, centre, standardize):
    """Return about the alpha above which nothing is selected, without factors and bounds."""
    X, s = X.astype(float), s / s.sum()
    mean, y = s @ X, y - centre * (s @ y)
    deviation = np.sqrt(s @ (X - mean) ** 2)
    c = np.abs((X - centre * mean).T @ (s * y))
    return np.max(c / np.where(standardize & (deviation > 0), deviation, 1), initial=0)
