"""Tell how far a project is behind its template, and where it departs from what it records."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lisa_scaffold import git, project, template, workplace
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.git import Difference
from lisa_scaffold.project import Project
from lisa_scaffold.template import Source, Surroundings
from lisa_scaffold.verbs.update import read_render, read_settings


class Departure(NamedTuple):
    """A file of the recorded version that the project has otherwise.

    Attributes
    ----------
    path
        Where the template has it.
    status
        ``changed``, ``moved`` or ``deleted``.
    ownership
        ``locked``, ``shared``, ``seeded`` or ``skipped``.
    now
        Where the project has it; empty where it is deleted.
    added, removed
        How many lines the project has more, and fewer, than the template; 0 of a binary file.
    """

    path: str
    status: str
    ownership: str
    now: str
    added: int
    removed: int


@dataclass(frozen=True)
class Status:
    """A project beside its template.

    Attributes
    ----------
    project
        The project.
    newest
        The newest version of the template.
    behind
        The versions after the recorded one, oldest first.
    commits
        How many commits the newest version is ahead of a recorded one that has no version's name;
        ``None`` where that is not counted.
    files
        The number of files in the recorded version's render, with that of the answers.
    departures
        Those of them that the project has otherwise, as it is committed.
    diff
        The departures, as a unified diff; empty where it was not asked for.
    """

    project: Project
    newest: str
    behind: tuple[str, ...]
    commits: int | None
    files: int
    departures: tuple[Departure, ...]
    diff: str

    @property
    def drift(self) -> tuple[Departure, ...]:
        """The departures in locked files, which belong to the template."""
        return tuple(each for each in self.departures if each.ownership == "locked")


def find_status(current: Project, *, trust: bool = False, diff: bool = False) -> Status:
    """Compare a project, as it is committed, with the render of what it records.

    Parameters
    ----------
    current
        The project.
    trust
        Whether the template's Jinja extensions may be loaded.
    diff
        Whether the departures are wanted as a diff.

    Raises
    ------
    LisaError
        If the template cannot be reached or rendered, nothing is committed, or what the project
        records is not.
    """
    project.refuse_unfinished(current)
    project.refuse_half_updated(current)
    source = template.find_recorded_source(current.source, current.root, trust=trust)
    with source.open_all(current.version) as (recorded,), workplace.folder() as folder:
        around = Surroundings(current.root, current.answers_file)
        render = recorded.replay(current.answers, {}, folder / "render", around, trust=trust)
        tree = read_render(render, recorded)
        count = len(tree)  # with the answers, which are no departure: the render is made of them
        tree.pop(render.answers_file, None)
        (clean,) = git.clean_trees(current.repository, folder, tree)
        store = git.Store(folder / "store.git", current.repository)
        ours = store.resolve(current.repository.tree)
        owners = {
            "skipped": match_patterns(read_settings(current.root).skip),
            "locked": match_patterns(render.locked),
            "seeded": match_patterns(render.seeded),
        }

        def own(path: str) -> str:
            return next((name for name, owns in owners.items() if owns(path)), "shared")

        store.record("recorded", clean)
        lines = store.count_lines("recorded", ours)
        departures = tuple(
            Departure(name, status, own(name), now, *lines.get(now or name, (0, 0)))
            for name, status, now in _list_departures(store.changed("recorded", ours), clean)
        )
        shown = [each for each in departures if each.ownership not in ("seeded", "skipped")]
        paths = {path for each in shown for path in (each.path, each.now) if path}
        text = store.diff_paths("recorded", ours, paths) if diff else ""
        newest, behind = _find_newer(source, current.version)
        commits = None
        if behind and recorded.git_dir and template.parse_version(current.version) is None:
            commits = git.count_commits(recorded.git_dir, current.version, newest)
    if commits == 0:
        behind = ()  # the commit is newer than the newest version
    return Status(current, newest, behind, commits, count, departures, text)


def _list_departures(
    found: Iterable[Difference], recorded: Container[str]
) -> Iterator[tuple[str, str, str]]:
    """The recorded files that the project has otherwise: path, what is so, and where it has it."""
    for each in sorted(found, key=lambda each: each.was or each.path):
        if each.was in recorded:
            yield each.was or "", "moved", each.path
        elif each.path in recorded:
            yield (each.path, *(("changed", each.path) if each.new.exists else ("deleted", "")))


def _find_newer(source: Source, version: str) -> tuple[str, tuple[str, ...]]:
    """The newest version, and those after a recorded one; a commit has none but the newest."""
    newest = source.current()
    recorded = template.parse_version(version)
    if recorded is None:
        same = version == newest or template.is_short_for(version, newest)
        return newest, () if same else (newest,)
    tags = {**dict.fromkeys(source.tags if not source.working_copy else ()), newest: None}
    known = template.sort_versions(tags, ours=source.ours)
    newer = [each for each in known if (other := template.parse_version(each)) and other > recorded]
    return newest, tuple(newer)
