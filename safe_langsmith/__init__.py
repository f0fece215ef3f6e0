"""A drop-in for `langsmith.Client` that retries or explains requests which LangSmith refuses with a 403.

```python
from safe_langsmith import SafeClient, ForbiddenDiagnosis

client = SafeClient()  # was: langsmith.Client()
try:
    projects = list(client.list_projects())
except ForbiddenDiagnosis as e:
    print(e)  # who, what, where, why, what to do
```
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safe_langsmith.async_client import SafeAsyncClient
    from safe_langsmith.checkup import adiagnose, diagnose
    from safe_langsmith.client import SafeClient
    from safe_langsmith.diagnosis import (
        Action,
        ApiKey,
        Cause,
        Check,
        Confidence,
        Diagnosis,
        Fix,
        Probe,
        Setting,
        Workspace,
    )
    from safe_langsmith.environment import reload_environment
    from safe_langsmith.errors import ForbiddenDiagnosis, find_diagnosis
    from safe_langsmith.installation import install, uninstall

__version__ = "0.1.0"

__all__ = [
    "Action",
    "ApiKey",
    "Cause",
    "Check",
    "Confidence",
    "Diagnosis",
    "Fix",
    "ForbiddenDiagnosis",
    "Probe",
    "SafeAsyncClient",
    "SafeClient",
    "Setting",
    "Workspace",
    "adiagnose",
    "diagnose",
    "find_diagnosis",
    "install",
    "reload_environment",
    "uninstall",
]

_MODULES = {
    "SafeAsyncClient": "async_client",
    "SafeClient": "client",
    "adiagnose": "checkup",
    "diagnose": "checkup",
    "reload_environment": "environment",
    "ForbiddenDiagnosis": "errors",
    "find_diagnosis": "errors",
    "install": "installation",
    "uninstall": "installation",
}
"""The modules of the public names; those of the other names are `diagnosis`."""


def __getattr__(name: str) -> object:
    # Imported lazily: the SDK takes a third of a second, and the asynchronous client needs an HTTP library.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'diagnosis')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
