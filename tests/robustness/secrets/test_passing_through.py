"""What is no diagnosis passes through frames of ours, and they show nothing: errors, interrupts, our own failures."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from langsmith import AsyncClient

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import Drop, Fault, Reply, Slow

from ...conftest import mint_canary
from ...support import injection
from ...support.internals import forget_everything
from .call_paths import CALL_PATHS, CallPath, call_paths, takes
from .channels import told_by
from .frames import frames_of, locals_of
from .leaks import leaks, secret_part
from .stage import PASSWORD, Scene, Stage
from .table import SCENES

pytestmark = pytest.mark.slow

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


@pytest.mark.parametrize("call_path", call_paths(takes_headers=True))
@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_of_the_sdks(fault: str, call_path: str, stage: Stage, admin: Scene) -> None:
    on = CALL_PATHS[call_path]
    stage.server.fault("POST", "/sessions", FAULTS[fault], times=None)
    admin.options = {"timeout_ms": 300} if on.sdk.__name__ == "Client" else {"timeout_ms": (300, 300, 300, 300)}
    error = raised(lambda: on.play(on.safe, on.arguments(admin), HEADERS))

    assert not isinstance(error, ForbiddenDiagnosis)
    assert list(frames_of(error))
    assert leaks(told_by(error), admin.hidden) == {}


@pytest.mark.parametrize("call_path", call_paths(takes_headers=True))
def test_an_error_of_the_second_send_shows_no_key(call_path: str, stage: Stage) -> None:
    scene, on = SCENES["a missing workspace"](stage), CALL_PATHS[call_path]
    stage.server.fault("POST", "/sessions", Reply(403, {"error": "org_scoped_key_requires_workspace"}))
    stage.server.fault("POST", "/sessions", Reply(409, {"detail": "no"}), times=None)
    error = raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS))

    assert list(frames_of(error))
    assert leaks(told_by(error), (*scene.hidden, PASSWORD)) == {}


ON_EACH_PATH = [
    pytest.param(*path.values, id=path.id, marks=(*path.marks, *([] if path.id == "requests" else [pytest.mark.slow])))
    for path in call_paths(takes_headers=True)
]


# What a call waits for, and so where somebody presses Ctrl+C: a request of this library's own, or the user's callable.
WAITS = {"a probe": ("GET", "/workspaces"), "the second send": ("POST", "/sessions")}


@pytest.mark.skipif(sys.platform == "win32", reason="no thread can be sent a signal")
@pytest.mark.parametrize("where", WAITS)
@pytest.mark.parametrize("call_path", call_paths(takes_headers=True))
def test_an_interrupt_while_a_server_is_waited_for_shows_no_key(where: str, call_path: str, stage: Stage) -> None:
    scene, on = SCENES["a missing workspace"](stage), CALL_PATHS[call_path]
    if where == "the second send":
        stage.server.fault("POST", "/sessions", Reply(403, {"error": "org_scoped_key_requires_workspace"}))
    stage.server.fault(*WAITS[where], Slow(60))
    wanted = 2 if where == "the second send" else 1
    over = threading.Event()

    def interrupt() -> None:
        while sum((r.method, r.path) == WAITS[where] for r in stage.server.requests) < wanted:
            if over.wait(0.001):
                return
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    try:
        error = raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS))
    finally:
        over.set()
        watcher.join()

    assert isinstance(error, KeyboardInterrupt)
    assert len(list(frames_of(error))) >= 1
    assert leaks(locals_of(error, in_passing=True), (*scene.hidden, PASSWORD)) == {}


@pytest.mark.parametrize("call_path", call_paths(takes_headers=True))
def test_an_interrupt_in_the_users_callable_shows_no_key(call_path: str, stage: Stage) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    scene, on = SCENES["several workspaces"](stage), CALL_PATHS[call_path]
    if not hasattr(on.sdk, "workspace_id"):
        pytest.skip("this SDK's client can name no workspace, so nobody is asked for one")
    options = {"resolve_workspace": interrupted}
    error = raised(lambda: on.play(on.safe, {**on.arguments(scene), **options}, HEADERS))

    assert isinstance(error, KeyboardInterrupt)
    assert len(list(frames_of(error))) >= 1
    assert leaks(locals_of(error, in_passing=True), (*scene.hidden, PASSWORD)) == {}


@pytest.mark.parametrize("call_path", ON_EACH_PATH)
def test_a_failure_of_any_function_shows_no_key(call_path: str, stage: Stage) -> None:
    scene, on = SCENES["a role that does not allow it"](stage), CALL_PATHS[call_path]
    plain = raised(lambda: on.play(on.sdk, on.arguments(scene), HEADERS))
    found, failed = {}, 0
    for step in functions_of(on, scene):
        # Without what clears the frames, they hold what they held.
        if not step.is_boundary and not step.name.startswith(("_core/", "_frames.py")):
            forget_everything()
            with injection.broken(step, injection.Fault(lambda text: RuntimeError(f"{text}: {scene.key} {PASSWORD}"))):
                error = raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS))
            assert isinstance(error, type(plain)), step.name
            if not isinstance(error, ForbiddenDiagnosis):
                failed += 1
                assert type(error.__context__) is type(plain.__context__), step.name
            found[step.name] = leaks(told_by(error), (*scene.hidden, PASSWORD))

    assert failed > 5
    assert {name: leaking for name, leaking in found.items() if leaking} == {}


def functions_of(on: CallPath, scene: Scene) -> list[injection.Step]:
    """Return the library's functions that a refused call runs through."""
    forget_everything()
    return injection.steps_of(lambda: raised(lambda: on.play(on.safe, on.arguments(scene), HEADERS)))


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
