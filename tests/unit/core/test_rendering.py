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
from safe_langsmith._render import layout
from safe_langsmith._render.style import STYLE

HERE = Path(__file__).parent
REGENERATE = runpy.run_path(str(HERE / "regenerate.py"))
DIAGNOSES: dict[str, Diagnosis] = REGENERATE["diagnoses"]()
HOSTILE = "<script>alert('&\"x')</script>"
VOID = {"br"}


def sdk_message(diagnosis: Diagnosis) -> str:
    """What the SDK says of such a refusal."""
    if diagnosis.cause is Cause.WORKSPACE_REQUIRED:
        return str(REGENERATE["SDK_MESSAGE"])
    path = (diagnosis.url or "").removeprefix("https://api.smith.langchain.com")
    said = json.dumps({"detail": diagnosis.server_message or "Forbidden"}, separators=(",", ":"))
    error = f"HTTPError('403 Client Error: Forbidden for url: {diagnosis.url}', '{said}')"
    return f"Failed to {diagnosis.method} {path} in LangSmith API. {error}"


def searched_for(message: str) -> list[str]:
    """What programs look for in the SDK's message."""
    found = re.findall(
        "This API key is org-scoped and requires workspace specification|403 Client Error: Forbidden", message
    )
    return [*found, *re.findall("Failed to [A-Z]+ [^ ]+ in LangSmith API", message)]


TEXTS = {name: str(ForbiddenDiagnosis(found, sdk_message(found))) for name, found in DIAGNOSES.items()}


class TestText:
    @pytest.mark.parametrize("name", DIAGNOSES)
    @pytest.mark.parametrize("of_exception", [False, True], ids=["diagnosis", "exception"])
    def test_the_text_is_short(self, name, of_exception):
        text = TEXTS[name] if of_exception else str(DIAGNOSES[name])
        assert_is_short(text, DIAGNOSES[name])

    def test_the_page_on_the_message_shows_what_is_printed(self):
        page = REGENERATE["MESSAGE"].read_text(encoding="utf-8")
        assert REGENERATE["with_exception"](page, DIAGNOSES["workspace-required"]) == page, REGENERATE["IF_MEANT"]

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_the_first_line_names_the_cause_and_begins_the_sentence(self, name):
        first = TEXTS[name].splitlines()[0]
        assert DIAGNOSES[name].summary.startswith(first.removeprefix(f"{name}: "))
        assert first.startswith(f"{name}: ")

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_it_ends_in_what_to_do_and_what_to_copy(self, name):
        lines = TEXTS[name].splitlines()
        todo = next(number for number, line in enumerate(lines) if line.startswith("What to do: "))
        shown = [line.strip() for line in lines[todo:]]
        first = DIAGNOSES[name].fixes[0]
        assert " ".join(shown).startswith(f"What to do: {first.title}")
        assert set((first.code or first.url).splitlines()) <= set(shown)
        copied = {line for fix in DIAGNOSES[name].fixes for line in [*(fix.code or "").splitlines(), fix.url]}
        assert shown[-1] in copied

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_programs_find_what_they_search_for_in_the_sdks_words(self, name):
        message = sdk_message(DIAGNOSES[name])
        assert searched_for(message)
        assert [words for words in searched_for(message) if words not in TEXTS[name]] == []

    def test_what_the_server_said_is_kept_before_the_address_is(self):
        url = "https://langsmith.internal.example.com/api/v1/" + "datasets/11111111-aaaa-4aaa-8aaa-111111111111/" * 3
        said = "this account may not do that today"
        message = (
            f"Failed to GET /x in LangSmith API. HTTPError('403 Client Error: Forbidden for url: {url}', '{said}')"
        )
        text = str(ForbiddenDiagnosis(replace(DIAGNOSES["key-rejected"], url=url), message))
        assert said in text
        assert "Forbidden for url: ..." in text

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_all_five_steps_are_there_and_fine_ones_are_not_spelt_out(self, name):
        text = TEXTS[name]
        found = text.partition("\n  checks ")[2].partition("\n  cause ")[0]
        assert [
            step for step in ("1 key type", "2 workspace", "3 variables", "4 .env", "5 new key") if step not in found
        ] == []
        fine = [check.detail for check in DIAGNOSES[name].checks if check.result == "ok"]
        assert [detail for detail in fine if detail in " ".join(text.split())] == []

    def test_words_and_badge_agree(self):
        placeholder = DIAGNOSES["key-malformed"]
        assert placeholder.confidence == "likely"
        assert "likely" not in str(placeholder) + placeholder.report() + Page(placeholder._repr_html_()).text
        assert "cause  likely" in str(DIAGNOSES["key-rejected"])
        assert "cause  confirmed" in str(DIAGNOSES["workspace-required"])

    def test_a_workspace_is_explained_only_if_the_cause_is_about_one(self):
        about = {name for name, text in TEXTS.items() if "(A workspace is" in text}
        assert about == {"workspace-required", "workspace-not-accessible", "workspace-id-malformed"}

    def test_each_workspace_that_can_be_meant_has_a_line_and_none_is_chosen(self):
        diagnosis = DIAGNOSES["workspace-required"]
        lines = [line for line in str(diagnosis).splitlines() if "SafeClient(workspace_id=" in line]
        expected = [f'    client = SafeClient(workspace_id="{w.id}")  # {w.name}' for w in diagnosis.workspaces]
        assert lines == expected

    def test_many_workspaces_are_counted(self, refusal, drive):
        diagnosis = needing_one_of(20, refusal, drive)
        text = str(diagnosis)
        assert text.count("SafeClient(workspace_id=") == 5
        assert "one of these (15 more: .report())" in " ".join(text.split())
        assert [w.id for w in diagnosis.workspaces if w.id not in diagnosis.report()] == []
        assert "one of these (10 more: above)" in " ".join(diagnosis.report().split())
        assert_is_short(text, diagnosis)

    def test_long_names_fit(self):
        name = "A name as long as the service allows, " * 2
        many = tuple(Workspace(f"{number}1111111-aaaa-4aaa-8aaa-111111111111", name, name) for number in range(8))
        url = "https://api.smith.langchain.com/" + "datasets/11111111-aaaa-4aaa-8aaa-111111111111/" * 3
        long = replace(DIAGNOSES["workspace-required"], workspaces=many, url=url, server_message="word " * 59)
        assert_is_short(str(long), long)


