"""Build the source distribution and the wheel into a folder, and check them: package.py FOLDER.

The nox session `package` runs this, with the tools of package-requirements.txt.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

from trove_classifiers import classifiers, deprecated_classifiers

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "safe_langsmith"
# The folders that the source distribution has beside the package.
SHIPPED = ("tests", "examples", "benchmarks", "docs")
FILES = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", ".gitignore", "PKG-INFO"}
# The folder that the wheel has under another name.
PAGES, PAGES_IN_WHEEL = "docs/causes", f"{PACKAGE}/causes"
JUNK = re.compile(r"__pycache__|\.py[co]$|\.egg-info|\.DS_Store|/\.|\.env$|~$|\.orig$|\.rej$|\.log$")
NOT_SOURCE = ".git .venv .nox .*_cache .hypothesis __pycache__ *.egg-info build _build dist site"
# The date of the files if there is no commit: a fixed one, because the archives contain it.
NO_COMMIT = "1580601600"


def git(*arguments: str) -> str | None:
    """Return what git prints, or None if this is not a repository or git is not installed."""
    if not (ROOT / ".git").exists():
        return None
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def copy_source(folder: Path) -> None:
    """Copy the working tree without the files that git ignores, or without what builds and tests leave behind."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCE.split()))
        return
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def build(source: Path, out: Path, *options: str, umask: int, **environment: str) -> list[Path]:
    """Build both archives with pypa's `build`, and return their paths."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(out), "."]
    built = subprocess.run(
        command, cwd=source, env={**os.environ, **environment}, umask=umask, capture_output=True, text=True, check=False
    )
    if built.returncode:
        sys.exit(built.stdout + built.stderr)
    return sorted(out.iterdir())


def build_twice(work: Path) -> list[Path]:
    """Build from two copies that differ in name, dates, modes, time zone and locale; fail if the archives differ.

    The first wheel is built from the unpacked source distribution, as pip does for a user who installs from source; the
    second one from the tree.
    """
    one, other = work / "one", work / "elsewhere" / "another"
    copy_source(one)
    copy_source(other)
    for path in other.rglob("*"):
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
        os.utime(path)
    first = build(one, work / "first", umask=0o022)
    second = build(
        other, work / "second", "--sdist", "--wheel", umask=0o077, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="1"
    )
    for path, again in zip(first, second, strict=True):
        if path.name != again.name or not filecmp.cmp(path, again, shallow=False):
            sys.exit(f"{path.name} differs each time it is built")
    return first


def files_below(tree: Path, *names: str) -> set[str]:
    """Return the files in some folders of a tree, relative to it."""
    return {path.relative_to(tree).as_posix() for name in names for path in (tree / name).rglob("*") if path.is_file()}


def require_same(what: str, found: set[str], expected: set[str]) -> None:
    """Fail if two lists of files differ."""
    if found != expected:
        more, missing = sorted(found - expected)[:5], sorted(expected - found)[:5]
        sys.exit(f"{what} has files that it should not have: {more}; and lacks: {missing}")


def check_wheel(wheel: Path, tree: Path) -> Message:
    """Check that the wheel holds the package and nothing else, and return its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name.partition("/")[0] for name in names if name.partition("/")[0].endswith(".dist-info"))
        about = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
        pages = {name.replace(PAGES, PAGES_IN_WHEEL) for name in files_below(tree, PAGES)}
        require_same("The wheel", names, files_below(tree, PACKAGE) | pages | about)
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    if f"{PACKAGE}/py.typed" not in names:
        sys.exit("The wheel lacks py.typed, without which type checkers ignore the annotations")
    if not wheel.name.endswith("-py3-none-any.whl"):
        sys.exit(f"{wheel.name} does not work with every Python and system")
    return metadata


def check_sdist(sdist: Path, tree: Path) -> None:
    """Check that the source distribution is complete and shows nothing of the machine that built it."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    top = sdist.name.removesuffix(".tar.gz")
    names = {member.name.removeprefix(f"{top}/") for member in members if not member.isdir()}
    require_same("The source distribution", names, files_below(tree, PACKAGE, *SHIPPED) | FILES)
    same_everywhere = (0, 0, int(os.environ["SOURCE_DATE_EPOCH"]))
    for member in members:
        if (member.uid, member.gid, member.mtime) != same_everywhere or member.mode not in (0o644, 0o755):
            sys.exit(f"{member.name} in the source distribution has the owner, date or mode of this machine's file")


def check_metadata(metadata: Message, tree: Path) -> None:
    """Check the classifiers and the licence, and that the newest entry of the changelog is about this version."""
    found = metadata.get_all("Classifier", [])
    unknown = [name for name in found if name not in classifiers or name in deprecated_classifiers]
    if unknown:
        sys.exit(f"PyPI does not know the classifiers {unknown}")
    if metadata["License-Expression"] != "MIT" or metadata["License-File"] != "LICENSE":
        sys.exit("The licence is not given as an SPDX expression with its file")
    newest = re.search(r"^## \[(\d.*?)\]", (tree / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    if not newest or newest[1] != metadata["Version"]:
        sys.exit(f"The version is {metadata['Version']}, and the newest one in CHANGELOG.md {newest and newest[1]}")


def main(out: Path) -> None:
    """Build, check, and copy the result to a folder."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", (git("log", "-1", "--format=%ct") or NO_COMMIT).strip())
    with tempfile.TemporaryDirectory() as folder:
        work, tree = Path(folder), Path(folder) / "one"
        sdist, wheel = sorted(build_twice(work), key=lambda path: path.suffix == ".whl")
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)], check=True)
        junk = [name for name in files_below(tree, PACKAGE, *SHIPPED) if JUNK.search(name)]
        if junk:
            sys.exit(f"These files do not belong in a distribution: {junk}")
        check_metadata(check_wheel(wheel, tree), tree)
        check_sdist(sdist, tree)
        for old in out.glob(f"{PACKAGE}-*"):
            old.unlink()
        out.mkdir(exist_ok=True)
        for path in (sdist, wheel):
            shutil.copy(path, out)
            print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
