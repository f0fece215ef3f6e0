"""What only the generated clients have: raw and streamed responses, pages, and a life of their own."""

from __future__ import annotations

import importlib
import inspect

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply

UNNAMED = Reply(403, {"error": "org_scoped_key_requires_workspace"})
QUEUES = "/api/v1/annotation-queues"


def run(road, started):
    return road.run(started) if inspect.isawaitable(started) else started


def list_queues(road, resource):
    return run(road, collect(resource.retrieve_annotation_queues(), road))


def collect(pages, road):
    if not road.is_async:
        return list(pages)

    async def collected():
        return [item async for item in pages]

    return collected()


class TestForms:
    @pytest.fixture
    def road(self, generated_kind, server, make_road, key):
        return make_road(generated_kind, server, key)

    def test_a_raw_response(self, road, server, workspace, of):
        response = run(road, road.api.annotation_queues.with_raw_response.retrieve_annotation_queues())

        assert response.status_code == 200
        assert of(server, QUEUES) == [(None, 403), (workspace.id, 200)]
        assert response.http_response.json() == []

    def test_a_streamed_response(self, road, server, workspace, of):
        streamed = road.api.annotation_queues.with_streaming_response.retrieve_annotation_queues()
        if road.is_async:

            async def read():
                async with streamed as response:
                    return response.status_code, await response.read()

            found = road.run(read())
        else:
            with streamed as response:
                found = (response.status_code, response.read())

        assert found == (200, b"[]")
        assert of(server, QUEUES) == [(None, 403), (workspace.id, 200)]

    @pytest.mark.parametrize("form", ["with_raw_response", "with_streaming_response"])
    def test_a_refusal_of_such_a_response(self, form, road, server, workspace, refused):
        run(road, road.api.annotation_queues.with_raw_response.retrieve_annotation_queues())
        server.fault("GET", QUEUES, Reply(403, {"detail": "Forbidden"}), times=None)

        def call():
            asked = getattr(road.api.annotation_queues, form).retrieve_annotation_queues()
            if form == "with_raw_response":
                return run(road, asked)
            if not road.is_async:
                return asked.__enter__()
            return road.run(asked.__aenter__())

        error = refused(call)

        assert error.cause is Cause.PERMISSION_DENIED
        assert error.url == f"{server.url}{QUEUES}"
        assert error.body == {"detail": "Forbidden"}

    @pytest.mark.parametrize("base_path", ["", "/api", "/api/v1"])
    def test_a_resource_under_every_base_path(self, base_path, generated_kind, make_server, make_road):
        server = make_server(base_path)
        org = server.add_organization("Acme")
        workspace = org.add_workspace("Research")
        road = make_road(generated_kind, server, org.add_service_key(workspaces=None))

        assert list_queues(road, road.api.annotation_queues) == []
        assert [(r.workspace_id, r.status) for r in server.requests] == [
            (None, 403),
            (None, 200),
            (workspace.id, 200),
            # The page after the last, from SDKs that ask for it.
            *[(workspace.id, 200)] * (len(server.requests) - 3),
        ]
        assert server.requests[1].path == "/workspaces"
        assert road.client.workspace_id == workspace.id


def test_a_stream_of_events_heals(generated_kind, server, workspace, key, make_road, of):
    road = make_road(generated_kind, server, key)
    if not hasattr(road.api.runs, "streaming"):
        pytest.skip("this SDK does not stream runs")

    assert run(road, collect(road.api.runs.streaming.query_v2_items(), road)) == []
    assert of(server, "/api/v2/runs/query")[:2] == [(None, 403), (workspace.id, 200)]


class TestPages:
    @pytest.fixture
    def pages(self, generated_kind, v1):
        """Makes an iterator over `/sessions`, page by page."""

        def pages(road):
            base = next(kind for kind in type(road.api).__mro__ if kind.__module__.endswith("._base_client"))
            paging = importlib.import_module(f"{base.__module__.rpartition('.')[0]}.pagination")
            page = getattr(paging, f"{'Async' if road.is_async else 'Sync'}OffsetPaginationTopLevelArray")
            listed = road.api.get_api_list(
                "/sessions", page=page[object], model=object, options={"params": {"limit": 2}}
            )
            return run(road, listed) if not road.is_async else listed

        return pages

    def test_healing_on_the_first_names_the_workspace_on_all(
        self, generated_kind, server, workspace, key, make_road, of, pages
    ):
        road = make_road(generated_kind, server, key)
        server.fault("GET", "/sessions", UNNAMED)
        server.fault("GET", "/sessions", Reply(200, [{"id": "1"}, {"id": "2"}]))
        server.fault("GET", "/sessions", Reply(200, [{"id": "3"}]))

        assert [item["id"] for item in run(road, collect(pages(road), road))] == ["1", "2", "3"]
        assert of(server, "/sessions") == [(None, 403), *[(workspace.id, 200)] * 3]
        assert [r.query for r in server.requests if r.path == "/sessions"] == [
            "limit=2",
            "limit=2",
            "limit=2&offset=2",
            "limit=2&offset=3",
        ]

    def test_a_refusal_in_the_middle_comes_after_what_went_before(
        self, generated_kind, server, org, workspace, make_road, of, pages
    ):
        road = make_road(generated_kind, server, org.add_personal_key(default=workspace))
        server.fault("GET", "/sessions", Reply(200, [{"id": "1"}, {"id": "2"}]))
        server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
        found = []

        async def read_async():
            async for item in pages(road):
                found.append(item["id"])

        def read():
            for item in pages(road):
                found.append(item["id"])

        with pytest.raises(ForbiddenDiagnosis) as caught:
            road.run(read_async()) if road.is_async else read()

        assert found == ["1", "2"]
        assert caught.value.cause is Cause.PERMISSION_DENIED
        assert len(of(server, "/sessions")) == 2


class TestOneWorkspaceForAll:
    def test_what_was_kept_from_before_uses_what_another_road_found(
        self, generated_kind, server, workspace, key, make_road, seen
    ):
        road = make_road(generated_kind, server, key)
        api, queues = road.api, road.api.annotation_queues
        call_by_hand(road)
        server.clear_requests()

        assert road.call(api=api) == []
        assert list_queues(road, queues) == []
        assert {(named, status) for _, _, named, status in seen(server)} == {(workspace.id, 200)}

    def test_what_it_found_the_other_roads_use(self, generated_kind, server, workspace, key, make_road, seen):
        road = make_road(generated_kind, server, key)
        list_queues(road, road.api.annotation_queues)
        server.clear_requests()

        call_by_hand(road)
        assert [(named, status) for _, _, named, status in seen(server)] == [(workspace.id, 200)]

    def test_a_workspace_that_the_user_sets_later_is_used(self, generated_kind, server, org, key, make_road, of):
        road = make_road(generated_kind, server, key)
        if not hasattr(road.api, "_header_provider"):
            pytest.skip("before langsmith 0.14.12 a generated client keeps what it was made with")
        road.call()
        other = org.add_workspace("Production")
        road.client.workspace_id = other.id
        road.call()

        assert of(server, "/sessions")[-1] == (other.id, 200)


def call_by_hand(road):
    """Calls what is not generated, of the same client."""
    if hasattr(road.client, "request_with_retries"):
        return road.client.request_with_retries("GET", "/sessions")
    return road.run(road.client._arequest_with_retries("GET", "/sessions"))
