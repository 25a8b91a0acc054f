"""Copier's worker, handed the files of one version; imported only where something is rendered."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, MutableMapping
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import sha512
from itertools import count
from pathlib import Path, PurePath
from typing import Any

from jinja2 import meta
from yaml import YAMLError

from lisa_scaffold import apart, files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import is_git_folder
from lisa_scaffold.formats.yaml_data import plain
from lisa_scaffold.shown import brief
from lisa_scaffold.template.compiled import forget_yield, keep_compiled
from lisa_scaffold.template.copier_api import (
    DEFAULT_DATA,
    AnswersMap,
    ConfigFileError,
    CopierQuestion,
    CopierTemplate,
    ForbiddenPathError,
    LazyDict,
    Phase,
    SandboxedEnvironment,
    SettingsModel,
    UserMessageError,
    Worker,
    as_operation,
)
from lisa_scaffold.template.sandbox import confine

# A template that renders the time, or a secret, must not differ from itself: both renders of an
# update get the same.
_MOMENT, _SEED = time.time(), os.urandom(16)


BLOCK = 4096
"""Bytes that the smallest file counts for: it takes that much of a disk."""


# The types of the answers to a question, where one of another type has to be cast.
_YES = frozenset(["true", "yes", "on", "1", "y", "t"])
"""What Copier takes for true."""

_TYPES = {"bool": bool, "float": float, "int": int, "path": str, "str": str}


class Files(CopierTemplate):
    """Copier's view of the files of one version, which asks git only for what is used."""

    git_dir: Path | None = None

    @cached_property
    def commit_hash(self) -> str | None:
        """The hash of the version's commit; None for a working copy."""
        return git.commit_of(self.git_dir, self.commit or "") if self.git_dir else None


