"""Time ``lisa-new`` against ``copier copy`` of the same template, and its start-up, in one run.

    python bench/create.py [--runs 10]

Both make the same project from a git repository with one version tag. The commands run in turn, as
whole processes, so that a machine whose speed drifts slows both. Printed are medians and ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
Command = Sequence[str | Path]


def seconds(command: Command, cwd: Path) -> float:
    """Wall-clock time of one run, from start to exit."""
    started = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - started


def in_turn(commands: dict[str, Command], made: Path, runs: int) -> dict[str, float]:
    """Median time of each command; what they make is removed after each run."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(runs + 1):
        for name, command in commands.items():
            taken = seconds(command, made.parent)
            shutil.rmtree(made, ignore_errors=True)
            if run:  # the first fills the caches
                times[name].append(taken)
    return {name: statistics.median(values) for name, values in times.items()}


def template_repository(folder: Path) -> str:
    """This template's files as they stand, as a bare repository with one version tag; its URL."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    work = folder / "work"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, work / name)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    for command in (
        ["init", "-q"],
        ["add", "--all"],
        [*identity, "commit", "-q", "-m", "All"],
        ["tag", f"v{version}"],
        ["clone", "-q", "--bare", ".", "../template.git"],
    ):
        subprocess.run(["git", *command], cwd=work, check=True)
    return f"git+file://{folder}/template.git"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10, help="counted runs of each command")
    runs: int = parser.parse_args().runs
    # Without compiled modules every start would measure Python's compiler.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="lisa-bench-") as name:
        folder = Path(name)
        url = template_repository(folder)
        made = folder / "lisa-noise"
        create = in_turn(
            {
                "lisa-new --defaults": [SCRIPTS / "lisa-new", "--defaults", made.name],
                "copier copy --defaults": [
                    *(SCRIPTS / "copier", "copy", "--quiet", "--defaults"),
                    *("--data", "project_name=lisa-noise", url, made.name),
                ],
            },
            made,
            runs,
        )
        start = in_turn(
            {
                "lisa-new --help": [SCRIPTS / "lisa-new", "--help"],
                "python -c pass": [sys.executable, "-c", "pass"],
            },
            made,
            runs,
        )
    for times in (create, start):
        for label, value in times.items():
            print(f"{label:24} {value * 1000:7.0f} ms")
        (_, own), (_, peer) = times.items()
        print(f"{'ratio':24} {own / peer:7.2f}")
        print(f"{'difference':24} {(own - peer) * 1000:7.0f} ms\n")


if __name__ == "__main__":
    main()
