"""Which folder is adopted, and why another is not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lisa_scaffold import git, project, template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.project import ANSWERS_FILE, Project
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.tree import Disk, File

_SAYS = ("pyproject.toml", "setup.cfg", "setup.py")


class Tracked:
    """Of a folder, the files that git has: what else lies there is no part of the project yet."""

    def __init__(self, root: Path) -> None:
        self._disk = Disk(root)
        self.files: Mapping[str, File] = {
            path: file for path, file in self._disk.files.items() if file.tracked
        }

    def read(self, path: str) -> bytes | None:
        """What is in a file of the folder."""
        return self._disk.read(path) if path in self.files else None


def refuse_missing(path: Path) -> None:
    """Raise LisaError where there is no folder."""
    if not path.is_dir():
        raise LisaError(f"{path}: no such folder", "Name the folder of a project.")


def repository(path: Path) -> git.Repository:
    """The repository that a folder lies in.

    Raises
    ------
    LisaError
        If there is none.
    """
    return git.repository(path.resolve())


def already(path: Path) -> str | None:
    """The version that a folder records of our template; ``None`` for none.

    Raises
    ------
    LisaError
        If it was made from another Copier template.
    """
    if not (path / ANSWERS_FILE).exists():
        return None
    recorded = project.read_answers(path)
    source = str(recorded.get("_src_path", ""))
    if not source or not template.recorded_source(source, path).ours:
        raise LisaError(
            f"{path / ANSWERS_FILE}: made from another Copier template, {source or 'unnamed'}",
            "A project follows one template. To leave that one: git rm --cached "
            f"{ANSWERS_FILE}, move the file away, and commit.",
        )
    return str(recorded.get("_commit", ""))


def read(path: Path) -> Project:
    """A project that may be adopted now.

    Raises
    ------
    LisaError
        If there is no repository, no commit, something unfinished, or work that is not committed.
    """
    root = path.resolve()
    found = Project(root, repository(root), template.CANONICAL_URL, "", {})
    project.refuse_unfinished(found)
    project.refuse_unmerged(found)
    changed = sorted(git.status(found.repository))
    if changed:
        # Without its filter, a file looks changed to git that is as it was committed.
        git.refuse_foreign_filters(found.repository._replace(prefix=""), changed)
        raise LisaError(
            f"{changed[0]}: changes that are not committed", "Commit them, or git stash, first."
        )
    return found


def facts(found: Project) -> Facts:
    """The facts of a project's tracked files.

    Raises
    ------
    LisaError
        If nothing says what its package is, or that cannot be read.
    """
    seen = Facts(Tracked(found.root), found.root)
    for problem in (seen.pyproject.problem, seen.ini("setup.cfg").problem):
        if problem:
            raise LisaError(
                f"{problem.path}:{problem.line}: no {problem.format} that can be read: "
                f"{problem.message}",
                "Mend and commit it first.",
            )
    if not seen.package.form:
        raise _no_package(found, seen)
    return seen


def _no_package(found: Project, seen: Facts) -> LisaError:
    """Why there is nothing to adopt: no package, or several below the folder."""
    below = sorted(
        {path.rpartition("/")[0] for path in seen.paths(*(f"**/{name}" for name in _SAYS))} - {""}
    )
    if len(below) > 1:
        return LisaError(
            f"{found.root}: several packages in one repository: {', '.join(below[:6])}",
            "lisa-scaffold adopts a repository of one package: name the folder of one, or give "
            "each a repository of its own.",
        )
    if below:
        return LisaError(
            f"{found.root}: no package here, but one in {below[0]}",
            f"Name that folder: lisa-scaffold adopt {below[0]}.",
        )
    own = seen.first(*_SAYS)
    what = (
        f"{own} says nothing about a package" if own else f"no {', '.join(_SAYS[:2])} or setup.py"
    )
    return LisaError(
        f"{found.root}: no Python package: {what}",
        "A new project is made with lisa-new; an older one needs its metadata first.",
    )
