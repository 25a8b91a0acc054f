"""Write the locks in this folder: ``nox -s lock`` runs this.

There is a file for each dependency group of pyproject.toml, for what the project needs (runtime),
for each of its extras, and for what builds it (build-system). A file holds the packages that its
own requirements ask for; those of a group that it includes stand in that group's file. Versions
hold on every Python and system, each with the hash of every file of it. No address
of a package index is written down: where packages come from is a matter of the machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
# What hatchling asks for besides, when the installation is an editable one.
EDITABLE = "editables>=0.3,<1"
# What wants other versions than the rest, which agrees on one of each package.
ALONE = {"citation", "crate"}
# What the jobs of a fleet's repository install: lisa-scaffold is built there, from its tag.
FLEET = ROOT / "template/fleet.txt"
FLEET_PARTS = ("build-system", "runtime", "gitlab")
FLEET_HEADER = """\
# What a job that holds the token of a fleet installs, with the hash of every file of it.
# This file belongs to lisa-scaffold, which renews it: nobody edits it here.
"""
HEADER = "# Written by `nox -s lock`: change pyproject.toml, and run it.\n"
PIN = re.compile(r"^[\w.-]+==(?:.*\\\n)*.*\n", flags=re.MULTILINE)


class Part(NamedTuple):
    """What is locked together in a file of its own."""

    requirements: list[str]
    includes: list[str]


def read_parts() -> dict[str, Part]:
    """All that is locked, by the name of its file; what is included comes before."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    parts = {
        "build-system": Part([*pyproject["build-system"]["requires"], EDITABLE], []),
        "runtime": Part(project["dependencies"], []),
    }
    for extra, requirements in project["optional-dependencies"].items():
        parts[extra] = Part(requirements, ["runtime"])
    for group in pyproject["dependency-groups"]:
        _add_group(parts, pyproject["dependency-groups"], group)
    return parts


def _add_group(parts: dict[str, Part], groups: dict[str, list[Any]], name: str) -> None:
    includes = [entry["include-group"] for entry in groups[name] if isinstance(entry, dict)]
    for included in includes:
        _add_group(parts, groups, included)
    own = [entry for entry in groups[name] if isinstance(entry, str)]
    parts.setdefault(name, Part(own, includes))


def with_included(parts: dict[str, Part], *names: str) -> list[str]:
    """Names of parts, and of all that they include, however deep."""
    found = dict.fromkeys(names)
    for name in names:
        found |= dict.fromkeys(with_included(parts, *parts[name].includes))
    return list(found)


def pins(path: Path) -> list[str]:
    """The locked packages of a file, each with its marker and hashes; none without the file."""
    return PIN.findall(path.read_text(encoding="utf-8")) if path.exists() else []


def write_locks(folder: Path, options: list[str]) -> None:
    """Write every lock into a folder.

    Parameters
    ----------
    folder
        Where the locks are, or will be.
    options
        What uv is told about newer versions, such as ``--upgrade``.
    """
    parts = read_parts()
    agreed = [name for name in parts if name not in ALONE]
    before = {name: pins(folder / f"{name}.txt") for name in parts}
    with tempfile.TemporaryDirectory() as scratch:
        everything, draft = Path(scratch, "everything.txt"), Path(scratch, "draft.txt")
        everything.write_text("".join(set().union(*(before[name] for name in agreed))))
        _compile(
            [line for name in agreed for line in parts[name].requirements], everything, options
        )
        for name, part in parts.items():
            draft.write_text("".join(before[name]) if name in ALONE else "")
            same = options if name in ALONE else [f"--constraint={everything}"]
            _compile(part.requirements, draft, same)
            above = with_included(parts, *part.includes)
            elsewhere = {pin for other in above for pin in pins(folder / f"{other}.txt")}
            lines = [f"--requirement {other}.txt\n" for other in part.includes]
            lines += [pin for pin in pins(draft) if pin not in elsewhere]
            target = folder / f"{name}.txt"
            target.write_text("".join([HEADER, *lines]), encoding="utf-8")


def _compile(requirements: list[str], target: Path, options: list[str]) -> None:
    """Let uv write the pins of requirements; those that the file has are kept where they can be."""
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11"]
    command += ["--generate-hashes", "--no-annotate", "--no-header"]
    command += ["--no-emit-index-url", "--no-emit-find-links", f"--output-file={target}", *options]
    subprocess.run([*command, "-"], input="\n".join(requirements), text=True, cwd=ROOT, check=True)


def make_fleet_lock(folder: Path) -> str:
    """What the jobs of a fleet install: lisa-scaffold's own locks, in one file."""
    found = sorted({pin for name in FLEET_PARTS for pin in pins(folder / f"{name}.txt")})
    return FLEET_HEADER + "".join(pin for pin in found if not pin.startswith("editables="))


if __name__ == "__main__":
    here = Path(__file__).parent
    write_locks(here, sys.argv[1:] or ["--upgrade"])
    FLEET.write_text(make_fleet_lock(here), encoding="utf-8")
