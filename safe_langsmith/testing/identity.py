"""What the service tells about itself, and a key about its workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from safe_langsmith._core.permissions import permissions_of
from safe_langsmith.testing.accounts import Directory, Key, Workspace

_INFO: dict[str, Any] = {
    "version": "0.16.20",
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "size_limit_bytes": 20971520,
        "size_limit": 100,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
    },
    # As the service has them; without, the SDK logs that it is talking to an old one.
    "instance_flags": {"zstd_compression_enabled": True, "dataset_examples_multipart_enabled": True},
}


def info(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the body of `GET /info`; an override that is a mapping is merged into the default it meets."""
    merged = dict(_INFO)
    for name, value in overrides.items():
        default = merged.get(name)
        merged[name] = {**default, **value} if isinstance(default, dict) and isinstance(value, Mapping) else value
    return merged


def settings(workspace: Workspace) -> dict[str, Any]:
    """Returns the body of `GET /settings` in `workspace`."""
    return {
        "id": workspace.id,
        "display_name": workspace.name,
        "created_at": workspace.created_at,
        "tenant_handle": None,
    }


def workspaces(directory: Directory, key: Key, query: str) -> list[dict[str, Any]]:
    """Returns the body of `GET /workspaces`: where `key` is a member, deleted ones only if `query` asks for them."""
    with_deleted = parse_qs(query).get("include_deleted", [""])[-1].lower() in ("true", "1")
    return [
        {
            "id": workspace.id,
            "organization_id": workspace.organization_id,
            "display_name": workspace.name,
            "created_at": workspace.created_at,
            "is_personal": False,
            "is_deleted": workspace.deleted,
            "tenant_handle": None,
            "data_plane_url": workspace.data_plane_url,
            "read_only": False,
            "role_id": None,
            "role_name": f"WORKSPACE_{role.upper()}",
            "permissions": list(permissions_of(role)) if key.permissions_listed else None,
        }
        for workspace, role in directory.memberships(key)
        if with_deleted or not workspace.deleted
    ]
