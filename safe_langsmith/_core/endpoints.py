"""Endpoints: the regions of LangSmith's cloud, their web pages, and hosts that are not LangSmith's API.

Source: https://docs.langchain.com/langsmith/regions-faq
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

TENANT_HEADER = "X-Tenant-Id"
"""The header that names a workspace: https://docs.langchain.com/langsmith/administration-overview"""

REGIONS = {
    "api.smith.langchain.com": "US",
    "eu.api.smith.langchain.com": "EU",
    "apac.api.smith.langchain.com": "APAC",
    "aws.api.smith.langchain.com": "AWS US",
}
# LangSmith adds regions, so any host of this shape counts as one. The first region has no name in its host.
_API = re.compile(r"(?:(?!(?:us|gcp|www)\.)([a-z0-9-]+)\.)?api\.smith\.langchain\.com")
_API_OF_UI = {host.replace("api.", "", 1): host for host in REGIONS}
# Each region has a control plane of its own: https://docs.langchain.com/langsmith/deployments
_CONTROL_PLANE = re.compile(r"(?:([a-z0-9-]+)\.)?api\.host\.langchain\.com")
_VENDOR = re.compile(r"(?:[a-z0-9-]+\.)*langchain\.com")
_API_PATHS = ("", "/api", "/api/v1", "/v1")
# The words that people name a region by, also in the names that clouds give to theirs, such as "eu-west-1".
_REGION_WORDS = {
    "EU": {"eu", "europe", "emea", "frankfurt"},
    "APAC": {"apac", "ap", "asia", "australia", "sydney"},
    "AWS US": {"aws"},
    "US": {"us", "usa", "gcp"},
}
_A_NAME = re.compile(r"[A-Za-z0-9 _()-]{2,30}")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
# A scheme, correct or mistyped.
_SCHEME = re.compile(r"^(?:[A-Za-z]{0,10}:?//+|https?:/?)")
_TWO_SCHEMES = re.compile(r"https?://+https?:/*(?=[A-Za-z0-9])", re.IGNORECASE)
_TWO = "the address begins with two schemes"
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

    The address alone shows it: the web UI, the control plane of deployments, a deployment, another service, or the
    API's host with a scheme, a port or a path that is not its own.
    """
    twice = _TWO_SCHEMES.match(endpoint)
    address = f"https://{endpoint[twice.end() :]}" if twice else endpoint
    host = host_of(address).rstrip(".")
    known = _instead_of_host(host)
    if known:
        return known
    if region_of(f"https://{host}"):
        wrong = _TWO if twice else _what_is_wrong(address)
        return (f"https://{host}", wrong) if wrong else None
    return (address, _TWO) if twice and is_plain_address(address) else None


def _instead_of_host(host: str) -> tuple[str, str] | None:
    api = _API_OF_UI.get(host)
    if api:
        return f"https://{api}", "that is LangSmith's web page and not its API"
    deployment, plane = _DEPLOYMENT.fullmatch(host), _CONTROL_PLANE.fullmatch(host)
    if deployment:
        return _api_named_in(
            deployment[1] or ""
        ), "that is an Agent Server, which runs a deployment, and not LangSmith's API"
    if plane:
        known = REGIONS.keys() | {"us.api.smith.langchain.com", "gcp.api.smith.langchain.com"}
        later = f"{plane[1]}.api.smith.langchain.com" if plane[1] else ""
        api = f"https://{later}" if later and later not in known else _api_named_in(host)
        return api, "that is the control plane of LangSmith's deployments and not its API"
    if region_of(f"https://{host}") or not _VENDOR.fullmatch(host):
        return None
    if ".smith." in host:
        return _api_named_in(host), "no API of LangSmith's has that host"
    return _api_named_in(host), "that is another service of LangChain's and not LangSmith's API"


def _api_named_in(host: str) -> str:
    """Return the URL of the API of the region that a host names, by default of the first one."""
    region = _region_in(re.split(r"[.-]", host)) or "US"
    return next(f"https://{api}" for api, name in REGIONS.items() if name == region)


def _region_in(words: Iterable[str]) -> str | None:
    return next((region for region, names in _REGION_WORDS.items() if not names.isdisjoint(words)), None)


def _what_is_wrong(address: str) -> str | None:
    """Return what is wrong with an address at the API's host, or `None`."""
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if (parts.hostname or "").endswith("."):
        return "a dot ends the host's name"
    if parts.scheme.lower() == "http":
        return "LangSmith's API is reached by https://, and not by http://"
    if (port := _port_of(parts)) not in (None, 443):
        return f"{port} is not the port of LangSmith's API"
    # An SDK adds its own paths, also those for OpenTelemetry and for traces.
    return None if path in _API_PATHS else f"{path} is not the path of LangSmith's API"


def _port_of(parts: SplitResult) -> int | str | None:
    try:
        return parts.port
    except ValueError:
        return "what follows the colon"


def is_api_of_cloud(endpoint: str) -> bool:
    """Return whether `endpoint` is the API of a known region of LangSmith's cloud, by https at its own port."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return False
    return parts.hostname in REGIONS and parts.scheme == "https" and _port_of(parts) in (None, 443)


def is_ui(endpoint: str) -> bool:
    """Return whether `endpoint` is the web UI of a cloud region."""
    return api_instead_of_ui(endpoint) is not None


def region_named(text: str) -> tuple[str, str] | None:
    """Return the region whose name, API, web UI or control plane a text is, with the API's URL, or `None`."""
    if _A_NAME.fullmatch(text.strip()):
        named = _region_in(re.split(r"[^a-z]+", text.lower()))
        return (named, _api_named_in(named.lower().replace(" ", "-"))) if named else None
    url = f"https://{_SCHEME.sub('', text.strip())}"
    host = host_of(url)
    known = _instead_of_host(host)
    # Another service of the vendor's means a region only if it names one.
    says = api_instead_of_ui(url) or _CONTROL_PLANE.fullmatch(host) or _region_in(re.split(r"[.-]", host))
    api = f"https://{host}" if known is None else known[0] if says and not is_agent_server(url) else ""
    region = region_of(api)
    return (region, api) if region else None


def is_plain_address(url: str) -> bool:
    """Return whether `url` is an address and nothing else, so that it can be copied safely from a server's answer."""
    return _ADDRESS.fullmatch(url) is not None


def can_be_sent_to(endpoint: str) -> bool:
    """Return whether a request can be sent to `endpoint` at all."""
    return endpoint.lower().startswith(("https://", "http://"))


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
    is_known = _VENDOR.fullmatch(host_of(endpoint)) or api_instead_of(endpoint)
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
