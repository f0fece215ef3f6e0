"""The smallest change to a program: another name for the client, and one exception to catch.

This needs a LangSmith account: set LANGSMITH_API_KEY first. `quickstart.py` needs none.
"""

from safe_langsmith import ForbiddenDiagnosis, SafeClient

client = SafeClient()  # was: langsmith.Client()
try:
    projects = list(client.list_projects(limit=3))
except ForbiddenDiagnosis as e:
    print(e)  # who, what, where, why, and what to do
