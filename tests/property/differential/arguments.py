"""The arguments of random programs."""

from __future__ import annotations

import datetime
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from random import Random
from typing import Any

from langsmith import schemas, utils

from .server import PREFIX, TENANT

KEYS = tuple(f"lsv2_sk_{n}feedfacefeedface000000000000000_00000{n}1234" for n in range(3))
PASSWORD, COOKIE, USER = "pass-feedface-word", "feedfacec00c1e5", "user-feedface"
SECRETS = (*(key[8:-4] for key in KEYS), PASSWORD, COOKIE)
IDS = tuple(f"{PREFIX}-0000-4000-8000-00000000000{n}" for n in range(4))
WHEN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


class Failure(Exception):
    """Raised by a callback or an argument of a program."""


class Arguments:
    """Draws arguments, and remembers those whose state a call can change.

    Args:
        random: The source of randomness. The same one draws the same arguments.
        player: Who plays the program.
    """

    def __init__(self, random: Random, player: Any) -> None:
        self.random = random
        self.player = player
        self.kept: list[Any] = []
        self.heard: list[Any] = []
        """What callbacks were called with."""

    def keep(self, value: Any) -> Any:
        if not any(value is each for each in self.kept):
            self.kept.append(value)
        return value

    def any(self, *values: Any) -> Any:
        """Return one of some values. A function makes one, which is kept."""
        chosen = self.random.choice(values)
        return self.keep(chosen()) if callable(chosen) else chosen

    def id(self) -> str:
        return self.random.choice(IDS)

    def name(self) -> str:
        return self.random.choice(("one", "two words", "\u00fcber", "a/b"))

    def prompt(self) -> str:
        return self.random.choice(("one", "-/one", "owner/one", "one:abc"))

    def number(self) -> int:
        return self.random.choice((1, 2, 5, 100))

    def one(self) -> str:
        return "one"

    def chain(self) -> str:
        return "chain"

    def true(self) -> bool:
        return True

    def when(self) -> datetime.datetime:
        return WHEN

    def nothing(self) -> list[Any]:
        return []

    def names(self) -> list[str]:
        return self.keep(["a", "b"])

    def two(self) -> list[dict[str, int]]:
        return self.keep([{"a": 1}, {"a": 2}])

    def some(self) -> list[str]:
        return self.keep([self.id(), self.id()])

    def ids(self) -> Any:
        ids = self.some()
        return self.any(lambda: tuple(ids), lambda: iter(ids), lambda: map(str, ids), lambda: dict.fromkeys(ids))

    def nested(self) -> dict[str, Any]:
        return self.keep({"a": {"b": [1, {"c": self.name()}]}, "n": self.number()})

    def examples(self) -> list[Any]:
        return self.keep([{"id": id_, "inputs": self.nested()} for id_ in IDS[:2]])

    def creations(self) -> list[Any]:
        return self.keep([schemas.ExampleCreate(id=id_, inputs=self.nested(), outputs={"o": 1}) for id_ in IDS[:2]])

    def updates(self) -> list[Any]:
        return self.keep([schemas.ExampleUpdate(id=id_, inputs=self.nested()) for id_ in IDS[:2]])

    def runs(self) -> list[Any]:
        of_trace = {"id": IDS[0], "trace_id": IDS[0], "dotted_order": f"20240101T000000000000Z{IDS[0]}"}
        return self.keep(
            [{**of_trace, "name": self.name(), "run_type": "chain", "inputs": self.nested(), "start_time": WHEN}]
        )

    def upload(self) -> Any:
        contents = b"a,b\n1,2\n"
        return "f.csv", self.random.choice((contents, self.keep(io.BytesIO(contents))))

    def data(self) -> bytes:
        return self.random.choice((b'{"a":1}', b"x" * 3000, b"\x00\xff", b""))

    def pieces(self) -> Iterator[bytes]:
        yield from (self.data(), b"second")

    async def async_pieces(self) -> AsyncIterator[bytes]:
        for piece in (b"first", b"second"):
            yield piece

    def failing(self) -> Iterator[bytes]:
        yield b"first"
        raise Failure("an argument of the program")

    def stream(self) -> io.BytesIO:
        stream = io.BytesIO(b"0123456789" * 20)
        stream.seek(self.random.choice((0, 7)))
        return self.keep(stream)

    def file(self) -> Any:
        path = os.path.join(self.player.folder, "file.bin")
        with open(path, "wb") as made:
            made.write(b"contents of a file " * 9)
        opened = open(path, "rb")  # noqa: SIM115 - the player closes it
        opened.seek(self.random.choice((0, 5)))
        return self.keep(opened)

    def body(self) -> Any:
        """Return a body, in a form that the sync client takes."""
        forms = (self.pieces, self.stream, self.file, self.failing, lambda: iter([b"a", b"b"]))
        more = (lambda: map(bytes, [b"a", b"b"]), lambda: bytearray(b"bytes"), lambda: memoryview(b"view"), self.nested)
        pairs = (lambda: [("a", "1"), ("a", "2")], lambda: {"a": iter("12")}, lambda: zip("ab", "12", strict=True))
        return self.any(self.data, "text", *forms, *more, *pairs)

    def content(self) -> Any:
        """Return a body, in a form that httpx takes."""
        either = (self.data, self.data, "text", lambda: bytearray(b"bytes"), self.failing, lambda: iter([b"a", b"b"]))
        if self.player.is_async_call:
            return self.any(*either, self.async_pieces, self.async_pieces)
        return self.any(*either, self.pieces, self.stream, self.file, lambda: map(bytes, [b"a", b"b"]))

    def params(self) -> Any:
        ids = [self.id(), self.id()]
        pairs = [("example_ids", id_) for id_ in ids]
        forms = (lambda: {"example_ids": ids, "none": None}, lambda: pairs, lambda: tuple(pairs), lambda: iter(pairs))
        lazy = (lambda: map(tuple, pairs), lambda: {"example_ids": iter(ids)}, lambda: {"example_ids": map(str, ids)})
        lazier = (lambda: ((name, iter([id_])) for name, id_ in pairs), lambda: {"ids": (id_ for id_ in ids)})
        return self.any(None, "a=1&b=2", b"a=1", *forms, *lazy, *lazier)

    def plain_params(self) -> Any:
        return self.any(None, lambda: {"a": 1, "none": None}, lambda: {"a": ["1", "2"]})

    def files(self) -> Any:
        named = (
            lambda: {"f": b"bytes"},
            lambda: {"f": self.stream()},
            lambda: {"f": ("name", self.file(), "text/csv")},
        )
        return self.any(*named, lambda: [("f", ("n", self.stream())), ("g", ("n", b"2", "text/plain", {"X": "1"}))])

    def headers(self) -> dict[str, str] | None:
        other = self.random.choice(
            (None, None, {"X-Custom": "1"}, {"Accept": "text/plain"}, {"Content-Type": "text/x"})
        )
        special = self.random.choice(
            ({"x-api-key": self.key()}, {"Authorization": f"Bearer {PASSWORD}"}, {TENANT: self.id()})
        )
        gateway = {"X-Gateway-User": USER}
        chosen = self.random.choice((other, other, other, other, special, gateway))
        self.player.brought |= {"x-api-key", "Authorization", TENANT} & set(chosen or ())
        return self.keep(chosen)

    def key(self) -> str:
        return self.random.choice(KEYS)

    def workspace(self) -> str | None:
        # The last one is what an earlier request named; after a retry, the one that was chosen.
        return self.random.choice((None, "", IDS[0], self.player.last_workspace, self.player.last_workspace))

    def custom_headers(self) -> dict[str, str] | None:
        secret = {"Authorization": f"Bearer {PASSWORD}"}, {"Cookie": f"a={COOKIE}"}
        choices = None, {}, {"X-Gateway-User": USER}, {"X-Gateway-User": "two"}, {"X-Tenant-Id": IDS[1]}, *secret
        return self.keep(self.random.choice(choices))

    def auth(self) -> Any:
        return self.random.choice((None, ("user", PASSWORD), _signed))

    def changed(self) -> Callable[..., Any]:
        """Return a callback that changes the program's client, once."""
        change = self.player.change_of(self.random.choice(("key", "headers", "workspace")))
        own = Arguments(Random(self.random.random()), self.player)
        return lambda *_: change(self.player, own) if not self.heard else None

    def callback(self) -> Callable[..., Any] | None:
        """Return a callback for responses: one that does nothing, looks, asks for a repetition, fails or interferes."""
        answer = self.random.choice((None, None, True, False, AttributeError, utils.LangSmithError, Failure, "change"))
        changed = self.changed()

        def called(*arguments: Any) -> Any:
            interfere = changed if answer == "change" else None
            if interfere:
                interfere()
            self.heard.append([getattr(each, "status_code", each) for each in arguments])
            if isinstance(answer, type):
                raise answer("a callback of the program")
            return answer if len(self.heard) < 3 else False

        return self.random.choice((None, called))


def _signed(request: Any) -> Any:
    request.headers["X-Signature"] = f"{len(request.url)}"
    return request
