"""The template: where it is, its versions, its questions, and its rendering by Copier.

The only module that imports Copier. Copier's own commands clone the template, run some git
processes for each file and ask in its own dialogue; here its worker is handed the files of one
version and the answers, and does what it is for: it renders.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lisa_scaffold import git
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Choice, Question

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from copier._main import Worker
    from copier._template import Template as CopierTemplate
    from copier._user_data import Question as CopierQuestion
    from jinja2 import Template as JinjaTemplate

CANONICAL_URL = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
"""The address that projects record as their source, wherever the bytes came from."""

SOURCE_VARIABLE = "LISA_SCAFFOLD_TEMPLATE"
"""Environment variable that names a mirror or a working copy of the template."""

_SPOKEN_BOOLS = frozenset(["y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"])

_PACKAGE = Path(__file__).parent
_BUNDLE = _PACKAGE / "template.bundle"


@dataclass(frozen=True)
class Source:
    """Where the template's bytes come from.

    Attributes
    ----------
    location
        A working copy (a folder with ``copier.yml``), or anything that git can clone from: the
        bundle that the wheel carries, a repository's path or its address.
    """

    location: str

    @cached_property
    def working_copy(self) -> Path | None:
        """The folder, where the source is a working copy."""
        folder = Path(self.location)
        return folder.resolve() if (folder / "copier.yml").is_file() else None

    def current(self) -> str:
        """The version that a new project gets.

        Returns
        -------
        str
            For a working copy, its files as they stand count as the version that its
            ``pyproject.toml`` names; the bundle has the version of this package; of any other
            repository it is the newest version tag.

        Raises
        ------
        LisaError
            If the repository cannot be reached or has no version.
        """
        if self.working_copy:
            return _declared_version(self.working_copy)
        if Path(self.location) == _BUNDLE:
            return f"v{installed_version('lisa-scaffold')}"
        return self.versions()[-1]

    def versions(self) -> list[str]:
        """All versions, oldest first.

        Raises
        ------
        LisaError
            If the repository cannot be reached or has no version.
        """
        try:
            tags = git.version_tags(self.location)
        except git.GitError as error:
            if not self.working_copy:
                raise _unreachable(self.location) from error
            tags = []
        if self.working_copy:
            current = _declared_version(self.working_copy)
            tags = [*(tag for tag in tags if tag != current), current]
        if not tags:
            raise LisaError(
                f"{self.location}: no version of the template there",
                f"A version is a git tag vX.Y.Z: let {SOURCE_VARIABLE} name such a repository.",
            )
        return tags

    @contextmanager
    def open(self, version: str | None = None) -> Iterator[Template]:
        """The template at one version (the current one where none is named).

        Raises
        ------
        LisaError
            If there is no such version, or the source cannot be reached.
        """
        wanted = version or self.current()
        if self.working_copy and wanted == _declared_version(self.working_copy):
            yield Template(wanted, self.working_copy)
            return
        with tempfile.TemporaryDirectory(prefix="lisa-scaffold-") as folder:
            root = Path(folder) / "template"
            try:
                git.clone_at(self.location, wanted, root)
            except git.GitError as error:
                known = self.versions()
                if wanted in known:
                    raise
                raise LisaError(
                    f"{wanted}: no such version of the template",
                    f"Versions here: {', '.join(known)}.",
                ) from error
            yield Template(wanted, root)


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
        # Extensions are code: refused before the environment would load them.
        worker._check_unsafe("copy")
        environment = worker.jinja_env
        _compile_once(environment)
        return environment

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


def default_source() -> Source:
    """The source that the environment names, or else the one that came with this package.

    Raises
    ------
    LisaError
        If this installation carries no template.
    """
    if named := os.environ.get(SOURCE_VARIABLE):
        return Source(named)
    if _BUNDLE.is_file():
        return Source(str(_BUNDLE))
    checkout = Source(str(_PACKAGE.parents[1]))
    if checkout.working_copy:
        return checkout
    raise LisaError(
        f"{_BUNDLE}: the template is missing from this installation",
        f"Install lisa-scaffold again, or set {SOURCE_VARIABLE} to a copy of its repository.",
    )


def _declared_version(working_copy: Path) -> str:
    pyproject = working_copy / "pyproject.toml"
    try:
        return f"v{tomllib.loads(pyproject.read_text(encoding='utf-8'))['project']['version']}"
    except (OSError, KeyError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LisaError(
            f"{pyproject}: no [project] version there ({error!r})",
            "A working copy of the template names its version in its pyproject.toml.",
        ) from error


def _unreachable(location: str) -> LisaError:
    return LisaError(
        f"{location}: no template can be read there",
        f"Check {SOURCE_VARIABLE}: it takes a folder with copier.yml, or a git repository.",
    )


class _WrongAnswerError(Exception):
    """An answer that a question does not take; the message says what it does take."""


@contextmanager
def _template_errors(template: Template) -> Iterator[None]:
    """Tell an error of the template, which a mirror or a working copy may bring, as one message."""
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from pydantic import ValidationError
    from yaml import YAMLError

    try:
        yield
    except (CopierError, TemplateError, ValidationError, YAMLError) as error:
        cause = error.__cause__ or error
        raise LisaError(
            f"{template.root}: version {template.version} of the template is broken: "
            + " ".join(str(cause).split()),
            f"Choose another version with --to, or another source with {SOURCE_VARIABLE}.",
        ) from error


def _copier_files(template: Template) -> CopierTemplate:
    """Copier's view of the files: what it would ask git for is known already."""
    from copier._template import Template as CopierTemplate

    files = CopierTemplate(url=template.recorded)
    files.vcs = None
    files.commit = template.version
    files.commit_hash = None
    files.local_abspath = template.root
    return files


def _compile_once(environment: SandboxedEnvironment) -> None:
    """Let an environment compile each expression once: Copier compiles it at every use.

    What Copier's ``yield`` tag left behind is cleared as each compilation would.
    """
    from copier._jinja_ext import get_yield_context

    compiled = cache(environment.from_string)

    def from_string(source: str) -> JinjaTemplate:
        yielded = get_yield_context(environment)
        yielded.yield_name = yielded.yield_iterable = None
        return compiled(source)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]


def _new_worker(files: CopierTemplate, answers: Mapping[str, Any], destination: Path) -> Worker:
    """Copier's worker for the files of one version, with its questionnaire already filled in."""
    from copier._main import Worker
    from copier._settings import SettingsModel
    from copier._user_data import AnswersMap

    class FilledIn(Worker):
        """A worker that asks nothing and starts no process for a file."""

        def _ask(self) -> None:
            self.answers = AnswersMap(user=dict(answers), metadata=self.template.metadata)

        def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
            """The destination is no repository yet: there is no index to keep in step."""

    worker = FilledIn(
        dst_path=destination, settings=SettingsModel(), quiet=True, skip_tasks=True, defaults=True
    )
    worker.template = files
    worker._ask()
    return worker


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
        allowed = ", ".join(str(choice.value) for choice in question._formatted_choices)
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


def _as_model(question: CopierQuestion, value: Any) -> Question:
    choices = tuple(
        Choice(question.cast_answer(choice.value), str(choice.title))
        for choice in question._formatted_choices
    )
    return Question(
        key=question.var_name,
        type=question.get_type_name(),
        help=question.get_message().strip(),
        value=value,
        choices=choices,
        placeholder=question.get_placeholder(),
        asked=question.get_ask() and question.get_when() and len(choices) != 1,
    )


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(key, known, n=1)
    return f"no such question; did you mean {close[0]}?" if close else "no such question"
