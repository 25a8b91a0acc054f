"""One version of the template: its questions, and its rendering.

Copier's own commands clone the template, run some git processes for each file and ask in their own
dialogue; here Copier's worker is handed the files of one version and the answers, and does what it
is for: it renders. Nothing else imports Copier.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lisa_scaffold import answers as plain
from lisa_scaffold.errors import AnswersError
from lisa_scaffold.model import Choice, Question
from lisa_scaffold.template.blame import broken, template_errors
from lisa_scaffold.template.light import import_copier

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from copier._main import Worker
    from copier._template import Template as CopierTemplate
    from copier._user_data import Question as CopierQuestion

    from lisa_scaffold.template.worker import Quiet

CANONICAL_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
"""The address that projects record as their source, wherever the bytes came from."""

_Result = TypeVar("_Result")

# Characters of a wrong answer that a message repeats.
_MOST_SHOWN = 200

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
        return self._new_environment(trust=False)

    def _new_environment(self, *, trust: bool) -> SandboxedEnvironment:
        worker = _new_worker(self._files, {}, self.root)
        worker.unsafe = trust
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
        with template_errors(self):
            return _patterns(self._files, "locked")

    def _worker(
        self, answers: Mapping[str, Any], destination: Path, *, trust: bool = False
    ) -> Worker:
        worker = _new_worker(self._files, answers, destination)
        worker.jinja_env = self._new_environment(trust=True) if trust else self._environment
        return worker

    def _run(self, work: Callable[[], _Result], *, trust: bool = False) -> _Result:
        """Do what runs expressions of the template, in bounds where nobody vouches for it.

        Raises
        ------
        LisaError
            If the template is broken, takes too much time or memory, or needs trust.
        """

        def blamed() -> _Result:
            with template_errors(self):
                return work()

        import_copier()
        if trust or is_ours(self.recorded):
            return blamed()
        from lisa_scaffold import apart

        # What each process would import for itself, Copier's filters among it.
        for name in ("jinja2_ansible_filters", "lisa_scaffold.template.worker"):
            import_module(name)
        try:
            return apart.run(blamed)
        except apart.ExhaustedError as error:
            raise broken(self, str(error)) from error

    def questions(
        self,
        given: Mapping[str, Any],
        suggested: Mapping[str, Any] | None = None,
        *,
        trust: bool = False,
    ) -> list[Question]:
        """Every question in its order, with the answer that holds for it.

        Parameters
        ----------
        given
            Answers that a person gave, as text or as values of the question's type.
        suggested
            Defaults that stand in for the template's own, as far as they are valid.
        trust
            Whether the template's Jinja extensions may be loaded.

        Raises
        ------
        AnswersError
            If an answer in ``given`` is wrong, or belongs to no question.
        LisaError
            If the template is broken.
        """
        questions, problems = self._run(
            lambda: self._questions(given, suggested or {}, trust=trust), trust=trust
        )
        if problems:
            raise AnswersError(problems)
        return questions

    def _questions(
        self, given: Mapping[str, Any], suggested: Mapping[str, Any], *, trust: bool
    ) -> tuple[list[Question], dict[str, str]]:
        worker = self._worker({}, self.root, trust=trust)
        specs: dict[str, dict[str, Any]] = worker.template.questions_data
        problems = {key: _unknown_key(key, specs) for key in given if key not in specs}
        questions = []
        for key, spec in specs.items():
            asked = _copier_question(worker, key, spec)
            try:
                value = _valid(asked, given[key]) if key in given else _default(asked, suggested)
            except _WrongAnswerError as error:
                problems[key] = str(error)
                value = _default(asked, suggested)
            worker.answers.user[key] = value
            questions.append(_as_model(asked, value))
        return questions, problems

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
        self._run(lambda: self._worker(answers, destination).run_copy())

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
        if given:
            self.questions(given, recorded, trust=trust)  # names every wrong one
        return self._run(lambda: self._replay(recorded, given, destination, trust), trust=trust)

    def _replay(
        self, recorded: Mapping[str, Any], given: Mapping[str, Any], destination: Path, trust: bool
    ) -> Render:
        from copier._main import as_operation
        from pathspec import GitIgnoreSpec

        from lisa_scaffold.template.compiled import keep_compiled
        from lisa_scaffold.template.worker import stop_clock

        worker = _quiet_worker(self._files, destination)
        worker.unsafe = trust
        worker.skip_answered = True
        worker.data = dict(given)
        # Jinja has no room for a variable of that name: no template asks for it.
        worker.subproject.last_answers = {k: v for k, v in recorded.items() if k != "self"}
        worker._check_unsafe("copy")
        stop_clock(worker.jinja_env)
        keep_compiled(worker.jinja_env)
        try:
            as_operation("update")(worker.run_copy)()
        except ValueError as error:
            if wrong := _blamed_answer(error, given):
                raise AnswersError(wrong) from error
            raise
        used = worker._answers_to_remember()
        answers = {key: value for key, value in used.items() if not key.startswith("_")}
        if fault := plain.fault(answers):
            raise broken(self, f"copier.yml: question {fault}")
        skipped = [worker._render_string(pattern) for pattern in worker.all_skip_if_exists]
        seeded = (*_patterns(self._files, "seeded"), *skipped)
        GitIgnoreSpec.from_lines(seeded)  # or it would fail where nobody knows whose it is
        return Render(
            destination,
            answers,
            _patterns(self._files, "locked"),
            seeded,
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


def is_ours(address: str) -> bool:
    """Whether an address, however it is spelled, is that of the template of lisa-scaffold."""
    return _spelling(address) == _spelling(CANONICAL_URL)


def _spelling(address: str) -> str:
    """One spelling for the ways to write a repository's address."""
    plain = re.sub(r"\A(git\+)?(https?://|ssh://)?([^@/]*@)?", "", address)
    return plain.replace(":", "/", 1).removesuffix("/").removesuffix(".git").lower()