class Quiet(Worker):
    """Copier's worker without its repeated work.

    It starts no process for a file, computes the answers once instead of for every part of every
    path, and renders no text in which there is nothing to render.
    """

    filled: AnswersMap | None = None
    """Answers that hold without a question."""

    not_asked: tuple[str, ...] = ()
    """Questions that an answer was given to, and that the other answers leave out."""

    project: Path | None = None
    """The project that the render is for, which is written to no file of it."""

    recorded_in: str | None = None
    """The project's answers file, where somebody may have chosen another than the template's."""

    chosen: str | None = None
    """The answers file, where it is indeed another one."""

    also_excluded: tuple[str, ...] = ()
    """Patterns of another version, as `copier.yml` has them."""

    _settled: MutableMapping[str, Any] | None = None
    _relpath = Path()
    _written = 0

    def prepare(self, *, trust: bool) -> SandboxedEnvironment:
        """Set up the environment that texts are rendered in.

        Raises
        ------
        UnsafeTemplateError
            If the template loads extensions that nobody trusts.
        """
        self.unsafe = trust
        # Extensions are code: refused before the environment would load them.
        self._check_unsafe("copy")
        environment = self.jinja_env
        if not trust:
            confine(environment, LazyDict)
            self._keep_inside(environment)
        if running := environment.filters.get("strftime"):

            def strftime(wanted: str, second: float | None = None) -> str:
                return str(running(wanted, _MOMENT if second is None else second))

            environment.filters["strftime"] = strftime
        keep_compiled(environment)
        return environment

    def _keep_inside(self, environment: SandboxedEnvironment) -> None:
        """Let filters that look at paths see those of the template and of the render alone."""
        folders = (self.template.local_abspath, self.dst_path, self.project)
        roots = [os.path.realpath(folder) for folder in folders if folder]

        def guard(name: str, look: Callable[[str], Any]) -> Callable[[str], Any]:
            def look_inside(path: str) -> Any:
                found = look(path)
                for each in (str(path), *(found if isinstance(found, list) else [found])):
                    place = Path(os.path.realpath(os.path.expanduser(each)))  # noqa: PTH111
                    if not any(map(place.is_relative_to, roots)):
                        raise LisaError(
                            f"{self.template.url}: version {self.template.commit} of this template "
                            f"looks at a path outside of it ({name}): {brief(str(path), 200)}",
                            "If you trust that source, run the command again with --trust.",
                        )
                return found

            return look_inside

        for name in ("expanduser", "fileglob", "realpath"):
            if name in environment.filters:
                environment.filters[name] = guard(name, environment.filters[name])

    def is_for(self, ask: object) -> bool:
        """Whether a question is asked of a project with these answers, be it as an advanced one."""
        if not isinstance(ask, str):
            return bool(ask)
        known = {**self._render_context(), "advanced": True}
        said: str = self.jinja_env.from_string(ask).render(known)
        return said.strip().lower() in _YES

    def _ask(self) -> None:
        """Ask, without the given answers that Copier would use and not record."""
        self._settled = None
        if self.filled is None:
            recorded = dict(self.subproject.last_answers)  # asking takes answers away
            super()._ask()
            # One after the other: a question may depend on an answer that is left out.
            while changed := self._leave_out() or self._find_uncast():
                recorded |= changed
                self.subproject.last_answers = dict(recorded)
                super()._ask()
        else:
            self.answers = self.filled
        self._relpath = super().answers_relpath
        if self.recorded_in and self._relpath != Path(self.recorded_in):
            self.chosen = self.recorded_in
            self._relpath = Path(self.chosen)
        context = self._read_context()
        numbers = count()
        still = {
            "now": lambda: datetime.fromtimestamp(_MOMENT, tz=UTC),
            "make_secret": lambda: sha512(_SEED + str(next(numbers)).encode()).hexdigest(),
        }
        known = {key: still[key] for key in still if context.get(key) is DEFAULT_DATA[key]}
        self._settled = {**context, **known}

    def _leave_out(self) -> dict[str, Any]:
        """Leave out the first given answer whose question is not asked; it is recorded nowhere."""
        hidden = self.data.keys() & self.answers.hidden
        key = next((key for key in self.template.questions_data if key in hidden), None)
        if key is None:
            return {}
        self.not_asked = (*self.not_asked, key)
        self.data = {name: value for name, value in self.data.items() if name != key}
        return dict(self.subproject.last_answers)

    def _find_uncast(self) -> dict[str, Any]:
        """The first recorded answer that is of another type than its question's, as that takes it.

        Copier casts every answer of an update. YAML and JSON stand for themselves.
        """
        for key, spec in self.template.questions_data.items():
            value = self.answers.last.get(key)
            named = spec.get("type") or type(spec.get("default")).__name__
            kind = _TYPES.get(str(named))
            if value is None or type(value) is kind or key in self.answers.user:
                continue
            question = CopierQuestion(
                var_name=key,
                answers=self.answers,
                context=self._render_context(),
                jinja_env=self.jinja_env,
                **spec,
            )
            kind = _TYPES.get(question.get_type_name())
            if kind is None or question.multiselect or type(value) is kind:
                continue
            if (cast := question.parse_answer(value)) != value or type(cast) is not type(value):
                return {key: cast}
        return {}

    def find_excluded(self) -> tuple[str, ...]:
        """The patterns of another version as they read with the answers here.

        One that asks for more than this version knows names nothing.
        """
        operation = {"_copier_operation": "update"}
        rendered: list[str] = []
        for pattern in self.also_excluded:
            # One that raises is the other version's fault, and its render says so.
            with suppress(Exception):
                rendered += self._render_string(pattern, operation).splitlines()
        return tuple(rendered)

    def _external_data(self) -> LazyDict[str, Any]:
        """Data from YAML files of the project; from outside of it only if the template is trusted.

        See https://copier.readthedocs.io/en/stable/configuring/#external_data: a file that is not
        there has no data, and each is read when it is used first.
        """
        root = Path(os.path.realpath(self.project or self.dst_path))

        def read(named: str) -> Any:
            with Phase.use(Phase.UNDEFINED):
                path = self._render_string(named)
            place = Path(os.path.realpath(root / path))
            inside = place.is_relative_to(root)
            below = place.relative_to(root) if inside else place
            if not self.unsafe and (not inside or any(map(is_git_folder, below.parts))):
                raise LisaError(
                    f"{self.template.url}: version {self.template.commit} of this template reads a "
                    f"file outside the project: {named}",
                    "If you trust that source, run the command again with --trust.",
                )
            if not place.is_file():
                return {}
            try:
                return plain(files.read_named(place)) or {}
            except (YAMLError, ValueError, RecursionError) as error:
                raise LisaError(
                    f"{root / path}: no YAML that can be read; the template takes data from there",
                    "Mend the file.",
                ) from error

        return LazyDict(
            {key: partial(read, path) for key, path in self.template.external_data.items()}
        )

    @property
    def answers_relpath(self) -> Path:
        """Where the answers file belongs; computed once."""
        return super().answers_relpath if self._settled is None else self._relpath

    def _render_context(self) -> MutableMapping[str, Any]:
        if self._settled is None:
            return self._read_context()
        answers = dict(self._settled["_copier_answers"])
        return {**self._settled, "_copier_answers": answers, "_copier_phase": Phase.current().value}

    def _read_context(self) -> MutableMapping[str, Any]:
        """Copier's context, in which what is no plain value is replaced by one that says the same.

        Expressions could not look into it, see :func:`~lisa_scaffold.template.sandbox.confine`.
        """
        context = super()._render_context()
        context["_copier_phase"] = Phase.current().value
        context["_copier_conf"]["settings"] = self.settings.model_dump()
        if self.project:
            # Both renders of an update are of the project, wherever they are written to.
            context["_folder_name"] = self.project.name
            context["_copier_conf"]["dst_path"] = PurePath(self.project)
        return context

    def _render_file(
        self, src_relpath: Path, dst_relpath: Path, extra_context: dict[str, Any] | None = None
    ) -> None:
        # The name may have yielded items; in the text, that would be an error.
        forget_yield(self.jinja_env)
        super()._render_file(src_relpath, dst_relpath, extra_context)

    @cached_property
    def _root(self) -> Path:
        return self.subproject.local_abspath.resolve()

    @cached_property
    def _parents(self) -> dict[str, str]:
        """Where each folder that something was written into really is."""
        return {}

    @cached_property
    def _signs(self) -> tuple[str, ...]:
        """How anything begins that Jinja would render, or change in another way."""
        env = self.jinja_env
        prefixes = (env.line_statement_prefix, env.line_comment_prefix)
        starts = (env.block_start_string, env.variable_start_string, env.comment_start_string)
        return ("\n", "\r", *starts, *(prefix for prefix in prefixes if prefix))

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
        value: object = string  # which Copier takes from lists in copier.yml as it finds them
        if not isinstance(value, str):
            shown = brief(repr(value), 50)
            raise ConfigFileError(f"copier.yml: {shown}: no text where one belongs")
        if any(sign in string for sign in self._signs):
            return super()._render_string(string, extra_context)
        forget_yield(self.jinja_env)
        return string

    def _render_allowed(
        self,
        dst_relpath: Path,
        is_dir: bool = False,
        is_symlink: bool = False,
        expected_contents: bytes | Path = b"",
        expected_mode: int | None = None,
    ) -> bool:
        """Every file, link and folder of the render comes by here before it is written."""
        name, parent = dst_relpath.name, str(dst_relpath.parent)
        if parent not in self._parents:
            # Where a folder leads to is asked of the disk once, until a link is written.
            self._parents[parent] = os.path.realpath(self._root / parent)
        place = Path(self._parents[parent], name)
        inside = place.is_relative_to(self._root)
        if not inside or any(map(is_git_folder, place.relative_to(self._root).parts)):
            raise ForbiddenPathError(path=dst_relpath)
        if is_symlink:
            self._parents.clear()
        size = len(expected_contents) if isinstance(expected_contents, bytes) else 0
        self._written += max(size, BLOCK)
        if self._written > apart.MOST_WRITTEN:
            raise UserMessageError(f"it writes more than {apart.MOST_WRITTEN // 1024**2} MB")
        return super()._render_allowed(
            dst_relpath, is_dir, is_symlink, expected_contents, expected_mode
        )

    def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
        """The destination is no repository: there is no index to keep in step."""


