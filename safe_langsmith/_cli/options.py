"""The options of the command line. They cannot hold a key, and errors do not repeat text that looks like one."""

from __future__ import annotations

import argparse
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

import langsmith

import safe_langsmith
from safe_langsmith._cli.terminal import tell, write
from safe_langsmith._core.needs import needs_of
from safe_langsmith._core.redaction import HIDDEN, sanitize
from safe_langsmith._recovery.local import read_dotenv
from safe_langsmith.diagnosis import Cause

NOTHING_WRONG = 0
PROBLEM = 1
WRONG_ARGUMENTS = 2
COULD_NOT_TELL = 3
INTERRUPTED = 130

VERSION = (
    f"safe-langsmith {safe_langsmith.__version__} "
    f"(langsmith {langsmith.__version__}, Python {platform.python_version()})"
)
_DESCRIPTION = """\
Check the LangSmith key, endpoint and workspace that a client created here would use, and say what to do if something
is wrong. The check sends at most four different requests, which only read. It takes the key from LANGSMITH_API_KEY or
the login profile, and never shows it. "safe-langsmith run PROGRAM" runs a program with safe clients instead."""
_EPILOG = "exit codes: 0 nothing wrong, 1 a problem found, 2 wrong arguments, 3 could not tell, 130 interrupted"
# argparse repeats the typed text here, which may be a key.
_TYPED = re.compile(r"(explicit argument ).*")
_OPTION = re.compile("-[a-zA-Z]|--[a-z-]{1,20}")


@dataclass(frozen=True)
class Options:
    """The options that the user typed.

    Attributes:
        as_json: Whether to print JSON.
        offline: Whether the command may send nothing.
        verbose: Whether to list checks that are fine, too.
        env_file: The `.env` to compare with, or `None` for the one that python-dotenv finds.
        load_env: Whether to load it over the environment first, as a program does that calls `load_dotenv`.
        endpoint: The endpoint to use, or `None` for the configured one.
        workspace_id: The workspace to name, or `None` for the configured one.
        find_region: Whether to ask the other regions as well, if the key is refused.
        can: What the program will do, with commas between; `None` for tracing, if it is on.
        explain: The cause whose page to print instead, empty for a list of them, or `None`.
        color: Whether colours may be printed on a terminal.
        fix: Whether to carry out the first fix in `.env`.
        yes: Whether to do so without asking.
    """

    as_json: bool = False
    offline: bool = False
    verbose: bool = False
    env_file: str | None = None
    load_env: bool = False
    endpoint: str | None = None
    workspace_id: str | None = None
    find_region: bool = False
    can: str | None = None
    explain: str | None = None
    color: bool = True
    fix: bool = False
    yes: bool = False


class WrongArguments(Exception):
    """The options do not fit the configuration that was found."""


def parse(argv: Sequence[str]) -> Options:
    """Return the options.

    Args:
        argv: The arguments.

    Raises:
        SystemExit: If they are wrong, with code 2; or after help or version was printed, with code 0.
    """
    parser = _Parser(prog="safe-langsmith", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False)
    parser.add_argument("--endpoint", metavar="URL", help="check this endpoint, not the configured one")
    parser.add_argument("--workspace-id", metavar="ID", help="name this workspace, not the configured one")
    parser.add_argument("--env-file", metavar="PATH", help="compare with this .env, not with the one that is found")
    parser.add_argument("--load-env", action="store_true", help="load the .env first, as programs do, not just compare")
    parser.add_argument(
        "--find-region", action="store_true", help="ask LangSmith's other regions about a refused key, too"
    )
    parser.add_argument(
        "--can",
        metavar="NAMES",
        action="append",
        help="check permissions, too: tracing, evaluate, or names such as datasets:create, with commas between",
    )
    parser.add_argument("--offline", action="store_true", help="send nothing; check the values alone")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="list the checks that are fine, too")
    parser.add_argument(
        "--explain", metavar="CAUSE", nargs="?", const="", help="print the page on a cause, or a list of them, and exit"
    )
    parser.add_argument(
        "--no-color", action="store_false", dest="color", help="print no colours; NO_COLOR does the same"
    )
    parser.add_argument(
        "--fix", action="store_true", help="show what the first fix changes in .env, ask, and change it"
    )
    parser.add_argument("--yes", action="store_true", help="with --fix: write it without asking")
    parser.add_argument("--version", action="version", version=VERSION)
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unrecognized(unknown))
    if known.can is not None:
        known.can = ",".join(known.can)
    options = Options(**vars(known))
    if options.explain and options.explain not in set(Cause):
        parser.error(f"no such cause; --explain takes one of {', '.join(Cause)}")
    if options.endpoint is not None and not _is_url(options.endpoint):
        parser.error("--endpoint must be a URL that begins with https:// or http://")
    if options.can is not None:
        try:
            needs_of(options.can)
        except ValueError as unknown_name:
            parser.error(str(unknown_name))
    if options.fix and options.as_json:
        parser.error("--fix prints text; leave out --json")
    if options.yes and not options.fix:
        parser.error("--yes belongs to --fix")
    if options.find_region and options.offline:
        parser.error("--find-region sends requests, and --offline sends none")
    if options.env_file is not None or options.load_env:
        error = read_dotenv(options.env_file).error
        if error:
            file = ".env" if options.env_file is None else "the file of --env-file"
            parser.error(f"{file} could not be read: {error}")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse raises if standard error is full, and takes standard output if standard error is closed.
        shown = sanitize(_TYPED.sub(rf"\1{HIDDEN}", message), 400).encode("ascii", "backslashreplace").decode()
        tell(f"{self.format_usage()}{self.prog}: error: {shown}")
        sys.exit(WRONG_ARGUMENTS)

    def _print_message(self, message: str, file: object = None) -> None:
        """Print the help or the version. Some versions of argparse ignore that it cannot be written, others raise."""
        if not write(message.removesuffix("\n")):
            sys.exit(COULD_NOT_TELL)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _unrecognized(arguments: Sequence[str]) -> str:
    """Return an error that names options and no values: a user who tries `--api-key` has typed the key after it."""
    names = [a.partition("=")[0] if a.startswith("--") else a[:2] for a in arguments if a.startswith("-")]
    if not names:
        return "only options are accepted; `run` has to come first"
    shown = " ".join(name if _OPTION.fullmatch(name) else HIDDEN for name in names)
    hint = "; the key is taken from LANGSMITH_API_KEY" if "key" in shown else ""
    return f"unrecognized arguments: {shown}{hint}"
