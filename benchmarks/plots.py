"""Plots of the stored results: dots on a logarithmic axis, and growth."""

import itertools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import blended_transform_factory

from . import core, grids, tables

COLOURS = (
    "#d55e00",
    "#0072b2",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#444444",
    "#7b4fb5",
    "#8c564b",
    "#999933",
)
MARKERS = "osD^vPXdph"
SIZES = {"o": 7, "s": 6.3, "D": 5.8, "d": 7, "P": 8, "X": 8}
STEP, GAP = 1.0, 0.7  # between the lines of a data set, and more between data sets


def styles(columns, packages):
    """Return colour and marker of each column: a colour for a package, a marker for a solver."""
    known = list(dict.fromkeys([*packages, *map(grids.package, columns)]))
    taken, found = {}, {}
    for name in columns:
        place = known.index(grids.package(name))
        nth = taken[place] = taken.get(place, -1) + 1
        marker = "|" if name in core.FLOORS else MARKERS[(place + nth) % len(MARKERS)]
        found[name] = {
            "color": "black" if name in core.FLOORS else COLOURS[place % len(COLOURS)],
            "marker": marker,
            "markersize": SIZES.get(marker, 7),
            "linestyle": "none",
            "zorder": 4 if name.startswith(grids.OURS) else 3,
        }
    return found


def heights(grid):
    """Return the height of each line; like cases of a data set stay together."""
    alike, steps = len(cases(grid)) == 1, [0.0]
    for one, other in itertools.pairwise(grid.lines):
        steps.append(steps[-1] + STEP + GAP * (one[0] != other[0] or not alike))
    return dict(zip(grid.lines, steps, strict=True))


def cases(grid):
    """Return the different tuples of cases that data sets have: one, if all have the same."""
    sets = {}
    for line in grid.lines:
        sets.setdefault(line[0], []).append(line[1])
    return set(map(tuple, sets.values()))


