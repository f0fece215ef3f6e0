"""Trace before, during and after a fork, with a client that is configured, and others that are given.

One is given to a decorator, one to a tracer, and one passes its runs to a function before it queues them.
"""

import os
import sys
import threading

import langsmith
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers import LangChainTracer

from safe_langsmith import SafeClient

configured, given, of_tracer = SafeClient(), SafeClient(), SafeClient()
passing = SafeClient(process_buffered_run_ops=list, run_ops_buffer_size=100, run_ops_buffer_timeout_ms=60_000)
langsmith.configure(client=configured)
tracer = LangChainTracer(client=of_tracer)


@langsmith.traceable
def by_configured(label):
    return label


@langsmith.traceable(client=given)
def by_given(label):
    return label


@langsmith.traceable(client=passing)
def by_passing(label):
    return label


def trace(moment):
    by_configured(moment, langsmith_extra={"name": f"configured {moment}"})
    by_given(moment, langsmith_extra={"name": f"given {moment}"})
    if hasattr(passing, "_futures_lock"):
        # Before, the SDK's `flush()` does not wait for the function.
        by_passing(moment, langsmith_extra={"name": f"passing {moment}"})
    RunnableLambda(str).invoke(moment, {"callbacks": [tracer], "run_name": f"tracer {moment}"})


def flush():
    for client in (configured, given, of_tracer, passing):
        # The oldest SDKs do not wait for the queue once they compress.
        client.tracing_queue.join()
        client.flush()


def fork(work):
    """Return when the child has ended. It waits for nothing but its traces."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        work()
        # Without a flush: the interpreter sends what is left.
        sys.exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, status


def child():
    trace("in the child")
    fork(grandchild)
    flush()
    trace("in the child, later")
    # The interpreter does not send what the SDK has not queued yet.
    passing.flush()


def grandchild():
    trace("in the grandchild")
    flush()


@langsmith.traceable(name="around the fork")
def around():
    fork(trace_and_end)


def trace_and_end():
    by_configured("during", langsmith_extra={"name": "during"})
    flush()
    # As multiprocessing ends a process: it waits for threads, and does not return into the function above.
    threading._shutdown()
    os._exit(0)


trace("first")
flush()
trace("queued")
fork(child)
trace("after")
around()
flush()
