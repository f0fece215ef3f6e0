"""LangSmith's hosts: which region an endpoint belongs to, and where its web pages are.

Source: https://docs.langchain.com/langsmith/regions-faq
"""

from __future__ import annotations

from urllib.parse import urlsplit

REGIONS = {
    "api.smith.langchain.com": "US",
    "eu.api.smith.langchain.com": "EU",
    "apac.api.smith.langchain.com": "APAC",
    "aws.api.smith.langchain.com": "AWS US",
}
_API_OF_UI = {host.replace("api.", "", 1): host for host in REGIONS}


def host_of(url: str) -> str:
    """Returns the host of `url` in lower case, without user information and port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def region_of(endpoint: str) -> str | None:
    """Returns the name of the LangSmith cloud region that `endpoint` belongs to, or `None`."""
    return REGIONS.get(host_of(endpoint))


def api_instead_of_ui(endpoint: str) -> str | None:
    """Returns the API's URL where `endpoint` is the web UI of a cloud region, or `None`."""
    host = _API_OF_UI.get(host_of(endpoint))
    return f"https://{host}" if host else None


def ui_url(endpoint: str) -> str:
    """Returns the address of the web UI that belongs to `endpoint`, without a trailing slash.

    A self-hosted UI stands where the API does, without `/api` or `/api/v1`.
    """
    host = host_of(endpoint)
    if host in REGIONS:
        return f"https://{host.replace('api.', '', 1)}"
    base = endpoint.rstrip("/")
    for suffix in ("/api/v1", "/api"):
        if base.endswith(suffix):
            return base[: -len(suffix)]
    return base
