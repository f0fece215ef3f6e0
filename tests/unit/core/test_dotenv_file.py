"""What a `.env` file's text defines is what python-dotenv says, and its mistakes are told without any value."""

from __future__ import annotations

import io
import os
import re

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from safe_langsmith._core.dotenv import is_too_much, read_text

SECRET = "c0de0123456789abcdef0123456789ab"
KEY = f"lsv2_pt_{SECRET}_0123456789"


def as_dotenv_takes(text):
    return dotenv_values(stream=io.StringIO(text))


def remarks_on(text):
    return read_text(text, dict(os.environ)).warnings


def left_out(name):
    why = "a quote is not closed, or it is not NAME=value"
    return f"line 1: python-dotenv leaves this line out, which names {name}: {why}"


MISTAKES = [
    (
        "a quote that is never closed",
        f'LANGSMITH_API_KEY="{KEY}\nLANGSMITH_PROJECT=p1',
        {"LANGSMITH_PROJECT": "p1"},
        left_out("LANGSMITH_API_KEY"),
    ),
    (
        "a quote that a later one closes",
        f'NAME="one\nLANGSMITH_API_KEY={KEY}\nOTHER=two"\nLAST=1',
        {"NAME": f"one\nLANGSMITH_API_KEY={KEY}\nOTHER=two", "LAST": "1"},
        "line 1: the quote that opens here closes only on line 3, so python-dotenv takes the definition of "
        "LANGSMITH_API_KEY for a part of a value",
    ),
    (
        "a quote of LangSmith's that a later one closes",
        "\nLANGSMITH_PROJECT='p1\nNAME=2\nOTHER='",
        {"LANGSMITH_PROJECT": "p1\nNAME=2\nOTHER="},
        "line 2: the quote that opens here closes only on line 4, so the definitions between became part of "
        "LANGSMITH_PROJECT",
    ),
    (
        "a quote that the opening quote of another value closes",
        f'NAME="one\nLANGSMITH_API_KEY={KEY}\nOTHER="two"\nLAST=1',
        {"LAST": "1"},
        "line 1: the quote that opens here closes only on line 3, so python-dotenv leaves out all these lines, and "
        "LANGSMITH_API_KEY with them",
    ),
    (
        "the same with LangSmith's variable first",
        'LANGSMITH_PROJECT="p1\nOTHER="two"',
        {},
        "line 1: the quote that opens here closes only on line 2, so python-dotenv leaves out all these lines, and "
        "LANGSMITH_PROJECT with them",
    ),
    (
        "text behind a quote",
        f'LANGSMITH_API_KEY="{KEY}" mine',
        {},
        left_out("LANGSMITH_API_KEY"),
    ),
    (
        "a quote within quotes",
        "LANGSMITH_PROJECT='it's'",
        {},
        left_out("LANGSMITH_PROJECT"),
    ),
    *(
        (
            f"the syntax of a Windows shell: {start}",
            f"{start}{SECRET}",
            made,
            "line 1: this is the syntax of a Windows shell, so python-dotenv makes no variable LANGSMITH_API_KEY of it",
        )
        for start, made in (
            ("set LANGSMITH_API_KEY=", {}),
            ("SET LANGSMITH_API_KEY=", {}),
            ('set "LANGSMITH_API_KEY=', {}),
            ("setx LANGSMITH_API_KEY ", {}),
            ("setx /m LANGSMITH_API_KEY ", {}),
            ("$env:LANGSMITH_API_KEY=", {"$env:LANGSMITH_API_KEY": SECRET}),
            ("$Env:LANGSMITH_API_KEY = ", {"$Env:LANGSMITH_API_KEY": SECRET}),
        )
    ),
    *(
        (
            f"a colon: {start}",
            f"{start}{SECRET}",
            {},
            left_out("LANGSMITH_API_KEY"),
        )
        for start in ("LANGSMITH_API_KEY: ", "LANGSMITH_API_KEY : ", '"LANGSMITH_API_KEY": ')
    ),
    (
        "a line that cannot be read",
        f"- LANGSMITH_API_KEY={KEY}",
        {},
        left_out("LANGSMITH_API_KEY"),
    ),
    (
        "no = at all",
        f"LANGSMITH_API_KEY {KEY}",
        {},
        left_out("LANGSMITH_API_KEY"),
    ),
    (
        # The newer python-dotenv passes over one mark, the older over none, so here are two.
        "a byte order mark",
        f"\ufeff\ufeffLANGSMITH_API_KEY={KEY}",
        None,
        "line 1: a byte order mark became part of the name LANGSMITH_API_KEY, so python-dotenv makes a variable of "
        "another name",
    ),
    (
        "a name in double quotes",
        f'"LANGSMITH_API_KEY"="{KEY}"',
        {'"LANGSMITH_API_KEY"': KEY},
        "line 1: a quote became part of the name LANGSMITH_API_KEY, so python-dotenv makes a variable of another name",
    ),
    (
        "an invisible character",
        f"\u200bLANGSMITH_API_KEY={KEY}",
        {"\u200bLANGSMITH_API_KEY": KEY},
        "line 1: a character became part of the name LANGSMITH_API_KEY, so python-dotenv makes a variable of another "
        "name",
    ),
    (
        "two definitions",
        f"LANGSMITH_API_KEY={KEY}\n\n# comment\nLANGSMITH_API_KEY=other",
        {"LANGSMITH_API_KEY": "other"},
        "line 4: LANGSMITH_API_KEY has another value here than on line 1, and this one counts",
    ),
    (
        "three definitions",
        "LANGSMITH_PROJECT=p1\nLANGSMITH_PROJECT=p2\nLANGSMITH_PROJECT=p1",
        {"LANGSMITH_PROJECT": "p1"},
        "line 3: LANGSMITH_PROJECT has another value here than on line 2, and this one counts",
    ),
]


