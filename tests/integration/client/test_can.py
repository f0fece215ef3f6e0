"""Checking whether a program may do what it will do, before it does it."""

from __future__ import annotations

import asyncio

import langsmith
import pytest
from langsmith.utils import LangSmithError

from safe_langsmith import Cause, Confidence, ForbiddenDiagnosis, SafeAsyncClient, SafeClient, adiagnose, diagnose
from safe_langsmith._core.permissions import permissions_of, requirement
from safe_langsmith.testing import Reply
from tests.support.tracing import send_traces


@pytest.fixture
def viewer_key(org, workspace):
    return org.add_personal_key(default=workspace, role="Viewer")


@pytest.fixture
def editor_key(org, workspace):
    return org.add_personal_key(default=workspace, role="Editor")


@pytest.fixture
def tracing(monkeypatch):
    monkeypatch.setenv("LANGSMITH_TRACING", "true")


@pytest.fixture(params=["sync", "async"])
def check(request, server, make_client):
    """Checks a client with a key."""

    def sync(key, **kwargs):
        return diagnose(make_client(server, key), **kwargs)

    def asynchronous(key, **kwargs):
        async def check():
            client = SafeAsyncClient(api_key=key, api_url=server.url)
            try:
                return await adiagnose(client, **kwargs)
            finally:
                await client._client.aclose()

        return asyncio.run(check())

    return sync if request.param == "sync" else asynchronous


def permission_check(found):
    (check,) = [check for check in found.checks if check.title == "Permission"]
    return check


def test_every_name_of_a_long_list_counts(make_client, server, org, workspace):
    viewer = make_client(server, org.add_personal_key(default=workspace, role="Viewer"))
    found = diagnose(viewer, can=["runs:read"] * 200 + [" datasets:delete"])

    assert found is not None
    assert found.cause is Cause.PERMISSION_DENIED
    with pytest.raises(ValueError, match="nonsense"):
        diagnose(viewer, can=["runs:read"] * 200 + ["nonsense"])


class TestTracing:
    def test_a_viewer_cannot_trace(self, tracing, check, viewer_key, workspace):
        found = check(viewer_key)

        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.LIKELY)
        assert found.summary == (
            f"Personal access token lsv2_pt_****{viewer_key[-4:]} cannot create runs in workspace "
            f'"Research" ({workspace.id}): the role WORKSPACE_VIEWER does not include runs:create (for tracing).'
        )
        asked = f'Ask an admin of workspace "Research" ({workspace.id}) for a role with runs:create'
        assert found.fixes[0].title == asked
        assert (found.method, found.url, found.status_code) == (None, None, None)
        assert permission_check(found).result == "problem"

    def test_an_editor_can(self, tracing, check, editor_key, server):
        assert check(editor_key) is None
        assert [r.path for r in server.requests] == ["/settings", "/workspaces"]

    @pytest.mark.parametrize("name", ["LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING"])
    def test_each_variable_that_the_sdk_reads_turns_the_check_on(self, name, monkeypatch, check, viewer_key):
        monkeypatch.setenv(name, "true")

        assert check(viewer_key).cause is Cause.PERMISSION_DENIED

    def test_a_program_may_turn_tracing_on_itself(self, check, viewer_key):
        with langsmith.tracing_context(enabled=True):
            assert check(viewer_key).cause is Cause.PERMISSION_DENIED

    @pytest.mark.parametrize("value", ["false", "True", ""])
    def test_what_does_not_turn_tracing_on_is_not_checked(self, value, monkeypatch, check, viewer_key, server):
        monkeypatch.setenv("LANGSMITH_TRACING", value)

        assert check(viewer_key) is None
        assert [r.path for r in server.requests] == ["/settings"]

    def test_nothing_is_checked_if_the_caller_says_so(self, tracing, check, viewer_key):
        assert check(viewer_key, can=()) is None

    def test_traces_that_go_to_other_endpoints_are_not_checked_here(self, tracing, check, viewer_key, monkeypatch):
        monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", '{"https://elsewhere.example": "lsv2_pt_x"}')

        assert check(viewer_key) is None

    def test_a_named_workspace_is_the_one_that_counts(self, tracing, server, org, workspace, make_client):
        other = org.add_workspace("Support")
        key = org.add_personal_key(default=workspace, role="Admin", roles={other: "Viewer"})

        assert diagnose(make_client(server, key)) is None
        found = diagnose(make_client(server, key, workspace_id=other.id))
        assert found.cause is Cause.PERMISSION_DENIED
        assert '"Support"' in found.summary


