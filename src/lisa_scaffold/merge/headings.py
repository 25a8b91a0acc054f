"""Headings that a merge of lines has twice: each side has written the same one in its own way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from lisa_scaffold.formats import markdown
from lisa_scaffold.formats.diff import to_text
from lisa_scaffold.formats.markdown import Heading
from lisa_scaffold.pattern import compile_lazily

_LOOKS = compile_lazily(r" {0,3}#|([=\-~^\"'#*+.:_`])\1{2,}\s*$")
_UNDERLINE = compile_lazily(r"([=\-~^\"'#*+.:_`])\1{2,}\s*")
_MARKUP = compile_lazily(r"\{[\w:-]{1,80}\}|\]\([^)]{0,500}\)|:[\w:-]{1,80}:(?=`)")
_TITLE = 1


def find_doubled(
    base: Sequence[str],
    ours: Sequence[str],
    theirs: Sequence[str],
    merged: Sequence[str],
    path: str,
) -> dict[int, str]:
    """The template's headings that a merge has beside the project's own.

    These are a second title, where both sides have but one, and a heading that both have once,
    in other letters or markup, and that stands twice below the same one.

    Returns
    -------
    dict
        The index of each such line of the template → the heading.
    """
    known = {*base}
    if merged in (ours, theirs) or not any(
        _LOOKS.match(line) for line in theirs if line not in known
    ):
        return {}
    mine, offered, result = ([*_read(side, path)] for side in (ours, theirs, merged))
    times = [Counter(_norm(heading) for heading in side) for side in (mine, offered)]
    below = Counter(zip(_find_parents(result), map(_norm, result), strict=True))
    doubled = {
        name
        for (_, name), count in below.items()
        if name and count > 1 and times[0][name] == times[1][name] == 1
    }
    titles = [sum(heading.level == _TITLE for heading in side) for side in (mine, offered, result)]
    has_two = titles[0] == titles[1] == 1 < titles[2]
    return {
        heading.line - 1: heading.text
        for heading in offered
        if _norm(heading) in doubled or (has_two and heading.level == _TITLE)
    }


def find_problem(base: str, ours: str, theirs: str, merged: str, path: str) -> str | None:
    """Describe what is wrong with merged prose, if anything is."""
    before, mine, offered, result = (text.split("\n") for text in (base, ours, theirs, merged))
    for heading in find_doubled(before, mine, offered, result, path).values():
        return f"the heading “{heading}” stands there beside the project's"
    return None


def _read(lines: Sequence[str], path: str) -> Iterator[Heading]:
    suffix = path.rpartition(".")[2].lower()
    if suffix in ("md", "markdown", "mdc", "mdx"):
        yield from markdown.find_headings(to_text([*lines]))
    elif suffix == "rst":
        yield from _read_restructured(lines)


def _read_restructured(lines: Sequence[str]) -> Iterator[Heading]:
    """Titles and their levels: those of the first sign are of the first level, and so on."""
    signs: list[str] = []
    for number, (text, line) in enumerate(pairwise(lines), 1):
        match = _UNDERLINE.fullmatch(line)
        is_text = text[:1].strip() and not _UNDERLINE.fullmatch(text)
        if match and is_text and len(text.rstrip()) <= len(line.rstrip()):
            if match[1] not in signs:
                signs.append(match[1])
            yield Heading(signs.index(match[1]) + 1, text.strip(), number)


def _norm(heading: Heading) -> str:
    """The words of a heading, whatever their letters and their markup."""
    return " ".join(re.findall(r"\w+", _MARKUP.sub(" ", heading.text).casefold()))


def _find_parents(headings: Sequence[Heading]) -> Iterator[str]:
    """The heading that each one stands below."""
    above: list[Heading] = []
    for heading in headings:
        while above and above[-1].level >= heading.level:
            above.pop()
        yield _norm(above[-1]) if above else ""
        above.append(heading)
