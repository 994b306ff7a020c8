"""``python -m benchmarks.report [FOLDER]``: tables, plots and sentences from the stored results.

``--figure PATH`` writes the figure of the README instead. Nothing here measures anything, and no
number is typed: what the documentation shows is what benchmarks/results says.
"""

import argparse
import ast
import hashlib
import importlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from . import grids, tables
from .core import FLOORS, ROOT

RESULTS = ROOT / "benchmarks" / "results"
TITLES = {
    "lasso": "Lasso",
    "wide": "Lasso on wide, correlated data",
    "paths": "Lasso paths at defaults",
    "groups": "Group lasso",
    "logistic": "Logistic regression",
    "multinomial": "Logistic regression, several classes",
    "logistic_paths": "Logistic paths",
    "logistic_cv": "Logistic regression, alpha chosen",
    "logistic_small": "Logistic regression on small tables",
    "ridge": "Ridge",
    "small": "Small tables",
    "mlp": "Networks",
    "cores": "All cores",
    "growth": "Growth",
    "coldstart": "Cold start",
    "search": "Searches",
    "memory": "Memory",
    "stream": "Streams",
    "regret": "Which way is chosen",
}
REACHED = {  # where no target is set
    "paths": "relative gap",
    "logistic_cv": "relative gap",
    "logistic_small": "relative gap, with L2 relative gradient",
    "small": "relative gap, of ridge relative gradient",
    "mlp": "training log loss after these epochs",
    "cores": "relative gap, of ridge relative gradient, of networks training log loss",
    "stream": "relative gradient at the end",
    "regret": "relative gap, of ridge relative gradient",
}
SHOWN = ("lasso", "ridge", "small", "mlp")  # in the figure
QUICK = "QUICK RUN: small data, one round. It shows that the benchmarks run, not how fast."


class Form(NamedTuple):
    """How to write for a reader: a table, words as they are, and a plot, given as a function."""

    table: Callable
    verbatim: Callable
    image: Callable


