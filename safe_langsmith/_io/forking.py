"""What has to be over before a process forks.

A child has none of its parent's threads. Where one of them was just importing something, whoever imports that in the
child waits for ever.
"""

from __future__ import annotations

import importlib
import os
import sys

# Of what is registered below, the latest is called first. So logging has to have been imported before: it locks itself
# while a process forks, and a module that is being imported may ask it for a logger.
from .trouble import log_failure

_WHEN_REFUSED = (
    "dotenv",
    "tenacity",
    "safe_langsmith._core.dotenv_file",
    "safe_langsmith._io.refused_call",
    "safe_langsmith._io.roads.async_road",
    "safe_langsmith._io.roads.direct_road",
    "safe_langsmith._io.roads.generated_client",
    "safe_langsmith._io.roads.requests_road",
    "safe_langsmith._render.text",
)
"""What is imported when a call is refused, on whichever thread that happens, and not before."""
_FIRST = "safe_langsmith._io.refused_call"


def finish_imports() -> None:
    """Waits for the thread that imports what a refusal needs, and imports the rest. Without a refusal, does nothing."""
    if _FIRST not in sys.modules:
        return
    for name in _WHEN_REFUSED:
        try:
            importlib.import_module(name)
        except Exception as failure:  # Whatever fails in here, the process forks.
            log_failure("importing before a fork", failure)


def finish_imports_before_forks() -> None:
    """Has them finished before each fork from now on."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=finish_imports)
