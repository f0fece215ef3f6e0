"""What holds of every diagnosis, whatever it was made from."""

from __future__ import annotations

import json
import pickle
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

from safe_langsmith import Diagnosis
from safe_langsmith._core.redaction import each_text

# Control characters, format characters (among them what turns the direction of text), surrogates, line separators.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_WIDTH, _HEIGHT = 80, 20
_LONGEST = 60_000
# A name, path or address that only contains the word is not meant.
_WORKSPACE = re.compile(r"(?<![\w./-])workspaces?(?![\w/-]|\.\w)")
# A choice of workspaces has a line for each.
_NAMING = frozenset(("workspace_id", "LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID", "X-Tenant-Id"))
_RESULTS = frozenset(("ok", "problem", "unknown", "not-applicable"))


def assert_visible(text: str, *, lines: bool = False) -> None:
    """Asserts that a text has no character that a terminal obeys, or nobody sees; line breaks only on demand."""
    unseen = {c for c in text if unicodedata.category(c) in _UNSEEN and not (lines and c == "\n")}
    assert not unseen, (unseen, text[:500])


def assert_keeps_all_promises(diagnosis: Diagnosis) -> None:
    """Asserts that a diagnosis is fit to be printed, shown in a notebook, written as JSON and sent elsewhere."""
    assert_fits_a_screen(diagnosis)
    assert_is_its_own_page(diagnosis)
    assert_is_json(diagnosis)
    assert pickle.loads(pickle.dumps(diagnosis)) == diagnosis


def assert_fits_a_screen(diagnosis: Diagnosis) -> None:
    text = str(diagnosis)
    assert_visible(text, lines=True)
    lines = text.split("\n")
    # Lines to copy and addresses are not broken.
    whole = {line for fix in diagnosis.fixes for line in (*(fix.code or "").split("\n"), fix.url)}
    assert len(lines) <= _HEIGHT
    assert not [line for line in lines if len(line) > _WIDTH and line.strip() not in whole and "://" not in line]
    todo = [number for number, line in enumerate(lines) if line.startswith("What to do: ")]
    assert todo
    assert " ".join(" ".join(lines[todo[-1] :]).split()).startswith(f"What to do: {diagnosis.fixes[0].title}"[:80])
    assert_visible(diagnosis.report(), lines=True)


def assert_is_its_own_page(diagnosis: Diagnosis) -> None:
    html = diagnosis._repr_html_()
    assert_visible(html, lines=True)
    page, plain = Page(html), Page(each_text(diagnosis, _plain)._repr_html_())
    assert page.elements == plain.elements
    assert {link.partition(":")[0] for link in page.links} <= {"https", "http"}


def assert_is_json(diagnosis: Diagnosis) -> None:
    plain = diagnosis.to_dict()
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
    assert json.loads(text.encode()) == plain
    each_text(diagnosis, _assert_is_short_and_visible)
    assert len(diagnosis.server_message or "") <= 320
    assert len(diagnosis.request_id or "") <= 80
    assert all(
        len(text) <= 80 for w in diagnosis.workspaces or () for text in (w.name, w.role or "", *(w.permissions or ()))
    )


def _plain(text: str) -> str:
    """What a text might say that means well: addresses stay addresses, and nothing becomes something."""
    if text in _RESULTS or text in _NAMING or not text:
        return text
    if "\n" in text:
        return "\n".join(map(_plain, text.split("\n")))
    if text.startswith(("https://", "http://")):
        return "https://x"
    # A sentence with this word in it is followed by what one is.
    return "workspace" if _WORKSPACE.search(text) else "x"


def _assert_is_short_and_visible(text: str) -> str:
    assert_visible(text, lines=True)
    assert len(text) <= _LONGEST, text[:500]
    return text


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, in order, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Any] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, [(name, None if name == "href" else value) for name, value in attrs]))
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.elements.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.elements.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.elements.append("instruction")

    def unknown_decl(self, data: str) -> None:
        self.elements.append("declaration")
