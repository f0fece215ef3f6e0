"""What somebody has at LangSmith: an organization in one region, its workspaces, and keys."""

from __future__ import annotations

import requests

from safe_langsmith.testing import FakeLangSmith


class Account:
    """An organization.

    Attributes:
        server: The server it is on.
        host: The host name of the API there.
        workspaces: Its workspaces.
    """

    def __init__(self, server: FakeLangSmith, host: str, workspaces: int) -> None:
        self.server, self.host = server, host
        self._organization = server.add_organization("Acme")
        self.workspaces = [self._organization.add_workspace(name) for name in ("Research", "Support")[:workspaces]]

    @property
    def organization_id(self) -> str:
        return self._organization.id

    def personal_key(self) -> str:
        return self._organization.add_personal_key(default=self.workspaces[0])

    def organization_key(self) -> str:
        """Makes a service key for the whole organization."""
        return self._organization.add_service_key(workspaces=None)

    def workspace_key(self) -> str:
        return self._organization.add_service_key(workspaces=self.workspaces[:1])

    def dead_key(self) -> str:
        """Makes a personal key that was revoked; the answer to one that has expired is the same."""
        key = self.personal_key()
        self.server.revoke(key)
        return key

    def save_prompt(self, name: str) -> None:
        headers = {"x-api-key": self.personal_key()}
        for path, body in (("/repos/", {"repo_handle": name}), (f"/commits/-/{name}", {"manifest": {"id": []}})):
            requests.post(self.server.url + path, json=body, headers=headers, timeout=5).raise_for_status()
