"""Bring a newer version of the template into a project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lisa_scaffold import files, git, project, template, workplace
from lisa_scaffold.aftercare import (
    answered,
    example,
    locks,
    moved_folders,
    pipeline_form,
    published_sources,
    requirements,
    unneeded,
)
from lisa_scaffold.aftercare.work import Work
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.git import Blob
from lisa_scaffold.lines import join_names
from lisa_scaffold.model import Note, Weight
from lisa_scaffold.project import Project, settings
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.settings import Settings
from lisa_scaffold.shown import brief, redacted, spoken, visible
from lisa_scaffold.sync import package_name, recopy, trees
from lisa_scaffold.sync.outcome import Policy, Synced
from lisa_scaffold.template import Render, Surroundings, Template
from lisa_scaffold.verbs.update_target import Target
from lisa_scaffold.versions import shorten

if TYPE_CHECKING:
    from lisa_scaffold.adopt.guess import RepositoryFacts
    from lisa_scaffold.sync.seeded import Matches, Tree

# See https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = b"version https://git-lfs.github.com/spec/"

_README = "README.md"
_REJECTED = (
    "a file beside it (.rej) has what an earlier update could not apply: work it in, then remove "
    "that file."
)

_MOST_COMMANDS = 50  # of a template are shown


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
        What a maintainer should know of the answers, and then of files.
    changelog
        The template's changelog between the two versions; empty where it has none.
    diff
        All changes, as a unified diff; empty where it was not asked for.
    before
        What the project has at the paths that change; empty where it was not asked for.
    recopied
        Whether the files were rendered anew, whatever people had written in them.
    commits
        How many commits of the template this is, where one of the versions is no more than a
        commit; ``None`` where that is not counted.
    """

    project: Project
    version: str
    synced: Synced
    notes: tuple[Note, ...]
    changelog: str
    diff: str
    before: Mapping[str, Blob]
    recopied: bool = False
    commits: int | None = None


