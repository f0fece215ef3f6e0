"""Copies of a generated client, made with other options: they heal too, and keep what they were made with."""

from __future__ import annotations

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply


@pytest.mark.parametrize("healed", [False, True], ids=["fresh", "healed"])
@pytest.mark.parametrize("how", ["copy", "with_options"])
def test_a_copy_heals_or_explains_too(how, healed, generated_kind, server, workspace, key, make_road, of, refused):
    road = make_road(generated_kind, server, key)
    if healed:
        road.call()
    copied = getattr(road.api, how)(timeout=7, max_retries=0)

    assert road.call(api=copied) == []
    assert road.client.workspace_id == workspace.id
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
    assert refused(road.call, api=copied).cause is Cause.PERMISSION_DENIED
    again = copied.with_options(timeout=8).copy()
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
    assert refused(road.call, api=again).cause is Cause.PERMISSION_DENIED


def test_a_copy_made_before_healing_follows(generated_kind, server, workspace, key, make_road, of):
    road = make_road(generated_kind, server, key)
    copied = road.api.with_options(timeout=7)
    road.call()

    assert road.call(api=copied) == []
    assert of(server, "/sessions")[-1] == (workspace.id, 200)
    assert len(of(server, "/workspaces")) == 1
    server.clear_requests()
    assert road.call(api=copied) == []
    assert of(server, "/sessions") == [(workspace.id, 200)]


def test_it_looks_like_the_sdks_own(generated_kind, server, key, make_road):
    road, plain = make_road(generated_kind, server, key), make_road(generated_kind, server, key, plain=True)

    assert isinstance(road.api, type(plain.api))
    assert type(road.api).__name__ == type(plain.api).__name__
    assert type(road.api).__module__ == type(plain.api).__module__
    assert type(road.api.copy()) is type(road.api)


@pytest.mark.parametrize("healed", [False, True], ids=["fresh", "healed"])
@pytest.mark.parametrize(
    "by", ["tenant_id", "default_headers", "extra_headers", "small letters", "default small letters"]
)
def test_a_workspace_named_for_one_call_is_never_overridden(
    by, healed, generated_kind, server, key, make_road, of, nowhere, refused
):
    road = make_road(generated_kind, server, key)
    if healed:
        road.call()
        server.clear_requests()
    api, headers = road.api, {}
    if by == "tenant_id":
        api = road.api.with_options(tenant_id=nowhere)
    elif by.startswith("default"):
        name = "X-Tenant-Id" if by == "default_headers" else "x-tenant-id"
        api = road.api.with_options(default_headers={name: nowhere})
    else:
        headers = {"X-Tenant-Id" if by == "extra_headers" else "x-tenant-id": nowhere}
    error = refused(road.call, api=api, headers=headers)

    assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    (asked,) = of(server, "/sessions")
    # Older SDKs may send it twice, in two spellings.
    assert set(asked[0].split(", ")) == {nowhere}
    assert nowhere in error.summary
    assert "X-Tenant-Id header" in error.settings["workspace_id"].source
    assert road.client.workspace_id != nowhere


@pytest.mark.parametrize("by", ["tenant_id", "extra_headers"])
def test_another_workspace_named_for_one_call_gets_the_call(
    by, generated_kind, server, org, workspace, key, make_road, of
):
    road = make_road(generated_kind, server, key)
    road.call()
    other = org.add_workspace("Production")
    if by == "tenant_id":
        road.call("POST", "/sessions", {"name": "p"}, api=road.api.with_options(tenant_id=other.id))
    else:
        road.call("POST", "/sessions", {"name": "p"}, headers={"X-Tenant-Id": other.id})

    assert [project["name"] for project in server.projects(other)] == ["p"]
    assert road.client.workspace_id == workspace.id


@pytest.mark.parametrize("healed", [False, True], ids=["fresh", "healed"])
def test_another_key_does_not_get_this_keys_workspace(healed, generated_kind, server, workspace, key, make_road, of):
    other = server.add_organization("Other")
    theirs = other.add_workspace("Theirs")
    road = make_road(generated_kind, server, key)
    if healed:
        road.call()
        server.clear_requests()
    copied = road.api.with_options(api_key=other.add_service_key(workspaces=None))

    for name in ("p", "q"):
        assert road.call("POST", "/sessions", {"name": name}, api=copied)["tenant_id"] == theirs.id

    assert workspace.id not in {named for named, _ in of(server, "/sessions")}
    assert road.client.workspace_id == (workspace.id if healed else None)
    road.call()
    assert of(server, "/sessions")[-1] == (workspace.id, 200)


@pytest.mark.parametrize("by", ["tenant_id", "default_headers"])
@pytest.mark.parametrize("at_once", [True, False])
def test_another_key_and_another_workspace_go_together(
    by, at_once, generated_kind, server, workspace, key, make_road, of
):
    other = server.add_organization("Other")
    ours, theirs = other.add_workspace("Ours"), other.add_workspace("Theirs")
    others = other.add_personal_key(default=ours, roles={theirs: "Admin"})
    named = {"tenant_id": theirs.id} if by == "tenant_id" else {"default_headers": {"X-Tenant-Id": theirs.id}}
    road = make_road(generated_kind, server, key)
    road.call()
    server.clear_requests()
    if at_once:
        copied = road.api.with_options(api_key=others, **named)
    else:
        copied = road.api.with_options(**named).with_options(api_key=others)

    assert road.call("POST", "/sessions", {"name": "p"}, api=copied)["tenant_id"] == theirs.id
    assert of(server, "/sessions") == [(theirs.id, 200)]


def test_a_refusal_of_another_key_is_about_that_one(generated_kind, server, workspace, key, make_road, refused, canary):
    road = make_road(generated_kind, server, key)
    road.call()
    error = refused(road.call, api=road.api.with_options(api_key=f"lsv2_pt_{canary}0123456789abcdef0123_0123456789"))

    assert error.cause is Cause.KEY_REJECTED
    assert (error.key.kind, error.key.masked) == ("personal", "lsv2_pt_****6789")
    assert road.client.workspace_id == workspace.id


def test_another_host_is_sent_nothing_by_us(generated_kind, server, make_server, key, make_road):
    elsewhere = make_server()
    road = make_road(generated_kind, server, key)
    with pytest.raises(Exception, match="403") as caught:
        road.call(api=road.api.with_options(base_url=elsewhere.url))

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert [r.path for r in elsewhere.requests] == ["/sessions"]
    assert server.requests == ()


def test_a_copy_for_another_endpoint_does_not_carry_the_chosen_workspace(
    generated_kind, server, workspace, key, make_server, make_road, of
):
    elsewhere = make_server()
    other = elsewhere.add_organization("Other")
    theirs = other.add_workspace("Theirs")
    road = make_road(generated_kind, server, key)
    road.call()
    copied = road.api.with_options(base_url=elsewhere.url, api_key=other.add_personal_key(default=theirs))

    assert road.call("POST", "/sessions", {"name": "p"}, api=copied)["tenant_id"] == theirs.id
    assert of(elsewhere, "/sessions") == [(None, 200)]
