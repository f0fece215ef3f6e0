"""Play random programs with the SDK's clients and with ours.

    python -m tests.property.differential [programs] [first seed]
    python -m tests.property.differential --only SEED [STEP ...]

Print each difference that is not allowed, with the shortest program that shows it and the command that plays it again.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from collections import Counter

from . import running


def main() -> int:
    """Return 1 if a program shows a difference."""
    arguments = sys.argv[1:]
    started, counted, failed = time.monotonic(), Counter[str](), 0
    with running.machine() as server:
        if arguments[:1] == ["--only"]:
            program = running.part_of(int(arguments[1]), arguments[2:])
            print(program, *running.compare(program, server, counted, show=print), sep="\n")
            return 0
        programs, first = [int(each) for each in (*arguments, *("1000", "1")[len(arguments) :])]
        for seed in range(first, first + programs):
            faulthandler.dump_traceback_later(60, exit=True)
            if report := running.search(seed, server, counted):
                failed += 1
                print(report, flush=True)
    print(f"{programs} programs, {failed} with a difference, {time.monotonic() - started:.0f} s: {dict(counted)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
