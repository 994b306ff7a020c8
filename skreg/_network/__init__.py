"""The dropout network: layers, masks, optimizers and the training loop, in numpy.

======  ==========================================================
``A``   activations of a layer, one row per sample
``W``   weights of a layer, of shape (units below, units above)
``b``   biases of a layer
======  ==========================================================
"""
