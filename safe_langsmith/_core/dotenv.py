"""What the text of a `.env` file defines, and which mistakes in it concern LangSmith's variables.

The definitions are python-dotenv's own. The remarks name variables and lines only: any value may be a secret, and so
may whatever stands where a name should.
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

_MOST_REMARKS = 20
_MOST_STEPS = 5_000_000
_LONGEST_VALUE = 65_536
_STEPS_A_LINE = 1_000

_WORD = r"[A-Z]{0,20}[0-9]{0,2}"
_NAME = rf"(?<![A-Za-z0-9_])((?:LANGSMITH|LANGCHAIN)(?:_{_WORD}){{1,6}})(?![A-Za-z0-9_])"
_NAMED = re.compile(_NAME)
_BESIDE_OTHERS = re.compile(rf"[^A-Za-z0-9_$]*{_NAME}[^A-Za-z0-9_]*")
_WINDOWS = re.compile(rf"""(?i:setx?\s+(?:/m\s+)?["']?|\$env:){_NAME}""")
_COLON = re.compile(rf"""["']?{_NAME}["']?\s*:""")
_EXPORT = re.compile(r"export\s")
_DEFINITION = re.compile(rf"\s*(?:export\s+)?(?:{_NAME}|[A-Za-z_][A-Za-z0-9_]*)\s*=")
_VALUE = re.compile(r"[^=]*=[^\S\r\n]*(.?)", re.DOTALL)
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)
_CODE = re.compile(r"os\.(?:getenv|environ)|userdata\.|st\.secrets|dbutils\.|getpass|process\.env|\$\(|`")
_REFERENCE = re.compile(r"\$[A-Za-z_]\w*|%\w+%", re.ASCII)
_PLAIN_NAME = re.compile(rf"[A-Z]{_WORD}(?:_{_WORD}){{0,5}}")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_BLANKS = re.compile(r"[^\S\r\n]+")


@dataclass(frozen=True)
class DotenvText:
    """What the text of a `.env` file says.

    Attributes:
        lines: Its definitions in order, as python-dotenv gives them; the last one of a name counts.
        remarks: The mistakes in it that concern LangSmith's variables: "line 3: ...".
        hints: What is no mistake for python-dotenv, and one for others that read the file.
    """

    lines: tuple[DotenvLine, ...] = field(default=(), repr=False)
    remarks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class _Statement(NamedTuple):
    """What python-dotenv took for one statement; `unset` are the names it takes in that have no value."""

    key: str | None
    written: str | None
    value: str | None
    unset: tuple[str, ...]
    text: str
    first: int
    last: int
    broken: bool
    interpolated: bool


def is_too_much(text: str) -> bool:
    """Whether python-dotenv could take more than a second or two, for some of its patterns take quadratic time."""
    steps = _STEPS_A_LINE * len(_NEWLINE.findall(text))
    steps += sum(len(blanks) ** 2 for blanks in _BLANKS.findall(text))
    steps += sum(part.count("${") * len(part) for part in text.split("}"))
    return steps > _MOST_STEPS


def read_text(text: str, environ: Mapping[str, str]) -> DotenvText:
    """Returns the definitions in the text of a `.env` file and the remarks on it.

    Args:
        text: The text; ask `is_too_much` of it first.
        environ: The environment, for the variables that values take in.

    Raises:
        ValueError: If a value grows too long by taking in others.
    """
    statements = list(_statements(text, environ))
    latest = {statement.key: statement for statement in statements if statement.key}
    lines = tuple(
        DotenvLine(statement.key, statement.value, statement.first, statement.interpolated)
        for statement in statements
        if statement.key and statement.value is not None and latest[statement.key].value is not None
    )
    remarks = [remark for statement in statements for remark in _remarks(statement)]
    others: dict[str, list[DotenvLine]] = {}
    for line in lines:
        others.setdefault(line.name, []).append(line)
    for name, statement in latest.items():
        if _NAMED.fullmatch(name):
            remarks += _remarks_on_the_last(name, statement, others.get(name, []))
    exports = (s for s in statements if s.written is not None and _EXPORT.match(s.text))
    exported = next((s for s in exports if _NAMED.fullmatch(s.key or "")), None)
    hints = []
    if exported:
        said = f"python-dotenv reads the export before {exported.key}, but Docker's --env-file and Windows do not"
        hints.append(f"line {exported.first}: {said}")
    remarks.sort(key=lambda remark: remark[0])
    told = tuple(f"line {line}: {said}" for line, said in remarks[:_MOST_REMARKS])
    return DotenvText(lines, told, tuple(hints))


