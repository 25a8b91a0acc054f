"""GitLab pipelines on this machine, by gitlab-ci-local from npm."""

from __future__ import annotations

import base64
import csv
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lisa_scaffold.project.facts import Facts, Given
from lisa_scaffold.project.gitlab import Pipeline

from ...support.components import KNOWN
from ...support.files import load_yaml
from ...support.tools import git, run
from .docker import Docker
from .machine import need
from .node import installed, node


def runner() -> Path:
    """The script of gitlab-ci-local."""
    return installed("gitlab-ci-local") / "node_modules/gitlab-ci-local/dist/index.js"


PROBE = "the-event-has-a-pipeline"


def with_probe(project: Path) -> str:
    """A project's pipeline with one job more, which runs when there is a pipeline at all.

    gitlab-ci-local has no regard for the rules of a workflow; so a job gets the same rules.
    """
    rules = read_pipeline(project).rules
    probe = {"stage": ".pre", "script": ["true"], "rules": rules}
    return yaml.safe_dump({"include": [{"local": "/.gitlab-ci.yml"}], PROBE: probe})


def reports(job: Any) -> dict[str, str]:
    """The reports that a job hands to GitLab: kind and path."""
    declared = job.get("artifacts", {}).get("reports", {}) if isinstance(job, dict) else {}
    return {
        kind: value if isinstance(value, str) else value["path"] for kind, value in declared.items()
    }


def read_pipeline(project: Path) -> Pipeline:
    """A project's pipeline, whether its jobs are files or a component."""
    return Facts.read(project, Given(components=KNOWN)).pipeline


def jobs_with_reports(project: Path) -> dict[str, Any]:
    """The jobs that hand reports to GitLab, as the pipeline defines them."""
    jobs = read_pipeline(project).jobs.items()
    return {name: job.data for name, job in jobs if reports(job.data)}


def with_reports(project: Path) -> str:
    """A project's pipeline whose reports are kept as files.

    GitLab reads a report from the path that the job declares; gitlab-ci-local has no regard for it.
    """
    kept: dict[str, Any] = {"include": [{"local": "/.gitlab-ci.yml"}]}
    for name, job in jobs_with_reports(project).items():
        paths = [*job["artifacts"].get("paths", []), *reports(job).values()]
        kept[name] = {"artifacts": {"paths": paths}}
    return yaml.safe_dump(kept)


