"""``pyproject.toml``: the project's tables stay, the template's come in beside them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lisa_scaffold import merge
from lisa_scaffold.formats import toml
from lisa_scaffold.formats.edit import add_item
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.tree import Branch, NotSure, write
from lisa_scaffold.model import Merged

Names = tuple[str, ...]

GROUPS = "dependency-groups"
PATH = "pyproject.toml"


@dataclass(frozen=True)
class Tables:
    """What became of ``pyproject.toml``.

    Attributes
    ----------
    text
        The merged file.
    added
        Tables that came in, and groups that got more, as people write them.
    kept
        Tables of tools that stay as the project has them, though the template's differ, with the
        settings that the template would have.
    left_out
        Tables of the template that did not come in, each with the reason.
    """

    text: str
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left_out: Mapping[str, str] | None = None


def merge_tables(
    ours: str | None, theirs: str, former: str | None, elsewhere: Mapping[str, str]
) -> Tables | None:
    """Bring the template's tables into a project's file.

    A tool that the project has set up stays as it is set up, to the last key: half of each would be
    a set-up that nobody has tried. Only where the former template wrote a table and nobody has
    changed it since does the new template's take its place.

    Parameters
    ----------
    ours
        The project's file; ``None`` where it has none.
    theirs
        The template's.
    former
        The file as the former template wrote it, where that is known.
    elsewhere
        Tools that must not be set up here, each with the reason.

    Returns
    -------
    Tables or None
        ``None`` where the two cannot be brought together safely.
    """
    mine, yours = tomllib.loads(ours or ""), tomllib.loads(theirs)
    before = tomllib.loads(former) if former else {}
    held = {unit for unit in _units(yours) if _get(mine, unit) is not None}
    reasons = {unit: why for unit in _units(yours) if (why := elsewhere.get(unit[-1]))}
    untouched = {unit for unit in held if _get(before, unit) == _get(mine, unit)} - reasons.keys()
    held -= untouched
    dropped = held | reasons.keys()
    wanted = [unit for unit in _units(yours) if unit not in dropped]
    missing = {name: _missing(mine, yours, name) for name in _groups(yours) & _groups(mine)}
    text = _merged(ours, theirs, wanted, untouched, missing)
    if text is None:
        return None
    differing = [unit for unit in held - reasons.keys() if not _within(mine, yours, unit)]
    return Tables(
        text,
        tuple(_spoken_added(wanted, missing)),
        tuple(sorted(_dotted(unit) for unit in differing)),
        {_dotted(unit): why for unit, why in reasons.items()},
    )


def _units(data: Mapping[str, Any]) -> Iterator[Names]:
    """What is taken or left as one: a tool's table, a group, anything else at the top."""
    for key, table in data.items():
        if key in ("tool", GROUPS):
            yield from ((key, name) for name in table)
        else:
            yield (key,)


def _get(data: Any, keys: Names) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _groups(data: Mapping[str, Any]) -> set[str]:
    groups = data.get(GROUPS)
    return set(groups) if isinstance(groups, dict) else set()


def _missing(mine: Mapping[str, Any], yours: Mapping[str, Any], name: str) -> list[str]:
    """The template's entries that a group of the project lacks, as TOML."""
    has = {_entry_name(entry) for entry in mine[GROUPS][name]}
    return [_literal(entry) for entry in yours[GROUPS][name] if _entry_name(entry) not in has]


def _literal(entry: Any) -> str:
    if isinstance(entry, dict):
        return f"{{ include-group = {quoted(entry['include-group'])} }}"
    return quoted(entry)


def _entry_name(entry: Any) -> str:
    """What an entry of a group is about: the same requirement may be pinned in another way."""
    from packaging.utils import canonicalize_name

    if isinstance(entry, dict):
        return f"group {entry.get('include-group')}"
    match = re.match(r"\s*([A-Za-z0-9._-]+)\s*(\[[^]]*\])?", str(entry))
    return canonicalize_name(match[1]) + (match[2] or "") if match else str(entry)


def _within(mine: Mapping[str, Any], yours: Mapping[str, Any], unit: Names) -> bool:
    """Whether the project's table says all that the template's does."""
    return unit[0] == GROUPS or _contains(_get(mine, unit), _get(yours, unit))


def _contains(mine: Any, yours: Any) -> bool:
    if isinstance(mine, dict) and isinstance(yours, dict):
        return all(key in mine and _contains(mine[key], yours[key]) for key in yours)
    return bool(mine == yours)


def _spoken_added(wanted: list[Names], missing: Mapping[str, list[str]]) -> Iterator[str]:
    yield from (_dotted(unit) for unit in wanted)
    yield from (f"more in [{GROUPS}] {name}" for name, found in missing.items() if found)


def _dotted(unit: Names) -> str:
    return f"[{GROUPS}] {unit[1]}" if unit[0] == GROUPS else f"[{'.'.join(unit)}]"


def _merged(
    ours: str | None,
    theirs: str,
    wanted: list[Names],
    untouched: set[Names],
    missing: Mapping[str, list[str]],
) -> str | None:
    """Let the merge bring in what is wanted: the base says what of the project may be replaced."""
    try:
        new = _filtered(toml.parse(theirs), wanted)
        if ours is None:
            return write(new)
        mine = toml.parse(ours)
        old, new = _filtered(mine, untouched), _without_leads(new, mine)
    except NotSure:
        return None
    start = write(replace(old, opening="", closing=""))
    done = merge.merge_file(PATH, start.encode(), ours.encode(), write(new).encode())
    if not isinstance(done, Merged):
        return None
    text = done.content.decode()
    for name, literals in missing.items():
        for literal in literals:
            text = add_item((GROUPS, name), literal)(text)
    return text


def _without_leads(branch: Branch, mine: Branch) -> Branch:
    """The template's tables: below a blank line, and with their comments where they are new."""
    own = {entry.key: entry.lead for entry in mine.entries}
    entries = [
        replace(entry, lead=own.get(entry.key, "\n" + entry.lead.removeprefix("\n")))
        for entry in branch.entries
    ]
    return replace(branch, entries=tuple(entries))


def _filtered(branch: Branch, units: Collection[Names], above: Names = ()) -> Branch:
    """Of a tree, what belongs to some units."""
    entries = []
    for entry in branch.entries:
        keys = (*above, *entry.key)
        node = entry.node
        if isinstance(node, Branch) and node.kind == "map" and not node.bracketed:
            inner = _filtered(node, units, keys)
            if inner.entries:
                entries.append(replace(entry, node=inner))
        elif any(keys[: len(unit)] == unit for unit in units):
            entries.append(entry)
    return replace(branch, entries=tuple(entries))
