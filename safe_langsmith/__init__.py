"""A drop-in for `langsmith.Client` that heals or explains the service's 403 answers.

```python
from safe_langsmith import SafeClient, ForbiddenDiagnosis

client = SafeClient()  # was: langsmith.Client()
try:
    projects = list(client.list_projects())
except ForbiddenDiagnosis as e:
    print(e)  # who, what, where, why, what to do
```
"""

from typing import TYPE_CHECKING, Any

from .checkup import adiagnose, diagnose
from .client import SafeClient
from .diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace
from .environment import reload_environment
from .errors import ForbiddenDiagnosis, find_diagnosis

if TYPE_CHECKING:
    from .async_client import SafeAsyncClient

__version__ = "0.1.0"

__all__ = [
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
    "reload_environment",
]


def __getattr__(name: str) -> Any:
    # Only who uses the asynchronous client needs what the SDK imports for it.
    if name == "SafeAsyncClient":
        from .async_client import SafeAsyncClient

        return SafeAsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
