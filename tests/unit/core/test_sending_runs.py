"""Only requests that send runs of traces go to replicas, are logged and not raised, and carry the content of traces."""

from __future__ import annotations

import pytest

from safe_langsmith._core.endpoints import sends_runs

RUN = "11111111-aaaa-4aaa-8aaa-111111111111"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/runs"),
        ("post", "/runs/batch"),
        ("POST", "https://ls.example/api/v1/runs/multipart"),
        ("POST", "/runs/multipart?a=b"),
        ("PATCH", f"/runs/{RUN}"),
        ("POST", "/otel/v1/traces"),
        ("POST", "https://ls.example/api/v1/otel/v1/traces"),
    ],
)
def test_it_sends_runs(method, path):
    assert sends_runs(path, method)
    assert sends_runs(path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/runs/query"),
        ("POST", "/runs/stats"),
        ("POST", "/runs/rules"),
        ("PATCH", "/runs/rules"),
        ("GET", f"/runs/{RUN}"),
        ("GET", "/runs"),
        ("GET", "/otel/v1/traces"),
        ("POST", "/otel/v1/metrics"),
        ("POST", f"/runs/{RUN}"),
        ("POST", f"/runs/{RUN}/share"),
        ("POST", f"/annotation-queues/{RUN}/runs"),
        ("POST", f"/datasets/{RUN}/runs"),
        ("POST", "/sessions"),
        ("", "/runs"),
    ],
)
def test_it_sends_none(method, path):
    assert not sends_runs(path, method)
