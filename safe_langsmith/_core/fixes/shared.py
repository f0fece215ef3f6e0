"""Actions and fixes that several causes share. The numbered steps are those of LangSmith's own article on 403s."""

from __future__ import annotations

import re
import textwrap
from typing import Literal

from safe_langsmith._core.endpoints import REGIONS, TENANT_HEADER, can_be_sent_to, region_of, ui_url
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.model import CREDENTIALS, Drift
from safe_langsmith._core.reasons import NamedReason
from safe_langsmith._core.redaction import TO_FILL_IN, shorten
from safe_langsmith._core.summary import request
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith.actions import (
    AskSomebody,
    CorrectDotenv,
    CreateClient,
    EditReplica,
    PassArgument,
    PassHeader,
    PreferProfile,
    ReloadEnvironment,
    ReplicaForm,
    RunCommand,
    SetVariable,
    ShowVariables,
)
from safe_langsmith.diagnosis import Action, Fix

DOCS = "https://docs.langchain.com/langsmith"
SCOPES_URL = f"{DOCS}/administration-overview"
REGIONS_URL = f"{DOCS}/regions-faq"
PROFILES_URL = f"{DOCS}/profile-configuration"
SELF_HOSTED_URL = f"{DOCS}/self-host-usage"
STATUS_URL = "https://status.smith.langchain.com"
BYOC_URL = f"{DOCS}/byoc-usage"
DOTENV_URL = "https://saurabh-kumar.com/python-dotenv/#file-format"
IN_CONTAINERS = "A container has to be recreated: `docker compose restart` keeps its old environment."
ID_TO_FILL_IN = "<the id from Settings>"
MOST_CHOICES = 10
"""The most workspaces that get a line to copy each."""

_ACTED_ON = re.compile(r"[^\w .,:/@+-]")


def in_shell(e: Evidence) -> bool:
    """Return whether the reader runs the command line, not Python."""
    return e.target.interface == "shell"


def call_again(e: Evidence) -> str:
    """Return the beginning of a title that asks the reader to repeat what was refused."""
    return "Run this again" if in_shell(e) else "Call again"


def how_to_set(e: Evidence) -> str:
    """Return how to use a line of the form NAME=value; at a shell the line itself shows it."""
    if in_shell(e):
        return ""
    return " In .env, use the line as it is; in a shell, put export before it. Pass it to containers, too."


def settings_url(e: Evidence, page: str) -> str:
    """Return the URL of a page of the web UI's settings."""
    return f"{ui_url(e.target.endpoint)}/settings/{page}"


def harmless(text: str) -> str:
    """Return foreign text without the characters that a shell or Python interprets, for use in a line to copy."""
    return _ACTED_ON.sub("", text)


def ask_about_refusal(e: Evidence, words: str) -> AskSomebody:
    """Return a message to somebody who may know what the server means, in lines that fit in a terminal."""
    said = textwrap.wrap(f'"{harmless(shorten(words, 200))}"', 72)
    return AskSomebody("\n".join([f"LangSmith refuses {harmless(request(e))}:", *said]))


def act_on_words(e: Evidence) -> list[Fix]:
    """Return what to do about the reason that the server's words give, or nothing if they give none."""
    if e.named_reason:
        return [_act_on_reason(e, e.named_reason)]
    if e.words_unknown is None:
        return []
    return [
        Fix(
            "Act on what the server says, or ask an organization admin",
            f'It says "{e.words_unknown}". A gateway on the way may have written that, too.',
            action=ask_about_refusal(e, e.words_unknown),
            url=settings_url(e, "").rstrip("/"),
        )
    ]


def _act_on_reason(e: Evidence, reason: NamedReason) -> Fix:
    """Return what to do about the reason that the server's words name."""
    if reason in ("expired", "revoked"):
        what = "has expired" if reason == "expired" else "is no longer active"
        return new_key(e, f"Create a new key: the server says that this one {what}")
    titles = {
        "address": "Ask an organization admin to allow the address of this machine",
        "organization": "Ask an organization admin why the organization is not active",
        "member": "Ask an organization admin to restore your membership",
    }
    detail = f'The server says "{e.reason_message}", so no other key of the organization helps, and no other region.'
    return Fix(
        titles[reason], detail, action=ask_about_refusal(e, e.reason_message), url=settings_url(e, "").rstrip("/")
    )


def ids_meant(e: Evidence) -> tuple[str, ...]:
    """Return the IDs of the reachable workspaces of which one can be meant, or a placeholder if none is known.

    Those that something on this machine names are preferred. If nothing does, none is chosen for the reader.
    """
    named = [workspace.id for _, workspace in e.meanings]
    if e.workspaces is None:
        # The key may reach what it does not list.
        named += [
            other.value for other in e.unreached if other.is_usable and other.value and not e.refuses(other.value)
        ]
    ids = dict.fromkeys(named or [workspace.id for workspace in e.reachable[:MOST_CHOICES]])
    return tuple(ids) or (ID_TO_FILL_IN,)


