"""Documented step 4: clear the SDK's cached variables and load `.env` again."""

from __future__ import annotations

import errno
import os
import sys
import traceback

from safe_langsmith._core.redaction import HIDDEN, redact_value
from safe_langsmith._core.variables import VARIABLES, Environment, shown
from safe_langsmith._recovery.state import PathLike
from safe_langsmith._sdk.compat import clear_caches
from safe_langsmith.diagnosis import Setting


def reload_environment(dotenv_path: PathLike | None = None) -> dict[str, Setting]:
    """Clear the environment variables that the SDK has cached, and load `.env` over the environment.

    This is `get_env_var.cache_clear()` and `load_dotenv(..., override=True)` of LangSmith's own article on 403 answers.
    It changes `os.environ`, as `load_dotenv` does. Existing clients keep their values: create new ones.

    Args:
        dotenv_path: The `.env` file; by default the one that python-dotenv finds from the working directory upwards.

    Returns:
        The variables that changed, by name, each with the new value, the line it comes from, and the old value in
        `others`. Keys are masked. The value of a variable that is for none of the five settings is hidden, because it
        may be a secret.

    Raises:
        OSError: If `dotenv_path` was given and cannot be read.
        UnicodeDecodeError: If the file is not UTF-8 text.
    """
    handled = sys.exc_info()[1]
    try:
        try:
            return _reload(dotenv_path)
        except BaseException as error:
            _clear(error, handled)
            raise
    except BaseException as error:
        # An interrupt may have come while the frames of the first exception were cleared.
        _clear(error, handled)
        raise
    finally:
        del handled


def _reload(dotenv_path: PathLike | None) -> dict[str, Setting]:
    from dotenv import find_dotenv, load_dotenv

    from safe_langsmith._recovery.local import read_dotenv

    clear_caches()
    path = os.fspath(dotenv_path) if dotenv_path is not None else find_dotenv(usecwd=True)
    if dotenv_path is not None:
        # load_dotenv() ignores a path that does not exist, which would hide a typing error.
        os.stat(path)
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    before = Environment(os.environ)
    if path:
        load_dotenv(path, override=True)
    lines = {line.name: line.line for line in read_dotenv(path or None).lines}
    changed = {}
    for name, value in os.environ.items():
        old = before.get(name)
        if value != old:
            place = f"{path}:{lines[name]}" if name in lines else path
            changed[name] = Setting(
                _shown(name, value), place, (Setting(_shown(name, old), "the environment before"),) if old else ()
            )
    # A key may be in the variable of another setting by mistake.
    keys = [variables.get(name, "") for variables in (before, os.environ) for name in VARIABLES["api_key"]]
    return redact_value(changed, tuple(keys))


def _clear(error: BaseException | None, handled: BaseException | None) -> None:
    """Remove the environment and the text of `.env` from an exception, and from the frames that it has passed.

    Args:
        error: The exception. The frame that catches it is still running, and so is not cleared.
        handled: The exception that the caller was handling before, whose frames are the caller's, or `None`.
    """
    while error is not None and error is not handled:
        if isinstance(error, UnicodeDecodeError):
            # It holds the whole file, and shows it in its `repr`. Of that, its text needs the byte in question.
            error.object = bytes(error.start) + error.object[error.start : error.end]
            error.args = (error.encoding, error.object, error.start, error.end, error.reason)
        traceback.clear_frames(error.__traceback__)
        error = error.__context__


def _shown(name: str, value: str) -> str:
    setting = next((setting for setting, names in VARIABLES.items() if name in names), None)
    return (shown(setting, value) if setting else None) or HIDDEN
