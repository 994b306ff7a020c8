"""
Underfit, right, overfit: and three cures
=========================================

Thirty noisy points are drawn from a quartic. A line is too stiff for them; fifteen powers of x
bend after the noise. Cleaner data, fewer parameters or smaller parameters each bring the fifteen
powers back to the curve.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from skreg import LassoCD, RidgeGD


def quartic(x):
    """Return the true curve."""
    return 8 * x**4 - 8 * x**2 + x


def polynomial(degree, regressor):
    """Return a polynomial whose powers are brought to one scale before the fit."""
    powers = PolynomialFeatures(degree, include_bias=False)
    return make_pipeline(powers, StandardScaler(), regressor)


rng = np.random.default_rng(3)
x = np.sort(rng.uniform(-1, 1, 30))
noise = rng.normal(size=30)
noisy, clean = quartic(x) + 0.6 * noise, quartic(x) + 0.05 * noise

# %%
# The first row changes the number of powers. The second has all fifteen, and one cure at a time.

panels = [
    ("Underfit: degree 1", noisy, polynomial(1, LinearRegression())),
    ("Right: degree 4", noisy, polynomial(4, LinearRegression())),
    ("Overfit: degree 15", noisy, polynomial(15, LinearRegression())),
    ("Cleaner data", clean, polynomial(15, LinearRegression())),
    ("Fewer parameters: LassoCD", noisy, polynomial(15, LassoCD(alpha=0.02))),
    ("Smaller parameters: RidgeGD", noisy, polynomial(15, RidgeGD(alpha=0.1))),
]
grid = np.linspace(-0.97, 0.97, 400)

fig, axes = plt.subplots(2, 3, figsize=(10, 6.2), sharex=True, sharey=True, layout="constrained")
for ax, (title, y, model) in zip(axes.flat, panels, strict=True):
    fitted = model.fit(x[:, None], y).predict(grid[:, None])
    error = np.sqrt(np.mean((fitted - quartic(grid)) ** 2))
    n_kept = np.count_nonzero(model[-1].coef_)
    ax.plot(grid, quartic(grid), color="0.7", lw=4, label="true curve")
    ax.plot(x, y, "o", color="C0", ms=4, label="data")
    ax.plot(grid, fitted, color="C3", label="fit")
    ax.set(title=title, ylim=(-4.2, 4.2))
    note = f"powers: {n_kept}    error: {error:.2f}"
    ax.text(0.5, 0.95, note, ha="center", va="top", transform=ax.transAxes)
fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
fig.supxlabel("x")
fig.supylabel("y")
plt.show()

# %%
# The error is the root mean square distance between the fit and the true curve. The overfit
# passes close to its own points and strays between them. With other noise it would stray
# elsewhere: that is why overfitting is called high variance. Each cure brings the error down. The
# Lasso sets most powers to zero; the ridge keeps them all, but small.
