"""Groups of columns whose coefficients become zero together: what their estimators share."""

from collections.abc import Hashable
from numbers import Real

import numpy as np

from .._checks import refuse
from .._cost import COST
from .._problem.blocks import GroupNorm
from ._base import shortened

ALLOWED = (
    "None, 'prefix', a list of lists of columns, an array with a label for each column, or a dict "
    "of labels by column name, pattern or position"
)


class GroupMixin:
    """Makes a model select groups of columns instead of columns."""

    penalty = "l1"  # as SelectFromModel asks for it
    _selects = True
    _cost = COST._replace(always_gram=COST.largest_gram)  # sweeps over the data are slow

    def _validate(self, X, y, sample_weight, reset=True):
        """Return the data, targets and weights, validated, and find out the groups."""
        X, y, s = super()._validate(X, y, sample_weight, reset)
        columns = {}
        for j, label in enumerate(self._labels()):
            if not isinstance(label, Hashable):
                refuse(self, "groups", label, "labels that can be keys of a dict", TypeError)
            columns.setdefault(label, []).append(j)
        self.groups_ = {label: np.array(own) for label, own in columns.items()}
        self._weights_of_groups()  # checks them before any work is done
        return X, y, s

    def _labels(self):
        """Return the label of the group of each column."""
        groups = self.groups
        own = list(
            getattr(self, "feature_names_in_", map("x{}".format, range(self.n_features_in_)))
        )
        if groups is None:
            return own
        if isinstance(groups, str):
            return self._prefixes(groups)
        if isinstance(groups, dict):
            for key, label in groups.items():
                for j in self._named("groups", key):
                    own[j] = label
            return own
        if not np.iterable(groups):
            refuse(self, "groups", groups, ALLOWED, TypeError)
        groups = list(groups)
        if any(np.iterable(group) and not isinstance(group, str) for group in groups):
            return self._members(groups, own)
        if len(groups) != self.n_features_in_:
            raise self._error(
                f"groups must have a label for each of {self.n_features_in_} columns; got "
                f"{len(groups)} of them."
            )
        return groups

    def _prefixes(self, groups):
        """Return what names of columns have before their last underscore."""
        if groups != "prefix":
            refuse(self, "groups", groups, ALLOWED)
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            raise self._error(
                "groups='prefix' reads the names of columns, but X has none; pass a DataFrame, as "
                "transformers return it after set_output(transform='pandas')."
            )
        return [name.rpartition("_")[0] or name for name in names]

    def _members(self, groups, labels):
        """Return labels in which lists of columns have their places."""
        taken = {}
        for k, group in enumerate(groups):
            if isinstance(group, str) or not np.iterable(group):
                refuse(self, f"groups[{k}]", group, "a list of columns, as others are")
            for key in group:
                for j in self._named(f"groups[{k}]", key):
                    if taken.setdefault(j, k) != k:
                        raise self._error(
                            f"groups[{taken[j]}] and groups[{k}] both have column {labels[j]!r}; "
                            "groups must not overlap."
                        )
        return [taken.get(j, label) for j, label in enumerate(labels)]

    def _weights_of_groups(self):
        """Return the weights of the groups, in the order of `groups_`."""
        value, labels = self.group_weights, list(self.groups_)
        weights = np.sqrt([len(columns) for columns in self.groups_.values()])
        if isinstance(value, dict):
            for label, weight in value.items():
                if label not in self.groups_:
                    raise self._error(
                        f"group_weights names {label!r}; the groups are {shortened(labels)}."
                    )
                weights[labels.index(label)] = self._weight(f"group_weights[{label!r}]", weight)
        elif value is not None:
            allowed = f"None, a dict by label or a weight for each of {len(labels)} groups"
            if np.shape(value) != (len(labels),):
                refuse(self, "group_weights", value, allowed)
            weights[:] = [self._weight("group_weights", weight) for weight in value]
        return weights

    def _weight(self, name, weight):
        """Return a weight, checked."""
        if not isinstance(weight, Real) or not weight >= 0:
            refuse(self, name, weight, "numbers >= 0")
        return weight

    def _penalty(self, design, n_targets):
        """Return the penalty for alpha = 1, for a loss that is a sum."""
        n_features = design.n_features
        group, weights = np.empty(n_features, dtype=np.int64), self._weights_of_groups()
        for k, columns in enumerate(self.groups_.values()):
            group[columns] = k
        fixed = design.constant | np.isinf(weights[group])
        group[fixed] = len(weights) + np.arange(np.count_nonzero(fixed))
        l2 = np.zeros(n_features)
        l2[~fixed] = (1 - self.l1_ratio) * weights[group[~fixed]]
        weight = np.where(fixed, 0.0, self.l1_ratio + l2)
        unit = np.where(weight > 0, weight, 1.0)
        ends = np.where(fixed, 0.0, np.inf)
        shares = self.l1_ratio / unit, np.where(weight > 0, l2 / unit, 1.0)
        return GroupNorm(design.total_weight * weight, 0 * unit, -ends, ends, group, *shares)

    @property
    def selected_groups_(self):
        """Labels of the groups that have coefficients other than 0."""
        coef = np.atleast_2d(self.coef_)
        return [label for label, columns in self.groups_.items() if coef[:, columns].any()]
