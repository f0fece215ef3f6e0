"""Cache of what this process knows about each endpoint and key, so that many refused calls cause one set of probes.

Threads, event loops and clients share one `CACHE`. It holds a `KeyState` for each endpoint and key, and a `KeyState`
fetches each value in a single flight:

1. A fresh value is returned as it is.
2. If no other caller is fetching the value, this one leads: it fetches and stores the value, and ends its `Flight`. If
   the leader is cancelled or interrupted, the flight ends without a value, and one of the others leads.
3. If another caller is fetching it, this one waits for that flight to end, and checks the cache again: a thread blocks,
   a task awaits.
4. If the flight cannot end before this thread continues, waiting would be a deadlock, so the caller fetches the value
   itself. That happens in a signal handler, and in a blocking call on an event loop one of whose tasks leads.
5. A caller waits no longer than its own deadline. If a flight is lost, because its event loop was closed or it is older
   than `LOST_AFTER`, one of the waiting callers leads.

The answers and conclusions of all keys together take at most about `MOST_BYTES`. Whenever one is stored, those that
have expired are dropped, and then those of the keys that were not refused for the longest time.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotInTime
from types import MethodType
from typing import Any, NamedTuple, TypeVar

from safe_langsmith._core.engine import Conclusion
from safe_langsmith._core.model import Facts, ForbiddenRequest, ProbeRequest
from safe_langsmith._core.responses import Answer
from safe_langsmith._log import Report, Reports
from safe_langsmith._probe.transports import Worker
from safe_langsmith.diagnosis import Diagnosis, Workspace

ANSWER_TTL = 60.0
"""Seconds for which an answer of LangSmith's is used again."""

WORKSPACE_TTL = 3_600.0
"""Seconds for which a workspace that was found for an endpoint and key is used for new clients."""

FAILURE_TTL = 10.0
"""Seconds for which a probe that got no usable answer is not sent again."""

LOST_AFTER = 7.0
"""Seconds after which a flight that has not ended counts as lost. All probes about one refusal take less."""

MOST_BYTES = 20_000_000
"""About how many bytes of memory the results for all keys may take."""

REFUSAL_TTL = 600.0
"""Seconds for which a refused request counts for a later check of the client."""

MOST_KEYS = 1_000
MOST_ANSWERS = 100
MOST_CONCLUSIONS = 4
MOST_CHOICES = 20
MOST_REFUSALS = 10
_CONCLUSION_BYTES = 50_000
# A URL or path of the refused request stands in several texts of a conclusion.
_COPIES_OF_PATH = 10

_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

T = TypeVar("T")
Answers = tuple[tuple[ProbeRequest, Answer], ...]


class Flight(Future[None]):
    """A value that one caller, the leader, is fetching while others wait.

    The leader creates the flight before others can see it, and ends it in a `finally`: an interrupt may come at any
    line. It ends it with `cancel()`, which is the one method of a future that can be called twice.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Begin the flight on the calling thread.

        Args:
            loop: The event loop whose task leads, or `None` if a thread does.
        """
        super().__init__()
        self.started = time.monotonic()
        self._thread = threading.get_ident()
        self._loop = weakref.ref(loop) if loop is not None else None

    @property
    def is_lost(self) -> bool:
        """Whether the leader can no longer end the flight: its loop is closed or gone, or it takes too long."""
        loop = self._loop() if self._loop is not None else None
        without_loop = self._loop is not None and (loop is None or loop.is_closed())
        return without_loop or time.monotonic() - self.started > LOST_AFTER

    @property
    def needs_this_thread(self) -> bool:
        """Whether the leader cannot end the flight while the calling thread waits."""
        return self._thread == threading.get_ident()

    def wait(self, seconds: float) -> None:
        """Block until the flight has ended.

        Args:
            seconds: The longest wait.
        """
        with contextlib.suppress(CancelledError, NotInTime):
            self.result(max(0.0, seconds))

    async def wait_async(self, seconds: float) -> None:
        """Do the same on an event loop, without blocking it."""
        loop = asyncio.get_running_loop()
        # The flight keeps the callback, which must not keep the loop after the wait: a loop that nobody
        # closes is closed when the last reference to it is gone.
        waiting = [loop.create_future()]

        def wake(_: object) -> None:
            for ended in waiting:
                # The loop may have been closed while the task waited.
                with contextlib.suppress(RuntimeError):
                    ended.get_loop().call_soon_threadsafe(_set, ended)

        self.add_done_callback(wake)
        try:
            await asyncio.wait(waiting, timeout=max(0.0, seconds))
        finally:
            waiting.pop().cancel()


