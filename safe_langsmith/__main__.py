"""`python -m safe_langsmith`, which is also installed as `safe-langsmith`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the process's arguments name, and return the exit code."""
    # Imported for the command at hand: the check needs the SDK, whose import takes longer than the start of a program.
    if sys.argv[1:2] == ["run"]:
        from safe_langsmith._cli.run import run

        return run(sys.argv[2:])
    from safe_langsmith._cli.main import main as check

    return check()


if __name__ == "__main__":
    sys.exit(main())
