"""Replay the update steps of real histories with several engines, side by side, in one run.

    python bench/replay.py --template PATH-OR-URL [--engines copier,git,lisa] CLONE [CLONE ...]

A commit that changed ``_commit`` in ``.copier-answers.yml`` (or ``.yaml``) is a step: its parent
is the project before, the commit is what people made of it. Any template and any local clones of
projects made from it will do. Every engine gets its own fresh clone of the parent and the answers
that people gave to questions which the older version did not ask; the clones are only read, and no
network is needed. Engines: ``copier`` (its command), ``git`` (two plain renders and
``git merge-tree``) and ``lisa`` (``lisa-scaffold update``). In brackets: of the lost lines those
whose words are gone too, of the distance what is left without lock files; bench/figures.py says how
lines are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk import Ran, borrow, checkout, files, git, redirect, run, settle
from figures import LOCK, Figures, Outcome, Report
from histories import Skipped, Step, changes, fair, once, usual_source

HERE = Path(__file__).parent
SCRIPTS = Path(sys.executable).parent
Words = list[str | Path]
HEADER = (
    f"{'':10}{'seconds':>8}{'exit':>6}{'conflicts':>10}{'places':>7}{'declined':>9}"
    f"{'lost: ours':>14}{'theirs':>12}{'distance':>14}{'invalid':>8}"
)


@dataclass(frozen=True)
class Options:
    engines: Sequence[str]
    trust: bool
    changed: bool
    keep: Path | None


def copier(step: Step, project: Path, data: Mapping[str, Any], trust: bool) -> Words:
    return [
        *(SCRIPTS / "copier", "update", "--defaults", "--skip-tasks", "--vcs-ref", step.new),
        *("--answers-file", step.answers_file),
        *(["--trust"] if trust else []),
        *pairs(data),
        project,
    ]


def plain(step: Step, project: Path, data: Mapping[str, Any], trust: bool) -> Words:
    return [
        *(sys.executable, HERE / "plain.py", "--to", step.new, "--data", json.dumps(data)),
        *("--answers-file", step.answers_file),
        *(["--trust"] if trust else []),
        project,
    ]


def lisa(step: Step, project: Path, data: Mapping[str, Any], trust: bool) -> Words:
    return [
        *(SCRIPTS / "lisa-scaffold", "update", project, "--to", step.new, "--defaults"),
        *("--format", "json", "--answers-file", step.answers_file),
        *(["--trust"] if trust else []),
        *pairs(data),
    ]


ENGINES: dict[str, Callable[[Step, Path, Mapping[str, Any], bool], Words]] = {
    "copier": copier,
    "git": plain,
    "lisa": lisa,
}
CONFLICTS_LEFT = {"lisa": 1}  # the other engines say nothing of conflicts by their exit status


def pairs(data: Mapping[str, Any]) -> list[str]:
    """Answers as a command takes them; what is no text is written as JSON, which is YAML too."""
    texts = {key: v if isinstance(v, str) else json.dumps(v) for key, v in data.items()}
    return [word for key, value in texts.items() for word in ("--data", f"{key}={value}")]


class Trial:
    """One step on its desk: the two renders, then each engine in its own clone."""

    def __init__(self, step: Step, folder: Path, options: Options) -> None:
        self.step = step
        self.folder = folder
        self.options = options
        self.desk = borrow(folder / "desk.git", step.clone, bare=True)
        self.trees: dict[str, str] = {
            "ours": step.tree,
            "people": git(step.clone, "rev-parse", f"{step.commit}^{{tree}}").decode().strip(),
        }
        self.data: dict[str, Any] = {}
        self.once: list[str] = []

    def render(self) -> str:
        """Put both renders on the desk; why that cannot be done, or nothing."""
        project = checkout(self.folder / "renders", self.step.clone, self.step.parent)
        given = self.step.given(changed=self.options.changed)
        command = plain(self.step, project, given, self.options.trust)
        ran = run([*command, "--into", self.desk], self.folder, environment(self.folder, "renders"))
        if ran.status != 0:
            return f"cannot be rendered: {last_line(ran)}"
        told = json.loads(ran.stdout)
        self.trees |= {"base": told["base"], "theirs": told["theirs"]}
        self.data, self.once = told["data"], told["once"]
        return ""

    def run(self, engine: str) -> tuple[Figures, Outcome]:
        project = checkout(self.folder / engine, self.step.clone, self.step.parent)
        command = ENGINES[engine](self.step, project, self.data, self.options.trust)
        ran = run(command, self.folder, environment(self.folder, engine))
        outcome = Outcome(self.desk, self.trees, project, Report.read(ran.stdout))
        figures = Figures(ran.seconds, ran.cpu, ran.status)
        figures.conflicts, figures.places = outcome.conflicts, outcome.places
        accepted = {0, CONFLICTS_LEFT[engine]} if engine in CONFLICTS_LEFT else {0}
        figures.failed = ran.status not in accepted or (ran.status == 1 and not outcome.conflicts)
        figures.message = last_line(ran) if figures.failed else ""
        figures.declined, figures.in_part = outcome.report.kept, outcome.report.in_part
        figures.lost = outcome.lost(self.once)
        figures.invalid = outcome.invalid()
        return figures, outcome

    def figures(self, turn: int) -> dict[str, Figures]:
        """Every engine in turn; each is the first in one of three steps."""
        order = [*self.options.engines[turn:], *self.options.engines[:turn]]
        found = {engine: self.run(engine) for engine in order}
        # The same files count for all: what the template knows and what any engine touched.
        paths = {*files(self.desk, self.trees["base"]), *files(self.desk, self.trees["theirs"])}
        paths |= {path for _, outcome in found.values() for path in outcome.changed}
        for figures, outcome in found.values():
            distance = outcome.distance(self.trees["people"], paths)
            figures.distance = sum(distance.values())
            figures.distance_without_locks = sum(
                lines for path, lines in distance.items() if not LOCK.search(path)
            )
        return {engine: found[engine][0] for engine in self.options.engines}


def environment(folder: Path, engine: str) -> dict[str, str]:
    """Each engine has its own home and keeps its own cache from step to step."""
    home = folder.parent / f"home-{engine}"
    home.mkdir(exist_ok=True)
    return {
        **os.environ,
        "HOME": str(home),
        "COPIER_CACHE_DIR": str(home / "copier"),
        "NO_COLOR": "1",
    }


def last_line(ran: Ran) -> str:
    said = (ran.stderr.strip() or ran.stdout.strip()).decode(errors="replace")
    return said.splitlines()[-1] if said else f"exit status {ran.status}"


def replay(steps: Sequence[Step], folder: Path, options: Options) -> list[dict[str, Any]]:
    """Replay the steps one after the other and print each one's figures."""
    done = []
    for number, step in enumerate(steps, 1):
        place = folder / step.name
        place.mkdir()
        trial = Trial(step, place, options)
        print(f"\n{number}/{len(steps)} {step.name}: {step.old} → {step.new}")
        record: dict[str, Any] = {
            "name": step.name,
            "from": step.old,
            "to": step.new,
            "commit": step.commit,
            "parent": step.parent,
            "merged": step.merged,
        }
        if reason := trial.render():
            print(f"  {reason}")
            done.append({**record, "skipped": reason})
        else:
            if trial.data:
                print(f"  with {', '.join(pairs(trial.data)[1::2])}")
            found = trial.figures(number % len(options.engines))
            for engine, figures in found.items():
                print(row(engine, figures))
            done.append(
                {**record, "data": trial.data, "once": trial.once}
                | {"trees": trial.trees, "engines": found}
            )
        if options.keep:
            shutil.copytree(place, options.keep / step.name, symlinks=True)
        shutil.rmtree(place)
    return done


