"""What to do as who sits at a shell does it: variables and options in place of Python."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace

from safe_langsmith._core.fixes.common import HOW_TO_SET
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._core.variables import variable_in
from safe_langsmith.diagnosis import Cause, Confidence, Fix, Setting

from .look import Found
from .options import Options

COMMAND = "python -m safe_langsmith"
EXPORT = "" if os.name == "nt" else "export "
"""What a shell wants before a line that sets a variable. Those of Windows have other forms."""

_OPTIONS = {"endpoint": "--endpoint", "workspace_id": "--workspace-id"}
_CLIENT = re.compile(r'client = SafeClient\((api_url|workspace_id)="([^"\\]*)"\)')
_SET_BY = {"api_url": ("endpoint", "LANGSMITH_ENDPOINT"), "workspace_id": ("workspace_id", "LANGSMITH_WORKSPACE_ID")}
_ASSIGNMENT = re.compile(r"^((?:LANGSMITH|LANGCHAIN)_[A-Z0-9_]+)=(.*)$", re.MULTILINE)
_UNSET = re.compile(r'import os; os\.environ\.pop\("([A-Z0-9_]+)", None\)|.*; or unset ([A-Z0-9_, ]+)')
_PROXIES = "import os; print([k for k in os.environ if k.lower().endswith('_proxy')])"
_RELOADS = ("load_dotenv(", "reload_environment(", "# made anew")
# Where such a value is missing or wrong, and .env has another, the program may well load that.
_MAY_BE_LOADED = {Cause.KEY_MISSING: "api_key", Cause.WORKSPACE_REQUIRED: "workspace_id"}


def for_shell(found: Found, dotenv: Dotenv, options: Options) -> tuple[Fix, ...]:
    """Returns what to do, each once.

    Args:
        found: What was found.
        dotenv: The `.env` that was compared, or loaded.
        options: What the user typed.
    """
    # Of what .env says by now, only another setting than the environment's is of use: a new process keeps nothing.
    reloads = [fix for fix in found.fixes if any(mark in (fix.code or "") for mark in _RELOADS)]
    differs = dotenv.path is not None and not options.load_env and bool(_differing(found.settings, dotenv.path))
    fixes: list[Fix] = []
    if differs and (reloads or _is_in_dotenv(found, dotenv)):
        fixes = list(_take_dotenv(found, dotenv, options))
    before = found.fixes.index(reloads[0]) if reloads else 0
    others = [fix for fix in found.fixes if fix not in reloads]
    fixes = [*others[:before], *fixes, *others[before:]]
    return tuple(_each_once(_spelt(fix, found.settings, options) for fix in fixes or found.fixes))


def is_exported(fixes: tuple[Fix, ...]) -> bool:
    """Whether a line to copy sets a variable in the way of a shell, which `.env` files and containers do not take."""
    return any(line.startswith("export ") for fix in fixes for line in (fix.code or "").splitlines())


def _spelt(fix: Fix, settings: Mapping[str, Setting], options: Options) -> Fix:
    code, detail = fix.code or "", fix.detail
    client, unset = _CLIENT.fullmatch(code), _UNSET.fullmatch(code)
    if client:
        setting, variable = _SET_BY[client[1]]
        code = f"{variable}={client[2]}"
        if settings[setting].source == _OPTIONS[setting]:
            return replace(fix, code=_again(settings, setting, client[2]))
        if not client[2] and EXPORT:
            code = f"unset {variable_in(settings[setting].source) or variable}"
    if unset and EXPORT:
        code = f"unset {(unset[1] or unset[2]).replace(',', '')}"
    elif code.startswith(_PROXIES) and EXPORT:
        code = "env | grep -io '^[a-z]*_proxy'  # nothing: no proxy is set here"
    # What .env says is to be changed there: it would be loaded over the variable again.
    if EXPORT and not options.load_env:
        code = _ASSIGNMENT.sub(lambda line: f"{EXPORT}{line[1]}={_quoted(line[2])}", code)
        detail = detail.replace(HOW_TO_SET, "").strip() if code.startswith(EXPORT) else detail
    return replace(fix, code=code or None, detail=detail)


def _quoted(value: str) -> str:
    return value if value.startswith(('"', "'")) else shlex.quote(value)


def _again(settings: Mapping[str, Setting], changed: str, value: str) -> str:
    typed = {
        option: value if setting == changed else settings[setting].value or ""
        for setting, option in _OPTIONS.items()
        if settings[setting].source == option
    }
    return " ".join([COMMAND, *(f"{option} {shlex.quote(given)}" for option, given in typed.items() if given)])


def _differing(settings: Mapping[str, Setting], path: str) -> list[str]:
    return [name for name, setting in settings.items() if any(o.source.startswith(f"{path}:") for o in setting.others)]


def _is_in_dotenv(found: Found, dotenv: Dotenv) -> bool:
    return found.cause is not None and _MAY_BE_LOADED.get(found.cause) in _differing(found.settings, dotenv.path or "")


def _take_dotenv(found: Found, dotenv: Dotenv, options: Options) -> Iterator[Fix]:
    file = f" --env-file {shlex.quote(options.env_file)}" if options.env_file else ""
    check = f"{COMMAND} --load-env{file}"
    sources = [found.settings[name].source for name in _differing(found.settings, dotenv.path or "")]
    ahead = [name for name in map(variable_in, sources) if name]
    if ahead:
        names = " and ".join(ahead)
        detail = "What is set here overrides .env: load_dotenv() changes no variable that is set. Unset it also where "
        detail += "it comes from, such as a shell's profile, or it is back in the next shell."
        works = found.confidence is Confidence.POSSIBLE
        if works:
            detail += f" If {names} is right, as in a deployment beside a developer's .env, leave it so."
        yield Fix(
            f"{'If .env is right, unset' if works else 'Unset'} {names}, so that .env counts, and check what .env says",
            detail,
            f"unset {' '.join(ahead)}\n{check}" if EXPORT else check,
            step=4,
        )
        return
    yield Fix(
        "If your program loads .env itself, check with what .env says",
        "Without --load-env, this command compares .env and does not load it.",
        check,
        step=4,
    )
    yield Fix(
        "If it does not, let it load .env before it makes a client",
        "The SDK does not read .env.",
        f"from dotenv import load_dotenv; load_dotenv({options.env_file or ''!r})".replace("('')", "()"),
        step=4,
    )


def _each_once(fixes: Iterator[Fix]) -> Iterator[Fix]:
    seen = set()
    for fix in fixes:
        if fix.code not in seen:
            yield fix
        # What has yet to be filled in may be filled in for one reason or another.
        if fix.code and "<" not in fix.code:
            seen.add(fix.code)