def _patterns(files: CopierTemplate, kind: str) -> tuple[str, ...]:
    """The patterns of one kind of ownership."""
    from copier.errors import ConfigFileError
    from pathspec import GitIgnoreSpec

    table = files.config_data.get("lisa_ownership", {})
    listed = table.get(kind, ()) if isinstance(table, dict) else None
    if not isinstance(listed, (list, tuple)) or not all(isinstance(each, str) for each in listed):
        raise ConfigFileError(f"_lisa_ownership: {kind} is no list of patterns")
    GitIgnoreSpec.from_lines(listed)
    return tuple(listed)


def _commands(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Tasks and migrations of a template, as text."""
    lists = [config.get(name) for name in ("tasks", "migrations")]
    listed = [each for commands in lists if isinstance(commands, list) for each in commands]
    commands = [each.get("command", each) if isinstance(each, dict) else each for each in listed]
    return tuple(each if isinstance(each, str) else repr(each) for each in commands)


def _copier_files(template: Template) -> CopierTemplate:
    """Copier's view of the files of one version."""
    import_copier()
    from lisa_scaffold.template.worker import files_of

    return files_of(template.recorded, template.version, template.root)


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
    try:
        if question.get_type_name() == "bool" and str(answer).lower() not in _SPOKEN_BOOLS:
            raise ValueError(answer)  # Copier would take any other text for a yes or a no
        value = question.parse_answer(answer)
        question.validate_answer(value)
    except (ValueError, TypeError) as error:
        raise _WrongAnswerError(_plain(question, error, answer)) from error
    if why := plain.problem(value):
        raise _WrongAnswerError(why)
    return value


def _plain(question: CopierQuestion, error: Exception, answer: Any) -> str:
    """Copier's message without its preamble; for a wrong choice or type, what would be right."""
    shown = _brief(answer)
    if question.choices:
        allowed = ", ".join(str(choice.value) for choice in _open_choices(question))
        return f"{shown} is none of: {allowed}"
    said = re.sub(r"\AValidation error for question '[^']*': ", "", str(error))
    if said == str(error):
        expected = "yes or no" if question.get_type_name() == "bool" else question.get_type_name()
        return f"{shown} is not {expected}"
    return " ".join(said.split())


def _brief(answer: Any) -> str:
    said = repr(answer)
    return said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN]}…"


def _default(question: CopierQuestion, suggested: Mapping[str, Any]) -> Any:
    from copier._types import MISSING

    key = question.var_name
    if key in suggested:
        try:
            return _valid(question, suggested[key])
        except _WrongAnswerError:
            pass  # a suggestion is nobody's answer: the template's default stands in for it
    if question.default is MISSING:
        return "" if question.get_type_name() == "str" else None
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


def _blamed_answer(error: ValueError, given: Mapping[str, Any]) -> dict[str, str]:
    """The answer that Copier's error is about, where a person gave it or has to give it."""
    required = re.fullmatch(r'Question "(\w+)" is required', str(error))
    if required:
        return {required[1]: "the template has no default for it"}
    named = re.match(r"(?:Validation error for question|Invalid choice for) '(\w+)': ", str(error))
    return {named[1]: str(error)[named.end() :].strip()} if named and named[1] in given else {}


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(key, known, n=1)
    return f"no such question; did you mean {close[0]}?" if close else "no such question"
