"""Serve plain git as a merge driver: files are merged by their parts, in its merges and rebases.

What an update of the template leaves to the project, and tells in a report, has no report here: the
driver takes a merge by parts only where nothing has to be said of it, and git's otherwise.

Source: https://git-scm.com/docs/gitattributes#_defining_a_custom_merge_driver
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lisa_scaffold import merge, workplace
from lisa_scaffold.merge import choice
from lisa_scaffold.model import Merged
from lisa_scaffold.pattern import compile_lazily

PATTERNS = (
    *("*.toml", "*.yml", "*.yaml", "*.cff", "*.json", "*requirements*.txt", "*requirements*.in"),
    *("requirements/*.txt", "requirements/*.in", "*constraints*.txt"),
    *("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile"),
)
"""The files that are merged by their parts, as attributes name them."""

NAMES = ("ours", "base", "theirs")
"""What conflict markers call the sides where git does not say."""

# As they stand in a merge by parts, which no line of either side resembles.
_MARKER = compile_lazily(rb"(?m)^(?:<{7} project|={7}|>{7} template)(?=\r?$)")
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


def merge_sides(path: str, sides: Sides, marker_size: int, names: Sequence[str] = NAMES) -> Done:
    """Merge a file as git asks its driver to.

    Parameters
    ----------
    path
        Its path, which tells its type.
    sides
        The versions.
    marker_size
        The length of the conflict markers.
    names
        What they call our side, the base, and their side.

    Raises
    ------
    LisaError
        If git cannot merge the lines, as of a binary file.
    """
    base = sides.base or None
    with choice.without_report():
        done = merge.merge_file(path, base, sides.ours, sides.theirs, keep_prose=False)
        if isinstance(done, Merged) and not done.notes and not done.patch:
            return Done(done.content, 0)
        part = merge.merge_openly(path, base, sides.ours, sides.theirs, keep_prose=False)
    style = _find_style()
    if part and not part.notes and not part.patch:
        if not style:
            return Done(_rename_markers(part.content, marker_size, names), part.places)
        # In all but the places in conflict both sides are the same now.
        sides = sides._replace(ours=part.ours, theirs=part.theirs)
    return _merge_lines(sides, marker_size, names, style)


def _find_style() -> list[str]:
    """What tells git of the style of conflict markers that the user has chosen."""
    from lisa_scaffold import git  # most merges need none, and git starts one for each file

    asked = git.complete("config", "--get", "merge.conflictStyle", codes=(0, 1, 128))
    return _STYLES.get(asked.stdout.decode(errors="replace").strip(), [])


def _rename_markers(content: bytes, size: int, names: Sequence[str]) -> bytes:
    """Write the markers of a merge by parts as git asked for them.

    Git's own merge of the two sides would join places that are near each other.
    """
    ours, _, theirs = names
    said = {b"<": f" {ours}", b"=": "", b">": f" {theirs}"}
    return _MARKER.sub(lambda found: found[0][:1] * size + said[found[0][:1]].encode(), content)


def _merge_lines(
    sides: Sides, marker_size: int, names: Sequence[str], style: Sequence[str]
) -> Done:
    """The merge of the lines, with markers in the style that the user has chosen."""
    from lisa_scaffold import git  # as above

    options = ("--stdout", f"--marker-size={marker_size}", *style)
    labels = [word for name in names for word in ("-L", name)]
    with workplace.folder() as folder:
        places = [folder / name for name in NAMES]
        for place, content in zip(places, (sides.ours, sides.base, sides.theirs), strict=True):
            place.write_bytes(content)
        # The exit code is the number of conflicts, 127 at most; more is an error.
        words = ["merge-file", *options, *labels, *map(str, places)]
        done = git.complete(*words, env=git.NOWHERE, codes=range(128))
    return Done(done.stdout, done.returncode)
