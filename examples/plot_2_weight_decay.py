"""
Ridge is weight decay
=====================

Each step of gradient descent on the ridge loss does two things: it shrinks every weight by the
same factor, and it moves them down the slope of the squared error. The loss falls at every step.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skreg import RidgeGD

X, y = load_diabetes(return_X_y=True)
X, y = StandardScaler().fit_transform(X), y - y.mean()

# %%
# The update, written out: the weights decay by ``1 - 2 * step * alpha``, then follow the data.


def loss(w, alpha):
    """Return the ridge loss."""
    return np.sum((y - X @ w) ** 2) + alpha * np.sum(w**2)


def descend(alpha, step, n_steps):
    """Return the loss before each step and after the last."""
    w = np.zeros(X.shape[1])
    losses = [loss(w, alpha)]
    for _ in range(n_steps):
        w = (1 - 2 * step * alpha) * w - step * 2 * X.T @ (X @ w - y)
        losses.append(loss(w, alpha))
    return np.array(losses)


# %%
# ``RidgeGD(solver="gd")`` takes the same steps. The dots are the loop above, the lines are
# ``loss_curve_``, drawn as the distance to the loss of the exact solution.

n_steps = 40
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for color, alpha in zip(["C0", "C1", "C2"], [10, 100, 400], strict=True):
    step = 1 / (2 * (np.linalg.norm(X, 2) ** 2 + alpha))
    model = RidgeGD(alpha=alpha, solver="gd", step=step, max_iter=n_steps)
    with warnings.catch_warnings():  # forty steps are meant to stop short of the minimum
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    curve = np.array(model.loss_curve_)
    minimum = loss(RidgeGD(alpha=alpha).fit(X, y).coef_, alpha)
    ax.semilogy(curve / minimum - 1, color=color, label=f"alpha = {alpha}")
    dots = descend(alpha, step, n_steps)[::4]
    ax.semilogy(np.arange(0, n_steps + 1, 4), dots / minimum - 1, "o", color=color, ms=5)
    print(f"alpha = {alpha}: the loss fell at {np.sum(np.diff(curve) < 0)} of {n_steps} steps")
ax.plot([], [], "o", color="0.4", ms=5, label="the loop above")
ax.set(xlabel="gradient steps taken", ylabel="loss above its minimum (relative)")
ax.legend()
plt.show()

# %%
# The dots lie on the lines, and every line falls at every step. The larger alpha is, the faster
# the loss comes to its minimum: the penalty adds the same curvature in all directions, so that none
# is left nearly flat.
