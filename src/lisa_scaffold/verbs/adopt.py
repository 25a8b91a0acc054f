"""Adopt a project: answers from what it says, and the practice beside what it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lisa_scaffold import git, legacy, rules, template, workplace
from lisa_scaffold.adopt import beside, eligible, forge, infer, repair
from lisa_scaffold.adopt.beside import Item, Replaced, Woven, replaced
from lisa_scaffold.adopt.guess import Guess, RepositoryFacts
from lisa_scaffold.adopt.repair import Mended
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.legacy import Former
from lisa_scaffold.model import Change, Question
from lisa_scaffold.project import ANSWERS_FILE, Project
from lisa_scaffold.project.facts import Facts, Pristine
from lisa_scaffold.rules import judge
from lisa_scaffold.rules import repair as repairing
from lisa_scaffold.shown import redacted, redacted_in
from lisa_scaffold.sync import bring_in, journal, trees
from lisa_scaffold.template import Source, Template
from lisa_scaffold.template import source as source_module

BRANCH = "lisa-scaffold/adopt"


@dataclass(frozen=True)
class Answer:
    """An answer, and where it comes from."""

    key: str
    value: Any
    source: str
    sure: bool


@dataclass(frozen=True)
class Adopted:
    """An adoption that was worked out.

    Attributes
    ----------
    project
        The project.
    version
        The version of the template that it follows now.
    answers
        What is recorded, each with where it comes from.
    synced
        What changes in its files.
    items
        What was done with each file, and why.
    mended
        What the rules found.
    replaced
        Lines that people wrote and that are not in their files any more.
    former
        The template that was the merge base; ``None`` where there was none.
    diff
        All changes, as a unified diff.
    """

    project: Project
    version: str
    answers: tuple[Answer, ...]
    synced: trees.Synced
    items: tuple[Item, ...]
    mended: Mended
    replaced: tuple[Replaced, ...]
    former: Former | None
    diff: str


@dataclass(frozen=True)
class Prepared:
    """A project that may be adopted, and a version of the template at hand."""

    project: Project
    facts: Facts
    template: Template
    folder: Path
    former: Former | None
    trust: bool

    @cached_property
    def repository_facts(self) -> RepositoryFacts:
        """Its history and remote."""
        repository = self.project.repository
        # A clone often knows its token by the address: nothing here needs it.
        return RepositoryFacts(git.history(repository), redacted(git.remote(repository)))

    def guesses(self, given: Mapping[str, Any]) -> dict[str, Guess]:
        """What the project answers itself; what was given comes first.

        Raises
        ------
        LisaError
            If its name or its code cannot be told, and was not given.
        """
        found = infer.answers(self.facts, self.repository_facts, given)
        if self.former:
            for key, value in legacy.answers(self.former).items():
                found.setdefault(key, Guess(value, self.former.named_in))
        # What the project says in one place is not spread over others with its tokens.
        return {
            key: guess if key in given else replace(guess, value=redacted_in(guess.value))
            for key, guess in found.items()
        }

    def questions(self, given: Mapping[str, Any]) -> list[Question]:
        """Every question with the answer that holds.

        Raises
        ------
        LisaError
            If an answer in ``given`` is wrong, or the name of the package cannot be told.
        """
        suggested = {key: guess.value for key, guess in self.guesses(given).items()}
        try:
            return self.template.questions({"adopted": True, **given}, suggested)
        except AnswersError as error:
            if "adopted" not in error.problems:
                raise
            raise LisaError(
                f"{self.template.version}: this version of the template is for new projects alone",
                "Name a newer one with --to, or leave that out.",
            ) from error

    def adopt(self, given: Mapping[str, Any]) -> Adopted:
        """Work the adoption out; nothing of the project is touched.

        Raises
        ------
        LisaError
            If an answer is wrong, or a template is broken or needs trust.
        """
        answers = {question.key: question.value for question in self.questions(given)}
        former = self._former(answers)
        woven = beside.weave(self.facts, self._render(answers, 0), former, answers)
        for attempt in (1, 2):
            answers["left_out"] = self._left_out(woven, given)
            rendered = self._render(answers, attempt)
            if beside.weave_pipeline(woven, self.facts, rendered):
                break
        woven.files[ANSWERS_FILE] = (self.folder / f"render-{attempt}" / ANSWERS_FILE).read_bytes()
        mended = self._mend(woven, rendered)
        woven.files.update(
            {path: data for path, data in mended.changes.items() if data is not None}
        )
        return self._result(woven, mended, self._answers(answers, given))

    def _left_out(self, woven: Woven, given: Mapping[str, Any]) -> str:
        asked = str(given.get("left_out", "")).split()
        return " ".join(sorted({*asked, *(f"/{path}" for path in woven.left_out)}))

    def _render(self, answers: Mapping[str, Any], number: int) -> dict[str, bytes]:
        """The template's files, with the project's real address where that is known."""
        folder = self.folder / f"render-{number}"
        self.template.render(answers, folder)
        tree = trees.read_tree(folder)
        tree.pop(ANSWERS_FILE, None)
        spelled = self._spelled(answers)
        locked = source_module.matcher(self.template.locked)
        return {
            path: blob.data if locked(path) else _respelled(blob.data, spelled)
            for path, blob in tree.items()
        }

    def _spelled(self, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What follows from the repository's name, where that is not the distribution's."""
        place = forge.find(self.facts, self.repository_facts)
        host, namespace, name = (
            str(answers[key]) for key in ("forge_host", "namespace", "distribution")
        )
        if place is None or (place.host, place.namespace) != (host, namespace):
            return []
        slugs = [f'"{forge.slug(f"{namespace}/{each}")}"' for each in (name, place.name)]
        return [(f"https://{host}/{namespace}/{name}", place.url), (slugs[0], slugs[1])]

    def _former(self, answers: Mapping[str, Any]) -> dict[str, bytes]:
        """The files of the template that the project was made from once."""
        if self.former is None:
            return {}
        folder = self.folder / "former-template"
        folder.mkdir()
        former = legacy.guessed(self.former, answers)
        made = legacy.render(former, self.project.root, folder, trust=self.trust)
        return {path: blob.data for path, blob in trees.read_tree(made).items()}

    def _mend(self, woven: Woven, rendered: Mapping[str, bytes]) -> Mended:
        chosen = rules.select_rules(judge.combine_selection(self.facts, rules.Selection()))
        locked = source_module.matcher(self.template.locked)
        pristine = {path: data for path, data in rendered.items() if locked(path)}
        after = self.facts.changed(woven.files).with_given(
            pristine=Pristine(self.template.version, pristine)
        )
        return repair.mend(chosen, self.facts, after, woven.kept_tools)

    def answers(self, given: Mapping[str, Any]) -> tuple[Answer, ...]:
        """Every answer as it holds before what does not fit is known.

        Raises
        ------
        LisaError
            As of :meth:`questions`.
        """
        return self._answers({each.key: each.value for each in self.questions(given)}, given)

    def _answers(self, answers: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Answer, ...]:
        guesses = self.guesses(given)
        found = []
        for key, value in answers.items():
            if key == "debian" and answers["kind"] != "image":
                continue  # of no interest to a package
            guess = guesses.get(key)
            if guess and str(guess.value) == str(value):
                found.append(Answer(key, value, guess.source, guess.sure))
            elif key == "left_out":
                found.append(Answer(key, value, "what does not fit", sure=True))
            else:
                found.append(Answer(key, value, "the template's default", sure=guess is None))
        return tuple(found)

    def _result(self, woven: Woven, mended: Mended, answers: tuple[Answer, ...]) -> Adopted:
        repository = self.project.repository
        new = [path for path in woven.files if not self.facts.has(path)]
        for path in sorted(git.ignored(repository, new)):
            del woven.files[path]
            woven.note(beside.LEFT_OUT, path, "the project's .gitignore names it")
        synced = trees.Synced()
        for path, blob in sorted(self._blobs(woven.files).items()):
            synced.settle(path, "added" if path in new else "merged", blob)
        kept = {item.path for item in woven.items if item.status == beside.KEPT}
        synced.changes += [Change(path, "kept") for path in sorted(kept - synced.files.keys())]
        written = {path: blob.data for path, blob in synced.files.items() if blob}
        after = self.facts.changed(written)
        return Adopted(
            self.project,
            self.template.version,
            answers,
            synced,
            tuple(woven.items),
            mended,
            tuple(replaced(self.facts, after, written)),
            self.former,
            repairing.diff(self.facts, written),
        )

    def _blobs(self, files: Mapping[str, bytes]) -> dict[str, git.Blob]:
        """The files that differ from what git has, as git would have them."""
        store = git.Store(self.folder / "store.git", self.project.repository)
        present = store.entries(store.resolve(self.project.repository.tree), files)
        contents = store.read(stage.oid for stage in present.values())
        blobs = {}
        for path, data in files.items():
            stage = present.get(path)
            if stage is None:
                blobs[path] = git.Blob(self._mode(path), data)
                continue
            old = contents[stage.oid]
            # The work tree may have line ends that git converts.
            content = data if b"\r\n" in old else data.replace(b"\r\n", b"\n")
            if content != old:
                blobs[path] = git.Blob(stage.mode, content)
        return blobs

    def _mode(self, path: str) -> str:
        place = self.folder / "render-0" / path
        return "100755" if place.exists() and os.access(place, os.X_OK) else "100644"


