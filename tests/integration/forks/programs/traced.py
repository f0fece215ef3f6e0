"""A module as programs have it: it configures a client when it is imported, and has a function that is traced."""

import sys

import langsmith

from safe_langsmith import SafeClient

# The SDK asks for its version with the first run, which takes half a second in each process.
sys.modules["langchain_core"] = None

client = SafeClient()
langsmith.configure(client=client)


@langsmith.traceable
def traced(label):
    return label


def work(label):
    traced(label, langsmith_extra={"name": label})
    return label


def flush():
    # The oldest SDKs do not wait for the queue once they compress.
    client.tracing_queue.join()
    client.flush()
