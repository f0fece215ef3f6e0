"""Prompts, with the real SDK."""

from __future__ import annotations

import inspect
import json
import sys
from types import ModuleType
from typing import Any

import pytest
from langsmith import Client
from langsmith.utils import LangSmithConflictError, LangSmithNotFoundError


@pytest.fixture(autouse=True)
def without_langchain(monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK wants it installed before it pushes anything, and needs it for LangChain's own objects alone.
    load = ModuleType("langchain_core.load")
    load.dumps = json.dumps  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "langchain_core", ModuleType("langchain_core"))
    monkeypatch.setitem(sys.modules, "langchain_core.load", load)
    monkeypatch.setattr("langsmith.client.prep_obj_for_push", lambda given: given)


def template(text: str) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "prompts", "PromptTemplate"], "kwargs": {"t": text}}


def pull(sdk: Client, name: str) -> Any:
    cached = "skip_cache" in inspect.signature(sdk.pull_prompt_commit).parameters
    return sdk.pull_prompt_commit(name, **({"skip_cache": True} if cached else {}))


def test_a_pushed_prompt_can_be_pulled(sdk: Client) -> None:
    url = sdk.push_prompt("greeting", object=template("Hi"), description="How we start", tags=["en"])

    commit = pull(sdk, "greeting")
    assert commit.manifest == template("Hi")
    assert commit.commit_hash[:8] in url
    prompt = sdk.get_prompt("greeting")
    assert prompt is not None
    assert (prompt.description, prompt.tags, prompt.num_commits) == ("How we start", ["en"], 1)
    assert prompt.last_commit_hash == commit.commit_hash


def test_every_commit_stays_reachable(sdk: Client) -> None:
    sdk.push_prompt("greeting", object=template("Hi"))
    first = pull(sdk, "greeting").commit_hash
    sdk.push_prompt("greeting", object=template("Hello"))

    assert pull(sdk, "greeting").manifest == pull(sdk, "greeting:latest").manifest == template("Hello")
    assert pull(sdk, f"greeting:{first}").manifest == pull(sdk, f"greeting:{first[:8]}").manifest == template("Hi")
    hashes = [(commit.commit_hash, commit.parent_commit_hash) for commit in sdk.list_prompt_commits("greeting")]
    assert hashes == [(pull(sdk, "greeting").commit_hash, first), (first, None)]


@pytest.mark.skipif("commit_tags" not in inspect.signature(Client.push_prompt).parameters, reason="no tags for commits")
def test_a_tag_names_a_commit(sdk: Client) -> None:
    sdk.push_prompt("greeting", object=template("Hi"), commit_tags=["prod", "a"])
    sdk.push_prompt("greeting", object=template("Hello"))

    assert pull(sdk, "greeting:prod").manifest == pull(sdk, "greeting:a").manifest == template("Hi")


def test_prompts_are_listed_changed_liked_and_deleted(sdk: Client) -> None:
    for name in ("greeting", "farewell"):
        sdk.create_prompt(name)
    sdk.update_prompt("farewell", description="How we end")
    assert sdk.like_prompt("farewell") == sdk.like_prompt("farewell") == {"likes": 1}

    listed = sdk.list_prompts()
    assert [(prompt.repo_handle, prompt.num_likes) for prompt in listed.repos] == [("farewell", 1), ("greeting", 0)]
    assert (listed.total, sdk.list_prompts(limit=1).total, len(sdk.list_prompts(limit=1).repos)) == (2, 2, 1)
    assert [prompt.description for prompt in sdk.list_prompts(query="fare").repos] == ["How we end"]
    assert sdk.list_prompts(is_public=True).repos == []
    assert sdk.unlike_prompt("farewell") == {"likes": 0}

    sdk.delete_prompt("greeting")
    assert sdk.get_prompt("greeting") is None
    with pytest.raises(LangSmithNotFoundError):
        sdk.like_prompt("greeting")


def test_duplicates_are_conflicts(sdk: Client) -> None:
    sdk.push_prompt("greeting", object=template("Hi"))

    with pytest.raises(LangSmithConflictError):
        sdk.create_prompt("greeting")
    with pytest.raises(LangSmithConflictError, match="Nothing to commit"):
        sdk.push_prompt("greeting", object=template("Hi"))


@pytest.mark.parametrize("name", ["greeting", "farewell:0123abcd", "stranger/greeting"])
def test_unknown_prompts_are_not_found(sdk: Client, name: str) -> None:
    sdk.create_prompt("farewell")
    public = {"dangerously_pull_public_prompt": True}
    known = inspect.signature(sdk.pull_prompt_commit).parameters
    with pytest.raises(LangSmithNotFoundError):
        sdk.pull_prompt_commit(name, **{option: value for option, value in public.items() if option in known})
