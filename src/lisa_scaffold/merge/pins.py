"""Pinned versions: where both sides moved one up, the newer one wins and the older is named."""

from __future__ import annotations

import re
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
