"""What is added to a diagnosis once it is known how the attempt to cure the refusal went."""

from __future__ import annotations

from dataclasses import replace

from safe_langsmith.diagnosis import Diagnosis, Fix, Workspace

_NAMES_A_WORKSPACE = ('AsyncClient(workspace_id="', "LANGSMITH_WORKSPACE_ID=")
_UPDATE = Fix(
    "Update langsmith before you name a workspace",
    "Its asynchronous client can name one from langsmith 0.9.8 on; the one that is installed is older.",
    'python -m pip install --upgrade "langsmith>=0.9.8"',
    step=2,
)


def call_again(diagnosis: Diagnosis, workspace: Workspace, kept: bool) -> Diagnosis:
    """Returns the diagnosis with the one thing to do first: the same call, once more.

    Args:
        diagnosis: The diagnosis of the refusal.
        workspace: The workspace that was found.
        kept: Whether the client uses it from now on.
    """
    if kept:
        fix = Fix(
            "Call again",
            f'The client now uses workspace "{workspace.name}". This call\'s body is a stream that could be read only '
            "once, so it was not sent a second time.",
            step=2,
        )
    else:
        fix = Fix(
            "Call again, and name the workspace",
            f'Workspace "{workspace.name}" is the one. This call\'s body is a stream that could be read only once, so '
            "it was not sent a second time.",
            f'headers={{"X-Tenant-Id": "{workspace.id}"}}',
            step=2,
        )
    return replace(diagnosis, fixes=(fix, *diagnosis.fixes))


def for_async(diagnosis: Diagnosis, can_name_a_workspace: bool) -> Diagnosis:
    """Returns the diagnosis with lines to copy that make a `SafeAsyncClient`.

    Args:
        diagnosis: The diagnosis of the refusal.
        can_name_a_workspace: Whether the installed SDK's asynchronous client can.
    """
    fixes = [
        replace(fix, code=fix.code.replace("SafeClient(", "SafeAsyncClient(")) if fix.code else fix
        for fix in diagnosis.fixes
    ]
    naming = [n for n, fix in enumerate(fixes) if any(mark in (fix.code or "") for mark in _NAMES_A_WORKSPACE)]
    if naming and not can_name_a_workspace:
        fixes.insert(naming[0], _UPDATE)
    return replace(diagnosis, fixes=tuple(fixes))


def add_to_workspace_check(diagnosis: Diagnosis, seen: str) -> Diagnosis:
    """Returns the diagnosis with something more in what the check of the workspace saw."""
    checks = tuple(
        replace(check, detail=f"{seen}; {check.detail}") if check.step == 2 else check for check in diagnosis.checks
    )
    return replace(diagnosis, checks=checks)
