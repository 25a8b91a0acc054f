"""One version of the template: its questions, and its rendering.

Copier's own commands clone the template, run some git processes for each file and ask in their own
dialogue; here Copier's worker is handed the files of one version and the answers, and does what it
is for: it renders. Nothing else imports Copier.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Choice, Question
from lisa_scaffold.template.light import import_copier, quick_yaml

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from copier._main import Worker
    from copier._template import Template as CopierTemplate
    from copier._user_data import Question as CopierQuestion

    from lisa_scaffold.template.worker import Quiet

CANONICAL_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
"""The address that projects record as their source, wherever the bytes came from."""

SOURCE_VARIABLE = "LISA_SCAFFOLD_TEMPLATE"
"""Environment variable that names a mirror or a working copy of the template."""

_SPOKEN_BOOLS = frozenset(["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"])


@dataclass(frozen=True)
class Template:
    """One version of the template, its files in a folder.

    Attributes
    ----------
    version
        The version tag that a project records as ``_commit``.
    root
        The folder with ``copier.yml``.
    recorded
        The address that a project records as ``_src_path``.
    """

    version: str
    root: Path
    recorded: str = CANONICAL_URL

    @cached_property
    def _files(self) -> CopierTemplate:
        return _copier_files(self)

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        worker = _new_worker(self._files, {}, self.root)
        from lisa_scaffold.template.compiled import keep_compiled
        from lisa_scaffold.template.worker import stop_clock

        # Extensions are code: refused before the environment would load them.
        worker._check_unsafe("copy")
        environment = worker.jinja_env
        stop_clock(environment)
        keep_compiled(environment)
        return environment

    @property
    def locked(self) -> tuple[str, ...]:
        """Patterns, as in ``.gitignore``, of the paths that are the template's alone."""
        ownership = self._files.config_data.get("lisa_ownership", {})
        return tuple(ownership.get("locked", ()))

    def _worker(self, answers: Mapping[str, Any], destination: Path) -> Worker:
        worker = _new_worker(self._files, answers, destination)
        worker.jinja_env = self._environment
        return worker

    def questions(
        self, given: Mapping[str, Any], suggested: Mapping[str, Any] | None = None
    ) -> list[Question]:
        """Every question in its order, with the answer that holds for it.

        Parameters
        ----------
        given
            Answers that a person gave, as text or as values of the question's type.
        suggested
            Defaults that stand in for the template's own, as far as they are valid.

        Raises
        ------
        AnswersError
            If an answer in ``given`` is wrong, or belongs to no question.
        LisaError
            If the template is broken.
        """
        with _template_errors(self):
            worker = self._worker({}, self.root)
            specs: dict[str, dict[str, Any]] = worker.template.questions_data
            problems = {key: _unknown_key(key, specs) for key in given if key not in specs}
            questions = []
            for key, spec in specs.items():
                asked = _copier_question(worker, key, spec)
                try:
                    value = (
                        _valid(asked, given[key]) if key in given else _default(asked, suggested)
                    )
                except _WrongAnswerError as error:
                    problems[key] = str(error)
                    value = _default(asked, suggested)
                worker.answers.user[key] = value
                questions.append(_as_model(asked, value))
        if problems:
            raise AnswersError(problems)
        return questions

    def render(self, answers: Mapping[str, Any], destination: Path) -> None:
        """Write the project that the answers describe into a new folder.

        Parameters
        ----------
        answers
            A valid answer to every question, as :meth:`questions` returns them.
        destination
            The folder to make.

        Raises
        ------
        LisaError
            If the template is broken, or needs tasks or Jinja extensions.
        """
        with _template_errors(self), warnings.catch_warnings():
            # Copier's words about Copier (its version, say) are no news to our users.
            warnings.simplefilter("ignore")
            self._worker(answers, destination).run_copy()

    def replay(
        self,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        destination: Path,
        *,
        trust: bool = False,
    ) -> Render:
        """Render for an update, with the answers that a project recorded.

        Parameters
        ----------
        recorded
            Answers of the project; one that this version does not take gives way to the default.
        given
            Answers that replace recorded ones; one to a question that the other answers leave out
            is not used.
        destination
            The folder to make.
        trust
            Whether the template's Jinja extensions may be loaded.

        Raises
        ------
        AnswersError
            If an answer in ``given`` is wrong.
        LisaError
            If the template is broken, or needs extensions without trust.
        """
        import_copier()
        from copier._main import as_operation

        from lisa_scaffold.template.compiled import keep_compiled
        from lisa_scaffold.template.worker import stop_clock

        if given:
            self.questions(given, recorded)  # names every wrong one
        with _template_errors(self), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            worker = _quiet_worker(self._files, destination)
            worker.unsafe = trust
            worker.skip_answered = True
            worker.data = dict(given)
            worker.subproject.last_answers = dict(recorded)
            worker._check_unsafe("copy")
            stop_clock(worker.jinja_env)
            keep_compiled(worker.jinja_env)
            try:
                as_operation("update")(worker.run_copy)()
            except ValueError as error:
                raise AnswersError(_blame(error, given)) from error
            ownership = worker.template.config_data.get("lisa_ownership", {})
            skipped = [worker._render_string(pattern) for pattern in worker.all_skip_if_exists]
            return Render(
                destination,
                {k: v for k, v in worker._answers_to_remember().items() if not k.startswith("_")},
                tuple(ownership.get("locked", ())),
                (*ownership.get("seeded", ()), *skipped),
                _commands(worker.template.config_data),
                worker.not_asked,
            )


