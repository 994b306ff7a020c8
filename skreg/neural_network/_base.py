"""What classifier and regressor share: fit, partial fits, the record of a training."""

import time
import warnings
from contextlib import contextmanager
from copy import deepcopy
from functools import partial

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import check_is_fitted

from .._checks import FLOATS, check_seed, check_weights, refuse, validated
from .._convergence import Convergence, warn_if_stopped_short
from .._network.epochs import Data
from .._network.layers import Network, initialize, predict
from .._network.training import Diverged, Training
from .._threads import single_thread
from . import _messages as messages
from ._held_out import HeldOut, split
from ._parameters import check_parameters, hidden_sizes
from ._settings import plan_of, rule_of, settings_of, team_of


@contextmanager
def in_peace():
    """Hold BLAS to one thread, and numpy from warnings: what is not finite is found later."""
    with single_thread, np.errstate(over="ignore", invalid="ignore"):
        yield


class DropoutNetwork(BaseEstimator):
    """A network with dropout; a subclass says what its outputs mean.

    It brings `_functions()`, output function and loss as `Network` wants them;
    `_encode(y, reset, ...)`, targets as a matrix of outputs; `_strata(Y)`, the labels that a split
    keeps in proportion, or None; and `_score_outputs(Y, outputs, s)`, what early stopping watches
    by default.
    """

    @property
    def _network(self):
        """The weights of now, as the engine wants them."""
        _, *loss = self._functions()
        functions = self.activation, self.out_activation_, *loss
        return Network(self.coefs_, self.intercepts_, *functions)

    def fit(self, X, y, sample_weight=None, *, groups=None, X_val=None, y_val=None):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 in C order are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            For a classifier classes, or an indicator matrix of labels; for a regressor targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.
        groups : array-like of shape (n_samples,), default=None
            Samples of one group stay on one side where early stopping sets samples aside. For
            classes, one fold of ``round(1 / validation_fraction)`` is set aside.
        X_val, y_val : like X and y, default=None
            Samples to watch in the place of some set aside. Without early stopping their losses
            and scores are recorded, and change nothing. A Pipeline does not transform them, unless
            its `transform_input` names X_val.

        Returns
        -------
        DropoutMLPClassifier or DropoutMLPRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, groups, X_val, y_val)

    @in_peace()
    def _fit(self, X, y, sample_weight, groups, X_val, y_val):
        """Validate, hold out, train, record."""
        began = time.perf_counter()
        check_parameters(self)
        resume = self.warm_start and hasattr(self, "coefs_")
        data = self._data(X, y, sample_weight, reset=not resume, exact=resume)
        rng, held_out = check_seed(self), None
        if not resume:
            self._initialize(data, rng)
        self._start(data)
        if X_val is not None or y_val is not None:
            held_out = self._check_validation(X_val, y_val)
        elif self.early_stopping:
            data, held_out = split(self, data, (X, y), groups, rng)
        settings = settings_of(self, len(data.s))
        try:
            converged, message = self._train(data, held_out, settings, rng)
        except Diverged as error:
            self._refuse_to_diverge(*error.args)
        self.convergence_ = self._record(message, began, converged)
        warn_if_stopped_short(type(self).__name__, self.convergence_, depth=5)
        return self

    def _train(self, data, held_out, settings, rng):
        """Run the training; return whether it converged, and what ended it."""
        training, plan, watched = self._training, plan_of(self), held_out is not None
        ask = partial(held_out.ask, self) if watched else None
        try:
            if self.solver == "lbfgs":
                converged, reason = training.run_lbfgs(data, settings, plan)
            else:
                report = partial(messages.report, self, watched)
                converged, reason = training.run(data, settings, plan, rng, ask, report)
        finally:
            self._store()
        message = messages.ending(self, reason)
        if self.verbose and converged and self.solver != "lbfgs":
            print(message)
        return converged, message

    @in_peace()
    def _partial_fit(self, X, y, sample_weight, classes=None):
        """Train for one epoch."""
        began = time.perf_counter()
        check_parameters(self)
        if self.early_stopping:
            raise ValueError(
                f"{type(self).__name__}: partial_fit does not support early_stopping=True, for it "
                "takes one epoch; set it to False, or use fit."
            )
        first = not hasattr(self, "coefs_")
        chunk = self._data(X, y, sample_weight, reset=first, classes=classes)
        if first:
            self._initialize(chunk, check_seed(self))
            self._start(chunk)
        else:
            self._training.network = self._network
            self._training.adopt(rule_of(self), self.learning_rate_init)
        self._learn_chunk(chunk, settings_of(self, len(chunk.s)), first)
        message = "took one epoch of partial_fit; nothing was tested."
        self.convergence_ = self._record(message, began)
        return self

    def _learn_chunk(self, chunk, settings, first):
        """Take an epoch on some samples; what diverges is undone, so that the rest is not lost."""
        training, plan, owner = self._training, plan_of(self), type(self).__name__
        if not training.rate_of_step(plan, settings, chunk)(training.optimizer.t) > 0:
            raise ValueError(f"{owner}: {messages.no_rate_left(self)}")
        before = deepcopy((training.network, training.optimizer))
        try:
            training.run_epoch(chunk, settings, plan, training.rng, training.loss_limit(chunk))
        except Diverged as error:
            if first:
                self._refuse_to_diverge(*error.args)
            training.network, training.optimizer = before
            self._store()
            kept = training.penalised_loss(chunk, self.alpha, team_of(self))
            raise ValueError(f"{owner}: {messages.not_learned(self, *error.args, kept)}") from None
        self._store()

    def _data(self, X, y, sample_weight, *, learn=True, **options):
        """Return validated data; weights are multiplied by those of classes, which may be learned.

        They have a sum that can be divided by.
        """
        X, Y, s = self._validate(X, y, sample_weight, **options)
        s = self._weigh(Y, s, learn)
        total, number = s.sum(dtype=float), np.finfo(s.dtype)
        if not number.tiny <= total <= number.max:
            raise ValueError(
                f"{type(self).__name__}: the weights of the samples, times those of their classes, "
                f"must have a sum from {number.tiny:.0e} to {number.max:.0e}; got {total:g}. Scale "
                "sample_weight or class_weight, or pass other samples."
            )
        return Data(X, Y, s)

    def _validate(self, X, y, sample_weight, *, reset, depth=6, **about_classes):
        """Return validated samples, targets as outputs, and weights.

        `depth` leads a warning to the line of the user.
        """
        if is_classifier(self) and issparse(y):  # labels, which are few
            y = y.toarray()
        options = {"multi_output": True, "y_numeric": is_regressor(self), "reset": reset}
        options |= {"accept_sparse": "csr", "order": "C"}  # rows are taken from it
        X, y = validated(self, X, y, dtype=self._dtypes(reset), **options)
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected; use y.ravel().",
                DataConversionWarning,
                stacklevel=depth,
            )
            y = y.ravel()
        if not reset:
            self._check_same_layers()
        Y = self._encode(y, reset=reset, **about_classes).astype(X.dtype, order="C")
        s = check_weights(self, sample_weight, len(y)).astype(X.dtype)
        if not np.isfinite(Y).all():
            raise ValueError(
                f"{type(self).__name__}: y has values too large for {X.dtype}, in which the "
                "network is trained. Scale y to unit variance, or set dtype=numpy.float64."
            )
        return X, Y, s

    def _dtypes(self, reset):
        """Return the dtypes that X may have: that of the network if there is one."""
        if not reset:
            return [self.coefs_[0].dtype]
        return FLOATS if self.dtype is None else [np.dtype(self.dtype)]

    def _check_same_layers(self):
        """Check that what was learned is a network of the layers that are asked for."""
        sizes = [len(b) for b in self.intercepts_[:-1]]
        if sizes != hidden_sizes(self):
            refuse(self, "hidden_layer_sizes", self.hidden_layer_sizes, f"as fitted, {sizes}")
        dtype = self.coefs_[0].dtype
        if self.dtype is not None and np.dtype(self.dtype) != dtype:
            refuse(self, "dtype", self.dtype, f"None or as fitted, {dtype}")

    def _weigh(self, Y, s, learn):
        """Return the weights of samples, times those of their targets if those have any."""
        return s

    def _check_validation(self, X_val, y_val):
        """Return the samples of the caller's own that are to be watched."""
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"{type(self).__name__}: {missing} is missing; pass X_val and y_val.")
        if self.solver == "lbfgs":
            raise ValueError(
                f"{type(self).__name__}: solver='lbfgs' has no epochs after which X_val could be "
                "watched; use another solver, or score X_val after the fit."
            )
        data = self._data(X_val, y_val, None, learn=False, reset=False, depth=7)
        return HeldOut(data, (X_val, y_val))

    def _initialize(self, data, rng):
        """Draw the weights and forget what was learned."""
        output, loss, *_ = self._functions()
        sizes = [data.X.shape[1], *hidden_sizes(self), data.Y.shape[1]]
        network = initialize(sizes, self.activation, output, loss, data.X.dtype, rng)
        self.n_layers_, self.n_outputs_, self.out_activation_ = len(sizes), sizes[-1], output
        self._training = Training(network, rng, seed=int(rng.randint(np.iinfo(np.int32).max)))
        self._store()

    def _start(self, data):
        """Begin to train with the weights of now and the settings of now."""
        self._training.network = self._network
        self._training.start(
            rule_of(self), self.learning_rate_init, data, self.alpha, team_of(self)
        )
        self._store()

    def _store(self):
        """Copy the results of the training."""
        training = self._training
        self.coefs_, self.intercepts_ = training.network.coefs, training.network.intercepts
        self.n_iter_, self.best_loss_ = training.n_iter, training.best_loss
        self.loss_curve_ = training.loss_curve
        if training.loss is not None:
            self.loss_ = training.loss
        self.validation_loss_curve_ = training.validation_losses
        self.validation_scores_ = training.validation_scores
        self.best_validation_score_ = training.best_score
        self.best_iter_ = training.best_iter

    def _refuse_to_diverge(self, loss):
        """Say so, and leave nothing behind that could predict."""
        message = messages.diverged(self, loss)
        self.convergence_ = self._record(message, time.perf_counter())
        del self.coefs_, self.intercepts_
        raise ValueError(f"{type(self).__name__} {message}")

    def _record(self, message, began, converged=False):
        """Return what stopped the training."""
        return Convergence(
            converged=converged,
            relative_gap=np.nan,
            kkt_violation=np.nan,
            n_iter=self.n_iter_,
            n_data_passes=2 * self.n_iter_,
            work=self._training.work,
            n_active=sum(int(np.count_nonzero(W)) for W in self.coefs_),
            seconds=time.perf_counter() - began,
            message=message,
        )

    def _validate_new(self, X):
        """Return samples to predict for, validated."""
        check_is_fitted(self, "coefs_")
        return validated(self, X, reset=False, accept_sparse="csr", dtype=self._dtypes(reset=False))

    @in_peace()
    def _outputs(self, X):
        """Return the outputs of the network, without dropout."""
        X = self._validate_new(X)
        return predict(self._network, X, team=team_of(self))

    def _is_stochastic(self):
        """Return True, or say why there is no partial_fit."""
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit of {type(self).__name__} takes an epoch of minibatches, which "
                "solver='lbfgs' does not have."
            )
        return True

    def __sklearn_tags__(self):
        """Return the tags: sparse data are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
