"""``lisa-scaffold merge-driver``: let plain git merge files by their parts."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from lisa_scaffold import files
from lisa_scaffold.cli import arguments as common
from lisa_scaffold.cli.terminal import tell
from lisa_scaffold.errors import ExitCode

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``lisa-scaffold merge-driver``."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, summary in (
        ("install", "tell git of the driver, and which files it is for"),
        ("remove", "take that out again"),
    ):
        action = actions.add_parser(name, help=summary, description=summary.capitalize())
        action.add_argument(
            "--global",
            dest="everywhere",
            action="store_true",
            help="in your own settings, for all repositories, instead of this repository's",
        )
        common.add_common(action)
        action.set_defaults(command=install if name == "install" else remove)
    called = actions.add_parser("run", help="what git calls", description="What git calls.")
    called.add_argument("--marker-size", type=int, default=7, help="length of conflict markers")
    for name in ("base", "ours", "theirs"):
        called.add_argument(name, type=Path, help="file with this version")
    called.add_argument("path", help="path in the repository")
    common.add_common(called)
    called.set_defaults(command=run)


def install(arguments: argparse.Namespace) -> int:
    """Set the driver up."""
    from lisa_scaffold.verbs import driver

    place = driver.find_place(None if arguments.everywhere else Path())
    found = shutil.which(_PROGRAM)
    this = Path(sys.argv[0])
    # Where another one is found by that name, git must not start that.
    is_found = found is not None and this.exists() and Path(found).samefile(this)
    driver.install(place, _PROGRAM if is_found or not this.is_file() else str(this.absolute()))
    shared = "" if arguments.everywhere else " Commit it, so that it holds for everybody who has "
    shared += "" if arguments.everywhere else "installed the driver; for others nothing changes."
    tell(f"git merges by their parts what {place.attributes} names.{shared}\n")
    return ExitCode.DONE


def remove(arguments: argparse.Namespace) -> int:
    """Take the driver out again."""
    from lisa_scaffold.verbs import driver

    place = driver.find_place(None if arguments.everywhere else Path())
    driver.remove(place)
    tell(f"git merges the lines again of what {place.attributes} named.\n")
    return ExitCode.DONE


def run(arguments: argparse.Namespace) -> int:
    """Merge one file for git, which reads the result in the place of its own side."""
    from lisa_scaffold.verbs import driver

    places = (arguments.base, arguments.ours, arguments.theirs)
    sides = driver.Sides(*(files.read_named(place, files.LARGE) for place in places))
    done = driver.merge_sides(arguments.path, sides, arguments.marker_size)
    files.write_named(arguments.ours, done.content)
    return ExitCode.FINDINGS if done.conflicts else ExitCode.DONE
