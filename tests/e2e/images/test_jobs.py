"""The jobs of a generated pipeline, in containers of the CDE development image."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ...support.tools import commit_all, git, program, run
from ..conftest import VERSION, make_project
from ..parts import kaniko, sonar
from ..parts.base import PYTHONS
from ..parts.gitlab import Event, Outcome, jobs_with_reports, reports
from .conftest import PATH, Runner

TESTS = [f"tests: [{python}]" for python in PYTHONS.values()]
JOBS = {
    *("compliance", "secrets", "lint", "type-check", "hooks", "hadolint", "locked", *TESTS),
    "notebooks",
    *("build", "docs", "sonar", "pages", "container-publish"),
}


@dataclass(frozen=True)
class Analysed:
    """A pipeline of the default branch, and what the scanner was asked for and said."""

    outcome: Outcome
    server: sonar.Server


@pytest.fixture(scope="module")
def pipeline(runner: Runner) -> Analysed:
    """Every job of the default branch that can run without a GitLab server."""
    with sonar.serving() as server:
        token = {"SONAR_TOKEN": "it-is-me", "SONAR_HOST_URL": server.url}
        return Analysed(runner.run(Event("main", token), *JOBS), server)


def test_every_job_that_needs_no_server_passes(pipeline: Analysed, runner: Runner) -> None:
    assert pipeline.outcome.failed() == set(), pipeline.outcome.said
    assert pipeline.outcome.finished() == JOBS
    assert pipeline.outcome.code == 0, pipeline.outcome.said
    # The other one: an audit asks a database of vulnerabilities.
    assert runner.gitlab.jobs(Event("main", {"SONAR_TOKEN": "it-is-me"})).keys() == {
        *(job.split(":")[0] for job in JOBS),
        "audit",
    }


def test_gitlab_reads_the_coverage_from_the_log(pipeline: Analysed) -> None:
    found = re.findall(r"(tests: \S+)\s+(\d+)% coverage", pipeline.outcome.said)
    assert [name for name, _ in found] == TESTS
    assert {int(percent) > 90 for _, percent in found} == {True}


def test_reports_are_where_gitlab_looks_for_them(pipeline: Analysed, runner: Runner) -> None:
    assert pipeline.outcome.code == 0
    kinds: dict[str, list[str]] = {}
    for name, job in jobs_with_reports(runner.root).items():
        for part in TESTS if name == "tests" else [name]:
            for kind, path in reports(job).items():
                VALID[kind](runner.gitlab.artifacts(part) / path, runner.root)
                kinds.setdefault(kind, []).append(part)
    assert kinds == {
        "junit": ["compliance", "type-check", *TESTS, "notebooks"],
        "codequality": ["compliance", "lint"],
        "coverage_report": TESTS,
    }


def parsed(path: Path) -> ET.Element:
    return ET.parse(path).getroot()  # noqa: S314


def valid_junit(path: Path, root: Path) -> None:
    """Each case has what GitLab shows of it."""
    cases = list(parsed(path).iter("testcase"))
    assert cases, root
    for case in cases:
        assert case.get("name")
        assert float(case.attrib["time"]) >= 0


def valid_cobertura(path: Path, root: Path) -> None:
    """Its files are files of the repository, below the folder that GitLab checks out."""
    report = parsed(path)
    sources = [source.text or "" for source in report.findall("./sources/source")]
    assert sources
    files = set(git("ls-files", cwd=root).split())
    for found in report.findall("./packages/package/classes/class"):
        paths = {f"{source}/{found.attrib['filename']}" for source in sources}
        assert files & {path.removeprefix(f"/builds/{PATH}/") for path in paths}
        assert {int(line.attrib["number"]) > 0 for line in found.findall("./lines/line")} <= {True}


def valid_code_quality(path: Path, root: Path) -> None:
    """Each finding has every key that GitLab asks for, and lies in a file of the repository."""
    findings: list[dict[str, Any]] = json.loads(path.read_text())
    files = set(git("ls-files", cwd=root).split())
    for finding in findings:
        assert finding["description"]
        assert finding["check_name"]
        assert finding["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert finding["location"]["path"] in files
        begin = finding["location"].get("lines") or finding["location"]["positions"]["begin"]
        assert begin
    prints = [finding["fingerprint"] for finding in findings]
    assert len(prints) == len(set(prints))


VALID: dict[str, Callable[[Path, Path], None]] = {
    "junit": valid_junit,
    "coverage_report": valid_cobertura,
    "codequality": valid_code_quality,
}


def test_the_site_holds_the_documentation(pipeline: Analysed, runner: Runner) -> None:
    assert pipeline.outcome.code == 0
    page = (runner.gitlab.artifacts("pages") / "public/index.html").read_text()
    assert "LISA Example" in page


def test_kaniko_is_told_to_push_the_default_branch_under_its_name(
    pipeline: Analysed, runner: Runner
) -> None:
    told = kaniko.told(pipeline.outcome.said)
    commit = git("rev-parse", "main", cwd=runner.root).strip()
    assert told.arguments == {"VERSION": VERSION, "REVISION": commit}, pipeline.outcome.said
    destination = f"{kaniko.REGISTRY}/{PATH.lower()}:main"
    words = [*kaniko.sources(f"/builds/{PATH}"), "--destination", destination]
    assert told.words == words, pipeline.outcome.said
    assert told.login == kaniko.login()


def test_sonar_gets_the_sources_and_the_reports_that_exist(
    pipeline: Analysed, runner: Runner
) -> None:
    base = f"/builds/{PATH}"
    properties = sonar.sent(pipeline.outcome.said)
    assert (
        properties.items()
        >= {
            "sonar.projectKey": "LISA:lisa-example",
            "sonar.projectBaseDir": base,
            "sonar.sources": "src",
            "sonar.tests": "tests",
            "sonar.python.version": "3.11, 3.12, 3.13, 3.14",
            "sonar.host.url": pipeline.server.url,
            "sonar.token": "it-is-me",
            "sonar.qualitygate.wait": "true",
        }.items()
    )
    for key in ("sources", "tests"):
        assert (runner.root / properties[f"sonar.{key}"]).is_dir()
    for key in ("coverage.reportPaths", "ruff.reportPaths", "xunit.reportPath"):
        assert (runner.root / properties[f"sonar.python.{key}"]).is_file()
    asked = [path.removeprefix("/api/v2/analysis/") for path, _ in pipeline.server.asked]
    # What the cache has is asked about, and not fetched again.
    assert list(dict.fromkeys(asked)) == ["version", "jres", "jres/java", "engine"]
    assert {token for _, token in pipeline.server.asked} == {"Bearer it-is-me"}


def pysonar(root: Path, *arguments: str) -> tuple[int, str]:
    """Run the scanner in the version that the job names."""
    pin = re.findall(r"^pysonar==\S+", (root / ".gitlab/ci/pysonar.txt").read_text(), re.MULTILINE)[
        0
    ]
    done = run(program("uv"), "tool", "run", "--quiet", "--from", pin, *arguments, cwd=root)
    return done.returncode, done.stdout


def test_sonar_has_no_complaint_and_knows_every_key(pipeline: Analysed, runner: Runner) -> None:
    assert pipeline.outcome.code == 0
    code, said = pysonar(runner.root, "pysonar", "--dry-run")
    assert code == 0, said
    assert not re.findall("WARN|ERROR|not found", said), said
    table = "from pysonar_scanner.configuration.properties import PROPERTIES"
    code, said = pysonar(
        runner.root, "python", "-c", f"{table}; print(*(p.name for p in PROPERTIES))"
    )
    assert code == 0, said
    text = (runner.root / "sonar-project.properties").read_text()
    used = set(re.findall(r"^(sonar\.[^=]+)=", text, flags=re.MULTILINE))
    assert used - set(said.split()) == set()


def test_sonar_complains_of_a_report_that_is_missing(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    code, said = pysonar(root, "pysonar", "--dry-run")
    assert code != 0
    assert "reports/coverage.xml" in said


def test_a_failed_job_hands_over_its_reports(runner: Runner) -> None:
    git("checkout", "--quiet", "-b", "bad", "main", cwd=runner.root)
    with (runner.root / "src/lisa_example/noise.py").open("a") as file:
        file.write("import os\n")
    with (runner.root / "tests/test_noise.py").open("a") as file:
        file.write("\n\ndef test_bad() -> None:\n    assert not ARM_LENGTH\n")
    locked = runner.root / ".gitlab/ci/docs.yml"
    locked.write_text(locked.read_text().replace("nox -s docs", "echo done"))
    commit_all(runner.root)
    outcome = runner.run(Event("bad"), "lint", "compliance", "tests: [3.13]")
    assert outcome.failed() == {"lint", "compliance", "tests: [3.13]"}, outcome.said
    drift = runner.gitlab.artifacts("compliance") / "reports/compliance.json"
    valid_code_quality(drift, runner.root)
    (tampered,) = json.loads(drift.read_text())
    assert tampered["check_name"] == "TPL002"
    assert tampered["location"]["path"] == ".gitlab/ci/docs.yml"
    quality = runner.gitlab.artifacts("lint") / "reports/code-quality.json"
    valid_code_quality(quality, runner.root)
    found = {finding["check_name"] for finding in json.loads(quality.read_text())}
    assert found >= {"E402", "F401"}
    junit = runner.gitlab.artifacts("tests: [3.13]") / "reports/junit.xml"
    failed = [
        case.get("name")
        for case in parsed(junit).iter("testcase")
        if case.find("failure") is not None
    ]
    assert failed == ["test_bad"]