def name_workspace(e: Evidence, workspace_id: str, *alternatives: str) -> Action | None:
    """Return how to name a workspace: for the client, for the call, or for the replica that was refused."""
    if is_replica(e):
        return _edit_replica(e, "<its key>", workspace_id)
    if not e.target.primary:
        return PassHeader(TENANT_HEADER, workspace_id, alternatives=alternatives)
    if e.target.is_installed:
        return set_variable(e, "workspace_id", workspace_id, *alternatives)
    return PassArgument("workspace_id", workspace_id, alternatives)


def replace_workspace(e: Evidence, workspace_id: str, *alternatives: str) -> Action | None:
    """Return how to name another workspace in the place that names the wrong one."""
    origin = e.target.workspace_origin
    if origin.kind in ("header", "client-header"):
        to: Literal["client", "call"] = "client" if origin.kind == "client-header" else "call"
        return PassHeader(TENANT_HEADER, workspace_id, to, alternatives)
    if origin.variable:
        return set_variable(e, "workspace_id", workspace_id, *alternatives)
    return name_workspace(e, workspace_id, *alternatives)


def set_variable(e: Evidence, setting: str, value: str, *alternatives: str) -> SetVariable:
    """Return how to set the variable that a setting comes from, or the first that the SDK reads for it."""
    origin = e.configuration[setting].origin
    return SetVariable(origin.variable or VARIABLES[setting][0], value, alternatives, origin.file)


def set_endpoint(e: Evidence, endpoint: str, *alternatives: str) -> Action:
    """Return how to set the endpoint in the place that the one in use comes from."""
    origin = e.configuration["endpoint"].origin
    if is_replica(e):
        return EditReplica(e.target.endpoint, *_replica_form(e), endpoints=(endpoint, *alternatives))
    for drift in e.configuration.unintended_drift:
        if drift.setting == "endpoint" and drift.now.value == endpoint:
            return _take_drift(drift)
    if origin.kind in ("argument", "option", "profile"):
        return PassArgument("api_url", endpoint, alternatives)
    return set_variable(e, "endpoint", endpoint, *alternatives)


def set_data_plane(e: Evidence) -> Action:
    """Return how to set the endpoint to the data plane of the workspace in question."""
    plane = (e.data_plane or "").rstrip("/")
    return set_endpoint(e, plane if plane.endswith("/api") else f"{plane}/api")


def set_other_region(e: Evidence) -> Action:
    """Return how to set the endpoint to one of the regions that are not in use."""
    here = region_of(e.target.endpoint) if can_be_sent_to(e.target.endpoint) else None
    named = e.facts.other_region
    others = [region for region in REGIONS.values() if region != here]
    # A region that something on this machine names is likelier than the others.
    others.sort(key=lambda region: named is None or region != named.region)
    return set_endpoint(
        e, *(f"https://{host}" for region in others for host, name in REGIONS.items() if name == region)
    )


def set_key(e: Evidence) -> Action | None:
    """Return how to replace the refused key at its origin, or `None` if no line does that."""
    origin = e.configuration["api_key"].origin
    if is_replica(e):
        return _edit_replica(e, TO_FILL_IN)
    if origin.kind == "argument" and origin.name == "api_key":
        return PassArgument("api_key", TO_FILL_IN)
    if not e.target.primary or not (origin.variable or origin.kind == "default"):
        return None
    return set_variable(e, "api_key", TO_FILL_IN)


def reach_endpoint(e: Evidence) -> Action:
    """Return the command that shows which service answers at the endpoint."""
    return RunCommand(("curl", "-sS", "-i", f"{e.target.endpoint}/info"))


def is_replica(e: Evidence) -> bool:
    """Return whether runs for a replica were refused."""
    return not e.target.primary and e.configuration["api_key"].origin.kind == "replica"


def _edit_replica(e: Evidence, key: str, workspace_id: str | None = None) -> Action | None:
    variable, form = _replica_form(e)
    if workspace_id and form == "api_key":
        return None
    return EditReplica(e.target.endpoint, variable, form, key, workspace_id)


def _replica_form(e: Evidence) -> tuple[str | None, ReplicaForm]:
    for replica in e.configuration.related_variables.replicas:
        if replica.url == e.target.endpoint:
            return replica.variable, "list" if replica.is_listed else "object"
    return None, "auth" if e.target.replicas_take_auth else "api_key"


def take_newer(drift: Drift) -> Fix:
    """Return how to use the value that the environment or `.env` now has, in place of the one in use."""
    now = drift.now
    if drift.dotenv_path:
        detail = f"{now.origin} says {now.value}. {IN_CONTAINERS}"
        action = _take_drift(drift)
        return Fix("Reload the environment, then create a new client", detail, action=action, url=DOTENV_URL, step=4)
    detail = f"{now.origin} now says {now.value}. This client was created before."
    return Fix("Create a new client", detail, action=_take_drift(drift), step=4)


def _take_drift(drift: Drift) -> Action:
    if drift.dotenv_path:
        return ReloadEnvironment(drift.dotenv_path, create_client=True)
    return CreateClient(clear_cache=True)


