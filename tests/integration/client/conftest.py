"""An organization with one workspace, and a key that serves it but must name it."""

from __future__ import annotations

import pytest


@pytest.fixture
def org(server):
    return server.add_organization("Acme")


@pytest.fixture
def workspace(org):
    return org.add_workspace("Research")


@pytest.fixture
def key(org, workspace):
    return org.add_service_key(workspaces=None)
