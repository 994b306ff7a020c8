"""``python -m benchmarks.mnist_error``: the test error of a dropout network on MNIST.

The permutation-invariant task: pixels in any order, no augmentation, all 60000 samples for
training. Two hidden layers of 1024 rectified linear units, inputs kept with probability 0.8 and
hidden units with 0.5, incoming weights of norm 2 at the most, Adam with steps that fall linearly
from 1e-3 to 0: settings that were fixed before the test samples were looked at. The same network
with keep_prob = 1 shows what dropout buys. Srivastava et al. (2014), table 2: 1.25 % with rectified
units, 1.06 % with max-norm and three layers; without dropout 1.6 %.
"""

import argparse
import json
import statistics
import time

import numpy as np

from . import machine
from .data import file
from .report import RESULTS

NETWORKS = {
    "dropout": {"keep_prob": 0.5, "input_keep_prob": 0.8, "max_norm": 2.0},
    "keep_prob = 1": {"keep_prob": 1.0},
}


def main(arguments=None):
    """Train the networks with every seed, and keep what is known as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist_error", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="networks of each kind")
    parser.add_argument("--epochs", type=int, default=70)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    options = parser.parse_args(arguments)
    results = machine.record() | {"epochs": options.epochs, "rows": []}
    for name in options.networks:
        for seed in range(options.seeds):
            row = {"network": name, "seed": seed} | measure(NETWORKS[name], seed, options.epochs)
            results["rows"].append(row)
            path = RESULTS / f"mnist_error_{name.partition(' ')[0]}.json"
            path.write_text(json.dumps(results, indent=1) + "\n", "utf8")
            print(f"{name}, seed {seed}: {row['error']:.2%} in {row['seconds']:.0f} s", flush=True)
        errors = [row["error"] for row in results["rows"] if row["network"] == name]
        print(f"{name}: mean of {len(errors)}: {statistics.fmean(errors):.2%}", flush=True)


def measure(parameters, seed, epochs):
    """Train a network; return its error on the test samples and the seconds of the training."""
    from skreg import DropoutMLPClassifier

    with np.load(file("mnist.npz")) as parts:
        X, y, X_test, y_test = (parts[f"{k}_{part}"] for part in ("train", "test") for k in "Xy")
    X, X_test = (pixels.astype(np.float32) / 255 for pixels in (X, X_test))
    model = DropoutMLPClassifier(
        hidden_layer_sizes=(1024, 1024),
        alpha=0.0,
        batch_size=128,
        learning_rate="linear",
        learning_rate_init=1e-3,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        random_state=seed,
        **parameters,
    )
    began = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - began
    return {"error": 1 - model.score(X_test, y_test), "seconds": seconds}


if __name__ == "__main__":
    main()
