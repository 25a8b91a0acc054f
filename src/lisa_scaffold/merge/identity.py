"""What tells the members of a list apart: a field that names each of them, or what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from lisa_scaffold.merge.nodes import Key, Value

# What identifies an item of a list, the surest first; the version behind a `@` does not count.
_IDENTIFYING = (
    *("repo", "id", "name", "uses", "component", "job", "python-version", "image", "module"),
    *("project", "file", "local", "template", "remote", "path", "key", "label", "url", "source"),
    *("package-ecosystem", "target", "title", "command", "run", "if"),
)


def identities(*sides: Sequence[Value]) -> list[list[Hashable]]:
    """A key for each member of some lists: the field that identifies it, and its value."""
    field = _common_field(sides)
    if field is None and one_name_each(*sides):
        return [[("", _only_name(item)) for item in side] for side in sides]
    keys = [[_identity(item, field) for item in side] for side in sides]
    often = {key for side in keys for key, count in Counter(side).items() if count > 1}
    return [
        [_with_inner(k, i) if k in often else k for k, i in zip(*pair, strict=True)]
        for pair in zip(keys, sides, strict=True)
    ]


def _with_inner(key: Hashable, item: Value) -> Hashable:
    """A name that several members share, with the names of what is in this one of them."""
    if not isinstance(key, tuple) or not isinstance(item, dict):
        return key
    inner = sorted((field, _names_in(part)) for field, part in item.items() if _names_in(part))
    return (*key, tuple(inner)) if inner else key


def _names_in(part: Value) -> tuple[str, ...]:
    """The names of the members of a list, or of a mapping; none where one has no name."""
    if not isinstance(part, dict | list):
        return ()
    found = [_identity(item, None) for item in ([part] if isinstance(part, dict) else part)]
    names = [str(key[1]) for key in found if isinstance(key, tuple)]
    return tuple(sorted(names)) if len(names) == len(found) else ()


def name_of(key: Hashable) -> Hashable:
    """The name of a member, without the names of what is in it."""
    return key[:2] if isinstance(key, tuple) and isinstance(key[0], tuple) else key


def share_identity(one: Value, two: Value) -> bool:
    """Whether two mappings have an identifying field with the same value."""
    found = ((_field(one, (name,)), _field(two, (name,))) for name in _IDENTIFYING)
    return any(first is not None and first == second for first, second in found)


def one_name_each(*sides: Sequence[Value]) -> bool:
    """Whether each member is a name, alone (``- a``) or with what is its own (``- b: {c: d}``)."""
    names = [[_only_name(item) for item in side] for side in sides]
    alone = all(None not in side and len(set(side)) == len(side) for side in names)
    return alone and any(isinstance(item, dict) for side in sides for item in side)


def _only_name(item: Value) -> str | None:
    match item:
        case dict() if len(item) == 1:
            name = next(iter(item))[-1]
            return None if name in _IDENTIFYING else name
        case dict() | list():
            return None
        case (_, name):
            return name
    return str(item)


def _common_field(sides: Sequence[Sequence[Value]]) -> Key | None:
    """The first identifying field that every item has and that is unique on each side."""
    for name in _IDENTIFYING:
        seen = [[_field(item, (name,)) for item in side] for side in sides]
        if all(None not in side and len(set(side)) == len(side) for side in seen):
            return (name,)
    return None


def _field(item: Value, key: Key) -> str | None:
    found = item.get(key) if isinstance(item, dict) else None
    if isinstance(found, tuple):
        found = found[1]
    return found.partition("@")[0] if isinstance(found, str) else None


def _identity(item: Value, field: Key | None) -> Hashable:
    for key in [field] if field else [(name,) for name in _IDENTIFYING]:
        found = _field(item, key)
        if found is not None:
            return (key, found)
    return repr(item)
