"""A stand-in for LangSmith's authorization, on a loopback socket.

It answers like LangSmith does to who is asking, with which key, for which workspace, and stores enough for the real
SDK to work. So code that must cope with refusals can be tested without a LangSmith account and without mocks:

    from langsmith import Client
    from safe_langsmith.testing import Reply, FakeLangSmith

    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        research = acme.add_workspace("Research")
        key = acme.add_service_key(workspaces=None, role="Editor")  # organization-scoped

        client = Client(api_url=server.url, api_key=key, workspace_id=research.id)
        client.create_dataset("questions")
        assert server.requests[0].workspace_id == research.id

        server.fault("GET", "/sessions", Reply(503, {"detail": "try later"}))  # once
        acme.add_access_policy("deny", "datasets:delete", workspace=research)  # whatever the role says
        acme.restrict_addresses(["203.0.113.7"])  # an IP allow-list, on which this machine is not
        server.revoke(key)

What the texts and rules are based on is LangSmith's public documentation and its published error messages.
"""

from safe_langsmith.testing.accounts import Workspace
from safe_langsmith.testing.fake_langsmith import FakeLangSmith
from safe_langsmith.testing.faults import Drop, Fault, Redirect, Slow, SlowBody
from safe_langsmith.testing.organization import Organization
from safe_langsmith.testing.received import RecordedRequest
from safe_langsmith.testing.replies import Reply

__all__ = [
    "Drop",
    "FakeLangSmith",
    "Fault",
    "Organization",
    "RecordedRequest",
    "Redirect",
    "Reply",
    "Slow",
    "SlowBody",
    "Workspace",
]
