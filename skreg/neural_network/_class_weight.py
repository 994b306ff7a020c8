"""The parameter `class_weight` as one weight for each class."""

import numpy as np

from .._checks import refuse


def weights_of_classes(net, labels, s):
    """Return the weight of each class; `labels` and their weights `s` say what is balanced."""
    names = net.classes_.tolist()
    weights = None
    if isinstance(net.class_weight, dict):
        unknown = [name for name in net.class_weight if name not in names]
        if unknown:
            raise ValueError(
                f"{type(net).__name__}: class_weight names {unknown}; the classes are {names}."
            )
        weights = np.array([net.class_weight.get(name, 1) for name in names], dtype=float)
    elif isinstance(net.class_weight, str) and net.class_weight == "balanced":
        totals = np.array([s[labels == name].sum(dtype=float) for name in net.classes_])
        share = totals.sum() / np.count_nonzero(totals)
        weights = np.divide(share, totals, out=np.zeros(len(totals)), where=totals > 0)
    if weights is None or not (weights.min() >= 0 and 0 < weights.sum() < np.inf):
        allowed = "None, 'balanced' or a dict of finite weights >= 0, not all of them 0"
        refuse(net, "class_weight", net.class_weight, allowed)
    return weights
