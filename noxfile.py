"""Every check of this project, one nox session each. `.ci/run` runs the default ones; `nox --list` lists all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"  # the first one in which a session can require another
nox.options.default_venv_backend = "virtualenv"  # with pip, which the README's commands call
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
DIST = ROOT / "dist"
SITE = ROOT / "site"

SUPPORTED_PYTHONS = ("3.10", "3.11", "3.12", "3.13")
NEXT_PYTHON = "3.14"
RUFF, MYPY = "ruff==0.17.*", "mypy==2.*"
NEWEST_SDK = "langsmith"
OLDEST_SDK = "langsmith==0.4.60"
OLDEST_DEPENDENCIES = ("tenacity==8.2.*", "python-dotenv==1.0.0")
# The versions in which something changed that this library relies on, each with a Python.
SDKS_BETWEEN = (
    ("3.12", "langsmith==0.7.38"),
    ("3.13", "langsmith==0.10.18"),
    ("3.11", "langsmith==0.11.2"),
    ("3.12", "langsmith==0.13.0"),
)

# The tests that depend on the version of the SDK, with the slow ones among them.
SDK_TESTS = (
    "tests/integration/client",
    "tests/integration/calls",
    "tests/integration/tracing",
    "tests/integration/entry_points",
    "tests/integration/forks/test_os_fork.py",
    "tests/integration/generated_client",
    "tests/integration/install/test_install.py",
    "tests/compatibility/sdk_names",
)
# Most of the rest. The sessions `readme_test` and `slow` run all tests.
MOST_TESTS = (
    *SDK_TESTS,
    "tests/unit/core",
    "tests/integration/cli",
    "tests/integration/forks/test_celery.py",
    "tests/integration/forks/test_gunicorn.py",
    "tests/integration/forks/test_processes.py",
    "tests/integration/incidents",
    "tests/integration/fake_server",
    "tests/integration/install/test_programs.py",
    "tests/integration/install/test_run.py",
    "tests/integration/test_examples.py",
    "tests/compatibility/typing",
)
# What starts programs, and the SDK's own entry points: the oldest and the newest SDK show what these need.
PROGRAMS = ("tests/integration/entry_points", "tests/integration/forks", "tests/integration/install")
TESTS = {
    "sdk": SDK_TESTS,
    "most": MOST_TESTS,
    "most and faults": (*MOST_TESTS, "tests/robustness/faults"),
    "calls": tuple(path for path in SDK_TESTS if not path.startswith(PROGRAMS)),
    "sdk without httpx": tuple(path for path in SDK_TESTS if "generated_client" not in path),
}

# pyenv keeps its interpreters off the PATH, and puts commands there that fail.
for folder in Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.*/bin"):
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def python(version: str) -> str:
    """Return this version if the machine has such a Python, or else the version that runs nox, with a message."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version == running:
        return version
    if command := shutil.which(f"python{version}"):
        works = subprocess.run([command, "-c", ""], capture_output=True, check=False)
        if works.returncode == 0:
            return version
    print(f"Python {version} is not on this machine; Python {running} takes its place.", file=sys.stderr)
    return running


PYTHONS = {version: python(version) for version in SUPPORTED_PYTHONS}


def matrix_row(version: str, sdk: str, tests: str) -> nox._parametrize.Param:
    """Return the parameters of one session of a matrix."""
    return nox.param(PYTHONS[version], sdk, tests, id=f"{PYTHONS[version]}, {sdk}, {tests}")


