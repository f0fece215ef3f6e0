"""Agents: what the registry knows of them, and the project that an address stands for."""

from __future__ import annotations

import re
from uuid import uuid4

from safe_langsmith.testing import pages, resources
from safe_langsmith.testing.accounts import now
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record, WorkspaceStore, present

_ENVIRONMENTS = ("LOCAL", "DEVELOPMENT", "STAGING", "PRODUCTION")
_ADDRESS = re.compile(r"lrn:agents/([^/]+)/environments/([^/]+)")


def project_at(holdings: WorkspaceStore, address: str) -> str | None:
    """Returns the id of the project that runs with this `address` go to, or `None` where there is no such agent."""
    found = _ADDRESS.fullmatch(address)
    return _project(holdings, *found.groups()) if found else None


def _project(holdings: WorkspaceStore, agent: str, environment: str) -> str | None:
    environments = holdings.collection("agents").get(agent, {}).get("environments", ())
    return next((one["tracer_session_id"] for one in environments if one["environment"] == environment.upper()), None)


def _create(call: Call) -> Reply:
    posted = present(call.body or {})
    id = posted.get("id")
    if not isinstance(id, str):
        return call.unprocessable("Field required: id")
    agents = call.holdings.collection("agents")
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


def _environment(call: Call, agent: str, environment: str) -> Record:
    project = resources.new(call.workspace, "sessions", {"name": f"{agent}-{environment.lower()}"})
    call.holdings.collection("sessions")[project["id"]] = project
    return {
        "id": str(uuid4()),
        "agent_id": agent,
        "environment": environment,
        "tracer_session_id": project["id"],
        "tracer_session_name": project["name"],
    }


def _list(call: Call) -> Reply:
    part = call.last.get("search", call.last.get("name", "")).lower()
    ids = call.query.get("id")
    found = [
        agent
        for agent in call.holdings.collection("agents").values()
        if (ids is None or agent["id"] in ids) and (part in agent["id"] or part in agent["name"].lower())
    ]
    return pages.items(call, found, call.last)


def _read(call: Call) -> Reply:
    agent = call.holdings.collection("agents").get(call.names[0])
    return call.not_found() if agent is None else Reply(200, agent)


def _update(call: Call) -> Reply:
    agent = call.holdings.collection("agents").get(call.names[0])
    if agent is None:
        return call.not_found()
    agent.update(present(call.body or {}))
    return Reply(200, agent)


def _delete(call: Call) -> Reply:
    agent = call.holdings.collection("agents").pop(call.names[0], {})
    for environment in agent.get("environments", ()):
        call.holdings.collection("sessions").pop(environment["tracer_session_id"], None)
    return Reply(204)


def _resolve(call: Call) -> Reply:
    asked, sessions = call.last, call.holdings.collection("sessions")
    kind = asked.get("kind", "").upper()
    project = None
    if kind == "AGENT":
        project = _project(call.holdings, asked.get("id", ""), asked.get("environment", ""))
    elif kind == "EXPERIMENT":
        project = asked.get("id")
    elif kind == "EVALUATOR":
        project = next((id for id, session in sessions.items() if session["name"] == "evaluators"), None)
    return Reply(200, {"session_id": project}) if project in sessions else call.not_found()


ROUTES: tuple[Route, ...] = (
    ("GET", "/sessions/resolutions", _resolve),
    ("GET", "/agents", _list),
    ("POST", "/agents", _create),
    ("GET", "/agents/*", _read),
    ("PATCH", "/agents/*", _update),
    ("DELETE", "/agents/*", _delete),
)
