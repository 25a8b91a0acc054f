"""Make a new project."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from lisa_scaffold import files, git, process, workplace
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.model import Created, Preview
from lisa_scaffold.project import ANSWERS_FILE
from lisa_scaffold.template import Template, find_default_source

_NAMESPACE = (
    "It is named lisa-lisa: lisa alone is the namespace that packages of the mission share. "
    "Another name: lisa-new --data distribution=NAME"
)


def suggest_answers(destination: Path | None) -> dict[str, str]:
    """Defaults from this machine: the folder's name, the author, the year.

    Parameters
    ----------
    destination
        The folder of the new project, if it is known already.
    """
    who = git.read_identity()
    found = {
        "project_name": destination.resolve().name if destination else "",
        "author_name": os.environ.get("GIT_AUTHOR_NAME") or who.name,
        "author_email": os.environ.get("GIT_AUTHOR_EMAIL") or who.email or os.environ.get("EMAIL"),
        "copyright_year": str(date.today().year),
    }
    return {key: value for key, value in found.items() if value}


def refuse_destination(destination: Path) -> None:
    """Raise LisaError unless a project can be made at the destination.

    A repository without a commit and without a file (``git init``, or the clone of an empty
    project) is filled. Whoever filled the current folder must not choose where it is made.
    """
    if destination.is_symlink() and not destination.exists():
        raise LisaError(f"{destination}: a link to nowhere", "Choose another folder.")
    files.refuse_linked(destination)
    if destination.exists() and not destination.is_dir():
        raise LisaError(f"{destination}: there is a file of that name", "Choose another folder.")
    if destination.is_dir() and any(destination.iterdir()) and not is_started(destination):
        hint = "Choose a new folder; nothing in this one was touched."
        if (destination / ANSWERS_FILE).exists():
            hint += " It has a template; a newer version of that comes by: lisa-scaffold update"
        elif any(destination.glob("*.py")) or (destination / "pyproject.toml").exists():
            from lisa_scaffold.adopt.loose import PAGE

            hint += f" To bring the template to what is in it: lisa-scaffold adopt ({PAGE})"
        raise LisaError(f"{destination}: the folder is not empty", hint)


def is_started(destination: Path) -> bool:
    """Whether there is a repository of git's in which nothing has been done yet."""
    if not destination.is_dir() or [each.name for each in destination.iterdir()] != [".git"]:
        return False
    started = git.find_repository(destination)
    return started.head is None and not started.git("for-each-ref", "--count=1")


def find_outer(destination: Path) -> Path | None:
    """The repository that a new project would lie in, unless that ignores it.

    Whoever has made the project's own repository already knows where it is.
    """
    if is_started(destination):
        return None
    place = destination.resolve()
    outer = next((each for each in place.parents if (each / ".git").exists()), None)
    if outer is None:
        return None
    with suppress(LisaError):
        if git.ignores(outer, f"{place.relative_to(outer).as_posix()}/"):
            return None
    return outer


def name_newer(
    error: AnswersError, old: Template, given: Mapping[str, Any], suggested: Mapping[str, Any]
) -> AnswersError:
    """The same error, where the newest version has the answers that an older one has not.

    Parameters
    ----------
    error
        What is wrong with the answers.
    old
        The version that was asked.
    given, suggested
        As of :meth:`~lisa_scaffold.template.Template.questions`.
    """
    source = find_default_source()
    newest = source.current()
    left: Mapping[str, str] = {}
    try:
        with source.open(newest) as template:
            template.questions(given, suggested)
    except AnswersError as other:
        left = other.problems
    has = f"; {old.version} has not got it, {newest} has"
    return AnswersError(
        {key: said if key in left else f"{said}{has}" for key, said in error.problems.items()}
    )


@contextmanager
def prepare(template: Template, answers: Mapping[str, Any], destination: Path) -> Iterator[Path]:
    """The rendered project in a temporary folder, on the file system of the destination.

    It is removed afterwards, unless :func:`create` moved it into place.

    Raises
    ------
    LisaError
        If no folder can be made there.
    """
    parent = destination.resolve().parent
    try:
        made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LisaError(
            f"{parent}: {error.strerror or error}", "Choose a folder that you may write to."
        ) from error
    try:
        with workplace.folder(parent) as aside:
            project = aside / "project"
            template.render(answers, project)
            yield project
    finally:
        for folder in made:
            # Only empty ones are removed: a project that was made keeps its parents.
            if not any(folder.iterdir()):
                folder.rmdir()


