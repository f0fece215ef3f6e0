"""Fork again and again while other threads trace. Argument: how often."""

import os
import sys
import threading

from traced import flush, work

FORKS = int(sys.argv[1])
is_over = threading.Event()
counts = [0, 0]


def trace(thread):
    while not is_over.wait(0.003):
        work(f"thread {thread}, {counts[thread]}")
        counts[thread] += 1


# A child that is forked during an import cannot import the same.
work("first")
flush()
threads = [threading.Thread(target=trace, args=(thread,)) for thread in range(len(counts))]
for thread in threads:
    thread.start()
children = []
for number in range(FORKS):
    child = os.fork()
    if child == 0:
        work(f"child {number}")
        if number % 2:
            flush()
        sys.exit(0)
    children.append(child)
    if len(children) == 12:
        children = [child for child in children if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]
        assert not children
is_over.set()
for thread in threads:
    thread.join()
flush()
print(*counts)
