"""Where host names lead: each of LangSmith's regions is a fake server of its own, with keys of its own."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from safe_langsmith.testing import FakeLangSmith

from ...conftest import mint_canary as mint
from ...fake_service import FullLangSmith

REGIONS = {
    "US": "api.smith.langchain.com",
    "EU": "eu.api.smith.langchain.com",
    "APAC": "apac.api.smith.langchain.com",
    "AWS": "aws.api.smith.langchain.com",
}
WEB_UIS = {name: host.replace("api.", "", 1) for name, host in REGIONS.items()}
_NOTHING_HERE = "/no/api/is/below/the/web/ui"


class Network:
    """Hosts by name. What is not LangSmith's, and was not added, cannot be connected to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._servers: dict[str, FakeLangSmith] = {}
        # Clients connect from threads of theirs, too.
        self._lock = threading.RLock()

        def with_tls(adapter: Any, request: Any, *_: Any, **__: Any) -> Any:
            return self._pool(adapter, request.url)

        def without(adapter: Any, url: str, *_: Any, **__: Any) -> Any:
            return self._pool(adapter, url)

        # Older versions of requests have only the second.
        patch.setattr(HTTPAdapter, "get_connection_with_tls_context", with_tls, raising=False)
        patch.setattr(HTTPAdapter, "get_connection", without)

    def __getitem__(self, host: str) -> FakeLangSmith:
        """The server behind a host name; those of LangSmith start when they are first asked for."""
        if host in REGIONS.values():
            return self.add(host)
        if host in WEB_UIS.values():
            return self.add(host, _NOTHING_HERE)
        return self._servers[host]

    def add(self, host: str, base_path: str = "", **options: Any) -> FakeLangSmith:
        with self._lock:
            if host not in self._servers:
                self._servers[host] = FullLangSmith(base_path, mint=mint, **options)
            return self._servers[host]

    @property
    def statuses(self) -> frozenset[int | None]:
        """The statuses that were answered so far, anywhere."""
        with self._lock:
            return frozenset(request.status for server in self._servers.values() for request in server.requests)

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def _pool(self, adapter: Any, url: str) -> Any:
        host = urlsplit(url).hostname or ""
        try:
            # The fake servers themselves are where they are.
            return adapter.poolmanager.connection_from_url(url if host == "127.0.0.1" else self[host].url)
        except KeyError:
            raise requests.ConnectionError(f"there is no host {host}") from None
