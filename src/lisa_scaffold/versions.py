"""Pinned versions: where both sides moved one up, the newer one wins and the older is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

_VERSION = re.compile(
    r"(?<![\w.])v?\d+(?:\.\d+)*(?:[-.]?(?:alpha|beta|a|b|rc|post|dev)\.?\d*)?(?![\w.])"
)
# What stands before a version that may be moved up. A plain number (a line length, a port) is no
# version, and an upper bound is a decision of its own.
_BEFORE = re.compile(
    r"""(?:
        (?:[>=~]=|===)\s*                                   # requirement
      | \w@                                                 # action
      | [\w}]:                                              # image tag
      | \b(?:rev|\w*version)["']?\s*[:=]{1,2}\s*["']?       # rev: and *version =
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
_AT_LEAST = re.compile(r"\+(?![\w.])|\s+(?:or|and)\s+(?:later|newer|above|higher|up)\b")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
_PRE = {"dev": -4, "a": -3, "alpha": -3, "b": -2, "beta": -2, "rc": -1, "post": 1}

Version = tuple[tuple[int, ...], int, int]


class Pin(NamedTuple):
    """A text in which the newer of two versions won."""

    text: str
    note: str


def newest(base: str, ours: str, theirs: str) -> Pin | None:
    """The text with the newer version, where nothing but pinned versions moved up."""
    split = [_VERSION.split(text) for text in (base, ours, theirs)]
    if not split[0] == split[1] == split[2]:
        return None
    found = zip(*(_VERSION.findall(text) for text in (base, ours, theirs)), strict=True)
    text, notes = split[0][0], []
    for (was, mine, yours), after in zip(found, split[0][1:], strict=True):
        won = _three_way(was, mine, yours, (text, after))
        if won is None:
            return None
        if mine != yours and was not in (mine, yours):
            notes.append((mine, yours))
        text += won + after
    return Pin(text, _note(notes, text))


def only_moved(before: str, after: str) -> bool:
    """Whether nothing but pinned versions (and their digests) differ in two texts."""
    sides = [_DIGEST.sub("", text) for text in (before, after)]
    split = [_VERSION.split(text) for text in sides]
    if before == after or split[0] != split[1]:
        return False
    start = ""
    versions = zip(*(_VERSION.findall(text) for text in sides), strict=True)
    for (was, now), text, rest in zip(versions, split[0], split[0][1:], strict=False):
        start += text
        if was != now and not _is_pin(start, rest):
            return False
        start += now
    return True


def _is_pin(before: str, after: str) -> bool:
    """Whether a version between two texts may be moved up."""
    return bool(_BEFORE.search(before) or _AT_LEAST.match(after))


def _three_way(base: str, ours: str, theirs: str, place: tuple[str, str]) -> str | None:
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    if not _is_pin(*place) or min(order(ours), order(theirs)) <= order(base):
        return None
    return max(ours, theirs, key=order)


def _note(notes: list[tuple[str, str]], text: str) -> str:
    pairs = "; ".join(f"{mine} by the project, {yours} by the template" for mine, yours in notes)
    shown = " ".join(text.split())
    return f"Both sides moved a version up ({pairs}): “{shown}” has the newer one."


def order(version: str) -> Version:
    """What versions are compared by: without trailing zeros, release candidates first."""
    numbers, _, rest = re.sub(r"^v", "", version).partition("-")
    release = re.match(r"[\d.]*\d", numbers)
    tail = (numbers[release.end() :] if release else numbers) + rest
    parts = [int(part) for part in release[0].split(".")] if release else [0]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    stage = re.match(r"\.?([a-z]+)\.?(\d*)", tail)
    if stage is None:
        return tuple(parts), 0, 0
    return tuple(parts), _PRE.get(stage[1], 0), int(stage[2] or 0)


_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?P<extras>\s*\[[^\]]*\])?"
    r"(?P<spec>\s*\(?(?:[<>=!~]=?=?[^;@]*)?)(?P<url>\s*@\s*[^;]*[^;\s])?(?P<marker>\s*;.*)?"
)
_LONGEST = 2000  # characters; nobody has read a longer requirement


def only_spec(old: dict[str, str] | None, new: dict[str, str] | None) -> bool:
    """Whether two requirements differ in their bounds alone."""
    return bool(old and new) and {**(old or {}), "spec": ""} == {**(new or {}), "spec": ""}


