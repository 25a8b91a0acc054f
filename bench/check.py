"""Speed of ``lisa-scaffold check`` beside ``repo-review`` with ``sp-repo-review``, in one run.

    python bench/check.py [--runs 10] [--projects 500] [FOLDER …]

Both check the same folders (without any: a project fresh from this template, in a repository) and
report as JSON. The commands run in turn, as whole processes, and start with warm caches; printed
are medians. Two more figures follow: the check of a project whose locked files were not rendered
before, and one call for many projects, start-up and the render apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from create import template_repository
from desk import Ran, git, run, settle
from lisa_scaffold.template import SOURCE_VARIABLE

SCRIPTS = Path(sys.executable).parent
PEER = "repo-review"
FORMS = ("--format", "json")
Words = Sequence[str | Path]


def own(*paths: Path) -> Words:
    return [SCRIPTS / "lisa-scaffold", "check", *FORMS, *paths]


def peer(path: Path) -> Words:
    return [SCRIPTS / PEER, *FORMS, path]


def bundled_template(folder: Path) -> Path:
    """The template as the wheel carries it: versions in a bundle."""
    template_repository(folder)
    bundle = folder / "template.bundle"
    git(folder / "template.git", "bundle", "create", "--quiet", bundle, "--tags")
    return bundle


def fresh(folder: Path, name: str) -> Path:
    """A project of the template as it stands, committed."""
    made = folder / name
    subprocess.run(
        [SCRIPTS / "lisa-new", "--defaults", "--data", f"distribution={name}", made],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return made


def weighed(command: Words, folder: Path, allowed: Sequence[int]) -> Ran:
    ran = run(command, folder, os.environ)
    if ran.status not in allowed:
        sys.exit(f"{command[0]}: exit status {ran.status}\n{ran.stderr.decode()}")
    return ran


def in_turn(path: Path, runs: int) -> tuple[list[Ran], list[Ran]]:
    """Runs of both; the first of each fills the caches and is not counted."""
    ours, theirs = [], []
    for turn in range(runs + 1):
        # Both end in 1 where they find something, the peer in 3 where it asks for more.
        one = weighed(own(path), path, (0, 1))
        other = weighed(peer(path), path, (0, 1, 2, 3))
        if turn:
            ours.append(one)
            theirs.append(other)
    return ours, theirs


def milliseconds(ran: Sequence[Ran]) -> tuple[float, float]:
    wall, cpu = ([one.seconds for one in ran], [one.cpu for one in ran])
    return statistics.median(wall) * 1000, statistics.median(cpu) * 1000


def show(label: str, wall: float, cpu: float) -> None:
    print(f"{label:40} {wall:7.0f} ms wall {cpu:7.0f} ms CPU")


def compare(path: Path, runs: int) -> None:
    ours, theirs = in_turn(path, runs)
    print(f"{path.name} ({json.loads(ours[0].stdout)['projects'][0]['rules']} rules applied)")
    found = milliseconds(ours), milliseconds(theirs)
    show("  lisa-scaffold check", *found[0])
    show(f"  {PEER}", *found[1])
    ratios = (mine / other for mine, other in zip(*found, strict=True))
    print("{:40} {:7.2f} wall    {:7.2f} CPU".format("  ratio", *ratios))


def uncached(path: Path, runs: int) -> None:
    """The check where the locked files are rendered: only then is Copier loaded."""
    ran = []
    for _ in range(runs):
        shutil.rmtree(Path(os.environ["HOME"], ".cache/lisa-scaffold/renders"))
        ran.append(weighed(own(path), path, (0, 1)))
    show(f"{path.name}, render not cached", *milliseconds(ran))


def many(folder: Path, number: int, runs: int) -> None:
    """One call for copies of one project, less one call for a single one."""
    first = fresh(folder, "lisa-many")
    copies = [first.with_name(f"many-{count:04}") for count in range(number)]
    for copy in copies:
        shutil.copytree(first, copy, symlinks=True)
    alone, together = [], []
    for turn in range(runs + 1):
        one, all_ = weighed(own(first), folder, (0, 1)), weighed(own(*copies), folder, (0, 1))
        if turn:
            alone.append(one)
            together.append(all_)
    (wall, cpu), (all_wall, all_cpu) = milliseconds(alone), milliseconds(together)
    show(
        f"{number} projects in one call, each", (all_wall - wall) / number, (all_cpu - cpu) / number
    )
    print(f"{'  peak memory':40} {max(ran.peak_kib for ran in together) / 1024:7.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, help="projects; a fresh one by default")
    parser.add_argument("--runs", type=int, default=10, help="counted runs of each command")
    parser.add_argument("--projects", type=int, default=500, help="projects in one call")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lisa-bench-") as name:
        folder = Path(name)
        settle(folder)
        os.environ[SOURCE_VARIABLE] = str(bundled_template(folder))
        made = fresh(folder, "lisa-fresh")
        for path in [made, *(path.resolve() for path in arguments.folders)]:
            compare(path, arguments.runs)
        uncached(made, max(3, arguments.runs // 3))
        many(folder, arguments.projects, max(1, arguments.runs // 5))


if __name__ == "__main__":
    main()
