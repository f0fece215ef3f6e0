"""Lines to copy, with the real values in them. `None` stands for what no line does."""

from __future__ import annotations

import json
import re
import shlex

from safe_langsmith._core.endpoints import REGIONS, can_be_sent_to, region_of
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.redaction import TO_FILL_IN
from safe_langsmith._core.settings import Replica, variable_in

CLEAR_CACHE = "from langsmith import utils; utils.get_env_var.cache_clear()"
SHOW_PROXIES = "import os; print([k for k in os.environ if k.lower().endswith('_proxy')])  # []: no proxy"
FIRST_WITH_WORKSPACES = "for langsmith 0.14.16 or newer"
HOW_TO_SET = "In .env the line stands as it is; a shell wants export before it, and a container must be given it."

_ACTED_ON = re.compile(r"[^\w .,:/@+-]")


def argument(e: Evidence, workspace_id: str) -> str | None:
    """The line that names a workspace for the client, or for its replica where that was refused."""
    if is_replica(e):
        return _replica_line(e, "<its key>", workspace_id)
    if not e.facts.is_own:
        return f'headers={{"X-Tenant-Id": "{workspace_id}"}}  # in the call'
    return f'client = SafeClient(workspace_id="{workspace_id}")'


def in_place_of(e: Evidence, workspace_id: str) -> str | None:
    """The line to change where the workspace that was named came from."""
    source = e.facts.workspace_source
    if "X-Tenant-Id" in source:
        return f'headers={{"X-Tenant-Id": "{workspace_id}"}}'
    variable = variable_in(source)
    return f"{variable}={workspace_id}" if variable else argument(e, workspace_id)


def endpoint_line(e: Evidence, endpoint: str) -> str:
    """The line that sets the endpoint where the one in use comes from."""
    source = e.facts.settings["endpoint"].source
    if is_replica(e):
        replica = _of_a_variable(e)
        return f'"api_url": "{endpoint}"  # in {f"its entry in {replica.variable}" if replica else "the replica"}'
    waiting = [
        drift for drift in e.facts.unintended_drift if drift.setting == "endpoint" and drift.now.value == endpoint
    ]
    if waiting:
        file = waiting[0].dotenv_path
        loading = f"from dotenv import load_dotenv; load_dotenv({file!r}, override=True)\n" if file else ""
        return f"{CLEAR_CACHE}\n{loading}client = SafeClient()  # made anew"
    if source.endswith("argument") or source == e.facts.profile:
        return f"client = SafeClient(api_url={json.dumps(endpoint)})"
    return f"{variable_in(source) or 'LANGSMITH_ENDPOINT'}={endpoint}"


def plane_line(e: Evidence) -> str:
    """The line that sets the endpoint to the data plane of the workspace that was meant."""
    plane = (e.data_plane or "").rstrip("/")
    return endpoint_line(e, plane if plane.endswith("/api") else f"{plane}/api")


def other_regions(e: Evidence) -> str:
    """The lines of which one sets the endpoint of the right region, where the region in use is not."""
    here = region_of(e.facts.endpoint) if can_be_sent_to(e.facts.endpoint) else None
    first, *others = [f"https://{host}" for host, region in REGIONS.items() if region != here]
    return "\n".join([endpoint_line(e, first), *(f"# or {other}" for other in others)])


def key_line(e: Evidence) -> str | None:
    """The line that puts another key where the refused one comes from, or `None` where no line does."""
    source = e.facts.settings["api_key"].source
    if is_replica(e):
        return _replica_line(e, TO_FILL_IN)
    if source == "the api_key argument":
        return f'client = SafeClient(api_key="{TO_FILL_IN}")'
    variable = "LANGSMITH_API_KEY" if source == "default" else variable_in(source)
    return f"{variable}={TO_FILL_IN}" if variable and e.facts.is_own else None


def reach(e: Evidence) -> str:
    """The line that shows on a terminal who answers at the endpoint."""
    return f"curl -sS -i {shlex.quote(f'{e.facts.endpoint}/info')}"


def harmless(text: str) -> str:
    """Somebody else's words, fit to stand in a line to copy: without what a shell or Python would act on."""
    return _ACTED_ON.sub("", text)


def is_replica(e: Evidence) -> bool:
    """Whether it was runs for a replica that were refused."""
    return not e.facts.is_own and e.facts.settings["api_key"].source.startswith("the replica")


def _replica_line(e: Evidence, key: str, workspace_id: str | None = None) -> str | None:
    """The line of a replica's settings that names its key, and a workspace."""
    replica = _of_a_variable(e)
    if replica is not None:
        return _entry_line(replica, key, workspace_id)
    if not e.facts.replicas_take_auth:
        return None if workspace_id else f'# in the replica\n"api_key": "{key}"'
    named = f', "tenant_id": "{workspace_id}"' if workspace_id else ""
    # Beside "auth", the SDK takes no key from elsewhere in the replica's settings: it would send the client's own.
    return f'# in the replica, in place of its "api_key"\n"auth": {{"api_key": "{key}"{named}}}'


def _entry_line(replica: Replica, key: str, workspace_id: str | None) -> str:
    """The entry of a replica in its variable, which is a list, or, without workspaces, an object."""
    if not replica.is_listed and not workspace_id:
        return f'# its entry in {replica.variable}\n"{replica.url}": "{key}"'
    named = f',\n "workspace_id": "{workspace_id}"' if workspace_id else ""
    since = f", {FIRST_WITH_WORKSPACES}" if workspace_id else ""
    entry = f'{{"api_url": "{replica.url}", "api_key": "{key}"{named}}}'
    if replica.is_listed:
        return f"# its entry in {replica.variable}{since}\n{entry}"
    return f"# {replica.variable} as a list, with any others beside it{since}\n[{entry}]"


def _of_a_variable(e: Evidence) -> Replica | None:
    """The replica that was refused, where a variable makes it."""
    return next((each for each in e.facts.related_variables.replicas if each.url == e.facts.endpoint), None)
