"""
What the network does not know
==============================

A network answers with the same confidence where it has seen no data. Keep dropping units at
prediction: where the masks agree, the data have settled the answer; where they do not, it is a
guess. ``predict_mc`` averages over many masks.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skreg import DropoutMLPClassifier, DropoutMLPRegressor

rng = np.random.default_rng(0)
x = rng.uniform(-2, 2, 150)[:, None]
y = np.sin(2 * x[:, 0]) + 0.15 * rng.standard_normal(len(x))

curve = DropoutMLPRegressor(
    (300,),
    keep_prob=0.95,
    learning_rate="one_cycle",
    learning_rate_init=0.02,
    batch_size=20,
    max_iter=600,
    n_iter_no_change=np.inf,  # go through the whole cycle
    random_state=0,
)
grid = np.linspace(-3.4, 3.4, 300)[:, None]
values = curve.fit(x, y).predict_mc(grid, n_samples=500, random_state=0)

# %%
fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for width, alpha in [(2, 0.15), (1, 0.25)]:
    band = values.mean - width * values.std, values.mean + width * values.std
    ax.fill_between(grid[:, 0], *band, color="C0", alpha=alpha, lw=0)
ax.plot(grid, values.mean, color="C0", label="mean over masks, ± 1 and 2 standard deviations")
ax.plot(grid, np.sin(2 * grid), color="0.4", ls=":", label="truth")
ax.plot(x, y, "k.", ms=4, label="training samples")
ax.set(xlabel="x", ylabel="y", ylim=(-3.5, 3.5))
ax.legend(loc="lower left")
plt.show()

# %%
# The band is narrow along the samples and opens past their ends. It does not contain the noise of
# y, only what the masks disagree on: the truth may well lie outside. It also depends on how many
# units are dropped, so that it ranks predictions better than it measures their errors.
#
# For classes there are two numbers. The entropy of the mean says how unsure the prediction is,
# for whatever reason. The mutual information is the part of it that the masks disagree on.

X, labels = make_moons(300, noise=0.25, random_state=0)
net = DropoutMLPClassifier(
    (100, 100), learning_rate="cosine", learning_rate_init=0.01, max_iter=200, random_state=0
)
side = np.linspace(-3, 4, 80)
points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
classes = net.fit(X, labels).predict_mc(points, n_samples=400, random_state=0)

fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
maps = [("entropy", classes.entropy), ("mutual information", classes.mutual_information)]
for ax, (name, unsure) in zip(axes, maps, strict=True):
    image = ax.contourf(side, side, unsure.reshape(80, 80), levels=12, cmap="Blues")
    ax.scatter(*X.T, c=np.where(labels, "C1", "C2"), s=8, edgecolors="white", linewidths=0.3)
    ax.set_title(f"{name} (nats)")
    fig.colorbar(image, ax=ax)
plt.show()

# %%
# Where the moons overlap, the labels are noisy: the entropy is high, but the masks agree on that,
# and more samples would not help. The mutual information is high where the boundary leaves the
# samples.
