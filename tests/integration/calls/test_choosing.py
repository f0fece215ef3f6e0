"""A callable that chooses the workspace, on every call path."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis

from .conftest import alike

USER = contextvars.ContextVar("USER", default="nobody")


@pytest.fixture(autouse=True)
def second(org, workspace):
    return org.add_workspace("Production")


@pytest.mark.parametrize("by", ["workspace", "id", "ID"])
def test_its_choice_is_named_from_then_on(by, retrying_kind, server, second, key, make_call_path, of):
    def choose(workspaces):
        chosen = next(found for found in workspaces if found.name == "Production")
        return {"workspace": chosen, "id": chosen.id, "ID": chosen.id.upper()}[by]

    call_path = make_call_path(retrying_kind, server, key, resolve_workspace=choose)
    call_path.call()
    call_path.call()

    assert of(server, "/sessions") == [(None, 403), (second.id, 200), (second.id, 200)]
    assert call_path.client.workspace_id == second.id


def test_it_sees_every_live_workspace_and_is_called_once(retrying_kind, server, org, key, make_call_path, refused):
    org.add_workspace("Gone", deleted=True)
    offered = []

    def choose(workspaces):
        offered.append(workspaces)

    for call_path in (make_call_path(retrying_kind, server, key, resolve_workspace=choose) for _ in range(2)):
        for _ in range(2):
            refused(call_path.call)

    (workspaces,) = offered
    assert {found.name for found in workspaces} == {"Research", "Production"}


@pytest.mark.parametrize(
    "choose",
    [
        lambda workspaces: None,
        lambda workspaces: "22222222-2222-4222-8222-222222222222",
        lambda workspaces: 42,
        lambda workspaces: 1 / 0,
        lambda workspaces: next(iter(())),
        lambda workspaces: asyncio.run(never()),
    ],
    ids=["none", "not listed", "rubbish", "raises", "stops", "runs a loop"],
)
def test_it_may_decline(choose, retrying_kind, v1, server, workspace, key, make_call_path, of, forget, refused):
    error = refused(make_call_path(retrying_kind, server, key, resolve_workspace=choose).call)

    assert error.cause is Cause.WORKSPACE_REQUIRED
    assert error.checks[1].detail.startswith("resolve_workspace ")
    assert of(server, "/sessions") == [(None, 403)]
    assert len(error.workspaces) == 2
    forget()
    if v1 is not retrying_kind and choose.__code__.co_names[:1] != ("asyncio",):
        same = refused(make_call_path(v1, server, key, resolve_workspace=choose).call)
        assert alike(error.diagnosis) == alike(same.diagnosis)


async def never():
    """Declines from within an event loop, which the thread that asks must not have."""


def test_no_callable_and_two_workspaces_is_no_choice(retrying_kind, server, key, make_call_path, of, refused):
    call_path = make_call_path(retrying_kind, server, key)
    error = refused(call_path.call, "POST", "/sessions", {"name": "p"})

    assert error.cause is Cause.WORKSPACE_REQUIRED
    assert of(server, "/sessions") == [(None, 403)]
    assert call_path.client.workspace_id is None
    assert {found.name for found in error.workspaces} == {"Research", "Production"}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, asyncio.CancelledError])
def test_an_interruption_passes_through_and_leaves_nothing_locked(
    interruption, retrying_kind, server, workspace, key, make_call_path
):
    def interrupted(workspaces):
        raise interruption

    call_path = make_call_path(retrying_kind, server, key, resolve_workspace=interrupted)
    with pytest.raises(interruption):
        call_path.call()

    assert call_path.client.workspace_id is None
    again = make_call_path(retrying_kind, server, key, resolve_workspace=lambda found: workspace.id)
    assert again.call() == []


def test_it_may_itself_be_refused(retrying_kind, v1, server, workspace, key, make_call_path):
    refusals = []

    def choose(workspaces):
        with pytest.raises(Exception, match="403") as caught:
            make_call_path(v1, server, key).call()
        refusals.append(caught.value)
        return workspace.id

    assert make_call_path(retrying_kind, server, key, resolve_workspace=choose).call() == []
    assert refusals
    assert not isinstance(refusals[0], ForbiddenDiagnosis)


def test_it_knows_on_whose_behalf_it_is_called(retrying_kind, server, workspace, key, make_call_path):
    seen = []

    def choose(workspaces):
        seen.append((USER.get(), threading.current_thread() is threading.main_thread()))
        return workspace.id

    call_path = make_call_path(retrying_kind, server, key, resolve_workspace=choose)
    token = USER.set("alice")
    try:
        call_path.call()
    finally:
        USER.reset(token)

    # On the thread that met the refusal; from an event loop, on one that may wait.
    assert seen == [("alice", not retrying_kind.is_async)]
