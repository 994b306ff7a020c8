"""The demonstration, ``python -m skreg``: a table beside scikit-learn, and a figure, demo.png."""

import time
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from . import DropoutMLPClassifier, LassoCD, LogisticCD, RidgeGD

FIGURE = "demo.png"
TRAINING = 0.6  # part of the samples
HEADER = ("skreg / scikit-learn", "data", "best", "difference", "score", "theirs", "time of a fit")


def main():
    """Fit, compare, draw."""
    diabetes = load_diabetes(return_X_y=True)
    cancer = load_breast_cancer(return_X_y=True)
    digits = load_digits(return_X_y=True)
    l2, l1 = {"alpha": np.geomspace(1e-1, 1e4, 21)}, {"alpha": np.geomspace(1e-3, 1, 21)}
    exact = Lasso(tol=1e-12, max_iter=100_000)
    net = {"hidden_layer_sizes": (256,), "max_iter": 200, "random_state": 0}
    keep_prob = {"keep_prob": [0.5, 0.8, 1.0]}
    l1_of_classes = {"l1_ratio": 1.0, "max_iter": 10_000, "random_state": 0}
    exactly = {"solver": "liblinear", "intercept_scaling": 1000, "tol": 1e-8}
    two = LogisticRegression(**exactly, **l1_of_classes)
    several = LogisticRegression(solver="saga", **l1_of_classes)
    few = {"alpha": l1["alpha"][:15:3]}
    cases = [
        ("diabetes", diabetes, RidgeGD(), Ridge(), l2, None),
        ("breast cancer", cancer, RidgeGD(), Ridge(), l2, None),
        ("diabetes", diabetes, LassoCD(tol=1e-12), exact, {"alpha": 50 * l1["alpha"]}, None),
        ("breast cancer", cancer, LassoCD(tol=1e-12), exact, {"alpha": 0.3 * l1["alpha"]}, None),
        ("breast cancer", cancer, LogisticCD(), two, l1, as_C(l1, cancer)),
        ("digits", digits, LogisticCD(), several, few, as_C(few, digits)),
        ("digits", digits, DropoutMLPClassifier(**net), MLPClassifier(**net), keep_prob, {}),
    ]
    print("skreg beside scikit-learn: Pipeline, GridSearchCV, 5 folds; score on held-out data\n")
    say("compiling the loops of LassoCD, once; later processes read it from disk")
    began = time.perf_counter()
    LassoCD().fit(*diabetes)
    done(f"{time.perf_counter() - began:.1f} s")
    rows = []
    for k, (name, data, ours, theirs, grid, their_grid) in enumerate(cases, 1):
        say(f"[{k}/{len(cases)}] {type(ours).__name__} on {name}: {describe(grid)} x 5 folds")
        their_grid = grid if their_grid is None else their_grid
        rows.append(compare(name, data, ours, theirs, grid, their_grid))
        done(rows[-1][-1])
    print()
    print_table(rows)
    print("\nLogisticRegression has L1 here: two classes by liblinear to tol=1e-8, which penalises")
    print("the intercept by a thousandth, too; several classes by saga at its own tolerance")
    say(f"\ndrawing {FIGURE}")
    draw(diabetes, digits)
    done("done")


def as_C(grid, data):
    """Return a grid of alpha as scikit-learn's classifiers count it, for the training samples."""
    return {"C": 1 / (int(TRAINING * len(data[1])) * grid["alpha"])}


def compare(name, data, ours, theirs, grid, their_grid):
    """Search the same grid with both libraries and return a row of the table."""
    X, y = data
    scaler = MinMaxScaler() if name == "digits" else StandardScaler()
    X, X_test, y, y_test = train_test_split(X, y, train_size=TRAINING, random_state=0)
    fits, seconds = [], []
    for model, its_grid in ((ours, grid), (theirs, their_grid)):
        step = type(model).__name__.lower()
        pipeline = make_pipeline(scaler, model)
        its_grid = {f"{step}__{key}": values for key, values in its_grid.items()}
        began = time.perf_counter()
        with warnings.catch_warnings():
            if name == "digits":  # the epochs of the networks are few by intent
                warnings.simplefilter("ignore", ConvergenceWarning)
            fits.append(GridSearchCV(pipeline, its_grid, cv=5).fit(X, y))
        n_fits = 5 * len(fits[-1].cv_results_["params"]) + 1
        seconds.append((time.perf_counter() - began) / n_fits)
    (parameter,) = grid
    best = fits[0].best_estimator_[-1]
    return (
        f"{type(ours).__name__} / {type(theirs).__name__}",
        name,
        f"{parameter} {getattr(best, parameter):.3g}",
        difference(best, fits, X, y),
        *(f"{fit.score(X_test, y_test):.4f}" for fit in fits),
        " / ".join(f"{1000 * second:.0f} ms" for second in seconds),
    )


