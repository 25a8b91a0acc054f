"""Copier's worker, handed the files of one version; imported only where something is rendered."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import sha512
from itertools import count
from pathlib import Path
from typing import Any

from lisa_scaffold import apart
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import is_git_folder
from lisa_scaffold.shown import brief
from lisa_scaffold.template.compiled import forget_yield, keep_compiled
from lisa_scaffold.template.copier_api import (
    DEFAULT_DATA,
    AnswersMap,
    ConfigFileError,
    CopierTemplate,
    ForbiddenPathError,
    LazyDict,
    Phase,
    SandboxedEnvironment,
    SettingsModel,
    UserMessageError,
    Worker,
)
from lisa_scaffold.template.sandbox import confine

# A template that renders the time, or a secret, must not differ from itself: both renders of an
# update get the same.
_MOMENT, _SEED = time.time(), os.urandom(16)


BLOCK = 4096
"""Bytes that the smallest file counts for: it takes that much of a disk."""


class Quiet(Worker):
    """Copier's worker without its repeated work.

    It starts no process for a file, computes the answers once instead of for every part of every
    path, and renders no text in which there is nothing to render.
    """

    filled: AnswersMap | None = None
    """Answers that hold without a question."""

    not_asked: tuple[str, ...] = ()
    """Questions that an answer was given to, and that the other answers leave out."""

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
        folders = (self.template.local_abspath, self.dst_path)
        roots = [os.path.realpath(folder) for folder in folders]

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

    def _ask(self) -> None:
        """Ask, without the given answers that Copier would use and not record."""
        self._settled = None
        if self.filled is None:
            recorded = dict(self.subproject.last_answers)  # asking takes answers away
            super()._ask()
            # One after the other: a question may depend on an answer that is left out.
            while hidden := self.data.keys() & self.answers.hidden:
                left_out = next((key for key in self.template.questions_data if key in hidden), "")
                if not left_out:
                    break
                self.not_asked = (*self.not_asked, left_out)
                self.data = {key: value for key, value in self.data.items() if key != left_out}
                self.subproject.last_answers = dict(recorded)
                super()._ask()
        else:
            self.answers = self.filled
        self._relpath = super().answers_relpath
        context = self._read_context()
        numbers = count()
        still = {
            "now": lambda: datetime.fromtimestamp(_MOMENT, tz=UTC),
            "make_secret": lambda: sha512(_SEED + str(next(numbers)).encode()).hexdigest(),
        }
        known = {key: still[key] for key in still if context.get(key) is DEFAULT_DATA[key]}
        self._settled = {**context, **known}

    def _external_data(self) -> LazyDict[str, Any]:
        """Copier's, which reads outside the project only if trusted; refused in our words."""
        read = super()._external_data()

        def reading(name: str) -> Any:
            try:
                return read[name]
            except ForbiddenPathError as error:
                raise LisaError(
                    f"{self.template.url}: version {self.template.commit} of this template reads a "
                    f"file outside the project: {self.template.external_data[name]}",
                    "If you trust that source, run the command again with --trust.",
                ) from error

        return LazyDict({name: partial(reading, name) for name in self.template.external_data})

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
        return context

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


def load_files(recorded: str, version: str, root: Path) -> CopierTemplate:
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
    files = CopierTemplate(url=recorded)
    files.vcs = None
    files.commit = version
    files.commit_hash = None
    files.local_abspath = root
    return files


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