class Render(NamedTuple):
    """A render for an update: the files, the answers that it used, and what holds for its paths.

    Attributes
    ----------
    folder
        The files.
    answers
        The answer to every question that is recorded.
    locked, seeded
        Patterns, as in ``.gitignore``, of the paths of these kinds of ownership.
    not_run
        Commands of the template (tasks and migrations) that an update never runs.
    not_asked
        Questions whose given answers were not used, as the other answers leave them out.
    """

    folder: Path
    answers: Mapping[str, Any]
    locked: tuple[str, ...]
    seeded: tuple[str, ...]
    not_run: tuple[str, ...]
    not_asked: tuple[str, ...]


class _WrongAnswerError(Exception):
    """An answer that a question does not take; the message says what it does take."""


@contextmanager
def _template_errors(template: Template) -> Iterator[None]:
    """Tell an error of the template, which a mirror or a working copy may bring, as one message."""
    import_copier()
    from copier.errors import CopierError, UnsafeTemplateError
    from jinja2 import TemplateError
    from pydantic import ValidationError
    from yaml import YAMLError

    try:
        with quick_yaml(), redirect_stderr(StringIO()):  # some of Copier's errors print themselves
            yield
    except UnsafeTemplateError as error:
        raise LisaError(
            f"{template.recorded}: version {template.version} of this template loads Jinja "
            "extensions, and those are code",
            "If you trust that source, run the command again with --trust.",
        ) from error
    except (CopierError, TemplateError, ValidationError, YAMLError) as error:
        said = " ".join(str(error.__cause__ or error).split()).replace(f"{template.root}/", "")
        place = template.root if (template.root / ".git").exists() else template.recorded
        raise LisaError(
            f"{place}: version {template.version} of the template is broken: {said}",
            f"Choose another version with --to, or another source with {SOURCE_VARIABLE}.",
        ) from error


def _commands(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Tasks and migrations of a template, as text."""
    listed = [*config.get("tasks", []), *config.get("migrations", [])]
    commands = [each.get("command", each) if isinstance(each, dict) else each for each in listed]
    return tuple(each if isinstance(each, str) else repr(each) for each in commands)


def _copier_files(template: Template) -> CopierTemplate:
    """Copier's view of the files of one version."""
    import_copier()
    from lisa_scaffold.template.worker import files_of

    return files_of(template)


def _quiet_worker(files: CopierTemplate, destination: Path) -> Quiet:
    from lisa_scaffold.template.worker import quiet

    return quiet(files, destination)


def _new_worker(files: CopierTemplate, answers: Mapping[str, Any], destination: Path) -> Worker:
    from lisa_scaffold.template.worker import answered

    return answered(files, answers, destination)


def _copier_question(worker: Worker, key: str, spec: Mapping[str, Any]) -> CopierQuestion:
    from copier._user_data import Question as CopierQuestion

    return CopierQuestion(
        var_name=key,
        answers=worker.answers,
        context=worker._render_context(),
        jinja_env=worker.jinja_env,
        **spec,
    )


def _valid(question: CopierQuestion, answer: Any) -> Any:
    """The answer as a value of the question's type."""
    from copier.errors import InvalidTypeError

    try:
        if question.get_type_name() == "bool" and str(answer).lower() not in _SPOKEN_BOOLS:
            raise ValueError(answer)  # Copier would take any other text for a yes or a no
        value = question.parse_answer(answer)
        question.validate_answer(value)
    except (ValueError, InvalidTypeError) as error:
        raise _WrongAnswerError(_plain(question, error, answer)) from error
    return value


def _plain(question: CopierQuestion, error: Exception, answer: Any) -> str:
    """Copier's message without its preamble; for a wrong choice or type, what would be right."""
    if question.choices:
        allowed = ", ".join(str(choice.value) for choice in _open_choices(question))
        return f"{answer!r} is none of: {allowed}"
    said = re.sub(r"\AValidation error for question '[^']*': ", "", str(error))
    if said == str(error):
        expected = "yes or no" if question.get_type_name() == "bool" else question.get_type_name()
        return f"{answer!r} is not {expected}"
    return " ".join(said.split())


def _default(question: CopierQuestion, suggested: Mapping[str, Any] | None) -> Any:
    key = question.var_name
    if suggested and key in suggested:
        try:
            return _valid(question, suggested[key])
        except _WrongAnswerError:
            pass  # a suggestion is nobody's answer: the template's default stands in for it
    return question.parse_answer(question.render_value(question.default))


def _open_choices(question: CopierQuestion) -> list[Any]:
    """The choices that other answers do not rule out."""
    return [choice for choice in question._formatted_choices if not choice.disabled]


def _as_model(question: CopierQuestion, value: Any) -> Question:
    choices = tuple(
        Choice(question.cast_answer(choice.value), str(choice.title))
        for choice in _open_choices(question)
    )
    return Question(
        key=question.var_name,
        type=question.get_type_name(),
        help=question.get_message().strip(),
        value=value,
        choices=choices,
        placeholder=question.get_placeholder(),
        asked=question.get_ask() and question.get_when() and len(choices) != 1,
        hidden=question.ask is False,
    )


def _blame(error: ValueError, given: Mapping[str, Any]) -> dict[str, str]:
    """The key that Copier's error is about, and what it says."""
    named = re.search(r"""['"]([A-Za-z0-9_]+)['"]""", str(error))
    key = named[1] if named else next(iter(given), "answers")
    return {key: re.sub(r"\A[^:]*question '[^']*': ", "", str(error)).strip()}


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(key, known, n=1)
    return f"no such question; did you mean {close[0]}?" if close else "no such question"