def needing_one_of(count: int, refusal: Any, drive: Any) -> Diagnosis:
    """The diagnosis of a key that serves so many workspaces."""
    from safe_langsmith._core.model import LIST_WORKSPACES
    from safe_langsmith._core.responses import read_answer

    listed = [{"id": f"11111111-aaaa-4aaa-8aaa-{n:012}", "display_name": f"Workspace {n}"} for n in range(count)]
    facts = refusal(body=b'{"error":"org_scoped_key_requires_workspace"}')
    return drive(facts, {LIST_WORKSPACES: read_answer(200, json.dumps(listed).encode())}).diagnosis


def assert_is_short(text: str, diagnosis: Diagnosis) -> None:
    """Asserts at most 20 lines of 80 columns. Lines to copy and addresses are not broken."""
    code = {line for fix in diagnosis.fixes for line in (fix.code or "").splitlines()}
    lines = text.splitlines()
    assert len(lines) <= 20
    assert not [line for line in lines if len(line) > 80 and line.strip() not in code and "://" not in line]


@pytest.mark.parametrize("name", DIAGNOSES)
def test_the_repr_is_one_line_that_says_what_is_wrong(name):
    """Streamlit's `st.write` shows the first 300 characters of it."""
    diagnosis = DIAGNOSES[name]
    assert repr(diagnosis).startswith(f"Diagnosis({name}, {diagnosis.confidence}: {diagnosis.summary[:100]}")
    assert "\n" not in repr(diagnosis)


class TestReport:
    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_everything_is_there(self, name):
        diagnosis = DIAGNOSES[name]
        words = " ".join(diagnosis.report().split())
        said = [diagnosis.summary, diagnosis.url, diagnosis.request_id, diagnosis.server_message]
        said += [each for check in diagnosis.checks for each in (check.title, check.detail)]
        said += [each for w in diagnosis.workspaces or () for each in (w.id, w.name, w.role)]
        said += [each for fix in diagnosis.fixes for each in (fix.title, fix.detail, fix.url)]
        said += [line for fix in diagnosis.fixes for line in (fix.code or "").splitlines()]
        said += [each for setting in diagnosis.settings.values() for each in (setting.value, setting.source)]
        said += [f"{probe.method} {probe.path} -> {probe.status}" for probe in diagnosis.probes]
        said.append(f"python -m safe_langsmith --explain {name}")
        # A source is written as words, if nothing was set.
        missing = [each for each in said if each and " ".join(each.split()) not in words and each != "default"]
        assert missing == []

    @pytest.mark.parametrize("width", [None, 60, 80, 132])
    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_it_has_the_width_that_is_asked_for(self, name, width):
        diagnosis = DIAGNOSES[name]
        whole = {line for fix in diagnosis.fixes for line in [*(fix.code or "").splitlines(), fix.url]}
        lines = [line for line in diagnosis.report(width).splitlines() if line.strip() not in whole]
        breakable = [line for line in lines if "://" not in line and "--explain" not in line and "->" not in line]
        assert max(map(len, breakable)) <= (width or 80)
        assert (width or 80) - 20 < max(map(len, lines))

    def test_what_to_do_comes_last(self):
        for diagnosis in DIAGNOSES.values():
            *_, last = diagnosis.report().split("\n\n")
            assert last.startswith("What to do\n")


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
        said += [f"Cause: {diagnosis.cause} (", f"python -m safe_langsmith --explain {name}"]
        said += [each for fix in diagnosis.fixes for each in (fix.title, fix.detail, fix.url)]
        said += [line for fix in diagnosis.fixes for line in (fix.code or "").splitlines()]
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

    @pytest.mark.parametrize("name", DIAGNOSES)
    def test_all_but_what_to_do_is_closed(self, name):
        html = DIAGNOSES[name]._repr_html_()
        assert "<details>" in html
        assert "<details open" not in html
        assert html.index("What to do") < html.index("<details>")

    def test_of_several_workspaces_one_click_selects_one_line(self):
        html = DIAGNOSES["workspace-required"]._repr_html_()
        assert html.count("<pre>client = SafeClient(workspace_id=") == 2

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
        others = ["22222222-aaaa-4aaa-8aaa-222222222222"]
        passed = {"kind": "pass-argument", "name": "workspace_id", "value": id_, "alternatives": others}
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


@pytest.mark.parametrize("most", [1, 2, 3])
def test_the_beginning_of_the_sdks_message_stays_however_long_the_path(most):
    path = "/annotation-queues/" + "0" * 36 + "/runs/" + "1" * 36
    message = f"Failed to DELETE {path} in LangSmith API. HTTPError('403')".replace(" ", layout.NO_BREAK, 3)
    lines = layout.wrap_phrases(message, hang=9, most=most, label="  SDK    ")
    assert lines[0].startswith("  SDK    Failed to DELETE /annotation-queues/")
    assert len(lines) <= most