def draw(axes, grid, looks):
    """Draw the cells of a grid: dots with ranges, and at the right those without an answer."""
    y = heights(grid)
    for line, cells in grid.lines.items():
        failed = [name for name in looks if name in cells and not cells[name].done]
        for name in (name for name in looks if name in cells and cells[name].done):
            cell, look = cells[name], looks[name]
            ends = [min(cell.values), max(cell.values)]
            axes.plot(ends, [y[line]] * 2, color=look["color"], linewidth=1.5)
            axes.plot(cell.median, y[line], **look, **edge(look))
        for place, name in enumerate(failed):
            hollow = looks[name] | {"markerfacecolor": "none", "markersize": 4.5, "mew": 0.9}
            x, frame = 1.02 + 0.025 * place, axes.get_yaxis_transform()
            axes.plot(x, y[line], **hollow, transform=frame, clip_on=False)
    shade(axes, y)
    axes.set_ylim(max(y.values()) + 0.8, -0.8)
    axes.set_xscale("log")
    axes.grid(axis="x", color="#dddddd", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def edge(look):
    """Return the edge that sets a marker apart from those beneath."""
    return {"mew": 1.5} if look["marker"] == "|" else {"markeredgecolor": "white", "mew": 0.6}


def shade(axes, y):
    """Shade every other data set."""
    sets = list(dict.fromkeys(line[0] for line in y))
    for name in sets[::2]:
        lines = [place for line, place in y.items() if line[0] == name]
        half = (STEP + GAP) / 2
        axes.axhspan(lines[0] - half, lines[-1] + half, color="#f4f4f4", zorder=0, linewidth=0)


def readable(axis):
    """Write 0.1 and 1000 at the ticks of a logarithmic axis, and more of them on a short one."""
    low, high = axis.get_view_interval()
    if np.log10(high / low) < 2.5:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def unfinished(grid):
    """Return whether a cell of a grid has no value."""
    return any(not cell.done for cells in grid.lines.values() for cell in cells.values())


def dots(grid, packages):
    """Return a plot of a grid: a line for each case, a marker for each column."""
    y, looks = heights(grid), styles(grid.columns, packages)
    figure = Figure(figsize=(9, 1.3 + 0.25 * (max(y.values()) + 1.6)), layout="constrained")
    axes = figure.subplots()
    draw(axes, grid, looks)
    labels, last = [], None
    for line in grid.lines:
        labels.append(", ".join(line[line[0] == last : 2]))
        last = line[0]
    axes.set_yticks(list(y.values()), labels)
    axes.set_xlabel(grid.unit)
    readable(axes.xaxis)
    if unfinished(grid):
        axes.text(1.02, 1.0, "no answer", transform=axes.transAxes, fontsize="small")
    handles = [axes.plot([], [], **look, label=name)[0] for name, look in looks.items()]
    ncols = max(1, 130 // (6 + max(map(len, looks))))
    figure.legend(
        handles=handles, loc="outside upper center", ncols=ncols, frameon=False, fontsize=8.5
    )
    return figure


def growth(results, group, packages):
    """Return a plot of seconds against size, with the fitted powers in the legend."""
    curves, powers = grids.curves(results, group), grids.exponents(results, group)
    looks = styles(curves, packages)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, points in curves.items():
        x, y = [x for x, _ in points], [cell.median for _, cell in points]
        power = f", slope {powers[name]:.2f}" if name in powers else ""
        look = looks[name] | {"linestyle": "-", "label": name + power}
        axes.plot(x, y, **look, **edge(look))
        low, high = zip(*((min(cell.values), max(cell.values)) for _, cell in points), strict=True)
        axes.vlines(x, low, high, color=look["color"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(group.rpartition(": ")[2])
    axes.set_ylabel("seconds")
    readable(axes.xaxis)
    readable(axes.yaxis)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def relative(grid, title):
    """Return the fastest peer of each package in units of our time.

    A line that we have not finished has a cell of ours that says so, and who has.
    """
    lines = {}
    for line, cells in grid.lines.items():
        ours = next((c for name, c in cells.items() if name.startswith(grids.OURS)), grids.Cell(()))
        peers, unit = {}, median(ours)
        for name in sorted(cells, key=lambda name: median(cells[name])):
            if not name.startswith((grids.OURS, *core.FLOORS)):
                peers.setdefault(grids.package(name), cells[name])
        done = [name for name, cell in peers.items() if cell.done]
        if ours.done:
            peers |= {name: grids.Cell((peers[name].median / unit,)) for name in done}
        else:
            peers = {name: cell for name, cell in peers.items() if not cell.done}
            answers = f"but from {tables.count(len(done), 'package')}" if done else "nor others"
            words = f"no answer from skreg, {answers}"
            peers[grids.OURS] = grids.Cell((), words)
        lines[line] = peers
    return grid._replace(title=title, lines=lines)


def median(cell):
    """Return the median of a cell, or infinity."""
    return cell.median if cell.done else np.inf


def overview(panels, packages, caption, warning=""):
    """Return the figure of all panels: the time of every package where skreg takes 1."""
    looks = styles(packages, packages)
    columns = halves(panels)
    tall = max(sum(map(height, column)) for column in columns)
    figure = Figure(figsize=(10.6, max(6.6, 0.1 * tall)), layout="constrained")
    halfs = figure.subfigures(1, len(columns), squeeze=False)[0]
    for column, half in zip(columns, halfs, strict=True):
        ratios = [*map(height, column), 0.01 + tall - sum(map(height, column))]
        places = half.subplots(len(ratios), 1, height_ratios=ratios, sharex=True)
        places[-1].set_axis_off()
        for axes, grid in zip(places, column, strict=False):
            compare(axes, grid, looks)
        axes.tick_params(labelbottom=True)
    span(figure)
    looks[grids.OURS] = {"color": COLOURS[0], "linewidth": 2}
    handles = [axes.plot([], [], **look, label=name)[0] for name, look in looks.items()]
    ncols = -(-len(looks) // (1 + (len(looks) > 9)))  # two rows of many
    figure.legend(handles=handles, loc="outside upper center", ncols=ncols, frameon=False)
    figure.supxlabel(caption, fontsize=8, color="#555555")
    if warning:
        figure.supxlabel(f"{warning}\n{caption}", fontsize=9, color="red")
    return figure


def height(grid):
    """Return the height that a panel needs, with its title and ticks."""
    return max(heights(grid).values()) + 3.5


def halves(panels):
    """Split the panels, in order, into two columns of about the same height."""

    def taller(cut):
        return max(sum(map(height, part)) for part in (panels[:cut], panels[cut:]))

    cut = min(range(1, len(panels) + 1), key=taller)
    return [part for part in (panels[:cut], panels[cut:]) if part]


def compare(axes, grid, looks):
    """Draw a panel: a name for each data set, whose cases the title tells in the same order."""
    draw(axes, grid, looks)
    axes.axvline(1, color=COLOURS[0], linewidth=2, zorder=2)
    y, sets = heights(grid), {}
    for line, cells in grid.lines.items():
        sets.setdefault(line[0], []).append(line)
        if grids.OURS in cells:
            words, frame = cells[grids.OURS].status, axes.get_yaxis_transform()
            axes.text(0.5, y[line], words, transform=frame, fontsize=7, ha="center", va="center")
    if len(alike := cases(grid)) == 1:
        middles = [np.mean([y[line] for line in lines]) for lines in sets.values()]
        axes.set_yticks(middles, list(sets))
        title = f"{grid.title}: {', '.join(*alike)}"
    else:
        axes.set_yticks(list(y.values()), list(map(short, grid.lines)))
        title = grid.title
    axes.set_title(" ", fontsize=9)  # room for the title, which begins above the labels
    place = blended_transform_factory(axes.figure.transSubfigure, axes.transAxes)
    words = axes.text(0.02, 1.02, title, transform=place, fontsize=9, fontweight="bold")
    words.set_in_layout(False)
    axes.tick_params(labelsize=9, labelbottom=False)


def short(line):
    """Return data set and case without its details, in few letters."""
    return f"{line[0]}, {line[1].partition(', ')[0]}"


def span(figure):
    """Give all panels the same range."""
    panels = [axes for axes in figure.axes if axes.axison]
    low = min(axes.get_xlim()[0] for axes in panels)
    high = max(axes.get_xlim()[1] for axes in panels)
    for axes in panels:
        axes.set_xlim(low, high)
        readable(axes.xaxis)
