"""`python -m safe_langsmith run` is to a program as if it had been started without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import safe_langsmith
from safe_langsmith._cli import run

from .scenes import ROOT, RUN, Ended

SEEN = """
import json, os, sys
ours = ("PYTHONPATH", "_", "SHLVL", "OLDPWD")
print(json.dumps({
    "argv": sys.argv, "path": sys.path, "name": __name__, "file": __file__, "read": sys.stdin.read(),
    "spec": __spec__ and [__spec__.name, __spec__.origin, str(type(__spec__.loader))],
    "environment": {name: value for name, value in os.environ.items() if name not in ours},
    "flags": str(sys.flags), "warnings": sys.warnoptions, "executable": sys.executable, "prefix": sys.prefix,
    "has imported": [name for name in ("langsmith", "requests", "logging") if name in sys.modules],
}))
"""
KIND = "import langsmith; print(type(langsmith.Client(api_key='none', auto_batch_tracing=False)).__name__)"


STARTUP = Path(safe_langsmith.__file__).parent / "_cli" / "startup"


@pytest.fixture
def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "LANGSMITH_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def execute(tmp_path, environment):
    def execute(*command, **variables):
        environ = {name: value for name, value in {**environment, **variables}.items() if value is not None}
        ended = subprocess.run(
            command, cwd=tmp_path, env=environ, input="typed", capture_output=True, text=True, timeout=60, check=False
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    return execute


@pytest.fixture
def write(tmp_path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    "text",
    [
        SEEN,
        "raise SystemExit",
        "import sys; sys.exit(3)",
        "import sys; sys.exit('what went wrong')",
        "import os; os._exit(4)",
        "def f():\n    raise ValueError('wrong')\nf()",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import os, signal; os.kill(os.getpid(), signal.SIGINT)",
        "raise KeyboardInterrupt",
        "a syntax error",
    ],
    ids=["what it sees", *"SystemExit code text _exit traceback SIGTERM SIGINT KeyboardInterrupt SyntaxError".split()],
)
def test_a_program_sees_and_does_the_same(text, execute, write):
    write("program.py", text)
    plain = execute(sys.executable, "program.py", "-m", "--", "run")

    assert execute(*RUN, "program.py", "-m", "--", "run") == plain
    assert (plain.code, plain.out, plain.err) != (0, "", "") or text == "raise SystemExit"


@pytest.mark.parametrize(
    ("plain", "run"),
    [
        (["-m", "module", "-x"], ["-m", "module", "-x"]),
        (["-mmodule"], ["-mmodule"]),
        (["-m", "package", "-x"], ["-m", "package", "-x"]),
        (["package", "-x"], ["package", "-x"]),
        (["no_suffix", "-x"], ["--", "no_suffix", "-x"]),
        (["./module.py"], ["./module.py"]),
        (["--", "-dash.py", "-x"], ["--", "-dash.py", "-x"]),
    ],
    ids=["module", "module in one word", "package", "folder", "file without suffix", "path", "dash"],
)
def test_a_program_may_be(plain, run, execute, write):
    for name in ("module.py", "package/__main__.py", "no_suffix", "-dash.py"):
        write(name, SEEN)
    expected = execute(sys.executable, *plain)

    assert '"argv"' in expected.out
    assert execute(*RUN, *run) == expected


def test_an_option_of_python_may_stand_before_the_module_in_one_word(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "-um", "safe_langsmith", "run", "a.py"])
    monkeypatch.setattr(sys, "argv", ["safe_langsmith", "run", "a.py"])

    assert run._python() == [sys.executable, "-X", "dev", "-u"]


def test_options_of_python_are_kept(execute, write):
    write("program.py", SEEN)
    options = ("-W", "ignore::UserWarning", "-X", "dev", "-B")

    assert execute(sys.executable, *options, *RUN[1:], "program.py") == execute(sys.executable, *options, "program.py")


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be replaced there")
def test_a_command_is_found_and_takes_the_place_of_the_process(tmp_path, environment, write):
    command = write("bin/command", f'#!/bin/sh\necho $$ $1; exec {sys.executable} -c "{KIND}"')
    command.chmod(0o755)
    environment["PATH"] = f"{command.parent}{os.pathsep}{environment['PATH']}"
    with subprocess.Popen([*RUN, "command", "-x"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as process:
        printed = process.communicate(timeout=60)[0].decode().split()

    assert printed == [str(process.pid), "-x", "SafeClient"]
    assert process.returncode == 0


def test_a_command_of_this_python_is_found_though_its_folder_is_not_on_the_path(execute):
    assert execute(*RUN, "pytest", "--version", PATH=os.defpath).out.startswith("pytest ")


@pytest.mark.parametrize(
    "program",
    [
        f"{KIND}",
        f"import safe_langsmith.client; {KIND}",
        f"import langsmith.run_trees; {KIND}",
        f"import importlib, langsmith.client; importlib.reload(langsmith.client); {KIND}",
    ],
    ids=["langsmith", "this library first", "another module first", "imported again"],
)
def test_clients_are_safe_however_the_sdk_is_imported(program, execute):
    # A class that was imported again is not the one that a safe client extends: it works, and as the SDK's.
    expected = "Client" if "reload" in program else "SafeClient"
    ended = execute(*RUN, sys.executable, "-c", program)

    assert (ended.code, ended.out.strip(), ended.err) == (0, expected, "")


@pytest.mark.parametrize("how", ["plain", "installed"])
def test_the_sdks_module_shows_the_loader_that_it_has_without_this_library(how, execute):
    program = "import langsmith.client as m; print(type(m.__loader__).__name__, m.__spec__.loader is m.__loader__)"
    command = (sys.executable, "-c", program)

    assert execute(*(RUN if how == "installed" else ()), *command).out == "SourceFileLoader True\n"


def test_finders_that_all_want_to_be_first_do_not_grow(execute):
    program = """
