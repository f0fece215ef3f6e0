"""The command: what it does in which order, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from safe_langsmith._cli.check import Found, look
from safe_langsmith._cli.explain import contents, page
from safe_langsmith._cli.options import Options, parse
from safe_langsmith._cli.report import as_text
from safe_langsmith._cli.terminal import complain, progress, quiet, settle, write
from safe_langsmith._cli.wording import for_command_line, found_in_ascii, in_ascii
from safe_langsmith._core.settings import Dotenv
from safe_langsmith._recovery.local import read_dotenv
from safe_langsmith.diagnosis import Cause

NOTHING_WRONG = 0
PROBLEM = 1
COULD_NOT_TELL = 3
INTERRUPTED = 130

SCHEMA = 1
"""The version of what `--json` prints. A new key is no new version; another meaning of an old one is."""


def main(argv: Sequence[str] | None = None) -> int:
    """Looks at the configuration found here, prints what it found, and returns the exit code. Never raises.

    Args:
        argv: The arguments; by default the process's own.

    Returns:
        0 if nothing is wrong, 1 if a problem was found, 2 for wrong arguments, 3 if it could not tell, and 130 if it
        was interrupted.
    """
    try:
        with quiet():
            return _run(parse(sys.argv[1:] if argv is None else argv))
    except SystemExit as end:  # How argparse ends, after it has printed what was asked for or what is wrong.
        return end.code if isinstance(end.code, int) else NOTHING_WRONG
    except BrokenPipeError:  # Nobody reads what argparse prints.
        return NOTHING_WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        # No text of its own: whatever this is, it may hold anything.
        complain(f"could not tell: {type(error).__name__}")
        return COULD_NOT_TELL
    finally:
        settle()


def _run(options: Options) -> int:
    if options.explain is not None:
        text = page(Cause(options.explain)) if options.explain else contents()
        return NOTHING_WRONG if write(in_ascii(text)) else COULD_NOT_TELL
    with progress() as tell:
        found = look(options, tell)
    file = read_dotenv(options.env_file)
    found, dotenv = for_command_line(found, Dotenv(file.path, trouble=file.trouble), options)
    if options.as_json:
        text = json.dumps({"schema": SCHEMA, **found.to_dict()}, indent=2)
    else:
        text = as_text(found_in_ascii(found), in_ascii(dotenv), options)
    return _code(found) if write(text) else COULD_NOT_TELL


def _code(found: Found) -> int:
    if found.cause is None:
        return NOTHING_WRONG
    return COULD_NOT_TELL if found.cause is Cause.UNDETERMINED else PROBLEM
