"""What a RUN of a Dockerfile leaves behind on purpose, or cleans up by a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from lisa_scaffold.formats.dockerfile import Instruction
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts

_SCRIPT = compile_lazily(r"[\w-]+(?:\.(?:ba)?sh)?")
_BETWEEN = compile_lazily(r"[\s;&|()\"'`]+")
# A script that the base image brings can only be judged by its name.
_CLEANER = compile_lazily(r"(?:[\w-]+[-_])?clean(?:[-_]?\w+)?(?:[-_]\w+)?(?:\.(?:ba)?sh)?")
_MOST_SCRIPTS = 20


def cleans(facts: Facts, pattern: re.Pattern[str], block: str) -> bool:
    """Whether a RUN removes something, itself or by a script that it calls.

    Parameters
    ----------
    facts
        The project, which may have the script.
    pattern
        Finds what removes it.
    block
        The lines of the RUN.
    """
    if pattern.search(block):
        return True
    scripts = facts.cached(_find_scripts)
    for name in _list_called(block):
        known = scripts.get(name, ())
        if any(pattern.search(facts.text(path)) for path in known[:_MOST_SCRIPTS]):
            return True
        if not known and _CLEANER.fullmatch(name):
            return True
    return False


def _list_called(block: str) -> Iterator[str]:
    """The names of what may be scripts: with a folder before them, or with an ending."""
    for word in _BETWEEN.split(block):
        _, slash, name = word.rpartition("/")
        if (slash or name.endswith("sh")) and _SCRIPT.fullmatch(name):
            yield name


def _find_scripts(facts: Facts) -> dict[str, list[str]]:
    """What may be scripts of the project, by the last part of their paths."""
    found: dict[str, list[str]] = {}
    for path in facts.files:
        name = path.rpartition("/")[2]
        if _SCRIPT.fullmatch(name):
            found.setdefault(name, []).append(path)
    return found


def speaks_of(pattern: re.Pattern[str], run: Instruction, lines: Sequence[str]) -> bool:
    """Whether the comment right above an instruction has what a pattern finds."""
    return any(pattern.search(line) for line in _read_above(run, lines))


_IGNORES = compile_lazily(r"\s*#\s*hadolint\s+ignore\s*=\s*([\w\s,]+)")


def is_ignored(run: Instruction, lines: Sequence[str], *codes: str) -> bool:
    """Whether the comment right above an instruction tells hadolint to ignore one of some codes."""
    told = (_IGNORES.match(line) for line in _read_above(run, lines))
    return any(code in re.split(r"[\s,]+", each[1]) for each in told if each for code in codes)


def _read_above(run: Instruction, lines: Sequence[str]) -> Iterator[str]:
    """The lines of the comment right above an instruction."""
    return takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines[: run.line - 1]))
