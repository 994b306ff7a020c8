"""
Which phrases give a library away?
==================================

Take the docstrings of SciPy and scikit-learn, strip what is too easy, and count pairs of words:
tens of thousands of sparse columns, many more than there are docstrings. Logistic regression with
an L1 penalty tells the two libraries apart by a small part of these phrases.
"""

import ast
import re
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import scipy
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skreg import LogisticCD, LogisticCDCV

# %%
# The files are parsed, not imported, in sorted order. Too easy are the names of the two libraries,
# code, links, headings, and declarations such as ``x : array_like``, which show a house style.

SKIPPED_FOLDERS = {"tests", "externals", "_lib", "array_api_compat"}
TOO_EASY = re.compile(
    r"""\n(Examples|References|See\ Also)\n-(?s:.*)  # the sections at the end
    | ^.*\n-{3,}$ | ^.*\S\ :\ .*$                    # headings; declarations
    | ^\.\.\ \w+::.*$ | :\w+:`[^`]*` | >>>.*$        # directives, roles, code
    | Read\ more\ in\ the(?s:.*?)\.$                 # links to the user guide
    | \S*(scipy|sklearn|scikit)\S*                   # the names themselves""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)


def docstrings(package):
    """Return the distinct docstrings of functions and classes, without what is too easy."""
    found = set()
    for path in sorted(Path(package.__file__).parent.rglob("*.py")):
        if SKIPPED_FOLDERS.intersection(path.parts):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):  # a template, or another encoding
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.add(TOO_EASY.sub(" . ", ast.get_docstring(node) or ""))
    return sorted(text for text in found if len(text) > 200)


texts, y = [], []
for label, package in {"SciPy": scipy, "scikit-learn": sklearn}.items():
    found = docstrings(package)
    texts, y = texts + found, y + [label] * len(found)
train, test, y_train, y_test = train_test_split(texts, y, random_state=0, stratify=y)

# %%
# :class:`~skreg.LogisticCDCV` chooses alpha by cross-validation. With ``rule="1se"`` it takes the
# largest alpha whose mean score is within one standard error of the best: fewer phrases, for
# nearly the same score. The alphas end at one hundredth of the largest.

vectorizer = TfidfVectorizer(
    ngram_range=(2, 2), min_df=2, stop_words="english", token_pattern=r"\b[a-z]{2,}\b"
)
model = LogisticCDCV(rule="1se", alphas=30, eps=0.01)
pipeline = make_pipeline(vectorizer, model).fit(train, y_train)

n_kept, n_phrases = model.sparse_coef_.nnz, model.n_features_in_
print(f"{len(train)} docstrings, {n_phrases} phrases: {n_kept} kept, alpha {model.alpha_:.1e}")
larger = max(y_test.count(label) for label in model.classes_) / len(test)
accuracy = pipeline.score(test, y_test)
print(f"accuracy on {len(test)} others: {accuracy:.3f} (always the larger class: {larger:.3f})")

# %%
# Next, one fit at this alpha, here and in scikit-learn. The penalty is the same, but liblinear
# penalises the intercept too, less so with a larger ``intercept_scaling``. Each solver stops at
# its own default tolerance. Some phrases always occur together, so their columns are equal and only
# the sum of their coefficients is determined: another reason why the numbers of phrases differ.
# Here liblinear is the faster one.

X_train, X_test = vectorizer.transform(train), vectorizer.transform(test)
liblinear = {"solver": "liblinear", "l1_ratio": 1.0, "random_state": 0}
liblinear["C"] = 1 / (len(train) * model.alpha_)
compared = {
    "LogisticCD": LogisticCD(model.alpha_),
    "LogisticRegression": LogisticRegression(**liblinear),
    "  intercept_scaling=100": LogisticRegression(**liblinear, intercept_scaling=100),
}
print(f"{'':24}phrases  accuracy  intercept  seconds")
for name, one in compared.items():
    start = time.perf_counter()
    one.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    row = f"{np.count_nonzero(one.coef_):7}{one.score(X_test, y_test):10.3f}"
    print(f"{name:24}{row}{one.intercept_[0]:11.3f}{seconds:9.2f}")

# %%
# :class:`~sklearn.feature_selection.SelectFromModel` hands the kept phrases to another classifier.
# This one is more accurate with all phrases: the selection makes the list short, not the score
# better.

for steps in [MultinomialNB()], [SelectFromModel(LogisticCD(model.alpha_)), MultinomialNB()]:
    after = make_pipeline(*steps).fit(X_train, y_train)
    print(f"MultinomialNB, {after[-1].n_features_in_} phrases: {after.score(X_test, y_test):.3f}")

# %%
coef = model.coef_[0]
order = np.argsort(coef)
shown = np.r_[order[:14], order[-14:]]
colors = np.where(coef[shown] < 0, "C0", "C1")

fig, (ax, right) = plt.subplots(1, 2, figsize=(11, 6.5), layout="constrained")
ax.barh(vectorizer.get_feature_names_out()[shown], coef[shown], color=colors)
ax.axvline(0, color="0.3", lw=0.8)
ax.set(xlabel="coefficient", title="Phrases with the largest coefficients")
ax.text(0.03, 0.96, "SciPy", color="C0", weight="bold", va="top", transform=ax.transAxes)
ax.text(0.97, 0.04, "scikit-learn", color="C1", weight="bold", ha="right", transform=ax.transAxes)
ax.margins(y=0.01)

scores = model.scores_path_
error = scores.std(axis=1, ddof=1) / np.sqrt(scores.shape[1])
right.errorbar(model.alphas_, scores.mean(axis=1), error, fmt="o-", ms=3, color="0.4", capsize=2)
right.axvline(model.alpha_, color="C3", ls=":", label=f"chosen: {n_kept} phrases")
right.set(xscale="log", xlabel="alpha", ylabel="minus the mean log loss", title="Mean score")
right.legend(loc="lower left")
plt.show()

# %%
# The bars on the right are one standard error of the mean over the folds. Far smaller alphas score
# slightly better, but they keep about twice as many phrases and take much longer.
#
# Common words are dropped first: "features seen" stands for "features seen during fit". The exact
# list follows the installed versions.
