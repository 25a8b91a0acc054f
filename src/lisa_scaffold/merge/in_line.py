"""Lists in one line of code that both sides extend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily

_LONGEST = 500
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_QUOTES = "\"'"
# A name, a number or a text, alone or as the value of a key.
_ATOM = r"""(?:[\w.-]+(?:\[[\w., ]*\])?|[rbuf]{0,2}"[^"\\]*"|[rbuf]{0,2}'[^'\\]*')"""
_ITEM = compile_lazily(rf"(?:(?P<key>{_ATOM})\s*(?P<sign>[:=])\s*)?(?P<value>{_ATOM})")
# What a command, a definition or a path is made of has an order that means something.
_IN_ORDER = compile_lazily(
    r"\s*(?:CMD|ENTRYPOINT|RUN|SHELL|HEALTHCHECK|ONBUILD|def|class|async\s+def|lambda)\b",
    re.IGNORECASE,
)
_PART = compile_lazily(r"[-_]")
_LONGEST_NAME = 200
"""Characters before a bracket that may tell whose it is."""
_FOR_COMMANDS = compile_lazily(
    r"(?:run|popen|call|check_call|check_output|exec\w*|command\w*|cmd\w*|args|argv)[\"']?"
    r"(?:\s*[:=(])?$",
    re.IGNORECASE,
)
_SET_CALL = compile_lazily(r".*\.(?:conda_)?install")


class _Listed(NamedTuple):
    """A line with a list: what is before its items, the items, and what is behind them."""

    head: str
    items: list[str]
    tail: str


def extend(base: str, ours: str, theirs: str) -> str | None:
    """The line with what each side added to the same list; ``None`` where they did more.

    Items are added in the project's order, then in the template's, or sorted if both sides are.
    """
    if max(map(len, (base, ours, theirs))) > _LONGEST:
        return None
    at = _find_opening(base, ours, theirs)
    if at is None or (sides := _read(at, base, ours, theirs)) is None:
        return None
    items = _pick_respelled(*(side.items for side in sides)) or _extend(*sides)
    return None if items is None else f"{sides[1].head}{', '.join(items)}{sides[1].tail}"


def _extend(base: _Listed, ours: _Listed, theirs: _Listed) -> Sequence[str] | None:
    """The items of a list to which both sides added."""
    before, mine, offered = base.items, ours.items, theirs.items
    fresh = [item for item in offered if item not in mine]
    names = [{_name(item) for item in items} for items in (mine, fresh)]
    if not fresh or len(mine) == len(before) or names[0] & names[1]:
        return None
    if not (_is_extended(before, mine) and _is_extended(before, offered)):
        return None
    if not _is_free(ours.head, [item for item in (*mine, *fresh) if item not in before]):
        return None
    return _unite(before, mine, offered)


def _pick_respelled(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> Sequence[str] | None:
    """The side that spells items otherwise, where both removed the same and did no more."""
    plain = [[_PART.sub("", item).lower() for item in side] for side in (base, ours, theirs)]
    if plain[1] != plain[2] or len(ours) >= len(base) or not _is_extended(plain[1], plain[0]):
        return None
    for side, other in (ours, theirs), (theirs, ours):
        if all(item in base for item in other):
            return side
    return None


def _find_opening(*lines: str) -> int | None:
    """The place of the last bracket that is open where the lines begin to differ."""
    same = min(len(line) for line in lines)
    shared = next((i for i in range(same) if len({line[i] for line in lines}) > 1), same)
    open_at: list[int] = []
    for place, sign in _signs(lines[0], 0):
        if place >= shared:
            break
        if sign in _CLOSING:
            open_at.append(place)
        elif not open_at:
            return None
        else:
            open_at.pop()
    return open_at[-1] if open_at else None


def _signs(line: str, start: int) -> Iterator[tuple[int, str]]:
    """The brackets of a line outside of its texts, from a place on."""
    quote = ""
    for place in range(start, len(line)):
        sign = line[place]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in _QUOTES:
            quote = sign
        elif sign in "[](){}":
            yield place, sign


def _read(at: int, *lines: str) -> tuple[_Listed, _Listed, _Listed] | None:
    """The list of each line whose bracket opens at a place, if all else is the same in them."""
    found: list[_Listed] = []
    for line in lines:
        end = _find_closing(line, at)
        items = None if end is None else _split(line[at + 1 : end])
        if items is None:
            return None
        found.append(_Listed(line[: at + 1], items, line[end:]))
    if len({side.tail for side in found}) > 1:
        return None
    return found[0], found[1], found[2]


def _find_closing(line: str, at: int) -> int | None:
    """The place of the bracket that closes the one at a place."""
    depth = 0
    for place, sign in _signs(line, at):
        depth += 1 if sign in _CLOSING else -1
        if depth == 0:
            return place if sign == _CLOSING[line[at]] else None
    return None


def _split(text: str) -> list[str] | None:
    """The items of a list, each a word or a text; ``None`` for any other list, or other spaces."""
    items: list[str] = []
    rest = text
    while rest:
        match = _ITEM.match(rest)
        if match is None:
            return None
        items.append(match[0])
        rest = rest[match.end() :]
        if rest:
            if not rest.startswith(", ") or rest == ", ":
                return None
            rest = rest[2:]
    return items if len({*items}) == len(items) else None


def _name(item: str) -> str:
    """What identifies an item: its key, if it has one."""
    match = _ITEM.fullmatch(item)
    return (match and match["key"]) or item


def _is_extended(before: Sequence[str], after: Sequence[str]) -> bool:
    return [item for item in after if item in before] == before


def _is_free(head: str, added: Sequence[str]) -> bool:
    """Whether the order of what was added means nothing, or no more than its place in the list."""
    outside = head[:-1].rstrip()
    if _FOR_COMMANDS.search(outside[-_LONGEST_NAME:]) or _IN_ORDER.match(head):
        return False
    is_literal = not re.search(r"[\w\])\[\"']$", outside)
    if head[-1] == "(" and not is_literal:
        named = (_ITEM.fullmatch(item) for item in added)
        return bool(_SET_CALL.fullmatch(outside)) or all(m and m["sign"] == "=" for m in named)
    return is_literal


def _unite(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The items of both sides, each behind the same item of the base as before."""
    united = [*_run(base, None, ours, theirs)]
    for item in base:
        united += [item, *_run(base, item, ours, theirs)]
    return united


def _run(
    base: Sequence[str], above: str | None, ours: Sequence[str], theirs: Sequence[str]
) -> list[str]:
    """What the sides have between an item of the base, or the beginning, and the next one."""
    runs: list[list[str]] = []
    for side in (ours, theirs):
        at = 0 if above is None else side.index(above) + 1
        end = next((i for i in range(at, len(side)) if side[i] in base), len(side))
        runs.append([*side[at:end]])
    run = [*runs[0], *(item for item in runs[1] if item not in ours)]
    is_sorted = all([*side] == sorted(side) for side in (ours, theirs))
    return sorted(run) if is_sorted else run