def preview(template: Template, answers: Mapping[str, Any], project: Path) -> Preview:
    """What a rendered project holds."""
    paths = sorted(
        path.relative_to(project).as_posix() for path in project.rglob("*") if not path.is_dir()
    )
    return Preview(template.version, dict(answers), tuple(paths))


def name_origin(answers: Mapping[str, Any]) -> str:
    """The address that the repository of a project will have."""
    return f"https://{answers['forge_host']}/{answers['namespace']}/{answers['distribution']}.git"


def find_hook_program() -> str | None:
    """The program that will install the git hooks: prek starts faster than pre-commit."""
    return next(filter(process.find, ("prek", "pre-commit")), None)


def begin(project: Path, destination: Path) -> git.Variables | None:
    """Make a prepared project a repository, and ask git who will commit to it.

    Returns
    -------
    Mapping or None
        What :func:`create` gives to git; ``None`` where nobody told git who commits.
    """
    git.init_repository(project)
    place = git.find_repository(destination) if is_started(destination) else project
    return git.read_signers(place)


def create(project: Path, shown: Preview, destination: Path, who: git.Variables | None) -> Created:
    """Fill the repository of a prepared project and move it to its destination in one step.

    Parameters
    ----------
    project
        The rendered project, after :func:`begin`.
    shown
        What it holds.
    destination
        The folder of the new project: absent or empty.
    who
        Who commits, as :func:`begin` tells it; ``None``: nobody, and all is left staged.

    Raises
    ------
    LisaError
        If git says no, or the destination is taken meanwhile; nothing is left behind.
    """
    answers = shown.answers
    remote = name_origin(answers)
    message = f"Start from lisa-scaffold {shown.version}"
    git.start_repository(project, message, remote, who)
    notes: tuple[str, ...] = (_NAMESPACE,) if answers["distribution"] == "lisa-lisa" else ()
    left = message if who is None else ""
    if is_started(destination):
        origin = _fill_repository(project, destination, remote)
        where = origin or remote
        return Created(destination.resolve(), shown, where, None, notes, bool(origin), left)
    hooks, told = _install_hooks(project)
    notes += told
    try:
        if destination.is_dir() and destination.samefile(Path.cwd()):
            _move_contents(project, destination)
        else:
            project.rename(destination.resolve())
    except OSError as error:
        raise LisaError(
            f"{destination}: {error.strerror or error}", "Choose a folder that is new or empty."
        ) from error
    return Created(destination.resolve(), shown, remote, hooks, notes, uncommitted=left)


def _install_hooks(project: Path) -> tuple[str | None, tuple[str, ...]]:
    program = find_hook_program()
    if program is None:
        return None, ()
    done = process.run([program, "install"], cwd=project, env=git.UNPLACED)
    if done.returncode == 0:
        return program, ()
    output = (done.stdout + done.stderr).decode(errors="replace").strip()
    reason = output.splitlines()[-1] if output else f"exit code {done.returncode}"
    return None, (f"The git hooks were not installed, {program} says: {reason}",)


def _fill_repository(project: Path, destination: Path, remote: str) -> str:
    """Move a project and its commit into a repository that has none; its own address of ``origin``.

    Where it has no address, it gets the project's. Without a commit its files are staged there.
    """
    started = git.find_repository(destination)
    made = git.find_repository(project)
    if made.head:
        packed = made.run("pack-objects", "--quiet", "--all", "--stdout")
        started.run("unpack-objects", "-q", stdin=packed)
    _move_contents(project, destination, leave=".git")
    started.run("symbolic-ref", "HEAD", "refs/heads/main")
    if made.head:
        started.run("update-ref", "refs/heads/main", made.head)
        started.run("read-tree", "--reset", made.head)
    else:
        started.run("add", "--all")
    origin = git.read_remote(started)
    if not origin:
        file = f"--file={started.common / 'config'}"
        git.git("config", file, "remote.origin.url", remote, cwd=destination)
        fetched = "+refs/heads/*:refs/remotes/origin/*"
        git.git("config", file, "remote.origin.fetch", fetched, cwd=destination)
    return origin


def _move_contents(project: Path, destination: Path, leave: str = "") -> None:
    """Fill the user's current folder: if it were replaced, their shell would be nowhere."""
    moved: list[Path] = []
    try:
        for entry in sorted(each for each in project.iterdir() if each.name != leave):
            target = destination / entry.name
            entry.rename(target)
            moved.append(target)
    except BaseException:
        for target in moved:
            target.rename(project / target.name)
        raise
