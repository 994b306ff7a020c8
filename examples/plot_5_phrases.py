"""
Which phrases give a library away?
==================================

Take the docstrings of SciPy and scikit-learn, strip what is too easy, and count pairs of words:
tens of thousands of sparse columns, many more than there are docstrings. The Lasso tells the two
libraries apart by a short list of phrases that one can read.
"""

import ast
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import scipy
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split

from skreg import LassoCD

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


positive, negative = docstrings(sklearn), docstrings(scipy)
y = np.repeat([1.0, -1.0], [len(positive), len(negative)])
train, test, y_train, y_test = train_test_split(positive + negative, y, random_state=0, stratify=y)

vectorizer = TfidfVectorizer(
    ngram_range=(2, 2), min_df=2, stop_words="english", token_pattern=r"\b[a-z]{2,}\b"
)
X_train, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)

# %%
# Least squares on labels of +1 and -1 is a classifier: the sign of the prediction is the label.

model = LassoCD(alpha=8e-4).fit(X_train, y_train)
accuracy = np.mean(np.sign(model.predict(X_test)) == y_test)
larger = max(np.mean(y_test > 0), np.mean(y_test < 0))
print(f"{X_train.shape[0]} docstrings, {X_train.shape[1]} phrases: {model.sparse_coef_.nnz} kept")
print(f"accuracy on {len(test)} others: {accuracy:.2f} (always the larger class: {larger:.2f})")

# %%
order = np.argsort(model.coef_)
shown = np.r_[order[:14], order[-14:]]
colors = np.where(model.coef_[shown] < 0, "C0", "C1")

fig, ax = plt.subplots(figsize=(7, 7), layout="constrained")
ax.barh(vectorizer.get_feature_names_out()[shown], model.coef_[shown], color=colors)
ax.axvline(0, color="0.3", lw=0.8)
ax.set(xlabel="coefficient", title="Phrases with the largest coefficients")
ax.text(0.03, 0.96, "SciPy", color="C0", weight="bold", va="top", transform=ax.transAxes)
ax.text(0.97, 0.04, "scikit-learn", color="C1", weight="bold", ha="right", transform=ax.transAxes)
ax.margins(y=0.01)
plt.show()

# %%
# Common words are dropped first: "features seen" stands for "features seen during fit". The exact
# list follows the installed versions.