class TestNames:
    def test_evaluate(self, check, editor_key, org, workspace):
        found = check(editor_key, can="evaluate")

        assert found.cause is Cause.PERMISSION_DENIED
        assert "cannot create projects" in found.summary
        assert "does not include projects:create (for evaluate)" in found.summary
        assert check(org.add_personal_key(default=workspace), can="evaluate") is None

    def test_what_evaluate_sends_needs_what_is_checked(self, server, org, workspace, make_client):
        client = make_client(server, org.add_personal_key(default=workspace))
        dataset = client.create_dataset("questions")
        client.create_examples(dataset_id=dataset.id, examples=[{"inputs": {"q": 1}, "outputs": {"a": 2}}])
        before = len(server.requests)
        list(
            client.evaluate(
                lambda inputs: {"a": 2},
                data="questions",
                evaluators=[lambda run, example: {"key": "right", "score": 1}],
                upload_results=True,
            )
        )
        send_traces(client)
        sent = [requirement(r.method, r.path) for r in server.requests[before:]]
        needed = {name for each in sent if each for name in (each.permission, *each.also)}

        for name in sorted(needed):
            denied = org.add_personal_key(default=workspace)
            server.fault("GET", "/workspaces", listing_without(workspace, name), times=1)
            found = diagnose(make_client(server, denied), can="evaluate")
            assert found, f"evaluate needs {name}, which is not checked"
            assert name in found.summary

    def test_several_at_once_name_all_that_is_missing(self, check, viewer_key):
        found = check(viewer_key, can=["tracing", "datasets:create", "datasets:read"])

        assert "cannot create runs and create datasets" in found.summary
        assert "does not include runs:create (for tracing) and datasets:create" in found.summary
        assert "a role with runs:create and datasets:create" in found.fixes[0].title

    def test_a_permission_that_the_role_has(self, check, viewer_key, server):
        assert check(viewer_key, can="datasets:read") is None

    @pytest.mark.parametrize(
        ("can", "near"),
        [
            ("trace", "tracing"),
            ("evaluation", "evaluate"),
            ("dataset:create", "datasets:create"),
            ("runs:write", "runs:create"),
            (["tracing", "projects:creat"], "projects:create"),
        ],
    )
    def test_a_name_that_is_unknown_is_an_error_with_near_ones(self, can, near, check, editor_key, server):
        with pytest.raises(ValueError, match=near):
            check(editor_key, can=can)
        assert server.requests == ()

    @pytest.mark.parametrize("can", ["", " , ", [""], [3]])
    def test_what_is_no_name_is_an_error(self, can, check, editor_key):
        with pytest.raises(ValueError, match="can"):
            check(editor_key, can=can)

    def test_a_key_in_the_wrong_place_is_not_repeated(self, check, editor_key):
        with pytest.raises(ValueError) as raised:
            check(editor_key, can=editor_key)
        assert editor_key not in str(raised.value)


def listing_without(workspace, permission):
    """What lists a workspace with every permission but one."""
    permissions = [name for name in permissions_of("Admin") if name != permission]
    entry = {"id": workspace.id, "display_name": workspace.name, "role_name": "CUSTOM", "permissions": permissions}
    entry |= {"created_at": workspace.created_at, "is_personal": False, "is_deleted": False}
    return Reply(200, [entry])


class TestWhatIsNotListed:
    def test_a_key_whose_permissions_are_not_listed(self, tracing, check, org, workspace):
        found = check(org.add_personal_key(default=workspace, permissions_listed=False))

        assert (found.cause, found.confidence) == (Cause.UNDETERMINED, Confidence.POSSIBLE)
        assert found.summary.endswith(
            f'may create runs in workspace "Research" ({workspace.id}): the server did not list its permissions.'
        )
        assert permission_check(found).result == "unknown"
        assert "whether its role, WORKSPACE_ADMIN, has runs:create" in found.fixes[0].title
        assert "The built-in roles Admin and Editor have it." in found.fixes[0].detail

    def test_a_viewer_is_known_by_the_name_of_the_role(self, tracing, check, org, workspace):
        found = check(org.add_personal_key(default=workspace, role="Viewer", permissions_listed=False))

        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.LIKELY)

    def test_a_key_that_may_not_list_workspaces(self, tracing, check, org, workspace):
        found = check(org.add_service_key(workspaces=[workspace]))

        assert found.cause is Cause.UNDETERMINED
        assert "this key may not list workspaces, and so not its permissions" in found.summary

    def test_a_list_that_cannot_be_had(self, tracing, check, org, workspace, server):
        server.fault("GET", "/workspaces", Reply(500), times=None)
        found = check(org.add_personal_key(default=workspace))

        assert found.cause is Cause.UNDETERMINED
        assert "GET /workspaces" in found.summary

    def test_a_permission_of_the_organization_is_not_in_the_list(self, check, org, workspace):
        found = check(org.add_personal_key(default=workspace), can="organization:manage")

        assert found.cause is Cause.UNDETERMINED

    def test_no_more_than_four_questions(self, tracing, server, org, workspace, make_client):
        key = org.add_service_key(workspaces=None, permissions_listed=False)
        diagnose(make_client(server, key, workspace_id=workspace.id), can=["evaluate", "organization:read"])

        assert len(server.requests) <= 4

    def test_a_key_that_is_refused_is_refused_first(self, tracing, check):
        found = check("lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789")

        assert found.cause is Cause.KEY_REJECTED

    def test_probe_false_asks_nothing(self, tracing, server, editor_key, make_client):
        assert diagnose(make_client(server, editor_key, probe=False)).cause is Cause.UNDETERMINED
        assert server.requests == ()


