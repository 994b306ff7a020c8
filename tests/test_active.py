"""Lists of active units: the products of BLAS, and the masks of dense data."""

import numpy as np
import pytest
import scipy.sparse as sp

from skreg._network.activations import ACTIVATIONS
from skreg._network.active import BOTH, ONE, ActiveUnits
from skreg._network.dropout import Dropout
from skreg._network.layers import (
    Workspace,
    initialize,
)

from .networks import (
    mask,
)


@pytest.mark.parametrize("keep_prob", [(0.8, 0.3, 0.3), (0.8, 0.5, 0.3)], ids=["both", "one"])
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_lists_of_active_units_give_the_products_of_blas(activation, sparse, keep_prob):
    """Lists serve both passes where few units are active, the backward one where half of them."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((37, 50)) * (rng.uniform(size=(37, 50)) < 0.3)
    Y, s = np.eye(10)[rng.randint(0, 10, 37)], rng.uniform(0.5, 2, 37)
    network = initialize((50, 130, 140, 10), activation, "softmax", "log_loss", np.float64, rng)
    dropout, rows = Dropout(seed=1, epoch=3, keep_prob=keep_prob), np.arange(37)
    listed = Workspace(network, sp.csr_array(X) if sparse else X, 37)
    plain = Workspace(network, X, 37)
    plain.lists = [None] * 3
    losses = [
        listed.gradient(sp.csr_array(X) if sparse else X, rows, Y, s, s.sum(), dropout),
        plain.gradient(X, rows, Y, s, s.sum(), dropout),
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    least, most = (0, ONE) if keep_prob[1] < 0.5 or activation == "relu" else (ONE, BOTH)
    assert least < max(lists.density for lists in listed.lists[:2]) < most
    for name in ("coef_grads", "intercept_grads"):
        for one, two in zip(getattr(listed, name), getattr(plain, name), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def test_sparse_and_dense_inputs_have_the_same_masks():
    rng = np.random.RandomState(0)
    X = sp.csr_array(rng.uniform(size=(20, 30)) * (rng.uniform(size=(20, 30)) < 0.3))
    dropout, rows = Dropout(5, 0, (0.6,)), np.arange(7, 20)
    units = ActiveUnits(13, 30, X.nnz, X.dtype)
    units.read_sparse(X, rows, dropout, rows)
    row_start = np.append(units.row_cut[:, 0], units.row_cut[-1, 1])
    lists = units.row_value[: row_start[-1]], units.unit[: row_start[-1]], row_start
    dense = X.toarray()[rows] * mask(dropout, 0, rows, 30)
    np.testing.assert_array_equal(sp.csr_array(lists, shape=(13, 30)).toarray(), dense)


def test_all_is_kept_with_probability_one_and_little_with_a_small_one():
    assert mask(Dropout(0, 0, (1.0,)), 0, np.arange(100), 1000).min() == 1
    units = ActiveUnits(2000, 40, 80_000, np.dtype(float))
    X, rows = sp.csr_array(np.ones((2000, 40))), np.arange(2000)
    for keep_prob, bounds in ((1.0, (80_000, 80_000)), (1e-3, (40, 130)), (1e-12, (0, 0))):
        units.read_sparse(X, rows, Dropout(0, 0, (keep_prob,)), rows)
        assert bounds[0] <= units.row_cut[-1, 1] <= bounds[1]
