"""Two or three versions of a file side by side: what they are, and how people see them."""

from __future__ import annotations

from lisa_scaffold.git import Blob
from lisa_scaffold.merge import text

REGULAR = frozenset({"100644", "100755"})
LINK = "120000"


def whole_in_conflict(ours: bytes, theirs: bytes) -> bytes:
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


def made_a_link(base: Blob | None, ours: Blob | None, theirs: Blob | None) -> bool:
    """Whether the project alone has put a link in the place of a file."""
    files = all(side is not None and side.mode in REGULAR for side in (base, theirs))
    return files and ours is not None and ours.mode == LINK
