"""What the text of a key says about it, and how little of it is shown."""

from __future__ import annotations

import base64
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith._core.credentials import MISSING, Credential, ProblemKind, inspect_key

HEX = "0123456789abcdef0123456789abcdef"
ENCODED = base64.b64encode(f"lsv2_pt_{HEX}_0123456789".encode()).decode()
PREFIXES = ("lsv2_pt_", "lsv2_sk_", "ls__")


@pytest.mark.parametrize(
    ("key", "kind", "masked"),
    [
        (f"lsv2_pt_{HEX}_0123456789", "personal", "lsv2_pt_****6789"),
        (f"lsv2_sk_{HEX}_0123456789", "service", "lsv2_sk_****6789"),
        ("ls__0123456789abcdef", "legacy", "ls__****cdef"),
    ],
)
def test_a_well_formed_key_shows_its_kind_and_last_four(key, kind, masked):
    assert inspect_key(key) == Credential(kind, masked)


@pytest.mark.parametrize(
    ("key", "kind", "problem"),
    [
        (f"lsv2_pt_{HEX}_0123456789ab", "personal", "characters"),
        (f"lsv2_sk_{HEX}_0123456789X", "service", "characters"),
        (f"lsv2_sk_{HEX}{HEX}_9876543210", "service", "two keys"),
        (f"lsv2_pt_{HEX}_0123456789_0123456789", "personal", "two keys"),
        (f"lsv2_pt_{HEX.upper()}_0123456789", "personal", "first letters"),
        (f"lsv2_pt_{HEX[:10]}{HEX[14:]}_0123456789", "personal", "short"),
        (f"lsv2_pt_{HEX}00", "personal", "short"),
        (f"lsv2_pt_{'z' * 32}_0123456789", "personal", "form"),
    ],
)
def test_a_key_of_another_shape_is_a_problem_only_for_the_cloud(key, kind, problem):
    said = inspect_key(key)
    assert (said.kind, said.problem_kind, said.may_be_valid_elsewhere) == (kind, problem, True)
    assert HEX[:8] not in f"{said.masked} {said.problem}"


@pytest.mark.parametrize(
    "key", ["sk-litellm-0123456789", "ghp_0123456789abcdef", "Pa$$w0rd-token", "Bearer abc", "a=b;c", "it's-a-token"]
)
def test_a_token_of_a_gateway_may_have_any_signs(key):
    assert inspect_key(key).may_be_valid_elsewhere


@pytest.mark.parametrize(
    ("text", "problem", "what"),
    [
        ("bearer:{key}", "characters", '"bearer:"'),
        ("Token {key}", "characters", '"Token "'),
        ("x-api-key: {key}", "characters", '"x-api-key: "'),
        ("'{key}'", "characters", "remove the quotes"),
        ("`{key}", "characters", "remove the quotes"),
        ("\N{LEFT DOUBLE QUOTATION MARK}{key}\N{RIGHT DOUBLE QUOTATION MARK}", "characters", "remove the quotes"),
        ("<{key}>", "characters", "remove the brackets"),
        ("%27{key}%27", "encoded", "URL-encoded form of a key with something around it"),
        ("secretref:langsmith-key", "reference", "name of a secret"),
        ('""', "placeholder", "empty"),
    ],
)
def test_what_stands_around_a_key_is_named(text, problem, what):
    said = inspect_key(text.format(key=f"lsv2_pt_{HEX}_0123456789"))
    assert (said.problem_kind, said.may_be_valid_elsewhere) == (problem, False)
    assert what in said.problem


@pytest.mark.parametrize("text", ["Bearer lsv2_pt_{}_0123456789", '"lsv2_pt_{}_0123456789"'])
def test_what_is_encoded_with_a_key_is_to_be_removed(text):
    said = inspect_key(base64.b64encode(text.format(HEX).encode()).decode())
    assert said.problem == ("is base64 of a key with something around it that is to be removed: decode it once")


