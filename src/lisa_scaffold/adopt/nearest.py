"""Which version of a template, and which answers, make what is nearest to a project."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import files
from lisa_scaffold.adopt import named
from lisa_scaffold.adopt.guess import Guess
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Question
from lisa_scaffold.project import Project
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync import trees
from lisa_scaffold.template import Render, Source, Surroundings, Template

_Open = Callable[[str], AbstractContextManager[Template]]

LONGEST = 900
"""Seconds for the whole search; a template of a hundred versions takes one minute."""

FITS = "what fits the files best"
_MOST_CHOICES = 8
_MOST_RENDERS = 150
_UNKNOWN = -(10**9)
_SAMPLE = 6
"""Versions between two that were tried, of which the next round tries as many."""


class TooLongError(LisaError):
    """The search takes too long."""


class Nearest(NamedTuple):
    """The version and the answers that make what is nearest to a project.

    Attributes
    ----------
    version
        The version.
    answers
        Each recorded answer, with where it comes from.
    answers_file
        The path of the answers file.
    record
        Its content.
    same, lines
        How many of the lines that the version renders the project has, and how many there are.
    tried
        How many versions were looked at.
    """

    version: str
    answers: Mapping[str, Guess]
    answers_file: str
    record: bytes
    same: int
    lines: int
    tried: int


class Likeness(NamedTuple):
    """How many lines of a render a project has, and how many there are.

    Attributes
    ----------
    same
        Lines of files that the project has too.
    lines
        All lines.
    absent
        Lines of files that the project has not.
    """

    same: int
    lines: int
    absent: int

    @property
    def rank(self) -> int:
        """The higher, the nearer.

        A line that is missing in a file that both have may have been edited: it counts half.
        """
        edited = self.lines - self.same - self.absent
        return 2 * (self.same - self.absent) - edited


class Search:
    """Looks for the version and the answers, within a bounded number of renders."""

    def __init__(
        self, project: Project, facts: Facts, found: Mapping[str, Guess], folder: Path, trust: bool
    ) -> None:
        self._project, self._facts, self._found = project, facts, found
        self._folder, self._trust = folder, trust
        self._own: dict[str, Counter[bytes]] = {}
        self._renders, self._end = 0, time.monotonic() + LONGEST

    def find(self, source: Source, wanted: str | None, given: dict[str, Any]) -> Nearest:
        """The nearest version, or the wanted one, and the answers that fit it best.

        Raises
        ------
        LisaError
            If the template cannot be read or rendered, or one of its questions needs an answer.
        """
        versions = [wanted] if wanted else _list_versions(source)
        with source.open_each(*versions) as open_one:
            with open_one(versions[-1]) as newest:
                answers = self._fit(newest, given)
            best, tried = self._find_version(versions, open_one, given | _values(answers))
            with open_one(best) as nearest:
                if best != versions[-1]:
                    answers = self._fit(nearest, given)
                return self._record(nearest, given, answers, tried)

    def _find_version(
        self, versions: Sequence[str], open_one: _Open, answers: dict[str, Any]
    ) -> tuple[str, int]:
        """The nearest of some versions: a sample of them, then those around the best."""
        ranks: dict[int, int] = {}
        low, high = 0, len(versions) - 1
        while True:
            step = max(1, (high - low) // _SAMPLE)
            for at in {*range(low, high + 1, step), high} - ranks.keys():
                try:
                    with open_one(versions[at]) as version:
                        likeness = self._measure(version, answers, strict=False)
                except TooLongError:
                    raise
                except LisaError:
                    likeness = None  # a version may be broken, or need what is not installed
                ranks[at] = likeness.rank if likeness else _UNKNOWN
            best = max(ranks, key=lambda at: (ranks[at], at))
            if step == 1:
                return versions[best], len(ranks)
            low, high = max(low, best - step + 1), min(high, best + step - 1)

    def _fit(self, version: Template, given: dict[str, Any]) -> dict[str, Guess]:
        """Answers that the project tells, by its metadata or by what makes its files."""
        answers = self._read_answers(version, given)
        best = self._measure(version, given | _values(answers))
        for key in [each.key for each in self._ask(version, given | _values(answers))]:
            # What is asked, and of what there is to choose, depends on the answers so far.
            asked = {each.key: each for each in self._ask(version, given | _values(answers))}
            if key in given or key not in asked or not asked[key].asked:
                continue
            for guess in self._list_candidates(asked[key], answers):
                with suppress(AnswersError):
                    tried = given | _values(answers) | {key: guess.value}
                    likeness = self._measure(version, tried)
                    if likeness and best and likeness.rank > best.rank:
                        answers[key], best = guess, likeness
        return answers

    def _read_answers(self, version: Template, given: dict[str, Any]) -> dict[str, Guess]:
        """The first valid answer to each question that its name and the project tell."""
        answers: dict[str, Guess] = {}
        for question in self._ask(version, given):
            guesses = [*named.list_candidates(question.key, self._found)]
            if question.value in (None, "") and not question.multiple:
                # It has no default: any choice serves to compare the others with.
                choices = [each.value for each in question.choices]
                choices += [False] if question.type == "bool" else []
                guesses += [Guess(each, FITS, sure=False) for each in choices[:1]]
            for guess in guesses:
                if question.key in given or question.key in answers or question.hidden:
                    break
                with suppress(AnswersError):
                    self._ask(version, given | _values(answers) | {question.key: guess.value})
                    answers[question.key] = guess
        return answers

    def _list_candidates(self, question: Question, answers: Mapping[str, Guess]) -> Iterator[Guess]:
        """What may be the answer to a question, other than the one that holds."""
        values = [each.value for each in question.choices[:_MOST_CHOICES]]
        if question.type == "bool":
            yield Guess(not question.value, FITS, sure=False)
        elif question.multiple:
            for value in values:
                # The one before may have been better, and holds then.
                now = answers[question.key].value if question.key in answers else question.value
                kept = [each for each in values if (each in (now or [])) != (each == value)]
                yield Guess(kept, FITS, sure=False)
        elif values:
            for value in values:
                if str(value) != str(question.value):
                    yield Guess(value, FITS, sure=False)
        else:
            yield from named.list_candidates(question.key, self._found)

    def _ask(self, version: Template, given: dict[str, Any]) -> list[Question]:
        self._refuse_longer(version)
        return version.questions(given, project=self._project.root, trust=self._trust)

    def _measure(
        self, version: Template, given: dict[str, Any], *, strict: bool = True
    ) -> Likeness | None:
        """How like the project a render is; ``None`` where it was one too many.

        Raises
        ------
        AnswersError
            If an answer is wrong, and `strict`: else those that are wrong are left out.
        """
        if self._renders >= _MOST_RENDERS:
            return None
        try:
            with self._rendered(version, given) as render:
                return self._compare(render)
        except AnswersError as error:
            if strict or not error.problems.keys() & given.keys():
                raise
            rest = {key: value for key, value in given.items() if key not in error.problems}
            return self._measure(version, rest, strict=False)

    def _compare(self, render: Render) -> Likeness:
        same = lines = absent = 0
        for path, blob in trees.read_tree(render.folder).items():
            if path != render.answers_file:
                theirs = _count_lines(blob.data)
                lines += theirs.total()
                same += (theirs & self._count_own(path)).total()
                absent += 0 if self._facts.has(path) else theirs.total()
        return Likeness(same, lines, absent)

    @contextmanager
    def _rendered(self, version: Template, given: dict[str, Any]) -> Iterator[Render]:
        """A render, which is not kept."""
        self._refuse_longer(version)
        self._renders += 1
        around = Surroundings(self._project.root)
        folder = self._folder / f"render-{self._renders}"
        try:
            yield version.replay({}, given, folder, around, trust=self._trust)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _refuse_longer(self, version: Template) -> None:
        """Raise where it has taken too long: a template has any number of questions."""
        if time.monotonic() > self._end:
            raise TooLongError(
                f"{version.recorded}: what is nearest is not found within {LONGEST // 60} minutes",
                "Name the version with --to, and the answers that you know with --data.",
            )

    def _count_own(self, path: str) -> Counter[bytes]:
        if path not in self._own:
            self._own[path] = _count_lines(self._facts.content(path) or b"")
        return self._own[path]

    def _record(
        self,
        version: Template,
        given: dict[str, Any],
        answers: Mapping[str, Guess],
        tried: int,
    ) -> Nearest:
        """The answers file as the version writes it."""
        with self._rendered(version, given | _values(answers)) as render:
            record = None
            # A link is none: it may lead to any file of the user's, which would be recorded.
            with suppress(LisaError):
                record = files.read(render.folder, render.answers_file, links=False)
            if record is None:
                raise LisaError(
                    f"{version.recorded}: version {version.version} of the template writes no "
                    "answers file, so no project of it can be updated",
                    "Its authors have to add one: "
                    "https://copier.readthedocs.io/en/stable/configuring/#the-copier-answersyml-file.",
                )
            sources: dict[str, Guess] = {key: Guess(value, "given") for key, value in given.items()}
            sources |= answers
            told = {
                key: sources.get(key) or Guess(value, "the template's default", sure=False)
                for key, value in render.answers.items()
            }
            likeness = self._compare(render)
            same, lines = likeness.same, likeness.lines
            return Nearest(version.version, told, render.answers_file, record, same, lines, tried)


def _values(answers: Mapping[str, Guess]) -> dict[str, Any]:
    return {key: guess.value for key, guess in answers.items()}


def _list_versions(source: Source) -> list[str]:
    """The versions of a template, oldest first; of one without tags its newest commit."""
    newest = source.current()
    find: Callable[[], list[str]] = source.versions
    with suppress(LisaError):
        return [*(version for version in find() if version != newest), newest]
    return [newest]


def _count_lines(content: bytes) -> Counter[bytes]:
    """The lines of a file that are not empty; a binary file is one line."""
    if b"\0" in content[:8000]:
        return Counter([content])
    return Counter(line.strip() for line in content.splitlines() if line.strip())
