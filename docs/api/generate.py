"""Write the API reference: `python docs/api/generate.py`, from the root of the repository.

The text between these comments on a page of this folder is written from docstrings and signatures:

    <!-- reference: safe_langsmith.Diagnosis safe_langsmith.testing.Reply() -->
    <!-- end of reference -->

Parentheses after a class say that users create it, so the page shows its constructor. The text is plain Markdown, which
GitHub shows as the site does. griffe, from docs/requirements.txt, reads the package without importing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import griffe

HERE = Path(__file__).parent
IF_MEANT = "if this is meant: python docs/api/generate.py"
BLOCK = re.compile(r"(<!-- reference: (.*?) -->\n).*?(<!-- end of reference -->)", re.DOTALL)
HEADING = re.compile(r"^(#+) ", re.MULTILINE)
NAME_IN_CODE = re.compile(r"(?<![`\[])`([A-Za-z]\w*)(?:\(\))?`(?!`)")
NAME = re.compile(r"(?<![\w.'])[A-Za-z]\w*")
ADDRESS = re.compile(r"(?<!\S)https?://\S+")
WIDTH = 100
# Their other arguments and methods are the SDK's, which has a reference of its own.
CLIENTS = {"SafeClient", "SafeAsyncClient"}
PARSER = griffe.Parser.google
OPTIONS = {"returns_named_value": False, "returns_multiple_items": False, "warnings": False}
TITLES = {
    griffe.DocstringSectionKind.parameters: "Arguments",
    griffe.DocstringSectionKind.attributes: "Attributes",
    griffe.DocstringSectionKind.raises: "Raises",
}


def pages() -> dict[Path, str]:
    """Return the text that each page should have."""
    files = {path: path.read_text("utf-8") for path in sorted(HERE.glob("*.md"))}
    place = {name.rstrip("()"): path.name for path, text in files.items() for name in names_on(text)}
    return {path: BLOCK.sub(lambda block: Block(block, place).text(), text) for path, text in files.items()}


def names_on(page: str) -> list[str]:
    """Return the names that a page documents, with their modules."""
    return [name for block in BLOCK.finditer(page) for name in block[2].split()]


class Block:
    """The text of one pair of comments.

    Args:
        block: The comments with what is between them.
        place: The page of each documented name.
    """

    def __init__(self, block: re.Match[str], place: dict[str, str]) -> None:
        self._start, self._names, self._end = block[1], block[2].split(), block[3]
        # One level below the heading that the block is under.
        self._level = len(HEADING.findall(block.string[: block.start()])[-1]) + 1
        self._place = place
        self._module = ""

    def text(self) -> str:
        """Return the comments with the text between them."""
        parts = [part for name in self._names for part in self._named(name)]
        return "\n".join([self._start, *(f"{part}\n" for part in parts), self._end])

    def _named(self, name: str) -> Iterator[str]:
        self._module, _, short = name.rstrip("()").rpartition(".")
        found = package()[f"{self._module}.{short}".partition(".")[2]]
        if found.is_alias:
            found = found.final_target
        yield self._heading(short)
        if found.is_function:
            yield from self._function(found)
        elif found.is_class:
            yield from self._class(found, short, constructor=name.endswith("()"))
        else:
            yield code(f"{short} = {found.value}")
            yield from self._docstring(found)

    def _class(self, found: griffe.Class, name: str, constructor: bool) -> Iterator[str]:
        if name in CLIENTS:
            yield code(f"{name}(*args, {', '.join(our_options(found))}, **kwargs)")
        elif constructor:
            yield code(self._signature(found))
        yield from self._docstring(found)
        if constructor and "__init__" in found.members:
            yield from self._docstring(found["__init__"], with_text=False)
        members = [] if name in CLIENTS else [each for each in found.members.values() if is_documented(each)]
        values = [each for each in members if each.is_attribute and "property" not in each.labels]
        if values:
            yield "\n".join(self._enum_member(each) for each in values)
        for each in members:
            if each not in values:
                yield self._heading(f"{name}.{each.name}", deeper=1)
                yield from self._function(each) if each.is_function else self._property(each)

    def _function(self, found: griffe.Function) -> Iterator[str]:
        yield code(("await " if "async" in found.labels else "") + self._signature(found))
        yield from self._docstring(found)

    def _property(self, found: griffe.Attribute) -> Iterator[str]:
        if str(found.annotation) != "Any":
            yield f"Type: {self._type(found.annotation, found)}"
        yield from self._docstring(found)

    def _enum_member(self, found: griffe.Attribute) -> str:
        value = str(found.value).strip("'")
        page = f"../causes/{value}.md"
        shown = f"[`{value}`]({page})" if (HERE / page).exists() else f"`{value}`"
        return f"- `{found.name}` = {shown}: {self._line(found.docstring.value)}"

    def _heading(self, text: str, deeper: int = 0) -> str:
        return f"{'#' * (self._level + deeper)} `{text}`"

    def _docstring(self, found: griffe.Object, with_text: bool = True) -> Iterator[str]:
        for section in found.docstring.parse(PARSER, **OPTIONS) if found.docstring else ():
            if section.kind is griffe.DocstringSectionKind.text:
                if with_text:
                    yield self._linked(section.value)
            elif section.kind is griffe.DocstringSectionKind.returns:
                yield f"Returns: {self._line(section.value[0].description)}"
            else:
                yield f"{TITLES[section.kind]}:"
                yield "\n".join(self._item(item, section.kind, found) for item in section.value)

    def _item(self, item: griffe.DocstringElement, kind: griffe.DocstringSectionKind, of: griffe.Object) -> str:
        text = self._line(item.description)
        if kind is griffe.DocstringSectionKind.raises:
            return f"- `{item.annotation}`: {text}"
        with_type = kind is griffe.DocstringSectionKind.attributes and item.annotation is not None
        return f"- `{item.name}`{f' ({self._type(item.annotation, of)})' if with_type else ''}: {text}"

    def _signature(self, found: griffe.Function | griffe.Class) -> str:
        shown: list[str] = []
        for each in found.parameters:
            if each.name == "self":
                continue
            if each.kind is griffe.ParameterKind.keyword_only and "*" not in shown:
                shown.append("*")
            default = "" if each.default is None else f" = {each.default}".replace("'", '"')
            shown.append(f"{each.name}: {self._spelt_out(each.annotation, found)}{default}")
        returns = f" -> {self._spelt_out(found.returns, found)}" if found.is_function else ""
        line = f"{found.name}({', '.join(shown)}){returns}"
        if len(line) <= WIDTH:
            return line
        return "\n".join([f"{found.name}(", *(f"    {each}," for each in shown), f"){returns}"])

    def _type(self, annotation: object, of: griffe.Object) -> str:
        """Return an annotation as a link to the first documented name in it, or as code."""
        text = self._spelt_out(annotation, of)
        targets = [target for name in NAME.findall(text) if (target := self._target(name))]
        return f"[`{text}`]({targets[0]})" if targets else f"`{text}`"

    def _spelt_out(self, annotation: object, of: griffe.Object) -> str:
        """Return an annotation with the values of this library's own abbreviations."""

        def value(name: re.Match[str]) -> str:
            found = of.module.members.get(name[0])
            if found is not None and found.is_alias and found.target_path.startswith("safe_langsmith"):
                found = found.final_target
            spell_out = found is not None and not found.is_alias and found.is_attribute and not self._target(name[0])
            return str(found.value) if spell_out else name[0]

        return NAME.sub(value, str(annotation)).replace("'", '"')

    def _line(self, text: str) -> str:
        return self._linked(" ".join(text.split()))

    def _linked(self, text: str) -> str:
        """Make a link of each documented name between backquotes."""

        def link(name: re.Match[str]) -> str:
            target = self._target(name[1])
            return f"[{name[0]}]({target})" if target else name[0]

        return ADDRESS.sub(r"<\g<0>>", NAME_IN_CODE.sub(link, text))

    def _target(self, name: str) -> str:
        for module in dict.fromkeys([self._module, "safe_langsmith", "safe_langsmith.actions"]):
            if page := self._place.get(f"{module}.{name}"):
                return f"{page}#{name.lower()}"
        return ""


@cache
def package() -> griffe.Object:
    """Return the package, read from its source."""
    return griffe.load("safe_langsmith", resolve_aliases=True)


def is_documented(member: griffe.Object) -> bool:
    """Return whether a page shows this member of a class."""
    return not member.is_alias and member.name[0] != "_" and member.has_docstring


def our_options(client: griffe.Class) -> list[str]:
    """Return the options that this library adds to the SDK's client: those that its docstring describes."""
    sections = client.docstring.parse(PARSER, **OPTIONS)
    (arguments,) = [each.value for each in sections if each.kind is griffe.DocstringSectionKind.parameters]
    return [f"{each.name}={client.parameters[each.name].default}" for each in arguments]


def code(text: str) -> str:
    """Return a block of code. Its language is not `python`, because the tests run such blocks."""
    return f"```py\n{text}\n```"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
