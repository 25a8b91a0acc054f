"""What to update a project from and to."""

from __future__ import annotations

import os
from dataclasses import dataclass

from lisa_scaffold import git, template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Note, Weight
from lisa_scaffold.project import Project
from lisa_scaffold.template import Source
from lisa_scaffold.versions import shorten

_UPGRADED = (0, 2)
_UPGRADE = "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/upgrade.html"
"""The page on the upgrade to that version."""


@dataclass(frozen=True)
class Target:
    """What to update from and to.

    Attributes
    ----------
    source
        The source of the template.
    version
        The version to update to.
    project
        The project, with the version that is updated from.
    notes
        What a maintainer should know of these versions.
    """

    source: Source
    version: str
    project: Project
    notes: tuple[Note, ...] = ()


def choose_target(
    current: Project, wanted: str | None, *, trust: bool = False, source: Source | None = None
) -> Target:
    """The version to update to; by default the newest.

    The newest version of our own template is the one that this package carries, that of another
    template is the newest in its repository. A branch is followed where a template has no versions.

    Parameters
    ----------
    current
        The project.
    wanted
        The version that is asked for; ``None``: the newest.
    trust
        Whether the template may lie in the project's own checkout.
    source
        The template, for whoever has it at hand already.

    Raises
    ------
    LisaError
        If the version is older than the recorded one, or the template cannot be reached.
    """
    source = source or template.find_recorded_source(current.source, current.root, trust=trust)
    notes: tuple[Note, ...] = ()
    if not source.has(current.version):
        dated = _date_branch(source, current)
        notes = (
            Note(
                f"_commit: {current.version}: a branch, which says no version: taken as it was "
                f"when that file was last committed ({shorten(dated)}).",
                current.answers_file,
            ),
        )
        current = current._replace(version=dated)
    wanted = source.spell(wanted) if wanted else None
    version = wanted or source.current()
    if not source.has(version):
        tip = None if source.ours or source.tags else source.find_branch(version)
        if tip is None:
            raise LisaError(
                f"{version}: no version of the template",
                "Name a tag, such as v1.2.3, or a hash; a branch where a template has no tags.",
            )
        version = tip
    if template.is_short_for(current.version, version):
        version = current.version
    if wanted is None and _is_behind(source, version, current.version):
        version = current.version
    _refuse_older(source, version, current, wanted)
    if source.ours and (told := _tell_upgrade(current.version, version)):
        notes += (Note(told, weight=Weight.INFORMS),)
    carried = source.ours and not os.environ.get(template.SOURCE_VARIABLE)
    if carried and wanted and wanted not in source.versions():
        source = Source(template.CANONICAL_URL, source.recorded)
    return Target(source, version, current, notes)


def _tell_upgrade(old: str, new: str) -> str:
    """The page on what a version asks of projects that come from before it."""
    first, last = template.parse_version(old), template.parse_version(new)
    is_crossed = first and last and first.release[:2] < _UPGRADED <= last.release[:2]
    return (
        f"What comes with this version, and what there is to do: {_UPGRADE}" if is_crossed else ""
    )


def _date_branch(source: Source, current: Project) -> str:
    """The commit that a recorded branch was at when the project recorded it.

    Raises
    ------
    LisaError
        If there is no such branch, or it began later.
    """
    dated = None
    if not source.ours and source.find_branch(current.version):
        asked = ("log", "--max-count=1", "--format=%ct", "--", current.answers_file)
        moment = current.repository.git(*asked, cwd=current.root).strip()
        with source.history() as git_dir:
            dated = git.commit_before(git_dir, current.version, int(moment)) if moment else None
    if dated is None:
        raise LisaError(
            f"{current.root / current.answers_file}: _commit: {current.version}: no version of the "
            "template, though perhaps a branch",
            "Write the tag or the hash there that the project was last updated to.",
        )
    return dated


def _is_behind(source: Source, version: str, recorded: str) -> bool:
    """Whether a version is part of the history of a recorded commit that is no version itself.

    ``git describe`` names the nearest tag, which need not be the newest one.
    """
    if source.ours or recorded in source.tags or version not in source.tags:
        return False
    return _precedes(source, version, recorded)


def _precedes(source: Source, first: str, second: str) -> bool:
    with source.history(first, second) as git_dir:
        commits = [git.commit_of(git_dir, each) for each in (first, second)]
        known = [each for each in commits if each]
        return len(known) == len(commits) and git.is_ancestor(git_dir, *known)


def _refuse_older(source: Source, version: str, current: Project, wanted: str | None) -> None:
    """Raise LisaError for a version that is older than the recorded one."""
    recorded, asked = template.parse_version(current.version), template.parse_version(version)
    older = recorded and asked and asked < recorded
    if older and not source.ours and not {version, current.version} <= source.tags.keys():
        older = not _precedes(source, current.version, version)
    elif wanted and version != current.version:
        older = older or _is_behind(source, version, current.version)
    if older and wanted is None and source.ours:
        raise LisaError(
            f"{current.root}: made from {current.version}, newer than {version}, the newest here",
            f"For a newer one: {template.advise_newer()}",
        )
    if older:
        raise LisaError(
            f"{shorten(version)}: older than {shorten(current.version)}, which the project records",
            "An update goes forward only; git can bring an older state of the project back.",
        )
