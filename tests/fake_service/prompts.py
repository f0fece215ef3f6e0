"""Prompts, which the API names repos, with their commits, tags and likes."""

from __future__ import annotations

import hashlib
import json
from uuid import uuid4

from safe_langsmith.testing import AuthorizedRequest, Reply, Route
from safe_langsmith.testing.accounts import now
from safe_langsmith.testing.endpoints import Record, without_empty
from safe_langsmith.testing.error_formats import error
from safe_langsmith.testing.resources import page

# The owner in a request's path when it is the workspace itself. No workspace of the fake server has a handle.
_OWN = "-"


def _list(call: AuthorizedRequest) -> Reply:
    part = call.parameters.get("query", "").lower()
    found = [
        repo
        for repo in reversed(call.collection("repos").values())
        if part in repo["repo_handle"].lower()
        and _agrees(call, repo, "is_public")
        and _agrees(call, repo, "is_archived")
    ]
    return Reply(200, {"repos": page(found, call.parameters), "total": len(found)})


def _agrees(call: AuthorizedRequest, repo: Record, flag: str) -> bool:
    wanted = call.parameters.get(flag)
    return wanted is None or repo[flag] is (wanted == "true")


def _create(call: AuthorizedRequest) -> Reply:
    posted = without_empty(call.body or {})
    handle = posted.get("repo_handle")
    if not isinstance(handle, str) or not handle:
        return call.unprocessable("Field required: repo_handle")
    repos = call.collection("repos")
    if handle in repos:
        return Reply(409, {"detail": f"Repo {handle!r} already exists."})
    moment = now()
    repos[handle] = {
        "description": "",
        "readme": "",
        "tags": [],
        "is_public": False,
        "is_archived": False,
        **posted,
        "id": str(uuid4()),
        "tenant_id": call.workspace.id,
        "created_at": moment,
        "updated_at": moment,
        "owner": None,
        "full_name": f"{_OWN}/{handle}",
        "num_likes": 0,
        "num_downloads": 0,
        "num_views": 0,
        "liked_by_auth_user": False,
        "last_commit_hash": None,
        "num_commits": 0,
        "commit_tags": {},
    }
    return Reply(200, {"repo": repos[handle]})


def _read(call: AuthorizedRequest) -> Reply:
    repo = _named(call)
    return _missing(call) if repo is None else Reply(200, {"repo": repo})


def _update(call: AuthorizedRequest) -> Reply:
    repo = _named(call)
    if repo is None:
        return _missing(call)
    repo.update(without_empty(call.body or {}), updated_at=now())
    return Reply(200, {"repo": repo})


def _delete(call: AuthorizedRequest) -> Reply:
    if _named(call) is None:
        return _missing(call)
    del call.collection("repos")[call.segments[1]]
    _commits(call).clear()
    return Reply(200, {})


def _like(call: AuthorizedRequest) -> Reply:
    repo = _named(call)
    if repo is None:
        return _missing(call)
    liked = bool((call.body or {}).get("like"))
    repo["num_likes"] += int(liked) - int(repo["liked_by_auth_user"])
    repo["liked_by_auth_user"] = liked
    return Reply(200, {"likes": repo["num_likes"]})


def _commit(call: AuthorizedRequest) -> Reply:
    repo = _named(call)
    if repo is None:
        return _missing(call)
    posted = call.body or {}
    manifest = posted.get("manifest")
    if not isinstance(manifest, dict):
        return call.unprocessable("Field required: manifest")
    commits = _commits(call)
    parent = commits.get(repo["last_commit_hash"], {})
    if parent.get("manifest") == manifest:
        return error(call.path, 409, "Nothing to commit: prompt has not changed since latest commit")
    hash = hashlib.sha256(json.dumps([repo["last_commit_hash"], manifest]).encode()).hexdigest()
    moment = now()
    commits[hash] = {
        "id": str(uuid4()),
        "commit_hash": hash,
        "manifest": manifest,
        "description": posted.get("description"),
        "repo_id": repo["id"],
        "parent_id": parent.get("id"),
        "parent_commit_hash": repo["last_commit_hash"],
        "examples": [],
        "created_at": moment,
        "updated_at": moment,
    }
    repo.update(last_commit_hash=hash, num_commits=len(commits), updated_at=moment)
    return Reply(200, {"commit": commits[hash]})


def _list_commits(call: AuthorizedRequest) -> Reply:
    if _named(call) is None:
        return _missing(call)
    found = list(reversed(_commits(call).values()))
    return Reply(200, {"commits": page(found, call.parameters), "total": len(found)})


def _read_commit(call: AuthorizedRequest) -> Reply:
    repo, name, commits = _named(call), call.segments[2], _commits(call)
    if repo is None:
        return _missing(call)
    begins = next((hash for hash in commits if hash.startswith(name)), None)
    hash = {"latest": repo["last_commit_hash"], **repo["commit_tags"]}.get(name, begins)
    return Reply(200, commits[hash]) if hash in commits else call.not_found(f"Commit {name} not found")


def _tag(call: AuthorizedRequest) -> Reply:
    repo, posted = _named(call), call.body or {}
    commits = {commit["id"]: commit["commit_hash"] for commit in _commits(call).values()}
    if repo is None or posted.get("commit_id") not in commits:
        return _missing(call)
    repo["commit_tags"][posted.get("tag_name")] = commits[posted["commit_id"]]
    return Reply(200, {"id": str(uuid4()), "repo_id": repo["id"], **posted})


def _named(call: AuthorizedRequest) -> Record | None:
    owner, handle = call.segments[:2]
    return call.collection("repos").get(handle) if owner == _OWN else None


def _commits(call: AuthorizedRequest) -> dict[str, Record]:
    return call.collection(f"commits of {call.segments[1]}")


def _missing(call: AuthorizedRequest) -> Reply:
    return call.not_found(f"Repository {'/'.join(call.segments[:2])} not found")


ROUTES = (
    Route("GET", "/repos", _list),
    Route("POST", "/repos", _create),
    Route("GET", "/repos/*/*", _read),
    Route("PATCH", "/repos/*/*", _update),
    Route("DELETE", "/repos/*/*", _delete),
    Route("POST", "/repos/*/*/tags", _tag),
    Route("POST", "/likes/*/*", _like),
    Route("GET", "/commits/*/*", _list_commits),
    Route("POST", "/commits/*/*", _commit),
    Route("GET", "/commits/*/*/*", _read_commit),
)
