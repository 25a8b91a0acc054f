"""Files and random edits of them, for the properties that every merger has."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from hypothesis import strategies as st

from lisa_scaffold.model import Declined, Merged

Lines = list[str]

PYTHON = '''\
"""A module."""

import os
import sys
from pathlib import Path

from numpy import array, zeros

LIMIT = 10
NAMES = [
    "one",
    "two",
]


def first(value):
    """The first."""
    return os.fspath(value)


@cached
def second():
    # A comment.
    return array(zeros(3)), sys.argv


class Thing:
    """A thing."""

    size = 3

    def grow(self):
        return Path(str(self.size))

    def shrink(self):
        return -self.size
'''
DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG PYTHON=3.11
FROM registry.example.org/python:3.11 AS build
ENV A=1
ENV B=2
# The tools.
RUN apt-get update && \\
    apt-get install -y \\
        git \\
        make \\
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN pip install /src

FROM registry.example.org/python:3.11-slim
LABEL org.name=x
COPY --from=build /venv /venv
CMD ["python"]
"""
INI = """\
# Settings.
[metadata]
name = x
license = BSD
[flake8]
max-line-length = 88
ignore =
    E1
    W2

[tool:pytest]
addopts = -ra
testpaths = tests
"""
IGNORE = """\
# Python
*.pyc
__pycache__/

# Tools
.coverage
/build/
/dist/
!/dist/keep
"""
REQUIREMENTS = """\
# What it needs
numpy>=1.20
requests==2.31.0
rich
# For tests
pytest>=7
"""
TEXT = "".join(f"line {word}\n" for word in ("one", "two", "three", "four", "five", "six"))
PROSE = """\
# A title

The first paragraph says what this is.
It has two lines.

- one thing
- another thing

The end.
"""
FILES = {
    "a.py": PYTHON,
    "Dockerfile": DOCKERFILE,
    "setup.cfg": INI,
    ".gitignore": IGNORE,
    "requirements.txt": REQUIREMENTS,
    "Makefile": TEXT,
    "README.md": PROSE,
}
NEWS = {
    "a.py": [
        "import json",
        "from numpy import ones",
        "EXTRA = json",
        "def third():",
        "    return 3",
        "",
        "    pass",
        '    "three",',
    ],
    "Dockerfile": ["ENV C=3", "ARG D=4", "RUN make", "        vim \\", "# More.", "USER 1000", ""],
    "setup.cfg": ["url = u", "[mypy]", "strict = true", "    E9", "# why", ""],
    ".gitignore": ["*.so", "# More", "!keep", "/docs/_build/", ""],
    "requirements.txt": ["scipy", "numpy>=1.26", "requests==2.32.1", "# More", "black", ""],
    "Makefile": ["all:", "line one more", "new words here", "line", ""],
    "README.md": ["More text here.", "- a third thing", "", "A wholly new sentence follows."],
}


class Sides(NamedTuple):
    """A file before, and after edits on either side."""

    path: str
    base: str
    ours: str
    theirs: str


@st.composite
def edited(draw: st.DrawFn, text: str, news: Lines, most: int = 4) -> str:
    """A text after some lines of it were removed, replaced, copied or added."""
    lines = text.splitlines()
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(lines)))
        how = draw(st.sampled_from(["add", "remove", "replace", "append"]))
        new = draw(st.sampled_from(news))
        if how == "add":
            lines.insert(at, new)
        elif at < len(lines):
            lines[at : at + 1] = (
                [] if how == "remove" else [new] if how == "replace" else [lines[at] + " x"]
            )
    return "".join(f"{line}\n" for line in lines)


@st.composite
def sides(draw: st.DrawFn, paths: tuple[str, ...] = tuple(FILES)) -> Sides:
    """A file of some sort, edited by both sides."""
    path = draw(st.sampled_from(paths))
    text, news = FILES[path], NEWS[path]
    return Sides(path, text, draw(edited(text, news)), draw(edited(text, news)))


def unaccounted(case: Sides, result: Merged | Declined) -> set[str]:
    """Words that a side added and that are in neither result, patch nor notes.

    Words that one side removed, the other left alone and the result still has count as well.
    """
    told = "\n".join([result.patch, *(result.notes if isinstance(result, Merged) else ())])
    merged = Counter(result.content.decode().split())
    base, ours, theirs = (Counter(text.split()) for text in case[1:])
    known = set("".join(char if char.isalnum() else " " for char in told).split()) | set(
        told.split()
    )
    known |= {line[1:].split()[0] for line in told.split("\n") if line[1:].split()}
    added = (ours - base) | (theirs - base)
    gone = {word for word in (base - ours - theirs) if word not in ours and word not in theirs}
    lost = {word for word in added if not merged[word]} | {word for word in gone if merged[word]}
    return {word for word in lost if word not in known and word.strip("#\"'“”") not in told}
