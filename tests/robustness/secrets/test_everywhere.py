"""Every scene on every call path: no secret is in anything that is told, and none is sent to another host."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langsmith import Client

from safe_langsmith import ForbiddenDiagnosis, reload_environment
from safe_langsmith._cli.main import main

from ...conftest import mint_canary
from ...support.thinning import thinned
from .call_paths import CALL_PATHS, CallPath, call_paths, command_line
from .channels import told_by
from .hearing import hearing
from .leaks import leaks, secret_part
from .stage import PASSWORD, Scene, Stage, environment_of
from .table import SCENES, scenes

pytestmark = pytest.mark.slow

# Whose logs are other libraries' own: with this library they may say as much as without it.
NOT_OURS = ("log of langsmith", "log of urllib3", "log of http", "log of asyncio")


class Ended:
    """How a scene ended on a call path."""

    def __init__(self, call_path: CallPath, scene: Scene, kind: type[Any]) -> None:
        self.error: Exception | None = None
        with hearing() as heard:
            arguments = call_path.arguments(scene)
            try:
                said = call_path.play(kind, arguments) or {}
            except Exception as error:
                self.error, said = error, {}
        self.told: dict[str, str] = {**said, **heard.texts, **told_by(self.error)}


@pytest.mark.parametrize(("name", "call_path"), thinned(scenes(), call_paths()))
def test_no_call_path_shows_a_secret(
    name: str, call_path: str, stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    scene, on = SCENES[name](stage), CALL_PATHS[call_path]
    if call_path in scene.unsent_by:
        pytest.skip("this call path never sends the secret")
    ended = Ended(on, scene, on.safe)
    written = capfd.readouterr()
    found = leaks({**ended.told, "stdout": written.out, "stderr": written.err}, scene.hidden)

    assert {channel: said for channel, said in found.items() if not channel.startswith(NOT_OURS)} == {}
    if found:
        # Our questions are logged as the requests are with which the SDK's own client asks for anything.
        usual = CALL_PATHS["requests" if on.sdk is Client else "asynchronous"]
        without = [leaks(Ended(way, scene, on.sdk).told, scene.hidden) for way in (on, usual)]
        assert set(found) <= {channel for leaking in without for channel in leaking}
    if on.raises and scene.ends == "explained" and call_path not in scene.apart_from:
        assert isinstance(ended.error, ForbiddenDiagnosis)
    if scene.elsewhere is not None:
        assert scene.elsewhere.requests == ()


OPTIONS = [(), ("--json",), ("-v",), ("-v", "--offline"), ("--load-env", "-v")]


@pytest.mark.parametrize(
    ("name", "options"), thinned(scenes(), [pytest.param(given, id=" ".join(given)) for given in OPTIONS], always=0)
)
def test_the_command_prints_no_secret(
    name: str, options: tuple[str, ...], stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    scene = SCENES[name](stage)
    if {"headers", "session"} & scene.options.keys():
        pytest.skip("the command line takes no headers and no session")
    if name == "a dotenv that takes in secrets" and "--load-env" in options:
        pytest.skip(
            "what is taken in is then a variable's own value, and no secret in it can be told from another word"
        )
    with hearing() as heard:
        code = command_line(scene, *options)
    written = capfd.readouterr()

    assert leaks({**heard.texts, "stdout": written.out, "stderr": written.err}, scene.hidden) == {}
    assert "safe-langsmith" in written.out or json.loads(written.out)["schema"] == 1
    assert code in (0, 1, 3)
    # Once .env is loaded, what it names is what is configured.
    if scene.elsewhere is not None and "--load-env" not in options:
        assert scene.elsewhere.requests == ()


@pytest.mark.parametrize("name", scenes())
def test_reloading_the_environment_shows_no_secret(name: str, stage: Stage) -> None:
    scene = SCENES[name](stage)
    written = "".join(f"{variable}={json.dumps(value)}\n" for variable, value in environment_of(scene).items())
    (stage.directory / "written.env").write_text(written, encoding="utf-8")
    for variable in environment_of(scene):
        stage.machine.setenv(variable, "before")
    with hearing() as heard:
        changed = reload_environment(stage.directory / "written.env")

    assert changed
    assert leaks({**heard.texts, "returned": repr(changed)}, scene.hidden) == {}


TYPED = mint_canary("lsv2_pt_")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--api-key", TYPED),
        (f"--api-key={TYPED}",),
        (f"-k{TYPED}",),
        (TYPED,),
        ("--endpoint", TYPED),
        ("--endpoint", f"http://gateway:{PASSWORD}@127.0.0.1:9"),
        ("--endpoint", f"http://127.0.0.1:9/?token={PASSWORD}"),
        ("--workspace-id", TYPED),
        ("--env-file", TYPED),
        (f"--json={TYPED}",),
        (f"--json={PASSWORD}",),
    ],
    ids=lambda arguments: arguments[0].partition("=")[0][:12],
)
def test_the_command_prints_none_of_its_arguments(
    arguments: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    main(["--offline", *arguments])
    written = capfd.readouterr()

    assert written.out or written.err
    assert leaks({"stdout": written.out, "stderr": written.err}, (secret_part(TYPED), PASSWORD)) == {}
