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

from safe_langsmith.checkup import adiagnose, diagnose
from safe_langsmith.client import SafeClient
from safe_langsmith.diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace
from safe_langsmith.environment import reload_environment
from safe_langsmith.errors import ForbiddenDiagnosis, find_diagnosis

if TYPE_CHECKING:
    from safe_langsmith.async_client import SafeAsyncClient

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
        from safe_langsmith.async_client import SafeAsyncClient

        return SafeAsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
