"""A fake LangSmith server on a loopback socket, for tests.

It authorizes and refuses requests as LangSmith does, by key, workspace, role and policy, and stores enough for the real
SDK to work. So a test needs neither a LangSmith account nor mocks:

    from langsmith import Client
    from safe_langsmith.testing import FakeLangSmith, Reply

    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        research = acme.add_workspace("Research")
        key = acme.add_service_key(workspaces=None, role="Editor")  # organization-scoped

        client = Client(api_url=server.url, api_key=key, workspace_id=research.id)
        client.create_dataset("questions")
        assert server.requests[0].workspace_id == research.id

        server.fault("GET", "/sessions", Reply(503, {"detail": "try later"}))  # once
        acme.add_access_policy("deny", "datasets:delete", workspace=research)  # overrides the role
        acme.restrict_addresses(["203.0.113.7"])  # an IP allow-list that excludes this machine
        server.revoke(key)

The texts and rules are those of LangSmith's public documentation and of its published error messages.
"""

from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.endpoints import AuthorizedRequest, Route
from safe_langsmith.testing.faults import Drop, Fault, Redirect, Reply, Slow, SlowBody
from safe_langsmith.testing.organization import Organization
from safe_langsmith.testing.recorded import RecordedRequest
from safe_langsmith.testing.server import FakeLangSmith

__all__ = [
    "AuthorizedRequest",
    "Drop",
    "FakeLangSmith",
    "Fault",
    "Organization",
    "RecordedRequest",
    "Redirect",
    "Reply",
    "Route",
    "Slow",
    "SlowBody",
    "Workspace",
]
