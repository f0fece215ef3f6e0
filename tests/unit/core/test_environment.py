"""Reloading the environment: the SDK's caches are cleared, and `.env` wins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from langsmith.utils import get_env_var

from safe_langsmith import Setting, reload_environment

CANARY = "c0ffeec0ffee"
OLD, NEW = (f"lsv2_pt_{CANARY}00000000000000000000_000000{last}" for last in ("1111", "2222"))
ENDPOINTS = f'[{{"api_url":"https://api.smith.langchain.com","api_key":"{NEW}"}}]'


@pytest.fixture(autouse=True)
def restored_environment():
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def write(tmp_path, monkeypatch):
    def write(*lines: str) -> Path:
        file = tmp_path / ".env"
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return file

    return write


def test_the_file_wins_over_the_environment(write, monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "old")
    reload_environment(write("LANGSMITH_PROJECT=new"))
    assert os.environ["LANGSMITH_PROJECT"] == "new"


@pytest.mark.parametrize("as_text", [True, False])
def test_what_the_sdk_had_cached_is_read_again(as_text, write, monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "old")
    assert get_env_var("PROJECT") == "old"
    file = write("LANGSMITH_PROJECT=new")
    reload_environment(str(file) if as_text else file)
    assert get_env_var("PROJECT") == "new"


def test_caches_are_cleared_where_there_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dotenv.find_dotenv", lambda **_: "")
    monkeypatch.setenv("LANGSMITH_PROJECT", "old")
    assert get_env_var("PROJECT") == "old"
    monkeypatch.setenv("LANGSMITH_PROJECT", "new")
    assert reload_environment() == {}
    assert get_env_var("PROJECT") == "new"


def test_the_file_is_found_from_the_working_directory_upwards(write, monkeypatch, tmp_path):
    file = write("LANGSMITH_PROJECT=found")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert reload_environment() == {"LANGSMITH_PROJECT": Setting("found", f"{file}:1")}


def test_what_changed_is_returned_with_line_and_old_value(write, monkeypatch):
    monkeypatch.setenv("LANGSMITH_API_KEY", OLD)
    monkeypatch.setenv("LANGSMITH_PROJECT", "same")
    file = write("# a comment", "LANGSMITH_PROJECT=same", f"LANGSMITH_API_KEY='{NEW}'", "OTHER=1")
    assert reload_environment(file) == {
        "LANGSMITH_API_KEY": Setting(
            "lsv2_pt_****2222", f"{file}:3", (Setting("lsv2_pt_****1111", "the environment before"),)
        ),
        "OTHER": Setting("****", f"{file}:4"),
    }


def test_the_last_definition_counts(write):
    changed = reload_environment(write("LANGSMITH_PROJECT=one", "LANGSMITH_PROJECT=two"))
    assert changed["LANGSMITH_PROJECT"].value == "two"
    assert changed["LANGSMITH_PROJECT"].source.endswith(":2")


def test_blank_lines_are_counted(write):
    file = write("A=1", "", "", "LANGSMITH_PROJECT=new")
    assert reload_environment(file)["LANGSMITH_PROJECT"].source == f"{file}:4"


def test_nothing_changed_is_nothing_returned(write, monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "same")
    assert reload_environment(write("LANGSMITH_PROJECT=same")) == {}


@pytest.mark.parametrize(
    "line",
    [
        f"LANGSMITH_API_KEY={NEW}",
        f"LANGCHAIN_API_KEY={NEW}",
        f"LANGSMITH_API_KEY=sv2_pt_{CANARY}",
        f"OPENAI_API_KEY=sk-{CANARY}",
        f"GH_TOKEN={CANARY}",
        f"client_secret={CANARY}",
        f"DB_PASSWORD={CANARY}",
        f"DATABASE_URL=postgres://user:{CANARY}@host/db",
        f"LANGSMITH_RUNS_ENDPOINTS='{ENDPOINTS}'",
        f"OTEL_EXPORTER_OTLP_HEADERS=x-api-key={NEW}",
        f"LANGSMITH_PROJECT={NEW}",
    ],
)
def test_no_secret_is_shown(line, write, monkeypatch):
    name, _, value = line.partition("=")
    monkeypatch.setenv(name, f"{value}0")
    changed = reload_environment(write(line))
    assert list(changed) == [name]
    assert CANARY not in repr(changed)


def test_a_mistyped_path_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        reload_environment(tmp_path / ".evn")


def test_a_directory_is_an_error(tmp_path):
    with pytest.raises(OSError):
        reload_environment(tmp_path)


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    (tmp_path / ".env").write_bytes(b"LANGSMITH_PROJECT=\xff\xfe\n")
    with pytest.raises(UnicodeDecodeError):
        reload_environment(tmp_path / ".env")


@pytest.mark.parametrize(
    "line",
    [
        f"LANGSMITH_TOKEN=gateway-{CANARY}",
        f"LANGCHAIN_CUSTOM_HEADERS='x-gateway-password: {CANARY}'",
        f"LANGSMITH_PASSWORD={CANARY}",
        f'LANGSMITH_RUNS_ENDPOINTS=\'[{{"api_key":"{CANARY}"}}]\'',
        f'LANGSMITH_PROJECT="mine\nOPENAI_API_KEY={CANARY}"',
        f"LANGSMITH_ENDPOINT=https://u:{CANARY}@h.example",
    ],
)
def test_only_what_cannot_be_a_secret_is_shown(line, write):
    assert CANARY not in repr(reload_environment(write(line)))
