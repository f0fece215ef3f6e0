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

from .client import SafeClient
from .diagnosis import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace
from .environment import reload_environment
from .errors import ForbiddenDiagnosis, find_diagnosis

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
    "SafeClient",
    "Setting",
    "Workspace",
    "find_diagnosis",
    "reload_environment",
]
