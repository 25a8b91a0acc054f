"""All mutants of a module, and a sample of them that changes elsewhere leave as it is.

A mutant is the source of a module with one small thing changed, by an operator of mutmut's. Its
own command mutates no function that has a decorator, and so no rule, nor anything outside
functions: only its table of operators is used here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

NEVER_MUTATED = (cst.Annotation, cst.Import, cst.ImportFrom)


@dataclass(frozen=True)
class Mutant:
    """One change of one file: where it is, and what tests must cover to see it."""

    key: str
    """Says which it is, whatever changes elsewhere in the file; the sample is drawn by it."""
    path: str
    spans: tuple[tuple[int, int], ...]
    """First and last lines: of what is changed, of the statement, of the outermost statement."""
    mutated: str
    """The whole file."""

    def show(self, root: Path) -> str:
        """The place, and the difference as lines."""
        before = (root / self.path).read_text(encoding="utf-8").splitlines()
        lines = list(unified_diff(before, self.mutated.splitlines(), n=0, lineterm=""))[3:]
        return "\n".join([f"{self.key} {self.path}:{self.spans[0][0]}", *lines])


@dataclass(frozen=True)
class _Change:
    rank: str
    path: str
    spans: tuple[tuple[int, int], ...]
    node: cst.CSTNode
    mutated: cst.CSTNode


class _Changes(cst.CSTVisitor):
    """Collects what the operators make of each node."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, module: cst.Module, path: str, seed: int) -> None:
        super().__init__()
        self.found: list[_Change] = []
        self._module = module
        self._path = path
        self._seed = seed
        self._names: list[str] = []
        self._statements: list[cst.CSTNode] = []
        self._lines = module.code.splitlines()
        self._same: Counter[tuple[str, ...]] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, NEVER_MUTATED) or _says_nothing(node):
            return False
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._names.append(node.name.value)
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            self._statements.append(node)
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self._add(node, operator(node))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, NEVER_MUTATED) or _says_nothing(original_node):
            return
        if isinstance(original_node, (cst.FunctionDef, cst.ClassDef)):
            self._names.pop()
        if isinstance(original_node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            self._statements.pop()

    def _add(self, node: cst.CSTNode, results: Iterable[cst.CSTNode]) -> None:
        for mutated in results:
            places = (node, self._statements[-1], self._statements[0])
            spans = tuple(self._span(each) for each in places)
            line = self._lines[spans[1][0] - 1].strip()
            before, after = (self._module.code_for_node(each) for each in (node, mutated))
            what = (self._path, ".".join(self._names), line, before, after)
            self._same[what] += 1
            text = "\0".join([str(self._seed), *what, str(self._same[what])])
            rank = hashlib.sha256(text.encode()).hexdigest()
            self.found.append(_Change(rank, self._path, spans, node, mutated))

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        if not (place := self.get_metadata(PositionProvider, node, None)):
            return self._span(self._statements[-1])
        return place.start.line, place.end.line


def _says_nothing(node: cst.CSTNode) -> bool:
    """Whether any change in a node breaks it at once: mutmut leaves these calls alone, too."""
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Name)
        and node.func.value in {"len", "isinstance"}
    )


def draw_sample(
    root: Path, folders: Sequence[str], count: int, seed: int
) -> tuple[list[Mutant], int]:
    """Draw mutants of all modules of some folders: the sample, and how many there are.

    The same seed draws the same mutants, but for those whose own statement has changed.
    """
    paths = sorted(path for folder in folders for path in (root / folder).rglob("*.py"))
    modules = {str(path.relative_to(root)): cst.parse_module(path.read_bytes()) for path in paths}
    wrappers = {path: MetadataWrapper(module) for path, module in modules.items()}
    changes: list[_Change] = []
    for path, wrapper in wrappers.items():
        visitor = _Changes(wrapper.module, path, seed)
        wrapper.visit(visitor)
        changes += visitor.found
    drawn = sorted(changes, key=lambda change: change.rank)[:count]
    return list(_apply(drawn, wrappers)), len(changes)


def _apply(changes: Sequence[_Change], wrappers: dict[str, MetadataWrapper]) -> Iterator[Mutant]:
    for change in changes:
        module = wrappers[change.path].module.deep_replace(change.node, change.mutated)
        assert isinstance(module, cst.Module)
        yield Mutant(change.rank[:8], change.path, change.spans, module.code)
