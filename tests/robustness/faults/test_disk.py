"""Whatever is wrong with `.env` or the profile's file: a refusal is told or retried, and nobody waits for a file."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ...support.injection import is_ours
from .judging import faults_of, outcome_of, plain_outcome
from .stage import SCENARIOS, Stage

# Python's own modules, some of which are frozen.
PYTHONS = (sysconfig.get_path("stdlib") + os.sep, "<frozen ")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="of POSIX")


def missing(path: Path) -> None:
    """Is not there."""


def directory(path: Path) -> None:
    path.mkdir()


def forbidden(path: Path) -> None:
    path.write_text("LANGSMITH_PROJECT=p\n")
    path.chmod(0)


def latin(path: Path) -> None:
    path.write_bytes("LANGSMITH_PROJECT=caf\u00e9\n".encode("latin-1"))


def zeros(path: Path) -> None:
    path.write_bytes(b"LANGSMITH_PROJECT=a\0b\n\0\0\0")


def utf16(path: Path) -> None:
    path.write_bytes("LANGSMITH_PROJECT=p\n".encode("utf-16"))


def surrogates(path: Path) -> None:
    path.write_bytes(b"LANGSMITH_PROJECT=\xed\xb3\xbf\n")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def circle(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def of_the_kernel(path: Path) -> None:
    path.symlink_to("/proc/self/mem")


def huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)


def deep(path: Path) -> None:
    path.write_text("{" * 100_000 + "[" * 100_000)


def long_line(path: Path) -> None:
    path.write_text("LANGSMITH_PROJECT='" + "x" * 150_000)


TROUBLE = (missing, directory, forbidden, latin, zeros, utf16, surrogates, pipe, circle, dangling, endless, terminal)
TROUBLE += (of_the_kernel, huge, deep, long_line)


@pytest.fixture(params=["denied", "retried"])
def refuse(request: pytest.FixtureRequest, stage: Stage) -> Callable[..., None]:
    """Makes a call that is refused, and judges what it ends in."""
    scenario = SCENARIOS[request.param]
    plain = plain_outcome(scenario, stage)
    stage.reset()

    def refuse(between: Callable[[], object] = lambda: None, may_be_the_sdks: bool = False) -> None:
        client = scenario.open(stage, getattr(stage, scenario.key), True)
        between()
        found = outcome_of(scenario, stage, client)
        scenario.close(stage, client)
        assert list(faults_of(found, plain, scenario, stage)) == []
        assert may_be_the_sdks or found.is_told or found.result is True

    return refuse


@POSIX
@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda trouble: trouble.__name__)
def test_any_dotenv_file_is_no_obstacle(trouble: Callable[[Path], None], refuse: Callable[..., None]) -> None:
    Path(".env").unlink()
    trouble(Path(".env"))
    refuse()


@POSIX
@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda trouble: trouble.__name__)
def test_any_file_of_profiles_is_no_obstacle(
    trouble: Callable[[Path], None], refuse: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK itself reads it when a client is made, with trouble of its own. Later, only the library does."""
    path = tmp_path / "config.json"
    monkeypatch.setenv("LANGSMITH_CONFIG_FILE", str(path))
    refuse(lambda: trouble(path))


@POSIX
def test_a_working_directory_that_is_gone_is_no_obstacle(
    refuse: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    refuse(gone.rmdir)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@POSIX
@pytest.mark.parametrize("becomes", [empty, utf16, missing, directory, pipe], ids=lambda becomes: becomes.__name__)
def test_a_file_that_changes_while_it_is_read_is_no_obstacle(
    becomes: Callable[[Path], None], refuse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = []

    stat = os.stat

    def changing(path: str, **options: object) -> os.stat_result:
        found = stat(path)
        if path.endswith(".env") and not changed:
            changed.append(path)
            Path(path).unlink()
            becomes(Path(path))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", for_the_library(os.stat, changing))
        refuse()
    assert changed


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError(), ValueError("x"), RecursionError()])
@pytest.mark.parametrize("call", ["stat", "path.isfile", "path.realpath", "getcwd", "open"])
def test_a_call_ends_as_it_should_when_the_system_fails(
    call: str, error: Exception, refuse: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*args: object, **kwargs: object) -> object:
        raise error

    module, name = (os.path, call.removeprefix("path.")) if call.startswith("path.") else (os, call)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, for_the_library(getattr(module, name), failing))
        # No file is to blame for these two, and then the SDK's own exception stands.
        refuse(may_be_the_sdks=isinstance(error, (MemoryError, RecursionError)))


def for_the_library(function: Callable[..., Any], instead: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does something else if it is called for the library.

    The library's function calls it, or calls what is Python's and calls it.
    """

    def called(*args: object, **kwargs: object) -> Any:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(PYTHONS):
            frame = frame.f_back
        return (instead if frame is not None and is_ours(frame.f_code) else function)(*args, **kwargs)

    return called
