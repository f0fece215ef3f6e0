"""An interrupt on any line of this library, as Ctrl+C makes one: its traceback leads from no frame of ours to a key."""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import langsmith.utils
import pytest

from safe_langsmith import SafeAsyncClient, SafeClient, reload_environment

from ...conftest import mint_canary
from ...support.internals import forget_everything
from ...support.lines import NthLine, steps_on_lines
from .call_paths import CALL_PATHS, call_paths
from .frames import holders_of
from .leaks import leaks, secret_part
from .stage import PASSWORD, Stage
from .table import SCENES

HEADERS = {"X-Proxy-Token": PASSWORD, "Cookie": f"session={PASSWORD}"}
# Of so many lines one is interrupted by default.
SAMPLE = 89
# An interrupt may come between a file's or a connection's opening and the statement that would close it.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning", "ignore:coroutine:RuntimeWarning"
    ),
]


def holders(call: Callable[[], object], hidden: tuple[str, ...], one_in: int) -> dict[str, str]:
    """Interrupt a call on its lines, one after the other, and return what holds a secret then, and how it got there.

    What holds one if the call fails without an interrupt is returned as well. `self` is the client, which holds its
    key, so a variable that is a client is not searched: see `holders_of`.

    Args:
        call: Makes the call, as if it were the first one of the process.
        hidden: The secrets.
        one_in: Of so many lines one is interrupted.
    """

    def play() -> BaseException | None:
        try:
            call()
        except BaseException as error:
            return error
        return None

    def forget() -> None:
        forget_everything()
        langsmith.utils.get_env_var.cache_clear()

    # The first call imports what later ones do not.
    play()
    forget()
    lines = steps_on_lines(play)
    assert len(lines) > 5
    forget()
    found = holders_of(play(), hidden)
    interrupted = 0
    for number in lines[::one_in]:
        forget()
        with NthLine(number) as line:
            error = play()
        if line.place is not None:
            interrupted += 1
            assert isinstance(error, KeyboardInterrupt), f"on {line.place}: {error!r}"
            for place, way in holders_of(error, hidden).items():
                found.setdefault(place, f"{way}, interrupted on {line.place}")
    assert interrupted > len(lines[::one_in]) // 2
    return found


ONE_IN = pytest.mark.parametrize(
    "one_in", [pytest.param(SAMPLE, id="some lines"), pytest.param(29, id="more lines", marks=pytest.mark.slow)]
)
PATHS = [path for path in call_paths() if path.id in ("requests", "asynchronous", "diagnose", "adiagnose")]
PATHS += [path for path in call_paths() if path.id.startswith(("generated", "hard"))]


@ONE_IN
@pytest.mark.parametrize("name", ["a role that does not allow it", "a missing workspace"])
@pytest.mark.parametrize("call_path", PATHS)
def test_a_call_path(call_path: str, name: str, one_in: int, stage: Stage) -> None:
    scene, on = SCENES[name](stage), CALL_PATHS[call_path]
    headers = [HEADERS] if on.takes_headers else []
    call = functools.partial(on.play, on.safe, on.arguments(scene), *headers)

    assert holders(call, (*scene.hidden, PASSWORD), one_in) == {}


# In a file of each kind: what is read, what can only be read in part, and what cannot be read at all.
FILES: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "interpolated": lambda text: f'{text}B=${{A}}\nLANGSMITH_PROJECT=${{A}}\nC="open\n'.encode(),
    "Latin-1": lambda text: f"{text}B=\u00e9\n".encode("latin-1"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "NUL": lambda text: f"{text}B=\0\n".encode(),
}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """A secret in the environment and in `.env`, in a variable that is not LangSmith's."""
    secret = mint_canary("")
    for name in ("A", "DATABASE_PASSWORD"):
        monkeypatch.setenv(name, secret)
    for name in ("B", "C", "LANGSMITH_API_KEY", "LANGSMITH_PROJECT"):
        monkeypatch.setenv(name, "before")
    return secret


def written(kind: str, secret: str) -> Path:
    path = Path("written.env")
    path.write_bytes(FILES[kind](f"A={secret}\nLANGSMITH_API_KEY=lsv2_pt_{secret}\n"))
    return path


@ONE_IN
@pytest.mark.parametrize("kind", FILES)
def test_reloading_the_environment(kind: str, one_in: int, secret: str) -> None:
    path = written(kind, secret)
    before = dict(os.environ)

    def call() -> None:
        os.environ.update(before)
        reload_environment(path)

    assert holders(call, (secret,), 1 if one_in < SAMPLE else 5) == {}


MESSAGES = {
    "Latin-1": ": invalid continuation byte",
    "UTF-16": "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "NUL": "embedded null byte",
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_file_that_cannot_be_loaded(kind: str, secret: str) -> None:
    path = written(kind, secret)
    try:
        raise LookupError("what the caller is handling")
    except LookupError as handled:
        with pytest.raises(ValueError) as caught:
            reload_environment(path)
        place = handled.__traceback__

    error: Any = caught.value
    assert error.__context__ is not None
    assert error.__context__.__traceback__ is place
    assert leaks({"repr": repr(error), "str": str(error), "pickle": repr(pickle.dumps(error))}, (secret,)) == {}
    assert str(error).endswith(MESSAGES[kind])


@ONE_IN
@pytest.mark.parametrize("kind", [SafeClient, SafeAsyncClient])
def test_the_constructors(kind: type[Any], one_in: int) -> None:
    key = mint_canary("lsv2_pt_")
    more = {"auto_batch_tracing": False} if kind is SafeClient else {}

    assert holders(lambda: kind(api_url="http://localhost", api_key=key, **more), (secret_part(key),), 1) == {}
