"""Redirects: who answered in the end is named, no question of ours follows one, and none goes to another host."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import FakeLangSmith, Redirect, Reply

from ...conftest import mint_canary
from .call_paths import CALL_PATHS, call_paths
from .leaks import leaks, secret_part
from .stage import PASSWORD, Scene, Stage

STATUSES = pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
QUESTIONS = ("/settings", "/workspaces", "/info")
# httpx follows no redirect unless it is told to, and the SDK tells only its generated clients.
FOLLOWING = ["requests", "generated", "generated async", "generated of async", "hard delete"]


def following() -> list[Any]:
    return [param for param in call_paths() if param.id in FOLLOWING]


def refusal(call_path: str, scene: Scene) -> ForbiddenDiagnosis:
    on = CALL_PATHS[call_path]
    with pytest.raises(ForbiddenDiagnosis) as caught:
        on.play(on.safe, on.arguments(scene))
    return caught.value


def sent_to(server: FakeLangSmith) -> list[tuple[str, str, str | None]]:
    return [(r.method, r.path, r.headers.get("x-api-key")) for r in server.requests]


@pytest.fixture
def admin(stage: Stage) -> Scene:
    return stage.scene(stage.org.add_personal_key(default=stage.workspace))


@pytest.fixture
def elsewhere(stage: Stage) -> FakeLangSmith:
    """Another port, and so another host. It refuses."""
    server = stage.make_server()
    server.fault(None, None, Reply(403, {"error": "access_denied"}), times=None)
    return server


@STATUSES
@pytest.mark.parametrize("call_path", following())
def test_another_host_that_refuses_is_named_and_not_asked(
    call_path: str, status: int, stage: Stage, admin: Scene, elsewhere: FakeLangSmith
) -> None:
    stage.server.fault("POST", None, Redirect(f"{elsewhere.url}/login", status), times=None)
    on = CALL_PATHS[call_path]
    with pytest.raises(Exception, match="403"):
        on.play(on.sdk, on.arguments(admin))
    usual = sent_to(elsewhere)
    elsewhere.clear_requests()
    error = refusal(call_path, admin)

    assert error.cause is Cause.BLOCKED_UPSTREAM
    assert elsewhere.url.removeprefix("http://") in error.summary
    assert error.url.startswith(stage.server.url)
    assert f"Make a new key, unless {elsewhere.url.removeprefix('http://')} is yours" in [f.title for f in error.fixes]
    assert error.method == "POST"
    # What the SDK sends along when it follows is its own affair; nothing is added to it.
    assert len(usual) == 1
    assert sent_to(elsewhere) == usual


@pytest.mark.parametrize("call_path", following())
def test_the_last_of_several_hosts_is_named(
    call_path: str, stage: Stage, admin: Scene, elsewhere: FakeLangSmith
) -> None:
    between = stage.make_server()
    between.fault(None, None, Redirect(f"{elsewhere.url}/login", 302), times=None)
    stage.server.fault("POST", None, Redirect(f"{between.url}/", 302), times=None)
    error = refusal(call_path, admin)

    assert elsewhere.url.removeprefix("http://") in error.summary
    assert (len(between.requests), len(elsewhere.requests)) == (1, 1)


@pytest.mark.parametrize("call_path", following())
def test_the_name_of_the_host_is_cleaned(call_path: str, stage: Stage, admin: Scene, elsewhere: FakeLangSmith) -> None:
    other = mint_canary("lsv2_sk_")
    place = elsewhere.url.replace("://", f"://{PASSWORD}:{PASSWORD}@")
    stage.server.fault("POST", None, Redirect(f"{place}/{other}?token={PASSWORD}&key={admin.key}"), times=None)
    error = refusal(call_path, admin)

    assert elsewhere.url.removeprefix("http://") in error.summary
    assert leaks({"str": str(error), "diagnosis": repr(error.diagnosis)}, (*admin.hidden, PASSWORD, other[8:-4])) == {}


@STATUSES
@pytest.mark.parametrize("call_path", [*call_paths(takes_headers=True), *call_paths(raises=False)])
def test_no_probe_follows_a_redirect(call_path: str, status: int, stage: Stage, elsewhere: FakeLangSmith) -> None:
    for path in QUESTIONS:
        stage.server.fault("GET", path, Redirect(f"{elsewhere.url}{path}", status), times=None)
    stage.server.fault("POST", None, Reply(403, {"detail": "Forbidden"}), times=None)
    on, scene = CALL_PATHS[call_path], stage.scene(stage.viewer())
    if on.raises:
        refusal(call_path, scene)
    else:
        on.play(on.safe, on.arguments(scene))

    assert [r.path for r in stage.server.requests if r.path in QUESTIONS and r.status == status]
    assert elsewhere.requests == ()


@pytest.mark.parametrize("call_path", following())
def test_the_same_host_by_another_spelling_is_no_other(call_path: str, stage: Stage, admin: Scene) -> None:
    admin.url = stage.server.url.replace("127.0.0.1", "localhost")
    place = stage.server.url.replace("127.0.0.1", "LocalHost")
    stage.server.fault("POST", "/denied", Reply(403, {"detail": "Forbidden"}), times=None)
    stage.server.fault("POST", None, Redirect(f"{place}/denied", 307))
    error = refusal(call_path, admin)

    assert error.cause is not Cause.BLOCKED_UPSTREAM
    assert "redirect" not in str(error)
    assert {r.path for r in stage.server.requests} & set(QUESTIONS)


class Wire(BaseAdapter):
    """A network of hosts that do not exist: what they answer by URL, and what they were sent."""

    def __init__(self, answers: dict[str, tuple[int, str, bytes]]) -> None:
        super().__init__()
        self.answers = answers
        self.asked: list[tuple[str, str | None]] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        url = str(request.url)
        self.asked.append((url, request.headers.get("X-API-Key")))
        status, location, body = self.answers.get(url.lower(), (404, "", b"{}"))
        response = requests.Response()
        response.status_code, response.url, response.request = status, url, request
        response.headers.update({"Content-Type": "application/json", **({"Location": location} if location else {})})
        response.raw = io.BytesIO(body)
        return response

    def close(self) -> None:
        pass


HERE = "http://langsmith.acme.test"
DENIED = (403, "", b'{"detail":"Forbidden"}')


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ("https://langsmith.acme.test", None),
        ("https://langsmith.acme.test:443", None),
        ("https://LangSmith.ACME.test", None),
        ("http://langsmith.acme.test:80", None),
        ("http://langsmith.acme.test:8080", "langsmith.acme.test:8080"),
        ("https://login.acme.test", "login.acme.test"),
        ("http://acme.test", "acme.test"),
        ("http://langsmith.acme.test.evil.test", "langsmith.acme.test.evil.test"),
    ],
)
def test_what_is_another_host(place: str, other: str | None, make_client: Callable[..., SafeClient]) -> None:
    ended = requests.Request("GET", f"{place}/sessions/x").prepare().url
    moved = {f"{HERE}{path}": (302, f"{place}{path}", b"") for path in ("/sessions/x", *QUESTIONS)}
    wire = Wire({**moved, str(ended).lower(): DENIED})
    session = requests.Session()
    hosts = {requests.utils.urlparse(url).netloc.lower() for url in (HERE, place)}  # type: ignore[attr-defined]
    for host in hosts:
        session.mount(f"http://{host}", wire)
        session.mount(f"https://{host}", wire)
    key = mint_canary("lsv2_pt_")
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make_client(None, key, api_url=HERE, session=session).request_with_retries("GET", "/sessions/x")
    questions = [url for url, _ in wire.asked[2:]]

    assert [url.lower() for url, _ in wire.asked[:2]] == [f"{HERE}/sessions/x", str(ended).lower()]
    assert all(url.startswith(f"{HERE}/") for url in questions)
    assert (caught.value.cause is Cause.BLOCKED_UPSTREAM) is (other is not None)
    assert other is None or f"another host, {other}," in caught.value.summary
    assert leaks({"str": str(caught.value)}, (secret_part(key),)) == {}
