"""Keys that one side wrote in another table, or under a header of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from lisa_scaffold.formats import toml
from lisa_scaffold.formats.tree import (
    Branch,
    Entry,
    Key,
    NotSure,
    Path,
    Value,
    find_remarks,
    split_comments,
)
from lisa_scaffold.merge import choice
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.merge.match import count_leaves, measure_likeness
from lisa_scaffold.versions import normalize_name, split_requirement

Moves = dict[Path, Path]
_SIMILAR = 0.5
_MUCH_THE_SAME = 0.75


def find_moves(base: Value, changed: Value, mover: Value) -> Moves:
    """Where `mover` put what `changed` changed in its old place.

    A key counts as moved if it has the same name and says much the same, and if its old table
    was removed or its new one was not there before.
    """
    side = _flatten(changed)
    return {old: new for old, new in _find_places(base, changed, mover).items() if old in side}


def find_withdrawn(base: Value, changed: Value, mover: Value) -> Moves:
    """Where `mover` put what `changed` removed: to keep it there would undo that."""
    side = _flatten(changed)
    return {old: new for old, new in _find_places(base, changed, mover).items() if old not in side}


def _find_places(base: Value, changed: Value, mover: Value) -> Moves:
    """Where `mover` put what `changed` changed or removed."""
    old, side, new = _flatten(base), _flatten(changed), _flatten(mover)
    old_tables, new_tables = (
        {path[:end] for path in flat for end in range(len(path))} for flat in (old, new)
    )
    gained = [path for path in new if path not in old]
    moves: Moves = {}
    for path, before in old.items():
        if path in new or side.get(path) == before:
            continue
        spend(len(gained))
        places = [
            place
            for place in gained
            if place[-1] == path[-1]
            and (path[:-1] not in new_tables or place[:-1] not in old_tables)
            and (before == new[place] or _likeness(before, new[place]) >= _SIMILAR)
        ]
        # Where the other side has it as well, both have moved it.
        if len(places) == 1 and places[0] not in side and _is_traced(old, new, path, places[0]):
            moves[path] = places[0]
    claimed = Counter(moves.values())  # what several could have become is none of them
    return {old: new for old, new in moves.items() if claimed[new] == 1}


def _is_traced(old: Mapping[Path, Value], new: Mapping[Path, Value], path: Path, to: Path) -> bool:
    """Whether a value tells its table: others have it too, unless the tables are much the same."""
    same = [each for each in old if each[-1:] == path[-1:] and old[each] == old[path]]
    if len(same) == 1:
        return True
    tables = [
        {(each[-1], repr(value)) for each, value in flat.items() if each[:-1] == where[:-1]}
        for flat, where in ((old, path), (new, to))
    ]
    shared = 2 * len(tables[0] & tables[1])
    return shared > _MUCH_THE_SAME * (len(tables[0]) + len(tables[1]))


def _likeness(one: Value, two: Value) -> float:
    """How much two values share: of requirements, their names."""
    return max(
        measure_likeness(*map(count_leaves, pair))
        for pair in ((one, two), (_names(one), _names(two)))
    )


def _names(value: Value) -> Value:
    items = value if isinstance(value, list) else []
    found = [split_requirement(item) if isinstance(item, str) else None for item in items]
    named = [parts["name"] for parts in found if parts]
    return list(map(normalize_name, named)) if named and len(named) == len(items) else value


def settle_withdrawn(
    base: Value, ours: Value, theirs: Value
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The paths that the project's, and the template's, side loses: the other one removed them.

    Raises
    ------
    NotSure
        If one moved by itself, and neither side is taken in doubt.
    """
    lost = []
    for side, changed, mover in ((choice.OURS, theirs, ours), (choice.THEIRS, ours, theirs)):
        found = find_withdrawn(base, changed, mover)
        carried = {old: new for old, new in found.items() if _is_carried(base, mover, old, new)}
        chosen = side
        for path in found.keys() - carried.keys():
            doubt = NotSure(f"{'.'.join(path)}: moved by one side, removed by the other")
            chosen = choice.choose(choice.OURS, choice.THEIRS, doubt)
        lost.append(tuple((carried if chosen == side else found).values()))
    return lost[0], lost[1]


