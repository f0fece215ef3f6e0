"""Lines to copy, rendered from the typed actions of a diagnosis: in Python, in asynchronous Python, or for a shell."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from safe_langsmith._core.fixes.shared import harmless
from safe_langsmith._core.model import Interface
from safe_langsmith._core.redaction import each_text
from safe_langsmith._render.text import is_choice_of_workspace
from safe_langsmith.actions import (
    AskSomebody,
    CreateClient,
    EditReplica,
    LoadDotenv,
    PassArgument,
    PassHeader,
    PreferProfile,
    ReloadEnvironment,
    RunCommand,
    SetVariable,
    ShowVariables,
    Steps,
    UnsetVariable,
)
from safe_langsmith.diagnosis import Action, Diagnosis, Fix, Workspace

if TYPE_CHECKING:
    from safe_langsmith._core.engine import HealthReport

Presented = TypeVar("Presented", bound="Diagnosis | HealthReport")

_CLEAR_CACHE = "from langsmith import utils; utils.get_env_var.cache_clear()"
# Any of the variables may hold a key or a password by mistake, so only the ends of their values are shown.
_SHOW_LANGSMITH = 'import os; print({k: v[-4:] for k, v in os.environ.items() if k[:5] in ("LANGS", "LANGC")})'
_SHOW_PROXIES = "import os; print([k for k in os.environ if k.lower().endswith('_proxy')])  # []: no proxy"
_SHOW_PROXIES_IN_SHELL = "env | grep -io '^[a-z]*_proxy'  # nothing: no proxy is set here"


def present(diagnosis: Presented, interface: Interface) -> Presented:
    """Return a copy of a diagnosis, or of a report on a healthy client, with `Fix.code` rendered from `Fix.action`.

    Afterwards, the actions contain no invisible characters either. Code that is rendered already stays as it is.

    Args:
        diagnosis: The diagnosis.
        interface: The form of the lines to copy.
    """
    return replace(diagnosis, fixes=present_fixes(diagnosis.fixes, interface, diagnosis.workspaces or ()))


def present_fixes(
    fixes: tuple[Fix, ...], interface: Interface, workspaces: tuple[Workspace, ...] = ()
) -> tuple[Fix, ...]:
    """Return copies of fixes with `Fix.code` rendered from `Fix.action`, as `present` does.

    Args:
        fixes: The fixes.
        interface: The form of the lines to copy.
        workspaces: The workspaces whose names stand behind their IDs in lines of which one is to be chosen.
    """
    names = _names(fixes, workspaces)
    return tuple(
        replace(fix, code=render(fix.action, interface, names), action=each_text(fix.action, _visible))
        if fix.action and fix.code is None
        else fix
        for fix in fixes
    )


def _names(fixes: tuple[Fix, ...], workspaces: tuple[Workspace, ...]) -> dict[str, str]:
    """Return the names of the workspaces of which one is to be chosen. There may be thousands of others."""
    choices: list[Any] = [fix.action for fix in fixes if is_choice_of_workspace(fix.action)]
    wanted = {workspace_id for action in choices for workspace_id in (action.value, *action.alternatives)}
    names: dict[str, str] = {}
    for workspace in workspaces:
        if not wanted:
            break
        if workspace.id in wanted:
            wanted.remove(workspace.id)
            names[workspace.id] = workspace.name
    return names


def render(action: Action, interface: Interface, names: Mapping[str, str] | None = None) -> str | None:
    """Return the lines to copy for an action, or `None` if none can do it in this form.

    Args:
        action: The action.
        interface: The form of the lines.
        names: The names of workspaces by their IDs.
    """
    if is_choice_of_workspace(action):
        return _one_of_several(action, interface, names or {})
    if isinstance(action, Steps):
        return "\n".join(filter(None, (render(step, interface, names) for step in action.actions))) or None
    if interface == "shell":
        return _in_shell(action)
    return _in_python(action, "SafeAsyncClient" if interface == "async" else "SafeClient")


def _one_of_several(action: Any, interface: Interface, names: Mapping[str, str]) -> str:
    """Return a whole line for each workspace, with its name in a comment: none is chosen for the reader."""
    found: list[str] = []
    for workspace_id in (action.value, *action.alternatives):
        line = render(replace(action, value=workspace_id, alternatives=()), interface) or ""
        # A shell or Python must not act on any part of a name.
        name = harmless(names.get(workspace_id, ""))
        if name and interface == "shell":
            # zsh does not take a comment behind a command.
            found.append(f"# {name}")
        found.append(f"{line}  # {name}" if name and interface != "shell" else line)
    return "\n".join(found)


def _visible(text: str) -> str:
    """Return a text with escapes for characters that a terminal interprets, or that cannot be written as UTF-8."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in text)


