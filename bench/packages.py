"""Packages as the bench of ``adopt`` sees them: their repository, wheel, tests and pipeline."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from desk import git, run

SECONDS_OF_TESTS = 600
RAISED = re.compile(r"\w+Error: .*")
ONLY_BUILDING_WROTE = re.compile(r"\[egg_info\]|tag_(build|date)\b.*|\s*")
WRITTEN = "don't track in version control"
Lines = Counter[str]


def repository(source: Path, folder: Path) -> Path:
    """A repository with one commit and one version tag: of an sdist, or a clone of a repository."""
    if source.is_dir():
        git(source.parent, "clone", "-q", source.resolve(), folder)
        return folder
    with tarfile.open(source) as archive:
        archive.extractall(folder.parent, filter="data")
        top = archive.getnames()[0].partition("/")[0]
    unpacked = folder.with_name(top)
    if unpacked != folder:
        unpacked.rename(folder)
    remove_what_building_wrote(folder)
    version = source.name.removesuffix(".tar.gz").rpartition("-")[2]
    git(folder, "init", "-q")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-q", "-m", f"Release {version}")
    git(folder, "tag", f"v{version}")
    return folder


def remove_what_building_wrote(folder: Path) -> None:
    """An sdist holds more than its repository did."""
    (folder / "PKG-INFO").unlink(missing_ok=True)
    for made in folder.rglob("*.egg-info"):
        shutil.rmtree(made)
    for written in folder.rglob("*version.py"):  # by tools that take the version from git
        if WRITTEN in written.read_text()[:300]:
            written.unlink()
    setup = folder / "setup.cfg"
    if setup.is_file() and all(
        ONLY_BUILDING_WROTE.fullmatch(line) for line in setup.read_text().splitlines()
    ):
        setup.unlink()


def move_tags(folder: Path) -> None:
    """Let the version tags name the newest commit: versions come from them."""
    for tag in git(folder, "tag").decode().split():
        git(folder, "tag", "--force", tag, "HEAD")


def texts(folder: Path, commit: str) -> dict[str, Lines]:
    """Path → lines of every text file of a commit; without white space and a comma at the end."""
    found = {}
    for entry in git(folder, "ls-tree", "-r", "-z", commit).decode().split("\0"):
        info, _, path = entry.partition("\t")
        if " blob " not in info:  # a submodule has no text here
            continue
        content = git(folder, "cat-file", "blob", f"{commit}:{path}")
        if b"\0" not in content[:8000]:
            lines = content.decode(errors="surrogateescape").splitlines()
            stripped = (line.strip().removesuffix(",").rstrip() for line in lines)
            found[path] = Counter(line for line in stripped if line)
    return found


@dataclass
class Lost:
    """What a project had, and has no more."""

    files: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)


def lost(folder: Path, before: str, after: str) -> Lost:
    """Files that are gone, and lines that are gone from their file."""
    old, new = texts(folder, before), texts(folder, after)
    every = set(git(folder, "ls-tree", "-r", "-z", "--name-only", before).decode().split("\0"))
    still = set(git(folder, "ls-tree", "-r", "-z", "--name-only", after).decode().split("\0"))
    lines = [
        (path, line)
        for path, count in old.items()
        for line in (count - new.get(path, Counter())).elements()
    ]
    return Lost(sorted(every - still), lines)


@dataclass(frozen=True)
class Wheel:
    """What is in a wheel: the content of its files by path, and the metadata that users meet."""

    files: Mapping[str, bytes]
    metadata: Mapping[str, list[str]]


KEYS = ("Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra")


def build(folder: Path, out: Path) -> Wheel | str:
    """The wheel of a project; where it cannot be built, what was raised, or the last words."""
    done = run(["uv", "build", "--wheel", "-q", "--out-dir", out, "."], folder, environment())
    made = sorted(out.glob("*.whl"))
    if done.status or not made:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raised = [line for line in said if RAISED.fullmatch(line)]
        return (raised or said or ["no wheel"])[-1]
    with zipfile.ZipFile(made[0]) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    files, metadata = {}, {}
    for name, content in contents.items():
        if name.endswith(".dist-info/METADATA"):
            metadata = headers(content.decode(errors="replace"))
        elif name.endswith("/entry_points.txt") or ".dist-info/" not in name:
            files[name] = content
    return Wheel(files, metadata)


def headers(text: str) -> dict[str, list[str]]:
    """The headers of metadata that a comparison is about."""
    head = text.partition("\n\n")[0].splitlines()
    return {
        key: sorted(line.partition(": ")[2] for line in head if line.startswith(f"{key}: "))
        for key in KEYS
    }


def differences(before: Wheel, again: Wheel, after: Wheel) -> list[str]:
    """What differs between two wheels, by name.

    Of files that no two builds make alike it counts that they are there.
    """
    paths = before.files.keys() | after.files.keys()
    vague = set(unstable(before, again))
    own = [
        path
        for path in sorted(paths)
        if (path in before.files) != (path in after.files)
        or (path not in vague and before.files[path] != after.files[path])
    ]
    return own + [key for key in KEYS if before.metadata.get(key) != after.metadata.get(key)]


def unstable(before: Wheel, again: Wheel) -> list[str]:
    """Files that differ between two builds of the same files at two commits.

    Compiled ones that hold the path of the build, for example.
    """
    return sorted(path for path, data in before.files.items() if data != again.files.get(path))


class Bench:
    """An environment to run a project's own tests in."""

    def __init__(self, folder: Path, seconds: int = SECONDS_OF_TESTS) -> None:
        self.folder = folder
        self.seconds = seconds
        self.python = folder / "bin/python"
        run(["uv", "venv", "-q", folder], folder.parent, environment())

    def install(self, *what: str | Path) -> bool:
        command = ["uv", "pip", "install", "-q", "--python", self.python, *what]
        return run(command, self.folder.parent, environment()).status == 0

    def prepare(self, project: Path, more: Iterable[str] = ()) -> bool:
        """Install a project with what its tests need, and with more that it does not name."""
        if more and not self.install(*more):
            return False
        needs = [each for each in groups(project).get("test", []) if isinstance(each, str)]
        return self.install("-e", project, *needs) or self.install("-e", project, "pytest")

    def tests(self, project: Path, path: str) -> dict[str, str] | str:
        """Outcome of each test by its name; a word where they do not run."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        command: list[str | Path] = [
            "timeout",
            str(self.seconds),
            self.python,
            "-m",
            "pytest",
            "-q",
            path,
        ]
        command += [
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
            f"--junitxml={report}",
        ]
        done = run(command, project, environment(), self.seconds + 60)
        if not report.is_file():
            return "too long" if done.status == 124 else "no report"  # noqa: PLR2004
        return dict(outcomes(ET.parse(report)))


def groups(project: Path) -> dict[str, list[object]]:
    path = project / "pyproject.toml"
    data = tomllib.loads(path.read_text()) if path.is_file() else {}
    found = data.get("dependency-groups", {})
    return found if isinstance(found, dict) else {}


def outcomes(report: ET.ElementTree[Any]) -> Iterator[tuple[str, str]]:
    for case in report.iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        yield f"{case.get('classname')}.{case.get('name')}", kinds[0] if kinds else "passed"


def worse(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Tests that passed before and do not now."""
    return sorted(
        name for name, kind in before.items() if kind == "passed" != after.get(name, "missing")
    )


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