@pytest.mark.parametrize(
    ("text", "taken", "remark"), [mistake[1:] for mistake in MISTAKES], ids=[mistake[0] for mistake in MISTAKES]
)
def test_a_mistake_is_told_with_what_comes_of_it(text, taken, remark):
    if taken is None:
        assert "LANGSMITH_API_KEY" not in as_dotenv_takes(text)
    else:
        assert as_dotenv_takes(text) == taken
    assert remarks_on(text) == (remark,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# LANGSMITH_API_KEY: none\n#LANGSMITH_PROJECT='",
        f"LANGSMITH_API_KEY={KEY} # mine\nLANGSMITH_PROJECT = 'my # project' # mine\n",
        f"LANGSMITH_API_KEY='{KEY}'#mine",
        "LANGSMITH_ENDPOINT=https://api.smith.langchain.com",
        "LANGSMITH_PROJECT=p1\nLANGSMITH_PROJECT='p1'",
        'LANGSMITH_RUNS_ENDPOINTS=\'{\n  "https://a.example": "k1",\n  "https://b.example": "k2"\n}\'',
        "LANGSMITH_PROJECT=${NOT_SET_ANYWHERE:-p1}",
        "LANGSMITH_PROJECT=${NOT_SET_ANYWHERE:-p1}\nOTHER=${NOT_SET_ANYWHERE}",
        "NAME=p1\nLANGSMITH_PROJECT=${NAME}-${PATH}",
        "LANGSMITH_PROJECT=project (os.environ)",
        "OTHER=\nOTHER=a#b\nexport OTHER='\nset OTHER=1\nOTHER: 1\n$env:OTHER=1\nOTHER=$(x)",
        "MYLANGSMITH_API_KEY='",
        'KEY="-----BEGIN\nabc=\n-----END"',
    ],
)
def test_no_fault_is_found_with_what_is_none_or_not_langsmiths(text):
    assert remarks_on(text) == ()


@pytest.mark.parametrize("between", [":", "-", "'", '"', "", "_", ".", "\u200b"])
@pytest.mark.parametrize("before", ["", "export ", "set ", "setx ", "$env:", "- ", "'", '"'])
@pytest.mark.parametrize("after", ["", "=", "=x", " x", "'"])
def test_a_key_that_became_part_of_a_name_is_not_told(before, between, after):
    assert SECRET not in "".join(remarks_on(f"{before}LANGSMITH_API_KEY{between}{KEY}{after}"))


def test_remarks_are_in_the_order_of_lines():
    text = "LANGSMITH_PROJECT=1\n$env:LANGSMITH_API_KEY=1\nLANGSMITH_PROJECT=2\nset LANGSMITH_ENDPOINT=1"
    assert [remark.split(":")[0] for remark in remarks_on(text)] == ["line 2", "line 3", "line 4"]


def test_a_file_full_of_mistakes_is_not_told_whole():
    assert len(remarks_on("LANGSMITH_API_KEY: x\n" * 500)) == 20


