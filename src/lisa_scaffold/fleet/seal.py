"""How a commit that a fleet has made is told from one that people have touched.

The message ends in a digest of everything that the commit is: what it stands on, what it holds and
what it says. Whoever amends, rebases or adds to it makes another commit, whose digest is not right,
or which has none. Nothing is kept anywhere else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from lisa_scaffold.git import Commit
from lisa_scaffold.pattern import compile_lazily

_CONFLICT = r"Template-Conflict: (-|[0-9a-f]{40,64}) (\S+)\n"
_TRAILER = compile_lazily(
    r"\nTemplate-Update: (\S+) (plain|merged|tasks|conflict)\n"
    rf"((?:{_CONFLICT})*)Template-Seal: (\w{{64}})\n"
)
_CONFLICTS = compile_lazily(rf"(?m)^{_CONFLICT}")


class Conflict(NamedTuple):
    """A file in which no merge was safe.

    Attributes
    ----------
    path
        The file.
    blob
        The name of the content that it was left with, which is the project's; ``-`` where it was
        left without any. While it has that, nobody has resolved it.
    """

    path: str
    blob: str


class Mark(NamedTuple):
    """What a fleet's own commit says of itself.

    Attributes
    ----------
    version
        The version of the template that it brings.
    result
        ``plain`` where it is the template's own change and nothing else, ``merged`` where it was
        merged with what people wrote, ``tasks`` where somebody has something to do besides, or
        ``conflict``.
    base
        The commit that it stands on.
    conflicts
        The files in which no merge was safe.
    """

    version: str
    result: str
    base: str
    conflicts: tuple[Conflict, ...] = ()


def make_trailer(message: str, mark: Mark, tree: str) -> str:
    """The end of a message.

    Parameters
    ----------
    message
        The message without it, which ends in a line break.
    mark
        What it says.
    tree
        The hash of the commit's tree.
    """
    said = f"\nTemplate-Update: {mark.version} {mark.result}\n"
    for each in mark.conflicts:
        said += f"Template-Conflict: {each.blob} {quote(os.fsencode(each.path))}\n"
    return f"{said}Template-Seal: {_digest(mark.base, tree, message + said)}\n"


def read_mark(commit: Commit) -> Mark | None:
    """What a commit says of itself; None where people have made or touched it."""
    found = [*_TRAILER.finditer(commit.message)][-1:]
    if not found or found[0].end() != len(commit.message) or len(commit.parents) != 1:
        return None
    version, result, listed, *_, digest = found[0].groups()
    said = commit.message[: -len(f"Template-Seal: {digest}\n")]
    if digest != _digest(commit.parents[0], commit.tree, said):
        return None
    return Mark(version, result, commit.parents[0], tuple(_read_conflicts(listed)))


def find_conflicts(messages: Iterable[str]) -> tuple[Conflict, ...]:
    """The conflicts that the newest one of some commits tells of, whoever has touched it since.

    Whoever amends or rebases a commit of ours keeps what it says.
    """
    return next(filter(None, (tuple(_read_conflicts(each)) for each in messages)), ())


def _read_conflicts(text: str) -> Iterator[Conflict]:
    for found in _CONFLICTS.finditer(text):
        yield Conflict(os.fsdecode(unquote_to_bytes(found[2])), found[1])


def _digest(base: str, tree: str, said: str) -> str:
    return sha256(f"{base}\n{tree}\n{said}".encode("utf-8", "surrogateescape")).hexdigest()
