"""Read the `.env` file as it is now."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from safe_langsmith._core.settings import Dotenv, DotenvLine
from safe_langsmith._core.variables import Environment

if TYPE_CHECKING:
    from safe_langsmith._recovery.state import PathLike

_LARGEST_DOTENV = 200_000
# Text that is not UTF-8 raises ValueError; an invalid path may raise TypeError.
_UNREADABLE = (OSError, TypeError, ValueError, MemoryError, RecursionError)


def read_dotenv(path: PathLike | None = None) -> Dotenv:
    """Read a `.env` file without changing the environment.

    Args:
        path: The file. By default, the one that python-dotenv finds from the working directory upwards, with the one
            that it would find from the main script upwards in `elsewhere`.
    """
    try:
        if path is not None:
            return _read(os.fspath(path))
        from dotenv import find_dotenv

        found = find_dotenv(usecwd=True)
        dotenv = _read(found) if found else Dotenv()
        return replace(dotenv, hints=(*_place(found), *_unread(found)), elsewhere=_elsewhere(found))
    except _UNREADABLE as error:  # An unreadable .env must not cost the user the diagnosis.
        return Dotenv(error=_reason(error))


def _read(path: str) -> Dotenv:
    try:
        status = os.stat(path)
        # Some password managers serve .env from a pipe. Reading it could block forever.
        if not stat.S_ISREG(status.st_mode):
            return Dotenv(path, error="it is not a regular file")
        with open(path, "rb", opener=open_at_once) as stream:
            content = stream.read(_LARGEST_DOTENV + 1)
        if len(content) > _LARGEST_DOTENV:
            return Dotenv(path, error="it is too large")
        # UTF-16 without a byte order mark has a zero byte beside each of its first letters.
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:4]:
            error = "it is UTF-16 text, as PowerShell writes it; save it as UTF-8"
            return Dotenv(path, error=error, unread=_workspaces_in(content.replace(b"\0", b"")))
        return _parse(path, io.StringIO(content.decode("utf-8"), newline=None).getvalue())
    except _UNREADABLE as error:
        # What is in another encoding may still name a workspace in letters of ASCII.
        unread = _workspaces_in(error.object) if isinstance(error, UnicodeDecodeError) else ()
        return Dotenv(path, (), _reason(error), is_forbidden=isinstance(error, PermissionError), unread=unread)


def open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for anybody: it may have been replaced by a pipe since it was checked."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _parse(path: str, text: str) -> Dotenv:
    from safe_langsmith._core.dotenv import is_too_much, read_text

    if is_too_much(text):
        return Dotenv(path, error="it is too large")
    parsed = read_text(text, Environment(os.environ))
    return Dotenv(path, parsed.lines, warnings=parsed.warnings, misread=parsed.misread, unread=parsed.unread)


def _workspaces_in(content: bytes) -> tuple[DotenvLine, ...]:
    from safe_langsmith._core.dotenv import workspaces_in

    return tuple(workspaces_in(content.decode("latin-1")))


def _place(found: str) -> tuple[str, ...]:
    above = len(Path.cwd().parts) - len(Path(found).parent.parts) if found else 0
    directories = "directory" if above == 1 else "directories"
    return (f"it was found {above} {directories} above the working directory",) if above > 0 else ()


def _unread(found: str) -> tuple[str, ...]:
    """Return a remark on the file that other tools read beside `.env`, if there is one."""
    local = Path(found).parent / ".env.local" if found else Path(".env.local")
    return (f"{local} is there, too, and neither the client nor load_dotenv() reads it",) if local.is_file() else ()


def _elsewhere(compared: str) -> Dotenv | None:
    try:
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        if not isinstance(script, str) or not os.path.isfile(script) or _is_installed(script):
            return None
        folders = Path(os.path.abspath(script)).parents
        found = next((path for folder in folders if os.path.isfile(path := folder / ".env")), None)
        return _read(str(found)) if found and not (compared and os.path.samefile(found, compared)) else None
    except _UNREADABLE:  # If the file cannot be found, none is named.
        return None


def _is_installed(script: str) -> bool:
    """Return whether a script belongs to a package, as the command `pytest` does: it calls no `load_dotenv()`."""
    places = _places_of_packages()
    return any(str(parent) in places for parent in Path(os.path.realpath(script)).parents)


@cache
def _places_of_packages() -> frozenset[str]:
    import sysconfig

    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    kinds = ("scripts", "purelib", "platlib", "stdlib")
    installed = {os.path.realpath(sysconfig.get_path(kind, scheme)) for scheme in schemes for kind in kinds}
    # The command line of this library is not a user's script either.
    return frozenset({*installed, os.path.dirname(os.path.dirname(os.path.realpath(__file__)))})


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    return str(error) if type(error) is ValueError else type(error).__name__
