"""Several keys at once: each goes to its own endpoint, and none is told, whichever was refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import langsmith
import pytest
from langsmith import Client
from langsmith.run_trees import RunTree

from safe_langsmith import SafeClient
from safe_langsmith.testing import FakeLangSmith, Reply

from .call_paths import takes
from .channels import told_by
from .hearing import hearing
from .leaks import leaks, secret_part

WITH_REPLICAS = pytest.mark.skipif(
    "replicas" not in RunTree.__annotations__ and "replicas" not in getattr(RunTree, "model_fields", {}),
    reason="this SDK has no replicas",
)


class Place:
    """A server, and a key that it refuses."""

    def __init__(self, make_server: Callable[..., FakeLangSmith], refuses: str) -> None:
        self.server = make_server()
        org = self.server.add_organization("Acme")
        org.add_workspace("Research")
        self.key = org.add_service_key(workspaces=None, role="Viewer" if refuses == "the role" else "Admin")
        if refuses == "several workspaces":
            org.add_workspace("Support")
        elif refuses == "the key":
            self.server.revoke(self.key)
        elif refuses == "an echo":
            self.server.fault(None, None, Reply(403, {"detail": f"not {self.key}"}), times=None)

    @property
    def keys_seen(self) -> set[str | None]:
        return {received.headers.get("x-api-key") for received in self.server.requests}


# What refuses, and whether runs are sent in the background, which takes its time. Where nothing does, all are retried.
CASES = [
    *((refuses, False) for refuses in ("the role", "several workspaces", "the key", "an echo", "nothing")),
    *((refuses, True) for refuses in ("an echo", "nothing")),
]


def replicas(places: list[Place]) -> list[Any]:
    # Older SDKs know no "auth".
    return [
        {"api_url": p.server.url, "api_key": p.key, "auth": {"api_key": p.key}, "project_name": None, "updates": None}
        for p in places
    ]


def by_replicas(places: list[Place], **more: Any) -> Client:
    own = places[0]
    client = SafeClient(own.server.url, api_key=own.key, info={}, **more)
    for _ in range(2):
        RunTree(name="r", inputs={}, project_name="p", ls_client=client, replicas=replicas(places)).post()
        client.flush()
    return client


def by_write_endpoints(places: list[Place], **more: Any) -> Client:
    client = SafeClient(api_urls={p.server.url: p.key for p in places}, info={}, **more)
    for _ in range(2):
        client.create_run("r", {}, "chain", id=uuid.uuid4(), project_name="p")
        client.flush()
    return client


def by_the_environment(places: list[Place], **more: Any) -> Client:
    own = places[0]
    client = SafeClient(own.server.url, api_key=own.key, info={}, **more)
    with langsmith.tracing_context(client=client, enabled=True):
        for _ in range(2):
            langsmith.traceable(lambda: 1, name="r")()
            client.flush()
    return client


@pytest.mark.parametrize(
    "traced",
    [
        by_write_endpoints,
        pytest.param(by_replicas, marks=WITH_REPLICAS),
        pytest.param(by_the_environment, marks=WITH_REPLICAS),
    ],
)
@pytest.mark.parametrize(("refuses", "batched"), CASES)
def test_each_key_goes_to_its_own_endpoint_and_none_is_shown(
    traced: Callable[..., Client],
    refuses: str,
    batched: bool,
    make_server: Callable[..., FakeLangSmith],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [Place(make_server, refuses) for _ in range(3)]
    monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", json.dumps({p.server.url: p.key for p in places}))
    errors: list[Exception] = []
    more: dict[str, Any] = {"auto_batch_tracing": batched}
    if takes(Client.__init__, "tracing_error_callback"):
        more["tracing_error_callback"] = errors.append
    with hearing() as heard:
        try:
            client = traced(places, **more)
            client.cleanup()
        except Exception as error:  # One by one, the user's own call is told.
            errors.append(error)
    told = {
        f"{number}, {channel}": text for number, error in enumerate(errors) for channel, text in told_by(error).items()
    }

    assert leaks({**heard.texts, **told}, [secret_part(place.key) for place in places]) == {}
    assert all(place.keys_seen <= {place.key} for place in places)
    assert all(place.keys_seen for place in places) or not batched
