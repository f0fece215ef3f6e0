"""The command: its steps, in this order, and its exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from safe_langsmith._cli.check import Checked, check, is_warning
from safe_langsmith._cli.edit import fix
from safe_langsmith._cli.explain import contents, page
from safe_langsmith._cli.options import (
    COULD_NOT_TELL,
    INTERRUPTED,
    NOTHING_WRONG,
    PROBLEM,
    WRONG_ARGUMENTS,
    Options,
    WrongArguments,
    parse,
)
from safe_langsmith._cli.report import as_text
from safe_langsmith._cli.terminal import complain, painter, progress, quiet, settle, tell, width, write
from safe_langsmith.diagnosis import Cause

SCHEMA = 1
"""The version of the `--json` output. A new key does not change it; a new meaning of a key does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Check the configuration found here, print the result, and return the exit code. Never raises.

    Args:
        argv: The arguments; by default the process's own.

    Returns:
        0 if nothing is wrong, 1 if a problem was found, 2 for wrong arguments, 3 if it could not tell, and 130 if it
        was interrupted.
    """
    try:
        with quiet():
            return _run(parse(sys.argv[1:] if argv is None else argv))
    except SystemExit as end:  # argparse exits after help, version and errors.
        return end.code if isinstance(end.code, int) else NOTHING_WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        # The text of the error may hold a secret.
        complain(f"could not tell: {type(error).__name__}")
        return COULD_NOT_TELL
    finally:
        settle()


def _run(options: Options) -> int:
    if options.explain is not None:
        columns, paint = width(), painter(options.color)
        text = page(Cause(options.explain), columns, paint) if options.explain else contents(columns)
        return NOTHING_WRONG if write(text) else COULD_NOT_TELL
    try:
        with progress() as show:
            checked = check(options, show, tell)
    except WrongArguments as error:
        complain(f"error: {error}")
        return WRONG_ARGUMENTS
    if options.as_json:
        text = json.dumps({"schema": SCHEMA, **checked.found.to_dict()}, indent=2)
    else:
        text = as_text(checked, options, width(), painter(options.color))
    if not write(text):
        return COULD_NOT_TELL
    return fix(checked, options, _exit_code(checked)) if options.fix else _exit_code(checked)


def _exit_code(checked: Checked) -> int:
    if checked.found.cause is None or is_warning(checked.found):
        return NOTHING_WRONG
    return COULD_NOT_TELL if checked.found.cause is Cause.UNDETERMINED else PROBLEM
