"""Reading what this machine says now: the `.env` file and the profile."""

from __future__ import annotations

import codecs
import importlib.util
import io
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FunctionType

from safe_langsmith._core.settings import Dotenv, Profile

PathLike = str | os.PathLike[str]
_LARGEST_DOTENV = 200_000


def read_dotenv(path: PathLike | None = None) -> Dotenv:
    """Returns what a `.env` file says, without changing the environment.

    Args:
        path: The file; by default what python-dotenv finds from the working directory upwards, with what it finds from
            the main script upwards in `elsewhere`.
    """
    try:
        if path is not None:
            return _read(os.fspath(path))
        from dotenv import find_dotenv

        found = find_dotenv(usecwd=True)
        dotenv = _read(found) if found else Dotenv()
        return replace(dotenv, hints=(*_place(found), *dotenv.hints), elsewhere=_elsewhere(found))
    except Exception as error:  # A diagnosis is told without its .env file rather than not at all.
        return Dotenv(trouble=_reason(error))


def _read(path: str) -> Dotenv:
    try:
        status = os.stat(path)
        # Some password managers serve .env from a pipe, where reading could wait for ever.
        if not stat.S_ISREG(status.st_mode):
            return Dotenv(path, trouble="it is not a regular file")
        with open(path, "rb", opener=_open_at_once) as stream:
            content = stream.read(_LARGEST_DOTENV + 1)
        if len(content) > _LARGEST_DOTENV:
            return Dotenv(path, trouble="it is too large")
        # Without a mark at its start, UTF-16 shows by the zeros beside its first letters.
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:4]:
            return Dotenv(path, trouble="it is UTF-16 text, as PowerShell writes it; save it as UTF-8")
        return _parse(path, io.StringIO(content.decode("utf-8"), newline=None).getvalue())
    except Exception as error:  # As above.
        return Dotenv(path, trouble=_reason(error))


def _open_at_once(path: str, flags: int) -> int:
    # It may have become a pipe just now.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _parse(path: str, text: str) -> Dotenv:
    from safe_langsmith._core.dotenv import is_too_much, read_text

    if is_too_much(text):
        return Dotenv(path, trouble="it is too large")
    told = read_text(text, dict(os.environ))
    return Dotenv(path, told.lines, remarks=told.remarks, hints=told.hints)


def _place(found: str) -> tuple[str, ...]:
    above = len(Path.cwd().parts) - len(Path(found).parent.parts) if found else 0
    directories = "directory" if above == 1 else "directories"
    return (f"it was found {above} {directories} above the working directory",) if above > 0 else ()


def _elsewhere(compared: str) -> Dotenv | None:
    try:
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        if not isinstance(script, str) or not os.path.isfile(script) or _is_installed(script):
            return None
        from dotenv import find_dotenv

        # python-dotenv searches from the file that its caller's code names, unless it knows better.
        found = FunctionType(_call.__code__.replace(co_filename=script), {})(find_dotenv)
        return _read(found) if found and not (compared and os.path.samefile(found, compared)) else None
    except Exception:  # Where it cannot be found out, no other file is named.
        return None


def _call(find: Callable[[], str]) -> str:
    return find()


def _is_installed(script: str) -> bool:
    """Whether a script came with a package, as the command `pytest` did: no user's `load_dotenv()` stands in it."""
    places = _places_of_packages()
    return any(str(parent) in places for parent in Path(os.path.realpath(script)).parents)


@cache
def _places_of_packages() -> frozenset[str]:
    import sysconfig

    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    kinds = ("scripts", "purelib", "platlib", "stdlib")
    installed = {os.path.realpath(sysconfig.get_path(kind, scheme)) for scheme in schemes for kind in kinds}
    # The command line of this library is no user's script either.
    return frozenset({*installed, os.path.dirname(os.path.dirname(os.path.realpath(__file__)))})


def read_profile(profile: str | None = None, config_path: str | None = None) -> Profile | None:
    """Returns what the SDK's login profile says, or `None` where there is none or the SDK has no profiles.

    Args:
        profile: The profile's name, where the client was given one.
        config_path: The config file, where the client was given one.
    """
    try:
        if not _sdk_has_profiles():
            return None
        from langsmith._internal._profiles import load_profile_client_config

        given = {"profile": profile, "config_path": config_path}
        config = load_profile_client_config(**{key: value for key, value in given.items() if value is not None})
        state = config.profile_state
        if state is None:
            return None
        values = {"endpoint": config.api_url, "api_key": config.api_key, "workspace_id": config.workspace_id}
        return Profile(
            label=f'profile "{state.profile_name}" in {Path(state.path).name}',
            values={key: value for key, value in values.items() if isinstance(value, str)},
            oauth=bool(config.has_oauth),
        )
    except Exception:  # A private module of the SDK: whatever it has become, a profile is only one more source.
        return None


@cache
def _sdk_has_profiles() -> bool:
    """Whether the SDK has that module. Python would look for a missing one each time, and hold a lock meanwhile."""
    return importlib.util.find_spec("langsmith._internal._profiles") is not None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return str(error) if type(error) is ValueError else type(error).__name__