def main(arguments=None):
    """Print the tables, or write the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=RESULTS, metavar="FOLDER")
    parser.add_argument("--figure", type=Path, metavar="PATH", help="write the figure, a PNG")
    options = parser.parse_args(arguments)
    if options.figure is None:
        print(text(options.folder))
    elif grids.load(options.folder, SHOWN):
        metadata = {"fingerprint": fingerprint(options.folder)}
        figure(options.folder).savefig(options.figure, dpi=150, metadata=metadata)
    else:
        parser.error(f"there are no results in {options.folder}")


def fingerprint(folder):
    """Return the SHA-256 of the results that the figure shows."""
    digest = hashlib.sha256()
    for name in SHOWN:
        file = folder / f"{name}.json"
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def text(folder):
    """Return the report for the terminal, without plots."""
    return "\n\n".join(blocks(folder, Form(tables.plain, str, lambda name, plot: ())))


def page(folder, target, address):
    """Write the report as Markdown to `target`; plots stand beside it, `address` leads to them."""
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir(parents=True)

    def image(name, plot):
        file = re.sub(r"\W+", "-", name) + ".svg"
        plot().savefig(target.parent / file)
        return (f"![{name}]({address}/{file})",)

    target.write_text(
        "\n\n".join(blocks(folder, Form(tables.markdown, code, image))) + "\n", "utf8"
    )


def hostile_page(folder, target):
    """Write the table of hostile problems as Markdown."""
    for results in grids.load(folder, ["hostile"]).values():
        head, rows, words = tables.hostile(results["rows"])
        parts = tables.markdown(head, rows), words, *circumstances({"The table": results})
        target.write_text("\n\n".join(parts) + "\n", "utf8")


def code(words):
    """Return words as Markdown that shows them as they are."""
    return f"`` {words} ``" if "`" in words else f"`{words}`"


def blocks(folder, form):
    """Yield the paragraphs of a report."""
    stored = grids.load(folder, TITLES)
    if grids.load(folder, SHOWN):
        yield from form.image("overview", lambda: figure(folder))
    yield from circumstances({TITLES[name]: results for name, results in stored.items()})
    yield from sources(stored, form)
    for name, title in TITLES.items():
        yield f"## {title}"
        yield purpose(name)
        if name in stored:
            yield from family(stored[name], packages(stored), form)
        else:
            yield "Not measured yet."
    for results in grids.load(folder, ["mnist_error"]).values():
        yield "## Test error on MNIST"
        yield purpose("mnist_error")
        yield from circumstances({"The errors": results})
        yield form.table(*tables.errors(results["rows"]))


def circumstances(stored):
    """Yield where and when; results, by title, that were measured alike share a paragraph."""
    alike = {}
    for title, results in stored.items():
        machine = results["machine"]
        words = (
            f"on {results['date']}: {machine['processor']}, {machine['cores']} cores, "
            f"{machine['memory_gib']} GiB, {machine['system']}, BLAS {machine['blas']}, "
            f"Python {machine['python']}, " + listed(results["versions"])
        )
        if commit := results.get("commit"):
            words += f", skreg as of commit {commit}"
        alike.setdefault(words, []).append(title)
    for words, titles in alike.items():
        yield f"{', '.join(titles)}: measured {words}."


def sources(stored, form):
    """Yield a table of the data sets and where they come from."""
    rows = {}
    for results in stored.values():
        if results["family"] not in ("growth", "memory"):  # there, names say it all
            rows |= results.get("data", {})
    if rows:
        yield form.table(["data", "source"], [[name, source] for name, source in rows.items()])


def listed(versions):
    """Return names and versions in words."""
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def purpose(name):
    """Return what the module of a family says about itself."""
    file = Path(__file__).with_name(f"{name}.py")
    return (ast.get_docstring(ast.parse(file.read_text("utf8"))) or "") if file.exists() else ""


def family(results, known, form):
    """Yield the paragraphs about one family."""
    settings = results["settings"]
    if settings["quick"]:
        yield f"> **{QUICK}**"
    if not results.get("complete", True):
        yield "> **This run was stopped before its end: other cases were not measured.**"
    if results.get("solvers"):
        yield f"Solvers: {listed(results['solvers'])}."
    if results["family"] not in grids.ARRANGE:
        yield f"Settings: {rules(settings)}."
    for name, error in results.get("missing", {}).items():
        yield f"**Missing: {name}**: {form.verbatim(error)}"
    first, *more = settings.get("threads", [1])
    for grid in grids.grids(results, first):
        yield f"### {TITLES.get(grid.title, grid.title[0].upper() + grid.title[1:])}"
        yield from group(results, grid, known, form)
        for threads in more:
            yield from again(results, grid.title, threads, form)


def rules(settings):
    """Return the settings of a measurement in words."""
    words = [tables.count(settings["rounds"], "round")]
    if settings["patience"]:
        words.append(f"or fewer once a solver has taken {settings['patience']:g} s")
    words.append(f"at most {settings['limit']:g} s for a call")
    words.append(f"threads: {' and '.join(map(str, settings['threads']))}")
    return ", ".join(words)


def group(results, grid, known, form):
    """Yield plot, table, notes and summary of one group."""
    name = f"{results['family']}, {grid.title}"
    growing = results["family"] == "growth"
    if growing:
        yield from form.image(name, lambda: plots().growth(results, grid.title, known))
    elif any(cell.done for cells in grid.lines.values() for cell in cells.values()):
        yield from form.image(name, lambda: plots().dots(grid, known if grid.words else ()))
    head, rows, notes = tables.table(grid)
    if growing:
        powers = grids.exponents(results, grid.title)
        rows.append(
            ["slope", "", *(f"{powers[s]:.2f}" if s in powers else "" for s in grid.columns)]
        )
    yield f"*{grid.unit}*"
    yield from noted(head, rows, notes, form)
    contest = grid if grid.words else grids.first_answers(grid)
    if words := tables.summary(contest):
        yield words if grid.words else f"{contest.title} together: {words}"
    head, rows = tables.reached(results, grid.title)
    if rows:
        yield f"*{REACHED.get(results['family'], 'accuracy')}*"
        yield form.table(head, rows)


def again(results, title, threads, form):
    """Yield the smaller table of a group on more threads."""
    for grid in grids.grids(results, threads):
        if grid.title == title:
            yield f"*{grid.unit}, on {threads} threads*"
            yield from noted(*tables.against_the_fastest(grid), form)
            yield tables.summary(grid)


def noted(head, rows, notes, form):
    """Yield a table and its notes."""
    yield form.table(head, rows)
    if notes:
        yield "\n".join(f"{k}. {form.verbatim(note)}" for k, note in enumerate(notes, 1))


def plots():
    """Return the module that draws: matplotlib is needed where plots are, no sooner."""
    return importlib.import_module("benchmarks.plots")


def packages(stored):
    """Return the packages in order of appearance, ours first: a colour for each, everywhere."""
    rows = [row for name in SHOWN if name in stored for row in stored[name]["rows"]]
    names = [row["solver"] for row in rows if row["solver"] not in FLOORS]
    return sorted(dict.fromkeys(map(grids.package, names)), key=lambda name: name != grids.OURS)


def figure(folder):
    """Return the figure of the README."""
    stored = grids.load(folder, SHOWN)
    panels = [
        plots().relative(grid, f"{TITLES[name]}, {grid.title}")
        for name, results in stored.items()
        for grid in grids.grids(results)
    ]
    quick = any(results["settings"]["quick"] for results in stored.values())
    return plots().overview(panels, packages(stored), small_print(stored), QUICK if quick else "")


def small_print(stored):
    """Return what the figure shows, when and where it was measured."""
    when = {
        f"{r['date']}, {r['machine']['processor']}, {r['machine']['cores']} cores, 1 thread"
        for r in stored.values()
    }
    defaults = f"\n{TITLES['small']}: all at their defaults." if "small" in stored else ""
    return (
        "Time of the fastest solver of each package relative to skreg: left of the line is faster "
        "than skreg, right is slower.\nHollow at the right: no answer, for lack of time, of "
        f"accuracy or of support for such data.{defaults} {'; '.join(sorted(when))}."
    )


if __name__ == "__main__":
    main()
