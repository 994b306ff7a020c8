"""The classifier: classes or labels, by a network with dropout."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from .._checks import refuse
from .._threads import single_thread
from ._base import DropoutNetwork
from ._class_weight import weights_of_classes
from ._monte_carlo import class_uncertainty, entropy_of_classes, entropy_of_labels


class DropoutMLPClassifier(ClassifierMixin, DropoutNetwork):
    r"""Feed-forward network with inverted dropout, trained on minibatches.

    Minimises, a minibatch at a time,

    .. math::

        \frac{1}{b} \Big[ \sum_i \ell(y_i, h(x_i)) + \frac{\alpha}{2} \sum_l \|W_l\|_F^2 \Big]

    with the log loss :math:`\ell` and b samples in the batch, as
    :class:`sklearn.neural_network.MLPClassifier` does; biases are not penalised. In training,
    a unit is kept with probability `keep_prob` and then divided by it, so that the expected input
    of the next layer stands; nothing is dropped at prediction. With `sample_weight` or
    `class_weight`, the sums and b are weighted.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units in each hidden layer. Empty is a linear model.
    keep_prob : float or sequence of float, default=0.5
        Probability in (0, 1] of keeping a unit, one for all hidden layers or one for each. The
        widest layer usually gets the lowest. 1 drops nothing.
    input_keep_prob : float, default=1.0
        Probability in (0, 1] of keeping an input.
    activation : {'relu', 'leaky_relu', 'gelu', 'tanh', 'logistic', 'identity'}, default='relu'
        Function of the hidden units.
    alpha : float, default=1e-4
        Strength of the L2 penalty, >= 0.
    weight_decay : float, default=0.01
        Share of the weights, times the learning rate, that each step takes away. Only for
        'adamw'; biases are left alone.
    max_norm : None or float, default=None
        Largest norm of the incoming weights of a hidden unit; None is no limit.
    solver : {'adam', 'adamw', 'sgd', 'lbfgs'}, default='adam'
        How steps are taken. 'adamw' is 'adam' with `weight_decay`. 'lbfgs' uses all samples at
        once and needs a loss without randomness: dropout, `max_norm`, `clip_norm` and early
        stopping are refused.
    batch_size : int or 'auto', default='auto'
        Samples in a minibatch; 'auto' is ``min(200, n_samples)``.
    learning_rate : str, default='constant'
        How the rate changes, for all solvers but 'lbfgs':

        - 'constant';
        - 'invscaling': falls as 1 over the number of steps, in scikit-learn of samples, to the
          power `power_t`;
        - 'adaptive': a fifth at each plateau, instead of an end, until it is below 1e-6;
        - 'linear', 'cosine': falls to 0 at the end of `max_iter` epochs;
        - 'one_cycle': rises for 30 % of them, then falls to 0 along a cosine.

        For the last three, ``n_iter_no_change=numpy.inf`` keeps a plateau from ending it before.
    learning_rate_init : float, default=0.001
        The rate, or the highest of them.
    power_t : float, default=0.5
        Exponent of 'invscaling', >= 0.
    warmup : int, default=0
        Epochs in which the rate first rises linearly.
    momentum : float, default=0.9
        Share of the last step that is repeated, in [0, 1]. Only for 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's form of it. Only for 'sgd'.
    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of the averages of gradients and their squares, in [0, 1). Only for 'adam' and
        'adamw'.
    epsilon : float, default=1e-8
        What keeps divisions safe, > 0. Only for 'adam' and 'adamw'.
    clip_norm : None or float, default=None
        Largest norm of the gradient, of all weights and biases together; None is no limit.
    max_iter : int, default=200
        Epochs at most; iterations of 'lbfgs'.
    shuffle : bool, default=True
        Whether each epoch visits the samples in an order of its own.
    tol : float, default=1e-4
        An epoch improves if the loss falls, or the validation score rises, by more than this. For
        'lbfgs', the largest entry of the gradient at which to stop.
    n_iter_no_change : int, default=10
        Training stops after more than so many epochs in a row without improvement.
    early_stopping : bool, default=False
        Whether to set samples aside, stop when their score no longer improves, and return the
        weights that were best. With `X_val` and `y_val` in `fit`, these are watched instead.
    validation_fraction : float, default=0.1
        Share of the samples to set aside, in (0, 1); classes keep
        their proportions.
    scoring : None, str or callable, default=None
        What early stopping watches: the name of a scorer of scikit-learn, or a function
        ``(estimator, X, y)``. Weights of samples, where there are any, are passed as
        ``sample_weight``. None is what the method `score` returns.
    class_weight : None, 'balanced' or dict, default=None
        Weights of the classes, by which those of their samples are multiplied; 1 for a class that
        a dict does not name. 'balanced' gives each class the same total weight. Not for several
        labels.
    dtype : None, numpy.float32 or numpy.float64, default=None
        What to train in; None is that of X.
    warm_start : bool, default=False
        Whether to go on from the last fit, with a fresh optimizer and schedule.
    n_jobs : None or int, default=None
        Threads that share the work; None is as many as BLAS is allowed, as in linear models: all
        cores, unless `threadpool_limits`, OMP_NUM_THREADS or a worker of joblib says otherwise. -1
        is all. Networks of layers of less than 128 units are trained on one: train several at a
        time instead, for instance in `GridSearchCV`.
    random_state : None, int or RandomState, default=None
        Initial weights, samples set aside, order of samples and masks.
    verbose : bool, default=False
        Whether to print loss, validation loss and score, learning rate and seconds of each epoch;
        'lbfgs' has none.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (units below, units above)
        Weights of each layer.
    intercepts_ : list of ndarray of shape (units above,)
        Biases of each layer.
    classes_ : ndarray of shape (n_classes,)
        Labels.
    loss_curve_ : list of float
        Mean training loss of each epoch, with penalty. With dropout each is taken under other
        masks and need not fall; to debug, set ``keep_prob=1``, full batches and a small step:
        then it must.
    loss_, best_loss_ : float
        Last and smallest of them; `best_loss_` is None with early stopping.
    validation_loss_curve_, validation_scores_ : list of float or None
        Loss, without penalty and dropout, and score of the samples watched, after each epoch;
        None if none are.
    best_validation_score_ : float or None
        The best of these scores.
    best_iter_ : int or None
        Its epoch, from 1 on as in `loss_curve_`; early stopping returns the weights of then.
    n_iter_ : int
        Epochs of the last fit.
    n_layers_, n_outputs_ : int
        Layers, with input and output, and units of the output.
    out_activation_ : str
        'softmax' for several classes, 'logistic' for two classes or several labels.
    convergence_ : Convergence
        What stopped the training: a plateau, early stopping, the end of a schedule, `max_iter` or
        divergence.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has names that are strings.

    Raises
    ------
    ValueError
        If a parameter or the data are out of range, or the training diverges: the loss is no
        number, or for half of the samples a thousand times that of the initial weights and of
        outputs of 0.
    TypeError
        If a parameter is of the wrong kind.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` epochs were not enough to reach a plateau, or the end of a schedule.

    See Also
    --------
    DropoutMLPRegressor : The same for numbers.
    check_gradient : The gradient beside finite differences.
    sklearn.neural_network.MLPClassifier : The same network without dropout.

    Notes
    -----
    Masks are a hash of (seed, epoch, sample, layer, unit): they do not depend on how samples fall
    into batches or on threads, and sparse X is masked as dense X is. Nor do the bits of a fit
    depend on `n_jobs`: work is split among threads always at the same places.

    The initial weights are uniform, with the bounds of scikit-learn for biases and for layers
    without a rectifier; below 'relu', 'leaky_relu' and 'gelu' with those of He et al. (2015).

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: A Simple Way to
    Prevent Neural Networks from Overfitting", JMLR 15, sections 4, 5.1 and 10.

    Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", algorithm 1.

    Loshchilov and Hutter (2019), "Decoupled Weight Decay Regularization", algorithm 2.

    He, Zhang, Ren and Sun (2015), "Delving Deep into Rectifiers", section 2.2.

    Gal and Ghahramani (2016), "Dropout as a Bayesian Approximation", section 4, for `predict_mc`.

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
        weight_decay=0.01,
        max_norm=None,
        solver="adam",
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        warmup=0,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        clip_norm=None,
        max_iter=200,
        shuffle=True,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring=None,
        class_weight=None,
        dtype=None,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=False,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.keep_prob = keep_prob
        self.input_keep_prob = input_keep_prob
        self.activation = activation
        self.alpha = alpha
        self.weight_decay = weight_decay
        self.max_norm = max_norm
        self.solver = solver
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.warmup = warmup
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.clip_norm = clip_norm
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.class_weight = class_weight
        self.dtype = dtype
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @available_if(DropoutNetwork._is_stochastic)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch on more samples.

        A schedule runs over `max_iter` calls; 'adaptive' is constant, for no plateau is looked for.

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
        if isinstance(self.class_weight, str):
            refuse(self, "class_weight", self.class_weight, "None or a dict in partial_fit")
        if not hasattr(self, "coefs_") and classes is None:
            raise ValueError(
                f"{type(self).__name__}: classes must be passed on the first call to partial_fit."
            )
        return self._partial_fit(X, y, sample_weight, classes)

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
        return self._outputs(X)

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

    @single_thread
    def predict_mc(self, X, n_samples=50, random_state=None):
        """Predict under many random masks, to see what the network is unsure of.

        Gal and Ghahramani (2016). The memory needed does not grow with `n_samples`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.
        n_samples : int, default=50
            Masks to average over.
        random_state : None, int or RandomState, default=None
            Seed of the masks.

        Returns
        -------
        mean, std : ndarray of shape (n_samples, n_classes)
            Mean and standard deviation of the probabilities, ordered as in `predict_proba`.
        entropy : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Entropy of the mean in nats: how unsure the prediction is.
        mutual_information : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Entropy of the mean minus the mean of the entropies, Houlsby et al. (2011), eq. 2: how
            much of that the masks disagree on, and more data could settle.

        Warns
        -----
        UserWarning
            If nothing is dropped, as with ``keep_prob=1``: then `std` and `mutual_information` are
            0, whatever the network does not know.
        """
        check_is_fitted(self, "coefs_")
        multilabel = self.out_activation_ == "logistic" and self.n_outputs_ > 1
        entropy = entropy_of_labels if multilabel else entropy_of_classes
        return class_uncertainty(self, X, n_samples, random_state, entropy)

    def _functions(self):
        """Return the output function and the loss."""
        multiclass = self._label_binarizer.y_type_ == "multiclass"
        return "softmax" if multiclass else "logistic", "log_loss"

    def _encode(self, y, *, reset, exact=False, classes=None):
        """Return y as a matrix of outputs; with `exact`, refuse fewer classes than before."""
        if reset:
            whole = classes is None or type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if whole else classes)
            self.classes_ = self._label_binarizer.classes_
            if classes is None:
                return self._label_binarizer.transform(y)
        multilabel = self._label_binarizer.y_type_.startswith("multilabel")
        if (y.ndim == 2) != multilabel:
            expected = "an indicator matrix of labels" if multilabel else "a vector of classes"
            raise ValueError(
                f"{type(self).__name__}: y must be as before, {expected}; got shape {y.shape}."
            )
        if classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            refuse(self, "classes", classes, f"as on the first call, {self.classes_}")
        labels = unique_labels(y)
        if exact and not np.array_equal(labels, self.classes_):
            raise ValueError(
                f"{type(self).__name__}: warm_start can only be used where `y` has the same "
                f"classes as in the previous call to fit. Previously got {self.classes_}, `y` has "
                f"{labels}"
            )
        if not np.isin(labels, self.classes_).all():
            raise ValueError(
                f"{type(self).__name__}: `y` has classes not in `self.classes_`. `self.classes_` "
                f"has {self.classes_}. 'y' has {labels}."
            )
        return self._label_binarizer.transform(y)

    def _weigh(self, Y, s, learn):
        """Return the weights of samples, times those of their classes.

        'balanced' weights are learned from some samples, and stand for others.
        """
        if self.class_weight is None:
            return s
        if self._strata(Y) is None:
            refuse(self, "class_weight", self.class_weight, "None for several labels")
        if learn:
            self._class_weights = weights_of_classes(self, self._labels(Y), s).astype(s.dtype)
        classes = Y.argmax(axis=1) if Y.shape[1] > 1 else Y[:, 0].astype(int)
        return s * self._class_weights[classes]

    def _strata(self, Y):
        """Return classes to be held out in proportion; None for several labels."""
        return None if self._label_binarizer.y_type_.startswith("multilabel") else self._labels(Y)

    def _labels(self, P):
        """Return the labels that outputs stand for."""
        two = self._label_binarizer.y_type_ == "binary"
        return self._label_binarizer.inverse_transform(P[:, -1] if two else P)

    def _score_outputs(self, Y, outputs, s):
        """Return the accuracy."""
        return accuracy_score(self._labels(Y), self._labels(outputs), sample_weight=s)

    def __sklearn_tags__(self):
        """Return the tags: several labels are welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