def make_worker(files: CopierTemplate, destination: Path) -> Quiet:
    """A worker for the files of one version."""
    worker = Quiet(
        dst_path=destination, settings=SettingsModel(), quiet=True, skip_tasks=True, defaults=True
    )
    worker.template = files
    return worker


def make_answered_worker(
    files: CopierTemplate, answers: Mapping[str, Any], destination: Path
) -> Quiet:
    """A worker whose questionnaire is already filled in."""
    worker = make_worker(files, destination)
    worker.filled = AnswersMap(user=dict(answers), metadata=files.metadata)
    worker.answers = worker.filled
    return worker


def takes(
    files: CopierTemplate,
    environment: SandboxedEnvironment,
    answers: Mapping[str, Any],
    keys: Collection[str],
) -> bool:
    """Whether the questions of one version take some of the recorded answers as they are."""
    asked = copy(files)
    asked.questions_data = {k: spec for k, spec in files.questions_data.items() if k in keys}
    worker = make_worker(asked, Path(files.local_abspath))
    worker.skip_answered = True
    worker.subproject.last_answers = dict(answers)
    worker.jinja_env = environment
    as_operation("update")(worker._ask)()
    used = worker._answers_to_remember()
    return all(key in used and repr(used[key]) == repr(answers[key]) for key in keys)


