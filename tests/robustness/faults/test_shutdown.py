"""While the interpreter ends: the SDK's own exception or a diagnosis, and nothing else on the screen."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from .stage import Stage

BEGIN = """
import atexit, logging, os, sys, threading, types, weakref
from langsmith.utils import LangSmithError
from safe_langsmith import SafeClient

logging.getLogger("safe_langsmith").setLevel(logging.ERROR)
client = SafeClient(api_key=os.environ["KEY"], auto_batch_tracing=False)


# What it needs outlives the modules.
def refuse(client=client, kind=LangSmithError, write=os.write):
    try:
        client.request_with_retries("POST", "/sessions", data=b'{"name": "p"}')
    except kind as error:
        write(1, type(error).__name__.encode() + (b", told" if "What to do" in str(error) else b"") + b"\\n")
    else:
        write(1, b"done\\n")
"""
# Each ends with a refusal at a moment later than the one before.
MOMENTS = {
    "atexit": "atexit.register(refuse)",
    "atexit, without new threads": """
        def cannot(thread):
            raise RuntimeError("can't start new thread at interpreter shutdown")

        threading.Thread.start = cannot
        atexit.register(refuse)
    """,
    "a finalizer": """
        class Kept:
            pass

        kept = Kept()
        weakref.finalize(kept, refuse)
    """,
    "a daemon thread": """
        begun = threading.Event()

        def work():
            begun.set()
            while True:
                refuse()

        threading.Thread(target=work, daemon=True).start()
        begun.wait()
    """,
    "a thread that the interpreter waits for": """
        main = threading.main_thread()

        def work():
            main.join()
            refuse()

        threading.Thread(target=work).start()
    """,
    "an object's end": """
        class Last:
            def __init__(self, refuse):
                self.refuse = refuse

            def __del__(self):
                self.refuse()

        last = Last(refuse)
    """,
    "an object's end, while modules are taken down": """
        class Last:
            def __init__(self, refuse):
                self.refuse = refuse

            def __del__(self):
                self.refuse()

        sys.last = Last(refuse)
        del client
    """,
    "modules that are gone": """
        def gone():
            for name in list(sys.modules):
                if name.startswith(("safe_langsmith", "tenacity", "dotenv")):
                    sys.modules[name] = None
            refuse()

        atexit.register(gone)
    """,
    "no imports any more": """
        def gone():
            finders, sys.meta_path = sys.meta_path, None
            refuse()
            sys.meta_path = finders

        atexit.register(gone)
    """,
}

WITHOUT_MODULES = {"an object's end, while modules are taken down", "a daemon thread"}
WITHOUT_IMPORTS = {"modules that are gone", "no imports any more", "an object's end"}
TOLD = "ForbiddenDiagnosis, told"


@pytest.fixture
def run(stage: Stage) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(moment: str, key: str) -> subprocess.CompletedProcess[str]:
        program = BEGIN + textwrap.dedent(MOMENTS[moment])
        environment = {**os.environ, "LANGSMITH_ENDPOINT": stage.server.url, "KEY": key}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_refusal_while_the_interpreter_ends_is_explained_or_the_sdks(
    moment: str, stage: Stage, run: Callable[..., subprocess.CompletedProcess[str]], canary: str
) -> None:
    ended = run(moment, stage.viewer)
    said = set(ended.stdout.splitlines())

    assert ended.returncode == 0
    assert said <= {TOLD, "ForbiddenDiagnosis", "LangSmithError"}
    if moment in WITHOUT_MODULES:
        # What Python says of an object whose end fails is about the SDK, if anything.
        assert "safe_langsmith" not in ended.stderr
        assert canary not in ended.stderr
    else:
        assert ended.stderr == ""
        assert said == ({"LangSmithError"} if moment in WITHOUT_IMPORTS else {TOLD})


@pytest.mark.parametrize("moment", ["atexit", "atexit, without new threads"])
def test_a_call_that_lacked_a_workspace_is_sent_again_while_the_interpreter_ends(
    moment: str, stage: Stage, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ended = run(moment, stage.needs_workspace)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")
    assert len(stage.server.projects(stage.workspace)) == 1
