"""The options of the command line. They cannot hold a key, and what looks like one is not repeated."""

from __future__ import annotations

import argparse
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

import langsmith

import safe_langsmith
from safe_langsmith._core.redaction import HIDDEN, clean
from safe_langsmith._recovery.local import read_dotenv
from safe_langsmith.diagnosis import Cause

VERSION = (
    f"safe-langsmith {safe_langsmith.__version__} "
    f"(langsmith {langsmith.__version__}, Python {platform.python_version()})"
)
_DESCRIPTION = """\
Checks the LangSmith key, endpoint and workspace that a client made here would use, with at most three different
requests that only read, and says what to do where something is wrong. The key is taken from LANGSMITH_API_KEY or the
login profile, and is never shown."""
_EPILOG = """\
exit codes: 0 nothing wrong, 1 a problem found, 2 wrong arguments, 3 could not tell, 130 interrupted"""


@dataclass(frozen=True)
class Options:
    """What the user wants.

    Attributes:
        as_json: Whether to print JSON.
        offline: Whether nothing may be sent.
        verbose: Whether to list what is fine, too.
        env_file: The `.env` to compare with, or `None` for the one that is found.
        load_env: Whether to load it over the environment first, as a program does that calls `load_dotenv`.
        endpoint: The endpoint to use, or `None` for the configured one.
        workspace_id: The workspace to name, or `None` for the configured one.
        explain: The cause whose page to print instead, empty for a list of them, or `None`.
    """

    as_json: bool = False
    offline: bool = False
    verbose: bool = False
    env_file: str | None = None
    load_env: bool = False
    endpoint: str | None = None
    workspace_id: str | None = None
    explain: str | None = None


def parse(argv: Sequence[str]) -> Options:
    """Returns the options.

    Args:
        argv: The arguments.

    Raises:
        SystemExit: If they are wrong, with code 2; or after help or version was printed, with code 0.
    """
    parser = _Parser(
        prog="safe-langsmith",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--endpoint", metavar="URL", help="check this endpoint, not the configured one")
    parser.add_argument("--workspace-id", metavar="ID", help="name this workspace, not the configured one")
    parser.add_argument("--env-file", metavar="PATH", help="compare with this .env, not with the one that is found")
    parser.add_argument("--load-env", action="store_true", help="load the .env first, as programs do, not just compare")
    parser.add_argument("--offline", action="store_true", help="send nothing; look at the values alone")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    parser.add_argument("-v", "--verbose", action="store_true", help="list the checks that are fine, too")
    parser.add_argument(
        "--explain", metavar="CAUSE", nargs="?", const="", help="print the page on a cause, or a list of them, and end"
    )
    parser.add_argument("--version", action="version", version=VERSION)
    known, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unrecognized(unknown))
    options = Options(**vars(known))
    if options.explain and options.explain not in set(Cause):
        parser.error(f"no such cause; --explain takes one of {', '.join(Cause)}")
    if options.endpoint is not None and not _is_url(options.endpoint):
        parser.error("--endpoint must be a URL that begins with https:// or http://")
    if options.env_file is not None or options.load_env:
        trouble = read_dotenv(options.env_file).trouble
        if trouble:
            file = ".env" if options.env_file is None else "the file of --env-file"
            parser.error(f"{file} could not be read: {trouble}")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        shown = re.sub(r"(explicit argument ).*", rf"\1{HIDDEN}", message)
        super().error(clean(shown, 400).encode("ascii", "backslashreplace").decode())


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _unrecognized(arguments: Sequence[str]) -> str:
    """Names options and no values: who tries `--api-key` has written the key behind it."""
    names = [a.partition("=")[0] if a.startswith("--") else a[:2] for a in arguments if a.startswith("-")]
    names = [name if re.fullmatch("-[a-zA-Z]|--[a-z-]{1,20}", name) else HIDDEN for name in names]
    if any("key" in name for name in names):
        return f"unrecognized arguments: {' '.join(names)}; the key is taken from LANGSMITH_API_KEY"
    return f"unrecognized arguments: {' '.join(names)}" if names else "it takes nothing but options"
