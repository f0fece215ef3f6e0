"""`--fix`: show what the first fix changes in `.env`, ask, and change it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from safe_langsmith._cli.check import Checked, is_warning
from safe_langsmith._cli.fixes import known_keys
from safe_langsmith._cli.options import NOTHING_WRONG, Options
from safe_langsmith._cli.terminal import tell, write
from safe_langsmith._core.dotenv_edit import changed_lines, with_variable
from safe_langsmith._core.redaction import HIDDEN, redact
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith._recovery.local import open_at_once, read_dotenv
from safe_langsmith._render.text import is_choice_of_workspace
from safe_langsmith.actions import SetVariable, Steps
from safe_langsmith.diagnosis import Action

_USUAL = ".env"


def fix(checked: Checked, options: Options, exit_code: int) -> int:
    """Carry out the first fix in `.env`, and return the exit code: 0 if it is changed, or else that of the check.

    Args:
        checked: The result of the check.
        options: What the user typed.
        exit_code: The exit code of the check.
    """
    found = checked.found
    if found.cause is None or is_warning(found) or not found.fixes:
        return exit_code
    first, dotenv = found.fixes[0], read_dotenv(options.env_file)
    path = dotenv.path or options.env_file or _USUAL
    try:
        if dotenv.error:
            raise LookupError(f"{_USUAL} could not be read: {dotenv.error}.")
        before = _read(path)
        after = _edited(before, _chosen(first.action, checked, options))
    except (OSError, ValueError, LookupError) as error:
        tell(f"--fix changes nothing: {_reason(error)}")
        return exit_code
    if after == before:
        tell("--fix changes nothing: the first fix is not about a line in .env.")
        return exit_code
    write("")
    write(f"{'Change' if os.path.exists(path) else 'Create'} {redact(path, known_keys())}")
    for sign, line in changed_lines(before, after):
        write(f"  {sign} {_shown(line)}")
    if not (options.yes or _agreed()):
        tell("Nothing was changed.")
        return exit_code
    try:
        _replace(path, after)
    except OSError as error:
        tell(f"{redact(path, known_keys())} could not be written: {_reason(error)}")
        return exit_code
    write("Changed. Check it: python -m safe_langsmith --load-env")
    overriding = list(_overriding(first.action, checked))
    for name in overriding:
        write(f"{name} is also set in this shell and overrides .env. Unset it there: unset {name}")
    return exit_code if overriding else NOTHING_WRONG


def _chosen(action: Action | None, checked: Checked, options: Options) -> Action | None:
    """Return the action with one workspace or endpoint, if there are several: the one that the user chooses."""
    if isinstance(action, Steps):
        return replace(action, actions=tuple(_chosen(step, checked, options) or step for step in action.actions))
    if not isinstance(action, SetVariable) or not action.alternatives:
        return action
    values = (action.value, *action.alternatives)
    what = "workspace" if is_choice_of_workspace(action) else f"value of {action.name}"
    names = {workspace.id: workspace.name for workspace in checked.found.workspaces or ()}
    if options.yes or not _somebody_is_there():
        raise LookupError(f"each of {len(values)} can be the right {what}, and none is chosen for you.")
    for number, value in enumerate(values, 1):
        write(f"  {number}. {value}  {names.get(value, '')}".rstrip())
    answer = _ask(f"Which {what}? [1-{len(values)}] ")
    if not answer.isdecimal() or not 0 < int(answer) <= len(values):
        raise LookupError(f"no {what} was chosen.")
    return replace(action, value=values[int(answer) - 1], alternatives=())


def _edited(text: str, action: Action | None) -> str:
    # A fix that unsets a variable is about the shell: to take it out of .env could remove the value that is right.
    for step in _assignments(action):
        if "<" in step.value:
            raise LookupError(f"only you know the value. Put it behind {step.name}= yourself.")
        text = with_variable(text, step.name, step.value)
    return text


def _assignments(action: Action | None) -> list[SetVariable]:
    steps = action.actions if isinstance(action, Steps) else (action,)
    return [step for step in steps if isinstance(step, SetVariable)]


def _overriding(action: Action | None, checked: Checked) -> Iterator[str]:
    """Yield the variables that are set in the environment, so that `load_dotenv` does not set them."""
    for step in _assignments(action):
        if os.environ.get(step.name):
            origins = [setting.origin for setting in checked.configuration.settings.values()]
            if not any(origin.variable == step.name and origin.file for origin in origins):
                yield step.name


def _read(path: str) -> str:
    """Return the text of the file with its line ends as they are, or nothing if there is no file."""
    if not os.path.exists(path):
        return ""
    # A password manager may serve it as a pipe, which a file would replace with the secrets in plain text.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise LookupError(f"{_USUAL} could not be read: it is not a regular file.")
    with open(path, encoding="utf-8", newline="", opener=open_at_once) as stream:
        return stream.read()


def _replace(path: str, text: str) -> None:
    """Write the file whole or not at all. A symbolic link stays one, and the file keeps its mode."""
    target = os.path.realpath(path)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".env-")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        if os.path.exists(target):
            shutil.copymode(target, temporary)
            before = os.stat(target)
            if before.st_nlink > 1:
                raise OSError(0, "the file has another name, which would keep the old text")
            # The program that reads it may be another user's.
            if hasattr(os, "chown") and (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(temporary, before.st_uid, before.st_gid)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _shown(line: str) -> str:
    name = line.removeprefix("export ").partition("=")[0].strip()
    if name in VARIABLES["api_key"]:
        return f"{name}={HIDDEN}"
    return redact(line, known_keys())


def _agreed() -> bool:
    if not _somebody_is_there():
        tell("Nobody can be asked here; --yes changes it without asking.")
        return False
    return _ask("Write this? [y/N] ").lower() in ("y", "yes")


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(question: str) -> str:
    tell(question, end="")
    try:
        return input().strip()
    except EOFError:
        return ""


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "the file is not UTF-8 text."
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}."
    return str(error)
