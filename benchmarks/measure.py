"""Time to accuracy: every solver on the same case, each at its loosest setting that is good enough.

1. Each solver tries its settings from loose to tight until the measured accuracy is reached.
2. At that setting all solvers take turns, round after round, in a rotating order; so a machine
   whose speed drifts slows all alike. Before each turn there is a pause in which the threads of
   the last solver come to rest. The seconds of every round are kept.
3. The rounds are repeated with other numbers of threads by skreg, and by the peers that are within
   `CONTENDERS` times the fastest.
"""

import itertools
import multiprocessing
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from . import data
from .core import FLOORS, ROOT

START = 300  # seconds that a process may take to import, compile and read data
MEMORY = 14 << 30  # bytes of address space that a solver may use
CONTENDERS = 3
SETTLE = 0.1  # seconds in which the threads of the last solver come to rest


class Settings(NamedTuple):
    """How long and how often to measure."""

    quick: bool
    threads: tuple
    limit: float  # seconds that one call may take
    rounds: int  # at most
    patience: float  # seconds after which a solver stops at its third round


class Worker:
    """A solver in a process of its own, started when needed and again after it was stopped."""

    def __init__(self, family, solver):
        self.family, self.solver = family, solver
        self.process = None

    def start(self):
        """Start the process."""
        if not Path(self.solver.python).exists():
            raise RuntimeError(f"there is no {self.solver.python}; `make bench` installs it")
        self.connection, theirs = multiprocessing.Pipe()
        arguments = [theirs.fileno(), self.family, self.solver.name, MEMORY]
        self.process = subprocess.Popen(
            [self.solver.python, "-m", "benchmarks.worker", *map(str, arguments)],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def stop(self):
        """Stop the process."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.connection.close()
        self.process = None

    def ask(self, do, timeout, **request):
        """Send a request and return the reply; raise what went wrong."""
        if self.process is None:
            self.start()
        try:
            self.connection.send({"do": do, **request})
            if not self.connection.poll(timeout):
                self.stop()
                raise TimeoutError(f"over {timeout:g} s")
            reply = self.connection.recv()
        except (EOFError, BrokenPipeError):
            code = self.process.wait()
            self.stop()
            raise RuntimeError(f"its process ended with exit code {code}") from None
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply


def run(family, settings, save, say):
    """Measure a family, a module such as `lasso`; hand every row to `save` as it is known."""
    name = family.__name__.rpartition(".")[2]
    workers, missing, versions = enlist(name, family.SOLVERS.values(), say)
    sources, rows = {}, []
    results = {"data": sources, "solvers": versions, "missing": missing, "rows": rows}
    cases = family.cases(settings.quick)
    try:
        for dataset, group in itertools.groupby(cases, key=lambda case: case.dataset):
            with tempfile.TemporaryDirectory() as folder:
                folder = Path(folder, "data")
                say(f"{dataset}: ")
                sources[dataset] = data.store(dataset, folder, family.LAYOUT)
                say(f"{sources[dataset]}\n")
                trials = Trials(family, workers, folder, settings)
                for case in group:
                    rows += measure(case, trials, say)
                    save(results)
    finally:
        for worker in workers.values():
            worker.stop()


def enlist(family, solvers, say):
    """Start a worker for every solver; return them, the errors of the missing, and versions."""
    workers = {solver.name: Worker(family, solver) for solver in solvers}
    missing, versions = {}, {}
    for worker in workers.values():  # all import at the same time
        with suppress(RuntimeError):
            worker.start()
    for name, worker in list(workers.items()):
        try:
            versions[name] = worker.ask("version", START)["version"]
        except (RuntimeError, TimeoutError) as error:
            workers.pop(name).stop()
            missing[name] = str(error)
            say(f"missing: {name}: {error}\n")
    return workers, missing, versions


def measure(case, trials, say):
    """Return the rows of a case: one for each solver and number of threads."""
    say(f"  {case.group}, {case.label}\n")
    takers = [name for name in trials.workers if case.solvers is None or name in case.solvers]
    found = {name: trials.search(case, name) for name in takers}
    ready = {name: entry["tol"] for name, entry in found.items() if entry["status"] == "ok"}
    rows = []
    for threads in trials.settings.threads:
        seconds = trials.rounds(case, ready, threads)
        for name in ready if rows else takers:
            row = {"dataset": case.dataset, "label": case.label, "group": case.group}
            row |= {"target": case.target, "x": case.x, "solver": name, "threads": threads}
            rows.append(row | found[name] | seconds.get(name, {}))
            say(f"    {describe(rows[-1])}\n")
        ready = contenders(ready, seconds)
    return rows


def contenders(ready, seconds):
    """Return the solvers that are worth another measurement."""
    typical = {
        name: median(entry["seconds"]) for name, entry in seconds.items() if "seconds" in entry
    }
    bound = CONTENDERS * min((typical[name] for name in typical if name not in FLOORS), default=0.0)
    return {
        name: tol
        for name, tol in ready.items()
        if name in typical and (typical[name] <= bound or name.startswith("skreg"))
    }


def describe(row):
    """Return a row in words."""
    head = f"{row['solver']:28} {row['threads']} thread{'s' * (row['threads'] > 1)}  "
    if row["status"] != "ok":
        return head + row["status"]
    accuracy = "" if row["accuracy"] is None else f", accuracy {row['accuracy']:.1e}"
    return head + f"{median(row['seconds']):.4g} s{accuracy}"


class Trials:
    """The workers with one data set before them, and what they have tried on it."""

    def __init__(self, family, workers, folder, settings):
        self.family, self.workers, self.settings = family, workers, settings
        self.folder = str(folder)
        self.tried = {}
        self.exceeded = {}  # what the solvers say that took too long
        self.enough = {}  # the position of the setting that was good enough, by solver

    def fit(self, case, name, tol, threads, *, check):
        """Let a solver do the work once."""
        worker, grace = self.workers[name], getattr(self.family, "GRACE", 0)
        request = {"params": case.params, "tol": tol, "threads": threads}
        worker.ask("open", START, folder=self.folder, **request)
        timeout = self.settings.limit * case.slack + (grace if check else 0)
        return worker.ask("fit", timeout, check=check, **request)

    def search(self, case, name):
        """Return the first setting, from loose to tight, that reaches the target.

        Begins at the setting that was good enough on these data before: if it is again, looser
        ones are tried, else tighter ones.
        """
        tolerances = self.workers[name].solver.tolerances
        position, found, tightening = self.enough.get(name, 0), None, False
        while 0 <= position < len(tolerances):
            result = self.attempt(case, name, tolerances[position])
            if result["status"] == "ok":
                found, self.enough[name] = result, position
            failed = result["status"] != "ok" and result["accuracy"] is None
            if failed or (found and (tightening or result is not found)):
                break
            tightening = not found
            position += 1 if tightening else -1
        return found or result

    def attempt(self, case, name, tol):
        """Return what a solver reaches at a setting; no accuracy if it failed altogether."""
        result = {"status": "ok", "tol": tol, "accuracy": None}
        if name in self.exceeded:
            return result | {"status": f"not tried: {self.exceeded[name]} before"}
        key = (name, str(case.params), tol)
        try:
            if key not in self.tried:
                self.tried[key] = self.fit(case, name, tol, self.settings.threads[0], check=True)
        except TimeoutError as error:
            self.exceeded[name] = str(error)
            return result | {"status": str(error)}
        except RuntimeError as error:
            return result | {"status": str(error)}
        accuracy = result["accuracy"] = self.tried[key]["accuracy"]
        if case.target is None or accuracy <= case.target:
            return result
        return result | {"status": f"reached {accuracy:.1e} at its tightest setting"}

    def rounds(self, case, tols, threads):
        """Let solvers take turns at their settings; return the seconds of each."""
        seconds = {name: [] for name in tols}
        failed = {}
        for n_round in range(self.settings.rounds):
            for name in rotated(list(tols), n_round):
                enough = n_round >= 3 and sum(seconds[name]) > self.settings.patience
                if enough or name in failed:
                    continue
                time.sleep(SETTLE)
                try:
                    reply = self.fit(case, name, tols[name], threads, check=False)
                    seconds[name].append(reply["seconds"] / case.per)
                except (RuntimeError, TimeoutError) as error:
                    failed[name] = {"status": str(error)}
        return {name: {"seconds": values} for name, values in seconds.items()} | failed


def rotated(names, n):
    """Return the names beginning with another one each time."""
    n %= max(1, len(names))
    return names[n:] + names[:n]
