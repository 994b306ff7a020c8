"""
Debug with keep_prob=1
======================

With dropout every step descends the cost of another thinned network, so the recorded cost goes up
and down even when all is well. Switch dropout off first: with full batches and a small step the
cost must fall at every step. If it does not, look for a mistake.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skreg import DropoutMLPClassifier

X, y = load_digits(return_X_y=True)
X = X / 16  # pixels between 0 and 1


def cost_curve(keep_prob, n_steps=150):
    """Return the cost before each step of plain gradient descent."""
    network = DropoutMLPClassifier(
        (50,),
        keep_prob=keep_prob,
        solver="sgd",
        momentum=0,
        learning_rate_init=0.1,
        batch_size=len(X),
        random_state=0,
    )
    for _ in range(n_steps):  # one call is one pass: with full batches, one step
        network.partial_fit(X, y, classes=np.unique(y))
    return np.array(network.loss_curve_)


# %%
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for keep_prob, color in [(0.5, "C1"), (1, "C0")]:
    curve = cost_curve(keep_prob)
    n_rises = np.sum(np.diff(curve) > 0)
    label = f"keep_prob = {keep_prob}: rose at {n_rises} of {len(curve) - 1} steps"
    ax.plot(curve, color=color, label=label)
ax.set(xlabel="gradient steps taken (full batch)", ylabel="recorded cost")
ax.legend()
plt.show()

# %%
# The curve without dropout falls at every step. The one with dropout falls only on average: the
# cost of one random network is not the cost of the next. Once the first curve is right, lower
# ``keep_prob``.
