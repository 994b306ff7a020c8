"""What the networks share: checks of parameters, the course of a training, its record."""

import time
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from .._checks import check_choice, check_flag, check_number, refuse
from .._convergence import Convergence, Work
from .._network.activations import ACTIVATIONS
from .._network.layers import initialize, predict
from .._network.optimizers import SGD, Adam
from .._network.schedules import schedule
from .._network.training import Settings, is_finite, run_epoch, work_of_prediction


class DropoutNetwork(BaseEstimator):
    """A network with dropout; a subclass says what its outputs mean.

    It brings `_held_out_score(X, Y, s)`, the score that early stopping watches.
    """

    def _check_parameters(self):
        """Check the parameters before any work is done."""
        self._sizes()
        self._keep_probs()
        check_choice(self, "activation", ACTIVATIONS)
        check_choice(self, "solver", ("adam", "sgd"))
        for name in ("alpha", "tol"):
            check_number(self, name, low=0)
        for name in ("learning_rate_init", "epsilon"):
            check_number(self, name, low=0, ends="(]")
        check_number(self, "momentum", low=0, high=1)
        for name in ("beta_1", "beta_2"):
            check_number(self, name, low=0, high=1, ends="[)")
        check_number(self, "validation_fraction", low=0, high=1, ends="()")
        if self.max_norm is not None:
            check_number(self, "max_norm", low=0, ends="(]")
        check_number(self, "max_iter", low=1, integer=True)
        if self.n_iter_no_change != np.inf:
            check_number(self, "n_iter_no_change", low=1, integer=True)
        if self.batch_size != "auto":
            check_number(self, "batch_size", low=1, integer=True)
        for name in ("nesterovs_momentum", "shuffle", "early_stopping", "warm_start"):
            check_flag(self, name)

    def _sizes(self):
        """Return the units of the hidden layers."""
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if isinstance(sizes, Integral) else sizes
        allowed = "an integer > 0 or a sequence of them"
        if isinstance(sizes, str) or not np.iterable(sizes):
            refuse(self, "hidden_layer_sizes", self.hidden_layer_sizes, allowed, TypeError)
        if not all(isinstance(size, Integral) and size > 0 for size in sizes):
            refuse(self, "hidden_layer_sizes", self.hidden_layer_sizes, allowed)
        return [int(size) for size in sizes]

    def _keep_probs(self):
        """Return the probability of keeping a unit of the input and of each hidden layer."""
        check_number(self, "input_keep_prob", low=0, high=1, ends="(]")
        n_hidden, hidden = len(self._sizes()), self.keep_prob
        if isinstance(hidden, str) or not np.iterable(hidden):
            check_number(self, "keep_prob", low=0, high=1, ends="(]")
            hidden = [hidden] * n_hidden
        allowed = f"one number in (0, 1] or {n_hidden} of them, one per hidden layer"
        if len(hidden) != n_hidden or not all(isinstance(p, Real) and 0 < p <= 1 for p in hidden):
            refuse(self, "keep_prob", self.keep_prob, allowed)
        return tuple(float(p) for p in (self.input_keep_prob, *hidden))

    def _initialize(self, n_outputs, output, X, rng):
        """Draw the weights and forget what was learned."""
        sizes = [X.shape[1], *self._sizes(), n_outputs]
        self._network = initialize(sizes, self.activation, output, "log_loss", X.dtype, rng)
        self.coefs_, self.intercepts_ = self._network.coefs, self._network.intercepts
        self.n_layers_, self.n_outputs_, self.out_activation_ = len(sizes), n_outputs, output
        self._seed = int(rng.randint(np.iinfo(np.int32).max))
        self.n_iter_, self._work, self.loss_curve_ = 0, Work(), []
        self.best_loss_ = None
        self.validation_scores_ = self.best_validation_score_ = None

    def _check_same_layers(self):
        """Check that what was learned is a network of the layers that are asked for."""
        sizes = [len(b) for b in self.intercepts_[:-1]]
        if sizes != self._sizes():
            refuse(self, "hidden_layer_sizes", self.hidden_layer_sizes, f"as fitted, {sizes}")

    def _start_optimizer(self):
        """Return the optimizer, at rest."""
        parameters = self.coefs_ + self.intercepts_
        if self.solver == "sgd":
            return SGD.start(parameters, momentum=self.momentum, nesterov=self.nesterovs_momentum)
        return Adam.start(parameters, beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)

    def _settings(self, n_samples):
        """Return what the training loop needs to know."""
        batch_size = 200 if self.batch_size == "auto" else self.batch_size
        if self.batch_size != "auto" and batch_size > n_samples:
            warnings.warn(
                f"{type(self).__name__}: batch_size={batch_size} is larger than the {n_samples} "
                "samples; all of them make one batch.",
                stacklevel=4,
            )
        return Settings(
            self.alpha,
            0.0,  # weight decay
            self._keep_probs(),
            self.max_norm,
            None,  # clip_norm
            min(batch_size, n_samples),
            self.shuffle,
            self._seed,
        )

    def _train(self, train, held_out, settings, rng):
        """Run epochs until a plateau; return why it stopped, or None at max_iter."""
        self.n_iter_, self._work, n_bad, best = 0, Work(), 0, None
        best_score = -np.inf
        if held_out is not None:
            self.validation_scores_ = self.validation_scores_ or []
            best_score = max(self.validation_scores_, default=-np.inf)
        while self.n_iter_ < self.max_iter and n_bad <= self.n_iter_no_change:
            best_loss = np.inf if self.best_loss_ is None else self.best_loss_
            self._epoch(*train, settings, rng)
            self.n_iter_ += 1
            if held_out is None:
                improved = self.loss_ <= best_loss - self.tol
            else:
                score = self._held_out_score(*held_out)
                self._work += work_of_prediction(self._network, held_out[0])
                self.validation_scores_.append(score)
                improved = score >= best_score + self.tol
                if best is None or score > best_score:
                    best = [part.copy() for part in self.coefs_ + self.intercepts_]
                best_score = max(score, best_score)
                self._report(f"Validation score: {score:f}")
            n_bad = 0 if improved else n_bad + 1
        if held_out is not None:
            self.best_validation_score_ = best_score
            for part, value in zip(self.coefs_ + self.intercepts_, best, strict=True):
                part[:] = value
        if n_bad > self.n_iter_no_change:
            what = "training loss" if held_out is None else "validation score"
            return (
                f"reached a plateau: the {what} did not improve more than tol={self.tol:f} for "
                f"{self.n_iter_no_change} consecutive epochs."
            )
        return None

    def _epoch(self, X, Y, s, settings, rng):
        """Train for one epoch, and stop at once if it diverges."""
        epoch = len(self.loss_curve_)
        rate = schedule("constant", self.learning_rate_init)
        with np.errstate(over="ignore", invalid="ignore"):
            loss, self._optimizer, work = run_epoch(
                self._network, self._optimizer, X, Y, s, settings, epoch, rng, rate
            )
        if not np.isfinite(loss) or not is_finite(self._network):
            del self.coefs_, self.intercepts_  # what is not fitted must not predict
            raise ValueError(
                f"{type(self).__name__} diverged in epoch {epoch + 1}: the solver produced "
                f"non-finite parameter weights. Lower learning_rate_init, which is "
                f"{self.learning_rate_init:g}, or scale X to unit variance."
            )
        self._work += work
        self.loss_ = loss
        self.loss_curve_.append(loss)
        if not self.early_stopping:
            self.best_loss_ = loss if self.best_loss_ is None else min(self.best_loss_, loss)
        self._report(f"Iteration {epoch + 1}, loss = {loss:.8f}")

    def _report(self, message):
        """Print progress if it is wanted."""
        if self.verbose:
            print(message)

    def _record(self, stopped, began):
        """Return what stopped the training."""
        message = stopped or (
            f"stopped at max_iter={self.max_iter} epochs while the loss was still changing by more "
            f"than tol={self.tol:g}: raise max_iter, tol or learning_rate_init."
        )
        return Convergence(
            converged=stopped is not None and stopped.startswith("reached"),
            relative_gap=np.nan,
            kkt_violation=np.nan,
            n_iter=self.n_iter_,
            n_data_passes=2 * self.n_iter_,
            work=self._work,
            n_active=sum(int(np.count_nonzero(W)) for W in self.coefs_),
            seconds=time.perf_counter() - began,
            message=message,
        )

    def _outputs(self, X):
        """Return the outputs of the network, without dropout."""
        check_is_fitted(self, "coefs_")
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
        return predict(self._network, X)
