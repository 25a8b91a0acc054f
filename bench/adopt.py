"""Adopt packages, and copy the template over them with Copier: what is lost, side by side.

    python bench/adopt.py [--only-files | --no-tests] [--hooks] PACKAGE...

A PACKAGE is an sdist (``name-1.2.3.tar.gz``) or a git repository of a package that never had the
template. Three engines bring the template into a clone of each: ``lisa-scaffold adopt --defaults``,
``copier copy --overwrite``, and ``copier copy --skip`` of everything that exists, the last two with
the answers that the first inferred. Counted are files and lines that people wrote and that are gone
(of adopt: that its report does not quote either), differences of the wheels, and tests that passed
before and do not now. Of adopt, besides: a second run changes nothing, an update to a newer version
of the template has no conflict, the pipeline is valid, ruff and mypy run, findings, questions left;
with ``--hooks``, that its hooks run.

Of files that two builds of the unchanged package (the second after an empty commit) do not make
alike, the comparison of wheels says so and goes by their names. Tests run at most ``--seconds`` for
each engine, and are the same for all.

Needs the network for what the packages are built and tested with; ``--only-files`` needs none, but
for ``--hooks``.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

import packages
import table
from desk import Ran, git, run, settle
from hooks import Hooks
from packages import Bench, Wheel
from table import ENGINES, Result

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
BEFORE, AFTER = "v99.0.0", "v99.0.1"
PIPELINE = re.compile(r"\.gitlab-ci\.yml|\.gitlab/ci/.*\.yml")
NOT_TRIED = "not tried"
MOST_LEFT = 2
# Any findings are welcome, but no other end.
TOOLS = (
    ("ruff", "check", "-q"),
    ("ruff", "format", "-q", "--check"),
    ("mypy",),
    ("pre-commit", "validate-config"),
)
Command = list[str | Path]
# Answers that only an adopted project has.
ADOPTED = ("adopted", "code_path", "test_path", "left_out")


def template(folder: Path) -> Path:
    """A repository of this template as it stands, and a newer version with small changes."""
    folder.mkdir()
    git(folder, "init", "-q")
    for part in ("copier.yml", "includes", "template"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
        copy(ROOT / part, folder / part)
    commit(folder, BEFORE)
    for path, pattern, by in (
        ("includes/versions.jinja", r'("ruff": \{"version": ")[^"]*', r"\g<1>99.0.0"),
        ("template/.gitignore.jinja", r"\Z", "/a-new-line/\n"),
        ("template/.gitlab/ci/quality.yml", r"\A", "# A new comment.\n"),
        ("template/README.md.jinja", "## Cite", "## How to cite"),
        ("template/LICENSE.jinja", r"\Z", "\nMore.\n"),
    ):
        text = (folder / path).read_text()
        (folder / path).write_text(re.sub(pattern, by, text, count=1))
    (folder / "template/.gitlab/new.md").write_text("# New\n")
    commit(folder, AFTER)
    bare = folder.with_suffix(".git")
    git(folder.parent, "clone", "-q", "--bare", folder, bare)
    return bare


def commit(folder: Path, tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", tag)
    git(folder, "tag", tag)


@dataclass(frozen=True)
class Wanted:
    """What to try besides the files."""

    wheels: bool
    tests: bool
    seconds: int
    hooks: Hooks | None
    more: tuple[str, ...]


class Trial:
    """One package under the three engines."""

    def __init__(self, source: Path, desk: Path, source_of_template: Path) -> None:
        self.desk = desk
        self.template = source_of_template
        self.origin = packages.repository(source, desk / "origin")
        self.start = git(self.origin, "rev-parse", "HEAD").decode().strip()
        self.answers: dict[str, Any] = {}
        self.env = {**packages.environment(), "LISA_SCAFFOLD_TEMPLATE": str(source_of_template)}
        self.wheel: Wheel | str = NOT_TRIED
        self.again: Wheel | str = NOT_TRIED
        self.tests: dict[str, str] | str = NOT_TRIED
        self.bench: Bench | None = None

    def clone(self, engine: str) -> Path:
        folder = self.desk / engine / "project"
        git(self.desk, "clone", "-q", self.origin, folder)
        return folder

    def scaffold(self, folder: Path, *arguments: str) -> tuple[int, dict[str, Any], Ran]:
        command: Command = [SCRIPTS / "lisa-scaffold", *arguments, "--format", "json", folder]
        done = run(command, folder, self.env)
        try:
            said = json.loads(done.stdout)
        except ValueError:
            said = {"error": done.stderr.decode(errors="replace").strip()}
        return done.status, said, done

    def adopt(self) -> tuple[Result, Path]:
        result, folder = Result("adopt"), self.clone("adopt")
        status, said, done = self.scaffold(folder, "adopt", "--defaults", "--to", BEFORE)
        result.seconds, result.cpu = done.seconds, done.cpu
        if status:
            result.failed = said.get("error", f"exit code {status}")
            return result, folder
        self.answers = {each["key"]: each["value"] for each in said["answers"]}
        git(folder, "checkout", "-q", "lisa-scaffold/adopt")
        result.to_decide = said["to_decide"]
        result.findings = "/".join(str(musts(found)) for found in said["findings"].values())
        self.count(result, folder, {(e["path"], plain(e["text"])) for e in said["replaced"]})
        result.troubles += self.after(folder, len(said["findings"]["left"]))
        return result, folder

    def after(self, folder: Path, left: int) -> list[str]:
        """What goes wrong in an adopted project."""
        troubles = list(pipeline_troubles(folder, self.start))
        _, said, _ = self.scaffold(folder, "check")
        found = musts(said["findings"])
        if found != left:
            troubles.append(f"check: {found} must findings, the report has {left}")
        if found > MOST_LEFT:
            troubles.append(f"check: more than {MOST_LEFT} must findings are left")
        troubles += tool_troubles(folder, self.env)
        status, said, _ = self.scaffold(folder, "adopt", "--defaults", "--to", BEFORE)
        if status or said["changes"] or git(folder, "status", "--porcelain"):
            troubles.append("a second adopt changes something")
        status, said, _ = self.scaffold(folder, "update", "--defaults", "--to", AFTER)
        if status or said.get("conflicts"):
            troubles.append(f"the update: {said.get('conflicts') or said}")
        git(folder, "reset", "-q", "--hard")
        return troubles

    def copier(self, engine: str) -> tuple[Result, Path]:
        result, folder = Result(engine), self.clone(engine)
        answers = {key: value for key, value in self.answers.items() if key not in ADOPTED}
        given = {key: value for key, value in answers.items() if value not in ("other", "")}
        data = self.desk / "answers.yml"
        data.write_text(yaml.safe_dump(given))
        how = ["--overwrite"] if engine == "overwrite" else ["--skip", "*"]
        command: Command = [
            SCRIPTS / "copier",
            "copy",
            "--quiet",
            "--defaults",
            *how,
            "--vcs-ref",
            BEFORE,
        ]
        command += ["--data-file", data, f"git+file://{self.template}", folder]
        done = run(command, folder, self.env)
        result.seconds, result.cpu = done.seconds, done.cpu
        if done.status:
            result.failed = done.stderr.decode(errors="replace").strip().splitlines()[-1]
        git(folder, "add", "--all")
        git(folder, "commit", "-q", "--allow-empty", "-m", engine)
        self.count(result, folder, set())
        return result, folder

    def count(self, result: Result, folder: Path, quoted: set[tuple[str, str]]) -> None:
        lost = packages.lost(folder, self.start, "HEAD")
        result.files_lost = len(lost.files)
        result.lines_quoted = sum(line in quoted for line in lost.lines)
        result.lines_lost = len(lost.lines) - result.lines_quoted
        packages.move_tags(folder)

    def build_before(self) -> None:
        self.wheel = packages.build(self.clone("before"), self.desk / "before/dist")
        again = self.clone("again")
        # Some files hold the commit, and an adoption is another one.
        git(again, "commit", "-q", "--allow-empty", "-m", "Nothing")
        packages.move_tags(again)
        self.again = packages.build(again, self.desk / "again/dist")

    def build_after(self, result: Result, folder: Path) -> None:
        if isinstance(self.wheel, str) or isinstance(self.again, str):
            return
        made = packages.build(folder, folder.parent / "dist")
        result.wheel = (
            [made] if isinstance(made, str) else packages.differences(self.wheel, self.again, made)
        )
        git(folder, "clean", "-fdxq")

    def notes(self) -> Iterator[str]:
        """What a reader must know to judge the comparisons."""
        for word, what in (("wheel", self.wheel), ("tests", self.tests)):
            if isinstance(what, str) and what != NOT_TRIED:
                yield f"no {word} to compare: {what}"
        if isinstance(self.tests, dict):
            kinds = Counter(self.tests.values())
            counts = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
            yield f"tests before: {counts or 'none is collected'}"
        if isinstance(self.wheel, Wheel) and isinstance(self.again, Wheel):
            for path in packages.unstable(self.wheel, self.again):
                yield f"wheel: two builds without adoption differ in {path}: its name counts"

    def test_before(self, adopted: Path, wanted: Wanted) -> None:
        """The package's own tests, with what the adopted package says that they need."""
        path = str(self.answers.get("test_path", ""))
        if not path or isinstance(self.wheel, str):
            self.tests = "it has none" if not path else "no wheel"
            return
        self.bench = Bench(self.desk / "venv", wanted.seconds)
        if not self.bench.prepare(adopted, wanted.more):
            self.tests = "not installed"
            return
        project = self.desk / "before/project"
        self.bench.install("--no-deps", "-e", project)
        self.tests = self.bench.tests(project, path)

    def test_after(self, result: Result, folder: Path) -> None:
        if self.bench is None or isinstance(self.tests, str):
            return
        passed = {name: kind for name, kind in self.tests.items() if kind == "passed"}
        result.tests = len(passed)
        done: dict[str, str] | str = {}
        if self.bench.install("--no-deps", "-e", folder):
            done = self.bench.tests(folder, str(self.answers["test_path"]))
        result.tests_broken = len(packages.worse(passed, {} if isinstance(done, str) else done))


