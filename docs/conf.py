"""How the site is built: `sphinx-build -W -n docs OUT`. `.ci/docs` does it on the wheel, and looks at the result."""

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
# What is printed is there to be read, everything else to be copied.
copybutton_selector = "div:not(.highlight-text) > div.highlight pre"

# Docstrings have `names` as Markdown does. They are links where they name something public, and code otherwise.
default_role = "py:name"

# As on GitHub: headings can be linked to.
myst_heading_anchors = 4

autodoc_default_options = {"member-order": "bysource"}
autodoc_class_signature = "mixed"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
# Attributes as one list, a line each.
napoleon_use_ivar = True

# What others document: a link there would have to be looked up over the network.
nitpick_ignore_regex = [("py:class", r"(collections\.abc|os|langsmith)\..*")]

# Pages that stand for a file beside docs/: on GitHub they have a link to it, and the site shows the file itself.
STANDS_FOR = {"readme": "README.md", "changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md"}
_PAGE_OF = {DOCS.parent / name: DOCS / f"{page}.md" for page, name in STANDS_FOR.items()}
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def show_the_file(app: Sphinx, docname: str, source: list[str]) -> None:
    """Puts the file in the place of the page that stands for it, and makes links to such files lead to their pages."""
    here, page = (DOCS / docname).parent, DOCS / docname
    name = STANDS_FOR.get(docname)
    if name is not None:
        path = DOCS.parent / name
        app.env.note_dependency(str(path))
        source[0], here = path.read_text(encoding="utf-8"), DOCS.parent

    def lead(link: re.Match[str]) -> str:
        target = (here / link[1]).resolve()
        return os.path.relpath(_PAGE_OF.get(target, target), page.parent).replace(os.sep, "/")

    source[0] = _LINK.sub(lead, source[0])


def find_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element) -> Any:
    """Leads an annotation, which names the module that a class is written in, to the name that users import."""
    if node.get("refdomain") != "py":
        return None
    module, _, name = node["reftarget"].rpartition(".")
    public = "safe_langsmith.testing" if module.startswith("safe_langsmith.testing") else "safe_langsmith"
    if module.startswith("safe_langsmith") and module != public:
        domain = env.get_domain("py")
        return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", f"{public}.{name}", node, shown)
    return shown if node["reftype"] == "name" else None


class Name(PyXRefRole):
    """What a docstring has between backquotes: a link where it may be a name, and code where it cannot be one."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Returns the node for one."""
        return super().run() if re.fullmatch(r"[A-Za-z][\w.]*", self.text) else ([nodes.literal("", self.text)], [])


def setup(app: Sphinx) -> None:
    """Adds these to the build."""
    # That list is called "Variables" there.
    next(field for field in PyObject.doc_field_types if field.name == "variable").label = "Attributes"
    app.add_role_to_domain("py", "name", Name())
    app.connect("source-read", show_the_file)
    app.connect("missing-reference", find_public_name)
