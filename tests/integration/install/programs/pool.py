"""Traces in the processes of a pool. Arguments: how they are started; `traced`, to trace before that."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import langsmith
from langsmith.run_trees import get_cached_client


@langsmith.traceable
def work(number):
    return number + 1


def task(number):
    result = work(number)
    # A pool ends its processes without running their exit handlers.
    get_cached_client().tracing_queue.join()
    get_cached_client().flush()
    return result


if __name__ == "__main__":
    if "traced" in sys.argv:
        work(0)
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        print(sorted(pool.map(task, range(6))))
