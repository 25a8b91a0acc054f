"""Keys that one side moved to another table while the other side changed or removed them."""

from __future__ import annotations

from dataclasses import replace

from lisa_scaffold.formats.tree import Branch, Entry, Key, NotSure, Path, Value
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.merge.match import leaves, likeness

Moves = dict[Path, Path]
_SIMILAR = 0.5


def moved(base: Value, changed: Value, mover: Value) -> Moves:
    """Where `mover` put what `changed` changed in its old place.

    A key counts as moved if it has the same name and says much the same, and if its old table
    is gone or its new one was not there before.

    Raises
    ------
    NotSure
        If `changed` removed it: its return in another place would undo that.
    """
    old, side, new = _flat(base), _flat(changed), _flat(mover)
    tables, kept = _tables(old), _tables(new)
    gained = [path for path in new if path not in old and path not in side]
    found: Moves = {}
    for path, before in old.items():
        if path in new or side.get(path) == before:
            continue
        spend(len(gained))
        places = [
            place
            for place in gained
            if place[-1] == path[-1]
            and (path[:-1] not in kept or place[:-1] not in tables)
            and _alike(before, new[place])
        ]
        if len(places) == 1 and path not in side:
            raise NotSure(f"{'.'.join(path)}: moved by one side, removed by the other")
        if len(places) == 1:
            found[path] = places[0]
    return found


def nested(value: Value) -> Value:
    """A value whose keys are of one part each, as a parser gives them."""
    if isinstance(value, list):
        return [nested(part) for part in value]
    if not isinstance(value, dict):
        return value
    found: Value = {}
    for key, part in value.items():
        found = _put(found, key, nested(part))
    return found


def _flat(value: Value, path: Path = ()) -> dict[Path, Value]:
    """Every value that is no mapping, by its path."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[Path, Value] = {}
    for key, part in value.items():
        found |= _flat(part, (*path, *key))
    spend(len(found))
    return found


def _tables(flat: dict[Path, Value]) -> set[Path]:
    return {path[:end] for path in flat for end in range(len(path))}


def _alike(one: Value, two: Value) -> bool:
    return one == two or likeness(leaves(one), leaves(two)) >= _SIMILAR


def follow(value: Value, moves: Moves) -> Value:
    """A parsed file with keys moved."""
    for old, new in moves.items():
        part, rest = _taken(value, old)
        if part is not None:
            value = _put(rest, new, part)
    return value


def _taken(value: Value, path: Path) -> tuple[Value | None, Value]:
    """What stands at a path, and the rest; a table that is left empty is gone."""
    if not isinstance(value, dict) or (path[0],) not in value:
        return None, value
    rest = dict(value)
    part: Value | None = rest.pop((path[0],))
    if len(path) > 1 and part is not None:
        part, inner = _taken(part, path[1:])
        rest |= {(path[0],): inner} if inner else {}
    return part, rest


def _put(value: Value, path: Path, part: Value) -> Value:
    if not path:
        return part
    said = dict(value) if isinstance(value, dict) else {}
    said[(path[0],)] = _put(said.get((path[0],), {}), path[1:], part)
    return said


def follow_in_tree(root: Branch, moves: Moves, mover: Branch) -> Branch:
    """A TOML tree with keys moved to the tables that `mover` has them in."""
    for old, new in moves.items():
        place = _find(mover, new)
        entry = _find(root, old)
        if place is None or entry is None:
            raise NotSure(f"{'.'.join(old)}: moved in an unusual way")
        root = _moved(root, entry, place)
    return root


Place = tuple[Entry | None, Entry]


def _find(root: Branch, path: Path) -> Place | None:
    """The table and the entry of a path; no table: a key before the first one."""
    for table in root.entries:
        if table.key == path and not table.item:
            return None, table
        size = len(table.key)
        if table.item or table.key != path[:size] or not _is_table(table):
            continue
        for entry in _entries(table):
            if entry.key == path[size:]:
                return table, entry
    return None


def _is_table(entry: Entry) -> bool:
    return isinstance(entry.node, Branch) and not entry.node.flow


def _entries(table: Entry) -> tuple[Entry, ...]:
    return table.node.entries if isinstance(table.node, Branch) else ()


def _moved(root: Branch, source: Place, target: Place) -> Branch:
    table, entry = source
    into, sample = target
    if table is None or into is None:
        raise NotSure("a key moved from, or to, the place before the first table")
    moving = replace(entry, key=sample.key, head=sample.head)
    home = _table(root, into.key)
    result: list[Entry] = []
    for member in root.entries:
        left = member
        if member is table:
            left = _with(member, tuple(e for e in _entries(member) if e is not entry))
        if member is home:
            left = _with(left, (*_entries(left), moving))
        if _entries(left) or left is member:
            result.append(left)
        if member is table and home is None:
            result.append(_with(into, (moving,)))
    return replace(root, entries=tuple(result))


def _table(root: Branch, key: Key) -> Entry | None:
    return next((m for m in root.entries if m.key == key and _is_table(m) and not m.item), None)


def _with(table: Entry, entries: tuple[Entry, ...]) -> Entry:
    if not isinstance(table.node, Branch):
        raise NotSure("a table without entries")
    return replace(table, node=replace(table.node, entries=entries))
