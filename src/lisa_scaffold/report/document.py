"""What a verb has to tell, in sections: one model, and a writer for each form of text.

A section has items, an item may have items of its own; code stands as it is. Nobody reads a long
section before the others: it comes last, and is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.lines import Paint, fit, strip_style, wrap_text
from lisa_scaffold.report.markdown import block, code, escaped
from lisa_scaffold.shown import harmless, redacted, visible

SHOWN_AGAIN = "Show this report again with: lisa-scaffold update --report"
"""What is said at the end of a report that is kept."""

_INDENT = "  "
_LONGEST = 5000
_UNFOLDED = 12


class Item(NamedTuple):
    """A line, and what belongs to it.

    Attributes
    ----------
    text
        The line; further lines of it are quoted.
    path
        The path that stands before the text, if any.
    items
        Items of its own.
    code
        Lines that are quoted as they are.
    """

    text: str
    path: str = ""
    items: tuple[Item, ...] = ()
    code: str = ""


class Section(NamedTuple):
    """A part of a document.

    Attributes
    ----------
    heading
        What it is about.
    items
        What it says.
    code
        Lines that stand as they are, to be copied.
    language
        The language of the code, as Markdown names it.
    folded
        A text in Markdown of which only the beginning is shown where nothing can be unfolded.
    urgent
        Whether a person has to look at it.
    table
        Rows that stand in Markdown in place of the items; the first has the headings.
    """

    heading: str
    items: tuple[Item, ...] = ()
    code: str = ""
    language: str = ""
    folded: str = ""
    urgent: bool = False
    table: tuple[tuple[str, ...], ...] = ()


class Document(NamedTuple):
    """A title and its sections."""

    title: str
    sections: tuple[Section, ...]


def as_text(document: Document, width: int = 0, paint: Paint = strip_style) -> str:
    """A document for terminals and commit messages.

    Parameters
    ----------
    width
        Columns of the terminal: longer sentences go on below; 0: they are left.
    paint
        Gives colour to titles and headings; without it there is none.
    """
    # What is foreign is harmless before anything is painted: it cannot paint itself.
    parts = [paint("title", fit(harmless(document.title), width))]
    for section in document.sections:
        lines = [paint("must" if section.urgent else "title", harmless(section.heading))]
        for item in section.items:
            lines += map(harmless, _write_item(item, _INDENT, width))
        rows = section.folded.splitlines()
        lines += [fit(harmless(f"{_INDENT}{row}".rstrip()), width) for row in rows[:_UNFOLDED]]
        if len(rows) > _UNFOLDED:
            lines.append(f"{_INDENT}… {len(rows) - _UNFOLDED} more lines")
        if section.code:
            lines += ["", harmless(section.code.rstrip("\n"))]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _write_item(item: Item, indent: str, width: int) -> Iterator[str]:
    place = visible(item.path)
    first, *more = item.text.split("\n")
    if place and first:
        yield wrap_text(f"{indent}{place}: ", first, width)
    else:
        yield f"{indent}{place}" if place else fit(f"{indent}{first}", width)
    for line in more:
        yield f"{indent}  {line.strip()}"
    for line in item.code.splitlines():
        yield f"{indent}  {line}"
    for each in item.items:
        yield from _write_item(each, f"{indent}{_INDENT}", width)


def as_markdown(document: Document) -> str:
    """A document for merge requests and pages: CommonMark, with the HTML of a fold."""
    parts = [f"## {escaped(document.title)}"]
    for section in document.sections:
        lines: list[str] = []
        for item in section.items if not section.table else ():
            lines += _mark_item(item, "")
        for number, cells in enumerate(section.table):
            lines.append(f"| {' | '.join(escaped(cell) for cell in cells)} |")
            lines += [f"|{' --- |' * len(cells)}"] if number == 0 else []
        if section.code:
            lines += block(section.code, section.language)
        if section.folded:
            lines += block(section.folded, "markdown")
            # Inside a block of HTML, Markdown is read only after an empty line.
            summary = f"<details><summary>{escaped(section.heading)}</summary>"
            parts += [summary, "\n".join(lines), "</details>"]
        else:
            parts += [f"### {escaped(section.heading)}", "\n".join(lines)]
    return redacted("\n\n".join(parts)) + "\n"


def _mark_item(item: Item, indent: str) -> Iterator[str]:
    first, *more = item.text.split("\n")
    place, said = code(item.path, _LONGEST) if item.path else "", escaped(first, _LONGEST)
    yield f"{indent}- " + (f"{place}: {said}" if place and said else place or said)
    lines = "\n".join([*(line.strip() for line in more), *item.code.splitlines()])
    if lines:
        yield ""
        yield from (f"{indent}  {line}".rstrip() for line in block(lines))
    for each in item.items:
        yield from _mark_item(each, f"{indent}  ")
