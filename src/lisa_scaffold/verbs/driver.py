"""Serve plain git as a merge driver: files are merged by their parts, in its merges and rebases.

What an update of the template leaves to the project, and tells in a report, has no report here: the
driver takes a merge by parts only where nothing has to be said of it, and git's otherwise.

Source: https://git-scm.com/docs/gitattributes#_defining_a_custom_merge_driver
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold import files, git, merge, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Merged

NAME = "lisa-scaffold"
PATTERNS = (
    *("*.toml", "*.yml", "*.yaml", "*.cff", "*.json", "*requirements*.txt", "*requirements*.in"),
    *("requirements/*.txt", "requirements/*.in", "*constraints*.txt"),
    *("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"),
)
"""The files that are merged by their parts, as attributes name them."""

ATTRIBUTES = ".gitattributes"
_BEGIN = f"# {NAME}: begin. These files are merged by their parts; what is below wins."
_END = f"# {NAME}: end"
_TITLE = "files of data by their keys, requirements and Dockerfiles by their parts"
_STYLES = {"diff3": ["--diff3"], "zdiff3": ["--zdiff3"]}


class Sides(NamedTuple):
    """The three versions of a file; the base is empty where both sides added it."""

    base: bytes
    ours: bytes
    theirs: bytes


class Done(NamedTuple):
    """A merged file, and how many of its places are in conflict."""

    content: bytes
    conflicts: int


def merge_sides(path: str, sides: Sides, marker_size: int) -> Done:
    """Merge a file as git asks its driver to.

    Parameters
    ----------
    path
        Its path, which tells its type.
    sides
        The versions.
    marker_size
        The length of the conflict markers.

    Raises
    ------
    LisaError
        If git cannot merge the lines, as of a binary file.
    """
    base = sides.base or None
    done = merge.merge_file(path, base, sides.ours, sides.theirs, keep_prose=False)
    if isinstance(done, Merged) and not done.notes and not done.patch:
        return Done(done.content, 0)
    part = merge.merge_openly(path, base, sides.ours, sides.theirs, keep_prose=False)
    if part and not part.notes and not part.patch:
        # In all but the places in conflict both sides are the same now.
        sides = sides._replace(ours=part.ours, theirs=part.theirs)
    return _merge_lines(sides, marker_size)


def _merge_lines(sides: Sides, marker_size: int) -> Done:
    """The merge of the lines, with markers in the style that the user has chosen."""
    asked = git.complete("config", "--get", "merge.conflictStyle", codes=(0, 1, 128))
    style = _STYLES.get(asked.stdout.decode(errors="replace").strip(), [])
    options = ("--stdout", f"--marker-size={marker_size}", *style)
    labels = [word for name in ("ours", "base", "theirs") for word in ("-L", name)]
    with workplace.folder() as folder:
        places = [folder / name for name in ("ours", "base", "theirs")]
        for place, content in zip(places, (sides.ours, sides.base, sides.theirs), strict=True):
            place.write_bytes(content)
        # The exit code is the number of conflicts, 127 at most; more is an error.
        words = ["merge-file", *options, *labels, *map(str, places)]
        done = git.complete(*words, env=git.NOWHERE, codes=range(128))
    return Done(done.stdout, done.returncode)


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
        found = git.repository(root)
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
        The program that git starts.

    Raises
    ------
    LisaError
        If a file cannot be read or written.
    """
    _write_attributes(place, [_BEGIN, *(f"{each} merge={NAME}" for each in PATTERNS), _END])
    command = f"{shlex.quote(program)} merge-driver run %O %A %B %P --marker-size=%L"
    for key, value in (("name", _TITLE), ("driver", command)):
        git.git("config", *place.settings, f"merge.{NAME}.{key}", value, env=git.NOWHERE)


def remove(place: Place) -> None:
    """Take out of git's settings and attributes what `install` has put there.

    Raises
    ------
    LisaError
        If a file cannot be read or written.
    """
    _write_attributes(place, [])
    section = ("--remove-section", f"merge.{NAME}")
    git.complete("config", *place.settings, *section, env=git.NOWHERE, codes=(0, 128))


def _write_attributes(place: Place, lines: list[str]) -> None:
    """Replace our lines at the head of a file of attributes: later lines of it win."""
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
