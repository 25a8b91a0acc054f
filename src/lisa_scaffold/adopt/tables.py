"""``pyproject.toml``: the project's tables stay, the template's come in beside them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from lisa_scaffold import merge
from lisa_scaffold.formats import toml
from lisa_scaffold.formats.edit import add_items
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.formats.tree import Branch, NotSure, write
from lisa_scaffold.model import Merged
from lisa_scaffold.versions import normalize_name

Names = tuple[str, ...]

GROUPS = "dependency-groups"
PATH = "pyproject.toml"


@dataclass(frozen=True)
class Tables:
    """A merged ``pyproject.toml``.

    Attributes
    ----------
    text
        The merged file.
    added
        Tables that came in, and groups that got more entries, as people write them.
    kept
        Tables of tools that stay as the project has them, although the template's say something
        else.
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

    A tool that the project has set up stays as it is to the last key: half of each would be a
    configuration that nobody has tried. Only a table that the former template wrote, and nobody
    has changed since, gives way to the new template's.

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
    own, offered = tomllib.loads(ours or ""), tomllib.loads(theirs)
    base = tomllib.loads(former) if former else {}
    # A tool's table, a group, and anything else at the top are taken or left as a whole.
    units: list[Names] = []
    for key, table in offered.items():
        units += [(key, name) for name in table] if key in ("tool", GROUPS) else [(key,)]
    reasons = {unit: why for unit in units if (why := elsewhere.get(unit[-1]))}
    present = {unit for unit in units if _get(own, unit) is not None}
    untouched = {unit for unit in present if _get(base, unit) == _get(own, unit)} - reasons.keys()
    held = present - untouched
    wanted = [unit for unit in units if unit not in held and unit not in reasons]
    missing = {
        unit[1]: _find_missing_entries(_get(own, unit), _get(offered, unit))
        for unit in units
        if unit[0] == GROUPS and unit in present
    }
    text = _merge_text(ours, theirs, wanted, untouched)
    if text is None:
        return None
    for name, entries in missing.items():
        text = add_items((GROUPS, name), entries)(text)
    added = [_header(unit) for unit in wanted]
    added += [f"more in [{GROUPS}] {name}" for name, entries in missing.items() if entries]
    differing = [
        _header(unit)
        for unit in held - reasons.keys()
        if unit[0] != GROUPS and not _contains(_get(own, unit), _get(offered, unit))
    ]
    left_out = {_header(unit): why for unit, why in reasons.items()}
    return Tables(text, tuple(added), tuple(sorted(differing)), left_out)


def leave_to_project(
    base: str, theirs: str, ours: str, before: str, after: str
) -> tuple[str, str, list[str]]:
    """Two renders without the tables of tools that an adoption has left as they were, or out.

    Parameters
    ----------
    base, theirs
        The file as the recorded and as the wanted version render it.
    ours
        The project's file.
    before, after
        It before and after the adoption.

    Returns
    -------
    tuple
        The renders, and those of the project's tables that the wanted version has otherwise.
    """
    try:
        read = [tomllib.loads(text) for text in (base, theirs, ours, before, after)]
        trees = toml.parse(base), toml.parse(theirs)
    except (ValueError, RecursionError):
        return base, theirs, []
    old, new, present, former, adopted = (
        table if isinstance(table := each.get("tool"), dict) else {} for each in read
    )
    left, own = [], []
    for name in {**old, **new}:
        if name in present and name in former:
            # What a former template had written gave way to the template's.
            is_left = old.get(name) not in (present[name], adopted.get(name))
        else:
            is_left = name in old and name not in present and name not in adopted
        if is_left:
            left.append(("tool", name))
            own += [_header(left[-1])] * (name in present and old.get(name) != new.get(name))
    return write(_leave_out(trees[0], left)), write(_leave_out(trees[1], left)), own


def _leave_out(branch: Branch, units: Collection[Names], above: Names = ()) -> Branch:
    entries = []
    for entry in branch.entries:
        keys, node = (*above, *entry.key), entry.node
        if any(keys[: len(unit)] == unit for unit in units):
            continue
        if isinstance(node, Branch) and node.kind == "map" and not node.bracketed:
            inner = _leave_out(node, units, keys)
            if node.entries and not inner.entries:
                continue
            entry = entry._replace(node=inner)  # noqa: PLW2901 - with less in it
        entries.append(entry)
    return branch._replace(entries=tuple(entries))


def _get(data: Any, keys: Names) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _find_missing_entries(own: list[Any], offered: list[Any]) -> list[str]:
    """The template's entries that a group of the project lacks, as TOML."""

    def subject(entry: Any) -> str:
        """What an entry is about: another pin of the same requirement is no other entry."""
        if isinstance(entry, dict):
            return f"group {entry.get('include-group')}"
        name = re.match(r"\s*([A-Za-z0-9._-]+)\s*(\[[^]]*\])?", str(entry))
        return normalize_name(name[1]) + (name[2] or "") if name else str(entry)

    present = {subject(entry) for entry in own}
    return [
        f"{{ include-group = {quoted(entry['include-group'])} }}"
        if isinstance(entry, dict)
        else quoted(entry)
        for entry in offered
        if subject(entry) not in present
    ]


def _contains(own: Any, offered: Any) -> bool:
    """Whether the project's table says everything that the template's does."""
    if isinstance(own, dict) and isinstance(offered, dict):
        return all(key in own and _contains(own[key], offered[key]) for key in offered)
    return bool(own == offered)


def _header(unit: Names) -> str:
    return f"[{GROUPS}] {unit[1]}" if unit[0] == GROUPS else f"[{'.'.join(unit)}]"


def _merge_text(
    ours: str | None, theirs: str, wanted: list[Names], untouched: set[Names]
) -> str | None:
    """Let a merge bring the wanted tables in; its base holds what may be replaced."""
    try:
        new = _filter(toml.parse(theirs), wanted)
        if ours is None:
            return write(new)
        own = toml.parse(ours)
        old = _filter(own, untouched)
    except NotSure:
        return None
    # A new table comes in below a blank line; one that is replaced keeps the comments above it.
    leads = {entry.key: entry.lead for entry in own.entries}
    entries = [
        entry._replace(lead=leads.get(entry.key, "\n" + entry.lead.removeprefix("\n")))
        for entry in new.entries
    ]
    base = write(old._replace(opening="", closing=""))
    template = write(new._replace(entries=tuple(entries)))
    merged = merge.merge_file(PATH, base.encode(), ours.encode(), template.encode())
    return merged.content.decode() if isinstance(merged, Merged) else None


def _filter(branch: Branch, units: Collection[Names], above: Names = ()) -> Branch:
    """The part of a tree that belongs to some units."""
    entries = []
    for entry in branch.entries:
        keys = (*above, *entry.key)
        node = entry.node
        if isinstance(node, Branch) and node.kind == "map" and not node.bracketed:
            inner = _filter(node, units, keys)
            if inner.entries:
                entries.append(entry._replace(node=inner))
        elif any(keys[: len(unit)] == unit for unit in units):
            entries.append(entry)
    return branch._replace(entries=tuple(entries))
