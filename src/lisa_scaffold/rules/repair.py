"""Apply fixes in memory, until nothing is left that they can repair."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from lisa_scaffold.formats import encoding
from lisa_scaffold.formats.diff import patch
from lisa_scaffold.git.command import quoted
from lisa_scaffold.model import Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.fix import Fix, Step
from lisa_scaffold.rules.rule import Rule

MOST_ROUNDS = 10
"""Fixes that undo each other stop here."""

_MOST_WORK = 20_000_000
_PER_VALUE = 200
_MOST_PAIRS = 4_000_000


@dataclass(frozen=True)
class Fixed:
    """What fixes have done.

    Attributes
    ----------
    facts
        The project afterwards.
    changes
        The new content of each file that differs; ``None`` where it is gone.
    done
        What was repaired.
    """

    facts: Facts
    changes: Mapping[str, bytes | None]
    done: tuple[Finding, ...]


def fixed(
    chosen: Sequence[Rule],
    facts: Facts,
    excepted: Callable[[Finding], object] = lambda _: False,
    uncommitted: Container[str] = (),
) -> Fixed:
    """Repair what the rules find and can repair.

    Each fix works on the text that the ones before it have left.

    Parameters
    ----------
    chosen
        The rules.
    facts
        The project.
    excepted
        Tells which findings are to stay.
    uncommitted
        Files whose content stands nowhere else: they are edited, but neither replaced nor deleted.
    """
    before = facts
    done: list[Finding] = []
    work = 0
    for _ in range(MOST_ROUNDS):
        changes: dict[str, bytes | None] = {}
        for rule, hit in judge.run(chosen, facts):
            finding = judge.finding(rule, hit)
            if excepted(finding) or hit.fix is None or _loses(hit.fix, facts, uncommitted):
                continue
            work += _work(hit.fix, facts)
            if done and work > _MOST_WORK:
                break  # another run goes on from here
            if _apply(hit.fix, facts, changes):
                done.append(finding)
        if not changes:
            break
        facts = facts.changed(changes)
    return Fixed(facts, _differences(before, facts), tuple(dict.fromkeys(done)))


def _work(fix: Fix, facts: Facts) -> int:
    """What a fix costs, in characters; of TOML, the whole is parsed for each."""
    paths = {step.path for step in fix.steps if step.change and facts.has(step.path)}
    texts = {path: facts.text(path) for path in paths}
    values = sum(text.count("=") + text.count(",") for p, text in texts.items() if p[-4:] == "toml")
    return sum(map(len, texts.values())) + _PER_VALUE * values


def _loses(fix: Fix, facts: Facts, uncommitted: Container[str]) -> bool:
    """Whether a fix would throw away what stands nowhere else."""
    return any(
        step.change is None and step.path in uncommitted and facts.has(step.path)
        for step in fix.steps
    )


def _apply(fix: Fix, facts: Facts, changes: dict[str, bytes | None]) -> bool:
    """Add what a fix changes to the changes; whether there was anything to do."""
    trial = dict(changes)
    for step in fix.steps:
        if not _allowed(step.path, facts):
            return False
        now = trial[step.path] if step.path in trial else _content(facts, step.path)
        trial[step.path] = _stepped(step, now)
    news = {
        path: content
        for path, content in trial.items()
        if content != (changes[path] if path in changes else _content(facts, path))
    }
    changes.update(news)
    return bool(news)


def _allowed(path: str, facts: Facts) -> bool:
    """A link is followed by no fix: what it leads to may be anybody's."""
    file = facts.files.get(path)
    return not (file and file.link) and ".." not in path.split("/") and not path.startswith("/")


def _content(facts: Facts, path: str) -> bytes | None:
    return facts.content(path) if facts.has(path) else None


def _stepped(step: Step, now: bytes | None) -> bytes | None:
    """The content of a file after a step."""
    if step.change is None:
        return step.content
    if now is None:
        return None
    sides = encoding.decode(None, now, now)
    if sides is None:
        return now
    text = sides.ours.text
    changed = step.change(text)
    if changed == text:
        return now
    content = encoding.encode(changed, sides)
    return now if content is None else content


def _differences(before: Facts, after: Facts) -> dict[str, bytes | None]:
    """Files that differ."""
    return {
        path: content
        for path in sorted({*before.files, *after.files})
        if (content := _content(after, path)) != _content(before, path)
    }


def diff(before: Facts, changes: Mapping[str, bytes | None]) -> str:
    """The changes as a unified diff."""
    parts = []
    for path, content in changes.items():
        old = _content(before, path)
        names = (
            "/dev/null" if old is None else _name(f"a/{path}"),
            "/dev/null" if content is None else _name(f"b/{path}"),
        )
        parts += _file_diff(path, old or b"", content or b"", names)
    return "".join(parts)


def _name(path: str) -> str:
    """A path in a diff: as git reads it, so that no line break in it makes a line of its own."""
    return quoted(path) if re.search(r'["\\\x00-\x1f]', path) else path


def _file_diff(path: str, old: bytes, new: bytes, names: tuple[str, str]) -> list[str]:
    # Every byte comes out again where the diff is written; git breaks lines at this sign alone.
    texts = (side.decode(errors="surrogateescape") for side in (old, new))
    before, after = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in texts)
    if len(before) * len(after) > _MOST_PAIRS:
        # The library's search takes minutes where many lines are alike.
        old_lines, new_lines = ([line.rstrip("\r\n") for line in side] for side in (before, after))
        return [patch(old_lines, new_lines, path)]
    lines = difflib.unified_diff(before, after, *names)
    return [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    ]
