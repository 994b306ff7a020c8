"""``python -m benchmarks [NAME ...] [--quick]``: measure, keep results as JSON, print tables."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from . import machine, measure, report

FAMILIES = (
    *("lasso", "wide", "paths", "groups", "logistic", "multinomial", "logistic_paths"),
    *("logistic_cv", "logistic_small", "ridge", "small", "mlp", "cores", "growth"),
    *("coldstart", "search", "memory", "stream", "regret"),
)
FULL = measure.Settings(quick=False, threads=None, limit=30.0, rounds=5, patience=10.0)
QUICK = measure.Settings(quick=True, threads=(1,), limit=10.0, rounds=1, patience=0.0)


def main(arguments=None):
    """Run the families that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(FAMILIES)}")
    parser.add_argument("--quick", action="store_true", help="small data, one round: does it run?")
    parser.add_argument("--output", type=Path, help="folder for NAME.json")
    parser.add_argument("--limit", type=float, help="seconds that one call may take")
    parser.add_argument("--threads", type=int, nargs="+", help="numbers of threads, 1 among them")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(FAMILIES):
        parser.error(f"unknown {', '.join(sorted(unknown))}; choose from {', '.join(FAMILIES)}")
    if options.limit is not None and not options.limit > 0:
        parser.error(f"--limit must be > 0; got {options.limit:g}")
    if options.threads and (1 not in options.threads or min(options.threads) < 1):
        parser.error(f"--threads must be >= 1, and 1 among them; got {options.threads}")
    settings = QUICK if options.quick else FULL
    if options.limit:
        settings = settings._replace(limit=options.limit)
    if options.threads:
        settings = settings._replace(threads=tuple(sorted(set(options.threads))))
    folder = options.output or (report.RESULTS / "quick" if options.quick else report.RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name in options.names or FAMILIES:
            measure_family(name, settings, folder)
    except KeyboardInterrupt:
        sys.exit(f"\nstopped; what was measured so far is in {folder}")
    print(report.text(folder))


def measure_family(name, settings, folder):
    """Measure a family and keep what is known in NAME.json as it comes."""
    family = importlib.import_module(f"benchmarks.{name}")
    settings = settings._replace(threads=settings.threads or family.THREADS)
    results = machine.record() | {"family": name, "settings": settings._asdict()}

    def save(found, complete=False):
        results.update(found, complete=complete)
        text = json.dumps(results, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, "utf8")

    say(f"{name}: {family.__doc__.splitlines()[0]}\n")
    run = getattr(family, "run", None) or (lambda *args: measure.run(family, *args))
    run(settings, save, say)
    save({}, complete=True)


def say(text):
    """Show progress at once."""
    print(text, end="", flush=True, file=sys.stderr)


if __name__ == "__main__":
    main()
