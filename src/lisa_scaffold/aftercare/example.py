"""A package without the template's example: what is left of it, and what still uses it."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lisa_scaffold.aftercare import answered
from lisa_scaffold.aftercare.answered import ASKED
from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.formats import python
from lisa_scaffold.git import SUBMODULE, Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Change, Note, Weight
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.sync.seeded import Matches

_USING = (".py", ".md", ".ipynb", ".rst")

_PAST = "CHANGELOG.md"
_WORD = compile_lazily(r"\w+")


def tell_example(
    synced: Synced, work: Work, package: str, is_example: Matches, change: answered.Change
) -> None:
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
    change
        The answers, and what the template makes of them.
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
    synced.notes.append(Note(f"{files} the example: git rm {shlex.join(gone)}", weight=Weight.ASKS))
    names = _find_names(present, gone)
    uncommitted = work.read_uncommitted(_USING)
    present |= {path: blob for path, blob in uncommitted.items() if path not in synced.files}
    rest = {path: blob for path, blob in present.items() if path not in (*gone, _PAST)}
    for path in sorted(rest):
        _tell_user(synced, path, rest, Names(package, names), change)


class Names(NamedTuple):
    """The import name of the package, and what its example has by name."""

    package: str
    example: set[str]


def _tell_user(
    synced: Synced, path: str, files: Mapping[str, Blob], names: Names, change: answered.Change
) -> None:
    """Tell what a file still has of the example, by name or word for word."""
    asked = Note(ASKED, path)
    is_asked = asked in synced.notes
    without = " Without it the template has there what stands below." * is_asked
    if found := dict(_find_uses(path, files[path], *names)):
        what = join_names(sorted(found), most=3)
        line = f"line {min(found.values())} uses the example ({what}): write of your own there."
        synced.assign(path, f"{line}{without}")
    elif is_asked and (number := _find_left(path, files[path], change)):
        synced.assign(path, f"line {number} is the example's still.{without}")
    elif is_asked:
        # It is the project's own from top to bottom: what the template had there fits nowhere.
        synced.changes = [each for each in synced.changes if each.path != path]
        synced.patches.pop(path, None)
        synced.quotations.pop(path, None)
        if told := [*_find_missing(path, files, names.package)]:
            synced.changes.append(Change(path, "kept"))
            synced.assign(path, f"{'; '.join(told)}.")
    synced.notes = [note for note in synced.notes if note != asked]


_TELLING = 20
"""Characters of a line from which on it is hardly written twice by chance."""


def _find_left(path: str, present: Blob, change: answered.Change) -> int:
    """The first line of a file that is the example's word for word; 0 where it has none.

    Of a file that people have written anew, a few lines may be the same: a quarter is not.
    """
    before, after = (
        {line.strip() for line in side[path].data.decode(errors="replace").split("\n")}
        for side in (change.base, change.theirs)
    )
    telling = {line for line in before - after if len(line) >= _TELLING}
    lines = present.data.decode(errors="replace").split("\n")
    left = [number for number, line in enumerate(lines, 1) if line.strip() in telling]
    same = {lines[number - 1].strip() for number in left}
    return left[0] if left and 4 * len(same) >= len(telling) else 0


def _find_missing(path: str, files: Mapping[str, Blob], package: str) -> Iterator[str]:
    """What a module of the project's own has not, and a test of the template asks for."""
    folder = f"src/{package.replace('.', '/')}"
    tree = python.parse(files[path].data.decode(errors="replace"))
    if tree is None:
        return
    bound = _list_bound(tree)
    if path == f"{folder}/__init__.py" and (asks := _read(files, _PACKAGE_TEST)):
        lacks = [name for name in ("__version__", "__all__") if f".{name}" in asks]
        if lacks := [f"`{name}`" for name in lacks if not {name, "*"} & bound]:
            yield f"it has no {join_names(lacks)}, which {_PACKAGE_TEST} asks for"
    if path == f"{folder}/cli.py" and "import main" in _read(files, _CLI_TEST):
        defined = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
        own = next((each for each in defined if each.name == "main"), None)
        if (own is None and not {"main", "*"} & bound) or (own and not _takes_words(own)):
            wanted = "`main(argv)` that returns the exit code"
            yield f"it has no {wanted}, which {_CLI_TEST} calls"


