"""A package without the template's example: what is left of it, and what still uses it."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lisa_scaffold.aftercare.answered import ASKED
from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.formats import python
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Note
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches

_USING = (".py", ".md", ".ipynb", ".rst")

_PAST = "CHANGELOG.md"
_WORD = compile_lazily(r"\w+")


def tell_example(synced: Synced, work: Work, package: str, is_example: Matches) -> None:
    """Tell how the example is taken out, and what would not work without it.

    Its files are the project's since the first day, so no update removes them.

    Parameters
    ----------
    synced
        The merge, whose notes on these files become one.
    work
        What people have written, committed or not.
    package
        The import name.
    is_example
        Whether a path is the example's.
    """
    store, ours = work.store, work.ours
    paths = [path for path in store.paths(ours) if path.endswith(_USING)]
    contents = {
        path: synced.files.get(path, blob)
        for path, blob in store.contents(ours, paths).items()
        if blob.mode != SUBMODULE
    }
    present = {path: blob for path, blob in contents.items() if blob is not None}
    gone = sorted(path for path in present if is_example(path))
    if not gone:
        return
    synced.changes = [
        each for each in synced.changes if each.path not in gone or each.status != "kept"
    ]
    synced.notes = [note for note in synced.notes if note.path not in gone]
    files = "1 file is" if len(gone) == 1 else f"{len(gone)} files are"
    synced.notes.append(Note(f"{files} the example: git rm {shlex.join(gone)}"))
    names = _find_names(present, gone)
    uncommitted = work.read_uncommitted(_USING)
    present |= {path: blob for path, blob in uncommitted.items() if path not in synced.files}
    for path in sorted(present.keys() - {*gone, _PAST}):
        asked = Note(ASKED, path)
        found = dict(_find_uses(path, present[path], package, names))
        without = " Without it the template has there what stands below." * (asked in synced.notes)
        if found:
            what = join_names(sorted(found), most=3)
            line = f"line {min(found.values())} uses the example ({what}): write of your own there."
            synced.assign(path, f"{line}{without}")
        elif without:
            synced.assign(path, f"it is written for the example.{without}")
        synced.notes = [note for note in synced.notes if note != asked]


_ON_ITS_OWN = {
    "benchmarks": "nox -s bench times what you write in benchmarks/test_….py: nothing yet",
    "cli": "the program only says how it is called: what it does is for you to write in cli.py",
    "notebooks": "nox -s notebooks executes the notebooks that you put into notebooks/: none yet",
}


def tell_missing(synced: Synced, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Tell what answers begin that the example would have filled, and the project has to.

    Parameters
    ----------
    synced
        The merge.
    before, after
        The answers.
    """
    if after.get("kind") != "package" or after.get("adopted"):
        return
    old, new = (
        {*(each.get("extras") or ()), *(key for key in ("cli", "notebooks") if each.get(key))}
        for each in (before, after)
    )
    for key in sorted((new - old) & _ON_ITS_OWN.keys()):
        synced.notes.append(Note(f"Without the example, {_ON_ITS_OWN[key]}."))


def _find_names(present: Mapping[str, Blob], gone: list[str]) -> set[str]:
    """The modules of the example that others import, and what they have."""
    found = set()
    for path in gone:
        if path.startswith("src/"):
            found.add(path.rpartition("/")[2].removesuffix(".py"))
            tree = python.parse(present[path].data.decode(errors="replace"))
            nodes = tree.body if tree else ()
            found |= {
                node.name
                for node in nodes
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"
            }
    return found


def _find_uses(path: str, blob: Blob, package: str, names: set[str]) -> Iterator[tuple[str, int]]:
    """The names of the example that a file uses, each with a line."""
    text = blob.data.decode(errors="replace")
    if not path.endswith(".py"):
        # Of others than these, any word may be meant.
        telling = {name for name in names if "_" in name or name != name.lower()}
        for number, line in enumerate(text.split("\n"), 1):
            for name in sorted(telling.intersection(_WORD.findall(line))):
                yield name, number
                telling.remove(name)
        return
    tree = python.parse(text)
    for node in ast.walk(tree) if tree else ():
        match node:
            case ast.ImportFrom(module=module, names=taken, level=level):
                inner = (module or "").removeprefix(package).strip(".")
                if level or str(module).split(".")[: len(package.split("."))] == package.split("."):
                    wanted = {inner} if inner in names else {each.name for each in taken} & names
                    yield from ((name, node.lineno) for name in wanted)
            case ast.Import(names=taken):
                dotted = {f"{package}.{name}": name for name in names}
                yield from ((dotted[a.name], node.lineno) for a in taken if a.name in dotted)
