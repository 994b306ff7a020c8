"""Streams: ridge on 10 million samples, chunk by chunk, from files that memory need not hold.

A process for each number, on one thread, reads file after file and fits as it goes, with alpha = 1.
Its code is warm; reading is part of the time, from the system's cache of files where that holds
them all. "reading and X'X" reads the same files and does no more than one product for each.

Memory is the peak beyond what is resident before the first chunk: after a tenth of the chunks, and
at the end. The chunk in use is part of it, and so is the next while it is read.

RidgeGD has the exact answer after each chunk. SGDRegressor has none: it passes once over the
samples, with its default steps. How far from the optimum for all samples each of them ends is
measured in one more pass.
"""

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from . import accuracy, data, measure, memory, probe
from .core import Solvers

THREADS = (1,)
SOLVERS = Solvers()
ALPHA = 1.0


class Stream(NamedTuple):
    """Chunks of samples."""

    n_chunks: int
    n_samples: int
    n_features: int


FULL = Stream(100, 100_000, 100)
QUICK = Stream(10, 1000, 20)


def run(settings, save, say):
    """Let all take turns; hand all that is known to `save` after each process."""
    rounds, stream = (1, QUICK) if settings.quick else (3, FULL)
    settings = settings._replace(threads=THREADS, rounds=rounds, patience=0.0, limit=measure.START)
    results = {"settings": settings._asdict()} | {"data": {}, "solvers": {}, "missing": {}}
    with tempfile.TemporaryDirectory() as folder:
        name = f"{stream.n_chunks} chunks of {stream.n_samples} x {stream.n_features}"
        results["data"][name] = store(stream, Path(folder))
        say(f"{name}: {results['data'][name]}\n")
        rows = {solver: empty(name, solver) for solver in SOLVERS}
        for n_round in range(rounds):
            for solver in measure.rotated(list(SOLVERS), n_round):
                if solver not in results["missing"] and rows[solver][0]["status"] == "ok":
                    turn(SOLVERS[solver], folder, stream, rows[solver], results)
                    results["rows"] = [row for found in rows.values() for row in found]
                    say(f"  {describe(rows[solver])}\n")
                    save(results)


def store(stream, folder):
    """Write the chunks, or as many as fill half of the disk; return what they are."""
    chunk = 8 * stream.n_samples * (stream.n_features + 1)
    room = shutil.disk_usage(folder).free // 2 // chunk
    n_files = max(1, min(stream.n_chunks, room))
    for k in range(n_files):
        name = f"chunk {k}, {stream.n_samples} x {stream.n_features}"
        source = data.store(name, folder / f"{k:06}", "C")
    again = "" if n_files == stream.n_chunks else ", read over and over"
    return f"{source}; {n_files} files{again}"


def empty(dataset, solver):
    """Return the rows of a solver, one of time and two of memory, without values."""
    head = {"dataset": dataset, "solver": solver, "threads": 1, "status": "ok"}
    seconds = {"group": "one pass", "label": "all chunks", "target": None, "accuracy": None}
    peaks = [
        {"group": "peak of memory", "label": label, "extra_bytes": []}
        for label in ("a tenth of the chunks", "all chunks")
    ]
    return [head | seconds | {"seconds": []}, *(head | peak for peak in peaks)]


def turn(solver, folder, stream, rows, results):
    """Start a process and add what it says to the rows."""
    words = (solver.module, solver.name, folder, json.dumps(stream))
    try:
        reply = probe.ask(solver.python, "stream", *words, timeout=measure.START)
    except (RuntimeError, TimeoutError) as error:
        for row in rows:
            row["status"] = str(error)
        if isinstance(error, probe.MissingError):
            results["missing"][solver.name] = str(error)
        return
    results["solvers"][solver.name] = reply["version"]
    rows[0]["seconds"].append(reply["seconds"])
    rows[0]["accuracy"] = reply["accuracy"]
    for row, peak in zip(rows[1:], reply["peaks"], strict=True):
        row["extra_bytes"].append(peak)


def describe(rows):
    """Return the last values of a solver in words."""
    seconds, *peaks = rows
    head = f"{seconds['solver']:38} "
    if seconds["status"] != "ok":
        return head + seconds["status"]
    peaks = ", ".join(f"{row['extra_bytes'][-1] / 2**20:.1f}" for row in peaks)
    accuracy = seconds["accuracy"]
    accuracy = "" if accuracy is None else f", relative gradient {accuracy:.1e}"
    return f"{head}{seconds['seconds'][-1]:.4g} s, {peaks} MiB{accuracy}"


def work(solver, folder, sizes):
    """Do the work of the process: return seconds, peaks of memory and the relative gradient."""
    memory.limit()
    stream = Stream(*json.loads(sizes))
    files, fit, peaks = sorted(Path(folder).iterdir()), SOLVERS[solver].fit, []
    paths = [files[k % len(files)] for k in range(stream.n_chunks)]
    few = memory.few(*data.read(files[0]))
    fit([few, few], n_samples=120)  # it compiles
    before = memory.settle()

    def chunks():
        for k, path in enumerate(paths):
            if k == stream.n_chunks // 10:
                peaks.append(memory.status("VmHWM") - before)
            yield data.read(path)

    began = time.perf_counter()
    answer = fit(chunks(), n_samples=stream.n_chunks * stream.n_samples)
    seconds = time.perf_counter() - began
    peaks.append(memory.status("VmHWM") - before)
    reply = {"seconds": seconds, "peaks": peaks, "accuracy": None}
    if answer is not None:
        again = map(data.read, paths)
        reply["accuracy"] = accuracy.streamed_ridge_gradient(again, ALPHA, *answer)
    return reply


@SOLVERS.add("skreg RidgeGD, partial_fit", "skreg")
def skreg(chunks, n_samples):
    from skreg import RidgeGD

    model = RidgeGD(ALPHA)
    for X, y in chunks:
        model.partial_fit(X, y)
    return model.coef_, model.intercept_


@SOLVERS.add("scikit-learn SGDRegressor, partial_fit", "sklearn.linear_model")
def scikit_learn(chunks, n_samples):
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(alpha=ALPHA / n_samples, random_state=0)
    for X, y in chunks:
        model.partial_fit(X, y)
    return model.coef_, model.intercept_[0]


@SOLVERS.add("reading and X'X", "numpy")
def floor(chunks, n_samples):
    gram = 0
    for X, _ in chunks:
        gram = gram + X.T @ X
