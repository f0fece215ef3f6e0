"""Two drivers for the same steps, one that blocks and one for event loops, and the probes that they send.

What happens after a refusal is written once, as a generator that yields what it needs from outside: the answer to a
probe, the result of blocking work, or the response to a second send. `run` and `run_async` give it that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, NamedTuple, TypeVar, cast

from safe_langsmith._core.endpoints import TENANT_HEADER
from safe_langsmith._core.model import PROBING_OFF, ProbeRequest
from safe_langsmith._core.redaction import bare_url, sanitize
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._probe.cache import Flight, KeyState
from safe_langsmith._probe.transports import (
    FILE_READER,
    AsyncTransport,
    PreparedProbe,
    RawResponse,
    RequestsTransport,
    Worker,
    in_thread,
)

T = TypeVar("T")

DEADLINE = 5.0
"""Seconds for all probes about one refusal, by the clock."""

LONGEST_QUEUE = 5.0
"""Seconds for which a task waits for its turn in a thread that works for other tasks, too."""

PAUSE = 0.1
"""Seconds before a probe is repeated."""

ROUND_TRIP = 1.0
"""Seconds that a caller waits beyond its own deadline for a probe that another caller is just finishing."""

# A caller that waits for another one's probe looks that often whether it was lost.
_SLICE = 0.5
_LARGE_BODY = 100_000
_IN_PROGRESS = Answer(error="another diagnosis of this endpoint and key is still in progress", asked=False)
# Headers that belong to the refused request's body or to its connection, not to the way to the server.
_OF_ONE_REQUEST = frozenset(
    "x-tenant-id content-type content-length content-encoding transfer-encoding host connection accept expect "
    "accept-encoding range if-match if-none-match if-modified-since".split()
)


class Blocking(NamedTuple):
    """A step that blocks: it reads files, or calls the user's code. An event loop has a thread do it.

    If the thread is still busy with other tasks after `LONGEST_QUEUE` seconds, the step raises `Busy`.

    Attributes:
        work: What to do.
        worker: The thread.
    """

    work: Callable[[], Any]
    worker: Worker = FILE_READER


class Busy(Exception):
    """The thread that was to do a blocking step is still busy with other tasks."""


class Resend(NamedTuple):
    """A step that sends the refused call again.

    Attributes:
        call: The call, whose `again` sends it. A call's `repr` shows no arguments: tracebacks show this step.
    """

    call: Any


class Probe(NamedTuple):
    """A step that needs the answer to a probe.

    Attributes:
        prober: Sends it.
        request: What to ask.
    """

    prober: Prober
    request: ProbeRequest


Steps = Generator[Blocking | Resend | Probe, Any, T]
"""A computation that yields what it needs from outside, is sent each result, and returns a `T`."""


def run(steps: Steps[T]) -> T:
    """Run steps to their end on the calling thread, and return their result."""
    result: Any = None
    error: Exception | None = None
    try:
        while True:
            try:
                step = steps.throw(error) if error else steps.send(result)
            except StopIteration as end:
                return cast("T", end.value)
            error = None
            if isinstance(step, Probe):
                result = step.prober.ask(step.request)
            elif isinstance(step, Blocking):
                result = step.work()
            else:
                try:
                    result = step.call.again()
                except Exception as refused_again:
                    error = refused_again
    finally:
        # An exception in the locals of its own traceback would keep the client alive.
        del error, result
        steps.close()


async def run_async(steps: Steps[T]) -> T:
    """Run steps to their end on an event loop, without blocking it, and return their result.

    Args:
        steps: The steps.

    Raises:
        RuntimeError: If no asyncio event loop is running.
    """
    asyncio.get_running_loop()
    result: Any = None
    error: Exception | None = None
    try:
        while True:
            try:
                step = steps.throw(error) if error else steps.send(result)
            except StopIteration as end:
                return cast("T", end.value)
            error = None
            if isinstance(step, Probe):
                result = await step.prober.ask_async(step.request)
            elif isinstance(step, Blocking):
                try:
                    result = await _work(step)
                except Busy as busy:
                    error = busy
            else:
                try:
                    result = await step.call.again()
                except Exception as refused_again:
                    error = refused_again
    finally:
        del error, result
        steps.close()


async def _work(step: Blocking) -> Any:
    queued = step.worker.submit(step.work)
    result = asyncio.wrap_future(queued)
    try:
        await asyncio.wait((result,), timeout=LONGEST_QUEUE)
        if not result.done() and queued.cancel():
            raise Busy
        return await result
    finally:
        # The task may have been cancelled while it waited.
        result.cancel()


class Prober:
    """Sends the probes about one refusal, all under one deadline; each at most twice, and once for all who need it.

    Args:
        transport: How probes travel, or `None` if none may be sent.
        endpoint: The base URL of the API that refused.
        headers: The headers of the refused request, by lower-case name.
        secrets: Strings that must not appear in an answer.
        key_state: What is known about the endpoint and key.
        on_probe: Called with each probe before it is sent.
        seconds: How long all probes may take; `None` for `DEADLINE`.
        is_of_caller: Tells whether headers, as they are sent, are of the same caller as those of a probe.

    Attributes:
        is_shared: Whether the answers are about the caller that was refused, as far as that can be seen. The user's
            authentication may have signed a probe, or sent it for another caller.
    """

    def __init__(
        self,
        transport: RequestsTransport | AsyncTransport | None,
        endpoint: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        key_state: KeyState,
        on_probe: Callable[[ProbeRequest], None] | None = None,
        seconds: float | None = None,
        is_of_caller: Callable[[Mapping[str, str], Mapping[str, str]], bool] | None = None,
    ) -> None:
        """Hold what a probe needs. The deadline begins with the first probe."""
        self._same_caller = is_of_caller
        self._transport: Any = transport
        self._endpoint = endpoint.rstrip("/")
        self._headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_REQUEST}
        self._secrets = secrets
        self._key_state = key_state
        self._on_probe = on_probe
        self._seconds = DEADLINE if seconds is None else seconds
        self._until: float | None = None
        self.is_shared = True

    def __repr__(self) -> str:
        """Show nothing of the headers, which hold the key."""
        return f"Prober({bare_url(self._endpoint)!r})"

    def ask(self, request: ProbeRequest) -> Answer:
        """Return the answer to a probe, from the cache, from another caller's flight, or from the server."""
        until = self._deadline()
        flight = Flight()
        try:
            while True:
                known = self._known(request, flight)
                if isinstance(known, Answer):
                    return known
                if known is flight or known.needs_this_thread:
                    return self._lead(request)
                left = until + ROUND_TRIP - time.monotonic()
                if left <= 0:
                    return _IN_PROGRESS
                known.wait(min(left, _SLICE))
        finally:
            flight.cancel()

    async def ask_async(self, request: ProbeRequest) -> Answer:
        """Do what `ask` does, without blocking the event loop."""
        until = self._deadline()
        flight = Flight(asyncio.get_running_loop())
        try:
            while True:
                known = self._known(request, flight)
                if isinstance(known, Answer):
                    return known
                if known is flight:
                    return await self._lead_async(request)
                left = until + ROUND_TRIP - time.monotonic()
                if left <= 0:
                    return _IN_PROGRESS
                await known.wait_async(min(left, _SLICE))
        finally:
            flight.cancel()

    def _known(self, request: ProbeRequest, flight: Flight) -> Answer | Flight:
        if self._transport is None:
            return self._key_state.answer_to(request) or PROBING_OFF
        return self._key_state.fetch(request, flight)

    @property
    def seconds_left(self) -> float:
        """How long further probes may take."""
        return self._seconds if self._until is None else max(0.0, self._until - time.monotonic())

    def _deadline(self) -> float:
        if self._until is None:
            self._until = time.monotonic() + self._seconds
        return self._until

    def _lead(self, request: ProbeRequest) -> Answer:
        from tenacity import Retrying

        answer: Answer = Retrying(**self._repeat_once())(self._send, request)
        if self.is_shared:
            self._key_state.store(request, answer)
        return answer

    async def _lead_async(self, request: ProbeRequest) -> Answer:
        from tenacity import AsyncRetrying

        answer: Answer = await AsyncRetrying(**self._repeat_once())(self._send_async, request)
        if self.is_shared:
            self._key_state.store(request, answer)
        return answer

    def _send(self, request: ProbeRequest) -> Answer:
        until = self._deadline()
        if time.monotonic() >= until:
            return _out_of_time(asked=False)
        return self._read(self._transport.get(self._prepare(request), until))

    async def _send_async(self, request: ProbeRequest) -> Answer:
        until = self._deadline()
        if time.monotonic() >= until:
            return _out_of_time(asked=False)
        raw = await self._transport.get_async(self._prepare(request), until)
        if len(raw.body) > _LARGE_BODY:
            # Reading megabytes of workspaces would hold up the loop.
            answer: Answer = await asyncio.wrap_future(in_thread(lambda: self._read(raw)))
            return answer
        return self._read(raw)

    def _repeat_once(self) -> dict[str, Any]:
        """Return tenacity's arguments for a probe: repeat it once, in time, if its connection or the server failed."""
        from tenacity import retry_if_result, wait_fixed

        return {
            "retry": retry_if_result(_is_temporary),
            "stop": lambda state: state.attempt_number >= 2 or time.monotonic() + PAUSE >= self._deadline(),
            "wait": wait_fixed(PAUSE),
            "retry_error_callback": lambda state: state.outcome.result(),
        }

    def _prepare(self, request: ProbeRequest) -> PreparedProbe:
        if self._on_probe is not None:
            self._on_probe(request)
        headers = {**self._headers, "Accept": "application/json"}
        if request.workspace_id:
            headers[TENANT_HEADER] = request.workspace_id
        same_caller = self._same_caller
        is_of_caller = None if same_caller is None else lambda sent: same_caller(sent, headers)
        return PreparedProbe(f"{self._endpoint}{request.path_and_query}", headers, is_of_caller)

    def _read(self, raw: RawResponse) -> Answer:
        self.is_shared = self.is_shared and raw.is_own
        if raw.late:
            return _out_of_time()
        if raw.error is not None or raw.status is None:
            refusal = sanitize(raw.proxy_refusal, 80, self._secrets) if raw.proxy_refusal else None
            return Answer(error=raw.error, proxy_refusal=refusal)
        return read_answer(raw.status, raw.body, raw.content_type, self._secrets)


def _out_of_time(asked: bool = True) -> Answer:
    return Answer(error=f"no answer within {DEADLINE:g} s", asked=asked, out_of_time=True)


def _is_temporary(answer: Answer) -> bool:
    """Return whether a connection or a server failed, which may pass. Time that has run out does not come back."""
    if answer.status is None:
        return answer.asked and not answer.out_of_time and answer.proxy_refusal is None
    return answer.status >= 500