@dataclass(frozen=True)
class Prepared:
    """A project, and the recorded and the wanted version of the template at hand.

    Where they are the same object, the wanted version is rendered anew over the project.
    """

    project: Project
    old: Template
    new: Template
    folder: Path
    trust: bool
    notes: tuple[Note, ...] = ()

    def update(
        self,
        given: Mapping[str, Any],
        *,
        keep_prose: bool = True,
        diff: bool = False,
        contents: bool = False,
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
        contents
            Whether the contents before are wanted.

        Raises
        ------
        LisaError
            If an answer is wrong, or the template is broken or needs trust.
        """
        current, recopies = self.project, self.old is self.new
        before, after = self._render(given)
        renders = self._read_renders(before, after)
        base, theirs = git.clean_trees(current.repository, self.folder, *renders)
        store = git.Store(self.folder / "store.git", current.repository)
        ours = store.resolve(current.repository.tree)
        policy = self._make_policy(before, after, keep_prose=keep_prose)
        written = Work(current, store, ours)
        change = answered.Change(before.answers, after.answers, base, theirs)
        is_example = match_patterns(after.example if _leaves_example(before, after) else ())
        held: list[Note] = []
        if recopies:
            synced = recopy.recopy_project(store, ours, theirs, policy)
        else:
            if before.answers.get("adopted"):
                held += self._leave_tables(written, base, theirs)
            seeded = policy.was_seeded
            held += requirements.hold_imported(written, base, theirs, is_example, seeded)
            held += pipeline_form.carry_settings(written, change)
            synced = trees.merge_project(store, ours, base, theirs, policy)
            if more := [*requirements.hold_run(written, synced, base, theirs)]:
                held += more
                synced = trees.merge_project(store, ours, base, theirs, policy)
        if names := _find_renamed(before, after, *renders):
            package_name.follow(synced, store, ours, names, policy)
        if current.version == self.new.version and not recopies:
            answered.offer_seeded(synced, store, ours, change, policy.seeded)
        if not recopies:
            _care_after(synced, written, change, policy.locked)
            synced.notes += held
        if after.answers.get("example") is False:
            example.tell_missing(synced, written, before.answers, after.answers)
        if _leaves_example(before, after):
            package = str(after.answers.get("import_name"))
            example.tell_example(synced, written, package, is_example, change)
        rejected = project.find_rejected(current, {*base, *theirs})
        notes = (
            *self.notes,
            *self._notes(before, after, given),
            *synced.notes,
            *(Note(_REJECTED, path, Weight.ASKS) for path in rejected),
        )
        return Updated(
            self.project,
            self.new.version,
            synced,
            notes,
            _read_changelog(self.new.root, current.version, self.new.version),
            store.diff(synced.shown()) if diff else "",
            store.contents(ours, synced.concerned()) if contents else {},
            recopies,
            self._count_commits(),
        )

    def _read_renders(self, before: Render, after: Render) -> tuple[Tree, Tree]:
        """The files of both renders, without what is the project's by the template's own word."""
        recopies = self.old is self.new
        renders = read_render(before, self.old), read_render(after, self.new)
        _refuse_pointers({} if recopies else renders[0], renders[1], self.new)
        if before.answers.get("adopted") and not recopies:
            self._spell_alike(before, renders)
        # What is not rendered any more is not deleted: the project may have it for itself.
        is_excluded = match_patterns(before.excluded)
        for path in [path for path in renders[0] if path not in renders[1] and is_excluded(path)]:
            del renders[0][path]
        if not _leaves_example(before, after):
            _forget_example(after, *renders)
        if "example" not in before.answers and after.answers.get("kind") == "package":
            _keep_use(*renders)
        return renders

    def _make_policy(self, before: Render, after: Render, *, keep_prose: bool) -> Policy:
        """What both templates and the project say of single files."""
        current, repository = self.project, self.project.repository
        return Policy(
            current.answers_file,
            after.answers_file,
            self.new.version,
            match_patterns(after.locked),
            match_patterns(after.seeded),
            match_patterns(before.seeded),
            lambda paths: git.find_ignored(repository, paths),
            lambda paths: git.merge_drivers(repository, paths),
            lambda paths: git.find_absent_since(repository, current.answers_file, {*paths}),
            keep_prose,
            match_patterns(read_settings(current.root).skip),
        )

    def _count_commits(self) -> int | None:
        """How many commits of the template lie between versions of which one has no name."""
        old, new, git_dir = self.project.version, self.new.version, self.new.git_dir
        if git_dir is None or None not in map(template.parse_version, (old, new)):
            return None
        return git.count_commits(git_dir, old, new)

    def _render(self, given: Mapping[str, Any]) -> tuple[Render, Render]:
        """The recorded version and the wanted one, rendered for this project."""
        current = self.project
        recorded, root, trust = current.answers, current.root, self.trust
        around = Surroundings(root, current.answers_file, {}, self.new.excluded)
        folders = self.folder / "old", self.folder / "new"
        try:
            before = self.old.replay(recorded, {}, folders[0], around, trust=trust)
        except AnswersError as error:
            # An answer that was never recorded, or recorded as null: the one that holds from now
            # on is the best guess. It is asked for where the new version needs it; where that
            # asks no such question any more, the given one says what the project was made with.
            known = self.new.keys()
            past = {key: given[key] for key in error.problems if key in given and key not in known}
            given = {key: value for key, value in given.items() if key not in past}
            named = self.new.questions(given, recorded, project=root, trust=trust)
            answers = {each.key: each.value for each in named if each.value is not None}
            around = around._replace(required={**answers, **given, **past})
            before = self.old.replay(recorded, {}, folders[0], around, trust=trust)
        around = Surroundings(root, before.chosen, since=current.version)
        inferred = {key: value for key, value in self._infer(before).items() if key not in given}
        try:
            return before, self.new.replay(
                recorded, {**inferred, **given}, folders[1], around, trust=trust
            )
        except AnswersError as error:
            if not error.problems.keys() <= inferred.keys():
                raise
        return before, self.new.replay(recorded, given, folders[1], around, trust=trust)

    def _infer(self, before: Render) -> dict[str, Any]:
        """What an adopted project says itself of questions that are new to it."""
        known = {*self.project.answers, *before.answers}
        if not before.answers.get("adopted") or not (new := self.new.keys() - known):
            return {}
        from lisa_scaffold.adopt import infer

        try:
            found = infer.infer_answers(*self._facts, self.project.answers)
        except LisaError:
            return {}
        return {key: found[key].value for key in new & found.keys() if found[key].sure}

    @cached_property
    def _facts(self) -> tuple[Facts, RepositoryFacts]:
        """What an adopted project says of itself.

        Raises
        ------
        LisaError
            If nothing says any more what its package is.
        """
        from lisa_scaffold.adopt import eligible
        from lisa_scaffold.adopt.guess import read_repository

        return eligible.read_facts(self.project), read_repository(self.project.repository)

    def _spell_alike(self, before: Render, renders: tuple[Tree, Tree]) -> None:
        """Write the renders as the adoption wrote the files that came in."""
        from lisa_scaffold.adopt import spelled

        try:
            spellings = spelled.find_spellings(*self._facts, before.answers)
        except (LisaError, KeyError):
            return
        facts = self._facts[0]
        ours = {path: Blob("", facts.content(path) or b"") for path in renders[0]}
        spelled.spell_alike(ours, renders, spellings)

    def _leave_tables(self, work: Work, base: Tree, theirs: Tree) -> Iterator[Note]:
        """Take out of both renders the settings that the adoption has left to the project."""
        from lisa_scaffold.adopt import tables

        trees = git.find_addition(self.project.repository, self.project.answers_file)
        if not trees or not (tables.PATH in base and tables.PATH in theirs):
            return
        try:
            found = [work.store.contents(tree, [tables.PATH]) for tree in (work.ours, *trees)]
        except LisaError:
            return  # what was before is not here
        renders = [base[tables.PATH], theirs[tables.PATH]]
        blobs = *renders, *(each.get(tables.PATH, Blob("", b"")) for each in found)
        given = (blob.data.decode(errors="replace") for blob in blobs)
        *texts, own = tables.leave_to_project(*given)
        for tree, blob, text in zip((base, theirs), renders, texts, strict=True):
            tree[tables.PATH] = blob._replace(data=text.encode())
        if own:
            said = (
                "the project's own since before its adoption: what the template changes stays out"
            )
            yield Note(f"{join_names(own)}: {said}.", tables.PATH, Weight.INFORMS)

    def _notes(self, before: Render, after: Render, given: Mapping[str, Any]) -> Iterator[Note]:
        """What became of the template's address, of the answers, and of commands."""
        address = self.project.source
        if redacted(address) != address:
            where = f"{self.project.answers_file}: _src_path: {redacted(address)}"
            stays = self.new.recorded == address
            what = "stays, as the template is read with it" if stays else "is taken out"
            yield Note(
                f"{where}: the password or token in this address {what}. Everybody who sees the "
                "project has it: revoke it, and let git's credential helper know another one.",
                weight=Weight.ASKS,
            )
        for key in after.not_asked:
            yield Note(
                f"The question {key} is not asked, because of the other answers: "
                f"{key}={_show(given[key])} was not used and is not recorded."
            )
        for key in [key for key in given if key not in after.questions]:
            yield Note(
                f"The template asks no question {key} any more: {key}={_show(given[key])} tells "
                "what the project was made with, and is not recorded."
            )
        for key in after.answers.keys() & given.keys() & self.project.answers.keys():
            old, new = (_show(each[key]) for each in (self.project.answers, after.answers))
            if old != new:
                yield Note(f"The answer {key} changes from {old} to {new}.")
        yield from self._tell_answers(before, after, given)
        yield from map(Note, _note_commands(before.not_run, after.not_run))

    def _tell_answers(
        self, before: Render, after: Render, given: Mapping[str, Any]
    ) -> Iterator[Note]:
        """What became of the recorded answers, and which are new."""
        recorded = self.project.answers
        for key, value in after.answers.items():
            if key in given or (key in after.never_asked and key not in recorded):
                continue
            if key not in recorded and key not in before.answers:
                is_plain = isinstance(value, str | bool) or value == []
                said = brief(spoken(value), 100) if is_plain else _show(value)
                text = f"New question {key}: answered {said}; another answer: --data {key}=…"
                yield Note(text, weight=Weight.INFORMS)
            elif key in recorded and _is_cast(recorded[key], value):
                text = f"The answer {key}={_show(recorded[key])} is recorded as {_show(value)} now."
                yield Note(text, weight=Weight.INFORMS)
            elif key in recorded and value != recorded[key]:
                yield Note(
                    f"The answer {key}={_show(recorded[key])} is not taken any more: "
                    f"{_show(value)} holds now; another answer: --data {key}=…"
                )
        for key in recorded:
            if key in after.answers or key in after.not_asked:
                continue
            if key in after.questions:
                yield Note(f"The question {key} is not asked now: its answer is dropped.")
            else:
                text = f"The template asks no question {key} any more: its answer is dropped."
                yield Note(text, weight=Weight.INFORMS)


def _care_after(synced: Synced, written: Work, change: answered.Change, locked: Matches) -> None:
    """What an update does or tells beside the merge of files."""
    store, ours = written.store, written.ours
    answered.follow_licence(synced, store, ours, change)
    answered.state_missing(synced, store, ours, change)
    answered.tell_reference(synced, store, ours, change)
    answered.tell_sessions(synced, store, ours)
    unneeded.leave_out_unneeded(synced, store.paths(ours), change.theirs, locked)
    moved_folders.follow_folders(synced, store, ours, change, locked)
    published_sources.keep_shipped(synced, store, ours, change.base, change.theirs)
    requirements.tell_dropped(synced, store, ours)
    requirements.tell_raised(synced, written, change.base)
    locks.tell_stale(synced, written, change.theirs)


def _find_renamed(
    before: Render, after: Render, base: Mapping[str, Blob], theirs: Mapping[str, Blob]
) -> package_name.Names | None:
    """The import names of a package of the template that gets another one."""
    old, new = (str(each.answers.get("import_name") or "") for each in (before, after))
    if not old or not new or old == new:
        return None
    names = package_name.Names(old, new, base, theirs)
    is_moved = any(names.move(path) in theirs for path in base if path not in theirs)
    return names if is_moved else None


def _leaves_example(before: Render, after: Render) -> bool:
    """Whether a package that began with the template's example goes on without."""
    stated = [each.answers.get("example") for each in (before, after)]
    return stated == [True, False] and after.answers.get("kind") == "package"


def _forget_example(after: Render, *trees: dict[str, Blob]) -> None:
    """Take the example out of the renders for a package that has none, or one of version 0.1.

    What it has at these paths is its own.
    """
    if after.answers.get("example") is False:
        is_example = match_patterns(after.example)
        for tree in trees:
            for path in [*filter(is_example, tree)]:
                del tree[path]


def _keep_use(base: Mapping[str, Blob], theirs: dict[str, Blob]) -> None:
    """Let the README of a package of version 0.1 go on to show what it began with."""
    old, new = base.get(_README), theirs.get(_README)
    if old and new:
        texts = (each.data.decode(errors="surrogateescape") for each in (old, new))
        data = example.keep_use(*texts).encode(errors="surrogateescape")
        theirs[_README] = Blob(new.mode, data)


def _note_commands(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The commands of the template that were not run; those that are as before in one line."""
    fresh = [command for command in after if command not in before]
    for command in fresh[:_MOST_COMMANDS]:
        yield f"A new command of the template was not run: {brief(command)}"
    if more := len(fresh[_MOST_COMMANDS:]):
        yield f"{more} more commands of the template were not run."
    if count := len(after) - len(fresh):
        known = "1 command" if count == 1 else f"{count} commands"
        yield f"{known} of the template that the version before had as well: not run."


def join(updates: Sequence[Updated]) -> Updated:
    """Several updates of one project, each from another template, as one.

    Raises
    ------
    LisaError
        If two of them concern the same file.
    """
    first = updates[0]
    if len(updates) == 1:
        return first
    whole = Synced()
    before: dict[str, Blob] = {}
    for each in updates:
        before |= each.before
        synced = each.synced
        if both := whole.shown().keys() & synced.shown().keys():
            which = "this file" if len(both) == 1 else "these files"
            raise LisaError(
                f"{join_names(map(visible, sorted(both)))}: two templates change {which}",
                "Update from one after the other with --answers-file, and commit in between.",
            )
        whole.files |= synced.files
        whole.conflicts |= synced.conflicts
        whole.changes += synced.changes
        whole.notes += synced.notes
        whole.patches |= synced.patches
        whole.quotations |= synced.quotations
        whole.tasks += synced.tasks
        whole.stale |= synced.stale
    return replace(first, synced=whole, before=before)


def _show(value: Any) -> str:
    """An answer as a person would give it, at a bearable length."""
    is_data = isinstance(value, (dict, list))
    return brief(
        json.dumps(value, ensure_ascii=False, default=str) if is_data else repr(value), 100
    )


@contextmanager
def prepare(wanted: Target, *, trust: bool = False, recopy: bool = False) -> Iterator[Prepared]:
    """Fetch the recorded and the wanted version of the template; to recopy, the latter alone.

    Raises
    ------
    LisaError
        If a version is not known, or the template cannot be reached.
    """
    current = wanted.project
    project.refuse_unfinished(current)
    project.refuse_half_updated(current)
    versions = [wanted.version] if recopy else [current.version, wanted.version]
    with (
        wanted.source.open_all(*versions) as opened,
        workplace.folder() as folder,
    ):
        yield Prepared(current, opened[0], opened[-1], folder, trust, wanted.notes)


def read_settings(root: Path) -> Settings:
    """The settings of a project for lisa-scaffold, from its work tree."""
    contents = {}
    for path in (settings.FILE, "pyproject.toml"):
        with suppress(LisaError):
            if (content := files.read(root, path)) is not None:
                contents[path] = content
    return Facts.of(contents).settings


def read_render(render: Render, version: Template) -> dict[str, Blob]:
    """The files of a render, which name the template's address in place of a temporary folder."""
    here, address = bytes(version.root), redacted(version.recorded).encode()
    return {
        path: blob._replace(data=blob.data.replace(here, address)) if here in blob.data else blob
        for path, blob in trees.read_tree(render.folder).items()
    }


def _refuse_pointers(old: Mapping[str, Blob], new: Mapping[str, Blob], version: Template) -> None:
    """Raise LisaError for a file that the template stores with Git LFS, and that is not here."""
    for path, blob in new.items():
        if blob.data.startswith(_POINTER) and old.get(path) != blob:
            raise LisaError(
                f"{path}: version {shorten(version.version)} of the template stores it with Git "
                "LFS, and has but a pointer to it here",
                "Install git-lfs, set it up once with: git lfs install, and try again.",
            )


def _is_cast(recorded: Any, value: Any) -> bool:
    """Whether an answer is a recorded one in the type that its question asks for."""
    spoken = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    texts = [str(each).lower() for each in (recorded, value)]
    same = recorded == value or spoken.get(texts[0], texts[0]) == spoken.get(texts[1], texts[1])
    return same and type(recorded) is not type(value)


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
    headings = [re.match(r"## \[?(v?\d[^\]\s]*|Unreleased\b)", part, re.I) for part in parts]
    versions = [heading and template.parse_version(heading[1]) for heading in headings]
    wanted = []
    for part, heading, version in zip(parts, headings, versions, strict=True):
        # What is not released yet is what this version will be.
        is_next = bool(heading and heading[1].lower() == "unreleased" and last not in versions)
        if (version and first < version <= last) or (is_next and first < last):
            wanted.append(re.split(r"^\[[^\]]+\]: ", part, maxsplit=1, flags=re.M)[0].strip())
    return "\n\n".join(wanted)
