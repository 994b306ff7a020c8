"""R's glmnet through Rscript: data and coefficients travel in files, R takes the time."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp

SCRIPT = Path(__file__).with_suffix(".R")


class Glmnet:
    """A process of R that holds one data set."""

    def __init__(self, X, y):
        self.shape = X.shape
        self.process = start()
        self.folder = tempfile.TemporaryDirectory()
        self.version = self.process.stdout.readline().strip()
        if sp.issparse(X):
            X = X.tocsc()
            X.sort_indices()
            self.write("indices", X.indices.astype(np.int32))
            self.write("indptr", X.indptr.astype(np.int32))
        self.write("data", X.data if sp.issparse(X) else X.ravel(order="F"))
        self.write("y", y)
        self.ask("load")

    def __del__(self):
        self.process.kill()
        self.process.wait()

    def fit(self, alphas, tol):
        """Return coefficients and intercepts for decreasing alphas, and the seconds that R took."""
        self.write("alphas", alphas)
        seconds = self.ask("fit", tol)
        coefs = np.fromfile(Path(self.folder.name, "coefs")).reshape(-1, self.shape[1]).T
        intercepts = np.fromfile(Path(self.folder.name, "intercepts"))
        if len(intercepts) != len(alphas):
            raise RuntimeError(f"glmnet returned {len(intercepts)} of {len(alphas)} alphas")
        return (coefs, intercepts), seconds

    def write(self, name, numbers):
        """Write an array as raw numbers."""
        np.ascontiguousarray(numbers).ravel().tofile(Path(self.folder.name, name))

    def ask(self, verb, *words):
        """Send a line and return the number that R answers."""
        print(verb, self.folder.name, *words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"R stopped: {self.process.stderr.read().strip()[-300:]}")
        return float(answer)


def start():
    """Start R."""
    if shutil.which("Rscript") is None:
        raise FileNotFoundError("Rscript is not on the PATH (Debian: r-base-core, r-cran-glmnet)")
    pipe = subprocess.PIPE
    return subprocess.Popen(
        ["Rscript", "--vanilla", str(SCRIPT)], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def __getattr__(name):
    if name != "__version__":
        raise AttributeError(name)
    process = start()
    output, error = process.communicate("")
    if process.returncode:
        raise RuntimeError(error.strip().splitlines()[0])
    return output.strip()