@pytest.mark.parametrize("key", [None, ""])
def test_no_key_is_missing(key):
    assert inspect_key(key) == MISSING


@pytest.mark.parametrize("key", [f"lsv3_pt_{HEX}", f"lsv2_tk_{HEX}"])
def test_a_kind_that_langsmith_may_add_is_not_called_malformed(key):
    assert inspect_key(key) == Credential("unrecognized", "****")


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("test-key", "placeholder"),
        ("dummy", "placeholder"),
        ("my_secret", "placeholder"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "token"),
        ("6f1c0000-aaaa-4aaa-8aaa-111111111111", "uuid"),
        (HEX, "uuid"),
        ("dG9rZW4gb2YgYSBnYXRld2F5==", "form"),
        ("token-of-a-gateway#2", "form"),
        (f"sk_{HEX}", "form"),
        ("hunter2", "form"),
        ("/9j4AAQSkZJRgABAQEAYABgAAD", "form"),
        ("/9j4AAQ/SkZJRgABA/QEAYABgAADkey", "form"),
    ],
)
def test_a_text_that_a_gateway_may_accept_is_a_problem_only_for_the_cloud(key, kind):
    said = inspect_key(key)
    assert (said.kind, said.masked, said.problem_kind, said.may_be_valid_elsewhere) == (
        "unrecognized",
        "****",
        kind,
        True,
    )


@pytest.mark.parametrize(("lost", "masked"), [(3, "****"), (9, "****"), (10, "****"), (11, "lsv2_pt_****cdef")])
def test_a_key_cut_by_a_few_letters_is_a_problem_only_for_the_cloud(lost, masked):
    said = inspect_key(f"lsv2_pt_{HEX}_0123456789"[:-lost])
    assert (said.kind, said.problem_kind, said.may_be_valid_elsewhere) == ("personal", "short", True)
    assert (said.masked, str(51 - lost) in said.problem) == (masked, True)