def difference(ours, fits, X, y):
    """Return the largest difference of coefficients relative to the largest, for our best alpha.

    Theirs may be another: C counts the samples of a fold.
    """
    if not hasattr(ours, "coef_"):
        return "-"
    params = fits[1].cv_results_["params"][fits[0].best_index_]
    theirs = clone(fits[1].estimator).set_params(**params).fit(X, y)[-1]
    return f"{np.abs(ours.coef_ - theirs.coef_).max() / np.abs(theirs.coef_).max():.0e}"


def describe(grid):
    """Return a grid in words."""
    return ", ".join(f"{len(values)} values of {name}" for name, values in grid.items())


def say(text):
    """Print what is being done, to be completed by `done`."""
    print(f"{text} ...", end=" ", flush=True)


def done(result):
    """Complete a line of progress."""
    print(result, flush=True)


def print_table(rows):
    """Print rows under the header, in columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(HEADER, *rows, strict=True)]
    for row in (HEADER, ["-" * width for width in widths], *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def draw(diabetes, digits):
    """Draw coefficient paths of both penalties, and what dropout does to overfitting."""
    try:
        import matplotlib
    except ImportError:
        raise SystemExit("the figure needs matplotlib: pip install 'skreg[plot]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 4.6), layout="constrained")
    names = load_diabetes().feature_names
    X, y = StandardScaler().fit_transform(diabetes[0]), diabetes[1]
    paths = (
        (RidgeGD(), np.geomspace(1e5, 1e-1, 60), "L2 (RidgeGD): all shrink, none is zero"),
        (LassoCD(), np.geomspace(50, 1e-2, 60), "L1 (LassoCD): one after the other becomes zero"),
    )
    for axis, (model, alphas, title) in zip(axes, paths, strict=False):
        coefs = [model.set_params(alpha=alpha).fit(X, y).coef_ for alpha in alphas]
        axis.semilogx(alphas, coefs, label=names)
        axis.axhline(0, color="0.7", lw=0.8, zorder=0)
        axis.set(xlabel="alpha", title=title)
        axis.invert_xaxis()
    axes[0].set_ylabel("coefficient (progression of diabetes per standard deviation)")
    axes[1].legend(ncols=2, fontsize="small", loc="lower left", frameon=False)
    draw_accuracy(axes[2], digits)
    figure.savefig(FIGURE, dpi=110)
    plt.close(figure)


def draw_accuracy(axis, digits, n_epochs=100):
    """Draw training and validation accuracy for keep_prob 1 and 0.5, with some wrong labels."""
    X, y = digits
    X, X_test, y, y_test = train_test_split(X / 16, y, train_size=600, random_state=0)
    rng = np.random.default_rng(0)
    y = np.where(rng.random(len(y)) < 0.15, rng.integers(0, 10, len(y)), y)
    for keep_prob, colour in ((1.0, "tab:orange"), (0.5, "tab:blue")):
        net = DropoutMLPClassifier((256, 256), keep_prob=keep_prob, batch_size=32, random_state=0)
        scores = []
        for _ in range(n_epochs):
            net.partial_fit(X, y, classes=np.unique(y))
            scores.append((net.score(X, y), net.score(X_test, y_test)))
        training, validation = 100 * np.array(scores).T
        axis.plot(training, ls=":", color=colour, label=f"training, keep_prob={keep_prob:g}")
        axis.plot(validation, color=colour, label=f"validation, keep_prob={keep_prob:g}")
    axis.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(70, 101))
    axis.set_title("Dropout: wrong labels (15 %) do less harm")
    axis.legend(frameon=False, loc="lower right")


if __name__ == "__main__":
    main()
