"""One variable of a `.env` file is changed, and every other byte stays."""

from __future__ import annotations

import io

import pytest
from dotenv import dotenv_values

from safe_langsmith._core.dotenv_edit import changed_lines, with_variable

NAME, OLD, NEW = "LANGSMITH_WORKSPACE_ID", "1", "11111111-aaaa-4aaa-8aaa-111111111111"
OTHERS_BEFORE = '# settings  \nA=\'x y\' # why\n\nexport  B = "q\\"r"\n'
OTHERS_AFTER = "C=${A}\nbroken line\nD=\n  # end"
DEFINITIONS = {
    "plain": (f"{NAME}={OLD}\n", f"{NAME}={NEW}\n"),
    "with a comment": (f"{NAME}={OLD}  # mine\n", f"{NAME}={NEW}  # mine\n"),
    "single quotes": (f"{NAME}='{OLD}' # mine\n", f"{NAME}='{NEW}' # mine\n"),
    "double quotes": (f'{NAME}="{OLD}"\n', f'{NAME}="{NEW}"\n'),
    "export": (f"export {NAME} = {OLD}\n", f"export {NAME} = {NEW}\n"),
    "indented": (f"  {NAME}={OLD}\n", f"  {NAME}={NEW}\n"),
    "empty": (f"{NAME}=\n", f"{NAME}={NEW}\n"),
    "without a sign": (f"{NAME}\n", f"{NAME}={NEW}\n"),
    "over two lines": (f"{NAME}='a\nb'\n", f"{NAME}='{NEW}'\n"),
    "a hash in the value": (f"{NAME}=a#b\n", f"{NAME}={NEW}\n"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_only_the_value_changes(name, end):
    old, new = DEFINITIONS[name]
    before, after = (f"{OTHERS_BEFORE}{line}{OTHERS_AFTER}".replace("\n", end) for line in (old, new))
    assert with_variable(before, NAME, NEW) == after


@pytest.mark.parametrize("name", DEFINITIONS)
def test_python_dotenv_reads_the_new_value_and_the_other_ones_as_before(name):
    text = f"{OTHERS_BEFORE}{DEFINITIONS[name][0]}{OTHERS_AFTER}"
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    changed = dotenv_values(stream=io.StringIO(with_variable(text, NAME, NEW)), interpolate=False)
    assert changed == {**values, NAME: NEW}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"{NAME}={NEW}\n"),
        ("A=1", f"A=1\n{NAME}={NEW}\n"),
        ("A=1\r\n", f"A=1\r\n{NAME}={NEW}\r\n"),
        (f"# {NAME}=0\n", f"# {NAME}=0\n{NAME}={NEW}\n"),
        (f"X_{NAME}=0\n", f"X_{NAME}=0\n{NAME}={NEW}\n"),
    ],
)
def test_a_variable_that_is_not_there_gets_a_line_at_the_end(before, after):
    assert with_variable(before, NAME, NEW) == after


def test_of_several_definitions_the_one_that_counts_changes():
    text = f"{NAME}=1\nA=1\n{NAME}=2\n"
    assert with_variable(text, NAME, NEW) == f"{NAME}=1\nA=1\n{NAME}={NEW}\n"


@pytest.mark.parametrize("value", ["a b", "it's", 'say "x"', "a\\b", "#", "$A"])
def test_a_value_of_any_kind_is_read_as_it_is(value):
    text = with_variable("A=1\n", NAME, value)
    assert dotenv_values(stream=io.StringIO(text), interpolate=False)[NAME] == value


def test_a_text_that_would_be_read_differently_is_refused():
    with pytest.raises(ValueError, match="python-dotenv"):
        with_variable("A=1\n", "NOT A NAME", "x")


def test_the_lines_that_change_are_told():
    before, after = f"A=1\n{NAME}=1\nB=2\n", f"A=1\n{NAME}={NEW}\nB=2\n"
    assert changed_lines(before, after) == [("-", f"{NAME}=1"), ("+", f"{NAME}={NEW}")]
    assert changed_lines("A=1\n", "A=1\nB=2\n") == [("+", "B=2")]
