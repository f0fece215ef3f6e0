"""The reporter's machine: variables, a `.env`, a program that makes a client and calls something with it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import langsmith.utils
import pytest
from dotenv import load_dotenv

from safe_langsmith import Diagnosis, ForbiddenDiagnosis, SafeClient, diagnose, find_diagnosis
from safe_langsmith.testing import FakeLangSmith, Fault

from ...support.internals import forget_everything
from . import calls
from .accounts import Account
from .network import REGIONS, Network

Call = Callable[[Any], None]


class Attempt(NamedTuple):
    """How the call ended.

    Attributes:
        succeeded: Whether it succeeded.
        diagnosis: What was said about it, if anything was.
        statuses: What was answered, to the call and to whatever was asked about it.
        text: What `print(e)` shows.
        sdk_message: What the SDK says.
    """

    succeeded: bool
    diagnosis: Diagnosis | None = None
    statuses: frozenset[int | None] = frozenset()
    text: str = ""
    sdk_message: str = ""


class Machine:
    """Use `new_machine`.

    Attributes:
        arguments: What the program passes to each client that it makes.
        account: What the person has at LangSmith.
        running: The client that the program made long ago, if it did.
    """

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path, call: Call, workspaces: int) -> None:
        self.patch, self.folder, self.network, self.call = patch, folder, Network(patch), call
        self._dotenv = folder / ".env"
        self.arguments: dict[str, Any] = {}
        self.account: Account | None = None
        self.running: Any = None
        self._workspaces = workspaces
        self._from_dotenv: set[str] = set()
        self._clients: list[SafeClient] = []
        self._heard: list[Exception] = []

    def sign_up(self, region: str = "US", host: str | None = None, server: FakeLangSmith | None = None) -> Account:
        host = host or REGIONS[region]
        self.account = Account(server or self.network[host], host, self._workspaces)
        return self.account

    def set(self, **variables: str) -> None:
        """Sets variables, in the shell as it were: a `.env` does not override them."""
        self._from_dotenv -= set(variables)
        os.environ.update(variables)

    def unset(self, name: str) -> None:
        os.environ.pop(name, None)

    def dotenv(self, **variables: str) -> None:
        """Writes a `.env`."""
        self._dotenv.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), "utf-8")

    def load_dotenv(self) -> None:
        """Does what the first lines of the program do, also when it is started again."""
        before = set(os.environ)
        load_dotenv(self._dotenv)
        self._from_dotenv |= set(os.environ) - before

    def refuse(self, path: str, fault: Fault, times: int | None = None, method: str | None = None) -> None:
        """Scripts what the account's server answers."""
        assert self.account is not None
        self.account.server.fault(method, path, fault, times=times)

    def restart(self) -> None:
        """Starts the program again, in a new process."""
        self.running = None
        langsmith.utils.get_env_var.cache_clear()
        forget_everything()
        if self._from_dotenv:
            for name in self._from_dotenv:
                self.unset(name)
            self.load_dotenv()

    def client(self, **arguments: Any) -> SafeClient:
        in_background = self.call is calls.trace
        if in_background:
            arguments["tracing_error_callback"] = self._heard.append
        self._clients.append(SafeClient(auto_batch_tracing=in_background, **{**self.arguments, **arguments}))
        return self._clients[-1]

    def attempt(self, client: Any = None) -> Attempt:
        """Calls, and asks what was wrong. Where the answer was no 403, `diagnose` is asked."""
        client = client or self.running or self.client()
        self._heard.clear()
        try:
            self.call(client)
            if not self._heard:
                return Attempt(True)
            raise self._heard[-1]
        except Exception as error:
            explained = find_diagnosis(error)
            # Where another client of the SDK failed, a client with the same settings is asked about.
            asked = client if isinstance(client, SafeClient) else self.client()
            diagnosis = explained.diagnosis if explained else diagnose(asked)
            # The text of a refusal in the background is one line if the log has it.
            text = str(ForbiddenDiagnosis(diagnosis, explained.sdk_message)) if explained else str(diagnosis)
            sdk_message = explained.sdk_message if explained else ""
            return Attempt(False, diagnosis, self.network.statuses, text if diagnosis else "", sdk_message)
        finally:
            if not isinstance(client, SafeClient):
                client.close()

    def make_key(self, page: str) -> str | None:
        """Makes a key on a page of the web UI; `None` where the person has no account there."""
        assert self.account is not None
        host = urlsplit(page).hostname or ""
        own = self.account.host.replace("api.", "", 1) if self.account.host in REGIONS.values() else self.account.host
        return self.account.personal_key() if host == own else None

    def put_key(self, key: str, source: str) -> None:
        """Puts a key where a diagnosis says that the refused one came from: an argument, a variable, a `.env`."""
        variable = re.match("[A-Z_]+", source)
        name = variable[0] if variable else "LANGSMITH_API_KEY"
        if source == "the api_key argument":
            self.arguments["api_key"] = key
        elif name in self._from_dotenv:
            old = self._dotenv.read_text("utf-8")
            self._dotenv.write_text(re.sub(f"(?m)^{name}=.*", f"{name}={key}", old), "utf-8")
        else:
            self.set(**{name: key})
        self.restart()

    def close(self) -> None:
        for client in self._clients:
            client.cleanup()
            client.session.close()
        self.network.close()


@contextlib.contextmanager
def new_machine(call: Call, workspaces: int) -> Iterator[Machine]:
    """Gives a machine without any settings, in place of the one this runs on."""
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        folder = Path(os.path.realpath(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        stack.callback(_restore, dict(os.environ))
        stack.callback(_forget_modules, set(sys.modules))
        for name in [name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_", "OTEL_"))]:
            del os.environ[name]
        os.environ["LANGSMITH_CONFIG_FILE"] = str(folder / "no-config.json")
        stack.enter_context(warnings.catch_warnings())
        # The SDK's own, about a key that is missing and about old variables.
        warnings.simplefilter("ignore")
        machine = Machine(patch, folder, call, workspaces)
        stack.callback(machine.restart)
        stack.callback(machine.close)
        machine.restart()
        yield machine


def _restore(variables: dict[str, str]) -> None:
    # Not by name: the programs load a .env, and the fixes set what they say.
    os.environ.clear()
    os.environ.update(variables)


def _forget_modules(known: set[str]) -> None:
    # Which parts of the SDK were imported is evidence, and not of the next machine's.
    for name in [name for name in sys.modules if name.startswith("langsmith.sandbox") and name not in known]:
        del sys.modules[name]
