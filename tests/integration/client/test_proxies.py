"""A proxy that refuses to connect: which, from which variable, and what it said."""

from __future__ import annotations

import asyncio
import json
import socketserver
import subprocess
import sys
import threading

import pytest

from safe_langsmith import Cause, Confidence, SafeAsyncClient, adiagnose, diagnose

KEY = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"


class Refusing(socketserver.StreamRequestHandler):
    """Answers every CONNECT with the words of its server."""

    def handle(self) -> None:
        while self.rfile.readline().strip():
            pass
        self.wfile.write(f"HTTP/1.1 {self.server.words}\r\nContent-Length: 0\r\n\r\n".encode())  # type: ignore[attr-defined]


@pytest.fixture(params=["403 Forbidden", "403 Blocked by Acme", "407 Proxy Authentication Required", "302 Found"])
def proxy(request, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.words = request.param
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def address(proxy) -> str:
    return f"127.0.0.1:{proxy.server_address[1]}"


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_diagnose_names_it(variable, proxy, make_client, monkeypatch):
    monkeypatch.setenv(variable, f"http://user:hunter22@{address(proxy)}")
    found = diagnose(make_client(api_url="https://api.smith.langchain.com", api_key=KEY))

    assert (found.cause, found.confidence) == (Cause.BLOCKED_UPSTREAM, Confidence.CONFIRMED)
    assert all(part in found.summary for part in (address(proxy), variable, f'"{proxy.words}"'))
    assert "hunter22" not in f"{found} {found.to_dict()}"
    assert len(found.probes) == 1


def test_the_async_client_does_too(proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")

    async def look():
        async with SafeAsyncClient(api_url="https://api.smith.langchain.com", api_key=KEY) as client:
            return await adiagnose(client)

    found = asyncio.run(look())
    assert found.cause is Cause.BLOCKED_UPSTREAM
    assert f'"{proxy.words}"' in found.summary


def test_so_does_the_command_line(proxy, monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", f"http://{address(proxy)}")
    monkeypatch.setenv("LANGSMITH_API_KEY", KEY)
    monkeypatch.delenv("LANGSMITH_ENDPOINT", raising=False)
    done = subprocess.run(
        [sys.executable, "-m", "safe_langsmith", "--json"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )

    assert done.returncode == 1
    assert json.loads(done.stdout)["cause"] == "blocked-upstream"
    assert address(proxy) in done.stdout


@pytest.mark.parametrize("environment", ["not trusted", "bypassed"])
def test_a_proxy_that_the_session_names_is_not_blamed_on_a_variable(environment, proxy, make_client, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client = make_client(api_url="https://api.smith.langchain.com", api_key=KEY)
    client.session.proxies = {"https": f"http://{address(proxy)}"}
    if environment == "not trusted":
        client.session.trust_env = False
    if environment == "bypassed":
        monkeypatch.setenv("NO_PROXY", "api.smith.langchain.com")
    found = diagnose(client)

    assert found.cause is Cause.BLOCKED_UPSTREAM
    assert f'a proxy refused to connect to it: "{proxy.words}"' in found.summary
    assert "HTTPS_PROXY names" not in str(found)
