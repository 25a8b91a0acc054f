"""What the tests see: small faults are put into the source, and the tests that cover them are run.

    nox -s mutation -- [--seed NUMBER] [--sample NUMBER] [--only KEY ...] [--tests PATH ...]

``tool.mutation`` of pyproject.toml says which folders, how many faults (mutants, by mutmut's
operators) and the seed that they are drawn with. One pass of the fast tests tells which tests run
each line, and how long they take; ``.cache/mutation`` keeps that for the commit. A mutant is tried
with the tests of its lines until one fails: first those in the folder of tests that mirrors its
own, then the others, the fastest first. For what is run at the import, those of the whole statement
or file count. Lines that only run in other processes have no tests.

What is measured is the commit, in copies of it: the work tree is left alone. A mutant is *timed
out* after more than thrice the processor time that its tests took, and half a minute. Known
survivors, with the reason why no test can see them, stand in mutation.toml beside this file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, NoReturn, Self

# Imported once: the processes that run tests are forked.
import copier  # noqa: F401
import hypothesis  # noqa: F401
import pytest
from coverage import CoverageData

from mutants import Mutant, draw_sample

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "mutation"
SURVIVED, KILLED, TIMED_OUT, DEFECT = RESULTS = ("survived", "killed", "timed out", "not tried")
BROKEN = 99
"""Exit code of a process in which pytest did not even return."""
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider")
EQUIVALENT = Path(__file__).with_suffix(".toml")
FAST = ("-m", "not e2e and not costs and not sweep")
QUIET = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-qx",
    "--tb=no",
    "-W",
    "ignore:Module already",
)
UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
MEMORY = 4 * 1024**3
"""Bytes that a test run may take: a mutant may fill a list for ever."""


class Map(NamedTuple):
    """Which tests run which lines."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def find(self, mutant: Mutant) -> list[str]:
        """The tests that run a mutant's lines, the fastest first."""
        lines = self.tests.get(mutant.path, {})
        for first, last in (*mutant.spans, (1, max(lines, default=0))):
            if found := set().union(*(lines.get(line, ()) for line in range(first, last + 1))):
                return sorted(found, key=lambda test: (self.seconds.get(test, 0), test))
        return []


def environment(copy: Path) -> dict[str, str]:
    """The environment in which a copy's package is the one that is imported."""
    kept = {name: value for name, value in os.environ.items() if name != UNCOMPILED}
    return {**kept, "PYTHONPATH": str(copy / "src")}


def run_all(copy: Path, workers: int, chosen: Sequence[str]) -> Map:
    """Run the fast tests with coverage, and note which of them run each line."""
    # Of branches there would be fifteen times as much to write, to combine and to read.
    config = copy.with_name("lines.ini")
    config.write_text("[run]\nsource_pkgs = lisa_scaffold\n", encoding="utf-8")
    words = ("-vv", "--durations=0", "--tb=short", f"--cov-config={config}")
    counted = ("--cov", "--cov-context=test", "--cov-report=")
    command = [*PYTEST, *FAST, f"--numprocesses={workers}", *words, *counted, *chosen]
    done = subprocess.run(
        command, cwd=copy, env=environment(copy), capture_output=True, text=True, check=False
    )
    failed = set(re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", done.stdout, re.MULTILINE))
    if done.returncode not in (0, 1):
        raise SystemExit(f"{done.stdout}{done.stderr}\nThe tests do not run.")
    for test in sorted(failed):
        print(f"fails before anything is changed, and is left out: {test}")
    seconds: defaultdict[str, float] = defaultdict(float)
    for took, test in re.findall(
        r"^([\d.]+)s (?:call|setup|teardown) +(.+)$", done.stdout, re.MULTILINE
    ):
        seconds[test] += float(took)
    data = CoverageData(str(copy / ".coverage"))
    data.read()
    tests: dict[str, dict[int, set[str]]] = {}
    for name in data.measured_files():
        lines = data.contexts_by_lineno(name)
        tests[str(Path(name).relative_to(copy))] = {
            line: {context.rpartition("|")[0] for context in contexts if context} - failed
            for line, contexts in lines.items()
        }
    return Map(tests, dict(seconds))


def read_map(copy: Path, folders: Sequence[str], workers: int, chosen: Sequence[str]) -> Map:
    """The map of the commit: from the cache, or by running the tests."""
    tree = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"], cwd=copy, capture_output=True, text=True, check=True
    ).stdout.strip()
    path = CACHE / f"{hashlib.sha256(' '.join([tree, *chosen]).encode()).hexdigest()[:16]}.json"
    if not path.exists():
        tests, seconds = run_all(copy, workers, chosen)
        names = sorted(seconds)
        number = {name: place for place, name in enumerate(names)}
        kept = {
            file: {
                line: [number[test] for test in found if test in number]
                for line, found in lines.items()
            }
            for file, lines in tests.items()
            if file.startswith(tuple(folders))
        }
        CACHE.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"tests": names, "seconds": seconds, "lines": kept}))
    data = json.loads(path.read_text())
    return Map(
        {
            file: {
                int(line): {data["tests"][each] for each in found} for line, found in lines.items()
            }
            for file, lines in data["lines"].items()
        },
        data["seconds"],
    )


