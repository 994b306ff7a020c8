"""The dropout network: layers, masks, optimizers and the training loop.

======  ==========================================================
``A``   values of a layer, one row per sample, after dropout
``W``   weights of a layer, of shape (units below, units above)
``b``   biases of a layer
``Z``   what the units of a layer sum up: ``A @ W``, without biases
``M``   slopes of the values in the sums, times the masks
``D``   gradient of the loss in the sums of a layer
``G``   gradient of the loss in the weights of a layer
``B``   gradient of the loss in the sums of the layer below
======  ==========================================================
"""
