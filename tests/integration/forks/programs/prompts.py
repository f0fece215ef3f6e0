"""Cache a prompt, and have it refreshed in the background of a child."""

import os
import signal
import sys

from langsmith.prompt_cache import PromptCache

from safe_langsmith import SafeClient

cache = PromptCache(ttl_seconds=0.001, refresh_interval_seconds=0.001)
client = SafeClient(auto_batch_tracing=False, cache=cache)
client.create_prompt("greeting")
client.request_with_retries("POST", "/commits/-/greeting", request_kwargs={"json": {"manifest": {"lc": 1}}})
client.pull_prompt_commit("greeting")
child = os.fork()
if child == 0:
    signal.alarm(30)
    before = cache.metrics.refreshes
    while cache.metrics.refreshes == before:
        os.sched_yield()
    cache.shutdown()
    sys.exit(0)
cache.shutdown()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
