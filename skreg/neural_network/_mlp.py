"""Feed-forward networks with inverted dropout."""

import time
import warnings

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from .._checks import check_weights, refuse
from .._convergence import warn_if_stopped_short
from .._network.layers import predict
from .._threads import single_thread
from ._base import DropoutNetwork


class DropoutMLPClassifier(ClassifierMixin, DropoutNetwork):
    r"""Feed-forward network with inverted dropout, trained on minibatches.

    Minimises, a minibatch at a time,

    .. math::

        \frac{1}{b} \Big[ \sum_i \ell(y_i, h(x_i)) + \frac{\alpha}{2} \sum_l \|W_l\|_F^2 \Big]

    with the log loss :math:`\ell` and b samples in the batch, as
    :class:`sklearn.neural_network.MLPClassifier` does; biases are not penalised. In training,
    a unit is kept with probability `keep_prob` and then divided by it, so that the expected input
    of the next layer stands; nothing is dropped at prediction. With `sample_weight`, the sums and
    b are weighted.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units in each hidden layer. Empty is logistic or softmax regression.
    keep_prob : float or sequence of float, default=0.5
        Probability in (0, 1] of keeping a unit, one for all hidden layers or one for each. The
        widest layer usually gets the lowest. 1 drops nothing.
    input_keep_prob : float, default=1.0
        Probability in (0, 1] of keeping an input.
    activation : {'relu', 'tanh', 'logistic', 'identity'}, default='relu'
        Function of the hidden units.
    alpha : float, default=1e-4
        Strength of the L2 penalty, >= 0.
    max_norm : None or float, default=None
        Largest norm of the incoming weights of a hidden unit; None is no limit.
    solver : {'adam', 'sgd'}, default='adam'
        How steps are taken.
    batch_size : int or 'auto', default='auto'
        Samples in a minibatch; 'auto' is ``min(200, n_samples)``.
    learning_rate_init : float, default=0.001
        Length of the steps.
    momentum : float, default=0.9
        Share of the last step that is repeated, in [0, 1]. Only for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's form of it. Only for 'sgd'.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of the averages of gradients and their squares, in [0, 1). Only for 'adam'.
    epsilon : float, default=1e-8
        What keeps divisions safe, > 0. Only for 'adam'.
    max_iter : int, default=200
        Epochs at most.
    shuffle : bool, default=True
        Whether each epoch visits the samples in an order of its own.
    tol : float, default=1e-4
        An epoch improves if the loss falls, or the validation score rises, by more than this.
    n_iter_no_change : int, default=10
        Training stops after more than so many epochs in a row without improvement.
    early_stopping : bool, default=False
        Whether to set samples aside, stop when the accuracy on them no longer improves, and
        return the weights that were best.
    validation_fraction : float, default=0.1
        Share of the samples to set aside, in (0, 1).
    warm_start : bool, default=False
        Whether to go on from the last fit.
    random_state : None, int or RandomState, default=None
        Initial weights, order of samples and masks.
    verbose : bool, default=False
        Whether to print the loss of each epoch.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (units below, units above)
        Weights of each layer, in the dtype of X.
    intercepts_ : list of ndarray of shape (units above,)
        Biases of each layer.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    loss_curve_ : list of float
        Mean training loss of each epoch. With dropout each is taken under other masks and need
        not fall; to debug, set ``keep_prob=1``, full batches and a small step: then it must.
    loss_, best_loss_ : float
        Last and smallest of them; `best_loss_` is None with early stopping.
    validation_scores_ : list of float or None
        Accuracy on the samples set aside after each epoch; None without early stopping.
    best_validation_score_ : float or None
        The best of them.
    n_iter_ : int
        Epochs of the last fit.
    n_layers_, n_outputs_ : int
        Layers, with input and output, and units of the output.
    out_activation_ : str
        'softmax' for several classes, 'logistic' for two classes or several labels.
    convergence_ : Convergence
        What stopped the training.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range, or the training diverges.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` epochs were not enough to reach a plateau.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The same network without dropout.

    Notes
    -----
    Masks are a hash of (seed, epoch, sample, layer, unit): they do not depend on how samples fall
    into batches or on threads, and sparse X is masked as dense X is.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting", JMLR 15, sections 4, 5.1 and 10.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skreg import DropoutMLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = DropoutMLPClassifier(keep_prob=0.8, max_iter=300, random_state=0)
    >>> bool(net.fit(X[:900] / 16, y[:900]).score(X[900:] / 16, y[900:]) > 0.9)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        *,
        keep_prob=0.5,
        input_keep_prob=1.0,
        activation="relu",
        alpha=1e-4,
        max_norm=None,
        solver="adam",
        batch_size="auto",
        learning_rate_init=0.001,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        max_iter=200,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        warm_start=False,
        random_state=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.keep_prob = keep_prob
        self.input_keep_prob = input_keep_prob
        self.activation = activation
        self.alpha = alpha
        self.max_norm = max_norm
        self.solver = solver
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    @single_thread()
    def fit(self, X, y, sample_weight=None):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples; float32 and float64 are used as they are, and never changed.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        DropoutMLPClassifier
            The fitted estimator.
        """
        began = time.perf_counter()
        self._check_parameters()
        resume = self.warm_start and hasattr(self, "coefs_")
        X, Y, s = self._validate(X, y, sample_weight, reset=not resume)
        if resume:
            self._check_same_classes(self._labels(Y))
        rng = check_random_state(self.random_state)
        if not resume:
            self._initialize(Y.shape[1], self._output(), X, rng)
        self._optimizer = self._start_optimizer()
        train, held_out = self._split(X, Y, s, rng)
        settings = self._settings(train[0].shape[0])
        stopped = self._train(train, held_out, settings, rng)
        self.convergence_ = self._record(stopped, began)
        warn_if_stopped_short(type(self).__name__, self.convergence_)
        return self

    @single_thread()
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on more samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix of labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed at the first call.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights >= 0, not all zero.

        Returns
        -------
        DropoutMLPClassifier
            The estimator.
        """
        began = time.perf_counter()
        self._check_parameters()
        if self.early_stopping:
            raise ValueError(
                f"{type(self).__name__}: partial_fit does not support early_stopping=True."
            )
        first = not hasattr(self, "coefs_")
        if first and classes is None:
            raise ValueError(
                f"{type(self).__name__}: classes must be passed on the first call to partial_fit."
            )
        X, Y, s = self._validate(X, y, sample_weight, reset=first, classes=classes)
        if first:
            self._rng = check_random_state(self.random_state)
            self._initialize(Y.shape[1], self._output(), X, self._rng)
            self._optimizer = self._start_optimizer()
        self._rng = getattr(self, "_rng", None) or check_random_state(self.random_state)
        self._epoch(X, Y, s, self._settings(X.shape[0]), self._rng)
        self.n_iter_ += 1
        self.convergence_ = self._record(
            "took one epoch of partial_fit; nothing was tested.", began
        )
        return self

    def predict(self, X):
        """Predict classes, or an indicator matrix of labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Predictions.
        """
        return self._labels(self._outputs(X))

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probability of each class in the order of `classes_`, or of each label.
        """
        P = self._outputs(X)
        return np.hstack([1 - P, P]) if P.shape[1] == 1 else P

    def predict_log_proba(self, X):
        """Predict logarithms of probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithm of `predict_proba`.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _validate(self, X, y, sample_weight, *, reset, classes=None):
        """Validate the data; return them with y as a matrix of outputs and weights per sample."""
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            multi_output=True,
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected; use y.ravel().",
                DataConversionWarning,
                stacklevel=4,
            )
            y = y.ravel()
        s = check_weights(self, sample_weight, X.shape[0]).astype(X.dtype)
        if reset:
            multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(
                y if classes is None or multilabel else classes
            )
            self.classes_ = self._label_binarizer.classes_
        else:
            self._check_same_layers()
        if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            refuse(self, "classes", classes, f"as on the first call, {self.classes_}")
        if not np.isin(unique_labels(y), self.classes_).all():
            raise ValueError(
                f"{type(self).__name__}: `y` has classes not in `self.classes_`. `self.classes_` "
                f"has {self.classes_}. 'y' has {unique_labels(y)}."
            )
        return X, self._label_binarizer.transform(y).astype(X.dtype), s

    def _check_same_classes(self, labels):
        """Check that a warm start has the classes of the fit that it goes on from."""
        if not np.array_equal(unique_labels(labels), self.classes_):
            raise ValueError(
                f"{type(self).__name__}: warm_start can only be used where `y` has the same "
                f"classes as in the previous call to fit. Previously got {self.classes_}, `y` has "
                f"{unique_labels(labels)}."
            )

    def _output(self):
        """Return the function of the output layer."""
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _split(self, X, Y, s, rng):
        """Set samples aside for early stopping."""
        if not self.early_stopping:
            return (X, Y, s), None
        stratify = (
            None if self._label_binarizer.y_type_.startswith("multilabel") else self._labels(Y)
        )
        parts = train_test_split(
            X, Y, s, test_size=self.validation_fraction, stratify=stratify, random_state=rng
        )
        if parts[1].shape[0] < 2:
            raise ValueError(
                f"{type(self).__name__}: The validation set is too small, {parts[1].shape[0]} "
                "sample. Increase 'validation_fraction' or pass more samples."
            )
        return parts[::2], parts[1::2]

    def _labels(self, P):
        """Return the labels that outputs stand for."""
        P = P.ravel() if self.n_outputs_ == 1 else P
        return self._label_binarizer.inverse_transform(P)

    def _held_out_score(self, X, Y, s):
        """Return the accuracy on validated samples."""
        true, predicted = self._labels(Y), self._labels(predict(self._network, X))
        return float(accuracy_score(true, predicted, sample_weight=s))

    def __sklearn_tags__(self):
        """Return the tags: sparse data and several labels are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = True
        return tags
