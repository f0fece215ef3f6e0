"""The page on call paths names every place of the installed SDK that sends requests."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatchcase

import pytest

from ...support.sdk_source import places_in, places_that_send
from .table import INSTALLED, PAGE, version

HEADING = "## Where the SDK sends requests"


def patterns() -> list[str]:
    section = PAGE.read_text(encoding="utf-8").partition(HEADING)[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \| ", section, re.MULTILINE)
    return [pattern for cell in cells for pattern in re.findall(r"`([^`]+)`", cell)]


def test_every_place_is_named():
    named = patterns()
    missing = [place for place in sorted(places_that_send()) if not any(fnmatchcase(place, each) for each in named)]
    if missing:
        pytest.fail(
            "These functions of the SDK send requests, or create what sends them:\n  "
            + "\n  ".join(missing)
            + f'\nWrite tests of what a 403 does there, and name them in docs/{PAGE.name}, "{HEADING[3:]}".',
            pytrace=False,
        )


@pytest.mark.skipif(version("0.15.0") > INSTALLED, reason="some are newer than this SDK")
def test_every_row_is_of_a_place():
    older = ("_openapi_client/", "client.py: Client.list_project_issues")
    places = places_that_send()
    assert [
        each for each in patterns() if not each.startswith(older) and not any(fnmatchcase(p, each) for p in places)
    ] == []


@pytest.mark.parametrize(
    "line",
    [
        "requests.get(url)",
        "self.session.request('GET', url)",
        "httpx.post(url)",
        "_httpx.AsyncClient()",
        "self._client.send(request)",
        "Client(api_key='placeholder')",
        "OTLPSpanExporter(endpoint=url)",
        "processor(OtelExporter(url=url))",
        "urllib.request.urlopen(url)",
        "websockets.sync.client.connect(url)",
        "langsmith_pyo3.BlockingTracingClient(url)",
    ],
)
def test_a_place_is_seen(line):
    """Else the test above would pass whatever the SDK does."""
    assert places_in("m.py", ast.parse(f"class A:\n    def b(self):\n        {line}")) == {"m.py: A.b"}


@pytest.mark.parametrize("line", ["settings.get(url)", "self.request_with_retries('GET', url)", "headers.get('a')"])
def test_other_calls_are_none(line):
    assert places_in("m.py", ast.parse(line)) == set()
