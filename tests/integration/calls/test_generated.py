"""What only the generated clients have: raw and streamed responses, pages, and a life of their own."""

from __future__ import annotations

import importlib
import inspect

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply

UNNAMED = Reply(403, {"error": "org_scoped_key_requires_workspace"})
QUEUES = "/api/v1/annotation-queues"


def run(call_path, started):
    return call_path.run(started) if inspect.isawaitable(started) else started


def list_queues(call_path, resource):
    return run(call_path, collect(resource.retrieve_annotation_queues(), call_path))


def collect(pages, call_path):
    if not call_path.is_async:
        return list(pages)

    async def collected():
        return [item async for item in pages]

    return collected()


class TestForms:
    @pytest.fixture
    def call_path(self, generated_kind, server, make_call_path, key):
        return make_call_path(generated_kind, server, key)

    def test_a_raw_response(self, call_path, server, workspace, of):
        response = run(call_path, call_path.api.annotation_queues.with_raw_response.retrieve_annotation_queues())

        assert response.status_code == 200
        assert of(server, QUEUES) == [(None, 403), (workspace.id, 200)]
        assert response.http_response.json() == []

    def test_a_streamed_response(self, call_path, server, workspace, of):
        streamed = call_path.api.annotation_queues.with_streaming_response.retrieve_annotation_queues()
        if call_path.is_async:

            async def read():
                async with streamed as response:
                    return response.status_code, await response.read()

            found = call_path.run(read())
        else:
            with streamed as response:
                found = (response.status_code, response.read())

        assert found == (200, b"[]")
        assert of(server, QUEUES) == [(None, 403), (workspace.id, 200)]

    @pytest.mark.parametrize("form", ["with_raw_response", "with_streaming_response"])
    def test_a_refusal_of_such_a_response(self, form, call_path, server, workspace, refused):
        run(call_path, call_path.api.annotation_queues.with_raw_response.retrieve_annotation_queues())
        server.fault("GET", QUEUES, Reply(403, {"detail": "Forbidden"}), times=None)

        def call():
            asked = getattr(call_path.api.annotation_queues, form).retrieve_annotation_queues()
            if form == "with_raw_response":
                return run(call_path, asked)
            if not call_path.is_async:
                return asked.__enter__()
            return call_path.run(asked.__aenter__())

        error = refused(call)

        assert error.cause is Cause.PERMISSION_DENIED
        assert error.url == f"{server.url}{QUEUES}"
        assert error.body == {"detail": "Forbidden"}

    @pytest.mark.parametrize("base_path", ["", "/api", "/api/v1"])
    def test_a_resource_under_every_base_path(self, base_path, generated_kind, make_server, make_call_path):
        server = make_server(base_path)
        org = server.add_organization("Acme")
        workspace = org.add_workspace("Research")
        call_path = make_call_path(generated_kind, server, org.add_service_key(workspaces=None))

        assert list_queues(call_path, call_path.api.annotation_queues) == []
        assert [(r.workspace_id, r.status) for r in server.requests] == [
            (None, 403),
            (None, 200),
            (workspace.id, 200),
            # The page after the last, from SDKs that ask for it.
            *[(workspace.id, 200)] * (len(server.requests) - 3),
        ]
        assert server.requests[1].path == "/workspaces"
        assert call_path.client.workspace_id == workspace.id


def test_a_stream_of_events_is_retried(generated_kind, server, workspace, key, make_call_path, of):
    call_path = make_call_path(generated_kind, server, key)
    if not hasattr(call_path.api.runs, "streaming"):
        pytest.skip("this SDK does not stream runs")

    assert run(call_path, collect(call_path.api.runs.streaming.query_v2_items(), call_path)) == []
    assert of(server, "/api/v2/runs/query")[:2] == [(None, 403), (workspace.id, 200)]


