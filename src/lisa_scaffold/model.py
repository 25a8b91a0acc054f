"""The records that the verbs pass to each other and to the reports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple


class Choice(NamedTuple):
    """One possible answer: its value, and the text that a person sees."""

    value: Any
    title: str


class Question(NamedTuple):
    """A question of the template, with its current answer.

    Attributes
    ----------
    key
        Name of the answer.
    type
        Copier's type name: ``str``, ``bool``, ``int``, …
    help
        The text that a person reads.
    value
        The answer given, or else the default.
    choices
        The possible answers; empty where any answer of the type may be given.
    placeholder
        An example of an answer.
    asked
        Whether a person is asked; otherwise the default is taken silently.
    hidden
        Whether no person is asked, whatever the other answers are.
    multiple
        Whether the answer is a list of any number of the choices.
    """

    key: str
    type: str
    help: str
    value: Any
    choices: tuple[Choice, ...]
    placeholder: str
    asked: bool
    hidden: bool = False
    multiple: bool = False


class Identity(NamedTuple):
    """Who commits: a name and an e-mail address, empty where git knows none."""

    name: str
    email: str


class Preview(NamedTuple):
    """A project as it would be made: its answers, and the paths of its files."""

    version: str
    answers: Mapping[str, Any]
    paths: tuple[str, ...]


class Created(NamedTuple):
    """A project that was made.

    Attributes
    ----------
    path
        Its folder.
    preview
        Its version, answers and files.
    remote
        Address of the git remote ``origin``.
    hooks
        The program that installed the git hooks; ``None`` where none did.
    notes
        What did not work, a sentence each.
    is_cloned
        Whether it fills the clone of an empty project, so that its remote is there already.
    uncommitted
        Message of the first commit where git does not know who makes it, and all is staged; empty
        where it is made.
    """

    path: Path
    preview: Preview
    remote: str
    hooks: str | None
    notes: tuple[str, ...]
    is_cloned: bool = False
    uncommitted: str = ""


class Merged(NamedTuple):
    """A three-way merge of one file without a conflict left.

    Attributes
    ----------
    content
        The merged file.
    notes
        What a maintainer should read, in full sentences.
    patch
        What the template changed in places that keep the project's version, as a unified diff.
    """

    content: bytes
    notes: tuple[str, ...] = ()
    patch: str = ""


class Declined(NamedTuple):
    """The project's text stays; the template's change is only reported.

    Attributes
    ----------
    content
        The new content of the file.
    patch
        The template's change, as a unified diff.
    reason
        Why it was not taken, in a full sentence.
    """

    content: bytes
    patch: str
    reason: str


class Partial(NamedTuple):
    """A three-way merge of one file in which only some members are in conflict.

    Attributes
    ----------
    content
        The file, merged but for the lines between conflict markers.
    ours, theirs
        The file with the lines of one side in each of these places.
    places
        The number of conflicts in it.
    notes, patch
        As of a merge without a conflict.
    """

    content: bytes
    ours: bytes
    theirs: bytes
    places: int
    notes: tuple[str, ...] = ()
    patch: str = ""


class Change(NamedTuple):
    """What happened to one path.

    Attributes
    ----------
    path
        The path, relative to the project.
    status
        ``updated``, ``merged``, ``kept``, ``corrected``, ``left out``, ``added``, ``removed``,
        ``renamed`` or ``conflict``.
    was
        The old path, where it was renamed.
    """

    path: str
    status: str
    was: str | None = None


class Weight(StrEnum):
    """What a note wants of whoever reads it."""

    INFORMS = "informs"  # nothing: all is as it would be without anybody's word
    TELLS = "tells"  # to be known
    ASKS = "asks"  # something to be done


class Note(NamedTuple):
    """What a maintainer should know, in full sentences; lines that it quotes follow it.

    Attributes
    ----------
    text
        The note.
    path
        The file that it is about, relative to the project; empty where it is about none.
    weight
        What it wants of whoever reads it.
    """

    text: str
    path: str = ""
    weight: Weight = Weight.TELLS

    def __str__(self) -> str:
        """The note, which begins with its path."""
        return f"{self.path}: {self.text}" if self.path else self.text


class Severity(StrEnum):
    """How much a rule matters."""

    MUST = "must"
    """The practice demands it: a violation fails the pipeline."""
    SHOULD = "should"
    """Recommended; a violation fails the pipeline on request only."""


class Finding(NamedTuple):
    """One place where a rule fails.

    Attributes
    ----------
    code
        The rule.
    severity
        How much it matters.
    path
        The file, relative to the project; it may be missing.
    line
        Counted from 1; 1 where the whole file is meant.
    message
        What is wrong there, without a full stop.
    column
        Counted from 1, where it is known.
    fixable
        Whether ``--fix``, or ``--fix=unsafe``, repairs it.
    url
        The page of the rule.
    unsafe
        Whether only ``--fix=unsafe`` repairs it: what is built, tested or checked may change.
    """

    code: str
    severity: Severity
    path: str
    line: int
    message: str
    column: int | None
    fixable: bool
    url: str
    unsafe: bool = False

    @property
    def repair(self) -> str:
        """The option that repairs it; empty where none does."""
        return "" if not self.fixable else "--fix=unsafe" if self.unsafe else "--fix"


class Excerpt(NamedTuple):
    """Lines of a file around a finding.

    Attributes
    ----------
    first
        Number of the first of them, counted from 1.
    lines
        The lines, without their ends.
    """

    first: int
    lines: tuple[str, ...]


class Waived(NamedTuple):
    """A finding that the project has waived, and why."""

    finding: Finding
    reason: str


class Checked(NamedTuple):
    """What a check of one project found.

    Attributes
    ----------
    path
        Its folder.
    name
        Its distribution name, or the folder's.
    kind
        Its kind, such as package; empty where that cannot be told.
    version
        Version of our template that it records; empty where it records none.
    findings
        Where rules fail, by path and line.
    waived
        Findings that the project has waived.
    notes
        Remarks beside the findings, a sentence each.
    rules
        Number of rules that were applied.
    fixed
        Findings that ``--fix`` repaired, or would.
    diff
        What ``--fix`` changed, or would.
    applied
        Codes of the rules that were applied.
    prefix
        Its folder, relative to the root of its repository, with a slash at its end; empty for
        that root.
    excerpts
        The lines around findings, where they were asked for.
    newer
        The versions of the template after the recorded one; ``None`` where they are not known.
    ignored
        Codes of the rules that would have been applied, if the settings of the project did not
        ignore them, or select others; with each how much it matters.
    drifted
        The locked files that are otherwise than the recorded version has them, whatever is ignored.
    elsewhere
        What its pipeline includes and is not at hand, so that its jobs cannot be judged wholly.
    """

    path: Path
    name: str
    kind: str
    version: str
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()
    notes: tuple[str, ...] = ()
    fixed: tuple[Finding, ...] = ()
    diff: str = ""
    applied: tuple[str, ...] = ()
    prefix: str = ""
    excerpts: Mapping[Finding, Excerpt] = MappingProxyType({})
    newer: tuple[str, ...] | None = None
    ignored: Mapping[str, Severity] = MappingProxyType({})
    drifted: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
