"""Data sets: the folder that SKREG_DATA names, else OpenML, else made up. `make` says which.

A data set is a function here that returns X and y, or tries sources in turn with `first_of`.
"""

import os
import re
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp


def make(name):
    """Return X, y and a sentence that says where they come from."""
    for pattern, simulate in SIMULATED.items():
        if match := re.fullmatch(pattern, name):
            return *simulate(*map(float, match.groups())), "simulated"
    if match := re.fullmatch(r"(.+), (\d) or not", name):
        X, y, source = make(match[1])
        return X.astype(float), np.where(y == int(match[2]), 1.0, -1.0), source
    if match := re.fullmatch(r"(.+), first (\d+)", name):
        X, y, source = make(match[1])
        return X[: int(match[2])].astype(float), y[: int(match[2])], source
    if match := re.fullmatch(r"(.+), standardised", name):
        X, y, source = make(match[1])
        return (X - X.mean(axis=0)) / X.std(axis=0), np.where(y == y.max(), 1.0, -1.0), source
    if match := re.fullmatch(r"(.+), above the median", name):
        X, y, source = make(match[1])
        return X, np.where(y > np.median(y), 1.0, -1.0), source
    return first_of(*SOURCES[name])


def store(name, folder, order):
    """Write a data set to a folder, for every process to read; return where it comes from.

    Dense X is stored in C or Fortran order, sparse X in rows or columns accordingly.
    """
    X, y, source = make(name)
    folder.mkdir(parents=True)
    np.save(folder / "y.npy", y)
    if sp.issparse(X):
        X = X.tocsr() if order == "C" else X.tocsc()
        sp.save_npz(folder / "X.npz", X, compressed=False)
    else:
        np.save(folder / "X.npy", np.asarray(X, order=order))
    return f"{source}; {describe(X)}"


def read(folder):
    """Return X and y as `store` wrote them."""
    folder = Path(folder)
    y = np.load(folder / "y.npy")
    if (folder / "X.npz").exists():
        return sp.load_npz(folder / "X.npz"), y
    return np.load(folder / "X.npy"), y


def describe(X):
    """Return shape, density and type of X in words."""
    n_samples, n_features = X.shape
    kind = f"{X.nnz} non-zeros" if sp.issparse(X) else "dense"
    return f"{n_samples} x {n_features}, {kind}, {X.dtype}"


def first_of(*sources):
    """Return what the first source that works gives, with why the others did not."""
    failures = []
    for source in sources:
        try:
            X, y = source()
        except Exception as error:
            failures.append(f"{source.__doc__}: {type(error).__name__}")
        else:
            return X, y, " ".join([source.__doc__, *(f"({failure})" for failure in failures)])
    raise RuntimeError("; ".join(failures))


def source(description):
    """Name a source of data."""

    def name(function):
        function.__doc__ = description
        return function

    return name


def file(name):
    """Return the path of a file in the folder that SKREG_DATA names."""
    return Path(os.environ["SKREG_DATA"]) / name


def openml(name, **options):
    """Fetch a data set from OpenML."""
    from sklearn.datasets import fetch_openml

    bunch = fetch_openml(name, version=1, as_frame=False, parser="liac-arff", **options)
    return bunch.data, bunch.target


def ar1(rho, n_samples, n_features, n_informative=50, snr=3.0):
    """Simulate columns of which neighbours have correlation rho, and a sparse linear model."""
    rng = np.random.default_rng(0)
    n_samples, n_features = int(n_samples), int(n_features)
    X = np.empty((n_samples, n_features), order="F")
    X[:, 0] = rng.standard_normal(n_samples)
    for j in range(1, n_features):
        noise = rng.standard_normal(n_samples)
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * noise
    w = np.zeros(n_features)
    support = rng.permutation(n_features)[: int(n_informative)]
    w[support] = rng.choice([-1.0, 1.0], support.size)
    signal = X @ w
    noise = rng.standard_normal(n_samples) * np.std(signal) / snr
    return X, signal + noise


