"""Resolve the conflicts of an update, or of any merge, one after the other.

Every decision is written into its file at once, and a file without a conflict left is staged at the
end: whoever is interrupted goes on where it was.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Literal, NamedTuple

from lisa_scaffold import files, git, rules, workplace
from lisa_scaffold.bounds import DEEP
from lisa_scaffold.errors import LisaError
from lisa_scaffold.formats import json, python
from lisa_scaffold.formats.conflicts import Marked, find_leftover, find_marked, replace_marked
from lisa_scaffold.formats.document import decoded
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.git import SUBMODULE, Repository
from lisa_scaffold.model import Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge

Decision = Literal["ours", "theirs", "both", "as it stands", "later"]

_OURS, _THEIRS = 2, 3
_PROSE = (".md", ".rst", ".txt")
_CONTINUE = {
    "rebase-merge": "git rebase --continue",
    "rebase-apply": "git rebase --continue",
    "CHERRY_PICK_HEAD": "git cherry-pick --continue",
    "REVERT_HEAD": "git revert --continue",
}


class Open(NamedTuple):
    """A file that git has in conflict.

    Attributes
    ----------
    path
        The file, relative to the repository's top.
    stages
        The modes of the sides that have it: 1 the base, 2 ours, 3 theirs.
    text
        What stands in the work tree; ``None`` for no file, a link, or what is no text.
    places
        The conflicts between markers.
    leftover
        Number of the first line that was a part of a marker, where no whole conflict is left.
    problem
        Why a file without markers cannot be read as what it is; empty where it can.
    """

    path: str
    stages: Mapping[int, str]
    text: str | None
    places: tuple[Marked, ...]
    leftover: int | None = None
    problem: str = ""

    @property
    def sides(self) -> tuple[bool, bool]:
        """Whether our side has the file, and whether the other one has it."""
        return _OURS in self.stages, _THEIRS in self.stages


def find_open(repository: Repository) -> list[Open]:
    """The files in conflict, by their paths."""
    return [
        read_open(repository, path, stages)
        for path, stages in sorted(git.list_unmerged_stages(repository).items())
    ]


def read_open(repository: Repository, path: str, stages: Mapping[int, str]) -> Open:
    """A file in conflict as it stands now."""
    content = None if SUBMODULE in stages.values() else _read(repository, path)
    # What is not UTF-8 comes out as it was.
    is_text = content is not None and b"\0" not in content
    text = content.decode(errors="surrogateescape") if content is not None and is_text else None
    places = tuple(find_marked(text or ""))
    if text is None or places:
        return Open(path, stages, text, places)
    leftover = find_leftover(text, prose=path.endswith(_PROSE))
    problem = "" if leftover or content is None else _find_problem(path, content)
    return Open(path, stages, text, places, leftover, problem)


def _find_problem(path: str, content: bytes) -> str:
    """Why a file cannot be read as what its name says, with its line; empty where it can."""
    chosen = rules.select_rules(rules.Selection(("SYN",)))
    for found in judge.list_findings(chosen, Facts.of({path: content})):
        if found.severity == Severity.MUST and found.path == path:
            return f"{path}:{found.line}: {found.message}"
    if path.endswith(".json"):
        try:
            json.load(decoded(content))
        except NotSure as error:
            return f"{path}: no valid JSON: {error}"
        except RecursionError:
            return f"{path}:1: {DEEP}"
    if path.endswith(".py"):
        try:
            compile(content, path, "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            return f"{path}:{line}: no valid Python"
        except (RecursionError, MemoryError):
            return f"{path}:1: {DEEP}"
    return ""


def _read(repository: Repository, path: str) -> bytes | None:
    """The bytes of a file in the work tree; ``None`` where there is none, or a link."""
    place = repository.top / path
    if place.is_symlink() or not place.is_file():
        return None
    return files.read(repository.top, path, files.LARGE, links=False)


class Session:
    """The conflicts of a repository, one after the other.

    Every decision is written at once; to go back, the file is written as it was before.

    Attributes
    ----------
    repository
        The repository.
    paths
        The files that were in conflict at the beginning.
    at, number
        Which file is next, and which of its conflicts, both counted from 0.
    """

    def __init__(self, repository: Repository, found: Sequence[Open]) -> None:
        self.repository = repository
        self.stages = {each.path: each.stages for each in found}
        self.paths = [*self.stages]
        self.at = self.number = 0
        self._first = {each.path: len(each.places) for each in found}
        self._settled: set[str] = set()
        self._later: set[str] = set()
        self._removed: set[str] = set()
        # For each step back: the file, which of its conflicts, and what stood in its place, before
        # and after.
        self._history: list[tuple[int, int, _Before | None, _Before | None]] = []

    def read(self, path: str) -> Open:
        """One of the files as it stands now."""
        return read_open(self.repository, path, self.stages[path])

    def count_places(self, found: Open) -> tuple[int, int]:
        """Which conflict of a file is next, counted from 1, and how many it had at the beginning.

        Whoever edits may make more of them: then those that are there count.
        """
        there = len(found.places)
        before = max(0, self._first[found.path] - there)
        return before + self.number + 1, before + there

    def may_take_both(self, found: Open) -> bool:
        """Whether the lines of both sides can stand together.

        A file that cannot be read then is nothing to offer, and of one name in Python the first
        would be lost in silence.
        """
        if not found.places:
            return True
        if found.path.endswith(".py"):
            place = found.places[self.number]
            sides = ("".join(each) for each in (place.ours, place.theirs))
            if set.intersection(*map(_find_bound, sides)):
                return False
        return not self._explain_unreadable(found, "both")

    def _explain_unreadable(self, found: Open, decision: Decision) -> str:
        """Why a file could not be read after a decision; empty where it could be.

        Also where no decision about this conflict lets it be read.
        """
        problem = _find_problem_with(found, self.number, decision)
        sides: tuple[Decision, ...] = ("ours", "theirs") if problem else ()
        return problem if any(not _find_problem_with(found, self.number, e) for e in sides) else ""

    def find_next(self) -> Open | None:
        """The file with the next conflict; ``None`` where none is left."""
        while self.at < len(self.paths):
            found = self.read(self.paths[self.at])
            is_broken = bool(found.leftover or found.problem)
            is_whole = not found.places and (is_broken or found.path not in self._settled)
            if found.path not in self._later and is_broken:
                self.number = 0
            if self.number < (1 if is_whole else len(found.places)):
                return found
            self.at, self.number = self.at + 1, 0
        return None

    def decide(self, found: Open, decision: Decision) -> str:
        """Write a decision on the next conflict.

        Returns
        -------
        str
            The git object that keeps what a whole file of one side has replaced; empty where that
            is what a side has, or nothing was replaced.

        Raises
        ------
        LisaError
            If the file cannot be written or is not as it was shown, or could not be read then: it
            keeps its markers.
        """
        path, kept = found.path, ""
        before = _look(self.repository, path)
        if decision != "later" and self.read(path).text != found.text:
            # Whoever reads a question may have the file open in an editor besides.
            raise LisaError(
                f"{path}: changed since it was shown, and left as it is", "Look at it as it is now."
            )
        if decision == "later":
            self._settled.discard(path)
            self._later.add(path)
        elif found.places:
            if problem := self._explain_unreadable(found, decision):
                raise LisaError(
                    f"{path}: resolved so, it could not be read, and is left as it is: {problem}",
                    "Decide in another way, or edit the file.",
                )
            content = replace_marked(found.text or "", *_choose_lines(found, self.number, decision))
            _write(self.repository, path, content.encode(errors="surrogateescape"))
            if len(found.places) == 1:
                self._settled.add(path)
        else:
            if decision != "as it stands":
                kept = self._keep(path, before)
                self._take_file(found, _OURS if decision == "ours" else _THEIRS)
            self._settled.add(path)
        self._history.append((self.at, self.number, before, _look(self.repository, path)))
        if decision == "later" or not found.places:
            self.number += 1
        return kept

    def _keep(self, path: str, before: _Before | None) -> str:
        """Keep what stands in a file as a git object, unless a side in conflict has it already."""
        if before is None:
            return ""
        command = ("hash-object", "-w", "--no-filters", "--stdin")
        kept = self.repository.run(*command, stdin=before.content).decode().strip()
        sides = self.repository.run("ls-files", "--unmerged", "-z", "--", f":(top,literal){path}")
        return "" if kept.encode() in sides else kept

    def _take_file(self, found: Open, side: int) -> None:
        """Put a whole file as one side has it; where that has none, remove it.

        Raises
        ------
        LisaError
            If a folder would have to go for it, which nobody could bring back.
        """
        git.refuse_foreign_filters(self.repository, [found.path])
        top = self.repository.top
        place = top / found.path
        if SUBMODULE in found.stages.values():
            if side in found.stages:
                raise LisaError(
                    f"{place}: a submodule",
                    "Check out the commit that it is to have, and say: git add PATH",
                )
            self._removed.add(found.path)
        elif place.is_dir() and not place.is_symlink():
            raise LisaError(f"{place}: a folder is there now", "Move it away, and try again.")
        elif side in found.stages:
            files.refuse(top, found.path)
            self.repository.run("checkout-index", "--force", f"--stage={side}", "--", found.path)
        elif _look(self.repository, found.path) is not None:
            files.remove(top, found.path)

    def edit(self, found: Open, change: Callable[[], None]) -> None:
        """Let somebody change a file; it is settled where no conflict is left in it then.

        Parameters
        ----------
        found
            The file.
        change
            Changes it.
        """
        before = _look(self.repository, found.path)
        change()
        after = _look(self.repository, found.path)
        if before == after:
            return
        self._history.append((self.at, self.number, before, after))
        if not self.read(found.path).places:
            self._settled.add(found.path)

    @property
    def has_changed(self) -> bool:
        """Whether anything was decided or edited, and can be taken back."""
        return bool(self._history)

    def go_back(self) -> bool:
        """Take the last decision back; whether there was one.

        Raises
        ------
        LisaError
            If the file cannot be written, or somebody has edited it since.
        """
        if not self._history:
            return False
        at, number, before, after = self._history[-1]
        path = self.paths[at]
        if before != after and _look(self.repository, path) != after:
            raise LisaError(
                f"{path}: edited since that was decided, and left as it is",
                "Go on, or edit it as it is to be.",
            )
        self._history.pop()
        self.at, self.number = at, number
        self._settled.discard(path)
        self._later.discard(path)
        self._removed.discard(path)
        if before == after:
            return True
        if before is not None:
            _bring_back(self.repository, path, before)
        else:
            files.remove(self.repository.top, path)
        return True

    def finish(self) -> tuple[list[str], list[Open]]:
        """Stage what is resolved.

        Returns
        -------
        tuple of lists
            The paths that were staged, and the files that are left.

        Raises
        ------
        LisaError
            If a file has a filter that only the repository itself defines.
        """
        now = [self.read(path) for path in self.paths]
        done = [
            each.path
            for each in now
            if each.path in self._settled
            if not (each.places or each.leftover or each.problem)
        ]
        if removed := [path for path in done if path in self._removed]:
            # The folder of a submodule stays: what is not committed in it is nowhere else.
            self.repository.run("update-index", "--force-remove", "--", *removed)
        if written := [path for path in done if path not in self._removed]:
            git.refuse_foreign_filters(self.repository, written)
            self.repository.run("--literal-pathspecs", "add", "--all", "--", *written)
        return done, [each for each in now if each.path not in done]


def _choose_lines(found: Open, number: int, decision: Decision) -> tuple[Marked, tuple[str, ...]]:
    """One conflict of a file, and the lines that a decision puts in its place."""
    place = found.places[number]
    sides = {"ours": place.ours, "theirs": place.theirs}
    return place, sides[decision] if decision in sides else join_sides(found.path, place)


def _find_problem_with(found: Open, number: int, decision: Decision) -> str:
    """Why a file cannot be read after a decision, whichever side all other conflicts take."""
    problem = ""
    for rest in ("ours", "theirs") if len(found.places) > 1 else ("ours",):
        text = found.text or ""
        for at in reversed(range(len(found.places))):
            chosen = decision if at == number else rest
            text = replace_marked(text, *_choose_lines(found, at, chosen))
        problem = _find_problem(found.path, text.encode(errors="surrogateescape"))
        if not problem:
            break
    return problem


class _Before(NamedTuple):
    """A file of the work tree as it was, or a link: then its content is where it leads."""

    content: bytes
    permissions: int | None


def join_sides(path: str, place: Marked) -> tuple[str, ...]:
    """The lines of both sides of a conflict; of prose, the paragraphs stay two."""
    lines = (*place.ours, *place.theirs)
    if not (path.endswith((".md", ".rst")) and place.ours and place.theirs):
        return lines
    meeting = (place.ours[-1], place.theirs[0])
    # Items of a list, rows of a table and indented lines belong together.
    is_apart = all(each[:1].isalpha() or each[:1] in ("[", "`", "(") for each in meeting)
    end = meeting[0][len(meeting[0].rstrip("\r\n")) :] or "\n"
    return (*place.ours, end, *place.theirs) if is_apart else lines


def _look(repository: Repository, path: str) -> _Before | None:
    """What stands at a path of the work tree; ``None`` where that is neither file nor link."""
    place = repository.top / path
    if place.is_symlink():
        return _Before(os.fsencode(place.readlink()), None)
    content = _read(repository, path)
    return None if content is None else _Before(content, place.stat().st_mode & 0o777)


def _bring_back(repository: Repository, path: str, before: _Before) -> None:
    """Put a file or link back as it was."""
    with _telling(repository, path), workplace.folder() as folder:
        place = folder / "before"
        if before.permissions is None:
            place.symlink_to(os.fsdecode(before.content))
        else:
            place.write_bytes(before.content)
            place.chmod(before.permissions)
        files.move_in(place, repository.top, path, files.make_draft_name())


def _write(repository: Repository, path: str, content: bytes) -> None:
    with _telling(repository, path):
        files.write(repository.top, path, content)


@contextmanager
def _telling(repository: Repository, path: str) -> Iterator[None]:
    """Name the file where it cannot be written."""
    try:
        yield
    except OSError as error:
        raise LisaError(
            f"{repository.top / path}: {error.strerror}",
            "Make it writable, or free some space, and try again.",
        ) from error


def advise_next(repository: Repository) -> str:
    """The command that brings to its end what had the conflicts."""
    for name, command in _CONTINUE.items():
        if os.path.lexists(Path(repository.git_dir) / name):
            return command
    return "git commit"


def _find_bound(text: str) -> set[str]:
    """The names that some lines of Python bind by themselves; none where they are not whole."""
    tree = python.parse(dedent(text))
    bound = set()
    for each in tree.body if tree else ():
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(each.name)
        elif isinstance(each, ast.Assign):
            bound |= {target.id for target in each.targets if isinstance(target, ast.Name)}
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            bound.add(each.target.id)
    return bound
