"""
Curves and categories, kept or dropped as a whole
=================================================

One variable may become many columns: a spline makes a basis of curves of it, and one-hot encoding
a column for each category. The lasso picks single columns out of these, pieces of curves. The
group lasso drops all columns of a variable, or none.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from skreg import GroupLassoCDCV, LassoCDCV

# %%
# The data are 442 patients and the progression of their diabetes within a year. Sex and the decade
# of age are categories; the other variables may act along curves. Two variables are added that say
# nothing: a clinic, drawn at random, and a number that is noise.

rng = np.random.default_rng(0)
X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X["decade"] = (X.pop("age") // 10 * 10).astype(int).astype(str)
X["sex"] = X["sex"].map({1.0: "a", 2.0: "b"})
X["clinic"] = rng.choice(["north", "south", "east", "west", "centre"], len(X))
X["noise"] = rng.standard_normal(len(X))
categories = ["sex", "decade", "clinic"]
numbers = [name for name in X.columns if name not in categories]

columns = make_column_transformer(
    (OneHotEncoder(sparse_output=False, handle_unknown="ignore"), categories),
    (SplineTransformer(n_knots=4, extrapolation="linear"), numbers),
    verbose_feature_names_out=False,
).set_output(transform="pandas")
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# The names of the columns tell the groups: ``groups="prefix"`` takes what stands before the last
# underscore. ``rule="1se"`` takes the largest alpha that is nearly as good as the best.

models = {
    "LassoCDCV": LassoCDCV(rule="1se", standardize=True, eps=0.01),
    "GroupLassoCDCV": GroupLassoCDCV("prefix", rule="1se", standardize=True, eps=0.01),
}
print(f"{'':15}columns  variables    R^2  seconds")
for name, model in models.items():
    start = time.perf_counter()
    predicted = make_pipeline(columns, model).fit(X_train, y_train).predict(X_test)
    seconds = time.perf_counter() - start
    kept = model.feature_names_in_[model.coef_ != 0]
    n_variables = len({column.rpartition("_")[0] for column in kept})
    score = r2_score(y_test, predicted)
    print(f"{name:15}{len(kept):7}{n_variables:11}{score:7.2f}{seconds:9.2f}")

model = models["GroupLassoCDCV"]
print("kept:", ", ".join(model.selected_groups_))
print("dropped:", ", ".join(sorted(set(model.groups_).difference(model.selected_groups_))))

# %%
# Left: the norm of the coefficients of each variable along the path. All columns of a variable
# come at once. Right: the curves of those that are kept, each about its mean.

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
path = model.path_
for label, own in model.groups_.items():
    norms = np.linalg.norm(path.coefs[own], axis=0)
    kept = label in model.selected_groups_
    style = {"label": label} if kept else {"color": "0.75", "lw": 1}
    left.plot(path.alphas, norms, **style)
left.axvline(model.alpha_, color="C3", ls=":")
left.text(model.alpha_, left.get_ylim()[1], " chosen", color="C3", va="top")
left.set(xscale="log", xlabel="alpha", ylabel="norm of the coefficients", title="Whole variables")
left.invert_xaxis()
left.legend(title="kept", frameon=False)

transformed = columns.transform(X_train)
for label, own in model.groups_.items():
    name = label.removesuffix("_sp")
    if label not in model.selected_groups_ or name not in numbers:
        continue
    effect = transformed.to_numpy()[:, own] @ model.coef_[own]
    order = np.argsort(X_train[name])
    place = (X_train[name] - X_train[name].mean()) / X_train[name].std()
    right.plot(place.iloc[order], (effect - effect.mean())[order], label=name)
right.set(xlabel="standard deviations from the mean", ylabel="progression", title="Curves")
right.legend(frameon=False)
plt.show()
