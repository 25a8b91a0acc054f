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
from typing import TYPE_CHECKING, Any

from copier._main import Worker
from copier._settings import SettingsModel
from copier._template import Template as CopierTemplate
from copier._types import LazyDict, Phase
from copier._user_data import DEFAULT_DATA, AnswersMap
from copier.errors import ConfigFileError, ForbiddenPathError, UserMessageError

from lisa_scaffold import apart
from lisa_scaffold.errors import LisaError
from lisa_scaffold.files import is_git_folder
from lisa_scaffold.template.compiled import forget_yield

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


# A template that renders the time, or a secret, must not differ from itself: the two renders of
# an update have the same.
_MOMENT, _SEED = time.time(), os.urandom(16)


BLOCK = 4096
"""Bytes that the smallest file counts for: it takes that much of a disk."""


class Quiet(Worker):
    """Copier's worker, less what it does again and again.

    It starts no process for a file, works the answers out once and not for every part of every
    path, and renders no text in which there is nothing to render.
    """

    filled: AnswersMap | None = None
    """Answers that hold without a question."""

    not_asked: tuple[str, ...] = ()
    """Questions that an answer was given to, and that the other answers leave out."""

    _settled: MutableMapping[str, Any] | None = None
    _relpath = Path()
    _written = 0

    def _ask(self) -> None:
        self._settled = None
        if self.filled is None:
            self._ask_in_turn()
        else:
            self.answers = self.filled
        self._relpath = super().answers_relpath
        context = super()._render_context()
        still = {"now": _now, "make_secret": _secrets()}
        known = {key: still[key] for key in still if context.get(key) is DEFAULT_DATA[key]}
        self._settled = {**context, **known}

    def _ask_in_turn(self) -> None:
        """Ask, without the given answers that Copier would use and not record.

        One after the other: a question may depend on an answer that is left out.
        """
        recorded = dict(self.subproject.last_answers)  # asking takes answers away
        super()._ask()
        while left_out := self._first_left_out():
            self.not_asked = (*self.not_asked, left_out)
            self.data = {key: value for key, value in self.data.items() if key != left_out}
            self.subproject.last_answers = dict(recorded)
            super()._ask()

    def _first_left_out(self) -> str | None:
        hidden = self.data.keys() & self.answers.hidden
        return next((key for key in self.template.questions_data if key in hidden), None)

    def _external_data(self) -> LazyDict[str, Any]:
        """Copier's, which reads outside the project with trust alone; refused in our words."""
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
        """Where the answers file belongs; worked out once."""
        return super().answers_relpath if self._settled is None else self._relpath

    def _render_context(self) -> MutableMapping[str, Any]:
        if self._settled is None:
            return super()._render_context()
        answers = dict(self._settled["_copier_answers"])
        return {**self._settled, "_copier_answers": answers, "_copier_phase": Phase.current()}

    @cached_property
    def _signs(self) -> tuple[str, ...]:
        """What begins anything that Jinja would render, or mend."""
        env = self.jinja_env
        prefixes = (env.line_statement_prefix, env.line_comment_prefix)
        starts = (env.block_start_string, env.variable_start_string, env.comment_start_string)
        return ("\n", "\r", *starts, *(prefix for prefix in prefixes if prefix))

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
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
        root = self.subproject.local_abspath.resolve()
        place = (root / dst_relpath).parent.resolve() / dst_relpath.name
        inside = place.is_relative_to(root)
        if not inside or any(map(is_git_folder, place.relative_to(root).parts)):
            raise ForbiddenPathError(path=dst_relpath)
        size = len(expected_contents) if isinstance(expected_contents, bytes) else 0
        self._written += max(size, BLOCK)
        if self._written > apart.MOST_WRITTEN:
            raise UserMessageError(f"it writes more than {apart.MOST_WRITTEN // 1024**2} MB")
        return super()._render_allowed(
            dst_relpath, is_dir, is_symlink, expected_contents, expected_mode
        )

    def _sync_git_index_executable_bit(self, dst_relpath: Path, src_mode: int) -> None:
        """The destination is no repository: there is no index to keep in step."""


def quiet(files: CopierTemplate, destination: Path) -> Quiet:
    """A worker for the files of one version."""
    worker = Quiet(
        dst_path=destination, settings=SettingsModel(), quiet=True, skip_tasks=True, defaults=True
    )
    worker.template = files
    return worker


def answered(files: CopierTemplate, answers: Mapping[str, Any], destination: Path) -> Quiet:
    """A worker whose questionnaire is already filled in."""
    worker = quiet(files, destination)
    worker.filled = AnswersMap(user=dict(answers), metadata=files.metadata)
    worker.answers = worker.filled
    return worker


def files_of(recorded: str, version: str, root: Path) -> CopierTemplate:
    """Copier's view of the files: what it would ask git for is known already."""
    _refuse_odd_settings(root)
    files = CopierTemplate(url=recorded)
    files.vcs = None
    files.commit = version
    files.commit_hash = None
    files.local_abspath = root
    return files


def _refuse_odd_settings(root: Path) -> None:
    """Raise ConfigFileError where what Copier would open as its settings is no file of theirs."""
    for place in root.glob("copier.*"):
        if not place.suffix.lower().startswith((".yml", ".yaml")):
            continue
        real = Path(os.path.realpath(place))
        if not real.is_relative_to(os.path.realpath(root)):
            raise ConfigFileError(f"{place.name}: a link that leads out of the template")
        if not real.is_file():
            raise ConfigFileError(f"{place.name}: no regular file")


def stop_clock(environment: SandboxedEnvironment) -> None:
    """Let the filters of an environment that tell the time tell the same for every render."""
    running = environment.filters.get("strftime")
    if running:

        def strftime(wanted: str, second: float | None = None) -> str:
            return str(running(wanted, _MOMENT if second is None else second))

        environment.filters["strftime"] = strftime


def _now() -> datetime:
    return datetime.fromtimestamp(_MOMENT, tz=UTC)


def _secrets() -> Callable[[], str]:
    """What makes one secret after the other, the same ones for every render."""
    numbers = count()
    return lambda: sha512(_SEED + str(next(numbers)).encode()).hexdigest()
