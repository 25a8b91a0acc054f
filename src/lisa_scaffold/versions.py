"""Pinned versions and requirements: where both sides moved a version up, the newer one wins.

What the project holds back stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.pattern import compile_lazily

if TYPE_CHECKING:
    from packaging.version import Version

_VERSION = compile_lazily(
    r"(?<![\w.])v?\d+(?:\.\d+)*(?:[-.]?(?:alpha|beta|a|b|rc|post|dev)\.?\d*)?(?![\w.])"
)
# What precedes a version that may be moved up. A plain number (a line length, a port) is no
# version, and an upper bound is a decision of its own.
_BEFORE = compile_lazily(
    r"""(?:
        (?:[>=~]=|===)\s*                                   # requirement
      | \w@                                                 # action
      | [\w}]:                                              # image tag
      | \b(?:rev|\w*version)["']?\s*[:=]{1,2}\s*["']?       # rev: and *version =
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_AT_LEAST = compile_lazily(r"\+(?![\w.])|\s+(?:or|and)\s+(?:later|newer|above|higher|up)\b")
_DIGEST = compile_lazily(r"@sha256:[0-9a-f]{64}")
_STAGES = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "post": 1}
_STAGES |= dict.fromkeys(("c", "rc", "pre", "preview"), -1)


# As it stands in nearly every file, but for capitals.
_NORMAL_NAME = compile_lazily(r"[a-z0-9]++(?:-[a-z0-9]++)*+")


_COMMIT = compile_lazily(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHOWN = 10  # characters of a hash: git shows as many, or fewer, in most repositories


class Pin(NamedTuple):
    """A text in which the newer of two versions won."""

    text: str
    note: str


def is_hash(version: str) -> bool:
    """Whether a number is rather a hash that happens to have digits alone.

    Git cuts hashes to seven characters or more; a number of eight may be a date.
    """
    return bool(re.fullmatch(r"\d{7}|(?!19|20)\d{8}|\d{9,}", version))


def shorten(version: str) -> str:
    """A version as people read it: of a commit's whole hash, the beginning."""
    return version[:_SHOWN] if _COMMIT.fullmatch(version) else version


def pick_newest(base: str, ours: str, theirs: str) -> Pin | None:
    """The text with the newer version, where nothing but pinned versions moved up."""
    texts = (base, ours, theirs)
    parts = [_VERSION.split(text) for text in texts]
    if not parts[0] == parts[1] == parts[2]:
        return None
    versions = zip(*(_VERSION.findall(text) for text in texts), strict=True)
    merged = parts[0][0]
    moved: list[str] = []
    held: list[str] = []
    for (old, our_version, their_version), after in zip(versions, parts[0][1:], strict=True):
        newest = their_version if our_version == old else our_version
        if their_version not in (our_version, old) and our_version != old:
            before, *keys = map(make_version_key, (old, our_version, their_version))
            is_held = keys[0] < before < keys[1]
            if not _is_pin(merged, after) or (min(keys) <= before and not is_held):
                return None
            if any(map(is_hash, (old, our_version, their_version))):
                return None
            newest = our_version if is_held or keys[0] >= keys[1] else their_version
            pair = f"{our_version} by the project, {their_version} by the template"
            (held if is_held else moved).append(pair)
        merged += newest + after
    shown = " ".join(merged.split())
    notes = []
    if held:
        notes.append(f"The project holds a version back ({'; '.join(held)}): “{shown}” keeps it.")
    if moved:
        pairs = "; ".join(moved)
        notes.append(f"Both sides moved a version up ({pairs}): “{shown}” has the newer one.")
    if not notes:
        notes.append(f"Each side changed other numbers: “{shown}” has those of both.")
    return Pin(merged, " ".join(notes))


def has_only_moved_pins(before: str, after: str) -> bool:
    """Whether nothing but pinned versions (and their digests) differs in two texts."""
    sides = [_DIGEST.sub("", text) for text in (before, after)]
    parts = [_VERSION.split(text) for text in sides]
    if before == after or parts[0] != parts[1]:
        return False
    start = ""
    versions = zip(*(_VERSION.findall(text) for text in sides), strict=True)
    for (old, new), text, rest in zip(versions, parts[0], parts[0][1:], strict=False):
        start += text
        if old != new and not _is_pin(start, rest):
            return False
        start += new
    return True


def _is_pin(before: str, after: str) -> bool:
    """Whether a version between two texts may be moved up."""
    return bool(_BEFORE.search(before) or _AT_LEAST.match(after))


def make_version_key(version: str) -> tuple[tuple[int, ...], tuple[int, int]]:
    """A key by which versions sort: trailing zeros do not count, pre-releases come first.

    In the order of PEP 440, but for tags, too, that `packaging.version` refuses, such as
    ``v1.2-rc1-rc2``: of several suffixes the first one counts.
    """
    number, rest = re.sub(r"^[vV]?(\d+(?:\.\d+)*)", r"\1 ", version).lower().split(" ", 1)
    release = [int(part) for part in number.split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    stage = re.search(r"([a-z]+)[-.]?(\d*)", rest)
    return tuple(release), (_STAGES[stage[1]], int(stage[2] or 0)) if stage else (0, 0)


_REQUIREMENT = compile_lazily(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?P<extras>\s*\[[^\]]*\])?"
    r"(?P<spec>\s*\(?(?:[<>=!~]=?=?[^;@]*)?)(?P<url>\s*@\s*[^;]*[^;\s])?(?P<marker>\s*;.*)?"
)
_LONGEST = 2000  # characters; nobody has read a longer requirement


