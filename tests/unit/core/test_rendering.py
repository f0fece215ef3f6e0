"""How a diagnosis looks: as text on one screen, as safe HTML, as JSON."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from safe_langsmith import (
    ApiKey,
    Cause,
    Check,
    Confidence,
    Diagnosis,
    Fix,
    ForbiddenDiagnosis,
    Probe,
    Setting,
    Workspace,
)
from safe_langsmith._render.style import STYLE

HERE = Path(__file__).parent
DIAGNOSES: dict[str, Diagnosis] = runpy.run_path(str(HERE / "regenerate.py"))["diagnoses"]()
HOSTILE = "<script>alert('&\"x')</script>"
VOID = {"br"}


class TestText:
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
        fixes=(Fix(HOSTILE, HOSTILE, HOSTILE, url=f"https://x/{HOSTILE}"), Fix("t", url=f"javascript:{HOSTILE}")),
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
        said = [diagnosis.summary, diagnosis.url, diagnosis.request_id, diagnosis.server_message]
        said += [f"Cause: {diagnosis.cause} ({diagnosis.confidence})", f"python -m safe_langsmith --explain {name}"]
        said += [each for fix in diagnosis.fixes for each in (fix.title, fix.detail, fix.code, fix.url)]
        said += [each for check in diagnosis.checks for each in (check.title, check.detail)]
        said += [each for w in diagnosis.workspaces or () for each in (w.id, w.name, w.role)]
        said += [f"{probe.method} {probe.path}" for probe in diagnosis.probes]
        said += [str(probe.status) for probe in diagnosis.probes]
        assert not [each for each in said if each and each not in text]

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_every_setting_is_there_with_its_source_and_what_else_was_found(self, name):
        text = Page(DIAGNOSES[name]._repr_html_()).text
        for setting, used in DIAGNOSES[name].settings.items():
            assert f"{setting}{used.value or 'not set'}{used.source}" in text
            assert all(f"{other.value} ({other.source})" in text for other in used.others)

    def test_what_to_do_comes_before_what_was_seen(self):
        text = Page(DIAGNOSES["permission-denied"]._repr_html_()).text.removeprefix(STYLE)
        order = ["Personal access token", "Cause: ", "Request: POST", "What to do", "Workspaces this key reaches (2)"]
        order += [
            "What was checked",
            "troubleshooting steps",
            "1. API key type",
            "5. Need for a new key",
            "Other checks",
        ]
        order += ["Who answered", "Settings in use", "Server message", "Diagnostic requests"]
        places = [text.find(each) for each in order]
        assert -1 not in places
        assert places == sorted(places)

    def test_results_are_words_and_not_only_colours(self):
        checks = tuple(Check(1, f"<{result}>", result, "") for result in ("ok", "problem", "unknown", "not-applicable"))
        text = Page(replace(DIAGNOSES["key-legacy"], checks=checks)._repr_html_()).text
        for title, word in (("ok", "ok"), ("problem", "problem"), ("unknown", "not known")):
            assert f"1. <{title}>{word}" in text
        assert "1. <not-applicable>does not apply" in text

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_screen_readers_are_told_what_heads_what(self, name):
        html = DIAGNOSES[name]._repr_html_()
        assert html.count("<th ") == html.count(' scope="')
        for body in re.findall("(?s)<tbody>(.*?)</tbody>", html):
            assert all(row.startswith("<th ") for row in body.split("<tr>")[1:])
        # They would be in the notebook's table of contents.
        assert not Page(html).tags & {f"h{level}" for level in range(1, 7)}

    def test_many_workspaces_are_counted(self):
        many = tuple(Workspace(f"id-{number}", f"Workspace {number}") for number in range(53))
        text = Page(replace(DIAGNOSES["workspace-required"], workspaces=many)._repr_html_()).text
        assert "reaches (53)" in text
        assert "id-49" in text
        assert "id-50" not in text
        assert "and 3 more" in text

    def test_code_is_selected_whole_and_as_it_is(self):
        code = "line 1\n  line <2>"
        html = replace(DIAGNOSES["key-legacy"], fixes=(Fix("t", code=code),))._repr_html_()
        assert f"<pre>{escape(code)}</pre>" in html
        assert re.search(r"& pre \{[^}]*user-select: all", STYLE)

    def test_whatever_a_text_holds_it_is_no_markup(self):
        page = Page(hostile()._repr_html_())
        assert not page.tags & {"script", "img", "iframe", "link", "svg"}
        assert {name for name, _ in page.attributes} <= {"class", "href", "scope", "colspan", "open"}
        assert page.text.count(HOSTILE) >= 20

    def test_only_web_addresses_are_links(self):
        links = [value for name, value in Page(hostile()._repr_html_()).attributes if name == "href"]
        assert links == [f"https://x/{HOSTILE}"]

    def test_nothing_is_loaded(self):
        page = Page(DIAGNOSES["key-rejected"]._repr_html_())
        assert "src" not in {name for name, _ in page.attributes}
        assert not re.search(r"url\(|@import|@font-face", page.text)

    def test_what_cannot_be_shown_as_html_is_shown_as_text(self):
        broken = replace(DIAGNOSES["permission-denied"], settings=None, summary="<b>")
        assert broken._repr_html_() == f"<pre>{escape(str(broken))}</pre>"
        assert broken._repr_html_().startswith("<pre>&lt;b&gt;")

    def test_what_cannot_be_shown_at_all_raises_nothing(self):
        assert replace(DIAGNOSES["permission-denied"], summary=None, checks=None)._repr_html_() is None

    def test_an_exception_that_was_caught_is_shown_as_its_diagnosis(self):
        diagnosis = DIAGNOSES["permission-denied"]
        assert ForbiddenDiagnosis(diagnosis, "Failed to POST")._repr_html_() == diagnosis._repr_html_()

    def test_a_listed_workspace_named_like_a_script_is_shown_as_text(self, refusal, drive):
        from safe_langsmith._core.model import LIST_WORKSPACES
        from safe_langsmith._core.responses import read_answer

        listing = json.dumps([{"id": "11111111-aaaa-4aaa-8aaa-111111111111", "display_name": "<script>"}]).encode()
        facts = refusal(body=b'{"error":"org_scoped_key_requires_workspace"}')
        html = drive(facts, {LIST_WORKSPACES: read_answer(200, listing)}).diagnosis._repr_html_()
        assert "script" not in Page(html).tags
        assert "&lt;script&gt;" in html


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """As the W3C's guidelines for accessibility define it; 4.5 is what they want of text."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def blend(over: tuple[float, ...], opacity: float, under: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(opacity * a + (1 - opacity) * b for a, b in zip(over, under, strict=True))


