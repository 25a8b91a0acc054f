"""Where the instructions of a Dockerfile begin and end."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_MOST_VALUES = 10_000  # characters: variables may hold each other, and so double with each
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-+]([^}]{0,100}))?\}|(\w+))")


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
    """A stage: what it starts from, and its instructions, ``FROM`` first.

    Attributes
    ----------
    image
        The image as it is written.
    resolved
        The image with the defaults of ``ARG`` put in; an argument without one stays as written.
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
        What stands above the first stage.
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
        """The image outside this file that a stage starts from at last, through other stages."""
        names = {each.name.lower(): each for each in self.stages if each.name}
        image = stage.resolved
        for _ in self.stages:
            other = names.get(image.lower())
            if other is None or other is stage:
                break
            image = other.resolved
        return image


def parse(path: str, text: str) -> Dockerfile:
    """Read a Dockerfile."""
    arguments: list[Instruction] = []
    stages: list[list[Instruction]] = []
    lines = text.split("\n")
    for start, end in spans(lines):
        if lines[start].lstrip().startswith("#"):
            continue
        verb, *value = _joined(lines[start:end]).split(maxsplit=1) or [""]
        instruction = Instruction(verb.upper(), "".join(value).strip(), start + 1, end)
        if instruction.verb == "FROM":
            stages.append([instruction])
        else:
            (stages[-1] if stages else arguments).append(instruction)
    defaults = dict(_default(each.value) for each in arguments if each.verb == "ARG")
    return Dockerfile(path, tuple(arguments), tuple(_stage(each, defaults) for each in stages))


def _joined(lines: list[str]) -> str:
    """An instruction on one line; the lines of a here-document stay lines."""
    said = ""
    goes_on = True
    for line in lines:
        if goes_on and line.lstrip().startswith("#"):
            continue
        if not goes_on:
            said += f"\n{line}"
            continue
        goes_on = line.rstrip().endswith("\\")
        said += f"{line.strip().removesuffix(chr(92)).strip()} "
    return said.strip()


def _default(said: str) -> tuple[str, str]:
    name, _, value = said.partition("=")
    return name.strip(), value.strip().strip("\"'")


def _stage(instructions: list[Instruction], defaults: dict[str, str]) -> Stage:
    words = [word for word in instructions[0].value.split() if not word.startswith("--")]
    image = words[0] if words else ""
    named = len(words) > 2 and words[1].upper() == "AS"  # noqa: PLR2004 - FROM image AS name
    return Stage(image, resolve(image, defaults), words[2] if named else "", tuple(instructions))


def resolve(text: str, defaults: dict[str, str]) -> str:
    """A text with variables replaced by what is known of them, while there is room."""
    room = _MOST_VALUES

    def value(match: re.Match[str]) -> str:
        nonlocal room
        found = defaults.get(match[1] or match[3]) or match[2] or match[0]
        room -= len(found)
        return found if room > 0 else match[0]

    return _VARIABLE.sub(value, text)


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
