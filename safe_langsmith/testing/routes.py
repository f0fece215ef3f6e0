"""All that is served in a workspace, and who answers which of it."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith.testing import agents, examples, generated, prompts, resources, runs
from safe_langsmith.testing import error_formats as dialects
from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.calls import Call, Routes
from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Store

_ROUTES = Routes(
    (*runs.ROUTES, *generated.ROUTES, *agents.ROUTES, *examples.ROUTES, *prompts.ROUTES, *resources.ROUTES)
)


def answer(store: Store, received: RecordedRequest, path: str, workspace: Workspace) -> Reply:
    """Does what an authorized request asks for.

    Args:
        store: What is stored.
        received: The request.
        path: Its canonical path.
        workspace: The workspace it runs in.
    """
    found = _ROUTES.find(received.method, path)
    if found is None:
        return dialects.refusal(path, 404, dialects.NOT_FOUND)
    handler, names = found
    with store.of(workspace) as holdings:
        reply = handler(Call(received, path, workspace, holdings, names))
        # Written out here: the records in it are the stored ones, which may change once the lock is free.
        return replace(reply, body=reply.content())