def row(engine: str, figures: Figures) -> str:
    ours, theirs = (
        f"{figures.lines(side)} ({figures.lines(side, words=True)})" for side in ("ours", "theirs")
    )
    distance = f"{figures.distance} ({figures.distance_without_locks})"
    declined = len(figures.declined) + len(figures.in_part)
    return (
        f"  {engine:8}{figures.seconds:8.2f}{figures.status:6}{len(figures.conflicts):10}"
        f"{figures.places:7}{declined:9}{ours:>14}{theirs:>12}{distance:>14}"
        f"{len(figures.invalid):8}  {figures.message}"
    ).rstrip()


def totals(done: Iterable[Mapping[str, Any]], engines: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Sums over the steps in which no engine failed, and how often each did fail."""
    tried = [record["engines"] for record in done if "engines" in record]
    sound = [found for found in tried if not any(figures.failed for figures in found.values())]
    return {
        engine: {
            "steps": len(sound),
            "failed": sum(found[engine].failed for found in tried),
            **sums([found[engine] for found in sound]),
        }
        for engine in engines
    }


def sums(all_figures: Sequence[Figures]) -> dict[str, Any]:
    return {
        "clean": sum(f.clean for f in all_figures),
        "clean, nothing declined": sum(
            f.clean and not f.declined and not f.in_part for f in all_figures
        ),
        "clean, nothing lost": sum(f.clean and not f.lost for f in all_figures),
        "files in conflict": sum(len(f.conflicts) for f in all_figures),
        "places in conflict": sum(f.places for f in all_figures),
        "files declined with a note": sum(len(f.declined) for f in all_figures),
        "files declined in part": sum(len(f.in_part) for f in all_figures),
        "lines of the users lost": sum(f.lines("ours") for f in all_figures),
        "… their words too": sum(f.lines("ours", words=True) for f in all_figures),
        "lines of the template lost": sum(f.lines("theirs") for f in all_figures),
        "… its words too": sum(f.lines("theirs", words=True) for f in all_figures),
        "distance to people": sum(f.distance for f in all_figures),
        "… without lock files": sum(f.distance_without_locks for f in all_figures),
        "merged files invalid": sum(len(f.invalid) for f in all_figures),
        "seconds": round(sum(f.seconds for f in all_figures), 2),
        "CPU seconds": round(sum(f.cpu for f in all_figures), 2),
    }


def print_totals(table: Mapping[str, Mapping[str, Any]]) -> None:
    print(f"\n{'total':30}" + "".join(f"{engine:>10}" for engine in table))
    for label in next(iter(table.values())):
        print(f"{label:30}" + "".join(f"{column[label]:>10}" for column in table.values()))


def local(template: str, folder: Path) -> Path:
    """The template as a local repository; an address is cloned while the network may be used."""
    if Path(template).is_dir():
        return Path(template).resolve()
    clone = folder / "template.git"
    subprocess.run(["git", "clone", "-q", "--mirror", template, clone], check=True)
    return clone


def choose(
    given: argparse.Namespace, found: Sequence[Step], template: Path
) -> tuple[list[Step], list[Skipped]]:
    """The steps to replay, and those that would be unfair."""
    source = given.source or usual_source(found, template)
    print(f"{len(found)} commits changed the version of their template; template: {source}")
    sorted_out = list(fair(found, template, source))
    skipped = [item for item in sorted_out if isinstance(item, Skipped)]
    steps = [item for item in sorted_out if isinstance(item, Step)]
    if given.once:
        judged = list(once(steps))
        skipped += [item for item in judged if isinstance(item, Skipped)]
        steps = [item for item in judged if isinstance(item, Step)]
    reasons = Counter(item.reason.partition(" as ")[0] for item in skipped)
    for reason, count in reasons.most_common():
        print(f"  {count:3} left out: {reason}")
    return [step for step in steps if not given.only or given.only in step.name], skipped


def as_json(value: object) -> Any:
    return value.as_json() if isinstance(value, Figures) else str(value)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clones", nargs="+", type=Path, metavar="CLONE")
    parser.add_argument("--template", required=True, help="folder or address of its repository")
    parser.add_argument("--engines", default="copier,git,lisa", help="in this order, with commas")
    parser.add_argument("--trust", action="store_true", help="for templates with extensions")
    parser.add_argument("--source", help="last part of the recorded address; else the usual one")
    parser.add_argument("--changed", action="store_true", help="give changed answers too")
    parser.add_argument("--once", action="store_true", help="one step a project and versions")
    parser.add_argument("--only", help="steps whose name holds this")
    parser.add_argument("--keep", type=Path, help="folder to leave every result in")
    parser.add_argument("--json", type=Path, help="file for all figures")
    given = parser.parse_args()
    given.engines = given.engines.split(",")
    if unknown := set(given.engines) - ENGINES.keys():
        parser.error(f"no such engine: {', '.join(unknown)}")
    if "lisa" in given.engines and not has_update():
        parser.error("this lisa-scaffold has no update: choose --engines copier,git")
    return given


def has_update() -> bool:
    command: Words = [SCRIPTS / "lisa-scaffold", "update", "--help"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main() -> None:
    given = parse()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        folder = Path(name)
        template = local(given.template, folder)
        config = settle(folder)
        found = [step for clone in given.clones for step in changes(clone.resolve())]
        redirect(config, template, {step.source for step in found})
        steps, skipped = choose(given, found, template)
        options = Options(given.engines, given.trust, given.changed, given.keep)
        print(HEADER)
        done = replay(steps, folder, options)
    table = totals(done, given.engines)
    print_totals(table)
    if given.json:
        left_out = [{"name": item.step.name, "reason": item.reason} for item in skipped]
        everything = {"steps": done, "left out": left_out, "totals": table}
        given.json.write_text(json.dumps(everything, indent=1, default=as_json) + "\n")


if __name__ == "__main__":
    main()
