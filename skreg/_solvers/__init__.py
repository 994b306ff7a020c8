"""Algorithms; they know the data only through a Design.

But for `newton`, they minimise ``sum(s * (y - Xc @ w)**2) / 2 + h(w)`` with a penalty ``h`` that is
a sum over the coefficients. One meaning for each symbol:

======  =========================================================================
``w``   coefficients of the centred and scaled columns
``r``   residual, ``y - Xc @ w``
``c``   correlations of the columns with the residual, ``Xc.T @ (s * r)``
``G``   Gram matrix ``Xc.T @ diag(s) @ Xc``, or a block of it
``rr``  ``sum(s * r**2)``
``i``   sample, ``j`` feature, ``step``, ``gap``
======  =========================================================================
"""
