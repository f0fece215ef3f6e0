"""Prompts of langchain-core, pushed and pulled."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from langsmith import AsyncClient, Client

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeAsyncClient
from safe_langsmith.testing import Reply

from .conftest import RETRIES_ASYNC, takes

pytest.importorskip("langchain_core")

from langchain_core.prompts import ChatPromptTemplate

# langchain-core's, about its own loader, which older SDKs call without it.
pytestmark = pytest.mark.filterwarnings("ignore:The default value of `allowed_objects`")


def greeting(text="Hello {name}"):
    return ChatPromptTemplate.from_messages([("system", "Be kind."), ("human", text)])


def said(prompt):
    return [message.content for message in prompt.invoke({"name": "Ada"}).to_messages()]


@pytest.fixture
def pushed(admin):
    """A prompt that is there before anybody is refused."""
    admin.push_prompt("greeting", object=greeting())


def test_push(server, client, admin, stored, retried):
    url = client.push_prompt("greeting", object=greeting(), description="How we start", tags=["en"])

    assert said(admin.pull_prompt("greeting")) == ["Be kind.", "Hello Ada"]
    (repo,) = stored("repos")
    assert (repo["description"], repo["tags"], repo["num_commits"]) == ("How we start", ["en"], 1)
    assert repo["last_commit_hash"][:8] in url
    retried(client)


@pytest.mark.parametrize("pull", ["pull_prompt", "pull_prompt_commit"])
def test_pull(pull, pushed, client, retried):
    pulled = getattr(client, pull)("greeting")

    if pull == "pull_prompt":
        assert isinstance(pulled, ChatPromptTemplate)
        assert said(pulled) == ["Be kind.", "Hello Ada"]
    else:
        assert pulled.manifest["id"][-1] == "ChatPromptTemplate"
    retried(client)


@pytest.mark.parametrize("first", ["list", "get", "create", "update", "delete", "like", "commits", "commit"])
def test_everything_else(first, pushed, client, stored, retried):
    calls = {
        "list": lambda: [prompt.repo_handle for prompt in client.list_prompts().repos],
        "get": lambda: client.get_prompt("greeting").repo_handle,
        "create": lambda: client.create_prompt("farewell").repo_handle,
        "update": lambda: client.update_prompt("greeting", description="changed")["repo"]["description"],
        "delete": lambda: client.delete_prompt("greeting") and None,
        "like": lambda: client.like_prompt("greeting"),
        "commits": lambda: len(list(client.list_prompt_commits("greeting"))),
        "commit": lambda: "greeting" in client.create_commit("greeting", greeting("Good morning {name}")),
    }
    expected = {
        "list": ["greeting"],
        "get": "greeting",
        "create": "farewell",
        "update": "changed",
        "delete": None,
        "like": {"likes": 1},
        "commits": 1,
        "commit": True,
    }

    assert calls[first]() == expected[first]

    names = {"create": ["greeting", "farewell"], "delete": []}.get(first, ["greeting"])
    assert [repo["repo_handle"] for repo in stored("repos")] == names
    retried(client)


@pytest.mark.skipif(not takes(Client.pull_prompt_commit, "skip_cache"), reason="this SDK caches no prompts")
def test_a_retried_pull_is_cached_as_any_other(pushed, server, key, make):
    from langsmith.prompt_cache import PromptCache

    cache = PromptCache(ttl_seconds=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("langsmith.client.prompt_cache_singleton", cache)
        client = make(server, key, auto_batch_tracing=False, disable_prompt_cache=False)
    first = client.pull_prompt_commit("greeting")
    server.clear_requests()

    assert client.pull_prompt_commit("greeting") == first
    assert server.requests == ()


@RETRIES_ASYNC
def test_async_push_and_pull(admin, key, open_async, stored, retried):
    async def push_and_pull():
        async with open_async(key) as client:
            await client.push_prompt("greeting", object=greeting(), description="How we start")
            pulled = await client.pull_prompt("greeting")
            retried(client)
            return pulled

    assert said(asyncio.run(push_and_pull())) == said(admin.pull_prompt("greeting")) == ["Be kind.", "Hello Ada"]
    assert [repo["num_commits"] for repo in stored("repos")] == [1]


@RETRIES_ASYNC
@pytest.mark.parametrize("first", ["list", "pull", "create", "delete", "like"])
def test_everything_else_async(first, pushed, key, open_async, stored, retried):
    calls = {
        "list": lambda client: client.list_prompts(),
        "pull": lambda client: client.pull_prompt_commit("greeting"),
        "create": lambda client: client.create_prompt("farewell"),
        "delete": lambda client: client.delete_prompt("greeting"),
        "like": lambda client: client.like_prompt("greeting"),
    }

    async def call():
        async with open_async(key) as client:
            answer = await calls[first](client)
            retried(client)
            return answer

    answer = asyncio.run(call())

    names = {"create": ["greeting", "farewell"], "delete": []}.get(first, ["greeting"])
    assert [repo["repo_handle"] for repo in stored("repos")] == names
    if first == "list":
        assert [prompt.repo_handle for prompt in answer.repos] == ["greeting"]
    elif first == "like":
        assert answer == {"likes": 1}


@pytest.mark.parametrize("kind", [Client, AsyncClient], ids=["sync", "async"])
@pytest.mark.parametrize("there_already", [False, True], ids=["new", "there already"])
def test_a_viewers_push_names_the_permission(there_already, kind, server, admin, viewer, make, open_async, stored):
    if there_already:
        admin.push_prompt("greeting", object=greeting())

    async def push_async():
        async with open_async(viewer) as client:
            await client.push_prompt("greeting", object=greeting("Good morning {name}"))

    def push():
        if kind is AsyncClient:
            asyncio.run(push_async())
        else:
            make(server, viewer).push_prompt("greeting", object=greeting("Good morning {name}"))

    with pytest.raises(ForbiddenDiagnosis) as caught:
        push()

    assert caught.value.cause is Cause.PERMISSION_DENIED
    permission = "prompts:update" if there_already else "prompts:create"
    assert permission in " ".join(caught.value.summary.split())
    assert [repo["num_commits"] for repo in stored("repos")] == ([1] if there_already else [])


def test_a_viewer_pulls_all_the_same(pushed, server, viewer, make):
    assert said(make(server, viewer).pull_prompt("greeting")) == ["Be kind.", "Hello Ada"]


def test_renewals_in_the_background_that_are_refused_are_logged_in_one_line(server, viewer, make):
    prompt_cache = pytest.importorskip("langsmith.prompt_cache")

    class Heard(logging.Handler):
        def __init__(self):
            super().__init__()
            self.texts, self.enough = [], threading.Event()

        def emit(self, record):
            if record.levelno >= logging.WARNING:
                self.texts.append(record.getMessage())
            if len(self.texts) == 3:
                self.enough.set()

    server.fault("GET", "/sessions", Reply(403, {"error": "Forbidden"}), times=None)
    client, heard = make(server, viewer, auto_batch_tracing=False), Heard()
    logger = logging.getLogger("langsmith.cache")
    logger.addHandler(heard)
    cache = prompt_cache.PromptCache(ttl_seconds=0.001, refresh_interval_seconds=0.01)
    try:
        cache.set("greeting", "old", lambda: list(client.list_projects()))
        assert heard.enough.wait(30)
    finally:
        cache.shutdown()
        logger.removeHandler(heard)

    first, second, third = heard.texts[:3]
    assert "What to do" in first
    assert "(403, 2 requests refused)" in second
    assert [len(text.splitlines()) for text in (second, third)] == [1, 1]


def test_renewals_on_an_event_loop_are_logged_in_one_line_too(server, viewer):
    prompt_cache = pytest.importorskip("langsmith.prompt_cache")
    if not hasattr(prompt_cache, "AsyncPromptCache"):
        pytest.skip("this SDK renews no prompts on an event loop")
    texts = []

    async def run():
        enough = asyncio.Event()

        async def renew():
            try:
                return await client.create_project("p")
            except ForbiddenDiagnosis as error:
                texts.append(str(error))
                if len(texts) == 3:
                    enough.set()
                raise

        client = SafeAsyncClient(api_url=server.url, api_key=viewer)
        cache = prompt_cache.AsyncPromptCache(ttl_seconds=0.001, refresh_interval_seconds=0.01)
        await cache.aset("greeting", "old", renew)
        await cache.start()
        await asyncio.wait_for(enough.wait(), 30)
        await cache.stop()
        await client.aclose()

    asyncio.run(run())
    assert ["What to do" in text for text in texts[:3]] == [True, False, False]
