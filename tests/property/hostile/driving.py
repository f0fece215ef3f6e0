"""From what somebody else wrote to a diagnosis, by plain calls and without a socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, NamedTuple

from safe_langsmith import Diagnosis
from safe_langsmith._core.engine import investigate
from safe_langsmith._core.model import Facts
from safe_langsmith._core.redaction import bare_url, redact_value
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.variables import shown
from safe_langsmith._render.actions import present
from safe_langsmith._sdk.http import ForbiddenResponse, read_forbidden

from ...unit.core.conftest import describe_refusal


class Came(NamedTuple):
    """An answer as it came. No status: none came."""

    status: int | None
    body: bytes = b""
    content_type: str = "application/json"


def refusal_of(
    url: str, key: str | None, body: bytes, headers: dict[str, Any], landed: str | None = None
) -> ForbiddenResponse:
    """Returns what is read from a response with these headers, which `landed` elsewhere after a redirect or did not."""
    sent = {"x-api-key": key} if key is not None else {}
    first = SimpleNamespace(request=SimpleNamespace(url=url, headers=sent), headers={}, url=url)
    last = SimpleNamespace(request=first.request, headers=headers, content=body, url=landed or url)
    last.history = [first] if landed else []
    return read_forbidden(last, "GET", url, {})


def facts_of(refusal: ForbiddenResponse, endpoint: str, key: str | None, path: str, **described: Any) -> Facts:
    """Returns the facts of a refusal, made fit to show where the library does that before the investigation."""
    facts = describe_refusal(key=key, endpoint=endpoint, **described)
    target = replace(facts.target, endpoint=shown("endpoint", endpoint) or "")
    if facts.request is None:
        return replace(facts, target=target)
    request = replace(
        facts.request,
        url=bare_url(refusal.url),
        path=bare_url(refusal.url).removeprefix(bare_url(endpoint)),
        body=refusal.body,
        request_id=refusal.request_id,
        redirected_to=refusal.redirected_to,
    )
    return replace(facts, target=target, request=request)


def diagnose(facts: Facts, answers: Sequence[Came], secrets: tuple[str, ...]) -> Diagnosis | None:
    """Investigates a refusal, or looks at a client of which nothing was refused, with the answers in their order."""
    coming = iter([*answers, *[Came(None)] * 4])
    course: Any = investigate(facts)
    answer: Answer | None = None
    try:
        while True:
            course.send(answer)
            answer = _read(coming, secrets)
    except StopIteration as stop:
        found = stop.value.diagnosis
        return redact_value(present(found, "python"), secrets) if isinstance(found, Diagnosis) else None


def _read(coming: Iterator[Came], secrets: tuple[str, ...]) -> Answer:
    status, body, content_type = next(coming)
    return Answer(error="ConnectTimeout") if status is None else read_answer(status, body, content_type, secrets)
