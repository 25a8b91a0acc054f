"""Lines with a mark that some rule looks for in every file, found in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.formats.document import decoded
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.sharing import shared

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


CONFLICT = "<<<<<<< "
KEY = "-----BEGIN "
TOKENS = (
    *("glpat-", "gldt-", "glrt-", "glptt-", "ghp_", "gho_", "ghs_", "github_pat_", "pypi-AgE"),
    *("AKIA", "sqp_", "squ_", "sqa_", "dckr_pat_", "enodo", "ZENODO"),
)
"""How tokens begin that tell who issued them; those of Zenodo are told only by their name.

Each costs a pass over every file: these are the ones that LISA projects have to do with.
"""

ADDRESS = "://"
"""Of an address: a mark only where some address in the file may have a password."""

_WITH_PASSWORD = compile_lazily(rb"://[^\s/:@\"'$<{]{0,100}:[^\s/@\"'$<{]{8,200}@")
_MARKS = {mark.encode(): mark for mark in (CONFLICT, KEY, *TOKENS)}
_BINARY = frozenset(
    [
        *("7z", "a", "bin", "bz2", "db", "dll", "docx", "dylib", "eps", "exe", "fits"),
        *("gif", "gz", "h5", "hdf5", "ico", "jpeg", "jpg", "mat", "mp4", "nc", "npy"),
        *("npz", "o", "parquet", "pdf", "pkl", "png", "pyc", "root", "sif", "so"),
        *("svg", "tar", "tif", "tiff", "ttf", "webp", "whl", "woff", "woff2", "xlsx"),
        *("xz", "zip"),
    ]
)


class Mark(NamedTuple):
    """A line with a mark: its number, counted from 1, and its text."""

    line: int
    text: str


def read(files: Files) -> dict[str, tuple[Mark, ...]]:
    """The lines with a mark, by file; files that are binary or too large are left out."""
    found = {}
    for path, file in files.files.items():
        if file.link or path.lower().rpartition(".")[2] in _BINARY:
            continue
        content = files.content(path) or b""
        files.keep_text(path, content)  # nearly each is read by another rule too
        if marks := _find_marks(content):
            found[path] = tuple(
                Mark(number, line)
                for number, line in enumerate(decoded(content).split("\n"), 1)
                if any(mark in line for mark in marks)
            )
    return found


@shared
def _find_marks(content: bytes) -> list[str]:
    found = [mark for encoded, mark in _MARKS.items() if encoded in content]
    return [*found, ADDRESS] if _WITH_PASSWORD.search(content) else found
