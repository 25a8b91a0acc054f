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
_READERS = frozenset(
    [
        *("File", "Path", "fromfile", "genfromtxt", "imread", "load", "loadtxt", "open", "read"),
        *("read_csv", "read_hdf", "read_table", "read_text"),
    ]
)
_MOST = 6
"""Texts of a statement that may make a path together."""

_LONGEST = 100_000
"""Characters of a notebook's cell that are looked at."""


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
    """

    path: str
    line: int
    target: str
    beside: bool


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
            if above <= 1 and ".." not in "/".join(texts).split("/") and (target or not assigned):
                yield Read(path, line, target, beside=True)
            continue
        for number, text in _texts([arg for node in nodes for arg in _opened(node)]):
            target = text.removeprefix("./")
            if facts.has(target) and target not in seen:
                seen.add(target)
                yield Read(path, number, target, beside=False)


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
        for number, cell in enumerate(facts.json(path).items("cells"), 1):
            source = cell.get("source") if isinstance(cell, dict) else ""
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            for found in _RUN.findall(text[:_LONGEST]):
                beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), found))
                script = next(
                    (each for each in (found.removeprefix("./"), beside) if each in known), ""
                )
                if script:
                    yield Run(path, number, script)
