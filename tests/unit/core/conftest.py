"""A refusal described in a few words, and an investigation of it driven by a dictionary of answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from safe_langsmith import Diagnosis, Workspace
from safe_langsmith._core.credentials import inspect_key
from safe_langsmith._core.engine import investigate
from safe_langsmith._core.model import (
    EarlierRefusal,
    Facts,
    ForbiddenRequest,
    ProbeRequest,
    RegionAnswer,
    Successes,
    TargetFacts,
)
from safe_langsmith._core.needs import Need
from safe_langsmith._core.origins import UNKNOWN, Origin
from safe_langsmith._core.responses import Answer, read_body
from safe_langsmith._core.settings import Dotenv, Profile, configuration
from safe_langsmith._core.variables import DEFAULT_ENDPOINT
from safe_langsmith._render.actions import present

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
    key_from: str | Origin | None = "LANGSMITH_API_KEY",
    endpoint: str = DEFAULT_ENDPOINT,
    workspace_id: str | None = None,
    workspace_from: str | Origin = "LANGSMITH_WORKSPACE_ID",
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
    unexplained: Origin = UNKNOWN,
    successes: Successes | None = None,
    regions: tuple[RegionAnswer, ...] = (),
    needs: tuple[Need, ...] = (),
    earlier: tuple[EarlierRefusal, ...] = (),
) -> Facts:
    """A refused `GET /sessions` with a well-formed key at the US cloud, apart from what the test says.

    A key and a workspace that come from a variable are still in it, unless `environ` says otherwise.
    """
    key_origin, workspace_origin = origin(key_from), origin(workspace_from)
    origins = {"api_key": key_origin, "workspace_id": workspace_origin if workspace_id is not None else None}
    set_for_both = {key_from: key, workspace_from: workspace_id}
    now = {name: value for name, value in set_for_both.items() if value and name in _VARIABLES} | dict(environ or {})
    in_use = {"endpoint": endpoint, "api_key": key, "workspace_id": workspace_id}
    local = configuration(in_use, origins, now, dotenv or Dotenv(), profile, unexplained)
    target = TargetFacts(
        endpoint=endpoint,
        credential=inspect_key(key),
        workspace_id=workspace_id,
        workspace_origin=local["workspace_id"].origin,
        inherited_workspace=inherited,
        primary=inherited is None,
    )
    if method is None:
        return Facts(target, local, successes=successes, regions=regions, needs=needs, earlier=earlier)
    refused = ForbiddenRequest(
        method=method,
        path=path or "",
        url=f"{endpoint}{path}",
        request_id=request_id,
        body=read_body(body, content_type, (key,) if key else ()),
        redirected_to=redirected_to,
    )
    return Facts(target, local, refused, successes, regions)


def origin(described: str | Origin | None) -> Origin | None:
    """The origin that a variable's name, "the ... argument" or an origin itself describes."""
    if not isinstance(described, str):
        return described
    name = described.removeprefix("the ").removesuffix(" argument")
    return Origin("variable" if name == described else "argument", name)


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
        diagnosis = present(stop.value.diagnosis, facts.target.interface)
        return Outcome(diagnosis, stop.value.candidates, asked)


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
