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

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from safe_langsmith.async_client import SafeAsyncClient

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
    "reload_environment",
]


def __getattr__(name: str) -> Any:
    # Imported lazily: the asynchronous client needs an HTTP library that slows down the import for everybody else.
    if name == "SafeAsyncClient":
        from safe_langsmith.async_client import SafeAsyncClient

        return SafeAsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
