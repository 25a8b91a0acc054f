"""Requirements of Python packages: their parts, and what tells them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence

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
