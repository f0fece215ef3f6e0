"""Read the SDK's login profile."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from safe_langsmith._core.settings import Profile
from safe_langsmith._log import boundary


def read_profile(profile: str | None = None, config_path: str | None = None) -> Profile | None:
    """Return the SDK's login profile, or `None` if there is none or the SDK has no profiles.

    Args:
        profile: The profile's name, if the client was given one.
        config_path: The config file, if the client was given one.
    """
    # The module is private to the SDK and may change. A diagnosis can do without a profile.
    with boundary():
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
            name=str(state.profile_name),
            file=Path(state.path).name,
            values={key: value for key, value in values.items() if isinstance(value, str)},
            oauth=bool(config.has_oauth),
        )
    return None


@cache
def _sdk_has_profiles() -> bool:
    """Return whether the SDK has profiles. Importing a missing module each time would be slow and take a lock."""
    return importlib.util.find_spec("langsmith._internal._profiles") is not None