def split_requirement(text: str) -> dict[str, str] | None:
    """Name, extras, bounds, address and marker of a requirement, with their spaces."""
    match = _REQUIREMENT.fullmatch(text) if len(text) <= _LONGEST else None
    return {part: found or "" for part, found in match.groupdict().items()} if match else None


def normalised(name: str) -> str:
    """A package's name in the spelling of PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bare(ours: str, theirs: str) -> str:
    """What two sides added to, that both added a requirement: its name alone.

    An address, or a marker, that only one of them has, or has differently, was changed by both.
    """
    mine, other = split_requirement(ours) or {}, split_requirement(theirs) or {}
    last = {"url": " @ nowhere", "marker": " ; never"}
    rest = [mine.get(p, "") if mine.get(p) == other.get(p) else no for p, no in last.items()]
    return "".join([mine.get("name", ""), *rest])


def requirement_keys(*sides: Sequence[str]) -> list[list[Hashable]]:
    """What tells the requirements of some lists apart: names, or more where a name stands twice.

    A copy of a requirement carries its number; two of one name that differ in their bounds alone
    have one key.
    """
    names = [[_key(text) for text in side] for side in sides]
    often = {name for side in names for name, count in Counter(side).items() if count > 1}
    more = {name: _telling(name, sides) for name in often}
    keys = [[_key(text, more.get(_key(text), ())) for text in side] for side in sides]
    return [_numbered(*pair) for pair in zip(sides, keys, strict=True)]


def _telling(name: Hashable, sides: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What tells the requirements of one name apart: their markers, their extras, or both."""
    own = [[text for text in side if _key(text) == name] for side in sides]
    for more in ("marker",), ("extras",):
        keys = [[_key(text, more) for text in side] for side in own]
        if all(len(set(side)) == len(side) for side in keys):
            return more
    return ("extras", "marker")


def _key(text: str, more: Sequence[str] = ()) -> Hashable:
    parts = split_requirement(text)
    if parts is None:
        return text
    return normalised(parts["name"]), *("".join(parts[part].split()) for part in more)


def _numbered(items: Sequence[str], keys: Sequence[Hashable]) -> list[Hashable]:
    """Keys in which the copies of an item carry their number."""
    seen: Counter[str] = Counter()
    found: list[Hashable] = []
    for key, item in zip(keys, items, strict=True):
        found.append((key, seen[item]) if seen[item] else key)
        seen[item] += 1
    return found


_NUMBER = r"[vV]?\d+(?:\.\d+)*(?:[-.]?(?:a|b|c|rc|alpha|beta|pre|preview|post|dev)[-.]?\d*)*"
_VERSION_ALONE = re.compile(_NUMBER)
VERSION_REMARK = re.compile(rf"#\s*(?:frozen:\s*)?{_NUMBER}")
_IN_COMMENT = re.compile(rf"(?<![\w.])({_NUMBER})(?![\w.])")
_BOUND = re.compile(rf"(?P<stem>(?:>=|~=|==|\^|~)\s*)(?P<version>{_NUMBER})")
_AT = re.compile(rf"(?P<stem>[@\w][\w./:-]*@)(?P<version>{_NUMBER})")
_TAGGED = re.compile(rf"(?P<stem>[\w][\w./:-]*:)(?P<version>{_NUMBER})(?P<rest>(?:-[\w.-]*)?)")
_PLAIN = re.compile(rf"(?P<stem>)(?P<version>{_NUMBER})")
_TARGET = re.compile(r"(?P<stem>py)(?P<version>\d{2,})")
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}$")
_VERSIONED = re.compile(r"(?<![A-Za-z])\d+\.\d+|\bpy\d+$|^\d+$")


def version_key(version: str) -> tuple[tuple[int, ...], tuple[int, int]]:
    """A key by which versions sort; what is not final comes before the final one."""
    number, rest = re.sub(r"^[vV]?(\d+(?:\.\d+)*)", r"\1 ", version).lower().split(" ", 1)
    release = [int(part) for part in number.split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    stages = {"dev": -4, "a": -3, "b": -2, "c": -1, "rc": -1, "pre": -1}
    stages |= {"alpha": -3, "beta": -2, "preview": -1, "post": 1}
    stage = re.search(r"([a-z]+)[-.]?(\d*)", rest)
    return tuple(release), (stages[stage[1]], int(stage[2] or 0)) if stage else (0, 0)
