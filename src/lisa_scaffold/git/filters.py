"""Filters of a project: the user's own are run, those in a repository's configuration never."""

from __future__ import annotations

import os
from collections.abc import Iterable

from lisa_scaffold.errors import LisaError
from lisa_scaffold.git.repository import Repository


def refuse_foreign_filters(repository: Repository, paths: Iterable[str]) -> None:
    """Raise LisaError where a path has a filter that only the repository's configuration defines.

    Such a filter is not run. Without it, a file would be written or recorded as it must not be: in
    clear text where it is encrypted, in full where it is stored elsewhere.

    Parameters
    ----------
    repository
        The project's repository.
    paths
        Paths to be read or written, relative to the project's folder.
    """
    foreign = repository.settings.foreign_filters
    if not foreign:
        return
    for path, name in read_attributes(repository, paths, "filter"):
        if name in foreign:
            raise LisaError(
                f"{path}: its filter {name!r} is defined in the repository's own configuration "
                "alone, and nothing that a repository names is run",
                "If you trust it, define it in yours: git config --global, each setting that "
                "git config --local --get-regexp ^filter shows.",
            )


def read_attributes(
    repository: Repository, paths: Iterable[str], *names: str
) -> list[tuple[str, str]]:
    """The attributes of paths that are set: each path, as it was given, with the value."""
    found = _look_up(repository, paths, *names)
    return [(path, value) for path, value in found if value != "unset"]


def merge_drivers(repository: Repository, paths: Iterable[str]) -> dict[str, str]:
    """Paths that are not to be merged as text: each with ``binary``, ``union`` or ``ours``.

    The first two are git's own, see https://git-scm.com/docs/gitattributes, "Performing a
    three-way merge". The third is a name by custom, for a program that keeps the project's side.
    Other drivers are programs, and no program that a repository names is run.
    """
    known = {"unset": "binary", "binary": "binary", "union": "union", "ours": "ours"}
    found = _look_up(repository, paths, "merge")
    return {path: known[value] for path, value in found if value in known}


def _look_up(repository: Repository, paths: Iterable[str], *names: str) -> list[tuple[str, str]]:
    stdin = b"".join(os.fsencode(repository.prefix + path) + b"\0" for path in paths)
    if not stdin:
        return []
    output = repository.run("check-attr", "--stdin", "-z", *names, stdin=stdin)
    fields = os.fsdecode(output).split("\0")
    triples = zip(fields[0::3], fields[2::3], strict=False)
    return [
        (path.removeprefix(repository.prefix), value)
        for path, value in triples
        if value != "unspecified"
    ]
