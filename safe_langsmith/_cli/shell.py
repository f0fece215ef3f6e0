"""What to do as who sits at a shell does it: variables and options in place of Python."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from safe_langsmith._cli.check import Found
from safe_langsmith._cli.env_file import may_be_loaded, says_otherwise, take_dotenv
from safe_langsmith._cli.options import Options
from safe_langsmith._cli.rerun import OPTIONS, again
from safe_langsmith._core.fixes.actions import HOW_TO_SET, SHOW_PROXIES
from safe_langsmith._core.redaction import TO_FILL_IN
from safe_langsmith._core.settings import Dotenv, effective, variable_in
from safe_langsmith.diagnosis import Fix, Setting

EXPORT = "" if os.name == "nt" else "export "
"""What a shell wants before a line that sets a variable. Those of Windows have other forms."""

_UNSETS = "" if os.name == "nt" else "unset "
# Comments below it name other values to choose from.
_CLIENT = re.compile(r'client = SafeClient\((api_url|workspace_id)="([^"\\]*)"\)((?:\n# .*)*)')
_SET_BY = {"api_url": ("endpoint", "LANGSMITH_ENDPOINT"), "workspace_id": ("workspace_id", "LANGSMITH_WORKSPACE_ID")}
_ASSIGNMENT = re.compile(r"^((?:LANGSMITH|LANGCHAIN)_[A-Z0-9_]+)=(.*)$", re.MULTILINE)
_UNSET = re.compile(r'import os; os\.environ\.pop\("([A-Z0-9_]+)", None\)|.*\n# or unset ([A-Z0-9_, ]+)')
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
    code = fix.code or ""
    if client := _CLIENT.fullmatch(code):
        fix = replace(fix, code=_naming(client, settings, options))
    elif unset := _UNSETS and _UNSET.fullmatch(code):
        fix = _unsetting(fix, (unset[1] or unset[2]).split(", "), settings, options)
    elif given := _GIVEN.match(code):
        fix = replace(fix, code=f"{given[1]}={TO_FILL_IN}")
    elif code == SHOW_PROXIES and EXPORT:
        fix = replace(fix, code="env | grep -io '^[a-z]*_proxy'  # nothing: no proxy is set here")
    return _exporting(fix, options)


def _naming(client: re.Match[str], settings: Mapping[str, Setting], options: Options) -> str | None:
    """The line that names an endpoint or a workspace, or takes the workspace away, where the one in use comes from."""
    argument, value, comments = client.groups()
    setting, variable = _SET_BY[argument]
    source = settings[setting].source
    # To unset a variable takes nothing away that a profile names, or that .env sets again.
    behind = any(other.source.startswith("profile ") for other in settings[setting].others)
    stays = not value and (options.load_env or behind or variable_in(source) is None)
    if source == OPTIONS[setting] or stays:
        line = again(options, settings, setting, value)
        return f"{line}{comments}" if line else None
    if not value and _UNSETS:
        # Without the first, the next would count.
        return f"{_UNSETS}{' '.join(name for name, _ in effective(setting, os.environ))}"
    return f"{variable}={value}{comments}"


def _unsetting(fix: Fix, names: list[str], settings: Mapping[str, Setting], options: Options) -> Fix:
    set_again = [name for name in names if options.load_env and _is_in_file(name, settings)]
    others = [name for name in names if name not in set_again]
    detail = f" Take {' and '.join(set_again)} out of .env, which would set it again." if set_again else ""
    return replace(fix, code=f"{_UNSETS}{' '.join(others)}" if others else None, detail=f"{fix.detail}{detail}")


def _exporting(fix: Fix, options: Options) -> Fix:
    code, detail = fix.code or "", fix.detail
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
