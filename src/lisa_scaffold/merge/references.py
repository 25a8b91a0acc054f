"""References of Markdown and reStructuredText, which go with their definitions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lisa_scaffold.merge.effort import spend
from lisa_scaffold.pattern import compile_lazily

_MARKDOWN = (
    compile_lazily(r" {0,3}\[([^\[\]]+)\]:\s*\S"),
    compile_lazily(r"\[([^\[\]]+)\]"),
)
# Substitutions (`.. |name| image:: …`) and named targets (`.. _name: …`).
_RST = (
    compile_lazily(r"\.\. (?:\|([^|]+)\|\s+\w+::|_(?![_\s])`?([^:`]+)`?:)"),
    compile_lazily(r"\|([^|\s](?:[^|]*[^|\s])?)\||`([^`<]+)`_|(?<![\w.-])[.-]*+([\w.-]+)_(?!\w)"),
)
_FORMS = {"md": _MARKDOWN, "markdown": _MARKDOWN, "rst": _RST}
_MORE = compile_lazily(r"\s+\S")


def add_definitions(
    merged: Sequence[str], ours: Sequence[str], theirs: Sequence[str], path: str
) -> list[str]:
    """The template's definitions of what the merged text refers to and does not define.

    They are put below the last definition of the text, or else at its end. What the project's own
    text only seems to refer to does not count.

    Parameters
    ----------
    merged, ours, theirs
        The merged text, the project's and the template's, line by line.
    path
        The file: its name tells the markup.
    """
    form = _FORMS.get(path.rpartition(".")[2].lower())
    if form is None:
        return list(merged)
    definition = form[0]
    known, wanted = _find_definitions(merged, definition), _find_definitions(theirs, definition)
    used, seeming = (_find_references(lines, form) for lines in (merged, ours))
    seeming -= _find_definitions(ours, definition).keys()
    missing = [name for name in wanted if name in used - known.keys() - seeming]
    added = [line for name in missing for line in theirs[slice(*wanted[name])]]
    if not added:
        return list(merged)
    at = max((end for _, end in known.values()), default=len(merged))
    gap = [""] if not known and merged and merged[-1].strip() else []
    return [*merged[:at], *gap, *added, *merged[at:]]


def _find_definitions(
    lines: Sequence[str], definition: re.Pattern[str]
) -> dict[str, tuple[int, int]]:
    """The names that a text defines, each with the lines that do."""
    found: dict[str, tuple[int, int]] = {}
    for start, line in enumerate(lines):
        if match := definition.match(line):
            end = start + 1
            while end < len(lines) and _MORE.match(lines[end]):
                end += 1
            found.setdefault(_norm(_names(match)[0]), (start, end))
    return found


def _find_references(lines: Sequence[str], form: tuple[re.Pattern[str], ...]) -> set[str]:
    definition, reference = form
    spend(sum(map(len, lines)) // 10)
    texts = (line for line in lines if not definition.match(line))
    return {
        _norm(name)
        for line in texts
        for match in reference.finditer(line)
        for name in _names(match)
    }


def _names(match: re.Match[str]) -> list[str]:
    return [name for name in match.groups() if name]


def _norm(name: str) -> str:
    return " ".join(name.casefold().split())
