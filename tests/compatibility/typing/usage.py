"""What users write, as type checkers must see it: no error here, and nothing unknown."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from langsmith import AsyncClient, Client
from langsmith.schemas import LangSmithInfo, TracerSession
from langsmith.utils import LangSmithError
from typing_extensions import ParamSpec, assert_never, assert_type

from safe_langsmith import (
    ApiKey,
    Cause,
    Check,
    Confidence,
    Diagnosis,
    Fix,
    ForbiddenDiagnosis,
    Probe,
    SafeAsyncClient,
    SafeClient,
    Setting,
    Workspace,
    adiagnose,
    diagnose,
    find_diagnosis,
    install,
    reload_environment,
    uninstall,
)
from safe_langsmith.diagnosis import CheckResult, KeyKind
from safe_langsmith.testing import FakeLangSmith, Organization, RecordedRequest, Reply

P = ParamSpec("P")


def making(parent: Callable[P, object]) -> Callable[[Callable[P, object]], None]:
    """Accepts what takes all the arguments that `parent` takes, with the same types."""
    return lambda heir: None


making(Client)(SafeClient)
making(AsyncClient)(SafeAsyncClient)


def first(workspaces: Sequence[Workspace]) -> Workspace:
    return workspaces[0]


def named(workspaces: Sequence[Workspace]) -> str | None:
    return next((workspace.id for workspace in workspaces if workspace.name == "Research"), None)


class Probing:
    def __call__(self, workspaces: Sequence[Workspace]) -> Workspace | str | None:
        return input("Which? ") or None


SafeClient()
SafeClient("http://localhost:1984")
SafeClient(api_key="...", workspace_id=None, timeout_ms=(1_000, 2_000), tracing_mode="langsmith")
SafeClient(resolve_workspace=False, probe=False, dotenv_path=".env")
SafeClient(dotenv_path=Path(".env"))
SafeClient(resolve_workspace=first)
SafeClient(resolve_workspace=named)
SafeClient(resolve_workspace=Probing())
SafeClient(resolve_workspace=lambda ws: ws[0])
SafeClient(resolve_workspace=lambda ws: assert_type(ws, Sequence[Workspace])[0].id)
SafeClient(resolve_workspace=lambda ws: ws[0] if len(ws) == 1 else None)
SafeAsyncClient(
    "http://localhost:1984", "...", resolve_workspace=lambda ws: ws[0], probe=False, dotenv_path=Path(".env")
)


def what_the_sdk_promises_is_kept(client: SafeClient, asynchronous: SafeAsyncClient) -> None:
    assert_type(client.api_key, str | None)
    assert_type(asynchronous.api_key, str | None)
    client.api_key = None
    client.workspace_id = "..."
    assert_type(client.info, LangSmithInfo)
    assert_type(client.has_project("p"), bool)
    client.delete_examples([], hard_delete=True)


async def asynchronous_ones_are_kept_too() -> Diagnosis | None:
    async with SafeAsyncClient() as client:
        assert_type(client, SafeAsyncClient)
        assert_type(await client.create_project("p"), TracerSession)
        return assert_type(await adiagnose(client), Diagnosis | None)


def catching() -> str | None:
    try:
        list(SafeClient().list_projects())
    except ForbiddenDiagnosis as e:
        assert_type(e.diagnosis, Diagnosis)
        assert_type(e.sdk_error, BaseException | None)
        assert_type(e.sdk_message, str)
        assert_type(e.repeated, bool)
        assert_type(e.cause, Cause)
        assert_type(e.confidence, Confidence)
        assert_type(e.summary, str)
        assert_type(e.checks, tuple[Check, ...])
        assert_type(e.fixes, tuple[Fix, ...])
        assert_type(e.key, ApiKey)
        assert_type(e.settings, dict[str, Setting])
        assert_type(e.workspaces, tuple[Workspace, ...] | None)
        assert_type(e.method, str | None)
        assert_type(e.url, str | None)
        assert_type(e.diagnosis.status_code, int | None)
        assert_type(e.request_id, str | None)
        assert_type(e.server_message, str | None)
        assert_type(e.probes, tuple[Probe, ...])
        return e.fixes[0].code
    except LangSmithError:
        return None
    return None


def values(d: Diagnosis) -> dict[str, Any]:
    assert_type(d.key.kind, KeyKind)
    assert_type(d.checks[0].result, CheckResult)
    assert_type(d.checks[0].step, int | None)
    assert_type(d.fixes[0].title, str)
    assert_type(d.fixes[0].code, str | None)
    assert_type(d.fixes[0].url, str | None)
    assert_type(d.settings["endpoint"].others, tuple[Setting, ...])
    assert_type(d.probes[0].status, int | str)
    for workspace in d.workspaces or ():
        assert_type(workspace.permissions, tuple[str, ...] | None)
    assert_type(str(d), str)
    # A member is its value, so it goes where a string does.
    os.path.join("docs", "causes", d.cause)
    return assert_type(d.to_dict(), dict[str, Any])


def finding(error: BaseException) -> str:
    found = find_diagnosis(error)
    assert_type(found, ForbiddenDiagnosis | None)
    if found is None:
        return "something else"
    assert_type(found, ForbiddenDiagnosis)
    return found.summary


def narrowing(client: Client, error: LangSmithError) -> None:
    if isinstance(client, SafeClient):
        assert_type(client, SafeClient)
    if isinstance(error, ForbiddenDiagnosis):
        assert_type(error.cause, Cause)


def what_to_do(d: Diagnosis) -> str:
    match d.cause:
        case Cause.WORKSPACE_REQUIRED | Cause.WORKSPACE_NOT_ACCESSIBLE | Cause.WORKSPACE_ID_MALFORMED:
            return "workspace"
        case Cause.KEY_MALFORMED | Cause.KEY_LEGACY | Cause.KEY_MISSING | Cause.KEY_REJECTED:
            return "key"
        case Cause.WRONG_REGION | Cause.WRONG_ENDPOINT | Cause.BLOCKED_UPSTREAM:
            return "endpoint"
        case _:
            return "other"


def how_sure(confidence: Confidence) -> int:
    match confidence:
        case Confidence.CONFIRMED:
            return 2
        case Confidence.LIKELY:
            return 1
        case Confidence.POSSIBLE:
            return 0
        case _:
            # The list is closed, so a type checker knows that nothing is left.
            assert_never(confidence)


def checking() -> None:
    assert_type(diagnose(SafeClient()), Diagnosis | None)
    assert_type(diagnose(Client()), Diagnosis | None)
    assert_type(reload_environment(Path(".env")), dict[str, Setting])


def everywhere() -> None:
    install()
    install(resolve_workspace=first, probe=False, dotenv_path=Path(".env"))
    assert_type(Client(), Client)
    uninstall()


def standing_in() -> None:
    with FakeLangSmith() as server:
        assert_type(server, FakeLangSmith)
        assert_type(server.url, str)
        acme = server.add_organization("Acme")
        assert_type(acme, Organization)
        assert_type(acme.id, str)
        research = acme.add_workspace("Research")
        assert_type(acme.add_service_key(workspaces=[research]), str)
        server.fault("GET", "/sessions", Reply(503, {"detail": "try later"}))
        assert_type(server.requests, tuple[RecordedRequest, ...])
