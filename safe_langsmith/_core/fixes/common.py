"""Fixes that several causes share. The numbered steps are those of LangSmith's own article on 403 answers."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.hosts import ui_url
from safe_langsmith._core.summary import request
from safe_langsmith.diagnosis import Fix

DOCS = "https://docs.langchain.com/langsmith"
SCOPES_URL = f"{DOCS}/administration-overview"
REGIONS_URL = f"{DOCS}/regions-faq"
REPLACE_KEY = "Create a new key and replace this one"


def argument(e: Evidence, workspace_id: str) -> str:
    """The line that names a workspace for the client, or for its replica where that was refused."""
    if not e.facts.is_own and not e.facts.settings["api_key"].source.startswith("the replica"):
        return f'headers={{"X-Tenant-Id": "{workspace_id}"}}  # in the call'
    if not e.facts.is_own:
        return f'auth={{"tenant_id": "{workspace_id}"}}  # in the replica\'s settings'
    return f'client = SafeClient(workspace_id="{workspace_id}")'


def look_at_the_variables() -> Fix:
    return Fix(
        "Print the variables that this process sees",
        "In a notebook, variables outlive the cell that set them.",
        # Whatever is as long as a key is cut, also where the variable's name does not say that it holds one.
        'import os\nprint({k: v[-4:] if len(v) > 39 else v for k, v in os.environ.items() if k[:4] == "LANG"})',
        step=3,
    )


def reload(
    e: Evidence, title: str = "Clear cached variables and read .env again, then create a new client"
) -> list[Fix]:
    """Documented step 4, or nothing where `.env` was compared and says what is in use already."""
    given = e.facts.settings["api_key"].source.endswith("argument") or not e.facts.is_own
    if not e.facts.drift and (e.facts.dotenv_path or given):
        return []
    newer = e.facts.newer_key
    held = f"{newer.now.source} now holds another key, {newer.now.value}. " if newer else ""
    path = repr(e.facts.dotenv_path) if e.facts.dotenv_path else '"<path to .env>"'
    return [
        Fix(
            title,
            f"{held}safe_langsmith.reload_environment() does the same in one call and returns what changed.",
            "from langsmith import utils; utils.get_env_var.cache_clear()\n"
            f"from dotenv import load_dotenv; load_dotenv({path}, override=True)",
            step=4,
        )
    ]


def new_key(e: Evidence, title: str = REPLACE_KEY) -> Fix:
    if e.facts.credential.kind == "oauth":
        return Fix("Log in again", "The login's token is what is refused.", "langsmith login", step=5)
    return Fix(
        title,
        f"If nothing above helps. Put it where this one comes from, {e.facts.settings['api_key'].source}."
        if title == REPLACE_KEY
        else f"Put it where this one comes from: {e.facts.settings['api_key'].source}.",
        None,
        f"{ui_url(e.facts.endpoint)}/settings/apikeys",
        step=5,
    )


def look_on_the_way(e: Evidence, title: str) -> Fix:
    return Fix(
        title,
        f"A proxy, firewall, gateway or login page answered {request(e)}. Its administrator can allow "
        f"{e.facts.endpoint}; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
        "import os; print([k for k in os.environ if k.lower().endswith('_proxy')])",
    )
