"""Find where projects depart from the practice, and repair what needs no human judgement."""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lisa_scaffold import files, rules
from lisa_scaffold.errors import LisaError
from lisa_scaffold.lines import count, join_codes
from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.project import ANSWERS_FILE
from lisa_scaffold.project.facts import Facts, Given, Pristine
from lisa_scaffold.project.members import find_members
from lisa_scaffold.project.tree import JOURNAL
from lisa_scaffold.rules import Selection, docs, judge
from lisa_scaffold.rules.judge import Found
from lisa_scaffold.rules.rule import Rule
from lisa_scaffold.rules.template import locked_files
from lisa_scaffold.shown import brief
from lisa_scaffold.template.pristine import Origins

if TYPE_CHECKING:
    from lisa_scaffold.sync.transaction import Recovered


_SIGNS = ("pyproject.toml", "setup.py", "setup.cfg", ANSWERS_FILE, "Dockerfile", ".gitlab-ci.yml")

_OF_JOBS = {"CI", "TPL"}  # families of rules
_MOST_NAMED = 3
_ADDRESS = 80  # characters
_MOST_READ = 50  # files
_MANY = 16  # projects: for fewer, to start processes takes longer


class Wanted(NamedTuple):
    """What a check is asked for.

    Attributes
    ----------
    selection
        The rules; ``select`` stands in for what a project selects, ``ignore`` comes to it.
    today
        The date, for waivers that expire.
    fixes
        Whether repairs are worked out.
    unsafe
        Whether those are among them that may change what is built, tested or checked.
    excerpts
        Whether the lines around findings are wanted.
    members
        Whether the members of a workspace are checked too, after the project at its top.
    tags
        All tags of the repository, and those of its current commit; ``None``: git is asked.
    listed
        The files of the only project that is checked, with their modes; ``None``: git is asked.
    """

    selection: Selection = Selection()
    today: date | None = None
    fixes: bool = False
    unsafe: bool = False
    excerpts: bool = False
    members: bool = False
    tags: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    listed: Mapping[str, str | None] | None = None


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
    stamps
        Of those that were there, what changes when somebody edits them.
    """

    checked: Checked
    before: Checked
    changes: Mapping[str, bytes | None]
    stamps: Mapping[str, int]


def check(paths: Sequence[Path], wanted: Wanted, jobs: int = 1) -> Iterator[Result]:
    """Check projects, in their order; nothing is written.

    Parameters
    ----------
    paths
        Their folders.
    wanted
        What the check is asked for.
    jobs
        How many of many projects are checked at once, each in a process.

    Raises
    ------
    LisaError
        If a path is no project, git refuses it, or a code means no rule; before the first is
        checked as far as that can be seen.
    """
    rules.refuse_unknown((*wanted.selection.select, *wanted.selection.ignore))
    if not rules.select_rules(wanted.selection):
        named = ",".join(wanted.selection.select)
        what = "no rule is left: --ignore takes all" + (
            f" that --select {named} names" if named else ""
        )
        raise LisaError(what, "Leave one of the two out, or name fewer codes in --ignore.")
    for path in paths:
        _refuse(path)
    origins = Origins()
    unique = [*dict.fromkeys(paths)]
    # The first one loads what all need, and reads what they have in common.
    alone = unique if jobs == 1 or len(unique) <= _MANY else unique[:1]
    for path in alone:
        yield from _check_with_members(path, paths, wanted, origins)
    if rest := unique[len(alone) :]:
        yield from _check_at_once(rest, paths, wanted, origins, jobs)


def _check_at_once(
    rest: Sequence[Path], paths: Sequence[Path], wanted: Wanted, origins: Origins, jobs: int
) -> Iterator[Result]:
    """Check projects in a few processes, and yield what was found in their order."""
    from lisa_scaffold.workers import spread

    def work(number: int) -> tuple[int, list[Result] | LisaError]:
        try:
            return number, [*_check_with_members(rest[number], paths, wanted, origins)]
        except LisaError as error:
            return number, error

    def lose(number: int, error: LisaError) -> tuple[int, list[Result] | LisaError]:
        return number, LisaError(f"{rest[number]}: {error.message}", error.hint)

    waiting: dict[int, list[Result]] = {}
    told = 0
    for number, done in spread(work, range(len(rest)), jobs, lose):
        if isinstance(done, LisaError):
            raise done
        waiting[number] = done
        while told in waiting:
            yield from waiting.pop(told)
            told += 1


def _check_with_members(
    path: Path, paths: Sequence[Path], wanted: Wanted, origins: Origins
) -> Iterator[Result]:
    """Check a project and, where they are wanted and not named themselves, those inside it."""
    result, members = check_one(path, wanted, origins)
    yield result
    for folder in members if wanted.members else ():
        if path / folder not in paths:
            yield check_one(path / folder, wanted, origins)[0]


def _refuse(path: Path) -> None:
    """Raise LisaError for what is no project."""
    if not path.is_dir():
        missing = "no folder" if path.exists() else "no such folder"
        raise LisaError(f"{path}: {missing}", "Name the folder of a project.")
    signs = (path / sign for sign in _SIGNS)
    if not (path / ".git").exists() and not any(map(Path.is_file, signs)) and not _has_dags(path):
        hint = f"Name its folder; it would have one of {', '.join(_SIGNS)}, or DAGs of Airflow."
        raise LisaError(f"{path}: no project there", hint)


def _has_dags(folder: Path) -> bool:
    """Whether a folder has Python files that may make DAGs of Airflow."""
    from lisa_scaffold.rules.dags import may_have_dags

    for path in sorted(folder.glob("*.py"))[:_MOST_READ]:
        try:
            content = files.read(folder, path.name) or b""
        except LisaError:
            continue
        if may_have_dags(content.decode(errors="replace")):
            return True
    return False


def check_one(path: Path, wanted: Wanted, origins: Origins) -> tuple[Result, list[str]]:
    """Check one project.

    Parameters
    ----------
    path
        Its folder.
    wanted
        What the check is asked for.
    origins
        The templates of the projects that are checked.

    Returns
    -------
    tuple
        What was found, and the folders of the project's members.

    Raises
    ------
    LisaError
        If git refuses the project.
    """
    tags, head_tags = wanted.tags or (None, ())
    facts = Facts.read(path, Given(tags, head_tags, today=wanted.today), wanted.listed)
    origin = origins.of(path, facts.answers, facts.settings.mirrors) if facts.answers else None
    if origin:
        version = str(facts.answers.get("_commit"))
        locked = origin.locked
        facts = facts.with_given(
            pristine=None if locked is None else Pristine(version, locked, origin.commit),
            components=origin.components,
            not_rendered=origin.problem,
            wrong_answers=origin.wrong,
            is_of_other=origin.is_other,
        )
    notes = origin.notes if origin else ()
    if not facts.kind:
        packages = [f"{folder}/" for folder in facts.layout.packages]
        scripts = _find_scripts(facts)
        # Those inside, which are told of besides, have their own metadata.
        if (packages or scripts) and not facts.paths("**/pyproject.toml", "**/setup.py"):
            notes = (*notes, _say_no_package(packages, scripts))
        elif not facts.answers:
            notes = (*notes, f"{NO_PROJECT}{_FEW}")
    members = find_members(facts)
    if members and not wanted.members:
        shown = ", ".join(members[:_MOST_NAMED]) + (", …" if len(members) > _MOST_NAMED else "")
        what = "projects inside are" if len(members) > 1 else "project inside is"
        notes = (*notes, f"{len(members)} {what} not checked: --members does ({shown})")
    chosen = rules.select_rules(judge.combine_selection(facts, wanted.selection))
    ignored = _find_ignored(facts, wanted.selection)
    notes = (*notes, *_say_selection(chosen, ignored))
    found = judge.run(chosen, facts)
    elsewhere = tuple(dict.fromkeys(each.named for each in facts.pipeline.elsewhere))
    notes = (*notes, *_say_unread(facts, chosen, elsewhere))
    before = _judged(found, facts, chosen, notes, wanted)
    before = before._replace(
        newer=origin.newer if origin else None,
        ignored=ignored,
        drifted=_list_drifted(found, ignored, facts),
        elsewhere=elsewhere,
    )
    if not wanted.fixes or not any(each.fixable for each in before.findings):
        return Result(before, before, {}, {}), members
    return _repaired(found, facts, chosen, before, wanted), members


def _find_ignored(facts: Facts, asked: Selection) -> dict[str, Severity]:
    """The rules that a project's settings leave out, of those that would be applied to it."""
    if not (facts.settings.ignore or facts.settings.select):
        return {}
    chosen = judge.combine_selection(facts, asked)
    every = rules.select_rules(asked._replace(strict=chosen.strict))
    taken = {*rules.select_rules(chosen)}
    left = {rule.code: rule.severity_in(facts) for rule in every if rule not in taken}
    applied = judge.list_applied([rule for rule in every if rule.code in left], facts)
    return {code: left[code] for code in applied}


