"""Fixes that several causes share. The numbered steps are those of LangSmith's own article on 403 answers."""

from __future__ import annotations

from safe_langsmith._core.endpoints import ui_url
from safe_langsmith._core.fixes.actions import CLEAR_CACHE, SHOW_PROXIES, key_line
from safe_langsmith._core.model import CREDENTIALS, Evidence
from safe_langsmith._core.settings import Drift, variable_in
from safe_langsmith._core.summary import request
from safe_langsmith.diagnosis import Fix

DOCS = "https://docs.langchain.com/langsmith"
SCOPES_URL = f"{DOCS}/administration-overview"
REGIONS_URL = f"{DOCS}/regions-faq"
PROFILES_URL = f"{DOCS}/profile-configuration"
SELF_HOSTED_URL = f"{DOCS}/self-host-usage"
STATUS_URL = "https://status.smith.langchain.com"
BYOC_URL = f"{DOCS}/byoc-usage"
DOTENV_URL = "https://saurabh-kumar.com/python-dotenv/#file-format"
REPLACE_KEY = "If nothing above helps, create a new key"


def look_at_the_variables() -> Fix:
    return Fix(
        "Print the variables that this process sees, each by its last four letters",
        "In a notebook, variables outlive the cell that set them.",
        # Any of them may hold a key or a password, by a slip of the hand.
        'import os; print({k: v[-4:] for k, v in os.environ.items() if k[:5] in ("LANGS", "LANGC")})',
        step=3,
    )


def correct_dotenv(e: Evidence) -> list[Fix]:
    """What to correct in `.env`, or nothing where nothing is wrong with it."""
    wrong = (*e.facts.unread, *e.facts.remarks)
    if not wrong:
        return []
    detail = f"{'; '.join(wrong)}. Then load it again and create a new client."
    return [Fix("Correct the .env file", detail, None, DOTENV_URL, step=4)]


def one_source(e: Evidence) -> list[Fix]:
    """What to do where key, endpoint and workspace come from a profile and from elsewhere, or nothing."""
    if not e.facts.mixture:
        return []
    outside = [variable_in(e.facts.settings[name].source) for name in CREDENTIALS]
    unset = [name for name in outside if name]
    return [
        Fix(
            "Take key, endpoint and workspace from one place",
            f"The SDK resolves each by itself: {e.facts.mixture}.",
            "client = SafeClient(prefer_profile_auth=True)  # langsmith 0.14.15 or newer"
            + (f"\n# or unset {', '.join(unset)}" if unset else ""),
            PROFILES_URL,
            step=3,
        )
    ]


def reload(
    e: Evidence, title: str = "Clear cached variables and read .env again, then create a new client"
) -> list[Fix]:
    """Documented step 4, or nothing where `.env` was compared and says what is in use already."""
    given = e.facts.settings["api_key"].source.endswith("argument") or not e.facts.is_own
    if not e.facts.drift and (e.facts.dotenv_path or given):
        return []
    newer = e.facts.newer_key
    if newer and newer.dotenv_path is None:
        # Loading .env over the environment could put the old key back.
        return [_made_anew(e, newer)]
    another = "a key" if e.facts.credential.kind == "missing" else "another key"
    held = f"{newer.now.source} holds {another}, {newer.now.value}. " if newer else ""
    file = (newer.dotenv_path if newer else None) or e.facts.dotenv_path
    path = repr(file) if file else '"<path to .env>"'
    anew = ""
    if newer and newer.on_purpose:
        source = e.facts.settings["api_key"].source
        title = f"If you mean the key in {newer.now.source}, load it and leave the argument out"
        held, anew = f"{source[:1].upper()}{source[1:]} goes before it. ", "\nclient = SafeClient()"
    if file is None:
        title = "If you keep settings in a .env file, load it and create a new client"
    return [
        Fix(
            title,
            f"{held}safe_langsmith.reload_environment({path if file else ''}) does the same and returns what changed.",
            f"{CLEAR_CACHE}\nfrom dotenv import load_dotenv; load_dotenv({path}, override=True){anew}",
            step=4,
        )
    ]


def _made_anew(e: Evidence, newer: Drift) -> Fix:
    if newer.on_purpose:
        argument = e.facts.settings["api_key"].source
        detail = f"{newer.now.source} holds another key, {newer.now.value}, and {argument} goes before it."
        return Fix(
            f"If you mean the key in {newer.now.source}, leave the argument out", detail, "client = SafeClient()"
        )
    another = "a key" if e.facts.credential.kind == "missing" else "another key"
    detail = f"{newer.now.source} now holds {another}, {newer.now.value}. This client was made before."
    return Fix("Create a new client", detail, f"{CLEAR_CACHE}\nclient = SafeClient()", step=4)


def new_key(e: Evidence, title: str = REPLACE_KEY) -> Fix:
    if e.facts.credential.kind == "oauth" and e.facts.profile:
        return Fix("Log in again", "The login's token is what is refused.", "langsmith login", step=5)
    return Fix(
        title,
        f"Put it where this one comes from, {e.facts.settings['api_key'].source}. Where the organization takes "
        "requests from some IP addresses only, no key helps."
        if title == REPLACE_KEY
        else f"Put it where this one comes from: {e.facts.settings['api_key'].source}.",
        key_line(e),
        f"{ui_url(e.facts.endpoint)}/settings/apikeys",
        step=5,
    )


def look_on_the_way(e: Evidence, title: str) -> Fix:
    what = request(e) if e.facts.method else "in place of LangSmith"
    return Fix(
        title,
        f"A proxy, firewall, gateway or login page answered {what}. Its administrator can allow "
        f"{e.facts.endpoint}; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
        SHOW_PROXIES,
    )


def let_the_header_through() -> Fix:
    return Fix(
        "Let X-Tenant-Id through",
        "The workspace was named, and it seems that something on the way took the header off, such as a proxy or a "
        "gateway. Its administrator can let it through; HTTPS_PROXY and NO_PROXY decide whether a proxy is used.",
        SHOW_PROXIES,
    )
