"""Read the SDK's login profile."""

from __future__ import annotations

import importlib.util
import os
import stat
from functools import cache
from pathlib import Path

from safe_langsmith._core.settings import Profile
from safe_langsmith._log import boundary

_LARGEST_CONFIG = 1_000_000


def read_profile(profile: str | None = None, config_path: str | None = None) -> Profile | None:
    """Return the SDK's login profile, or `None` if there is none or the SDK has no profiles.

    Args:
        profile: The profile's name, if the client was given one.
        config_path: The config file, if the client was given one.
    """
    # The module is private to the SDK and may change. A diagnosis can do without a profile.
    with boundary():
        if not _sdk_has_profiles() or not _is_readable(config_path):
            return None
        from langsmith._internal._profiles import load_profile_client_config

        given = {"profile": profile, "config_path": config_path}
        config = load_profile_client_config(**{key: value for key, value in given.items() if value is not None})
        state = config.profile_state
        if state is None:
            return None
        values = {"endpoint": config.api_url, "api_key": config.api_key, "workspace_id": config.workspace_id}
        return Profile(
            name=str(state.profile_name),
            file=Path(state.path).name,
            values={key: value for key, value in values.items() if isinstance(value, str)},
            oauth=bool(config.has_oauth),
        )
    return None


def _is_readable(config_path: str | None) -> bool:
    """Return whether the config file can be read without waiting, and in the memory of a config file.

    The SDK's reader would wait for ever for the other end of a pipe.
    """
    given = config_path or os.environ.get("LANGSMITH_CONFIG_FILE")
    path = Path(given).expanduser() if given else Path.home() / ".langsmith" / "config.json"
    try:
        status = path.stat()
    except (OSError, ValueError):  # There is none, which is usual.
        return False
    # The files of the kernel say that they are empty, and some of them never end.
    return stat.S_ISREG(status.st_mode) and 0 < status.st_size <= _LARGEST_CONFIG


@cache
def _sdk_has_profiles() -> bool:
    """Return whether the SDK has profiles. Importing a missing module each time would be slow and take a lock."""
    return importlib.util.find_spec("langsmith._internal._profiles") is not None
