"""What is no diagnosis passes through frames of ours, and they show nothing: errors, interrupts, our own failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from langsmith import AsyncClient

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import Drop, Fault, Reply, Slow

from ...conftest import mint_canary
from .channels import told_by
from .frames import frames_of, locals_of
from .leaks import leaks, secret_part
from .roads import ROADS, roads, takes
from .stage import PASSWORD, Scene, Stage
from .table import SCENES

HEADERS = {"X-Proxy-Token": PASSWORD, "Cookie": f"session={PASSWORD}"}
FAULTS: dict[str, Fault] = {
    **{str(status): Reply(status, {"detail": "no"}) for status in (400, 401, 404, 409, 422, 500)},
    "connection lost": Drop(),
    "too late": Slow(20),
}


def raised(play: Callable[[], Any]) -> BaseException:
    """What a call raises, with its traceback as it reaches the caller."""
    with pytest.raises(BaseException) as caught:
        play()
    return caught.value


@pytest.fixture
def admin(stage: Stage) -> Scene:
    return stage.scene(stage.org.add_personal_key(default=stage.workspace), PASSWORD)


@pytest.mark.parametrize("road", roads(takes_headers=True))
@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_of_the_sdks(fault: str, road: str, stage: Stage, admin: Scene) -> None:
    on = ROADS[road]
    stage.server.fault("POST", "/sessions", FAULTS[fault], times=None)
    admin.options = {"timeout_ms": 300} if on.sdk.__name__ == "Client" else {"timeout_ms": (300, 300, 300, 300)}
    error = raised(lambda: on.play(on.safe, on.arguments(admin), HEADERS))

    assert not isinstance(error, ForbiddenDiagnosis)
    assert list(frames_of(error))
    assert leaks(told_by(error), admin.hidden) == {}


@pytest.mark.parametrize("road", roads(takes_headers=True))
def test_an_error_after_the_workspace_was_healed(road: str, stage: Stage) -> None:
    scene, on = SCENES["a workspace that is healed"](stage), ROADS[road]
    stage.server.fault("POST", "/sessions", Reply(403, {"error": "org_scoped_key_requires_workspace"}))
    stage.server.fault("POST", "/sessions", Reply(409, {"detail": "no"}), times=None)
    error = raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS))

    assert list(frames_of(error))
    assert leaks(told_by(error), (*scene.hidden, PASSWORD)) == {}


# Where time is spent, and so where somebody presses Ctrl+C.
WAITING = ["probes.outcome", "probes.read_answer", "refused_call.facts_of", "refused_call.explain", "ledger.Case.hold"]


@pytest.mark.parametrize("road", roads(takes_headers=True))
@pytest.mark.parametrize("where", [*WAITING, "the user's callable"])
def test_an_interrupt(where: str, road: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    scene, on = SCENES["several workspaces"](stage), ROADS[road]
    if where not in WAITING and not hasattr(on.sdk, "workspace_id"):
        pytest.skip("this SDK's client can name no workspace, so nobody is asked for one")
    if where in WAITING:
        monkeypatch.setattr(f"safe_langsmith._io.{where}", interrupted)
    options = {} if where in WAITING else {"resolve_workspace": interrupted}
    error = raised(lambda: on.play(on.safe, {**on.arguments(scene), **options}, HEADERS))

    assert isinstance(error, KeyboardInterrupt)
    assert len(list(frames_of(error))) > 2
    assert leaks(locals_of(error, in_passing=True), (*scene.hidden, PASSWORD)) == {}


@pytest.mark.parametrize("road", roads(takes_headers=True))
@pytest.mark.parametrize(
    "where", ["_recovery.handler.facts_of", "_recovery.handler.read_forbidden", "_recovery.handler.examine"]
)
def test_a_failure_of_ours(where: str, road: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"a bug, at {args} {kwargs}")

    scene, on = SCENES["a role that does not allow it"](stage), ROADS[road]
    plain = raised(lambda: on.play(on.sdk, on.arguments(scene), HEADERS))
    monkeypatch.setattr(f"safe_langsmith.{where}", broken)
    error = raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS))

    assert (type(error), str(error)) == (type(plain), str(plain))
    assert type(error.__context__) is type(plain.__context__)
    assert leaks(told_by(error), (*scene.hidden, PASSWORD)) == {}


SECRET = mint_canary("lsv2_pt_")


@pytest.mark.parametrize(
    "arguments",
    [
        {"api_url": "http://localhost:1", "api_urls": {"http://localhost:2": SECRET}},
        {"no_such_option": 1},
        {"resolve_workspace": "both"},
        {"headers": {"Authorization": f"Bearer {SECRET}"}, "no_such_option": 1},
        {"api_url": f"http://gateway:{SECRET}@localhost", "no_such_option": 1},
        {"workspace_id": SECRET, "no_such_option": 1},
        {"timeout_ms": SECRET},
        {"retry_config": SECRET},
        {"profile": "nobody"},
    ],
    ids=lambda arguments: json.dumps([*arguments]),
)
@pytest.mark.parametrize("kind", [SafeClient, SafeAsyncClient])
def test_a_constructor_that_fails(kind: type[Any], arguments: dict[str, Any]) -> None:
    if not all(takes(kind.__init__, name) or name == "no_such_option" for name in arguments):
        arguments = {**arguments, "no_such_option": 1}
    made, error = None, None
    try:
        made = kind(api_key=SECRET, **arguments)
    except Exception as failure:
        error = failure

    # Some SDKs find nothing wrong with some of it.
    assert made is not None or list(frames_of(error))
    assert leaks({**locals_of(error), "made": repr(made)}, (secret_part(SECRET),)) == {}
    assert not made or not {"no_such_option", "resolve_workspace"} & arguments.keys()


@pytest.mark.skipif(not hasattr(AsyncClient, "api_key"), reason="this SDK's client has no key to set")
def test_a_key_that_cannot_be_set() -> None:
    client = SafeAsyncClient("http://localhost", SECRET)
    error = raised(lambda: setattr(client, "api_key", f"{SECRET}\u00e9"))

    assert list(frames_of(error))
    assert leaks(locals_of(error), (secret_part(SECRET),)) == {}
