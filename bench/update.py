"""Speed and memory of ``lisa-scaffold update`` beside ``copier update``, in one run.

    python bench/update.py [--runs 5] [--cases small,nothing,files,data] [--engines lisa,copier]

Both update the same project, made from this template as it stands, to a version that changes some
of the files that the project changed too. Cases: a small project; the same with nothing to do; with
50 000 files beside the code; with 200 MB of data. The commands run in turn, as whole processes.
Printed are medians: wall-clock and CPU time (of all processes), the memory of the largest process,
and how many processes the command starts. These are counted in a run of their own, not timed,
under ptrace (Linux): every fork of every child is seen, threads are not counted.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from create import template_repository
from desk import Ran, git, redirect, run, settle
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE

SCRIPTS = Path(sys.executable).parent
ENGINES = ("lisa", "copier")
NEXT = "v99.0.0"
FILES = 50_000
MEGABYTES = 200
CHANGED_BY_BOTH = (".editorconfig", ".gitignore", "noxfile.py")
Words = list[str | Path]


def command(engine: str, project: Path) -> Words:
    if engine == "copier":
        options = ("--defaults", "--quiet", "--vcs-ref", NEXT)
        return [SCRIPTS / "copier", "update", *options, project]
    return [SCRIPTS / "lisa-scaffold", "update", project, "--defaults", "--to", NEXT]


def template(folder: Path) -> Path:
    """This template with one version more, in which a few files gain a line at their end."""
    template_repository(folder)
    work = folder / "work"
    for name in CHANGED_BY_BOTH:
        sources = (work / "template" / name, work / "template" / f"{name}.jinja")
        source = next(path for path in sources if path.is_file())
        source.write_text(source.read_text().rstrip("\n") + "\n# A line of the next version.\n")
    (work / "template/next.txt").write_text("A file of the next version.\n")
    pyproject = work / "pyproject.toml"
    lines = pyproject.read_text().splitlines(keepends=True)
    own = next(line for line in lines if line.startswith("version = "))
    pyproject.write_text("".join(lines).replace(own, f'version = "{NEXT[1:]}"\n', 1))
    git(work, "add", "--all")
    git(work, "commit", "-q", "-m", "Next")
    git(work, "tag", NEXT)
    git(work, "push", "-q", folder / "template.git", "HEAD", "--tags")
    return folder / "template.git"


def project(folder: Path, version: str) -> Path:
    """A project of the older version with a line of its own at the start of some files."""
    made = folder / "project"
    options = ("--quiet", "--defaults", "--vcs-ref", version)
    copy: Words = [SCRIPTS / "copier", "copy", *options, CANONICAL_URL, made]
    subprocess.run(copy, check=True)
    for name in CHANGED_BY_BOTH:
        path = made / name
        path.write_text("# A line of this project.\n" + path.read_text())
    git(made, "init", "-q")
    save(made)
    return made


def save(made: Path) -> None:
    git(made, "add", "--all")
    git(made, "commit", "-q", "-m", "Project")


def many_files(made: Path) -> None:
    for number in range(FILES):
        path = made / "many" / f"{number // 100:03}" / f"{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")


def much_data(made: Path) -> None:
    chance = random.Random(0)
    (made / "data").mkdir()
    for number in range(MEGABYTES // 10):
        digits = chance.randbytes(5_000_000).hex()
        rows = (digits[at : at + 99] for at in range(0, len(digits), 99))
        (made / "data" / f"{number}.csv").write_text("\n".join(rows) + "\n")


def updated(made: Path) -> None:
    subprocess.run(command("copier", made), check=True)


CASES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "small": ("small project", lambda _: None),
    "nothing": ("nothing to do", updated),
    "files": (f"{FILES} files", many_files),
    "data": (f"{MEGABYTES} MB of data", much_data),
}


def reset(made: Path) -> None:
    git(made, "reset", "-q", "--hard")
    git(made, "clean", "-q", "-f", "-d", "-x")
    git(made, "update-index", "-q", "--refresh")


def in_turn(made: Path, engines: Sequence[str], runs: int) -> dict[str, list[Ran]]:
    """Each engine's runs; the first of each fills the caches and is not counted."""
    found: dict[str, list[Ran]] = {engine: [] for engine in engines}
    for turn in range(runs + 1):
        for engine in engines:
            reset(made)
            ran = run(command(engine, made), made.parent, os.environ)
            if ran.status != 0:
                sys.exit(f"{engine}: exit status {ran.status}\n{ran.stderr.decode()}")
            if turn:
                found[engine].append(ran)
    reset(made)
    return found


