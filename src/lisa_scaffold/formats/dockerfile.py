"""Dockerfiles: their stages and instructions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lisa_scaffold.pattern import compile_lazily

_MOST_VALUES = 10_000  # characters: variables may hold each other, and so double with each
_VARIABLE = compile_lazily(r"\$(?:\{(\w+)(?::?[-+]([^}]{0,100}))?\}|(\w+))")


class Instruction(NamedTuple):
    """One instruction.

    Attributes
    ----------
    verb
        ``FROM``, ``RUN``, …
    value
        What follows it, on one line, comments left out; here-documents with their newlines.
    line, end
        First and last line.
    """

    verb: str
    value: str
    line: int
    end: int


class Stage(NamedTuple):
    """A stage: its base image, and its instructions, ``FROM`` first.

    Attributes
    ----------
    image
        The base image as it is written.
    resolved
        The base image with the defaults of ``ARG``; an argument without one stays as written.
    name
        Its name; empty where it has none.
    """

    image: str
    resolved: str
    name: str
    instructions: tuple[Instruction, ...]


class Dockerfile(NamedTuple):
    """A Dockerfile.

    Attributes
    ----------
    path
        The file.
    arguments
        The instructions above the first stage.
    stages
        The stages; the last one is the image.
    """

    path: str
    arguments: tuple[Instruction, ...] = ()
    stages: tuple[Stage, ...] = ()

    def __bool__(self) -> bool:
        """Whether it builds anything."""
        return bool(self.stages)

    @property
    def instructions(self) -> list[Instruction]:
        """Every instruction in its order."""
        return [*self.arguments, *(each for stage in self.stages for each in stage.instructions)]

    def base(self, stage: Stage) -> str:
        """The image outside this file on which a stage is based, through other stages."""
        names = {each.name.lower(): each for each in self.stages if each.name}
        image = stage.resolved
        for _ in self.stages:
            other = names.get(image.lower())
            if other is None or other is stage:
                break
            image = other.resolved
        return image

    def chain(self, stage: Stage) -> list[Stage]:
        """A stage and those of this file that it starts from, the nearest first."""
        names = {each.name.lower(): each for each in self.stages if each.name}
        chain = [stage]
        seen = {stage.instructions[0].line}
        while below := names.get(chain[-1].resolved.lower()):
            if below.instructions[0].line in seen:
                break
            chain.append(below)
            seen.add(below.instructions[0].line)
        return chain


MOST_LINES = 20_000
"""Lines of a Dockerfile that is read; a longer one is none that people write."""


def parse(path: str, text: str) -> Dockerfile:
    """Read a Dockerfile; one with more lines than ``MOST_LINES`` builds nothing."""
    if text.count("\n") > MOST_LINES:
        return Dockerfile(path)
    arguments: list[Instruction] = []
    stages: list[list[Instruction]] = []
    lines = text.split("\n")
    for start, end in spans(lines):
        if lines[start].lstrip().startswith("#"):
            continue
        verb, *value = _join_lines(lines[start:end]).split(maxsplit=1) or [""]
        instruction = Instruction(verb.upper(), "".join(value).strip(), start + 1, end)
        if instruction.verb == "FROM":
            stages.append([instruction])
        else:
            (stages[-1] if stages else arguments).append(instruction)
    parts = (each.value.partition("=") for each in arguments if each.verb == "ARG")
    defaults = {name.strip(): value.strip().strip("\"'") for name, _, value in parts}
    read = []
    for instructions in stages:
        words = [word for word in instructions[0].value.split() if not word.startswith("--")]
        image = words[0] if words else ""
        # FROM image AS name
        name = words[2] if words[2:] and words[1].upper() == "AS" else ""
        read.append(Stage(image, resolve(image, defaults), name, tuple(instructions)))
    return Dockerfile(path, tuple(arguments), tuple(read))


def _join_lines(lines: list[str]) -> str:
    """An instruction on one line; the lines of a here-document stay lines."""
    text = ""
    continues = True
    for line in lines:
        if not continues:
            text += f"\n{line}"
        elif not line.lstrip().startswith("#"):
            continues = line.rstrip().endswith("\\")
            text += f"{line.strip().removesuffix(chr(92)).strip()} "
    return text.strip()


def resolve(text: str, defaults: dict[str, str]) -> str:
    """A text with variables replaced by their known values, while there is room."""
    room = _MOST_VALUES

    def replace(match: re.Match[str]) -> str:
        nonlocal room
        found = defaults.get(match[1] or match[3]) or match[2] or match[0]
        room -= len(found)
        return found if room > 0 else match[0]

    return _VARIABLE.sub(replace, text)


DIRECTIVE = compile_lazily(r"#\s*(syntax|escape|check)\s*=", re.IGNORECASE)
"""A parser directive; see https://docs.docker.com/reference/dockerfile/#parser-directives."""

_HEREDOC = compile_lazily(r"<<-?\s*([\"']?)(\w+)\1")


def spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First line and end of every instruction and parser directive."""
    at = 0
    places: dict[str, list[int]] = {}
    while at < len(lines):
        line = lines[at].strip()
        start, at = at, at + 1
        if line.startswith("#") and DIRECTIVE.match(line):
            yield start, at
        if not line or line.startswith("#"):
            continue
        # Blank lines and comments do not end an instruction that a backslash continues.
        while at < len(lines) and (
            lines[at - 1].rstrip().endswith("\\") or lines[at - 1].lstrip()[:1] in ("", "#")
        ):
            at += 1
        for _, mark in _HEREDOC.findall("\n".join(lines[start:at])):
            if not places:
                # Where each line is, by its text: any may end a here-document.
                places = defaultdict(list)
                for index, each in enumerate(lines):
                    places[each.strip()].append(index)
            ends = places.get(mark, [])
            found = bisect_left(ends, at)
            at = ends[found] + 1 if found < len(ends) else at
        yield start, at
