"""Play a program with a class of clients, and keep what came of it: the outcomes, and the requests that arrived."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import itertools
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import langsmith.utils
import requests
import urllib3
from langsmith import AsyncClient, Client

from safe_langsmith import SafeAsyncClient, SafeClient

from ...support.internals import forget_everything
from .arguments import IDS, KEYS, Arguments
from .comparing import Group, groups_of, plain, state_of
from .programs import CHANGES, OPERATIONS, VARIABLES, Program, Step, program_of
from .server import TENANT, Answer, Named, Request, Server, Service

SDK = {"sync": Client, "async": AsyncClient}
OURS = {"sync": SafeClient, "async": SafeAsyncClient}
MOST_ITEMS = 20
_DESCRIPTORS = "/proc/self/fd"


@dataclass
class Outcome:
    """What a call led to.

    Attributes:
        value: What it returned, in a form to compare.
        error: What it raised, or `None`.
        asked_again: Whether the SDK asked for the settings once more, because a retry had named a workspace.
        kept: The state of its arguments afterwards.
        heard: What its callbacks were called with.
        groups: The requests that it sent; see `comparing.Group`.
    """

    value: Any = None
    error: Exception | None = None
    asked_again: bool = False
    kept: list[Any] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)


class Live:
    """The script of the run with our client: the service answers."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.service = Service(player.program.seed, self._arrived)

    def begin(self, step: Step) -> None:
        self.service.begin(step.number, step.mood)

    def answer(self, request: Request) -> Answer:
        return self.service.answer(request)

    def _arrived(self, request: Request, position: int) -> None:
        request.named = self.player.named(request)
        for at, _ in self.player.step.during:
            if at == position:
                request.fired.append(at)
                self.player.fire(at)


class Replay:
    """The script of the SDK's run: each request gets the last answer that ours got to the same one.

    So a request that our client sent a second time gets the answer to that, as if it had named the workspace at once.
    """

    def __init__(self, player: Player, outcomes: dict[int, Outcome]) -> None:
        self.player = player
        self.outcomes = outcomes

    def begin(self, step: Step) -> None:
        self.groups = self.outcomes[step.number].groups
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Answer:
        position = len(self.requests)
        self.requests.append(request)
        if position < len(self.groups):
            for at in self.groups[position].fired:
                self.player.fire(at)
            request.answer = self.groups[position].request.answer
        else:
            request.answer = self.groups[-1].request.answer if self.groups else Answer(418)
        return request.answer


