"""The diagnoses whose text is kept, one a cause, in `golden/` and in the pages of `docs/causes/`.

To write them anew: `PYTHONPATH=. python tests/unit/core/regenerate.py`.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path

from safe_langsmith import Diagnosis
from safe_langsmith._core.model import (
    GET_INFO,
    GET_INFO_BELOW,
    GET_SETTINGS,
    LIST_DELETED_WORKSPACES,
    LIST_WORKSPACES,
    inside,
)
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._core.settings import Dotenv, DotenvLine

HERE = Path(__file__).parent
PAGES = HERE.parents[2] / "docs" / "causes"
README_BLOCK = "<!-- diagnosis -->\n```text\n"
BLOCK, END = "## What it says\n\n```text\n", "\n```"
_shared = runpy.run_path(str(HERE / "conftest.py"))
describe_refusal, drive_investigation = _shared["describe_refusal"], _shared["drive_investigation"]

RESEARCH = {
    "id": "11111111-aaaa-4aaa-8aaa-111111111111",
    "display_name": "Research",
    "role_name": "WORKSPACE_VIEWER",
    "permissions": ["projects:read", "runs:read"],
}
SUPPORT = {"id": "22222222-aaaa-4aaa-8aaa-222222222222", "display_name": "Support", "role_name": "WORKSPACE_ADMIN"}
NOWHERE = "33333333-aaaa-4aaa-8aaa-333333333333"
SERVICE_KEY = "lsv2_sk_c0ffeec0ffee00000000000000000000_0000004321"
NEWER_KEY = "lsv2_pt_c0ffeec0ffee00000000000000000000_0000005678"
NO_WORKSPACE = (
    b'{"detail":"This API key is org-scoped and requires workspace specification. '
    b"Please provide 'X-Tenant-ID' header.\"}"
)


def _answer(document: object, status: int = 200) -> Answer:
    return read_answer(status, json.dumps(document).encode(), "application/json")


_REFUSED = _answer({"detail": "Forbidden"}, 403)
_ALL_REFUSED = {GET_SETTINGS: _REFUSED, LIST_WORKSPACES: _REFUSED}
_CASES = {
    "workspace-required": (
        {"key": SERVICE_KEY, "body": NO_WORKSPACE, "request_id": "5f1c2a9e"},
        {LIST_WORKSPACES: _answer([RESEARCH, SUPPORT])},
    ),
    "workspace-not-accessible": (
        {"workspace_id": NOWHERE},
        {inside(NOWHERE): _REFUSED, LIST_WORKSPACES: _answer([RESEARCH]), LIST_DELETED_WORKSPACES: _answer([RESEARCH])},
    ),
    "permission-denied": (
        {"method": "POST", "path": "/sessions"},
        {GET_SETTINGS: _answer(RESEARCH), LIST_WORKSPACES: _answer([RESEARCH, SUPPORT])},
    ),
    "key-rejected": ({}, _ALL_REFUSED),
    "stale-environment": (
        {"dotenv": Dotenv("/home/me/.env", (DotenvLine("LANGSMITH_API_KEY", NEWER_KEY, 3),))},
        _ALL_REFUSED,
    ),
    "blocked-upstream": (
        {"body": b"<html><title>403 Forbidden by policy 17</title></html>", "content_type": "text/html"},
        {},
    ),
    "workspace-id-malformed": ({"workspace_id": "research"}, {}),
    "key-malformed": ({"key": 'os.environ["LANGSMITH_KEY"]'}, {}),
    "key-legacy": ({"key": "ls__c0ffeec0ffee0000000000001234", "key_from": "LANGCHAIN_API_KEY"}, {}),
    "key-missing": ({"key": None, "body": b'{"detail":"Invalid token"}', "method": None}, {}),
    "wrong-region": ({"environ": {"LANGSMITH_BASE_URL": "https://eu.api.smith.langchain.com"}}, _ALL_REFUSED),
    "wrong-endpoint": (
        {"endpoint": "https://langsmith.acme.example", "body": b"<html><title>LangSmith</title></html>"}
        | {"environ": {"LANGSMITH_ENDPOINT": "https://langsmith.acme.example"}},
        {GET_INFO: _answer("page", 405), GET_INFO_BELOW: _answer({"version": "0.16.20", "instance_flags": {}})},
    ),
    "feature-unavailable": (
        {"method": "POST", "path": "/runs/multipart", "body": b'{"error":"Forbidden - no plan found"}'},
        {},
    ),
    "undetermined": ({}, {GET_SETTINGS: Answer(error="ConnectTimeout")}),
}


def diagnoses() -> dict[str, Diagnosis]:
    return {
        name: drive_investigation(describe_refusal(**refused), answers).diagnosis
        for name, (refused, answers) in _CASES.items()
    }


def with_message(page: str, diagnosis: Diagnosis) -> str:
    """Puts a diagnosis into the block of a page that shows it."""
    start = page.index(BLOCK) + len(BLOCK)
    return f"{page[:start]}{diagnosis}{page[page.index(END, start) :]}"


def write() -> None:
    for name, diagnosis in diagnoses().items():
        (HERE / "golden" / f"{name}.txt").write_text(f"{diagnosis}\n", encoding="utf-8")
        page = PAGES / f"{name}.md"
        page.write_text(with_message(page.read_text(encoding="utf-8"), diagnosis), encoding="utf-8")

    readme = PAGES.parent.parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    start = text.index(README_BLOCK) + len(README_BLOCK)
    shown = diagnoses()["permission-denied"]
    readme.write_text(f"{text[:start]}{shown}{text[text.index(END, start) :]}", encoding="utf-8")
    pairs = runpy.run_path(str(HERE / "test_pairs.py"))
    pairs["KEPT"].write_text("".join(f"{line}\n" for line in pairs["met_at_once"](describe_refusal)), encoding="utf-8")


if __name__ == "__main__":
    write()
