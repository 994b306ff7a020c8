"""Networks with dropout, and the same without: seconds per epoch of training.

Everyone trains a network of rectified linear units by Adam with steps of 1e-3 and no penalty, on
shuffled minibatches in float32, from weights drawn after He et al., scikit-learn's after Glorot and
Bengio. With dropout, hidden units are kept with probability 0.5 and inputs of MNIST with 0.8. Time
is what one call takes for one epoch of MNIST or 20 of the others, divided by the epochs; what a
library does before the first of them is part of it, torch.compile is not. The log loss after these
epochs is stored beside the times: it shows that all do the same work. scikit-learn has no dropout.

"products alone" trains nothing: these are the matrix products of the epochs, done by numpy in
memory taken beforehand. On as many threads, dense arithmetic with numpy's BLAS takes no less.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from . import accuracy as measures
from .core import Case, Solvers

LAYOUT = "C"
THREADS = (1, 2)
GRACE = 300  # seconds more for a first call, in which torch.compile compiles
SOLVERS = Solvers()
NETWORKS = (  # data set, units of each layer, samples in a batch, probabilities of keeping a unit
    ("MNIST", (784, 128, 10), 32, (0.8, 0.5)),
    ("MNIST", (784, 512, 512, 10), 128, (0.8, 0.5, 0.5)),
    ("MNIST", (784, 1024, 1024, 10), 128, (0.8, 0.5, 0.5)),
    ("digits", (64, 100, 10), 32, (1.0, 0.5)),
    ("table", (20, 32, 2), 32, (1.0, 0.5)),
)


class Work(NamedTuple):
    """A network and how long to train it.

    Attributes
    ----------
    sizes : tuple of int
        Units of each layer, from the inputs to the classes.
    keep : tuple of float
        Probability of keeping an input, and a unit of each hidden layer.
    batch_size, epochs : int
        Samples in a step, and passes over all samples.
    """

    sizes: tuple
    keep: tuple
    batch_size: int
    epochs: int


def cases(quick):
    """Yield the cases, data set by data set."""
    for dataset, sizes, batch_size, keep in NETWORKS:
        if quick and dataset != "digits":
            continue
        epochs = 2 if quick else 1 if dataset == "MNIST" else 20
        label = f"{'-'.join(map(str, sizes))}, batches of {batch_size}"
        nothing = (1.0,) * len(keep)
        for group, kept in (("dropout, keep_prob 0.5", keep), ("no dropout, keep_prob 1", nothing)):
            work = Work(sizes, kept, batch_size, epochs)
            out = ("torch, compiled",) * quick + ("scikit-learn MLPClassifier",) * (kept == keep)
            takers = tuple(name for name in SOLVERS if name not in out)
            yield Case(dataset, label, group, work._asdict(), per=epochs, solvers=takers)


def arguments(X, y, sizes, keep, batch_size, epochs, **options):
    """Return the work, the same for any data."""
    return {"work": Work(tuple(sizes), tuple(keep), batch_size, epochs), **options}


def accuracy(X, y, answer, **params):
    """Return the log loss of the probabilities on the first 10000 samples, without dropout."""
    return None if answer is None else measures.log_loss(answer(X[:10_000]), y[:10_000])


def common(work):
    """Return the parameters that skreg has in common with scikit-learn."""
    return {
        "hidden_layer_sizes": work.sizes[1:-1],
        "alpha": 0,
        "batch_size": work.batch_size,
        "max_iter": work.epochs,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }


def threads_of_blas():
    """Return how many threads numpy may use now; others find out by themselves."""
    return max(library.num_threads for library in libraries() if library.user_api == "blas")


@lru_cache
def libraries():
    """Return the libraries that threads are asked of; looking for them takes milliseconds."""
    return ThreadpoolController().lib_controllers


@SOLVERS.add("skreg DropoutMLPClassifier", "skreg")
def skreg(X, y, work):
    from skreg import DropoutMLPClassifier

    inputs, *hidden = work.keep
    options = {"keep_prob": hidden, "input_keep_prob": inputs, "n_jobs": threads_of_blas()}
    model = DropoutMLPClassifier(**options, **common(work))
    return model.fit(X, y).predict_proba


@SOLVERS.add("scikit-learn MLPClassifier", "sklearn.neural_network")
def scikit_learn(X, y, work):
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(**common(work)).fit(X, y).predict_proba


def build(work):
    """Return the network as a torch module."""
    from torch import nn

    layers = []
    for (below, above), keep in zip(pairwise(work.sizes), work.keep, strict=True):
        layers += [nn.Dropout(1 - keep)] * (keep < 1) + [nn.Linear(below, above), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def initialize(module):
    """Draw new weights as skreg does; torch's own are smaller and learn later."""
    import torch

    torch.manual_seed(0)
    for layer in module:
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()  # for the intercepts
            torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    return module


