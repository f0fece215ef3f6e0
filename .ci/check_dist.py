"""Checks what is in a source distribution and a wheel: check_dist.py TREE WHEEL-AND-SDIST... Run by `.ci/package`."""

from __future__ import annotations

import os
import re
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

from trove_classifiers import classifiers, deprecated_classifiers

PACKAGE = "safe_langsmith"
# What the source distribution has beside the package.
SHIPPED = ("tests", "examples", "benchmarks", "docs")
# What the wheel has from elsewhere, and where.
PAGES, PAGES_IN_WHEEL = "docs/causes", f"{PACKAGE}/causes"
FILES = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml", ".gitignore", "PKG-INFO"}
JUNK = re.compile(r"__pycache__|\.py[co]$|\.egg-info|\.DS_Store|/\.|\.env$|~$|\.orig$|\.rej$|\.log$")


def files_below(tree: Path, *names: str) -> set[str]:
    """Returns the files in some folders of a tree, relative to it."""
    return {path.relative_to(tree).as_posix() for name in names for path in (tree / name).rglob("*") if path.is_file()}


def same(what: str, found: set[str], expected: set[str]) -> None:
    """Ends the check where two lists of files differ."""
    if found != expected:
        more, missing = sorted(found - expected)[:5], sorted(expected - found)[:5]
        sys.exit(f"{what} has files that it should not have: {more}; and lacks: {missing}")


def check_wheel(wheel: Path, tree: Path) -> Message:
    """Checks that the wheel holds the package and nothing else, and returns its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name.partition("/")[0] for name in names if name.partition("/")[0].endswith(".dist-info"))
        about = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
        pages = {name.replace(PAGES, PAGES_IN_WHEEL) for name in files_below(tree, PAGES)}
        same("The wheel", names, files_below(tree, PACKAGE) | pages | about)
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    if f"{PACKAGE}/py.typed" not in names:
        sys.exit("The wheel lacks py.typed: type checkers would not look at it")
    if not wheel.name.endswith("-py3-none-any.whl"):
        sys.exit(f"{wheel.name} is not for every Python and system")
    return metadata


def check_sdist(sdist: Path, tree: Path) -> None:
    """Checks that the source distribution is complete and tells nothing of the machine it was built on."""
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    top = sdist.name.removesuffix(".tar.gz")
    names = {member.name.removeprefix(f"{top}/") for member in members if not member.isdir()}
    same("The source distribution", names, files_below(tree, PACKAGE, *SHIPPED) | FILES)
    same_everywhere = (0, 0, int(os.environ["SOURCE_DATE_EPOCH"]))
    for member in members:
        if (member.uid, member.gid, member.mtime) != same_everywhere or member.mode not in (0o644, 0o755):
            sys.exit(f"{member.name} in the source distribution has an owner, a date or a mode of its own")


def check_metadata(metadata: Message, tree: Path) -> None:
    """Checks classifiers and licence, and that everything tells the same version."""
    found = metadata.get_all("Classifier", [])
    unknown = [name for name in found if name not in classifiers or name in deprecated_classifiers]
    if unknown:
        sys.exit(f"No such classifiers: {unknown}")
    if metadata["License-Expression"] != "MIT" or metadata["License-File"] != "LICENSE":
        sys.exit("The licence is not told as an SPDX expression with its file")

    code = (tree / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    changelog = (tree / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = {
        "the package's metadata": metadata["Version"],
        "__version__": (re.findall(r'^__version__ = "(.+)"$', code, re.M) or [None])[0],
        "the newest heading of CHANGELOG.md": (re.findall(r"^## \[(\d.*?)\]", changelog, re.M) or [None])[0],
    }
    if len(set(versions.values())) > 1:
        sys.exit("The version is " + ", ".join(f"{version} in {place}" for place, version in versions.items()))


def main(tree: Path, distributions: list[Path]) -> None:
    """Checks what was built from a tree."""
    wheel = next(path for path in distributions if path.suffix == ".whl")
    sdist = next(path for path in distributions if path.name.endswith(".tar.gz"))
    junk = [name for name in files_below(tree, PACKAGE, *SHIPPED) if JUNK.search(name)]
    if junk:
        sys.exit(f"Nobody wants {junk}")
    check_metadata(check_wheel(wheel, tree), tree)
    check_sdist(sdist, tree)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