def _is_carried(base: Value, mover: Value, old: Path, new: Path) -> bool:
    """Whether a key only went along with its table, and others in it, to the table's new name."""
    before, after = _flatten(base), _flatten(mover)
    old_table, new_table = old[:-1], new[:-1]
    if before[old] != after[new] or not old_table or not new_table:
        return False
    is_gone = all(path[: len(old_table)] != old_table for path in after)
    is_new = all(path[: len(new_table)] != new_table for path in before)
    return (
        is_gone
        and is_new
        and any(
            path[:-1] == old_table and after.get((*new_table, path[-1])) == value
            for path, value in before.items()
            if path != old
        )
    )


def _flatten(value: Value, path: Path = ()) -> dict[Path, Value]:
    """Every value that is no mapping, by its path."""
    if not isinstance(value, dict):
        return {path: value}
    found: dict[Path, Value] = {}
    for key, part in value.items():
        found |= _flatten(part, (*path, *key))
    spend(len(found))
    return found


def apply_moves(value: Value, moves: Moves) -> Value:
    """A parsed file with keys moved."""
    for old, new in moves.items():
        part, rest = _take(value, old)
        if part is not None:
            value = _put(rest, new, part)
    return value


def _take(value: Value, path: Path) -> tuple[Value | None, Value]:
    """The value at a path, and the rest without tables that are left empty."""
    if not isinstance(value, dict) or (path[0],) not in value:
        return None, value
    rest = dict(value)
    part: Value | None = rest.pop((path[0],))
    if len(path) > 1 and part is not None:
        part, inner = _take(part, path[1:])
        rest |= {(path[0],): inner} if inner else {}
    return part, rest


def _put(value: Value, path: Path, part: Value) -> Value:
    if not path:
        return part
    table = dict(value) if isinstance(value, dict) else {}
    table[(path[0],)] = _put(table.get((path[0],), {}), path[1:], part)
    return table


def apply_moves_to_tree(root: Branch, moves: Moves, mover: Branch) -> Branch:
    """A TOML tree with keys moved to the tables that `mover` has them in."""
    for old, new in moves.items():
        source, target = _find_entry(root, old), _find_entry(mover, new)
        if source is None or target is None:
            raise NotSure(f"{'.'.join(old)}: moved in an unusual way")
        (table, entry), (into, sample) = source, target
        if table is None or into is None:
            raise NotSure("a key moved from, or to, the place before the first table")
        lead = _without_comments_of(mover, entry.lead, sample.lead)
        moved = entry._replace(key=sample.key, head=sample.head, lead=lead)
        tables = (m for m in root.entries if m.key == into.key and _is_table(m) and not m.item)
        destination = next(tables, None)
        entries: list[Entry] = []
        for member in root.entries:
            left = member
            if member is table:
                left = _with_entries(table, tuple(e for e in _entries(table) if e is not entry))
            if member is destination:
                left = _with_entries(left, (*_entries(left), moved))
            if _entries(left) or left is member:
                entries.append(left)
            if member is table and destination is None:
                entries.append(_with_entries(into, (moved,)))
        root = root._replace(entries=tuple(entries))
    return root


def _without_comments_of(mover: Branch, lead: str, own: str) -> str:
    """The comments above a key that go with it: not those that the mover has elsewhere."""
    left = {*find_remarks(mover)} - {*split_comments(own)}
    return "".join(line for line in lead.splitlines(keepends=True) if line.strip() not in left)


def drop_from_tree(root: Branch, paths: Iterable[Path]) -> Branch:
    """A TOML tree without some keys, and without the tables that are left empty."""
    for path in paths:
        found = _find_entry(root, path)
        if found is None:
            raise NotSure(f"{'.'.join(path)}: written in an unusual way")
        table, entry = found
        entries: list[Entry] = []
        for member in root.entries:
            if member is table:
                left = tuple(each for each in _entries(table) if each is not entry)
                entries += [_with_entries(table, left)] if left else []
            elif member is not entry:
                entries.append(member)
        if entries and entries[0] is not root.entries[0]:
            # What is the first one now has no blank line above it.
            entries[0] = entries[0]._replace(lead=entries[0].lead.lstrip("\n"))
        root = root._replace(entries=tuple(entries))
    return root


def _find_entry(root: Branch, path: Path) -> tuple[Entry | None, Entry] | None:
    """The table and the entry of a path; no table for a key before the first one."""
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
    return isinstance(entry.node, Branch) and not entry.node.bracketed


