"""One version of the template: its questions, and its rendering.

Copier's own commands clone the template, run git processes for each file and ask in their own
dialogue; here its worker is handed the files of one version and the answers, and only renders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lisa_scaffold import answer_limits
from lisa_scaffold.errors import UNANSWERED, AnswersError
from lisa_scaffold.model import Question
from lisa_scaffold.shown import brief
from lisa_scaffold.template.blame import broken, template_errors
from lisa_scaffold.template.light import import_copier

if TYPE_CHECKING:
    from lisa_scaffold.template.copier_api import CopierTemplate, SandboxedEnvironment, Worker

CANONICAL_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
"""The address that projects record as their source, wherever the bytes came from."""

REQUIREMENT = f"lisa-scaffold{{}} @ git+{CANONICAL_URL}"
"""What pip is asked for, the brackets being for extras: no package index has the package."""

_Result = TypeVar("_Result")


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
    git_dir
        The repository that the files came from; ``None`` for a working copy.
    """

    def __init__(
        self,
        version: str,
        root: Path,
        recorded: str = CANONICAL_URL,
        git_dir: Path | None = None,
    ) -> None:
        self.version = version
        self.root = root
        self.recorded = recorded
        self.git_dir = git_dir
        self._variables: dict[str, frozenset[str]] = {}

    @cached_property
    def _files(self) -> CopierTemplate:
        import_copier()
        from lisa_scaffold.template.worker import load_files

        return load_files(self.recorded, self.version, self.root, self.git_dir)

    @cached_property
    def _environment(self) -> SandboxedEnvironment:
        files = self._files
        from lisa_scaffold.template.worker import make_answered_worker

        return make_answered_worker(files, {}, self.root).prepare(trust=False)

    def warm(self) -> None:
        """Read what every render needs, so that processes that are forked then have it.

        Raises
        ------
        LisaError
            If the template is broken.
        """
        with template_errors(self):
            _ = self._files, self._environment
        for name in ("worker", "questions", "commands"):
            import_module(f"lisa_scaffold.template.{name}")

    @property
    def locked(self) -> tuple[str, ...]:
        """Patterns, as in ``.gitignore``, of the paths that belong to the template."""
        with template_errors(self):
            return _patterns(self._files, "locked")

    @property
    def subdirectory(self) -> str:
        """The folder of what is rendered, as ``copier.yml`` names it; empty where that is all."""
        with template_errors(self):
            return str(self._files.subdirectory)

    @property
    def suffix(self) -> str:
        """How the names of files end that are more than copied."""
        with template_errors(self):
            return str(self._files.templates_suffix)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The patterns of paths that are not rendered, as ``copier.yml`` has them."""
        with template_errors(self), suppress(TypeError):
            return tuple(self._files.exclude)
        return ()  # of a setting that is no text; its render says which

    @property
    def specs(self) -> Mapping[str, Mapping[str, Any]]:
        """The questions, as ``copier.yml`` has them."""
        with template_errors(self):
            found: Mapping[str, Mapping[str, Any]] = self._files.questions_data
            return found

    @property
    def reads_data(self) -> bool:
        """Whether it reads data of the project beside its answers."""
        with template_errors(self):
            return bool(self._files.external_data)

    def find_variables(self, text: str) -> frozenset[str]:
        """The variables that a text may depend on, with all that it includes.

        One that begins with an underscore stands for more than itself: ``_copier_answers`` for all
        answers, ``_unknown`` for an include whose name is rendered.

        Raises
        ------
        LisaError
            If the text cannot be read as Jinja.
        """
        with template_errors(self):
            from lisa_scaffold.template.worker import find_variables

            return find_variables(self._environment, text, self._variables)

    def takes(self, answers: Mapping[str, Any], keys: Collection[str]) -> bool:
        """Whether this version takes some answers of a project as they are.

        Parameters
        ----------
        answers
            All answers of the project.
        keys
            Those to be looked at; it is known already that the others are taken.

        Raises
        ------
        LisaError
            If the template is broken.
        """
        if not keys:
            return True
        with template_errors(self):
            from lisa_scaffold.template.worker import takes

            return takes(self._files, self._environment, answers, keys)

    def _worker(
        self,
        answers: Mapping[str, Any],
        destination: Path,
        project: Path | None = None,
        *,
        trust: bool = False,
    ) -> Worker:
        files = self._files
        from lisa_scaffold.template.worker import make_answered_worker

        worker = make_answered_worker(files, answers, destination)
        worker.project, worker.unsafe = project, trust
        trusted = make_answered_worker(files, {}, self.root).prepare(trust=True) if trust else None
        worker.jinja_env = trusted or self._environment
        worker.answers.external = worker._external_data()
        return worker

    def _run(self, work: Callable[[], _Result], *, trust: bool = False) -> _Result:
        """Run expressions of the template, within bounds unless the template is trusted.

        Raises
        ------
        LisaError
            If the template is broken, takes too much time or memory, or needs trust.
        """

        def run_blaming_template() -> _Result:
            with template_errors(self):
                return work()

        def run_without_variables() -> _Result:
            forget_environment()
            return run_blaming_template()

        import_copier()
        if trust or is_ours(self.recorded):
            return run_blaming_template()
        from lisa_scaffold import apart
        from lisa_scaffold.template.worker import forget_environment

        # What each process would import for itself, Copier's filters among it.
        for name in ("worker", "questions"):
            import_module(f"lisa_scaffold.template.{name}")
        import_module("jinja2_ansible_filters")
        try:
            return apart.run(run_without_variables)
        except apart.ExhaustedError as error:
            raise broken(self, str(error)) from error

    def keys(self) -> frozenset[str]:
        """The names of all questions, whether they are asked or not."""
        return frozenset(self._files.questions_data)

    def questions(
        self,
        given: Mapping[str, Any],
        suggested: Mapping[str, Any] | None = None,
        *,
        project: Path | None = None,
        trust: bool = False,
    ) -> list[Question]:
        """Every question in its order, with the answer that holds for it.

        Parameters
        ----------
        given
            Answers that a person gave, as text or as values of the question's type.
        suggested
            Defaults that replace the template's own where they are valid.
        project
            The project that the answers are for, where there is one already.
        trust
            Whether the template's Jinja extensions may be loaded.

        Raises
        ------
        AnswersError
            If an answer in ``given`` is wrong, or belongs to no question.
        LisaError
            If the template is broken.
        """

        def answer() -> tuple[list[Question], dict[str, str]]:
            from lisa_scaffold.template.questions import answer_questions

            worker = self._worker({}, self.root, project, trust=trust)
            return answer_questions(worker, given, suggested or {})

        questions, problems = self._run(answer, trust=trust)
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
        self._run(lambda: self._worker(answers, destination).run_copy())

    def replay(
        self,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        destination: Path,
        surroundings: Surroundings | None = None,
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
        surroundings
            The project, and what else it is rendered for.
        trust
            Whether the template's Jinja extensions may be loaded.

        Raises
        ------
        AnswersError
            If an answer in ``given`` is wrong.
        LisaError
            If the template is broken, or needs extensions without trust.
        """
        around = surroundings or Surroundings()
        if given:
            # Names every wrong one.
            self.questions(given, recorded, project=around.project, trust=trust)

        return self._run(
            lambda: self._replay(recorded, given, destination, around, trust), trust=trust
        )

    def _replay(
        self,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        destination: Path,
        around: Surroundings,
        trust: bool,
    ) -> Render:
        from pathspec import GitIgnoreSpec

        files = self._files
        from lisa_scaffold.template.commands import list_commands
        from lisa_scaffold.template.copier_api import as_operation
        from lisa_scaffold.template.worker import make_worker

        worker = make_worker(files, destination)
        worker.skip_answered = True
        worker.data = dict(given)
        worker.project, worker.recorded_in = around.project, around.answers_file
        worker.also_excluded = around.excluded
        # Where a question has a default, that holds.
        specs = files.questions_data
        required = {key for key in specs if "default" not in specs[key]}
        worker.user_defaults = {k: v for k, v in around.required.items() if k in required}
        # Jinja has no room for a variable of that name: no template asks for it.
        worker.subproject.last_answers = {k: v for k, v in recorded.items() if k != "self"}
        if trust or not is_ours(self.recorded):
            worker.prepare(trust=trust)
        else:
            # Ours looks at no path of a project: what it has compiled serves for all of them.
            worker.jinja_env = self._environment
        try:
            as_operation("update")(worker.run_copy)()
        except ValueError as error:
            wrong = _find_wrong_answer(error, given)
            if any(problem == UNANSWERED for problem in wrong.values()):
                wrong = self._find_unanswered(recorded, given, around, trust=trust) or wrong
            if wrong:
                raise AnswersError(wrong) from error
            raise
        used = worker._answers_to_remember()
        answers = {key: value for key, value in used.items() if not key.startswith("_")}
        if fault := answer_limits.find_fault(answers):
            raise broken(self, f"copier.yml: question {fault}")
        skipped = [worker._render_string(pattern) for pattern in worker.all_skip_if_exists]
        seeded = (*_patterns(files, "seeded"), *skipped)
        GitIgnoreSpec.from_lines(seeded)  # fails here, where the template is to blame
        return Render(
            destination,
            answers,
            _patterns(files, "locked"),
            seeded,
            list_commands(worker, around.since or self.version),
            worker.not_asked,
            tuple(specs),
            worker.answers_relpath.as_posix(),
            worker.chosen,
            worker.find_excluded(),
            tuple(
                key
                for key in specs
                if key not in recorded and not worker.is_for(specs[key].get("ask", True))
            ),
            _patterns(files, "example"),
        )

    def _find_unanswered(
        self,
        recorded: Mapping[str, Any],
        given: Mapping[str, Any],
        around: Surroundings,
        *,
        trust: bool,
    ) -> dict[str, str]:
        """Every question that somebody has to answer, where Copier names the first."""
        from lisa_scaffold.template.questions import answer_questions

        specs = self._files.questions_data
        # An empty text stands for what nobody knows.
        guessed = {key for key, value in around.required.items() if value not in (None, "")}
        answered = guessed | {key for key, value in recorded.items() if value is not None}
        worker = self._worker({}, self.root, around.project, trust=trust)
        found = {}
        for question in answer_questions(worker, given, recorded)[0]:
            if "default" in specs[question.key] or question.key in {*answered, *given}:
                continue
            if question.asked:
                choices = brief(", ".join(str(each.value) for each in question.choices), 200)
                found[question.key] = f"{UNANSWERED}: {choices}" if choices else UNANSWERED
        return found


