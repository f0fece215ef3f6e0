"""The table has the private names that the code uses, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import safe_langsmith

from .names_in_use import OURS, all_names, names_in_use
from .table import HEADING, NAMES, PAGE
from .taking_away import classes

PACKAGE = Path(safe_langsmith.__file__).parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
IN_USE = set().union(*(all_names(text) for text in MODULES.values()))
WAYS = [
    "client._x",
    "client.inner._x = 1",
    "getattr(client, '_x', None)",
    "hasattr(type(client), '_x')",
    "for name in ('_x', 'y'): setattr(client, name, None)",
    "client.__dict__['_x']",
    "CACHES = {'langsmith.utils': ('_x',)}",
    "from langsmith._internal._profiles import _x",
    "class A(langsmith.Client):\n    def _x(self): pass",
    "class A(AsyncClient):\n    def b(self): return self._x",
    "def f():\n    class Guarded(base):\n        _x = 1",
    "def _request(self): return self._x",
    "class A:\n    def b(self): return super()._x",
    "sys.modules[name + '._x']",
]


@pytest.mark.parametrize("text", WAYS)
def test_a_private_name_is_seen_wherever_it_may_be(text):
    assert set(names_in_use(text)) == {"_x"}


def test_names_of_our_own_are_passed_over():
    text = "_T = f('_T')\nclass A:\n    __slots__ = ('_x',)\n    def b(self): self._x = 1; self.__dict__.pop('_x')"
    assert names_in_use(text) == {}


def test_every_private_name_in_use_has_a_row():
    rows = {name.name for name in NAMES}
    missing = [
        f"safe_langsmith/{module}, line {line}, uses {name}, which this library does not define. Give it a row in"
        f' docs/{PAGE.name}, under "{HEADING[3:]}", or a place in OURS where this library puts it there itself.'
        for module, text in MODULES.items()
        for name, line in names_in_use(text).items()
        if name not in rows
    ]
    if missing:
        pytest.fail("\n".join(missing), pytrace=False)


@pytest.mark.parametrize("name", sorted({name.name for name in NAMES}))
def test_every_row_is_in_use(name):
    assert name in IN_USE, f'No module uses {name}. Take it out of docs/{PAGE.name}, "{HEADING[3:]}".'


def test_the_table_is_read_whole():
    section = PAGE.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    names = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    assert [name for row in names for name in row.replace(",", " ").replace("`", "").split()] == list(
        dict.fromkeys(name.name for name in NAMES)
    )
    assert all(name.place and name.purpose and name.loss for name in NAMES)


@pytest.mark.parametrize("place", ["Client", "AsyncClient", "generated client"])
def test_what_we_put_on_the_sdks_objects_is_not_the_sdks(place):
    for kind in classes(place):
        taken = sorted(OURS & set(dir(kind)))
        assert not taken, f"{kind.__module__}.{kind.__name__} has {taken} now, and this library puts its own there."
