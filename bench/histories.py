"""Update steps in the histories of projects: what was before, what people made of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from desk import address, git, git_text, says_yes

ANSWERS = (".copier-answers.yml", ".copier-answers.yaml")


@dataclass(frozen=True)
class Step:
    """A commit that changed the recorded version of the template."""

    repository: str
    clone: Path
    commit: str
    parent: str
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any] = field(repr=False)
    merged: bool  # into the branch that the clone has checked out
    answers_file: str

    @property
    def name(self) -> str:
        return f"{self.repository}-{self.commit[:9]}"

    @property
    def old(self) -> str:
        return str(self.before["_commit"])

    @property
    def new(self) -> str:
        return str(self.after["_commit"])

    @property
    def source(self) -> str:
        return str(self.before.get("_src_path", ""))

    @cached_property
    def tree(self) -> str:
        """The project before the step."""
        return git_text(self.clone, "rev-parse", f"{self.parent}^{{tree}}")

    def given(self, *, changed: bool) -> dict[str, Any]:
        """Answers that people gave in this step: to new questions, or changed ones too."""
        return {
            key: value
            for key, value in self.after.items()
            if not key.startswith("_")
            and (key not in self.before or (changed and self.before[key] != value))
        }


@dataclass(frozen=True)
class Skipped:
    """A step that would be no fair trial, and why."""

    step: Step
    reason: str


def name_of(clone: Path) -> str:
    """What a clone is called: by its origin, or else by its folder."""
    origin = git(clone, "config", "remote.origin.url", codes=(0, 1)).decode().strip()
    parts = address(origin).split("/") if origin else list(clone.absolute().parts)
    plain = [part.removesuffix(".git") for part in parts]
    return next(part for part in reversed(plain) if part not in ("", "repo"))


def answers_at(clone: Path, commit: str, name: str) -> dict[str, Any]:
    """What the project recorded at a commit; nothing where that is no answers file."""
    if not says_yes(clone, "cat-file", "-e", f"{commit}:{name}"):
        return {}
    try:
        found = yaml.safe_load(git(clone, "show", f"{commit}:{name}"))
    except yaml.YAMLError:  # conflict markers, mostly
        return {}
    return found if isinstance(found, dict) and found.get("_commit") else {}


def changes(clone: Path) -> Iterator[Step]:
    """Every commit, on any branch, that took the project to another version; oldest first."""
    merged = set(git_text(clone, "rev-list", "HEAD").split())
    listed = git_text(
        clone, "log", "--all", "--no-merges", "--date-order", "--format=%H %P", "--", *ANSWERS
    )
    for commit, *parents in map(str.split, reversed(listed.splitlines())):
        for name in ANSWERS:
            before = answers_at(clone, parents[0], name) if parents else {}
            after = answers_at(clone, commit, name) if before else {}
            if after and str(before["_commit"]) != str(after["_commit"]):
                seen = (name_of(clone), clone, commit, parents[0], before, after)
                yield Step(*seen, commit in merged, name)


def fair(steps: Iterable[Step], template: Path, source: str) -> Iterator[Step | Skipped]:
    """Sort the steps; of several with the same outset, the one that was merged stands."""
    outsets: dict[tuple[str, str, str], list[Step]] = {}
    for step in steps:
        outsets.setdefault((step.tree, step.old, step.new), []).append(step)
    for same in outsets.values():
        chosen = max(same, key=lambda step: step.merged)
        reason = unfair(chosen, template, source)
        yield Skipped(chosen, reason) if reason else chosen
        yield from (Skipped(s, f"same as {chosen.name}") for s in same if s is not chosen)


def once(steps: Iterable[Step]) -> Iterator[Step | Skipped]:
    """Let one step stand for all of a repository between the same two versions."""
    updates: dict[tuple[str, str, str], list[Step]] = {}
    for step in steps:
        updates.setdefault((step.repository, step.old, step.new), []).append(step)
    for same in updates.values():
        chosen = max(same, key=lambda step: step.merged)
        yield chosen
        yield from (Skipped(s, f"same update as {chosen.name}") for s in same if s is not chosen)


def unfair(step: Step, template: Path, source: str) -> str:
    """Why a step would be no fair trial; empty where it is one."""
    if address(step.source).rpartition("/")[2] != source:
        return f"made from another template ({step.source})"
    for version in (step.old, step.new):
        if not resolved(template, version):
            return f"version {version} is not in the clone of the template"
    if backwards(step, template):
        return "goes backwards"
    if incomplete(step):
        return "the clone lacks files of it"
    return ""


def resolved(template: Path, version: str) -> str:
    found = git(template, "rev-parse", "-q", "--verify", f"{version}^{{commit}}", codes=(0, 1, 128))
    return found.decode().strip()


def backwards(step: Step, template: Path) -> bool:
    old, new = resolved(template, step.old), resolved(template, step.new)
    if says_yes(template, "merge-base", "--is-ancestor", new, old):
        return True
    try:
        return Version(step.new) < Version(step.old)
    except InvalidVersion:  # a description such as 2.1.0-40-g9e70b8b
        return False


def incomplete(step: Step) -> bool:
    options = ("--objects", "--no-walk", "--missing=print", step.parent, step.commit)
    return bool(re.search(rb"^\?", git(step.clone, "rev-list", *options), re.MULTILINE))


def usual_source(steps: Iterable[Step], template: Path) -> str:
    """The name under which most of the steps with known versions record their template."""
    known = (s for s in steps if resolved(template, s.old) and resolved(template, s.new))
    names = Counter(address(step.source).rpartition("/")[2] for step in known)
    return names.most_common(1)[0][0] if names else ""
