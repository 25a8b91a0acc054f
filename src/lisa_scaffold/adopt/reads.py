"""What scripts and notebooks find by its place, and no longer find once the scripts have moved."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_RUN = compile_lazily(
    r"(?m)^[ \t]*(?:%run|![ \t]*(?:\S*/)?python[\d.]*)[ \t]+(?:-[\w=]+[ \t]+)*"
    r"['\"]?([\w./-]+)\.py\b"
)
_LEADS_UP = compile_lazily(r"(?:\./)?(?:\.\./)++(?!\.{0,2}$)")
_READERS = frozenset(
    [
        *("File", "Path", "fromfile", "genfromtxt", "imread", "load", "loadtxt", "open", "read"),
        *("read_csv", "read_hdf", "read_table", "read_text"),
    ]
)
_MOST = 6
"""Texts of a statement that may make a path together."""


class Read(NamedTuple):
    """A file that a module reads.

    Attributes
    ----------
    path, line
        The module.
    target
        The file or folder, as seen from where the module looks; empty where that is not told.
    beside
        Whether the module looks beside itself, and not where it is started.
    above
        The file or folder, as the project has it, where the way there leads up (``../data``);
        else empty.
    is_own
        Whether that way begins where the module is.
    is_there
        Whether it still leads there, if it begins where the module is.
    """

    path: str
    line: int
    target: str
    beside: bool
    above: str = ""
    is_own: bool = False
    is_there: bool = True

    def explain(self) -> str:
        """What is read, and where that is."""
        return f"{self.target}, which is {self.above}," if self.above else self.target


class Run(NamedTuple):
    """A script that a notebook runs.

    Attributes
    ----------
    path, cell
        The notebook, and the number of its cell, counted from 1.
    script
        The script, without its suffix.
    """

    path: str
    cell: int
    script: str


def find_reads(facts: Facts, paths: Iterable[str]) -> Iterator[Read]:
    """What some modules read of the files of the project, at their top or where they are."""
    present = {*facts.files, *facts.folders}
    for path in paths:
        tree = facts.python(path)
        if isinstance(tree, ast.Module):
            yield from _find_reads(facts, path, tree, present)


def _find_reads(
    facts: Facts, path: str, tree: ast.Module, present: Collection[str]
) -> Iterator[Read]:
    # How far above the module the folder is that a name stands for.
    places, seen = {"__file__": 0}, set()
    for line, statement, nodes in _statements(tree):
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        if used := names & places.keys():
            above = max(places[name] for name in used) + sum(map(_climbs, nodes))
            texts = [text for _, text in _texts(nodes)]
            target = _resolve(present, path, texts)
            assigned = _assigned(statement)
            places |= {} if target else dict.fromkeys(assigned, above)
            # What is only given a name is looked at where that is used.
            if above > 1 or ".." in "/".join(texts).split("/"):
                if found := _find_above(present, path, line, texts[:_MOST], above - 1):
                    places = {name: up for name, up in places.items() if name not in assigned}
                    yield found
            elif target or not assigned:
                yield Read(path, line, target, beside=True)
            continue
        for each in _find_started(facts, path, nodes, present):
            if each.target not in seen:
                seen.add(each.target)
                yield each


def _find_started(
    facts: Facts, path: str, nodes: list[ast.AST], present: Collection[str]
) -> Iterator[Read]:
    """What is read from where a module is started."""
    for number, text in _texts([arg for node in nodes for arg in _opened(node)]):
        target = text.removeprefix("./")
        if facts.has(target):
            yield Read(path, number, target, beside=False)
    for number, text in () if any(map(_is_search, nodes)) else _spelled(nodes):
        if found := _find_upwards(present, path, text):
            yield Read(path, number, text, beside=False, above=found)


def _is_search(node: ast.AST) -> bool:
    """Whether an expression is ``sys.path``."""
    match node:
        case ast.Attribute(attr="path", value=ast.Name(id="sys")):
            return True
    return False


def _spelled(nodes: Iterable[ast.AST]) -> list[tuple[int, str]]:
    """The line and each path that leads up, put together of texts or not."""
    exprs = [node for node in nodes if isinstance(node, ast.Constant | ast.Call | ast.BinOp)]
    found = [(node.lineno, text) for node in exprs if (text := _spell(node))]
    texts = "\n".join(text for _, text in found)
    # A part of a path is none of its own.
    whole = [(line, text) for line, text in found if f"{text}/" not in texts]
    return sorted((line, text) for line, text in whole if _LEADS_UP.match(text))


def _find_upwards(present: Collection[str], path: str, text: str) -> str:
    """What a path that leads up means, from where the module is or from a folder above it."""
    folder = posixpath.dirname(path)
    while folder:
        place = posixpath.normpath(posixpath.join(folder, text))
        if place in present:
            return place
        folder = posixpath.dirname(folder)
    return ""


def _find_above(
    present: Collection[str], path: str, line: int, texts: list[str], climbs: int
) -> Read | None:
    """What a module finds by the folders above it, from where it is or from one folder higher."""
    way = [".."] * max(climbs, 0)
    for start in range(len(texts)):
        for end in range(min(len(texts), start + _MOST), start, -1):
            target = "/".join([*way, *(text.strip("/") for text in texts[start:end])])
            if found := _find_upwards(present, path, target):
                own = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
                return Read(path, line, target, False, found, is_own=True, is_there=own == found)
    return None


def _spell(node: ast.AST) -> str:
    """The path that an expression makes of texts alone; empty for any other."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(
            func=ast.Attribute(attr="join", value=ast.Attribute() | ast.Name())
            | ast.Name(id="join" | "Path" | "PurePath")
            | ast.Attribute(attr="Path" | "PurePath"),
            args=[_, *_] as parts,
            keywords=[],
        ):
            pass
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            parts = [left, right]
        case _:
            return ""
    texts = [*map(_spell, parts)]
    return posixpath.join(*texts) if all(texts) else ""