def _statements(text: str, environ: Mapping[str, str]) -> Iterator[_Statement]:
    known: dict[str, str | None] = dict(environ)
    for binding in parse_stream(io.StringIO(text)):
        whole = binding.original.string
        trimmed = whole.strip()
        # python-dotenv counts the blank lines before a statement as its own.
        before = whole[: len(whole) - len(whole.lstrip())]
        first = binding.original.line + len(_NEWLINE.findall(before))
        atoms = list(parse_variables(binding.value or ""))
        unset = tuple(
            atom.name
            for atom in atoms
            if isinstance(atom, Variable) and atom.default is None and not known.get(atom.name)
        )
        value = None if binding.value is None else _joined(atom.resolve(known) for atom in atoms)
        if binding.key is not None:
            known[binding.key] = value
        last = first + len(_NEWLINE.findall(trimmed))
        interpolated = any(isinstance(atom, Variable) for atom in atoms)
        yield _Statement(binding.key, binding.value, value, unset, trimmed, first, last, binding.error, interpolated)


def _joined(parts: Iterable[str]) -> str:
    """Puts a value together, where it does not grow out of all proportion: each variable may take in others twice."""
    value = ""
    for part in parts:
        value += part
        if len(value) > _LONGEST_VALUE:
            raise ValueError("it has a value that is too long")
    return value


def _remarks(statement: _Statement) -> Iterator[tuple[int, str]]:
    said = _swallowed(statement) or _other_syntax(statement)
    if said is None and statement.broken:
        said = _left_out(statement)
    if said:
        yield statement.first, said


def _swallowed(statement: _Statement) -> str | None:
    if statement.first == statement.last:
        return None
    closes = f"the quote that opens here closes only on line {statement.last}"
    taken = [match for line in _NEWLINE.split(statement.text)[1:] if (match := _DEFINITION.match(line))]
    own = _DEFINITION.match(statement.text)
    name = next((match[1] for match in taken if match[1]), None)
    if statement.broken and (name or (own and own[1])):
        return f"{closes}, so python-dotenv leaves out all these lines, and {name or (own and own[1])} with them"
    if name:
        return f"{closes}, so python-dotenv takes the definition of {name} for a part of a value"
    return f"{closes}, so the definitions between became part of {own[1]}" if taken and own and own[1] else None


def _other_syntax(statement: _Statement) -> str | None:
    windows = _WINDOWS.match(statement.text)
    if windows:
        return f"this is the syntax of a Windows shell, so python-dotenv makes no variable {windows[1]} of it"
    colon = _COLON.match(statement.text)
    if colon:
        return f"a colon stands after {colon[1]} instead of =, so python-dotenv makes no variable {colon[1]} of it"
    beside = _BESIDE_OTHERS.fullmatch(statement.key or "")
    if beside and beside[1] != statement.key:
        what = "a byte order mark" if "\ufeff" in beside[0] else "a quote" if '"' in beside[0] else "a character"
        return f"{what} became part of the name {beside[1]}, so python-dotenv makes a variable of another name"
    return None


def _left_out(statement: _Statement) -> str | None:
    definition = _DEFINITION.match(statement.text)
    if definition is None or definition[1] is None:
        name = _NAMED.search(statement.text.partition("=")[0])
        return f"python-dotenv cannot read this line, which names {name[1]}, and leaves it out" if name else None
    if _QUOTED.match(statement.text[definition.end() :].lstrip()):
        return f"text follows the closing quote of {definition[1]}, so python-dotenv leaves this line out"
    return f"the quote after {definition[1]}= is not closed, so python-dotenv leaves this line out"


def _remarks_on_the_last(name: str, statement: _Statement, lines: list[DotenvLine]) -> Iterator[tuple[int, str]]:
    """The remarks on the definition of a name that counts; `lines` are all its definitions."""
    line, written = statement.first, statement.written
    if written is None:
        yield line, f"no = stands after {name}, so python-dotenv does not set it, whatever other lines say"
        return
    others = [other.line for other in lines if other.value != statement.value]
    if others:
        yield line, f"{name} has another value here than on line {others[-1]}, and this one counts"
    value = _VALUE.match(statement.text)
    if "#" in written and value and value[1] not in ("'", '"'):
        yield line, f"the # is part of the value of {name}: a comment begins only after a value and a blank"
    if _CODE.match(written):
        yield line, f"the value of {name} is code, of which python-dotenv takes the text and not the result"
    elif _REFERENCE.fullmatch(written):
        yield line, f"the value of {name} names a variable, which python-dotenv fills in only where it is in ${{...}}"
    if statement.unset:
        other = statement.unset[0] if _PLAIN_NAME.fullmatch(statement.unset[0]) else "a variable"
        yield line, f"{name} takes in {other}, which is not set or empty here, so nothing stands in its place"
    elif not written.strip():
        yield line, f"{name} is empty, which the SDK takes for not set"
