"""Programs that know nothing of this library, with a key whose every request is refused for want of a workspace."""

from __future__ import annotations

import os

import pytest
from langsmith import Client

from safe_langsmith.testing import Organization

from .scenes import SCENES, Scene, arrived, environment_for, play, times_accepted


@pytest.fixture
def questions(server, org: Organization, workspace):
    """A dataset to load."""
    admin = Client(server.url, api_key=org.add_personal_key(default=workspace), auto_batch_tracing=False)
    dataset = admin.create_dataset("questions")
    admin.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"content": f"{n}?"}} for n in range(3)])
    admin.session.close()
    server.clear_requests()


@pytest.mark.parametrize("title", SCENES)
def test_what_a_program_traces_arrives_once(title, server, key, workspace, questions, tmp_path, canary):
    scene = SCENES[title]
    for module in scene.needs:
        pytest.importorskip(module)
    if "fork" in scene.command and not hasattr(os, "fork"):
        pytest.skip("nothing forks here")
    if scene.file == "suite.py":
        pytest.importorskip("langsmith.pytest_plugin")

    ended = play(scene, "run", tmp_path, environment_for(server, key))

    assert ended.code == 0, ended.out + ended.err
    assert arrived(server, workspace) == scene.runs, ended.out + ended.err
    assert set(times_accepted(server).values()) == {1}
    assert canary not in ended.out + ended.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_client_that_the_sdk_made_before_a_fork_traces_in_the_child(server, key, workspace, tmp_path):
    scene = Scene("a pool that forks after a trace", "pool.py", ("pool.py", "fork", "traced"), 7)
    ended = play(scene, "run", tmp_path, environment_for(server, key))

    assert ended.code == 0, ended.err
    assert arrived(server, workspace) == scene.runs, ended.err
    assert set(times_accepted(server).values()) == {1}


def test_without_it_nothing_arrives(server, key, workspace, tmp_path):
    play(SCENES["`@traceable`"], "plain", tmp_path, environment_for(server, key))

    assert arrived(server, workspace) == 0