def factors(n_factors, noise, n_samples, n_features, transform=np.asarray):
    """Simulate standardised columns that share a few factors, and the sign of one of these."""
    rng = np.random.default_rng(0)
    n_factors, n_samples, n_features = int(n_factors), int(n_samples), int(n_features)
    F = rng.standard_normal((n_samples, n_factors))
    weights = np.linspace(1, 0.1, n_factors)[:, None]
    X = F @ (weights * rng.standard_normal((n_factors, n_features)))
    X = transform(X + noise * rng.standard_normal(X.shape))
    y = np.where(F[:, 0] + 0.5 * rng.standard_normal(n_samples) > 0, 1.0, -1.0)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def classes_of_factors(n_classes, *shape):
    """Simulate such columns, and which of the first factors is largest, as far as one can tell."""
    X, _ = factors(*shape)
    rng = np.random.default_rng(0)
    F = rng.standard_normal((len(X), int(shape[0])))[:, : int(n_classes)]
    return X, (F + 0.5 * rng.standard_normal(F.shape)).argmax(axis=1)


def text(n_samples, n_features, per_row, exponent=1.0):
    """Simulate documents as TF-IDF with rows of length 1.

    Words follow Zipf's law with exponent 1, or are all as frequent with exponent 0.
    """
    rng = np.random.default_rng(0)
    shape = int(n_samples), int(n_features)
    rows = np.repeat(np.arange(shape[0]), int(per_row))
    u = rng.random(rows.size)
    columns = n_features**u - 1 if exponent == 1 else n_features * u
    counts = sp.coo_array((np.ones(rows.size), (rows, columns.astype(np.int32))), shape).tocsr()
    frequency = np.bincount(counts.indices, minlength=shape[1])
    counts.data = (1 + np.log(counts.data)) * np.log(1 + shape[0] / frequency[counts.indices])
    X = sp.csr_matrix(sp.diags_array(1 / np.sqrt((counts**2).sum(axis=1))) @ counts)
    w = rng.standard_normal(shape[1]) * (rng.random(shape[1]) < 0.02)
    signal = X @ w
    return X, signal + 0.3 * np.std(signal) * rng.standard_normal(shape[0])


def random_entries(n_samples, n_features, per_row):
    """Simulate entries at random places, and signs that have nothing to do with them."""
    shape = int(n_samples), int(n_features)
    X = sp.random(*shape, per_row / n_features, format="csr", random_state=0)
    return sp.csr_matrix(X), np.random.default_rng(0).choice([-1.0, 1.0], shape[0])


def chunk(number, n_samples, n_features):
    """Simulate a part of a stream whose parts have one model; neighbouring columns correlate."""
    rng = np.random.default_rng(int(number))
    X = 1 + rng.standard_normal((int(n_samples), int(n_features)))
    X[:, 1:] += 0.5 * X[:, :-1]
    return X, X @ np.cos(np.arange(X.shape[1])) + rng.standard_normal(len(X))


@source("golub.npz in SKREG_DATA")
def golub_file():
    with np.load(file("golub.npz")) as parts:
        return parts["X"].astype(float), np.where(parts["y"] == "AML", 1.0, -1.0)


@source("OpenML leukemia")
def golub_openml():
    X, y = openml("leukemia")
    return X.astype(float), np.where(y == "AML", 1.0, -1.0)


@source("simulated in the shape of golub")
def golub_simulated():
    X, y = ar1(0.5, 72, 7129)
    return X, np.where(y > 0, 1.0, -1.0)


@source("sms_spam.tsv in SKREG_DATA, TF-IDF of words and bigrams")
def sms_file():
    from sklearn.feature_extraction.text import TfidfVectorizer

    lines = file("sms_spam.tsv").read_text("utf8").splitlines()
    labels, texts = zip(*(line.split("\t", 1) for line in lines), strict=True)
    X = TfidfVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    return sp.csr_matrix(X), np.where(np.array(labels) == "spam", 1.0, -1.0)


