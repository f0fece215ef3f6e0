"""All scenes, by name."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from .scenes import answers, keys, machine, misplaced, workspaces
from .stage import SCENES

MODULES = (keys, workspaces, machine, misplaced, answers)
HAS_PROFILES = importlib.util.find_spec("langsmith._internal._profiles") is not None


def scenes() -> list[Any]:
    without = pytest.mark.skipif(not HAS_PROFILES, reason="this SDK has no profiles")
    return [pytest.param(name, id=name, marks=without if name == "a login profile" else ()) for name in SCENES]
