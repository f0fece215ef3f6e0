"""What a server's answer says, in every dialect, and whatever else came instead."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
import unicodedata
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith import Workspace
from safe_langsmith._core.responses import Answer, Body, read_answer, read_body
from safe_langsmith._core.workspaces import canonical_workspace_id

A, B, C = (f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")
ACME = "99999999-aaaa-4aaa-8aaa-999999999999"
HTML = b"<!DOCTYPE html><html><head><title>\n 403 | Acme\tproxy </title></head><body>no</body></html>"


class Finalized:
    """Garbage that only the collector finds, and that needs some stack to go."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        self.descend(500)

    def descend(self, steps: int) -> None:
        if steps:
            self.descend(steps - 1)


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


class TestRefusals:
    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ({"detail": "Forbidden"}, "Forbidden"),
            ({"error": "Forbidden"}, "Forbidden"),
            ({"error": "org_x", "message": "A sentence."}, "org_x: A sentence."),
            ({"error": "same", "detail": "same"}, "same"),
            ({"title": "Forbidden", "status": 403, "detail": "forbidden (no permission)"}, "forbidden (no permission)"),
            (
                {"detail": [{"loc": ["header", "x"], "msg": "Input should be a valid UUID", "type": "uuid"}]},
                "Input should be a valid UUID",
            ),
            ({"detail": ["one", "two"]}, "one: two"),
            (
                {
                    "type": "about:blank",
                    "title": "Forbidden",
                    "status": 403,
                    "detail": "insufficient permission",
                    "instance": "/v2/runs",
                    "remedy": "Ask an admin.",
                },
                "Forbidden: insufficient permission. Ask an admin.",
            ),
            (
                {"detail": {"error": "Forbidden", "error_id": "e-1", "message": "No sandbox for you."}},
                "Forbidden: No sandbox for you.",
            ),
            ({"code": "denied", "detail": "No fleet.", "status": 403, "type": "x"}, "denied: No fleet."),
            ({"error": "access_denied", "error_description": "Not here."}, "access_denied: Not here."),
            ({"detail": "Missing authentication headers"}, "Missing authentication headers"),
            ({"detail": {"other": 1}}, '{"detail": {"other": 1}}'),
            ({"error": None, "detail": 7}, '{"error": null, "detail": 7}'),
        ],
    )
    def test_an_object_says_what_its_texts_say(self, document, message):
        body = read_body(as_json(document))
        assert (body.form, body.message) == ("json", message)

    @pytest.mark.parametrize(
        ("raw", "message"),
        [
            (b'["no", "way"]', '["no", "way"]'),
            (b'"Forbidden"', "Forbidden"),
            (b"null", "null"),
            (b"403", "403"),
            (b"{}", "{}"),
            (b'{"message":"Forbidden"}', "Forbidden"),
            (
                b'{"error":{"code":403,"status":"PERMISSION_DENIED"}}',
                '{"error":{"code":403,"status":"PERMISSION_DENIED"}}',
            ),
            (b"RBAC: access denied", "RBAC: access denied"),
            (b'{"detail":', '{"detail":'),
            (b"no \xff\xfe utf-8", "no \ufffd\ufffd utf-8"),
        ],
    )
    def test_anything_else_is_shown_as_it_came(self, raw, message):
        body = read_body(raw)
        assert (body.form, body.message) == ("other", message)

    @pytest.mark.parametrize("raw", [b"", b" \r\n"])
    def test_an_empty_body_says_nothing(self, raw):
        body = read_body(raw, "text/html")
        assert (body.form, body.message) == ("empty", None)

    @pytest.mark.parametrize(
        ("raw", "content_type", "message"),
        [
            (HTML, "", "an HTML page, '403 | Acme proxy'"),
            (b"\n<!-- a --> <!-- b --><html><body>no</body></html>", "", "an HTML page"),
            (b"<center><h1>403 Forbidden</h1></center>", "", "an HTML page"),
            (b"<p>no</p>", "text/html; charset=utf-8", "an HTML page"),
            (b"<title></title>", "Text/HTML", "an HTML page"),
            (b"<html><title>\x1b[31m<b>Sign in</b>", "", "an HTML page"),
        ],
    )
    def test_a_page_is_known_by_its_text_or_its_type(self, raw, content_type, message):
        body = read_body(raw, content_type)
        assert (body.form, body.message) == ("html", message)

    @pytest.mark.parametrize("raw", [b"[" * 5_000, b'{"a":' * 5_000, b"1" * 5_000, b"{" + b'"a":0,' * 20_000])
    def test_an_oversized_document_is_shown_shortened(self, raw):
        body = read_body(raw)
        assert body.form == "other"
        assert len(body.message) == 300

    @pytest.mark.parametrize("document", ["[" * 900 + "]" * 900, '{"a":[' * 450 + "]}" * 450, "[" * 900])
    def test_finalizers_that_run_meanwhile_have_their_stack(self, document, monkeypatch):
        failures = []
        monkeypatch.setattr(sys, "unraisablehook", failures.append)
        gc.collect()
        for _ in range(20):
            Finalized()
        assert read_body(document.encode()).form == "other"
        gc.collect()
        assert failures == []

    def test_brackets_in_texts_are_no_nesting(self):
        said = "[{" * 100 + '\\" and ' + "]" * 7
        assert read_body(as_json({"detail": said[:250]})).form == "json"

    def test_many_entries_are_no_nesting(self):
        assert read_body(as_json({"detail": [{"msg": "no", "loc": ["body", number]} for number in range(500)]})).message

    def test_nothing_readable_is_no_message(self):
        assert read_body(b"\x1b[2J" * 25_000).message is None

    def test_many_comments_are_read_at_once(self):
        assert read_body(b"<!---->" * 10_000 + b"x").form == "other"

    def test_given_secrets_and_keys_are_removed(self):
        body = read_body(b'{"detail":"user tok-123456 with lsv2_sk_0123456789"}', secrets=("tok-123456",))
        assert body.message == "user **** with lsv2_sk_****"
        assert read_body(b"<title>tok-123456</title>", secrets=("tok-123456",)).message == "an HTML page, '****'"

    @pytest.mark.parametrize(
        "document",
        [
            {"error": "org_scoped_key_requires_workspace"},
            {"error": "org_scoped_key_requires_workspace", "message": "This API key requires a workspace ID."},
            {
                "detail": "This API key is org-scoped and requires workspace specification. "
                "Please provide 'X-Tenant-ID' header."
            },
            {"detail": {"error": "forbidden", "message": "THIS KEY REQUIRES A WORKSPACE ID"}},
        ],
    )
    def test_a_missing_workspace_is_recognized(self, document):
        assert read_body(as_json(document)).names_no_workspace

    @pytest.mark.parametrize(
        "raw",
        [
            b"Access to AI tools is not enabled for this organization. Contact IT.",
            b'{"message":"AI is not enabled for this organization"}',
            b"policy denies, requires projects:read",
            b"gateway: requires a workspace id",
        ],
    )
    def test_what_is_not_of_langsmiths_form_is_not_langsmiths_word(self, raw):
        body = read_body(raw)
        assert body.form == "other"
        assert (body.unavailable, body.permission, body.names_no_workspace) == (None, None, False)

    @pytest.mark.parametrize(
        ("text", "permission"),
        [
            ("missing permission workspaces:manage-keys", "workspaces:manage-keys"),
            ("forbidden (needs projects:create)", "projects:create"),
            ("User lacks 'organization:pats:create'.", "organization:pats:create"),
            ("missing prompts:tag_on_create, has runs:read", "prompts:tag_on_create"),
            ("see https://host:8080, then runs:share", "runs:share"),
        ],
    )
    def test_a_named_permission_is_found(self, text, permission):
        assert read_body(as_json({"detail": text})).permission == permission

    @pytest.mark.parametrize(
        "text",
        [
            "Forbidden",
            "see https://host:8080/runs",
            "runs:8080 is down",
            "urn:runs:read",
            "detail: no",
            "proxy:denied by policy",
            "http://runs:read@host",
            "file runs:read/write",
        ],
    )
    def test_what_merely_looks_like_a_permission_is_none(self, text):
        assert read_body(as_json({"detail": text})).permission is None

    @pytest.mark.parametrize(
        ("document", "flag"),
        [
            ({"detail": "LLM Gateway not enabled for this organization"}, "unavailable"),
            ({"detail": "Engine feature is not enabled for this tenant"}, "unavailable"),
            ({"detail": "Sandboxes are not enabled for your organization"}, "unavailable"),
            ({"detail": "Bulk exports are not enabled"}, "unavailable"),
            ({"detail": "This feature requires an Enterprise plan"}, "unavailable"),
            ({"detail": "Upgrade your plan to use this feature"}, "unavailable"),
            ({"detail": "Your plan does not include access policies"}, "unavailable"),
            ({"detail": "Only available on the Plus plan"}, "unavailable"),
            ({"error": "usage_limit_exceeded", "detail": "over quota"}, "unavailable"),
            ({"detail": "X-Tenant-Id is not a valid UUID"}, "malformed_workspace_id"),
            ({"detail": "Using legacy API key. Please generate a new API key."}, "legacy_key"),
        ],
    )
    def test_other_reasons_are_recognized(self, document, flag):
        told = {name for name, value in vars(read_body(as_json(document))).items() if value} - {"is_langsmiths_text"}
        assert told == {"form", "message", flag}

    @pytest.mark.parametrize(
        "text", ["This key is not enabled", "Plan your upgrade", "Dataset not available in this workspace"]
    )
    def test_what_is_said_of_a_key_is_said_of_no_plan(self, text):
        assert read_body(as_json({"detail": text})).unavailable is None

    def test_a_bare_refusal_gives_no_reason(self):
        assert read_body(b'{"error":"Forbidden"}\n') == Body("json", "Forbidden")


