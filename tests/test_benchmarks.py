"""The measures and the report of the benchmarks; nothing here takes the time of anything."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold

from skreg import GroupLassoCD, LogisticCD

from . import naive
from .reliability.cases import RIDGE

ROOT = Path(__file__).parent.parent
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("the benchmarks are in the repository only", allow_module_level=True)
with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT)  # they are not installed
    from benchmarks import (
        __main__,
        accuracy,
        cores,
        grids,
        hostile,
        measure,
        memory,
        probe,
        report,
        ridge,
        search,
        small,
        stream,
        tables,
        worker,
    )
    from benchmarks.core import Case
    from benchmarks.data import make


# The measures of accuracy


@pytest.fixture
def data(rng):
    X = rng.standard_normal((30, 6)) * (rng.random((30, 6)) < 0.7) + 0.3
    return X, X[:, 0] - 2 * X[:, 3] + rng.standard_normal(30) + 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def orthonormal(rng, n_samples, n_features):
    """Return a centred X with orthonormal columns, and y with a mean."""
    X = rng.standard_normal((n_samples, n_features))
    X = np.linalg.qr(X - X.mean(axis=0))[0]
    return X, 3 * X @ rng.standard_normal(n_features) + rng.standard_normal(n_samples) + 7


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
@pytest.mark.parametrize("kind", [np.asarray, sp.csc_array])
def test_lasso_gap_bounds_the_suboptimality(rng, kind, l1_ratio):
    X, y = orthonormal(rng, 40, 8)
    alphas = np.array([0.5, 0.1, 0.01]) * np.abs(X.T @ y).max() / len(y)
    l1, l2 = alphas * l1_ratio, alphas * (1 - l1_ratio)
    correlation = (X.T @ y)[:, None]
    best = np.sign(correlation) * np.maximum(np.abs(correlation) - len(y) * l1, 0)
    best /= 1 + len(y) * l2

    def objective(coefs):
        residual = y[:, None] - y.mean() - X @ coefs
        penalty = l1 * np.abs(coefs).sum(axis=0) + l2 / 2 * np.sum(coefs**2, axis=0)
        return np.sum(residual**2, axis=0) / 80 + penalty

    at_the_optimum = accuracy.lasso_gap(kind(X), y, alphas, best, y.mean(), l1_ratio)
    assert abs(at_the_optimum) < 1e-12
    for size in 10.0 ** np.arange(-6, 2):
        coefs = best + size * rng.standard_normal(best.shape)
        suboptimality = np.max(objective(coefs) - objective(best)) / (np.var(y) / 2)
        gap = accuracy.lasso_gap(kind(X), y, alphas, coefs, y.mean(), l1_ratio)
        assert gap >= suboptimality > 0


def test_group_gap_bounds_the_suboptimality(rng):
    X, y = rng.standard_normal((50, 12)) + 1, rng.standard_normal(50)
    y, first = y + X[:, 0] - X[:, 1], np.array([0, 3, 4, 9])
    alpha = accuracy.group_alpha_max(X, y, first) / 5
    labels = np.repeat(range(4), [3, 1, 5, 3])
    model = GroupLassoCD(labels, alpha, tol=1e-13).fit(X, y)
    assert abs(accuracy.group_gap(X, y, first, alpha, model.coef_, model.intercept_)) < 1e-12
    assert not GroupLassoCD(labels, 5 * alpha).fit(X, y).coef_.any()

    def objective(model):
        norms = np.sqrt(np.add.reduceat(model.coef_**2, first))
        return np.mean((y - model.predict(X)) ** 2) / 2 + alpha * np.sqrt([3, 1, 5, 3]) @ norms

    short = GroupLassoCD(labels, alpha, tol=0.1).fit(X, y)
    cost = (objective(short) - objective(model)) / (np.var(y) / 2)
    assert accuracy.group_gap(X, y, first, alpha, short.coef_, short.intercept_) >= cost


def test_multinomial_gap_bounds_the_suboptimality(rng):
    X = rng.standard_normal((80, 10)) + 1
    y = (X[:, :3] + rng.standard_normal((80, 3))).argmax(axis=1)
    alpha = accuracy.class_alpha_max(X, y) / 5
    model = LogisticCD(alpha, tol=1e-12).fit(X, y)
    gap = accuracy.multinomial_gap(X, y, alpha, model.coef_, np.zeros(3))  # it finds the best
    assert abs(gap) < 1e-11
    assert not LogisticCD(5 * alpha).fit(X, y).coef_.any()

    def objective(model):
        return log_loss(y, model.predict_proba(X)) + alpha * np.abs(model.coef_).sum()

    short = LogisticCD(alpha, tol=0.1).fit(X, y)
    cost = (objective(short) - objective(model)) / log_loss(
        y, np.tile(np.bincount(y) / 80, (80, 1))
    )
    assert accuracy.multinomial_gap(X, y, alpha, short.coef_, short.intercept_) >= cost > 0


def test_lasso_gap_sees_a_wrong_intercept(rng):
    X, y = orthonormal(rng, 40, 8)
    gap = accuracy.lasso_gap(X, y, np.array([1e3]), np.zeros((8, 1)), y.mean() + 0.5)
    assert gap == pytest.approx(0.5**2 / np.var(y))


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_ridge_gradient_is_the_gradient(data, kind, rng):
    X, y = data
    alpha = 0.7
    w = naive.ridge(X, y, np.full(6, alpha))
    b = y.mean() - X.mean(axis=0) @ w
    assert accuracy.ridge_gradient(kind(X), y, alpha, w, b) < 1e-13

    def objective(point):
        return np.sum((y - X @ point[:-1] - point[-1]) ** 2) + alpha * np.sum(point[:-1] ** 2)

    def slopes(point, step=1e-3):  # central differences of a quadratic are exact
        return [
            (objective(point + step * e) - objective(point - step * e)) / (2 * step) for e in axes
        ]

    axes = np.eye(7)
    point, start = rng.standard_normal(7), np.append(np.zeros(6), y.mean())
    expected = np.linalg.norm(slopes(point)) / np.linalg.norm(slopes(start))
    found = accuracy.ridge_gradient(kind(X), y, alpha, point[:-1], point[-1])
    assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("n_samples", [30, 5])
def test_leave_one_out_is_n_refits(data, n_samples):
    X, y = (part[:n_samples] for part in data)
    alphas = np.array([0.01, 1, 100])
    expected = []
    for alpha in alphas:
        errors = []
        for i in range(n_samples):
            X_i, y_i = np.delete(X, i, axis=0), np.delete(y, i)
            w = naive.ridge(X_i, y_i, np.full(6, alpha))
            errors.append(y[i] - y_i.mean() - (X[i] - X_i.mean(axis=0)) @ w)
        expected.append(np.mean(np.square(errors)))
    np.testing.assert_allclose(accuracy.leave_one_out(X, y, alphas), expected, rtol=1e-8)


def test_leave_one_out_loses_no_digits_to_a_tiny_alpha(data):
    X, y = (part[:5] for part in data)
    errors = []
    for i in range(5):
        X_i, y_i = np.delete(X, i, axis=0), np.delete(y, i)
        w = np.linalg.lstsq(X_i - X_i.mean(axis=0), y_i - y_i.mean(), rcond=None)[0]
        errors.append(y[i] - y_i.mean() - (X[i] - X_i.mean(axis=0)) @ w)
    tiny = accuracy.leave_one_out(1e6 * X, y, [1e-3])
    np.testing.assert_allclose(tiny, np.mean(np.square(errors)), rtol=1e-9)


def refit_folds(X, y, alphas, n_folds):
    """Return the errors of folds by a refit for each fold and alpha."""
    errors = np.zeros((n_folds, len(alphas)))
    for k, (train, test) in enumerate(KFold(n_folds).split(X)):
        for j, alpha in enumerate(alphas):
            w = naive.ridge(X[train], y[train], np.full(X.shape[1], alpha))
            r = y[test] - y[train].mean() - (X[test] - X[train].mean(axis=0)) @ w
            errors[k, j] = np.mean(r**2)
    return errors.mean(axis=0)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("n_samples", [30, 8])
def test_fold_errors_are_refits(data, kind, n_samples):
    X, y = (part[:n_samples] for part in data)
    alphas = np.array([0.01, 100, 1])
    expected = refit_folds(X, y, alphas, 4)
    np.testing.assert_allclose(accuracy.fold_errors(kind(X), y, alphas, 4), expected, rtol=1e-9)


def test_a_reference_that_is_not_exact_is_refused(data, monkeypatch):
    X, y = data
    monkeypatch.setattr(accuracy, "cg", lambda matrix, c, *args, **options: (c, 0))
    with pytest.raises(ArithmeticError, match="relative gradient"):
        accuracy.fold_errors(sp.csr_array(X), y, [1.0], 5)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_the_errors_of_folds_are_judged_one_by_one(data, kind):
    X, y = data
    params = {"n_alphas": 10, "n_folds": 5}
    alphas = ridge.arguments(X, y, **params)["alphas"]
    right = refit_folds(X, y, alphas, 5)
    assert ridge.accuracy(kind(X), y, right, **params) < 1e-9
    for k in range(10):
        wrong = right.copy()
        wrong[k] += 1e-5 * right.max()
        assert ridge.accuracy(kind(X), y, wrong, **params) > 1e-6
    other = ridge.accuracy(kind(2 * X), y, right, **params)  # has a reference of its own
    assert other > 1e-6


def test_a_streamed_gradient_is_that_of_all_samples(data, rng):
    X, y = data
    chunks = [(X[:7], y[:7]), (X[7:20], y[7:20]), (X[20:], y[20:])]
    w = naive.ridge(X, y, np.full(6, 0.7))
    b = y.mean() - X.mean(axis=0) @ w
    assert accuracy.streamed_ridge_gradient(iter(chunks), 0.7, w, b) < 1e-13
    for w_off, b_off in ((w + 1e-6 * rng.standard_normal(6), b), (w, b + 1e-6)):
        expected = accuracy.ridge_gradient(X, y, 0.7, w_off, b_off)
        found = accuracy.streamed_ridge_gradient(iter(chunks), 0.7, w_off, b_off)
        assert found == pytest.approx(expected, rel=1e-6)
        assert found > 1e-8


def test_log_loss_is_that_of_scikit_learn(rng):
    probabilities = rng.dirichlet(np.ones(4), 50)
    y = rng.integers(0, 4, 50)
    expected = log_loss(y, probabilities, labels=range(4))
    assert accuracy.log_loss(probabilities, y) == pytest.approx(expected, rel=1e-12)


# What becomes of stored results


def row(dataset, solver, *seconds, status="ok", **more):
    """Return a row as a family stores it."""
    head = {"dataset": dataset, "label": "easy", "group": "fits", "target": 1e-6, "x": None}
    return head | {"solver": solver, "threads": 1, "status": status, "seconds": seconds} | more


ROWS = [
    row("a", "skreg LassoCD", 3.0, 1.0, 20.0),
    row("a", "peer Lasso", 6.0),
    row("b", "skreg LassoCD", 2.0),
    row("b", "peer Lasso", 0.25, 0.5, 0.75),
    row("b", "other Lasso", status="TypeError: `X` is a | to me", seconds=None),
    row("c", "skreg LassoCD", status="over 30 s"),
    row("c", "peer Lasso", 9.0),
]


def results(family="lasso", rows=ROWS, quick=False, threads=(1,), **more):
    """Return the results of a family as they are stored."""
    machine = {"processor": "Z80", "cores": 1, "memory_gib": 1, "system": "CP/M"}
    machine |= {"python": "3.11", "blas": "reference"}
    settings = {"quick": quick, "threads": threads, "limit": 30.0, "rounds": 7, "patience": 10.0}
    return {
        "date": "1976-07-01",
        "machine": machine,
        "versions": {"skreg": "0.1"},
        "family": family,
        "settings": settings,
        "data": {"a": "simulated"},
        "solvers": {},
        "missing": {"gone Lasso": "ModuleNotFoundError: No module named 'gone'"},
        "rows": rows,
    } | more


def store(folder, *families):
    """Write results to a folder."""
    for family in families:
        (folder / f"{family['family']}.json").write_text(json.dumps(family), "utf8")
    return folder


GROWTH = [row(str(x), "skreg", 2 * x**1.5, x=x, group="lasso: n") for x in (1.0, 10.0, 100.0)]
COLD = {"group": "lasso", "solver": "skreg LassoCD", "cache": "empty", "status": "ok"}
COLD |= {"import": [1.0, 2.0], "first_fit": [4.0], "second_fit": [0.5]}
MEMORY = {"group": "lasso", "dataset": "a", "layout": "C order", "status": "ok"}
MEMORY = [
    MEMORY | {"solver": "skreg LassoCD", "data_bytes": 2**22, "extra_bytes": [2**20, 2**20]},
    MEMORY | {"solver": "peer Lasso", "data_bytes": None, "extra_bytes": [], "status": "over 30 s"},
]
STREAM = [row for name in ("skreg RidgeGD", "reading and X'X") for row in stream.empty("a", name)]
for scale, place in ((3, 0), (2, 3)):
    STREAM[place] |= {"seconds": [scale], "accuracy": 1e-12 if place == 0 else None}
    STREAM[place + 1]["extra_bytes"], STREAM[place + 2]["extra_bytes"] = [2**20], [scale * 2**20]
ALL = [
    results(rows=[*ROWS, *(r | {"threads": 2} for r in ROWS)], threads=(1, 2)),
    results("growth", GROWTH),
    results("coldstart", [COLD]),
    results("memory", MEMORY),
    results("stream", STREAM),
]


def test_the_families_are_those_that_are_measured():
    assert tuple(report.TITLES) == __main__.FAMILIES


def test_a_cell_is_the_median_with_the_range():
    (grid,) = grids.grids(results())
    head, rows, _ = tables.table(grid)
    assert head == ["data", "case", "skreg LassoCD", "peer Lasso", "other Lasso"]
    assert rows[0] == ["a", "easy", "**3.0** (1.00-20)", "6.0", ""]
    assert rows[1][2:4] == ["2.0", "**0.50** (0.25-0.75)"]


NUMBERS = [(0, "0"), (0.0123, "0.0123"), (0.0456, "0.046"), (1234, "1230"), (45.6, "46")]


@pytest.mark.parametrize(("number", "text"), [*NUMBERS, (9.99, "10.0"), (1.33e-15, "1.3e-15")])
def test_numbers_have_two_digits_or_three(number, text):
    assert tables.digits(number) == text


def test_a_solver_without_an_answer_stays_in_the_table(tmp_path):
    (grid,) = grids.grids(results())
    _, rows, notes = tables.table(grid)
    assert rows[1][4] == tables.DASH + "¹"
    assert rows[2][2] == tables.DASH + "²"
    assert notes == ["TypeError: `X` is a | to me", "over 30 s"]
    text = report.text(store(tmp_path, results()))
    for words in (*notes, "gone Lasso", "ModuleNotFoundError: No module named 'gone'"):
        assert words in text


def test_the_summary_counts_wins_and_losses():
    (grid,) = grids.grids(results())
    assert tables.summary(grid) == (
        "skreg LassoCD is fastest in 1 of 3 cases. Where both finished (2 cases), the fastest peer "
        "takes 0.71 times as long in the geometric mean, from 0.25 (b, easy) to 2.0 (a, easy). "
        "In 1 case a peer finished and skreg LassoCD did not."
    )


def test_more_threads_have_a_table_against_the_fastest():
    (grid,) = grids.grids(ALL[0], threads=2)
    _, rows, notes = tables.against_the_fastest(grid)
    assert rows[0] == ["a", "easy", "**3.0** (1.00-20)", "6.0", "peer Lasso", "2.0"]
    assert rows[2] == ["c", "easy", tables.DASH + "¹", "**9.0**", "peer Lasso", tables.DASH]
    assert notes == ["over 30 s"]


def test_a_floor_is_no_peer():
    floor = [row("a", "products alone", 0.1), row("a", "skreg LassoCD", 1.0), row("a", "peer", 2.0)]
    (grid,) = grids.grids(results("mlp", floor))
    assert grid.unit == "seconds per epoch"
    assert tables.table(grid)[1] == [["a", "easy", "0.100", "**1.00**", "2.0"]]
    assert tables.summary(grid).startswith("skreg LassoCD is fastest in 1 of 1 case.")


def test_our_time_is_set_beside_the_floor():
    floor = [row(name, "products alone", 0.5) for name in "ab"]
    (grid,) = grids.grids(results("mlp", [*floor, row("a", "skreg", 1.0), row("b", "skreg", 4.0)]))
    assert tables.summary(grid).endswith(
        "It takes 4.0 times as long as products alone in the geometric mean."
    )


def test_a_stream_has_a_table_of_time_and_one_of_memory():
    seconds, peak = grids.grids(results("stream", STREAM))
    assert tables.table(seconds)[1] == [["a", "all chunks", "**3.0**", "2.0"]]
    assert tables.summary(seconds).endswith(" It takes 1.50 times as long as reading and X'X.")
    assert tables.table(peak)[1] == [
        ["a", "a tenth of the chunks", "**1.00**", "1.00"],
        ["a", "all chunks", "**3.0**", "2.0"],
    ]
    assert tables.reached(results("stream", STREAM), "one pass")[1] == [
        ["a", "all chunks", "1.0e-12"]
    ]


def test_what_was_reached_without_a_target_is_shown():
    rows = [row("a", "skreg", 1.0, target=None, accuracy=0.25), row("b", "peer", 1.0, accuracy=0.5)]
    head, rows = tables.reached(results("mlp", rows), "fits")
    assert (head, rows) == (["data", "case", "skreg"], [["a", "easy", "0.25"]])


def test_cold_starts_compete_by_import_and_first_fit():
    cold = [COLD, COLD | {"solver": "peer", "first_fit": [0.5]}]
    (grid,) = grids.grids(results("coldstart", cold))
    assert tables.summary(grids.first_answers(grid)).startswith(
        "skreg LassoCD is fastest in 0 of 1 case. Where both finished (1 case), the fastest peer "
        "takes 0.36 times as long"
    )


def test_the_slope_is_the_power():
    x = np.geomspace(1, 1000, 7)
    assert grids.slope(x, 3 * x**1.25) == pytest.approx(1.25)
    found = grids.exponents(results("growth", GROWTH), "lasso: n")
    assert found == {"skreg": pytest.approx(1.5)}


def test_the_figure_compares_with_skreg():
    plots = pytest.importorskip("benchmarks.plots")
    (grid,) = grids.grids(results())
    lines = plots.relative(grid, "Lasso").lines
    assert lines["a", "easy"] == {"peer": grids.Cell((2.0,))}
    assert lines["b", "easy"]["peer"] == grids.Cell((0.25,))
    assert not lines["b", "easy"]["other"].done
    assert lines["c", "easy"] == {
        "skreg": grids.Cell((), "no answer from skreg, but from 1 package"),
    }


def test_the_page_shows_every_family_and_plot(tmp_path):
    target = tmp_path / "site" / "page.inc"
    report.page(store(tmp_path, *ALL), target, "here")
    text = target.read_text("utf8")
    plots = {path.name for path in target.parent.glob("*.svg")}
    assert len(plots) == 7
    assert all(f"](here/{name})" in text for name in plots)
    for title in report.TITLES.values():
        assert f"\n## {title}\n" in text
    assert text.count("Not measured yet.") == len(report.TITLES) - len(ALL)
    assert "QUICK" not in text


def test_a_group_that_nobody_answers_has_a_table_but_no_plot(tmp_path):
    rows = [row("a", "peer Ridge", status="over 30 s", seconds=None)]
    target = tmp_path / "pages" / "page.inc"
    report.page(store(tmp_path, results("ridge", rows)), target, "here")
    assert "over 30 s" in target.read_text("utf8")
    assert [path.name for path in target.parent.glob("*.svg")] == ["overview.svg"]


def test_errors_on_mnist_are_averaged_over_seeds(tmp_path):
    case = {"samples": "test", "network": {"layers": 2, "epochs": 70}}
    rows = [case | {"seed": k, "error": e, "seconds": 9 - k} for k, e in enumerate((0.01, 0.012))]
    family = results("mnist_error", [*rows, case | {"samples": "validation", "error": 0.5}])
    text = report.text(store(tmp_path, family))
    lines = [" ".join(line.split()) for line in text.splitlines() if "layers 2" in line]
    assert lines == [
        "validation layers 2, epochs 70 50.00% 50.00%",
        "test layers 2, epochs 70 1.10% 1.00%, 1.20% 8",
    ]


def test_hostile_problems_are_measured_from_the_objective(monkeypatch):
    solvers = dict.fromkeys(("skreg", "scikit-learn", "celer"))
    monkeypatch.setattr(hostile, "SOLVERS", solvers)  # the processes have their own
    X, y, s, params = RIDGE["A target of 1e-170, whose square is 0: all coefficients were 0"]()
    rows = {row["solver"]: row for row in hostile.measure("tiny", (X, y, s, params))}
    assert rows["celer"]["status"] == "no L2 alone"
    assert max(rows["skreg"]["excess"], rows["scikit-learn"]["excess"]) < 1e-10
    assert min(rows["skreg"]["excess"], rows["scikit-learn"]["excess"]) >= 0


def test_wrong_without_a_warning_is_bold():
    row = {"case": "one", "solver": "us", "status": "ok", "excess": 1e-15, "warnings": []}
    cases = {"us": {}, "silent": {"excess": 0.2}, "late": {"status": tables.LATE}}
    cases |= {"warned": {"excess": np.inf, "warnings": ["W"]}, "other": {"status": "no bounds"}}
    rows = [row | {"solver": name} | change for name, change in cases.items()]
    head, cells, words = tables.hostile(rows)
    assert head == ["problem", *cases]
    assert cells == [["one", "exact", "**2e-01**", tables.LATE, "no number, warns", "no bounds"]]
    assert "us was asked 1 time and wrong 0 times;" in words
    assert "silent was asked 1 time and wrong 1 time, 1 of them without a warning" in words
    assert "late was asked 1 time and wrong 1 time, 0 of them without a warning" in words


def test_quick_results_are_called_so(tmp_path):
    assert report.QUICK in report.text(store(tmp_path, results(quick=True)))


def test_nothing_is_measured_yet(tmp_path):
    assert report.text(tmp_path).count("Not measured yet.") == len(report.TITLES)


# What the repository shows


def fingerprint(figure):
    """Return what a figure says about the results that it was made from."""
    return pytest.importorskip("PIL.Image").open(figure).text["fingerprint"]


def test_a_figure_knows_its_results(tmp_path):
    figure = tmp_path / "figure.png"
    report.main([str(store(tmp_path, *ALL)), "--figure", str(figure)])
    assert fingerprint(figure) == report.fingerprint(tmp_path)
    store(tmp_path, results(rows=ROWS[:2]))
    assert fingerprint(figure) != report.fingerprint(tmp_path)


def test_the_figure_shows_the_stored_results():
    figure = ROOT / "docs" / "_static" / "benchmarks.png"
    if not figure.exists() and not grids.load(report.RESULTS, report.SHOWN):
        pytest.skip("no results are stored")
    command = f"python -m benchmarks.report --figure {figure.relative_to(ROOT)}"
    assert fingerprint(figure) == report.fingerprint(report.RESULTS), f"it is old: {command}"


# The search for a setting


class Trials(measure.Trials):
    """Trials of a solver that reaches at each setting what a table says, or raises it."""

    def __init__(self, reached):
        solver = SimpleNamespace(tolerances=tuple(sorted(reached, reverse=True)))
        workers = {"solver": SimpleNamespace(solver=solver)}
        super().__init__(None, workers, "", __main__.FULL._replace(threads=(1,)))
        self.reached, self.asked = reached, []

    def fit(self, case, name, tol, threads, *, check):
        self.asked.append(tol)
        if isinstance(self.reached[tol], Exception):
            raise self.reached[tol]
        return {"accuracy": self.reached[tol], "seconds": 1.0}


def case(target, **params):
    return Case("data", "label", "group", params, target)


def test_the_loosest_setting_that_reaches_the_target_is_taken():
    trials = Trials({1e-1: 1e-2, 1e-2: 1e-5, 1e-3: 1e-9})
    assert trials.search(case(1e-4), "solver")["tol"] == 1e-2
    assert trials.search(case(1e-8), "solver")["tol"] == 1e-3
    assert trials.asked == [1e-1, 1e-2, 1e-3]  # each once
    for target, tol in ((1e-1, 1e-1), (1e-6, 1e-3), (1e-4, 1e-2)):  # wherever it begins
        assert trials.search(case(target, another=target), "solver")["tol"] == tol


def test_a_target_out_of_reach_is_told():
    row = Trials({1e-1: 1e-2, 1e-2: 3e-3}).search(case(1e-4), "solver")
    assert row["status"] == "reached 3.0e-03 at its tightest setting"


def test_an_error_is_told_and_a_solver_that_took_too_long_is_asked_no_more():
    trials = Trials({1e-1: RuntimeError("no sparse data")})
    assert trials.search(case(1e-4), "solver")["status"] == "no sparse data"
    trials = Trials({1e-1: 1e-2, 1e-2: TimeoutError("over 30 s")})
    assert trials.search(case(1e-4), "solver")["status"] == "over 30 s"
    assert trials.search(case(1e-4), "solver")["status"] == "not tried: over 30 s before"
    assert trials.asked == [1e-1, 1e-2]


def test_all_take_turns_and_an_error_in_a_round_is_told():
    trials = Trials({1e-1: 1e-2, 1e-3: RuntimeError("broke")})
    rows = trials.rounds(case(None), {"one": 1e-1, "another": 1e-3}, threads=1)
    assert rows == {"one": {"seconds": [1.0] * 5}, "another": {"status": "broke"}}
    assert trials.asked[:3] == [1e-1, 1e-3, 1e-1]


def test_a_call_that_is_short_is_repeated(monkeypatch):
    clock, calls = [0.0], []

    def fit(X, y):
        clock[0] += 0.006
        calls.append(X)

    monkeypatch.setattr(worker.time, "perf_counter", lambda: clock[0])
    desk = worker.Desk("small", "skreg LassoCD")
    desk.family = SimpleNamespace(arguments=lambda X, y: {}, AT_LEAST=0.02)
    desk.solver = SimpleNamespace(fit=fit)
    answer = desk.call(1, 2, (1, 2), params={}, tol=None, threads=1)
    assert len(calls) == 4
    assert answer.seconds == pytest.approx(0.006)
    del desk.family.AT_LEAST
    assert desk.call(1, 2, (1, 2), params={}, tol=None, threads=1).seconds == pytest.approx(0.006)
    assert len(calls) == 5


# The cases, and what takes part


@pytest.mark.parametrize("dataset", ["diabetes", "random 200 x 20, 5 per row"])
@pytest.mark.parametrize("group", small.WORK)
def test_all_libraries_have_the_same_objective_on_small_tables(group, dataset):
    X, y, _ = make(dataset)
    solvers, asked = small.WORK[group]
    for params in asked.values():
        arguments = small.arguments(X, y, **params)
        for name in solvers:
            solver = small.SOLVERS[name]
            if solver.module in ("skreg", "sklearn.linear_model"):
                assert small.accuracy(X, y, solver.fit(X, y, **arguments), **params) < 1e-3


def test_glmnet_is_told_the_same_penalties():
    pytest.importorskip("glmnet")
    X, y, _ = make("wine")
    for group in ("lasso", "elastic net", "ridge"):
        for params in small.WORK[group][1].values():
            answer = small.SOLVERS[f"glmnet {group}"].fit(X, y, **small.arguments(X, y, **params))
            assert small.accuracy(X, y, answer, **params) < 1e-3


def test_each_case_of_ridge_is_for_the_solvers_that_do_its_work():
    groups = {case.group: case.solvers for quick in (True, False) for case in ridge.cases(quick)}
    assert sorted(groups) == [
        "5 folds",
        "leave-one-out",
        "single fits to 0.0001",
        "single fits to 1e-08",
    ]
    assert groups["leave-one-out"] == ("skreg RidgeGDCV", "scikit-learn RidgeCV")
    assert groups["5 folds"][0] == "skreg RidgeGDCV, folds"
    assert all("GridSearchCV" in name for name in groups["5 folds"][1:])
    both = [*groups["single fits to 0.0001"], *groups["leave-one-out"], *groups["5 folds"]]
    assert sorted(both) == sorted(ridge.SOLVERS)
    measured = {solver.name for solver in memory.takers(memory.CASES[4], quick=False)}
    assert measured == set(groups["single fits to 0.0001"])


def test_every_way_to_search_is_the_same_work(data):
    X, y = data
    for group, names in search.ESTIMATORS.items():
        found = []
        for name in names:
            fit = search.SOLVERS[f"{name}, GridSearchCV"].fit
            for options in search.ways(2).values():
                arguments = search.arguments(X, y, group, 4, **options)
                found.append(fit(X, y, **arguments))
        np.testing.assert_allclose(found, np.tile(found[0], (6, 1)), atol=1e-3)


def test_searches_start_for_each_estimator_and_way(tmp_path):
    results = {"data": {}}
    starts = list(search.starts(True, tmp_path, results))
    assert len({start.name for start in starts}) == len(starts) == 2 * 3
    assert list(results["data"]) == [search.DATASETS[True]]
    for start in starts:
        family, solver, folder, work = start.words[1:]
        seconds = probe.coldstart(family, solver, folder, work)
        assert list(seconds) == ["first_fit", "second_fit"]


def test_all_cores_are_given_to_every_case(monkeypatch):
    found = {}
    monkeypatch.setattr(measure, "run", lambda family, settings, *rest: found.update(run=settings))
    cores.run(__main__.QUICK, found.update, None)
    assert found["run"].threads == tuple(found["settings"]["threads"]) == (cores.CORES,)


@pytest.mark.parametrize("quick", [True, False])
def test_each_case_of_all_cores_is_the_work_of_its_solvers(quick):
    X, y = np.random.default_rng(0).standard_normal((20, 4)), np.arange(20.0) % 2
    kinds = set()
    for case in cores.cases(quick):
        assert set(case.solvers) <= set(cores.SOLVERS)
        arguments = cores.arguments(X, y, **case.params)
        if case.params["family"] == "mlp":
            assert arguments["n_jobs"] in (1, cores.CORES)
        elif quick:
            ours = cores.SOLVERS[case.solvers[0]].fit(X, y, **arguments)
            found = cores.accuracy(X, y, ours, **case.params)
            assert found is None if case.params["family"] == "search" else found < 1e-8
        kinds.add(case.group)
    assert kinds == set(cores.TAKERS)


def test_the_report_for_the_terminal_needs_no_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "plots", lambda: pytest.fail("it draws"))
    assert "fastest in" in report.text(store(tmp_path, *ALL))


def test_work_of_many_fits_is_given_more_time():
    timeouts = []
    worker = SimpleNamespace(ask=lambda do, timeout, **request: timeouts.append(timeout))
    trials = measure.Trials(None, {"solver": worker}, "", __main__.FULL)
    for slack in (1, 10):
        trials.fit(case(None)._replace(slack=slack), "solver", None, 1, check=False)
    assert timeouts == [measure.START, 30.0, measure.START, 300.0]


def test_a_stream_is_read_over_and_over_where_the_disk_is_small(tmp_path, monkeypatch):
    wanted = stream.Stream(n_chunks=4, n_samples=20, n_features=3)
    for name in ("large", "small"):
        (tmp_path / name).mkdir()
    assert stream.store(wanted, tmp_path / "large") == "simulated; 20 x 3, dense, float64; 4 files"
    room = SimpleNamespace(free=3 * 2 * 8 * 20 * 4)
    monkeypatch.setattr(stream.shutil, "disk_usage", lambda folder: room)
    assert stream.store(wanted, tmp_path / "small").endswith("; 3 files, read over and over")
    assert len(list((tmp_path / "small").iterdir())) == 3


def test_the_work_of_a_stream_is_done_on_all_chunks(tmp_path, monkeypatch):
    sizes = stream.Stream(n_chunks=20, n_samples=30, n_features=3)
    monkeypatch.setattr(memory, "limit", lambda: None)
    monkeypatch.setattr(memory, "settle", lambda: 100)
    monkeypatch.setattr(memory, "status", lambda name: 107)
    stream.store(sizes, tmp_path)
    found = {name: stream.work(name, tmp_path, json.dumps(sizes)) for name in stream.SOLVERS}
    assert all(reply["peaks"] == [7, 7] for reply in found.values())
    assert found["skreg RidgeGD, partial_fit"]["accuracy"] < 1e-12
    assert found["scikit-learn SGDRegressor, partial_fit"]["accuracy"] > 1e-6
    assert found["reading and X'X"]["accuracy"] is None
    X, y = map(np.concatenate, zip(*map(stream.data.read, sorted(tmp_path.iterdir())), strict=True))
    answer = stream.skreg([(X, y)], len(y))
    assert accuracy.ridge_gradient(X, y, stream.ALPHA, *answer) < 1e-12
