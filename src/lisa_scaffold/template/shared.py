"""Renders of locked files that projects have in common.

The projects of a fleet differ in their names, and next to no locked file has a name in it. Which
answers a text may depend on is read from the text itself, so two projects whose answers are the
same as far as they matter get one render; and an answer that a question took once need not be asked
again, as long as nothing has changed that the question looks at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from lisa_scaffold.errors import LisaError
from lisa_scaffold.template.rendering import Template

MOST = 64
"""Renders of a version that are kept at once."""

_BESIDE = frozenset(["kind", "ci_rules"])
"""Answers that decide what is taken from the template beside its render: a component."""

_OPERATION = "_copier_operation"
"""What Copier is at, which is the same for all that is shared."""

Result = TypeVar("Result")


class _Shape(NamedTuple, Generic[Result]):
    """The projects that the same files are rendered for.

    Attributes
    ----------
    names
        The answers that these files may depend on.
    results
        What was made, by the values of these.
    """

    names: frozenset[str]
    results: dict[str, Result]


class Shared(Generic[Result]):
    """What was made of one version, for the projects that get the same.

    Parameters
    ----------
    template
        The version, with its locked files alone.
    """

    def __init__(self, template: Template) -> None:
        self._template = template
        self._shapes: dict[str, _Shape[Result]] = {}
        self._taken: set[tuple[str, str]] = set()
        self._new: list[tuple[Mapping[str, Any], frozenset[str], Result]] = []
        self._count = 0

    def find(self, answers: Mapping[str, Any]) -> Result | None:
        """What was made for a project that gets the same; ``None`` where that is not known.

        Parameters
        ----------
        answers
            What the project records; nothing is found where the version would not take that as it
            is.
        """
        # What matters is looked up for the second project: one alone needs nobody's.
        while self._new:
            self._learn(*self._new.pop())
        if not self._shapes:
            return None
        shape = self._shapes.get(_describe(answers, self._chosen_by))
        result = shape and shape.results.get(_describe(answers, shape.names))
        if result is None or not self._questions.keys() <= answers.keys():
            return None
        new = {key for key in self._questions if self._describe(key, answers) not in self._taken}
        return result if self._template.takes(answers, new) else None

    def keep(
        self,
        answers: Mapping[str, Any],
        used: Mapping[str, Any],
        paths: Iterable[str],
        result: Result,
    ) -> None:
        """Keep what was made for a project.

        Parameters
        ----------
        answers
            What the project records.
        used
            The answers that it was rendered with: if others, nothing is kept.
        paths
            The locked files of the render.
        result
            What was made.
        """
        if _describe(answers, answers) == _describe(used, answers):
            self._new.append((answers, frozenset(paths), result))

    def _learn(self, answers: Mapping[str, Any], paths: frozenset[str], result: Result) -> None:
        """Make what was kept ready to be found."""
        if self._is_unclear or not self._questions.keys() <= answers.keys():
            return
        if self._count >= MOST:
            self._shapes.clear()
            self._taken.clear()
            self._count = 0
        self._count += 1
        self._taken |= {self._describe(key, answers) for key in self._questions}
        names = self._chosen_by | _BESIDE | self._mentioned_in(paths)
        shape = self._shapes.setdefault(_describe(answers, self._chosen_by), _Shape(names, {}))
        shape.results[_describe(answers, shape.names)] = result

    def _describe(self, key: str, answers: Mapping[str, Any]) -> tuple[str, str]:
        """A question, and all that decides whether it takes its answer."""
        return key, _describe(answers, self._questions[key])

    @cached_property
    def _questions(self) -> dict[str, frozenset[str]]:
        """What each question may depend on, its own answer included."""
        return {
            key: frozenset({key}.union(*map(self._template.find_variables, _list_texts(spec))))
            for key, spec in self._template.specs.items()
        }

    @cached_property
    def _files(self) -> dict[str, frozenset[str]]:
        """What each file, by its path in the render, may depend on."""
        template, found = self._template, {}
        top = template.root / template.subdirectory
        for place in (Path(above, name) for above, _, names in os.walk(top) for name in names):
            path = place.relative_to(top).as_posix()
            texts = [path]
            if path.endswith(template.suffix):
                texts.append(place.read_text(encoding="utf-8"))
            found[path.removesuffix(template.suffix)] = frozenset(
                set().union(*map(template.find_variables, texts))
            )
        return found

    @cached_property
    def _chosen_by(self) -> frozenset[str]:
        """What decides which files are rendered."""
        names = [path for path in self._files if "{" in path]
        return frozenset(
            set().union(*map(self._template.find_variables, (*self._template.excluded, *names)))
        )

    def _mentioned_in(self, paths: frozenset[str]) -> frozenset[str]:
        """What some files of the render may depend on; one whose name is rendered may be each."""
        mentioned = (names for path, names in self._files.items() if path in paths or "{" in path)
        return frozenset(set().union(*mentioned))

    @cached_property
    def _is_unclear(self) -> bool:
        """Whether something depends on more than single answers, or cannot be read."""
        try:
            names = self._chosen_by.union(*self._files.values(), *self._questions.values())
        except (LisaError, UnicodeDecodeError):
            return True  # perhaps of a file that few projects get: a render tells where it matters
        own = any(name.startswith("_") and name != _OPERATION for name in names)
        return own or self._template.reads_data


def _describe(answers: Mapping[str, Any], names: Iterable[str]) -> str:
    """The values of some answers, those of another type being others."""
    return repr([(name, answers[name]) for name in sorted(names) if name in answers])


def _list_texts(value: object) -> Iterator[str]:
    """All texts in the settings of a question."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _list_texts(pair)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _list_texts(each)