def _say_selection(chosen: Sequence[Rule], ignored: Mapping[str, Severity]) -> Iterator[str]:
    """What a project's settings leave out: few findings say little where that is much."""
    if not chosen:
        yield "nothing is checked: the settings of the project leave out every rule"
    elif ignored:
        must = [*ignored.values()].count(Severity.MUST)
        number = count(len(ignored), "rule")
        yield f"ignores {number} ({must} must) by its settings: {join_codes(ignored)}"


def _say_unread(facts: Facts, chosen: Collection[Rule], elsewhere: Sequence[str]) -> Iterator[str]:
    """What of a project no rule sees."""
    families = {each.family for each in chosen}
    if "name" in facts.package.unknown and "MET" in families:
        yield "setup.py: what it tells setuptools only a run knows: no rule sees that metadata"
    if families & _OF_JOBS:
        yield from say_elsewhere(elsewhere)
    if docs.links in chosen:
        for page in docs.find_unread(facts):
            yield f"{page}: too long, or too odd, so that its links are not looked up"


def _list_drifted(
    found: Sequence[Found], ignored: Collection[str], facts: Facts
) -> tuple[str, ...]:
    """The locked files that have drifted: a project that ignores the rule has them too."""
    hidden = judge.run([locked_files], facts) if locked_files.code in ignored else []
    paths = (
        each.finding.path for each in (*found, *hidden) if each.finding.code == locked_files.code
    )
    return tuple(dict.fromkeys(paths))


