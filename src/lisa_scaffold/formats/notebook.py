"""Notebooks: the Python in their cells, without what is IPython's alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lisa_scaffold.bounds import DEEP, LONG, explain_excess
from lisa_scaffold.formats.document import decoded
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

MAX_NOTEBOOK = 20_000_000
"""The size in bytes above which no notebook is read; most of a large one are its pictures."""

_MOST_PARTS = 500_000
"""Lists and objects; Python takes a hundred bytes for each."""


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


class Cells(NamedTuple):
    """What is read of a notebook.

    Attributes
    ----------
    cells
        The cells of code.
    problem
        Why there are none; empty where the notebook could be read.
    """

    cells: tuple[Cell, ...] = ()
    problem: str = ""


def read_notebook(content: bytes) -> Cells:
    """Read the cells of code of a notebook of any size."""
    text = decoded(content)
    if text.count("[") + text.count("{") > _MOST_PARTS:
        return Cells(problem=f"more than {_MOST_PARTS} lists and objects")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        return Cells(problem=f"no JSON (line {error.lineno})")
    except (RecursionError, ValueError) as error:
        return Cells(problem=DEEP if isinstance(error, RecursionError) else LONG)
    if beyond := explain_excess(data):
        return Cells(problem=beyond)
    cells = data.get("cells") if isinstance(data, dict) else None
    return Cells(tuple(read_cells(cells if isinstance(cells, list) else [])))


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
