"""The configuration of Sphinx. The nox session `docs` builds the site with it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

import safe_langsmith

DOCS = Path(__file__).resolve().parent

project = "safe-langsmith"
author = "the authors of safe-langsmith"
version = release = safe_langsmith.__version__

extensions = ["myst_parser", "sphinx_copybutton"]
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
html_use_index = False
templates_path: list[str] = []
# No button to copy on output of a program.
copybutton_selector = "div:not(.highlight-text) > div.highlight pre"

# Links to headings work as on GitHub.
myst_heading_anchors = 4

# Pages for files outside docs/. On GitHub such a page is a link to the file; the site shows the content of the file.
FILE_OF_PAGE = {"readme": "README.md", "changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md"}
_PAGE_OF_FILE = {DOCS.parent / name: DOCS / f"{page}.md" for page, name in FILE_OF_PAGE.items()}
# A directive would be raw code on GitHub, which shows nothing of a comment.
_CONTENTS = re.compile(r"<!-- (toctree)\n(.*?)\n-->", re.DOTALL)
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def change_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace such a page by the content of its file, link to such pages, and make tables of contents of comments."""
    here, page = (DOCS / docname).parent, DOCS / docname
    name = FILE_OF_PAGE.get(docname)
    if name is not None:
        path = DOCS.parent / name
        app.env.note_dependency(str(path))
        source[0], here = path.read_text(encoding="utf-8"), DOCS.parent

    def redirect(link: re.Match[str]) -> str:
        target = (here / link[1]).resolve()
        return os.path.relpath(_PAGE_OF_FILE.get(target, target), page.parent).replace(os.sep, "/")

    source[0] = _CONTENTS.sub(r"```{\1}\n\2\n```", _LINK.sub(redirect, source[0]))


def setup(app: Sphinx) -> None:
    """Register the function above."""
    app.connect("source-read", change_source)
