r"""
A penalty for each parameter
============================

A quartic becomes almost a parabola when its cubic and quartic terms are made expensive. One
``penalty_factor`` per column minimises

.. math::

   J(\theta) = \frac{1}{2m} \Bigl[ \sum_i (h_\theta(x_i) - y_i)^2
   + 1000\, \theta_3^2 + 10000\, \theta_4^2 \Bigr] .
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import PolynomialFeatures

from skreg import RidgeGD

rng = np.random.default_rng(37)
size = np.sort(rng.uniform(0.2, 2.0, 10))  # hundreds of square metres
price = 60 + 260 * size - 60 * size**2 + rng.normal(scale=18, size=10)  # thousands of euros

powers = PolynomialFeatures(4, include_bias=False).fit(size[:, None])
X = powers.transform(size[:, None])  # columns: x, x^2, x^3, x^4

# %%
# Times 2m, J is the objective of :class:`~skreg.RidgeGD` with ``alpha=1`` and the factors 0, 0,
# 1000 and 10000. A factor of 0 leaves a column unpenalised; ``inf`` leaves it out.

models = {
    "quartic, no penalty": LinearRegression(),
    "quartic, unequal penalties": RidgeGD(alpha=1, penalty_factor=[0, 0, 1000, 10000]),
    "parabola": RidgeGD(alpha=1, penalty_factor=[0, 0, np.inf, np.inf]),
}
colors = ["C3", "C0", "0.2"]

fig, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4.2), width_ratios=[3, 2], layout="constrained"
)
grid = np.linspace(size[0], size[-1], 300)
left.plot(size, price, "o", color="0.6", label="houses")
for i, (name, model) in enumerate(models.items()):
    curve = model.fit(X, price).predict(powers.transform(grid[:, None]))
    left.plot(grid, curve, ":" if name == "parabola" else "-", color=colors[i], lw=2, label=name)
    right.bar(np.arange(4) + 0.27 * (i - 1), np.abs(model.coef_), 0.27, color=colors[i])
left.set(xlabel="size (100 m²)", ylabel="price (thousand €)")
left.legend()
right.set_yscale("symlog", linthresh=0.1)
right.set_ylim(0)
right.set_xticks(range(4), [r"$\theta_1$", r"$\theta_2$", r"$\theta_3$", r"$\theta_4$"])
right.set(ylabel="size of the parameter (absolute value)")
plt.show()

# %%
# Without a penalty the quartic bends after single houses. With the two penalties its third and
# fourth parameters are close to zero, and it can hardly be told from the parabola.
