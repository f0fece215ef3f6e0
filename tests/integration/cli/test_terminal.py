"""What stands on a terminal, and what is done where there is none, a broken pipe, a full disk or an interruption."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time

import pytest

from safe_langsmith._cli import main as command_module
from safe_langsmith.testing.faults import Slow

posix = pytest.mark.skipif(os.name == "nt", reason="there are no such signals and descriptors")


@pytest.fixture
def on_a_terminal(environment, tmp_path):
    """Runs the command with standard output on a terminal, and returns what is shown there."""
    import pty

    def run(*arguments, **variables):
        ours, theirs = pty.openpty()
        env = {**environment, "TERM": "xterm", **variables}
        process = subprocess.Popen(
            [sys.executable, "-m", "safe_langsmith", *arguments],
            cwd=tmp_path,
            env=env,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 10_000)
            except OSError:  # Linux ends a terminal like this.
                break
            if not part:
                break
            shown += part
        process.wait(timeout=30)
        os.close(ours)
        return shown.decode()

    return run


@posix
class TestColours:
    def test_they_mark_the_verdict_and_the_problems(self, on_a_terminal, personal):
        shown = on_a_terminal(LANGSMITH_API_KEY=personal, LANGSMITH_WORKSPACE_ID="1")
        assert "\x1b[31m[!!]\x1b[0m" in shown
        assert "\x1b[31;1mVerdict: problem found" in shown

    @pytest.mark.parametrize(
        ("arguments", "variables"),
        [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
        ids=["--no-color", "NO_COLOR", "a simple terminal"],
    )
    def test_who_wants_none_gets_none(self, on_a_terminal, personal, arguments, variables):
        shown = on_a_terminal(*arguments, LANGSMITH_API_KEY=personal, **variables)
        assert "Verdict: nothing wrong" in shown
        assert "\x1b" not in shown

    def test_a_pipe_gets_none(self, command, personal):
        assert "\x1b" not in command(LANGSMITH_API_KEY=personal, TERM="xterm").out

    def test_a_page_has_headings(self, on_a_terminal):
        assert "\x1b[1mWhat to do\x1b[0m" in on_a_terminal("--explain", "key-missing")


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
        assert shown == f"\rProbing the endpoint: GET /settings ...\r{' ' * 39}\r"

    @posix
    @pytest.mark.parametrize("columns", [1, 20])
    def test_progress_fits_a_narrow_terminal(self, environment, personal, tmp_path, columns):
        """What has gone over to a second line could not be wiped."""
        import fcntl
        import pty
        import termios

        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        env = {**environment, "LANGSMITH_API_KEY": personal}
        subprocess.run(
            [sys.executable, "-m", "safe_langsmith"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=theirs
        )
        os.close(theirs)
        shown = os.read(ours, 1000).decode()
        os.close(ours)

        text = "Probing the endpoint: GET /settings ..."[: columns - 1]
        assert shown == f"\r{text}\r{' ' * len(text)}\r"

    @posix
    def test_progress_tells_questions_apart(self, environment, personal, tmp_path):
        import pty

        ours, theirs = pty.openpty()
        env = {**environment, "LANGSMITH_API_KEY": personal}
        subprocess.run(
            [sys.executable, "-m", "safe_langsmith", "--workspace-id", "33333333-aaaa-4aaa-8aaa-333333333333"],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        shown = os.read(ours, 4000).decode()
        os.close(ours)

        assert "GET /workspaces ..." in shown
        assert "GET /workspaces?include_deleted=true ..." in shown

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
        assert "\rProbing the endpoint: GET /settings ...\rProbing the endpoint: GET /workspaces ..." in shown
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

    @posix
    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
    @pytest.mark.parametrize("stdout", ["", ">/dev/full", ">&-"])
    @pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
    def test_wrong_arguments_exit_with_2_even_if_that_cannot_be_said(self, stdout, stderr, environment, tmp_path):
        line = f'"{sys.executable}" -m safe_langsmith --nonsense {stdout} {stderr}'
        assert subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True).returncode == 2

    @posix
    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
    @pytest.mark.parametrize("typed", ["--help", "--version", "--explain"])
    def test_what_cannot_be_written_is_no_success(self, typed, environment, tmp_path):
        line = f'"{sys.executable}" -m safe_langsmith {typed} >/dev/full 2>/dev/full'
        assert subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True).returncode == 3

    def test_an_interruption(self, cli, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(command_module, "check", interrupted)
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
