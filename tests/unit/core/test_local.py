"""The `.env` file that is compared with, how it is read, and the one that `load_dotenv()` would find instead."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import sysconfig
import textwrap
from types import SimpleNamespace

import pytest

from safe_langsmith._core.settings import Dotenv
from safe_langsmith._recovery import local
from safe_langsmith._recovery.local import read_dotenv


@pytest.fixture
def main_script(monkeypatch):
    """Says which file is the main script."""

    def is_main_script(path):
        monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__file__=path))
        monkeypatch.delattr(sys, "ps1", raising=False)

    return is_main_script


@pytest.fixture
def project(tmp_path, monkeypatch, main_script):
    """A working directory with a file of its own, beside the directory of a script."""
    (tmp_path / "work").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("")
    (tmp_path / "work" / ".env").write_text("LANGSMITH_PROJECT=of-work")
    monkeypatch.chdir(tmp_path / "work")
    main_script(str(tmp_path / "app" / "main.py"))
    return tmp_path


def definitions(dotenv):
    return [line[:3] for line in dotenv.lines]


def test_the_file_of_the_working_directory_is_read(project):
    dotenv = read_dotenv()
    assert dotenv.path == str(project / "work" / ".env")
    assert definitions(dotenv) == [("LANGSMITH_PROJECT", "of-work", 1)]
    assert dotenv == Dotenv(dotenv.path, dotenv.lines)


def test_remarks_come_with_the_file(project):
    (project / "work" / ".env").write_text("LANGSMITH_PROJECT=a\nLANGSMITH_PROJECT=b")
    (warning,) = read_dotenv().warnings
    assert warning == "line 2: LANGSMITH_PROJECT has another value here than on line 1, and this one counts"


@pytest.mark.parametrize(("below", "told"), [("a", "1 directory"), ("a/b", "2 directories")])
def test_a_file_above_the_working_directory_is_remarked_on(project, monkeypatch, below, told):
    (project / "work" / below).mkdir(parents=True)
    monkeypatch.chdir(project / "work" / below)
    assert read_dotenv().hints == (f"it was found {told} above the working directory",)
    assert read_dotenv(project / "work" / ".env").warnings == ()


def test_a_file_that_nobody_reads_is_mentioned(project):
    assert read_dotenv().hints == ()
    (project / "work" / ".env.local").write_text("LANGSMITH_API_KEY=x")
    (hint,) = read_dotenv().hints
    assert hint.endswith(".env.local is there, too, and neither the client nor load_dotenv() reads it")
    (project / "work" / ".env").unlink()
    assert ".env.local is there" in " ".join(read_dotenv().hints)


def test_the_file_of_the_main_script_is_named(project):
    (project / "app" / ".env").write_text("LANGSMITH_PROJECT: of-app\nLANGSMITH_ENDPOINT=e")
    dotenv = read_dotenv()
    assert definitions(dotenv) == [("LANGSMITH_PROJECT", "of-work", 1)]
    assert dotenv.elsewhere is not None
    assert dotenv.elsewhere.path == str(project / "app" / ".env")
    assert definitions(dotenv.elsewhere) == [("LANGSMITH_ENDPOINT", "e", 2)]
    assert len(dotenv.elsewhere.warnings) == 1
    assert dotenv.elsewhere.elsewhere is None
    assert read_dotenv(project / "work" / ".env").elsewhere is None


def test_a_file_above_the_main_script_is_named(project):
    (project / ".env").write_text("")
    dotenv = read_dotenv()
    assert dotenv.elsewhere == Dotenv(str(project / ".env"))


def test_the_file_of_the_main_script_is_named_where_there_is_no_other(project):
    (project / "work" / ".env").rename(project / "app" / ".env")
    dotenv = read_dotenv()
    assert dotenv.path is None
    assert dotenv.elsewhere is not None
    assert definitions(dotenv.elsewhere) == [("LANGSMITH_PROJECT", "of-work", 1)]


def test_a_file_of_the_main_script_that_cannot_be_read_is_named(project):
    (project / "app" / ".env").write_bytes(b"\xe9=1")
    elsewhere = read_dotenv().elsewhere
    assert elsewhere == Dotenv(str(project / "app" / ".env"), error="it is not UTF-8 text")


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_the_same_file_under_another_name_is_no_other(project, link):
    link(project / "work" / ".env", project / "app" / ".env")
    assert read_dotenv().elsewhere is None


def test_a_main_script_above_the_working_directory_finds_the_same_file(project, monkeypatch):
    (project / "work" / ".env").unlink()
    (project / ".env").write_text("A=1")
    dotenv = read_dotenv()
    assert dotenv.path == str(project / ".env")
    assert dotenv.elsewhere is None


@pytest.mark.parametrize("script", [None, 7, "", "gone.py", "/nowhere/main.py", "bad\0name", "<stdin>"])
def test_a_main_script_that_is_no_file_finds_none(project, main_script, script):
    (project / "app" / ".env").write_text("A=1")
    main_script(script)
    assert read_dotenv().elsewhere is None


def test_a_process_without_a_main_module_finds_none(project, monkeypatch):
    (project / "app" / ".env").write_text("A=1")
    monkeypatch.setitem(sys.modules, "__main__", None)
    assert read_dotenv().elsewhere is None


def test_an_interactive_session_finds_the_file_of_the_working_directory(project, monkeypatch):
    (project / "app" / ".env").write_text("A=1")
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace())
    assert read_dotenv().elsewhere is None


@pytest.mark.parametrize("kind", ["scripts", "purelib"])
def test_a_command_of_a_package_is_no_main_script(project, monkeypatch, kind):
    (project / "app" / ".env").write_text("A=1")
    real = sysconfig.get_path
    monkeypatch.setattr(local, "_places_of_packages", local._places_of_packages.__wrapped__)
    monkeypatch.setattr(
        sysconfig, "get_path", lambda name, *rest: str(project / "app") if name == kind else real(name, *rest)
    )
    assert read_dotenv().elsewhere is None


def test_load_dotenv_in_a_script_reads_the_file_that_is_named(tmp_path):
    (tmp_path / "work" / "below").mkdir(parents=True)
    (tmp_path / "app" / "src").mkdir(parents=True)
    (tmp_path / "work" / ".env").write_text("WHICH=work")
    (tmp_path / "app" / ".env").write_text("WHICH=app")
    script = tmp_path / "app" / "src" / "main.py"
    script.write_text(
        textwrap.dedent("""
            import os, threading
            from dotenv import load_dotenv
            from safe_langsmith._recovery.local import read_dotenv
            load_dotenv()
            print(os.environ["WHICH"])
            def show():
                dotenv = read_dotenv()
                print(dotenv.path, dotenv.elsewhere.path, dotenv.hints[0], sep="\\n")
            thread = threading.Thread(target=show)
            thread.start()
            thread.join()
        """)
    )
    ran = subprocess.run(
        [sys.executable, os.path.relpath(script, tmp_path / "work" / "below")],
        cwd=tmp_path / "work" / "below",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stdout.splitlines() == [
        "app",
        str(tmp_path / "work" / ".env"),
        str(tmp_path / "app" / ".env"),
        "it was found 1 directory above the working directory",
    ], ran.stderr


UTF_16 = "it is UTF-16 text, as PowerShell writes it; save it as UTF-8"
UNREADABLE = [
    ("A=1\n".encode("utf-16"), UTF_16),
    ("A=1\n".encode("utf-16-le"), UTF_16),
    ("A=1\n".encode("utf-16-be"), UTF_16),
    (b"\xfe\xff" + "A=1\n".encode("utf-16-be"), UTF_16),
    ("A=\xe9\n".encode("latin-1"), "it is not UTF-8 text"),
    (b"A=" + b"x" * 1_000_000, "it is too large"),
    (b"A=x" + b" " * 500_000 + b"y", "it is too large"),
]


@pytest.mark.parametrize(("content", "trouble"), UNREADABLE, ids=[str(n) for n in range(len(UNREADABLE))])
def test_a_file_that_cannot_be_read_is_told_why(tmp_path, content, trouble):
    (tmp_path / ".env").write_bytes(content)
    assert read_dotenv(tmp_path / ".env") == Dotenv(str(tmp_path / ".env"), error=trouble)


def test_a_pipe_a_directory_and_nothing_are_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read_dotenv(tmp_path / "pipe").error == "it is not a regular file"
    assert read_dotenv(tmp_path).error == "it is not a regular file"
    assert read_dotenv(tmp_path / "gone").error == "No such file or directory"


@pytest.mark.parametrize("path", ["", "bad\0name", 7, b".env"])
def test_no_path_raises(path):
    assert read_dotenv(path).lines == ()


def test_a_working_directory_that_is_gone_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert read_dotenv() == Dotenv(error="No such file or directory")


@pytest.mark.parametrize("content", [b"LANGSMITH_PROJECT=p1\r\nA='x\r\ny'\r\n", b"LANGSMITH_PROJECT=p1\rA='x\ry'\r"])
def test_line_ends_of_other_systems_are_read(tmp_path, content):
    (tmp_path / ".env").write_bytes(content)
    dotenv = read_dotenv(tmp_path / ".env")
    assert definitions(dotenv) == [("LANGSMITH_PROJECT", "p1", 1), ("A", "x\ny", 2)]


def test_reading_changes_and_logs_nothing(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    (tmp_path / ".env").write_text("LANGSMITH_PROJECT=p1\nLANGSMITH_API_KEY='\n")
    before = dict(os.environ), os.getcwd()
    dotenv = read_dotenv(tmp_path / ".env")
    assert len(dotenv.warnings) == 1
    assert (dict(os.environ), os.getcwd()) == before
    assert not caplog.records
