"""What must not pass: each line below is an error to every checker, and one that is none is an error, too."""

# What does not exist has no type either, which would be said beside the mistake.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Sequence

from safe_langsmith import (
    Cause,
    Diagnosis,
    ForbiddenDiagnosis,
    SafeAsyncClient,
    SafeClient,
    Workspace,
    adiagnose,
    diagnose,
    find_diagnosis,
)


def number_of(workspaces: Sequence[Workspace]) -> int:
    return len(workspaces)


SafeClient(resolve_workspace=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(resolve_workspace="Research")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(resolve_workspace=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(resolve_workspace=number_of)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(resolve_workspace=lambda: None)  # type: ignore[misc, arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(resolve_workspace=lambda ws: ws[0].nmae)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
SafeClient(probe="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient(probes=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
SafeClient(dotenv_path=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeClient("http://localhost:1984", "...")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
SafeClient(api_key=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeAsyncClient(resolve_workspace=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
SafeAsyncClient(probes=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def values_are_frozen(diagnosis: Diagnosis, error: ForbiddenDiagnosis, workspace: Workspace) -> None:
    diagnosis.cause = Cause.KEY_LEGACY  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    workspace.name = "Support"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    diagnosis.fixes[0] = diagnosis.fixes[1]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    Cause("key-legacy").value = "new"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    print(diagnosis.reason)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    print(error.reason)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def what_may_be_missing(diagnosis: Diagnosis, error: Exception) -> None:
    diagnosis.fixes[0].code.splitlines()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    print(diagnosis.workspaces[0])  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    diagnosis.request_id.lower()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    print(find_diagnosis(error).cause)  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    print(diagnose(SafeClient()).cause)  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


async def one_is_not_the_other() -> None:
    diagnose(SafeAsyncClient())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await adiagnose(SafeClient())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    print(Cause.NO_SUCH_CAUSE)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
