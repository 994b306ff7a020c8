"""Sphinx configuration: everything builds, and shows, without the internet."""

import re
import sys
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

import skreg

sys.path.insert(0, str(Path(__file__).parent.parent))  # the benchmarks are not installed

project = "skreg"
author = "The skreg developers"
copyright = "The skreg developers"
version = release = skreg.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
add_module_names = False
toc_object_entries_show_parents = "hide"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("skreg",),
    "backreferences_dir": "generated/backreferences",
    "reference_url": {"skreg": None},
    "write_computation_times": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "skreg"
html_static_path = ["_static"]
html_css_files = ["skreg.css"]
html_show_sourcelink = False
html_sidebars = {"**": []}
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 5,
}


# Formulas are written as MathML, which browsers show by themselves: no script, no fonts to fetch.
def mathml(node, as_block):
    formula = re.sub(r"\\([Bb]igg?)(?![a-z])", r"\\\1l", node.astext())  # \Big is \Bigl there
    try:
        return tex2mathml(formula, as_block=as_block)
    except MathError as error:
        logging.getLogger(__name__).warning("%s", error, location=node)
        return ""


def visit_math(translator, node):
    translator.body.append(mathml(node, as_block=False))
    raise SkipNode


def visit_math_block(translator, node):
    translator.body.append(f'<div class="math">{mathml(node, as_block=True)}</div>')
    raise SkipNode


# Docstrings inherited from scikit-learn refer to its user guide, which is not part of this site.
def unlink_references(app, what, name, obj, options, lines):
    lines[:] = [re.sub(r":ref:`([^`<]+?)\s*<[^`]*>`", r"\1", line) for line in lines]


# The tables and plots of the benchmarks come from what benchmarks/results stores.
def write_benchmarks(app):
    from benchmarks import report

    folder = Path("generated", "benchmarks")
    report.page(report.RESULTS, Path(app.srcdir, folder, "page.inc"), folder.as_posix())
    report.hostile_page(report.RESULTS, Path(app.srcdir, folder, "hostile.inc"))


def setup(app):
    app.connect("builder-inited", write_benchmarks)
    app.connect("autodoc-process-docstring", unlink_references)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))


html_math_renderer = "mathml"