def _respelled(data: bytes, spelled: list[tuple[str, str]]) -> bytes:
    for old, new in spelled:
        data = data.replace(old.encode(), new.encode())
    return data


def target(wanted: str | None) -> tuple[Source, str]:
    """The source of our template, and the version to adopt.

    Raises
    ------
    LisaError
        If the version is not known.
    """
    source = template.default_source()
    version = wanted or source.current()
    if wanted and wanted not in source.versions() and not os.environ.get(template.SOURCE_VARIABLE):
        source = Source(template.CANONICAL_URL)
    return source, version


@contextmanager
def prepared(
    current: Project, wanted: str | None, former: Former | None, *, trust: bool = False
) -> Iterator[Prepared]:
    """Read a project and fetch the template.

    Raises
    ------
    LisaError
        If nothing says what its package is, or the template cannot be reached.
    """
    seen = eligible.facts(current)
    source, version = target(wanted)
    with (
        source.open(version) as opened,
        workplace.folder() as folder,
    ):
        yield Prepared(current, seen, opened, folder, former, trust)


def apply(adopted: Adopted) -> None:
    """Bring an adoption into the work tree and stage it, in one step.

    Raises
    ------
    LisaError
        If uncommitted changes or untracked files stand in the way; nothing is changed then.
    """
    bring_in.bring_in(adopted.project, adopted.synced)


def commit_on_branch(adopted: Adopted, branch: str, message: str) -> None:
    """Commit an adoption on a new branch; work tree and index stay as they are.

    Raises
    ------
    LisaError
        If the branch exists, or its name is none.
    """
    journal.commit(adopted.project.repository, branch, message, adopted.synced.files)
