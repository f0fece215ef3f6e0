"""Copies of a generated client, made with other options: they retry too, and keep what they were made with."""

from __future__ import annotations

import pytest

from safe_langsmith import Cause, ForbiddenDiagnosis
from safe_langsmith.testing import Reply


@pytest.mark.parametrize("retried", [False, True], ids=["fresh", "retried"])
@pytest.mark.parametrize("how", ["copy", "with_options"])
def test_a_copy_retries_or_explains_too(
    how, retried, generated_kind, server, workspace, key, make_call_path, of, refused
):
    call_path = make_call_path(generated_kind, server, key)
    if retried:
        call_path.call()
    copied = getattr(call_path.api, how)(timeout=7, max_retries=0)

    assert call_path.call(api=copied) == []
    assert call_path.client.workspace_id == workspace.id
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
    assert refused(call_path.call, api=copied).cause is Cause.PERMISSION_DENIED
    again = copied.with_options(timeout=8).copy()
    server.fault("GET", "/sessions", Reply(403, {"detail": "Forbidden"}))
    assert refused(call_path.call, api=again).cause is Cause.PERMISSION_DENIED


def test_a_copy_made_before_the_retry_has_the_workspace_too(generated_kind, server, workspace, key, make_call_path, of):
    call_path = make_call_path(generated_kind, server, key)
    copied = call_path.api.with_options(timeout=7)
    call_path.call()

    assert call_path.call(api=copied) == []
    assert of(server, "/sessions")[-1] == (workspace.id, 200)
    assert len(of(server, "/workspaces")) == 1
    server.clear_requests()
    assert call_path.call(api=copied) == []
    assert of(server, "/sessions") == [(workspace.id, 200)]


def test_it_looks_like_the_sdks_own(generated_kind, server, key, make_call_path):
    call_path, plain = (
        make_call_path(generated_kind, server, key),
        make_call_path(generated_kind, server, key, plain=True),
    )

    assert isinstance(call_path.api, type(plain.api))
    assert type(call_path.api).__name__ == type(plain.api).__name__
    assert type(call_path.api).__module__ == type(plain.api).__module__
    assert type(call_path.api.copy()) is type(call_path.api)


@pytest.mark.parametrize("retried", [False, True], ids=["fresh", "retried"])
@pytest.mark.parametrize(
    "by", ["tenant_id", "default_headers", "extra_headers", "small letters", "default small letters"]
)
def test_a_workspace_named_for_one_call_is_never_overridden(
    by, retried, generated_kind, server, key, make_call_path, of, nowhere, refused
):
    call_path = make_call_path(generated_kind, server, key)
    if retried:
        call_path.call()
        server.clear_requests()
    api, headers = call_path.api, {}
    if by == "tenant_id":
        api = call_path.api.with_options(tenant_id=nowhere)
    elif by.startswith("default"):
        name = "X-Tenant-Id" if by == "default_headers" else "x-tenant-id"
        api = call_path.api.with_options(default_headers={name: nowhere})
    else:
        headers = {"X-Tenant-Id" if by == "extra_headers" else "x-tenant-id": nowhere}
    error = refused(call_path.call, api=api, headers=headers)

    assert error.cause is Cause.WORKSPACE_NOT_ACCESSIBLE
    (asked,) = of(server, "/sessions")
    # Older SDKs may send it twice, in two spellings.
    assert set(asked[0].split(", ")) == {nowhere}
    assert nowhere in error.summary
    assert "X-Tenant-Id header" in error.settings["workspace_id"].source
    assert call_path.client.workspace_id != nowhere


@pytest.mark.parametrize("by", ["tenant_id", "extra_headers"])
def test_another_workspace_named_for_one_call_gets_the_call(
    by, generated_kind, server, org, workspace, key, make_call_path, of
):
    call_path = make_call_path(generated_kind, server, key)
    call_path.call()
    other = org.add_workspace("Production")
    if by == "tenant_id":
        call_path.call("POST", "/sessions", {"name": "p"}, api=call_path.api.with_options(tenant_id=other.id))
    else:
        call_path.call("POST", "/sessions", {"name": "p"}, headers={"X-Tenant-Id": other.id})

    assert [project["name"] for project in server.projects(other)] == ["p"]
    assert call_path.client.workspace_id == workspace.id