class Answering:
    """The script of a server that says what it is."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, b'{"version": "99.0.0"}')


class Player:
    """Plays a program once.

    Args:
        program: The program.
        server: The server.
        kinds: The classes of clients, by kind.
        played: The outcomes of our client's run, if this is the SDK's.
    """

    def __init__(
        self, program: Program, server: Server, kinds: dict[str, Any], played: dict[int, Outcome] | None = None
    ) -> None:
        self.program = program
        self.server = server
        self.is_old = is_old()
        self.here, self.elsewhere = f"http://127.0.0.1:{server.port}", f"http://localhost:{server.port}"
        self.played = played
        self.last_workspace: str | None = IDS[0]
        self.offered: list[str] = []
        """The workspaces that the program's callable returned."""
        self.changes: list[str] = []
        """What the program changed, in words."""
        self.troubles: list[BaseException] = []
        self.warned: set[str] = set()
        self.logged: list[str] = []
        self.outcomes: dict[int, Outcome] = {}
        self.folder = os.getcwd()
        self.is_async_call = False
        self.step = Step(-1, "")
        self.brought: set[str] = set()
        """The headers of the call itself that say who calls, or name a workspace."""
        self._fired: set[int] = set()
        self._kind = kinds[program.kind]
        self._loop: asyncio.AbstractEventLoop | None = None
        self.script: Any = Live(self) if played is None else Replay(self, played)

    def play(self) -> None:
        """Play the program, and then check that nothing is left of it."""
        environment, threads, before = dict(os.environ), set(threading.enumerate()), descriptors()
        forget_everything()
        langsmith.utils.get_env_var.cache_clear()
        with warnings.catch_warnings(record=True) as warned, self._hearing():
            warnings.simplefilter("always")
            self.server.script = self.script
            try:
                self._make()
                for step in self.program.steps:
                    self._take(step)
                self.left = self._state()
            finally:
                self._close()
                os.environ.clear()
                os.environ.update(environment)
            gc.collect()
            self.warned = {plain(str(each.message)) for each in warned}
        self.server.settle()
        self.server.script = None
        for thread in set(threading.enumerate()) - threads:
            thread.join(5)
        self.threads = sorted(thread.name for thread in set(threading.enumerate()) - threads)
        self.sockets = descriptors() - before

    def set(self, name: str, value: Any) -> None:
        """Set an attribute of the client, if it has such a one to set."""
        declared = inspect.getattr_static(type(self.client), name, None)
        if declared is None or (isinstance(declared, property) and declared.fset is None):
            return
        if name == "workspace_id":
            self.workspace = value or None
        if name == "headers":
            self.headers = value or {}
        self.changes.append(f"{name} = {value!r}")
        setattr(self.client, name, value)

    def change_of(self, name: str) -> Any:
        """Return a change to the client, by its name."""
        return CHANGES[name]

    def hook(self, response: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing, as a hook of the program's session."""

    def named(self, request: Request) -> Named:
        """Return what the program names now for a request. For another key or host than the client's, it is nothing."""
        key, host = getattr(self.client, "api_key", None) or self.key, getattr(self.client, "api_url", self.here)
        is_own_host = f"//{request.host}:" in host
        by_header = {name.lower(): value for name, value in self.headers.items()}.get(TENANT)
        if request.by_name.get("x-api-key") != key or self.brought - {TENANT} or not is_own_host:
            return Named(None, not by_header and TENANT not in self.brought, is_own_host)
        variables = (VARIABLES[1],) if self.given_workspace is not None else VARIABLES[:2]
        return Named(next((v for v in (self.workspace, by_header, *map(os.environ.get, variables)) if v), None))

    def fire(self, at: int) -> None:
        """Make a change that belongs into a call."""
        if at in self._fired:
            return
        self._fired.add(at)
        try:
            change = dict(self.step.during)[at]
            CHANGES[change](self, Arguments(Random(f"{self.program.seed} {self.step.number} {at}"), self))
        except Exception as error:
            self.troubles.append(error)

    def _make(self) -> None:
        random = Random(f"{self.program.seed} client")
        a = Arguments(random, self)
        if random.random() < 0.1:
            CHANGES["variable"](self, a)
        self.key = random.choice(KEYS)
        self.given_workspace = random.choice((None, None, None, None, "", IDS[0]))
        self.workspace = self.given_workspace or (
            os.environ.get(VARIABLES[0]) if self.given_workspace is None else None
        )
        self.headers = (a.custom_headers() or {}) if random.random() < 0.3 else {}
        self.session = requests.Session() if self.program.session else None
        self.callback_heard: list[BaseException] = []
        options: dict[str, Any] = {
            "workspace_id": self.given_workspace,
            "headers": self.headers or None,
            "disable_prompt_cache": True,
            "auto_batch_tracing": False,
            "tracing_error_callback": self.callback_heard.append,
            "session": self.session,
            # A request for it after a refusal that the SDK passes over would look like a probe.
            "info": {"version": "99.0.0"},
            "retry_config": None if self.program.retries else _no_retries(self.program.kind),
        }
        self.made = f"key {self.key}, workspace {self.given_workspace!r}, headers {self.headers}"
        known = inspect.signature(SDK[self.program.kind].__init__).parameters
        options = {name: value for name, value in options.items() if name in known}
        if "headers" not in options:
            self.headers = {}
        if "workspace_id" not in options:
            self.workspace = None
        if self._kind not in SDK.values():
            options["resolve_workspace"] = self._chooser()
        self.client = self._kind(self.here, api_key=self.key, **options)
        if hasattr(AsyncClient, "info") and self.program.kind == "async":
            self.server.script = Answering()
            self.loop.run_until_complete(self.client.info())
            self.server.script = self.script

    def _chooser(self) -> Any:
        choice = self.program.choice
        if choice in ("always", "never"):
            return choice == "always"

        def choose(workspaces: Any) -> Any:
            if choice == "raises":
                raise ValueError("the program's callable")
            chosen = {"first": workspaces[0], "last": workspaces[-1].id, "none": None, "foreign": IDS[3]}[choice]
            if chosen is not None:
                self.offered.append(getattr(chosen, "id", chosen))
            return chosen

        return choose

    def _take(self, step: Step) -> None:
        self.step = step
        self._fired = set()
        self.brought = set()
        if step.name in CHANGES:
            CHANGES[step.name](self, Arguments(Random(f"{self.program.seed} {step.number}"), self))
            return
        self.script.begin(step)
        operation = OPERATIONS[step.name]
        self.is_async_call = self.program.kind == "async" or operation.on == "async api" or step.name == "client.runs"
        a = Arguments(Random(f"{self.program.seed} {step.number}"), self)
        outcome = self.outcomes[step.number] = Outcome(heard=a.heard)
        try:
            outcome.value = plain(self._finish(operation.call(self._target(operation.on), a)))
        except Exception as error:
            outcome.error = error
        for at, _ in step.during:
            self.fire(at)
        outcome.kept = [state_of(each) for each in a.kept]
        for each in a.kept:
            if hasattr(each, "close") and not inspect.isgenerator(each):
                each.close()
        if isinstance(self.script, Live):
            outcome.groups = groups_of(self.script.service.requests)
        else:
            outcome.groups = [Group(request) for request in self.script.requests]
        ours = outcome.groups if self.played is None else self.played[step.number].groups
        self.last_workspace = next((group.request.workspace for group in ours if group.request.workspace), IDS[0])

    def _target(self, on: str) -> Any:
        if on == "client":
            return self.client
        if on == "sync api":
            return self.client._get_langsmith_api_sync()
        return self.client._langsmith_api if self.program.kind == "async" else self.client._get_langsmith_api()

    def _finish(self, started: Any) -> Any:
        if self.is_async_call:
            return self.loop.run_until_complete(_to_its_end(started))
        if isinstance(started, Iterator):
            return list(itertools.islice(started, MOST_ITEMS))
        return started

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop

    def _state(self) -> Any:
        """Return what the program gave to the client, as it is now."""
        session = getattr(self.client, "session", None)
        found = [dict(self.headers), sorted(os.environ.items())]
        if session is not None:
            found += [
                dict(session.headers),
                repr(session.auth),
                {name: len(hooks) for name, hooks in session.hooks.items()},
                session.cookies.get_dict(),
            ]
            found += [session.trust_env, sorted(session.adapters), session.max_redirects]
        return plain(found)

    def _close(self) -> None:
        client: Any = getattr(self, "client", None)
        if client is None:
            return
        if self.program.kind == "sync":
            client.session.close()
        apis = [getattr(client, name, None) for name in ("_langsmith_api", "_langsmith_api_sync")]
        closing = [api.close() for api in apis if api is not None] + (
            [client.aclose()] if self.program.kind == "async" else []
        )
        for each in closing:
            if inspect.isawaitable(each):
                self.loop.run_until_complete(each)
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
        del self.client

    @contextlib.contextmanager
    def _hearing(self) -> Iterator[None]:
        logger = logging.getLogger("safe_langsmith")
        handler, level = logging.Handler(), logger.level
        handler.emit = lambda record: self.logged.append(f"{record.getMessage()} {vars(record)}")  # type: ignore[method-assign]
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)