def test_a_line_is_counted_where_its_name_stands():
    told = read_text("\n\n# c\nLANGSMITH_PROJECT='a\nb'\n\nLANGSMITH_PROJECT=p2\n", {})
    assert [(line.line, line.value) for line in told.lines] == [(4, "a\nb"), (7, "p2")]


def test_the_environment_comes_in_as_python_dotenv_takes_it(monkeypatch):
    monkeypatch.setenv("OUTSIDE", "from outside")
    monkeypatch.setenv("INSIDE", "from outside")
    text = "INSIDE=from the file\nA=${OUTSIDE}\nB=${INSIDE}\nC=${D}\nD=1\nE\nF=${E}"
    told = read_text(text, dict(os.environ))
    assert {line.name: line.value for line in told.lines} == {
        "INSIDE": "from the file",
        "A": "from outside",
        "B": "from the file",
        "C": "",
        "D": "1",
        "F": "",
    }
    assert_as_dotenv(text)


def test_a_value_that_grows_out_of_all_proportion_is_not_put_together():
    text = "A0=" + "x" * 100 + "".join(f"\nA{n}=${{A{n - 1}}}${{A{n - 1}}}" for n in range(1, 60))
    with pytest.raises(ValueError, match="too long"):
        read_text(text, {})


def test_a_value_that_takes_in_others_is_marked():
    told = read_text("A=1\nB=x${A}\nC='${A}'\nD=$A", {})
    assert [line.interpolated for line in told.lines] == [False, True, True, False]


def test_what_is_told_shows_no_value():
    told = read_text(f"LANGSMITH_API_KEY={KEY}", {})
    assert SECRET not in repr(told)
    assert told.lines[0].value == KEY


@pytest.mark.parametrize(
    "text",
    ["A=\n" * 333_000, "A=x" + " " * 900_000 + "y", "A=" + "${" * 400_000, ("A=x" + " " * 400 + "y\n") * 2_400],
)
def test_what_would_take_python_dotenv_very_long_is_known(text):
    assert is_too_much(text)


@pytest.mark.parametrize("text", ["", "A=b # comment\n" * 4_000, 'A="' + "x" * 900_000 + '"', "A=${B}\n" * 4_000])
def test_what_takes_python_dotenv_no_time_is_known(text):
    assert not is_too_much(text)


def assert_as_dotenv(text):
    before = dict(os.environ)
    told = read_text(text, before)
    taken = {name: value for name, value in as_dotenv_takes(text).items() if value is not None}
    assert {line.name: line.value for line in told.lines} == taken
    assert dict(os.environ) == before
    return told


names = st.sampled_from(
    ["LANGSMITH_API_KEY", "LANGCHAIN_PROJECT", "LANGSMITH_RUNS_ENDPOINTS", "OTHER", "PATH", "'LANGSMITH_API_KEY'"]
)
values = st.sampled_from([SECRET, SECRET.upper(), KEY, f"LANGSMITH_{SECRET}", f"A_{SECRET.upper()}"])
pieces = st.one_of(
    names,
    values,
    st.sampled_from(
        "set |setx |$env:|export |=| = |:| : |\"|'|\\|#| #|\n|\r\n|\r| |${|}|:-|$|%|os.getenv(|)|`|\ufeff|- ".split("|")
    ),
    st.text(max_size=4),
)
texts = st.lists(pieces, max_size=30).map("".join)
lines = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "export ", "set ", "setx ", "$env:", "\ufeff", "- ", "'", '"', "#", "\n"]),
    names,
    st.sampled_from(["=", " = ", ": ", ":", "-", "'", "", " ", "'=", '"="', "='", '="', "=${", "=#", "=%", "=$"]),
    values,
    st.sampled_from(["", "'", '"', "}", "=", "=x", "#x", " # x", "' x", '" x', "%"]),
    st.sampled_from(["\n", "\n\n", "\r\n", "\r", " "]),
)
files = st.one_of(texts, st.lists(lines, max_size=8).map("".join))


@settings(max_examples=500)
@given(files)
def test_any_file_is_read_as_python_dotenv_reads_it(text):
    assert_as_dotenv(text)


@settings(max_examples=500)
@given(files)
def test_no_remark_tells_a_value(text):
    told = read_text(text, {"PATH": KEY})
    for remark in told.warnings:
        assert SECRET not in remark.lower()
        assert remark.isascii()
        assert re.match(r"line \d+: \S", remark)
        assert len(remark) < 300


@given(st.text())
def test_any_text_is_read(text):
    is_too_much(text)
    assert_as_dotenv(text)