def find_variables(
    environment: SandboxedEnvironment, text: str, known: dict[str, frozenset[str]]
) -> frozenset[str]:
    """The variables that a text may depend on, with all that it includes.

    Parameters
    ----------
    known
        Those of texts that were looked at before; this one is added.
    """
    if text not in known:
        known[text] = frozenset()  # of one that includes itself
        parsed = environment.parse(text)
        found = set(meta.find_undeclared_variables(parsed))
        for name in meta.find_referenced_templates(parsed):
            if name is None or environment.loader is None:
                found.add("_unknown")
            else:
                included = environment.loader.get_source(environment, name)[0]
                found |= find_variables(environment, included, known)
        known[text] = frozenset(found)
    return known[text]


def load_files(
    recorded: str, version: str, root: Path, git_dir: Path | None = None
) -> CopierTemplate:
    """Copier's view of the files of one version, with what it would ask git for.

    Raises
    ------
    ConfigFileError
        If Copier would open something else than a file of the template as its settings.
    """
    for place in root.glob("copier.*"):
        if place.suffix.lower().startswith((".yml", ".yaml")):
            real = Path(os.path.realpath(place))
            if not real.is_relative_to(os.path.realpath(root)):
                raise ConfigFileError(f"{place.name}: a link that leads out of the template")
            if not real.is_file():
                raise ConfigFileError(f"{place.name}: no regular file")
    loaded = Files(url=recorded)
    loaded.git_dir = git_dir
    loaded.vcs = None
    loaded.commit = version
    loaded.local_abspath = root
    return loaded


# What a template that nobody vouches for may know of the user: who and where it is, no token. What
# a folder of the cache is judged by is among it.
_VARIABLES = frozenset(
    [
        *("HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "PATH", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("CI", "CI_PROJECT_DIR"),
    ]
)


def forget_environment() -> None:
    """Take from this process, for good, the variables that are none of a template's business."""
    for name in list(os.environ):
        if name not in _VARIABLES and not name.startswith(("LC_", "XDG_")):
            del os.environ[name]