@pytest.mark.parametrize("retried", [False, True], ids=["fresh", "retried"])
def test_another_key_does_not_get_this_keys_workspace(
    retried, generated_kind, server, workspace, key, make_call_path, of
):
    other = server.add_organization("Other")
    theirs = other.add_workspace("Theirs")
    call_path = make_call_path(generated_kind, server, key)
    if retried:
        call_path.call()
        server.clear_requests()
    copied = call_path.api.with_options(api_key=other.add_service_key(workspaces=None))

    for name in ("p", "q"):
        assert call_path.call("POST", "/sessions", {"name": name}, api=copied)["tenant_id"] == theirs.id

    assert workspace.id not in {named for named, _ in of(server, "/sessions")}
    assert call_path.client.workspace_id == (workspace.id if retried else None)
    call_path.call()
    assert of(server, "/sessions")[-1] == (workspace.id, 200)


@pytest.mark.parametrize("by", ["tenant_id", "default_headers"])
@pytest.mark.parametrize("at_once", [True, False])
def test_another_key_and_another_workspace_go_together(
    by, at_once, generated_kind, server, workspace, key, make_call_path, of
):
    other = server.add_organization("Other")
    ours, theirs = other.add_workspace("Ours"), other.add_workspace("Theirs")
    others = other.add_personal_key(default=ours, roles={theirs: "Admin"})
    named = {"tenant_id": theirs.id} if by == "tenant_id" else {"default_headers": {"X-Tenant-Id": theirs.id}}
    call_path = make_call_path(generated_kind, server, key)
    call_path.call()
    server.clear_requests()
    if at_once:
        copied = call_path.api.with_options(api_key=others, **named)
    else:
        copied = call_path.api.with_options(**named).with_options(api_key=others)

    assert call_path.call("POST", "/sessions", {"name": "p"}, api=copied)["tenant_id"] == theirs.id
    assert of(server, "/sessions") == [(theirs.id, 200)]


def test_a_refusal_of_another_key_is_about_that_one(
    generated_kind, server, workspace, key, make_call_path, refused, canary
):
    call_path = make_call_path(generated_kind, server, key)
    call_path.call()
    error = refused(
        call_path.call, api=call_path.api.with_options(api_key=f"lsv2_pt_{canary}0123456789abcdef0123_0123456789")
    )

    assert error.cause is Cause.KEY_REJECTED
    assert (error.key.kind, error.key.masked) == ("personal", "lsv2_pt_****6789")
    assert call_path.client.workspace_id == workspace.id


def test_another_host_is_sent_nothing_by_us(generated_kind, server, make_server, key, make_call_path):
    elsewhere = make_server()
    call_path = make_call_path(generated_kind, server, key)
    with pytest.raises(Exception, match="403") as caught:
        call_path.call(api=call_path.api.with_options(base_url=elsewhere.url))

    assert not isinstance(caught.value, ForbiddenDiagnosis)
    assert [r.path for r in elsewhere.requests] == ["/sessions"]
    assert server.requests == ()


def test_a_copy_for_another_endpoint_does_not_carry_the_chosen_workspace(
    generated_kind, server, workspace, key, make_server, make_call_path, of
):
    elsewhere = make_server()
    other = elsewhere.add_organization("Other")
    theirs = other.add_workspace("Theirs")
    call_path = make_call_path(generated_kind, server, key)
    call_path.call()
    copied = call_path.api.with_options(base_url=elsewhere.url, api_key=other.add_personal_key(default=theirs))

    assert call_path.call("POST", "/sessions", {"name": "p"}, api=copied)["tenant_id"] == theirs.id
    assert of(elsewhere, "/sessions") == [(None, 200)]