class TestWhatThisProcessHasSeen:
    def test_a_refusal_of_before_counts(self, server, org, workspace, make_client):
        org.add_access_policy("deny", "datasets:create")
        client = make_client(server, org.add_personal_key(default=workspace))
        assert diagnose(client) is None
        with pytest.raises(ForbiddenDiagnosis):
            client.create_dataset("questions")
        found = diagnose(client)

        assert (found.cause, found.confidence) == (Cause.PERMISSION_DENIED, Confidence.POSSIBLE)
        assert "cannot create datasets (POST /datasets)" in found.summary
        assert "a request was refused less than a minute ago" in found.summary
        assert (found.method, found.status_code) == ("POST", 403)

    def test_it_counts_for_other_clients_with_the_same_key(self, server, org, workspace, make_client, viewer_key):
        with pytest.raises(ForbiddenDiagnosis):
            make_client(server, viewer_key).create_dataset("questions")
        before = len(server.requests)

        assert diagnose(make_client(server, viewer_key)).cause is Cause.PERMISSION_DENIED
        assert diagnose(make_client(server, org.add_personal_key(default=workspace))) is None
        assert len(server.requests) == before + 1

    def test_it_does_not_count_for_something_else(self, server, make_client, viewer_key):
        client = make_client(server, viewer_key)
        with pytest.raises(ForbiddenDiagnosis):
            client.create_dataset("questions")

        assert diagnose(client, can="datasets:read") is None
        assert diagnose(client, can="datasets:create").method == "POST"

    def test_traces_that_were_refused(self, server, org, workspace, make_client):
        """The role allows it, and nothing but the refusal shows that a policy does not."""
        org.add_access_policy("deny", "runs:create")
        client = make_client(server, org.add_personal_key(default=workspace))
        with pytest.raises(LangSmithError):
            client.create_run("run", {}, "chain")

        assert diagnose(client).cause is Cause.PERMISSION_DENIED

    def test_traces_that_arrive_since_are_no_trouble(self, tracing, server, org, workspace, make_client):
        key = org.add_service_key(workspaces=[workspace])
        client = make_client(server, key)
        server.fault("POST", "/runs", Reply(403, b'{"error":"Forbidden"}'), times=1)
        with pytest.raises(LangSmithError):
            client.create_run("run", {}, "chain")
        assert diagnose(client).cause is Cause.PERMISSION_DENIED
        client.create_run("run", {}, "chain")

        assert diagnose(client) is None

    def test_a_feature_that_is_missing(self, server, org, workspace, make_client):
        server.fault("POST", "/runs", Reply(403, b'{"error":"Forbidden - no plan found"}'), times=1)
        client = make_client(server, org.add_personal_key(default=workspace))
        with pytest.raises(LangSmithError):
            client.create_run("run", {}, "chain")
        found = diagnose(client)

        assert (found.cause, found.confidence) == (Cause.FEATURE_UNAVAILABLE, Confidence.LIKELY)

    def test_what_was_sent_again_with_success_is_no_trouble(self, server, workspace, key, make_client):
        client = make_client(server, key)
        client.create_dataset("questions")

        assert diagnose(client) is None


def test_the_sdks_own_client_is_checked_alike(tracing, server, viewer_key):
    client = langsmith.Client(api_url=server.url, api_key=viewer_key, auto_batch_tracing=False)

    assert diagnose(client).cause is Cause.PERMISSION_DENIED
    client.session.close()


def test_the_parameter_is_keyword_only(server, editor_key, make_client):
    with pytest.raises(TypeError):
        diagnose(make_client(server, editor_key), "tracing")
    assert isinstance(make_client(server, editor_key), SafeClient)
