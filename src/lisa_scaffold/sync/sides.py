"""Two or three versions of a file side by side: what they are, and how people see them."""

from __future__ import annotations

from lisa_scaffold.git import Blob
from lisa_scaffold.merge import text

REGULAR = frozenset({"100644", "100755"})
LINK = "120000"


def in_conflict(ours: bytes, theirs: bytes) -> bytes:
    """Both versions of a file between conflict markers."""
    sides = (ours.removesuffix(b"\n"), theirs.removesuffix(b"\n"))
    return b"<<<<<<< project\n%s\n=======\n%s\n>>>>>>> template\n" % sides


def patch(path: str, old: Blob | None, new: Blob | None) -> str:
    """The difference of two contents as a unified diff; None stands for no file."""
    was, now = (side.data if side else b"" for side in (old, new))
    if b"\0" in was + now:
        return f"Binary file {path} differs\n"
    before, after = (
        text.to_lines(data.decode(errors="replace").replace("\r\n", "\n")) for data in (was, now)
    )
    return text.patch(before, after, path)


def link_of(base: Blob | None, ours: Blob | None, theirs: Blob | None) -> Blob | None:
    """The link that a side alone has put in the place of a file, if that settles the matter.

    The project's stays whatever the template changed in the file. The template's comes if the
    project left the content as it was; whether a link is executable means nothing.
    """
    if base is None or ours is None or theirs is None or base.mode not in REGULAR:
        return None
    if ours.mode == LINK and theirs.mode in REGULAR:
        return ours
    same = ours.mode in REGULAR and ours.data == base.data
    return theirs if theirs.mode == LINK and same else None
