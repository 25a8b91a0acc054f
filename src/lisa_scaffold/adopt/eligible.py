"""Which folders can be adopted, and why others cannot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from lisa_scaffold import git, project, template
from lisa_scaffold.adopt import loose
from lisa_scaffold.adopt.left_behind import find_importers
from lisa_scaffold.errors import LisaError, UnsuitableError
from lisa_scaffold.files import MOST
from lisa_scaffold.lines import count, join_names
from lisa_scaffold.project import ANSWERS_FILE, Project
from lisa_scaffold.project.facts import SETTINGS_OF_BUILDS, Facts, Given
from lisa_scaffold.project.tree import Disk, File
from lisa_scaffold.rules.compose import find_compose
from lisa_scaffold.rules.dags import Module, find_modules
from lisa_scaffold.shown import visible

_METADATA = ("pyproject.toml", "setup.cfg", "setup.py")


class Tracked:
    """The tracked files of a folder: anything else there is not yet part of the project."""

    def __init__(self, root: Path) -> None:
        self._disk = Disk(root)
        self.files: Mapping[str, File] = {
            path: file for path, file in self._disk.files.items() if file.tracked
        }

    def read(self, path: str, most: int = MOST) -> bytes | None:
        """The content of a tracked file."""
        return self._disk.read(path, most) if path in self.files else None


def refuse_missing(path: Path) -> None:
    """Raise LisaError where there is no folder."""
    if not path.is_dir():
        raise LisaError(f"{path}: no such folder", "Name the folder of a project.")


def read_recorded_version(path: Path) -> str | None:
    """The version that a folder records of our template; ``None`` where it has no record.

    Raises
    ------
    LisaError
        If it was made from another Copier template.
    """
    if not (path / ANSWERS_FILE).exists():
        return None
    recorded = project.read_answers(path)
    source = str(recorded.get("_src_path", ""))
    if not source or not template.find_recorded_source(source, path).ours:
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
        If there is no repository, no commit, something unfinished, or uncommitted work.
    """
    root = path.resolve()
    found = Project(root, find_repository(root), template.CANONICAL_URL, "", {})
    project.refuse_unfinished(found)
    project.refuse_unmerged(found)
    changed = sorted(git.read_status(found.repository))
    if changed:
        # Without its filter, a file looks changed to git although it is as it was committed.
        git.refuse_foreign_filters(found.repository._replace(prefix=""), changed)
        raise LisaError(
            f"{join_names(map(visible, changed))}: changes that are not committed",
            "Commit them, or git stash, first.",
        )
    return found


def find_repository(root: Path) -> git.Repository:
    """The repository that a folder is in.

    Raises
    ------
    LisaError
        If there is none: with what comes after that.
    """
    try:
        return git.find_repository(root)
    except LisaError as error:
        is_bare = not any((root / name).exists() for name in _METADATA)
        if "no git repository" in error.message and is_bare:
            after = "After that, lisa-scaffold adopt names the steps that make a package of scripts"
            raise LisaError(error.message, f"{error.hint} {after}: {loose.PAGE}") from error
        raise


def find_workflow(facts: Facts) -> list[Module]:
    """The files in folders `dags` of a project that builds no package; none of any other.

    A ``pyproject.toml`` without a build backend often lists what DAGs import, and a ``setup.cfg``
    often has the settings of tools alone.
    """
    is_built = facts.package.form == "setuptools" or facts.pyproject.get("build-system")
    inside = (each for each in find_modules(facts) if "/dags/" in f"/{each.path}")
    return [] if is_built else [*inside]


def read_facts(found: Project) -> Facts:
    """The facts of a project's tracked files.

    Raises
    ------
    LisaError
        If its metadata cannot be read, or says of no package, and there is no service either.
    """
    # The commit of the adoption is none that a tag points to.
    tags, _ = git.list_tags(found.root)
    facts = Facts(Tracked(found.root), found.root, Given(tags=tags, today=date.today()))
    for problem in (facts.pyproject.problem, facts.ini("setup.cfg").problem):
        if problem:
            raise LisaError(
                f"{problem.path}:{problem.line}: no {problem.format} that can be read: "
                f"{problem.message}",
                "Mend and commit it first.",
            )
    if not (facts.package.form or find_compose(facts) or find_workflow(facts)):
        refuse_unpackaged(facts, found.root)
    return facts


