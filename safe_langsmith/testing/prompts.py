"""Prompts, which the API calls repos, with their commits, tags and likes."""

from __future__ import annotations

import hashlib
import json
from uuid import uuid4

from safe_langsmith.testing import error_formats as dialects
from safe_langsmith.testing import pages
from safe_langsmith.testing.accounts import now
from safe_langsmith.testing.calls import Call, Route
from safe_langsmith.testing.replies import Reply
from safe_langsmith.testing.store import Record, present

# How a request calls the workspace it runs in. No workspace here has a handle of its own.
_OWN = "-"


def _list(call: Call) -> Reply:
    part = call.last.get("query", "").lower()
    found = [
        repo
        for repo in reversed(call.holdings.collection("repos").values())
        if part in repo["repo_handle"].lower()
        and _agrees(call, repo, "is_public")
        and _agrees(call, repo, "is_archived")
    ]
    return Reply(200, {"repos": pages.by_offset(found, call.last), "total": len(found)})


def _agrees(call: Call, repo: Record, flag: str) -> bool:
    wanted = call.last.get(flag)
    return wanted is None or repo[flag] is (wanted == "true")


def _create(call: Call) -> Reply:
    posted = present(call.body or {})
    handle = posted.get("repo_handle")
    if not isinstance(handle, str) or not handle:
        return call.unprocessable("Field required: repo_handle")
    repos = call.holdings.collection("repos")
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


def _read(call: Call) -> Reply:
    repo = _named(call)
    return _missing(call) if repo is None else Reply(200, {"repo": repo})


def _update(call: Call) -> Reply:
    repo = _named(call)
    if repo is None:
        return _missing(call)
    repo.update(present(call.body or {}), updated_at=now())
    return Reply(200, {"repo": repo})


def _delete(call: Call) -> Reply:
    if _named(call) is None:
        return _missing(call)
    del call.holdings.collection("repos")[call.names[1]]
    _commits(call).clear()
    return Reply(200, {})


def _like(call: Call) -> Reply:
    repo = _named(call)
    if repo is None:
        return _missing(call)
    liked = bool((call.body or {}).get("like"))
    repo["num_likes"] += int(liked) - int(repo["liked_by_auth_user"])
    repo["liked_by_auth_user"] = liked
    return Reply(200, {"likes": repo["num_likes"]})


def _commit(call: Call) -> Reply:
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
        return dialects.refusal(call.path, 409, "Nothing to commit: prompt has not changed since latest commit")
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


def _list_commits(call: Call) -> Reply:
    if _named(call) is None:
        return _missing(call)
    found = list(reversed(_commits(call).values()))
    return Reply(200, {"commits": pages.by_offset(found, call.last), "total": len(found)})


def _read_commit(call: Call) -> Reply:
    repo, name, commits = _named(call), call.names[2], _commits(call)
    if repo is None:
        return _missing(call)
    begins = next((hash for hash in commits if hash.startswith(name)), None)
    hash = {"latest": repo["last_commit_hash"], **repo["commit_tags"]}.get(name, begins)
    return Reply(200, commits[hash]) if hash in commits else call.not_found(f"Commit {name} not found")


def _tag(call: Call) -> Reply:
    repo, posted = _named(call), call.body or {}
    commits = {commit["id"]: commit["commit_hash"] for commit in _commits(call).values()}
    if repo is None or posted.get("commit_id") not in commits:
        return _missing(call)
    repo["commit_tags"][posted.get("tag_name")] = commits[posted["commit_id"]]
    return Reply(200, {"id": str(uuid4()), "repo_id": repo["id"], **posted})


def _named(call: Call) -> Record | None:
    owner, handle = call.names[:2]
    return call.holdings.collection("repos").get(handle) if owner == _OWN else None


def _commits(call: Call) -> dict[str, Record]:
    return call.holdings.collection(f"commits of {call.names[1]}")


def _missing(call: Call) -> Reply:
    return call.not_found(f"Repository {'/'.join(call.names[:2])} not found")


ROUTES: tuple[Route, ...] = (
    ("GET", "/repos", _list),
    ("POST", "/repos", _create),
    ("GET", "/repos/*/*", _read),
    ("PATCH", "/repos/*/*", _update),
    ("DELETE", "/repos/*/*", _delete),
    ("POST", "/repos/*/*/tags", _tag),
    ("POST", "/likes/*/*", _like),
    ("GET", "/commits/*/*", _list_commits),
    ("POST", "/commits/*/*", _commit),
    ("GET", "/commits/*/*/*", _read_commit),
)
