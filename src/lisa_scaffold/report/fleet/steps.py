"""The commands by which somebody goes on with a fleet, each with what it is for."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lisa_scaffold.fleet.base import say_log, say_pull, say_there
from lisa_scaffold.fleet.forge import BRANCHES
from lisa_scaffold.fleet.outcomes import Outcome
from lisa_scaffold.fleet.records import Row, Status
from lisa_scaffold.lines import count
from lisa_scaffold.template import advise_newer

_LOOP = (
    "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/release-to-fleet.html#a-fleet-of-local-clones"
)

Step = tuple[str, str]
"""What a command is for, and the command."""


def command(verb: str, fleet: Path | None, *words: str) -> str:
    """A command on the fleet, which works wherever it is pasted."""
    return shlex.join(["lisa-scaffold", "fleet", verb, *([str(fleet)] if fleet else []), *words])


def list_steps(status: Status, fleet: Path | None) -> Iterator[Step]:
    """How somebody goes on with what a status tells."""
    rows = [row for row in status.rows if not row.problem]
    if status.beyond:
        yield "Upgrade lisa-scaffold first", advise_newer()
    for said, words, is_meant in _UPDATES:
        if any(row.updates and is_meant(row, len(status.beyond)) for row in rows):
            yield said, command("update", fleet, *words, "--dry-run")
    waiting = [
        _Branch(row.place, row.branch, row.branch_state, row.target, row.obstacle, row.remedy)
        for row in rows
    ]
    yield from _list_branches([each for each in waiting if each.name])
    yield from _list_superseded([(row.place, row.superseded) for row in rows])
    behind = [row for row in rows if row.lacks and not row.obstacle]
    if behind:
        said = _say_first("Merge what was fetched from origin", behind)
        yield said, say_pull(behind[0].place, behind[0].target)
    ours = (row for row in rows if row.state != "another template")
    codes = Counter(code for row in ours for code in list_musts(row))
    for code, number in codes.most_common(1):
        most = f"What most projects must mend, {count(number, 'project')}"
        yield (
            most if number > 1 else "What must be mended in a project",
            shlex.join(["lisa-scaffold", "explain", code]),
        )


def _is_open(row: Row) -> bool:
    """Whether nothing waits for somebody to merge it."""
    return not row.branch and not (row.request and row.request.state in {"opened", "draft"})


def _is_due(row: Row, beyond: int) -> bool:
    return (row.behind or 0) > beyond and (_is_open(row) or row.branch == f"{BRANCHES}fix")


def _is_bare(row: Row, beyond: int) -> bool:
    del beyond
    # Of an image alone no package can be made.
    return row.state == "no template" and row.kind != "image" and _is_open(row)


def _is_drifted(row: Row, beyond: int) -> bool:
    if "TPL002" in row.ignored:
        return False  # and so nothing is repaired
    return row.state == "drifted" and row.behind == beyond and _is_open(row)


_UPDATES: tuple[tuple[str, tuple[str, ...], Callable[[Row, int], bool]], ...] = (
    ("What an update would do", (), _is_due),
    ("What an adoption would do, for those without the template", ("--adopt",), _is_bare),
    ("What would restore locked files", ("--fix",), _is_drifted),
)


def list_musts(row: Row) -> list[str]:
    """The codes of what must be mended in a project, each once."""
    return list(dict.fromkeys(each.code for each in row.findings if each.severity == "must"))


class _Branch(NamedTuple):
    """A branch of a local clone that waits for somebody.

    Attributes
    ----------
    place
        The clone.
    name, state
        The branch, and its state as of :class:`lisa_scaffold.fleet.records.Row`.
    target
        The branch that it is merged into; empty where nobody knows.
    obstacle, remedy
        What stands in the way of that, and the command that shows it or does away with it.
    """

    place: str
    name: str
    state: str
    target: str
    obstacle: str = ""
    remedy: str = ""

    def say_there(self, command: str) -> str:
        """A command for the branch that it is merged into, whatever is checked out."""
        return say_there(self.place, self.target, command) if self.target else command

    @property
    def git(self) -> str:
        """The beginning of a command of git in the clone."""
        return f"git -C {shlex.quote(self.place)}"


def _list_branches(waiting: Sequence[_Branch]) -> Iterator[Step]:
    """How branches of local clones are merged; those in conflict are made once more at a desk."""
    asking = [each for each in waiting if each.state == "tasks"]
    for each in asking[:1]:
        said = _say_first("See what there is to do before what waits is merged", asking)
        yield said, say_log(each.place, each.name)
    mergeable = [each for each in waiting if each.state in {"ready", "touched"}]
    ready = [each for each in mergeable if each.target and not each.obstacle]
    for each in ready[:1]:
        said = _say_first("Merge what waits, after a look at it", ready)
        said += f" (all of them at once: {_LOOP})" if len(ready) > 1 else ""
        yield said, each.say_there(f"{each.git} merge {shlex.quote(each.name)}")
    torn = [each for each in waiting if each.state == "conflict"]
    held = [each for each in (*mergeable, *torn) if each.obstacle]
    for each in held[:1]:
        # Merged into a commit that no branch has, say, it would be lost.
        said = _say_first(f"Before what waits in {Path(each.place).name} is merged", held)
        yield f"{said}: {each.obstacle}", each.remedy
    free = [each for each in torn if not each.obstacle]
    for each in free[:1]:
        brings = each.name.removeprefix(BRANCHES)
        words = ["adopt"] if brings == "adopt" else ["update", "--to", brings]
        said = _say_first("Resolve conflicts at your desk", free)
        yield said, each.say_there(shlex.join(["lisa-scaffold", *words, each.place]))
    left = [each for each in waiting if each.state == "unresolved"]
    for each in left[:1]:
        said = _say_first("Resolve what people have left in conflict, on their branch", left)
        shown = f"{each.git} log -1 --grep='^Template-Update: '"
        yield said, say_there(each.place, each.name, shown)


def _list_superseded(found: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Step]:
    """How branches of local clones are deleted that another one took the place of."""
    if many := [each for each in found if each[1]]:
        place, branches = many[0]
        said = _say_first("Delete what is superseded, and nobody has committed to", many)
        yield said, f"git -C {shlex.join([place, 'branch', '-D', *branches])}"


def _say_first(said: str, many: Sequence[object]) -> str:
    return said if len(many) == 1 else f"{said}: the first of {len(many)}"


def list_update_steps(
    outcomes: Sequence[Outcome], fleet: Path | None, words: Sequence[str], *, dry_run: bool
) -> Iterator[Step]:
    """How somebody goes on after an update, which had some options besides ``--dry-run``."""
    if any(each.action == "newer" for each in outcomes):
        yield "Upgrade lisa-scaffold first", advise_newer()
    again = command("update", fleet, *words)
    if dry_run:
        if any(each.action == "due" for each in outcomes):
            yield "Do it", again
        return
    done = [each for each in outcomes if each.action in {"updated", "right"} and each.place]
    plain = [each for each in done if not each.url and not each.conflicts]
    waiting = [
        _Branch(
            *(each.place, each.branch, "tasks" if each.tasks else "ready", each.target),
            *(each.obstacle, each.remedy),
        )
        for each in plain
    ]
    yield from _list_branches(waiting)
    done += [each for each in outcomes if each.action == "open"]
    yield from _list_superseded([(each.place, each.superseded) for each in done])
    if any(each.action == "waiting" for each in outcomes):
        yield "Go on with those that wait", again
