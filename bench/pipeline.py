"""Weigh a merge request's pipeline of version 0.1.0 against that of the template as it stands.

    python bench/pipeline.py NODE SCRIPT [--version v0.1.0]

NODE runs gitlab-ci-local's SCRIPT, which runs the jobs on this machine, one by one, the two
projects in turn; each job twice, first with an empty cache. Printed is processor time, the runner's
own included, and the size of both projects. Left out are jobs that ask somebody out of reach
(``hooks``, ``audit``, ``sonar``), those that need a container (``container-test``, and
``compliance``, which finds its folder again in one alone), and all tests but those on the oldest
Python.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from desk import git_text, run

ROOT = Path(__file__).parents[1]
OUT_OF_REACH = {"audit", "compliance", "container-test", "hooks", "sonar"}
EVENT = {"CI_PIPELINE_SOURCE": "merge_request_event", "SPHINX_OFFLINE": "1"}


def make_project(folder: Path, *words: str) -> Path:
    """A fresh project, as if it had been pushed."""
    made = folder / "lisa-example"
    command = [str(Path(sys.executable).with_name("lisa-new")), str(made), "--defaults", *words]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    address = "https://gitlab.in2p3.fr/LISA/lisa-example.git"
    for git in (
        ["remote", "add", "origin", address],
        ["update-ref", "refs/remotes/origin/main", "main"],
        ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"],
        ["tag", "v1.2.3"],
        ["checkout", "--quiet", "-b", "feature"],
    ):
        # lisa-new has given it a remote already where it could.
        subprocess.run(["git", *git], check=git[0] != "remote", capture_output=True, cwd=made)
    return made


class Runner:
    """gitlab-ci-local for one project."""

    def __init__(self, node: str, script: str, project: Path, commit: str) -> None:
        # Each is judged by the version that it is made from.
        told = {**EVENT, "LISA_SCAFFOLD": f"lisa-scaffold @ git+file://localhost{ROOT}@{commit}"}
        self._command = [
            node,
            script,
            f"--state-dir={os.path.relpath(project.parent / 'state', project)}",
        ]
        self._command += ["--color=false", "--unset-variable=CI_COMMIT_BRANCH"]
        self._command += [f"--variable={name}={value}" for name, value in told.items()]
        self._command += [f"--ignore-predefined-vars={','.join(told)}"]
        self._project = project

    def jobs(self) -> list[str]:
        """The jobs of a merge request that can be run here."""
        told = run([*self._command, "--list-json"], self._project, os.environ)
        listed = json.loads(told.stdout[told.stdout.index(b"[") :])
        names = [job["name"] for job in listed if job["when"] != "never"]
        return [
            name
            for name in names
            if name not in OUT_OF_REACH and (": [" not in name or name.endswith("[3.11]"))
        ]

    def weigh(self, job: str) -> float:
        """Processor seconds of a job, which must pass; its cache is that of its last run."""
        cache, kept = self._project / ".cache", self._project.parent / "caches" / job
        if kept.exists():
            kept.rename(cache)
        ran = run([*self._command, "--force-shell-executor", job], self._project, os.environ, 1800)
        if ran.status:
            raise SystemExit(f"{job} failed:\n{(ran.stdout + ran.stderr).decode()[-3000:]}")
        kept.parent.mkdir(exist_ok=True)
        if cache.exists():
            cache.rename(kept)
        subprocess.run(["git", "clean", "-fdxq"], check=True, cwd=self._project)
        return ran.cpu


def size(project: Path) -> tuple[int, int]:
    """Number of files, and of their lines."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, cwd=project)
    paths = [project / name.decode() for name in listed.stdout.split(b"\0") if name]
    return len(paths), sum(path.read_bytes().count(b"\n") for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node")
    parser.add_argument("script")
    parser.add_argument("--version", default="v0.1.0")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        projects = {}
        for name, words in (given.version, ("--to", given.version)), ("today", ()):
            (Path(folder) / name).mkdir()
            projects[name] = make_project(Path(folder) / name, *words)
            print(name, "has {} files with {} lines".format(*size(projects[name])))
        table = tomllib.loads((ROOT / "releases/versions.toml").read_text(encoding="utf-8"))
        head = git_text(ROOT, "rev-parse", "HEAD")
        commits = {given.version: table[given.version]["commit"], "today": head}
        runners = {
            name: Runner(given.node, given.script, made, commits[name])
            for name, made in projects.items()
        }
        jobs = {name: runner.jobs() for name, runner in runners.items()}
        for cache in ("empty", "filled"):
            sums = dict.fromkeys(runners, 0.0)
            for job in sorted({*jobs[given.version], *jobs["today"]}):
                found = {name: runners[name].weigh(job) for name in runners if job in jobs[name]}
                for name, seconds in found.items():
                    sums[name] += seconds
                shown = "  ".join(f"{name} {seconds:6.1f}" for name, seconds in found.items())
                print(f"cache {cache:6}  {job:20} {shown}", flush=True)
            old, new = sums.values()
            print(
                f"cache {cache:6}  all: {old:.1f} s and {new:.1f} s, ratio {new / old:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
