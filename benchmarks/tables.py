"""Tables and sentences: what the grids of results say, for the terminal and for Markdown."""

import math
import re
import statistics

from .core import FLOORS
from .grids import OURS, TIMES

DASH = "\N{EN DASH}"
NO_BREAK = "\N{NON-BREAKING HYPHEN}"


def digits(number):
    """Return a number with two significant digits, or three if it begins with 1.

    Less than a hundred-thousandth, it has an exponent.
    """
    if number == 0:
        return "0"
    if abs(number) < 1e-5:
        return f"{number:.1e}"
    exponent = math.floor(math.log10(abs(number)))
    wanted = 3 if abs(number) < 2 * 10.0**exponent else 2
    return f"{round(number, wanted - 1 - exponent):.{max(0, wanted - 1 - exponent)}f}"


def spread(cell):
    """Return the median of a cell and, of several rounds, the range."""
    if len(cell.values) == 1:
        return digits(cell.median)
    return f"{digits(cell.median)} ({digits(min(cell.values))}-{digits(max(cell.values))})"


def superscript(number):
    """Return a number in raised digits."""
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def table(grid):
    """Return head, rows and notes of a grid; the least of each line is bold."""
    notes, rows = {}, []
    for line, cells in grid.lines.items():
        best = fastest(cells) if grid.words else None
        found = {name: describe(cell, notes, name == best) for name, cell in cells.items()}
        rows.append([*line, *(found.get(name, "") for name in grid.columns)])
    return [*grid.heads, *grid.columns], rows, list(notes)


def describe(cell, notes, bold):
    """Return a cell in words; why there is no number becomes one of the notes."""
    if cell.done:
        return mark(spread(cell), bold)
    return DASH + superscript(notes.setdefault(cell.status, len(notes) + 1))


def mark(text, bold):
    """Make the first word of a text bold, if it shall be."""
    first, space, rest = text.partition(" ")
    return f"**{first}**{space}{rest}" if bold else text


def markdown(head, rows):
    """Return a table for the documentation; what a line shares with the one above is left out."""
    shown = [[re.sub(r"(?<=\d)-(?=\d)", NO_BREAK, text) for text in row] for row in rows]
    for above, row in zip(rows, shown[1:], strict=False):
        row[0] = "" if row[0] == above[0] else row[0]
    lines = [head, ["---"] * len(head), *shown]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(head, rows):
    """Return a table for the terminal, its head in several lines."""
    rows = [[text.replace("**", "*") for text in row] for row in rows]
    words = [name.split() for name in head]
    tall = max(map(len, words))
    top = [[*[""] * (tall - len(parts)), *parts] for parts in words]
    columns = [
        [*names, *column] for names, column in zip(top, zip(*rows, strict=True), strict=True)
    ]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in zip(*columns, strict=True)
    ]
    return "\n".join([*lines[:tall], "-" * max(map(len, lines)), *lines[tall:]])


def fastest(cells, but=None):
    """Return the name of the best solver that finished, or None; not one that begins with `but`."""
    done = {
        name: cell.median
        for name, cell in cells.items()
        if cell.done and name not in FLOORS and not (but and name.startswith(but))
    }
    return min(done, key=done.get, default=None)


def ratios(grid, ours):
    """Return the time of the fastest peer over ours, for the lines that both finished."""
    return {
        line: cells[peer].median / cells[ours].median
        for line, cells in grid.lines.items()
        if (peer := fastest(cells, but=OURS)) and ours in cells and cells[ours].done
        if min(cells[peer].median, cells[ours].median) > 0  # memory may be none
    }


def summary(grid):
    """Return wins, losses and ratios in words: a sentence or more for each of our solvers."""
    ours = [name for name in grid.columns if name.startswith(OURS)]
    return " ".join(verdict(grid, name) + beside_floors(grid, name) for name in ours)


def verdict(grid, ours):
    """Return how one of our solvers does against the best peer of each line."""
    best, times = grid.words
    lines = {line: cells for line, cells in grid.lines.items() if ours in cells}
    found = ratios(grid, ours)
    alone = sum(c[ours].done and fastest(c, but=OURS) is None for c in lines.values())
    lost = sum(not c[ours].done and fastest(c, but=OURS) is not None for c in lines.values())
    wins = sum(ratio > 1 for ratio in found.values()) + alone
    words = [f"{ours} is {best} in {wins} of {count(len(lines), 'case')}"]
    words.append(f" ({alone} without a peer that finished)." if alone else ".")
    if found:
        mean = digits(math.exp(statistics.fmean(map(math.log, found.values()))))
        words.append(f" Where both finished ({count(len(found), 'case')}), the {best} peer")
        words.append(f" {times.format(mean)} in the geometric mean")
        ends = [min(found, key=found.get), max(found, key=found.get)]
        low, high = (f"{digits(found[end])} ({', '.join(end[:2])})" for end in ends)
        words.append(f", from {low} to {high}." if len(found) > 1 else ".")
    if lost:
        words.append(f" In {count(lost, 'case')} a peer finished and {ours} did not.")
    return "".join(words)


