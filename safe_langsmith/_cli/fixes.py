"""Fixes for a reader at a shell: variables and options in place of Python, and `.env` in place of a reload."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safe_langsmith._cli.options import Options
from safe_langsmith._core.fixes.shared import DOTENV_URL
from safe_langsmith._core.model import CREDENTIALS, Configuration
from safe_langsmith._core.redaction import redact
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._core.variables import VARIABLES, effective, normal
from safe_langsmith.actions import (
    CorrectDotenv,
    CreateClient,
    LoadDotenv,
    PassArgument,
    PreferProfile,
    ReloadEnvironment,
    RunCommand,
    SetVariable,
    Steps,
    UnsetVariable,
)
from safe_langsmith.diagnosis import Action, Cause, Confidence, Fix

COMMAND = ("python", "-m", "safe_langsmith")
OPTIONS = {"endpoint": "--endpoint", "workspace_id": "--workspace-id"}
"""The options that give a setting, by the setting's name."""

_SETTING_OF = {"api_url": "endpoint", "workspace_id": "workspace_id"}
# If such a value is missing or wrong and .env has another, the program may load that.
_MAY_BE_LOADED = {Cause.KEY_MISSING: "api_key", Cause.WORKSPACE_REQUIRED: "workspace_id"}


@dataclass(frozen=True)
class Situation:
    """The options, settings and file that the fixes at a shell depend on.

    Attributes:
        options: What the user typed.
        configuration: The settings with their origins.
        dotenv: The `.env` that was compared or loaded.
    """

    options: Options
    configuration: Configuration
    dotenv: Dotenv

    def rerun(self, setting: str | None = None, value: str = "", load_env: bool = False) -> RunCommand | None:
        """Return the command with what was typed and one change, or `None` if a part of it must not be shown.

        Args:
            setting: The setting to give by its option, or `None`.
            value: Its value; empty for none.
            load_env: Whether to load the `.env`, also if the user did not ask for it.
        """
        words = [*COMMAND]
        for name, option in OPTIONS.items():
            typed: str | None = getattr(self.options, name)
            if name == setting:
                words += _given(option, value)
            elif typed is not None:
                # A password or a key that was typed must not be shown, and without it the command does something else.
                if (normal(name, typed) or "") != (self.configuration[name].value or ""):
                    return None
                words += _given(option, typed)
        if self.options.can is not None:
            words += _given("--can", self.options.can)
        if self.options.load_env or load_env:
            words.append("--load-env")
        if self.options.env_file is not None:
            if not may_be_shown(self.options.env_file):
                return None
            words += _given("--env-file", self.options.env_file)
        return RunCommand((*words, "--offline") if self.options.offline else tuple(words))

    def differing(self) -> dict[str, list[str]]:
        """Return the variables in `.env` that hold another key, endpoint or workspace than is in use, by setting."""
        file = self.dotenv.display_path
        found = {
            name: [
                other.origin.name or ""
                for other in self.configuration[name].others
                if other.origin.kind == "dotenv" and other.origin.file == file
            ]
            for name in CREDENTIALS
        }
        return {name: variables for name, variables in found.items() if variables}

    def overriding(self) -> tuple[str, ...]:
        """Return the variables that are set and keep `.env` from setting them."""
        used = {name: self.configuration[name].origin.variable for name in CREDENTIALS}
        return tuple(used[name] or "" for name, variables in self.differing().items() if used[name] in variables)

    def is_in_file(self, variable: str) -> bool:
        """Return whether the `.env` sets a variable."""
        settings = self.configuration.settings.values()
        origins = [each.origin for setting in settings for each in (setting, *setting.others)]
        return any(origin.name == variable and origin.file for origin in origins)


def fixes_for_shell(
    fixes: tuple[Fix, ...], cause: Cause | None, confidence: Confidence | None, situation: Situation
) -> tuple[Fix, ...]:
    """Return fixes that a reader at a shell can carry out; their code is not rendered.

    Args:
        fixes: The fixes of the diagnosis.
        cause: Its cause, or `None` if nothing is wrong.
        confidence: Its confidence.
        situation: What was typed, and what is configured.
    """
    # Their code may be that of an action that changes here.
    fixes = tuple(replace(fix, code=None) for fix in fixes)
    # A new process keeps nothing, so a reload only helps if `.env` holds something else than the environment.
    reloads = [fix for fix in fixes if isinstance(fix.action, ReloadEnvironment | CreateClient)]
    others = [fix for fix in fixes if fix not in reloads]
    differing = {} if situation.options.load_env or situation.dotenv.path is None else situation.differing()
    use_dotenv: list[Fix] = []
    if differing and (reloads or (cause and _MAY_BE_LOADED.get(cause) in differing)):
        use_dotenv = list(_use_dotenv(situation, works=confidence is Confidence.POSSIBLE))
    before = fixes.index(reloads[0]) if reloads else 0
    chosen = [*others[:before], *use_dotenv, *others[before:]] or fixes
    return _with_readable_dotenv(tuple(_at_shell(fix, situation) for fix in chosen), situation.dotenv)


