"""Whatever happens: no traceback, no noise, no key, and an exit code that says what it was."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest

from safe_langsmith._cli import command as command_module
from safe_langsmith._cli.command import main
from safe_langsmith.testing.faults import Slow

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
        assert "Verdict: problem found: wrong-endpoint (likely)" in ended.out
        assert "it does not begin with https://" in " ".join(ended.out.split())

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

    def test_whatever_is_raised(self, cli, monkeypatch):
        def fail(options, tell):
            raise RuntimeError(f"it holds c0ffeec0ffee, and {KEY}")

        monkeypatch.setattr(command_module, "look", fail)
        assert cli() == (3, "", "safe-langsmith: could not tell: RuntimeError\n")

    def test_whatever_looking_raises(self, cli, monkeypatch, personal):
        def fail(client, tell):
            raise RuntimeError(f"it holds {client.api_key}")

        monkeypatch.setattr("safe_langsmith._cli.look.examine", fail)
        ended = cli(LANGSMITH_API_KEY=personal)

        assert (ended.code, ended.err) == (3, "")
        assert "Looking at the client failed. RuntimeError: it holds ****." in ended.out


class TestNothingElseHappens:
    def test_nothing_is_traced_and_nothing_left(self, cli, server, personal, workspace):
        before = set(threading.enumerate())
        assert cli(LANGSMITH_API_KEY=personal, LANGSMITH_TRACING="true").code == 0

        assert [(r.method, r.path) for r in server.requests] == [("GET", "/settings")]
        assert {thread.name for thread in set(threading.enumerate()) - before} <= {"safe-langsmith-probe", "stand-in"}

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


class TestTheTerminal:
    @posix
    def test_progress_is_shown_and_taken_back_where_somebody_sits(self, environment, personal, tmp_path):
        import pty

        ours, theirs = pty.openpty()
        env = {**environment, "LANGSMITH_API_KEY": personal}
        ended = subprocess.run(
            [sys.executable, "-m", "safe_langsmith"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs
        )
        os.close(theirs)
        shown = os.read(ours, 1000).decode()
        os.close(ours)

        assert ended.returncode == 0
        assert shown == f"\rAsking the endpoint: GET /settings ...\r{' ' * 38}\r"

    @posix
    def test_a_slow_endpoint_keeps_nobody_guessing(self, environment, server, service, tmp_path):
        """Each question is shown when it is asked, over the one before; standard output gets nothing of it."""
        import pty

        server.fault("GET", "/workspaces", Slow(30.0), times=None)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "safe_langsmith"],
            cwd=tmp_path,
            env={**environment, "LANGSMITH_API_KEY": service},
            stdout=subprocess.PIPE,
            stderr=theirs,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        os.close(theirs)
        shown = ""
        while "GET /workspaces" not in shown:
            shown += os.read(ours, 1000).decode()
        waits = process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        os.close(ours)

        assert waits
        assert "\rAsking the endpoint: GET /settings ...\rAsking the endpoint: GET /workspaces ..." in shown
        assert (process.returncode, out) == (130, b"")

    @posix
    @pytest.mark.parametrize("arguments", [[], ["--json"], ["--help"], ["--version"]])
    def test_a_pipe_that_nobody_reads(self, environment, personal, tmp_path, arguments):
        reading, writing = os.pipe()
        os.close(reading)
        env = {**environment, "LANGSMITH_API_KEY": personal}
        ended = subprocess.run(
            [sys.executable, "-m", "safe_langsmith", *arguments],
            cwd=tmp_path,
            env=env,
            stdout=writing,
            stderr=subprocess.PIPE,
        )
        os.close(writing)

        assert (ended.returncode, ended.stderr) == (0, b"")

    @posix
    @pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
    def test_no_output_at_all(self, environment, personal, tmp_path, closed):
        env = {**environment, "LANGSMITH_API_KEY": personal}
        line = f'"{sys.executable}" -m safe_langsmith {closed}'
        ended = subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True)

        assert (ended.returncode, ended.stderr) == (0, b"")

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
    def test_a_full_disk(self, environment, personal, tmp_path):
        env = {**environment, "LANGSMITH_API_KEY": personal}
        with open("/dev/full", "w") as full:
            ended = subprocess.run(
                [sys.executable, "-m", "safe_langsmith"],
                cwd=tmp_path,
                env=env,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )

        assert ended.returncode == 3
        assert ended.stderr == "safe-langsmith: the report could not be written: No space left on device\n"

    def test_an_interruption(self, cli, monkeypatch):
        def interrupted(options, tell):
            raise KeyboardInterrupt

        monkeypatch.setattr(command_module, "look", interrupted)
        assert cli() == (130, "", "")

    @posix
    def test_an_interruption_while_it_waits(self, environment, server, personal, tmp_path):
        server.fault(None, None, Slow(3.0), times=None)
        process = subprocess.Popen(
            [sys.executable, "-m", "safe_langsmith"],
            cwd=tmp_path,
            env={**environment, "LANGSMITH_API_KEY": personal},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Who runs the tests in the background ignores it, and children inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        until = time.monotonic() + 30
        while not server.requests and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)

        assert process.communicate(timeout=30) == (b"", b"")
        assert process.returncode == 130


def test_the_script_is_the_module():
    import safe_langsmith.__main__

    assert safe_langsmith.__main__.main is main
