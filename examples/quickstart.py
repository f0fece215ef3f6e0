"""One call that is retried and one that is explained.

This needs no account: it uses the fake LangSmith server that ships with this library. With --my-account it uses the
LangSmith account that the environment configures instead, and only reads.
"""

from __future__ import annotations

import logging
import sys

from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import FakeLangSmith


def with_the_fake_server() -> None:
    """Show both results of a 403."""
    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        research = acme.add_workspace("Research")

        print("1. A service key of an organization with one workspace, and no workspace named.\n")
        key = acme.add_service_key(workspaces=None)
        # An empty workspace_id names no workspace, even if the environment does.
        client = SafeClient(api_url=server.url, api_key=key, workspace_id="", auto_batch_tracing=False)
        project = client.create_project("my-first-project")
        print(f"   LangSmith refused the request. It was sent again with the workspace: created {project.name!r}.")
        print(f"   Requests: {', '.join(f'{r.method} {r.path} {r.status}' for r in server.requests)}\n")

        print("2. A personal access token of an editor, who may trace but may not create projects.\n")
        editor = acme.add_personal_key(default=research, role="Editor")
        client = SafeClient(api_url=server.url, api_key=editor, workspace_id="", auto_batch_tracing=False)
        try:
            client.create_project("my-second-project")
        except ForbiddenDiagnosis as diagnosis:
            print(diagnosis)


def on_langsmith() -> None:
    """Read the first projects of the account that the environment configures."""
    client = SafeClient()
    try:
        projects = list(client.list_projects(limit=3))
    except ForbiddenDiagnosis as diagnosis:
        print(diagnosis)
    else:
        print(f"LangSmith at {client.api_url} lists: {', '.join(str(p.name) for p in projects) or 'no project yet'}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="   [%(name)s] %(message)s", stream=sys.stdout)
    if "--my-account" in sys.argv[1:]:
        on_langsmith()
    else:
        with_the_fake_server()
