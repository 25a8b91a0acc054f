"""Where the instructions of a Dockerfile begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=", re.IGNORECASE)
"""A parser directive; see https://docs.docker.com/reference/dockerfile/#parser-directives."""

_HEREDOC = re.compile(r"<<-?\s*([\"']?)(\w+)\1")


def spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First line and end of every instruction and parser directive."""
    at = 0
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
            stop = next((i for i in range(at, len(lines)) if lines[i].strip() == mark), at - 1)
            at = stop + 1
        yield start, at


def _goes_on(line: str) -> bool:
    return line.rstrip().endswith("\\") or not line.strip() or line.lstrip().startswith("#")
