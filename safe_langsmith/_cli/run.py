"""`python -m safe_langsmith run`: run a program with safe clients, unchanged.

The program takes the place of this process. It therefore has the process ID, standard streams, signals and exit code
that it would have without this library, and no frame of this library in its tracebacks. A folder on PYTHONPATH makes
its own Python, and every Python that it starts, call `install` at startup (`startup/sitecustomize.py`).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence

from safe_langsmith._cli.terminal import complain, tell, write
from safe_langsmith._core.redaction import sanitize

WRONG_ARGUMENTS = 2
NOT_EXECUTABLE = 126
NOT_FOUND = 127
INTERRUPTED = 130

USAGE = """\
usage: safe-langsmith run PROGRAM [ARGUMENTS]
       safe-langsmith run -m MODULE [ARGUMENTS]

Run a program with safe clients. Each langsmith.Client and AsyncClient that it
creates retries or explains a 403, also in the Python processes that it starts.
PROGRAM is a Python file, or a command such as pytest or celery."""

_STARTUP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")
_PYTHON_FILES = (".py", ".pyw", ".pyc", ".pyz", ".zip")


def run(arguments: Sequence[str]) -> int:
    """Run a program in place of this process. Return an exit code only if there is no such program.

    Args:
        arguments: The arguments after `run`.
    """
    if arguments and arguments[0] in ("-h", "--help"):
        return 0 if write(USAGE) else 1
    try:
        return _execute(_command(arguments), _environment())
    except ValueError as error:
        tell(f"{USAGE}\n\nsafe-langsmith: error: {error}")
        return WRONG_ARGUMENTS
    except OSError as error:
        complain(f"error: {_shown(str(error.filename))}: {error.strerror}")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def _command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of the program.

    Args:
        arguments: The arguments after `run`.

    Raises:
        ValueError: If they name no program.
        FileNotFoundError: If there is no such program.
    """
    first = arguments[0] if arguments else ""
    if first.startswith("-m") and (first != "-m" or len(arguments) > 1):
        return [*_python(), *arguments]
    if first == "--":
        arguments = arguments[1:]
    elif first.startswith("-"):
        # Not repeated: a user who tries `--api-key` has typed the key after it.
        raise ValueError("options of the program belong after its name")
    if not arguments:
        raise ValueError("PROGRAM is missing")
    program, *others = arguments
    if not program.endswith(_PYTHON_FILES):
        # A command of this Python's environment is meant, also if that is not activated.
        folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
        found = shutil.which(program, path=folders)
        if found is not None:
            return [found, *others]
        if not os.path.exists(program):
            raise FileNotFoundError(2, "no such command or file", program)
    return [*_python(), *(["--"] if program.startswith("-") else []), program, *others]


def _python() -> list[str]:
    """Return this Python, with the options that it was started with."""
    own = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv[1:])]
    options, before_module = own[:-1], own[-2:-1]
    if before_module and re.fullmatch("-[A-Za-z]*m", before_module[0]):
        # Of `-um safe_langsmith`, `-u` is left.
        options[-1:] = [before_module[0][:-1]] if before_module[0] != "-m" else []
    return [sys.executable, *options]


def _environment() -> Mapping[str, str]:
    """Return the environment of the program: this one, and the startup folder at the front of PYTHONPATH."""
    if sys.flags.ignore_environment or sys.flags.no_site:
        complain("warning: with -E, -I or -S, Python does not load this library into the program")
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry != _STARTUP]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([_STARTUP, *others]).rstrip(os.pathsep)}


def _execute(command: list[str], environment: Mapping[str, str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if os.name != "nt":
        # Python ignores them, and a program that is not written in Python would inherit that.
        for name in ("SIGPIPE", "SIGXFSZ"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        os.execve(command[0], command, environment)  # noqa: S606 # the user typed the command
    # Windows cannot replace a process: the shell would not wait for the new one.
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 # the user typed it


def _shown(text: str) -> str:
    return sanitize(text, 200).encode("ascii", "backslashreplace").decode()