def beside_floors(grid, ours):
    """Return how much more one of our solvers takes than each floor does, or nothing."""
    words = ""
    for floor in FLOORS:
        pairs = [(cells.get(ours), cells.get(floor)) for cells in grid.lines.values()]
        both = [pair for pair in pairs if all(cell and cell.done for cell in pair)]
        if found := [own.median / least.median for own, least in both if least.median > 0]:
            mean = digits(math.exp(statistics.fmean(map(math.log, found))))
            average = " in the geometric mean" if len(found) > 1 else ""
            words += f" It {grid.words[1].format(mean)} as {floor}{average}."
    return words


def errors(rows):
    """Return head and rows of the errors of networks, one line for those that differ by seed."""
    lines = {}
    for row in rows:
        words = ", ".join(f"{name} {value}" for name, value in row["network"].items())
        lines.setdefault((row["samples"], words), []).append(row)
    head = ["samples", "network", "mean error", "with each seed", "seconds"]
    table = []
    for line, alike in sorted(lines.items(), key=lambda item: item[0][0] == "test"):
        found = [row["error"] for row in alike]
        seconds = [row["seconds"] for row in alike if "seconds" in row]
        table.append(
            [
                *line,
                f"{statistics.fmean(found):.2%}",
                ", ".join(f"{error:.2%}" for error in found),
                f"{statistics.median(seconds):.0f}" if seconds else "",
            ]
        )
    return head, table


def hostile(rows):
    """Return head, rows and a summary of who solves what."""
    lines, solvers = {}, list(dict.fromkeys(row["solver"] for row in rows))
    for row in rows:
        lines.setdefault(row["case"], {})[row["solver"]] = row
    table = [
        [case, *(mark(outcome(cells[s]), is_silently_wrong(cells[s])) for s in solvers)]
        for case, cells in lines.items()
    ]
    sums = []
    for solver in solvers:
        asked = [row for row in rows if row["solver"] == solver and row["status"] in ("ok", LATE)]
        wrong = [row for row in asked if row["status"] != "ok" or not row["excess"] <= RIGHT]
        silent = sum(map(is_silently_wrong, wrong))
        times = [count(len(some), "time") for some in (asked, wrong)]
        words = f"{solver} was asked {times[0]} and wrong {times[1]}"
        sums.append(f"{words}, {silent} of them without a warning" if wrong else words)
    return ["problem", *solvers], table, "; ".join(sums) + "."


RIGHT = 1e-3  # of the loss without features, that the objective may be above the least
LATE = "no answer in a minute"


def outcome(row):
    """Return how far an answer is from the best, and whether there was a warning; or why not."""
    if row["status"] != "ok":
        return row["status"]
    excess = max(row["excess"], 0.0)
    words = "no number" if not math.isfinite(excess) else "exact" if excess <= 1e-12 else ""
    return (words or f"{excess:.0e}") + (", warns" if row["warnings"] else "")


def is_silently_wrong(row):
    """Tell whether an answer is wrong and nothing says so."""
    return row["status"] == "ok" and not row["excess"] <= RIGHT and not row["warnings"]


def count(number, noun):
    """Return a number and a noun."""
    return f"{number} {noun}{'s' * (number != 1)}"


def against_the_fastest(grid):
    """Return head, rows and notes of a table of our solvers and the fastest peers."""
    notes, rows = {}, []
    for ours in (name for name in grid.columns if name.startswith(OURS)):
        quotients = ratios(grid, ours)
        for line, cells in grid.lines.items():
            if ours in cells:
                peer, ratio = fastest(cells, but=OURS), quotients.get(line, 0)
                mine = describe(cells[ours], notes, ratio > 1)
                theirs = describe(cells[peer], notes, ratio <= 1) if peer else "none finished"
                rows.append([*line, mine, theirs, peer or "", digits(ratio) if ratio else DASH])
    return [*grid.heads, "skreg", "fastest peer", "", "peer / skreg"], rows, list(notes)


def reached(results, group):
    """Return head and rows of the accuracies reached, where no target was set."""
    lines = {}
    for row in results["rows"]:
        free = row.get("target") is None and row.get("accuracy") is not None
        if row["group"] == group and free:
            line = lines.setdefault((row["dataset"], row["label"]), {})
            line[row["solver"]] = digits(row["accuracy"])
    names = list(dict.fromkeys(name for line in lines.values() for name in line))
    rows = [[*place, *(line.get(name, "") for name in names)] for place, line in lines.items()]
    return [*TIMES[1], *names], rows