import sys

class First:
    def find_spec(self, *args):
        if sys.meta_path[0] is not self:
            sys.meta_path.insert(0, self)

sys.meta_path.insert(0, First())
import langsmith, json.tool, xml.dom.minidom, email.mime.text, http.server
print(len(sys.meta_path) < 40, type(langsmith.Client(api_key="none", auto_batch_tracing=False)).__name__)
"""
    assert execute(*RUN, sys.executable, "-c", program).out == "True SafeClient\n"


def test_asynchronous_clients_are_safe(execute):
    program = "from langsmith import AsyncClient; print(type(AsyncClient(api_key='none')).__name__)"

    assert execute(*RUN, sys.executable, "-c", program).out == "SafeAsyncClient\n"


class TestAnotherSitecustomize:
    def test_runs_too_and_finds_itself(self, execute, write, tmp_path):
        write("theirs/sitecustomize.py", "import sys\nmark = 1\nprint('theirs', __name__, __file__)")
        path = os.pathsep.join([str(tmp_path / "theirs"), str(ROOT)])
        write("program.py", "import sitecustomize, sys; print(sitecustomize.mark, sys.path)")
        plain = execute(sys.executable, "program.py", PYTHONPATH=path)

        assert plain.out.startswith("theirs sitecustomize")
        assert execute(sys.executable, "program.py", PYTHONPATH=f"{STARTUP}{os.pathsep}{path}") == plain

    @pytest.mark.parametrize("text", ["1 / 0", "import nothing_of_this_name"])
    def test_fails_as_it_would(self, text, execute, write, tmp_path):
        write("theirs/sitecustomize.py", text)
        path = os.pathsep.join([str(tmp_path / "theirs"), str(ROOT)])
        command = (sys.executable, "-c", "print('runs')")

        assert execute(*command, PYTHONPATH=f"{STARTUP}{os.pathsep}{path}") == execute(*command, PYTHONPATH=path)


@pytest.mark.parametrize("text", ["no python", "def install(): raise OSError"])
def test_if_the_library_fails_the_program_runs_as_without_it(text, execute, write, tmp_path):
    write("broken/safe_langsmith.py", text)
    path = os.pathsep.join([str(STARTUP), str(tmp_path / "broken")])
    ended = execute(sys.executable, "-c", KIND, PYTHONPATH=path)

    assert ended == Ended(0, "Client\n", "")


def test_a_program_that_is_run_twice_over_has_one_entry_in_its_path(execute, write):
    write("program.py", "import os; print(os.environ['PYTHONPATH'])")
    once = execute(*RUN, "program.py")

    assert execute(*RUN, sys.executable, *RUN[1:], "program.py") == once
    assert once.out.count("startup") == 1


@pytest.mark.parametrize("path", [None, ""])
def test_a_python_path_that_was_not_set_stays_empty_for_the_program(path, execute):
    program = "import os, sys; print(os.environ['PYTHONPATH'], '' in sys.path[1:])"
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[:] = ['', 'run', sys.executable, '-c', {program!r}]"
    )
    ended = execute(sys.executable, "-c", f"{code}; from safe_langsmith.__main__ import main; main()", PYTHONPATH=path)

    assert ended.out == f"{STARTUP} False\n", ended.err


class TestArguments:
    def test_help(self, execute):
        ended = execute(*RUN, "--help")

        assert (ended.code, ended.err) == (0, "")
        assert "run -m MODULE [ARGUMENTS]" in ended.out

    @pytest.mark.parametrize("arguments", [[], ["--"], ["-m"], ["--api-key=lsv2_pt_secret", "x.py"]])
    def test_wrong_ones(self, arguments, execute):
        ended = execute(*RUN, *arguments)

        assert (ended.code, ended.out) == (2, "")
        assert "usage: safe-langsmith run PROGRAM" in ended.err
        assert "secret" not in ended.err

    def test_no_such_program(self, execute):
        ended = execute(*RUN, "no-such-program", "x")

        assert ended == Ended(127, "", "safe-langsmith: error: no-such-program: no such command or file\n")

    def test_no_such_file_is_pythons_to_say(self, execute):
        assert execute(*RUN, "missing.py") == execute(sys.executable, "missing.py")

    @pytest.mark.skipif(os.name == "nt", reason="files are executed by their suffix there")
    def test_a_file_that_cannot_be_executed(self, execute, write):
        write("empty", "").chmod(0o755)
        ended = execute(*RUN, "./empty")

        assert (ended.code, ended.out) == (126, "")
        assert "./empty: " in ended.err

    def test_a_python_that_ignores_its_environment(self, execute, write):
        write("program.py", "print('runs')")
        ended = execute(sys.executable, "-E", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
                        "from safe_langsmith._cli.run import run\nsys.exit(run(['program.py']))")  # fmt: skip

        assert "does not load this library" in ended.err
