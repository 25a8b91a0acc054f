"""Adopt a project: infer the answers from what it says, and set the practice beside what it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lisa_scaffold import git, legacy, rules, template, workplace
from lisa_scaffold.adopt import (
    beside,
    customs,
    eligible,
    follow_up,
    infer,
    people,
    prepared,
    pythons,
    repair,
    shipped,
    spelled,
    stated_version,
)
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.adopt.guess import Guess, RepositoryFacts, read_repository
from lisa_scaffold.adopt.placed import KEPT, Item, Placed, Replaced, find_replaced, name_concern
from lisa_scaffold.adopt.repair import Repaired
from lisa_scaffold.errors import AnswersError, LisaError
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.legacy import Former
from lisa_scaffold.model import Change, Question
from lisa_scaffold.project import ANSWERS_FILE, Project, licences
from lisa_scaffold.project.facts import Facts, Pristine
from lisa_scaffold.rules import judge
from lisa_scaffold.rules import repair as rules_repair
from lisa_scaffold.rules.compose import find_compose
from lisa_scaffold.shown import redacted_in, spoken
from lisa_scaffold.sync import trees
from lisa_scaffold.sync.outcome import Synced
from lisa_scaffold.template import Source, Template
from lisa_scaffold.versions import normalize_name

BRANCH = "lisa-scaffold/adopt"
_TESTS = ".gitlab/ci/tests.yml"


def spell_given(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answers that were given, with the distribution's name and the licence as indexes have them.

    They may be given as the ``setup.py`` of the project spells them.
    """
    spelled_out, name, licence = {**given}, given.get("distribution"), given.get("license")
    if isinstance(name, str):
        spelled_out["distribution"] = normalize_name(name)
    if isinstance(licence, str):
        spelled_out["license"] = licences.make_canonical(licence) or licence
    return spelled_out


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
        The version of the template that it will follow.
    answers
        What is recorded, each with where it comes from.
    synced
        What changes in its files.
    items
        What was done with each file, and why.
    repaired
        What the rules found, and what became of it.
    replaced
        Lines that people wrote and that are no longer in their files.
    customs
        What the project does in its own way, and what follows.
    former
        The template that was the merge base; ``None`` where there was none.
    diff
        All changes, as a unified diff.
    before
        What the project has at the paths that change.
    """

    project: Project
    version: str
    answers: tuple[Answer, ...]
    synced: Synced
    items: tuple[Item, ...]
    repaired: Repaired
    replaced: tuple[Replaced, ...]
    former: Former | None
    diff: str
    customs: tuple[Custom, ...] = ()
    before: Mapping[str, git.Blob] = field(default_factory=dict)

    def list_decisions(self) -> list[tuple[str, str]]:
        """What only people can decide, each with the subject that it belongs to."""
        customs = [each for each in self.customs if each.to_decide]
        # What would go wrong otherwise comes first.
        said = [
            (name_concern(each.path), f"{each.path}: {each.text}")
            for each in sorted(customs, key=lambda custom: not custom.is_urgent)
        ]
        urgent = sum(each.is_urgent for each in customs)
        unsure: dict[str, list[Answer]] = {}
        for answer in self.answers:
            if not answer.sure:
                unsure.setdefault(answer.source, []).append(answer)
        guesses = []
        for source, guessed in unsure.items():
            values = ", ".join(f"{each.key}={spoken(each.value)}" for each in guessed)
            about = "CI" if guessed[0].key == "forge" else "metadata"
            data = " ".join(f"--data {each.key}=…" for each in guessed)
            guesses.append((about, f"{values} is a guess ({source}); another answer: {data}"))
        left = [
            (name_concern(each.path), f"{each.path}:{each.line}: {each.code} {each.message}")
            for each in self.repaired.left
        ]
        return [*said[:urgent], *guesses, *said[urgent:], *left]


@dataclass(frozen=True)
class Prepared:
    """A project that may be adopted, and a version of the template at hand."""

    project: Project
    facts: Facts
    template: Template
    folder: Path
    former: Former | None
    trust: bool
    home: git.Repository | None = None
    """The repository whose remote and branches count, where the project is a copy of a commit."""

    @cached_property
    def repository_facts(self) -> RepositoryFacts:
        """Its history and remote."""
        told = read_repository(self.home or self.project.repository)
        # A copy has the history of its commit, whatever is checked out at home.
        return replace(told, history=git.read_history(self.project.repository))

    @property
    def below(self) -> str:
        """Where its folder lies in the repository; empty at the top."""
        return (self.home or self.project.repository).prefix

    def guesses(self, given: Mapping[str, Any]) -> dict[str, Guess]:
        """What the project answers itself; what was given comes first.

        Raises
        ------
        LisaError
            If its name or its code cannot be told, and was not given.
        """
        given = spell_given(given)
        found = infer.infer_answers(self.facts, self.repository_facts, given)
        if self.former:
            for key, value in legacy.map_answers(self.former).items():
                found.setdefault(key, Guess(value, self.former.named_in))
        # Tokens that stand in one place of the project are not copied to others.
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
        given = spell_given(given)
        if given.get("ci_rules") == "component":
            raise LisaError(
                "ci_rules: a project is adopted with files, of which some may not fit",
                "Adopt it without this; then: lisa-scaffold update --data ci_rules=component.",
            )
        self._refuse_other_kind(given)
        self._refuse_other_licence(given)
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

    def _refuse_other_kind(self, given: Mapping[str, Any]) -> None:
        """Raise LisaError for a kind that the project is not."""
        kind = given.get("kind") or infer.infer_kind(self.facts).value
        if kind == "package":
            if not self.facts.package.form:
                eligible.refuse_unpackaged(self.facts, self.project.root)
            return
        workflow, compose = eligible.find_workflow(self.facts), find_compose(self.facts)
        if not {"service": compose, "pipeline": workflow}.get(str(kind)):
            has = "a file of Compose" if compose else "a Python package"
            has = "DAGs, and no package is built" if workflow else has
            what = f"{kind!r}, but this repository has {has}"
            raise AnswersError({"kind": f"{what}: a project of another kind is made with lisa-new"})

    def _refuse_other_licence(self, given: Mapping[str, Any]) -> None:
        """Raise AnswersError for a licence that the project's own text of a licence is not."""
        wanted = given.get("license")
        own = [path for path in licences.list_own_files(self.facts) if path in self.facts.licences]
        texts = {licences.strip_suffix(name) for path in own for name in self.facts.licences[path]}
        if wanted in people.OFFERED and texts and licences.strip_suffix(str(wanted)) not in texts:
            path = own[0]
            named = " and ".join(sorted(texts))
            what = f"{path} is the text of {named}: put another text there before you adopt"
            raise AnswersError({"license": what})

    def is_licensed(self, given: Mapping[str, Any]) -> bool:
        """Whether its licence was given, or something in the project says it."""
        guess = self.guesses(given).get("license")
        return guess is not None and guess.sure

    def answers(self, given: Mapping[str, Any]) -> tuple[Answer, ...]:
        """Every answer as it holds before it is known which files do not fit.

        Raises
        ------
        LisaError
            See :meth:`questions`.
        """
        return self._sourced({each.key: each.value for each in self.questions(given)}, given)

    def _sourced(self, answers: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Answer, ...]:
        """Answers, each with where it comes from."""
        guesses = self.guesses(given)
        found = []
        for key, value in answers.items():
            if key == "debian" and answers["kind"] not in ("image", "service"):
                continue  # of no interest to a package
            guess = guesses.get(key)
            if key in given and key != "left_out":
                # It may be spelled in another way than it is recorded: no, and False.
                found.append(Answer(key, value, "given", sure=True))
            elif guess and str(guess.value) == str(value):
                found.append(Answer(key, value, guess.source, guess.sure))
            elif key == "left_out":
                found.append(Answer(key, value, "what does not fit", sure=True))
            else:
                found.append(Answer(key, value, "the template's default", sure=guess is None))
        return tuple(found)

    def adopt(self, given: Mapping[str, Any]) -> Adopted:
        """Work the adoption out; nothing of the project is touched.

        Raises
        ------
        LisaError
            If an answer is wrong, or a template is broken or needs trust.
        """
        # It may be worked out again, with other answers.
        with workplace.folder() as folder:
            return replace(self, folder=folder)._work_out(given)

    def _work_out(self, given: Mapping[str, Any]) -> Adopted:
        answers = {question.key: question.value for question in self.questions(given)}
        former = self._render_former(answers)
        first = self._render(answers, 0)
        new = [path for path in (*first, ANSWERS_FILE) if not self.facts.has(path)]
        ignored = git.find_ignored(self.project.repository, new)
        placed = beside.place_files(self.facts, first, former, answers, self.below, ignored=ignored)
        for attempt in (1, 2):
            left_out = {*str(given.get("left_out", "")).split()}
            left_out |= {f"/{path}" for path in placed.left_out}
            answers["left_out"] = " ".join(sorted(left_out))
            rendered = self._render(answers, attempt)
            if follow_up.place_pipeline(placed, self.facts, rendered):
                break
        # What is the template's alone, such as CONTRIBUTING.md, names no part that is left out.
        for path, data in rendered.items():
            if placed.files.get(path) == first.get(path):
                placed.files[path] = data
        follow_up.leave_formatting(placed)
        follow_up.name_packages(placed, self.facts)
        follow_up.state_given(placed, self.facts, spell_given(given))
        placed.files.update(stated_version.name_in_steps(self.facts, placed.files))
        limited, told = pythons.limit_pythons(self.facts, placed.files)
        placed.files.update(limited)
        placed.customs += told
        placed.files[ANSWERS_FILE] = (self.folder / f"render-{attempt}" / ANSWERS_FILE).read_bytes()
        follow_up.take_back_ignored(placed, self.facts, ignored)
        placed.customs += self._find_other_holder(given)
        placed.customs += shipped.find_shipped(self.facts, placed.files)
        is_locked = match_patterns(self.template.locked)
        pristine = {path: data for path, data in rendered.items() if is_locked(path)}
        after = self.facts.changed(placed.files).with_given(
            pristine=Pristine(self.template.version, pristine)
        )
        chosen = rules.select_rules(judge.combine_selection(after, rules.Selection()))
        repaired = repair.repair_findings(
            chosen, self.facts, after, placed.kept_tools, placed.files.keys()
        )
        changes = repaired.changes.items()
        placed.files.update({path: data for path, data in changes if data is not None})
        return self._sum_up(placed, repaired, self._sourced(answers, given))

    def _render(self, answers: Mapping[str, Any], number: int) -> dict[str, bytes]:
        """The template's files, with the project's real address where that is known."""
        folder = self.folder / f"render-{number}"
        self.template.render(answers, folder)
        tree = trees.read_tree(folder)
        tree.pop(ANSWERS_FILE, None)
        spellings = spelled.find_spellings(self.facts, self.repository_facts, answers)
        is_locked = match_patterns(self.template.locked)
        return {
            path: blob.data if is_locked(path) else spelled.spell(blob.data, spellings)
            for path, blob in tree.items()
        }

    def _find_other_holder(self, given: Mapping[str, Any]) -> Iterator[Custom]:
        """That the text of the licence, which stays, names another holder than was given."""
        holder = given.get("copyright_holder")
        rest = {key: value for key, value in given.items() if key != "copyright_holder"}
        own = self.guesses(rest).get("copyright_holder") if holder else None
        path, _, line = own.source.rpartition(":") if own else ("", "", "")
        if own and own.value != holder and path in licences.list_own_files(self.facts):
            text = f"line {line} goes on to name {own.value}, and what is new names {holder}"
            yield Custom(path, f"{text}: change it there too, if that is so", to_decide=True)

    def _render_former(self, answers: Mapping[str, Any]) -> dict[str, bytes]:
        """The files of the template that the project was once made from."""
        if self.former is None:
            return {}
        folder = self.folder / "former-template"
        folder.mkdir()
        former = legacy.fill_context(self.former, answers)
        made = legacy.render(former, self.project.root, folder, trust=self.trust)
        return {path: blob.data for path, blob in trees.read_tree(made).items()}

    def _sum_up(self, placed: Placed, repaired: Repaired, answers: tuple[Answer, ...]) -> Adopted:
        new = [path for path in placed.files if not self.facts.has(path)]
        synced = Synced()
        for path, blob in sorted(self._find_changed(placed.files).items()):
            synced.settle(path, "added" if path in new else "merged", blob)
        kept = {item.path for item in placed.items if item.status == KEPT}
        synced.changes += [Change(path, "kept") for path in sorted(kept - synced.files.keys())]
        written = {path: blob.data for path, blob in synced.files.items() if blob}
        after = self.facts.changed(written)
        return Adopted(
            self.project,
            self.template.version,
            answers,
            synced,
            tuple(placed.items),
            repaired,
            tuple(find_replaced(self.facts, after, written)),
            self.former,
            rules_repair.diff(self.facts, written),
            (
                *customs.find_customs(self.facts, self.repository_facts.branches, self.below),
                *placed.customs,
                *(prepared.find_prepared(self.facts) if _TESTS in placed.files else ()),
            ),
            {
                path: git.Blob(blob.mode, old)
                for path, blob in synced.files.items()
                if blob and (old := self.facts.content(path)) is not None
            },
        )

    def _find_changed(self, files: Mapping[str, bytes]) -> dict[str, git.Blob]:
        """The files that differ from what git has, as git would have them."""
        store = git.Store(self.folder / "store.git", self.project.repository)
        present = store.entries(store.resolve(self.project.repository.tree), files)
        contents = store.read(stage.oid for stage in present.values())
        blobs = {}
        for path, data in files.items():
            stage = present.get(path)
            if stage is None:
                place = self.folder / "render-0" / path
                is_executable = place.exists() and os.access(place, os.X_OK)
                blobs[path] = git.Blob("100755" if is_executable else "100644", data)
                continue
            old = contents[stage.oid]
            # The work tree may have line ends that git converts.
            content = data if b"\r\n" in old else data.replace(b"\r\n", b"\n")
            if content != old:
                blobs[path] = git.Blob(stage.mode, content)
        return blobs


@contextmanager
def prepare(
    current: Project,
    wanted: str | None,
    former: Former | None,
    *,
    trust: bool = False,
    home: git.Repository | None = None,
) -> Iterator[Prepared]:
    """Read a project and fetch the template.

    Raises
    ------
    LisaError
        If nothing says what its package is, or the template cannot be reached.
    """
    facts = eligible.read_facts(current)
    source = template.find_default_source()
    wanted = source.spell(wanted) if wanted else None
    version = wanted or source.current()
    if wanted and wanted not in source.versions() and not os.environ.get(template.SOURCE_VARIABLE):
        source = Source(template.CANONICAL_URL)
    with (
        source.open(version) as opened,
        workplace.folder() as folder,
    ):
        yield Prepared(current, facts, opened, folder, former, trust, home)
