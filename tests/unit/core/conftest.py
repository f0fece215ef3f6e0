"""A refusal described in a few words, and an investigation of it driven by a dictionary of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from safe_langsmith import Diagnosis, Workspace
from safe_langsmith._core.credentials import describe
from safe_langsmith._core.engine import investigate
from safe_langsmith._core.model import Facts, ProbeRequest
from safe_langsmith._core.responses import Answer, read_body
from safe_langsmith._core.settings import DEFAULT_ENDPOINT, Dotenv, Profile, configuration

# Nowhere in a result may a key show more than its last four characters, and so none may show this.
CANARY = "c0ffeec0ffee"
KEY = f"lsv2_pt_{CANARY}00000000000000000000_0000001234"

_VARIABLES = ("LANGSMITH_API_KEY", "LANGSMITH_WORKSPACE_ID")
FORBIDDEN = b'{"detail":"Forbidden"}'


class Outcome(NamedTuple):
    diagnosis: Diagnosis
    candidates: tuple[Workspace, ...]
    asked: list[ProbeRequest]


def describe_refusal(
    *,
    key: str | None = KEY,
    key_from: str | None = "LANGSMITH_API_KEY",
    endpoint: str = DEFAULT_ENDPOINT,
    workspace_id: str | None = None,
    workspace_from: str = "LANGSMITH_WORKSPACE_ID",
    environ: Mapping[str, str] | None = None,
    dotenv: Dotenv | None = None,
    profile: Profile | None = None,
    method: str | None = "GET",
    path: str | None = "/sessions",
    body: bytes = FORBIDDEN,
    content_type: str = "application/json",
    request_id: str | None = None,
    redirected_to: str | None = None,
    inherited: str | None = None,
    cached: Mapping[str, str | None] | None = None,
) -> Facts:
    """A refused `GET /sessions` with a well-formed key at the US cloud, apart from what the test says.

    A key and a workspace that come from a variable are still in it, unless `environ` says otherwise.
    """
    origins = {"api_key": key_from, "workspace_id": workspace_from if workspace_id is not None else None}
    set_for_both = {key_from: key, workspace_from: workspace_id}
    now = {name: value for name, value in set_for_both.items() if value and name in _VARIABLES} | dict(environ or {})
    in_use = {"endpoint": endpoint, "api_key": key, "workspace_id": workspace_id}
    local = configuration(in_use, origins, now, dotenv or Dotenv(), profile, cached)
    return Facts(
        endpoint=endpoint,
        credential=describe(key),
        settings=local.settings,
        workspace_id=workspace_id,
        workspace_source=local.settings["workspace_id"].source,
        method=method,
        path=path if method else None,
        url=f"{endpoint}{path}" if method else None,
        status_code=403 if method else None,
        request_id=request_id,
        body=read_body(body if method else b"", content_type, (key,) if key else ()),
        redirected_to=redirected_to,
        inherited_workspace=inherited,
        is_own=inherited is None,
        variables=local.variables,
        drift=local.drift,
        notes=local.notes,
        dotenv_path=local.dotenv_path,
        remarks=local.remarks,
        unread=local.unread,
        related_variables=local.related_variables,
        profile=local.profile,
    )


def drive_investigation(facts: Facts, answers: Mapping[ProbeRequest, Answer] | None = None) -> Outcome:
    """Investigates, and fails on a question that the test did not expect."""
    investigation = investigate(facts)
    asked: list[ProbeRequest] = []
    answer: Answer | None = None
    try:
        while True:
            question = next(investigation) if answer is None else investigation.send(answer)
            asked.append(question)
            assert question in (answers or {}), f"unexpected question {question}, after {asked[:-1]}"
            answer = (answers or {})[question]
    except StopIteration as stop:
        return Outcome(stop.value.diagnosis, stop.value.candidates, asked)


@pytest.fixture(scope="session")
def canary() -> str:
    return CANARY


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture(scope="session")
def refusal() -> Callable[..., Facts]:
    return describe_refusal


@pytest.fixture(scope="session")
def drive() -> Callable[..., Outcome]:
    return drive_investigation
