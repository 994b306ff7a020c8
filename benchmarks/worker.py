"""A process in which one solver works, so that none can slow, break or starve another.

Started by `measure.Worker`; it answers requests on the connection that it is given.
"""

import importlib
import resource
import sys
import time
import warnings
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

import numpy as np
from threadpoolctl import threadpool_limits

from . import data
from .core import ROOT, Timed


def main(descriptor, family, solver, memory_limit):
    """Answer requests until the connection closes."""
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_limit), int(memory_limit)))
    connection = Connection(int(descriptor))
    warnings.simplefilter("ignore")  # accuracy is measured, not believed
    with suppress(BaseException):  # imports before it is asked; an error comes again, with a reply
        Desk(family, solver).version()
    desk = None
    with suppress(EOFError):
        while True:
            request = connection.recv()
            try:
                desk = desk or Desk(family, solver)
                reply = getattr(desk, request.pop("do"))(**request)
            except BaseException as error:  # a peer may raise anything; the benchmark lists it
                reply = {"error": describe(error)}
            connection.send(reply)


class Desk:
    """A solver, and the data set that lies before it."""

    def __init__(self, family, solver):
        self.family = importlib.import_module(f"benchmarks.{family}")
        self.solver = self.family.SOLVERS[solver]
        self.folder = self.X = self.y = self.prepared = None

    def version(self):
        """Import what the solver needs, and return its version."""
        module = importlib.import_module(self.solver.module)
        package = importlib.import_module(self.solver.module.partition(".")[0])
        return {"version": getattr(module, "__version__", None) or package.__version__}

    def open(self, folder, **work):
        """Read a data set, warm up on a few rows, and prepare it as the solver takes it."""
        if folder == self.folder:
            return {}
        self.prepared = self.X = self.y = None  # room for the next
        X, y = data.read(folder)
        rows = np.unique(np.linspace(0, len(y) - 1, 60).astype(int))
        with suppress(Exception):  # it compiles; whether so few rows can be fitted is not sure
            self.call(X[rows], y[rows], self.prepare(X[rows], y[rows]), **work)
        self.folder, self.X, self.y, self.prepared = folder, X, y, self.prepare(X, y)
        return {}

    def fit(self, *, check, **work):
        """Do the work once; return the seconds and, if asked, the accuracy."""
        answer, seconds = self.call(self.X, self.y, self.prepared, **work)
        reply = {"seconds": seconds}
        if check:
            reply["accuracy"] = self.family.accuracy(self.X, self.y, answer, **work["params"])
        return reply

    def prepare(self, X, y):
        """Return the data as the solver takes them."""
        return self.solver.prepare(X, y) if self.solver.prepare else (X, y)

    def call(self, X, y, prepared, *, params, tol, threads):
        """Return what the solver answers, and the seconds of a call.

        A call that is too short for a clock is repeated for as long as the family's AT_LEAST says.
        """
        arguments = self.family.arguments(X, y, **params)
        if tol is not None:
            arguments["tol"] = tol
        least, calls, seconds = getattr(self.family, "AT_LEAST", 0), 0, 0.0
        with limited(threads):
            began = time.perf_counter()
            while not calls or seconds < least:
                answer = self.solver.fit(*prepared, **arguments)
                calls, seconds = calls + 1, time.perf_counter() - began
        return answer if isinstance(answer, Timed) else Timed(answer, seconds / calls)


@contextmanager
def limited(threads):
    """Let BLAS, OpenMP and torch use so many threads."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
    with threadpool_limits(threads):
        yield


def describe(error):
    """Return the type of an error and the first line of what it says."""
    lines = str(error).replace(str(ROOT), ".").strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


if __name__ == "__main__":
    main(*sys.argv[1:])
