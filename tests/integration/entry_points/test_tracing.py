"""What a user decorates, configures or opens to be traced: the runs arrive, whole and once."""

from __future__ import annotations

import asyncio

import langsmith
import pytest
from langsmith import RunTree, trace, traceable, tracing_context

from safe_langsmith.testing.payloads import parts

from .conftest import arrived

pytestmark = pytest.mark.usefixtures("tracing")
PICTURE = b"\x89PNG \x00\r\n"


def decorated(client):
    @traceable
    def double(x):
        return 2 * x

    @traceable(client=client, tags=["outermost"])
    def outer(x):
        return double(x)

    return outer(3)


def plainly_decorated(**extra):
    @traceable
    def double(x):
        return 2 * x

    @traceable(tags=["outermost"])
    def outer(x):
        return double(x)

    return outer(3, **extra)


def configured(client):
    langsmith.configure(client=client)
    return plainly_decorated()


def in_a_context(client):
    with tracing_context(client=client):
        return plainly_decorated()


def by_the_call(client):
    return plainly_decorated(langsmith_extra={"client": client})


def opened(client):
    with trace("outer", inputs={"x": 3}, tags=["outermost"], client=client) as run:
        with trace("double", inputs={"x": 3}) as child:
            child.end(outputs={"output": 6})
        run.end(outputs={"output": 6})
    return 6


def built_by_hand(client):
    run = RunTree(name="outer", inputs={"x": 3}, tags=["outermost"], ls_client=client)
    run.post()
    child = run.create_child("double", inputs={"x": 3})
    child.post()
    child.end(outputs={"output": 6})
    child.patch()
    run.end(outputs={"output": 6})
    run.patch()
    return 6


def asynchronous(client):
    @traceable
    async def double(x):
        await asyncio.sleep(0)
        return 2 * x

    @traceable(client=client, tags=["outermost"])
    async def outer(x):
        return await double(x)

    return asyncio.run(outer(3))


def opened_asynchronously(client):
    async def outer():
        async with trace("outer", inputs={"x": 3}, tags=["outermost"], client=client) as run:
            async with trace("double", inputs={"x": 3}) as child:
                child.end(outputs={"output": 6})
            run.end(outputs={"output": 6})
        return 6

    return asyncio.run(outer())


WAYS = [
    decorated,
    configured,
    in_a_context,
    by_the_call,
    opened,
    built_by_hand,
    asynchronous,
    opened_asynchronously,
]


@pytest.mark.parametrize("in_background", [True, False], ids=["in background", "one by one"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.replace("_", " "))
def test_the_whole_trace_arrives(way, in_background, server, workspace, key, make, retried):
    client = make(server, key, auto_batch_tracing=in_background)

    assert way(client) == 6

    runs = arrived(server, workspace, client)
    outer, double = runs.pop("outer"), runs.pop("double")
    assert not runs
    for run in (outer, double):
        assert (run["inputs"], run["outputs"], run["session_name"]) == ({"x": 3}, {"output": 6}, "p")
        assert run["trace_id"] == outer["id"]
    assert double["parent_run_id"] == outer["id"]
    assert double["dotted_order"].startswith(outer["dotted_order"] + ".")
    assert outer["tags"] == ["outermost"]
    retried(client)


def test_many_at_once(server, workspace, client, retried):
    @traceable(client=client)
    async def square(x):
        await asyncio.sleep(0)
        return x * x

    async def all_of_them():
        return await asyncio.gather(*[square(x, langsmith_extra={"name": f"square {x}"}) for x in range(50)])

    assert asyncio.run(all_of_them()) == [x * x for x in range(50)]

    runs = arrived(server, workspace, client)
    assert {name: run["outputs"]["output"] for name, run in runs.items()} == {f"square {x}": x * x for x in range(50)}
    assert client.workspace_id == workspace.id


def test_a_generator_and_an_error_arrive_too(server, workspace, client, retried):
    @traceable(client=client, reduce_fn=list)
    def count(n):
        yield from range(n)

    @traceable(client=client)
    def fail():
        raise KeyError("the user's own")

    assert list(count(3)) == [0, 1, 2]
    with pytest.raises(KeyError, match="the user's own"):
        fail()

    runs = arrived(server, workspace, client)
    assert runs["count"]["outputs"] == {"output": [0, 1, 2]}
    assert "the user's own" in runs["fail"]["error"]
    retried(client)


def test_an_attachment_arrives(server, workspace, client, retried):
    @traceable(client=client, process_inputs=lambda inputs: {})
    def look():
        langsmith.get_current_run_tree().attachments["picture"] = ("image/png", PICTURE)
        return "seen"

    assert look() == "seen"

    arrived(server, workspace, client)
    accepted = [part for r in server.requests if r.status == 202 for part in parts(r)]
    assert [part.content for part in accepted if part.name.startswith("attachment.")] == [PICTURE]
    retried(client)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.replace("_", " "))
def test_a_viewers_function_runs_and_the_log_names_the_permission(way, server, workspace, viewer, make, caplog):
    client = make(server, viewer)

    assert way(client) == 6

    assert arrived(server, workspace, client) == {}
    assert "does not include runs:create" in " ".join(caplog.text.split())