def _statements(tree: ast.AST) -> Iterator[tuple[int, ast.stmt, list[ast.AST]]]:
    """Every statement in the order of the lines, with what it has but other statements."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for statement in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        waiting, nodes = [*ast.iter_child_nodes(statement)], list[ast.AST]()
        while waiting:
            if not isinstance(node := waiting.pop(), ast.stmt):
                nodes.append(node)
                waiting += ast.iter_child_nodes(node)
        yield statement.lineno, statement, nodes


def _climbs(node: ast.AST) -> int:
    """How many folders up a part of an expression goes."""
    match node:
        case ast.Attribute(attr="parent"):
            return 1
        case ast.Subscript(value=ast.Attribute(attr="parents"), slice=ast.Constant(value=int(up))):
            return up + 1
        case ast.Call(func=ast.Attribute(attr="dirname") | ast.Name(id="dirname")):
            return 1
    return 0


def _opened(node: ast.AST) -> list[ast.AST]:
    """The first argument of a call that reads a file."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[first, *_]):
            return [first] if name in _READERS else []
    return []


def _texts(nodes: Iterable[ast.AST]) -> list[tuple[int, str]]:
    found = [
        (node.lineno, node.col_offset, node.value)
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    ]
    return [(line, text) for line, _, text in sorted(found)]


def _assigned(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign(targets=targets):
            return {each.id for each in targets if isinstance(each, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _resolve(present: Collection[str], path: str, texts: list[str]) -> str:
    """The file or folder that the texts of a statement name, beside the module or at the top."""
    parts = [text.strip("/") for text in texts[:_MOST]]
    spans = [(a, b) for a in range(len(parts)) for b in range(len(parts), a, -1)]
    for target in ("/".join(parts[start:end]) for start, end in spans):
        for folder in (f"{path.rpartition('/')[0]}/".lstrip("/"), ""):
            if f"{folder}{target}" in present:
                return target
    return ""


def find_runs(facts: Facts, scripts: Iterable[str]) -> Iterator[Run]:
    """The notebooks that run some scripts, which lie beside them or at the top."""
    known = {each.removesuffix(".py") for each in scripts}
    for path in facts.paths("**/*.ipynb"):
        for cell in facts.notebook(path).cells:
            for found in _RUN.findall(cell.source):
                beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), found))
                script = next(
                    (each for each in (found.removeprefix("./"), beside) if each in known), ""
                )
                if script:
                    yield Run(path, cell.number, script)
