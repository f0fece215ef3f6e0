"""Asking the endpoint: read-only GETs that go the way the client's own requests go, under one deadline."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from safe_langsmith._core.answers import Answer, read_answer
from safe_langsmith._core.evidence import Question

from .deadline import within

DEADLINE = 5.0
"""Seconds for all questions about one refusal, by the clock."""

PAUSE = 0.1
"""Seconds before a question is repeated."""

OUT_OF_TIME = "no answer within"
LARGEST_BODY = 8_000_000
_CHUNK = 65_536
# Headers that belong to the refused request's body or to its connection, not to the way to the server.
_OF_ONE_REQUEST = frozenset(
    "x-tenant-id content-type content-length content-encoding transfer-encoding host connection accept expect "
    "accept-encoding range if-match if-none-match if-modified-since".split()
)


def no_questions(question: Question) -> Answer:
    """Answers in place of a server where the user wants no diagnostic requests."""
    return Answer(error="probe=False, so no diagnostic request was sent", asked=False)


class Prober:
    """Asks questions over a `requests` session, without changing it.

    Args:
        session: The client's session.
        endpoint: The base URL of the API that refused.
        headers: The headers of the refused request.
        secrets: Strings that must not appear in an answer.
        seconds: How long all questions together may take.
    """

    def __init__(
        self, session: Any, endpoint: str, headers: Mapping[str, str], secrets: tuple[str, ...], seconds: float
    ) -> None:
        """Starts the clock."""
        self._session = session
        self._endpoint = endpoint.rstrip("/")
        self._headers = {name: value for name, value in headers.items() if name.lower() not in _OF_ONE_REQUEST}
        self._secrets = secrets
        self._until = time.monotonic() + seconds

    def __repr__(self) -> str:
        """Shows nothing of the headers, which hold the key."""
        return f"Prober({self._endpoint!r})"

    def forget(self) -> None:
        """Drops what holds the key."""
        self._headers, self._secrets = {}, ()

    def ask(self, question: Question) -> Answer:
        """Returns the answer to a question, asked twice at most. Never raises an `Exception`."""
        from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_fixed

        asking = Retrying(
            retry=retry_if_result(_worth_repeating),
            stop=stop_after_attempt(2),
            wait=wait_fixed(PAUSE),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else Answer(error="no answer"),
        )
        try:
            return asking(self._ask_once, question)
        except Exception as error:
            return Answer(error=type(error).__name__)

    def _ask_once(self, question: Question) -> Answer:
        left = self._until - time.monotonic()
        if left <= 0:
            return Answer(error=f"{OUT_OF_TIME} {DEADLINE:g} s", asked=False)
        return within(left, lambda: self._send(question), Answer(error=f"{OUT_OF_TIME} {DEADLINE:g} s"))

    def _send(self, question: Question) -> Answer:
        import requests

        headers = {**self._headers, "Accept": "application/json"}
        if question.workspace_id:
            headers["X-Tenant-Id"] = question.workspace_id
        url = f"{self._endpoint}{question.path}{'?' + question.query if question.query else ''}"
        try:
            session = _twin(self._session)
            prepared = session.prepare_request(requests.Request("GET", url, headers=headers))
            if not question.workspace_id:
                prepared.headers.pop("X-Tenant-Id", None)
            way = session.merge_environment_settings(url, {}, True, None, None)
            left = max(0.1, self._until - time.monotonic())
            response = session.send(prepared, timeout=(left, left), allow_redirects=False, **way)
            try:
                return read_answer(
                    response.status_code,
                    self._read(response),
                    response.headers.get("Content-Type") or "",
                    self._secrets,
                )
            finally:
                response.close()
        except Exception as error:
            return Answer(error=type(error).__name__)

    def _read(self, response: Any) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > LARGEST_BODY or time.monotonic() > self._until:
                break
        return bytes(body)


def _worth_repeating(answer: Answer) -> bool:
    """A connection fault or a server in trouble may pass; time that has run out does not come back."""
    if answer.status is None:
        return not (answer.error or "").startswith(OUT_OF_TIME)
    return answer.status >= 500


def _twin(session: Any) -> Any:
    """A copy of a session that goes the same way, and leaves no cookie and calls no hook of the user's."""
    from requests.cookies import RequestsCookieJar
    from requests.hooks import default_hooks

    # Not copy.copy(): a session's pickling support would leave out what a subclass put into it.
    twin = object.__new__(type(session))
    twin.__dict__.update(session.__dict__)
    twin.adapters = {prefix: _without_retries(adapter) for prefix, adapter in session.adapters.items()}
    twin.cookies = RequestsCookieJar()
    for cookie in session.cookies:
        twin.cookies.set_cookie(cookie)
    twin.hooks = default_hooks()
    return twin


def _without_retries(adapter: Any) -> Any:
    """A copy of an adapter that shares its connections but sends once and obeys no `Retry-After`."""
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    if not isinstance(adapter, HTTPAdapter) or adapter.max_retries.total == 0:
        return adapter
    # Not copy.copy(): an adapter's pickling support would build a new pool, without what a subclass put into it.
    twin = object.__new__(type(adapter))
    twin.__dict__.update(adapter.__dict__)
    twin.max_retries = Retry(0, read=False)
    return twin
