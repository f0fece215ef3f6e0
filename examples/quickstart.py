"""One call that heals and one that is explained.

Runs without an account, on the stand-in for LangSmith that ships with this library. With --my-account it asks the
LangSmith that the environment names instead, and only reads.
"""

from __future__ import annotations

import logging
import sys

from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import FakeLangSmith


def on_the_stand_in() -> None:
    """Shows both ends of a 403."""
    with FakeLangSmith() as server:
        acme = server.add_organization("Acme")
        research = acme.add_workspace("Research")

        print("1. An organization's service key, no workspace named, and one workspace that it can mean.\n")
        key = acme.add_service_key(workspaces=None)
        # An empty workspace_id names none, whatever the environment says.
        client = SafeClient(api_url=server.url, api_key=key, workspace_id="", auto_batch_tracing=False)
        project = client.create_project("my-first-project")
        print(f"   LangSmith refused, and the call was sent again with a workspace: created {project.name!r}.")
        print(f"   Requests: {', '.join(f'{r.method} {r.path} {r.status}' for r in server.requests)}\n")

        print("2. An editor's personal token, which may trace but not create projects.\n")
        editor = acme.add_personal_key(default=research, role="Editor")
        client = SafeClient(api_url=server.url, api_key=editor, workspace_id="", auto_batch_tracing=False)
        try:
            client.create_project("my-second-project")
        except ForbiddenDiagnosis as diagnosis:
            print(diagnosis)


def on_langsmith() -> None:
    """Reads the first projects of the account that the environment names."""
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
        on_the_stand_in()