class TestPages:
    @pytest.fixture
    def pages(self, generated_kind, v1):
        """Makes an iterator over `/sessions`, page by page."""

        def pages(call_path):
            base = next(kind for kind in type(call_path.api).__mro__ if kind.__module__.endswith("._base_client"))
            paging = importlib.import_module(f"{base.__module__.rpartition('.')[0]}.pagination")
            page = getattr(paging, f"{'Async' if call_path.is_async else 'Sync'}OffsetPaginationTopLevelArray")
            listed = call_path.api.get_api_list(
                "/sessions", page=page[object], model=object, options={"params": {"limit": 2}}
            )
            return run(call_path, listed) if not call_path.is_async else listed

        return pages

    def test_a_retry_on_the_first_names_the_workspace_on_all(
        self, generated_kind, server, workspace, key, make_call_path, of, pages
    ):
        call_path = make_call_path(generated_kind, server, key)
        server.fault("GET", "/sessions", UNNAMED)
        server.fault("GET", "/sessions", Reply(200, [{"id": "1"}, {"id": "2"}]))
        server.fault("GET", "/sessions", Reply(200, [{"id": "3"}]))

        assert [item["id"] for item in run(call_path, collect(pages(call_path), call_path))] == ["1", "2", "3"]
        assert of(server, "/sessions") == [(None, 403), *[(workspace.id, 200)] * 3]
        assert [r.query for r in server.requests if r.path == "/sessions"] == [
            "limit=2",
            "limit=2",
            "limit=2&offset=2",
            "limit=2&offset=3",
        ]

    def test_a_refusal_in_the_middle_comes_after_what_went_before(
        self, generated_kind, server, org, workspace, make_call_path, of, pages
    ):
        call_path = make_call_path(generated_kind, server, org.add_personal_key(default=workspace))
        server.fault("GET", "/sessions", Reply(200, [{"id": "1"}, {"id": "2"}]))
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        found = []

        async def read_async():
            async for item in pages(call_path):
                found.append(item["id"])

        def read():
            for item in pages(call_path):
                found.append(item["id"])

        with pytest.raises(ForbiddenDiagnosis) as caught:
            call_path.run(read_async()) if call_path.is_async else read()

        assert found == ["1", "2"]
        assert caught.value.cause is Cause.PERMISSION_DENIED
        assert len(of(server, "/sessions")) == 2


class TestOneWorkspaceForAll:
    def test_what_was_kept_from_before_uses_what_another_call_path_found(
        self, generated_kind, server, workspace, key, make_call_path, seen
    ):
        call_path = make_call_path(generated_kind, server, key)
        api, queues = call_path.api, call_path.api.annotation_queues
        call_by_hand(call_path)
        server.clear_requests()

        assert call_path.call(api=api) == []
        assert list_queues(call_path, queues) == []
        assert {(named, status) for _, _, named, status in seen(server)} == {(workspace.id, 200)}

    def test_what_it_found_the_other_call_paths_use(self, generated_kind, server, workspace, key, make_call_path, seen):
        call_path = make_call_path(generated_kind, server, key)
        list_queues(call_path, call_path.api.annotation_queues)
        server.clear_requests()

        call_by_hand(call_path)
        assert [(named, status) for _, _, named, status in seen(server)] == [(workspace.id, 200)]

    def test_a_workspace_that_the_user_sets_later_is_used(self, generated_kind, server, org, key, make_call_path, of):
        call_path = make_call_path(generated_kind, server, key)
        if not hasattr(call_path.api, "_header_provider"):
            pytest.skip("before langsmith 0.14.12 a generated client keeps what it was made with")
        call_path.call()
        other = org.add_workspace("Production")
        call_path.client.workspace_id = other.id
        call_path.call()

        assert of(server, "/sessions")[-1] == (other.id, 200)


def call_by_hand(call_path):
    """Calls what is not generated, of the same client."""
    if hasattr(call_path.client, "request_with_retries"):
        return call_path.client.request_with_retries("GET", "/sessions")
    return call_path.run(call_path.client._arequest_with_retries("GET", "/sessions"))