FLAWED = {
    "is a placeholder": [
        "<your-api-key>",
        "your-api-key",
        "YOUR_API_KEY_HERE",
        "your_langsmith_key",
        "lsv2_pt_...",
        "lsv2_sk_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "lsv2_pt_",
        "lsv2_pt_<your key>",
        "ls__***",
        "api_key",
        "langsmith-api-key",
        "changeme",
        "paste-key-here",
        "TODO",
        "xxxx",
        "REPLACE_ME",
        "replace-this",
        "insert_key",
        "__LANGSMITH_API_KEY__",
        "[REDACTED]",
    ],
    "is code or quoted text": [
        "userdata.get('LANGSMITH_API_KEY')",
        'os.environ["LANGSMITH_API_KEY"]',
        "os.environ",
        "st.secrets",
        "${LANGSMITH_KEY}",
        "$LANGSMITH_KEY",
        "{{ secrets.LANGSMITH }}",
        f"LANGSMITH_API_KEY=lsv2_pt_{HEX}",
        f"LANGSMITH_API_KEY: lsv2_pt_{HEX}",
        "%LANGSMITH_API_KEY%",
        "process.env.LANGSMITH_API_KEY",
        "$env:LANGSMITH_API_KEY",
        "#{LANGSMITH_API_KEY}#",
        "@@LANGSMITH_KEY@@",
    ],
    "is the name of a secret": [
        "op://Private/LangSmith/credential",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:langsmith",
        "projects/1/secrets/x/versions/latest",
        "vault:secret/data/langsmith#key",
        "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/k)",
        "ref+awsssm://langsmith",
        "/run/secrets/langsmith_api_key",
        "~/.langsmith/key",
        "C:\\keys\\langsmith.txt",
        "env:LANGSMITH_KEY",
        "gcp-sm:langsmith",
        "/prod/langsmith/api-key",
        "/team/langsmith_token",
        "ENC[AES256_GCM,data:c29tZQ==,type:str]",
    ],
    "is the name of a variable": ["LANGSMITH_PROD_API_KEY", "OPENAI_API_KEY"],
    "is base64 of a key": [ENCODED, ENCODED.rstrip("="), base64.b64encode(f"lsv2_sk_{HEX}\n".encode()).decode()],
    "is base64 of base64 of a key": [base64.b64encode(ENCODED.encode()).decode()],
    "is the hexadecimal form of a key": [f"lsv2_pt_{HEX}".encode().hex()],
    "is the URL-encoded form of a key": [f"lsv2%5Fpt%5F{HEX}"],
    "is a JSON document": [f'{{"LANGSMITH_API_KEY": "lsv2_pt_{HEX}"}}'],
    "is an address": ["https://smith.langchain.com/settings"],
    "contains a backslash": [f"lsv2_pt_{HEX}\\n", f"lsv2_sk_{HEX}\\r\\n"],
    'contains "': [f"lsv2_pt_{HEX},", f"lsv2_pt_{HEX};", f"lsv2_pt_{HEX}=", f"lsv2_pt_{HEX}.", f"lsv2_sk_{HEX}-01"],
    "letters left out": ["lsv2_pt_...1234", "lsv2_sk_c0ff****1234", "lsv2_pt_\N{BULLET}\N{BULLET}\N{BULLET}12"],
    "begins almost like": [
        f"lsv2-pt-{HEX}",
        f"Lsv2_pt_{HEX}",
        f"LSV2_PT_{HEX}",
        f"1sv2_sk_{HEX}",
        f"Isv2_pt_{HEX}",
        f"lsv2pt_{HEX}",
    ],
    "lost its first letters: ": [f"sk_{HEX}_0123456789", f"pt_{HEX}_0123456789", f"{HEX}_0123456789"],
    "contains a character": [
        f"lsv2_pt_{HEX}\n",
        f" lsv2_pt_{HEX}",
        f"lsv2_pt_{HEX} and more",
        f"lsv2_pt_{HEX}\u200b",
        f"lsv2_pt_{HEX[:-1]}é",
        f"lsv2_pt_{HEX}\x00",
        " ",
        "# nothing",
    ],
    'begins with "Bearer "': [f"Bearer lsv2_pt_{HEX}", f"bearer lsv2_sk_{HEX}", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln"],
    "is the same key twice": [
        f"lsv2_pt_{HEX}_0123456789" * 2,
        f"lsv2_sk_{HEX} lsv2_sk_{HEX}",
        f"lsv2_sk_{HEX},lsv2_sk_{HEX}",
    ],
    "is two keys": [
        f"lsv2_pt_{HEX}\nlsv2_sk_{HEX}",
        f"lsv2_pt_{HEX},lsv2_pt_{HEX[::-1]}",
        f"lsv2_pt_{HEX};lsv2_sk_{HEX}",
    ],
    "carries the comment behind it": [
        f"lsv2_pt_{HEX} # mine",
        f"lsv2_sk_{HEX}\t#",
        f"lsv2_pt_{HEX}#mine",
        f"lsv2_pt_{HEX} # your key here, or os.environ['KEY']",
        f"lsv2_pt_{HEX} # was lsv2_pt_{HEX}",
        "token-of-a-gateway # ours",
    ],
    "is cut short": [f"lsv2_pt_{HEX[:-1]}", "lsv2_sk_0", "ls__0123456789abcde"],
    "lost its first letter:": [f"sv2_pt_{HEX}", "sv2_sk_0123"],
    "lost its first letters:": [f"v2_pt_{HEX}", f"2_sk_{HEX}"],
    "a key for Perplexity": ["pplx-0123456789"],
    "a key for OpenAI": ["sk-proj-0123456789abcdef", "sk-0123456789"],
    "a key for Anthropic": ["sk-ant-api03-0123456789"],
    "a key for Langfuse": ["sk-lf-0123", "pk-lf-0123"],
    "a key for Google": ["AIza0123456789"],
    "a key for GitHub": ["ghp_0123456789", "github_pat_0123456789"],
}


@pytest.mark.parametrize(("key", "flaw"), [(key, flaw) for flaw, keys in FLAWED.items() for key in keys])
def test_a_flawed_key_is_told_why_and_shows_nothing(key, flaw):
    said = inspect_key(key)
    assert flaw.lower() in (said.problem or "").lower()
    assert said.masked == "****"


WRONG = {
    "is a placeholder": "placeholder",
    "is code or quoted text": "code",
    "contains a character": "characters",
    'begins with "Bearer "': "characters",
    "contains a backslash": "characters",
    'contains "': "characters",
    "is the same key twice": "two keys",
    "is two keys": "two keys",
    "carries the comment behind it": "comment",
    "is cut short": "short",
    "letters left out": "short",
    "lost its first letter:": "first letters",
    "lost its first letters:": "first letters",
    "lost its first letters: ": "first letters",
    "begins almost like": "first letters",
    "is the name of a secret": "reference",
    "is the name of a variable": "reference",
    "is base64 of a key": "encoded",
    "is base64 of base64 of a key": "encoded",
    "is the hexadecimal form of a key": "encoded",
    "is the URL-encoded form of a key": "encoded",
    "is a JSON document": "encoded",
    "is an address": "address",
}
OF_THE_CLOUD = {"token", "uuid", "form"}


@pytest.mark.parametrize(("key", "flaw"), [(key, flaw) for flaw, keys in FLAWED.items() for key in keys])
def test_a_program_is_told_what_is_wrong_in_a_word(key, flaw):
    assert inspect_key(key).problem_kind == WRONG.get(flaw, "vendor")


def test_the_tests_meet_every_word_for_what_is_wrong():
    assert {inspect_key(keys[0]).problem_kind for keys in FLAWED.values()} | OF_THE_CLOUD == set(get_args(ProblemKind))


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("<your-api-key> # from the settings page", "placeholder"),
        ('os.environ["LANGSMITH_API_KEY"] # set elsewhere', "code"),
        ("lsv2_pt_0123 # mine", "short"),
        ("sk-0123456789 # mine", "vendor"),
        ("Bearer <your-api-key>", "placeholder"),
    ],
)
def test_what_is_wrong_with_the_key_itself_comes_before_what_stands_around_it(key, wrong):
    assert inspect_key(key).problem_kind == wrong