def figures(ran: Sequence[Ran], processes: int) -> dict[str, float]:
    return {
        "wall ms": statistics.median(one.seconds for one in ran) * 1000,
        "CPU ms": statistics.median(one.cpu for one in ran) * 1000,
        "peak MB": statistics.median(one.peak_kib for one in ran) / 1024,
        "processes": processes,
    }


def show(title: str, table: Mapping[str, Mapping[str, float]]) -> None:
    labels = list(next(iter(table.values())))
    print(f"\n{title:24}" + "".join(f"{label:>12}" for label in labels))
    for engine, row in table.items():
        print(f"  {engine:22}" + "".join(f"{row[label]:12.0f}" for label in labels))
    if set(table) == {*ENGINES}:
        own, peer = (table[engine] for engine in ENGINES)
        ratios = "".join(f"{own[label] / peer[label]:12.2f}" for label in labels)
        print(f"  {'ratio':22}{ratios}")


class Tracer:
    """Count the processes that a command starts, their children's children included."""

    TRACEME, CONT, SETOPTIONS = 0, 7, 0x4200
    FORK, VFORK, CLONE, EXEC, EXITKILL = 1, 2, 3, 4, 20
    OPTIONS = sum(1 << bit for bit in (FORK, VFORK, CLONE, EXEC, EXITKILL))
    WAIT_ALL = 0x40000000

    def __init__(self) -> None:
        self._ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        self._ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def count(self, words: Sequence[str | Path]) -> int:
        child = os.fork()
        if child == 0:
            self._become([os.fspath(word) for word in words])
        os.waitpid(child, 0)
        self._ask(self.SETOPTIONS, child, self.OPTIONS)
        self._ask(self.CONT, child, 0)
        started, seen = 0, {child}
        while True:
            try:
                pid, status = os.waitpid(-1, self.WAIT_ALL)
            except ChildProcessError:
                return started
            if not os.WIFSTOPPED(status):
                continue
            event = status >> 16
            started += event in (self.FORK, self.VFORK)
            # A new process begins stopped; ptrace's own stops are no signals either.
            passed_on = 0 if event or pid not in seen else os.WSTOPSIG(status)
            seen.add(pid)
            self._ask(self.CONT, pid, passed_on)

    def _become(self, words: list[str]) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        self._ask(self.TRACEME, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv(words[0], words)

    def _ask(self, request: int, pid: int, value: int) -> None:
        if self._ptrace(request, pid, None, value) != 0 and ctypes.get_errno() != 3:  # noqa: PLR2004
            raise OSError(ctypes.get_errno(), "ptrace")


def measure(case: str, folder: Path, version: str, engines: Sequence[str], runs: int) -> None:
    title, prepare = CASES[case]
    place = folder / case
    place.mkdir()
    made = project(place, version)
    prepare(made)
    if git(made, "status", "--porcelain"):
        save(made)
    ran = in_turn(made, engines, runs)
    counts = {}
    for engine in engines:
        counts[engine] = Tracer().count(command(engine, made))
        reset(made)
    show(title, {engine: figures(ran[engine], counts[engine]) for engine in engines})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each command")
    parser.add_argument("--cases", default=",".join(CASES), help="which, with commas")
    parser.add_argument("--engines", default=",".join(ENGINES), help="which, with commas")
    given = parser.parse_args()
    engines = given.engines.split(",")
    with tempfile.TemporaryDirectory(prefix="lisa-bench-") as name:
        folder = Path(name)
        config = settle(folder)
        source = template(folder)
        redirect(config, source, [CANONICAL_URL])
        os.environ["COPIER_CACHE_DIR"] = str(folder / "cache")
        os.environ[SOURCE_VARIABLE] = str(source)
        old = git(source, "tag", "--list", "v*", "--sort=v:refname").decode().split()[0]
        for case in given.cases.split(","):
            measure(case, folder, old, engines, given.runs)


if __name__ == "__main__":
    main()
