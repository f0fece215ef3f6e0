"""What is said of a question that nobody answered: what went wrong, in words of ours."""

from __future__ import annotations

import asyncio
import socket

from safe_langsmith import SafeAsyncClient, adiagnose, diagnose


def test_a_refused_connection(nobody, server, make_client):
    found = diagnose(make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", api_url=nobody))
    assert [probe.status for probe in found.probes] == ["ConnectionError, the connection was refused"]
    assert "so the key was not tested" in found.summary
    assert not any("support" in fix.title for fix in found.fixes)


def test_a_name_that_is_not_known(server, make_client, monkeypatch):
    def getaddrinfo(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "lsv2_pt_c0ffee: what a resolver says may hold anything")

    client = make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        found = diagnose(client)
    assert [probe.status for probe in found.probes] == ["ConnectionError, the host's name is not known here"]
    assert "may hold anything" not in str(found)


def test_no_tls_where_the_other_side_speaks_none(server, make_client):
    url = server.url.replace("http://", "https://")
    found = diagnose(make_client(server, "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789", api_url=url))
    assert [probe.status for probe in found.probes] == ["SSLError, no TLS connection"]


def test_a_refused_connection_on_an_event_loop(nobody):
    async def look():
        key = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
        async with SafeAsyncClient(api_url=nobody, api_key=key) as client:
            return await adiagnose(client)

    assert [probe.status for probe in asyncio.run(look()).probes] == ["ConnectError, the connection was refused"]