def _entries(table: Entry) -> tuple[Entry, ...]:
    return table.node.entries if isinstance(table.node, Branch) else ()


def _with_entries(table: Entry, entries: tuple[Entry, ...]) -> Entry:
    if not isinstance(table.node, Branch):
        raise NotSure("a table without entries")
    return table._replace(node=table.node._replace(entries=entries))


def gather_dotted_keys(sides: Sequence[Branch]) -> list[Branch]:
    """Write the same keys in the same form: below a header, where ours or theirs has made one.

    ``lint.select`` in ``[tool.ruff]`` and ``select`` in ``[tool.ruff.lint]`` are one key, and TOML
    takes no file that has both forms of a table.

    Parameters
    ----------
    sides
        Base, ours and theirs, as trees of TOML.

    Raises
    ------
    NotSure
        If a key is written in a way that cannot be parted.
    """
    headers = {
        member.key: member
        for side in sides[1:]
        for member in side.entries
        if _is_table(member) and not member.item and len(member.key) > 1
    }
    base, *others = [_gather_below(side, headers) if headers else side for side in sides]
    return [_scatter_above(base, others, headers), *others]


def _scatter_above(base: Branch, others: Sequence[Branch], headers: Mapping[Key, Entry]) -> Branch:
    """The base with dotted keys in place of a table that both sides have written with such keys."""
    dotted = [
        {(*table.key, *entry.key): table for table in side.entries for entry in _dotted(table)}
        for side in others
    ]
    entries: list[Entry] = []
    for member in base.entries:
        above = next((table for key, table in dotted[0].items() if _is_below(key, member)), None)
        if (
            above is None
            or not any(_is_below(key, member) for key in dotted[1])
            or member.key in headers
        ):
            entries.append(member)
            continue
        parts = member.key[len(above.key) :]
        moved = tuple(toml.add_key_parts(entry, parts) for entry in _entries(member))
        at = next((at for at, each in enumerate(entries) if each.key == above.key), None)
        if at is None:
            entries.append(_with_entries(above._replace(lead=member.lead), moved))
        else:
            entries[at] = _with_entries(entries[at], (*_entries(entries[at]), *moved))
    return base._replace(entries=tuple(entries))


def _dotted(table: Entry) -> tuple[Entry, ...]:
    """The keys of a table that have several parts."""
    is_plain = _is_table(table) and not table.item
    return tuple(entry for entry in _entries(table) if len(entry.key) > 1) if is_plain else ()


def _is_below(key: Key, table: Entry) -> bool:
    """Whether a key could stand below the header of a table."""
    return _is_table(table) and not table.item and key[: len(table.key)] == table.key


def _gather_below(side: Branch, headers: Mapping[Key, Entry]) -> Branch:
    gathered: dict[Key, list[Entry]] = {}
    behind: dict[Key, int] = {}
    entries: list[Entry] = []
    for member in side.entries:
        if member.item or not _is_table(member):
            entries.append(member)
            continue
        own: list[Entry] = []
        for entry in _entries(member):
            header = _find_header(member.key, entry.key, headers.keys())
            if header is None:
                own.append(entry)
            else:
                count = len(header) - len(member.key)
                gathered.setdefault(header, []).append(toml.drop_key_parts(entry, count))
        if own or len(own) == len(_entries(member)):
            entries.append(_with_entries(member, tuple(own)))
        behind.update(dict.fromkeys(gathered.keys() - behind.keys(), len(entries)))
    there = {member.key: at for at, member in enumerate(entries) if _is_table(member)}
    for header, moved in gathered.items():
        if header in there:
            at = there[header]
            entries[at] = _with_entries(entries[at], (*_entries(entries[at]), *moved))
    # From the end on, so that no place before it moves.
    for header in reversed([header for header in gathered if header not in there]):
        at = behind[header]
        table = headers[header]._replace(lead="\n" if at else "")
        entries.insert(at, _with_entries(table, tuple(gathered[header])))
    return side._replace(entries=tuple(entries))


def _find_header(table: Key, key: Key, headers: AbstractSet[Key]) -> Key | None:
    """The longest header that a dotted key of a table could stand below."""
    whole = (*table, *key)
    ends = range(len(whole) - 1, len(table), -1)
    return next((whole[:end] for end in ends if whole[:end] in headers), None)
