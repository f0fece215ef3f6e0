"""Text from outside is fit to show: one line, no control characters, no secrets, not too long."""

from __future__ import annotations

import hashlib
import html
import json
import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith._core.redaction import bare_url, redact, sanitize, shorten

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


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\\",
            "\\n",
            "\x1b[",
            "\x1b]",
            "l ",
            "https://",
            "lsv2_pt_ ",
            "<title>",
            "\\\\u",
            "\\u0041",
            "%41",
            "%25",
            "&#65;",
        ),
        *("&amp;", "a\u200b", "e\u0301", "?token=&", "eyJa.", "sk-", KEY, KEY[:20], KEY[8:15]),
    ],
)
def test_long_hostile_text_takes_no_time(text):
    # A pattern that looks back or ahead too far would take minutes here, not a fraction of a second.
    assert len(sanitize(text * 200_000, 100, (KEY, KEY[8:]))) <= 100


TOKEN = "Gw-7fA9kQ2/mZx4+pR8sT1vB6nL3"
COOKIE = "k0ffee; 7Ye8\u00e4-Zq5W"


def in_full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def split_by(between: str):
    return lambda secret: between.join(secret)


WRITINGS = {
    "plain": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "percent-encoded, every character": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "percent-encoded twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "JSON": lambda secret: json.dumps(secret),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "JSON, escaped slashes": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "JSON, every character": lambda secret: "".join(f"\\u{ord(c):04x}" for c in secret),
    "JSON in JSON, every character": lambda secret: "".join(f"\\\\u{ord(c):04X}" for c in secret),
    "braces": lambda secret: "".join(f"\\u{{{ord(c):x}}}" for c in secret),
    "Python": lambda secret: "".join(f"\\x{ord(c):02x}" for c in secret),
    "octal": lambda secret: "".join(f"\\{ord(c):03o}" for c in secret),
    "Markdown": lambda secret: "".join(c if c.isalnum() or c == " " else f"\\{c}" for c in secret),
    "HTML": lambda secret: html.escape(secret).replace("/", "&sol;").replace("_", "&lowbar;"),
    "HTML, numbers": lambda secret: "".join(f"&#{ord(c)};" for c in secret),
    "HTML, hexadecimal": lambda secret: "".join(f"&#x{ord(c):X};" for c in secret),
    "HTML in JSON": lambda secret: "".join(f"\\u0026#{ord(c)};" for c in secret),
    "full width": in_full_width,
    "bold": lambda secret: "".join(
        unicodedata.lookup(f"MATHEMATICAL BOLD SMALL {c}") if "a" <= c <= "z" else c for c in secret
    ),
    "decomposed": lambda secret: unicodedata.normalize("NFD", secret),
    "a letter a line": split_by("\n"),
    "line breaks in escapes": split_by("\\r\\n"),
    "colours": split_by("\x1b[31m"),
    "colours in escapes": split_by("\\u001b[0m"),
    **{
        f"split by {ord(c):04X}": split_by(c)
        for c in "\0\x7f\x85\xa0\xad\u0301\u034f\u115f\u1160\u17b4\u180e\u200b\u200d\u2028\u202e\u2060\u2064\u2800"
        "\u3000\u3164\ufe00\ufe0f\ufeff\uffa0\ufffc\ud800\ue000\U0001d173\U000e0041\U000e0100"
    },
}


@pytest.mark.parametrize("secret", [KEY, TOKEN, COOKIE, "hunter2"])
@pytest.mark.parametrize("writing", WRITINGS)
def test_a_secret_is_found_however_it_is_written(writing, secret):
    written = WRITINGS[writing](secret)
    assert redact(f"not {written} today", [secret]).replace('"', "").replace("\\", "") == "not **** today"
    assert "****" in sanitize(f"not {written} today", 100, [secret])
    assert written not in sanitize("x" * 80 + written, 100, [secret])


@pytest.mark.parametrize("form", [KEY, "sk-proj-abcdefgh12345678", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"])
@pytest.mark.parametrize(
    "writing", ["plain", "percent-encoded", "JSON, every character", "HTML, numbers", "full width", "split by 200B"]
)
def test_what_looks_like_a_key_is_found_however_it_is_written(writing, form):
    shown = redact(f"not {WRITINGS[writing](form)} today")
    assert shown.endswith("**** today")
    assert len(shown) <= len("not **** today") + len(WRITINGS[writing]("lsv2_pt__"))


@pytest.mark.parametrize("length", range(5, len(KEY) - 8))
def test_no_more_than_four_characters_of_a_cut_key_are_shown(length):
    beginning, end = KEY[: 8 + length], KEY[-length:]
    for text in (beginning, f"{beginning}...", f"{beginning}***", f"***{end}", f"\u2026{end}", f"xxxx{end}"):
        shown = redact(f"key {text}", [KEY])
        assert KEY[8:13] not in shown
        assert KEY[-5:] not in shown
    if length >= 8:
        assert redact(f"({KEY[8 : 8 + length]}) ({end})", [KEY]) == "(****) (****)"
        assert redact(f"({TOKEN[:length]})", [TOKEN]) == "(****)"


@pytest.mark.parametrize(
    "secret", ["\u200b" * 9, "a b c d", " " * 8, "Stra\u00dfe-\u0130\u03a3-9", "%4%4%4%41", "\\n0ffee-1234"]
)
def test_a_secret_that_is_hardly_any_text(secret):
    assert redact(f"({secret}) abcd", [secret]) == "(****) abcd"
    assert redact(f"C:\\tvly-{KEY[8:30]}") == "C:\\****"


@pytest.mark.parametrize("begin", [0, 1, 2_003, 3_960])
@pytest.mark.parametrize("length", [20, 40])
def test_a_part_of_a_long_cookie_is_found(begin, length):
    cookie = "".join(hashlib.sha256(bytes([each])).hexdigest() for each in range(63))
    assert redact(f"({cookie[begin : begin + length]})", [cookie]) == "(****)"


def test_a_servers_own_mask_shows_four_characters_at_most():
    assert redact(f"{KEY[:12]}...{KEY[-4:]} and {KEY[8:13]}*****", [KEY]) == f"lsv2_****..{KEY[-4:]} and ******"


@pytest.mark.parametrize(
    "text",
    [
        "the production workspace at https://api.smith.langchain.com/api/v1 has no API key, says LangSmith",
        "100% of the runs & datasets of C:\\new\\table \u2014 f\u00fcr Gr\u00f6\u00dfe, 2026-01-12T10:00:00",
        "lsv2_pt_****6789",
        "bearer tokens, basic access, my-production-words",
        "",
    ],
)
def test_ordinary_words_are_shown_although_a_secret_contains_them(text):
    secrets = [
        "apikey",
        "langsmith",
        "Bearer my-production-words-8f3e2",
        "https-api.smith-7f9a2b",
        "20260112-production-8f3e2",
        KEY,
    ]
    assert redact(text, secrets) == text


def test_a_secret_is_found_across_line_breaks_however_they_are_written():
    secret = "hunter2nrt\\n-and-more"
    for broken in (secret, f"{secret[:7]} {secret[7:]}", f"{secret[:5]}\\r\\n{secret[5:]}", " ".join(secret)):
        assert redact(f"is {broken} it", (secret,)) == "is **** it"
