"""A small HTTP server that answers as a seeded script says. It knows the service's paths, and nothing of this library.

Whether a request is refused depends on who sends it: on its endpoint, and on every header that is not one of HTTP's or
the SDK's. So a request that loses one of them, or gets another, reaches other workspaces.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import Any, NamedTuple, Protocol

TENANT, RETRY_COUNT = "x-tenant-id", "x-stainless-retry-count"
# Headers that do not tell one caller from another.
CONSTANTS = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type expect host idempotency-key "
    "transfer-encoding user-agent x-tenant-id".split()
)
MOVED = "/moved"
PREFIX = "0000cafe"
"""What ids of programs and servers begin with, to tell them from those that the SDK draws."""


@dataclass(frozen=True)
class Answer:
    """A response, and how it is sent: `length`, `chunked`, `gzip`, `close` (to the end of the connection), `drop`."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    framing: str = "length"

    def __str__(self) -> str:
        return self.framing if self.framing == "drop" else str(self.status)

    def on_the_wire(self) -> bytes:
        if self.framing == "drop":
            return b""
        body, headers = self.body, [*self.headers, ("Connection", "close")]
        if self.framing == "gzip":
            body, headers = gzip.compress(body, mtime=0), [*headers, ("Content-Encoding", "gzip")]
        if self.framing == "chunked":
            headers.append(("Transfer-Encoding", "chunked"))
            pieces = [body[start : start + 50] for start in range(0, len(body), 50)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
        elif self.framing != "close":
            headers.append(("Content-Length", str(len(body))))
        lines = [f"HTTP/1.1 {self.status} Any", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1") + (b"" if self.status == 204 else body)


class Named(NamedTuple):
    """What the program had named when a request arrived.

    Attributes:
        workspace: A workspace for the client's own key and host, if it named any.
        inherits: Whether a workspace on the request can only be the client's, which the SDK puts on requests for other
            keys and hosts, too.
        is_own_host: Whether the request is for the host that the client is configured for.
    """

    workspace: str | None = None
    inherits: bool = False
    is_own_host: bool = True


@dataclass
class Request:
    """A request as it arrived. `fired` are the positions of the changes that were made while it was in flight."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    named: Named = field(default_factory=Named)
    answer: Answer = Answer()
    fired: list[int] = field(default_factory=list)

    @cached_property
    def by_name(self) -> dict[str, str]:
        # The first counts if a name occurs twice, as for most servers.
        return {name.lower(): value for name, value in reversed(self.headers)}

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def workspace(self) -> str | None:
        return self.by_name.get(TENANT) or None

    @cached_property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """Who sends it, and to which host. The port is another one in each run."""
        own = (name for name in self.by_name if name not in CONSTANTS and not name.startswith("x-stainless-"))
        return (("host", self.host), *((name, self.by_name[name]) for name in sorted(own)))

    @property
    def host(self) -> str:
        return self.by_name["host"].partition(":")[0]

    def without_workspace(self) -> tuple[Any, ...]:
        """Return everything but the workspace, byte for byte.

        A generated client counts its attempts in a header, and httpx draws the boundary of a multipart body anew.
        """
        left_out = (TENANT, RETRY_COUNT)
        headers = sorted((name.lower(), value) for name, value in self.headers if name.lower() not in left_out)
        drawn, boundary = self.boundary, "<boundary>"
        headers = [(name, value.replace(drawn, boundary)) for name, value in headers]
        return self.method, self.target, headers, self.body.replace(drawn.encode(), boundary.encode())

    @cached_property
    def boundary(self) -> str:
        """The boundary of a multipart body."""
        found = re.search(r'boundary="?([^";]+)', self.by_name.get("content-type", ""))
        # httpx sends files under whatever type the client's headers name.
        found = found or re.match("--([0-9a-f]{32})\r\n", self.body[:40].decode("latin-1"))
        return found[1] if found else "no boundary"

    def __str__(self) -> str:
        return f"{self.method} {self.target[:90]} tenant={self.workspace} {len(self.body)}B -> {self.answer}"


class Script(Protocol):
    """What decides about answers."""

    def answer(self, request: Request) -> Answer: ...


class Server:
    """Serves one request a connection, one after another, from construction until `close`."""

    def __init__(self) -> None:
        self.script: Script | None = None
        self._closing = False
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self.settle()
        self._thread.join()
        self._socket.close()

    def settle(self) -> None:
        """Wait until all connections so far are closed: a client may have given one up before it was accepted."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"\r\n")
            last.recv(1)

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            connection.settimeout(10)
            with connection, contextlib.suppress(OSError):
                request = _read(connection)
                if self._closing:
                    return
                if request is not None and self.script is not None:
                    connection.sendall(self.script.answer(request).on_the_wire())


def _read(connection: socket.socket) -> Request | None:
    """Return the request, or `None` if the client gave up before its end."""
    with connection.makefile("rb") as stream:
        first = stream.readline().decode("latin-1").split()
        if not first:
            return None
        headers = []
        while line := stream.readline().strip(b"\r\n"):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        request = Request(first[0], first[1], tuple(headers), b"")
        if request.by_name.get("transfer-encoding") == "chunked":
            chunks = []
            while (size := int(stream.readline() or b"-1", 16)) != 0:
                if size < 0:
                    return None
                chunks.append(stream.read(size))
                stream.readline()
            stream.readline()
            return replace(request, body=b"".join(chunks))
        return replace(request, body=stream.read(int(request.by_name.get("content-length", 0))))


class Account(NamedTuple):
    """What one caller reaches.

    Attributes:
        workspaces: The workspaces, as they are listed.
        has_default: Whether a request may name none of them.
        may_list: Whether the caller may list them.
    """

    workspaces: tuple[str, ...]
    has_default: bool
    may_list: bool


REFUSALS: tuple[tuple[bytes, str], ...] = (
    (b'{"error":"org_scoped_key_requires_workspace"}', "application/json"),
    (b'{"error":"org_scoped_key_requires_workspace","detail":"name one"}', "application/json"),
    (b'{"detail":"Forbidden"}', "application/json"),
    (b'{"detail":"Forbidden"}', "application/json"),
    (b'{"error":"Forbidden"}', "application/json"),
    (b'{"detail":[{"msg":"no","loc":["header"]}]}', "application/json"),
    (b'{"detail":"You are missing the permission datasets:create"}', "application/json"),
    (b'{"detail":"This feature needs another plan"}', "application/json"),
    (b"<html><title>Blocked</title></html>", "text/html"),
    (b'["Forbidden"]', "application/json"),
    (b'"Forbidden"', "application/json"),
    (b"null", "application/json"),
    (b"", "application/json"),
    (b"\xff\xfe{", "application/json"),
    (b"[" * 3000, "application/json"),
)
OTHERS: tuple[tuple[int, tuple[tuple[str, str], ...]], ...] = (
    (401, ()),
    (404, ()),
    (404, ()),
    (409, ()),
    (422, ()),
    (429, (("Retry-After", "0"),)),
    (500, ()),
    (503, (("Retry-After", "0"),)),
)
FRAMINGS = ("length", "length", "length", "chunked", "gzip", "close")


class Service:
    """Answers from a seed: by the account of whoever asks, and by the mood of the step.

    Args:
        seed: The seed.
        on_request: Called with the number of each request of a step, while it is in flight.
    """

    def __init__(self, seed: object, on_request: Callable[[Request, int], None]) -> None:
        self.seed = seed
        self.on_request = on_request
        own = Random(f"{seed} service")
        self.listed = tuple(_id(own) for _ in range(4))
        self.refusal = own.choice(REFUSALS[:6])
        # How often the answer to a probe is a strange one.
        self.strange = own.choice((0, 0, 0, 0, 0, 0.3))
        self.begin("", "calm")

    def begin(self, step: object, mood: str) -> None:
        """Begin a step."""
        self.requests: list[Request] = []
        self.mood = mood
        self._random = Random(f"{self.seed} {step}")
        self._sends = 0

    def account_of(self, request: Request) -> Account:
        own = Random(f"{self.seed} {request.identity}")
        workspaces = own.sample(self.listed, own.choice((*(1,) * 7, 0, 2, 4)))
        return Account(tuple(workspaces), own.random() < 0.2, own.random() < 0.9)

    def answer(self, request: Request) -> Answer:
        self.on_request(request, len(self.requests))
        self.requests.append(request)
        request.answer = self._answer(request)
        return request.answer

    def _answer(self, request: Request) -> Answer:
        account = self.account_of(request)
        named = request.workspace
        authorized = named in account.workspaces if named else account.has_default
        if request.method == "GET" and request.path.endswith(("/settings", "/workspaces", "/info")):
            if Random(f"{self.seed} {request.target} {len(self.requests)}").random() < self.strange:
                return self._other(request)
            return self._about(request, account, authorized)
        self._sends += 1
        if self.mood == "late" and self._sends != 3:
            # A server that fails, then answers, then fails again.
            return self._packed(500, (b"{}", "application/json"))
        if self._fails_now():
            return self._other(request, infrastructure=True)
        if not authorized:
            return self._packed(403, self.refusal)
        return self._other(request) if self._random.random() < 0.2 else self._granted(request)

    def _fails_now(self) -> bool:
        return self._random.random() < {"calm": 0, "late": 0, "mixed": 0.4, "falls": self._sends > 1}[self.mood]

    def _about(self, request: Request, account: Account, authorized: bool) -> Answer:
        if request.path.endswith("/info"):
            return _json({"version": "99.0.0", "instance_flags": {}, "batch_ingest_config": None})
        if request.path.endswith("/settings"):
            found = {"id": request.workspace or self.listed[0], "display_name": "One", "created_at": "2024-01-01"}
            return _json({**found, "tenant_handle": "one"}) if authorized else self._packed(403, self.refusal)
        if not account.may_list:
            return self._packed(403, REFUSALS[2])
        listed: list[dict[str, Any]] = [{"id": id_, "display_name": f"Space {id_[-4:]}"} for id_ in account.workspaces]
        if "include_deleted=true" in request.target:
            listed.append({"id": str(uuid.UUID(int=7)), "display_name": "Gone", "is_deleted": True})
        return _json(listed)

    def _other(self, request: Request, infrastructure: bool = False) -> Answer:
        """Return what has nothing to do with the account, or a refusal for another reason."""
        kind = self._random.choice(("status", "status", "drop", "move") if infrastructure else ("refuse", "status"))
        if kind == "refuse":
            body = self._random.choice((*REFUSALS, (b'{"detail":"%s"}' % _key(request), "application/json")))
            return self._packed(403, body)
        if kind == "drop":
            return Answer(framing="drop")
        if kind == "move" and not request.path.startswith(MOVED):
            host = self._random.choice(("", f"http://localhost:{request.by_name['host'].rpartition(':')[2]}"))
            status = self._random.choice((301, 302, 307, 308))
            return Answer(status, headers=(("Location", f"{host}{MOVED}{request.target}"),))
        statuses = [row for row in OTHERS if row[0] >= 429] if infrastructure else OTHERS
        status, headers = self._random.choice(statuses)
        return self._packed(status, (b'{"detail":"something else"}', "application/json"), headers)

    def _granted(self, request: Request) -> Answer:
        body: Any = self._random.choice((None, [], {}, "text", 7)) if self._random.random() < 0.1 else _shape(request)
        return self._packed(200, (json.dumps(body).encode(), "application/json"))

    def _packed(self, status: int, body: tuple[bytes, str], headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        framing = self._random.choice(FRAMINGS) if body[0] else "length"
        return Answer(status, body[0], (("Content-Type", body[1]), *headers), framing)


def _id(random: Random) -> str:
    return f"{PREFIX}{str(uuid.UUID(int=random.getrandbits(128), version=4))[8:]}"


def _key(request: Request) -> bytes:
    """Return a credential of the request, as a careless server quotes it."""
    return (request.by_name.get("x-api-key") or request.by_name.get("authorization", "")).encode("latin-1")


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode())


def _shape(request: Request) -> Any:
    """Return a body that has what the SDK reads from most responses: an object for one thing, else a list."""
    one: dict[str, Any] = _EVERYTHING
    last = request.path.rpartition("/")[2]
    if request.method == "GET" and re.fullmatch(
        "sessions|datasets|examples|feedback|versions|splits|queues|tags", last
    ):
        return [one]
    return {**one, "runs": [], "repos": [one], "commits": [one], "repo": one, "commit": one, "items": [], "total": 1}


_ONE_ID = f"{PREFIX}-0000-4000-8000-000000000001"
_WHEN = "2024-01-01T00:00:00+00:00"
_EVERYTHING: dict[str, Any] = {
    **dict.fromkeys("id tenant_id dataset_id run_id trace_id session_id queue_id".split(), _ONE_ID),
    **dict.fromkeys("created_at modified_at start_time end_time updated_at as_of expires_at last_run".split(), _WHEN),
    **dict.fromkeys("name description share_token url key repo_handle owner full_name commit_hash".split(), "one"),
    **{name: {} for name in "inputs outputs extra metadata manifest feedback_config".split()},
    **dict.fromkeys("example_count session_count num_likes num_downloads num_views num_commits likes count".split(), 1),
    **dict.fromkeys("is_public is_archived is_shared".split(), False),
    **{name: [] for name in "tags examples example_ids rows child_runs".split()},
    "run_type": "chain",
    "status": "success",
    "data_type": "kv",
    "dotted_order": "one",
    "score": 1,
}