def _in_python(action: Action, client: str) -> str | None:
    match action:
        case SetVariable(in_process=True):
            assignment = f"import os; os.environ[{json.dumps(action.name)}] = {json.dumps(action.value)}"
            return f"{assignment}  # or the code that gives it, without quotes\n{_CLEAR_CACHE}"
        case SetVariable():
            # The form of a .env file.
            return _choice(f"{action.name}={action.value}", action.alternatives)
        case UnsetVariable():
            return "; ".join(["import os", *(f'os.environ.pop("{name}", None)' for name in action.names)])
        case PassArgument():
            return _choice(f"client = {client}({action.name}={json.dumps(action.value)})", action.alternatives)
        case PassHeader():
            headers = f"headers={json.dumps({action.name: action.value})}"
            constructors = {
                "sandbox": "SandboxClient",
                "processor": "OtelSpanProcessor",
                "exporter": "OTLPSpanExporter",
            }
            constructor = f"client = {client}" if action.to == "client" else constructors.get(action.to)
            return f"{constructor}({headers})" if constructor else f"{headers}  # in the call"
        case PreferProfile():
            line = f"client = {client}(prefer_profile_auth=True)  # langsmith 0.14.15 or newer"
            return f"{line}\n# or unset {', '.join(action.overriding)}" if action.overriding else line
        case CreateClient():
            return f"{_CLEAR_CACHE}\nclient = {client}()" if action.clear_cache else f"client = {client}()"
        case ReloadEnvironment():
            path = repr(action.dotenv_path) if action.dotenv_path else ""
            lines = [f"from safe_langsmith import reload_environment; reload_environment({path})"]
            return "\n".join([*lines, f"client = {client}()"] if action.create_client else lines)
        case ShowVariables():
            return _SHOW_LANGSMITH if action.group == "langsmith" else _SHOW_PROXIES
    return _anywhere(action)


def _in_shell(action: Action) -> str | None:
    has_posix_shell = os.name != "nt"
    match action:
        case SetVariable(file=None) if has_posix_shell:
            return _choice(f"export {action.name}={shlex.quote(action.value)}", action.alternatives)
        case SetVariable():
            return _choice(f"{action.name}={action.value}", action.alternatives)
        case UnsetVariable(names) | PreferProfile(names):
            return f"unset {' '.join(names)}" if names and has_posix_shell else None
        case ShowVariables(group="proxies") if has_posix_shell:
            return _SHOW_PROXIES_IN_SHELL
    return _anywhere(action)


def _anywhere(action: Action) -> str | None:
    """Return the lines that are the same in Python and at a shell."""
    match action:
        case AskSomebody():
            return action.message
        case RunCommand():
            return _choice(shlex.join(action.argv), action.alternatives)
        case LoadDotenv():
            return f"from dotenv import load_dotenv; load_dotenv({repr(action.path) if action.path else ''})"
        case EditReplica():
            return _replica(action)
    return None


def _replica(action: EditReplica) -> str | None:
    """Return the part of a replica's settings that changes, with a comment that says to which setting it belongs."""
    variable, workspace = action.variable, action.workspace_id
    if action.endpoints:
        first, *others = action.endpoints
        place = f"its entry in {variable}" if variable else "the replica"
        return _choice(f'"api_url": {json.dumps(first)}  # in {place}', tuple(others))
    key, url = json.dumps(action.api_key), json.dumps(action.url)
    if action.form == "api_key":
        # Replicas of this SDK cannot name a workspace.
        return None if workspace else f'# in the replica\n"api_key": {key}'
    if action.form == "auth":
        # With "auth", the SDK reads no other key of the replica: it would send the client's own.
        named = f', "tenant_id": {json.dumps(workspace)}' if workspace else ""
        return f'# in the replica, in place of its "api_key"\n"auth": {{"api_key": {key}{named}}}'
    if action.form == "object" and not workspace:
        return f"# its entry in {variable}\n{url}: {key}"
    named = f',\n "workspace_id": {json.dumps(workspace)}' if workspace else ""
    since = ", for langsmith 0.14.16 or newer" if workspace else ""
    entry = f'{{"api_url": {url}, "api_key": {key}{named}}}'
    if action.form == "list":
        return f"# its entry in {variable}{since}\n{entry}"
    return f"# {variable} as a list, with any others beside it{since}\n[{entry}]"


def _choice(line: str, alternatives: tuple[str, ...]) -> str:
    return "\n".join([line, *(f"# or {other}" for other in alternatives)])
