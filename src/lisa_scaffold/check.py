"""Find where projects depart from the practice, and repair what needs no human judgement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold import git, rules
from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Checked, Finding, Waived
from lisa_scaffold.project import ANSWERS_FILE
from lisa_scaffold.project.facts import Facts, Given, Pristine
from lisa_scaffold.project.settings import Waiver
from lisa_scaffold.rules import Selection
from lisa_scaffold.template.pristine import Origins

if TYPE_CHECKING:
    from lisa_scaffold.sync.journal import Recovered

_SIGNS = ("pyproject.toml", "setup.py", "setup.cfg", ANSWERS_FILE, "Dockerfile", ".gitlab-ci.yml")
_UNNEEDED = "CFG004"


@dataclass(frozen=True)
class Wanted:
    """What a check is asked for.

    Attributes
    ----------
    selection
        The rules; ``select`` stands in for what a project selects, ``ignore`` comes to it.
    today
        The date, for waivers that expire.
    fixes
        Whether repairs are worked out.
    excerpts
        Whether the lines around findings are wanted.
    """

    selection: Selection = field(default_factory=Selection)
    today: date | None = None
    fixes: bool = False
    excerpts: bool = False


class Result(NamedTuple):
    """A check of one project, with what a repair would write.

    Attributes
    ----------
    checked
        What was found; after the repair, where one was asked for.
    before
        What was found before it.
    changes
        The new content of files; ``None`` where one goes.
    """

    checked: Checked
    before: Checked
    changes: Mapping[str, bytes | None]


def check(paths: Sequence[Path], wanted: Wanted) -> Iterator[Result]:
    """Check projects, one after the other; nothing is written.

    Raises
    ------
    LisaError
        If a path is no project, git refuses it, or a code means no rule; before the first is
        checked as far as that can be seen.
    """
    rules.refuse_unknown((*wanted.selection.select, *wanted.selection.ignore))
    for path in paths:
        _refuse(path)
    origins = Origins()
    for path in paths:
        yield _check(path, wanted, origins)


def _refuse(path: Path) -> None:
    """Raise LisaError for what is no project."""
    if not path.is_dir():
        missing = "no folder" if path.exists() else "no such folder"
        raise LisaError(f"{path}: {missing}", "Name the folder of a project.")
    if not (path / ".git").exists() and not any((path / sign).is_file() for sign in _SIGNS):
        hint = f"Name its folder; it would have one of {', '.join(_SIGNS)}."
        raise LisaError(f"{path}: no project there", hint)


def _check(path: Path, wanted: Wanted, origins: Origins) -> Result:
    facts = Facts.read(path, Given(today=wanted.today))
    origin = origins.of(path, facts.answers) if facts.answers else None
    if origin:
        version = str(facts.answers.get("_commit"))
        pristine = None if origin.locked is None else Pristine(version, origin.locked)
        facts = facts.handed(pristine=pristine, not_rendered=origin.problem)
    notes = origin.notes if origin else ()
    chosen = rules.selected(selection(facts, wanted.selection))
    before = _judged(facts, chosen, notes, wanted)
    if not wanted.fixes or not any(each.fixable for each in before.findings):
        return Result(before, before, {})
    return _repaired(facts, chosen, before, wanted)


def selection(facts: Facts, asked: Selection) -> Selection:
    """What is asked for on the command line and what the project sets, together.

    Codes in the settings that mean nothing are findings of their own: here they are passed over.
    """
    select, ignore = (
        tuple(code for code, _ in codes if rules.is_known(code))
        for codes in (facts.settings.select, facts.settings.ignore)
    )
    return Selection(asked.select or select, (*asked.ignore, *ignore))


def _judged(
    facts: Facts, chosen: Sequence[rules.Rule], notes: tuple[str, ...], wanted: Wanted
) -> Checked:
    """What the rules find, less what is waived."""
    findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[int] = set()
    waivers = facts.settings.waivers
    for finding in rules.findings(chosen, facts):
        number = _waiver_of(finding, waivers, facts)
        if number is None:
            findings.append(finding)
        else:
            used.add(number)
            waived.append(Waived(finding, waivers[number].reason))
    unneeded = [rule for rule in chosen if rule.code == _UNNEEDED]
    if unneeded and (unused := _unused(facts, chosen, used)):
        findings += rules.findings(unneeded, facts.handed(unused=unused))
        findings.sort(key=rules.order)
    from lisa_scaffold.project.excerpt import excerpts

    return Checked(
        facts.root or Path(),
        facts.package.name or (facts.root or Path()).resolve().name,
        facts.kind,
        str(facts.answers.get("_commit", "")),
        tuple(findings),
        tuple(waived),
        notes,
        len(chosen),
        applied=rules.applied(chosen, facts),
        prefix=_prefix(facts.root) if facts.root else "",
        excerpts=excerpts(facts, findings) if wanted.excerpts else {},
    )


def is_waived(finding: Finding, facts: Facts) -> bool:
    """Whether the project excepts a finding."""
    return _waiver_of(finding, facts.settings.waivers, facts) is not None


def _waiver_of(finding: Finding, waivers: Sequence[Waiver], facts: Facts) -> int | None:
    """The number of the waiver that excepts a finding."""
    known = facts.once(_no_waivers)
    place = finding.code, finding.path
    if place not in known:
        known[place] = _find_waiver(finding, waivers, facts)
    return known[place]


def _no_waivers(_facts: Facts) -> dict[tuple[str, str], int | None]:
    """Numbers of the waivers of codes in files, before any is looked for."""
    return {}


def _find_waiver(finding: Finding, waivers: Sequence[Waiver], facts: Facts) -> int | None:
    today = facts.given.today
    for number, waiver in enumerate(waivers):
        alive = not (today and waiver.expires and waiver.expires < today)
        meant = rules.means(waiver.code, finding.code)
        if alive and meant and (not waiver.path or facts.describes(waiver.path, finding.path)):
            return number
    return None


def _unused(facts: Facts, chosen: Iterable[rules.Rule], used: set[int]) -> frozenset[int]:
    """Numbers of the waivers whose rules were all run, and that excepted nothing."""
    run = {rule.code for rule in chosen}
    today = facts.given.today
    unused = set()
    for number, waiver in enumerate(facts.settings.waivers):
        expired = today and waiver.expires and waiver.expires < today
        meant = {each.code for each in rules.every_rule() if rules.means(waiver.code, each.code)}
        if number not in used and not expired and meant and meant <= run:
            unused.add(number)
    return frozenset(unused)


def _prefix(root: Path) -> str:
    """Where a folder stands below the root of its repository."""
    place = root.resolve()
    for above in (place, *place.parents):
        if (above / ".git").exists():
            return "" if above == place else f"{place.relative_to(above).as_posix()}/"
    return ""


def _repaired(
    facts: Facts, chosen: Sequence[rules.Rule], before: Checked, wanted: Wanted
) -> Result:
    from lisa_scaffold.rules import fixing

    only_here = _only_here(facts)
    done = fixing.fixed(chosen, facts, lambda finding: is_waived(finding, facts), only_here)
    after = _judged(done.facts, chosen, before.notes, wanted)
    kept = {each.path for each in after.findings if each.fixable and each.path in only_here}
    notes = [
        f"{path}: not committed, so --fix neither replaces nor deletes it: commit it first."
        for path in sorted(kept)
    ]
    diff = fixing.diff(facts, done.changes)
    told = replace(after, fixed=done.done, diff=diff, notes=(*after.notes, *notes))
    return Result(told, before, done.changes)


def _only_here(facts: Facts) -> frozenset[str]:
    """Files whose content stands nowhere else: git has it not, or not as it is now."""
    outside = {path for path, file in facts.files.items() if not file.tracked}
    if facts.root is None or not facts.tracked:
        return frozenset(outside)
    repository = git.repository(facts.root)
    changed = git.status(repository)
    prefix = repository.prefix
    return frozenset(
        outside | {path.removeprefix(prefix) for path in changed if path.startswith(prefix)}
    )


def apply(root: Path, changes: Mapping[str, bytes | None]) -> None:
    """Write a repair, all of it or nothing; each file keeps the mode that it has.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    OSError
        If a file cannot be written; nothing is changed then.
    """
    from lisa_scaffold.sync import journal

    journal.repair(root, changes)


def recover(path: Path) -> Recovered | None:
    """Complete or throw away what a killed command left behind in a project.

    Returns
    -------
    Recovered or None
        What was done; ``None`` where nothing was left behind.

    Raises
    ------
    LisaError
        As of :func:`lisa_scaffold.sync.journal.recover`; or if the path is no project.
    """
    from lisa_scaffold.sync import journal

    _refuse(path)
    return journal.recover(path)
