"""
Lasso selects, ridge shrinks
============================

As the penalty grows, the Lasso sets more and more coefficients to exactly zero, while the ridge
makes all of them small and none of them zero. So the Lasso can be used to select columns.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.feature_selection import SelectFromModel
from sklearn.preprocessing import StandardScaler

from skreg import LassoCD, RidgeGD, lasso_path

data = load_diabetes()
X, y = StandardScaler().fit_transform(data.data), data.target
names = np.array(data.feature_names)


lasso = lasso_path(X, y, alphas=np.geomspace(50, 0.05, 80))
alphas = {"lasso_path": lasso.alphas, "RidgeGD": np.geomspace(5e5, 0.5, 80)}
paths = {
    "lasso_path": lasso.coefs.T,
    "RidgeGD": np.array([RidgeGD(alpha).fit(X, y).coef_ for alpha in alphas["RidgeGD"]]),
}
for name, path in paths.items():
    print(f"{name}: {np.count_nonzero(path[0])} of {path.shape[1]} left at the largest alpha")

# %%
# :class:`~sklearn.feature_selection.SelectFromModel` keeps the columns with a coefficient that is
# not zero.

chosen = 7.0
kept = SelectFromModel(LassoCD(alpha=chosen)).fit(X, y).get_support()
print("kept:", ", ".join(names[kept]))

# %%
fig, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
for ax, (title, path) in zip(axes, paths.items(), strict=True):
    for j, name in enumerate(names):
        style = {"lw": 2, "label": name} if kept[j] else {"lw": 1, "color": "0.7"}
        ax.semilogx(alphas[title], path[:, j], **style)
    ax.set(title=title, xlabel="alpha")
axes[0].axvline(chosen, color="0.3", ls=":")
axes[0].text(chosen, -35, "SelectFromModel  ", ha="right", color="0.3")
axes[0].set_ylabel("coefficient (standardised columns)")
axes[1].plot([], [], color="0.7", lw=1, label="not kept")
axes[1].legend(ncols=2)
plt.show()

# %%
# The coloured columns are the ones that are not zero at the dotted line: these are kept. On the
# right a line may cross zero on its way, but none ends there: all approach it together.
