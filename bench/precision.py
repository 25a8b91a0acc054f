"""How often ``lisa-scaffold check`` is right: on folders that you fetched, by a hand-made record.

    python bench/precision.py [--record FILE] [--add] [--repairs] FOLDER …

Each folder is a project, a clone or an unpacked source distribution. Printed are the findings of
each project and of each rule, those that the record does not know, and how many of the judged ones
are false. The record has a line for each finding that somebody has looked up: project, version,
code, path, line and a verdict, ``true``, ``false`` or ``debatable``. It holds facts alone, nothing
of the projects themselves. ``--add`` adds those that are not judged yet, with ``?``.

``--repairs`` works on a copy of each project: ``--fix`` is applied twice. Told are the repairs that
are withheld, files that differ after the second run, findings that a repair brought, and what the
safe repairs may not touch: which files there are, and the settings of pytest, mypy and coverage.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from desk import git
from lisa_scaffold.model import Checked, Finding, Severity
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import Selection
from lisa_scaffold.sync import transaction
from lisa_scaffold.verbs import check

RECORD = Path(__file__).with_name("precision.csv")
VERDICTS = ("true", "false", "debatable", "?")
SETTINGS = ("pytest", "mypy", "coverage", "setuptools", "hatch", "pdm", "poetry", "flit")


class Place(NamedTuple):
    """A finding in some version of a project."""

    project: str
    version: str
    code: str
    path: str
    line: str


class Ran(NamedTuple):
    """The check of one project."""

    place: tuple[str, str]
    checked: Checked
    seconds: float


def version_of(folder: Path) -> str:
    """The commit, or what a source distribution says."""
    if (folder / ".git").exists():
        return git(folder, "rev-parse", "--short=10", "HEAD").decode().strip()
    said = (folder / "PKG-INFO").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"^Version: (\S+)", said, re.MULTILINE)
    return found[1] if found else "?"


def read_record(path: Path) -> dict[Place, str]:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {Place(*row[:5]): row[5] for row in list(csv.reader(lines))[1:]}


def write_record(path: Path, record: dict[Place, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([*Place._fields, "verdict"])
        writer.writerows([*place, verdict] for place, verdict in sorted(record.items()))


def check_one(folder: Path) -> Ran:
    wanted = check.Wanted(Selection(strict=False), date.today())
    begun = time.process_time()
    (result,) = check.check([folder], wanted)
    return Ran((folder.name, version_of(folder)), result.checked, time.process_time() - begun)


def place(ran: Ran, finding: Finding) -> Place:
    return Place(*ran.place, finding.code, finding.path, str(finding.line))


def tell_projects(results: Sequence[Ran]) -> None:
    print("findings  must   cpu s  project")
    for ran in results:
        must = sum(each.severity == Severity.MUST for each in ran.checked.findings)
        print(f"{len(ran.checked.findings):8}  {must:4}  {ran.seconds:6.2f}  {' '.join(ran.place)}")
    total = sum(len(ran.checked.findings) for ran in results)
    print(f"{total} findings in {len(results)} projects: {total / len(results):.1f} for each\n")


def tell_rules(results: Sequence[Ran], record: dict[Place, str]) -> None:
    """Findings by rule and verdict, then the rates."""
    rules: dict[str, Counter[str]] = defaultdict(Counter)
    severities: dict[Severity, Counter[str]] = defaultdict(Counter)
    unknown = []
    for ran in results:
        for each in ran.checked.findings:
            verdict = record.get(place(ran, each), "?")
            rules[each.code][verdict] += 1
            severities[each.severity][verdict] += 1
            if verdict == "?":
                unknown.append((ran, each))
    print(f"rule     {'  '.join(f'{each:>9}' for each in VERDICTS)}")
    for code, counts in sorted(rules.items()):
        print(f"{code:8} {'  '.join(f'{counts[each]:9}' for each in VERDICTS)}")
    for severity, counts in sorted(severities.items()):
        judged = sum(counts[each] for each in VERDICTS[:3])
        rate = f"{counts['false'] / judged:.1%}" if judged else "-"
        print(f"{severity.value}: {judged} judged, {counts['false']} false ({rate}),", end=" ")
        print(f"{counts['debatable']} debatable, {counts['?']} not judged")
    for ran, each in unknown:
        print(f"? {ran.place[0]}  {each.code}  {each.path}:{each.line}  {each.message[:160]}")


def tell_repairs(folders: Iterable[Path]) -> bool:
    """Apply the safe repairs to copies; whether all was well."""
    well = True
    for folder in folders:
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch, folder.name)
            shutil.copytree(folder, copy, symlinks=True)
            before = Facts.read(copy)
            first, second = (repair(copy), repair(copy))
            after = Facts.read(copy)
            troubles = [f"changed again: {path}" for path in second.changes]
            troubles += sorted({*before.files} ^ {*after.files})
            troubles += [
                f"other settings: {name}"
                for name in SETTINGS
                if settings(before, name) != settings(after, name)
            ]
            known = {(each.code, each.path) for each in first.before.findings}
            troubles += [
                f"brought: {each.code} {each.path}"
                for each in first.checked.findings
                if (each.code, each.path) not in known
            ]
            well = well and not troubles
            done = len(first.checked.fixed)
            print(f"{folder.name}: {done} repaired in {len(first.changes)} files")
            for line in (*first.checked.notes, *troubles):
                print(f"  {line}")
    return well


def repair(folder: Path) -> check.Result:
    wanted = check.Wanted(Selection(strict=False), date.today(), fixes=True)
    (result,) = check.check([folder], wanted)
    if result.changes:
        transaction.write_files(folder, result.changes, result.stamps)
    return result


def settings(facts: Facts, name: str) -> Any:
    return facts.pyproject.get("tool", name), facts.text("setup.cfg"), facts.text("tox.ini")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--record", type=Path, default=RECORD)
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--repairs", action="store_true")
    arguments = parser.parse_args()
    if arguments.repairs:
        return 0 if tell_repairs(arguments.folders) else 1
    record = read_record(arguments.record)
    results = [check_one(folder) for folder in arguments.folders]
    tell_projects(results)
    tell_rules(results, record)
    if arguments.add:
        found = {place(ran, each): "?" for ran in results for each in ran.checked.findings}
        write_record(arguments.record, {**found, **record})
    return 0


if __name__ == "__main__":
    sys.exit(main())