def copy_tree(session: nox.Session) -> Path:
    """Copy what tests and docs read, but not the package: without it beside them, they import the installed wheel."""
    tree = Path(session.virtualenv.location) / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    for name in (".ci", "benchmarks", "docs", "examples", "tests"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.md"), ROOT / "LICENSE", ROOT / "pyproject.toml", ROOT / "noxfile.py"):
        shutil.copy(path, tree)
    return tree


def wheel() -> str:
    """Return the path of the wheel that the session `package` built."""
    (path,) = DIST.glob("*.whl")
    return str(path)


def check_that_the_wheel_is_imported(session: nox.Session) -> None:
    """Fail if Python imports the package from a checkout, and print what it does import."""
    session.run(
        "python",
        "-c",
        "import sys, langsmith, safe_langsmith as ours\n"
        "print('Python', sys.version.split()[0], 'langsmith', langsmith.__version__, ours.__file__)\n"
        "sys.exit('site-packages' not in ours.__file__)",
        log=False,
    )


def install_wheel(session: nox.Session, *requirements: str) -> None:
    """Install the wheel and further requirements, and change to a folder in which Python imports that wheel."""
    session.install(f"{wheel()}[test]", *requirements)
    session.chdir(copy_tree(session))
    check_that_the_wheel_is_imported(session)


def pytest(session: nox.Session, *arguments: str) -> None:
    """Run tests in one process more than there are processors: many tests wait for a server or a program."""
    session.run("python", "-m", "pytest", "-q", "-n", str((os.cpu_count() or 1) + 1), *arguments)


def readme_command(heading: str) -> str:
    """Return the first code block in the README's section of that name."""
    section = (ROOT / "README.md").read_text("utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return section.split("```")[1].partition("\n")[2]


@nox.session
def readme_run(session: nox.Session) -> None:
    """Run the README's command under "Run it"."""
    printed = session.run("bash", "-euc", readme_command("Run it"), external=True, silent=True)
    if "permission-denied: Personal access token" not in str(printed):
        session.error(f"The quickstart did not print a diagnosis:\n{printed}")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and the package's own types."""
    session.install(".", RUFF, MYPY, "types-requests", "pytest>=8.2")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("mypy", "--python-version", "3.10")


@nox.session
def package(session: nox.Session) -> None:
    """Build the source distribution and the wheel into dist/, and check that they are reproducible and complete."""
    session.install("-r", ".ci/package-requirements.txt")
    session.run("python", ".ci/package.py", str(DIST))


@nox.session(requires=["package"])
def types(session: nox.Session) -> None:
    """Check what type checkers and editors see of the wheel."""
    session.install("-r", ".ci/types-requirements.txt", f"{wheel()}[test]")
    session.run("pyright", "--warnings")
    tree = copy_tree(session)
    usage = tree / "tests/compatibility/typing"
    shutil.move(tree / "examples", usage)
    session.chdir(usage)
    check_that_the_wheel_is_imported(session)
    printed = session.run("pyright", "--verifytypes", "safe_langsmith", "--ignoreexternal", silent=True)
    if "completeness score: 100%" not in str(printed):
        session.error(f"The public types are incomplete:\n{printed}")
    session.run("pyright", "--warnings", "--pythonversion", "3.10")
    files = ["usage.py", "places.py", "mistakes.py", *map(str, Path("examples").glob("*.py"))]
    session.run("mypy", "--strict", "--python-version", "3.10", *files)
    session.run("python", "completion.py")
    pytest(session, "-n0", "test_signatures.py")


@nox.session(requires=["package"])
def docs(session: nox.Session) -> None:
    """Build the documentation into site/ with warnings as errors, check it, and run its examples and the notebook."""
    install_wheel(session, "-r", "docs/requirements.txt")
    shutil.rmtree(SITE, ignore_errors=True)
    doctrees = session.virtualenv.location + "/doctrees"
    session.run("sphinx-build", "-W", "--keep-going", "-n", "-q", "-b", "html", "-d", doctrees, "docs", str(SITE))
    session.run("python", ".ci/check_docs.py", str(SITE))
    pytest(session, "-m", "", "tests/docs", "tests/integration/notebook")


@nox.session(requires=["package"])
def upstream(session: nox.Session) -> None:
    """Run the unit tests of the newest SDK with its own clients and with ours."""
    sdk = Path(session.virtualenv.location) / "sdk"
    download = ("python", "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "langsmith")
    session.run(*download, "-d", str(sdk), NEWEST_SDK)
    (archive,) = sdk.glob("langsmith-*.tar.gz")
    shutil.unpack_archive(archive, sdk)
    source = sdk / archive.name.removesuffix(".tar.gz")
    shutil.copy(".ci/upstream_plugin.py", source)
    # What those tests import, in the versions that the SDK is tested with.
    lock = (source / "requirements-dev.lock").read_text("utf-8")
    needs = (
        "attrs dataclasses-json langchain-anthropic langchain-core langchain-openai multipart "
        "opentelemetry-exporter-otlp-proto-http pytest pytest-asyncio pytest-socket pytest-timeout pytest-xdist rich"
    ).split()
    pinned = [line.split()[0] for line in lock.splitlines() if line.partition("==")[0] in needs]
    if len(pinned) < len(needs):
        session.error(f"requirements-dev.lock of the SDK lacks some of {needs}")
    session.install(wheel(), f"langsmith=={source.name.partition('-')[2]}", *pinned)
    # The SDK reads settings and a profile from the environment and the home directory.
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    home = source / "home"
    home.mkdir(exist_ok=True)
    session.run(
        "python", ".ci/upstream.py", str(source), env={"HOME": str(home), **environment}, include_outer_env=False
    )


@nox.session(requires=["package"])
@nox.parametrize(
    "python,langsmith,tests",
    [
        matrix_row("3.10", OLDEST_SDK, "most and faults"),
        matrix_row("3.13", NEWEST_SDK, "sdk"),
        # The last SDK for Python 3.10.
        matrix_row("3.10", NEWEST_SDK, "sdk without httpx"),
        *(matrix_row(version, sdk, "calls") for version, sdk in SDKS_BETWEEN),
    ],
)
def matrix(session: nox.Session, langsmith: str, tests: str) -> None:
    """Run the tests that a Python or an SDK can break, on the wheel."""
    install_wheel(session, langsmith, *(OLDEST_DEPENDENCIES if langsmith == OLDEST_SDK else ()))
    if tests == "sdk without httpx":
        session.run("python", "-m", "pip", "uninstall", "-qy", "httpx", "pytest-httpx")
    pytest(session, *TESTS[tests])


@nox.session(requires=["package"], default=False)
@nox.parametrize(
    "python,langsmith",
    [
        nox.param(version, sdk, id=f"{version}, {sdk}")
        for version, sdk in (
            *((version, sdk) for version in SUPPORTED_PYTHONS for sdk in (OLDEST_SDK, NEWEST_SDK)),
            *SDKS_BETWEEN,
            (NEXT_PYTHON, NEWEST_SDK),
        )
    ],
)
def suite(session: nox.Session, langsmith: str) -> None:
    """Run all tests on the wheel, the slow ones, too. Only GitHub runs this; it fails if the Python is missing."""
    oldest = (session.python, langsmith) == (SUPPORTED_PYTHONS[0], OLDEST_SDK)
    install_wheel(session, langsmith, *(OLDEST_DEPENDENCIES if oldest else ()))
    pytest(session, "-m", "")


@nox.session(requires=["package"], default=False)
def search(session: nox.Session) -> None:
    """Search with random examples and random seeds. Only GitHub runs this, once a week."""
    install_wheel(session)
    seed = str(int(time.time()))
    pytest(session, "--hypothesis-profile=random", "-m", "", "tests/property")
    session.run("python", "-m", "tests.property.differential", "20000", seed)
    session.run("python", "benchmarks/stress.py", "600", seed)


@nox.session
def readme_test(session: nox.Session) -> None:
    """Run the README's command under "Test it"."""
    session.run("bash", "-euc", readme_command("Test it"), external=True)


@nox.session(requires=["package"])
def slow(session: nox.Session) -> None:
    """Run the tests that the README's command leaves out, and a program that needs further packages, on the wheel."""
    install_wheel(session)
    pytest(session, "-m", "slow", "--ignore=tests/docs")
    session.install("langgraph-cli[inmem]>=0.4")
    pytest(session, "-n0", "tests/integration/install/test_programs.py", "-k", "langgraph")
