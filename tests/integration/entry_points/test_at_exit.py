"""A program that traces and just ends: its runs arrive all the same, and nothing alarming is printed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import langsmith
    from safe_langsmith import SafeClient

    langsmith.configure(client=SafeClient())

    @langsmith.traceable
    def double(x):
        return 2 * x

    @langsmith.traceable
    def outer(x):
        return [double(n) for n in range(x)]

    assert outer(3) == [0, 2, 4]
"""


@pytest.fixture
def run(server):
    def run(key, program, *more):
        environment = {
            **os.environ,
            "LANGSMITH_ENDPOINT": server.url,
            "LANGSMITH_API_KEY": key,
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_PROJECT": "p",
            "PYTHONWARNINGS": "default",
        }
        source = "\n".join(textwrap.dedent(part) for part in (program, *more))
        return subprocess.run(
            [sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def tree(server, workspace):
    runs = {run["id"]: run for run in server.runs(workspace)}
    assert all(run.get("end_time") for run in runs.values())
    return sorted(
        (run["name"], runs[run["parent_run_id"]]["name"] if run.get("parent_run_id") else None) for run in runs.values()
    )


TREE = [("double", "outer")] * 3 + [("outer", None)]


def test_its_runs_arrive(run, server, workspace, key, canary):
    ended = run(key, PROGRAM)

    assert (ended.returncode, ended.stdout) == (0, "")
    assert tree(server, workspace) == TREE
    # One line: the library's own warning.
    assert len(ended.stderr.strip().splitlines()) == 1
    assert f"Set LANGSMITH_WORKSPACE_ID={workspace.id}" in ended.stderr
    assert canary not in ended.stderr
    assert [r.path for r in server.requests if r.path == "/workspaces"] == ["/workspaces"]


@pytest.mark.parametrize(
    ("end", "code"), [("raise SystemExit(3)", 3), ("1 / 0", 1)], ids=["by sys.exit", "by an exception"]
)
def test_however_it_ends(end, code, run, server, workspace, key):
    ended = run(key, PROGRAM, end)

    assert ended.returncode == code
    assert tree(server, workspace) == TREE
    assert ended.stderr.count("Traceback") == (code == 1)


def test_from_a_function_that_made_its_own_client(run, server, workspace, key):
    """When the function returns, nothing but the SDK's tracing thread refers to the client."""
    program = """
        import langsmith
        from safe_langsmith import SafeClient

        def work():
            client = SafeClient()

            @langsmith.traceable(client=client)
            def double(x):
                return 2 * x

            double(3)

        work()
    """
    ended = run(key, program)

    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    assert tree(server, workspace) == [("double", None)]


def test_a_langchain_program(run, server, workspace, key):
    pytest.importorskip("langchain_core")
    program = """
        import langsmith
        from langchain_core.runnables import RunnableLambda
        from safe_langsmith import SafeClient

        langsmith.configure(client=SafeClient())
        add = RunnableLambda(lambda x: x + 1, name="add")
        assert (add | RunnableLambda(str, name="text")).invoke(1) == "2"
    """
    ended = run(key, program)

    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    assert tree(server, workspace) == [
        ("RunnableSequence", None),
        ("add", "RunnableSequence"),
        ("text", "RunnableSequence"),
    ]


def test_a_viewers_program_ends_well_and_says_once_what_was_refused(run, server, workspace, viewer, canary):
    ended = run(viewer, PROGRAM)

    said = " ".join(ended.stderr.split())
    assert (ended.returncode, "Traceback" in said) == (0, False)
    assert said.count("What to do") == 1
    assert "does not include runs:create" in said
    assert canary not in said
    assert server.runs(workspace) == []


def test_a_viewers_program_without_threads_ends_well_too(run, server, workspace, viewer):
    ended = run(viewer, PROGRAM.replace("SafeClient()", "SafeClient(auto_batch_tracing=False)"))

    said = " ".join(ended.stderr.split())
    assert ended.returncode == 0
    assert said.count("What to do") == 1
