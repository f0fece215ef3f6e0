"""URLs as HTTP libraries send them, and the shortcut for those that are plain."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith._sdk.http import _NORMALIZED, normalize_url


@given(st.from_regex(_NORMALIZED, fullmatch=True))
def test_what_is_plain_is_sent_as_it_is(url):
    try:
        sent = requests.Request("GET", url).prepare().url
    except requests.RequestException:
        return
    assert sent == url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://API.smith.langchain.com/sessions", "https://api.smith.langchain.com/sessions"),
        ("https://api.smith.langchain.com:443/sessions", "https://api.smith.langchain.com/sessions"),
        ("http://localhost:80/sessions", "http://localhost/sessions"),
        ("http://localhost:443/sessions", "http://localhost:443/sessions"),
        ("http://localhost:1984/api/../sessions", "http://localhost:1984/sessions"),
        ("http://localhost:1984/a b", "http://localhost:1984/a%20b"),
        ("http://localhost:1984", "http://localhost:1984/"),
        ("https://b\u00fccher.example/x", "https://xn--bcher-kva.example/x"),
        ("no url", "no url"),
    ],
)
def test_the_others_become_what_is_sent(url, sent):
    assert normalize_url(url) == sent
