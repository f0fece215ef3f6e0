"""Makes `world.py` and its neighbours importable as `worlds.world`: tests here are no package of their own."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

worlds = ModuleType("worlds")
worlds.__path__ = [str(Path(__file__).parent)]
sys.modules.setdefault("worlds", worlds)
