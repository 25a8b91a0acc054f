"""Set the merge driver up in git's settings and attributes, and take it out again."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.verbs.driver import PATTERNS

NAME = "lisa-scaffold"
ATTRIBUTES = ".gitattributes"
_BEGIN = f"# {NAME}: begin. These files are merged by their parts; what is below wins."
_END = f"# {NAME}: end"
_TITLE = "files of data by their keys, requirements and Dockerfiles by their parts"


class Place(NamedTuple):
    """Where the driver is set up: the settings of git, and the file of attributes."""

    settings: tuple[str, ...]
    attributes: Path


def find_place(root: Path | None) -> Place:
    """Where the driver is set up: for the repository of a folder, or for the user.

    Raises
    ------
    LisaError
        If the folder is in no repository.
    """
    if root is not None:
        found = git.find_repository(root)
        return Place(("--file", str(found.common / "config")), found.top / ATTRIBUTES)
    asked = git.complete(
        *("config", "--global", "--type=path", "--get", "core.attributesFile"),
        env=git.NOWHERE,
        codes=(0, 1),
    )
    named = os.fsdecode(asked.stdout).strip("\n")
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Place(("--global",), Path(named) if named else Path(config, "git", "attributes"))


def install(place: Place, program: str) -> None:
    """Tell git of the driver, and which files it is for; nothing else is changed.

    Parameters
    ----------
    place
        Where.
    program
        The path of the program that git starts.

    Raises
    ------
    LisaError
        If a file cannot be read or written.
    """
    _write_attributes(place, [_BEGIN, *(f"{each} merge={NAME}" for each in PATTERNS), _END])
    # Git lets a shell read it. Where the program is gone, or fails, the lines are merged as without
    # it: otherwise git would leave our side alone in the file, with no marker.
    # A percent sign is git's, wherever it stands.
    ours, lines = (
        shlex.quote(program).replace("%", "%%"),
        "git merge-file --marker-size=%L %A %O %B",
    )
    # Git names the sides from 2.44 on, and quotes the names; an older one leaves these as they are.
    names = "--ours-name=%X --base-name=%S --theirs-name=%Y"
    # A path may begin with a dash.
    run = f"{ours} merge-driver --marker-size=%L {names} -- run %O %A %B %P"
    # 0: merged; 1: with conflicts. What git itself cannot merge, as of binary files, is one.
    command = f"if test -x {ours}; then {run}; code=$?; test $code -gt 1 || exit $code; fi"
    command += f"; {lines} || exit 1"
    for key, value in (("name", _TITLE), ("driver", command)):
        git.git("config", *place.settings, f"merge.{NAME}.{key}", value, env=git.NOWHERE)


def remove(place: Place) -> bool:
    """Take out of git's settings and attributes what `install` has put there; whether any was.

    Raises
    ------
    LisaError
        If a file cannot be read or written.
    """
    were_named = _write_attributes(place, [])
    section = ("--remove-section", f"merge.{NAME}")
    done = git.complete("config", *place.settings, *section, env=git.NOWHERE, codes=(0, 128))
    return were_named or done.returncode == 0


def _write_attributes(place: Place, lines: list[str]) -> bool:
    """Replace our lines at the head of a file of attributes, if they differ: later lines win."""
    path = place.attributes
    content = b""
    if os.path.lexists(path):
        content = files.read_named(path)
    try:
        rows = content.decode().split("\n")
    except UnicodeDecodeError as error:
        raise LisaError(f"{path}: not UTF-8", "Mend the file and try again.") from error
    if _BEGIN in rows and _END in rows:
        del rows[rows.index(_BEGIN) : rows.index(_END) + 1]
    new = "\n".join([*lines, *rows]).encode()
    if new != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_named(path, new)
    return new != content