def hexadecimal(colour: str) -> tuple[float, ...]:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return tuple(int(digits[at : at + 2], 16) for at in (0, 2, 4))


WHITE, BLACK, GREY = (255.0,) * 3, (0.0,) * 3, (128.0,) * 3
RULES = [dict(re.findall(r"(?:^|;)\s*([\w-]+): ([^;]+)", body)) for body in re.findall(r"\{([^{}]*)\}", STYLE)]


class TestStyle:
    def test_nothing_leaks_into_the_page(self):
        depths, depth = [], 0
        for letter in STYLE.strip():
            depth += {"{": 1, "}": -1}.get(letter, 0)
            depths.append(depth)
        assert STYLE.strip().startswith(".safe-langsmith.safe-langsmith {")
        assert depths.index(0, depths.index(1)) == len(depths) - 1

    def test_it_does_not_ask_the_system_which_says_nothing_about_the_page(self):
        assert "@media" not in STYLE

    def test_text_has_the_colour_of_the_page_or_is_read_on_a_background_of_its_own(self):
        coloured = [rule for rule in RULES if rule.get("color", "inherit") != "inherit"]
        assert len(coloured) == 2
        for rule in coloured:
            assert contrast(hexadecimal(rule["color"]), hexadecimal(rule["background"])) >= 4.5

    @pytest.mark.parametrize(("ink", "paper"), [(BLACK, WHITE), (WHITE, (17.0,) * 3)], ids=["light", "dark"])
    def test_what_is_faint_is_still_read_on_light_and_on_dark(self, ink, paper):
        page = blend(ink, 0.87, paper)  # What JupyterLab writes in.
        faint = [float(rule["opacity"]) for rule in RULES if "opacity" in rule]
        assert faint
        for opacity in faint:
            box = blend(GREY, 0.12, paper)
            assert contrast(blend(page, opacity, box), box) >= 4.5


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
        assert shape(plain["fixes"]) == {"title", "detail", "code", "action", "url", "step"}
        assert shape(plain["key"]) == {"kind", "masked", "source"}
        assert shape(plain["workspaces"]) == {"id", "name", "role", "permissions"}
        assert shape(plain["probes"]) == {"method", "path", "status"}

    def test_actions_say_which_they_are(self):
        first, second = DIAGNOSES["workspace-required"].to_dict()["fixes"][:2]
        id_ = "11111111-aaaa-4aaa-8aaa-111111111111"
        passed = {"kind": "pass-argument", "name": "workspace_id", "value": id_, "alternatives": []}
        assert first["action"] == passed
        assert (second["action"]["kind"], second["action"]["value"]) == ("set-variable", id_)

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
