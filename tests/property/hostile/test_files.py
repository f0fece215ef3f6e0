"""Whatever a `.env` file or a profile's file holds, it is read or left alone, and a diagnosis keeps its promises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith._recovery.local import read_dotenv
from safe_langsmith._sdk.profile import read_profile

from .driving import Came, diagnose, facts_of, refusal_of
from .promises import assert_keeps_all_promises
from .strategies import KEY, bodies, texts, values

US = "https://api.smith.langchain.com"

names = st.sampled_from(
    ["LANGSMITH_API_KEY", "LANGSMITH_ENDPOINT", "LANGCHAIN_WORKSPACE_ID", "export LANGSMITH_PROJECT", "OTHER", "'X'"]
)
lines = st.one_of(
    st.builds(
        "{}{}{}{}{}".format,
        names,
        st.sampled_from(["=", " = ", "='", '="', ":", ""]),
        texts,
        st.sampled_from(["", "'", '"', "#"]),
        st.sampled_from(["\n", "\r", "\r\n", ""]),
    ),
    texts,
)
written = st.builds(
    lambda text, codec: text.encode(codec, "surrogatepass" if codec.startswith("utf") else "replace"),
    st.lists(lines, max_size=6).map("".join),
    st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"]),
)
profiles = st.fixed_dictionaries(
    {},
    optional={
        "api_key": st.one_of(texts, values),
        "api_url": st.one_of(texts, values),
        "workspace_id": st.one_of(texts, values),
        "oauth": st.one_of(st.fixed_dictionaries({"access_token": st.one_of(texts, values)}), values),
    },
)
configs = st.one_of(
    bodies,
    st.builds(
        lambda name, profile, extra: json.dumps(
            {"current_profile": name, "profiles": {name: profile}, **extra}
        ).encode(),
        texts,
        st.one_of(profiles, values),
        st.one_of(st.just({}), st.dictionaries(st.sampled_from(["current_profile", "profiles"]), values, max_size=1)),
    ),
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


def told(**described):
    refusal = refusal_of(f"{US}/sessions", KEY, b'{"detail":"Forbidden"}', {})
    facts = facts_of(refusal, US, KEY, "/sessions", **described)
    # LangSmith answers GET /info, the last probe, to anybody.
    answers = [Came(403, b'{"detail":"Forbidden"}')] * 2 + [Came(200, b'{"version":"1","batch_ingest_config":{}}')]
    return diagnose(facts, answers, refusal.secrets)


@given(content=st.one_of(written, bodies))
def test_a_dotenv_file(directory, content):
    path = directory / "any.env"
    path.write_bytes(content)
    assert_keeps_all_promises(told(dotenv=read_dotenv(path)))


@given(content=configs)
def test_a_file_of_profiles(directory, content):
    path = directory / "config.json"
    path.write_bytes(content)
    assert_keeps_all_promises(told(profile=read_profile(None, str(path))))


@pytest.mark.parametrize("name", ["\x1b[31m.env", "line\nbreak.env", "\u202eve.", "a" * 200, "'; x", "\udcff.env"])
def test_a_name_of_a_file_is_shown_and_not_obeyed(directory, name):
    path = directory / name
    path.write_text(f"LANGSMITH_API_KEY={KEY[:-1]}5\n")
    found = told(dotenv=read_dotenv(path))
    assert_keeps_all_promises(found)
    assert any(repr(str(path)) in (fix.code or "") for fix in found.fixes)