NO_PROJECT = "no Python project here"
"""How the note begins that says why hardly any rule judges anything."""

ADVICE = ". lisa-scaffold adopt tells what "
"""What parts that from what to do about it, which one says once of many projects."""

_FEW = ", and most rules judge nothing else"


def say_elsewhere(elsewhere: Sequence[str]) -> Iterator[str]:
    """That the jobs of a pipeline cannot be judged wholly, as nobody here knows all of it."""
    if not elsewhere:
        return
    shown = ", ".join(brief(each, _ADDRESS) for each in elsewhere[:_MOST_NAMED])
    more = len(elsewhere) - _MOST_NAMED
    more_of_them = f" and {more} more" if more > 0 else ""
    yield (
        f"what the jobs do cannot be judged wholly: the pipeline includes {shown}{more_of_them}, "
        "which may change any of them. Look at them in GitLab (Build > Pipeline editor > Full "
        "configuration), or copy what is included here and include that by `local`"
    )


def _find_scripts(facts: Facts) -> list[str]:
    """The scripts and notebooks at the root, or else those in folders."""
    from lisa_scaffold.adopt.loose import find_loose, find_notebooks

    at_root = [path for path in facts.files if "/" not in path]
    found = [path for path in at_root if path.endswith((".py", ".ipynb"))]
    return sorted(found or (*find_loose(facts.files), *find_notebooks(facts.files)))


