"""Names by which one part of a file needs another: a matrix, a job, a step, a group, a service.

Each side's change may be right, and their merge wrong: the template comes to use what the project
has removed. Then that part of its change is declined; and what the template removed and the project
still uses stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from lisa_scaffold.formats.tree import Key, Path, Value
from lisa_scaffold.merge.effort import spend
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.versions import normalize_name, split_requirement

_USE = compile_lazily(r"(?<![\w.])(matrix|steps|needs|inputs|env)\.([A-Za-z_][\w-]*)")
_ASSIGNED = compile_lazily(r"(?<!\w)([A-Za-z_]\w*)=")
_VOLUME = compile_lazily(r"([A-Za-z0-9][\w.-]*):")
_IN_JOB = ("matrix", "steps")
_BY_DOT = ("matrix", "steps", "inputs", "env")
# The keys by which a job of GitLab's names another one, or a service of Compose's something else.
_OF_JOB = ("needs", "extends", "dependencies")
_OF_SERVICE = {"depends_on": "services"} | {
    key: key for key in ("networks", "volumes", "secrets", "configs")
}
_ANY = "*"


class Need(NamedTuple):
    """A name that something refers to.

    Attributes
    ----------
    scope
        The job that it holds for; empty for the whole file.
    kind
        The key by which it refers.
    home
        The key below which the name is defined; empty for the file itself.
    name
        The name.
    """

    scope: str
    kind: str
    home: str
    name: str


class _Names(NamedTuple):
    """What is needed, and the scope, the home and the name of what is defined."""

    needed: set[Need]
    known: set[tuple[str, str, str]]

    def has(self, need: Need) -> bool:
        places = ((need.scope, need.home, name) for name in (need.name, _ANY))
        return any(place in self.known for place in places)


class Open(NamedTuple):
    """Where both sides' changes do not go together.

    Attributes
    ----------
    declined
        What the template has come to need, and the project has not.
    kept
        What the template has no longer, and the project still needs.
    """

    declined: frozenset[Need] = frozenset()
    kept: frozenset[Need] = frozenset()

    def concerns(self, *texts: str | None) -> bool:
        """Whether some texts may have to do with it."""
        names = {need.name for need in (*self.declined, *self.kept)}
        spend(len(names) * sum(len(text) for text in texts if text) // 100)
        return any(name in text for name in names for text in texts if text)

    def declines(self, path: Path, before: str, after: str) -> bool:
        """Whether the template's text comes to name what is declined."""
        return any(
            _names(need, path, after) and not (before and _names(need, path, before))
            for need in self.declined
        )

    def keeps(self, path: Path, text: str) -> bool:
        """Whether a member defines what is kept."""
        spend(len(self.kept) * len(text) // 100)
        return any(
            need.scope in ("", *path)
            and (
                (path[-1:] == (need.name,) and (not need.home or need.home in path[:-1]))
                or (need.home and path[-1:] == (need.home,) and _defines(text, need.name))
                or (need.home == "steps" and re.search(rf"\bid: *{re.escape(need.name)}\b", text))
            )
            for need in self.kept
        )


def _defines(text: str, name: str) -> bool:
    """Whether a table has a key."""
    return bool(re.search(rf"(?<![\w.-]){re.escape(name)}[\"']?\s*[:=]", text))


_NOTHING = Open()
_open: ContextVar[Open] = ContextVar("what does not go together", default=_NOTHING)


@contextmanager
def settling(found: Open) -> Iterator[None]:
    """Decline, and keep, what has been found not to go together."""
    token = _open.set(found)
    try:
        yield
    finally:
        _open.reset(token)


def unsettled() -> Open:
    """What is declined and kept at present."""
    return _open.get()


def find_open(ours: Value, theirs: Value, merged: Value) -> Open:
    """What of both sides does not go together in a merge."""
    mine, offered, result = map(_read, (ours, theirs, merged))
    declined = {n for n in offered.needed - mine.needed if offered.has(n) and not result.has(n)}
    kept = {n for n in mine.needed & result.needed if mine.has(n) and not offered.has(n)}
    return Open(frozenset(declined), frozenset(kept))


def find_dangling(ours: Value, theirs: Value, merged: Value) -> str | None:
    """A name that is needed in a merge and not defined, unless a side has it so already."""
    mine, offered, result = map(_read, (ours, theirs, merged))
    known = {n for side in (mine, offered) for n in side.needed if not side.has(n)}
    missing = sorted(n for n in result.needed - known if not result.has(n))
    return f"{missing[0].kind} {missing[0].name}" if missing else None


def excuses(path: Path, base: Value | None, ours: Value | None, theirs: Value | None) -> bool:
    """Whether the project's value stands for what does not go together."""
    before, mine, offered = (
        " ".join(_write(side)) if side else "" for side in (base, ours, theirs)
    )
    found = unsettled()
    if theirs is None:
        return ours is not None and found.keeps(path, mine)
    return found.declines(path, before, offered)


def _write(value: Value) -> Iterator[str]:
    """The keys and texts of a value."""
    match value:
        case dict():
            for key, part in value.items():
                yield ".".join(key) + ":"
                yield from _write(part)
        case list():
            for part in value:
                yield from _write(part)
        case (_, str(text)) | str(text):
            yield text


def _names(need: Need, path: Path, text: str) -> bool:
    """Whether a text at a path refers to a name, as far as words tell."""
    if need.scope not in ("", *path):
        return False
    there = " ".join((*path, text))
    spend(len(there) // 10)
    name = rf"{re.escape(need.name)}(?![\w-])"
    if need.kind in _BY_DOT:
        return bool(re.search(rf"(?<![\w-]){need.kind}\.{name}", there))
    key = re.search(rf"(?<![\w-]){need.kind}(?![\w-])", there)
    return bool(key and re.search(rf"(?<![\w-]){name}", there[key.end() :]))


def _read(value: Value) -> _Names:
    found = _Names(set(), set())
    data = _plain(value)
    if isinstance(data, dict):
        for read in (_read_workflow, _read_pipeline, _read_services, _read_groups):
            read(data, found)
    return found


def _plain(value: Value) -> Any:
    """A value with texts for keys and scalars, and a table in its table."""
    spend(1)
    match value:
        case dict():
            found: dict[str, Any] = {}
            for key, part in value.items():
                _put(found, key, _plain(part))
            return found
        case list():
            return [_plain(part) for part in value]
        case (_, text):
            return text
    return value


def _put(table: dict[str, Any], key: Key, part: Any) -> None:
    for name in key[:-1]:
        inner = table.setdefault(name, {})
        table = inner if isinstance(inner, dict) else {}
    there = table.get(key[-1])
    table[key[-1]] = there | part if isinstance(there, dict) and isinstance(part, dict) else part


def _at(data: Any, *keys: str) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _tables(data: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    items = data.items() if isinstance(data, dict) else ()
    return ((key, part) for key, part in items if isinstance(part, dict))


def _texts(data: Any) -> list[str]:
    """The texts that a value lists, or the keys that it has."""
    items = data if isinstance(data, list | dict) else [data]
    return [item for item in items if isinstance(item, str)]


def _all_texts(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for name, part in data.items():
            yield from _all_texts(part, name)
    elif isinstance(data, list):
        for part in data:
            yield from _all_texts(part, key)
    elif isinstance(data, str):
        yield key, data


def _need(found: _Names, kind: str, home: str, names: Iterable[str], scope: str = "") -> None:
    found.needed.update(Need(scope, kind, home, name) for name in names)


def _know(found: _Names, home: str, names: Iterable[str], scope: str = "") -> None:
    found.known.update((scope, home, name) for name in names)


def _read_workflow(data: Mapping[str, Any], found: _Names) -> None:
    """A workflow of GitHub's, or an action."""
    jobs = dict(_tables(data.get("jobs")))
    if "runs" in data:
        jobs = {"runs": data["runs"]}
    for name, job in jobs.items():
        _know(found, "jobs", [name])
        _need(found, "needs", "jobs", _texts(_at(job, "needs")))
        matrix = _at(job, "strategy", "matrix")
        more = _at(matrix, "include")
        rows = [matrix, *(more if isinstance(more, list) else [])]
        is_computed = isinstance(matrix, str) or isinstance(more, str)
        keys = [_ANY] if is_computed else [key for row in rows if row for key in _texts(row)]
        _know(found, "matrix", keys, name)
        steps = _at(job, "steps")
        ids = [_at(step, "id") for step in steps] if isinstance(steps, list) else []
        _know(found, "steps", filter(None, ids), name)
        for key, text in _all_texts(job):
            for part in [text] if key == "if" else _find_expressions(text):
                for kind, each in _USE.findall(part):
                    home = "jobs" if kind == "needs" else kind
                    _need(found, kind, home, [each], name if kind in _IN_JOB else "")
            if "GITHUB_ENV" in text:
                _know(found, "env", _ASSIGNED.findall(text))
    for key in ("env", "inputs"):
        _read_settings(data, key, found)


def _find_expressions(text: str) -> list[str]:
    """What stands between ``${{`` and ``}}``."""
    parts = (part.partition("}}") for part in text.split("${{")[1:])
    return [inner for inner, end, _ in parts if end]


def _read_settings(data: Any, key: str, found: _Names) -> None:
    """The names that tables of one key define, wherever they are."""
    for name, part in data.items() if isinstance(data, dict) else ():
        if name == key:
            _know(found, key, _texts(part))
        _read_settings(part, key, found)
    for part in data if isinstance(data, list) else ():
        _read_settings(part, key, found)


def _read_pipeline(data: Mapping[str, Any], found: _Names) -> None:
    """A pipeline of GitLab's."""
    jobs = dict(_tables(data))
    if "jobs" in jobs or "services" in jobs:
        return
    _know(found, "", jobs)
    _know(found, "stages", _texts(data.get("stages")))
    for job in jobs.values():
        if not {"script", "stage", "extends", "trigger"} & job.keys():
            continue
        _need(found, "stage", "stages", _texts(job.get("stage")))
        for key in _OF_JOB:
            named = job.get(key)
            listed = [_at(each, "job") for each in named] if isinstance(named, list) else []
            _need(found, key, "", [*_texts(named), *_texts(listed)])


def _read_services(data: Mapping[str, Any], found: _Names) -> None:
    """The services of a Compose file."""
    for key in _OF_SERVICE.values():
        _know(found, key, _texts(data.get(key)))
    for _, service in _tables(data.get("services")):
        for key, home in _OF_SERVICE.items():
            names = _texts(service.get(key))
            if key == "volumes":
                names = [match[1] for name in names if (match := _VOLUME.match(name))]
            _need(found, key, home, names)


def _read_groups(data: Mapping[str, Any], found: _Names) -> None:
    """Groups of requirements: of packages, of pixi, uv and hatch."""
    for root in (data, _at(data, "tool", "pixi") or {}):
        _know(found, "feature", _texts(_at(root, "feature")))
        environments = _at(root, "environments")
        for each in environments.values() if isinstance(environments, dict) else ():
            features = _at(each, "features") if isinstance(each, dict) else each
            _need(found, "environments", "feature", _texts(features))
    groups, extras = data.get("dependency-groups"), _at(data, "project", "optional-dependencies")
    _know(found, "dependency-groups", _texts(groups))
    _know(found, "optional-dependencies", _texts(extras))
    for items in groups.values() if isinstance(groups, dict) else ():
        included = [_at(item, "include-group") for item in items if isinstance(items, list)]
        _need(found, "include-group", "dependency-groups", _texts(included))
    _need(
        found,
        "default-groups",
        "dependency-groups",
        _texts(_at(data, "tool", "uv", "default-groups")),
    )
    for _, env in _tables(_at(data, "tool", "hatch", "envs")):
        _need(found, "features", "optional-dependencies", _texts(env.get("features")))
        own = _texts(env.get("dependency-groups"))
        _need(found, "dependency-groups", "dependency-groups", own)
    name = normalize_name(str(_at(data, "project", "name")))
    for items in extras.values() if isinstance(extras, dict) else ():
        for parts in filter(None, map(split_requirement, _texts(items))):
            if normalize_name(parts["name"]) == name:
                inner = parts["extras"].strip().strip("[]").split(",")
                named = [extra.strip() for extra in inner if extra.strip()]
                _need(found, "optional-dependencies", "optional-dependencies", named)
