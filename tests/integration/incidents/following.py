"""Doing what a fix says, to see whether it helps."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from typing import Any

from safe_langsmith import Fix

from .machine import Machine

# The name of a workspace may stand behind its ID.
_ASSIGNMENT = re.compile(r"(?:# or )?(?:([A-Z][A-Z0-9_]*)=)?(\S.*?)(?:  # .*)?")
_WORDS = ("Please ", "LangSmith refuses ")
_URL_OR_ASSIGNMENT = re.compile(r"^(?:# or )?(?:[A-Z][A-Z0-9_]*=|https?://)")


def helps(fix: Fix, source: str, machine: Machine) -> bool | None:
    """Does what a fix says and repeats the call.

    Args:
        fix: The fix.
        source: Where the refused key came from, as the diagnosis says.
        machine: The machine to do it on.

    Returns:
        Whether the call succeeds then; `None` where it is for somebody else to do, or something to look at.
    """
    if fix.title.startswith("Call again"):
        return machine.attempt().succeeded
    if fix.code and fix.code.startswith(_WORDS):
        return None
    if fix.code is None:
        return _new_key(fix, source, machine)
    code = _fill_in(fix, machine)
    if code is None:
        return False
    if all(_URL_OR_ASSIGNMENT.match(line) for line in code.splitlines()):
        return any(_set(name, value, machine) for name, value in _alternatives(code))
    if code.startswith("unset "):
        machine.unset(code.removeprefix("unset "))
        return machine.attempt().succeeded
    if code.startswith("curl ") or _only_prints(code):
        return None
    return _run(code, machine)


def _new_key(fix: Fix, source: str, machine: Machine) -> bool | None:
    """Makes a new key on the page that the fix names, and puts it in place of the old one."""
    if not (fix.url or "").endswith("/settings/apikeys"):
        return None
    key = machine.make_key(fix.url or "")
    if key is None:
        return False
    machine.put_key(key, source)
    return machine.attempt().succeeded


def _fill_in(fix: Fix, machine: Machine) -> str | None:
    """The code with what the person finds in the web UI; `None` where they have no account there."""
    code = fix.code or ""
    if "<the key>" in code:
        key = machine.make_key(fix.url or "")
        return key and code.replace("<the key>", key)
    assert machine.account is not None
    code = re.sub(r"= \.\.\.(?= |$)", f"= {machine.account.personal_key()!r}", code)
    return code.replace("<the id from Settings>", machine.account.workspaces[0].id)


def _alternatives(code: str) -> list[tuple[str, str]]:
    found, last = [], ""
    for line in code.splitlines():
        match = _ASSIGNMENT.fullmatch(line)
        assert match, line
        last = match[1] or last
        found.append((last, match[2]))
    return found


def _set(name: str, value: str, machine: Machine) -> bool:
    machine.set(**{name: value})
    machine.restart()
    return machine.attempt().succeeded


def _only_prints(code: str) -> bool:
    try:
        lines = ast.parse(code).body
    except SyntaxError:
        return False
    return all(isinstance(line, ast.Import) or ast.unparse(line).startswith("print(") for line in lines)


def _run(code: str, machine: Machine) -> bool:
    names: dict[str, Any] = {"SafeClient": machine.client}
    if code.startswith("SandboxClient("):
        code = f"from langsmith.sandbox import SandboxClient\nclient = {code}"
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "<fix>", "exec"), names)
    # Whatever it did, the program then makes its client anew.
    machine.running = None
    return machine.attempt(names.get("client")).succeeded
