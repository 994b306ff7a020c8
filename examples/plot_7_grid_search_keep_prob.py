"""
Choosing keep_prob by cross-validation
======================================

Some of the labels below are wrong, and a network has enough parameters to learn the mistakes too.
``keep_prob`` is a parameter like any other: put the network in a Pipeline and let GridSearchCV
choose.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skreg import DropoutMLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, random_state=0, stratify=y
)
rng = np.random.default_rng(0)  # about one training label in seven is drawn anew
y_train = np.where(rng.random(600) < 0.15, rng.integers(0, 10, 600), y_train)

network = DropoutMLPClassifier((100,), max_iter=500, learning_rate_init=0.01, random_state=0)
search = GridSearchCV(
    make_pipeline(MinMaxScaler(), network),
    {"dropoutmlpclassifier__keep_prob": [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0]},
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    return_train_score=True,
    n_jobs=2,
).fit(X_train, y_train)

best = search.best_params_["dropoutmlpclassifier__keep_prob"]
no_dropout = clone(search.best_estimator_).set_params(dropoutmlpclassifier__keep_prob=1.0)
print(f"accuracy on {len(y_test)} other digits, labelled correctly")
print(f"  keep_prob = {best}: {search.score(X_test, y_test):.3f}")
print(f"  keep_prob = 1.0: {no_dropout.fit(X_train, y_train).score(X_test, y_test):.3f}")

# %%
results = search.cv_results_
keep_prob = results["param_dropoutmlpclassifier__keep_prob"].data.astype(float)

fig, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
for part, label in [("train", "training folds"), ("test", "held-out fold")]:
    mean, std = results[f"mean_{part}_score"], results[f"std_{part}_score"]
    ax.errorbar(keep_prob, mean, std / 5**0.5, marker="o", capsize=3, label=label)
ax.axvline(best, color="0.5", ls=":", label="chosen")
ax.set(xlabel="keep_prob of the hidden layer", ylabel="accuracy (mean ± standard error)")
ax.legend()
plt.show()

# %%
# The more units are kept, the better the training labels are learnt, mistakes and all; the held-out
# accuracy rises and falls again. It cannot reach 1, because the held-out labels have mistakes too.
