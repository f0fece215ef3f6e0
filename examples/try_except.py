"""The least there is to change: another name for the client, and one exception to catch.

Needs a LangSmith account: set LANGSMITH_API_KEY first. `quickstart.py` needs none.
"""

from safe_langsmith import ForbiddenDiagnosis, SafeClient

client = SafeClient()  # was: langsmith.Client()
try:
    projects = list(client.list_projects(limit=3))
except ForbiddenDiagnosis as e:
    print(e)  # who, what, where, why, what to do
