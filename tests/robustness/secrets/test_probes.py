"""A question carries what shows who asks, and nothing else of the request that was refused."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from safe_langsmith import ForbiddenDiagnosis, SafeClient

from .call_paths import CALL_PATHS
from .stage import Stage
from .table import SCENES


def test_a_probe_carries_nothing_of_the_refused_body(stage: Stage, make_client: Callable[..., SafeClient]) -> None:
    scene = SCENES["a missing workspace"](stage)
    client = make_client(stage.server, scene.key)
    client.request_with_retries("POST", "/sessions", data=io.BytesIO(b'{"name": "p"}'))

    (question,) = [r for r in stage.server.requests if r.path == "/workspaces"]
    assert question.method == "GET"
    assert question.body == b""
    assert question.headers["x-api-key"] == scene.key
    assert not {"content-type", "content-length", "x-tenant-id"} & {name.lower() for name in question.headers}


def test_the_refused_url_is_shown_without_the_password(stage: Stage) -> None:
    scene = SCENES["a password in the endpoint"](stage)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        CALL_PATHS["requests"].play(SafeClient, CALL_PATHS["requests"].arguments(scene))

    assert caught.value.url == f"{stage.server.url}/sessions"
