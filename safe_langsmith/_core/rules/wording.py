"""A reason that rules of two ranks give."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence


def needs_workspace(e: Evidence) -> str:
    """Says that a workspace must be named, and how many there are."""
    found = e.workspaces
    if not found:
        return "this key needs a workspace to be named, and the request named none"
    if len(found) == 1:
        return f'this key serves one workspace, "{found[0].name}", but a request must name it, and this one did not'
    return f"this key serves {len(found)} workspaces, so a request must name one, and this one did not"
