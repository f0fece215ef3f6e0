"""The SDK's cache of prompts, which pulls each prompt again in the background, and logs why it could not."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from langsmith.utils import LangSmithError

from safe_langsmith import SafeAsyncClient

prompt_cache = pytest.importorskip("langsmith.prompt_cache", reason="this SDK has no cache of prompts")

if not hasattr(prompt_cache, "configure_global_prompt_cache"):
    pytest.skip("this SDK has another cache of prompts", allow_module_level=True)

REFUSALS = 3


@pytest.fixture
def refreshing():
    """Has the cache pull each prompt again at once, and returns what it logs until it was refused a few times."""
    logged: list[str] = []
    enough = threading.Event()

    class Listening(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING:
                logged.append(record.getMessage())
            if len(logged) >= REFUSALS:
                enough.set()

    def wait():
        assert enough.wait(20)
        return logged[:REFUSALS]

    handler = Listening()
    logging.getLogger("langsmith").addHandler(handler)
    prompt_cache.configure_global_prompt_cache(ttl_seconds=0.0001, refresh_interval_seconds=0.01)
    yield wait
    prompt_cache.prompt_cache_singleton.shutdown()
    prompt_cache.configure_global_prompt_cache()
    prompt_cache.prompt_cache_singleton.shutdown()
    logging.getLogger("langsmith").removeHandler(handler)


def test_a_refusal_that_repeats_is_logged_in_short(server, org, workspace, make_client, refreshing):
    admin = make_client(server, org.add_personal_key(default=workspace))
    admin.create_prompt("greeting")
    admin.create_commit("greeting", {"lc": 1, "type": "constructor", "id": ["x"], "kwargs": {}})
    client = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    pulled = client.pull_prompt_commit("greeting")
    org.add_access_policy("deny", "prompts:read")
    first, *others = refreshing()

    assert "prompts:read" in first
    assert len(first.splitlines()) > 8
    for other in others:
        assert "prompts:read" in other
        assert len(other) < len(first) / 2
    # The cache keeps what it has.
    assert client.pull_prompt_commit("greeting") == pulled


def test_the_asynchronous_cache_too(server, org, workspace, make_client):
    org.add_access_policy("deny", "prompts:read")
    raised = []

    async def refresh():
        async with SafeAsyncClient(api_url=server.url, api_key=org.add_personal_key(default=workspace)) as client:
            cache, enough = (
                prompt_cache.AsyncPromptCache(ttl_seconds=0.0001, refresh_interval_seconds=0.01),
                asyncio.Event(),
            )

            async def pull():
                try:
                    return await client.pull_prompt_commit("greeting", skip_cache=True)
                except LangSmithError as error:
                    raised.append(error)
                    if len(raised) == REFUSALS:
                        enough.set()
                    raise

            await cache.start()
            await cache.aset("greeting", None, pull)
            await asyncio.wait_for(enough.wait(), 20)
            await cache.stop()

    asyncio.run(refresh())

    assert [error.repeated for error in raised] == [False, True, True]


def test_a_caller_gets_the_full_text_each_time(server, org, workspace, make_client):
    org.add_access_policy("deny", "prompts:read")
    client = make_client(server, org.add_personal_key(default=workspace))
    texts = []
    for _ in range(2):
        with pytest.raises(LangSmithError) as refused:
            client.pull_prompt_commit("greeting")
        texts.append(str(refused.value))

    assert texts[0] == texts[1]
