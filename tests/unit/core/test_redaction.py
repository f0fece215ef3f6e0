"""Text from outside is fit to show: one line, no control characters, no secrets, not too long."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith import Workspace
from safe_langsmith._core.redaction import bare_url, redact, redact_value, sanitize, shorten

KEY = "lsv2_pt_0123456789abcdef0123456789abcdef_0123456789"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("  two \r\n lines\t", "two lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;window title\x07after", "after"),
        ("\x1b]8;;https://x\x1b\\link", "link"),
        ("\x1b", ""),
        ("a\x00b\x07c\x7fd", "abcd"),
        ("a\x9bb\x85c", "ab c"),
        ("user\u202egnp.exe\u2066\u2069", "usergnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud800 pair", "half pair"),
        ("private \ue000 unassigned \U000e0fff", "private unassigned"),
        ("line\u2028paragraph\u2029nbsp\u00a0", "line paragraph nbsp"),
        ("Größe 漢字 ✓", "Größe 漢字 ✓"),
    ],
)
def test_only_what_can_be_seen_on_one_line_is_left(text, shown):
    assert sanitize(text, 100) == shown


def test_long_text_is_cut_with_an_ellipsis():
    assert sanitize("x" * 11, 10) == "xxxxxxx..."
    assert sanitize("x" * 10, 10) == "x" * 10
    assert shorten("x" * 11, 10) == "xxxxxxx..."


def test_blanks_and_colours_do_not_use_up_the_limit():
    assert sanitize("\x1b[1m \n" + "seen " * 2, 9) == "seen seen"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {KEY} refused", "key lsv2_pt_**** refused"),
        (f'{{"key":"{KEY}"}}', '{"key":"lsv2_pt_****"}'),
        ("x-api-key=lsv2_sk_01234567", "x-api-key=lsv2_sk_****"),
        ("lsv2_tk_01234567", "lsv2_tk_****"),
        ("ls__0123456789", "ls__****"),
        ("at https://user:password@host/path", "at https://host/path"),
        ("http://token@host", "http://host"),
        ("mail user@host", "mail user@host"),
    ],
)
def test_keys_and_user_information_are_removed_unasked(text, shown):
    assert redact(text) == shown
    assert sanitize(text, 100) == shown


def test_given_secrets_are_removed_wherever_they_stand():
    assert redact("a s3cr3t, as3cr3tb", ["s3cr3t"]) == "a ****, a****b"


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("the token is 0123456789abcdef", ("0123456789abcdef",)),
        ("the url is https://0123456789abcdef@host", ()),
        (f"the key is {KEY}", ()),
        (f"the key is {KEY}", (KEY,)),
    ],
)
def test_no_cut_leaves_a_part_of_a_secret(text, secrets):
    assert not [shown for limit in range(4, 80) if "0123" in (shown := sanitize(text, limit, secrets))]


@pytest.mark.parametrize("split", ["\x1b[0m", "\u200b", "\x00"])
@pytest.mark.parametrize("secrets", [(), (KEY,)])
def test_a_secret_split_by_what_is_taken_out_is_removed(split, secrets):
    assert "89abcdef" not in sanitize(f"{KEY[:12]}{split}{KEY[12:]}", 100, secrets)


@pytest.mark.parametrize("before", ["%22", "%3D", "\\n", "key_"])
def test_a_key_inside_a_word_is_removed(before):
    assert redact(f"{before}{KEY}") == f"{before}lsv2_pt_****"


def test_what_merely_ends_like_an_old_prefix_is_left_alone():
    assert redact("details__something_long") == "details__something_long"


def test_a_password_with_an_at_sign_is_removed():
    assert redact("https://user:p@ssw0rd@host/path") == "https://host/path"


def test_a_mail_address_after_a_url_is_left_alone():
    text = '{"url":"https://host","mail":"me@acme.example"}'
    assert redact(text) == text


def test_a_secret_that_begins_with_another_is_removed_whole():
    assert redact("abcdefgh", ["abcd", "abcdefgh"]) == "****"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pw@host:8080/api?key=1#top", "https://host:8080/api"),
        ("https://user:p@ss@host/", "https://host/"),
        ("https://host", "https://host"),
        ("host/path?key=1", "host/path"),
        ("https://[bad", ""),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url, shown):
    assert bare_url(url) == shown


@given(text=st.text(), limit=st.integers(4, 300))
def test_any_text_comes_out_short_and_visible(text, limit):
    shown = sanitize(text, limit)
    assert len(shown) <= limit
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert shown == shown.strip()
    assert "  " not in shown


@given(before=st.text(), secret=st.uuids(), after=st.text(), limit=st.integers(4, 300))
def test_a_secret_never_comes_out_whole_or_in_part(before, secret, after, limit):
    shown = sanitize(before + secret.hex + after, limit, [secret.hex])
    assert secret.hex[:8] not in shown
    assert secret.hex[-8:] not in shown


@given(st.text())
def test_any_text_is_a_url_without_query(text):
    assert "?" not in bare_url(f"https://user:secret@host/{text}")


@pytest.mark.parametrize("text", ["\\", "\\n", "\x1b[", "\x1b]", "l ", "https://", "lsv2_pt_ ", "<title>"])
def test_long_hostile_text_takes_no_time(text):
    # A pattern that looks back or ahead too far would take minutes here, not a fraction of a second.
    assert len(sanitize(text * 200_000, 100, (KEY, KEY[8:]))) <= 100


def test_a_listed_workspace_stays_the_same_object():
    workspace = Workspace("11111111-aaaa-4aaa-8aaa-111111111111", "Research", permissions=("runs:read",) * 100)
    value = (workspace, f"the key {KEY}")
    redacted = redact_value(value, (KEY,), unless=Workspace)
    assert redacted[0] is workspace
    assert redacted[1] == "the key ****"


def test_a_secret_is_found_across_line_breaks_however_they_are_written():
    secret = "hunter2nrt\\n-and-more"
    for broken in (secret, f"{secret[:7]} {secret[7:]}", f"{secret[:5]}\\r\\n{secret[5:]}", " ".join(secret)):
        assert redact(f"is {broken} it", (secret,)) == "is **** it"
