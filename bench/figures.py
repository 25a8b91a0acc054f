"""What an engine left behind in a step: conflicts, lost lines, distance, broken files.

A side's own line is one that its file has and the base render's file has not (under the name that
it had before the side moved it); compared are lines without outer white space and a comma at the
end (the last item of a list gains one when another follows), blank ones left out. Such a line is
accounted for where the result's file has it (if the file is gone: any file that the update wrote
and the side did not have, or that a note names beside it), where a conflict shows it, or where a
note quotes it. Of the lines that are not, those are told apart whose own words (words that the
base's file has not) are missing too: a list in one line that gained an item on both sides loses
both old lines and no word.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from desk import blobs, files, git, take
from histories import ANSWERS

MARKER = re.compile(rb"^<<<<<<< ", re.MULTILINE)
HUNK = re.compile(rb"^@@ ", re.MULTILINE)
WORD = re.compile(r"[^\s,;()\[\]{}'\"`]+")
# Written by programs, thousands of lines at a time: their distance drowns all others.
LOCK = re.compile(r"(^|/)([^/]+\.lock|[^/]+-lock\.(json|ya?ml))$")
Blobs = Mapping[str, str]  # path → blob


@dataclass(frozen=True)
class Lost:
    """A line of a side that is nowhere to be found."""

    path: str
    side: str
    line: str
    words: bool


@dataclass
class Report:
    """What an engine says about its work; only lisa-scaffold says anything.

    The template's change was declined in the files ``kept``, and in parts of those ``in_part``.
    """

    conflicts: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    in_part: list[str] = field(default_factory=list)
    notes: str = ""

    @classmethod
    def read(cls, text: bytes) -> Report:
        try:
            told = json.loads(text)
        except ValueError:
            return cls()
        changes, patches = told.get("changes", []), told.get("patches", {})
        patches = {**patches, **told.get("quotations", {})}
        kept = {c["path"] for c in changes if c.get("status") in {"kept", "left out"}}
        parts = [told.get(key) for key in ("notes", "patches", "quotations")]
        said = "\n".join(strings([*parts, sorted(kept)]))
        return cls(
            list(told.get("conflicts", [])), sorted(kept), sorted(patches.keys() - kept), said
        )


def strings(value: Any) -> list[str]:
    """Every text in a JSON value."""
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in strings(item)]
        case dict():
            return [text for item in value.values() for text in strings(item)]
        case _:
            return []


@dataclass
class Figures:
    """One engine in one step."""

    seconds: float = 0.0
    cpu: float = 0.0
    status: int = 0
    failed: bool = False
    message: str = ""
    conflicts: list[str] = field(default_factory=list)
    places: int = 0
    declined: list[str] = field(default_factory=list)
    in_part: list[str] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    distance: int = 0
    distance_without_locks: int = 0

    @property
    def clean(self) -> bool:
        return not self.failed and not self.conflicts

    def lines(self, side: str, *, words: bool = False) -> int:
        return sum(lost.side == side and (lost.words or not words) for lost in self.lost)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "clean": self.clean}


class Outcome:
    """The trees of a step and what one engine made of them."""

    def __init__(self, desk: Path, trees: Mapping[str, str], project: Path, report: Report) -> None:
        self.desk = desk
        self.project = project
        self.report = report
        self.tree = take(desk, project, ignored=False)
        self.trees = trees
        self.base, self.ours, self.theirs = (
            files(desk, trees[name]) for name in ("base", "ours", "theirs")
        )
        self.result = files(desk, self.tree)
        self.written = files(desk, take(desk, project, ignored=True))

    @cached_property
    def changed(self) -> set[str]:
        """Paths that the engine left other than it found them."""
        paths = self.ours.keys() | self.result.keys()
        return {path for path in paths if self.ours.get(path) != self.result.get(path)}

    @cached_property
    def blobs(self) -> dict[str, bytes]:
        """Content of every file that is not the same on all sides."""
        sides = (self.base, self.ours, self.theirs, self.written)
        paths = {path for side in sides for path in side}
        touched = [p for p in paths if len({side.get(p) for side in sides}) > 1]
        # A project's own files, in no render and left as they were, are of no interest.
        touched = [p for p in touched if p in self.base or p in self.theirs or p in self.changed]
        return blobs(self.desk, {side[p] for p in touched for side in sides if p in side})

    def content(self, side: Blobs, path: str) -> bytes:
        return self.blobs.get(side.get(path, ""), b"")

    @cached_property
    def staged(self) -> dict[str, list[bytes]]:
        """Unmerged paths of the index, with the content of each stage."""
        listed = git(self.project, "ls-files", "-u", "-z").decode(errors="surrogateescape")
        rows = [row.partition("\t") for row in listed.split("\0") if row]
        content = blobs(self.project, [meta.split()[1] for meta, _, _ in rows]) if rows else {}
        found: dict[str, list[bytes]] = {}
        for meta, _, path in rows:
            found.setdefault(path, []).append(content[meta.split()[1]])
        return found

    @cached_property
    def rejected(self) -> dict[str, bytes]:
        """Files with a ``.rej`` beside them, and what it says."""
        paths = (p for p in self.written if p.endswith(".rej") and p not in self.ours)
        return {path.removesuffix(".rej"): (self.project / path).read_bytes() for path in paths}

    @cached_property
    def conflicts(self) -> list[str]:
        marked = {
            path
            for path in self.changed & self.written.keys()
            if MARKER.search(self.content(self.written, path))
            and not MARKER.search(self.content(self.ours, path))
        }
        return sorted(marked | self.staged.keys() | self.rejected.keys() | {*self.report.conflicts})

    @property
    def places(self) -> int:
        """The places in conflict: markers and rejected hunks, and one for a file without any."""
        found = 0
        for path in self.conflicts:
            written, before = self.content(self.written, path), self.content(self.ours, path)
            marked = len(MARKER.findall(written)) - len(MARKER.findall(before))
            rejected = len(HUNK.findall(self.rejected.get(path, b"")))
            found += max(marked, 0) + rejected or 1
        return found

    def lost(self, once: Iterable[str]) -> list[Lost]:
        """Lines of either side that are not accounted for; ``once``: files written once only."""
        silent = {*ANSWERS} | {path for path in once if path in self.ours}
        sides = {"ours": self.ours, "theirs": self.theirs}
        return [
            lost
            for name, side in sides.items()
            for path in sorted(side.keys() - silent)
            if side[path] not in (self.base.get(path), self.written.get(path))
            for lost in self.lost_in(name, side, path)
        ]

    def lost_in(self, name: str, side: Blobs, path: str) -> list[Lost]:
        if name == "theirs" and path in self.report.kept and path in self.report.notes:
            return []
        base = text(self.content(self.base, self.origins[name].get(path, path)))
        own = lines(text(self.content(side, path))) - lines(base)
        there = "\n".join(self.accounted(side, path))
        missing = own - lines(there)
        if not missing:
            return []
        missing = {line for line in missing if line not in self.report.notes}
        known = words(base) | words(there) | words(self.report.notes)
        return [Lost(path, name, line, not words(line) <= known) for line in sorted(missing)]

    @cached_property
    def origins(self) -> dict[str, dict[str, str]]:
        """Of either side the files that it moved: where it has each, and where the base has it."""
        options = ("-r", "-M", "--diff-filter=R", "--name-status", "-z")
        found = {}
        for side in ("ours", "theirs"):
            said = git(self.desk, "diff-tree", *options, self.trees["base"], self.trees[side])
            fields = said.decode(errors="surrogateescape").split("\0")
            found[side] = dict(zip(fields[2::3], fields[1::3], strict=False))
        return found

    def accounted(self, side: Blobs, path: str) -> Iterable[str]:
        """Texts in which a line of a file may be found again."""
        yield text(self.content(self.written, path))
        yield from map(text, self.staged.get(path, []))
        yield text(self.rejected.get(path, b""))
        if path not in self.written:
            for other in sorted(self.changed & self.written.keys() - side.keys()):
                yield text(self.content(self.written, other))
            told = [line for line in self.report.notes.splitlines() if path in line]
            for other in {line.partition(": ")[0] for line in told} & self.written.keys():
                yield text(blob_of(self.project / other))

    def invalid(self) -> list[str]:
        """Merged files that cannot be read although both sides' can."""
        found = []
        for path in sorted(self.changed & self.result.keys() - {*self.conflicts}):
            sides = [self.content(side, path) for side in (self.ours, self.theirs) if path in side]
            merged = self.content(self.result, path)
            reader = reader_of(path)
            if reader and len(sides) == 2 and merged not in sides:  # noqa: PLR2004
                valid = [readable(reader, content) for content in (*sides, merged)]
                if valid == [True, True, False]:
                    found.append(path)
        return found

    def distance(self, people: str, paths: Iterable[str]) -> dict[str, int]:
        """Added and removed lines from the result to what people committed, by path."""
        counted = set(paths)
        listed = git(
            self.desk, "diff-tree", "-r", "--numstat", "--no-renames", "-z", self.tree, people
        ).decode(errors="surrogateescape")
        rows = (row.split("\t") for row in listed.split("\0") if row)
        return {
            path: 1 if added == "-" else int(added) + int(removed)  # a binary file is one line
            for added, removed, path in rows
            if path in counted
        }