def _say_no_package(packages: Sequence[str], scripts: Sequence[str]) -> str:
    """That there is no project to judge, and how there comes to be one."""
    from lisa_scaffold.adopt.loose import PAGE

    found = packages or scripts
    named = ", ".join(found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
    verb = "stand" if found[1:] else "stands"
    said, made = f"{named} {verb} alone", "makes a package of them"
    if packages:
        said, made = f"no metadata tell of {named}", "lets them be installed"
        if packages[1:]:
            made = "makes one package of them"
    return f"{NO_PROJECT}{_FEW}: {said}{ADVICE}{made} ({PAGE})"


def _judged(
    found: Sequence[Found],
    facts: Facts,
    chosen: Sequence[Rule],
    notes: tuple[str, ...],
    wanted: Wanted,
) -> Checked:
    """What the rules found, less what is waived."""
    from lisa_scaffold.project.excerpt import read_excerpts

    findings, waived = judge.apply_waivers(found, chosen, facts)
    return Checked(
        facts.root or Path(),
        facts.package.name or (facts.root or Path()).resolve().name,
        facts.kind,
        str(facts.answers.get("_commit", "")) if facts.is_of_template else "",
        tuple(findings),
        tuple(waived),
        notes,
        applied=judge.list_applied(chosen, facts),
        prefix=_prefix(facts.root) if facts.root else "",
        excerpts=read_excerpts(facts, findings) if wanted.excerpts else {},
    )


def _prefix(root: Path) -> str:
    """Where a folder stands below the root of its repository."""
    place = root.resolve()
    for above in (place, *place.parents):
        if (above / ".git").exists():
            return "" if above == place else f"{place.relative_to(above).as_posix()}/"
    return ""


def _repaired(
    found: Sequence[Found],
    facts: Facts,
    chosen: Sequence[Rule],
    before: Checked,
    wanted: Wanted,
) -> Result:
    from lisa_scaffold.rules import repair

    uncommitted = _uncommitted(facts)
    done = repair.apply_fixes(
        *(chosen, facts, lambda finding: judge.is_waived(finding, facts), uncommitted, found),
        unsafe=wanted.unsafe,
    )
    after = _judged(done.found, done.facts, chosen, before.notes, wanted)
    wanted_too = [each for each in after.findings if wanted.unsafe or not each.unsafe]
    kept = [each for each in wanted_too if each.fixable and each.path in uncommitted]
    stuck = {repair.key(each) for each in (*kept, *(each for each, _ in done.withheld))}
    notes = [
        f"{path}: not committed, so --fix neither replaces nor deletes it: commit it first."
        for path in sorted({each.path for each in kept})
    ]
    notes += [
        f"{each.path}:{each.line}: {each.code} is not repaired: {why}."
        for each, why in done.withheld
    ]
    # What was found, with the same word on what no option repairs.
    before = before._replace(
        findings=_unpromise(before.findings, stuck), notes=(*before.notes, *notes)
    )
    if left := sum(each.unsafe for each in after.findings) if not wanted.unsafe else 0:
        notes.append(
            f"{left} more can be repaired by --fix=unsafe: what is built, tested or checked may be "
            "another thing afterwards."
        )
    diff = repair.diff(facts, done.changes)
    told = after._replace(
        findings=_unpromise(after.findings, stuck),
        fixed=done.done,
        diff=diff,
        notes=(*after.notes, *notes),
        newer=before.newer,
        ignored=before.ignored,
        drifted=_list_drifted(done.found, before.ignored, done.facts),
        elsewhere=before.elsewhere,
    )
    stamps = {path: facts.files[path].stamp for path in done.changes if path in facts.files}
    return Result(told, before, done.changes, stamps)


def _unpromise(
    findings: Sequence[Finding], stuck: Container[tuple[str, str, str]]
) -> tuple[Finding, ...]:
    """Findings, of which some are not repaired by any option."""
    from lisa_scaffold.rules import repair

    return tuple(
        each._replace(fixable=False) if repair.key(each) in stuck else each for each in findings
    )


def _uncommitted(facts: Facts) -> frozenset[str]:
    """Files whose content stands nowhere else: git has it not, or not as it is now."""
    outside = {path for path, file in facts.files.items() if not file.tracked}
    return facts.unfinished | outside


def is_half_changed(path: Path) -> bool:
    """Whether a killed command may have left some files of a project changed, and others not."""
    journals = (path / ".git/lisa-scaffold", path / JOURNAL)
    return any(os.path.lexists(journal / "pending") for journal in journals)


def recover(path: Path) -> Recovered | None:
    """Complete or throw away what a killed command left behind in a project.

    Returns
    -------
    Recovered or None
        What was done; ``None`` where nothing was left behind.

    Raises
    ------
    LisaError
        As of :func:`lisa_scaffold.sync.transaction.recover`; or if the path is no project.
    """
    from lisa_scaffold.sync import transaction

    _refuse(path)
    return transaction.recover(path)
