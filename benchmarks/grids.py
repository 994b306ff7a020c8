"""The stored results, arranged: a Grid for each group of cases, and curves of growth."""

import json
import math
import statistics
from typing import NamedTuple

OURS = "skreg"


class Cell(NamedTuple):
    """What one solver did in one case: a value for each round, or why there is none."""

    values: tuple
    status: str = "ok"

    @property
    def done(self):
        """Whether there is a value."""
        return self.status == "ok" and len(self.values) > 0

    @property
    def median(self):
        """The median over the rounds."""
        return statistics.median(self.values)


class Grid(NamedTuple):
    """Cells by line and column.

    Attributes
    ----------
    title : str
        What the lines have in common.
    unit : str
        Of the values.
    heads : tuple of str
        Names for the parts of a line, such as data set and case.
    words : tuple of str or None
        How to say that a solver has the least of a line, and how many times as much another has;
        None where the columns do not compete.
    lines : dict
        From the parts of a line to its cells, a dict from columns, most often solvers, to Cell.
    """

    title: str
    unit: str
    heads: tuple
    words: tuple | None
    lines: dict

    @property
    def columns(self):
        """The columns that any line has, in order of appearance."""
        return tuple(dict.fromkeys(name for cells in self.lines.values() for name in cells))


def package(solver):
    """Return the package of a solver, the first word of its name; R is no package."""
    words = solver.replace(",", "").split()
    return " ".join(words[:2] if words[0] == "R" else words[:1])


def load(folder, names):
    """Return the stored results by family; families without results are left out."""
    files = {name: folder / f"{name}.json" for name in names}
    return {k: json.loads(file.read_text("utf8")) for k, file in files.items() if file.exists()}


def grids(results, threads=1):
    """Return a Grid for each group of a family."""
    arrange = ARRANGE.get(results["family"], measured)
    unit = UNITS.get(results["family"])
    found = {}
    for row in results["rows"]:
        if row.get("threads", threads) == threads:
            layout, line, cells = arrange(row, results["rows"])
            layout = (unit or layout[0], *layout[1:])
            grid = found.setdefault(row["group"], Grid(row["group"], *layout, {}))
            grid.lines.setdefault(line, {}).update(cells)
    return list(found.values())


def measured(row, rows):
    """Arrange a row of a family in which solvers are timed."""
    cell = Cell(tuple(row.get("seconds") or ()), row["status"])
    return TIMES, (row["dataset"], row["label"]), {row["solver"]: cell}


def cold_start(row, rows):
    """Arrange a row of first calls: the steps are columns."""
    steps = {"import": "import", "first_fit": "first fit", "second_fit": "second fit"}
    cells = {
        name: Cell(tuple(row[step] or ()), row["status"])
        for step, name in steps.items()
        if step in row
    }
    return STEPS, (row["solver"], row["cache"]), cells


def memory(row, rows):
    """Arrange a row of memory in use."""
    place = (row["dataset"], row["layout"])
    same = (other for other in rows if (other["dataset"], other["layout"]) == place)
    size = max(other["data_bytes"] or 0 for other in same)  # unknown where a solver failed
    values = tuple(extra / 2**20 for extra in row.get("extra_bytes") or ())
    return BYTES, (*place, f"{size / 2**20:.3g}"), {row["solver"]: Cell(values, row["status"])}


def stream(row, rows):
    """Arrange a row of a stream: of time, or of the peak of memory."""
    if "seconds" in row:
        return measured(row, rows)
    values = tuple(extra / 2**20 for extra in row["extra_bytes"])
    layout = ("MiB beyond the start", TIMES[1], BYTES[-1])
    return layout, (row["dataset"], row["label"]), {row["solver"]: Cell(values, row["status"])}


ARRANGE = {"coldstart": cold_start, "search": cold_start, "memory": memory, "stream": stream}
UNITS = {"mlp": "seconds per epoch"}
TIMES = ("seconds", ("data", "case"), ("fastest", "takes {} times as long"))
STEPS = ("seconds", ("solver", "cache"), None)
BYTES = (
    "MiB beyond the data",
    ("data", "layout", "MiB of data"),
    ("leanest", "needs {} times as much"),
)


def first_answers(grid):
    """Return a Grid of cold starts in which solvers compete: import and first fit together."""
    lines = {}
    for (solver, cache), cells in grid.lines.items():
        parts = [cells.get("import"), cells.get("first fit")]
        if all(parts):
            done = all(part.done for part in parts)
            values = (sum(part.median for part in parts),) if done else ()
            lines.setdefault((f"{cache} cache",), {})[solver] = Cell(values, parts[0].status)
    return grid._replace(title="Import and first fit", words=TIMES[-1], lines=lines)


def slope(x, y):
    """Return the exponent of the power of x that fits y best, by least squares on logarithms."""
    x, y = [math.log(value) for value in x], [math.log(value) for value in y]
    return statistics.linear_regression(x, y).slope


def curves(results, group):
    """Return x and Cell of every finished point of a group, by solver."""
    found = {}
    for row in results["rows"]:
        cell = Cell(tuple(row.get("seconds") or ()), row["status"])
        if row["group"] == group and cell.done:
            found.setdefault(row["solver"], []).append((row["x"], cell))
    return {name: sorted(points, key=lambda point: point[0]) for name, points in found.items()}


def exponents(results, group):
    """Return the slope of each solver that has two points or more."""
    return {
        name: slope([x for x, _ in points], [cell.median for _, cell in points])
        for name, points in curves(results, group).items()
        if len({x for x, _ in points}) > 1
    }
