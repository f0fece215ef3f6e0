"""The call paths that go through httpx or httpx2, with pytest-httpx in the middle.

pytest-httpx patches `httpx` and is blind to `httpx2`, which newer SDKs use, unless `httpx2` takes its name before
pytest loads its plugins. So these tests run in a process that begins with that.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
START = """
import sys
if sys.argv[-1] == "httpx2":
    import httpx2
    httpx2.alias_httpx()
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning", sys.argv[1]]))
"""


def library_of_the_sdk() -> str:
    code = "import sys, langsmith.async_client; print('httpx2' if 'httpx2' in sys.modules else 'httpx')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_on_the_library_that_the_sdk_uses():
    pytest.importorskip("pytest_httpx")
    library = library_of_the_sdk()
    result = subprocess.run(
        [sys.executable, "-c", START, str(HERE / "suite.py"), library], capture_output=True, text=True
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "passed" in result.stdout
