"""``lisa-scaffold merge-driver``: let plain git merge files by their parts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from lisa_scaffold import files
from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import tell
from lisa_scaffold.errors import ExitCode, LisaError

DESCRIPTION = """\
Let plain git merge TOML, YAML, JSON, requirements and Dockerfiles by their parts: in git merge, git
rebase, git cherry-pick and copier update."""

HELP: dict[str, Any] = {
    "examples": (
        ("lisa-scaffold merge-driver install", "in this repository: commit its .gitattributes"),
        ("lisa-scaffold merge-driver install --global", "in all your repositories"),
        ("lisa-scaffold merge-driver remove", "undo it"),
    ),
    "page": "howto/merge-driver.html",
}
_PROGRAM = "lisa-scaffold"
_ACTIONS = {"install": 0, "remove": 0, "run": 4}
"""What can be done, and how many files each takes."""

_LONGEST_MARKER = 1_000
_SIDES = {"ours": "%X", "base": "%S", "theirs": "%Y"}
"""The sides, in the order of the markers, and what git before 2.44 says in place of their names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold merge-driver``."""
    parser.add_argument(
        "action",
        metavar="ACTION",
        choices=_ACTIONS,
        help="install: tell git of the driver, and which files it is for; remove: take that out "
        "again; run: what git calls",
    )
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="of run: the base, ours and theirs, and the path in the repository",
    )
    parser.add_argument(
        "--global",
        dest="everywhere",
        action="store_true",
        help="in your own settings, for all repositories, instead of this repository's",
    )
    parser.add_argument(
        "--marker-size",
        metavar="N",
        type=int,
        default=7,
        help="of run: length of the conflict markers",
    )
    for side in _SIDES:
        parser.add_argument(
            f"--{side}-name",
            metavar="NAME",
            default="",
            help=f"of run: how the conflict markers name {side}",
        )
    common.add_common(parser)
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Set the driver up, take it out again, or merge a file."""
    expected = _ACTIONS[arguments.action]
    if len(arguments.files) != expected:
        raise LisaError(
            f"merge-driver {arguments.action}: {len(arguments.files)} files instead of {expected}",
            "What there is: lisa-scaffold merge-driver --help",
        )
    work = {"install": install, "remove": remove, "run": merge_for_git}[arguments.action]
    return work(arguments)


def install(arguments: argparse.Namespace) -> int:
    """Set the driver up."""
    import shutil

    from lisa_scaffold.verbs import install_driver

    place = install_driver.find_place(None if arguments.everywhere else Path())
    # By its whole path: git may be started where no environment is active, as by an editor.
    this = Path(sys.executable).with_name(_PROGRAM)
    found = this if this.exists() else Path(shutil.which(_PROGRAM) or _PROGRAM)
    install_driver.install(place, str(found.absolute()))
    shared = "" if arguments.everywhere else " Commit it, so that it holds for everybody who has "
    shared += "" if arguments.everywhere else "installed the driver; for others nothing changes."
    tell(f"git merges by their parts what {place.attributes} names.{shared}\n")
    return ExitCode.DONE


def remove(arguments: argparse.Namespace) -> int:
    """Take the driver out again."""
    from lisa_scaffold.verbs import install_driver

    place = install_driver.find_place(None if arguments.everywhere else Path())
    if install_driver.remove(place):
        tell(f"git merges the lines again of what {place.attributes} named.\n")
    else:
        tell(f"The driver is not set up: {place.attributes} names nothing for it.\n")
    return ExitCode.DONE


def merge_for_git(arguments: argparse.Namespace) -> int:
    """Merge one file for git, which reads the result in the place of its own side."""
    from lisa_scaffold.verbs import driver

    *places, path = arguments.files
    sides = driver.Sides(*(files.read_named(Path(place), files.LARGE) for place in places))
    named = {side: getattr(arguments, f"{side}_name") for side in _SIDES}
    names = [side if named[side] in ("", _SIDES[side]) else named[side] for side in _SIDES]
    # An attribute may ask for markers of any length.
    size = min(max(arguments.marker_size, 1), _LONGEST_MARKER)
    done = driver.merge_sides(path, sides, size, names)
    files.write_named(Path(places[1]), done.content)
    return ExitCode.FINDINGS if done.conflicts else ExitCode.DONE
