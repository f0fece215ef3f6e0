"""Checks the documentation and the site that was built of it: check_docs.py TREE SITE. Run by `.ci/docs`."""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

import safe_langsmith
import safe_langsmith.testing

# What a browser fetches by itself, and where the address stands.
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "srcset", "object": "data"}
ELSEWHERE = re.compile(r"^(?:[a-z]+:)?//")
FETCHED_BY_STYLES = re.compile(r"(?:url\(|@import)\s*[\"']?((?:[a-z]+:)?//[^\"')\s]+)")


def markdown_files(tree: Path) -> list[Path]:
    """Returns the pages, and what stands beside them."""
    return sorted([*tree.glob("*.md"), *(tree / "docs").rglob("*.md")])


def tokens_of(path: Path) -> list[Token]:
    """Returns a file's blocks."""
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def anchors_of(path: Path) -> set[str]:
    """Returns what a link may have after the `#`, as GitHub makes it of headings."""
    found: set[str] = set()
    blocks = tokens_of(path)
    for opening, inline in pairwise(blocks):
        if opening.type == "heading_open":
            text = "".join(part.content for part in inline.children or () if part.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            same = sum(known.rpartition("-")[0] == slug or known == slug for known in found)
            found.add(f"{slug}-{same}" if same else slug)
    return found


def links_of(path: Path) -> Iterator[str]:
    """Yields where a file's links and pictures lead."""
    for block in tokens_of(path):
        for part in block.children or ():
            target = part.attrs.get("href") or part.attrs.get("src")
            if isinstance(target, str) and not re.match(r"[a-z]+:", target):
                yield unquote(target)


def dead_links(tree: Path) -> Iterator[str]:
    """Yields the relative links that lead nowhere."""
    for path in markdown_files(tree):
        for link in links_of(path):
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            if not target.exists():
                yield f"{path.relative_to(tree)}: there is no {link}"
            elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
                yield f"{path.relative_to(tree)}: no heading makes {link}"


def missing_pages(tree: Path, site: Path) -> Iterator[str]:
    """Yields the pages that the site lacks."""
    for path in sorted((tree / "docs").rglob("*.md")):
        page = path.relative_to(tree / "docs").with_suffix(".html")
        if not (site / page).is_file():
            yield f"docs/{page.with_suffix('.md')} is not in the site"


def missing_names(site: Path) -> Iterator[str]:
    """Yields the public names that the API reference lacks."""
    # Four lines that say what it is, then a line a name.
    packed = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    told = {line.split(" ", 1)[0] for line in zlib.decompress(packed).decode().splitlines() if " py:" in line}
    for module in (safe_langsmith, safe_langsmith.testing):
        for name in module.__all__:
            if f"{module.__name__}.{name}" not in told:
                yield f"docs/api/ lacks {module.__name__}.{name}"


class Fetched(HTMLParser):
    """Collects what a page has a browser fetch."""

    def __init__(self) -> None:
        """Begins with nothing."""
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at one tag."""
        address = dict(attrs).get(FETCHED.get(tag, ""))
        if address:
            self.found.append(address)


def not_in_the_site(site: Path) -> Iterator[str]:
    """Yields what pages and styles load from other hosts, and what they load from here that is not there."""
    for path in sorted(site.rglob("*.html")):
        page = Fetched()
        page.feed(path.read_text(encoding="utf-8"))
        for address in page.found:
            there = (path.parent / unquote(re.split("[?#]", address)[0])).exists()
            if ELSEWHERE.match(address) or not there:
                yield f"{path.relative_to(site)} loads {address}"
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        yield from (f"{path.relative_to(site)} loads {address}" for address in FETCHED_BY_STYLES.findall(text))


def main(tree: Path, site: Path) -> None:
    """Ends with everything that is wrong."""
    wrong = [*dead_links(tree), *missing_pages(tree, site), *missing_names(site), *not_in_the_site(site)]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(markdown_files(tree))} files in Markdown, whose links lead somewhere")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