@dataclass(frozen=True)
class Event:
    """What a pipeline runs for.

    Attributes
    ----------
    branch
        What is checked out.
    variables
        What GitLab tells the jobs about the event.
    unset
        What GitLab does not tell them, and gitlab-ci-local would.
    """

    branch: str = "main"
    variables: dict[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()

    def words(self) -> list[str]:
        """The event as arguments of gitlab-ci-local."""
        given = [f"--variable={name}={value}" for name, value in self.variables.items()]
        names = ",".join(self.variables)
        ignored = [f"--ignore-predefined-vars={names}"] if names else []
        return [*given, *ignored, *(f"--unset-variable={name}" for name in self.unset)]


def merge_request(branch: str) -> Event:
    """A merge request of a branch: no job learns of a branch or tag."""
    source = {"CI_PIPELINE_SOURCE": "merge_request_event"}
    return Event(branch, source, unset=("CI_COMMIT_BRANCH",))


def tag(name: str, **variables: str) -> Event:
    """A pushed tag, one that is protected."""
    told = {"CI_COMMIT_TAG": name, "CI_COMMIT_REF_PROTECTED": "true"}
    return Event("main", {**told, **variables}, unset=("CI_COMMIT_BRANCH",))


def base64url(text: str) -> str:
    """A text in letters that any file system takes, as gitlab-ci-local writes it."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Outcome:
    """How one run ended."""

    code: int
    said: str

    def failed(self) -> set[str]:
        """The jobs that failed."""
        return set(re.findall(r"^(.+?)\s+finished in .*FAIL", self.said, flags=re.MULTILINE))

    def finished(self) -> set[str]:
        """The jobs that ran."""
        pattern = r"^(?!parsing)(\S.*?)\s+finished in "
        return set(re.findall(pattern, self.said, flags=re.MULTILINE))


@dataclass(frozen=True)
class GitLab:
    """A project as if it had been pushed."""

    project: Path
    state: Path

    def jobs(self, event: Event) -> dict[str, str]:
        """Which jobs the event brings, and when each runs; a matrix counts as one job."""
        words = ["--list-csv", "--no-json-schema-validation"]  # which test_checkers.py does
        done = self._run(event, with_probe, words, {})
        assert done.code == 0, done.said
        lines = done.said[done.said.index("name;stage") :].splitlines()
        rows = csv.DictReader(lines, delimiter=";")
        jobs = {row["name"].split(": [")[0]: row["when"] for row in rows}
        return jobs if jobs.pop(PROBE, None) else {}

    def run(
        self, docker: Docker, image: str, event: Event, *jobs: str, options: tuple[str, ...] = ()
    ) -> Outcome:
        """Run jobs in containers; ``image`` brings what the runner itself needs."""
        open_to_everybody(self.state / "cache")
        # What is copied from: of another project, a file of the same size and second would stay.
        shutil.rmtree(self.state / "builds", ignore_errors=True)
        words = ["--network=host", "--pull-policy=if-not-present", f"--helper-image={image}"]
        # As on a server, a job runs as the user of its image.
        words += [f"--container-executable={docker.client}", "--umask=false", *options, *jobs]
        return self._run(event, with_reports, words, docker.environment)

    def run_by_shell(self, event: Event, *names: str) -> Outcome:
        """Run jobs on this machine, without containers, and the child pipelines that they start.

        These would look for the same names: so the pipeline has these jobs alone.
        """

        def choose(project: Path) -> str:
            found: dict[str, Any] = {}
            for path in [
                *sorted((project / ".gitlab/ci").glob("*.yml")),
                project / ".gitlab-ci.yml",
            ]:
                found |= load_yaml(path.read_text(encoding="utf-8"))
            kept = {"default", "stages", "variables", *names}
            return yaml.safe_dump(
                {name: found[name] for name in found if name in kept or name.startswith(".")}
            )

        return self._run(event, choose, ["--force-shell-executor", "--shell-isolation"], {})

    def artifacts(self, job: str) -> Path:
        """Folder of what a job left for GitLab."""
        coded = re.sub(r"[^\w-]+", lambda found: base64url(found[0]), job)
        return self.state / "artifacts" / coded

    def _run(
        self,
        event: Event,
        pipeline: Callable[[Path], str],
        words: list[str],
        environment: dict[str, str],
    ) -> Outcome:
        git("checkout", "--quiet", event.branch, cwd=self.project)
        file = self.project / ".git/pipeline.yml"
        file.write_text(pipeline(self.project), encoding="utf-8")
        path = os.pathsep.join([str(node() / "bin"), os.environ["PATH"]])
        # A cycle of needs hangs it.
        patient = (need("timeout"), "--kill-after=10", "1800")
        command = (*patient, node() / "bin/node", runner(), "--color=false")
        done = run(
            *(*command, f"--state-dir={os.path.relpath(self.state, self.project)}"),
            *("--file=.git/pipeline.yml", *event.words(), *words),
            cwd=self.project,
            env={**environment, "PATH": path},
            timeout=1900,
        )
        assert "fallback git remote data" not in done.stdout, done.stdout
        return Outcome(done.returncode, done.stdout)


def open_to_everybody(folder: Path) -> None:
    """Let the user of a job's image write to what was cached, as GitLab's runner does by its umask.

    Here the runner's own user, root, owns it.
    """
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o666))


def pushed(project: Path, path: str, state: Path) -> GitLab:
    """Give a repository an origin whose default branch is main, as after a push.

    Parameters
    ----------
    project
        The repository.
    path
        Group and name on the server.
    state
        Folder for logs and artifacts.
    """
    git("remote", "add", "origin", f"https://gitlab.in2p3.fr/{path}.git", cwd=project)
    git("update-ref", "refs/remotes/origin/main", "main", cwd=project)
    git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", cwd=project)
    return GitLab(project, state)
