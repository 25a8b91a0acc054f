"""A package that gets another import name: its folder moves as a whole, and imports follow."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lisa_scaffold.formats import python
from lisa_scaffold.git import SUBMODULE, Blob, Store
from lisa_scaffold.model import Change
from lisa_scaffold.sync import package_strings
from lisa_scaffold.sync.outcome import Policy, Synced

_ROOT = "src"
_PYTHON = (".py", ".pyi")
_IMPORTING = (*_PYTHON, ".pyx", ".pxd", ".md", ".rst", ".ipynb")
_NAMING = (*_IMPORTING, ".toml", ".cfg", ".ini", ".txt", ".yml", ".yaml", ".cmake", ".in")
# What was so stays so: history, and what is written by machines.
_PAST = ("CHANGELOG.md", "LICENSE", "build-constraints.txt", "constraints.txt")
_SETTINGS = ("pyproject.toml", "setup.cfg")
_MOVES = "it moves with its folder;"


class Names(NamedTuple):
    """The import names of a package, before and after, and what the template has with each."""

    old: str
    new: str
    rendered: Mapping[str, Blob]
    anew: Mapping[str, Blob]

    def move(self, path: str) -> str | None:
        """Where a path of the old package belongs; ``None`` for any other path."""
        old, new = (f"{_ROOT}/{name.replace('.', '/')}/" for name in (self.old, self.new))
        return new + path.removeprefix(old) if path.startswith(old) else None

    def read_both(self, path: str) -> tuple[str, str]:
        """A file of the template before and after, by either of its paths; empty: there is none."""
        was = next((each for each in self.rendered if path in (each, self.move(each))), path)
        there = self.move(was) or was
        before, after = self.rendered.get(was), self.anew.get(there)
        return _decode(before), _decode(after)


def _decode(blob: Blob | None) -> str:
    return blob.data.decode(errors="replace") if blob else ""


def follow(synced: Synced, store: Store, ours: str, names: Names, policy: Policy) -> None:
    """Move what the template does not know of a renamed package, and correct the imports of it.

    What cannot be told to be the package's name stays, and is among the merge's tasks.

    Parameters
    ----------
    synced
        The merge, which is completed.
    store
        Where the project's tree is.
    ours
        Name of the project's tree.
    names
        The package's names.
    policy
        What holds for the paths.
    """
    listed = [path for path in store.paths(ours) if not policy.skipped(path)]
    wanted = [path for path in listed if names.move(path) or _is_read(path, policy)]
    stages = store.entries(ours, wanted)
    present = store.contents(ours, [p for p, each in stages.items() if each.mode != SUBMODULE])
    _Follower(synced, present, names).follow()


def _is_read(path: str, policy: Policy) -> bool:
    name = path.rpartition("/")[2]
    is_past = name in _PAST or name.endswith(".lock") or path == policy.recorded_in
    return path.endswith(_NAMING) and not is_past


@dataclass(frozen=True)
class _Follower:
    synced: Synced
    present: dict[str, Blob]
    names: Names

    def follow(self) -> None:
        """Move the files, correct what imports the package, and list what still names it."""
        self.leave_out_deleted()
        moved = self.move_files()
        corrected = [path for path, blob in self.text_files() if self.correct(path, blob)]
        synced, old, new = self.synced, self.names.old, self.names.new
        for path, blob in self.text_files():
            if lines := self.find_left(path, blob.data.decode(errors="replace")):
                at = ", ".join(f"{path}:{line}" for line in lines)
                synced.assign(path, f"still names {old} ({at}): write {new}.")
        # All that such a note says is done, or said with its place.
        synced.notes = [each for each in synced.notes if not each.text.startswith(_MOVES)]
        synced.changes.sort(key=lambda change: change.path)
        if moved:
            files = "1 file" if len(moved) == 1 else f"{len(moved)} files"
            synced.note("", f"{files} of the project's own moved with the folder of {old}.")
        if corrected:
            files = "1 file" if len(corrected) == 1 else f"{len(corrected)} files"
            synced.note("", f"Imports of {old} are imports of {new} now, in {files}.")

    def leave_out_deleted(self) -> None:
        """What the project has deleted in the old folder does not come anew in the new one."""
        for path in self.names.rendered:
            there = self.names.move(path)
            if there and path not in self.present and Change(there, "added") in self.synced.changes:
                self.synced.changes.remove(Change(there, "added"))
                del self.synced.files[there]
                self.synced.leave_out(there)

    def move_files(self) -> list[str]:
        """Move the project's own files of the package, unless something is at the new place."""
        synced, moved = self.synced, []
        for path, blob in self.present.items():
            there = self.names.move(path)
            if not there or path in synced.shown():
                continue
            # Of what the project has made another file of, the template's comes anew.
            is_anew = there in synced.files and Change(there, "added") in synced.changes
            if there in self.present or (there in synced.shown() and not is_anew):
                synced.assign(path, f"stays, as {there} is there already: put them together.")
                continue
            synced.changes = [each for each in synced.changes if each.path not in (path, there)]
            synced.notes = [each for each in synced.notes if each.path not in (path, there)]
            synced.files[path] = None
            synced.settle(there, "renamed", blob, path)
            moved.append(there)
        return moved

    def text_files(self) -> Iterator[tuple[str, Blob]]:
        """The files that may name the package, as they are to be."""
        shown = self.synced.shown()
        for path, blob in sorted({**self.present, **shown}.items()):
            is_text = path.endswith(_NAMING) and path in {*self.present, *self.synced.files}
            if blob and is_text and path.rpartition("/")[2] not in _PAST:
                yield path, blob

    def correct(self, path: str, blob: Blob) -> bool:
        """Correct the imports of a file; whether there were any."""
        is_settings = path in _SETTINGS
        if path in self.synced.conflicts or not (path.endswith(_IMPORTING) or is_settings):
            return False
        try:
            text = blob.data.decode()
        except UnicodeDecodeError:
            return False
        names = self.names
        now = text
        if names.old in text:
            # A file that is written once has the template's lines as they were.
            pairs = package_strings.pair_lines(*names.read_both(path), names.old, names.new)
            now = package_strings.replace_lines(text, pairs)
        now = self.correct_code(now) if path.endswith(_PYTHON) else now
        now = package_strings.replace_objects(now, names.old, names.new) if is_settings else now
        now = self.example.sub(rf"\g<1>{names.new}", now)
        if now == text:
            return False
        new = Blob(blob.mode, now.encode())
        if path in self.synced.files:
            self.synced.files[path] = new
        else:
            self.synced.changes = [each for each in self.synced.changes if each.path != path]
            self.synced.settle(path, "corrected", new)
        return True

    @cached_property
    def example(self) -> re.Pattern[str]:
        """The name in a line that imports the package, also in an example or a notebook."""
        prompt = r"(?:(?:>>> |\.\.\. )[ \t]*+)?"
        head = rf'((?:^[ \t]*+{prompt}|(?:"|\\n)[ \t]*+)(?:from|c?import)[ \t]++)'
        return re.compile(rf'{head}{re.escape(self.names.old)}(?=[.\s,"\\]|$)', re.MULTILINE)

    def correct_code(self, text: str) -> str:
        """Correct the name where it is the package's beyond doubt.

        So it is in imports and after them, and where a module is wanted.
        """
        names = self.names
        tree = python.parse(text)
        if tree is None:
            return text
        lines = text.encode().splitlines(keepends=True)
        old, new = (name.encode() for name in (names.old, names.new))
        places = {*_find_names(tree, names.old, lines)}
        # The name begins behind the quotation mark, which no prefix stands before.
        certain = package_strings.find_certain(tree, names.old)
        places |= {(each.lineno, each.col_offset + 1) for each in certain}
        for line, column in sorted(places, reverse=True):
            there = lines[line - 1]
            if there[column:].startswith(old):
                lines[line - 1] = there[:column] + new + there[column + len(old) :]
        return b"".join(lines).decode()

    def find_left(self, path: str, text: str) -> list[int]:
        """The lines that still name the package: its modules, its folder, or itself as a key."""
        if path in self.synced.conflicts or self.names.old not in text:
            return []
        pattern = self.traces if not path.endswith(".toml") else self.traces_in_settings
        lines = text.split("\n")
        found = {at for at, line in enumerate(lines, 1) if pattern.search(line)}
        if tree := python.parse(text) if path.endswith(_PYTHON) else None:
            found |= {*package_strings.find_exact(tree, self.names.old)}
        # What the template goes on to say is right as it is, such as the distribution's name.
        said = {*self.names.read_both(path)[1].split("\n")}
        return sorted(at for at in found if lines[at - 1] not in said)

    @cached_property
    def traces(self) -> re.Pattern[str]:
        """What is the old name beyond doubt; the distribution may be called so still."""
        old, folder = re.escape(self.names.old), re.escape(self.names.old.replace(".", "/"))
        known = "|".join(map(re.escape, sorted(self.members))) or r"(?!)"
        return re.compile(
            rf"(?:^|[\s\"'>])"
            rf"(?:from[ \t]+{old}(?:[.][\w.]+)?[ \t]+import|import[ \t]+{old})(?![\w-])"
            rf"|(?<![\w./@-]){old}[.](?:{known})\b|\b{_ROOT}/{folder}(?![\w.-])"
            rf"|(?<![\w./@-]){old}(?:[.]\w+)+:[A-Za-z_]"
        )

    @cached_property
    def traces_in_settings(self) -> re.Pattern[str]:
        return re.compile(rf"{self.traces.pattern}|^\"?{re.escape(self.names.old)}\"?\s*=")

    @cached_property
    def members(self) -> set[str]:
        """The modules of the package, and what its ``__init__.py`` binds."""
        folder = f"{_ROOT}/{self.names.new.replace('.', '/')}/"
        everything = {**self.present, **self.synced.shown()}
        inner = [path[len(folder) :] for path in everything if path.startswith(folder)]
        found = {path.partition("/")[0].partition(".")[0] for path in inner} - {"py", ""}
        blob = everything.get(f"{folder}__init__.py")
        tree = python.parse(blob.data.decode(errors="replace")) if blob else None
        for node in tree.body if tree else ():
            match node:
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    found |= {each.asname or each.name.partition(".")[0] for each in names}
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    found.add(name)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    found.add(name)
        return found - {"*"}


def _find_names(tree: ast.Module, old: str, lines: list[bytes]) -> Iterator[tuple[int, int]]:
    """Where a module names a package: line, and column in bytes."""
    top = old.partition(".")[0]
    is_bound = False
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for each in names:
                    if each.name == old or each.name.startswith(f"{old}."):
                        is_bound = is_bound or each.asname is None
                        yield each.lineno, each.col_offset
            case ast.ImportFrom(module=str(name), level=0) if name == old or name.startswith(
                f"{old}."
            ):
                start = lines[node.lineno - 1][node.col_offset :]
                if head := re.match(rb"from[ \t]+", start):
                    yield node.lineno, node.col_offset + head.end()
    if not is_bound or any(_rebinds(node, top) for node in ast.walk(tree)):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) == old:
            yield node.lineno, node.col_offset


def _rebinds(node: ast.AST, name: str) -> bool:
    """Whether a name is anything else than the package somewhere in a module."""
    match node:
        case ast.Name(id=bound, ctx=ast.Store() | ast.Del()) | ast.arg(arg=bound):
            return bound == name
        case ast.FunctionDef(name=bound) | ast.ClassDef(name=bound):
            return bound == name
        case ast.alias(asname=str(bound)):
            return bound == name
    return False
