"""The configuration of Sphinx. The nox session `docs` builds the site with it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject, PyXRefRole
from sphinx.environment import BuildEnvironment

import safe_langsmith

DOCS = Path(__file__).resolve().parent

project = "safe-langsmith"
author = "the authors of safe-langsmith"
version = release = safe_langsmith.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build"]
root_doc = "index"

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"safe-langsmith {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
templates_path: list[str] = []
# No button to copy on output of a program.
copybutton_selector = "div:not(.highlight-text) > div.highlight pre"

# Docstrings write `names` as Markdown does. A public name becomes a link, any other text becomes code.
default_role = "py:name"

# Links to headings work as on GitHub.
myst_heading_anchors = 4

autodoc_default_options = {"member-order": "bysource"}
autodoc_class_signature = "mixed"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# One list for all attributes.
napoleon_use_ivar = True

# Names that other projects document: a link to them would need a look-up over the network.
# And the parts of an `AuthorizedRequest` that are not public.
nitpick_ignore_regex = [
    ("py:class", r"(collections\.abc|os|langsmith)\..*"),
    ("py:class", r"safe_langsmith\.testing\.\w+\.(Grant|Key|WorkspaceStore)"),
]

# Pages for files outside docs/. On GitHub such a page is a link to the file; the site shows the content of the file.
FILE_OF_PAGE = {"readme": "README.md", "changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md"}
_PAGE_OF_FILE = {DOCS.parent / name: DOCS / f"{page}.md" for page, name in FILE_OF_PAGE.items()}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def include_file(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace such a page by the content of its file, and change links to such files into links to their pages."""
    here, page = (DOCS / docname).parent, DOCS / docname
    name = FILE_OF_PAGE.get(docname)
    if name is not None:
        path = DOCS.parent / name
        app.env.note_dependency(str(path))
        source[0], here = path.read_text(encoding="utf-8"), DOCS.parent

    def redirect(link: re.Match[str]) -> str:
        target = (here / link[1]).resolve()
        return os.path.relpath(_PAGE_OF_FILE.get(target, target), page.parent).replace(os.sep, "/")

    source[0] = _LINK.sub(redirect, source[0])


def find_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element) -> Any:
    """Link an annotation to the name that users import: Sphinx knows the module that defines the class."""
    if node.get("refdomain") != "py":
        return None
    module, _, name = node["reftarget"].rpartition(".")
    public = "safe_langsmith.testing" if module.startswith("safe_langsmith.testing") else "safe_langsmith"
    if module.startswith("safe_langsmith") and module != public:
        domain = env.get_domain("py")
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"{public}.{name}", node, shown)
    return shown if node["reftype"] == "name" else None


class Name(PyXRefRole):
    """The role of text between backquotes in a docstring: a link if it can be a name, or else code."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the nodes for one such text."""
        return super().run() if re.fullmatch(r"[A-Za-z][\w.]*", self.text) else ([nodes.literal("", self.text)], [])


def setup(app: Sphinx) -> None:
    """Register the parts above."""
    # Sphinx calls that list "Variables".
    next(field for field in PyObject.doc_field_types if field.name == "variable").label = "Attributes"
    app.add_role_to_domain("py", "name", Name())
    app.connect("source-read", include_file)
    app.connect("missing-reference", find_public_name)
