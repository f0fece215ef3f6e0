"""Run `install` when a Python starts. `python -m safe_langsmith run` puts this folder on PYTHONPATH for that.

Python imports a module of this name at its start, if it finds one. This may be another Python than the one that `run`
ran in. Whatever fails here, the program starts as it would without this module.
"""

import os
import sys

# The program sees the path that it would have without this folder, and another `sitecustomize` is found.
_FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _FOLDER]

try:
    import safe_langsmith

    safe_langsmith.install()
except Exception:  # noqa: S110 # there is nobody to tell at the start of a program
    # This Python does not have the library, or is too old for it.
    pass

_this = sys.modules.pop(__name__)
try:
    # Any error in it is reported as Python reports it.
    __import__(__name__)
except ImportError as error:
    if getattr(error, "name", None) != __name__:
        raise
finally:
    # Python expects to find a module of this name at the end.
    sys.modules.setdefault(__name__, _this)
