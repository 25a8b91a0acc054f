"""Where the instructions of a Dockerfile begin and end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=", re.IGNORECASE)
"""A parser directive; see https://docs.docker.com/reference/dockerfile/#parser-directives."""

_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")


def spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First line and end of every instruction and parser directive."""
    at = 0
    marks: dict[str, list[int]] = {}
    while at < len(lines):
        line = lines[at].strip()
        start, at = at, at + 1
        if line.startswith("#") and DIRECTIVE.match(line):
            yield start, at
        if not line or line.startswith("#"):
            continue
        while at < len(lines) and _goes_on(lines[at - 1]):
            at += 1
        for _, mark in _HEREDOC.findall("\n".join(lines[start:at])):
            places = (marks := marks or _places(lines)).get(mark, [])
            found = bisect_left(places, at)
            at = places[found] + 1 if found < len(places) else at
        yield start, at


def _places(lines: Sequence[str]) -> dict[str, list[int]]:
    """Where each line stands, by its text: any may end a here-document."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        places[line.strip()].append(index)
    return places


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith("\\") or not line.strip() or line.lstrip().startswith("#")
