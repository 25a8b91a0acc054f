"""Requirements that the template takes out, and the project's own modules may need."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats import python
from lisa_scaffold.formats.edit import replace_item
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import listed
from lisa_scaffold.model import Note
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches, Tree
from lisa_scaffold.versions import normalize_name, split_requirement

_METADATA = "pyproject.toml"
_KEYS = ("project", "dependencies")


class Used(NamedTuple):
    """Where a module of the project imports what a distribution brings."""

    path: str
    line: int


def hold_required(
    store: Store, ours: str, base: Tree, theirs: Tree, leaves: Matches
) -> Iterator[Note]:
    """Let a requirement that the template takes out stay where the project's modules import it.

    It becomes the project's own: the base forgets that it was the template's.

    Parameters
    ----------
    store, ours
        The project's tree.
    base, theirs
        The renders of the recorded and of the wanted version.
    leaves
        Whether a file of the template goes with the requirement, as long as nobody has changed it.
    """
    if _METADATA not in base or _METADATA not in theirs:
        return
    old, new = (_list_requirements(tree[_METADATA].data) for tree in (base, theirs))
    present = store.contents(ours, [_METADATA]).get(_METADATA)
    held = _list_requirements(present.data) if present and present.mode != SUBMODULE else {}
    dropped = {name: text for name, text in old.items() if name in held.keys() - new.keys()}
    if not dropped:
        return
    used = _find_used(store, ours, base, leaves)
    blob = base[_METADATA]
    for name in sorted(dropped.keys() & used):
        changed = replace_item(_KEYS, dropped[name], None)(blob.data.decode())
        blob = blob._replace(data=changed.encode())
        where = f"{used[name].path}:{used[name].line}"
        text = f"{name} stays in `dependencies`, though the template drops it: {where} imports it."
        yield Note(text, _METADATA)
    base[_METADATA] = blob


def tell_dropped(synced: Synced, store: Store, ours: str) -> None:
    """Name each requirement that is taken out."""
    after = synced.decided().get(_METADATA)
    present = store.contents(ours, [_METADATA]).get(_METADATA) if after else None
    if after is None or present is None:
        return
    gone = _list_requirements(present.data).keys() - _list_requirements(after.data)
    if gone:
        named = listed(sorted(gone), most=len(gone))
        why = "none of your modules imports what the template no longer asks for"
        synced.note(_METADATA, f"taken out of `dependencies`: {named}; {why}.")


def _list_requirements(data: bytes) -> dict[str, str]:
    """The names of what a package requires, each with its requirement."""
    stated = Facts.of({_METADATA: data}).pyproject.items(*_KEYS)
    found = ((split_requirement(each.strip()), each) for each in stated if isinstance(each, str))
    return {normalize_name(parts["name"]): each for parts, each in found if parts}


def _find_used(store: Store, ours: str, base: Tree, leaves: Matches) -> dict[str, Used]:
    """Every distribution that modules of the project import, tests included, with one place."""
    modules = [path for path in store.paths(ours) if path.endswith(".py")]
    stages = store.entries(ours, modules)
    staying = [
        path
        for path, stage in stages.items()
        if stage.mode != SUBMODULE
        if not (leaves(path) and path in base and stage.oid == store.oid(base[path].data))
    ]
    used: dict[str, Used] = {}
    # Those of the package come first.
    for path, blob in sorted(store.contents(ours, staying).items(), key=_rank):
        for name, line in _find_imports(blob.data.decode(errors="replace")):
            for each in imported.find_distributions(name) or (name,):
                used.setdefault(normalize_name(each), Used(path, line))
    return used


def _rank(named: tuple[str, Blob]) -> tuple[bool, str]:
    return not named[0].startswith("src/"), named[0]


def _find_imports(text: str) -> Iterator[tuple[str, int]]:
    """The first part of each name that a module imports anywhere in it."""
    tree = python.parse(text)
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Import(names=names):
                yield from ((each.name.partition(".")[0], node.lineno) for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], node.lineno