def _use_dotenv(situation: Situation, works: bool) -> Iterator[Fix]:
    """Yield how to use the values of `.env`, or how to check them."""
    check, overriding = situation.rerun(load_env=True), situation.overriding()
    if overriding:
        names = " and ".join(overriding)
        detail = (
            "A variable that is set overrides .env: load_dotenv() does not change it. Unset it also in the file that "
            "sets it, such as a shell's profile, or the next shell sets it again."
        )
        if works:
            detail += f" If {names} is right, as in a deployment beside a developer's .env, change nothing."
        unset = "If .env is right, unset" if works else "Unset"
        title = f"{unset} {names}, so that .env counts, and check what .env says"
        yield Fix(title, detail, action=Steps(tuple(filter(None, (UnsetVariable(overriding), check)))), step=4)
        return
    yield Fix(
        "If your program loads .env itself, check with what .env says",
        "Without --load-env, this command compares .env and does not load it.",
        action=check,
        step=4,
    )
    file = situation.options.env_file
    yield Fix(
        "If it does not, let it load .env before it creates a client",
        "The SDK does not read .env.",
        action=LoadDotenv(file) if may_be_shown(file or "") else None,
        step=4,
    )


def _at_shell(fix: Fix, situation: Situation) -> Fix:
    match fix.action:
        case PassArgument(name) if name in _SETTING_OF:
            return replace(fix, action=_without_python(fix.action, situation))
        case SetVariable() if not situation.options.load_env:
            return replace(fix, action=replace(fix.action, file=None))
        case UnsetVariable(names) | PreferProfile(names) if situation.options.load_env:
            return _unset(fix, names, situation)
    return fix


def _without_python(action: PassArgument, situation: Situation) -> Action | None:
    """Return how to give the value of a client's argument in the place that the value in use comes from."""
    setting = _SETTING_OF[action.name]
    used, load_env = situation.configuration[setting], situation.options.load_env
    # To unset a variable does not help if a profile or .env gives the value again.
    remains = any(other.origin.kind == "profile" for other in used.others) or load_env or not used.origin.variable
    if used.origin.kind == "option" or (not action.value and remains):
        command = situation.rerun(setting, action.value)
        return replace(command, alternatives=action.alternatives) if command else None
    if not action.value:
        # If only the first were unset, the next would count.
        return UnsetVariable(tuple(each.name for each in situation.configuration.variables if each.setting == setting))
    return SetVariable(VARIABLES[setting][0], action.value, action.alternatives)


def _unset(fix: Fix, names: tuple[str, ...], situation: Situation) -> Fix:
    set_again = [name for name in names if situation.is_in_file(name)]
    others = tuple(name for name in names if name not in set_again)
    fix = replace(fix, action=UnsetVariable(others) if others else None)
    if not set_again:
        return fix
    return replace(fix, detail=f"{fix.detail} Take {' and '.join(set_again)} out of .env, which would set it again.")


def _with_readable_dotenv(fixes: tuple[Fix, ...], dotenv: Dotenv) -> tuple[Fix, ...]:
    """Return the fixes with one for a `.env` that cannot be read, and the command for it if there is one."""
    if not dotenv.error:
        return fixes
    # The command needs the path as it is.
    path = dotenv.path if dotenv.path and may_be_shown(dotenv.path) and dotenv.display_path == dotenv.path else None
    chmod = RunCommand(("chmod", "u+r", path)) if dotenv.is_forbidden and path and os.name != "nt" else None
    action = chmod or CorrectDotenv(path)
    if any(isinstance(fix.action, CorrectDotenv) for fix in fixes):
        return tuple(replace(fix, action=action) if isinstance(fix.action, CorrectDotenv) else fix for fix in fixes)
    detail = f"{shown_path(dotenv)} could not be read: {dotenv.error}. So it is not known whether its values differ."
    title = "Make .env readable, if your program loads it"
    return (*fixes, Fix(title, detail, action=action, url=DOTENV_URL, step=4))


def _given(option: str, value: str) -> tuple[str, ...]:
    # argparse takes a value that begins with a dash for an option.
    return (f"{option}={value}",) if value.startswith("-") else (option, value)


def shown_path(dotenv: Dotenv) -> str:
    """Return the path of a `.env` as it may be shown: a directory may be named like a key."""
    return redact(dotenv.display_path, known_keys())


def may_be_shown(path: str) -> bool:
    """Return whether a path may stand in a line to copy, which needs the whole of it."""
    return redact(path, known_keys()) == path


def known_keys() -> tuple[str, ...]:
    """Return the keys of this process, which must not be shown."""
    return tuple(value for _, value in effective("api_key", os.environ))