class Surroundings(NamedTuple):
    """What a render for an update is told of the project.

    Attributes
    ----------
    project
        Its folder, whose name and data the template may use.
    answers_file
        Where it records its answers, if that may be another file than the template's.
    required
        Answers to questions that have no default, where it has recorded none.
    excluded
        The patterns of another version's paths that are not rendered.
    since
        The version that it has, if that is another one.
    """

    project: Path | None = None
    answers_file: str | None = None
    required: Mapping[str, Any] = MappingProxyType({})
    excluded: tuple[str, ...] = ()
    since: str = ""


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
        Commands of the template (tasks and migrations) that Copier would run.
    not_asked
        Questions whose given answers were not used, as the other answers leave them out.
    questions
        All questions of this version, also those that are not asked or not recorded.
    answers_file
        The path of the answers file.
    chosen
        The same, where the project has chosen another one than the template's.
    excluded
        The patterns of another version's paths that are not rendered, with the answers filled in.
    never_asked
        Questions without a recorded answer that the template answers by itself, or asks of other
        projects alone.
    example
        Patterns of the paths that belong to an example, which people take out.
    """

    folder: Path
    answers: Mapping[str, Any]
    locked: tuple[str, ...]
    seeded: tuple[str, ...]
    not_run: tuple[str, ...]
    not_asked: tuple[str, ...]
    questions: tuple[str, ...]
    answers_file: str
    chosen: str | None
    excluded: tuple[str, ...]
    never_asked: tuple[str, ...]
    example: tuple[str, ...]


def is_ours(address: str) -> bool:
    """Whether an address, however it is written, is that of the template of lisa-scaffold."""

    def normalise(address: str) -> str:
        plain = re.sub(r"\A(git\+)?(https?://|ssh://)?([^@/]*@)?", "", address)
        return plain.replace(":", "/", 1).removesuffix("/").removesuffix(".git").lower()

    return normalise(address) == normalise(CANONICAL_URL)


def _patterns(files: CopierTemplate, ownership: str) -> tuple[str, ...]:
    """The patterns of one sort of ownership."""
    from pathspec import GitIgnoreSpec

    from lisa_scaffold.template.copier_api import ConfigFileError

    table = files.config_data.get("lisa_ownership", {})
    listed = table.get(ownership, ()) if isinstance(table, dict) else None
    if not isinstance(listed, (list, tuple)) or not all(isinstance(each, str) for each in listed):
        raise ConfigFileError(f"_lisa_ownership: {ownership} is no list of patterns")
    GitIgnoreSpec.from_lines(listed)
    return tuple(listed)


def _find_wrong_answer(error: ValueError, given: Mapping[str, Any]) -> dict[str, str]:
    """The answer that Copier's error is about, where a person gave it or has to give it."""
    required = re.fullmatch(r'Question "(\w+)" is required', str(error))
    if required:
        return {required[1]: UNANSWERED}
    named = re.match(r"(?:Validation error for question|Invalid choice for) '(\w+)': ", str(error))
    return {named[1]: str(error)[named.end() :].strip()} if named and named[1] in given else {}
