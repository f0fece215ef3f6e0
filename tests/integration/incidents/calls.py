"""What the reporters called."""

from __future__ import annotations

import datetime
import inspect
import uuid
from typing import Any

import langsmith.utils
import pytest

from tests.support.tracing import send_traces

PROMPT = f"greeting-{uuid.uuid4().hex}"


def trace(client: Any) -> None:
    """Traces one run, where tracing is on. The client's `tracing_error_callback` hears what becomes of it."""
    if not langsmith.utils.tracing_is_enabled():
        return
    now, id_ = datetime.datetime.now(datetime.timezone.utc), uuid.uuid4()
    client.create_run(
        "run", {}, "chain", id=id_, trace_id=id_, dotted_order=f"{now:%Y%m%dT%H%M%S%fZ}{id_}", start_time=now
    )
    send_traces(client)
    client.tracing_queue.join()


def list_projects(client: Any) -> None:
    list(client.list_projects())


def pull_prompt(client: Any) -> None:
    """Pulls as far as the manifest, which is all that LangSmith is asked for."""
    client.pull_prompt_commit(PROMPT, **_accepted(client.pull_prompt_commit, skip_cache=True))


def pull_public_prompt(client: Any) -> None:
    options = {"skip_cache": True, "dangerously_pull_public_prompt": True}
    client.pull_prompt_commit(f"rlm/{PROMPT}", **_accepted(client.pull_prompt_commit, **options))


def get_prompt(client: Any) -> None:
    client.get_prompt(PROMPT)


def list_sandboxes(client: Any) -> None:
    """Lists what a `SandboxClient` lists. What is there does not matter, only who is let in."""
    sandbox = pytest.importorskip("langsmith.sandbox")
    try:
        client.list_sandboxes()
    except sandbox.SandboxAPIError as error:
        if "404" not in str(error):
            raise


def _accepted(method: Any, **options: Any) -> dict[str, Any]:
    """The options that this version of the SDK knows."""
    return {name: value for name, value in options.items() if name in inspect.signature(method).parameters}
