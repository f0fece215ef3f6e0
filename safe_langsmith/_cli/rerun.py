"""The command once more: what the user typed, with one thing changed, as a line to copy."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from safe_langsmith._cli.options import Options
from safe_langsmith._core.redaction import redact
from safe_langsmith._core.settings import effective, normal
from safe_langsmith.diagnosis import Setting

COMMAND = "python -m safe_langsmith"
OPTIONS = {"endpoint": "--endpoint", "workspace_id": "--workspace-id"}
"""The options that are the source of a setting, by its name."""


def again(
    options: Options,
    settings: Mapping[str, Setting],
    changed: str | None = None,
    value: str = "",
    load_env: bool = False,
) -> str | None:
    """Returns the command with all that bears on what it finds, or `None` where a part of that may not be shown.

    Args:
        options: What the user typed.
        settings: The settings as they may be shown.
        changed: The setting that the option is to name in place of what was typed.
        value: What it is to name; empty for none.
        load_env: Whether to load the `.env`, also where the user did not ask for it.
    """
    words = [COMMAND]
    for name, option in OPTIONS.items():
        typed: str | None = getattr(options, name)
        if name == changed:
            words += _given(option, value)
        elif typed is not None:
            # A password or a key that was typed is not shown, and without it the line would do something else.
            if (normal(name, typed) or "") != (settings[name].value or ""):
                return None
            words += _given(option, typed)
    if options.load_env or load_env:
        words.append("--load-env")
    if options.env_file is not None:
        if not may_be_copied(options.env_file):
            return None
        words += _given("--env-file", options.env_file)
    if options.offline:
        words.append("--offline")
    return " ".join(words)


def _given(option: str, value: str) -> tuple[str, ...]:
    # What begins with a dash would be taken for an option itself.
    return (f"{option}={shlex.quote(value)}",) if value.startswith("-") else (option, shlex.quote(value))


def shown_path(path: str) -> str:
    """Returns a path as it may be shown: a directory may be named like a key."""
    return redact(path, [value for _, value in effective("api_key", os.environ)])


def may_be_copied(path: str) -> bool:
    """Whether a path may stand in a line to copy, which needs the whole of it."""
    return shown_path(path) == path
