"""Files as ``git add`` would record them, with the project's line ends and clean filters."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from lisa_scaffold import files
from lisa_scaffold.git import command
from lisa_scaffold.git.filters import read_attributes, refuse_foreign_filters
from lisa_scaffold.git.objects import Blob
from lisa_scaffold.git.repository import Repository

LINK = "120000"

# Attributes that convert a file's content, beside its line ends (gitattributes, "Effects").
_CONVERTING = ("filter", "ident", "working-tree-encoding")


def clean_trees(
    repository: Repository, folder: Path, *trees: Mapping[str, Blob]
) -> list[dict[str, Blob]]:
    """Trees whose files and links are as ``git add`` would record them at their paths.

    Parameters
    ----------
    repository
        The project's repository; paths are relative to the folder in question.
    folder
        A folder for temporary files.
    trees
        The trees.

    Raises
    ------
    GitError
        If a filter that the project requires is missing or fails.
    LisaError
        If a path that differs has a filter that is not run.
    """
    every = {path for tree in trees for path in tree}
    differing = [path for path in every if len({tree.get(path) for tree in trees}) > 1]
    refuse_foreign_filters(repository, differing)
    converted = {path for path, _ in read_attributes(repository, every, *_CONVERTING)}
    results = []
    for number, tree in enumerate(trees):
        # Git decides whether a CRLF stays; without one, there is nothing to ask.
        wanted = {
            path: blob
            for path, blob in tree.items()
            if blob.mode != LINK and (path in converted or b"\r\n" in blob.data)
        }
        found = _clean(repository, folder / f"clean-{number}", wanted) if wanted else {}
        results.append({**tree, **found})
    return results


def _clean(repository: Repository, folder: Path, blobs: Mapping[str, Blob]) -> dict[str, Blob]:
    """Let git read files from a temporary work tree that has the project's attributes."""
    work, objects = folder / "work", folder / "objects"
    objects.mkdir(parents=True)
    folders: set[PurePosixPath] = set()
    for path, blob in blobs.items():
        inner = PurePosixPath(repository.prefix + path)
        folders.update(inner.parents)
        (work / inner).parent.mkdir(parents=True, exist_ok=True)
        (work / inner).write_bytes(blob.data)
    for each in folders:
        content = files.read(repository.top, f"{each}/.gitattributes", links=False)
        if content is not None:
            (work / each / ".gitattributes").write_bytes(content)
    quoted = "".join(f"{command.quote_path(repository.prefix + path)}\n" for path in blobs)
    output = repository.run(
        *("-c", "core.safecrlf=false", "hash-object", "-w", "--stdin-paths"),
        cwd=work,
        env={"GIT_WORK_TREE": str(work), "GIT_OBJECT_DIRECTORY": str(objects)},
        stdin=os.fsencode(quoted),
    )
    results = {}
    for (path, blob), name in zip(blobs.items(), output.decode().split(), strict=True):
        # A new object is compressed in a file of its own, behind a header.
        loose = zlib.decompress((objects / name[:2] / name[2:]).read_bytes())
        results[path] = Blob(blob.mode, loose.partition(b"\0")[2])
    return results
