"""Children that end as programs do, of a process whose clients `install` has made safe."""

import os
import sys

import safe_langsmith

safe_langsmith.install()
sys.modules["langchain_core"] = None

import langsmith.run_trees  # noqa: E402 # after `install`, as in a program that calls it first


@langsmith.traceable
def traced(label):
    return label


def trace(label):
    traced(label, langsmith_extra={"name": label})


trace("first")
client = langsmith.run_trees.get_cached_client()
client.tracing_queue.join()
client.flush()
for number in range(3):
    trace(f"parent {number}")
    client.tracing_queue.join()
    child = os.fork()
    if child == 0:
        trace(f"child {number}")
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
client.flush()