def tool_troubles(folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Tools that do not read their settings, or break."""
    for tool, *words in TOOLS:
        done = run([SCRIPTS / tool, *words], folder, env)
        if done.status not in (0, 1):
            said = (done.stderr + done.stdout).decode(errors="replace").strip()
            yield f"{tool} does not run: {said[-300:]}"


def try_hooks(hooks: Hooks, result: Result, folder: Path, env: Mapping[str, str]) -> None:
    done = hooks.run(folder, env)
    result.troubles += done.troubles
    result.notes.append(f"hooks: {done.ran} ran; not tried: {', '.join(done.idle) or 'none'}")
    git(folder, "reset", "-q", "--hard")


def musts(found: list[dict[str, Any]]) -> int:
    return sum(each["severity"] == "must" for each in found)


def plain(line: str) -> str:
    return line.strip().removesuffix(",").rstrip()


def pipeline_troubles(folder: Path, start: str) -> list[str]:
    """What GitLab would refuse in what the adoption changed, by its schema and by the jobs."""
    from lisa_scaffold.project.facts import Facts

    listed = git(folder, "diff", "--name-only", "-z", start, "HEAD").decode().split("\0")
    parts = [folder / path for path in listed if PIPELINE.fullmatch(path)]
    if not parts:
        return []
    found = []
    schema: Command = [SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *parts]
    done = run([*schema, "--data-transform", "gitlab-ci"], folder, packages.environment())
    if done.status:
        found.append(f"pipeline: {done.stdout.decode(errors='replace')[:300]}")
    pipeline = Facts.read(folder).pipeline
    found += [f"pipeline: {each}" for each in pipeline.troubles]
    stages = {*pipeline.stages, ".pre", ".post"}
    written = {name: job for name, job in pipeline.jobs.items() if "$[[" not in f"{name}{job.data}"}
    for name, job in written.items():
        if job.stage not in stages:
            found.append(f"pipeline: {name}: no stage {job.stage}")
        for need in job.get("needs") or []:
            wanted = need.get("job") if isinstance(need, dict) else need
            if wanted and wanted not in pipeline.jobs:
                found.append(f"pipeline: {name} needs {wanted}")
    return found


def tried(source: Path, desk: Path, origin: Path, wanted: Wanted) -> list[Result]:
    trial = Trial(source, desk, origin)
    done = [trial.adopt()]
    adopted, folder = done[0]
    if wanted.hooks and not adopted.failed:
        try_hooks(wanted.hooks, adopted, folder, trial.env)
    done += [trial.copier(engine) for engine in ENGINES[1:]]
    if wanted.wheels and not adopted.failed:
        trial.build_before()
        for result, place in done:
            trial.build_after(result, place)
    if wanted.tests and not adopted.failed:
        trial.test_before(folder, wanted)
        for result, place in done:
            trial.test_after(result, place)
    adopted.notes += trial.notes()
    return [result for result, _ in done]


def write(path: Path, found: Mapping[str, list[Result]]) -> None:
    data = {name: [asdict(each) for each in results] for name, results in found.items()}
    path.write_text(json.dumps(data, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("packages", type=Path, nargs="+", metavar="PACKAGE")
    parser.add_argument("--only-files", action="store_true", help="build and test nothing")
    parser.add_argument("--no-tests", action="store_true", help="build the wheels, test nothing")
    parser.add_argument("--hooks", action="store_true", help="run the hooks of what was adopted")
    parser.add_argument(
        "--seconds",
        type=int,
        default=packages.SECONDS_OF_TESTS,
        metavar="N",
        help="for the tests of one state (default: %(default)s)",
    )
    parser.add_argument(
        "--with",
        dest="more",
        action="append",
        default=[],
        metavar="REQUIREMENT",
        help="install this too for the tests: a package may need what it does not name",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results there")
    given = parser.parse_args()
    sources = [path.resolve() for path in given.packages]
    found: dict[str, list[Result]] = {}
    print(table.head())
    with tempfile.TemporaryDirectory(prefix="lisa-bench-") as name:
        folder = Path(name)
        settle(folder)
        origin = template(folder / "template")
        wheels = not given.only_files
        tests = wheels and not given.no_tests
        hooks = Hooks(folder / "hooks") if given.hooks else None
        wanted = Wanted(wheels, tests, given.seconds, hooks, tuple(given.more))
        for source in sources:
            desk = folder / source.name
            desk.mkdir()
            results = tried(source, desk, origin, wanted)
            found[source.name] = results
            for result in results:
                print(
                    table.row(source.name, result), *table.details(result), sep="\n    ", flush=True
                )
            if given.json:
                write(given.json, found)
            shutil.rmtree(desk)
    table.totals(found)


if __name__ == "__main__":
    main()
