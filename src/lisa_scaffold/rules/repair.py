"""Apply fixes in memory, until nothing is left that they can repair."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.diff import patch
from lisa_scaffold.model import Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.judge import Found
from lisa_scaffold.rules.rule import Rule

MOST_ROUNDS = 10
"""Fixes that undo each other stop here."""

_MOST_WORK = 20_000_000
_WORK_PER_VALUE = 200


@dataclass(frozen=True)
class Fixed:
    """What fixes have done.

    Attributes
    ----------
    facts
        The project afterwards.
    changes
        The new content of each file that differs; ``None`` where it is removed.
    done
        What was repaired.
    found
        What the rules find in the project afterwards.
    """

    facts: Facts
    changes: Mapping[str, bytes | None]
    done: tuple[Finding, ...]
    found: Sequence[Found]


def apply_fixes(
    chosen: Sequence[Rule],
    facts: Facts,
    excepted: Callable[[Finding], object] = lambda _: False,
    uncommitted: Container[str] = (),
    found: Sequence[Found] | None = None,
) -> Fixed:
    """Repair what the rules find and can repair.

    Each fix works on the text that the previous ones have left. The rules are run again only after
    a round of fixes that changed something.

    Parameters
    ----------
    chosen
        The rules.
    facts
        The project.
    excepted
        Tells which findings are to stay.
    uncommitted
        Files whose content exists nowhere else: they are edited, but neither replaced nor deleted.
    found
        What the rules find in the project, where that is known.
    """
    before = facts
    done: list[Finding] = []
    work = 0
    if found is None:
        found = judge.run(chosen, facts)
    for _ in range(MOST_ROUNDS):
        changes: dict[str, bytes | None] = {}
        for finding, fix in found:
            if fix is None or excepted(finding) or _loses_content(fix, facts, uncommitted):
                continue
            work += _estimate_work(fix, facts)
            if done and work > _MOST_WORK:
                break  # the next run of the command goes on from here
            if _apply(fix, facts, changes):
                done.append(finding)
        if not changes:
            break
        facts = facts.changed(changes)
        found = judge.run(chosen, facts)
    differing = {
        path: content
        for path in sorted({*before.files, *facts.files})
        if (content := facts.content(path)) != before.content(path)
    }
    return Fixed(facts, differing, tuple(dict.fromkeys(done)), found)


def _loses_content(fix: Fix, facts: Facts, uncommitted: Container[str]) -> bool:
    """Whether a fix would throw away content that exists nowhere else."""
    return any(
        step.change is None and step.path in uncommitted and facts.has(step.path)
        for step in fix.steps
    )


def _estimate_work(fix: Fix, facts: Facts) -> int:
    """What a fix costs, in characters; TOML is parsed as a whole for each edit."""
    paths = {step.path for step in fix.steps if step.change and facts.has(step.path)}
    work = 0
    for path in paths:
        text = facts.text(path)
        work += len(text)
        if path.endswith("toml"):
            work += _WORK_PER_VALUE * (text.count("=") + text.count(","))
    return work


def _apply(fix: Fix, facts: Facts, changes: dict[str, bytes | None]) -> bool:
    """Add what a fix changes to the changes; whether there was anything to do."""
    trial = dict(changes)
    for path, change, content in fix.steps:
        file = facts.files.get(path)
        # What a symbolic link leads to may be anybody's.
        if (file and file.link) or ".." in path.split("/") or path.startswith("/"):
            return False
        if change is None:
            trial[path] = content
            continue
        current = trial[path] if path in trial else facts.content(path)
        trial[path] = current
        sides = None if current is None else encoding.decode(None, current, current)
        if sides is not None and (text := change(sides.ours.text)) != sides.ours.text:
            encoded = encoding.encode(text, sides)
            trial[path] = current if encoded is None else encoded
    changed = {
        path: content
        for path, content in trial.items()
        if content != (changes[path] if path in changes else facts.content(path))
    }
    changes.update(changed)
    return bool(changed)


def diff(before: Facts, changes: Mapping[str, bytes | None]) -> str:
    """The changes as a unified diff.

    Bytes that cannot be decoded come out unchanged where it is written.
    """
    parts: list[str] = []
    for path, content in changes.items():
        old, new = (
            None if side is None else side.decode(errors="surrogateescape")
            for side in (before.content(path), content)
        )
        parts.append(patch(old, new, path))
    return "".join(parts)