def _set(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


class CachedConclusion(NamedTuple):
    """The conclusion of a refusal, with what it depends on.

    Attributes:
        facts: The facts of the refusal.
        digest: The hash of the strings that it must not hold.
        answers: The answers that it rests on.
        conclusion: The conclusion.
        until: When it expires.
    """

    facts: Facts
    digest: int
    answers: Answers
    conclusion: Conclusion
    until: float

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, without its answers."""
        return _CONCLUSION_BYTES + _COPIES_OF_PATH * len(self.facts.request.url if self.facts.request else "")


class KeyState:
    """The cached results for one endpoint and key.

    Args:
        cache: The cache that it belongs to.

    Attributes:
        chooser_thread: Calls the user's callable for event loops.
        size: About how many bytes of memory the answers and conclusions take.
        fresh_until: When the first of the results expires.
    """

    def __init__(self, cache: KeyStateCache) -> None:
        """Start empty."""
        self._cache = cache
        self._clock = cache.clock
        self._lock = cache.lock
        self._answers: dict[ProbeRequest, tuple[Answer, float]] = {}
        self._known_workspace: tuple[Workspace | None, float] = (None, 0.0)
        self._conclusions: tuple[CachedConclusion, ...] = ()
        self._choices: list[tuple[Callable[[], Any], Any]] = []
        self._flights: dict[Hashable, Flight] = {}
        self._refusals: dict[tuple[str, str, str | None], tuple[ForbiddenRequest, float]] = {}
        self._reports = Reports()
        self.chooser_thread = Worker()
        self.fresh_until = math.inf
        self.size = 0

    def renew(self) -> None:
        """Forget what is in progress: the threads that would end it are not in a forked child."""
        self._lock, self._flights, self.chooser_thread = self._cache.lock, {}, Worker()

    def __repr__(self) -> str:
        """Show none of the results."""
        return "KeyState()"

    @property
    def known_workspace(self) -> Workspace | None:
        """The workspace that a retry named for this key, if it was the only one, for `WORKSPACE_TTL` seconds."""
        workspace, until = self._known_workspace
        return workspace if self._clock() < until else None

    @known_workspace.setter
    def known_workspace(self, workspace: Workspace | None) -> None:
        until = self._clock() + WORKSPACE_TTL
        self._known_workspace = (workspace, until)
        self.fresh_until = min(self.fresh_until, until)

    def remember_identity(self, identity: int, workspace: Workspace) -> None:
        """Have new clients with an identity name a workspace, if it is the known one, until that expires.

        Args:
            identity: A salted hash of all that tells callers apart, the endpoint and the key among it.
            workspace: The workspace.
        """
        known, until = self._known_workspace
        if known is not None and known.id == workspace.id:
            with self._lock:
                others = [(other, known) for other, known in self._cache.workspaces.items() if other != identity]
                self._cache.workspaces = dict([*others[1 - MOST_KEYS :], (identity, (workspace, until))])

    def answer_to(self, request: ProbeRequest) -> Answer | None:
        """Return the answer to a probe, if it is cached and fresh."""
        answer, until = self._answers.get(request, (None, 0.0))
        return answer if self._clock() < until else None

    def fetch(self, request: ProbeRequest, flight: Flight) -> Answer | Flight:
        """Return the answer to a probe if it is cached, else the flight that fetches it.

        Args:
            request: The probe.
            flight: A flight of the caller's. If it is returned, the caller leads: it stores the answer, and ends it.
        """
        with self._lock:
            return self.answer_to(request) or self._join(request, flight)

    def store(self, request: ProbeRequest, answer: Answer) -> None:
        """Cache the answer to a probe.

        Args:
            request: The probe.
            answer: Its answer. One that was not asked for is not cached: it says nothing about the server.
        """
        if not answer.asked:
            return
        with self._lock:
            until = self._clock() + (FAILURE_TTL if answer.inconclusive else ANSWER_TTL)
            known = {other: kept for other, kept in self._answers.items() if other != request}
            # A key may be refused for ever new workspaces.
            while len(known) >= MOST_ANSWERS:
                known.pop(next(iter(known)))
            self._answers = {**known, request: (answer, until)}
            self.drop_expired()
        self._cache.trim()

    def conclusion(self, facts: Facts, secrets: tuple[str, ...]) -> Conclusion | None:
        """Return the conclusion of an identical refusal, if the answers that it rests on still stand.

        Args:
            facts: The facts of the refusal, without the fields that differ between identical ones.
            secrets: The strings that the conclusion must not hold.
        """
        digest = hash(secrets)
        for known in self._conclusions:
            if known.digest == digest and known.facts == facts and self._stands(known):
                return known.conclusion
        return None

    def store_conclusion(
        self, facts: Facts, secrets: tuple[str, ...], answers: Answers, conclusion: Conclusion
    ) -> None:
        """Cache the conclusion of a refusal, with the answers that it rests on."""
        stored = CachedConclusion(facts, hash(secrets), answers, conclusion, self._clock() + ANSWER_TTL)
        with self._lock:
            self._conclusions = (*self._conclusions[1 - MOST_CONCLUSIONS :], stored)
            self.drop_expired()
        self._cache.trim()

    def drop_expired(self) -> None:
        """Drop the answers that have expired, and the conclusions that rest on an answer that is no longer cached."""
        now = self._clock()
        self._answers = {request: kept for request, kept in self._answers.items() if now < kept[1]}
        self._conclusions = tuple(known for known in self._conclusions if self._stands(known))
        if now >= self._known_workspace[1]:
            self._known_workspace = (None, math.inf)
        expiries = [until for _, until in self._answers.values()] + [known.until for known in self._conclusions]
        self.fresh_until = min((*expiries, self._known_workspace[1]))
        self.size = sum(answer.size for answer, _ in self._answers.values())
        self.size += sum(known.size for known in self._conclusions)

    def drop_results(self) -> None:
        """Drop the answers and conclusions, but not what was chosen, reported and logged."""
        self._answers, self._conclusions = {}, ()
        self.drop_expired()

    def _stands(self, known: CachedConclusion) -> bool:
        return self._clock() < known.until and all(self.answer_to(one) is answer for one, answer in known.answers)

    def choose_once(self, chooser: Callable[..., Any], choose: Callable[[], T], seconds: float) -> T | None:
        """Return the choice of a callable of the user's, and call it only the first time.

        Args:
            chooser: The callable.
            choose: Calls it.
            seconds: The longest wait for another thread that is inside the callable.

        Returns:
            The choice, or `None` if another thread is still inside the callable.
        """
        key = ("choose", id(getattr(chooser, "__self__", chooser)), getattr(chooser, "__func__", None))
        until = time.monotonic() + seconds
        flight = Flight()
        try:
            while True:
                with self._lock:
                    known = self._choice(chooser)
                    flying = flight if known else self._join(key, flight, can_be_lost=False)
                if known is None and flying is flight:
                    known = (choose(),)
                    with self._lock:
                        self._choices = [*self._choices[1 - MOST_CHOICES :], (self._reference(chooser), known[0])]
                if known is not None:
                    chosen: T = known[0]
                    return chosen
                left = until - time.monotonic()
                if left <= 0 or flying.needs_this_thread:
                    return None
                flying.wait(left)
        finally:
            flight.cancel()

    def note_refusal(self, request: ForbiddenRequest, workspace_id: str | None) -> None:
        """Remember a refused request for a later check of the client.

        Args:
            request: The request.
            workspace_id: The workspace that it named, if any.
        """
        with self._lock:
            key = (request.method, request.path, workspace_id)
            others = [(other, kept) for other, kept in self._refusals.items() if other != key]
            self._refusals = dict([*others[1 - MOST_REFUSALS :], (key, (request, self._clock()))])

    def refusals(self, workspace_id: str | None) -> list[tuple[ForbiddenRequest, float]]:
        """Return the requests that were refused in a workspace, the latest first, and how many seconds ago each was.

        Args:
            workspace_id: The workspace that they named, or `None` for none.
        """
        now, found = self._clock(), reversed(self._refusals.items())
        ages = [(request, now - at) for (*_, named), (request, at) in found if named == workspace_id]
        return [(request, age) for request, age in ages if age < REFUSAL_TTL]

    def report(self, diagnosis: Diagnosis) -> Report:
        """Return what the log has been told about such a refusal, with this one counted."""
        named = diagnosis.settings["workspace_id"].value
        # Each run that is updated by itself has an address of its own.
        operation = (diagnosis.method, _ID.sub("", diagnosis.url or ""))
        with self._lock:
            return self._reports.count(
                (diagnosis.cause, diagnosis.confidence, named, diagnosis.server_message, operation)
            )

    def _choice(self, chooser: object) -> tuple[Any] | None:
        self._choices = [(known, choice) for known, choice in self._choices if known() is not None]
        return next(((choice,) for known, choice in self._choices if _is_same(known(), chooser)), None)

    def _reference(self, chooser: Any) -> Callable[[], Any]:
        """Return a weak reference if the callable supports it: a callable may hold its client, which must not leak."""
        try:
            return weakref.WeakMethod(chooser) if isinstance(chooser, MethodType) else weakref.ref(chooser)
        except TypeError:
            return self._cache.hold(chooser)

    def _join(self, key: Hashable, flight: Flight, can_be_lost: bool = True) -> Flight:
        """Return the flight for a key: the one under way, or the caller's own, which then is under way."""
        known = self._flights.get(key)
        if known is not None and not known.done() and not (can_be_lost and known.is_lost):
            return known
        # The caller may have waited for another flight until now.
        flight.started = time.monotonic()
        self._flights = {other: flying for other, flying in self._flights.items() if not flying.done()} | {key: flight}
        return flight


def _is_same(one: object, other: object) -> bool:
    # A bound method is another object each time that it is looked up.
    return one is other or (isinstance(one, MethodType) and isinstance(other, MethodType) and one == other)


class _Held:
    """A callable that does not support weak references, until it is dropped."""

    def __init__(self, chooser: object) -> None:
        self.chooser: object = chooser

    def __call__(self) -> object:
        return self.chooser


class KeyStateCache:
    """The key states of a process; the least recently used are dropped first.

    Args:
        clock: Seconds on a clock that never goes back.

    Attributes:
        clock: The clock.
        workspaces: The workspaces that new clients name from the start, by identity, and when each expires.
        lock: The lock of the cache and its key states. Reentrant: a signal handler or a finalizer may make a call while
            its own thread is in here.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty."""
        self.clock = clock
        self.clear()

    def clear(self) -> None:
        """Drop every key state, and the lock with them."""
        self.lock = threading.RLock()
        self._states: OrderedDict[tuple[str, str], KeyState] = OrderedDict()
        self._held: tuple[_Held, ...] = ()
        self.workspaces: dict[int, tuple[Workspace, float]] = {}
        self._logged: set[tuple[str, ...]] = set()

    def is_first_retry(self, endpoint: str, key: str, workspace_id: str) -> bool:
        """Return whether no retry with an endpoint, a key and a workspace was logged before, and note it."""
        retry = (endpoint, key, workspace_id)
        with self.lock:
            if retry in self._logged:
                return False
            if len(self._logged) >= MOST_KEYS:
                self._logged.clear()
            self._logged.add(retry)
            return True

    def renew(self) -> None:
        """Keep what a forked child has inherited, but nothing that is in progress, and no lock: its holder is gone."""
        self.lock = threading.RLock()
        self._held = ()
        for state in self._states.values():
            state.renew()

    def known_workspace(self, identity: int) -> Workspace | None:
        """Return the workspace that clients with an identity name from the start, or `None`."""
        workspace, until = self.workspaces.get(identity, (None, 0.0))
        return workspace if self.clock() < until else None

    def forget_workspace(self, workspace_id: str | None) -> None:
        """Have no new client name a workspace from the start: it was refused."""
        with self.lock:
            self.workspaces = {who: known for who, known in self.workspaces.items() if known[0].id != workspace_id}

    def state(self, endpoint: str, fingerprint: str) -> KeyState:
        """Return the state of an endpoint and key.

        Args:
            endpoint: The base URL of the API.
            fingerprint: A salted hash of the credential.
        """
        with self.lock:
            state = self._states.setdefault((endpoint, fingerprint), KeyState(self))
            self._states.move_to_end((endpoint, fingerprint))
            while len(self._states) > MOST_KEYS:
                self._states.popitem(last=False)
            return state

    def trim(self) -> None:
        """Drop what has expired, and then the results of the least recently used keys until `MOST_BYTES` are enough."""
        with self.lock:
            now = self.clock()
            for state in self._states.values():
                if now >= state.fresh_until:
                    state.drop_expired()
            too_many = sum(state.size for state in self._states.values()) - MOST_BYTES
            for state in self._states.values():
                if too_many <= 0:
                    break
                too_many -= state.size
                state.drop_results()

    def hold(self, chooser: object) -> _Held:
        """Return a strong reference to a callable. Only the last `MOST_CHOICES` of all keys are kept.

        Args:
            chooser: The callable, which does not support weak references.
        """
        with self.lock:
            held = next((held for held in self._held if held.chooser is chooser), None) or _Held(chooser)
            others = tuple(other for other in self._held if other is not held)
            for dropped in others[: max(0, len(others) + 1 - MOST_CHOICES)]:
                dropped.chooser = None
            self._held = (*others[1 - MOST_CHOICES :], held)
            return held


CACHE = KeyStateCache()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CACHE.renew)