_PACKAGE_TEST, _CLI_TEST = "tests/test_package.py", "tests/test_cli.py"


def _read(files: Mapping[str, Blob], path: str) -> str:
    return files[path].data.decode(errors="replace") if path in files else ""


def _takes_words(function: ast.FunctionDef) -> bool:
    """Whether a function takes the words of a command line, and returns something."""
    given = function.args
    takes = bool(given.posonlyargs or given.args or given.vararg)
    returned = (node.value for node in ast.walk(function) if isinstance(node, ast.Return))
    return takes and any(value is not None for value in returned)


def _list_bound(tree: ast.Module) -> set[str]:
    """The names that a module may bind at its top, wherever it does; ``*`` for any."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=taken) | ast.ImportFrom(names=taken):
                found |= {each.asname or each.name.partition(".")[0] for each in taken}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
    return found


_ON_ITS_OWN = {
    "benchmarks": "nox -s bench times what you write in benchmarks/test_….py: nothing yet",
    "cli": "the program only says how it is called: what it does is for you to write in cli.py",
    "notebooks": "nox -s notebooks executes the notebooks that you put into notebooks/: none yet",
}


_FILLED_BY = {
    "benchmarks": r"benchmarks/(?:.*/)?test_[^/]*\.py",
    "cli": r"src/.*/cli\.py",
    "notebooks": r"notebooks/.*\.ipynb",
}


def tell_missing(
    synced: Synced, work: Work, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Tell what answers begin that the example would have filled, and the project has not yet.

    Parameters
    ----------
    synced
        The merge.
    work
        What people have written, committed or not.
    before, after
        The answers.
    """
    if after.get("kind") != "package" or after.get("adopted"):
        return
    old, new = (
        {*(each.get("extras") or ()), *(key for key in ("cli", "notebooks") if each.get(key))}
        for each in (before, after)
    )
    begun = sorted((new - old) & _ON_ITS_OWN.keys())
    own = {*work.store.paths(work.ours), *work.read_uncommitted(_USING)} if begun else set()
    for key in begun:
        if any(re.fullmatch(_FILLED_BY[key], path) for path in own):
            continue
        synced.notes.append(Note(f"Without the example, {_ON_ITS_OWN[key]}."))
    if before.get("compiled") == "none" != after.get("compiled"):
        _tell_compiled(synced)


_OF_THE_SPECTRUM = re.compile(
    r"(?:src|tests|cuda)/(?:.*/)?(?:test_)?(?:spectrum|_kernel)\.(?:cpp|cu|hpp|py|pyi|pyx)"
)


def _tell_compiled(synced: Synced) -> None:
    """Tell which files compute what stands for the project's own compiled code."""
    added = (each.path for each in synced.changes if each.status == "added")
    if paths := sorted(path for path in added if _OF_THE_SPECTRUM.fullmatch(path)):
        text = (
            "What is compiled estimates a spectrum, for your own code to take its place: "
            f"replace {join_names(paths)}."
        )
        synced.notes.append(Note(text))


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


_USE = compile_lazily(r"(?<=^## Use\n).*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = compile_lazily(r"^```(\w*)\n.*?^```$", re.MULTILINE | re.DOTALL)
_NOTHING = compile_lazily(r"\.__version__$|^\$ \S+ --help$", re.MULTILINE)


def keep_use(before: str, after: str) -> str:
    """A README of the template that goes on to show the example, which is the project's now.

    Parameters
    ----------
    before, after
        The file as the recorded version has it, and as the wanted version does without an example.
    """
    old, new = _USE.search(before), _USE.search(after)
    blocks = [*_BLOCK.finditer(old[0])] if old else []
    others = [*_BLOCK.finditer(new[0])] if new else []
    if new is None or [each[1] for each in blocks] != [each[1] for each in others]:
        return after
    section = new[0]
    for block, other in zip(blocks, others, strict=True):
        if _NOTHING.search(other[0]) and not _NOTHING.search(block[0]):
            section = section.replace(other[0], block[0], 1)
    return after[: new.start()] + section + after[new.end() :]
