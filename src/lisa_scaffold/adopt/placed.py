"""The template's files as they come into a project, and what is said of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.project.facts import Facts

ADDED, MERGED, KEPT, LEFT_OUT = "added", "merged", "kept", "left out"

_CONCERNS = (
    (
        r"pyproject\.toml|setup\.(py|cfg)|MANIFEST\.in|LICEN[CS]E.*|COPYING.*|CITATION\.cff",
        "metadata",
    ),
    (
        r"\.gitlab-ci\.yml|\.gitlab/.*|\.github/workflows/.*|\.travis\.yml|tox\.ini"
        r"|sonar-project\.properties|\.circleci/.*|\.?(appveyor|azure-pipelines)\.yml"
        r"|\.cirrus\.yml|bitbucket-pipelines\.yml|Jenkinsfile",
        "CI",
    ),
    (r"\.pre-commit-config\.yaml", "hooks"),
    (r"Dockerfile|\.dockerignore|\.hadolint\.yaml", "container"),
    (r"docs/.*|.*\.(md|rst)|(?i:change.*|history|news|readme)(\.\w+)?", "docs"),
)


@dataclass(frozen=True)
class Item:
    """One entry of the report: what was done with a file, or was not.

    Attributes
    ----------
    status
        ``added``, ``merged``, ``kept``, ``left out`` or ``to decide``.
    path
        The file.
    text
        The details or the reason; may be empty.
    """

    status: str
    path: str
    text: str = ""

    @property
    def concern(self) -> str:
        """The subject of the file."""
        return name_concern(self.path)


def name_concern(path: str) -> str:
    """The subject of a file: metadata, CI, hooks, container, docs or repository."""
    return next((name for pattern, name in _CONCERNS if re.fullmatch(pattern, path)), "repository")


@dataclass
class Placed:
    """The template's files as they come into a project.

    Attributes
    ----------
    files
        The new content of each path that changes.
    items
        What was done with each file, and why.
    left_out
        The template's files that the project goes without.
    kept_tools
        Tables of ``pyproject.toml`` that stay although the template's differ.
    customs
        What follows from how the project does something, and a person has to look at.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    left_out: set[str] = field(default_factory=set)
    kept_tools: tuple[str, ...] = ()
    customs: list[Custom] = field(default_factory=list)

    def note(self, status: str, path: str, text: str = "") -> None:
        """Record what was done with a file."""
        self.items.append(Item(status, path, text))

    def drop(self, path: str, why: str, own: str = "") -> None:
        """Leave a file of the template out, for a reason or in favour of the project's own file."""
        self.left_out.add(path)
        self.note(KEPT if own else LEFT_OUT, own or path, why)


def decode(content: bytes) -> str:
    """The text of a file.

    Raises
    ------
    NotSure
        If it is binary.
    """
    sides = encoding.decode(None, content, content)
    if sides is None:
        raise NotSure("no text")
    return sides.ours.text


def encode(text: str, replaced: bytes) -> bytes:
    """A text in the encoding, and with the line ends, of the content that it replaces."""
    sides = encoding.decode(None, replaced, replaced)
    content = encoding.encode(text, sides) if sides else None
    return text.encode() if content is None else content


@dataclass(frozen=True)
class Replaced:
    """A line that is no longer in its file: the path, its former number, and its text."""

    path: str
    line: int
    text: str


def find_replaced(before: Facts, after: Facts, paths: Iterable[str]) -> Iterator[Replaced]:
    """The lines of some files that were removed.

    A line that only moved, or gained a comma because another follows it, still counts as there.
    """

    def strip(line: str) -> str:
        return line.strip().removesuffix(",").rstrip()

    for path in paths:
        left = Counter(map(strip, after.lines(path)))
        for number, line in enumerate(before.lines(path), 1):
            stripped = strip(line)
            if left[stripped]:
                left[stripped] -= 1
            elif stripped:
                yield Replaced(path, number, line)