class TestListings:
    def test_a_workspace_is_listed_with_role_and_permissions(self):
        entry = {"id": A, "display_name": "Production", "role_name": "WORKSPACE_VIEWER", "permissions": ["b:r", "a:r"]}
        assert read_answer(200, as_json([entry])).workspaces == (
            Workspace(A, "Production", "WORKSPACE_VIEWER", ("a:r", "b:r")),
        )

    @pytest.mark.parametrize(
        ("entry", "permissions"),
        [({}, None), ({"permissions": None}, None), ({"permissions": "all"}, None), ({"permissions": []}, ())],
    )
    def test_permissions_that_are_not_told_are_not_none_at_all(self, entry, permissions):
        assert read_answer(200, as_json([{"id": A, **entry}])).workspaces[0].permissions == permissions

    def test_deleted_ones_are_kept_apart_and_owners_noted(self):
        answer = read_answer(
            200,
            as_json(
                [
                    {"id": A, "display_name": "Live", "organization_id": ACME, "is_deleted": False},
                    {"id": B, "display_name": "Gone", "organization_id": None, "is_deleted": True},
                ]
            ),
        )
        assert [w.name for w in answer.workspaces] == ["Live"]
        assert (answer.deleted, answer.organizations) == ({B}, {ACME})

    def test_where_all_are_deleted_none_is_live(self):
        answer = read_answer(200, as_json([{"id": A, "is_deleted": True}]))
        assert answer.authorized
        assert answer.workspaces == ()

    def test_a_workspace_listed_twice_is_one(self):
        answer = read_answer(200, as_json([{"id": A}, {"id": B}, {"id": A.upper()}]))
        assert [w.id for w in answer.workspaces] == [A, B]

    def test_entries_without_a_usable_id_are_passed_over(self):
        entries = [{"id": "x"}, {"id": 7}, {}, "text", None, [], {"id": f"{{{B}}}"}, {"id": A}]
        assert [w.id for w in read_answer(200, as_json(entries)).workspaces] == [A]

    def test_wrong_types_become_unknown(self):
        entry = {"id": A, "display_name": 7, "role_name": ["x"], "permissions": [1, "runs:read", None]}
        assert read_answer(200, as_json([entry])).workspaces == (Workspace(A, "(no name)", None, ("runs:read",)),)

    def test_names_are_cleaned_and_shortened(self):
        entry = {"id": A, "display_name": "a\x1b[31m\u202eb" + "c" * 100, "role_name": "lsv2_sk_0123456789"}
        (workspace,) = read_answer(200, as_json([entry])).workspaces
        assert workspace.name.startswith("abcc")
        assert len(workspace.name) == 80
        assert workspace.role == "lsv2_sk_****"

    def test_an_empty_list_is_an_answer(self):
        answer = read_answer(200, b"[]")
        assert answer.authorized
        assert answer.workspaces == ()

    @pytest.mark.parametrize(
        "raw",
        [HTML, b"", b"null", b'"x"', b"7", b"{}", b'{"id":"x"}', b'[{"id":"x"}]', b"[1]", b"[" * 5_000, b"\xff"],
    )
    def test_any_other_200_is_no_answer(self, raw):
        answer = read_answer(200, raw)
        assert answer.inconclusive
        assert answer.error == "an answer that LangSmith does not give"

    def test_an_endless_list_is_no_answer(self):
        assert read_answer(200, as_json([{"id": str(UUID(int=number))} for number in range(20_000)])).inconclusive

    @pytest.mark.parametrize("piece", [b"[],", b"{},", b"1,", b'"",'], ids=["lists", "objects", "numbers", "texts"])
    def test_few_bytes_do_not_take_much_memory(self, piece):
        raw = b'[{"id":"' + A.encode() + b'","x":[' + piece * (8_000_000 // len(piece)) + b"0]}]"
        tracemalloc.start()
        try:
            answer = read_answer(200, raw)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert answer.workspaces is None
        assert peak < 4 * len(raw)

    def test_workspaces_with_one_role_share_their_permissions(self):
        entries = [{"id": str(UUID(int=number)), "permissions": ["runs:read", "a:b"]} for number in range(100)]
        found = read_answer(200, as_json(entries)).workspaces

        assert found[0].permissions == ("a:b", "runs:read")
        assert len({id(workspace.permissions) for workspace in found}) == 1

    def test_only_what_is_read_is_kept(self):
        secret = "what nobody reads, " * 100_000
        tracemalloc.start()
        try:
            answer = read_answer(200, as_json([{"id": A, "display_name": "Research", "config": {"notes": [secret]}}]))
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        assert [workspace.name for workspace in answer.workspaces] == ["Research"]
        assert held < len(secret) / 10

    @pytest.mark.parametrize(
        ("permissions", "besides", "found"),
        [
            ((["x:read"], ["x:read", "x:write"], ["x:write"]), 0, 1),
            ((["x:read"], ["x:read", "x:write"], ["x:write"]), 1, 2),
            ((["x:write"], ["x:write"], ["x:write"]), 0, 1),
            ((["x:write"], None, ["x:write"]), 0, 1),
            ((["x:read"], ["x:read"], None), 0, 2),
            ((None, None, None), 1, 0),
            ((["x:read"], ["x:read"], ["x:read"]), 0, None),
            ((["x:write"], ["x:read"], ["x:read"]), 0, None),
        ],
    )
    def test_another_workspace_that_may_is_the_first_one_listed(self, permissions, besides, found):
        ids = (A, B, C)
        entries = [{"id": id_, "permissions": names} for id_, names in zip(ids, permissions, strict=True)]
        answer = read_answer(200, as_json(entries))
        other = answer.index.other_than(answer.index.get(ids[besides]), "x:write")

        assert (other and other.id) == (None if found is None else ids[found])

    def test_the_settings_tell_the_workspace(self):
        answer = read_answer(200, as_json({"id": A, "display_name": "Home", "tenant_handle": None}))
        assert answer.authorized
        assert answer.resolved == Workspace(A, "Home")


class TestStatuses:
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refusal_is_langsmiths_where_it_is_a_json_object(self, status):
        answer = read_answer(status, b'{"detail":"Forbidden"}')
        assert answer.forbidden
        assert not answer.inconclusive

    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize("raw", [b"", b"[]", b"Forbidden", b"RBAC: access denied"])
    def test_another_refusal_may_be_anybodys(self, status, raw):
        answer = read_answer(status, raw)
        assert not answer.forbidden
        assert answer.inconclusive

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_page_is_nobodys_refusal(self, status):
        answer = read_answer(status, HTML, "text/html")
        assert answer.inconclusive
        assert not answer.forbidden

    @pytest.mark.parametrize("status", [201, 204, 400, 404, 407, 422, 429, 500, 502, 503])
    def test_any_other_status_is_no_answer(self, status):
        assert read_answer(status, b'{"id":"x"}').inconclusive

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_no_answer_and_says_so(self, status):
        answer = read_answer(status, b"")
        assert answer.inconclusive
        assert "redirect" in answer.error

    def test_no_connection_is_no_answer(self):
        assert Answer(error="ConnectTimeout").inconclusive


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (A, A),
        ("ABCDEFab-0000-4000-8000-00000000000F", "abcdefab-0000-4000-8000-00000000000f"),
        ("00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000"),
        (None, None),
        ("", None),
        ("production", None),
        (A[:-1], None),
        (A.replace("-", ""), None),
        (f"{{{A}}}", None),
        (f"urn:uuid:{A}", None),
        (f" {A}", None),
        (f"{A}\n", None),
        ("\uff11" * 8 + A[8:], None),
    ],
)
def test_only_a_uuid_with_hyphens_is_a_workspace_id(text, canonical):
    assert canonical_workspace_id(text) == canonical


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(A),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from("error detail message title msg id display_name role_name permissions is_deleted".split())
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
bodies = st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")) | documents.map(as_json)


