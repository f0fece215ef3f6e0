"""Parse the text of a `.env` file: its definitions, and the mistakes in it that hide LangSmith's variables.

The definitions are python-dotenv's own. The warnings name variables and lines only: any value may be a secret, and so
may the text in place of a name.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dotenv.parser import parse_stream
from dotenv.variables import Variable, parse_variables

from safe_langsmith._core.settings import DotenvLine
from safe_langsmith._core.variables import is_for_workspace
from safe_langsmith._core.workspaces import ids_in

_MOST_WARNINGS = 20
_MOST_STEPS = 5_000_000
_LONGEST_VALUE = 65_536
_STEPS_A_LINE = 1_000

_WORD = r"[A-Z]{0,20}[0-9]{0,2}"
_NAME = rf"(?<![A-Za-z0-9_])((?:LANGSMITH|LANGCHAIN)(?:_{_WORD}){{1,6}})(?![A-Za-z0-9_])"
_NAMED = re.compile(_NAME)
_BESIDE_OTHERS = re.compile(rf"[^A-Za-z0-9_$]*{_NAME}[^A-Za-z0-9_]*")
_WINDOWS = re.compile(rf"""(?i:setx?\s+(?:/m\s+)?["']?|\$env:){_NAME}""")
_DEFINITION = re.compile(rf"\s*(?:export\s+)?(?:{_NAME}|[A-Za-z_][A-Za-z0-9_]*)\s*=")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_BLANKS = re.compile(r"[^\S\r\n]+")


@dataclass(frozen=True)
class DotenvText:
    """The parsed text of a `.env` file.

    Attributes:
        lines: Its definitions in order, as python-dotenv gives them; the last one of a name counts.
        warnings: The mistakes in it that hide LangSmith's variables: "line 3: ...".
        misread: The variables that these warnings are about.
        unread: The workspaces that lines name which python-dotenv cannot read.
    """

    lines: tuple[DotenvLine, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()
    misread: tuple[str, ...] = ()
    unread: tuple[DotenvLine, ...] = field(default=(), repr=False)


class _Statement(NamedTuple):
    """One statement, as python-dotenv parsed it."""

    key: str | None
    value: str | None
    text: str
    first: int
    last: int
    broken: bool
    interpolated: bool

    def __repr__(self) -> str:
        """Show no value: tracebacks show locals."""
        return f"_Statement({self.first}-{self.last})"


def is_too_much(text: str) -> bool:
    """Return whether python-dotenv could take more than a second or two: some of its patterns take quadratic time."""
    steps = _STEPS_A_LINE * len(_NEWLINE.findall(text))
    steps += sum(len(blanks) ** 2 for blanks in _BLANKS.findall(text))
    steps += sum(part.count("${") * len(part) for part in text.split("}"))
    return steps > _MOST_STEPS


def read_text(text: str, environ: Mapping[str, str]) -> DotenvText:
    """Return the definitions in the text of a `.env` file and the mistakes in it.

    Args:
        text: The text; ask `is_too_much` of it first.
        environ: The environment, for the variables that values interpolate.

    Raises:
        ValueError: If a value grows too long by interpolation.
    """
    statements = list(_statements(text, environ))
    latest = {statement.key: statement for statement in statements if statement.key}
    lines = tuple(
        DotenvLine(statement.key, statement.value, statement.first, statement.interpolated)
        for statement in statements
        if statement.key and statement.value is not None and latest[statement.key].value is not None
    )
    warnings = [
        (statement.first, *found)
        for statement in statements
        if (found := _swallowed(statement) or _other_syntax(statement) or _left_out(statement))
    ]
    warnings = sorted([*warnings, *_repeated(lines)])[:_MOST_WARNINGS]
    messages = tuple(f"line {line}: {message}" for line, _, message in warnings)
    read = {line.name for line in lines}
    broken = [statement for statement in statements if statement.key not in read or statement.first != statement.last]
    unread = tuple(line for each in broken for line in workspaces_in(each.text, each.first))
    return DotenvText(lines, messages, tuple(name for _, name, _ in warnings), unread)


def workspaces_in(text: str, first: int = 1) -> Iterator[DotenvLine]:
    """Yield the workspaces that lines of a text name by their IDs, whatever their syntax is.

    Args:
        text: The text, or a part of it.
        first: The number of its first line.
    """
    for number, line in enumerate(_NEWLINE.split(text), first):
        name = next((name for name in _NAMED.findall(line) if is_for_workspace(name)), None)
        ids = ids_in(line)
        if name and ids and not line.lstrip().startswith("#"):
            yield DotenvLine(name, ids[0], number)


def _statements(text: str, environ: Mapping[str, str]) -> Iterator[_Statement]:
    known: dict[str, str | None] = dict(environ)
    for binding in parse_stream(io.StringIO(text)):
        whole = binding.original.string
        trimmed = whole.strip()
        # python-dotenv counts the blank lines before a statement as its own.
        before = whole[: len(whole) - len(whole.lstrip())]
        first = binding.original.line + len(_NEWLINE.findall(before))
        atoms = list(parse_variables(binding.value or ""))
        value = None if binding.value is None else _joined(atom.resolve(known) for atom in atoms)
        if binding.key is not None:
            known[binding.key] = value
        last = first + len(_NEWLINE.findall(trimmed))
        interpolated = any(isinstance(atom, Variable) for atom in atoms)
        yield _Statement(binding.key, value, trimmed, first, last, binding.error, interpolated)


def _joined(parts: Iterable[str]) -> str:
    """Join the parts of a value. Each variable may interpolate others twice, so the value may grow without bound."""
    value = ""
    for part in parts:
        value += part
        if len(value) > _LONGEST_VALUE:
            raise ValueError("it has a value that is too long")
    return value


def _swallowed(statement: _Statement) -> tuple[str, str] | None:
    """Return which variable a quote that closes on a later line hides, and how."""
    if statement.first == statement.last:
        return None
    closes = f"the quote that opens here closes only on line {statement.last}"
    taken = [match for line in _NEWLINE.split(statement.text)[1:] if (match := _DEFINITION.match(line))]
    own = _DEFINITION.match(statement.text)
    own_name = own[1] if own else None
    name = next((match[1] for match in taken if match[1]), None)
    lost = name or own_name
    if statement.broken and lost:
        return lost, f"{closes}, so python-dotenv leaves out all these lines, and {lost} with them"
    if name:
        return name, f"{closes}, so python-dotenv takes the definition of {name} for a part of a value"
    if taken and own_name:
        return own_name, f"{closes}, so the definitions between became part of {own_name}"
    return None


def _other_syntax(statement: _Statement) -> tuple[str, str] | None:
    """Return which variable python-dotenv does not define because the line is in another syntax, and which."""
    windows = _WINDOWS.match(statement.text)
    if windows:
        name = windows[1]
        return name, f"this is the syntax of a Windows shell, so python-dotenv makes no variable {name} of it"
    beside = _BESIDE_OTHERS.fullmatch(statement.key or "")
    if beside and beside[1] != statement.key:
        what = "a byte order mark" if "\ufeff" in beside[0] else "a quote" if '"' in beside[0] else "a character"
        name = beside[1]
        return name, f"{what} became part of the name {name}, so python-dotenv makes a variable of another name"
    return None


def _left_out(statement: _Statement) -> tuple[str, str] | None:
    """Return which variable a line names that python-dotenv cannot read, and why."""
    named = _NAMED.search(statement.text.partition("=")[0]) if statement.broken else None
    if named is None:
        return None
    why = "a quote is not closed, or it is not NAME=value"
    return named[1], f"python-dotenv leaves this line out, which names {named[1]}: {why}"


def _repeated(lines: Iterable[DotenvLine]) -> Iterator[tuple[int, str, str]]:
    """Yield which definition overrides an earlier one with another value: its line, its variable, and the message."""
    seen: dict[str, list[DotenvLine]] = {}
    for line in lines:
        if _NAMED.fullmatch(line.name):
            seen.setdefault(line.name, []).append(line)
    for name, (*earlier, last) in seen.items():
        others = [line.line for line in earlier if line.value != last.value]
        if others:
            yield last.line, name, f"{name} has another value here than on line {others[-1]}, and this one counts"