async def _to_its_end(started: Any) -> Any:
    if inspect.isawaitable(started):
        started = await started
    if hasattr(started, "__aiter__"):
        found = []
        async for item in started:
            found.append(item)
            if len(found) == MOST_ITEMS:
                break
        return found
    return started


def _no_retries(kind: str) -> Any:
    return urllib3.Retry(0) if kind == "sync" else {"max_retries": 1}


def descriptors() -> int:
    """Return how many files and sockets are open, on systems that say so."""
    return len(os.listdir(_DESCRIPTORS)) if os.path.isdir(_DESCRIPTORS) else 0


@cache
def is_old() -> bool:
    """Return whether the installed SDK is one without a workspace in its async client."""
    return not hasattr(AsyncClient, "workspace_id")


@cache
def available(kind: str) -> tuple[str, ...]:
    """Return the names of the operations that the installed SDK has for a kind of program."""
    apis = {"sync api": hasattr(Client, "_get_langsmith_api_sync"), "async api": hasattr(Client, "_get_langsmith_api")}
    apis["async api"] = apis["async api"] and (kind == "sync" or "_langsmith_api" in dir(AsyncClient))
    found = []
    for name, operation in OPERATIONS.items():
        method = name.partition("(")[0].removeprefix("client.")
        exists = hasattr(SDK[kind], method) if operation.on == "client" else apis[operation.on]
        if kind in operation.kinds and exists:
            found.append(name)
    return tuple(found)


@contextlib.contextmanager
def no_waiting() -> Iterator[None]:
    """Make the SDK's pauses between its attempts short: nothing but them sleeps here."""
    sleep, asleep = time.sleep, asyncio.sleep

    async def pause(seconds: float, result: Any = None) -> Any:
        return await asleep(0, result)

    time.sleep, asyncio.sleep = (lambda seconds: None), pause
    try:
        yield
    finally:
        time.sleep, asyncio.sleep = sleep, asleep


def make_program(seed: int) -> Program:
    """Return the program of a seed."""
    return program_of(seed, available)
