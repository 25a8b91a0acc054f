"""Notebooks: the Python in their cells, without what is IPython's alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lisa_scaffold.pattern import compile_lazily

# What only makes sense to IPython: magics, the shell, help.
_MAGIC = compile_lazily(r"^[ \t]*(?:%|!|\?|#).*$", re.MULTILINE)
# Where a cell begins so, the rest of it is no Python of this process; %%time or %%capture run it.
_FOREIGN = compile_lazily(
    r"\s*%%(?:bash|cython|cmd|html|javascript|js|latex|markdown|perl|ruby|script|sh|svg|system|sx"
    r"|writefile|file|!)(?!\w)"
)
_IMPORTED = compile_lazily(
    r"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)(?:\.\w+)*[ \t]+import\b"
    r"|import[ \t]+([A-Za-z_][\w., \t]*))",
    re.MULTILINE,
)
_LONGEST = 100_000
"""Characters of a cell that are looked at."""


class Cell(NamedTuple):
    """A cell of code.

    Attributes
    ----------
    number
        Counted from 1, cells of text included.
    source
        As it is written.
    code
        The Python of it, line for line.
    """

    number: int
    source: str
    code: str


def read_cells(cells: Iterable[Any]) -> Iterator[Cell]:
    """The cells of code among the cells of a notebook."""
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            parts = source if isinstance(source, list) else [source]
            text = "".join(part for part in parts if isinstance(part, str))[:_LONGEST]
            yield Cell(number, text, "" if _FOREIGN.match(text) else _MAGIC.sub("", text))


def find_imports(code: str) -> Iterator[tuple[int, str]]:
    """The line and the first part of each name that a cell imports, whole or not."""
    for match in _IMPORTED.finditer(code):
        line = code.count("\n", 0, match.end()) + 1
        names = [match[1]] if match[1] else match[2].split(",")
        yield from ((line, re.split(r"[.\s]", name.strip(), maxsplit=1)[0]) for name in names)
