"""Whatever happens: no traceback, no noise, no key, and an exit code that says what it was."""

from __future__ import annotations

import errno
import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import warnings

import pytest

from safe_langsmith._cli import main as command_module
from safe_langsmith._core.settings import Dotenv

from ...support.thinning import every

KEY = "lsv2_pt_c0ffeec0ffee0123456789abcdef0123_0123456789"
posix = pytest.mark.skipif(os.name == "nt", reason="there are no such signals and descriptors")


class TestWhatTheSdkRefuses:
    def test_endpoint_and_endpoints(self, command, personal):
        ended = command(LANGSMITH_API_KEY=personal, LANGSMITH_RUNS_ENDPOINTS=f'{{"https://x.example": "{KEY}"}}')

        assert (ended.code, ended.err) == (3, "")
        assert "LangSmithUserError: You cannot provide both LANGSMITH_ENDPOINT" in " ".join(ended.out.split())

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("LANGSMITH_TRACING_SAMPLING_RATE", "often"),
            ("LANGSMITH_TRACING_SAMPLING_RATE", KEY),
            ("LANGSMITH_ENDPOINT", "http://[::1"),
            ("LANGSMITH_ENDPOINT", "http://127.0.0.1:99999"),
        ],
    )
    def test_a_value(self, cli, personal, name, value):
        ended = cli(**{"LANGSMITH_API_KEY": personal, name: value})

        assert (ended.code, ended.err) == (3, "")
        assert "Verdict: could not tell (undetermined)" in ended.out

    @pytest.mark.parametrize("address", [KEY, "ftp://127.0.0.1", "api.smith.langchain.com"])
    def test_an_address_that_is_none(self, cli, personal, address):
        ended = cli(LANGSMITH_API_KEY=personal, LANGSMITH_ENDPOINT=address)

        assert (ended.code, ended.err) == (1, "")
        assert "Verdict: problem found: wrong-endpoint (evident)" in ended.out
        assert "it begins with neither https:// nor http://" in " ".join(ended.out.split())

    @pytest.mark.parametrize(
        "config",
        [
            "{no json",
            "[]",
            '{"profiles": []}',
            '{"profiles": {"default": {"api_key": 5}}}',
            '{"profiles": {"default": {"oauth": "c0ffeec0ffee"}}}',
            '{"profiles": {"default": {"api_url": 5, "api_key": "' + KEY + '"}}}',
        ],
    )
    def test_a_broken_config_file(self, cli, tmp_path, config):
        file = tmp_path / "config.json"
        file.write_text(config)
        ended = cli(LANGSMITH_CONFIG_FILE=str(file))

        assert ended.code in (1, 3)
        assert ended.err == ""


