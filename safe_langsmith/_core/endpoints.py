"""Endpoints: the regions of LangSmith's cloud, their web pages, and hosts that are not LangSmith's API.

Source: https://docs.langchain.com/langsmith/regions-faq
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

TENANT_HEADER = "X-Tenant-Id"
"""The header that names a workspace: https://docs.langchain.com/langsmith/administration-overview"""

REGIONS = {
    "api.smith.langchain.com": "US",
    "eu.api.smith.langchain.com": "EU",
    "apac.api.smith.langchain.com": "APAC",
    "aws.api.smith.langchain.com": "AWS US",
}
# LangSmith adds regions, so any host of this shape counts as one.
_API = re.compile(r"(?:([a-z0-9-]+)\.)?api\.smith\.langchain\.com")
_API_OF_UI = {host.replace("api.", "", 1): host for host in REGIONS}
# Each region has a control plane of its own: https://docs.langchain.com/langsmith/deployments
_CONTROL_PLANE = re.compile(r"(?:([a-z0-9-]+)\.)?api\.host\.langchain\.com")
_VENDOR = re.compile(r"(?:[a-z0-9-]+\.)*langchain\.com")
_API_PATHS = ("", "/api", "/api/v1", "/v1")
_REGION_NAMES = {"us": "US", "eu": "EU", "europe": "EU", "apac": "APAC", "aws": "AWS US", "aws us": "AWS US"}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
# A scheme, correct or mistyped.
_SCHEME = re.compile(r"^(?:[A-Za-z]{0,10}:?//+|https?:/?)")
_HOME = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|0\.0\.0\.0")
# A deployment's host names its region before this.
_DEPLOYMENT = re.compile(r"(?:[a-z0-9-]+\.)*?(?:([a-z0-9-]+)\.)?langgraph\.app")
# Annotation queues and datasets have runs, too, but no thread of the SDK sends those.
_TRACES = re.compile(
    r"(?!.*/(?:annotation-queues|datasets)/).*(?:/runs(?:/batch|/multipart|(?P<patch>/[0-9a-f-]{36}))?|/otel/v1/traces)",
    re.IGNORECASE,
)


def host_of(url: str) -> str:
    """Return the host of `url` in lower case, without user information and port; empty if there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def sends_runs(url: str, method: str | None = None) -> bool:
    """Return whether a request sends runs or spans of traces. Only such requests go to replicas.

    Args:
        url: Its URL or path.
        method: Its method, or `None` if that is not known.
    """
    found = _TRACES.fullmatch(url.partition("?")[0])
    if found is None or method is None:
        return found is not None
    return method.upper() == ("PATCH" if found["patch"] else "POST")


def region_of(endpoint: str) -> str | None:
    """Return the name of the LangSmith cloud region that `endpoint` belongs to, or `None`."""
    host = host_of(endpoint)
    if host in REGIONS:
        return REGIONS[host]
    found = _API.fullmatch(host)
    return found.group(1).upper() if found else None


def api_instead_of_ui(endpoint: str) -> str | None:
    """Return the API's URL if `endpoint` is the web UI of a cloud region, or `None`."""
    host = _API_OF_UI.get(host_of(endpoint))
    return f"https://{host}" if host else None


def api_instead_of(endpoint: str) -> tuple[str, str] | None:
    """Return the API's URL if `endpoint` is another address of LangSmith's cloud, and what it is; or `None`.

    The host alone shows it: the web UI, the control plane of deployments, a deployment, another service, or the API's
    host with a path that is not its base path.
    """
    host, ui = host_of(endpoint), api_instead_of_ui(endpoint)
    if ui:
        return ui, "that is LangSmith's web page and not its API"
    plane = _CONTROL_PLANE.fullmatch(host)
    if plane:
        api = f"{plane[1]}.api.smith.langchain.com" if plane[1] else "api.smith.langchain.com"
        return f"https://{api}", "that is the control plane of LangSmith's deployments and not its API"
    if region_of(endpoint):
        path = urlsplit(endpoint).path.rstrip("/")
        # An SDK adds its own paths, also those for OpenTelemetry and for traces.
        return None if path in _API_PATHS else (f"https://{host}", f"{path} is not the path of LangSmith's API")
    deployment = _DEPLOYMENT.fullmatch(host)
    if deployment:
        regional = f"{deployment[1]}.api.smith.langchain.com"
        api = regional if regional in REGIONS else "api.smith.langchain.com"
        return f"https://{api}", "that is an Agent Server, which runs a deployment, and not LangSmith's API"
    if _VENDOR.fullmatch(host):
        return "https://api.smith.langchain.com", "that is another service of LangChain's and not LangSmith's API"
    return None


def is_ui(endpoint: str) -> bool:
    """Return whether `endpoint` is the web UI of a cloud region."""
    return api_instead_of_ui(endpoint) is not None


def region_named(text: str) -> tuple[str, str] | None:
    """Return the region whose name, API, web UI or control plane a text is, with the API's URL, or `None`."""
    by_name = _REGION_NAMES.get(text.strip().lower().replace("_", " ").replace("-", " "))
    if by_name:
        return by_name, next(f"https://{host}" for host, region in REGIONS.items() if region == by_name)
    url = text if "://" in text else f"https://{text}"
    api = f"https://{host_of(url)}"
    if api_instead_of_ui(url) or _CONTROL_PLANE.fullmatch(host_of(url)):
        api = (api_instead_of(url) or (api, ""))[0]
    region = region_of(api)
    return (region, api) if region else None


def is_plain_address(url: str) -> bool:
    """Return whether `url` is an address and nothing else, so that it can be copied safely from a server's answer."""
    return _ADDRESS.fullmatch(url) is not None


def can_be_sent_to(endpoint: str) -> bool:
    """Return whether a request can be sent to `endpoint` at all."""
    return endpoint.startswith(("https://", "http://"))


def with_scheme(address: str) -> str | None:
    """Return the URL for an address without a scheme or with a mistyped one, or `None` for other addresses."""
    bare = _SCHEME.sub("", address)
    url = f"https://{bare}"
    if can_be_sent_to(address) or not is_plain_address(url):
        return None
    # Local servers rarely use TLS.
    return api_instead_of_ui(url) or (f"http://{bare}" if _HOME.fullmatch(host_of(url)) else url)


def is_agent_server(endpoint: str) -> bool:
    """Return whether `endpoint` is a deployment, which is an Agent Server and not LangSmith's own API."""
    return _DEPLOYMENT.fullmatch(host_of(endpoint)) is not None


def may_lack_api_path(endpoint: str) -> bool:
    """Return whether `endpoint` may be the web page of a self-hosted LangSmith, whose API is at `/api/v1` below it."""
    is_known = _VENDOR.fullmatch(host_of(endpoint)) or is_agent_server(endpoint)
    return not is_known and not endpoint.rstrip("/").endswith(("/api", "/api/v1"))


def ui_url(endpoint: str) -> str:
    """Return the address of the web UI that belongs to `endpoint`, without a trailing slash.

    A self-hosted UI has the address of the API without `/api` or `/api/v1`.
    """
    host = host_of(endpoint)
    if _API.fullmatch(host):
        return f"https://{host.replace('api.', '', 1)}"
    base = endpoint.rstrip("/")
    for suffix in ("/api/v1", "/api"):
        if base.endswith(suffix):
            return base[: -len(suffix)]
    return base
