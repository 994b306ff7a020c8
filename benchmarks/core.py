"""The two words that every family of benchmarks is written in: Case and Solver."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
FLOORS = ("products alone", "reading and X'X")  # they do less than the work and are no peers


class Case(NamedTuple):
    """A piece of work that every solver of a family is given.

    Attributes
    ----------
    dataset : str
        A name that `data.make` knows.
    label : str
        What is asked, for tables.
    group : str
        Cases that share a table. Within a data set, easier cases come first: a solver that
        exceeds the time limit in one is not asked for those that follow.
    params : dict
        What `arguments` of the family turns into keyword arguments of the solvers.
    target : float or None
        Accuracy to reach; None where the work itself is fixed.
    x : float or None
        What grows from case to case, for plots of growth.
    per : int
        Units of work in a call, such as epochs; seconds are divided by it.
    solvers : tuple of str or None
        Who takes part; None is everyone.
    slack : float
        How many times the time limit a call may take, for work of many fits.
    """

    dataset: str
    label: str
    group: str
    params: dict
    target: float | None = None
    x: float | None = None
    per: int = 1
    solvers: tuple | None = None
    slack: float = 1


class Solver(NamedTuple):
    """A way to do the work of a family.

    Attributes
    ----------
    name : str
        As shown in tables.
    fit : callable
        ``fit(X, y, tol=tol, **arguments)``; what it returns is given to the family's `accuracy`.
    module : str
        What a user imports; its import is timed on its own, its version is recorded.
    tolerances : tuple
        Settings of the solver's own stopping rule from loose to tight; (None,) if it has none.
    prepare : callable or None
        Turns X and y into what the solver takes, outside of all timing.
    environment : str or None
        Name of an environment of its own, `.venv-NAME`, for peers that do not bear the others.
    """

    name: str
    fit: Callable
    module: str
    tolerances: tuple = (None,)
    prepare: Callable | None = None
    environment: str | None = None

    @property
    def python(self):
        """The interpreter that runs the solver."""
        if self.environment is None:
            return sys.executable
        folder = ROOT / f".venv-{self.environment}"
        variable = f"BENCH_PYTHON_{self.environment.upper()}"
        return os.environ.get(variable, str(folder / "bin" / "python"))


class Solvers(dict):
    """The solvers of a family by name, filled by the decorator `add`."""

    def add(self, name, module, **options):
        """Register a function as the `fit` of a solver."""

        def register(function):
            self[name] = Solver(name, function, module, **options)
            return function

        return register


class Timed(NamedTuple):
    """An answer that comes with its own time, from a solver that runs in another language."""

    answer: object
    seconds: float


def decades(loosest, tightest):
    """Return the powers of ten between two exponents, from loose to tight."""
    return tuple(10.0**k for k in range(loosest, tightest - 1, -1))
