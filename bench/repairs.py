"""What the repairs of ``lisa-scaffold check`` leave alone: builds, and what tools read.

    python bench/repairs.py [--unsafe] [--no-builds] PROJECT …

A PROJECT is an sdist (``name-1.2.3.tar.gz``) or a git repository. In a clone of each
``lisa-scaffold check --fix`` is run. Before and after, an sdist is built and a wheel from it, and
compared are the names of the files in both and what installers read of the metadata; besides, the
settings as ruff, mypy and pytest themselves read them. A second run may change nothing.
``--unsafe`` applies ``--fix=unsafe``, whose differences are told in the same way.

Needs the network for what the projects are built with; ``--no-builds`` needs none. Building runs
code of the project: name only those whose code you would run.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import packages
from desk import git, run, settle

SCRIPTS = Path(sys.executable).parent
SECONDS_OF_A_BUILD = 600
VERSIONED = re.compile(r"[^/]+(\.(?:dist-info|data|egg-info)/)")

# Each prints what its tool makes of the settings in the current folder, and runs nothing of it.
READERS: Mapping[str, list[str | Path]] = {
    "ruff": [SCRIPTS / "ruff", "check", "--no-cache", "--show-settings", "."],
    "mypy": [
        sys.executable,
        "-c",
        "from mypy.options import Options\n"
        "from mypy.config_parser import parse_config_file\n"
        "options, strict = Options(), []\n"
        "parse_config_file(options, lambda: strict.append(True), None)\n"
        "print(strict, sorted((k, str(v)) for k, v in options.snapshot().items()))\n"
        "print(sorted((k, str(v)) for k, v in options.per_module_options.items()))\n",
    ],
    "pytest": [
        sys.executable,
        "-c",
        "from pathlib import Path\n"
        "from _pytest.config.findpaths import determine_setup\n"
        "found = determine_setup(inifile=None, override_ini=None, args=[], rootdir_cmd_arg=None,\n"
        "                        invocation_dir=Path())\n"
        "print(found[1], sorted((k, str(v)) for k, v in found[2].items()))\n",
    ],
}


@dataclass(frozen=True)
class State:
    """What must stay: files in sdist and wheel, metadata, and readings of settings."""

    sdist: frozenset[str]
    wheel: frozenset[str]
    metadata: Mapping[str, list[str]]
    read: Mapping[str, bytes]
    trouble: str = ""

    def differences(self, after: State) -> list[str]:
        found = [
            f"{name}: {sign}{path}"
            for name, old, new in (
                ("sdist", self.sdist, after.sdist),
                ("wheel", self.wheel, after.wheel),
            )
            for sign, paths in (("-", old - new), ("+", new - old))
            for path in sorted(paths)
        ]
        if self.trouble != after.trouble:
            found.append(f"the build: {self.trouble or 'fine'}, then {after.trouble or 'fine'}")
        keys = {*self.metadata, *after.metadata} - {"Version"}
        found += [
            f"metadata: {key}"
            for key in sorted(keys)
            if self.metadata.get(key) != after.metadata.get(key)
        ]
        return found + [
            f"settings of {name}" for name in READERS if self.read[name] != after.read[name]
        ]


def without_version(path: str) -> str:
    """A path in a wheel or sdist without the version, which names the commit."""
    return VERSIONED.sub(r"\1", path)


def look(folder: Path, *, builds: bool) -> State:
    environment = packages.environment()
    read = {}
    for name, reader in READERS.items():
        done = run(reader, folder, environment)
        # A warning that is gone is what a repair is for; what stops the tool is another thing.
        read[name] = done.stderr if done.status else done.stdout
    if not builds:
        return State(frozenset(), frozenset(), {}, read)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        command: list[str | Path] = ["uv", "build", "-q", "--out-dir", out, "."]
        done = run(command, folder, environment, SECONDS_OF_A_BUILD)
        sdist, wheel, metadata = set(), set(), {}
        for path in out.glob("*.tar.gz"):
            with tarfile.open(path) as archive:
                names = (each.name.partition("/")[2] for each in archive if each.isfile())
                # Some backends pack what git keeps, which no repair touches.
                sdist = {without_version(name) for name in names if not name.startswith(".git/")}
        for path in out.glob("*.whl"):
            with zipfile.ZipFile(path) as archive:
                wheel = {without_version(name) for name in archive.namelist()}
                told = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
                metadata = packages.headers(archive.read(told).decode(errors="replace"))
        said = done.stderr.decode(errors="replace").strip().splitlines()
        trouble = (said or ["it failed"])[-1] if done.status else ""
        return State(frozenset(sdist), frozenset(wheel), metadata, read, trouble[:200])


def repair(folder: Path, option: str) -> tuple[int, list[str]]:
    """How many findings are repaired, and the files that changed."""
    program = SCRIPTS / "lisa-scaffold"
    words = ("check", option, "--format=json", ".")
    done = run([program, *words], folder, packages.environment())
    if done.status not in (0, 1):
        raise RuntimeError(done.stderr.decode(errors="replace"))
    (project,) = json.loads(done.stdout)["projects"]
    changed = git(folder, "status", "--porcelain", "-z").decode().split("\0")
    return len(project["fixed"]), [line[3:] for line in changed if line]


def try_one(source: Path, folder: Path, option: str, *, builds: bool) -> bool:
    packages.repository(source, folder)
    git(folder, "config", "--unset-all", "core.hooksPath", codes=(0, 5))
    before = look(folder, builds=builds)
    git(folder, "reset", "-q", "--hard")
    git(folder, "clean", "-qfdx")
    done, changed = repair(folder, option)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "--no-verify", "-m", "Repair")
    packages.move_tags(folder)
    _, again = repair(folder, option)
    after = look(folder, builds=builds)
    troubles = before.differences(after) + [f"changed again: {path}" for path in again]
    built = f"{len(before.sdist)}, {len(before.wheel)}" if builds else "-"
    print(f"{folder.name}: {done} repaired in {len(changed)} files; sdist, wheel: {built}")
    for line in ([f"not built: {before.trouble}"] if before.trouble else []) + troubles:
        print(f"  {line}", flush=True)
    return not troubles


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("projects", nargs="+", type=Path)
    parser.add_argument("--unsafe", action="store_true")
    parser.add_argument("--no-builds", action="store_true")
    arguments = parser.parse_args()
    option = "--fix=unsafe" if arguments.unsafe else "--fix"
    fine = 0
    with tempfile.TemporaryDirectory(prefix="lisa-bench-") as name:
        desk = Path(name)
        settle(desk)
        for source in arguments.projects:
            folder = desk / source.name.removesuffix(".tar.gz")
            fine += try_one(source.resolve(), folder, option, builds=not arguments.no_builds)
            shutil.rmtree(folder)
    print(f"{fine} of {len(arguments.projects)} without a difference")
    return 0 if fine == len(arguments.projects) else 1


if __name__ == "__main__":
    sys.exit(main())
