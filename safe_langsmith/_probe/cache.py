"""What this process has learned about each endpoint and key, so that it asks once, whoever is refused."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import Enum
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Any

from safe_langsmith._core.model import ProbeRequest, Probing, T
from safe_langsmith._core.responses import Answer
from safe_langsmith.diagnosis import Diagnosis, Workspace

if TYPE_CHECKING:
    import asyncio

ANSWER_TTL = 60.0
"""Seconds for which LangSmith's answer is taken as still true."""

FAILURE_TTL = 10.0
"""Seconds for which a question that got no usable answer is not asked again."""

MOST_CASES = 1_000
MOST_TOLD = 20
_SLICE = 0.05


class Hold(Enum):
    """How waiting for a case ended: it is held; its holder waits for this very thread; or it took too long."""

    MINE = "mine"
    NEEDS_ME = "needs me"
    TOO_LONG = "too long"


class Case:
    """What is known about one endpoint and key.

    Attributes:
        lock: Held while questions are asked, so that everybody else waits for the answers instead of asking, too.
        gates: For each event loop, what its tasks wait at while one of them has the refusal examined. Nothing in here
            keeps a loop alive, since a loop that nobody closes is closed when nobody holds it any more.
        announced: The workspaces whose choice has been logged.
    """

    def __init__(self, clock: Callable[[], float], changed: Callable[[], None] = lambda: None) -> None:
        """Knows nothing yet."""
        self._changed = changed
        self.lock = threading.RLock()
        self.announced: dict[str, object] = {}
        self.gates: weakref.WeakValueDictionary[int, asyncio.Lock] = weakref.WeakValueDictionary()
        self._needs: tuple[int | None, ...] = ()
        self._automatic: tuple[Workspace | None, float] = (None, 0.0)
        self._clock = clock
        self._answers: dict[ProbeRequest, tuple[Answer, float]] = {}
        self._choices: list[tuple[Callable[[], Any], Any]] = []
        self._told: dict[object, object] = {}

    @contextlib.contextmanager
    def hold(self, seconds: float, needs_thread: int | None) -> Iterator[Hold]:
        """Waits until nobody else asks, and then keeps everybody else waiting.

        Args:
            seconds: How long to wait at most.
            needs_thread: The thread without which the questions to come get no answer, or `None`.
        """
        me, until, held = threading.get_ident(), time.monotonic() + seconds, False
        try:
            held = self.lock.acquire(blocking=False)
            # Looked at again and again: who holds it changes while this waits.
            while not held and me not in self._needs and time.monotonic() < until:
                held = self.lock.acquire(timeout=max(0.0, min(_SLICE, until - time.monotonic())))
            if held:
                self._needs = (me, needs_thread)
                yield Hold.MINE
            else:
                yield Hold.NEEDS_ME if me in self._needs else Hold.TOO_LONG
        finally:
            if held:
                self._needs = ()
            # Not only where it is known to be held: an interrupt may come just before that is noted.
            try:  # noqa: SIM105 -- while that is being called, another interrupt may come
                self.lock.release()
            except RuntimeError:
                pass

    @property
    def automatic(self) -> Workspace | None:
        """The workspace that was the only one, and has cured a refusal, as long as that may be taken as still true."""
        workspace, until = self._automatic
        return workspace if self._clock() < until else None

    @automatic.setter
    def automatic(self, workspace: Workspace | None) -> None:
        self._automatic = (workspace, self._clock() + ANSWER_TTL)
        self._changed()

    def drive(self, asking: Probing[T], ask: Callable[[ProbeRequest], Answer]) -> T:
        """Runs an investigation to its end, sending only the questions whose answers are not known.

        Args:
            asking: The investigation.
            ask: Sends one question.
        """
        try:
            question = next(asking)
            while True:
                question = asking.send(self.recall(question) or self._learn(question, ask(question)))
        except StopIteration as end:
            result: T = end.value
            return result

    def recall(self, question: ProbeRequest) -> Answer | None:
        """Returns the answer to a question, if it is known and fresh."""
        answer, until = self._answers.get(question, (None, 0.0))
        return answer if self._clock() < until else None

    def _learn(self, question: ProbeRequest, answer: Answer) -> Answer:
        # Answers that were never asked for, because probing is off, must not keep another client from asking.
        if answer.asked:
            now = self._clock()
            # A key may be refused for ever new workspaces.
            fresh = [known for known in tuple(self._answers.items()) if now < known[1][1]][1 - MOST_CASES :]
            self._answers = {**dict(fresh), question: (answer, now + (FAILURE_TTL if answer.inconclusive else ANSWER_TTL))}
            self._changed()
        return answer

    def is_news(self, diagnosis: Diagnosis) -> bool:
        """Returns whether no such diagnosis has been asked about before, in this process."""
        token = object()
        named = diagnosis.settings["workspace_id"].value
        told = (diagnosis.cause, diagnosis.confidence, named, diagnosis.server_message)
        # A server that says something new each time must not fill the log either.
        return len(self._told) < MOST_TOLD and self._told.setdefault(told, token) is token

    def choose_once(self, chooser: Any, choose: Callable[[], T]) -> T:
        """Returns what `chooser` chose, calling `choose` only the first time."""
        self._choices = [(known, choice) for known, choice in self._choices if known() is not None]
        for known, choice in self._choices:
            if _same(known(), chooser):
                chosen: T = choice
                return chosen
        choice = choose()
        self._choices.append((_reference(chooser), choice))
        self._changed()
        return choice


def _reference(chooser: Any) -> Callable[[], Any]:
    """A reference to a callable, weak where it can be: a callable may hold its client, which must not live for ever."""
    try:
        return weakref.ref(chooser)
    except TypeError:
        return lambda: chooser


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, MethodType) and isinstance(other, MethodType):
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    if isinstance(one, BuiltinMethodType) and isinstance(other, BuiltinMethodType):
        return one.__self__ is other.__self__ and one.__name__ == other.__name__
    return one is other


class KeyStateCache:
    """The cases of a process, the least recently used dropped first.

    Args:
        clock: Seconds on a clock that never goes back.

    Attributes:
        clock: The clock.
        changes: A number that is another one after anything was learned.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Starts with no case."""
        self.clock = clock
        self.changes = 0
        self.forget()

    def forget(self) -> None:
        """Forgets every case."""
        self.changed()
        # A signal's handler, or a finalizer, may make a call while this very thread is in here.
        self._guard = threading.RLock()
        self._cases: OrderedDict[tuple[str, str], Case] = OrderedDict()

    def changed(self) -> None:
        """Is told that something was learned."""
        self.changes += 1

    def case(self, endpoint: str, fingerprint: str) -> Case:
        """Returns the case of an endpoint and key.

        Args:
            endpoint: The base URL of the API.
            fingerprint: What tells one key from another without being one.
        """
        with self._guard:
            case = self._cases.setdefault((endpoint, fingerprint), Case(self.clock, self.changed))
            self._cases.move_to_end((endpoint, fingerprint))
            while len(self._cases) > MOST_CASES:
                self._cases.popitem(last=False)
            return case


CACHE = KeyStateCache()

# A fork copies the locks as they are, also those that a thread held which the child does not have.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CACHE.forget)
