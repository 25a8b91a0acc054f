"""What tells the members of one list apart: a name, a field or a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from lisa_scaffold.formats.tree import Value

# What identifies an item of a list, the surest first; the version behind a `@` does not count.
_IDENTIFYING = (
    *("repo", "id", "name", "uses", "component", "job", "python-version", "image", "module"),
    *("project", "file", "local", "template", "remote", "path", "key", "label", "url", "source"),
    *("package-ecosystem", "target", "title", "command", "run", "if"),
)
# Of these a capital letter makes no other item, and neither does a full stop at the end.
_IN_WORDS = {"name", "title", "label"}


def identify(*sides: Sequence[Value]) -> list[list[Hashable]]:
    """A key for each member of some lists: the field that identifies it, and its value."""
    names: Sequence[str] = _IDENTIFYING
    for name in _IDENTIFYING:
        # The first field that every item has and that is unique on each side identifies all.
        found = [[_get_field(item, name) for item in side] for side in sides]
        if all(None not in side and len(set(side)) == len(side) for side in found):
            names = (name,)
            break
    else:
        if are_all_named(*sides):
            return [[("", _get_only_name(item)) for item in side] for side in sides]
    keys = [[_find_identity(item, names) for item in side] for side in sides]
    repeated = {key for side in keys for key, count in Counter(side).items() if count > 1}
    return [
        [_extend_key(k, i) if k in repeated else k for k, i in zip(*pair, strict=True)]
        for pair in zip(keys, sides, strict=True)
    ]


def _extend_key(key: Hashable, item: Value) -> Hashable:
    """A name that several members share, with the names of what this one of them contains."""
    if not isinstance(key, tuple) or not isinstance(item, dict):
        return key
    inner = []
    for field, part in item.items():
        if isinstance(part, dict | list):
            members = [part] if isinstance(part, dict) else part
            identities = [_find_identity(member, _IDENTIFYING) for member in members]
            names = [str(identity[1]) for identity in identities if isinstance(identity, tuple)]
            if names and len(names) == len(identities):
                inner.append((field, tuple(sorted(names))))
    return (*key, tuple(sorted(inner)))


def name_of(key: Hashable) -> Hashable:
    """The name of a member, without the names of what it contains."""
    return key[:2] if isinstance(key, tuple) and isinstance(key[0], tuple) else key


def share_identity(one: Value, two: Value) -> bool:
    """Whether two mappings have an identifying field with the same value."""
    found = ((_get_field(one, name), _get_field(two, name)) for name in _IDENTIFYING)
    return any(first is not None and first == second for first, second in found)


def are_all_named(*sides: Sequence[Value]) -> bool:
    """Whether each member is just a name (``- a``), or one with a value (``- b: {c: d}``)."""
    names = [[_get_only_name(item) for item in side] for side in sides]
    unique = all(None not in side and len(set(side)) == len(side) for side in names)
    return unique and any(isinstance(item, dict) for side in sides for item in side)


def _get_only_name(item: Value) -> str | None:
    match item:
        case dict() if len(item) == 1:
            name = next(iter(item))[-1]
            return None if name in _IDENTIFYING else name
        case dict() | list():
            return None
        case (_, name):
            return name
    return str(item)


def find_name(item: Value) -> str:
    """What a message calls an item: the field that identifies it, as it is written."""
    fields = (_read_field(item, name) for name in _IDENTIFYING)
    found = next((field for field in fields if field is not None), None)
    return (found if found is not None else _get_only_name(item)) or ""


def _get_field(item: Value, name: str) -> str | None:
    """A field of an item, in the form in which it identifies one."""
    found = _read_field(item, name)
    return found.rstrip(" .:!").lower() if found and name in _IN_WORDS else found


def _read_field(item: Value, name: str) -> str | None:
    found = item.get((name,)) if isinstance(item, dict) else None
    if isinstance(found, tuple):
        found = found[1]
    return found.partition("@")[0] if isinstance(found, str) else None


def _find_identity(item: Value, names: Sequence[str]) -> Hashable:
    fields = (((name,), _get_field(item, name)) for name in names)
    return next((field for field in fields if field[1] is not None), repr(item))
