"""The permissions that a program needs, from the names of what it will do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

from safe_langsmith._core.permissions import PERMISSIONS
from safe_langsmith._core.redaction import sanitize

TRACING = "tracing"

PURPOSES = {
    TRACING: ("runs:create",),
    "evaluate": (
        "datasets:read",
        "projects:read",
        "projects:create",
        "runs:create",
        "feedback:create",
        "projects:update",
    ),
}
"""What a program may do, and the permissions that the requests of the SDK need for it."""

_LONGEST_NAME = 60


class Need(NamedTuple):
    """A permission that a program needs.

    Attributes:
        permission: Its name.
        purpose: The name in `PURPOSES` that it was needed for, or `None` if the permission itself was named.
    """

    permission: str
    purpose: str | None = None

    def __str__(self) -> str:
        """Return the permission, with its purpose."""
        return f"{self.permission} (for {self.purpose})" if self.purpose else self.permission


def needs_of(can: str | Iterable[str]) -> tuple[Need, ...]:
    """Return the permissions that a program needs, each once.

    Args:
        can: What the program will do: names in `PURPOSES` and permissions, separated by commas or one by one.

    Raises:
        ValueError: If a name is unknown, or if text without a name was given.
    """
    found: dict[str, Need] = {}
    for given in can.split(",") if isinstance(can, str) else can:
        name = given.strip() if isinstance(given, str) else given
        if not isinstance(name, str):
            raise ValueError(_unknown(name))
        if name in PURPOSES:
            for permission in PURPOSES[name]:
                found.setdefault(permission, Need(permission, name))
        elif name in PERMISSIONS:
            found.setdefault(name, Need(name))
        else:
            raise ValueError(_unknown(name))
    return tuple(found.values())


def _unknown(name: object) -> str:
    known = f'can takes "{TRACING}", "evaluate", or permissions such as "datasets:create"'
    if not isinstance(name, str) or not name:
        return f"{known}, and not {'an empty name' if name == '' else type(name).__name__}"
    near = get_close_matches(name[:_LONGEST_NAME].lower(), (*PURPOSES, *PERMISSIONS), 3, 0.5)
    # Two names for one permission: what other services call "write" is "create" or "update" here.
    resource = name.partition(":")[0]
    near += [each for each in PERMISSIONS if each.startswith(f"{resource}:") and each not in near][: 3 - len(near)]
    meant = f"; did you mean {' or '.join(near)}?" if near else f"; {known}"
    return f'"{sanitize(name, _LONGEST_NAME)}" is neither a permission nor {" nor ".join(PURPOSES)}{meant}'
