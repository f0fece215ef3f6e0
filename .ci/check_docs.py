"""Check the built documentation: check_docs.py SITE. The nox session `docs` runs this.

Sphinx itself fails if a link leads nowhere or a page is in no table of contents.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import safe_langsmith
import safe_langsmith.testing

# The elements with an address that a browser loads without being asked, and the attribute that holds it.
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "srcset", "object": "data"}
OTHER_HOST = re.compile(r"^(?:[a-z]+:)?//")
LOADED_BY_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?((?:[a-z]+:)?//[^\"')\s]+)")


def missing_names(site: Path) -> Iterator[str]:
    """Yield the public names that have no heading in the API reference."""
    for module, names in ((safe_langsmith, "[!t]*.html"), (safe_langsmith.testing, "testing.html")):
        headings = {id for path in (site / "api").glob(names) for id in Page(path.read_text("utf-8")).ids}
        for name in module.__all__:
            if name.lower() not in headings:
                yield f"docs/api/ lacks {module.__name__}.{name}"


class Page(HTMLParser):
    """The addresses that a page makes a browser load, and the ids that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str | None] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the address and the id of one element."""
        self.ids.add(dict(attrs).get("id"))
        address = dict(attrs).get(LOADED.get(tag, ""))
        if address:
            self.addresses.append(address)


def loaded_from_elsewhere(site: Path) -> Iterator[str]:
    """Yield the files that pages and styles load from other hosts, and those that are not in the site."""
    for path in sorted(site.rglob("*.html")):
        for address in Page(path.read_text("utf-8")).addresses:
            if OTHER_HOST.match(address) or not (path.parent / unquote(re.split("[?#]", address)[0])).exists():
                yield f"{path.relative_to(site)} loads {address}"
    for path in sorted(site.rglob("*.css")):
        for address in LOADED_BY_STYLES.findall(path.read_text("utf-8")):
            yield f"{path.relative_to(site)} loads {address}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.exit("\n".join([*missing_names(folder), *loaded_from_elsewhere(folder)]) or None)
