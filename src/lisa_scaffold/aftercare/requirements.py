"""Requirements that the template takes out, and what is the project's own may need."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold import git
from lisa_scaffold.aftercare import programs
from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.formats import notebook, python
from lisa_scaffold.formats.edit import replace_item
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Note, Weight
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches, Tree
from lisa_scaffold.versions import normalize_name, parse_version, split_requirement

if TYPE_CHECKING:
    from packaging.version import Version

_METADATA = "pyproject.toml"
_KEYS = ("project", "dependencies")
_TABLES = (("project", "optional-dependencies"), ("dependency-groups",))
_BOUND = compile_lazily(r"(>=|<=|===?|~=|>|<)\s*([^\s,()<>=!~]+)")
_IMPORTING = (".py", ".ipynb")


class Used(NamedTuple):
    """Where the project imports, or runs, what a distribution brings."""

    path: str
    line: int
    how: str = "imports"

    def __str__(self) -> str:
        """The place, and what it does."""
        if self.path.endswith(".ipynb"):
            return f"{visible(self.path)}, cell {self.line}, {self.how}"
        return f"{visible(self.path)}:{self.line} {self.how}"


class _Dropped(NamedTuple):
    """A requirement that the template takes out of a list, and the project has there."""

    keys: tuple[str, ...]
    name: str
    text: str


def hold_imported(
    work: Work, base: Tree, theirs: Tree, leaves: Matches, seeded: Matches
) -> Iterator[Note]:
    """Let a requirement that the template takes out stay where the project's modules import it.

    It becomes the project's own: the base forgets that it was the template's.

    Parameters
    ----------
    work
        What people have written, committed or not.
    base, theirs
        The renders of the recorded and of the wanted version.
    leaves
        Whether a file of the template goes with the requirement, as long as nobody has changed it.
    seeded
        Whether a file of the template stays as it is.
    """
    if dropped := _find_dropped(work, base, theirs):
        yield from _hold(base, dropped, _find_used(work, base, leaves, seeded))


def hold_run(work: Work, synced: Synced, base: Tree, theirs: Tree) -> Iterator[Note]:
    """Let a requirement stay, as `hold_imported`, where lines that stay the project's run it.

    Parameters
    ----------
    work
        What people have written.
    synced
        The merge, which is made anew then.
    base, theirs
        The renders of the recorded and of the wanted version.
    """
    if not (dropped := _find_dropped(work, base, theirs)):
        return
    present = work.store.contents(
        work.ours, [path for path in work.store.paths(work.ours) if programs.is_running(path)]
    )
    used: dict[str, Used] = {}
    decided = synced.decided()
    for path, blob in sorted(present.items()):
        after = decided.get(path, blob)
        if after is None or SUBMODULE in (blob.mode, after.mode):
            continue
        staying = {name for name, _ in programs.find_runs(path, after.data)}
        if path in theirs:
            staying -= {name for name, _ in programs.find_runs(path, theirs[path].data)}
        for name, line in programs.find_runs(path, blob.data):
            if name in staying:
                used.setdefault(normalize_name(name), Used(path, line, "runs"))
    yield from _hold(base, dropped, used)


def _find_dropped(work: Work, base: Tree, theirs: Tree) -> list[_Dropped]:
    """What the template takes out, and the project has.

    What goes from one group to another is still there for whoever develops.
    """
    if _METADATA not in base or _METADATA not in theirs:
        return []
    present = work.store.contents(work.ours, [_METADATA]).get(_METADATA)
    if present is None or present.mode == SUBMODULE:
        return []
    old, held, new = (
        _list_all(data) for data in (base[_METADATA].data, present.data, theirs[_METADATA].data)
    )
    anywhere = {name for keys, listed in new.items() if keys != _KEYS for name in listed}
    return [
        _Dropped(keys, name, text)
        for keys, listed in old.items()
        for name, text in listed.items()
        if name in held.get(keys, {}) and name not in new.get(keys, {})
        if keys == _KEYS or name not in anywhere
    ]


def _hold(base: Tree, dropped: list[_Dropped], used: Mapping[str, Used]) -> Iterator[Note]:
    """Let the base forget what is used, and say so."""
    for each in sorted(dropped):
        if place := used.get(each.name):
            blob = base[_METADATA]
            changed = replace_item(each.keys, each.text, None)(blob.data.decode())
            base[_METADATA] = blob._replace(data=changed.encode())
            stays = f"{each.name} stays in `{each.keys[-1]}`, though the template drops it"
            yield Note(f"{stays}: {place} it.", _METADATA)


def _list_all(data: bytes) -> dict[tuple[str, ...], dict[str, str]]:
    """The requirements of a package, of its extras and of its groups, by where they stand."""
    pyproject = Facts.of({_METADATA: data}).pyproject
    places = [_KEYS]
    for table in _TABLES:
        listed = pyproject.get(*table)
        places += [(*table, str(name)) for name in listed] if isinstance(listed, dict) else []
    return {keys: _list_requirements(data, keys) for keys in places}


def tell_dropped(synced: Synced, store: Store, ours: str) -> None:
    """Name each requirement that is taken out."""
    after = synced.decided().get(_METADATA)
    present = store.contents(ours, [_METADATA]).get(_METADATA) if after else None
    if after is None or present is None:
        return
    gone = _list_requirements(present.data).keys() - _list_requirements(after.data)
    if gone:
        named = join_names(sorted(gone), most=len(gone))
        why = "no module or notebook of yours imports what the template no longer asks for"
        synced.note(_METADATA, f"taken out of `dependencies`: {named}; {why}.")


def tell_raised(synced: Synced, work: Work, base: Tree) -> None:
    """Tell what users of the package need more than before, where nobody but the template said so.

    A tool of the developers may rise in silence, but what users have may not do for the next
    release. Somebody is to look at that once there was one: nobody has installed what was never
    released, and the template's example is all that depends on it then.

    Parameters
    ----------
    synced
        The merge.
    work
        What people have written.
    base
        The render of the recorded version.
    """
    after = synced.decided().get(_METADATA)
    before = work.store.contents(work.ours, [_METADATA]).get(_METADATA) if after else None
    if after is None or before is None or before.mode == SUBMODULE or _METADATA not in base:
        return
    old, mine, new = (_list_needs(blob.data) for blob in (base[_METADATA], before, after))
    raised = []
    for key, text in new.items():
        was = mine.get(key)
        if was is None and key not in old:
            raised.append(f"`{text}` is new")
        elif was is not None and was == old.get(key) and _narrows(was, text):
            raised.append(f"`{was}` becomes `{text}`")
    if raised:
        released = any(map(parse_version, git.list_tags(work.project.root)[0]))
        told = f"users of the package need more: {'; '.join(raised)}."
        keep = "Where it does with what they had, write that again."
        weight = Weight.ASKS if released else Weight.INFORMS
        synced.note(_METADATA, f"{told} {keep}", weight=weight)


def _list_needs(data: bytes) -> dict[tuple[str, ...], str]:
    """What whoever installs a package needs: its requirements, those of its extras, its Python."""
    found = {
        (*keys, name): text
        for keys, listed in _list_all(data).items()
        if keys[0] == "project"
        for name, text in listed.items()
    }
    python = Facts.of({_METADATA: data}).pyproject.get("project", "requires-python")
    return {**found, ("python",): f"python{python}"} if isinstance(python, str) else found


def _narrows(before: str, after: str) -> bool:
    """Whether a requirement allows less than another one at one of its ends."""
    (floor, ceiling), (new_floor, new_ceiling) = map(_find_ends, (before, after))
    is_raised = new_floor is not None and (floor is None or floor < new_floor)
    return is_raised or (new_ceiling is not None and (ceiling is None or new_ceiling < ceiling))


def _find_ends(text: str) -> tuple[Version | None, Version | None]:
    """The oldest and the newest version that a requirement names as its bounds."""
    parts = split_requirement(text.strip())
    bounds = _BOUND.findall(parts["spec"]) if parts else ()
    ends: dict[str, list[Version]] = {">": [], "<": []}
    for sign, number in bounds:
        if version := parse_version(number):
            # An exact version is both.
            for end in sign[0] if sign[0] in ends else "><":
                ends[end].append(version)
    return max(ends[">"], default=None), min(ends["<"], default=None)


def _list_requirements(data: bytes, keys: tuple[str, ...] = _KEYS) -> dict[str, str]:
    """The names of what a list requires, each with its requirement."""
    stated = Facts.of({_METADATA: data}).pyproject.items(*keys)
    found = ((split_requirement(each.strip()), each) for each in stated if isinstance(each, str))
    return {normalize_name(parts["name"]): each for parts, each in found if parts}


def _find_used(work: Work, base: Tree, leaves: Matches, seeded: Matches) -> dict[str, Used]:
    """Every distribution that the project imports, in its tests too, with one place.

    A file of the template that nobody has changed becomes the template's new one. What is committed
    counts as well where the folder has something else: that may be thrown away.
    """
    store, ours = work.store, work.ours
    modules = [path for path in store.paths(ours) if path.endswith(_IMPORTING)]
    stages = store.entries(ours, modules)
    staying = [
        path
        for path, stage in stages.items()
        if stage.mode != SUBMODULE
        if not (
            path in base
            and (leaves(path) or not seeded(path))
            and stage.oid == store.oid(base[path].data)
        )
    ]
    used: dict[str, Used] = {}
    present = [*store.contents(ours, staying).items(), *work.read_uncommitted(_IMPORTING).items()]
    # Those of the package come first.
    for path, blob in sorted(present, key=_rank):
        for name, line in _find_imports(path, blob.data):
            for each in imported.find_distributions(name) or (name,):
                used.setdefault(normalize_name(each), Used(path, line))
    return used


def _rank(named: tuple[str, Blob]) -> tuple[bool, str]:
    return not named[0].startswith("src/"), named[0]


def _find_imports(path: str, data: bytes) -> Iterator[tuple[str, int]]:
    """The first part of each name that a file imports anywhere in it; of a notebook, the cell."""
    if path.endswith(".ipynb"):
        for cell in notebook.read_notebook(data).cells:
            yield from ((name, cell.number) for _, name in notebook.find_imports(cell.code))
        return
    tree = python.parse(data.decode(errors="replace"))
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Import(names=names):
                yield from ((each.name.partition(".")[0], node.lineno) for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], node.lineno
