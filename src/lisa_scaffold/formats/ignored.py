"""Patterns as in ``.gitignore``, by expressions that take no more than the square of a path.

pathspec's own expressions try every way to share a path among the stars of a pattern, which is a
number of the path's length to the power of their count. It is enough to try the first place of each
piece between two stars, and of each piece between two ``**``: what follows has the more room.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from lisa_scaffold.pattern import compile_lazily

IGNORE_FILE = ".gitignore"

LONGEST = 1000
"""Characters of a pattern; a longer one names nothing."""

_STAR = "[^/]*"
_LEAD, _BETWEEN = "(?:.+/)?", "(?:/.+)?"
# What pathspec's expressions are made of, up to the group that says how a path may go on.
_PART = compile_lazily(
    r"\(\?:\.\+/\)\?|\(\?:/\.\+\)\?|\[\^/\][*+]?|\[\^?\]?(?:\\.|[^\\\]])*\]|\\.|[^(]", re.DOTALL
)
# The group by which pathspec tells a folder around a path from the path itself.
_AROUND = "ps_d"


def is_pattern(line: str) -> bool:
    """Whether a line names anything."""
    return bool(_patterns(line))


def match_patterns(lines: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path is among those that the lines of a ``.gitignore`` name.

    A line that is no pattern names nothing. As in git, no ``[!a]`` stands for a slash.
    """
    patterns = [found for line in lines for found in _patterns(line)][::-1]

    def matches(path: str) -> bool:
        around = None
        for expression, includes in patterns:
            if found := expression.search(path):
                # As pathspec does it: the last that names the path itself decides, or else the
                # last that names a folder around it.
                if not found.groupdict().get(_AROUND):
                    return includes
                around = includes if around is None else around
        return bool(around)

    return matches


_TAKEN_BACK = "# The template's jobs read these, whatever is ignored above"


def take_back(text: str, paths: Iterable[str]) -> str:
    """A ``.gitignore`` that names some paths no longer; as it was where it names none of them.

    Nothing comes back from a folder that is ignored, so that is taken back first.
    """
    lines = text.splitlines()
    known = len(lines)
    for path in paths:
        parts = path.split("/")
        folders = ["/".join(parts[:end]) + "/" for end in range(1, len(parts))]
        for each in (*folders, path):
            line, matches = f"!/{_as_pattern(each)}", match_patterns(lines)
            if line not in lines and (matches(each) or matches(each.rstrip("/"))):
                lines.append(line)
    if len(lines) == known:
        return text
    heading = [] if _TAKEN_BACK in lines[:known] else ["", _TAKEN_BACK]
    added = "\n".join([*heading, *lines[known:]])
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{added}\n"


def _as_pattern(path: str) -> str:
    """The pattern that names a path alone."""
    return re.sub(r"([\\*?\[ ])", r"\\\1", path)


@lru_cache(maxsize=4096)
def _patterns(line: str) -> tuple[tuple[re.Pattern[str], bool], ...]:
    if len(line) > LONGEST or not line.strip() or line.startswith("#"):
        return ()
    from pathspec import GitIgnoreSpec

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a set such as `[[a]` is odd
            found = GitIgnoreSpec.from_lines([line]).patterns
            return tuple(
                (_cheap(each.regex), each.include)
                for each in found
                if each.include is not None and each.regex is not None
            )
    except (ValueError, re.error):
        return ()


def _cheap(plain: re.Pattern[str]) -> re.Pattern[str]:
    """The same expression, by the first place of each piece."""
    if not plain.pattern.startswith("^"):
        return plain
    written = _rewritten(plain.pattern)
    return plain if written == plain.pattern else re.compile(written, re.DOTALL)


def _rewritten(plain: str) -> str:
    parts, end = [], 1
    while part := _PART.match(plain, end):
        parts.append(part[0])
        end = part.end()
    *firsts, last = _blocks(parts)
    written = []
    for number, (wild, block) in enumerate(firsts):
        if wild:
            lazy = wild.replace("+", "+?")
            written.append(f"(?>{lazy}?{block}(?=/))")
        elif number == 0:
            written.append(block)
    return f"^{''.join(written)}{''.join(last)}{plain[end:]}"


def _blocks(parts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What lies between two ``**``, each with the expression of the one before it."""
    wild, names = "", [[""]]
    for part in parts:
        if part in (_LEAD, _BETWEEN):
            yield wild, "/".join(map(_name, names))
            wild, names = part, [[""]]
        elif part == "/":
            names.append([""])
        elif part == _STAR:
            names[-1].append("")
        elif part.startswith("[") and part not in ("[^/]", "[^/]+"):
            names[-1][-1] += f"(?!/){part}"
        else:
            names[-1][-1] += part
    yield wild, "/".join(map(_name, names))


def _name(pieces: list[str]) -> str:
    """The name of a file or folder: pieces with stars between them."""
    first, *rest = pieces
    middle = "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1] if piece)
    return f"{first}{middle}{_STAR}{rest[-1]}" if rest else first
