"""What a project records about its origin, and whether it can be changed now."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from lisa_scaffold import answer_limits, files, git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.lines import join_names
from lisa_scaffold.shown import visible

ANSWERS_FILE = ".copier-answers.yml"

_MOST_NAMED = 10  # files in a message

_UNFINISHED = {
    "MERGE_HEAD": ("merge", "git merge --continue, or git merge --abort"),
    "rebase-merge": ("rebase", "git rebase --continue, or git rebase --abort"),
    "rebase-apply": ("rebase", "git rebase --continue, or git rebase --abort"),
    "CHERRY_PICK_HEAD": ("cherry-pick", "git cherry-pick --continue, or --abort"),
    "REVERT_HEAD": ("revert", "git revert --continue, or --abort"),
}


class Project(NamedTuple):
    """A project made from a template, in a repository or a folder of one.

    Attributes
    ----------
    root
        Its folder, which holds the answers file.
    repository
        The repository that contains it.
    source
        Recorded address of the template (``_src_path``).
    version
        Recorded version of the template (``_commit``).
    answers
        Recorded answers, without Copier's own records.
    answers_file
        The answers file, relative to the folder.
    """

    root: Path
    repository: git.Repository
    source: str
    version: str
    answers: Mapping[str, Any]
    answers_file: str = ANSWERS_FILE


def read(path: Path, answers_file: str = ANSWERS_FILE) -> Project:
    """Read what a project records.

    Parameters
    ----------
    path
        The project's folder.
    answers_file
        Its answers file, relative to the folder; see :func:`find_answers_files`.

    Raises
    ------
    LisaError
        If there is no repository, no answers file, or no usable content in it.
    """
    if not path.is_dir():
        raise LisaError(f"{path}: no such folder", "Name the folder of a project.")
    recorded = read_answers(path, answers_file)
    source, version = recorded.get("_src_path"), recorded.get("_commit")
    if not isinstance(source, str) or not isinstance(version, str):
        raise LisaError(
            f"{path / answers_file}: _src_path or _commit is missing, or no text",
            "Both were written when the project was made: bring the file back from git's history.",
        )
    repository = git.find_repository(path)
    given = {key: value for key, value in recorded.items() if not key.startswith("_")}
    return Project(path.resolve(), repository, source, version, given, answers_file)


def find_answers_files(path: Path) -> list[str]:
    """The answers files of a project, the usual one first: one for each of its templates.

    Copier lets a template, and whoever uses it, choose another name and place
    (https://copier.readthedocs.io/en/stable/configuring/#answers_file). Here those are found that
    lie in the project's folder, or in a folder below it whose name begins with a dot.
    """
    found = []
    for folder in (path, *_list_hidden(path)):
        names: list[str] = []
        with suppress(OSError), os.scandir(folder) as entries:
            names = [each.name for each in entries if each.name.endswith((".yml", ".yaml"))]
        for name in sorted(names):
            inner = (folder / name).relative_to(path).as_posix()
            with suppress(LisaError):
                content = files.read(path, inner, links=False) or b""
                if re.search(rb"^_src_path:", content, re.M):
                    found.append(inner)
    return sorted(found, key=lambda inner: inner != ANSWERS_FILE)


def has_answers(path: Path) -> bool:
    """Whether a folder is that of a project made from a template."""
    return bool(find_answers_files(path))


def _list_hidden(path: Path) -> list[Path]:
    with suppress(OSError), os.scandir(path) as entries:
        hidden = [each for each in entries if each.name.startswith(".") and each.name != ".git"]
        return sorted(Path(each) for each in hidden if each.is_dir(follow_symlinks=False))
    return []


def read_answers(path: Path, answers_file: str = ANSWERS_FILE) -> dict[str, Any]:
    """Read an answers file of a project.

    Raises
    ------
    LisaError
        If it is missing or malformed.
    """
    import yaml

    from lisa_scaffold.formats.yaml_data import plain

    file = path / answers_file
    hint = (
        "Bring the file back from git's history; a project that never had one joins a template by "
        "lisa-scaffold adopt."
    )
    try:
        content = files.read(path, answers_file)
    except LisaError as error:
        raise LisaError(error.message, hint) from error
    if content is None:
        raise LisaError(f"{file}: No such file or directory", hint)
    if line := find_conflict_marker(content):
        raise LisaError(
            f"{file}:{line}: a merge conflict", "Choose one side there as a whole, and commit."
        )
    try:
        recorded = plain(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else f"{file}"
        raise LisaError(f"{where}: no YAML that can be read", hint) from error
    if not isinstance(recorded, dict):
        raise LisaError(f"{file}: no answers in it", hint)
    if fault := answer_limits.find_fault(recorded):
        raise LisaError(f"{file}: {fault}", "Write another answer there, or see git's history.")
    return recorded


def find_unfinished(git_dir: Path) -> tuple[str, str]:
    """An operation that git has not finished, such as a merge, and what ends it; empty for none."""
    found = (told for name, told in _UNFINISHED.items() if (git_dir / name).exists())
    return next(found, ("", ""))


def refuse_unfinished(project: Project) -> None:
    """Raise LisaError where a git operation is unfinished, or nothing is committed yet."""
    what, remedy = find_unfinished(project.repository.git_dir)
    if what:
        raise LisaError(f"{project.root}: an unfinished {what}", f"Finish it first: {remedy}.")
    if project.repository.head is None:
        raise LisaError(f"{project.root}: no commit yet", "Commit the project first.")


def refuse_unmerged(project: Project) -> None:
    """Raise LisaError where a conflict of an earlier update or merge is unresolved."""
    _refuse_conflicts(project, git.list_unmerged(project.repository))


def refuse_half_updated(project: Project) -> None:
    """Raise LisaError where an earlier update was neither resolved nor committed.

    What the answers file records then is not what the last commit is made from.
    """
    repository = project.repository
    states = git.read_status(repository)
    _refuse_conflicts(project, [path for path, state in states.items() if state == "unmerged"])
    if repository.prefix + project.answers_file in states:
        raise LisaError(
            f"{project.root / project.answers_file}: not as it is committed, as in the middle of "
            "an update",
            "Commit the update, or undo it with git reset --merge; then ask again.",
        )


def _refuse_conflicts(project: Project, unmerged: Sequence[str]) -> None:
    if not unmerged:
        return
    one = len(unmerged) == 1
    which = "it" if one else "them"
    hint = f"Resolve {which}: lisa-scaffold resolve; git reset --merge undoes the update."
    places = [_locate(project, path) for path in unmerged[:_MOST_NAMED]]
    if one:
        raise LisaError(f"{places[0]}: a conflict that is not resolved", hint)
    more = len(unmerged) - len(places)
    lines = [*places, *([f"{more} more"] if more else [])]
    said = f"{len(unmerged)} files with conflicts that are not resolved:"
    raise LisaError("\n  ".join([said, *lines]), hint)


def _locate(project: Project, path: str) -> str:
    """A file, with the lines that its conflicts begin in."""
    content = b""
    with suppress(LisaError):
        content = files.read(project.repository.top, path, files.LARGE) or b""
    rows = enumerate(content.split(b"\n"), 1)
    lines = [str(number) for number, row in rows if row.startswith(b"<<<<<<< ")]
    if len(lines) > 1:
        return f"{visible(path)} (lines {join_names(lines)})"
    return ":".join([visible(path), *lines])


def refuse_dirty(project: Project, touched: Iterable[str]) -> None:
    """Raise LisaError where uncommitted changes are in the way.

    Parameters
    ----------
    project
        The project.
    touched
        Paths that an update would write or remove, relative to the project.
    """
    states = git.read_status(project.repository)
    _refuse_conflicts(project, [path for path, state in states.items() if state == "unmerged"])
    staged = sorted(path for path, state in states.items() if state == "staged")
    if staged:
        named = join_names(map(visible, staged))
        raise LisaError(f"{named}: changes are staged", "Commit them, or git stash, first.")
    prefix = project.repository.prefix
    if changed := [path for path in sorted(touched) if prefix + path in states]:
        named = join_names(map(visible, changed))
        raise LisaError(
            f"{named}: changes that are not committed", "Commit them, or git stash, first."
        )


def find_rejected(project: Project, paths: Iterable[str]) -> list[str]:
    """Of some paths, those beside which a tool has left what it could not apply (``.rej``)."""
    return sorted(path for path in paths if (project.root / f"{path}.rej").is_file())


def find_conflict_marker(text: bytes) -> int | None:
    """Number of the first line (from 1) that begins a conflict; ``None`` without one."""
    lines = text.split(b"\n")
    if not any(line.startswith(b">>>>>>> ") for line in lines):
        return None
    return next((n for n, line in enumerate(lines, 1) if line.startswith(b"<<<<<<< ")), None)
