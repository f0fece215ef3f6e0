"""Agents and their projects, one for each environment."""

from __future__ import annotations

import re
from uuid import uuid4

from safe_langsmith.testing import AuthorizedRequest, Reply, Route
from safe_langsmith.testing.accounts import now
from safe_langsmith.testing.endpoints import Record, WorkspaceStore, without_empty
from safe_langsmith.testing.resources import new_record

from .paging import items

_ENVIRONMENTS = ("LOCAL", "DEVELOPMENT", "STAGING", "PRODUCTION")
_ADDRESS = re.compile(r"lrn:agents/([^/]+)/environments/([^/]+)")


def project_of(store: WorkspaceStore, address: str) -> str | None:
    """Return the ID of the project of runs with this `address`, or `None` if there is no such agent."""
    found = _ADDRESS.fullmatch(address)
    return _project(store, *found.groups()) if found else None


def _project(store: WorkspaceStore, agent: str, environment: str) -> str | None:
    environments = store.collection("agents").get(agent, {}).get("environments", ())
    return next((one["tracer_session_id"] for one in environments if one["environment"] == environment.upper()), None)


def _create(call: AuthorizedRequest) -> Reply:
    posted = without_empty(call.body or {})
    id = posted.get("id")
    if not isinstance(id, str):
        return call.unprocessable("Field required: id")
    agents = call.collection("agents")
    if id in agents:
        return Reply(409, {"detail": f"Agent {id!r} already exists."})
    environments = _ENVIRONMENTS[-1:] if posted.pop("production_only", False) else _ENVIRONMENTS
    agents[id] = {
        "agent_type": "CUSTOM",
        "agent_uuid": str(uuid4()),
        "created_at": now(),
        "name": id,
        "source_type": "EXTERNAL",
        **posted,
        "environments": [_environment(call, id, environment) for environment in environments],
    }
    return Reply(200, agents[id])


def _environment(call: AuthorizedRequest, agent: str, environment: str) -> Record:
    project = new_record(call, "sessions", {"name": f"{agent}-{environment.lower()}"})
    return {
        "id": str(uuid4()),
        "agent_id": agent,
        "environment": environment,
        "tracer_session_id": project["id"],
        "tracer_session_name": project["name"],
    }


def _list(call: AuthorizedRequest) -> Reply:
    part = call.parameters.get("search", call.parameters.get("name", "")).lower()
    ids = call.all_parameters.get("id")
    found = [
        agent
        for agent in call.collection("agents").values()
        if (ids is None or agent["id"] in ids) and (part in agent["id"] or part in agent["name"].lower())
    ]
    return items(call, found, call.parameters)


def _read(call: AuthorizedRequest) -> Reply:
    agent = call.collection("agents").get(call.segments[0])
    return call.not_found() if agent is None else Reply(200, agent)


def _update(call: AuthorizedRequest) -> Reply:
    agent = call.collection("agents").get(call.segments[0])
    if agent is None:
        return call.not_found()
    agent.update(without_empty(call.body or {}))
    return Reply(200, agent)


def _delete(call: AuthorizedRequest) -> Reply:
    agent = call.collection("agents").pop(call.segments[0], {})
    for environment in agent.get("environments", ()):
        call.collection("sessions").pop(environment["tracer_session_id"], None)
    return Reply(204)


def _resolve(call: AuthorizedRequest) -> Reply:
    query, sessions = call.parameters, call.collection("sessions")
    kind = query.get("kind", "").upper()
    project = None
    if kind == "AGENT":
        project = _project(call.store, query.get("id", ""), query.get("environment", ""))
    elif kind == "EXPERIMENT":
        project = query.get("id")
    elif kind == "EVALUATOR":
        project = next((id for id, session in sessions.items() if session["name"] == "evaluators"), None)
    return Reply(200, {"session_id": project}) if project in sessions else call.not_found()


ROUTES = (
    Route("GET", "/sessions/resolutions", _resolve),
    Route("GET", "/agents", _list),
    Route("POST", "/agents", _create),
    Route("GET", "/agents/*", _read),
    Route("PATCH", "/agents/*", _update),
    Route("DELETE", "/agents/*", _delete),
)
