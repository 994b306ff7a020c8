"""What the engine is told: the parameters of a network in its terms."""

import warnings

from .._network.crew import Crew
from .._network.epochs import Settings
from .._network.optimizers import SOLVERS
from .._network.training import Plan
from .._threads import OTHERS, Team
from ._parameters import keep_probs


def rule_of(net):
    """Return the rule of the solver; L-BFGS, which has none, is given one that is not asked."""
    return named(net, SOLVERS.get(net.solver, SOLVERS["adam"]))


def plan_of(net):
    """Return when the training ends, and how its rate changes."""
    return named(net, Plan)


def named(net, kind):
    """Return a NamedTuple whose fields are parameters of the estimator."""
    return kind(*(getattr(net, name) for name in kind._fields))


def settings_of(net, n_samples):
    """Return what an epoch needs to know."""
    batch_size = 200 if net.batch_size == "auto" else net.batch_size
    if net.batch_size != "auto" and batch_size > n_samples and net.solver != "lbfgs":
        warnings.warn(
            f"{type(net).__name__}: batch_size={batch_size} is larger than the {n_samples} "
            "samples; all of them make one batch.",
            stacklevel=5,
        )
    return Settings(
        alpha=net.alpha,
        weight_decay=net.weight_decay if net.solver == "adamw" else 0.0,
        keep_prob=keep_probs(net),
        max_norm=net.max_norm,
        clip_norm=net.clip_norm,
        batch_size=min(batch_size, n_samples),
        shuffle=net.shuffle,
        seed=net._training.seed,
        team=Crew(team_of(net)),
    )


def team_of(net):
    """Return the threads that share the work: as many as BLAS was allowed, or as are asked for."""
    return OTHERS if net.n_jobs is None else Team(net.n_jobs)
