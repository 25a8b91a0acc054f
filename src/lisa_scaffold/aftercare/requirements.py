"""Requirements that the template takes out, and the project's own modules may need."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.formats import notebook, python
from lisa_scaffold.formats.edit import replace_item
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Note
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import visible
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches, Tree
from lisa_scaffold.versions import normalize_name, split_requirement

_METADATA = "pyproject.toml"
_KEYS = ("project", "dependencies")
_IMPORTING = (".py", ".ipynb")


class Used(NamedTuple):
    """Where a module or a notebook of the project imports what a distribution brings."""

    path: str
    line: int

    def __str__(self) -> str:
        """The place, and that it imports something."""
        if self.path.endswith(".ipynb"):
            return f"{visible(self.path)}, cell {self.line}, imports"
        return f"{visible(self.path)}:{self.line} imports"


def hold_required(work: Work, base: Tree, theirs: Tree, leaves: Matches) -> Iterator[Note]:
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
    """
    if _METADATA not in base or _METADATA not in theirs:
        return
    old, new = (_list_requirements(tree[_METADATA].data) for tree in (base, theirs))
    present = work.store.contents(work.ours, [_METADATA]).get(_METADATA)
    held = _list_requirements(present.data) if present and present.mode != SUBMODULE else {}
    dropped = {name: text for name, text in old.items() if name in held.keys() - new.keys()}
    if not dropped:
        return
    used = _find_used(work, base, leaves)
    blob = base[_METADATA]
    for name in sorted(dropped.keys() & used):
        changed = replace_item(_KEYS, dropped[name], None)(blob.data.decode())
        blob = blob._replace(data=changed.encode())
        text = f"{name} stays in `dependencies`, though the template drops it: {used[name]} it."
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
        named = join_names(sorted(gone), most=len(gone))
        why = "no module or notebook of yours imports what the template no longer asks for"
        synced.note(_METADATA, f"taken out of `dependencies`: {named}; {why}.")


def _list_requirements(data: bytes) -> dict[str, str]:
    """The names of what a package requires, each with its requirement."""
    stated = Facts.of({_METADATA: data}).pyproject.items(*_KEYS)
    found = ((split_requirement(each.strip()), each) for each in stated if isinstance(each, str))
    return {normalize_name(parts["name"]): each for parts, each in found if parts}


def _find_used(work: Work, base: Tree, leaves: Matches) -> dict[str, Used]:
    """Every distribution that the project imports, in its tests too, with one place.

    What is committed counts as well where the folder has something else: that may be thrown away.
    """
    store, ours = work.store, work.ours
    modules = [path for path in store.paths(ours) if path.endswith(_IMPORTING)]
    stages = store.entries(ours, modules)
    staying = [
        path
        for path, stage in stages.items()
        if stage.mode != SUBMODULE
        if not (leaves(path) and path in base and stage.oid == store.oid(base[path].data))
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
        for cell in notebook.read_cells(Facts.of({path: data}).json(path).items("cells")):
            yield from ((name, cell.number) for _, name in notebook.find_imports(cell.code))
        return
    tree = python.parse(data.decode(errors="replace"))
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.Import(names=names):
                yield from ((each.name.partition(".")[0], node.lineno) for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0], node.lineno
