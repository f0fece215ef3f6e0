"""How a diagnosis looks: as text on one screen, as safe HTML, as JSON."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from safe_langsmith import ApiKey, Cause, Check, Confidence, Diagnosis, Fix, Probe, Setting, Workspace

HERE = Path(__file__).parent
DIAGNOSES: dict[str, Diagnosis] = runpy.run_path(str(HERE / "regenerate.py"))["diagnoses"]()
HOSTILE = "<script>alert('&\"x')</script>"
VOID = {"br"}


class TestText:
    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_the_text_is_the_one_kept(self, name):
        kept = (HERE / "golden" / f"{name}.txt").read_text(encoding="utf-8")
        assert f"{DIAGNOSES[name]}\n" == kept, "if this is meant: PYTHONPATH=. python tests/core/regenerate.py"

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_the_text_fits_a_screen(self, name):
        lines = str(DIAGNOSES[name]).splitlines()
        code = {line for fix in DIAGNOSES[name].fixes for line in (fix.code or "").splitlines()}
        assert len(lines) <= 40
        assert not [line for line in lines if len(line) > 100 and line.strip() not in code]

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_the_code_can_be_copied_line_by_line(self, name):
        lines = [line.strip() for line in str(DIAGNOSES[name]).splitlines()]
        for fix in DIAGNOSES[name].fixes[:4]:
            assert set((fix.code or "").splitlines()) <= set(lines)

    def test_many_workspaces_are_counted(self):
        many = tuple(Workspace(f"id-{number}", f"Workspace {number}") for number in range(20))
        text = str(replace(DIAGNOSES["workspace-required"], workspaces=many))
        assert "id-0  Workspace 0" in text
        assert "id-19" not in text
        assert "and 14 more" in text

    def test_long_names_fit_a_screen(self):
        name = "A name as long as the service allows, " * 2
        many = tuple(Workspace(f"{number}1111111-aaaa-4aaa-8aaa-111111111111", name, name) for number in range(8))
        url = "https://api.smith.langchain.com/" + "datasets/11111111-aaaa-4aaa-8aaa-111111111111/" * 3
        long = replace(DIAGNOSES["workspace-required"], workspaces=many, url=url, server_message="word " * 59)
        lines = str(long).splitlines()
        assert max(map(len, lines)) <= 100
        assert len(lines) <= 40


class Page(HTMLParser):
    """Collects the tags, the links and the text of a page, and fails where they do not balance."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> Diagnosis:
    """A diagnosis whose every text is markup."""
    setting = Setting(HOSTILE, HOSTILE, (Setting(HOSTILE, HOSTILE),))
    return Diagnosis(
        cause=Cause.WORKSPACE_REQUIRED,
        confidence=Confidence.LIKELY,
        summary=HOSTILE,
        checks=(Check(1, HOSTILE, "problem", HOSTILE), Check(None, HOSTILE, "not-applicable", HOSTILE)),
        fixes=(Fix(HOSTILE, HOSTILE, HOSTILE, f"https://x/{HOSTILE}"), Fix("t", url=f"javascript:{HOSTILE}")),
        key=ApiKey("personal", HOSTILE, HOSTILE),
        settings={HOSTILE: setting, "workspace_id": Setting(None, "default")},
        workspaces=(Workspace(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)),),
        method=HOSTILE,
        url=HOSTILE,
        status_code=403,
        request_id=HOSTILE,
        server_message=HOSTILE,
        probes=(Probe("GET", HOSTILE, HOSTILE),),
    )


class TestHtml:
    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_the_page_says_what_the_text_says(self, name):
        diagnosis = DIAGNOSES[name]
        text = Page(diagnosis._repr_html_()).text
        said = [diagnosis.summary, diagnosis.cause.value, *(fix.title for fix in diagnosis.fixes)]
        said += [check.detail for check in diagnosis.checks] + [w.name for w in diagnosis.workspaces or ()]
        assert not [each for each in said if each not in text]

    def test_whatever_a_text_holds_it_is_no_markup(self):
        page = Page(hostile()._repr_html_())
        assert not page.tags & {"script", "img", "iframe", "link", "svg"}
        assert {name for name, _ in page.attributes} <= {"class", "href"}
        assert page.text.count(HOSTILE) >= 15

    def test_only_web_addresses_are_links(self):
        links = [value for name, value in Page(hostile()._repr_html_()).attributes if name == "href"]
        assert links == [f"https://x/{HOSTILE}"]

    def test_nothing_is_loaded(self):
        page = Page(DIAGNOSES["key-rejected"]._repr_html_())
        assert "src" not in {name for name, _ in page.attributes}
        assert "url(" not in page.text

    def test_a_listed_workspace_named_like_a_script_is_shown_as_text(self, refusal, drive):
        from safe_langsmith._core.answers import read_answer
        from safe_langsmith._core.evidence import LISTING

        listing = json.dumps([{"id": "11111111-aaaa-4aaa-8aaa-111111111111", "display_name": "<script>"}]).encode()
        facts = refusal(body=b'{"error":"org_scoped_key_requires_workspace"}')
        html = drive(facts, {LISTING: read_answer(200, listing)}).diagnosis._repr_html_()
        assert "script" not in Page(html).tags
        assert "&lt;script&gt;" in html


FIELDS = {
    "cause",
    "confidence",
    "summary",
    "checks",
    "fixes",
    "key",
    "settings",
    "workspaces",
    "method",
    "url",
    "status_code",
    "request_id",
    "server_message",
    "probes",
}


def shape(value: Any) -> set[str]:
    return set(value[0] if isinstance(value, list) else value)


class TestDict:
    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_it_survives_json(self, name):
        plain = DIAGNOSES[name].to_dict()
        assert json.loads(json.dumps(plain)) == plain

    def test_it_has_every_field(self):
        plain = DIAGNOSES["workspace-required"].to_dict()
        assert set(plain) == FIELDS
        assert set(plain["settings"]) == {"endpoint", "api_key", "workspace_id", "project", "tracing"}
        assert shape(plain["settings"]["endpoint"]) == {"value", "source", "others"}
        assert shape(plain["checks"]) == {"step", "title", "result", "detail"}
        assert shape(plain["fixes"]) == {"title", "detail", "code", "url", "step"}
        assert shape(plain["key"]) == {"kind", "masked", "source"}
        assert shape(plain["workspaces"]) == {"id", "name", "role", "permissions"}
        assert shape(plain["probes"]) == {"method", "path", "status"}

    def test_codes_are_strings(self):
        plain = DIAGNOSES["permission-denied"].to_dict()
        assert (type(plain["cause"]), plain["cause"]) == (str, "permission-denied")
        assert (type(plain["confidence"]), plain["confidence"]) == (str, "likely")

    def test_what_is_unknown_is_null_and_not_empty(self):
        assert DIAGNOSES["key-rejected"].to_dict()["workspaces"] is None
        research, support = DIAGNOSES["workspace-required"].to_dict()["workspaces"]
        assert research["permissions"] == ["projects:read", "runs:read"]
        assert support["permissions"] is None


@pytest.mark.parametrize("code", [*Cause, *Confidence])
def test_a_code_reads_as_its_value_everywhere(code):
    assert f"{code}" == str(code) == code.value == code
    assert json.dumps(code) == f'"{code.value}"'
