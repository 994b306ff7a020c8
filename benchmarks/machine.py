"""The machine and the versions, for the record."""

import datetime
import importlib
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import numpy  # noqa: F401  threadpoolctl sees the libraries that are loaded
from threadpoolctl import threadpool_info

from .core import ROOT

PACKAGES = ("skreg", "numpy", "scipy", "numba", "scikit-learn", "threadpoolctl")


def record(*peers):
    """Return date, machine and versions, also those of some peers."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": platform.platform(),
            "python": platform.python_version(),
            "blas": blas(),
        },
        "versions": {name: version(name) for name in PACKAGES + peers},
        "commit": commit(),
    }


def version(name):
    """Return the version of a package, which need not be installed: skreg may just lie here."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return importlib.import_module(name).__version__


def blas():
    """Return the BLAS of numpy and the kind of processor that it takes this one for."""
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = [f"{b['internal_api']} {b['version']} ({b.get('architecture')})" for b in found]
    return " and ".join(dict.fromkeys(names)) or "unknown"


def commit():
    """Return the last commit that changed skreg, as far as git tells."""
    command = ["git", "log", "-1", "--format=%h", "--", "skreg"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def processor():
    """Return the model of the processor where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
