"""What somebody else may write, and none of it as it should be: texts, documents, bodies, headers, files."""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import strategies as st

KEY = "lsv2_sk_5eed0123456789abcdef0123456789ab_0000001234"
IDS = tuple(f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123")

_NASTY = (
    "\x1b[31m|\x1b]0;title\x07|\x1b]8;;https://evil.example\x1b\\|\x1b|\x9b2J|\x00|\x07|\x08|\x7f|\x85|\r|\n|\r\n|\t|\v|\f"
    "|\u2028|\u2029|\u202e|\u2066|\u2069|\u200b|\u200d|\ufeff|\u00ad|\ud800|\udfff|\ue000|\U000e0041|\uffff|\u0300"
    "|\u200f|\u061c|\u3000|\u00a0|İ|ß|漢字|✓|é"
    "|<script>alert(1)</script>|</div>|<img src=x onerror=alert(1)>|</style>|</pre></td></table>|<!--|-->|]]>"
    "|&lt;|&#x3c;|&|<|>|\"|'|`|javascript:alert(1)|' onclick='x|\" href=\"https://evil.example"
    "|**bold**|[link](https://evil.example)|# heading|```|{{7*7}}|${x}|%s|%(x)s|{0}|{x!r}|\\|\\n|\\u202e|\\x1b"
    "|<!doctype html>|<html>|<title>|</title>|<title >\x1b[0m</title>"
    "|Forbidden|Invalid token|not a valid UUID|legacy api key|org_scoped_key_requires_workspace|only org admins can"
    "|missing permission projects:create|runs:read|projects:|:|a:b:c|no plan found|usage_limit_exceeded"
    "|https://user:pass@host/|http://|://|https://[::1|//|?|#|@|%00|%0d%0a|..|/"
    "|os.environ['X']|Bearer |lsv2_pt_|ls__|sk-|${|}|=|export |set |:-|LANGSMITH_API_KEY|LANGCHAIN_ENDPOINT"
).split("|")

_MARKUP = [piece for piece in _NASTY if "<" in piece or "&" in piece]
_OBEYED = [piece for piece in _NASTY if not piece.isprintable()]

pieces = st.one_of(
    st.sampled_from(_MARKUP),
    st.sampled_from(_OBEYED),
    st.sampled_from(_NASTY),
    st.sampled_from([KEY, KEY[8:], IDS[0], "a", " ", "0", "-", "word "]),
    st.text(st.characters(), max_size=4),
)
texts = st.one_of(
    st.lists(pieces, max_size=6).map("".join),
    st.tuples(pieces, pieces).map("".join),
    st.builds(lambda piece, times: piece * times, pieces, st.sampled_from([20, 200, 500])),
)
"""Texts that want to be more than text, short and long."""

# What JSON has no value for in Python, or only a dangerous one. Each is written without its quotes.
_RAW = {
    f"@{number}@": written
    for number, written in enumerate(
        ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5_000, "-0", "1E-400", "01", "tru", "'x'", ""]
    )
}

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.sampled_from(IDS), st.sampled_from(list(_RAW))
)
_NAMES = (
    "error code title status detail message msg error_description error_class remedy kind apiVersion id display_name "
    "role_name permissions is_deleted organization_id data_plane_url version batch_ingest_config instance_flags "
    "langgraph_py_version"
).split()
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(st.sampled_from(_NAMES), texts), inner, max_size=5)
    ),
    max_leaves=12,
)
"""What a JSON document may hold, of every type."""


def mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Returns three of one and then one of the other, which `one_of` would not: it counts what each is made of."""
    return st.integers(0, 3).flatmap(lambda which: usual if which else other)


anything = st.booleans().flatmap(lambda is_text: texts if is_text else values)
workspaces = st.fixed_dictionaries(
    {"id": mostly(st.sampled_from(IDS), anything), "display_name": mostly(texts, values)},
    optional={
        "role_name": mostly(texts, values),
        "permissions": mostly(st.lists(mostly(texts, values), max_size=4), values),
        "is_deleted": mostly(st.just(False), anything),
        "organization_id": mostly(st.just(IDS[2]), anything),
        "data_plane_url": mostly(st.one_of(st.just("https://plane.example"), texts.map("https://{}".format)), values),
        "tenant_handle": values,
    },
)
_OF_ONE_KIND = {
    "listing": st.lists(mostly(workspaces, values), max_size=4),
    "settings": workspaces,
    "info": st.fixed_dictionaries(
        {"version": mostly(st.just("0.1.0"), anything)},
        optional={"batch_ingest_config": values, "instance_flags": values, "langgraph_py_version": values},
    ),
    "detail": st.fixed_dictionaries({"detail": anything}),
    "error": st.fixed_dictionaries({"error": mostly(st.just("org_scoped_key_requires_workspace"), anything)}),
    "problem": st.fixed_dictionaries(
        {"title": mostly(st.just("Forbidden"), anything), "status": values, "detail": values}
    ),
    "status": st.fixed_dictionaries({"kind": st.just("Status"), "apiVersion": values, "message": values}),
    "anything": values,
}
documents = st.sampled_from(list(_OF_ONE_KIND)).flatmap(_OF_ONE_KIND.__getitem__)


def _written(document: Any, ascii_only: bool) -> str:
    text = json.dumps(document, ensure_ascii=ascii_only, separators=(",", ":"))
    for mark, raw in _RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return text


_BREAKAGES = (
    lambda text: text,
    lambda text: text,
    lambda text: text,
    lambda text: text[: len(text) * 2 // 3],
    lambda text: text + text,
    lambda text: text.replace("{", '{"id":1,"detail":["x"],"error":null,', 2),
    lambda text: text.replace("}", f',"id":"{IDS[1]}","detail":{{"a":[]}}}}', 2),
    lambda text: "[" * 40 + text + "]" * 40,
    lambda text: '{"detail":' * 300 + text + "}" * 300,
    lambda text: f"<html><title>{text}</title></html>",
    lambda text: f"  <!-- {text} --><head>",
    lambda text: text.replace('"', "'"),
)
_CODECS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-le", "cp037")


def _encoded(text: str, codec: str) -> bytes:
    return text.encode(codec, "surrogatepass" if codec.startswith("utf") else "replace")


bodies = st.one_of(
    st.builds(
        lambda document, ascii_only, breakage, codec: _encoded(breakage(_written(document, ascii_only)), codec),
        documents,
        st.booleans(),
        st.sampled_from(_BREAKAGES),
        st.sampled_from(_CODECS),
    ),
    st.builds(_encoded, texts, st.sampled_from(_CODECS)),
    texts.map(lambda text: f"<html><title>{text}</title>".encode("utf-8", "surrogatepass")),
    st.binary(max_size=200),
    documents.map(lambda document: gzip.compress(_written(document, True).encode(), mtime=0)),
)
"""Bytes that came as the body of an answer."""

content_types = st.one_of(
    st.sampled_from(["", "application/json", "text/html", "TEXT/HTML; charset=x", "application/problem+json"]), texts
)
_HEADERS = (
    "content-type x-request-id x-langsmith-request-id cf-ray server location retry-after set-cookie www-authenticate"
).split()
headers = st.dictionaries(st.one_of(st.sampled_from(_HEADERS), texts), st.one_of(texts, st.binary(max_size=9)))
"""Headers of an answer, with values as text or as bytes."""

keys = st.one_of(
    st.just(KEY),
    st.just(KEY.replace("_sk_", "_pt_")),
    st.none(),
    texts,
    texts.map("lsv2_pt_{}".format),
    texts.map(lambda text: KEY + text),
)
endpoints = st.one_of(
    st.sampled_from(
        ["https://api.smith.langchain.com", "https://eu.api.smith.langchain.com", "http://self.example/api"]
    ),
    texts,
    texts.map("https://{}".format),
    texts.map("https://api.smith.langchain.com/{}".format),
)
workspace_ids = st.one_of(st.none(), st.none(), st.sampled_from(IDS), texts)
environments = st.dictionaries(
    st.sampled_from(
        "LANGSMITH_API_KEY LANGCHAIN_API_KEY LANGSMITH_ENDPOINT LANGCHAIN_ENDPOINT LANGSMITH_WORKSPACE_ID "
        "LANGSMITH_TENANT_ID LANGSMITH_URL LANGSMITH_PROJECT LANGSMITH_TRACING LANGSMITH_RUNS_ENDPOINTS "
        "LANGSMITH_TOKEN LANGSMITH_OTEL_ENABLED OTEL_EXPORTER_OTLP_ENDPOINT".split()
    ),
    st.one_of(texts, keys.filter(bool), values.map(lambda value: json.dumps(value))),
    max_size=4,
)
paths = st.one_of(
    st.sampled_from(["/sessions", "/runs/multipart", "/v2/runs/query", "/datasets/x/share"]), texts.map("/{}".format)
)
