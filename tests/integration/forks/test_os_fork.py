"""What a child traces that `os.fork` has made, and what its parent does."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Callable

import pytest

from safe_langsmith import SafeAsyncClient, SafeClient
from safe_langsmith.testing import FakeLangSmith, Workspace

from .conftest import once, run_program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")

MOMENTS = ("first", "queued", "in the child", "in the child, later", "in the grandchild", "after")


def test_every_run_of_parent_child_and_grandchild_arrives_once(
    run: Callable[..., str], arrived: Callable[[], Counter[str]]
) -> None:
    printed = run("os_fork")

    clients = ["configured", "given", "tracer"] + ["passing"] * hasattr(SafeClient, "_futures_lock")
    runs = [f"{client} {moment}" for client in clients for moment in MOMENTS]
    assert arrived() == once(*runs, "around the fork", "during"), printed


def test_a_child_ends_when_its_program_does(run: Callable[..., str], arrived: Callable[[], Counter[str]]) -> None:
    """The interpreter frees modules at its end, and with them all that only they hold."""
    printed = run("ending")

    assert arrived() == once("first", *[f"{who} {n}" for who in ("parent", "child") for n in range(3)]), printed


def test_a_child_waits_for_no_lock_of_its_parent(
    environments: dict[str, dict[str, str]],
    arrived: Callable[[], Counter[str]],
    server: FakeLangSmith,
    workspace: Workspace,
) -> None:
    printed = run_program(environments["retried"], "held_locks")

    assert arrived() == once("first", "in the parent", "in the child"), printed
    projects = {project["name"] for project in server.projects(workspace)}
    assert {"in the parent", "in the child"} <= projects


def test_a_fork_at_any_moment_of_tracing_loses_and_repeats_nothing(
    environments: dict[str, dict[str, str]], arrived: Callable[[], Counter[str]]
) -> None:
    forks = 24
    printed = run_program(environments["retried"], "while_tracing", str(forks))

    traced = [int(count) for count in printed.splitlines()[-1].split()]
    of_threads = [f"thread {thread}, {number}" for thread, count in enumerate(traced) for number in range(count)]
    assert arrived() == once("first", *of_threads, *[f"child {number}" for number in range(forks)]), printed


def test_a_fork_waits_for_an_import_that_a_child_needs(
    environments: dict[str, dict[str, str]], arrived: Callable[[], Counter[str]]
) -> None:
    printed = run_program(environments["healthy"], "importing")

    assert arrived() == once("in the parent", "in the child"), printed


def test_an_asynchronous_client_works_in_parent_and_child(
    environments: dict[str, dict[str, str]], server: FakeLangSmith, workspace: Workspace
) -> None:
    # Older ones cannot name a workspace.
    kind = "retried" if hasattr(SafeAsyncClient, "workspace_id") else "healthy"
    printed = run_program(environments[kind], "asynchronous")

    created = sorted(dataset["name"] for dataset in server.records(workspace, "datasets"))
    assert created == ["after", "before", "during", "in the child"], printed


@pytest.mark.skipif(importlib.util.find_spec("langsmith.prompt_cache") is None, reason="this SDK caches no prompts")
def test_a_child_refreshes_the_prompts_that_its_parent_has_cached(environments: dict[str, dict[str, str]]) -> None:
    run_program(environments["healthy"], "prompts")


LOSSES = {
    "queue": "it sends its runs one by one",
    "thread": "it sends its runs one by one",
    "connections": "it may use a connection of the other process",
}


@pytest.mark.parametrize("difference", LOSSES)
def test_with_an_unknown_sdk_the_runs_arrive_and_a_warning_says_what_is_lost(
    difference: str, environments: dict[str, dict[str, str]], arrived: Callable[[], Counter[str]]
) -> None:
    printed = run_program(environments["healthy"], "unknown_sdk", difference)

    (warning,) = printed.splitlines()
    assert f"not fully renewed in it: {LOSSES[difference]}." in warning
    assert arrived() == once("first", "in the child")
