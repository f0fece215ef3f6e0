"""Reading what this machine says now: the `.env` file and the profile."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from safe_langsmith._core.settings import Dotenv, DotenvLine, Profile

if TYPE_CHECKING:
    from dotenv.parser import Original

PathLike = str | os.PathLike[str]
_LARGEST_DOTENV = 1_000_000


def read_dotenv(path: PathLike | None = None) -> Dotenv:
    """Returns what a `.env` file says, without changing the environment.

    Args:
        path: The file; by default what python-dotenv finds from the working directory upwards.
    """
    found: str | None = None
    try:
        from dotenv import dotenv_values, find_dotenv
        from dotenv.parser import parse_stream

        found = os.fspath(path) if path is not None else find_dotenv(usecwd=True) or None
        if found is None:
            return Dotenv()
        status = os.stat(found)
        # Some password managers serve .env from a pipe, where reading could wait for ever.
        if not stat.S_ISREG(status.st_mode):
            return Dotenv(found, trouble="it is not a regular file")
        if status.st_size > _LARGEST_DOTENV:
            return Dotenv(found, trouble="it is too large")
        with open(found, encoding="utf-8") as stream:
            bindings = [(binding.key, _line_of(binding.original)) for binding in parse_stream(stream)]
        values = dotenv_values(found)
        lines = ((key, values.get(key), line) for key, line in bindings if key)
        return Dotenv(found, tuple(DotenvLine(key, value, line) for key, value, line in lines if value is not None))
    except (OSError, ValueError) as error:
        return Dotenv(found, trouble=_reason(error))


def read_profile(profile: str | None = None, config_path: str | None = None) -> Profile | None:
    """Returns what the SDK's login profile says, or `None` where there is none or the SDK has no profiles.

    Args:
        profile: The profile's name, where the client was given one.
        config_path: The config file, where the client was given one.
    """
    try:
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


def _line_of(original: Original) -> int:
    """The line of a definition; python-dotenv counts blank lines before it as its own."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else type(error).__name__
