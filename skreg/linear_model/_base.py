"""What the linear estimators share: checks, the Design, name-keyed parameters, prediction."""

from fnmatch import fnmatchcase
from numbers import Integral, Real

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted

from .._checks import check_weights, refuse, validated
from .._cost import COST
from .._data import as_design
from .._data.operators import width
from .._memory import keep_freed_memory
from .._problem.losses import SquaredError
from .._problem.penalties import within
from .._threads import OTHERS, single_thread

SPARSE_FORMATS = ("csr", "csc")
MAX_ITER = 10000  # where it is None
COPYING = 4  # operations that take as long as a copy of a number


class LinearRegressor(RegressorMixin, BaseEstimator):
    """A linear regressor with a separable penalty."""

    _cost, _loss, _link = COST, SquaredError(), "identity"
    _kind_of_y = {"y_numeric": True}

    def _rule(self):
        """Return when a solver is to stop."""
        return {"tol": self.tol, "max_iter": MAX_ITER if self.max_iter is None else self.max_iter}

    def _build(self, X, y, sample_weight):
        """Return the Design of the data, the centred targets as columns, and the mean of y."""
        return self._centre(*self._validate(X, y, sample_weight))

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data and their weights, validated."""
        keep_freed_memory()
        later = {"ensure_all_finite": False}  # of X; its statistics show it, without another pass
        kinds = {"accept_sparse": SPARSE_FORMATS, "multi_output": True} | self._kind_of_y
        X, y = validated(self, X, y, reset=reset, **kinds, **later)
        return X, y, check_weights(self, sample_weight, X.shape[0])

    def _centre(self, X, y, s):
        """Return the Design of the data, the centred targets as columns, and the mean of y."""
        return self._design(X, y, s, centre=self.fit_intercept, standardize=self.standardize)

    def _design(self, X, y, s, *, centre, standardize):
        """Return the Design, the targets and their mean, centred and standardised or not."""
        design = as_design(X, s, centre=centre, standardize=standardize)
        design.cost = self._cost
        if not np.isfinite(design.column_norms).all():
            assert_all_finite(X, input_name="X", estimator_name=type(self).__name__)
            raise self._error("the sum of squares of X overflows; scale X down.")
        shape = y.shape[1:]
        y = y.reshape(X.shape[0], -1).astype(float)
        y_mean = np.zeros(y.shape[1])
        if centre and self._loss.quadratic:
            origin = y[(s > 0).argmax()]
            y_mean = origin + s @ (y - origin) / design.total_weight
        y = y - y_mean
        with np.errstate(over="ignore"):
            if not np.isfinite(s @ y**2).all():
                raise self._error("the sum of squares of y overflows; scale y down.")
        return design, y, y_mean.reshape(shape)

    def _error(self, text):
        """Return an error that says whose it is."""
        return ValueError(f"{type(self).__name__}: {text}")

    def _per_feature(self, name, default):
        """Return a parameter given as a scalar, an array or a dict as one number per feature."""
        value = getattr(self, name)
        n_features = self.n_features_in_
        if value is None:
            return np.full(n_features, float(default))
        if isinstance(value, dict) or is_labelled(value):
            return self._by_label(name, dict(value.items()), default)
        allowed = f"a number, an array of shape ({n_features},) or a dict keyed by column name"
        try:
            numbers = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            refuse(self, name, value, allowed, TypeError)
        if numbers.ndim > 1 or numbers.size not in (1, n_features):
            raise self._error(f"{name} must be {allowed}; got shape {numbers.shape}.")
        if np.isnan(numbers).any():
            refuse(self, name, value, "free of NaN")
        return np.broadcast_to(numbers, n_features).copy()

    def _by_label(self, name, value, default):
        """Resolve a dict whose keys are positions, column names or patterns; later entries win."""
        numbers = np.full(self.n_features_in_, float(default))
        for label, number in value.items():
            if not isinstance(number, Real) or np.isnan(number):
                refuse(self, f"{name}[{label!r}]", number, "a number")
            numbers[self._named(name, label)] = number
        return numbers

    def _named(self, name, label):
        """Return the columns that a parameter names by a position, a column name or a pattern."""
        columns, n_features = getattr(self, "feature_names_in_", None), self.n_features_in_
        if isinstance(label, Integral):
            if not 0 <= label < n_features:
                raise self._error(f"{name} names column {label}; they are 0 to {n_features - 1}.")
            return np.array([label])
        if columns is None:
            raise self._error(
                f"{name} is keyed by column name, but X has no column names; pass a DataFrame, "
                "positions or an array with one number per feature."
            )
        matches = [fnmatchcase(column, str(label)) | (column == label) for column in columns]
        if not any(matches):
            raise self._error(f"{name} names {label!r}; the columns are {shortened(columns)}.")
        return np.flatnonzero(matches)

    def _limits(self, design):
        """Return penalty factors and bounds for the scaled columns.

        A column that must not be used has both bounds equal and a factor of 0.
        """
        factor, fixed = self._per_feature("penalty_factor", 1.0), design.constant
        lower, upper = self._bounds()
        if self.penalty_factor is not None:
            if (factor < 0).any():
                refuse(self, "penalty_factor", self.penalty_factor, ">= 0 everywhere")
            endless = np.isinf(factor)
            if (endless & ((lower > 0) | (upper < 0))).any():
                raise self._error(
                    "a penalty_factor of inf leaves a feature out, with a coefficient of 0, but "
                    "its bounds exclude 0."
                )
            fixed = fixed | endless
        if self._bounded():
            lower, upper = lower * design.scale, upper * design.scale
        (fixed,) = fixed.nonzero()
        if fixed.size:
            factor[fixed] = 0.0
            lower[fixed] = upper[fixed] = within(0.0, lower[fixed], upper[fixed])
        return factor, lower, upper

    def _bounded(self):
        """Return whether there are bounds on the coefficients."""
        return hasattr(self, "positive") and (
            self.positive or self.lower is not None or self.upper is not None
        )

    def _bounds(self):
        """Return the bounds on the coefficients of the original columns, as two rows."""
        if not self._bounded():
            endless = np.full((2, self.n_features_in_), np.inf)
            endless[0] = -np.inf
            return endless
        lower, upper = self._per_feature("lower", -np.inf), self._per_feature("upper", np.inf)
        if self.positive:
            lower = np.maximum(lower, 0.0)
        crossed = np.flatnonzero((lower > upper) | (lower == np.inf) | (upper == -np.inf))
        if crossed.size:
            j = crossed[0]
            raise self._error(
                "lower must be finite or -inf and <= upper for every feature; got lower "
                f"{lower[j]:g} and upper {upper[j]:g} for feature {j}."
            )
        return np.stack([lower, upper])

    def _normalised(self, intercepts):
        """Return intercepts; where several stand for the same model, one of them."""
        return intercepts

    def _within_bounds(self, coef, dtype):
        """Return coefficients, by target and feature, in a dtype, rounded out of no bound."""
        if not self._bounded():
            return coef.astype(dtype, copy=False)
        lower, upper = bounds = self._bounds()
        with np.errstate(over="ignore"):
            low, high = bounds.astype(dtype)
            low = np.where(low < lower, np.nextafter(low, dtype.type(np.inf)), low)
            high = np.where(high > upper, np.nextafter(high, dtype.type(-np.inf)), high)
            return np.clip(coef.astype(dtype), low, high)

    def _store(self, design, w, y_mean):
        """Store coefficients on the original scale, in the dtype of X and the shape of y."""
        self._store_coef(w.T / design.scale, design.mean, y_mean, design.X.dtype)

    def _store_coef(self, coef, mean, y_mean, dtype):
        """Store the coefficients of columns with some means, and the intercept."""
        coef = self._within_bounds(coef, dtype)
        with np.errstate(invalid="ignore", over="ignore"):
            intercept = self._normalised(y_mean - (coef @ mean).reshape(y_mean.shape))
            self.coef_ = np.array(coef[0] if len(coef) == 1 else coef, order="C")
            self.intercept_ = dtype.type(intercept) if self.fit_intercept else 0.0
        if not (np.isfinite(self.intercept_).all() and np.isfinite(self.coef_).all()):
            del self.coef_, self.intercept_  # what is not fitted must not predict
            raise self._error(
                f"the coefficients overflow {dtype}; pass X as float64, or scale y down."
            )

    @single_thread
    def predict(self, X):
        """Predict with the linear model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predicted targets.
        """
        check_is_fitted(self)
        X = validated(self, X, reset=False, accept_sparse=SPARSE_FORMATS)
        return product(X, self.coef_.T) + self.intercept_

    def __sklearn_tags__(self):
        """Return the tags: sparse data and several targets are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags


def product(X, w):
    """Return ``X @ w``, each part of the rows of an array by one thread."""
    if sp.issparse(X):
        return X @ w
    size = COST.size_of_product(X.shape, X.size, width(w), 0)
    return OTHERS.joined(len(X), lambda rows: X[rows] @ w, size)


def of_rows(X, rows):
    """Return some rows of the data, each part of those of an array by one thread."""
    if sp.issparse(X) or not X.flags.c_contiguous:
        return X[rows]
    chosen = np.empty((len(rows), X.shape[1]), X.dtype)

    def copy(part):
        chosen[part] = X[rows[part]]

    OTHERS.share(len(rows), copy, operations=COPYING * chosen.size)
    return chosen


def one_or_all(values):
    """Return the values of all targets, or the only one."""
    return values if len(values) > 1 else values[0]


def is_labelled(value):
    """Tell whether an array has labels of its own, as a pandas Series has with an index."""
    return hasattr(value, "items") and type(value.index).__name__ != "RangeIndex"


def shortened(labels):
    """Return labels as a text, the first of them if they are many."""
    return ", ".join(map(repr, labels[:10])) + (", ..." if len(labels) > 10 else "")
