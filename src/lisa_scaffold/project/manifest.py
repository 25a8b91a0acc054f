"""``MANIFEST.in``: what setuptools puts into a source distribution besides its defaults.

The meaning of commands and patterns is that of setuptools' ``FileList``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.globs import translate_glob

if TYPE_CHECKING:
    from lisa_scaffold.project.facts import Facts
    from lisa_scaffold.project.files import Files

FILE = "MANIFEST.in"

_ALWAYS = compile_lazily(
    r"README(\.rst|\.txt|\.md)?|setup\.py|setup\.cfg|pyproject\.toml|MANIFEST\.in"
    r"|(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*|tests?/test[^/]*\.py"
)
_SCM = compile_lazily(r"(?i)\s*setuptools[-_.]scm\b")
_IN_FOLDER = ("recursive-include", "recursive-exclude")
_WHOLE_FOLDER = ("graft", "prune")
_PLAIN = ("include", "exclude", "global-include", "global-exclude")
COMMANDS = (*_PLAIN, *_IN_FOLDER, *_WHOLE_FOLDER)
"""Every command that setuptools knows."""


class Command(NamedTuple):
    """One command.

    Attributes
    ----------
    line
        Where it begins, counted from 1.
    verb
        ``include``, ``recursive-include``, …; it may be one that does not exist.
    words
        What follows.
    """

    line: int
    verb: str
    words: tuple[str, ...]

    @property
    def adds(self) -> bool:
        """Whether it includes files."""
        return self.verb in ("include", "recursive-include", "global-include", "graft")

    @property
    def complete(self) -> bool:
        """Whether it has as many words as it needs."""
        return len(self.words) >= (2 if self.verb in _IN_FOLDER else 1)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The words that are patterns: all but the folder of a recursive command."""
        return self.words[1:] if self.verb in _IN_FOLDER else self.words

    def describes(self, path: str, pattern: str) -> bool:
        """Whether one of its patterns matches a file."""
        return bool(_compile_pattern(self._expand(pattern)).fullmatch(path))

    def means(self, path: str) -> bool:
        """Whether it applies to a file."""
        return self.complete and any(self.describes(path, pattern) for pattern in self.patterns)

    def _expand(self, pattern: str) -> str:
        """A pattern relative to the project."""
        # Only the commands that go through folders know `**`.
        if self.verb in ("include", "graft"):
            pattern = re.sub(r"\*+", "*", pattern)
        if self.verb in _WHOLE_FOLDER:
            return "*/**" if pattern == "." else f"{pattern}/**"
        if pattern == ".":  # all that is in the folder
            pattern = "**"
        if self.verb in _IN_FOLDER:
            folder = "*" if self.words[0] == "." else self.words[0]
            return f"{folder}/**/{pattern}"
        return f"**/{pattern}" if self.verb.startswith("global") else pattern


class Manifest(NamedTuple):
    """The commands of a ``MANIFEST.in``, in their order."""

    commands: tuple[Command, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.commands)

    def includes(self, path: str, *, offered: bool = False) -> bool:
        """Whether a file is in the source distribution.

        Parameters
        ----------
        path
            The file.
        offered
            Whether it is there unless a command takes it out; setuptools' defaults always are.
        """
        inside = offered or bool(_ALWAYS.fullmatch(path))
        for command in self.commands:
            if command.means(path):
                inside = command.adds
        return inside

    @property
    def unknown(self) -> tuple[Command, ...]:
        """Commands that do not exist or lack arguments."""
        return tuple(
            each for each in self.commands if each.verb not in COMMANDS or not each.complete
        )


def read(files: Files) -> Manifest:
    """The commands of a project's ``MANIFEST.in``; none where it is missing."""
    commands = []
    numbered = iter(enumerate(files.lines(FILE), 1))
    for number, line in numbered:
        text = line.split("#")[0].strip()
        while text.endswith("\\"):
            text = f"{text[:-1]} {next(numbered, (0, ''))[1].split('#')[0].strip()}".strip()
        if words := text.split():
            cleaned = (
                word.replace("\\", "/").removeprefix("./").rstrip("/") or "." for word in words[1:]
            )
            commands.append(Command(number, words[0], tuple(cleaned)))
    return Manifest(tuple(commands))


def offers_all(facts: Facts) -> bool:
    """Whether setuptools-scm offers the source distribution every file that git tracks."""
    wanted = map(str, facts.pyproject.items("build-system", "requires"))
    return "scm" in facts.text("setup.py") or any(_SCM.match(each) for each in wanted)


@lru_cache(maxsize=4096)
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(translate_glob(pattern, sets=True))