@dataclass
class Attempt:
    """A process that tries a mutant: it has the copy for itself."""

    mutant: Mutant
    copy: Path
    before: bytes
    process: int
    deadline: float

    @classmethod
    def start(cls, mutant: Mutant, known: Map, copy: Path) -> Self:
        """Put a mutant into a copy, and let another process run the tests."""
        tests = known.find(mutant)
        own = f"tests/{Path(mutant.path).parent.name}/"
        near = [test for test in tests if test.startswith(own)]
        stages = [near, [test for test in tests if not test.startswith(own)]]
        seconds = [sum(known.seconds[test] for test in stage) for stage in stages]
        limits = [int(3 * each + 30) for each in seconds]
        before = (copy / mutant.path).read_bytes()
        (copy / mutant.path).write_text(mutant.mutated, encoding="utf-8")
        if not (process := os.fork()):
            _try_stages(copy, [*zip(stages, limits, strict=True)])
        return cls(mutant, copy, before, process, time.monotonic() + 20 * sum(limits))

    def finish(self) -> str | None:
        """What became of the mutant; nothing as long as tests run."""
        ended, status = os.waitpid(self.process, os.WNOHANG)
        if not ended and time.monotonic() < self.deadline:
            return None
        with suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)
        if not ended:
            os.waitpid(self.process, 0)
        (self.copy / self.mutant.path).write_bytes(self.before)
        return RESULTS[os.waitstatus_to_exitcode(status)] if ended else TIMED_OUT


def _try_stages(copy: Path, stages: Sequence[tuple[Sequence[str], int]]) -> NoReturn:
    """Run sets of tests until one fails; the exit code is the place in RESULTS."""
    result = DEFECT
    try:
        os.setsid()
        os.chdir(copy)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.environ |= {"PYTHONPATH": str(copy / "src"), UNCOMPILED: "1"}
        sys.dont_write_bytecode = True
        sys.path[:1] = [str(copy / "src"), str(copy)]
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        result = SURVIVED
        for tests, limit in stages:
            if tests and result == SURVIVED:
                result = _run_tests(tests, limit)
    finally:
        os._exit(RESULTS.index(result))


def _run_tests(tests: Sequence[str], limit: int) -> str:
    """Run tests in a process of their own, which has imported pytest already."""
    if not (process := os.fork()):
        status = BROKEN
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            status = int(pytest.main([*QUIET, *tests]))
        finally:
            os._exit(status)
    _, code = os.waitpid(process, 0)
    if os.WIFSIGNALED(code):
        return TIMED_OUT
    status = os.waitstatus_to_exitcode(code)
    return DEFECT if status == BROKEN else KILLED if status else SURVIVED


def prepare_copies(first: Path, count: int) -> list[Path]:
    """Copies to put mutants into; the compiled code of each is bound to the source's content.

    By default it is bound to time and size, which a mutant may have in common with another.
    """
    form = ("--invalidation-mode", "checked-hash")
    compiling = [sys.executable, "-m", "compileall", "-q", "-f", *form, str(first / "src")]
    subprocess.run(compiling, check=True)
    others = [first.with_name(f"copy{number}") for number in range(1, count)]
    return [first, *(shutil.copytree(first, other, symlinks=True) for other in others)]


def try_all(mutants: Sequence[Mutant], known: Map, copies: list[Path]) -> dict[str, str]:
    """What became of each mutant, by its key."""
    became: dict[str, str] = {}
    waiting, running = [*reversed(mutants)], list[Attempt]()
    while waiting or running:
        while waiting and copies:
            running.append(Attempt.start(waiting.pop(), known, copies.pop()))
        time.sleep(0.05)
        for attempt in running[:]:
            if result := attempt.finish():
                running.remove(attempt)
                copies.append(attempt.copy)
                mutant = attempt.mutant
                became[mutant.key] = result
                place = f"{mutant.path}:{mutant.spans[0][0]}"
                print(f"{len(became):4} {result:10} {mutant.key} {place}", flush=True)
    return became


def write_report(mutants: Sequence[Mutant], became: dict[str, str], root: Path) -> str:
    """Figures, and every mutant that no test has seen, with what is known of it."""
    known = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    counts = Counter(became.values())
    alike = [each for each in mutants if became[each.key] == SURVIVED and each.key in known]
    lines = [
        f"{each.show(root)}\n{became[each.key]}: {known.get(each.key, 'no test sees it')}\n"
        for each in mutants
        if became[each.key] != KILLED
    ]
    seen = len(mutants) - counts[SURVIVED]
    percent = f"{100 * seen / len(mutants):.1f} %"
    figures = ", ".join(f"{counts[each]} {each}" for each in (KILLED, TIMED_OUT, SURVIVED))
    lines.append(f"{len(mutants)} mutants: {figures}; seen by a test: {percent}.")
    lines.append(f"Of those that survived, {len(alike)} do what the source does.")
    return "\n".join(lines)


def main() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutation"]
    parser = argparse.ArgumentParser(description="Put small faults in, and see which tests fail.")
    parser.add_argument("--seed", type=int, default=table["seed"])
    parser.add_argument("--sample", type=int, default=table["sample"])
    parser.add_argument("--only", nargs="*", default=(), help="keys of mutants of the sample")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--tests", nargs="*", default=(), help="folders or files; all fast ones")
    parser.add_argument("--json", type=Path, help="write what became of each mutant")
    options = parser.parse_args()
    started = time.monotonic()
    with TemporaryDirectory(prefix="mutation-") as scratch:
        copy = Path(scratch).resolve() / "copy0"
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(copy)]
        subprocess.run(clone, check=True)
        known = read_map(copy, table["folders"], options.workers, options.tests)
        mutants, count = draw_sample(copy, table["folders"], options.sample, options.seed)
        print(f"{len(mutants)} of {count} mutants, drawn with seed {options.seed}", flush=True)
        if options.only:
            mutants = [each for each in mutants if each.key in options.only]
        became = try_all(mutants, known, prepare_copies(copy, options.workers))
        print(write_report(mutants, became, copy))
    used = sum(os.times()[:4])
    print(f"{(time.monotonic() - started) / 60:.0f} minutes, {used / 60:.0f} of processor time")
    if options.json:
        options.json.write_text(json.dumps(became, indent=2))


if __name__ == "__main__":
    main()