@source("simulated in the shape of sms")
def sms_simulated():
    X, y = text(5574, 50502, 25)
    return X, np.where(y > np.quantile(y, 0.87), 1.0, -1.0)


@source("debian.npz in SKREG_DATA, TF-IDF of words and bigrams")
def debian_file():
    with np.load(file("debian.npz")) as parts:
        triple = (parts["data"].astype(float), parts["indices"], parts["indptr"])
        return sp.csr_matrix(triple, tuple(parts["shape"])), parts["log_size"].astype(float)


@source(
    "debian.npz in SKREG_DATA, TF-IDF of words and bigrams, packages of the five largest sections"
)
def debian_sections_file():
    with np.load(file("debian.npz")) as parts:
        _, y, counts = np.unique(parts["section"], return_inverse=True, return_counts=True)
    kept = np.isin(y, np.argsort(counts)[-5:])
    return debian_file()[0][kept], np.unique(y[kept], return_inverse=True)[1]


@source("simulated in the shape of five sections of debian")
def debian_sections_simulated():
    X, y = text(27000, 54818, 9)
    return X, np.digitize(y, np.quantile(y, [0.3, 0.5, 0.7, 0.9]))


@source("simulated in the shape of debian")
def debian_simulated():
    return text(63540, 54818, 9)


@source("mnist.npz in SKREG_DATA")
def mnist_file():
    with np.load(file("mnist.npz")) as parts:
        return parts["X_train"].astype(np.float32) / 255, parts["y_train"].astype(int)


@source("OpenML mnist_784")
def mnist_openml():
    X, y = openml("mnist_784")
    return X[:60000].astype(np.float32) / 255, y[:60000].astype(int)


@source("simulated in the shape of MNIST")
def mnist_simulated():
    rng = np.random.default_rng(0)
    patterns = rng.random((10, 784)) < 0.2
    y = rng.integers(0, 10, 60000)
    X = (patterns[y] ^ (rng.random((60000, 784)) < 0.05)) * rng.random((60000, 784))
    return X.astype(np.float32), y


@source("part of scikit-learn")
def digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def part_of_scikit_learn(name):
    """Return the source of a table that scikit-learn ships; a class is a number."""

    @source("part of scikit-learn")
    def load():
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return X, y.astype(float)

    return load


@source("simulated by scikit-learn's make_classification")
def table():
    from sklearn.datasets import make_classification

    X, y = make_classification(5000, 20, n_informative=10, random_state=0)
    return X.astype(np.float32), y


SOURCES = {
    "golub": (golub_file, golub_openml, golub_simulated),
    "sms": (sms_file, sms_simulated),
    "debian": (debian_file, debian_simulated),
    "debian, five sections": (debian_sections_file, debian_sections_simulated),
    "MNIST": (mnist_file, mnist_openml, mnist_simulated),
    "digits": (digits,),
    "table": (table,),
    "diabetes": (part_of_scikit_learn("diabetes"),),
    "cancer": (part_of_scikit_learn("breast_cancer"),),
    "wine": (part_of_scikit_learn("wine"),),
}

SIMULATED = {
    r"AR\(1\) ([\d.]+), (\d+) x (\d+)": ar1,
    r"AR\(1\) ([\d.]+), (\d+) x (\d+), (\d+) informative": ar1,
    r"(\d+) factors, noise ([\d.]+), (\d+) x (\d+)": factors,
    r"(\d+) classes of (\d+) factors, noise ([\d.]+), (\d+) x (\d+)": classes_of_factors,
    r"exp of (\d+) factors, noise ([\d.]+), (\d+) x (\d+)": partial(
        factors, transform=lambda X: np.exp(X / 3)
    ),
    r"chunk (\d+), (\d+) x (\d+)": chunk,
    r"text (\d+) x (\d+), (\d+) per row": text,
    r"random (\d+) x (\d+), (\d+) per row": random_entries,
    r"sparse (\d+) x (\d+), (\d+) per row": partial(text, exponent=0.0),
}