def refuse_unpackaged(facts: Facts, root: Path) -> None:
    """Raise LisaError for a project that says nothing about a package.

    Parameters
    ----------
    facts
        The project.
    root
        Its folder.
    """
    metadata = facts.paths(*(f"**/{name}" for name in _METADATA))
    below = sorted({path.rpartition("/")[0] for path in metadata} - {""})
    if len(below) > 1:
        raise LisaError(
            f"{root}: several packages in one repository: {', '.join(below[:6])}",
            "lisa-scaffold adopts a repository of one package: name the folder of one, or give "
            "each a repository of its own.",
        )
    if below:
        raise LisaError(
            f"{root}: no package here, but one in {below[0]}",
            f"Name that folder: lisa-scaffold adopt {below[0]}.",
        )
    own = facts.first(*_METADATA)
    why = (
        f"{own} says nothing about a package" if own else "no pyproject.toml, setup.cfg or setup.py"
    )
    _refuse_package(facts, root, why)
    refuse_scripts(facts, root, f"no Python package: {why}")
    raise UnsuitableError(
        f"{root}: no Python package: {why}",
        "A new project is made with lisa-new; an older one needs its metadata first.",
    )


def _refuse_package(facts: Facts, root: Path, problem: str) -> None:
    """Raise LisaError where folders are packages without metadata: with the steps to some."""
    packages = facts.layout.packages
    if packages[1:]:
        importers = find_importers(facts, facts.layout.folders)
        also = f", also in {join_names(map(visible, importers))}" if importers else ""
        raise LisaError(
            f"{root}: {problem}, and {len(packages)} folders are packages: "
            f"{join_names(map(visible, packages))}",
            "lisa-scaffold adopts one package. Make one of them: move these folders into "
            f"src/NAME/, with an __init__.py beside them, and correct the imports{also}; a "
            "pyproject.toml with a name and a version says so. Then commit, and adopt. The steps: "
            f"{loose.PAGE}",
        )
    if len(packages) == 1:
        steps = "\n".join(loose.explain_metadata(facts, root.name, packages[0]))
        raise LisaError(
            f"{root}: {problem}, but {visible(packages[0])} is a package. Steps that say so:\n"
            f"{steps}",
            f"Then git add and commit, and lisa-scaffold adopt. Step by step: {loose.PAGE}",
        )


def refuse_unbuilt(facts: Facts) -> None:
    """Raise LisaError where the metadata say that nothing is built of the project."""
    for keys in SETTINGS_OF_BUILDS:
        if facts.pyproject.get("tool", *keys) is False:
            line = facts.pyproject.line("tool", *keys)
            raise LisaError(
                f"pyproject.toml:{line}: {keys[-1]} = false says that nothing is built of this "
                "project, and the template builds, tests and releases a package",
                "Take that line out, and commit, if it is to become one.",
            )


def refuse_scripts(facts: Facts, root: Path | None, problem: str) -> None:
    """Raise LisaError where there are scripts or notebooks: with the steps to a package.

    Beside a package, those in folders are no part of it.

    Parameters
    ----------
    facts
        The project.
    root
        Its folder.
    problem
        What is wrong.
    """
    tracked = facts.tracked
    scripts = loose.find_scripts(facts) if facts.layout.folders else loose.find_loose(tracked)
    notebooks = [] if scripts or facts.layout.folders else loose.find_notebooks(tracked)
    if not (scripts or notebooks):
        return
    found = f"{count(len(notebooks), 'notebook')} alone. Steps that make a package beside them"
    if scripts:
        number = "one script" if len(scripts) == 1 else f"{len(scripts)} scripts"
        where = visible(loose.name_place(scripts))
        found = f"{number} {where}. Steps that make a package of them"
    name = facts.package.name or (root.name if root else "")
    steps = "\n".join(loose.explain_steps(facts, name))
    raise LisaError(
        f"{root or '.'}: {problem}, and {found}:\n{steps}",
        f"Then git add and commit, and lisa-scaffold adopt. Step by step: {loose.PAGE}",
    )