def train(module, forward, X, y, work):
    """Train a module in a plain loop; `forward` is the module or what it was compiled to."""
    import torch

    X, y = torch.from_numpy(X), torch.from_numpy(y).long()
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)
    module.train()
    for _ in range(work.epochs):
        for batch in torch.randperm(len(X)).split(work.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss(forward(X[batch]), y[batch]).backward()
            optimizer.step()
    return lambda X: probabilities(module, X)


def probabilities(module, X):
    """Return the probabilities that a torch module predicts."""
    import torch

    module.eval()
    with torch.no_grad():
        return torch.softmax(module(torch.from_numpy(X)), dim=1).numpy()


@SOLVERS.add("torch, eager", "torch")
def torch_eager(X, y, work):
    module = initialize(build(work))
    return train(module, module, X, y, work)


@SOLVERS.add("torch, compiled", "torch")
def torch_compiled(X, y, work):
    module, forward = compiled(work, len(X))
    return train(initialize(module), forward, X, y, work)


@lru_cache(maxsize=1)
def compiled(work, n_samples):
    """Return a module, and what it was compiled to for each size of batch and number of threads.

    torch compiles anew for another module, even of the same layers; so all fits of a case train
    this one from new weights, and only the first of them, a trial without a clock, compiles.
    """
    import torch

    torch.compiler.reset()  # it gives up after having compiled the same code for 8 purposes
    module = build(work)
    forward = torch.compile(module, dynamic=False)
    asked = torch.get_num_threads()
    for threads in THREADS:
        torch.set_num_threads(threads)
        for size in {min(work.batch_size, n_samples), n_samples % work.batch_size} - {0}:
            forward(torch.zeros(size, work.sizes[0])).sum().backward()
    torch.set_num_threads(asked)
    return module, forward


@SOLVERS.add("skorch NeuralNetClassifier", "skorch")
def skorch(X, y, work):
    import torch
    from skorch import NeuralNetClassifier

    model = NeuralNetClassifier(
        initialize(build(work)),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        max_epochs=work.epochs,
        batch_size=work.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    return model.fit(X, y.astype(np.int64)).predict_proba


@SOLVERS.add("products alone", "numpy")
def products(X, y, work):
    weights = [np.full(shape, 1 / shape[0], np.float32) for shape in pairwise(work.sizes)]
    gradients = [np.empty_like(W) for W in weights]
    values, slopes = (
        [np.ones((work.batch_size, units), np.float32) for units in work.sizes] for _ in range(2)
    )
    for start in [*range(0, len(X), work.batch_size)] * work.epochs:
        batch = X[start : start + work.batch_size]
        A = [batch, *(value[: len(batch)] for value in values[1:])]
        multiply(A, [slope[: len(batch)] for slope in slopes], weights, gradients)


def multiply(A, D, weights, gradients):
    """Do the products of a step; A are the values of each layer, D the slopes of the loss."""
    for below, W in enumerate(weights):
        np.matmul(A[below], W, out=A[below + 1])
    for below, W in reversed(list(enumerate(weights))):
        np.matmul(A[below].T, D[below + 1], out=gradients[below])
        if below > 0:
            np.matmul(D[below + 1], W.T, out=D[below])
