"""Speed and memory of ``lisa-scaffold fleet`` beside a loop of ``copier update``, in one run.

    python bench/fleet.py [--sizes 1,10,100] [--edited 200] [--peers 10] [--jobs 2]

Generated projects on local folders, made from this template as it stands, half of them edited in
files that the next version changes too. For each size: ``fleet status`` the first time, again
where nothing moved, and ``fleet update``, which makes a branch in each project. The peers are
``copier update`` on a number of the same projects, one after the other and in a pool of two; what
they take a project is what counts. Seconds are of the wall clock and of the processor (of all
processes), MB of the largest process. A run of the largest size that is wanted by hand:
``--sizes 1000``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from desk import Ran, git, run
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, Source
from update import CHANGED_BY_BOTH, NEXT, Words, save, template

SCRIPTS = Path(sys.executable).parent
SHAPES = 20


def make_projects(folder: Path, source: Source, version: str, count: int) -> list[Path]:
    """Projects of the older version, every other with a line of its own in some files.

    After the first few they are copies under another name, which makes a fleet in a tenth of the
    time: all that is looked at in a project is there, and no two have the same answers.
    """
    made: list[Path] = []
    with source.open(version) as opened:
        for number in range(count):
            place = folder / f"p{number:04}"
            if number >= SHAPES:
                shutil.copytree(made[number % SHAPES], place, symlinks=True)
                recorded = place / ".copier-answers.yml"
                text = recorded.read_text().replace(f"Noise {number % SHAPES}\n", f"N {number}\n")
                recorded.write_text(text)
                save(place)
                made.append(place)
                continue
            opened.replay({}, {"project_name": f"Noise {number}"}, place)
            if number % 2:
                for name in CHANGED_BY_BOTH:
                    path = place / name
                    path.write_text("# A line of this project.\n" + path.read_text())
            subprocess.run(["git", "init", "-q", place], check=True)
            save(place)
            made.append(place)
    return made


def lisa(verb: str, settings: Path, jobs: int) -> Ran:
    words: Words = [SCRIPTS / "lisa-scaffold", "fleet", verb, settings, "--jobs", str(jobs)]
    ran = run([*words, "--format", "json"], settings.parent, os.environ, 7200)
    if ran.status > 1:
        sys.exit(f"fleet {verb}: exit status {ran.status}\n{ran.stderr.decode()}")
    return ran


def copier(project: Path) -> Ran:
    options = ("--defaults", "--quiet", "--vcs-ref", NEXT)
    ran = run([SCRIPTS / "copier", "update", *options, project], project, os.environ)
    if ran.status:
        sys.exit(f"copier: exit status {ran.status}\n{ran.stderr.decode()}")
    return ran


def in_pool(projects: list[Path], size: int) -> tuple[float, float]:
    """Wall-clock and processor seconds a project of ``copier update``, some at once."""
    import time

    started = time.perf_counter()
    with ThreadPoolExecutor(size) as pool:
        each = list(pool.map(copier, projects))
    wall = time.perf_counter() - started
    return wall / len(projects), sum(ran.cpu for ran in each) / len(projects)


def show(name: str, count: int, ran: Ran) -> float:
    wall = ran.seconds / count
    print(
        f"{name:26}{count:>6}{ran.seconds:>10.2f}{ran.cpu:>10.2f}{1000 * wall:>12.1f}"
        f"{ran.peak_kib / 1024:>8.0f}",
        flush=True,
    )
    return wall


def measure(folder: Path, source: Source, count: int, jobs: int, *, looks: bool = False) -> float:
    """Measure a fleet of one size; the seconds that an update takes a project, unless it looks."""
    clones = folder / f"clones-{count}"
    version = next(tag for tag in source.versions() if tag != NEXT)
    make_projects(clones, source, version, count)
    settings = folder / f"fleet-{count}.toml"
    settings.write_text(f'folders = ["{clones}"]\n')
    show("status", count, lisa("status", settings, jobs))
    show("status, nothing moved", count, lisa("status", settings, jobs))
    if looks:
        return 0
    wall = show("update", count, lisa("update", settings, jobs))
    show("update, nothing to do", count, lisa("update", settings, jobs))
    return wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="1,10,100")
    parser.add_argument("--edited", type=int, default=200, help="projects of the comparison")
    parser.add_argument("--peers", type=int, default=10, help="projects that the peers update")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--status", action="store_true", help="no updates")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = template(folder)
        os.environ |= {
            SOURCE_VARIABLE: str(bare),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{bare.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": CANONICAL_URL,
        }
        source = Source(str(bare), CANONICAL_URL)
        print(f"{'':26}{'n':>6}{'wall s':>10}{'CPU s':>10}{'ms/project':>12}{'MB':>8}")
        for size in filter(None, given.sizes.split(",")):
            measure(folder, source, int(size), given.jobs, looks=given.status)
            shutil.rmtree(folder / f"clones-{size}")
        if given.status or not given.edited:
            return
        own = measure(folder, source, given.edited, given.jobs)
        projects = sorted((folder / f"clones-{given.edited}").iterdir())[: 2 * given.peers]
        for place in projects:
            git(place, "checkout", "-q", "--force", "HEAD")
        loop, cpu = in_pool(projects[: given.peers], 1)
        print(
            f"{'copier update, a loop':26}{given.peers:>6}{'':10}{cpu:>10.2f}{1000 * loop:>12.1f}"
        )
        pool, cpu = in_pool(projects[given.peers :], 2)
        print(f"{'copier update, two':26}{given.peers:>6}{'':10}{cpu:>10.2f}{1000 * pool:>12.1f}")
        print(f"update: {own / loop:.3f} of the loop, {own / pool:.3f} of the pool of two")


if __name__ == "__main__":
    main()
