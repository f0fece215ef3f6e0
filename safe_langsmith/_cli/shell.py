"""What to do as who sits at a shell does it: variables and options in place of Python."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from safe_langsmith._core.clean import TO_FILL_IN
from safe_langsmith._core.fixes.common import HOW_TO_SET, SHOW_PROXIES
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._core.variables import effective, variable_in
from safe_langsmith.diagnosis import Fix, Setting

from .again import OPTIONS, again
from .env_file import may_be_loaded, says_otherwise, take_dotenv
from .look import Found
from .options import Options

EXPORT = "" if os.name == "nt" else "export "
"""What a shell wants before a line that sets a variable. Those of Windows have other forms."""

_UNSETS = "" if os.name == "nt" else "unset "
# Comments below it name other values to choose from.
_CLIENT = re.compile(r'client = SafeClient\((api_url|workspace_id)="([^"\\]*)"\)((?:\n# .*)*)')
_SET_BY = {"api_url": ("endpoint", "LANGSMITH_ENDPOINT"), "workspace_id": ("workspace_id", "LANGSMITH_WORKSPACE_ID")}
_ASSIGNMENT = re.compile(r"^((?:LANGSMITH|LANGCHAIN)_[A-Z0-9_]+)=(.*)$", re.MULTILINE)
_UNSET = re.compile(r'import os; os\.environ\.pop\("([A-Z0-9_]+)", None\)|.*; or unset ([A-Z0-9_, ]+)')
_GIVEN = re.compile(rf'import os; os\.environ\["([A-Z0-9_]+)"\] = "{TO_FILL_IN}"')
# What has no like at a shell is left to the text.
_PYTHON = re.compile(r"^(?:import |from (?:safe_)?langsmith|client = )", re.MULTILINE)
_RELOADS = ("load_dotenv(", "reload_environment(", "# made anew")


def for_shell(found: Found, dotenv: Dotenv, options: Options) -> tuple[Fix, ...]:
    """Returns what to do, each once.

    Args:
        found: What was found.
        dotenv: The `.env` that was compared, or loaded.
        options: What the user typed.
    """
    # Of what .env says by now, only another setting than the environment's is of use: a new process keeps nothing.
    reloads = [fix for fix in found.fixes if any(mark in (fix.code or "") for mark in _RELOADS)]
    differs = dotenv.path is not None and not options.load_env and says_otherwise(found, dotenv)
    fixes: list[Fix] = []
    if differs and (reloads or may_be_loaded(found, dotenv)):
        fixes = list(take_dotenv(found, dotenv, options, _UNSETS))
    before = found.fixes.index(reloads[0]) if reloads else 0
    others = [fix for fix in found.fixes if fix not in reloads]
    fixes = [*others[:before], *fixes, *others[before:]]
    return tuple(_each_once(_spelt(fix, found.settings, options) for fix in fixes or found.fixes))


def is_exported(fixes: tuple[Fix, ...]) -> bool:
    """Whether a line to copy sets a variable in the way of a shell, which `.env` files and containers do not take."""
    return any(line.startswith("export ") for fix in fixes for line in (fix.code or "").splitlines())


def _spelt(fix: Fix, settings: Mapping[str, Setting], options: Options) -> Fix:
    code, detail = fix.code or "", fix.detail
    client, unset, given = _CLIENT.fullmatch(code), _UNSET.fullmatch(code), _GIVEN.match(code)
    if client:
        setting, variable = _SET_BY[client[1]]
        source = settings[setting].source
        set_by = variable_in(source)
        # To unset a variable takes nothing away that a profile names, or that .env sets again.
        stays = not client[2] and (options.load_env or set_by is None)
        if source == OPTIONS[setting] or stays:
            line = again(options, settings, setting, client[2])
            return replace(fix, code=f"{line}{client[3]}" if line else None)
        code = f"{variable}={client[2]}{client[3]}"
        if not client[2] and _UNSETS:
            # Without the first, the next would count.
            code = f"{_UNSETS}{' '.join(name for name, _ in effective(setting, os.environ))}"
    if unset and _UNSETS:
        names = (unset[1] or unset[2]).split(", ")
        again_set = [name for name in names if options.load_env and _is_in_file(name, settings)]
        others = [name for name in names if name not in again_set]
        code = f"{_UNSETS}{' '.join(others)}" if others else ""
        if again_set:
            detail = f"{detail} Take {' and '.join(again_set)} out of .env, which would set it again."
    elif given:
        code = f"{given[1]}={TO_FILL_IN}"
    elif code == SHOW_PROXIES and EXPORT:
        code = "env | grep -io '^[a-z]*_proxy'  # nothing: no proxy is set here"
    # What .env says is to be changed there: it would be loaded over the variable again.
    if EXPORT and not options.load_env:
        code = _ASSIGNMENT.sub(lambda line: f"{EXPORT}{line[1]}={shlex.quote(line[2])}", code)
        detail = detail.replace(HOW_TO_SET, "").strip() if code.startswith(EXPORT) else detail
    return replace(fix, code=None if not code or _PYTHON.search(code) else code, detail=detail)


def _is_in_file(variable: str, settings: Mapping[str, Setting]) -> bool:
    """Whether the `.env` that was loaded sets a variable."""
    says_so = re.compile(rf"(?::\d+ {variable}$|^{variable}, as in )")
    sources = [each.source for setting in settings.values() for each in (setting, *setting.others)]
    return any(says_so.search(source) for source in sources)


def _each_once(fixes: Iterator[Fix]) -> Iterator[Fix]:
    seen = set()
    for fix in fixes:
        if fix.code not in seen:
            yield fix
        # What has yet to be filled in may be filled in for one reason or another.
        if fix.code and "<" not in fix.code:
            seen.add(fix.code)
