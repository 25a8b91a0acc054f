"""How a commit that a fleet has made is told from one that people have touched.

The message ends in a digest of everything that the commit is: what it stands on, what it holds and
what it says. Whoever amends, rebases or adds to it makes another commit, whose digest is not right,
or which has none. Nothing is kept anywhere else.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from lisa_scaffold.git import Commit
from lisa_scaffold.pattern import compile_lazily

_TRAILER = compile_lazily(
    r"\nTemplate-Update: (\S+) (plain|merged|conflict)\nTemplate-Seal: (\w{64})\n"
)


class Mark(NamedTuple):
    """What a fleet's own commit says of itself.

    Attributes
    ----------
    version
        The version of the template that it brings.
    result
        ``plain`` where it is the template's own change and nothing else, ``merged`` where it was
        merged with what people wrote, or ``conflict``.
    base
        The commit that it stands on.
    """

    version: str
    result: str
    base: str


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
    return f"{said}Template-Seal: {_digest(mark.base, tree, message + said)}\n"


def read_mark(commit: Commit) -> Mark | None:
    """What a commit says of itself; None where people have made or touched it."""
    found = [*_TRAILER.finditer(commit.message)][-1:]
    if not found or found[0].end() != len(commit.message) or len(commit.parents) != 1:
        return None
    version, result, digest = found[0].groups()
    said = commit.message[: found[0].start(3)].removesuffix("Template-Seal: ")
    if digest != _digest(commit.parents[0], commit.tree, said):
        return None
    return Mark(version, result, commit.parents[0])


def _digest(base: str, tree: str, said: str) -> str:
    return sha256(f"{base}\n{tree}\n{said}".encode("utf-8", "surrogateescape")).hexdigest()
