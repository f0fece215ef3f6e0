"""Lines to copy make the client that is in use."""

from __future__ import annotations

import asyncio

import pytest
from langsmith import AsyncClient

from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, adiagnose


@pytest.mark.skipif(not hasattr(AsyncClient, "workspace_id"), reason="this SDK's async client names no workspace")
def test_the_warning_mentions_async_clients(server, caplog):
    acme = server.add_organization("Acme")
    acme.add_workspace("Research")

    async def retry():
        async with SafeAsyncClient(api_url=server.url, api_key=acme.add_service_key(workspaces=None)) as client:
            await client.create_project("x")

    asyncio.run(retry())
    (record,) = [record for record in caplog.records if record.name == "safe_langsmith"]
    assert record.diagnosis["fixes"][0]["code"].startswith("client = SafeAsyncClient(workspace_id=")


def test_async_clients_get_async_code(server):
    acme = server.add_organization("Acme")
    acme.add_workspace("Research")
    acme.add_workspace("Support")

    async def look():
        async with SafeAsyncClient(api_url=server.url, api_key=acme.add_service_key(workspaces=None)) as client:
            with pytest.raises(ForbiddenDiagnosis) as refused:
                await client.create_project("x")
            return refused.value, await adiagnose(client)

    for found in asyncio.run(look()):
        first, *others = [fix.code or "" for fix in found.fixes]
        if not hasattr(AsyncClient, "workspace_id"):
            assert first == "python -m pip install --upgrade langsmith"
            first = others[0]
        assert first.startswith("client = SafeAsyncClient(workspace_id=")
