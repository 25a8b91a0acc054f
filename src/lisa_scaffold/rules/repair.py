"""Apply fixes in memory, until nothing is left that they can repair."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.diff import name_binary, patch
from lisa_scaffold.model import Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.judge import Found
from lisa_scaffold.rules.rule import Rule

MOST_ROUNDS = 10
"""Fixes that undo each other stop here."""

_MOST_SINGLE = 100
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
    withheld
        What was not repaired although it could be, each with the reason.
    """

    facts: Facts
    changes: Mapping[str, bytes | None]
    done: tuple[Finding, ...]
    found: Sequence[Found]
    withheld: tuple[tuple[Finding, str], ...] = ()


def apply_fixes(  # noqa: PLR0913 - each has its name where it is given
    chosen: Sequence[Rule],
    facts: Facts,
    excepted: Callable[[Finding], object] = lambda _: False,
    uncommitted: Container[str] = (),
    found: Sequence[Found] | None = None,
    *,
    unsafe: bool = True,
) -> Fixed:
    """Repair what the rules find and can repair.

    Each fix works on the text that the previous ones have left. The rules are run again after a
    round of fixes that changed something. A fix after which its finding is still there, or that
    brings another, is withheld: where that happens, the fixes are tried one by one.

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
    unsafe
        Whether fixes are applied that may change what is built, tested or checked.
    """
    if found is None:
        found = judge.run(chosen, facts)

    def is_wanted(each: Found) -> bool:
        finding, fix = each
        return (
            fix is not None
            and (unsafe or fix.is_safe)
            and not excepted(finding)
            and not _loses_content(fix, facts, uncommitted)
        )

    together = _repair_together(chosen, facts, is_wanted, found)
    harm = (_explain_harm(each, found, together.found) for each in together.done)
    if any(harm):
        return _repair_singly(chosen, facts, is_wanted, found)
    return together


def _repair_together(
    chosen: Sequence[Rule],
    facts: Facts,
    is_wanted: Callable[[Found], bool],
    found: Sequence[Found],
) -> Fixed:
    """Apply all fixes, round by round."""
    before = facts
    done: list[Finding] = []
    work = 0
    for _ in range(MOST_ROUNDS):
        changes: dict[str, bytes | None] = {}
        idle: list[Finding] = []
        for finding, fix in filter(is_wanted, found):
            if fix is None:
                continue
            work += _estimate_work(fix, facts)
            if done and work > _MOST_WORK:
                break  # the next run of the command goes on from here
            (done if _apply(fix, facts, changes) else idle).append(finding)
        if not changes:
            break
        facts = facts.changed(changes)
        found = judge.run(chosen, facts)
    withheld = tuple((each, "there is nothing that it would change") for each in idle)
    changed = _differing(before, facts)
    return Fixed(facts, changed, tuple(dict.fromkeys(done)), found, withheld)


def _repair_singly(
    chosen: Sequence[Rule],
    facts: Facts,
    is_wanted: Callable[[Found], bool],
    found: Sequence[Found],
) -> Fixed:
    """Apply one fix after the other, without those that do harm."""
    before = facts
    done: list[Finding] = []
    withheld: dict[tuple[str, str, str], tuple[Finding, str]] = {}
    for _ in range(_MOST_SINGLE):
        ahead = (each for each in found if is_wanted(each) and key(each.finding) not in withheld)
        finding, fix = next(ahead, (None, None))
        if finding is None or fix is None:
            break
        changes: dict[str, bytes | None] = {}
        why = "there is nothing that it would change"
        if _apply(fix, facts, changes):
            trial = facts.changed(changes)
            afterwards = judge.run(chosen, trial)
            why = _explain_harm(finding, found, afterwards)
            if not why:
                facts, found = trial, afterwards
                done.append(finding)
        if why:
            withheld[key(finding)] = finding, why
    changed = _differing(before, facts)
    return Fixed(facts, changed, tuple(done), found, tuple(withheld.values()))


def _differing(before: Facts, after: Facts) -> dict[str, bytes | None]:
    return {
        path: content
        for path in sorted({*before.files, *after.files})
        if (content := after.content(path)) != before.content(path)
    }


def key(finding: Finding) -> tuple[str, str, str]:
    """What a finding is known by, without its place, which an edit above it moves."""
    return finding.code, finding.path, re.sub(r"\d+", "0", finding.message)


def _explain_harm(done: Finding, before: Sequence[Found], after: Sequence[Found]) -> str:
    """Why a repair is none: its finding is still there, or another came; empty where it is one."""
    first, then = (Counter(key(each.finding) for each in found) for found in (before, after))
    if then[key(done)] and then[key(done)] >= first[key(done)]:
        return "the finding would still be there"
    few, many = (Counter(each.finding.code for each in found) for found in (before, after))
    messages = {key(each.finding): each.finding.message for each in after}
    for new in then - first:
        code, path, _ = new
        # One of another rule that was there in another file has only moved.
        if code == done.code or many[code] > few[code]:
            return f"it would bring {code} in {path}: {messages[new]}"
    return ""


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
    """The changes as a unified diff; of binary files it says only what happens to them.

    Bytes that cannot be decoded come out unchanged where it is written.
    """
    parts: list[str] = []
    for path, content in changes.items():
        sides = before.content(path), content
        if any(side is not None and b"\0" in side for side in sides):
            parts.append(name_binary(sides[0] is not None, sides[1] is not None, path))
            continue
        old, new = (
            None if side is None else side.decode(errors="surrogateescape") for side in sides
        )
        parts.append(patch(old, new, path))
    return "".join(parts)
