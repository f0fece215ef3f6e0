"""What this machine says of the workspace counts, though the client does not read it: nothing is written against it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis, diagnose
from safe_langsmith.testing import Reply

ELSEWHERE = "0a0a0a0a-1111-4aaa-8aaa-000000000001"

PLACES = {
    "a variable that the client does not read": ("LANGSMITH_TENANT_ID", None),
    "another spelling of it": ("LANGCHAIN_WORKSPACE", None),
    ".env": (None, "LANGSMITH_WORKSPACE_ID={}\n"),
    ".env, quoted, with a comment": (None, "export LANGCHAIN_WORKSPACE_ID='{}'  # Production\n"),
    ".env, a variable that the client does not read": (None, "LANGSMITH_TENANT_ID={}\n"),
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def say(request, monkeypatch):
    """Returns a function that puts a workspace's id into one of the places."""

    def say(value):
        variable, line = request.param
        if variable:
            monkeypatch.setenv(variable, value)
        else:
            Path(".env").write_text(line.format(value))

    return say


def test_a_write_is_not_sent_into_another_workspace_than_the_one_that_is_named(
    say, server, workspace, key, make_client
):
    say(ELSEWHERE)
    client = make_client(server, key)
    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_dataset("x")

    assert {request.method for request in server.requests[1:]} == {"GET"}
    assert client.workspace_id is None
    assert caught.value.cause is Cause.WORKSPACE_REQUIRED
    text = str(caught.value)
    assert ELSEWHERE in text
    assert workspace.id in text
    assert any(name in text for name in ("TENANT_ID", "LANGCHAIN_WORKSPACE", ".env"))


def test_the_check_names_it_too(say, server, workspace, key, make_client):
    say(ELSEWHERE)
    found = diagnose(make_client(server, key))

    assert found is not None
    assert ELSEWHERE in str(found)
    assert workspace.id in str(found)


def test_a_workspace_that_another_client_has_found_is_not_used_against_it(say, server, workspace, key, make_client):
    list(make_client(server, key).list_projects())
    say(ELSEWHERE)
    client = make_client(server, key)
    with pytest.raises(ForbiddenDiagnosis):
        client.create_dataset("x")

    assert client.workspace_id is None


def test_a_callable_does_not_choose_against_it_either(say, server, org, workspace, key, make_client):
    other = org.add_workspace("Other")
    say(other.id)
    client = make_client(server, key, resolve_workspace=lambda workspaces: workspace.id)
    with pytest.raises(ForbiddenDiagnosis):
        client.create_dataset("x")

    assert client.workspace_id is None


def test_the_only_workspace_may_be_the_one_that_is_named(say, server, workspace, key, make_client):
    say(workspace.id)
    client = make_client(server, key)
    client.create_dataset("x")

    assert client.workspace_id == workspace.id


@pytest.mark.parametrize("variable", ["LANGSMITH_TENANT_ID", "LANGCHAIN_WORKSPACE"])
def test_the_warning_says_that_the_variable_is_not_read(
    variable, server, workspace, key, make_client, monkeypatch, caplog
):
    monkeypatch.setenv(variable, workspace.id)
    list(make_client(server, key).list_projects())

    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{variable} names it, but the client does not read that variable." in warning.getMessage()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LANGSMITH_TENANT_ID", "your-tenant-id"),
        ("LANGSMITH_ORG_ID", ELSEWHERE),
        ("LANGCHAIN_ORGANIZATION_ID", ELSEWHERE),
        ("LANGSMITH_WORKSPACE", "Research"),
    ],
)
def test_what_names_no_other_workspace_hinders_nothing(
    variable, value, server, workspace, key, make_client, monkeypatch
):
    monkeypatch.setenv(variable, value)
    client = make_client(server, key)
    client.create_dataset("x")

    assert client.workspace_id == workspace.id


@pytest.mark.parametrize(
    "value",
    [
        f"{ELSEWHERE}  # Production",
        f"https://smith.langchain.com/o/{ELSEWHERE}/settings",
        ELSEWHERE.replace("-", ""),
        ELSEWHERE.upper(),
        "Production",
    ],
)
@pytest.mark.parametrize("place", ["variable", "dotenv", "lower case"])
def test_another_workspace_is_named_in_another_spelling(value, place, server, workspace, key, make_client, monkeypatch):
    if place == "variable":
        monkeypatch.setenv("LANGSMITH_TENANT_ID", value)
    else:
        name = "LANGSMITH_WORKSPACE_ID" if place == "dotenv" else "langsmith_workspace_id"
        Path(".env").write_text(f'{name}="{value}"\n')
    client = make_client(server, key)
    with pytest.raises(ForbiddenDiagnosis):
        client.create_dataset("x")

    assert client.workspace_id is None
    assert [request.workspace_id for request in server.requests if request.method == "POST"] == [None]


def test_the_same_for_an_answer_that_does_not_say_what_is_missing(say, server, key, make_client):
    say(ELSEWHERE)
    server.fault(None, None, Reply(403, {"error": "Forbidden"}), times=2)
    with pytest.raises(ForbiddenDiagnosis):
        make_client(server, key).create_dataset("x")

    assert [request.workspace_id for request in server.requests if request.method == "POST"] == [None]


def test_it_is_named_beside_what_else_is_wrong(server, workspace, key, make_client, monkeypatch):
    """Requests that bypass the client are a problem of their own, whose lines must not take this one's."""
    monkeypatch.setenv("LANGSMITH_TENANT_ID", ELSEWHERE)
    monkeypatch.setitem(sys.modules, "langsmith.sandbox", ModuleType("langsmith.sandbox"))
    with pytest.raises(ForbiddenDiagnosis) as caught:
        make_client(server, key).create_dataset("x")

    assert ELSEWHERE in str(caught.value)
    assert workspace.id in str(caught.value)


UNREAD = {
    "a quote that is not closed": b'LANGSMITH_WORKSPACE_ID="%s\n',
    "a Windows shell": b"set LANGSMITH_WORKSPACE_ID=%s\n",
    "YAML": b"LANGSMITH_WORKSPACE_ID: %s\n",
    "Latin-1": b"# cl\xe9\nLANGSMITH_WORKSPACE_ID=%s\n",
    "UTF-16": "LANGSMITH_WORKSPACE_ID=%s\n".encode("utf-16"),
}


@pytest.mark.parametrize("content", UNREAD.values(), ids=UNREAD)
@pytest.mark.parametrize("named", [ELSEWHERE, "the workspace", None])
def test_what_python_dotenv_cannot_read_names_a_workspace_too(content, named, server, workspace, key, make_client):
    id_ = workspace.id if named == "the workspace" else named or ""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    placeholder = "%s".encode("utf-16-le") if wide else b"%s"
    Path(".env").write_bytes(content.replace(placeholder, id_.encode("utf-16-le" if wide else "ascii")))
    client = make_client(server, key)
    if named != ELSEWHERE:
        client.create_dataset("x")
        return
    with pytest.raises(ForbiddenDiagnosis) as caught:
        client.create_dataset("x")

    assert ELSEWHERE in str(caught.value)
    assert ".env" in str(caught.value)