def shows_well(text: str | None, limit: int) -> bool:
    if text is None:
        return True
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return 0 < len(text) <= limit and not {unicodedata.category(character) for character in text} & bad


@given(raw=bodies, content_type=st.sampled_from(["", "application/json", "text/html"]))
def test_any_body_is_read_as_short_clean_text(raw, content_type):
    body = read_body(raw, content_type)
    assert shows_well(body.message, 320)
    assert (body.form == "empty") is (not raw.decode("utf-8", "replace").strip())


@given(raw=bodies, status=st.sampled_from([200, 204, 302, 401, 403, 404, 500]))
def test_any_answer_is_read_as_exactly_one_of_three(raw, status):
    answer = read_answer(status, raw)
    assert [answer.authorized, answer.forbidden, answer.inconclusive].count(True) == 1
    for workspace in (*(answer.workspaces or ()), *([answer.resolved] if answer.resolved else [])):
        assert canonical_workspace_id(workspace.id) == workspace.id
        assert shows_well(workspace.name, 80)
        assert shows_well(workspace.role, 80)
        assert all(isinstance(permission, str) for permission in workspace.permissions or ())


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://plane.example", True),
        ("http://plane.example:8080/base", True),
        ('https://a"; import os; "', False),
        ("javascript:alert(1)", False),
        ("ftp://x", False),
        ("http://dp.example:badport", False),
        ("https://user:secret@plane.example", False),
        ("https://plane.example\x1b[31m", False),
        ("https://smith.langchain.com", False),
        ("https://" + "x" * 300, False),
        (7, False),
    ],
)
def test_a_data_plane_is_taken_from_a_server_only_where_it_is_a_plain_address(url, taken):
    entry = {"id": "11111111-aaaa-4aaa-8aaa-111111111111", "display_name": "W", "data_plane_url": url}
    assert bool(read_answer(200, json.dumps([entry]).encode()).data_planes) is taken