class TestStrangeEnvironments:
    """The command as a process of its own, because all of this is read when it starts."""

    @pytest.mark.parametrize(
        ("code", "variables"),
        every(
            4,
            [
                (0, {"LANGSMITH_TRACING": "maybe", "LANGSMITH_HIDE_INPUTS": "maybe", "LANGSMITH_PROFILE": "nowhere"}),
                (0, {"PYTHONIOENCODING": "ascii:strict"}),
                (0, {"PYTHONIOENCODING": "cp1252:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}),
                (0, {"COLUMNS": "1"}),
                (0, {"COLUMNS": "wide", "TERM": "dumb", "LANGSMITH_LOG_LEVEL": "x"}),
                (0, {"HOME": None, "LANGSMITH_CONFIG_FILE": None, "USER": None, "LOGNAME": None, "PATH": None}),
                (0, {"HOME": "nowhere", "LANGSMITH_CONFIG_FILE": os.curdir, "TMPDIR": "/nowhere"}),
                (0, {"LANGSMITH_OTEL_ENABLED": "true", "LANGSMITH_TRACING": "true"}),
                (3, {"LANGSMITH_ENDPOINT": None, "LANGSMITH_RUNS_ENDPOINTS": "{garbage", "HTTPS_PROXY": "http://[::1"}),
                (3, {"LANGSMITH_ENDPOINT": "https://127.0.0.1:9", "REQUESTS_CA_BUNDLE": "/nowhere"}),
                (3, {"http_proxy": "::", "HTTP_PROXY": "::", "no_proxy": "", "NO_PROXY": ""}),
                (1, {"LANGSMITH_API_KEY": "c0ffeec0ffee\n\\u043a"}),
            ],
        ),
    )
    def test_there_is_a_report_and_nothing_else(self, command, personal, code, variables):
        ended = command(**{"LANGSMITH_API_KEY": personal, **variables})

        assert (ended.code, ended.err) == (code, "")
        assert "\nVerdict: " in ended.out

    def test_help_in_a_narrow_terminal(self, command):
        ended = command("--help", COLUMNS="1", PYTHONIOENCODING="ascii:strict")

        assert (ended.code, ended.err) == (0, "")


class TestFiles:
    @pytest.mark.parametrize("content", [b"\xff\xfeL\0", b"\x80\x81", b"no definition at all\n", b"A='open\n" * 9])
    def test_a_strange_env_file_is_passed_over(self, command, personal, tmp_path, content):
        (tmp_path / ".env").write_bytes(content)
        ended = command(LANGSMITH_API_KEY=personal)

        assert (ended.code, ended.err) == (0, "")

    @pytest.mark.parametrize("name", ["nowhere.env", ".", "no\0name"])
    def test_one_that_was_asked_for_must_be_there(self, cli, name):
        ended = cli("--env-file", name)

        assert (ended.code, ended.out) == (2, "")
        assert "could not be read" in ended.err

    @posix
    @pytest.mark.parametrize("arguments", ["", '--env-file "$FILE"'])
    def test_a_directory_that_is_gone(self, personal, environment, tmp_path, arguments):
        gone = tmp_path / "gone"
        gone.mkdir()
        file = tmp_path / ".env"
        file.write_text(f"LANGSMITH_API_KEY={personal}\n")
        line = f'rmdir "{gone}" && "{sys.executable}" -m safe_langsmith {arguments}'
        env = {**environment, "LANGSMITH_API_KEY": personal, "FILE": str(file)}
        ended = subprocess.run(line, shell=True, cwd=gone, env=env, capture_output=True, text=True)

        assert (ended.returncode, ended.stderr) == (0, "")
        assert "Verdict: nothing wrong" in ended.stdout


class TestSecrets:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["--api-key", KEY],
            [f"--api-key={KEY}"],
            ["--api-key", "sk-proj-c0ffeec0ffee"],
            [KEY],
            [f"-v{KEY}"],
            ["-c0ffeec0ffee"],
            [f"--json={KEY}"],
            ["--json=c0ffeec0ffee"],
            ["--endpoint", "c0ffeec0ffee"],
            ["--endpoint", f"https://c0ffeec0ffee@{KEY}:port"],
            ["--env-file", KEY],
        ],
    )
    def test_what_was_typed_in_the_wrong_place_is_not_repeated(self, cli, arguments):
        assert cli(*arguments).code == 2

    def test_a_password_in_the_endpoint(self, cli, server, personal):
        url = server.url.replace("://", "://me:c0ffeec0ffee@")
        assert cli("--endpoint", url, LANGSMITH_API_KEY=personal).code in (0, 1, 3)
        assert cli("--endpoint", url, "--json", LANGSMITH_API_KEY=personal).code in (0, 1, 3)

    @pytest.mark.parametrize("arguments", [[], ["-v"], ["--json"]])
    @pytest.mark.parametrize("below", [False, True])
    def test_a_directory_that_is_named_like_a_key(self, cli, personal, tmp_path, monkeypatch, arguments, below):
        """No line to copy needs it, and the rest shows that it is there and no more."""
        file = tmp_path / KEY / ".env"
        (file.parent / "below").mkdir(parents=True)
        file.write_text(f"LANGSMITH_API_KEY={KEY}\n")
        typed = [] if below else ["--env-file", str(file)]
        if below:
            monkeypatch.chdir(file.parent / "below")
        ended = cli(*typed, *arguments, LANGSMITH_API_KEY=personal)

        assert (ended.code, ended.err) == (0, "")
        assert "If .env is right" in ended.out
        assert "****/.env" in "".join(ended.out.split())
        assert "--env-file" not in ended.out

    def test_such_a_directory_of_a_file_that_may_not_be_read(self, cli, personal, tmp_path, monkeypatch):
        file = Dotenv(str(tmp_path / KEY / ".env"), error=os.strerror(errno.EACCES))
        monkeypatch.setattr("safe_langsmith._cli.check.read_dotenv", lambda path: file)
        ended = cli(LANGSMITH_API_KEY=personal)

        assert "Make .env readable" in ended.out
        assert "chmod" not in ended.out

    def test_whatever_is_raised(self, cli, monkeypatch):
        def fail(*_):
            raise RuntimeError(f"it holds c0ffeec0ffee, and {KEY}")

        monkeypatch.setattr(command_module, "check", fail)
        assert cli() == (3, "", "safe-langsmith: could not tell: RuntimeError\n")

    def test_whatever_looking_raises(self, cli, monkeypatch, personal):
        def fail(client, *_):
            raise RuntimeError(f"it holds {client.api_key}")

        monkeypatch.setattr("safe_langsmith._cli.check.check_client", fail)
        ended = cli(LANGSMITH_API_KEY=personal)

        assert (ended.code, ended.err) == (3, "")
        assert "The check of the client failed. RuntimeError: it holds ****." in ended.out


class TestNothingElseHappens:
    def test_nothing_is_traced_and_nothing_left(self, cli, server, personal, workspace):
        before = set(threading.enumerate())
        assert cli(LANGSMITH_API_KEY=personal, LANGSMITH_TRACING="true").code == 0

        assert [(r.method, r.path) for r in server.requests] == [("GET", "/settings"), ("GET", "/workspaces")]
        assert {thread.name for thread in set(threading.enumerate()) - before} <= {
            "safe-langsmith-probe",
            "fake-langsmith",
        }

    def test_warnings_and_logs_are_as_before(self, cli, personal):
        filters = list(warnings.filters)
        cli(LANGSMITH_API_KEY=personal)

        assert warnings.filters == filters
        assert logging.root.manager.disable == 0

    @pytest.mark.skipif(
        importlib.util.find_spec("langsmith._internal._profiles") is None, reason="this SDK has no profiles"
    )
    def test_offline_renews_no_login(self, cli, server, tmp_path):
        login = {"access_token": "c0ffeec0ffee", "refresh_token": "c0ffeec0ffee", "expires_at": "2020-01-01T00:00:00Z"}
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"profiles": {"default": {"api_url": server.url, "oauth": login}}}))
        ended = cli("--offline", LANGSMITH_CONFIG_FILE=str(config))

        assert ended.code == 3
        assert server.requests == ()


def test_the_script_runs_the_check(monkeypatch, capsys):
    import safe_langsmith.__main__ as script

    monkeypatch.setattr("sys.argv", ["safe-langsmith", "--version"])

    assert script.main() == 0
    assert capsys.readouterr().out.startswith("safe-langsmith ")