def blob_of(file: Path) -> bytes:
    return b"" if file.is_symlink() else file.read_bytes()


def text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def lines(content: str) -> set[str]:
    stripped = (line.strip().removesuffix(",").rstrip() for line in content.splitlines())
    return {line for line in stripped if line}


def words(content: str) -> set[str]:
    return set(WORD.findall(content))


def reader_of(path: str) -> Callable[[str], object] | None:
    readers = {"toml": read_toml, "yml": read_yaml, "yaml": read_yaml, "cff": read_yaml}
    readers |= {"json": read_json, "jsonc": read_json}
    return readers.get(path.rpartition(".")[2])


def readable(reader: Callable[[str], object], content: bytes) -> bool:
    try:
        reader(content.decode())
    except (ValueError, yaml.YAMLError, RecursionError):
        return False
    return True


def read_toml(content: str) -> object:
    return tomllib.loads(content)


def read_yaml(content: str) -> object:
    nodes = list(yaml.compose_all(content, Loader=yaml.SafeLoader))
    for node in nodes:
        refuse_twins(node)
    return nodes


def refuse_twins(node: yaml.Node | None) -> None:
    """Complain about a key that a mapping has twice; every other key only once."""
    match node:
        case yaml.MappingNode():
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len({*keys} - {"<<"}) != len([key for key in keys if key != "<<"]):
                raise ValueError("a key stands twice")
            for _, value in node.value:
                refuse_twins(value)
        case yaml.SequenceNode():
            for value in node.value:
                refuse_twins(value)


def read_json(content: str) -> object:
    """JSON, with comments and commas at the end."""
    quoted = r'("(?:\\.|[^"\\])*")'
    bare = re.sub(rf"{quoted}|//[^\n]*|/\*.*?\*/", r"\1", content, flags=re.DOTALL)
    bare = re.sub(rf"{quoted}|,(?=\s*[\]}}])", r"\1", bare)
    return json.loads(bare, object_pairs_hook=no_twins)


def no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)
