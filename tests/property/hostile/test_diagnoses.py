"""Whatever a server, a variable or a file says, a diagnosis keeps its promises, and so does the exception for it."""

from __future__ import annotations

import json
import pickle
from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st
from langsmith.utils import LangSmithError

from safe_langsmith._core.settings import Dotenv, DotenvLine, Profile
from safe_langsmith._log import Report
from safe_langsmith._render.text import as_line
from safe_langsmith.errors import explain

from .driving import Came, diagnose, facts_of, refusal_of
from .promises import assert_keeps_all_promises, assert_visible
from .strategies import (
    KEY,
    bodies,
    content_types,
    endpoints,
    environments,
    headers,
    keys,
    paths,
    texts,
    workspace_ids,
    workspaces,
)

US = "https://api.smith.langchain.com"
FORBIDDEN, NONE_NAMED = b'{"detail":"Forbidden"}', b'{"error":"org_scoped_key_requires_workspace"}'

came = st.builds(Came, st.sampled_from([200, 200, 200, 401, 403, 403, 404, 302, 500, None]), bodies, content_types)
answers = st.lists(came, min_size=3, max_size=3)
lines = st.builds(
    DotenvLine,
    st.sampled_from(["LANGSMITH_API_KEY", "LANGSMITH_ENDPOINT", "LANGSMITH_WORKSPACE_ID", "OTHER"]),
    st.one_of(texts, keys.filter(bool)),
    st.integers(1, 10**9),
    st.booleans(),
)
dotenvs = st.builds(
    Dotenv,
    st.one_of(st.none(), texts.map("/p/{}".format)),
    st.lists(lines, max_size=3).map(tuple),
    st.one_of(st.none(), st.none(), texts),
    st.lists(texts, max_size=2).map(tuple),
    st.lists(texts, max_size=2).map(tuple),
    st.one_of(st.none(), st.builds(Dotenv, texts, st.lists(lines, max_size=2).map(tuple))),
)
profiles = st.one_of(
    st.none(),
    st.builds(
        Profile,
        texts,
        texts,
        st.dictionaries(st.sampled_from(["endpoint", "api_key", "workspace_id"]), texts),
        st.booleans(),
    ),
)
# Where a redirect led, somebody was asked. So it is an address, if a strange one.
hosts = st.builds(
    "https://{}{}/{}".format,
    st.sampled_from(["", "user:pass@", "user%0d:%1b[31m@"]),
    st.one_of(
        st.sampled_from(["[::1]:443", "xn--nxasmq6b.example", "b\u00fccher.example"]),
        st.from_regex("[a-zA-Z0-9-]{1,63}", fullmatch=True),
    ),
    texts.map(lambda text: quote(text, errors="replace")),
)


@given(body=bodies, answered=headers, answers=answers, named=workspace_ids)
def test_whatever_the_server_answers(body, answered, answers, named):
    refusal = refusal_of(f"{US}/sessions", KEY, body, answered)
    facts = facts_of(refusal, US, KEY, "/sessions", workspace_id=named)
    assert_keeps_all_promises(diagnose(facts, answers, refusal.secrets))


@given(
    listed=st.lists(workspaces, min_size=1, max_size=8), home=workspaces, says=st.sampled_from([FORBIDDEN, NONE_NAMED])
)
def test_whatever_workspaces_are_called(listed, home, says):
    refusal = refusal_of(f"{US}/sessions", KEY, says, {})
    facts = facts_of(refusal, US, KEY, "/sessions", method="POST")
    came = [
        Came(200, json.dumps(document).encode()) for document in ((home, listed) if says == FORBIDDEN else (listed,))
    ]
    assert_keeps_all_promises(diagnose(facts, came, refusal.secrets))


@given(answers=answers, named=workspace_ids)
def test_whatever_the_server_answers_before_anything_was_refused(answers, named):
    facts = facts_of(refusal_of(US, KEY, b"", {}), US, KEY, "", workspace_id=named, method=None)
    found = diagnose(facts, answers, (KEY, KEY[8:]))
    if found is not None:
        assert_keeps_all_promises(found)


@given(
    key=keys,
    source=st.sampled_from([None, "LANGSMITH_API_KEY", "the api_key argument"]),
    endpoint=endpoints,
    named=workspace_ids,
    environ=environments,
    dotenv=dotenvs,
    profile=profiles,
    answer=came,
)
@example(
    key=KEY,
    source=None,
    endpoint="org_scoped_key_requires_workspace",
    named=None,
    environ={},
    dotenv=Dotenv(),
    profile=None,
    answer=Came(200, b"", ""),
)
def test_whatever_the_machine_says(key, source, endpoint, named, environ, dotenv, profile, answer):
    refusal = refusal_of(f"{US}/sessions", key, FORBIDDEN, {})
    described = {"environ": environ, "dotenv": dotenv, "profile": profile, "workspace_id": named, "key_from": source}
    facts = facts_of(refusal, endpoint, key, "/sessions", **described)
    assert_keeps_all_promises(diagnose(facts, [answer] * 3, refusal.secrets))


@given(path=paths, landed=st.one_of(st.none(), hosts), answer=came)
def test_whatever_was_asked_for_and_wherever_it_led(path, landed, answer):
    asked = f"{US}{quote(path, safe='/%?#:', errors='replace')}"
    refusal = refusal_of(asked, KEY, FORBIDDEN, {}, landed)
    assert_keeps_all_promises(diagnose(facts_of(refusal, US, KEY, path), [answer] * 3, refusal.secrets))


@given(body=bodies, message=texts, repeated=st.booleans())
def test_an_exception_is_as_fit_to_print_as_its_diagnosis(body, message, repeated):
    refusal = refusal_of(f"{US}/sessions", KEY, body, {})
    diagnosis = diagnose(facts_of(refusal, US, KEY, "/sessions"), [], refusal.secrets)
    error = explain(diagnosis, LangSmithError(message), message, LangSmithError, refusal.secrets)
    if repeated:
        line = as_line(diagnosis, diagnosis.summary, "2 batches lost", len(error.sdk_message))
        report = Report()
        report.tell()
        error.log_as(report, line)
        assert "\n" not in str(error)
    assert_visible(str(error), lines=True)
    assert_visible(repr(error))
    assert len(str(error).split("\n")) <= 20
    assert len(error.sdk_message) <= 1_000
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
