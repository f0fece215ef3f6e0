"""Change one variable in the text of a `.env` file, and nothing else.

`dotenv.set_key` cannot be used: it turns CRLF into LF, drops `export` and the comment behind a value, changes every
definition of a name, and replaces a symbolic link by a file. So the text is parsed and checked with python-dotenv's
parser, and only the value is replaced.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from dotenv.main import DotEnv
from dotenv.parser import parse_stream

_BLANKS = r"[^\S\r\n]*"
_QUOTED = r"""'(?:\\'|[^'])*'|"(?:\\"|[^"])*\""""
_NAME_END = rf"(?:'[^']+'|[^\s=#'\"]+){_BLANKS}"
_DEFINITION = re.compile(
    rf"(?s)(?P<head>\s*(?:export[^\S\r\n]+)?{_NAME_END})"
    rf"(?P<sign>={_BLANKS})?(?P<value>{_QUOTED}|[^\r\n]*?)(?P<tail>(?:[^\S\r\n]+#[^\r\n]*)?{_BLANKS}(?:\r\n|\n|\r)?)"
)
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@%+-]+")


def with_variable(text: str, name: str, value: str) -> str:
    """Return the text with another value for a variable: in its last definition, which counts, or in a new last line.

    Args:
        text: The text of the file, with its line ends as they are.
        name: The variable.
        value: Its new value.

    Raises:
        ValueError: If python-dotenv would not read the result as it is meant.
    """
    before, statement, after = _last_definition(text, name)
    if statement is None:
        end = "\r\n" if "\r\n" in text else "\n"
        gap = "" if not text or text.endswith(("\n", "\r")) else end
        changed = f"{text}{gap}{name}={_written(value, '')}{end}"
    else:
        parts = _DEFINITION.fullmatch(statement)
        if parts is None:
            raise ValueError(f"the line of {name} is not understood")
        quote = parts["value"][:1] if parts["value"][:1] in ("'", '"') else ""
        sign = parts["sign"] or "="
        changed = f"{before}{parts['head']}{sign}{_written(value, quote)}{parts['tail']}{after}"
    return _checked(changed, {**_values(text), name: value})


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines that differ, those that go with a minus and those that come with a plus."""
    # Without context: the lines between may be anybody's secrets.
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [(line[0], line[1:]) for line in islice(lines, 2, None) if line[0] in "-+"]


def _last_definition(text: str, name: str) -> tuple[str, str | None, str]:
    found: tuple[str, str | None, str] = (text, None, "")
    at = 0
    for binding in parse_stream(io.StringIO(text, newline="")):
        whole = binding.original.string
        if binding.key == name:
            found = (text[:at], whole, text[at + len(whole) :])
        at += len(whole)
    if at != len(text):
        raise ValueError("its lines are not understood")
    return found


def _written(value: str, quote: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{quote}{value}{quote}"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _values(text: str) -> dict[str, Any]:
    parsed = DotEnv(None, io.StringIO(text, newline=""), interpolate=False).dict()
    return dict(parsed)


def _checked(text: str, expected: Mapping[str, Any]) -> str:
    if _values(text) != expected:
        raise ValueError("python-dotenv would read something else from it")
    return text
