"""From what somebody else wrote to a diagnosis, by plain calls and without a socket."""

from __future__ import annotations

import runpy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from safe_langsmith import Diagnosis
from safe_langsmith._core.engine import conclude, investigate, look
from safe_langsmith._core.model import Facts
from safe_langsmith._core.redaction import bare_url, redact_value
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import shown
from safe_langsmith._sdk.http import ForbiddenResponse, read_forbidden

_describe = runpy.run_path(str(Path(__file__).parents[2] / "unit" / "core" / "conftest.py"))["describe_refusal"]


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
    facts = _describe(key=key, endpoint=endpoint, **described)
    return replace(
        facts,
        endpoint=shown("endpoint", endpoint) or "",
        url=bare_url(refusal.url),
        path=bare_url(refusal.url).removeprefix(bare_url(endpoint)),
        body=refusal.body,
        request_id=refusal.request_id,
        redirected_to=refusal.redirected_to,
    )


def diagnose(facts: Facts, answers: Sequence[Came], secrets: tuple[str, ...]) -> Diagnosis | None:
    """Investigates a refusal, or looks at a client of which nothing was refused, with the answers in their order."""
    coming = iter([*answers, *[Came(None)] * 3])
    course: Any = investigate(facts) if facts.method else look(facts)
    answer: Answer | None = None
    try:
        while True:
            course.send(answer)
            answer = _read(coming, secrets)
    except StopIteration as stop:
        if facts.method:
            return redact_value(stop.value.diagnosis, secrets)
        evidence, verdict = stop.value
        return redact_value(conclude(evidence, verdict).diagnosis, secrets) if verdict else None


def _read(coming: Iterator[Came], secrets: tuple[str, ...]) -> Answer:
    status, body, content_type = next(coming)
    return Answer(error="ConnectTimeout") if status is None else read_answer(status, body, content_type, secrets)
