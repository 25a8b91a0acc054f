"""The files of a commit, put into a folder within bounds."""

from __future__ import annotations

import os
from pathlib import Path

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git.command import GitError, complete, git, run
from lisa_scaffold.git.environment import ALONE, NOWHERE, Variables, add_settings
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.process import TooMuchError

MOST_FILES = 50_000
"""Files and folders of a template, and of a tree that somebody else wrote in general."""

MOST_BYTES = 500_000_000
"""Bytes of all its files together."""

_SUBMODULE = "160000"
# What no reference may have in its name (git check-ref-format), and revisions are written with.
_EXPRESSION = compile_lazily(r"[\x00- ~^:?*\[\\\x7f]|\.\.|@\{")

# Bytes for an entry: it takes some 60 and its path; a path that is nested deeply takes more.
_ENTRY = 200


class TooLargeError(LisaError):
    """A commit has more than it may; the message says what."""


def export(git_dir: Path, commit: str, folder: Path, *, bounded: bool = True) -> dict[str, str]:
    """Put the files of a commit into a new folder, as a checkout of the user's would have them.

    Filters run where the user's own configuration defines them, and only there.

    Parameters
    ----------
    git_dir
        The repository's own folder.
    commit
        A tag, a branch, a hash, or the output of ``git describe``; no other expression.
    folder
        The folder to make, or an empty one; its parent also holds a temporary index.
    bounded
        Whether its files are counted first, as nobody vouches for them.

    Returns
    -------
    dict
        The commit of each submodule, by its path, where the files are counted: their folders are
        empty.

    Raises
    ------
    GitError
        If there is no such commit.
    TooLargeError
        If it has more files than anybody wrote, or larger ones.
    """
    # What else names a commit may search all messages for a pattern, and take for ever.
    if not commit or _EXPRESSION.search(commit):
        raise GitError(f"{commit}: no name of a commit", "Name a tag, a branch or a hash.")
    folder.mkdir(exist_ok=True)
    place = {
        **ALONE,
        "GIT_DIR": str(git_dir),
        "GIT_INDEX_FILE": str(folder.with_suffix(".index")),
        "GIT_WORK_TREE": str(folder),
    }
    submodules: dict[str, str] = {}
    if bounded:
        entries = list_bounded(f"{commit}^{{tree}}", place, MOST_FILES, MOST_BYTES)
        submodules = {path: oid for path, (mode, oid) in entries.items() if mode == _SUBMODULE}
        if any(Path(path).name == ".gitattributes" for path in entries):
            place = {**place, **add_settings(_find_filters())}
    git("read-tree", "--reset", "-u", "--end-of-options", f"{commit}^{{tree}}", env=place)
    return submodules


def _find_filters() -> list[tuple[str, str]]:
    """The filters that the user's own configuration defines."""
    asked = ("--includes", "-z", "--get-regexp", r"^filter\.")
    output = os.fsdecode(run("config", *asked, env=NOWHERE, codes=(0, 1)))
    records = (record.partition("\n") for record in output.split("\0")[:-1])
    return [(key, value) for key, _, value in records]


def list_bounded(
    tree: str, place: Variables, most: int, most_bytes: int
) -> dict[str, tuple[str, str]]:
    """The entries of a tree: mode and name of each; TooLargeError for too many files or bytes.

    Ten trees of ten entries each, the one in the other, are a thousand bytes, and 10^10 files.
    """
    # Folders are counted as well: they may have no file in them, and each takes its time.
    options = ("-r", "-t", "-l", "-z", "--full-tree", "--end-of-options")
    try:
        output = complete("ls-tree", *options, tree, env=place, most=_ENTRY * most).stdout
    except TooMuchError as error:
        raise _too_many(most) from error
    records = [record.partition(b"\t") for record in output.split(b"\0")[:-1]]
    sizes = [info.split()[-1] for info, _, _ in records]
    if len(sizes) > most:
        raise _too_many(most)
    if sum(int(size) for size in sizes if size.isdigit()) > most_bytes:
        raise TooLargeError(f"more than {most_bytes // 1_000_000} MB of files", "Choose another.")
    fields = ((os.fsdecode(path), info.decode().split()) for info, _, path in records)
    return {path: (info[0], info[2]) for path, info in fields}


def _too_many(most: int) -> TooLargeError:
    return TooLargeError(f"more than {most} files and folders", "Choose another.")
