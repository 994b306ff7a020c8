"""Masks: what they depend on, and their moments."""

import numpy as np
import pytest

from skreg._network.dropout import Dropout

from .networks import (
    mask,
)


@pytest.mark.parametrize("keep_prob", [0.2, 0.5, 0.9])
def test_inverted_mask_has_mean_one_and_the_variance_of_a_coin(keep_prob):
    A = mask(Dropout(7, 2, (keep_prob,)), 0, np.arange(4000), 500)
    assert set(np.unique(A)) == {0, 1 / keep_prob}
    variance = (1 - keep_prob) / keep_prob
    error = np.sqrt(variance / A.size)
    assert abs(A.mean() - 1) < 5 * error
    assert A.var() == pytest.approx(variance, rel=0.01)
    for axis in (0, 1):  # no unit and no sample is favoured
        spread = A.mean(axis=axis).std() / np.sqrt(variance / A.shape[axis])
        assert spread == pytest.approx(1, abs=0.1)
    for one, two in ((A[:, :-1], A[:, 1:]), (A[:-1], A[1:])):  # neighbours are independent
        covariance = np.mean((one - 1) * (two - 1)) / variance
        assert abs(covariance) < 5 / np.sqrt(one.size)


def test_masks_depend_on_seed_epoch_sample_layer_and_unit_and_on_nothing_else():
    samples = np.arange(50)

    def kept(seed=1, epoch=1, layer=1, samples=samples):
        return mask(Dropout(seed, epoch, (0.5, 0.5, 0.5)), layer, samples, 40)

    base = kept()
    np.testing.assert_array_equal(base, kept())
    np.testing.assert_array_equal(base[[9, 3, 30]], kept(samples=samples[[9, 3, 30]]))
    for other in (kept(seed=2), kept(epoch=2), kept(layer=2), kept(samples=samples + 1)):
        assert 0.4 < np.mean(base == other) < 0.6


def test_expectations_stand_at_prediction():
    """The mean of a layer under many masks is that without a mask."""
    samples = np.arange(20)
    masks = [mask(Dropout(0, epoch, (0.5,)), 0, samples, 64) for epoch in range(1000)]
    error = np.std(masks, axis=0) / np.sqrt(len(masks))
    assert np.abs((np.mean(masks, axis=0) - 1) / error).max() < 6
