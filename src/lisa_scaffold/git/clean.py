"""Files as ``git add`` would record them: line ends and clean filters of the project applied."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from lisa_scaffold import files
from lisa_scaffold.git import command
from lisa_scaffold.git.filters import attributes, refuse_foreign_filters
from lisa_scaffold.git.objects import Blob
from lisa_scaffold.git.repository import Repository

LINK = "120000"

# What converts the content of a file beside its line ends (gitattributes, "Effects").
_CONVERTING = ("filter", "ident", "working-tree-encoding")


def cleaned(
    repository: Repository, folder: Path, *trees: Mapping[str, Blob]
) -> list[dict[str, Blob]]:
    """Files and links of some trees, each as ``git add`` would record it at its path.

    Parameters
    ----------
    repository
        The project's repository; paths are relative to the folder in question.
    folder
        A folder that can be filled.
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
    converted = {path for path, _ in attributes(repository, every, *_CONVERTING)}
    results = []
    for number, tree in enumerate(trees):
        # Whether a CRLF stays is for git to say; without one, there is nothing to ask.
        wanted = {
            path: blob
            for path, blob in tree.items()
            if blob.mode != LINK and (path in converted or b"\r\n" in blob.data)
        }
        found = _clean(repository, folder / f"clean-{number}", wanted) if wanted else {}
        results.append({**tree, **found})
    return results


def _clean(repository: Repository, folder: Path, files: Mapping[str, Blob]) -> dict[str, Blob]:
    """Let git read files from a work tree aside that has the project's attributes."""
    work, objects = folder / "work", folder / "objects"
    objects.mkdir(parents=True)
    places = {path: work / repository.prefix / path for path in files}
    for path, place in places.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(files[path].data)
    _copy_attributes(repository.top, work, places.values())
    quoted = "".join(f"{command.quoted(repository.prefix + path)}\n" for path in files)
    said = repository.run(
        *("-c", "core.safecrlf=false", "hash-object", "-w", "--stdin-paths"),
        cwd=work,
        env={"GIT_WORK_TREE": str(work), "GIT_OBJECT_DIRECTORY": str(objects)},
        stdin=os.fsencode(quoted),
    )
    names = zip(files.items(), said.decode().split(), strict=True)
    return {path: Blob(blob.mode, _content(objects, name)) for (path, blob), name in names}


def _copy_attributes(top: Path, work: Path, places: Iterable[Path]) -> None:
    """Put the project's attributes in force beside files of a work tree aside."""
    inner = {PurePosixPath(place.relative_to(work)) for place in places}
    for folder in {parent for path in inner for parent in path.parents}:
        attributes = files.read(top, f"{folder}/.gitattributes", links=False)
        if attributes is not None:
            (work / folder / ".gitattributes").write_bytes(attributes)


def _content(objects: Path, name: str) -> bytes:
    """Content of an object that lies alone in a file."""
    return zlib.decompress((objects / name[:2] / name[2:]).read_bytes()).partition(b"\0")[2]
