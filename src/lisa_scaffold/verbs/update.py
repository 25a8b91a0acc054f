"""Bring a newer version of the template into a project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lisa_scaffold import files, git, project, template, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.project import Project
from lisa_scaffold.shown import redacted
from lisa_scaffold.sync import trees
from lisa_scaffold.template import Render, Source, Template

UPGRADE = "pip install --upgrade lisa-scaffold"


@dataclass(frozen=True)
class Target:
    """What to update to: a source of the template, and one of its versions."""

    source: Source
    version: str


def choose_target(current: Project, wanted: str | None) -> Target:
    """The version to update to; by default the newest.

    The newest version of our own template is the one that this package carries, that of another
    template is the newest in its repository.

    Raises
    ------
    LisaError
        If the version is older than the recorded one, or the template cannot be reached.
    """
    source = template.recorded_source(current.source, current.root)
    if not source.has(current.version):
        raise LisaError(
            f"{current.root / project.ANSWERS_FILE}: _commit: {current.version}: no version of the "
            "template, though perhaps a branch",
            "Write the tag or the hash there that the project was last updated to.",
        )
    version = wanted or source.current()
    if wanted is None and template.is_short_for(current.version, version):
        version = current.version
    if not source.has(version):
        raise LisaError(
            f"{version}: no version of the template", "Name a tag, such as v1.2.3, or a hash."
        )
    recorded, asked = template.parse_version(current.version), template.parse_version(version)
    if recorded and asked and asked < recorded:
        if wanted is None and source.ours:
            raise LisaError(
                f"{current.root}: made from {current.version}, newer than {version}, "
                "which this lisa-scaffold carries",
                f"Install a newer one: {UPGRADE}.",
            )
        raise LisaError(
            f"{version}: older than {current.version}, which the project records",
            "An update goes forward only; git can bring an older state of the project back.",
        )
    carried = source.ours and not os.environ.get(template.SOURCE_VARIABLE)
    if carried and wanted and wanted not in source.versions():
        source = Source(template.CANONICAL_URL, source.recorded)
    return Target(source, version)


@dataclass(frozen=True)
class Updated:
    """An update that was worked out.

    Attributes
    ----------
    project
        The project.
    version
        The version that it is updated to.
    synced
        What changes in its files.
    notes
        What a maintainer should know, a sentence each.
    changelog
        The template's changelog between the two versions; empty where it has none.
    diff
        All changes, as a unified diff; empty where it was not asked for.
    """

    project: Project
    version: str
    synced: trees.Synced
    notes: tuple[str, ...]
    changelog: str
    diff: str


@dataclass(frozen=True)
class Prepared:
    """A project, and the recorded and the wanted version of the template at hand."""

    project: Project
    old: Template
    new: Template
    folder: Path
    trust: bool

    def update(
        self, given: Mapping[str, Any], *, keep_prose: bool = True, diff: bool = False
    ) -> Updated:
        """Work the update out; nothing of the project is touched.

        Parameters
        ----------
        given
            Answers that replace recorded ones.
        keep_prose
            Whether prose that the project has rewritten stays the project's.
        diff
            Whether the changes are wanted as a diff.

        Raises
        ------
        LisaError
            If an answer is wrong, the template is broken or needs trust, or the project has
            conflict markers in a file that the update concerns.
        """
        recorded = self.project.answers
        before = self.old.replay(recorded, {}, self.folder / "old", trust=self.trust)
        after = self.new.replay(recorded, given, self.folder / "new", trust=self.trust)
        repository = self.project.repository
        renders = trees.read_tree(before.folder), trees.read_tree(after.folder)
        base, theirs = git.clean_trees(repository, self.folder, *renders)
        store = git.Store(self.folder / "store.git", repository)
        ours = store.resolve(repository.tree)
        policy = trees.Policy(
            project.ANSWERS_FILE,
            match_patterns(after.locked),
            match_patterns(after.seeded),
            match_patterns(before.seeded),
            lambda paths: git.ignored(repository, paths),
            keep_prose,
        )
        synced = trees.merge_project(store, ours, base, theirs, policy)
        project.refuse_leftovers(self.project, {*base, *theirs})
        return Updated(
            self.project,
            self.new.version,
            synced,
            (*self._notes(before, after, given), *synced.notes),
            _read_changelog(self.new.root, self.old.version, self.new.version),
            store.diff(synced.shown()) if diff else "",
        )

    def _notes(self, before: Render, after: Render, given: Mapping[str, Any]) -> Iterator[str]:
        """What became of the template's address, of the answers, and of commands."""
        recorded, address = self.project.answers, self.project.source
        if redacted(address) != address:
            where = f"{project.ANSWERS_FILE}: _src_path: {redacted(address)}"
            stays = self.new.recorded == address
            what = "stays, as the template is read with it" if stays else "is taken out"
            yield (
                f"{where}: the password or token in this address {what}. Everybody who sees the "
                "project has it: revoke it, and let git's credential helper know another one."
            )
        for key in after.not_asked:
            yield (
                f"The question {key} is not asked, because of the other answers: "
                f"{key}={given[key]!r} was not used and is not recorded."
            )
        for key, value in after.answers.items():
            if key in given:
                continue
            if key not in recorded and key not in before.answers:
                yield f"New question {key}: answered {value!r}; another answer: --data {key}=…"
            elif key in recorded and value != recorded[key]:
                yield (
                    f"The answer {key}={recorded[key]!r} is not taken any more: {value!r} holds "
                    f"now; another answer: --data {key}=…"
                )
        for key in recorded:
            if key not in after.answers and key not in after.not_asked:
                yield f"The template asks no question {key} any more: its answer is dropped."
        for command in after.not_run:
            new = "" if command in before.not_run else "new "
            yield f"A {new}command of the template was not run: {command}"


@contextmanager
def prepare(current: Project, wanted: Target, *, trust: bool = False) -> Iterator[Prepared]:
    """Fetch the recorded and the wanted version of the template.

    Raises
    ------
    LisaError
        If a version is not known, or the template cannot be reached.
    """
    project.refuse_unfinished(current)
    with (
        wanted.source.open_all(current.version, wanted.version) as (old, new),
        workplace.folder() as folder,
    ):
        yield Prepared(current, old, new, folder, trust)


def _read_changelog(root: Path, old: str, new: str) -> str:
    """The sections of the template's changelog after one version, up to another."""
    first, last = template.parse_version(old), template.parse_version(new)
    if first is None or last is None:
        return ""
    try:
        content = files.read(root, "CHANGELOG.md") or b""
    except LisaError as error:
        return f"Not shown: {error.message.removeprefix(f'{root}/')}"
    parts = re.split(r"^(?=## )", content.decode(errors="replace"), flags=re.M)
    wanted = []
    for part in parts:
        heading = re.match(r"## \[?(v?\d[^\]\s]*)", part)
        version = template.parse_version(heading[1]) if heading else None
        if version and first < version <= last:
            wanted.append(re.split(r"^\[[^\]]+\]: ", part, maxsplit=1, flags=re.M)[0].strip())
    return "\n\n".join(wanted)