def show_variables(e: Evidence) -> list[Fix]:
    """Return how to see the variables of a Python process, or nothing if none is set or a report lists them."""
    related = e.configuration.related_variables
    if in_shell(e) or not (e.configuration.variables or related.empty or any(related.ignored.values())):
        return []
    title = "Print the LangSmith variables that this process sees (last 4 characters)"
    return [Fix(title, "In a notebook, variables outlive the cell that set them.", action=ShowVariables(), step=3)]


def correct_dotenv(e: Evidence) -> list[Fix]:
    """Return how to correct `.env`, or nothing if nothing is wrong with it."""
    wrong = (*e.configuration.read_errors, *e.configuration.warnings)
    if not wrong:
        return []
    after = "Then run this again" if in_shell(e) else "Then load it again and create a new client"
    action = CorrectDotenv(e.configuration.dotenv_path)
    return [Fix("Correct the .env file", f"{'; '.join(wrong)}. {after}.", action=action, url=DOTENV_URL, step=4)]


def one_source(e: Evidence) -> list[Fix]:
    """Return how to take key, endpoint and workspace from a profile alone, or nothing if they come from one place."""
    if not e.configuration.mixture:
        return []
    origins = [e.configuration[name].origin for name in CREDENTIALS]
    return [
        Fix(
            "Take key, endpoint and workspace from one place",
            f"The SDK resolves each by itself: {e.configuration.mixture}.",
            action=PreferProfile(tuple(origin.variable for origin in origins if origin.variable)),
            url=PROFILES_URL,
            step=3,
        )
    ]


def reload(
    e: Evidence, title: str = "Clear cached variables and read .env again, then create a new client"
) -> list[Fix]:
    """Return documented step 4, or nothing if `.env` was compared and holds the values in use already."""
    used, newer = e.configuration["api_key"].origin, e.configuration.newer_key
    given = used.kind in ("argument", "option") or not e.target.primary
    if not e.configuration.drift and (e.configuration.dotenv_path or given):
        return []
    if newer and newer.dotenv_path is None:
        # Loading .env over the environment could put the old key back.
        return [_create_client(e, newer)]
    detail = f"{newer.now.origin} holds {_another_key(e)}, {newer.now.value}. " if newer else ""
    file = (newer.dotenv_path if newer else None) or e.configuration.dotenv_path
    on_purpose = newer is not None and newer.on_purpose
    if newer and on_purpose:
        title = f"If you mean the key in {newer.now.origin}, load it and leave the argument out"
        detail = f"{_capitalized(str(used))} overrides it. "
    if file is None:
        title = "If you keep settings in a .env file, load it and create a new client"
        detail += "The SDK does not read .env itself. The line looks for it from the working directory upwards."
    elif newer and not on_purpose:
        detail += IN_CONTAINERS
    return [Fix(title, detail, action=ReloadEnvironment(file, on_purpose), step=4)]


def _create_client(e: Evidence, newer: Drift) -> Fix:
    if newer.on_purpose:
        title = f"If you mean the key in {newer.now.origin}, leave the argument out"
        used = e.configuration["api_key"].origin
        detail = f"{newer.now.origin} holds another key, {newer.now.value}, and {used} overrides it."
        return Fix(title, detail, action=CreateClient())
    detail = f"{newer.now.origin} now holds {_another_key(e)}, {newer.now.value}. This client was created before."
    return Fix("Create a new client", detail, action=CreateClient(clear_cache=True), step=4)


def _another_key(e: Evidence) -> str:
    return "a key" if e.target.credential.kind == "missing" else "another key"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def new_key(e: Evidence, title: str | None = None) -> Fix:
    """Return how to create a key and put it in place of the one in use; without a title, as the last resort."""
    if e.target.credential.kind == "oauth" and e.configuration.profile:
        action = RunCommand(("langsmith", "login"))
        return Fix("Log in again", "The server refused the login's token.", action=action, step=5)
    detail = f"Set it in place of the old one, which comes from {e.configuration['api_key'].origin}."
    if title is None:
        title = "If nothing above helps, create a new key"
        detail += " If the organization accepts requests from some IP addresses only, no key will help."
    return Fix(title, detail, action=set_key(e), url=settings_url(e, "apikeys"), step=5)


def find_proxy(e: Evidence, title: str) -> Fix:
    """Return how to find the service that answers in place of LangSmith."""
    what = request(e) if e.request else "in place of LangSmith"
    return Fix(
        title,
        f"A proxy, firewall, gateway or login page answered {what}. Its administrator can allow "
        f"{e.target.endpoint}; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
        action=ShowVariables("proxies"),
    )


def pass_header_through() -> Fix:
    """Return the fix for a proxy that removes the header that names the workspace."""
    return Fix(
        f"Let {TENANT_HEADER} through",
        "The request named the workspace, but it seems that the header was removed on the way, for example by a proxy "
        "or a gateway. Its administrator can let it through; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
        action=ShowVariables("proxies"),
    )