@pytest.mark.parametrize(
    ("key", "kind"), [("lsv2_sk_0123", "service"), ("ls__...", "legacy"), ("sk-0123456789", "unrecognized")]
)
def test_a_flawed_key_still_tells_its_kind(key, kind):
    assert inspect_key(key).kind == kind


prefixes = st.sampled_from([*PREFIXES, "", "sv2_pt_", "lsv3_", "sk-", "$", "<", "Bearer ", f"lsv2_pt_{HEX} # "])


@given(prefix=prefixes, before=st.text(max_size=5), secret=st.uuids(), after=st.text(max_size=60))
def test_whatever_the_key_only_its_kind_and_last_four_are_shown(prefix, before, secret, after):
    key = prefix + before + secret.hex + after
    said = inspect_key(key)
    assert secret.hex not in repr(said)
    if said.masked != "****":
        assert re.fullmatch(r"(lsv2_pt_|lsv2_sk_|ls__)\*{4}.{4}", said.masked)
        assert key.startswith(said.masked[:-8])
        assert said.masked[-4:] == key[-4:]
        assert said.problem is None or said.may_be_valid_elsewhere


@given(st.text())
def test_any_text_is_described(key):
    said = inspect_key(key)
    assert (said.problem is None) == (said.problem_kind is None)
    assert said.kind == "missing" if not key else said.kind != "missing"
    assert len(said.masked) <= len("lsv2_pt_****") + 4