def split_requirement(text: str) -> dict[str, str] | None:
    """Name, extras, bounds, address and marker of a requirement, with their spaces."""
    match = _REQUIREMENT.fullmatch(text) if len(text) <= _LONGEST else None
    return {part: found or "" for part, found in match.groupdict().items()} if match else None


def make_requirement_keys(*sides: Sequence[str]) -> list[list[Hashable]]:
    """Keys that tell requirements apart: names, or more where a name is repeated.

    A copy of a requirement carries its number; two of one name that differ only in their bounds
    have one key.
    """
    names = [[_key(text) for text in side] for side in sides]
    repeated = {name for side in names for name, count in Counter(side).items() if count > 1}
    fields = {name: _find_fields(name, sides) for name in repeated}
    keys: list[list[Hashable]] = []
    for side in sides:
        seen: Counter[str] = Counter()
        own: list[Hashable] = []
        for text in side:
            key = _key(text, fields.get(_key(text), ()))
            own.append((key, seen[text]) if seen[text] else key)
            seen[text] += 1
        keys.append(own)
    return keys


def _find_fields(name: Hashable, sides: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The parts that tell requirements of one name apart: markers, extras, or both."""
    own = [[text for text in side if _key(text) == name] for side in sides]
    for fields in ("marker",), ("extras",):
        keys = [[_key(text, fields) for text in side] for side in own]
        if all(len(set(side)) == len(side) for side in keys):
            return fields
    return ("extras", "marker")


# As pip takes them: https://pip.pypa.io/en/stable/topics/vcs-support/
_DIRECT = compile_lazily(
    r"(?:(?:-e|--editable)[ \t=]\s*)?(?:[\w.+-]+://|\w+\+git@)[^\s;]+(?:\s*;.*)?"
)
_EGG = compile_lazily(r"[#&]egg=([\w.-]+)")
_ARCHIVE = compile_lazily(r"/([A-Za-z][\w.]*(?:-[A-Za-z][\w.]*)*)-\d[^/]*\.(?:whl|zip|tar\.\w+)$")


def find_direct_name(text: str) -> str | None:
    """The name of what a line of requirements fetches from an address; ``None`` for other lines.

    It is the name that the address gives, or else the address without its revision: a line that
    names another revision is about the same thing.
    """
    if len(text) > _LONGEST or not _DIRECT.fullmatch(text):
        return None
    if egg := _EGG.search(text):
        return normalize_name(egg[1])
    address = re.split(r"[#?;]", text)[0].strip()
    if archive := _ARCHIVE.search(address):
        return normalize_name(archive[1])
    place, at, revision = address.rpartition("@")
    return place if at and "/" not in revision and ":" not in revision else address


def _key(text: str, fields: Sequence[str] = ()) -> Hashable:
    parts = split_requirement(text)
    if parts is None:
        name = find_direct_name(text)
        return text if name is None else (name, *("" for _ in fields))
    return normalize_name(parts["name"]), *("".join(parts[field].split()) for field in fields)


def normalize_name(name: str) -> str:
    """The name of a distribution as the index knows it: in small letters, with single dashes.

    Source: https://packaging.python.org/en/latest/specifications/name-normalization/
    """
    if _NORMAL_NAME.fullmatch(small := name.lower()):
        return small
    # It imports what tells one platform from another, which takes as long as all our rules.
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def is_newer(one: str, other: str) -> bool:
    """Whether a version comes after another one; one that is none comes after nothing."""
    versions = parse_version(one), parse_version(other)
    return None not in versions and versions[0] > versions[1]  # type: ignore[operator]


def parse_version(commit: str) -> Version | None:
    """The version that a tag, or what ``git describe`` says of a commit, stands for (PEP 440)."""
    from packaging.version import InvalidVersion, Version

    described = re.fullmatch(r"(.+)-(\d+)-g[0-9a-f]+", commit)
    try:
        return Version(f"{described[1]}.post{described[2]}" if described else commit)
    except (InvalidVersion, ValueError):  # a number of too many digits is not even invalid
        return None
